// How a finished sample was played, step by step: its trail, a slider, and buttons.
import { drawCurve, withClean } from "./curve.js";
import { byId, number } from "./page.js";
import { beginStage, showStage } from "./stage.js";

const WHOLE = 12_000; // milliseconds that all of it takes, about
const [SHORTEST, LONGEST] = [150, 700]; // of one step

// trail: its sample, the steps, and its end; points, budget: as the curve has them.
export function replay(trail, svg, points, budget) {
  const [sample, ...steps] = trail.slice(0, -1);
  const untouched = { ...sample, modified: sample.original, l2: 0, rms: "" };
  const slider = byId("moment");
  let timer = 0;

  const closest = (at) => {
    const flip = steps.slice(0, at).findLast((step) => step.points[0][2] !== null);
    return flip ? { ...flip, picture: flip.modified } : null;
  };
  const show = () => {
    const at = Number(slider.value);
    const step = at ? steps[at - 1] : untouched;
    const how = at ? `margin ${number(step.margin)}${step.margin < 0 ? ", a flip" : ""}` : "untouched";
    const text = `query ${number(step.query)} of ${number(budget)}: ${how}`;
    byId("told").textContent = text;
    slider.setAttribute("aria-valuetext", text);
    showStage(sample, step, closest(at));
    drawCurve(svg, withClean(sample, points), budget, 0, step.query);
    byId("earlier").disabled = at === 0;
    byId("later").disabled = at === steps.length;
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    byId("play").textContent = "Play";
  };
  const go = (by) => {
    slider.value = Number(slider.value) + by;
    show();
    if (Number(slider.value) === steps.length) stop();
  };
  const play = () => {
    if (timer) return stop();
    if (Number(slider.value) === steps.length) slider.value = 0;
    show();
    byId("play").textContent = "Pause";
    timer = setInterval(() => go(1), Math.min(LONGEST, Math.max(SHORTEST, WHOLE / steps.length)));
  };
  const pressed = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || event.target.matches("input")) return; // sliders have keys of their own
    stop();
    go(by);
    event.preventDefault();
  };

  slider.max = steps.length;
  slider.value = steps.length;
  slider.addEventListener("input", () => { stop(); show(); });
  byId("earlier").addEventListener("click", () => { stop(); go(-1); });
  byId("later").addEventListener("click", () => { stop(); go(1); });
  byId("play").addEventListener("click", play);
  byId("frame").addEventListener("input", show);
  byId("replay").addEventListener("keydown", pressed);
  byId("replay").hidden = byId("stage").hidden = false;
  beginStage(sample);
  show();
}
