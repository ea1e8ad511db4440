// A finished sample: its curve, and how it was played where that was kept.
import { drawCurve } from "./curve.js";
import { byId } from "./page.js";
import { replay } from "./replay.js";

const svg = byId("curve");
const trail = byId("trail");
if (svg) {
  const [points, budget] = [JSON.parse(svg.dataset.curve), Number(svg.dataset.budget)];
  drawCurve(svg, points, budget);
  if (trail) replay(JSON.parse(trail.textContent), svg, points, budget);
}
