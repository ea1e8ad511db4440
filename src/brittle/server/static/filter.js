// The list of runs, filtered by what is typed.
import { byId } from "./page.js";

const filter = byId("filter");
export const rows = [...document.querySelectorAll("#runs tbody tr")];

function narrow() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let left = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    left += row.hidden ? 0 : 1;
  }
  byId("matches").textContent = words.length ? `${left} of ${rows.length}` : "";
}

if (filter) filter.addEventListener("input", narrow);
