// Keeps the live page up to date with what /events tells of the store.
"use strict";

const at = (id) => document.getElementById(id);
const study = document.querySelector("main").dataset.study;

function bar(share, label) {
  const inner = element("div");
  inner.style.width = `${100 * share}%`;
  return element("div", {
    class: "bar little", role: "progressbar", "aria-label": label,
    "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": String(Math.round(100 * share)),
  }, inner);
}

function showProgress(now) {
  at("done").textContent = `${now.ended} of ${now.planned} runs done`;
  const parts = [];
  if (now.diverged) parts.push(`${now.diverged} of them diverged`);
  if (now.failed.length) parts.push(`${now.failed.length} failed`);
  if (now.state === "training") {
    parts.push(now.left === null ? "time left not known yet" : `about ${timeLeft(now.left)} left`);
  }
  if (now.state === "stopped") {
    parts.push(now.begun ? `${now.begun} begun and not finished` : "not running");
  }
  if (now.state === "finished") parts.push("everything has been trained");
  at("left").textContent = parts.length ? `– ${parts.join(", ")}` : "";
  const whole = at("bar");
  whole.firstElementChild.style.width = `${100 * now.share}%`;
  whole.setAttribute("aria-valuenow", String(Math.round(100 * now.share)));
  at("how").hidden = now.state === "training" || now.state === "finished";
  at("begins").textContent = now.state === "stopped" ? "goes on from here" : "begins";
  at("training").hidden = now.training.length === 0;
  at("training").querySelector("tbody").replaceChildren(...now.training.map((run) => {
    const name = `${run.name}, seed ${run.seed}`;
    return element("tr", {},
      element("th", { scope: "row" }, run.name),
      element("td", {}, String(run.seed)),
      element("td", {}, `${run.epoch}/${run.epochs}`),
      element("td", {}, bar(run.epoch / run.epochs, name)),
      element("td", {}, run.accuracy === null ? "–" : percent(run.accuracy)),
      element("td", {}, run.left === null ? "–" : timeLeft(run.left)));
  }));
  at("failed").hidden = now.failed.length === 0;
  at("failed").replaceChildren(...now.failed.map((text) => {
    const item = element("li");
    tell(item, text);
    return item;
  }));
  showProblem(now.problem);
  document.body.dataset.state = now.state;
}

function showProblem(text) {
  at("problem").hidden = !text;
  tell(at("problem"), text);
}

function showResults(now) {
  at("preview").hidden = !now.preview;
  at("preview").replaceChildren(element("strong", {}, "Preview."), ` ${now.preview ?? ""}`);
  at("findings").hidden = !now.findings;
  // Made by the server, which escapes what users wrote, from the report's own template.
  at("findings-table").innerHTML = now.findings;
  at("summary").hidden = now.rows.length === 0;
  tell(at("caution"), now.caution);
  const [head, body] = ["thead tr", "tbody"].map((part) => at("summary").querySelector(part));
  head.replaceChildren(...now.headings.map((text, i) =>
    element("th", { scope: "col", class: i ? "" : "words" }, text)));
  body.replaceChildren(...now.rows.map(([name, ...cells]) => element("tr", {},
    element("th", { scope: "row" }, name.text),
    ...cells.map(({ text, spread }) => element("td", {}, text,
      ...(spread ? [element("small", {}, spread)] : []))))));
}

function connected(yes) {
  at("connection").className = yes ? "connection on" : "connection off";
  tell(at("connection"), yes ? "Live: this page follows the store."
    : "The connection is lost; trying again. Is `paribus serve` running?");
}

function listen() {
  const source = new EventSource(`/events?study=${encodeURIComponent(study)}`);
  const on = (what, show) => source.addEventListener(what, (event) => show(JSON.parse(event.data)));
  on("progress", showProgress);
  on("curves", showCurves);
  on("results", showResults);
  on("problem", showProblem);
  source.onopen = () => connected(true);
  source.onerror = () => {
    connected(false);
    // The browser tries again by itself, unless the answer was none that it understands.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  };
}

listen();
