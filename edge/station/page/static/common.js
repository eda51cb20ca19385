// What every view needs: elements without markup from strings, requests with the token, the stream of events.

export const one = (selector) => document.querySelector(selector);

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const tenths = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });

// A share in percent that says neither all nor nothing where it is not.
export function percent(share) {
  if (share < 1 && share > 0.9995) return `>${tenths.format(0.999)}`;
  if (share > 0 && share < 0.0005) return `<${tenths.format(0.001)}`;
  return tenths.format(share);
}

export class Failure extends Error {
  constructor(status, told) {
    super(told.error ? `${told.error}; ${told.remedy}` : "the station does not answer");
    this.status = status;
  }
}

async function answered(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Failure(0, { error: "the station cannot be reached", remedy: "look whether it runs" });
  }
  if (answer.status === 401) {
    location.assign("/login");
    await new Promise(() => {});
  }
  if (!answer.ok) throw new Failure(answer.status, await answer.json().catch(() => ({})));
  return answer;
}

let asked = null;
let version = null;

export const session = () => (asked ??= answered("/api/session").then((answer) => answer.json()));

export const get = (path) => answered(path);

export async function post(path, told, keepalive = false) {
  const body = JSON.stringify(told);
  const send = async () => {
    const { token } = await session();
    const headers = { "content-type": "application/json", "x-csrf-token": token };
    return (await answered(path, { method: "POST", headers, body, keepalive })).json();
  };
  try {
    return await send();
  } catch (failure) {
    if (failure.status !== 403 && asked) throw failure;
    asked = null; // the station was started again, and has new tokens
    return send();
  }
}

// Events while the view can be seen: a browser has six connections for all of its windows.
export function listen(handlers) {
  let stream = null;
  let retry = 0;
  const link = one("#link");
  const say = (words, up) => {
    if (link.textContent !== words) link.textContent = words;
    link.classList.toggle("up", up);
  };
  const open = () => {
    clearTimeout(retry);
    if (document.hidden || stream) return;
    stream = new EventSource("/api/events");
    stream.onopen = () => say("Connected", true);
    stream.onerror = () => {
      say("Connecting", false);
      if (stream.readyState !== EventSource.CLOSED) return;
      close();
      retry = setTimeout(() => answered("/api/session").then(open, () => (retry = setTimeout(open, 3000))), 1000);
    };
    for (const [name, handle] of Object.entries(handlers)) {
      stream.addEventListener(name, (event) => handle(JSON.parse(event.data)));
    }
    stream.addEventListener("state", (event) => {
      const served = JSON.parse(event.data).version;
      if (version !== null && version !== served) location.reload();
      version = served;
    });
  };
  const close = () => {
    clearTimeout(retry);
    if (stream) stream.close();
    stream = null;
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pageshow", open);
  addEventListener("pagehide", close);
  open();
}

export function showReview(review) {
  const count = one("#to-review");
  count.hidden = review.waiting === 0;
  count.textContent = review.waiting > 999 ? "999+" : review.waiting;
  count.setAttribute("aria-label", `${review.waiting} to review`);
}

// The camera's picture, at most five a second, only while it can be seen.
export function showPicture(image, placeholder, whole = false) {
  let number = "0";
  const step = async () => {
    if (document.hidden) return 500;
    const wanted = Math.min(1280, Math.ceil((image.parentElement.clientWidth * devicePixelRatio) / 160) * 160);
    const answer = await get(`/api/live.jpg?width=${wanted}&after=${number}${whole ? "&whole=1" : ""}`);
    if (answer.status !== 200) return 200;
    number = answer.headers.get("x-frame-number");
    const before = image.src;
    image.src = URL.createObjectURL(await answer.blob());
    await image.decode().catch(() => {});
    if (before) URL.revokeObjectURL(before);
    image.hidden = false;
    placeholder.hidden = true;
    image.parentElement.classList.add("shown");
    return 200;
  };
  const loop = async () => {
    const started = performance.now();
    const pause = await step().catch(() => 2000);
    setTimeout(loop, Math.max(20, pause - (performance.now() - started)));
  };
  loop();
}

session().catch(() => {
  asked = null; // asked for again when it is needed
});
session().then(({ station, locked }) => {
  const name = one("#station");
  if (name) name.textContent = station;
  if (name) document.title = `${document.title.split(" · ")[0]} · ${station}`;
  const logout = one("#logout");
  if (!logout || !locked) return;
  logout.hidden = false;
  logout.addEventListener("click", () => post("/api/logout", {}).then(() => location.assign("/login")));
});
