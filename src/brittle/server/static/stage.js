// One sample and what is tried on it: original, distortion, modified, closest flip, classes, and the cells.
import { drawBars } from "./bars.js";
import { byId, drawn, element, number } from "./page.js";
import { brief, showTraces } from "./paper.js";
import { showCells, showPicture } from "./pictures.js";

const FRAMES = ["original", "distortion", "modified", "closest"];
const frame = () => Number(byId("frame").value);
const distance = (told) => `L2 ${number(told.l2)}${told.rms ? ` · ${told.rms}` : ""}`;

// Another sample, of which nothing has been tried.
export function beginStage(sample) {
  byId("stage").classList.toggle("signal", sample.kind === "signal");
  byId("stage").classList.toggle("brief", sample.kind === "signal" && brief(sample));
  for (const id of FRAMES) byId(id).replaceChildren();
  const clip = sample.kind === "clip";
  byId("frames").hidden = !clip;
  if (clip) byId("frame").max = sample.frames.length - 1;
  const goal = sample.target === null ? "" : `, to become ${sample.target}`;
  byId("label").textContent = sample.label + goal;
}

// step: the last one; closest: {query, l2, rms, picture}; each null where there is none.
export function showStage(sample, step, closest) {
  byId("distance").textContent = step ? distance(step) : "";
  byId("nearest").textContent = closest ? `${distance(closest)} · query ${number(closest.query)}` : "none yet";
  showInputs(sample, step, closest);
  drawBars(byId("bars"), step?.bars ?? sample.bars);
  showWorn(sample, step);
}

function showInputs(sample, step, closest) {
  const parts = { original: sample.original, distortion: step?.distortion, modified: step?.modified, closest: closest?.picture };
  for (const [id, told] of Object.entries(parts)) {
    if (!Array.isArray(told)) {
      byId(id).replaceChildren();
      continue;
    }
    if (sample.kind === "signal") {
      const before = id === "modified" || id === "closest" ? sample.original : null;
      const cells = id === "modified" ? step.cells : null;
      showTraces(byId(id), sample, told, { before, cells });
    } else {
      const at = Math.min(frame(), told.length - 1);
      showPicture(byId(id), told[at], `${id} of ${sample.sample}`);
      if (id === "modified") showCells(byId(id), sample, step.cells, at);
    }
  }
  if (sample.kind === "clip") byId("frame-number").textContent = `${sample.frames[frame()]}`;
}

function showWorn(sample, step) {
  const used = step?.used ?? [];
  byId("worn-part").hidden = !sample.tints;
  if (!sample.tints) return;
  const all = sample.counts.reduce((a, b) => a * b, 1);
  const items = used.map(([name, count]) => {
    const swatch = drawn("svg", { class: "swatch", viewBox: "0 0 1 1", "aria-hidden": "true" });
    swatch.append(drawn("rect", { width: 1, height: 1, fill: sample.tints[name] }));
    return element("li", {}, swatch, `${name} ${count}`);
  });
  items.push(element("li", { className: "note", textContent: `${number(step?.touched ?? 0)} of ${number(all)} cells` }));
  byId("worn").replaceChildren(...items);
}
