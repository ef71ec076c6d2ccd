/**
 * Ticking rows: a click with Shift ticks everything in between, the box over a list ticks all of its page, and ticking a
 * record counts what adding the selection would come to. Without this every box is ticked by itself, and the button
 * "Count" counts.
 */

/** @type {HTMLInputElement | null} */
let last = null;

/** @param {HTMLInputElement} box */
function mark(box) {
  const row = box.closest("tr");
  if (row) row.classList.toggle("sel", box.checked);
}

/**
 * The boxes of a form, in their order.
 * @param {HTMLFormElement} form
 */
function boxesOf(form) {
  const fields = Array.from(form.elements).filter((field) => field instanceof HTMLInputElement);
  return fields.filter((field) => field.type === "checkbox" && field.name === "pick");
}

/**
 * Ticks what lies between two boxes as the second one is.
 * @param {HTMLInputElement[]} boxes
 * @param {HTMLInputElement} from
 * @param {HTMLInputElement} to
 */
function span(boxes, from, to) {
  const ends = [boxes.indexOf(from), boxes.indexOf(to)].sort((a, b) => a - b);
  if (ends[0] < 0) return;
  for (const box of boxes.slice(ends[0], ends[1] + 1)) {
    box.checked = to.checked;
    mark(box);
  }
}

/**
 * Says how many are ticked, where a page has a place for that.
 * @param {HTMLFormElement} form
 */
function tell(form) {
  const boxes = boxesOf(form);
  const ticked = boxes.filter((box) => box.checked).length;
  const place = document.querySelector(`[data-ticked="${form.id}"]`);
  if (place) place.textContent = `${ticked} of ${boxes.length} ticked`;
  const all = document.querySelector(`[data-ticks="${form.id}"]`);
  if (!(all instanceof HTMLInputElement)) return;
  all.checked = ticked > 0 && ticked === boxes.length;
  all.classList.toggle("some", ticked > 0 && !all.checked);
}

document.querySelectorAll("[data-ticks]").forEach((all) => {
  const form = all instanceof HTMLInputElement && document.getElementById(all.dataset.ticks ?? "");
  if (!(form instanceof HTMLFormElement) || !(all instanceof HTMLInputElement)) return;
  all.closest("label")?.removeAttribute("hidden");
  all.addEventListener("change", () => {
    for (const box of boxesOf(form)) {
      box.checked = all.checked;
      mark(box);
    }
    tell(form);
  });
  boxesOf(form).forEach(mark);
  tell(form);
});

document.addEventListener("click", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || box.name !== "pick" || box.type !== "checkbox" || !box.form) return;
  const form = box.form;
  if (event.shiftKey && last) span(boxesOf(form), last, box);
  mark(box);
  last = box;
  tell(form);
  if (!form.matches("[data-picks]")) return;
  // What is ticked by hand is no more "all shown".
  form.querySelectorAll('input[name="all"]').forEach((all) => all.remove());
  // The form itself asks, and asks anew when the next one is ticked before the answer: the bar with the button changes.
  form.dispatchEvent(new CustomEvent("picked"));
});
