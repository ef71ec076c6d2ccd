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
  if (place) {
    place.textContent = `${ticked} of ${boxes.length} ticked`;
    place.closest(".selbar")?.classList.toggle("idle", ticked === 0);
  }
  const all = document.querySelector(`[data-ticks="${form.id}"]`);
  if (!(all instanceof HTMLInputElement)) return;
  all.checked = ticked > 0 && ticked === boxes.length;
  all.classList.toggle("some", ticked > 0 && !all.checked);
}

/**
 * Has the form ask what its selection would come to. It asks anew when the next one is ticked before the answer.
 * @param {HTMLFormElement} form
 */
function ask(form) {
  if (!form.matches("[data-picks]")) return;
  form.dataset.touched = "yes";
  form.dispatchEvent(new CustomEvent("picked"));
}

/** What a form says of its selection, and what an address does. */
const SELECTION = ["sel", "all", "not", "here", "pick"];

/** The form whose selection links and other forms of its page take along, once something was ticked since it came. */
function touched() {
  const form = document.querySelector("form[data-touched]");
  return form instanceof HTMLFormElement ? form : null;
}

/**
 * Whether an address is of the form's own page.
 * @param {string} address
 * @param {HTMLFormElement} form
 */
function isOwn(address, form) {
  return new URL(address, location.href).pathname === new URL(form.action).pathname;
}

document.querySelectorAll("[data-ticks]").forEach((all) => {
  const form = all instanceof HTMLInputElement && document.getElementById(all.dataset.ticks ?? "");
  if (!(form instanceof HTMLFormElement) || !(all instanceof HTMLInputElement)) return;
  all.closest("label")?.removeAttribute("hidden");
  all.addEventListener("change", () => {
    for (const box of boxesOf(form)) {
      // What is flagged is ticked by itself, or not at all.
      if (all.checked && box.dataset.flagged) continue;
      box.checked = all.checked;
      mark(box);
    }
    tell(form);
    ask(form);
  });
  tell(form);
});

// A browser that comes back to a page ticks what was ticked there, which may be more than the page says.
addEventListener("pageshow", () => {
  document.querySelectorAll("form").forEach((form) => {
    const boxes = boxesOf(form);
    boxes.forEach(mark);
    tell(form);
    if (boxes.some((box) => box.checked !== box.defaultChecked)) ask(form);
  });
});

// Who pressed a button of the bar goes on from the bar, once the page has gone to where its address leads.
addEventListener("pageshow", () => {
  if (!new URL(location.href).searchParams.has("do")) return;
  const next = document.querySelector("#select-add") ?? document.querySelector("#select-count");
  if (next instanceof HTMLElement) requestAnimationFrame(() => next.focus({ preventScroll: true }));
});

document.addEventListener("click", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || box.name !== "pick" || box.type !== "checkbox" || !box.form) return;
  const form = box.form;
  if (event.shiftKey && last) span(boxesOf(form), last, box);
  mark(box);
  last = box;
  tell(form);
  ask(form);
});

// A link within the page takes along what was ticked since it came; a bar's is one of the picture's own kind.
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
  const [form, leads] = [touched(), link?.getAttribute("href") ?? ""];
  // An anchor goes nowhere else.
  if (!link || !form || leads.startsWith("#") || !isOwn(leads, form)) return;
  const address = new URL(leads, location.href);
  for (const name of SELECTION) address.searchParams.delete(name);
  for (const [name, value] of new FormData(form)) {
    if (SELECTION.includes(name)) address.searchParams.append(name, String(value));
  }
  link.setAttribute("href", address.href);
});

// So does another form of it, such as the filters.
document.addEventListener("submit", (event) => {
  const other = event.target;
  const form = touched();
  if (!form || !(other instanceof HTMLFormElement) || other === form) return;
  if (other.method !== "get" || !isOwn(other.action, form)) return;
  for (const field of Array.from(other.elements)) {
    if (field instanceof HTMLInputElement && field.type === "hidden" && SELECTION.includes(field.name)) field.remove();
  }
  for (const [name, value] of new FormData(form)) {
    if (!SELECTION.includes(name)) continue;
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value: String(value) });
    other.append(field);
  }
});
