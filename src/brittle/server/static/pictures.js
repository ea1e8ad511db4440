// Inputs as they are told: pictures of images and clips, traces of signals, and the cells over them.
import { drawn, element } from "./page.js";

const TALL = 90;
const WIDE = 1000;

// Only what the audit itself encodes may become a picture.
const isPicture = (uri) => typeof uri === "string" && uri.startsWith("data:image/jpeg;base64,");

export function showPicture(frame, uri, alt) {
  if (!isPicture(uri)) return;
  let image = frame.querySelector("img");
  if (!image) {
    image = element("img");
    frame.prepend(image);
  }
  image.alt = alt;
  image.src = uri;
}

// Cells that wear a distortion, as a tint over a picture; of a clip those of one frame.
export function showCells(frame, sample, cells, place) {
  let canvas = frame.querySelector("canvas");
  if (!sample.counts || !cells) {
    canvas?.remove();
    return;
  }
  const [rows, columns] = sample.counts.slice(-2);
  const [height, width] = sample.sizes.slice(-2);
  const [tall, wide] = sample.cell.slice(-2);
  if (!canvas) {
    canvas = element("canvas", { ariaHidden: "true" });
    frame.append(canvas);
  }
  const scale = Math.max(1, Math.round(320 / Math.max(height, width)));
  canvas.width = width * scale;
  canvas.height = height * scale;
  const pen = canvas.getContext("2d");
  const layer = sample.counts.length === 3 ? Math.floor((sample.frames[place] - 1) / sample.cell[0]) : 0;
  const tints = Object.values(sample.tints);
  for (let cell = 0; cell < rows * columns; cell += 1) {
    const worn = cells[layer * rows * columns + cell];
    if (!worn) continue;
    const [x, y] = [(cell % columns) * wide * scale, Math.floor(cell / columns) * tall * scale];
    const [w, h] = [Math.min(wide * scale, canvas.width - x), Math.min(tall * scale, canvas.height - y)];
    pen.globalAlpha = 0.22;
    pen.fillStyle = tints[worn - 1];
    pen.fillRect(x, y, w, h);
    pen.globalAlpha = 0.9;
    pen.strokeStyle = tints[worn - 1];
    pen.strokeRect(x + 0.5, y + 0.5, w - 1, h - 1);
  }
}

// Traces on ECG paper, one below the other; before: drawn in grey behind; cells: shaded where they wear one.
export function showTraces(frame, sample, traces, before = null, cells = null) {
  const all = [...traces, ...(before ?? [])].flat();
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const span = high - low || 1;
  const path = (trace, k) =>
    trace
      .map((value, i) => {
        const x = (WIDE * i) / Math.max(1, trace.length - 1);
        return `${i ? "L" : "M"}${x.toFixed(1)} ${((k + 1 - 0.9 * ((value - low) / span) - 0.05) * TALL).toFixed(1)}`;
      })
      .join("");
  const tall = TALL * traces.length;
  const svg = drawn("svg", { class: "paper", viewBox: `0 0 ${WIDE} ${tall}`, role: "img", "aria-label": "Trace" });
  for (let x = 0; x <= WIDE; x += 40) svg.append(drawn("line", { x1: x, x2: x, y1: 0, y2: tall }));
  for (let y = 0; y <= tall; y += TALL / 3) svg.append(drawn("line", { x1: 0, x2: WIDE, y1: y, y2: y }));
  if (cells && sample.cell) {
    const wide = (WIDE * sample.cell[0]) / sample.sizes[0];
    cells.forEach((worn, cell) => {
      if (!worn) return;
      const fill = Object.values(sample.tints)[worn - 1];
      svg.append(drawn("rect", { x: cell * wide, y: 0, width: wide, height: tall, fill, "fill-opacity": 0.3 }));
    });
  }
  traces.forEach((trace, k) => {
    if (before) svg.append(drawn("path", { class: "trace before", d: path(before[k], k) }));
    svg.append(drawn("path", { class: "trace", d: path(trace, k) }));
    svg.append(drawn("text", { x: 6, y: k * TALL + 14 }, String(sample.names?.[k] ?? "")));
  });
  frame.replaceChildren(svg);
}
