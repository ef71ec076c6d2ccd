/**
 * `/` moves to the search box, Escape closes the open menu or dialog, a menu closes when it loses the focus, and a dialog
 * keeps the focus. Without this script everything can be reached with Tab.
 */

/**
 * Whether the user is typing there.
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
 * Closes every open menu that does not contain the given element.
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
 * A page with a dialog arrives with it open. This makes it modal, and lets Escape follow its close link.
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
