// Shows a rotating pass: the code of now, drawn from those that were fetched ahead.
const section = document.querySelector(".turn");
const [svg, meter, label, notice] = ["svg", "meter", ".label", ".notice"].map((part) => section.querySelector(part));
const [pass, secret] = location.hash.slice(1).split(".");
// How far the hub's clock is ahead of this telephone's.
let ahead = 0;
let codes = [];
let shown;
let asking = false;

const now = () => Date.now() + ahead;

function say(words) {
  notice.textContent = words ?? "";
  notice.hidden = !words;
}

async function fetchCodes() {
  if (asking) return;
  asking = true;
  try {
    const body = JSON.stringify({ pass, secret });
    const answer = await fetch(section.dataset.codes, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      signal: AbortSignal.timeout(10_000),
    });
    if (answer.status === 403 || answer.status === 400) {
      codes = [];
      say("链接不完整或通行证不属于本中心。 This link is damaged, or the pass is not of this hub.");
      return;
    }
    if (!answer.ok) return;
    const got = await answer.json();
    ahead = got.now - Date.now();
    codes = got.codes;
    label.textContent = got.label ?? "";
    say(got.expires <= now() ? "通行证已过期。 This pass has ended." : undefined);
  } catch {
    // No network: what was fetched ahead goes on, and it is tried again.
  } finally {
    asking = false;
    show();
  }
}

function draw({ size, modules }) {
  const bits = atob(modules);
  let path = "";
  for (let at = 0; at < size * size; at += 1) {
    if (bits.charCodeAt(at >> 3) & (0x80 >> (at & 7))) path += `M${(at % size) + 4} ${Math.floor(at / size) + 4}h1v1h-1z`;
  }
  svg.setAttribute("viewBox", `0 0 ${size + 8} ${size + 8}`);
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "path");
  drawn.setAttribute("d", path);
  svg.replaceChildren(drawn);
}

function show() {
  const current = codes.find((code) => code.from <= now() && now() < code.until);
  if (current !== shown) {
    shown = current;
    if (current) draw(current);
    else svg.replaceChildren();
  }
  meter.value = current ? Math.ceil((current.until - now()) / 1000) : 0;
  if (!current && notice.hidden) say("请稍候，需要联网一次。 Wait: the network is needed once.");
  else if (current && !notice.hidden) say();
}

let failed = 0;
async function tick() {
  show();
  const left = codes.filter((code) => code.until > now()).length;
  // Ten minutes ahead are kept; a hub that cannot be reached is asked again now and then.
  if (left < 20 && Date.now() - failed > 15_000) {
    failed = Date.now();
    await fetchCodes();
  }
}

if (pass && secret) {
  await fetchCodes();
  setInterval(tick, 500);
  document.addEventListener("visibilitychange", tick);
} else {
  say("链接不完整。 This link is incomplete.");
}
