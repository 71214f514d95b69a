// The pad: what is drawn, or a test image, goes to /answers; what the networks say is drawn here.
"use strict";

const at = (id) => document.getElementById(id);
const main = document.querySelector("main");
const { study } = main.dataset;
const classes = JSON.parse(main.dataset.classes);
const images = Number(main.dataset.images);
const canvas = at("canvas");
const ink = canvas.getContext("2d", { willReadFrequently: true });
const strokes = [];
let drawing = null;
let asked = 0;
// Milliseconds after which the page says that it is asking.
const PATIENCE = 250;

function redraw() {
  ink.fillStyle = "#000";
  ink.fillRect(0, 0, canvas.width, canvas.height);
  ink.strokeStyle = ink.fillStyle = "#fff";
  ink.lineCap = ink.lineJoin = "round";
  for (const { width, points } of strokes) {
    ink.lineWidth = width;
    ink.beginPath();
    ink.moveTo(...points[0]);
    // A stroke of one point is a dot.
    for (const point of points.length > 1 ? points : [points[0], points[0]]) ink.lineTo(...point);
    ink.stroke();
  }
  at("undo").disabled = at("clear").disabled = strokes.length === 0;
}

function place(event) {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) * canvas.width / box.width,
    (event.clientY - box.top) * canvas.height / box.height];
}

canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  canvas.setPointerCapture(event.pointerId);
  drawing = { id: event.pointerId, width: Number(at("pen").value), points: [place(event)] };
  strokes.push(drawing);
  redraw();
});
canvas.addEventListener("pointermove", (event) => {
  if (drawing === null || event.pointerId !== drawing.id) return;
  for (const one of event.getCoalescedEvents?.() ?? [event]) drawing.points.push(place(one));
  drawing.points.push(place(event));
  redraw();
});
for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, (event) => {
    if (drawing === null || event.pointerId !== drawing.id) return;
    drawing = null;
    askDrawing();
  });
}

at("undo").addEventListener("click", () => { strokes.pop(); redraw(); askDrawing(); });
at("clear").addEventListener("click", () => { strokes.length = 0; redraw(); askDrawing(); });
at("random").addEventListener("click", () => askTest(Math.floor(Math.random() * images)));
at("number").addEventListener("submit", (event) => {
  event.preventDefault();
  askTest(at("index").valueAsNumber);
});
at("hard").addEventListener("click", async () => {
  const answer = await fetch(`/wrong?study=${encodeURIComponent(study)}`).catch(() => null);
  if (!answer?.ok) { say("The server does not answer. Is `paribus serve` running?"); return; }
  const wrong = await answer.json();
  if (!wrong.length) { say("No finished run gets a test image wrong."); return; }
  askTest(wrong[Math.floor(Math.random() * wrong.length)]);
});

function say(text) { tell(at("verdict"), text); }

function askDrawing() {
  if (!strokes.length) { empty("Nothing drawn yet."); return; }
  const { data } = ink.getImageData(0, 0, canvas.width, canvas.height);
  let text = "";
  for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i]);
  const { width, height } = canvas;
  ask({ drawing: { width, height, pixels: btoa(text) } }, "the drawing");
}

function askTest(index) {
  strokes.length = 0;
  redraw();
  at("index").value = String(index);
  ask({ test_image: index }, `test image ${index}`);
}

function empty(text) {
  asked += 1;
  say(text);
  at("answers").removeAttribute("aria-busy");
  at("answers").replaceChildren();
  at("problems").replaceChildren();
  const seen = at("seen");
  seen.getContext("2d").clearRect(0, 0, seen.width, seen.height);
}

async function ask(what, name) {
  const mine = asked += 1;
  const patience = setTimeout(() => {
    if (mine !== asked) return;
    say("Asking the networks …");
    at("answers").setAttribute("aria-busy", "true");
  }, PATIENCE);
  let answer;
  try {
    const response = await fetch("/answers", { method: "POST",
      headers: { "content-type": "application/json" }, body: JSON.stringify({ study, ...what }) });
    answer = response.headers.get("content-type")?.startsWith("application/json")
      ? await response.json() : { problem: await response.text() };
  } catch {
    answer = { problem: "The server does not answer. Is `paribus serve` running?" };
  }
  clearTimeout(patience);
  // Only the latest question's answer counts.
  if (mine !== asked) return;
  at("answers").removeAttribute("aria-busy");
  if (answer.problem) { empty(answer.problem); return; }
  show(answer, name, "test_image" in what);
}

function show(answer, name, isTest) {
  const seen = at("seen");
  const bytes = Uint8Array.from(atob(answer.image), (c) => c.charCodeAt(0));
  const size = seen.width * seen.height;
  const [red, green, blue] = bytes.length === 3 * size ? [0, 1, 2] : [0, 0, 0];
  const each = bytes.length / size;
  const pixels = new Uint8ClampedArray(4 * size);
  for (let i = 0; i < size; i += 1) {
    const from = each * i;
    pixels.set([bytes[from + red], bytes[from + green], bytes[from + blue], 255], 4 * i);
  }
  const image = new ImageData(pixels, seen.width, seen.height);
  seen.getContext("2d").putImageData(image, 0, 0);
  if (isTest) {
    createImageBitmap(image).then((bitmap) => {
      ink.imageSmoothingEnabled = false;
      ink.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    });
  }
  const counts = classes.map(() => 0);
  let untrained = 0;
  for (const { each: all, learned } of answer.experiments) {
    all.forEach((row, i) => {
      if (learned[i]) counts[largest(row)] += 1;
      else untrained += 1;
    });
  }
  const total = counts.reduce((a, b) => a + b, 0);
  const best = largest(counts);
  const truth = answer.truth === null ? "" : ` Its label is ${answer.truth}.`;
  const networks = count(total, "trained network");
  const nobody = untrained ? "No network has learned anything."
    : "No run has finished yet; nobody can answer.";
  const left = untrained ? ` Left out: ${count(untrained, "network")} that learned nothing.` : "";
  say(total === 0 ? `${nobody}${truth}`
    : `${counts[best]} of ${networks} ${total === 1 ? "takes" : "take"} ${name} for `
      + `${classes[best]}.${left}${truth}`);
  at("answers").replaceChildren(...answer.experiments.map((one) => card(one, answer.truth)));
  at("problems").replaceChildren(...answer.problems.map((text) => {
    const item = document.createElement("li");
    tell(item, text);
    return item;
  }));
}

const largest = (values) => values.indexOf(Math.max(...values));

// Names of classes that fit under a bar of a chart with ten of them; others stand above theirs.
const SHORT = 3;
const MOST_ROWS = 5;

function card(one, truth) {
  const { name, words, agree, learned } = one;
  const short = classes.length <= 12 && classes.every((text) => text.length <= SHORT);
  const nothing = learned.some(Boolean) ? "" : "; learned nothing";
  return element("article", {},
    element("h3", {}, name),
    element("p", { class: agree ? "" : "split" }, `${words}${nothing}`),
    ...(short ? [columns(one, truth)] : rows(one, truth)));
}

// A bar for each of the likeliest classes and the true one, under the whole name.
function rows({ seeds, mean, each }, truth) {
  const order = mean.map((_, i) => i).sort((a, b) => mean[b] - mean[a]);
  const some = order.filter((i, rank) => rank < MOST_ROWS || classes[i] === truth);
  return some.map((i) => {
    const chart = drawn("svg", { viewBox: "0 0 240 8", "aria-hidden": "true" },
      drawn("rect", { x: 0, width: 240 * mean[i], y: 0, height: 8,
        class: i === order[0] ? "mean top" : "mean" }));
    each.forEach((row, s) => chart.append(drawn("circle",
      { cx: 240 * row[i], cy: 4, r: 2, class: "seed" },
      drawn("title", {}, `seed ${seeds[s]}: ${percent(row[i], 1)}`))));
    const style = `row ${i === order[0] ? "top" : ""} ${classes[i] === truth ? "truth" : ""}`;
    return element("div", { class: style },
      element("span", {}, classes[i]), element("span", {}, percent(mean[i], 1)), chart);
  });
}

function columns({ name, seeds, mean, each, words }, truth) {
  const [height, wide] = [70, 240];
  const step = wide / classes.length;
  const top = largest(mean);
  const highest = `mean probability of ${classes[top]} ${percent(mean[top], 1)}`;
  const chart = drawn("svg", { viewBox: `0 0 ${wide} ${height + 18}`, role: "img",
    "aria-label": `${name}: ${words}; ${highest}` },
  drawn("line", { x1: 0, x2: wide, y1: height + 2, y2: height + 2 }));
  mean.forEach((share, i) => {
    const x = i * step;
    const full = height * share;
    chart.append(drawn("rect", { x: x + step * 0.15, width: step * 0.7, y: height + 2 - full,
      height: full, class: i === top ? "mean top" : "mean" },
    drawn("title", {}, `${classes[i]}: ${percent(share, 1)}, n = ${seeds.length}`)));
    each.forEach((row, s) => {
      // Side by side, so that equal ones do not hide each other.
      const shift = seeds.length > 1 ? (s / (seeds.length - 1) - 0.5) * step * 0.5 : 0;
      if (row[i] < 0.02 && share < 0.02) return;
      chart.append(drawn("circle", { cx: x + step / 2 + shift, cy: height + 2 - height * row[i],
        r: 2, class: "seed" },
      drawn("title", {}, `seed ${seeds[s]}: ${classes[i]} ${percent(row[i], 1)}`)));
    });
    const style = `${i === top ? "top" : ""} ${classes[i] === truth ? "truth" : ""}`;
    chart.append(drawn("text", { x: x + step / 2, y: height + 14, class: style },
      classes[i]));
  });
  return chart;
}

redraw();
