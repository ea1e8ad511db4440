// One run: its numbers while it goes on; the page is read anew when samples have ended or the run has.
import { byId, shown, stream } from "./page.js";

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
