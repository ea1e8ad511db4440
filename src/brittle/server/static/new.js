// The command line that is equal to the form, or what is wrong with the form, as it is filled in.
import { byId, fetched } from "./page.js";

const form = byId("form");
let waiting = 0;

async function say() {
  const answer = await fetched(form.dataset.command, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (!answer) return;
  const text = (await answer.text()).trim();
  byId("wrong").hidden = answer.ok;
  if (answer.ok) byId("command").textContent = text;
  else byId("wrong").textContent = text;
}

form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(say, 250);
});
say();
