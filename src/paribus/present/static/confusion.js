// The confusion matrix of an experiment, or the difference of two, as a table to read by pointing
// at a cell or with the arrow keys.
"use strict";

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
    const coloured = classes.flatMap((_, t) => classes.map((_, p) => (t === p && !other ? 0 : Math.abs(value(t, p)))));
    const most = Math.max(...coloured, 1);
    const runs = (e) => `n = ${e.n} run${e.n === 1 ? "" : "s"}`;
    const table = document.createElement("table");
    const caption = table.createCaption();
    caption.textContent = other
      ? `Test images a run: ${shown.name} (${runs(shown)}) less ${other.name} (${runs(other)}). Blue: more with ${shown.name}; orange: fewer.`
      : `Test images a run, the mean of ${runs(shown)} of ${shown.name}. Only errors are coloured.`;
    const head = table.createTHead().insertRow();
    head.append(header("true ↓, predicted →", "col"), ...classes.map((name) => header(name, "col")));
    const body = table.createTBody();
    classes.forEach((truth, t) => {
      const row = body.insertRow();
      row.append(header(truth, "row"));
      classes.forEach((taken, p) => {
        const cell = row.insertCell();
        const number = value(t, p);
        cell.textContent = number === 0 ? "" : signed(number, other, shown.n);
        cell.tabIndex = t + p === 0 ? 0 : -1;
        if (t === p) cell.classList.add("right");
        const share = t === p && !other ? 0 : Math.abs(number) / most;
        if (share > 0) {
          cell.classList.add(number > 0 ? "more" : "fewer");
          cell.style.setProperty("--share", (0.15 + 0.85 * share).toFixed(2));
        }
        const tell = () => {
          const of = shown.counts[t].reduce((sum, count) => sum + count, 0);
          const alone = (e) => `${e.counts[t][p].toFixed(e.n > 1 ? 1 : 0)} of ${Math.round(of)} images a run (${e.name}, ${runs(e)})`;
          readout.textContent = `True ${truth}, predicted ${taken}: ${alone(shown)}` +
            (other ? `; ${alone(other)}; difference ${signed(number, other, shown.n) || 0}` : `, ${(100 * number / of).toFixed(2)} %`);
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

  function header(text, scope) {
    const cell = document.createElement("th");
    cell.scope = scope;
    cell.textContent = text;
    return cell;
  }

  function move(event) {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    const cell = event.target.closest("td");
    if (!step || !cell) return;
    event.preventDefault();
    const to = place.querySelector("tbody").rows[cell.parentNode.sectionRowIndex + step[0]]?.cells[cell.cellIndex + step[1]];
    if (!to || to.tagName !== "TD") return;
    cell.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  }

  draw();
}
