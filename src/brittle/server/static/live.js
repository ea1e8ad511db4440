// An audit at work: the sample that it tells of, what is tried on it, and what the model says.
import { drawCurve, withClean } from "./curve.js";
import { follow, showQuery } from "./following.js";
import { byId, number } from "./page.js";
import { beginStage, showStage } from "./stage.js";

const part = byId("live");
let sample = null; // what is told of it at its beginning
let step = null; // the last step
let points = [];
let closest = null;
let steps = 0;

function begin(event) {
  sample = event;
  step = null;
  points = event.points ?? [];
  closest = event.closest ?? null;
  beginStage(event);
  byId("name").textContent = event.sample;
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
  following.ended(event, event.status === "flipped" ? `flipped, closest L2 ${number(event.l2)}` : event.status);
}

function draw() {
  if (!sample) return;
  const query = showQuery(sample, step);
  if (step) {
    const worn = step.used?.length ? `: ${step.used.slice(0, 3).map(([name]) => name).join(", ")}` : "";
    if (!byId("now").textContent.startsWith("Ended")) byId("now").textContent = `Adding distortion, step ${number(query)}${worn}`;
    steps += 1;
    part.dataset.steps = steps;
  }
  showStage(sample, step, closest);
  drawCurve(byId("curve"), withClean(sample, points), sample.budget, query);
}

const tells = (counts) => (counts.flipped ? `, ${number(counts.flipped)} flipped` : "");
const following = follow(part, "audit", { begin, take, draw, tells });
