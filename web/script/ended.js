/**
 * Shows the answer of a watched run when it ends. Without this script the page reloads by itself.
 */

document.addEventListener("run-ended", () => location.reload());
