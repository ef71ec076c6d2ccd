/**
 * A file dragged onto a drop zone becomes the file of its input. Without this script the input works by click or keyboard.
 */

/**
 * Shows which file was chosen.
 * @param {HTMLElement} zone
 * @param {HTMLInputElement} input
 */
function name(zone, input) {
  const shown = zone.querySelector("[data-chosen]");
  const file = input.files?.[0];
  if (shown && file) shown.textContent = file.name;
}

/** @param {HTMLElement} zone */
function prepare(zone) {
  const input = zone.querySelector("input[type=file]");
  if (!(input instanceof HTMLInputElement)) return;
  input.addEventListener("change", () => name(zone, input));
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    const files = event.dataTransfer?.files;
    if (!files?.length) return;
    input.files = files;
    name(zone, input);
  });
}

document.querySelectorAll(".drop").forEach((zone) => {
  if (zone instanceof HTMLElement) prepare(zone);
});
