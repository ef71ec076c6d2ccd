/**
 * Selecting rows: a click with Shift selects everything in between, the box above a list selects the whole page, and selecting
 * a record previews what adding the selection would do. Without this script every box is selected by itself, and a button
 * shows the preview.
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
 * Gives all boxes between two the state of the second.
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
 * Shows how many are selected, where the page has a place for that.
 * @param {HTMLFormElement} form
 */
function tell(form) {
  const boxes = boxesOf(form);
  const ticked = boxes.filter((box) => box.checked).length;
  const place = document.querySelector(`[data-ticked="${form.id}"]`);
  if (place) {
    place.textContent = `${ticked} of ${boxes.length} selected`;
    place.closest(".selbar")?.classList.toggle("idle", ticked === 0);
  }
  const all = document.querySelector(`[data-ticks="${form.id}"]`);
  if (!(all instanceof HTMLInputElement)) return;
  all.checked = ticked > 0 && ticked === boxes.length;
  all.classList.toggle("some", ticked > 0 && !all.checked);
}

/**
 * Makes the form request a preview of its selection; a later selection replaces a pending request.
 * @param {HTMLFormElement} form
 */
function ask(form) {
  if (!form.matches("[data-picks]")) return;
  form.dataset.touched = "yes";
  form.dispatchEvent(new CustomEvent("picked"));
}

/** The parameters that carry the selection, in forms and addresses. */
const SELECTION = ["sel", "all", "not", "here", "pick"];

/** The form whose selection has changed since the page loaded; links and other forms of the page carry it along. */
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
      // Flagged rows must be selected one by one.
      if (all.checked && box.dataset.flagged) continue;
      box.checked = all.checked;
      mark(box);
    }
    tell(form);
    ask(form);
  });
  tell(form);
});

// A browser that returns to a page restores its check boxes, which may differ from what the page was sent with.
addEventListener("pageshow", () => {
  document.querySelectorAll("form").forEach((form) => {
    const boxes = boxesOf(form);
    boxes.forEach(mark);
    tell(form);
    if (boxes.some((box) => box.checked !== box.defaultChecked)) ask(form);
  });
});

// After a button of the selection bar was pressed, the focus returns to the bar.
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

// A link within the page carries the changed selection along; the link of a timeline bar is an SVG element.
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
  const [form, leads] = [touched(), link?.getAttribute("href") ?? ""];
  // An anchor stays on the page.
  if (!link || !form || leads.startsWith("#") || !isOwn(leads, form)) return;
  const address = new URL(leads, location.href);
  for (const name of SELECTION) address.searchParams.delete(name);
  for (const [name, value] of new FormData(form)) {
    if (SELECTION.includes(name)) address.searchParams.append(name, String(value));
  }
  link.setAttribute("href", address.href);
});

// So does another form of the page, such as the filters.
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
