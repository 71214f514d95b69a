// Sentences whose commands stand within backquotes, shown as the report shows them.
"use strict";

function tell(place, text) {
  place.replaceChildren(...text.split("`").map((part, i) => {
    if (i % 2 === 0) return part;
    const command = document.createElement("code");
    command.textContent = part;
    return command;
  }));
}
