/**
 * `/` goes to the search, Escape closes the menu that is open. Everything is reached by Tab without this.
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
