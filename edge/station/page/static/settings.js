import { get, listen, one, post, showPicture, showReview } from "./common.js";

const fields = ["x", "y", "width", "height"].map((name) => one(`#${name}`));
const SMALLEST = 16;
let size = null;
let touched = false; // what is being changed by hand is not overwritten by what holds

const SHOWN = 6000; // ms that a word of what was done stays over the page
let shown = 0;
const say = (words) => {
  clearTimeout(shown);
  shown = setTimeout(() => (one("#said").textContent = ""), SHOWN);
  one("#problem").replaceChildren();
  one("#said").textContent = words;
};
const complain = (failure) => {
  one("#said").textContent = "";
  const text = document.createElement("p");
  text.textContent = failure.message;
  one("#problem").replaceChildren(text);
};

const region = () => fields.map((field) => Math.round(Number(field.value)));

function showRegion(box) {
  if (!size) return;
  const [x, y, width, height] = box ?? [0, 0, ...size];
  [x, y, width, height].forEach((value, place) => (fields[place].value = value));
  draw();
}

function draw() {
  if (!size) return;
  const [x, y, width, height] = region();
  one("#overlay").setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
  one("#overlay").setAttribute("preserveAspectRatio", "none");
  one("#outside").setAttribute("d", `M0 0H${size[0]}V${size[1]}H0ZM${x} ${y}v${height}h${width}v${-height}Z`);
  const frame = { x, y, width, height };
  for (const [name, value] of Object.entries(frame)) one("#frame").setAttribute(name, Math.max(0, value));
}

function showAdjustments(told, changed = false) {
  if (!touched) showRegion(told.region);
  const number = one("#number");
  const editing = [number, one("#slider")].includes(document.activeElement);
  if ((changed || !editing) && told.threshold !== null) {
    number.value = told.threshold;
    one("#slider").value = told.threshold;
  }
  one("#threshold-now").textContent =
    told.threshold === null
      ? "Now: the one that goes with the model."
      : `Now: ${told.threshold}${told.threshold_words ? `, ${told.threshold_words}` : ""}.`;
  const words = told.configured.region ? told.configured.region.join(", ") : "whole picture";
  const threshold = told.configured.threshold ?? "the one that goes with the model";
  const here = told.changed.length ? `Changed here: ${told.changed.join(" and ")}.` : "Nothing was changed here.";
  one("#configured").textContent = `Region: ${words}. Threshold: ${threshold}. ${here}`;
}

function showStatus(status) {
  const first = !size && status.picture;
  size = status.picture;
  if (first) {
    const limits = [size[0] - SMALLEST, size[1] - SMALLEST, ...size];
    fields.forEach((field, place) => field.setAttribute("max", limits[place]));
  }
  showAdjustments(status.adjustments);
}

async function adjust(path, told, words) {
  try {
    const now = await post(path, told);
    touched = false;
    showAdjustments(now, true);
    say(words);
  } catch (failure) {
    complain(failure);
  }
}

// Drawing: from where the pointer goes down to where it goes up, in pixels of the camera's picture.
let start = null;
const drawing = one("#drawing");

function place(event) {
  const box = one("#picture").getBoundingClientRect();
  const across = ((event.clientX - box.left) / box.width) * size[0];
  const down = ((event.clientY - box.top) / box.height) * size[1];
  return [Math.min(Math.max(0, across), size[0]), Math.min(Math.max(0, down), size[1])].map(Math.round);
}

drawing.addEventListener("pointerdown", (event) => {
  if (!size || event.button !== 0) return;
  event.preventDefault();
  drawing.setPointerCapture(event.pointerId);
  start = place(event);
  touched = true;
});
drawing.addEventListener("pointermove", (event) => {
  if (!start) return;
  const end = place(event);
  const corner = [Math.min(start[0], end[0]), Math.min(start[1], end[1])];
  showRegion([...corner, Math.abs(end[0] - start[0]), Math.abs(end[1] - start[1])]);
});
drawing.addEventListener("pointerup", () => {
  if (!start) return;
  start = null;
  const [, , width, height] = region();
  if (Math.min(width, height) < SMALLEST) {
    touched = false;
    get("/api/adjustments").then((answer) => answer.json()).then((told) => showAdjustments(told)).catch(complain);
    return;
  }
  adjust("/api/adjustments", { region: region() }, "The region is in use.");
});
drawing.addEventListener("pointercancel", () => (start = null));

fields.forEach((field) =>
  field.addEventListener("input", () => {
    touched = true;
    draw();
  }),
);
one("#region").addEventListener("submit", (event) => {
  event.preventDefault();
  adjust("/api/adjustments", { region: region() }, "The region is in use.");
});
one("#whole").addEventListener("click", () => adjust("/api/adjustments", { region: null }, "The whole picture is in use."));

one("#slider").addEventListener("input", () => (one("#number").value = one("#slider").value));
one("#slider").addEventListener("change", () => useThreshold());
one("#number").addEventListener("input", () => (one("#slider").value = one("#number").value));
one("#threshold").addEventListener("submit", (event) => {
  event.preventDefault();
  useThreshold();
});

function useThreshold() {
  const threshold = Number(one("#number").value);
  adjust("/api/adjustments", { threshold }, `The threshold is ${threshold} now.`);
}

one("#reset").addEventListener("click", () => adjust("/api/adjustments/reset", {}, "The configuration holds again."));

listen({
  state(told) {
    showReview(told.review);
    showStatus(told.status);
  },
  review: showReview,
  status: showStatus,
});
showPicture(one("#picture"), one("#no-picture"), true);
