// The page: inputs are read, panels computed, and the address kept so that a setting can be shared.

import { chance } from "./chance.js";
import { pairs } from "./pairs.js";
import { fragment, Impossible, read, restore } from "./state.js";
import { tail } from "./tail.js";
import { totals } from "./totals.js";

const PANELS = { totals, tail, pairs, chance };
const forms = [...document.forms];

function show(name) {
  const panel = document.getElementById(name);
  const decision = panel.querySelector(".decision");
  let found;
  try {
    found = PANELS[name](read(panel.querySelector("form")));
  } catch (error) {
    if (!(error instanceof Impossible)) throw error;
    panel.classList.add("impossible");
    decision.textContent = error.message;
    return;
  }
  panel.classList.remove("impossible");
  decision.textContent = found.decision;
  const body = panel.querySelector("tbody");
  body.replaceChildren(
    ...found.rows.map(([label, ...cells]) => {
      const row = document.createElement("tr");
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = label;
      row.append(head, ...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
      return row;
    }),
  );
  for (const [figure, draw] of Object.entries(found.draw)) draw(document.getElementById(`figure-${figure}`));
}

function showAll() {
  for (const form of forms) {
    for (const slider of form.querySelectorAll("input[type=range]"))
      slider.value = form.elements[slider.dataset.of].value;
    chooseLaw(form);
  }
  Object.keys(PANELS).forEach(show);
}

/** Only the inputs of the chosen law are shown. */
function chooseLaw(form) {
  for (const part of form.querySelectorAll("[data-law]")) part.hidden = part.dataset.law !== form.elements.law.value;
}

function remember() {
  const text = fragment(forms);
  history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
}

for (const form of forms) {
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", ({ target }) => {
    if (target.dataset.of) form.elements[target.dataset.of].value = target.value;
    const slider = form.querySelector(`input[data-of="${target.name}"]`);
    if (target.name && slider) slider.value = target.value;
    chooseLaw(form);
    show(form.closest("section").id);
    remember();
  });
}

document.getElementById("reset").addEventListener("click", () => {
  restore(forms, "");
  remember();
  showAll();
});

document.getElementById("share").addEventListener("click", async ({ target }) => {
  try {
    await navigator.clipboard.writeText(location.href);
    target.textContent = "Copied";
  } catch {
    target.textContent = "Copy it from the address line";
  }
  setTimeout(() => (target.textContent = "Copy a link to this setting"), 3000);
});

window.addEventListener("hashchange", () => {
  restore(forms, location.hash);
  showAll();
});

let width = innerWidth;
window.addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  showAll();
});

restore(forms, location.hash);
showAll();
