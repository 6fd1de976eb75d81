// The fleet's page: a row for each node, the worst first. The server sends one update a second.

import { connect, listen, watch, whoAmI } from "/connection.js";
import { $, arrange, el, setShape, setText, shape, show, store, stored } from "/dom.js";
import { app, sinceView } from "/state.js";
import * as text from "/text.js";
import * as node from "/node.js";

const { t } = text;
const STATES = ["silent", "trouble", "warn", "partial", "left", "ok"];
const TONES = { silent: "bad", trouble: "bad", warn: "warn", partial: "warn", left: "ok", ok: "ok" };
const SHAPES = { bad: "CB_OPEN", warn: "WARN", ok: "OK", busy: "STARTING", unknown: "UNKNOWN", none: "UNKNOWN" };
const MARKS = { bad: "✗", warn: "⚠", ok: "✓", busy: "…", unknown: "✗", none: "" };
const rows = new Map();
let wanted = ""; // the state that is shown alone

// --- the verdict on top -------------------------------------------------------------------------

function verdict() {
  if (!app.may.read) return { tone: "none", words: t("login.needed") };
  if (app.lostSince) return { tone: "unknown", words: t("fleet.gone"), detail: t("fleet.gone_help") };
  if (!app.view) return { tone: "busy", words: t("fleet.connecting_page") };
  const { broker, states } = app.view;
  const parts = [...STATES].filter((state) => state !== "ok" && states[state])
    .map((state) => t(`fleet.count.${state}`, { count: states[state] }));
  const nodes = STATES.reduce((sum, state) => sum + states[state], 0);
  const first = nodes ? t("fleet.nodes", { good: states.ok, nodes }) : t("fleet.none");
  if (!broker.connected) {
    if (!broker.reason) return { tone: "busy", words: t("fleet.connecting_page") };
    const facts = { since: text.duration(broker.lost_for_s + sinceView()), reason: text.said(broker.reason) };
    return { tone: "unknown", words: [t("fleet.lost_page"), ...(nodes ? [first, ...parts] : [])].join(" · "), detail: t("fleet.lost_help", facts) };
  }
  const worst = STATES.find((state) => states[state]);
  const { good, wanted: all } = app.view.cameras;
  const detail = nodes ? t("fleet.cameras", { good, wanted: all, fps: text.rate(app.view.fps) }) : "";
  return { tone: worst ? TONES[worst] : "busy", words: [first, ...parts].join(" · "), detail };
}

function drawVerdict() {
  const { tone, words, detail = "" } = verdict();
  document.body.dataset.tone = tone;
  setShape($("verdict-shape"), SHAPES[tone]);
  setText($("verdict"), words.replaceAll(" · ", "\u00a0· "));
  setText($("verdict-detail"), detail);
  show($("verdict-detail"), detail !== "");
  if ($("verdict-spoken").textContent !== words) setText($("verdict-spoken"), words);
  const title = `${MARKS[tone]} ${words} · fleet`.trim();
  if (document.title !== title) document.title = title;
  const icon = { ok: "ok", warn: "warn", bad: "bad" }[tone] ?? "unknown";
  if (icons[icon] && $("icon").dataset.name !== icon) { $("icon").dataset.name = icon; $("icon").href = icons[icon]; }
}

const icons = {};

async function fetchIcons() {
  for (const name of ["ok", "warn", "bad", "unknown"]) {
    icons[name] = URL.createObjectURL(await (await fetch(`/favicon-${name}.svg`)).blob());
  }
}

// --- the table ----------------------------------------------------------------------------------

function makeRow() {
  const cell = (className) => el("span", { className, role: "cell" });
  const row = el("a", { className: "node", role: "row" });
  row.parts = { name: cell("name"), state: cell("state"), cameras: cell("number cameras"), fps: cell("number fps"),
    cpu: cell("number cpu"), ram: cell("number ram"), heard: cell("number heard"), why: cell("why") };
  row.parts.state.append(shape("UNKNOWN"), el("span"));
  row.append(...Object.values(row.parts));
  return row;
}

function drawRow(row, found) {
  const { parts } = row;
  const health = Object.keys(found.health).length;
  row.dataset.state = found.state;
  row.href = `#node=${encodeURIComponent(found.name)}`;
  setText(parts.name, found.name);
  setShape(parts.state.firstElementChild, node.shapeOf(app.lostSince ? "" : found.state));
  setText(parts.state.lastElementChild, t(`fleet.state.${found.state}`));
  setText(parts.cameras, health ? `${text.number(found.cameras.good)} / ${text.number(found.cameras.wanted)}` : "–");
  setText(parts.fps, text.rate(found.fps));
  setText(parts.cpu, found.cpu_percent === null ? "–" : text.percent(found.cpu_percent));
  setText(parts.ram, found.ram_percent === null ? "–" : text.percent(found.ram_percent));
  setText(parts.heard, text.duration(found.heard_ago_s + sinceView()));
  setText(parts.why, node.remarksOf(found, sinceView()).join(", "));
}

const passes = (found, words) => !words || [found.name, found.group ?? "", ...found.camera_ids]
  .some((each) => each.toLowerCase().includes(words));

function drawTable() {
  const words = $("filter").value.trim().toLowerCase();
  const shown = app.view.nodes.filter((found) => (!wanted || found.state === wanted) && passes(found, words));
  const names = new Set(app.view.nodes.map((found) => found.name));
  for (const name of [...rows.keys()]) if (!names.has(name)) rows.delete(name);
  arrange($("rows"), shown.map((found) => {
    if (!rows.has(found.name)) rows.set(found.name, makeRow());
    const row = rows.get(found.name);
    drawRow(row, found);
    return row;
  }));
  setText($("nothing"), t(app.view.nodes.length ? "fleet.nothing_matches" : "fleet.none"));
  show($("nothing"), !shown.length);
  show($("table"), shown.length > 0);
}

function drawStates() {
  const chips = ["", ...STATES.filter((state) => app.view.states[state])].map((state) => {
    const count = state ? app.view.states[state] : app.view.nodes.length;
    const words = state ? t(`fleet.count.${state}`, { count }) : t("fleet.all", { count });
    const known = [...$("states").children].find((chip) => chip.dataset.chip === state);
    const chip = known ?? el("button", { type: "button", className: "chip", "data-chip": state, listen: { click: () => { wanted = state; draw(); } } });
    chip.setAttribute("aria-pressed", String(wanted === state));
    setText(chip, words);
    return chip;
  });
  if (wanted && !app.view.states[wanted]) wanted = "";
  arrange($("states"), chips);
}

function drawNotes() {
  const { broker, foreign, left_out: leftOut } = app.view;
  setText($("broker"), broker.target);
  setText($("unheard"), broker.unheard.map((reason) => t("fleet.unheard", { reason: text.said(reason) })).join(" "));
  show($("unheard"), broker.unheard.length > 0);
  const notes = [];
  if (foreign) notes.push(t("fleet.foreign", { count: foreign }));
  if (leftOut) notes.push(t("fleet.left_out", { count: leftOut }));
  setText($("foreign"), notes.join(" · "));
}

function draw() {
  const isOld = app.lostSince > 0 || (app.view && !app.view.broker.connected && app.view.nodes.length > 0);
  document.body.classList.toggle("lost", Boolean(isOld));
  document.body.classList.toggle("empty", !app.view);
  drawVerdict();
  show($("welcome"), !app.may.read);
  show($("logout"), app.may.read && app.may.act);
  if (!app.view) { node.close(); return; }
  drawStates();
  drawTable();
  drawNotes();
}

// --- logging in, language, begin ----------------------------------------------------------------

async function logIn(event) {
  event.preventDefault();
  let why = "";
  try {
    const reply = await fetch("/api/session", { method: "POST", body: JSON.stringify({ token: $("token").value }) });
    if (reply.status === 429) why = t("login.later", { duration: text.duration(Number(reply.headers.get("retry-after"))) });
    else if (!reply.ok) why = t("login.wrong");
  } catch { why = t("problem.no_answer"); }
  setText($("login-wrong"), why);
  if (why) { $("token").focus(); return; }
  $("token").value = "";
  await whoAmI();
  connect();
}

async function logOut() {
  try { await fetch("/api/session", { method: "DELETE" }); await whoAmI(); } catch { /* the next look tells */ }
  draw();
}

async function speak(language) {
  await text.load(language);
  $("language").value = language;
  text.translate(document);
  draw();
  node.draw();
}

function route() {
  const name = /^#node=(.+)$/.exec(location.hash)?.[1];
  if (!name || !app.may.read) { node.close(); return; }
  try { node.open(decodeURIComponent(name)); } catch { node.close(); }
}

$("login-form").addEventListener("submit", logIn);
$("logout").addEventListener("click", logOut);
$("filter").addEventListener("input", () => { if (app.view) drawTable(); });
$("language").addEventListener("change", (event) => { store("language", event.target.value); speak(event.target.value); });
addEventListener("hashchange", route);
node.begin();
listen({ update: draw, changed: draw, refused: draw });
setInterval(() => { if (app.view && !app.lostSince) { drawVerdict(); drawTable(); } }, 1000);
setInterval(watch, 1000);
const wished = stored("language");
await speak(["en", "pt-BR"].includes(wished) ? wished : text.language());
fetchIcons().then(draw, () => { /* the icon stays as it is */ });
try {
  await whoAmI();
  connect();
} catch { await watch(); }
draw();
route();
