// The review queue: one piece on the screen, the next one fetched meanwhile, live pieces first.
import { element, get, listen, one, percent, post, session, showReview } from "./common.js";

const PATIENCE = 150; // ms that a window with a piece waits before it asks for a live one: idle windows go first
const THINKING = 20_000; // ms after a touch in which a piece stays, whatever its lease
const UNTOUCHED = 2; // pieces that go by without a hand before the window stops asking
const NAME = "edgedigits-person";

const nameOfWindow = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const code = one("#code");

let person = localStorage.getItem(NAME) ?? "";
let current = null; // the piece on the screen
let next = null; // the one after it
let counts = { held: 0, waiting: 0 };
let busy = false; // a code is on its way
let asking = false; // a claim is on its way
let wanted = false; // somebody asked meanwhile
let paused = false;
let untouched = 0;
let keyed = 0;

const claimant = () => ({ person, window: nameOfWindow });
const reviewing = () => person !== "" && !paused && !document.hidden;
const say = (words) => (one("#said").textContent = words);

async function claimed() {
  const { piece } = await post("/api/review/claim", claimant());
  if (!piece) return null;
  const now = performance.now();
  piece.live = piece.seconds_left !== null;
  piece.until = piece.live ? now + 1000 * piece.seconds_left : Infinity;
  piece.total = piece.live ? piece.seconds_left : 0;
  piece.ends = Math.min(piece.until, now + 1000 * piece.lease - 1000);
  if (piece.picture) piece.picture = address(piece.picture);
  return piece;
}

function address(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
}

function giveBack(piece) {
  forget(piece);
  return post("/api/review/release", { ...claimant(), piece: piece.id }, true).catch(() => {});
}

function forget(piece) {
  if (piece.picture) URL.revokeObjectURL(piece.picture);
}

// Fill the screen and the place after it; again where that was asked for meanwhile.
async function fill() {
  wanted = true;
  if (asking) return;
  asking = true;
  try {
    while (wanted && reviewing()) {
      wanted = false;
      await fillOnce();
    }
  } catch (failure) {
    say(failure.message);
    setTimeout(fill, 3000);
  } finally {
    asking = false;
  }
}

async function fillOnce() {
  if (!current) {
    if (next && next.ends <= performance.now()) drop();
    if (next) [current, next] = [next, null];
    else current = await claimed();
    show();
  }
  if (current && !current.live && !next) next = await claimed();
  if (current && !current.live && next?.live && code.value === "") swap();
}

function drop() {
  forget(next);
  next = null;
}

function swap() {
  [current, next] = [next, current];
  show();
}

// A live piece came while another is on the screen.
async function lookForLive() {
  await new Promise((done) => setTimeout(done, PATIENCE));
  if (!reviewing() || asking || !current || current.live || next?.live || counts.held === 0) return;
  asking = true;
  try {
    const found = await claimed();
    if (found?.live) {
      if (next) giveBack(next);
      next = found;
      if (code.value === "") swap();
      else say("A live piece waits: key this one first, or skip it");
    } else if (found) {
      if (next) giveBack(found);
      else next = found;
    }
  } catch (failure) {
    say(failure.message);
  } finally {
    asking = false;
    if (wanted) fill();
  }
}

function show() {
  one("#who").hidden = person !== "";
  one("#paused").hidden = !paused;
  one("#empty").hidden = person === "" || paused || current !== null;
  one("#piece").hidden = current === null;
  one("#reviewer").hidden = person === "";
  one("#reviewer-name").textContent = `You review as ${person}.`;
  if (!current) return;
  code.value = "";
  one("#problem").textContent = "";
  one("#why").textContent = reason(current);
  one("#crop").hidden = !current.picture;
  one("#no-crop").hidden = Boolean(current.picture);
  if (current.picture) one("#crop").src = current.picture;
  else one("#crop").removeAttribute("src");
  one("#piece").dataset.piece = current.id;
  one("#candidates").replaceChildren(...current.alternatives.map(candidate));
  one("#arrows").hidden = current.alternatives.length === 0;
  one("#clock").hidden = !current.live;
  current.shown = performance.now();
  current.touched = -Infinity;
  tick();
  const likely = current.alternatives.length ? `, perhaps ${current.alternatives[0].code}` : "";
  one("#piece-head").textContent = current.live ? "Live piece" : "Piece";
  if (current.live) say(`Live piece${likely}, ${Math.round(current.total)} seconds`);
  code.focus();
}

function reason({ outcome, why, audited }) {
  if (audited) return "Accepted, and drawn to be checked: what is skipped counts as wrong.";
  return outcome === "accepted" ? "Accepted, but not by much." : `Rejected: ${why}.`;
}

function candidate({ code: digits, probability }) {
  const button = element("button", { type: "button", class: "quiet" }, digits, element("small", {}, percent(probability)));
  button.addEventListener("click", () => {
    code.value = digits;
    code.focus();
  });
  return button;
}

async function key(digits) {
  if (busy || !current) return;
  busy = true;
  const piece = current;
  one("#problem").textContent = "";
  try {
    const told = await post("/api/review/key", { ...claimant(), piece: piece.id, code: digits });
    say(outcome(told, digits, piece));
    done(piece);
  } catch (failure) {
    if (failure.status === 404 || failure.status === 409) {
      say(failure.message);
      done(piece);
    } else {
      one("#problem").textContent = failure.message;
      code.select();
    }
  } finally {
    busy = false;
    fill();
  }
}

function outcome(told, digits, piece) {
  const what = told.code === "" ? "Nobody can read it" : told.code;
  if (!told.first) return `${told.person} was faster: ${what}`;
  keyed += 1;
  const late = piece.live && !told.final ? ", too late for its result: kept as a label" : "";
  return `${what}${told.final ? ", its result" : ""}${late} (${keyed} keyed)`;
}

function done(piece) {
  forget(piece);
  if (current === piece) current = null;
  if (!next) show();
}

function skip() {
  if (busy || !current) return;
  const piece = current;
  say("Skipped");
  const given = giveBack(piece);
  done(piece);
  if (next) fill();
  else given.then(fill);
}

// Once in a while: the clock of a live piece, and leases that end.
function tick() {
  if (!current) return;
  const now = performance.now();
  if (current.live) {
    const left = Math.max(0, current.until - now) / 1000;
    one("#left").textContent = `${left.toFixed(left < 10 ? 1 : 0)} s left`;
    one("#progress").value = current.total ? left / current.total : 0;
  }
  if (now < current.ends || busy) return;
  if (now < current.until && now - current.touched < THINKING) return; // whoever keys first is right
  const piece = current;
  untouched = piece.touched > 0 ? 0 : untouched + 1;
  const late = piece.live && piece.until <= now;
  if (late) forget(piece);
  else giveBack(piece);
  current = null;
  paused = !late || untouched >= UNTOUCHED;
  if (paused && next) giveBack(next);
  if (paused) next = null;
  say(late ? "Too late: the piece went on as rejected" : "");
  show();
  if (paused) one("#resume").focus();
  else fill();
}
setInterval(tick, 100);
setInterval(() => !current && counts.waiting > 0 && fill(), 5000); // leases of windows that vanished end unsaid

const touch = () => {
  if (current) current.touched = performance.now();
  untouched = 0;
};
addEventListener("keydown", touch);
addEventListener("pointerdown", touch);

code.addEventListener("input", () => {
  const digits = code.value.replace(/[^0-9]/g, "");
  if (digits !== code.value) code.value = digits;
});
code.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "x" || event.key === "X") {
    event.preventDefault();
    if (!event.repeat) key("");
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    fillIn(event.key === "ArrowDown" ? 1 : -1);
  }
});
one("#piece").addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.repeat) return;
  event.preventDefault();
  skip();
});

function fillIn(step) {
  const likely = current?.alternatives.map((each) => each.code) ?? [];
  if (!likely.length) return;
  const place = likely.indexOf(code.value);
  code.value = likely[place < 0 ? (step > 0 ? 0 : likely.length - 1) : (place + step + likely.length) % likely.length];
  code.select();
}

one("#form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (code.value === "") one("#problem").textContent = "Key the code, or x where nobody can read it";
  else key(code.value);
});
one("#unreadable").addEventListener("click", () => key(""));
one("#skip").addEventListener("click", skip);

one("#who").addEventListener("submit", (event) => {
  event.preventDefault();
  person = one("#person").value.trim();
  if (person === "") return;
  localStorage.setItem(NAME, person);
  show();
  fill();
});
one("#rename").addEventListener("click", () => {
  leave();
  one("#person").value = person;
  person = "";
  show();
  one("#person").focus();
});
one("#resume").addEventListener("click", () => {
  paused = false;
  untouched = 0;
  show();
  fill();
});

// Give back what is not keyed yet, so that others get it at once.
function leave() {
  for (const piece of [current, next]) if (piece) giveBack(piece);
  current = next = null;
}
addEventListener("pagehide", leave);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) leave();
  else fill();
  show();
});

// An archive is asked for once there is one: what is wrong is said here, not on a page of its own.
for (const link of document.querySelectorAll(".exports a")) {
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    try {
      const { pieces } = await (await get("/api/review/labelled")).json();
      say(`${pieces} labelled`);
      location.assign(link.href);
    } catch (failure) {
      say(failure.message);
    }
  });
}

function showCounts(review) {
  const more = review.held > counts.held;
  counts = { ...review };
  showReview(review);
  const live = review.held ? `, ${review.held} of them live` : "";
  one("#queue").textContent = `${review.waiting} to review${live}.`;
  if (!current && review.waiting) fill();
  else if (more && !current.live) lookForLive();
}

listen({
  state: (told) => showCounts(told.review),
  review: showCounts,
});
session().then(({ forms }) => {
  if (forms.length) one("#keys").append(` Expected: ${forms.join(" or ")}`);
});
show();
if (person === "") one("#person").focus();
fill();
