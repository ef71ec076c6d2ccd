/**
 * Copied rows of a table paste into a spreadsheet as one row each: tabs separate cells and line breaks separate rows.
 * Check boxes, buttons and text for screen readers are left out. Cells that begin like a formula get a leading `'`, as in our
 * CSV files, because names and data are untrusted text.
 */

/** Parts of a row that are not copied. */
const LEFT_OUT = ".pick, .vh, button, form, select, svg";
/** How formulas begin in common spreadsheets. */
const FORMULA = /^[=+\-@\t\r]/;

/** @param {Element} cell */
function text(cell) {
  const copy = /** @type {Element} */ (cell.cloneNode(true));
  copy.querySelectorAll(LEFT_OUT).forEach((part) => part.remove());
  copy.querySelectorAll("br, .beneath, li, dd, p, div").forEach((part) => part.before(" "));
  const plain = (copy.textContent ?? "").replace(/\s+/g, " ").trim();
  return FORMULA.test(plain) ? `'${plain}` : plain;
}

/** @param {HTMLTableRowElement} row */
function cells(row) {
  return [...row.cells].filter((cell) => cell.checkVisibility() && !cell.matches(LEFT_OUT)).map(text);
}

/** The rows of one table that are selected, if there are several. @param {Selection} selection */
function selected(selection) {
  const around = selection.rangeCount > 0 ? selection.getRangeAt(0).commonAncestorContainer : null;
  const table = (around instanceof Element ? around : around?.parentElement)?.closest("table");
  const rows = [...(table?.rows ?? [])].filter((row) => row.checkVisibility() && selection.containsNode(row, true));
  return rows.length > 1 ? rows : [];
}

document.addEventListener("copy", (event) => {
  const selection = getSelection();
  const rows = selection && !selection.isCollapsed ? selected(selection).map(cells) : [];
  if (rows.length === 0 || !event.clipboardData) return;
  const table = document.createElement("table");
  for (const row of rows) {
    const into = table.insertRow();
    for (const cell of row) into.insertCell().textContent = cell;
  }
  event.clipboardData.setData("text/plain", rows.map((row) => row.join("\t")).join("\n"));
  event.clipboardData.setData("text/html", table.outerHTML);
  event.preventDefault();
});
