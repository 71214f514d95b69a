// Learning curves: a line and a band for each experiment, drawn by uPlot. For the report and for
// the live page alike; both have the elements whose ids begin with "curves".
"use strict";

// Okabe and Ito's colors, told apart by color-blind readers too; then the same with dashes.
const LIGHT = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B87F00", "#2F93C9", "#444444"];
const DARK = ["#4FA9E0", "#F08A4B", "#2CC79B", "#E0A0C4", "#E9B33C", "#8FD0F5", "#C8C8C8"];
const DASHES = [[], [7, 4], [2, 3]];
// Lines of an experiment in a chart: the band's two edges, the mean, the mean of training.
const EACH = 4;

const shown = new Map();
const charts = {};
let curves = { bases: {}, first: [], experiments: [] };
let order = "";
let linear = false;
let withTraining = false;
// The epoch that is read, from 0; null for the last.
let epochRead = null;
// Paper is light, whatever the screen was.
let printing = false;
const dark = matchMedia("(prefers-color-scheme: dark)");

const color = (i) => (dark.matches && !printing ? DARK : LIGHT)[i % LIGHT.length];
const dash = (i) => DASHES[Math.floor(i / LIGHT.length) % DASHES.length];
const PRINTED = { "--soft": "#5c5c5c", "--line": "#d9d9d9" };
const css = (name) => (printing ? PRINTED[name]
  : getComputedStyle(document.documentElement).getPropertyValue(name).trim());

function showCurves(now) {
  curves = now;
  document.getElementById("curves").hidden = now.experiments.length === 0;
  const names = now.experiments.map((experiment) => experiment.name).join("\n");
  for (const { name } of now.experiments) {
    if (!shown.has(name)) shown.set(name, now.first.includes(name));
  }
  if (names !== order) {
    order = names;
    choices();
    families();
    makeCharts();
  } else {
    for (const [curve, chart] of Object.entries(charts)) chart.setData(table(curve));
  }
  read();
}

function choices() {
  const labels = curves.experiments.map(({ name, place }) => {
    const box = element("input", { type: "checkbox" });
    box.checked = shown.get(name);
    box.addEventListener("change", () => { shown.set(name, box.checked); apply(); });
    const line = drawn("line", { x1: 0, x2: 26, y1: 5, y2: 5, stroke: color(place),
      "stroke-width": 3, "stroke-dasharray": dash(place).join(" ") });
    return element("label", {}, box, drawn("svg", { "aria-hidden": "true" }, line), name);
  });
  document.getElementById("curves-choice").replaceChildren(...labels);
}

function apply() {
  for (const chart of Object.values(charts)) {
    chart.batch(() => curves.experiments.forEach(({ name }, i) => {
      for (let series = 1; series <= EACH; series += 1) {
        const show = shown.get(name) && (series < EACH || withTraining);
        chart.setSeries(EACH * i + series, { show });
      }
    }));
  }
  read();
}

function only(wanted) {
  for (const { name } of curves.experiments) shown.set(name, wanted(name));
  choices();
  apply();
}

// A base and its variants are what one most often wants to see together.
function families() {
  const select = document.getElementById("curves-family");
  const bases = curves.experiments.map(({ name }) => name)
    .filter((name) => Object.values(curves.bases).includes(name));
  select.replaceChildren(new Option("…", ""), ...bases.map((name) => new Option(name)));
  select.parentNode.hidden = bases.length === 0 || curves.experiments.length < 3;
}

// Accuracies are drawn as shares of errors, which have a logarithm; a hundredth of a percent at
// least, since none has not.
const errors = (values) => values.map((v) => (v === null ? null : Math.max(1 - v, 1e-4)));

function table(curve) {
  const longest = Math.max(1, ...curves.experiments.map((e) => e[curve].mean.length));
  const data = [Array.from({ length: longest }, (_, i) => i + 1)];
  for (const experiment of curves.experiments) {
    const { low, high, mean } = experiment[curve];
    const train = experiment.train[curve];
    const columns = curve === "accuracy"
      ? [high, low, mean, train].map(errors)
      : [low, high, mean, train].map((values) => values.map((v) => v || null));
    for (const column of columns) {
      data.push(data[0].map((_, i) => column[i] ?? null));
    }
  }
  return data;
}

function makeCharts() {
  for (const curve of ["accuracy", "loss"]) {
    charts[curve]?.destroy();
    const place = document.getElementById(`curves-${curve}`);
    charts[curve] = new uPlot(options(curve, place.clientWidth), table(curve), place);
  }
}

function options(curve, width) {
  const series = [{}];
  const bands = [];
  curves.experiments.forEach(({ name, place }, i) => {
    const show = shown.get(name);
    const edge = { show, stroke: "transparent", width: 0, points: { show: false } };
    const points = { show: curves.experiments[i][curve].mean.length < 2 };
    const line = { show, label: name, stroke: color(place), width: 2, dash: dash(place), points };
    const training = { show: show && withTraining, stroke: color(place), width: 1, dash: [1, 2],
      points };
    series.push({ ...edge }, { ...edge }, line, training);
    bands.push({ series: [EACH * i + 2, EACH * i + 1], fill: `${color(place)}30` });
  });
  const axis = { stroke: css("--soft"), grid: { stroke: css("--line"), width: 1 },
    ticks: { stroke: css("--line"), width: 1 }, font: "12px system-ui, sans-serif" };
  const label = curve === "accuracy"
    ? (v) => `${Number((100 * (1 - v)).toFixed(2))}%`
    : (v) => String(Number(v.toPrecision(2)));
  const logarithmic = { splits: (_, axisIndex, low, high) => ticks(low, high),
    filter: (_, values) => values };
  return {
    width,
    height: 320,
    legend: { show: false },
    scales: { x: { time: false, range: (_, low, high) => [1, Math.max(high, 2)] },
      y: { distr: linear ? 1 : 3, dir: curve === "accuracy" ? -1 : 1,
        range: (_, low, high) => tight(low, high) } },
    axes: [{ ...axis, values: (_, values) => values.map((v) => (Number.isInteger(v) ? v : "")) },
      { ...axis, size: 62, values: (_, values) => values.map(label),
        ...(linear ? {} : logarithmic) }],
    series,
    bands,
    cursor: { sync: { key: "epochs" }, drag: { x: false, y: false }, focus: { prox: 24 } },
    hooks: { setCursor: [follow] },
  };
}

// Where a logarithmic axis has its ticks: as few to a decade as give four of them.
const STEPS = [[1], [1, 2, 5], [1, 1.5, 2, 3, 5, 7],
  [1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9]];

function ticks(low, high) {
  const first = Math.floor(Math.log10(low));
  const decades = Array.from({ length: Math.ceil(Math.log10(high)) - first }, (_, i) => first + i);
  const found = STEPS.map((steps) => decades
    .flatMap((decade) => steps.map((step) => Number((step * 10 ** decade).toPrecision(6))))
    .filter((tick) => tick >= low && tick <= high));
  return found.find((some) => some.length >= 4) ?? found.at(-1);
}

function tight(low, high) {
  if (!(low > 0) || !(high > 0)) return [0.01, 1];
  if (linear) return [Math.max(0, low - (high - low) / 20), high + (high - low) / 20 || 1];
  return high / low < 1.5 ? [low / 1.3, high * 1.3] : [low / 1.1, high * 1.1];
}

// The pointer chooses the epoch; so does the slider, for keyboards and fingers.
function follow(chart) {
  const { idx } = chart.cursor;
  if (idx === null || idx === undefined || idx === epochRead) return;
  epochRead = idx;
  read();
}

function read() {
  const slider = document.getElementById("curves-epoch");
  const last = Math.max(0, ...curves.experiments.map(({ loss }) => loss.mean.length - 1));
  const epoch = Math.min(epochRead ?? last, last);
  slider.max = last + 1;
  slider.value = epoch + 1;
  const some = curves.experiments.filter(({ name, loss }) => shown.get(name) && loss.mean.length);
  const readout = document.createElement("table");
  const nothing = some.length ? "" : ": nothing to show";
  readout.createCaption().textContent = `Epoch ${epoch + 1}${nothing}`;
  const keeps = some.some(({ kept }) => kept);
  const columns = ["experiment", "test accuracy", "lowest to highest", "test loss",
    ...(withTraining ? ["training accuracy", "training loss"] : []), "seeds",
    ...(keeps ? ["kept epoch"] : [])];
  if (some.length) {
    readout.createTHead().insertRow()
      .append(...columns.map((text) => element("th", { scope: "col" }, text)));
  }
  const body = readout.createTBody();
  // Who has no such epoch is read at the last there is.
  const upTo = ({ mean }) => Math.min(epoch, mean.length - 1);
  for (const { name, kept, accuracy, loss, train } of some) {
    const i = upTo(loss);
    const { n } = accuracy;
    const share = (value) => (value === null || value === undefined ? "–" : percent(value));
    const nats = (value) => value?.toFixed(4) ?? "–";
    const row = body.insertRow();
    row.append(element("th", { scope: "row" }, name));
    const range = n > 1 ? `${share(accuracy.low[i])} to ${share(accuracy.high[i])}` : "–";
    const training = withTraining ? [share(train.accuracy[i]), nats(train.loss[i])] : [];
    const runs = i < epoch ? `n = ${n}, epoch ${i + 1}` : `n = ${n}`;
    const cells = [share(accuracy.mean[i]), range, nats(loss.mean[i]), ...training, runs];
    for (const text of keeps ? [...cells, kept || "the last"] : cells) {
      row.insertCell().textContent = text;
    }
  }
  document.getElementById("curves-readout").replaceChildren(readout);
  const said = some.map(({ name, accuracy }) =>
    `${name} ${percent(accuracy.mean[upTo(accuracy)])}`);
  slider.setAttribute("aria-valuetext", [`epoch ${epoch + 1}`, ...said].join(", "));
}

const on = (id, event, act) => document.getElementById(`curves-${id}`).addEventListener(event, act);
on("all", "click", () => only(() => true));
on("none", "click", () => only(() => false));
on("family", "change", ({ target }) => {
  const base = target.value;
  if (base) only((name) => name === base || curves.bases[name] === base);
});
on("linear", "change", ({ target }) => {
  linear = target.checked;
  makeCharts();
});
on("training", "change", ({ target }) => {
  withTraining = target.checked;
  apply();
});
on("epoch", "input", ({ target }) => {
  epochRead = Number(target.value) - 1;
  for (const chart of Object.values(charts)) {
    const left = chart.valToPos(epochRead + 1, "x");
    chart.setCursor({ left, top: chart.over.clientHeight / 2 }, false);
  }
  read();
});
function redraw() {
  choices();
  makeCharts();
}
dark.addEventListener("change", redraw);
addEventListener("beforeprint", () => { printing = true; redraw(); });
addEventListener("afterprint", () => { printing = false; redraw(); });
new ResizeObserver(() => {
  for (const [curve, chart] of Object.entries(charts)) {
    const width = document.getElementById(`curves-${curve}`).clientWidth;
    if (width && width !== chart.width) chart.setSize({ width, height: 320 });
  }
}).observe(document.body);
