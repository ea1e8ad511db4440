// The list of runs, kept up to date while somebody looks.
import { rows } from "./filter.js";
import { byId, shown } from "./page.js";

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch("/api/runs").catch(() => null);
  if (!answer?.ok) return;
  const standings = new Map((await answer.json()).map((one) => [one.id, one]));
  if ([...standings.keys()].some((id) => !rows.some((row) => row.dataset.run === id)) && !document.querySelector("#runs :checked")) location.reload();
  for (const row of rows) {
    const standing = standings.get(row.dataset.run);
    if (standing) shown(row, standing);
  }
}

// What the page has not read yet is read by asking for it; then the page is read anew.
async function readAll() {
  const answer = await fetch("/api/runs").catch(() => null);
  if (answer?.ok) location.reload();
}

if (byId("unread")) readAll();
setInterval(refresh, 4000);
