// The probability of the explained class in every row of one sample, against its queries.
import { ticks } from "./curve.js";
import { drawn, number, percent } from "./page.js";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [560, 240, 46, 12, 12, 30];

// points: [query, probability] in order; sample: with its budget, and the probability clean and filled.
export function drawProbability(svg, points, sample, now) {
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  const high = Math.max(sample.probability, sample.filled, 1e-6, ...points.map((point) => point[1])) * 1.06;
  const across = (query) => LEFT + ((WIDTH - LEFT - RIGHT) * query) / Math.max(1, sample.budget);
  const down = (share) => TOP + ((HEIGHT - TOP - BOTTOM) * (high - share)) / high;
  const line = (name, share) => drawn("line", { class: name, x1: LEFT, x2: WIDTH - RIGHT, y1: down(share), y2: down(share) });
  const parts = [];
  for (const tick of ticks(0, high, 6)) {
    parts.push(line("axis", tick));
    parts.push(drawn("text", { x: LEFT - 8, y: down(tick) + 4, "text-anchor": "end" }, `${number(100 * tick)} %`));
  }
  for (const tick of ticks(0, sample.budget, 6)) {
    const text = tick.toLocaleString("en");
    parts.push(drawn("text", { x: across(tick), y: HEIGHT - 8, "text-anchor": tick ? "middle" : "start" }, text));
  }
  parts.push(line("clean", sample.probability), line("filled", sample.filled));
  for (const [query, share] of points) {
    parts.push(drawn("circle", { class: "row", r: query === now ? 4.5 : 2.2, cx: across(query), cy: down(share) }));
  }
  for (const [name, share] of [["untouched", sample.probability], ["filled", sample.filled]]) {
    parts.push(drawn("text", { x: WIDTH - RIGHT, y: down(share) - 5, "text-anchor": "end" }, name));
  }
  svg.replaceChildren(...parts);
  svg.setAttribute("role", "img");
  svg.setAttribute(
    "aria-label",
    `Probability over ${number(now)} queries: ${percent(sample.probability)} untouched, ${percent(sample.filled)} filled`,
  );
}
