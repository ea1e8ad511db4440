// Runs that are ticked to be compared: how many, and whether that will do. Without this script the form works too.
import { byId } from "./page.js";

const form = byId("compare");

function count() {
  const boxes = [...form.elements].filter((one) => one.name === "run" && one.checked);
  const most = Number(form.dataset.most);
  form.querySelector("button").disabled = boxes.length < 2 || boxes.length > most;
  const more = boxes.length > most ? `, at most ${most} can be compared` : boxes.length === 1 ? ", tick another" : "";
  byId("ticked").textContent = boxes.length ? `${boxes.length} ${boxes.length === 1 ? "run" : "runs"} ticked${more}` : "";
}

if (form) {
  document.addEventListener("change", count);
  addEventListener("pageshow", count); // ticks come back with the page
}
