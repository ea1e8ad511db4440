// A map over what it is of: colours over a picture, and stretches of the paper behind a trace.
import { drawn } from "./page.js";
import { showTraces } from "./paper.js";
import { showPicture } from "./pictures.js";

const OPACITY = 0.64; // as brittle.domains.heat has it
const LONGEST = 320;

// levels: a digit for each place, the share of what matters most that it is in; told: of the original.
export function showHeat(frame, sample, levels, place) {
  if (sample.kind === "signal") {
    showTraces(frame, sample, sample.original);
    if (levels) shade(frame.querySelector("svg"), sample, levels);
    return;
  }
  showPicture(frame, sample.original[place], `What matters in ${sample.sample}, so far`);
  let canvas = frame.querySelector("canvas");
  if (!levels) {
    canvas?.remove();
    return;
  }
  if (!canvas) {
    canvas = document.createElement("canvas");
    canvas.ariaHidden = "true";
    frame.append(canvas);
  }
  const [rows, columns] = sample.counts.slice(-2);
  const [height, width] = sample.sizes.slice(-2);
  const scale = LONGEST / Math.max(height, width);
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const cells = levels.substring(place * rows * columns, (place + 1) * rows * columns);
  canvas.getContext("2d").drawImage(small(cells, columns, rows, sample.colours), 0, 0, canvas.width, canvas.height);
}

// The cells as a picture, a pixel each.
function small(cells, columns, rows, colours) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [columns, rows];
  const pen = canvas.getContext("2d");
  pen.globalAlpha = OPACITY;
  [...cells].forEach((level, cell) => {
    const colour = colours[Number(level)];
    if (!colour) return;
    pen.fillStyle = colour;
    pen.fillRect(cell % columns, Math.floor(cell / columns), 1, 1);
  });
  return canvas;
}

function shade(svg, sample, levels) {
  const [, , wide, tall] = svg.getAttribute("viewBox").split(" ").map(Number);
  const first = svg.firstChild;
  for (let start = 0, stop = 0; start < levels.length; start = stop) {
    for (stop = start; stop < levels.length && levels[stop] === levels[start]; stop += 1);
    const fill = sample.colours[Number(levels[start])];
    const [x, width] = [start, stop - start].map((at) => (wide * at) / levels.length);
    if (fill) svg.insertBefore(drawn("rect", { x, y: 0, width, height: tall, fill }), first);
  }
}
