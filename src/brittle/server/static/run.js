// One run: its numbers while it goes on; the page is read anew when samples have ended or the run has.
import { byId, fetched, shown, stream } from "./page.js";

const part = byId("run");
let done = Number(part.dataset.done);
let read = Date.now();

function again() {
  if (window.scrollY < 400) location.reload(); // who reads further down is not disturbed
}

if (part.dataset.state === "running") {
  stream(() => `/api/runs/${part.dataset.run}/events`, {
    progress: (standing) => {
      shown(part, standing);
      if (standing.done > done && Date.now() - read > 8000) {
        done = standing.done;
        read = Date.now();
        again();
      }
    },
    state: again,
  });
}

if (byId("opening")) setTimeout(() => location.reload(), 1000);

// What a verification says, until it has ended.
async function check() {
  const answer = await fetched(`/api/runs/${part.dataset.run}/check`);
  const found = answer?.ok ? await answer.json() : null;
  if (found && !found.goes_on) location.reload();
  else if (found) byId("check-said").textContent = found.said;
  if (!found || found.goes_on) setTimeout(check, 1000);
}

if (byId("check")?.dataset.goesOn === "true") setTimeout(check, 1000);
