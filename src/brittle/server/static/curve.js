// The margin of one sample against its queries: the best so far as steps up to the first flip, flips as dots.
import { drawn, number, rounded } from "./page.js";

const WIDTH = 560;
const HEIGHT = 240;
const LEFT = 46;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 30;

export function ticks(low, high, most) {
  const step = rounded((high - low || 1) / most);
  const found = [];
  for (let k = Math.ceil(low / step); k * step <= high; k += 1) found.push(Number((k * step).toPrecision(6)));
  return found;
}

// The points of a sample after that of its untouched input, the first row that is shown: flips, and what is nearer to one.
export function withClean(sample, points) {
  const nearer = points.filter(([, margin, l2]) => l2 !== null || margin < sample.margin);
  return [[1, sample.margin, null], ...nearer];
}

// points: [query, margin, l2 or null] in order; end: the last query of the axis; now: the current one; cursor:
// the one that is looked at.
export function drawCurve(svg, points, end, now = 0, cursor = null) {
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  const margins = points.map((point) => point[1]);
  const high = Math.max(0.5, ...margins) * 1.05;
  const low = Math.min(-0.15 * high, ...margins) * 1.1;
  const last = Math.max(1, end, now, ...points.map((point) => point[0]));
  const across = (query) => LEFT + ((WIDTH - LEFT - RIGHT) * query) / last;
  const down = (margin) => TOP + ((HEIGHT - TOP - BOTTOM) * (high - margin)) / (high - low);
  const parts = [];
  for (const tick of ticks(low, high, 4)) {
    parts.push(drawn("line", { class: "axis", x1: LEFT, x2: WIDTH - RIGHT, y1: down(tick), y2: down(tick) }));
    parts.push(drawn("text", { x: LEFT - 8, y: down(tick) + 4, "text-anchor": "end" }, String(tick)));
  }
  for (const tick of ticks(0, last, 6)) {
    const text = tick.toLocaleString("en");
    parts.push(drawn("text", { x: across(tick), y: HEIGHT - 8, "text-anchor": tick ? "middle" : "start" }, text));
  }
  parts.push(drawn("line", { class: "zero", x1: LEFT, x2: WIDTH - RIGHT, y1: down(0), y2: down(0) }));
  if (cursor !== null) {
    const x = across(cursor);
    parts.push(drawn("line", { class: "cursor", x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM }));
  }
  const flips = points.filter((point) => point[2] !== null);
  const first = points.findIndex((point) => point[2] !== null);
  const before = first < 0 ? points : points.slice(0, first + 1);
  let path = "";
  for (const [query, margin] of before) {
    path += path ? `H${across(query)}V${down(margin)}` : `M${across(query)} ${down(margin)}`;
  }
  if (path && first < 0) path += `H${across(Math.max(now, before.at(-1)[0]))}`;
  if (path) parts.push(drawn("path", { class: "margin", d: path }));
  for (const [query, margin, l2] of flips) {
    const title = drawn("title", {}, `query ${query}: L2 ${number(l2)}`);
    parts.push(drawn("circle", { class: "flip", r: 4.5, cx: across(query), cy: down(margin) }, title));
  }
  svg.replaceChildren(...parts);
  const closest = flips.length ? `; ${flips.length} flips, the closest at L2 ${number(flips.at(-1)[2])}` : "";
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `Margin over ${number(last)} queries${closest}`);
}
