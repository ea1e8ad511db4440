// An explanation at work: the sample that it tells of, what is shown of it, and the map as it grows.
import { drawBars } from "./bars.js";
import { follow, showQuery } from "./following.js";
import { showHeat } from "./heat.js";
import { byId, number, percent } from "./page.js";
import { showTraces } from "./paper.js";
import { showPicture } from "./pictures.js";
import { drawProbability } from "./probability.js";

const part = byId("live");
const MOST_POINTS = 2000;
let sample = null; // what is told of it at its beginning
let step = null; // the last step
let map = null; // the map, so far or found
let points = [];
let steps = 0;

const frame = () => Number(byId("frame").value);

function begin(event) {
  sample = event;
  step = null;
  map = event;
  points = event.points ?? [];
  byId("stage").classList.toggle("signal", event.kind === "signal");
  for (const id of ["original", "masked", "map"]) byId(id).replaceChildren();
  byId("kept").textContent = "";
  byId("legend").hidden = false;
  const clip = event.kind === "clip";
  byId("frames").hidden = !clip;
  if (clip) byId("frame").max = event.frames.length - 1;
  byId("name").textContent = event.sample;
  byId("label").textContent = `${event.explained} ${percent(event.probability)}`;
  byId("now").textContent = `Untouched ${percent(event.probability)}, filled by ${event.fill} ${percent(event.filled)}`;
  draw();
}

function take(event) {
  if (!sample || event.sample !== sample.sample) return;
  points.push(...(event.points ?? []));
  if (points.length > MOST_POINTS) points = points.filter((_, place) => place % 2);
  if (event.map !== undefined) map = event;
  if (event.event === "step") step = event;
  if (event.event === "end") following.ended(event, ending(event));
  draw();
}

function ending(event) {
  if (event.status !== "explained") return String(event.status).replaceAll("_", " ");
  const parts = [
    event.suffices === null ? "no part suffices" : `${percent(event.suffices)} suffices`,
    event.flips === null ? "" : `taking ${percent(event.flips)} flips it`,
  ];
  return parts.filter(Boolean).join(", ");
}

function draw() {
  if (!sample) return;
  const query = showQuery(sample, step);
  if (step) {
    const what = step.found ? "Taking the curves of the map" : `Masked input, step ${number(query)}`;
    if (!byId("now").textContent.startsWith("Ended")) byId("now").textContent = what;
    byId("kept").textContent = `${percent(step.kept)} kept: ${sample.explained} ${percent(step.probability)}`;
    steps += 1;
    part.dataset.steps = steps;
  }
  const found = map.seen === null;
  byId("map-name").textContent = found ? "Map" : "Map so far";
  byId("seen").textContent = found ? "as it was found" : `from ${number(map.seen)} rows`;
  drawInputs();
  drawBars(byId("bars"), step?.bars ?? sample.bars);
  drawProbability(byId("curve"), points, sample, query);
}

function drawInputs() {
  const at = Math.min(frame(), sample.original.length - 1);
  for (const [id, told] of [["original", sample.original], ["masked", step?.masked]]) {
    if (!Array.isArray(told)) continue;
    if (sample.kind === "signal") showTraces(byId(id), sample, told, { before: id === "masked" ? sample.original : null });
    else showPicture(byId(id), told[at], `${id} ${sample.sample}`);
  }
  showHeat(byId("map"), sample, map.map, at);
  if (sample.kind === "clip") byId("frame-number").textContent = `${sample.frames[at]}`;
}

const tells = (counts) => (counts.explained ? `, ${number(counts.explained)} explained` : "");
const following = follow(part, "explanation", { begin, take, draw, tells });
