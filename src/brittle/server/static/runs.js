// The list of runs: filtered by what is typed, and kept up to date while somebody looks.
import { byId, shown } from "./page.js";

const filter = byId("filter");
const rows = [...document.querySelectorAll("#runs tbody tr")];

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

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch("/api/runs").catch(() => null);
  if (!answer?.ok) return;
  const standings = new Map((await answer.json()).map((one) => [one.id, one]));
  if ([...standings.keys()].some((id) => !rows.some((row) => row.dataset.run === id))) location.reload();
  for (const row of rows) {
    const standing = standings.get(row.dataset.run);
    if (standing) shown(row, standing);
  }
}

if (filter) filter.addEventListener("input", narrow);
setInterval(refresh, 4000);
