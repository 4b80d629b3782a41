// Live updates, keypads, function keys and hold-to-confirm. Every page works without this file; with it, pages
// follow the lane by themselves.

const root = document.documentElement;
const page = document.body.dataset;
root.classList.add("js");

// ---- Hold to confirm ----------------------------------------------------------------------------------------

const HOLD_MS = 1000;
let held = null; // { button, timer } while a button is held
let waiting = null; // regions that arrived meanwhile

function begin(button) {
  if (held) return;
  button.classList.remove("short");
  button.classList.add("holding");
  held = { button, timer: setTimeout(() => confirmed(button), HOLD_MS) };
}

function confirmed(button) {
  release();
  button.disabled = true;
  button.form.submit(); // by its own action, not the button's: no further question
}

function release(short) {
  if (!held) return;
  clearTimeout(held.timer);
  held.button.classList.remove("holding");
  if (short) held.button.classList.add("short");
  held = null;
  if (waiting) [waiting, held] = [void show(waiting), null];
}

document.addEventListener("pointerdown", (event) => {
  const button = event.target.closest("button.hold");
  if (button && event.button === 0) begin(button);
});
for (const end of ["pointerup", "pointercancel", "blur"]) window.addEventListener(end, () => release(true));
document.addEventListener("contextmenu", (event) => event.preventDefault());
document.addEventListener("click", (event) => {
  // A pointer has to hold. A key pressed on the button asks once more on a page of its own.
  if (event.detail > 0 && event.target.closest("button.hold")) event.preventDefault();
});

// ---- Paper ---------------------------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// ---- Function keys ------------------------------------------------------------------------------------------

const KEYS = ["F1", "F2", "F3", "F4", "F5", "F6", "F7"];

function targets() {
  const all = document.querySelectorAll("a.act, button.act, button.key");
  return [...all].filter((target) => target.offsetParent && !target.disabled);
}

/** Moves the focus by `step` targets on pages with more of them than there are keys. */
function move(step) {
  const all = targets();
  const at = all.indexOf(document.activeElement);
  all[(at + step + all.length) % all.length]?.focus();
}

function onPad(key) {
  if (key === "F1") move(-1);
  else if (key === "F3") move(1);
  else if (key === "F4") document.activeElement?.click();
  else if (key === "F5") move(9);
  else document.querySelector("a.back")?.click();
}

document.addEventListener("keydown", (event) => {
  if (KEYS.includes(event.key)) {
    event.preventDefault();
    root.classList.add("keys");
    const button = document.querySelector(`[data-key="${event.key}"]:not([disabled])`);
    if (button?.classList.contains("hold")) {
      if (!event.repeat) begin(button);
    } else if (event.repeat) {
      return;
    } else if (document.querySelector(".pad") && event.key !== "F2") {
      onPad(event.key);
    } else {
      button?.click();
    }
  } else {
    type(event);
  }
});
document.addEventListener("keyup", (event) => {
  if (KEYS.includes(event.key)) release(true);
});

// ---- Keypads ------------------------------------------------------------------------------------------------

const pad = document.querySelector("form.pad");

function boxes(text) {
  const list = [...pad.querySelectorAll(".box")];
  const secret = pad.dataset.pad === "pin";
  const shown = [...text].map((character) => (secret ? "•" : character));
  while (secret && list.length < shown.length) {
    const box = list[0].cloneNode();
    list[0].parentNode.append(box);
    list.push(box);
  }
  list.forEach((box, index) => (box.textContent = shown[index] ?? ""));
}

function sheet(name) {
  for (const keys of pad.querySelectorAll("[data-sheet]")) keys.hidden = keys.dataset.sheet !== name;
}

function press(key) {
  const input = pad.elements.namedItem("text");
  let text = [...input.value];
  if (key === "special") return sheet("special");
  if (key === "back") text.pop();
  else if (key === "clear") text = [];
  else if (text.length < Number(pad.dataset.max)) text.push(key);
  input.value = text.join("");
  pad.elements.namedItem("odd")?.remove(); // another plate is not yet confirmed
  pad.querySelector(".message")?.remove();
  boxes(input.value);
  if (pad.dataset.pad === "plate") sheet(text.length ? "letters" : "province");
}

pad?.addEventListener("submit", (event) => {
  const key = event.submitter?.value;
  if (key && key !== "enter") {
    event.preventDefault();
    press(key);
  }
});

/** A key of a real keyboard presses the pad's key of the same name. */
function type(event) {
  if (!pad || event.ctrlKey || event.altKey || event.metaKey) return;
  const names = { Backspace: "back", Delete: "clear" };
  const name = names[event.key] ?? event.key.toUpperCase();
  if (event.key === "Enter" && document.activeElement?.tagName !== "BUTTON" && document.activeElement?.tagName !== "A") {
    event.preventDefault();
    pad.querySelector(".enter").click();
  } else if (pad.querySelector(`button[name=key][value="${CSS.escape(name)}"]`)) {
    event.preventDefault();
    press(name);
  }
}

// A pad with somebody's number on it does not stay open for the next person.
const LEFT_MS = 60_000;
if (pad && page.home) {
  let left = setTimeout(() => location.replace(page.home), LEFT_MS);
  const touched = () => {
    clearTimeout(left);
    left = setTimeout(() => location.replace(page.home), LEFT_MS);
  };
  for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, touched);
}

// ---- Live updates -------------------------------------------------------------------------------------------

const SILENT_MS = 6000;
const RETRY_MS = 2000;
let source = null;
let heard = 0;
let picture = null;
let thermal = null;
const arrived = new Map(); // lane → when its subject arrived, by this page's clock
const ends = new Map(); // lane and "may-stop" or "ends" → when disinfection does, by this page's clock

/** Replaces what changed, and keeps the focus where it was. */
function show(regions) {
  const focus = document.activeElement?.id;
  for (const [id, html] of Object.entries(regions)) {
    if (id === "theme") root.dataset.theme = html;
    const region = document.getElementById(id);
    if (region) region.innerHTML = html;
  }
  if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
  tick();
  if (picture) draw(picture);
  if (!document.getElementById("thermal")) thermal = null;
  if (thermal) drawThermal(thermal);
}

function tick() {
  for (const place of document.querySelectorAll("[data-since]")) {
    const at = arrived.get(place.dataset.since);
    const seconds = at === undefined ? null : Math.max(0, Math.floor((performance.now() - at) / 1000));
    const two = (number) => String(number).padStart(2, "0");
    const text = seconds === null ? "" : `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
    if (place.textContent !== text) place.textContent = text;
  }
  for (const place of document.querySelectorAll("[data-left]")) {
    const at = ends.get(`${place.dataset.lane} ${place.dataset.left}`);
    const seconds = at === undefined ? null : Math.max(0, Math.ceil((at - performance.now()) / 1000));
    const minutes = () => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    const long = ["dwell", "reading"].includes(place.dataset.left);
    const text = seconds === null ? "" : long ? minutes() : String(seconds);
    if (place.textContent !== text) place.textContent = text;
  }
}

function clock({ time, since, ended, left }) {
  for (const place of document.querySelectorAll("[data-time]")) place.textContent = time;
  arrived.clear();
  for (const [lane, ms] of Object.entries(since)) if (ms !== null) arrived.set(lane, performance.now() - ms);
  ends.clear();
  for (const [lane, times] of Object.entries(left))
    for (const [what, ms] of Object.entries(times)) ends.set(`${lane} ${what}`, performance.now() + ms);
  tick();
  // The subject whom this page is about has gone.
  if (page.seen && ended[page.lane] !== Number(page.seen)) location.replace(page.home);
}

/** The newest camera picture, and the outline of each code in it. */
function draw({ n, width, height, outlines }) {
  const image = document.getElementById("preview");
  if (!image) return;
  const address = `/lane/${image.dataset.lane}/preview.bmp?n=${n}`;
  const next = new Image();
  next.onload = () => (image.src = address);
  next.src = address;
  const svg = document.getElementById("outline");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren(
    ...outlines.map((corners) => {
      const shape = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
      shape.setAttribute("points", corners.map((corner) => corner.join(",")).join(" "));
      return shape;
    }),
  );
}

/** The newest picture of the thermal array, or why nothing is measured. */
function drawThermal({ n, shown, said }) {
  const image = document.getElementById("thermal");
  if (!image) return;
  document.getElementById("thermal-said").innerHTML = said;
  image.classList.toggle("none", !shown);
  if (!shown) return;
  const address = `/attendant/lane/${image.dataset.lane}/thermal.bmp?n=${n}`;
  const next = new Image();
  next.onload = () => (image.src = address);
  next.src = address;
}

function connect() {
  source?.close();
  source = new EventSource(page.live);
  const on = (name, act) =>
    source.addEventListener(name, (event) => {
      heard = performance.now();
      root.classList.remove("lost");
      act(JSON.parse(event.data));
    });
  on("regions", (regions) => (held ? (waiting = { ...waiting, ...regions }) : show(regions)));
  on("clock", clock);
  on("preview", (preview) => draw((picture = preview)));
  on("thermal", (frame) => drawThermal((thermal = frame)));
  source.onerror = lost;
}

/** Says that what is shown may be out of date, and tries again; a page we may no longer see leads to another. */
function lost() {
  source?.close();
  source = null;
  root.classList.add("lost");
  setTimeout(async () => {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (answer.redirected) location.replace(answer.url);
      else connect();
    } catch {
      lost();
    }
  }, RETRY_MS);
}

// A page left behind would keep its connection, of which a browser has six for each host; one that comes back
// from the browser's memory would show a subject who has gone.
window.addEventListener("pagehide", () => {
  source?.close();
  source = null;
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

if (page.live) {
  connect();
  heard = performance.now();
  setInterval(() => {
    tick();
    if (source && performance.now() - heard > SILENT_MS) lost();
  }, 500);
}
