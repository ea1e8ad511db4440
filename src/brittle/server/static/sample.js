// The curve of a finished sample.
import { byId } from "./page.js";
import { drawCurve } from "./curve.js";

const svg = byId("curve");
if (svg) drawCurve(svg, JSON.parse(svg.dataset.curve), Number(svg.dataset.budget));
