// Traces on ECG paper, one lead below the other, as wide as there is room: what a square is stands at its foot.
import { drawn, rounded } from "./page.js";

const WIDE = 900; // pixels, of a frame that is not shown yet
const [ALONE, AMONG] = [150, 76]; // pixels of a lead, of up to three and of more
const MARGIN = 0.1; // of the span, above and below
const TIMES = [0.2, 1, 5, 30, 120]; // seconds of a square; on paper at 25 mm/s it is 0.2 s, and 0.5 mV
const [LONG, HIGH, FIFTH] = [12, 25, 4]; // pixels at least: of the sides of a square, and of its fifths
const BRIEF = { seconds: 4, values: 500 };

// Whether two such papers side by side are wide enough.
export function brief(sample) {
  const { length, rate } = scale(sample, sample.original[0]);
  return rate ? length / rate <= BRIEF.seconds : length <= BRIEF.values;
}

// Values of the input, and how many are a second; trails of earlier runs do not say how many there are.
function scale({ rate, sizes }, trace) {
  return sizes?.length ? { length: sizes[0], rate } : { length: trace.length, rate: null };
}

// before: drawn in grey behind; cells: shaded where they wear a distortion.
export function showTraces(frame, sample, traces, { before = null, cells = null } = {}) {
  const width = frame.clientWidth || WIDE;
  const lead = traces.length <= 3 ? ALONE : AMONG;
  const tall = lead * traces.length;
  const reach = traces.map((trace, k) => reached(before ? trace.concat(before[k]) : trace));
  const unit = lead / ((1 + 2 * MARGIN) * (Math.max(...reach.map(({ span }) => span)) || 1)); // pixels
  const { length, rate } = scale(sample, traces[0]);
  const across = width / (rate ? length / rate : length);
  const high = rounded(HIGH / unit);
  const long = (rate && TIMES.find((time) => time * across >= LONG)) || rounded(LONG / across);
  const svg = drawn("svg", { class: "paper", viewBox: `0 0 ${width} ${tall}`, role: "img", "aria-label": "Trace" });
  if (cells && sample.cell) svg.append(...shades(sample, cells, width, tall));
  for (const [name, part, least] of [["minor", 5, FIFTH], ["major", 1, LONG]]) {
    const [x, y] = [(long * across) / part, (high * unit) / part].map((apart) => (apart >= least ? apart : Infinity));
    svg.append(drawn("path", { class: name, d: ruling(width, tall, x, y) }));
  }
  traces.forEach((trace, k) => {
    const down = (value) => (k + 0.5) * lead - unit * (value - reach[k].middle);
    if (before) svg.append(drawn("path", { class: "trace before", d: line(before[k], width, down) }));
    svg.append(drawn("path", { class: "trace", d: line(trace, width, down) }));
    svg.append(drawn("text", { x: 6, y: k * lead + 14 }, String(sample.names?.[k] ?? "")));
  });
  const square = `${long} ${rate ? "s" : "values"} × ${high} ${sample.unit} a square`;
  svg.append(drawn("text", { x: width - 6, y: tall - 6, "text-anchor": "end" }, square));
  frame.replaceChildren(svg);
}

function reached(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return { span: high - low, middle: (high + low) / 2 };
}

function line(trace, width, down) {
  const across = (i) => ((width * i) / Math.max(1, trace.length - 1)).toFixed(1);
  return trace.map((value, i) => `${i ? "L" : "M"}${across(i)} ${down(value).toFixed(1)}`).join("");
}

function ruling(width, tall, x, y) {
  let path = "";
  for (let at = 0; at <= width; at += x) path += `M${at.toFixed(2)} 0V${tall}`;
  for (let at = 0; at <= tall; at += y) path += `M0 ${at.toFixed(2)}H${width}`;
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
