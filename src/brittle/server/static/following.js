// What the pages of a run at work share: its stream, pause, which sample is followed, and how far the run is.
import { byId, element, named, number, stream } from "./page.js";

const MOST_ENDED = 60;

// begin, take, draw: of the page. what: "audit" or "explanation"; tells: what is said of counts beside samples.
export function follow(part, what, { begin, take, draw, tells }) {
  let sample = null;
  let wish = null;
  let paused = false;
  let missed = false; // whether something was told meanwhile
  const run = part.dataset.run;

  const stands = (standing) => {
    byId("samples").max = standing.total || 1;
    byId("samples").value = standing.done;
    byId("done").textContent = `${number(standing.done)} of ${number(standing.total)} samples${tells(standing.counts)}`;
  };
  const started = (event) => {
    sample = event.sample;
    byId("follow").hidden = false;
    byId("stage").hidden = false;
    begin(event);
  };
  const over = (standing) => {
    stands(standing);
    const link = element("a", { href: `/runs/${run}`, textContent: "See what was found" });
    byId("now").replaceChildren(`The ${what} is ${standing.state}. `, standing.state === "gone" ? "" : link);
    byId("follow").hidden = true;
    if (sample === null) byId("name").textContent = "It ended before anything was told";
  };
  const unpaused = (handle) => (event) => {
    if (paused) missed = true;
    else handle(event);
  };
  const address = () => `/api/runs/${run}/events?live=1${wish === null ? "" : `&sample=${named(wish)}`}`;
  const told = { sample: unpaused(started), step: unpaused(take), flip: unpaused(take), end: unpaused(take) };
  const source = stream(address, { ...told, progress: stands, state: over });

  byId("pause").addEventListener("click", () => {
    paused = !paused;
    byId("pause").setAttribute("aria-pressed", String(paused));
    byId("pause").textContent = paused ? "Go on" : "Pause";
    if (missed) source.again(); // which begins with where the sample stands
    missed = false;
  });
  byId("follow").addEventListener("click", () => {
    wish = wish === null ? sample : null;
    byId("follow").setAttribute("aria-pressed", String(wish !== null));
    byId("follow").textContent = wish === null ? "Stay with this sample" : "Follow the next";
    source.again();
  });
  byId("frame").addEventListener("input", draw);
  return {
    ended: (event, how) => {
      byId("now").textContent = `Ended after ${number(event.query)} queries: ${how}`;
      const link = element("a", { href: `/runs/${run}/samples/${named(event.sample)}`, textContent: event.sample });
      byId("ended").prepend(element("li", {}, link, ` ${how}`));
      while (byId("ended").children.length > MOST_ENDED) byId("ended").lastChild.remove();
    },
  };
}

// How far the budget is used: the query of the last step, which is returned, or of the beginning.
export function showQuery(sample, step) {
  const query = step?.query ?? sample.query;
  byId("queries").max = sample.budget;
  byId("queries").value = query;
  byId("used").textContent = `query ${number(query)} of ${number(sample.budget)}`;
  return query;
}
