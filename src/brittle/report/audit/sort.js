"use strict";
// Sorts a table by the column whose heading is pressed; numbers by data-value, texts by what they say.
for (const button of document.querySelectorAll("table.sortable th button")) {
  button.addEventListener("click", () => {
    const heading = button.closest("th");
    const body = heading.closest("table").tBodies[0];
    const column = heading.cellIndex;
    const down = heading.getAttribute("aria-sort") === "ascending";
    const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
    const number = (text) => Number(text.replace(/[,%<>\s]/g, "")); // 1,234 or 56.1 %
    const nothing = (text) => text === "" || text === "–";
    const rank = (a, b) => {
      if (nothing(a) || nothing(b)) return nothing(a) - nothing(b);
      const [x, y] = [number(a), number(b)];
      const order = isNaN(x) || isNaN(y) ? a.localeCompare(b) : x - y;
      return down ? -order : order;
    };
    const rows = [...body.rows].map((row) => [value(row), row]).sort((a, b) => rank(a[0], b[0]));
    body.append(...rows.map((pair) => pair[1]));
    for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  });
}
