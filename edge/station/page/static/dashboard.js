import { element, listen, one, percent, showPicture, showReview } from "./common.js";

const SHOWN = 30;
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });
const whole = new Intl.NumberFormat();

function row(result) {
  const told = element("td", {}, element("span", { class: `outcome ${result.outcome}` }, result.outcome));
  const about = result.outcome === "rejected" ? result.why : result.person ? `by ${result.person}` : "";
  if (about) told.append(element("span", { class: "reason" }, about));
  return element(
    "tr",
    { "data-piece": result.id },
    element("td", {}, element("time", { datetime: result.decided }, clock.format(new Date(result.decided)))),
    element("td", { class: "code" }, result.code || "–"),
    told,
    element("td", {}, result.bin || "–"),
    element("td", { class: "wide number" }, percent(result.confidence)),
    element("td", { class: "wide number" }, `${Math.round(result.latency)} ms`),
  );
}

let results = [];

function showResults(news) {
  const ids = new Set(news.map((result) => result.id));
  results = [...news.reverse(), ...results.filter((result) => !ids.has(result.id))].slice(0, SHOWN);
  if (results.length) one("#results").replaceChildren(...results.map(row));
}

function showStatus(status) {
  const { accepted, rejected, keyed } = status.counts;
  const all = accepted + rejected + keyed;
  one("#accepted").textContent = whole.format(accepted);
  one("#rejected").textContent = whole.format(rejected);
  one("#keyed").textContent = whole.format(keyed);
  one("#share").textContent = all ? percent(accepted / all) : "–";
  one("#pieces-rate").textContent = whole.format(status.rates.pieces_per_minute);
  one("#frames-rate").textContent = status.rates.frames_per_second.toFixed(1);
  one("#model").textContent = status.model || "–";
  showMachine(status.machine);
  showAlarms(status.alarms);
  one("#outputs").replaceChildren(...status.outputs.map(output));
  if (!status.outputs.length) one("#outputs").append(element("li", { class: "state" }, "None is configured"));
  one("#log").replaceChildren(...status.log.map(line));
  if (!status.log.length) one("#log").append(element("li", { class: "state" }, "None"));
}

function showMachine({ temperature, slowed }) {
  one("#machine").hidden = temperature === null && !slowed.length;
  one("#temperature").textContent = temperature === null ? "–" : `${temperature.toFixed(0)} °C`;
  one("#slowed").hidden = !slowed.length;
  one("#slowed").textContent = slowed.length ? `Slowed down: ${slowed.join(", ")}` : "";
}

function showAlarms(alarms) {
  const words = Object.values(alarms);
  const shown = [...one("#alarms").children].map((child) => child.textContent);
  if (words.join("\n") === shown.join("\n")) return; // said once, not every second
  one("#alarms").replaceChildren(...words.map((text) => element("p", {}, text)));
}

function output(told) {
  const away = told.error ? `away: ${told.error}` : "connected";
  const more = `${whole.format(told.waiting)} waiting, ${whole.format(told.reconnects)} reconnects`;
  return element(
    "li",
    {},
    element("strong", {}, told.name),
    " ",
    element("span", { class: told.error ? "away" : "state" }, away),
    element("span", { class: "reason" }, more),
  );
}

function line(told) {
  const time = new Date(told.time);
  return element(
    "li",
    {},
    element("time", { datetime: told.time }, clock.format(time)),
    element("span", { class: "level" }, told.level),
    told.words,
  );
}

listen({
  state(told) {
    results = [];
    showResults(told.results.reverse());
    showReview(told.review);
    showStatus(told.status);
  },
  results: showResults,
  review: showReview,
  status: showStatus,
});
showPicture(one("#picture"), one("#no-picture"));
