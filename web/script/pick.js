/**
 * Ticking a record counts what adding the selection would come to; a click with Shift ticks everything in between. Without
 * this the button "Count" does the former.
 */

/** @type {HTMLInputElement | null} */
let last = null;

/** @param {HTMLInputElement} box */
function mark(box) {
  const row = box.closest("tr");
  if (row) row.classList.toggle("sel", box.checked);
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

document.addEventListener("click", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || box.name !== "pick" || box.type !== "checkbox") return;
  const form = box.closest("form[data-picks]");
  if (!(form instanceof HTMLFormElement)) return;
  // What is ticked by hand is no more "all shown".
  form.querySelectorAll('input[name="all"]').forEach((all) => all.remove());
  /** @type {HTMLInputElement[]} */
  const boxes = Array.from(form.querySelectorAll('input[type="checkbox"][name="pick"]'));
  if (event.shiftKey && last) span(boxes, last, box);
  mark(box);
  last = box;
  // The form itself asks, and asks anew when the next one is ticked before the answer: the bar with the button changes.
  form.dispatchEvent(new CustomEvent("picked"));
});
