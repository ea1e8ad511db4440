// What a model says: the classes that are likeliest now, each with its share before anything was changed.
import { drawn, element, percent } from "./page.js";

export function drawBars(list, bars) {
  const items = bars.map((bar, place) => {
    const role = bar.own ? "own" : place === 0 ? "new" : "";
    const wide = (share) => drawn("rect", { class: role, width: `${100 * share}%`, height: "100%" });
    const both = element("span", { className: "both", ariaHidden: "true" });
    both.append(drawn("svg", { class: "now-bar" }, wide(bar.now)), drawn("svg", { class: "before-bar" }, wide(bar.before)));
    const name = element("span", { className: `name ${role}`, title: bar.name, textContent: bar.name });
    const value = element("span", { className: "value", textContent: percent(bar.now) });
    const before = element("span", { className: "value note", textContent: `was ${percent(bar.before)}` });
    return element("li", {}, name, both, value, before);
  });
  list.replaceChildren(...items);
}
