// Traces on ECG paper, one lead below the other: 25 mm a second, 10 mm a unit where that fits and can be seen.
import { drawn } from "./page.js";

const SPEED = 25; // as brittle.domains.ecg_paper has it, and what follows
const UNKNOWN = 4; // seconds, of signals of unknown rate
const [GAINS, USUAL, TALLEST] = [[40, 20, 10, 5, 2.5], 10, 40];
const FINEST = 3; // pixels between two lines at least
const WIDE = 900; // pixels, of a frame that is not shown yet
const BRIEF = 200; // millimetres

const millimetres = (sample) => SPEED * (sample.rate ? sample.sizes[0] / sample.rate : UNKNOWN);

// Whether there is room for two such papers side by side.
export const brief = (sample) => millimetres(sample) <= BRIEF;

// before: drawn in grey behind; cells: shaded where they wear a distortion; grown: a change, as large as it fits.
export function showTraces(frame, sample, traces, { before = null, cells = null, grown = false } = {}) {
  const width = frame.clientWidth || WIDE;
  const scale = width / millimetres(sample);
  const leads = traces.map((trace, k) => reach(before ? trace.concat(before[k]) : trace));
  const gain = fitting(Math.max(...leads.map((lead) => lead.span)), grown || scale < FINEST);
  const strips = leads.map((lead) => 5 * Math.ceil((gain * lead.span + 10) / 5));
  const tall = scale * strips.reduce((sum, strip) => sum + strip, 0);
  const svg = drawn("svg", { class: "paper", viewBox: `0 0 ${width} ${tall}`, role: "img", "aria-label": "Trace" });
  if (cells && sample.cell) svg.append(...shades(sample, cells, width, tall));
  for (const [name, apart] of [["minor", scale], ["major", 5 * scale]]) {
    if (apart >= FINEST) svg.append(drawn("path", { class: name, d: ruling(width, tall, apart) }));
  }
  let top = 0;
  traces.forEach((trace, k) => {
    const down = (value) => (top + strips[k] / 2 - gain * (value - leads[k].middle)) * scale;
    if (before) svg.append(drawn("path", { class: "trace before", d: line(before[k], width, down) }));
    svg.append(drawn("path", { class: "trace", d: line(trace, width, down) }));
    svg.append(drawn("text", { x: 6, y: top * scale + 14 }, String(sample.names?.[k] ?? "")));
    top += strips[k];
  });
  const told = sample.rate ? `${SPEED} mm/s  ${gain} mm/${sample.unit}` : `${gain} mm/${sample.unit}`;
  svg.append(drawn("text", { x: width - 6, y: tall - 6, "text-anchor": "end" }, told));
  frame.replaceChildren(svg);
}

function reach(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return { span: high - low, middle: (high + low) / 2 };
}

function fitting(span, large) {
  return GAINS.find((gain) => (large || gain <= USUAL) && gain * span <= TALLEST) ?? GAINS.at(-1);
}

function line(trace, width, down) {
  const across = (i) => ((width * i) / Math.max(1, trace.length - 1)).toFixed(1);
  return trace.map((value, i) => `${i ? "L" : "M"}${across(i)} ${down(value).toFixed(1)}`).join("");
}

function ruling(width, tall, apart) {
  let path = "";
  for (let x = 0; x <= width; x += apart) path += `M${x.toFixed(2)} 0V${tall.toFixed(2)}`;
  for (let y = 0; y <= tall; y += apart) path += `M0 ${y.toFixed(2)}H${width}`;
  return path;
}

function shades(sample, cells, width, tall) {
  const wide = (width * sample.cell[0]) / sample.sizes[0];
  const tints = Object.values(sample.tints);
  const worn = [...cells.entries()].filter(([, tint]) => tint);
  return worn.map(([cell, tint]) =>
    drawn("rect", { x: cell * wide, y: 0, width: wide, height: tall, fill: tints[tint - 1], "fill-opacity": 0.3 }),
  );
}
