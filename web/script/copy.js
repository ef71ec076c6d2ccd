/**
 * Copies the text that a button names in `data-copy`. Such a button is hidden until this runs.
 */

/** How long the button shows that it copied, in milliseconds. */
const SAID = 1500;

/** @param {HTMLElement} button */
async function copy(button) {
  const said = document.querySelector("#said-aloud");
  try {
    await navigator.clipboard.writeText(button.dataset.copy ?? "");
    button.classList.add("done");
    if (said) said.textContent = "Copied";
  } catch {
    if (said) said.textContent = "The browser blocked copying; select the text instead";
  }
  setTimeout(() => button.classList.remove("done"), SAID);
}

document.querySelectorAll("[data-copy]").forEach((button) => {
  if (button instanceof HTMLElement) button.hidden = false;
});

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
  if (button instanceof HTMLElement) void copy(button);
});
