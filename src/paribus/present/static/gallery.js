// The misclassified test images: filtered by experiment and class, those that most runs get wrong
// first. All pictures are in one image, of which each shows its part.
"use strict";

function showGallery({ classes, experiments, columns, images, of }) {
  const AT_ONCE = 60;
  const [experiment, truth, taken, doubtful, list, status, more] =
    ["experiment", "truth", "taken", "doubtful", "images", "count", "more"]
      .map((name) => document.getElementById(`gallery-${name}`));
  let shown = AT_ONCE;

  experiments.forEach(({ name }, i) => experiment.append(new Option(name, i)));
  classes.forEach((name, i) => {
    truth.append(new Option(name, i));
    taken.append(new Option(name, i));
  });
  for (const control of [experiment, truth, taken, doubtful]) {
    control.addEventListener("change", () => { shown = AT_ONCE; draw(); });
  }
  more.addEventListener("click", () => {
    const before = list.children.length;
    shown += AT_ONCE;
    draw();
    list.children[before]?.focus();
  });

  const all = experiments.reduce((sum, { n }) => sum + n, 0);
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

  function draw() {
    const one = experiment.value === "" ? null : Number(experiment.value);
    const runs = one === null ? all : experiments[one].n;
    const found = images
      .map((image, place) => ({
        ...image, place,
        by: one === null ? sum(image.wrong) : image.wrong[one],
        as: one === null ? image.all : image.taken[one],
      }))
      .filter(({ by, label, as, rejected, suspect }) => by > 0 &&
        (truth.value === "" || label === Number(truth.value)) &&
        (taken.value === "" || as === Number(taken.value)) &&
        (!doubtful.checked || rejected || suspect))
      .sort((a, b) => b.by - a.by);
    list.replaceChildren(...found.slice(0, shown).map((image) => card(image, runs)));
    const cut = of > images.length
      ? ` Of ${count(of, "image")} that any run gets wrong, the ${images.length} that most do ` +
        "are here."
      : "";
    const listed = Math.min(shown, found.length);
    status.textContent =
      `${count(found.length, "image")}, ${listed} shown; n = ${count(runs, "run")}.${cut}`;
    more.hidden = found.length <= shown;
  }

  function card({ image, label, by, as, place, rejected, suspect }, runs) {
    const picture = element("div",
      { class: "picture", role: "img", "aria-label": `test image ${image}` });
    const rows = Math.ceil(images.length / columns);
    const part = (at, parts) => (parts > 1 ? (100 * at) / (parts - 1) : 0);
    const [x, y] = [part(place % columns, columns), part(Math.floor(place / columns), rows)];
    picture.style.backgroundSize = `${columns * 100}% ${rows * 100}%`;
    picture.style.backgroundPosition = `${x}% ${y}%`;
    const words = element("p", {},
      element("b", {}, `${classes[label]}, predicted as ${classes[as]}`),
      ` no. ${image}, ${by} of ${runs} wrong`);
    if (rejected || suspect) {
      words.append(" ",
        element("span", { class: "doubt" }, rejected ? "label rejected" : "label suspect"));
    }
    return element("li", { tabindex: -1 }, picture, words);
  }

  draw();
}
