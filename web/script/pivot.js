/**
 * A click on a name or an address queries it at once. Without this script, or with a modifier key held down, the link leads
 * to the last run on it, or to a page with the button.
 */

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a[href^="/run?"]') : null;
  const form = document.getElementById("pivot");
  if (!link || !(form instanceof HTMLFormElement)) return;
  const address = new URL(link.getAttribute("href") ?? "", location.href);
  for (const name of ["value", "trail", "view", "side", "operation"]) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement) field.value = address.searchParams.get(name) ?? "";
  }
  event.preventDefault();
  form.requestSubmit();
});
