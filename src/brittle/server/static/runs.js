// The list of runs, kept up to date while somebody looks.
import { rows } from "./filter.js";
import { byId, fetched, shown } from "./page.js";

async function refresh() {
  if (document.hidden) return;
  const answer = await fetched("/api/runs");
  if (!answer?.ok) return;
  const standings = new Map((await answer.json()).map((one) => [one.id, one]));
  if ([...standings.keys()].some((id) => !rows.some((row) => row.dataset.run === id))) listAnew();
  for (const row of rows) {
    const standing = standings.get(row.dataset.run);
    if (standing) shown(row, standing);
  }
}

// The list is read anew, unless somebody has ticked, filtered or sorted it: then that there are more runs is said.
function listAnew() {
  if (byId("filter")?.value || document.querySelector("#runs :checked, #runs [aria-sort]")) byId("more").hidden = false;
  else location.reload();
}

// What the page has not read yet is read by asking for it; then the page is read anew.
async function readAll() {
  const answer = await fetched("/api/runs");
  if (answer?.ok) location.reload();
}

if (byId("unread")) readAll();
setInterval(refresh, 4000);
