"use strict";
// What a reader can do on the page. Without this script everything is there to read; texts are only ever set as text.

const byId = (id) => document.getElementById(id);
const stored = (id) => (byId(id) ? JSON.parse(byId(id).textContent) : null);
const written = (n) => n.toLocaleString("en");
const nModels = (n) => `${written(n)} model${n === 1 ? "" : "s"}`;

function make(tag, text, name) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (name) element.className = name;
  return element;
}

const run = stored("run-data");
const matrix = stored("matrix-data");

for (const element of document.querySelectorAll(".scripted, [data-copy]")) element.hidden = false;
for (const element of document.querySelectorAll(".unscripted")) element.hidden = true;

// ---- copy and download

let silence;

function say(text) {
  byId("said").textContent = text;
  // A text before this one does not take it away.
  clearTimeout(silence);
  silence = setTimeout(() => (byId("said").textContent = ""), 3000);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.body.appendChild(make("textarea", text));
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  say("Copied.");
}

const cell = (value) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

function download(name, rows) {
  // The mark at the start tells spreadsheets that this is UTF-8.
  const text = "\ufeff" + rows.map((row) => row.map((value) => cell(String(value ?? ""))).join(",")).join("\r\n");
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const tables = {
  models: () => [...byId("model-table").rows].map((row) => [...row.cells].map((one) => one.dataset.value ?? one.textContent.trim())),
  queries: () => [
    ["query", "dataset", "n_right", "n_models"],
    ...matrix.queries.map((name, i) => [name, datasetOf(i), nRight[i], matrix.models.length]),
  ],
  numbers: () => [["metric", "value"], ...Object.entries(run.metrics)],
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.copy === "answer") copy(`${run.headline} (${run.title})`);
  if (button.dataset.copy === "citation") copy([...byId("citation").children].map((line) => line.textContent).join("\n"));
  if (button.dataset.csv) download(`${button.dataset.csv}.csv`, tables[button.dataset.csv]());
});

// ---- menus: one is open at a time; Escape or a click elsewhere closes it

const menus = [...document.querySelectorAll(".menu")];
const close = (but) => { for (const menu of menus) if (menu !== but) menu.open = false; };
addEventListener("click", (event) => close(event.target.closest(".menu")));
addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && menus.find((one) => one.open);
  if (!menu) return;
  close();
  menu.querySelector("summary").focus();
});

// ---- sections that are folded: a link into one opens it, and so does printing

function unfold() {
  const target = location.hash.length > 1 && byId(location.hash.slice(1));
  for (let up = target || null; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
  if (target) target.scrollIntoView();
}
addEventListener("hashchange", unfold);
unfold();

let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details.fold:not([open])")];
  for (const one of opened) one.open = true;
});
addEventListener("afterprint", () => opened.forEach((one) => (one.open = false)));

// ---- tables: a click on a heading sorts, typing searches

// A cell that is a number, with or without its unit; "3.5-turbo" is a name.
const NUMBER = /^[-−+]?[\d,]*\.?\d+(e[-+]?\d+)?( ?(%|×|points))?$/i;

const sortKey = (one) => {
  const text = one?.dataset.value ?? one?.textContent.trim() ?? "";
  return NUMBER.test(text) ? parseFloat(text.replaceAll(",", "").replace("−", "-")) : text.toLowerCase();
};

// Numbers come before texts.
function order(a, b) {
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}

function sortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = make("button", head.textContent);
    button.type = "button";
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      // Of numbers the largest come first, of names the first.
      const descending = before ? before === "ascending" : head.classList.contains("number");
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows].map((row) => [sortKey(row.cells[column]), row]);
      const sign = descending ? -1 : 1;
      rows.sort(([a], [b]) => sign * order(a, b));
      table.tBodies[0].append(...rows.map(([, row]) => row));
    });
  });
}

// Of many rows the first are shown, in whatever order, and all that a search finds.
const FEW = 20;

function few(table, search, said) {
  const more = make("button");
  more.type = "button";
  more.setAttribute("aria-expanded", "false");
  table.closest(".scroll").after(more);
  const show = () => {
    const wanted = search ? search.value.toLowerCase() : "";
    const all = more.getAttribute("aria-expanded") === "true";
    const rows = [...table.tBodies[0].rows];
    const found = rows.filter((row) => row.textContent.toLowerCase().includes(wanted));
    for (const row of rows) row.hidden = true;
    for (const row of all || wanted ? found : found.slice(0, FEW)) row.hidden = false;
    if (said) said.textContent = wanted ? `${written(found.length)} found` : "";
    more.hidden = rows.length <= FEW || wanted !== "";
    more.textContent = all ? `Show ${FEW}` : `Show all ${written(rows.length)}`;
  };
  more.addEventListener("click", () => {
    more.setAttribute("aria-expanded", String(more.getAttribute("aria-expanded") !== "true"));
    show();
  });
  table.tHead.addEventListener("click", show);
  search?.addEventListener("input", show);
  show();
}

for (const table of document.querySelectorAll("table.sortable")) {
  sortable(table);
  const models = table.id === "model-table";
  few(table, models ? byId("model-search") : null, models ? byId("models-said") : null);
}

// ---- queries: few at a time, each opens to what was asked and answered

const PAGE = 25;
const bits = matrix ? Uint8Array.from(atob(matrix.right), (c) => c.charCodeAt(0)) : null;
const width = matrix ? Math.ceil(matrix.models.length / 8) : 0;
const isRight = (query, model) => (bits[query * width + (model >> 3)] >> (7 - (model & 7))) & 1;
const nRight = matrix ? matrix.queries.map((_, query) => matrix.models.reduce((sum, _, model) => sum + isRight(query, model), 0)) : [];
const datasetOf = (query) => (matrix.datasets.length ? matrix.datasets[matrix.dataset[query]] : "");
let first = 0;

function chosen() {
  const most = Number(byId("most-right").value);
  const dataset = byId("dataset").value;
  const wanted = byId("query-search").value.toLowerCase();
  const found = (query) =>
    matrix.queries[query].toLowerCase().includes(wanted) || matrix.texts[query]?.prompt?.toLowerCase().includes(wanted);
  return matrix.queries
    .map((_, query) => query)
    .filter((query) => nRight[query] <= most && (!dataset || datasetOf(query) === dataset) && (!wanted || found(query)));
}

function strip(query) {
  const canvas = make("canvas", undefined, "strip");
  const context = canvas.getContext("2d");
  canvas.width = matrix.models.length;
  canvas.height = 1;
  canvas.setAttribute("aria-hidden", "true");
  const style = getComputedStyle(document.documentElement);
  for (let model = 0; model < matrix.models.length; model++) {
    context.fillStyle = style.getPropertyValue(isRight(query, model) ? "--good" : "--rule").trim();
    context.fillRect(model, 0, 1, 1);
  }
  return canvas;
}

function inside(query) {
  const parts = [];
  const text = matrix.texts[query];
  if (text?.prompt) parts.push(make("pre", text.prompt));
  if (text?.key) parts.push(make("p", `Right answer: ${text.key}`));
  if (!text) parts.push(make("p", matrix.texts.length ? "The page has no room for this text; the tables have it." : "The source has no prompts and no answers.", "note"));
  const list = make("ul", undefined, "ticks");
  list.setAttribute("aria-label", "models, the most accurate first");
  list.tabIndex = 0;
  matrix.models.forEach((name, model) => {
    const right = isRight(query, model);
    const item = make("li", `${right ? "✓" : "✗"} ${name}`, right ? "right" : "wrong");
    if (text?.given) item.append(make("span", ` ${text.values[text.given[model]] || "no answer"}`, "note"));
    list.append(item);
  });
  return [...parts, list];
}

function row(query) {
  const details = make("details", undefined, "query");
  const summary = make("summary");
  summary.append(make("span", matrix.queries[query], "name"), " ");
  if (datasetOf(query)) summary.append(make("span", datasetOf(query), "tag"), " ");
  summary.append(make("span", `${written(nRight[query])} right`, "count"));
  if (nRight[query]) summary.append(strip(query));
  details.append(summary);
  // What is inside is made when it is opened: a page of 420 models would be slow otherwise.
  details.addEventListener("toggle", () => details.childElementCount === 1 && details.append(...inside(query)), { once: true });
  return details;
}

function show() {
  const most = Number(byId("most-right").value);
  byId("most-right-said").textContent = nModels(most);
  const queries = chosen();
  first = Math.max(0, Math.min(first, queries.length - 1 - ((queries.length - 1) % PAGE)));
  byId("query-list").replaceChildren(...queries.slice(first, first + PAGE).map(row));
  byId("queries-said").textContent = queries.length ? "" : "No such query.";
  const last = Math.min(first + PAGE, queries.length);
  byId("page-said").textContent = queries.length ? `${written(first + 1)} to ${written(last)} of ${written(queries.length)}` : "";
  byId("previous").disabled = first === 0;
  byId("next").disabled = last >= queries.length;
}

if (matrix) {
  // Where nothing defeats everyone, the list begins with what comes nearest to it.
  byId("most-right").value = Math.min(...nRight);
  for (const name of matrix.datasets) byId("dataset").append(new Option(name, name));
  byId("dataset-label").hidden = matrix.datasets.length < 2;
  const turn = (by) => () => { first += by; show(); };
  const anew = () => { first = 0; show(); };
  for (const id of ["most-right", "dataset", "query-search"]) byId(id).addEventListener("input", anew);
  byId("previous").addEventListener("click", turn(-PAGE));
  byId("next").addEventListener("click", turn(PAGE));
  show();
}

// ---- another run: what differs, side by side

const shown = (value) => (typeof value === "number" ? Number(value.toPrecision(6)).toLocaleString("en", { maximumSignificantDigits: 6 }) : String(value ?? "—"));

function compare(name, text) {
  let other;
  try {
    other = JSON.parse(text);
    if (![other.metrics, other.labels].every((part) => part && typeof part === "object")) throw new Error("no metrics");
  } catch {
    return say(`${name} is not the results.json of a run.`);
  }
  const rows = [];
  let alike = 0;
  for (const part of ["labels", "metrics"]) {
    for (const key of new Set([...Object.keys(run[part]), ...Object.keys(other[part])])) {
      const [a, b] = [run[part][key] ?? null, other[part][key] ?? null];
      if (a === b) { alike += 1; continue; }
      const both = typeof a === "number" && typeof b === "number";
      rows.push([key, shown(a), shown(b), both ? shown(b - a) : ""]);
    }
  }
  byId("compared-name").textContent = `${name} (${other.experiment ?? "a run"})`;
  byId("compared-said").textContent = `${rows.length} differ, ${alike} are the same. The other run says: ${other.summary?.headline ?? "nothing"}`;
  byId("compare").querySelector("tbody").replaceChildren(
    ...rows.map((cells) => {
      const line = make("tr");
      line.append(...cells.map((value) => make("td", value)));
      return line;
    }),
  );
  byId("compare").hidden = false;
  byId("compare").scrollIntoView();
}

const take = async (file) => file && compare(file.name, await file.text());
byId("other-run").addEventListener("change", (event) => take(event.target.files[0]));
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  take(event.dataTransfer.files[0]);
});
