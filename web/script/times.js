/**
 * Times are shown in UTC. Pointing at one, or at a bar of the timeline, also shows it in the reader's time zone.
 */

const format = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const short = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
/** A time as written in titles. */
const WRITTEN = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g;

/** @param {HTMLTimeElement} time */
function tell(time) {
  const date = new Date(time.dateTime);
  if (Number.isNaN(date.valueOf())) return;
  time.title = `${time.title}\n${format.format(date)}`;
}

/** @param {Element} title */
function tellBar(title) {
  const lines = (title.textContent ?? "").split("\n");
  // Names and data are strangers' text; the line with the dates is ours.
  const dates = lines.find((line) => line.includes(" UTC (")) ?? "";
  const local = (dates.match(WRITTEN) ?? []).map((text) => short.format(new Date(text.replace(" ", "T") + "Z")));
  if (local.length > 0) title.textContent = [...lines, `local time: ${local.join(" to ")}`].join("\n");
}

document.addEventListener("pointerover", (event) => {
  const place = event.target instanceof Element ? event.target : null;
  const one = place?.closest("time[datetime], .tl-plot a");
  if (!(one instanceof HTMLElement || one instanceof SVGElement) || one.dataset.local) return;
  one.dataset.local = "shown";
  const title = one.querySelector("title");
  if (one instanceof HTMLTimeElement) tell(one);
  else if (title) tellBar(title);
});
