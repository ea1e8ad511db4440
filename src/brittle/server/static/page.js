// What all pages share: elements, texts, numbers. Everything that comes from a run is put in as text.
export const byId = (id) => document.getElementById(id);

export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  Object.assign(made, properties);
  made.append(...children);
  return made;
}

export function drawn(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function number(value) {
  if (value === null || value === undefined) return "–";
  if (Number.isInteger(value) || Math.abs(value) >= 99.95) return Math.round(value).toLocaleString("en");
  return value.toPrecision(3);
}

// The least of 1, 2 and 5 times a power of ten that is no less.
export function rounded(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return Number(([1, 2, 5, 10].find((digit) => digit * power >= least) * power).toPrecision(6));
}

export const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 2 : 1)} %`;

// An id as one part of an address, as brittle.server.names has it.
export function named(text) {
  const bytes = [...new TextEncoder().encode(text)];
  const plain = /[A-Za-z0-9_.-]/;
  return bytes
    .map((byte, place) => {
      const letter = String.fromCharCode(byte);
      const keep = byte < 128 && plain.test(letter) && !(place === 0 && letter === ".");
      return keep ? letter : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("") || "=";
}

// Where a run stands, into the elements of a part of the page that say what they are.
export function shown(part, standing) {
  for (const place of part.querySelectorAll("[data-is]")) {
    const text = String(standing[place.dataset.is] ?? "");
    if (place.dataset.is !== "state") place.textContent = text;
    const state = place.matches(".state") ? place : place.querySelector(".state");
    if (place.dataset.is === "state" && state) {
      state.textContent = text;
      state.className = `state ${text}`;
    }
  }
  const bar = part.querySelector("progress");
  if (bar) {
    bar.max = standing.total || 1;
    bar.value = standing.done;
  }
}

const AGAIN = 5000; // milliseconds until a stream that was refused is asked for again

// Why the page is not kept up to date, on its top; nothing where it is.
function lost(why) {
  byId("lost").textContent = why && `What stands here is as it was: ${why}`;
  byId("lost").hidden = !why;
}

// What the server answers, or null; where it is gone, or is another one that does not know this browser, that is said.
export async function fetched(address, options) {
  const answer = await fetch(address, options).catch(() => null);
  if (!answer) lost("brittle serve does not answer.");
  else lost(answer.status === 401 ? await answer.clone().text() : "");
  return answer;
}

// One stream of events, closed while nobody looks at the page and when the run is over.
export function stream(address, handlers) {
  let source = null;
  let over = false;
  // A stream that is refused is not asked for again by the browser: why, an ordinary request says.
  const refused = async () => {
    close();
    const answer = await fetched(address());
    if (answer?.ok) {
      answer.body.cancel();
      open();
      return;
    }
    if (answer) lost(await answer.text());
    setTimeout(() => document.hidden || open(), AGAIN);
  };
  const open = () => {
    if (source || over) return;
    const mine = new EventSource(address());
    source = mine;
    source.addEventListener("open", () => lost(""));
    source.addEventListener("error", () => {
      if (source === mine && mine.readyState === EventSource.CLOSED) refused();
      else if (source === mine) fetched("/healthz");
    });
    for (const [name, handle] of Object.entries(handlers)) {
      source.addEventListener(name, (message) => {
        handle(JSON.parse(message.data));
        if (name === "state") {
          over = true;
          close();
        }
      });
    }
  };
  const close = () => {
    source?.close();
    source = null;
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  open();
  return { again: () => { close(); over = false; open(); } };
}
