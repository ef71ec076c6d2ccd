/**
 * Times are written in UTC; the pointer on one shows it in the reader's own zone too.
 */

const format = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

document.addEventListener("pointerover", (event) => {
  const time = event.target instanceof Element ? event.target.closest("time[datetime]") : null;
  if (!(time instanceof HTMLTimeElement) || time.dataset.local) return;
  const date = new Date(time.dateTime);
  if (Number.isNaN(date.valueOf())) return;
  time.dataset.local = "shown";
  time.title = `${time.title}\n${format.format(date)}`;
});
