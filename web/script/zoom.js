/**
 * Dragging over the head of the timeline zooms to that range. Without this script the links "Zoom" and the fields "Seen" and
 * "to" do the same.
 */

/** A drag shorter than this is a click, in px. */
const LEAST = 6;
/** Windows shorter than these, in seconds, are written to the minute (two days) and to the second (ten minutes). */
const [SHORT, SHORTEST] = [2 * 86_400, 600];

/** @typedef {{ strip: HTMLElement, begin: number, mark: HTMLElement }} Drawing */
/** @type {Drawing | null} */
let drawing = null;

/**
 * The distance of a position from the left edge of the strip, in px.
 * @param {HTMLElement} strip
 * @param {number} x
 */
function within(strip, x) {
  const box = strip.getBoundingClientRect();
  return Math.min(Math.max(x - box.left, 0), box.width);
}

/**
 * As the fields take it: a day or a minute includes all of it.
 * @param {number} second
 * @param {number} length of the window
 */
function written(second, length) {
  const text = new Date(second * 1000).toISOString().replace("T", " ");
  return text.slice(0, length < SHORTEST ? 19 : length < SHORT ? 16 : 10);
}

/**
 * Opens the window between two positions of a strip.
 * @param {HTMLElement} strip
 * @param {number} left
 * @param {number} right
 */
function show(strip, left, right) {
  const [first, last] = [Number(strip.dataset.first), Number(strip.dataset.last)];
  /** @param {number} x */
  const second = (x) => Math.round(first + ((last - first) * x) / strip.clientWidth);
  const [from, to] = [second(left), second(right)];
  // Not the address of the page, which may be the response to a form.
  const unzoomed = strip.closest("[data-unzoomed]")?.getAttribute("data-unzoomed") ?? location.pathname;
  const address = new URL(unzoomed, location.href);
  address.searchParams.set("from", written(from, to - from));
  address.searchParams.set("to", written(to, to - from));
  address.hash = "tlh";
  // Followed like any link of the page, which carries the selection along.
  const link = document.createElement("a");
  link.href = address.href;
  document.body.append(link);
  link.click();
  link.remove();
}

function stop() {
  drawing?.mark.remove();
  drawing = null;
}

document.querySelectorAll(".tl-over, .tl-axis").forEach((strip) => strip.classList.add("draws"));

document.addEventListener("pointerdown", (event) => {
  const strip = event.target instanceof Element ? event.target.closest(".tl-over, .tl-axis") : null;
  if (!(strip instanceof HTMLElement) || event.button !== 0) return;
  event.preventDefault();
  stop();
  const mark = document.createElement("div");
  mark.className = "tl-draw";
  strip.append(mark);
  drawing = { strip, begin: within(strip, event.clientX), mark };
});

document.addEventListener("pointermove", (event) => {
  if (!drawing) return;
  const end = within(drawing.strip, event.clientX);
  drawing.mark.style.left = `${Math.min(drawing.begin, end)}px`;
  drawing.mark.style.width = `${Math.abs(end - drawing.begin)}px`;
});

document.addEventListener("pointerup", (event) => {
  if (!drawing) return;
  const { strip, begin } = drawing;
  const end = within(strip, event.clientX);
  stop();
  if (Math.abs(end - begin) >= LEAST) show(strip, Math.min(begin, end), Math.max(begin, end));
});

document.addEventListener("pointercancel", stop);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") stop();
});
