/**
 * `/` goes to the search, Escape closes the menu or dialog that is open, a menu closes when one leaves it, and a dialog keeps the focus. Everything is
 * reached by Tab without this.
 */

/**
 * Whether somebody is writing there.
 * @param {EventTarget | null} place
 */
function isWriting(place) {
  return place instanceof HTMLElement && (place.isContentEditable || place.matches("input, textarea, select"));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && !isWriting(event.target)) {
    const search = document.querySelector("[data-search]");
    if (!(search instanceof HTMLInputElement)) return;
    event.preventDefault();
    search.focus();
    search.select();
  }
  if (event.key === "Escape") {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      menu.removeAttribute("open");
      const summary = menu.querySelector("summary");
      if (summary instanceof HTMLElement) summary.focus();
    });
  }
});

/**
 * A menu is open for as long as somebody is in it.
 * @param {EventTarget | null} place
 */
function closeMenusBut(place) {
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!(place instanceof Node && menu.contains(place))) menu.removeAttribute("open");
  });
}

document.addEventListener("pointerdown", (event) => closeMenusBut(event.target));
document.addEventListener("focusin", (event) => closeMenusBut(event.target));

/**
 * A page with a dialog comes with it open; from here on nothing behind it can be reached, and Escape leads where its
 * cross does.
 * @param {HTMLDialogElement} dialog
 */
function keep(dialog) {
  dialog.close();
  dialog.showModal();
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    const cross = dialog.querySelector("header a");
    if (cross instanceof HTMLAnchorElement) cross.click();
  });
}

const dialog = document.querySelector("dialog[open]");
if (dialog instanceof HTMLDialogElement) keep(dialog);
