/**
 * A run that is watched and ends shows its answer. Without this the page comes anew by itself.
 */

document.addEventListener("run-ended", () => location.reload());
