// Numbers as text, the same as in text.py, and elements, as the scripts of all pages make them.
"use strict";

const SVG = "http://www.w3.org/2000/svg";

function percent(share, digits = 2) {
  return `${(100 * share).toFixed(digits)}%`;
}

function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

function timeLeft(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (hours) return `${hours} h ${String(minutes).padStart(2, "0")} min`;
  return `${minutes}:${String(whole % 60).padStart(2, "0")}`;
}

// An element with attributes and what stands in it: elements and text.
function element(name, attributes = {}, ...inside) {
  return filled(document.createElement(name), attributes, inside);
}

function drawn(name, attributes = {}, ...inside) {
  return filled(document.createElementNS(SVG, name), attributes, inside);
}

function filled(made, attributes, inside) {
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}
