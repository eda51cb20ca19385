"use strict";
const figures = JSON.parse(document.getElementById("figures").textContent);
const hidden = { model: new Set(), recipe: new Set() };

function shown(of) { return !hidden.model.has(of.model) && !hidden.recipe.has(of.recipe); }

function draw(plot) {
  const figure = figures[plot.dataset.figure];
  for (const trace of figure.data) trace.visible = shown(trace.meta);
  Plotly.newPlot(plot, figure.data, figure.layout, {
    responsive: true, displaylogo: false, modeBarButtonsToRemove: ["lasso2d", "select2d"],
  });
}

function drawn(plot) { return plot.classList.contains("js-plotly-plot"); }

for (const plot of document.querySelectorAll(".plot")) {
  const group = plot.closest("details");
  if (!group || group.open) draw(plot);
}

for (const group of document.querySelectorAll("details")) {
  group.addEventListener("toggle", () => {
    if (group.open) for (const plot of group.querySelectorAll(".plot")) if (!drawn(plot)) draw(plot);
  });
}

for (const box of document.querySelectorAll(".legend input")) {
  box.addEventListener("change", () => {
    if (box.checked) hidden[box.name].delete(box.value); else hidden[box.name].add(box.value);
    for (const row of document.querySelectorAll("#rows tbody tr")) row.hidden = !shown(row.dataset);
    for (const plot of document.querySelectorAll(".js-plotly-plot")) {
      const places = plot.data.flatMap((trace, place) => (trace.meta[box.name] === box.value ? [place] : []));
      const visible = places.map((place) => shown(plot.data[place].meta));
      if (places.length) Plotly.restyle(plot, { visible }, places);
    }
  });
}

function sortBy(head, column) {
  const rising = head.getAttribute("aria-sort") !== "ascending";
  for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", rising ? "ascending" : "descending");
  const body = document.querySelector("#rows tbody");
  const numeric = head.classList.contains("n");
  const key = (row) => {
    const cell = row.cells[column];
    if (!numeric) return cell.textContent;
    return cell.dataset.number === undefined ? null : Number(cell.dataset.number);
  };
  const rows = [...body.rows].map((row) => [key(row), row]);
  rows.sort(([a], [b]) => {
    if (a === null || b === null) return (a === null) - (b === null); // rows without a figure come last either way
    const order = numeric ? a - b : a.localeCompare(b, "en", { numeric: true });
    return rising ? order : -order;
  });
  body.append(...rows.map(([, row]) => row));
}

document.querySelectorAll("#rows th").forEach((head, column) => {
  head.querySelector("button").addEventListener("click", () => sortBy(head, column));
});
