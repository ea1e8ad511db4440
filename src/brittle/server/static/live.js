// An audit at work: the sample that it tells of, what is tried on it, and what the model says.
import { byId, drawn, element, number, percent, stream } from "./page.js";
import { drawCurve } from "./curve.js";
import { showCells, showPicture, showTraces } from "./pictures.js";

const part = byId("live");
const MOST_ENDED = 60;
let sample = null; // what is told of it at its beginning
let step = null; // the last step
let points = [];
let closest = null;
let paused = false;
let wish = null;
let steps = 0;

const frame = () => Number(byId("frame").value);

function begin(event) {
  sample = event;
  step = null;
  points = event.points ?? [];
  closest = event.closest ?? null;
  byId("stage").hidden = false;
  byId("stage").classList.toggle("signal", event.kind === "signal");
  for (const id of ["original", "distortion", "modified", "closest"]) byId(id).replaceChildren();
  byId("nearest").textContent = "none yet";
  byId("distance").textContent = "";
  const clip = event.kind === "clip";
  byId("frames").hidden = !clip;
  if (clip) byId("frame").max = event.frames.length - 1;
  byId("follow").hidden = false;
  const goal = event.target === null ? "" : `, to become ${event.target}`;
  byId("name").textContent = event.sample;
  byId("label").textContent = event.label + goal;
  byId("now").textContent = "Forward pass of the untouched input";
  draw();
}

function take(event) {
  if (!sample || event.sample !== sample.sample) return;
  points.push(...(event.points ?? []));
  if (event.closest) closest = event.closest;
  if (event.event === "step") step = event;
  if (event.event === "end") end(event);
  draw();
}

function end(event) {
  const how = event.status === "flipped" ? `flipped, closest L2 ${number(event.l2)}` : event.status;
  byId("now").textContent = `Ended after ${number(event.query)} queries: ${how}`;
  const link = element("a", { href: `/runs/${part.dataset.run}/samples/${named(event.sample)}`, textContent: event.sample });
  byId("ended").prepend(element("li", {}, link, ` ${how}`));
  while (byId("ended").children.length > MOST_ENDED) byId("ended").lastChild.remove();
}

// An id as one part of an address, as brittle.server.names has it.
function named(text) {
  const bytes = [...new TextEncoder().encode(text)];
  const plain = /[A-Za-z0-9_.-]/;
  return bytes
    .map((byte, place) => {
      const letter = String.fromCharCode(byte);
      const keep = byte < 128 && plain.test(letter) && !(place === 0 && letter === ".");
      return keep ? letter : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("") || "=";
}

function draw() {
  if (paused || !sample) return;
  const query = step?.query ?? sample.query;
  byId("queries").max = sample.budget;
  byId("queries").value = query;
  byId("used").textContent = `query ${number(query)} of ${number(sample.budget)}`;
  if (step) {
    const worn = step.used?.length ? `: ${step.used.slice(0, 3).map(([name]) => name).join(", ")}` : "";
    if (!byId("now").textContent.startsWith("Ended")) byId("now").textContent = `Adding distortion, step ${number(query)}${worn}`;
    byId("distance").textContent = `L2 ${number(step.l2)}${step.rms ? ` · ${step.rms}` : ""}`;
    steps += 1;
    part.dataset.steps = steps;
  }
  if (closest) byId("nearest").textContent = `L2 ${number(closest.l2)}${closest.rms ? ` · ${closest.rms}` : ""} · query ${number(closest.query)}`;
  drawInputs();
  drawBars(step?.bars ?? sample.bars);
  drawCurve(byId("curve"), points, sample.budget, query);
  drawWorn();
}

function drawInputs() {
  const parts = { original: sample.original, distortion: step?.distortion, modified: step?.modified, closest: closest?.picture };
  for (const [id, told] of Object.entries(parts)) {
    if (!Array.isArray(told)) continue;
    if (sample.kind === "signal") {
      const over = id === "modified" || id === "closest" ? sample.original : null;
      showTraces(byId(id), sample, told, over, id === "modified" ? step.cells : null);
    } else {
      const at = Math.min(frame(), told.length - 1);
      showPicture(byId(id), told[at], `${id} of ${sample.sample}`);
      if (id === "modified") showCells(byId(id), sample, step.cells, at);
    }
  }
  if (sample.kind === "clip") byId("frame-number").textContent = `${sample.frames[frame()]}`;
}

function drawBars(bars) {
  const top = bars.findIndex((bar) => !bar.own);
  const winner = bars.length && !bars[0].own ? 0 : -1;
  const items = bars.map((bar, place) => {
    const role = bar.own ? "own" : place === winner && place === top ? "new" : "";
    const wide = (share) => drawn("rect", { class: role, width: `${100 * share}%`, height: "100%" });
    const both = element("span", { className: "both", ariaHidden: "true" });
    both.append(drawn("svg", { class: "now-bar" }, wide(bar.now)), drawn("svg", { class: "before-bar" }, wide(bar.before)));
    const name = element("span", { className: `name ${role}`, title: bar.name, textContent: bar.name });
    const value = element("span", { className: "value", textContent: percent(bar.now), title: `before ${percent(bar.before)}` });
    return element("li", {}, name, both, value);
  });
  byId("bars").replaceChildren(...items);
}

function drawWorn() {
  const used = step?.used ?? [];
  byId("worn-part").hidden = !sample.tints;
  if (!sample.tints) return;
  const all = sample.counts.reduce((a, b) => a * b, 1);
  const items = used.map(([name, count]) => {
    const swatch = drawn("svg", { class: "swatch", viewBox: "0 0 1 1", "aria-hidden": "true" });
    swatch.append(drawn("rect", { width: 1, height: 1, fill: sample.tints[name] }));
    return element("li", {}, swatch, `${name} ${count}`);
  });
  items.push(element("li", { className: "note", textContent: `${number(step?.touched ?? 0)} of ${number(all)} cells` }));
  byId("worn").replaceChildren(...items);
}

function stands(standing) {
  byId("samples").max = standing.total || 1;
  byId("samples").value = standing.done;
  const flipped = standing.counts.flipped ? `, ${number(standing.counts.flipped)} flipped` : "";
  byId("done").textContent = `${number(standing.done)} of ${number(standing.total)} samples${flipped}`;
}

function over(standing) {
  stands(standing);
  const link = element("a", { href: `/runs/${part.dataset.run}`, textContent: "See what was found" });
  byId("now").replaceChildren(`The audit is ${standing.state}. `, link);
  byId("follow").hidden = true;
}

const address = () => `/api/runs/${part.dataset.run}/events?live=1${wish === null ? "" : `&sample=${named(wish)}`}`;
const source = stream(address, { sample: begin, step: take, flip: take, end: take, progress: stands, state: over });

byId("pause").addEventListener("click", () => {
  paused = !paused;
  byId("pause").setAttribute("aria-pressed", String(paused));
  byId("pause").textContent = paused ? "Go on" : "Pause";
  draw();
});
byId("follow").addEventListener("click", () => {
  wish = wish === null ? sample.sample : null;
  byId("follow").setAttribute("aria-pressed", String(wish !== null));
  byId("follow").textContent = wish === null ? "Stay with this sample" : "Follow the next";
  source.again();
});
byId("frame").addEventListener("input", draw);
