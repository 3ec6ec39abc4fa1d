"use strict";
// The page asks its server for candidates and shows them as they come; what is kept and banned lives here.

const page = document.body.dataset.page;
const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const items = new Map(); // number -> what the server told of it, in the order of drawing
const kept = new Set(); // numbers
const banned = new Set(); // texts
let source = null;
let command = "";
let timer = 0;
let outlines = {};

history.replaceState(null, "", location.pathname); // the token stays out of the address bar and the history

function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function short(value) {
  if (value === null || value === undefined) return "\u2013";
  return typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value);
}

function address(path, parts = {}) {
  return `${path}?${new URLSearchParams({ page, ...parts })}`;
}

async function told(path, options) {
  const answer = await fetch(path, options);
  if (answer.ok) return answer;
  const text = await answer.text();
  let said = text;
  try { said = JSON.parse(text).said ?? text; } catch { /* plain text */ }
  throw new Error(said);
}

// What is asked for

const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

function asked() {
  const request = { n: Number(one("#n").value), seed: Number(one("#seed").value), where: {}, filters: {}, numbers: {}, knobs: {} };
  request.best_of = Number(one("#best").value);
  request.novel = Boolean(one("#novel")?.checked);
  for (const field of all(".field")) {
    if (one(".on", field).checked) request.where[field.dataset.name] = one(".value", field).value.trim();
  }
  for (const filter of all(".filter")) {
    const texts = lines(one("textarea", filter).value);
    if (!texts.length) continue;
    request.filters[filter.dataset.name] = texts;
    for (const number of all("[data-number]", filter)) {
      if (number.value !== "") request.numbers[number.dataset.number] = Number(number.value);
    }
  }
  for (const knob of all(".knob")) {
    if (Number(knob.value) !== Number(knob.dataset.usual)) request.knobs[knob.dataset.name] = Number(knob.value);
  }
  return JSON.stringify(request);
}

function complain(text) {
  one("#complaint").textContent = text;
  one("#complaint").hidden = !text;
}

function warn(field) {
  const warning = one(".warning", field);
  if (!warning) return;
  const value = Number(one(".value", field).value), outline = outlines[field.dataset.name];
  const { low, high } = warning.dataset;
  let said = "";
  if (one(".on", field).checked && Number.isFinite(value)) {
    if (value < Number(low) || value > Number(high)) said = `outside the training range, ${low} to ${high}`;
    else if (outline && outline.low !== null && (value < outline.low || value > outline.high)) {
      said = `rare: 98 of 100 lie between ${short(outline.low)} and ${short(outline.high)} (${outline.source})`;
    }
  }
  warning.textContent = said;
}

function turn(field, on) {
  one(".on", field).checked = on;
  field.classList.toggle("asked", on);
  warn(field);
}

for (const field of all(".field")) {
  const value = one(".value", field), slider = one("input[type=range]", field);
  turn(field, false);
  one(".on", field).addEventListener("change", (event) => turn(field, event.target.checked));
  value.addEventListener("input", () => {
    if (slider && value.value !== "" && Number.isFinite(Number(value.value))) slider.value = value.value;
    turn(field, true);
  });
  slider?.addEventListener("input", () => {
    const step = Number(slider.dataset.step);
    value.value = String(Number((Math.round(slider.value / step) * step).toPrecision(6)));
    turn(field, true);
  });
}

for (const filter of all(".filter")) {
  const text = one("textarea", filter), patterns = one(".patterns", filter);
  text.addEventListener("input", () => {
    text.rows = Math.max(1, text.value.split("\n").length);
    if (filter.dataset.pictured) picture(filter.dataset.name, text, patterns);
  });
}

async function picture(name, text, patterns) {
  const before = text.value;
  await new Promise((done) => setTimeout(done, 250));
  if (text.value !== before) return;
  const shown = await Promise.all(lines(before).map(async (line) => {
    try {
      const where = address("pattern", { filter: name, text: line });
      await told(where); // an image cannot say what is wrong with a text
      return make("img", { src: where, alt: `picture of ${line}` });
    } catch (error) {
      return make("p", { textContent: error.message });
    }
  }));
  if (text.value === before) patterns.replaceChildren(...shown);
}

// Drawing

function draw() {
  clearTimeout(timer);
  source?.close();
  if (!one("#ask").reportValidity()) return;
  complain("");
  for (const number of [...items.keys()]) if (!kept.has(number)) items.delete(number);
  show();
  const wanted = Number(one("#n").value);
  busy(true);
  one("#said").textContent = "drawing";
  const mine = new EventSource(address("draw", { ask: asked(), kept: [...kept].join(",") }));
  source = mine;
  const on = (name, act) => mine.addEventListener(name, (event) => { if (mine === source) act(JSON.parse(event.data)); });
  let notes = [];
  const say = (text) => { one("#said").textContent = [text, ...notes].join("; "); };
  on("begun", (value) => {
    ({ command, notes } = value);
    one("#command").textContent = command;
    say("drawing");
  });
  on("item", (item) => { items.set(item.id, item); arrived(); });
  on("counts", (counts) => { count(counts); one("#progress").value = counts.kept / wanted; });
  on("waiting", say);
  on("done", say);
  on("refused", (text) => { complain(text); one("#said").textContent = ""; });
  on("end", () => { ended(mine); plot(); outline(); });
  mine.onerror = () => { if (mine === source && !mine.ended) { complain("the server is gone, or was restarted: run sciencegen ui again"); ended(mine); } };
}

function ended(mine) {
  mine.ended = true;
  mine.close();
  busy(false);
  show();
}

function busy(drawing) {
  one("#stop").disabled = !drawing;
  one("#progress").hidden = !drawing;
  document.body.dataset.busy = drawing ? "yes" : "";
}

function count(counts) {
  for (const cell of all("[data-count]")) cell.textContent = (counts[cell.dataset.count] ?? 0).toLocaleString("en");
  const by = Object.entries(counts.by).map(([name, times]) => `${name}: ${times}`).join("\n");
  one("[data-count=rejected]").title = by;
}

let arriving = false;
function arrived() { // one look for all that came together
  if (arriving) return;
  arriving = true;
  requestAnimationFrame(() => { arriving = false; show(); });
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(draw, 350);
}

one("#ask").addEventListener("submit", (event) => { event.preventDefault(); draw(); });
one("#ask").addEventListener("change", soon);
one("#stop").addEventListener("click", () => { if (source) { ended(source); one("#said").textContent = "stopped"; } });

async function outline() {
  if (Object.keys(outlines).length || !one(".outline")) return;
  try { outlines = await (await told("outlines")).json(); } catch (error) { complain(error.message); return; }
  for (const field of all(".field")) {
    const found = outlines[field.dataset.name], drawn = one(".outline", field);
    if (!found || !drawn) continue;
    const top = Math.max(...found.shares) || 1;
    const steps = found.shares.map((share, i) => `L${i},${10 - 9 * share / top}H${i + 1}`).join("");
    one("path", drawn).setAttribute("d", `M0,10${steps}L40,10Z`);
    one(".source", field).textContent = found.source;
    if (found.whole) {
      const slider = one("input[type=range]", field), value = one(".value", field);
      slider.dataset.step = "1";
      if (!one(".on", field).checked) slider.value = value.value = String(Math.round(value.value));
    }
    warn(field);
  }
}

// Showing

function passes(item) {
  return one("#only").value.split(/\s+/).filter(Boolean).every((word) => {
    const condition = /^(.+?)(<=|>=|<|>|=)(-?[\d.]+(?:e-?\d+)?)$/i.exec(word);
    if (!condition || !(condition[1] in item.values)) return item.text.includes(word);
    const value = item.values[condition[1]], bound = Number(condition[3]);
    if (value === null) return false;
    return { "<": value < bound, ">": value > bound, "<=": value <= bound, ">=": value >= bound, "=": value === bound }[condition[2]];
  });
}

function shown() {
  const by = one("#sort").value, sign = one("#down").checked ? -1 : 1;
  const found = [...items.values()].filter((item) => !banned.has(item.text) && (kept.has(item.id) || !again(item)) && passes(item));
  if (one("#keptonly").checked) return found.filter((item) => kept.has(item.id));
  const value = (item) => item.values[by] ?? null;
  if (by) found.sort((a, b) => (value(a) === null) - (value(b) === null) || sign * (value(a) > value(b) ? 1 : value(a) < value(b) ? -1 : 0));
  return [...found.filter((item) => kept.has(item.id)), ...found.filter((item) => !kept.has(item.id))];
}

const again = (item) => [...kept].some((number) => items.get(number)?.text === item.text); // it is on top already

const cards = new Map();
function show() {
  const names = new Set([...items.values()].flatMap((item) => Object.keys(item.values)));
  choose(one("#sort"), ["", ...names], "as drawn");
  const found = shown();
  for (const number of [...cards.keys()]) if (!items.has(number)) cards.delete(number);
  const wanted = found.map((item) => card(item));
  const grid = one("#grid");
  if (wanted.length !== grid.children.length || wanted.some((made, i) => made !== grid.children[i])) grid.replaceChildren(...wanted);
  one("#empty").hidden = found.length > 0 || document.body.dataset.busy === "yes";
  one("#unban").hidden = !banned.size;
  const older = [...kept].filter((number) => items.get(number).command !== undefined && items.get(number).command !== command).length;
  const beside = [older && `${older} kept of earlier draws`, banned.size && `${banned.size} banned`].filter(Boolean);
  one("#beside").textContent = beside.length ? `the command gives what was drawn last; not so here: ${beside.join(", ")}` : "";
}

function choose(select, values, first) {
  const before = select.value;
  if (values.join("\n") === all("option", select).map((option) => option.value).join("\n")) return;
  select.replaceChildren(...values.map((value) => make("option", { value, textContent: value || first })));
  select.value = values.includes(before) ? before : values[0] ?? "";
}

function card(item) {
  item.command ??= command;
  let made = cards.get(item.id);
  if (!made) cards.set(item.id, made = build(item));
  made.classList.toggle("kept", kept.has(item.id));
  one(".keep", made).setAttribute("aria-pressed", kept.has(item.id));
  return made;
}

function build(item) {
  const look = make("button", { type: "button", className: "look", title: hover(item) });
  look.setAttribute("aria-label", `details of ${item.text}`);
  if (item.pictured) look.append(make("img", { src: address("picture", { item: item.id }), alt: "", loading: "lazy" }));
  look.append(make("span", { className: "text", textContent: item.text }));
  look.addEventListener("click", () => detail(item));
  const values = make("dl");
  for (const [name, value] of Object.entries(item.values)) {
    const aimed = name in item.asked;
    const cell = make("dd", { className: aimed ? "aimed" : "", textContent: short(value) });
    if (aimed) cell.append(make("small", { textContent: ` of ${short(item.asked[name])}` }));
    values.append(make("dt", { textContent: name }), cell);
  }
  const keep = make("button", { type: "button", className: "keep", textContent: "Keep" });
  const ban = make("button", { type: "button", className: "ban", textContent: "Ban" });
  keep.setAttribute("aria-label", `keep ${item.text}`);
  ban.setAttribute("aria-label", `ban ${item.text}`);
  keep.addEventListener("click", () => keeping(item));
  ban.addEventListener("click", () => banning(item));
  const made = make("li", { className: item.pictured ? "card" : "card bare" }, look, values, make("div", { className: "acts" }, keep, ban));
  made.dataset.item = item.id;
  if (item.novel) made.append(make("span", { className: "badge", textContent: "novel", title: "not in the training data" }));
  return made;
}

const hover = (item) => Object.entries(item.values)
  .map(([name, value]) => `${name} ${short(value)}${name in item.asked ? ` (asked ${short(item.asked[name])})` : ""}`).join("\n");

function keeping(item) {
  if (!kept.delete(item.id)) kept.add(item.id);
  show();
  one(`[data-item="${item.id}"] .keep`)?.focus();
}

function banning(item) {
  const here = all("#grid > li").findIndex((made) => made.dataset.item === String(item.id));
  banned.add(item.text);
  kept.delete(item.id);
  show();
  (all("#grid > li .ban")[here] ?? all("#grid > li .ban").at(-1))?.focus();
}

one("#grid").addEventListener("keydown", (event) => {
  const made = event.target.closest("li");
  if (!made || event.ctrlKey || event.metaKey || event.altKey) return;
  const item = items.get(Number(made.dataset.item)), row = all("#grid > li"), here = row.indexOf(made);
  const to = { ArrowRight: here + 1, ArrowLeft: here - 1 }[event.key];
  if (event.key === "k") keeping(item);
  else if (event.key === "b") banning(item);
  else if (to !== undefined && row[to]) one(".look", row[to]).focus();
  else return;
  event.preventDefault();
});

async function detail(item) {
  const dialog = one("#detail"), image = one("img", dialog);
  one("#title").textContent = item.text;
  image.hidden = !item.pictured;
  if (item.pictured) image.src = address("picture", { item: item.id });
  one("tbody", dialog).replaceChildren(...Object.entries({ ...item.asked, ...item.values }).map(([name]) => {
    const [wanted, value] = [item.asked[name], item.values[name]];
    const off = typeof wanted === "number" && typeof value === "number" ? short(value - wanted) : "";
    const cells = [name in item.asked ? short(wanted) : "", short(value), off];
    return make("tr", {}, make("th", { scope: "row", textContent: name }), ...cells.map((textContent) => make("td", { textContent })));
  }));
  one(".alerts", dialog).replaceChildren();
  dialog.showModal();
  try {
    const found = Object.entries(await (await told(address("alerts", { item: item.id }))).json());
    one(".alerts", dialog).replaceChildren(...found.map(([name, reason]) => make("li", { textContent: `${name}: ${reason}` })));
  } catch (error) { complain(error.message); }
}

for (const id of ["#sort", "#down", "#only", "#keptonly"]) one(id).addEventListener("input", show);
one("#unban").addEventListener("click", () => { banned.clear(); show(); });

function plot() {
  const names = new Set([...items.values()].flatMap((item) => Object.keys(item.asked).filter((name) => typeof item.values[name] === "number")));
  for (const option of all("option", one("#aim"))) names.add(option.value);
  if (!names.size) return;
  choose(one("#aim"), [...names], "");
  one("#aims").hidden = false;
  one("#plot").src = address("plot", { name: one("#aim").value, at: Date.now() });
  one("#plot").alt = `${one("#aim").value}: measured against asked for`;
}
one("#aim").addEventListener("input", plot);

// Taking away

one("#save").addEventListener("click", async () => {
  const numbers = shown().filter((item) => one("#what").value === "shown" || kept.has(item.id)).map((item) => item.id);
  const body = JSON.stringify({ page, items: numbers.sort((a, b) => a - b), format: one("#format").value });
  try {
    const answer = await told("export", { method: "POST", headers: { "content-type": "application/json" }, body });
    const name = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition"))[1];
    const link = make("a", { href: URL.createObjectURL(await answer.blob()), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    complain("");
  } catch (error) { complain(error.message); }
});

one("#copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(command);
    one("#copy").textContent = "Copied";
    setTimeout(() => { one("#copy").textContent = "Copy the command"; }, 1500);
  } catch {
    getSelection().selectAllChildren(one("#command")); // ready for the keyboard
  }
});

addEventListener("pagehide", () => source?.close());
draw();
