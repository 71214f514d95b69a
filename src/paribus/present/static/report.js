// Brings the report's page to life: what it can be explored by replaces the still figures.
"use strict";

{
  const explored = JSON.parse(document.getElementById("explored").textContent);
  const parts = {
    curves: () => showCurves(explored.curves),
    confusion: () => showConfusions(explored.confusion),
    gallery: () => showGallery(explored.gallery),
  };
  for (const [name, show] of Object.entries(parts)) {
    if (!explored[name]) continue;
    document.getElementById(`${name}-explored`).hidden = false;
    show();
  }

  // Who follows a link to what is folded up wants to see it.
  const unfold = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!(target instanceof HTMLDetailsElement)) return;
    target.open = true;
    target.scrollIntoView();
    target.querySelector("summary").focus({ preventScroll: true });
  };
  addEventListener("hashchange", unfold);
  unfold();

  // On paper nothing can be opened.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
  });
}
