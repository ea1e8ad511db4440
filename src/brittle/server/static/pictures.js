// Inputs as they are told: pictures of images and clips, and the cells over them.
import { element } from "./page.js";

const LONGEST = 1280; // pixels of a side of the cells

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
  const side = Math.max(height, width);
  const scale = side > LONGEST ? LONGEST / side : Math.max(1, Math.round(320 / side));
  canvas.width = width * scale;
  canvas.height = height * scale;
  const pen = canvas.getContext("2d");
  const layer = sample.counts.length === 3 ? Math.floor((sample.frames[place] - 1) / sample.cell[0]) : 0;
  const tints = Object.values(sample.tints);
  const shown = cells.slice(layer * rows * columns, (layer + 1) * rows * columns);
  for (const [cell, worn] of shown.entries()) {
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
