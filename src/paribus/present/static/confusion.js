// The confusion matrix of an experiment, or the difference of two, as a table to read by pointing
// at a cell or with the arrow keys.
"use strict";

const STEPS_BY_KEY = {
  ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0],
};

function showConfusions({ classes, experiments, first: best }) {
  const place = document.getElementById("confusion-table");
  const first = document.getElementById("confusion-of");
  const second = document.getElementById("confusion-against");
  const readout = document.getElementById("confusion-readout");

  experiments.forEach(({ name }, i) => {
    first.append(new Option(name, i));
    second.append(new Option(name, i));
  });
  first.value = Math.max(0, experiments.findIndex(({ name }) => name === best));
  for (const select of [first, second]) select.addEventListener("change", draw);
  place.addEventListener("keydown", move);

  function draw() {
    const shown = experiments[first.value];
    const other = second.value === "" ? null : experiments[second.value];
    const value = (t, p) => shown.counts[t][p] - (other ? other.counts[t][p] : 0);
    // The diagonal would drown the errors; in a difference it is one among others.
    const strength = (t, p) => (t === p && !other ? 0 : Math.abs(value(t, p)));
    const most = Math.max(1, ...classes.flatMap((_, t) => classes.map((__, p) => strength(t, p))));
    const runs = (e) => `n = ${count(e.n, "run")}`;
    const table = document.createElement("table");
    const caption = table.createCaption();
    caption.textContent = other
      ? `Test images per run: ${shown.name} (${runs(shown)}) less ${other.name} ` +
        `(${runs(other)}). Blue: more with ${shown.name}; orange: fewer.`
      : `Test images per run, the mean of ${runs(shown)} of ${shown.name}. ` +
        "Only errors are colored.";
    const headings = ["true ↓, predicted →", ...classes];
    table.createTHead().insertRow()
      .append(...headings.map((text) => element("th", { scope: "col" }, text)));
    const body = table.createTBody();
    classes.forEach((truth, t) => {
      const row = body.insertRow();
      row.append(element("th", { scope: "row" }, truth));
      classes.forEach((taken, p) => {
        const cell = row.insertCell();
        const number = value(t, p);
        cell.textContent = number === 0 ? "" : signed(number, other, shown.n);
        cell.tabIndex = t + p === 0 ? 0 : -1;
        if (t === p) cell.classList.add("right");
        const share = strength(t, p) / most;
        if (share > 0) {
          cell.classList.add(number > 0 ? "more" : "fewer");
          cell.style.setProperty("--share", (0.15 + 0.85 * share).toFixed(2));
        }
        const tell = () => {
          const of = shown.counts[t].reduce((sum, images) => sum + images, 0);
          const images = (e) => `${e.counts[t][p].toFixed(e.n > 1 ? 1 : 0)} of ${Math.round(of)}`;
          const alone = (e) => `${images(e)} images per run (${e.name}, ${runs(e)})`;
          const rest = other
            ? `; ${alone(other)}; difference ${signed(number, other, shown.n) || 0}`
            : `, ${percent(number / of)}`;
          readout.textContent = `True ${truth}, predicted ${taken}: ${alone(shown)}${rest}`;
        };
        cell.addEventListener("pointerenter", tell);
        cell.addEventListener("focus", tell);
      });
    });
    place.replaceChildren(table);
  }

  function signed(number, other, n) {
    // Tenths of hundreds say nothing, and take the room of a phone.
    const digits = (n > 1 || other) && Math.abs(number) < 100 ? 1 : 0;
    const text = String(Number(Math.abs(number).toFixed(digits)));
    if (!other) return text;
    return text === "0" ? "" : `${number > 0 ? "+" : "−"}${text}`;
  }

  function move(event) {
    const step = STEPS_BY_KEY[event.key];
    const cell = event.target.closest("td");
    if (!step || !cell) return;
    event.preventDefault();
    const row = place.querySelector("tbody").rows[cell.parentNode.sectionRowIndex + step[0]];
    const to = row?.cells[cell.cellIndex + step[1]];
    if (!to || to.tagName !== "TD") return;
    cell.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  }

  draw();
}
