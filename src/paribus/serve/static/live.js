// Keeps the live page up to date with what /events tells of the store.
"use strict";

const at = (id) => document.getElementById(id);
const study = document.querySelector("main").dataset.study;

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function span(seconds) {
  if (seconds === null) return "";
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (hours) return `${hours} h ${String(minutes).padStart(2, "0")} min`;
  return `${minutes}:${String(whole % 60).padStart(2, "0")}`;
}

function bar(share, label, small) {
  const made = element("div", undefined, {
    class: small ? "bar little" : "bar", role: "progressbar", "aria-label": label,
    "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": String(Math.round(100 * share)),
  });
  const inner = element("div");
  inner.style.width = `${100 * share}%`;
  made.append(inner);
  return made;
}

function showProgress(now) {
  at("done").textContent = `${now.ended} of ${now.planned} runs done`;
  const parts = [];
  if (now.diverged) parts.push(`${now.diverged} of them diverged`);
  if (now.failed.length) parts.push(`${now.failed.length} failed`);
  if (now.state === "training") {
    parts.push(now.left === null ? "time left not known yet" : `about ${span(now.left)} left`);
  }
  if (now.state === "stopped") {
    parts.push(now.begun ? `${now.begun} begun and not finished` : "not under way");
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
    const row = element("tr");
    const share = run.epoch / run.epochs;
    const drawn = element("td");
    drawn.append(bar(share, `${run.name}, seed ${run.seed}`, true));
    row.append(
      element("th", run.name, { scope: "row" }),
      element("td", String(run.seed)),
      element("td", `${run.epoch}/${run.epochs}`),
      drawn,
      element("td", run.accuracy === null ? "–" : `${(100 * run.accuracy).toFixed(2)} %`),
      element("td", run.left === null ? "–" : span(run.left)),
    );
    return row;
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
  at("preview").replaceChildren(element("strong", "Preview."), ` ${now.preview ?? ""}`);
  at("findings").hidden = !now.findings;
  // Made by the server, which escapes what users wrote, from the report's own template.
  at("findings-table").innerHTML = now.findings;
  at("summary").hidden = now.rows.length === 0;
  tell(at("caution"), now.caution);
  const [head, body] = [at("summary").querySelector("thead tr"), at("summary").querySelector("tbody")];
  head.replaceChildren(...now.headings.map((text, i) =>
    element("th", text, { scope: "col", class: i ? "" : "words" })));
  body.replaceChildren(...now.rows.map((cells) => {
    const row = element("tr");
    row.append(...cells.map((text, i) => {
      if (!i) return element("th", text, { scope: "row" });
      const [mean, sd] = text.split(" ± ");
      const cell = element("td", mean);
      if (sd) cell.append(element("small", ` ± ${sd}`));
      return cell;
    }));
    return row;
  }));
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
