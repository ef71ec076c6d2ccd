/**
 * A switch in a form with `data-at-once` takes effect when it is flipped. Without this script the form has a button.
 */

document.addEventListener("change", (event) => {
  const form = event.target instanceof Element ? event.target.closest("form[data-at-once]") : null;
  if (form instanceof HTMLFormElement) form.requestSubmit();
});
