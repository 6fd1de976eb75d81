// The wall: a tile for each camera, all of one size, in groups, with a filter by name and state.

import { actionButton } from "./actions.js";
import { $, arrange, el, setShape, setText, shape, show, store, stored } from "./dom.js";
import { Screen } from "./pictures.js";
import { app, closedText, elsewhereText, fpsText, isResting, isTrouble, mainAction, offText, pictureText, shownState, sinceMs, sinceSeconds } from "./state.js";
import { clockTime, duration, language, t } from "./text.js";

const HEALTHS = ["trouble", "slow", "starting", "healthy", "paused", "stopped", "off_schedule", "off_expected", "elsewhere", "disabled"];
const WIDEST = 420;
const NARROWEST = 190;
const GAP = 12;
const tiles = new Map();
const groups = new Map();
let wanted = "all";

export function begin() {
  $("filter").addEventListener("input", drawWall);
  new ResizeObserver(() => { if (app.view) setColumns(); }).observe($("groups"));
}

function newTile(id, groupName) {
  const screen = new Screen(id);
  const short = groupName && id.startsWith(`${groupName}.`) ? id.slice(groupName.length + 1) : id;
  const tile = {
    screen, shape: shape("STARTING"), name: el("span", { className: "name", text: short, title: id }),
    line: el("span", { className: "line quiet" }), button: el("span", { className: "button" }), key: "",
  };
  tile.link = el("a", { className: "open", href: `#camera=${encodeURIComponent(id)}` }, screen.root,
    el("span", { className: "label" }, tile.shape, tile.name), tile.line);
  tile.root = el("li", { className: "tile", "data-camera": id }, tile.link, tile.button);
  return tile;
}

export function drawWall() {
  if (!app.view) return;
  const names = groupsOf(app.view.cameras);
  const text = $("filter").value.trim().toLowerCase();
  if (wanted !== "all" && !app.view.cameras.some((camera) => camera.health === wanted)) wanted = "all";
  drawStates(app.view.cameras);
  const visible = app.view.cameras.filter((camera) => camera.id.toLowerCase().includes(text) && (wanted === "all" || camera.health === wanted));
  const byGroup = new Map();
  for (const camera of visible) {
    const name = names.get(camera.id);
    byGroup.set(name, [...(byGroup.get(name) ?? []), camera]);
  }
  const titled = new Set(names.values()).size > 1;
  const order = [...byGroup].sort((a, b) => Boolean(a[0]) - Boolean(b[0])).reverse();
  const sorted = titled ? order.sort((a, b) => (a[0] === "") - (b[0] === "") || a[0].localeCompare(b[0])) : order;
  arrange($("groups"), sorted.map(([name, cameras]) => drawGroup(name, cameras, titled)));
  for (const [id, tile] of tiles) {
    if (!names.has(id)) { tile.screen.close(); tiles.delete(id); }
  }
  show($("nothing"), visible.length === 0);
  setColumns();
}

// Camera → its group, where at least two cameras are in it.
function groupsOf(cameras) {
  const counts = new Map();
  for (const { group } of cameras) counts.set(group, (counts.get(group) ?? 0) + 1);
  return new Map(cameras.map(({ id, group }) => [id, counts.get(group) > 1 ? group : ""]));
}

function drawGroup(name, cameras, titled) {
  if (!groups.has(name)) groups.set(name, newGroup(name));
  const group = groups.get(name);
  group.root.classList.toggle("titled", titled);
  setText(group.title, name || t("group.other"));
  setText(group.counts, countsText(cameras));
  if (!titled) group.root.open = true;
  arrange(group.list, cameras.map((camera) => drawTile(camera, titled ? name : "")));
  return group.root;
}

function newGroup(name) {
  const group = { title: el("h3"), counts: el("span", { className: "quiet" }), list: el("ul", { className: "grid" }) };
  group.root = el("details", { className: "group", "data-group": name }, el("summary", {}, group.title, group.counts), group.list);
  group.root.open = stored(`closed.${name}`) !== "yes";
  group.root.addEventListener("toggle", () => store(`closed.${name}`, group.root.open ? "no" : "yes"));
  return group;
}

function countsText(cameras) {
  const parts = [t("group.cameras", { count: cameras.length })];
  for (const health of HEALTHS) {
    const count = cameras.filter((camera) => camera.health === health).length;
    if (count && health !== "healthy") parts.push(t(`verdict.${health}`, { count }));
  }
  return parts.join(" · ");
}

function drawTile(camera, groupName) {
  if (!tiles.has(camera.id)) tiles.set(camera.id, newTile(camera.id, groupName));
  const tile = tiles.get(camera.id);
  const state = shownState(camera);
  tile.camera = camera;
  tile.root.dataset.state = state;
  tile.root.dataset.health = camera.health;
  tile.root.toggleAttribute("data-picture", Boolean(camera.picture));
  setShape(tile.shape, state);
  const word = t(`word.${state}`);
  const label = [camera.id, word, pictureText(camera)].filter(Boolean).join(", ");
  if (tile.link.getAttribute("aria-label") !== label) tile.link.setAttribute("aria-label", label);
  const action = isResting(camera) && app.view.actions ? mainAction(camera) : "";
  const key = [language(), action].join();
  if (tile.key !== key) {
    tile.key = key;
    const focused = tile.button.contains(document.activeElement);
    tile.button.replaceChildren(...(action ? [actionButton(camera, action)] : []));
    if (focused) (tile.button.firstElementChild ?? tile.link).focus();
  }
  tickTile(tile);
  return tile.root;
}

function tickTile(tile) {
  const { camera } = tile;
  const word = t(`word.${shownState(camera)}`);
  if (app.lostSince) setText(tile.line, word);
  else if (camera.health === "healthy") setText(tile.line, pictureText(camera) ? `⚠ ${pictureText(camera)}` : fpsText(camera));
  else if (camera.health === "off_schedule") setText(tile.line, closedText(camera));
  else if (camera.health === "off_expected") setText(tile.line, offText(camera));
  else if (camera.health === "elsewhere") setText(tile.line, elsewhereText(camera));
  else setText(tile.line, `${word} · ${t("since", { duration: duration(sinceSeconds(camera)) })}`);
  tile.line.title = t("since_at", { time: clockTime(sinceMs(camera)) });
  tile.screen.tick();
}

export function tickWall() {
  if (!app.view) return;
  for (const tile of tiles.values()) if (tile.screen.inView) tickTile(tile);
}

// --- the states as buttons -------------------------------------------------------------------

const states = new Map();

function drawStates(cameras) {
  const shown = ["all", ...HEALTHS.filter((health) => cameras.some((camera) => camera.health === health))];
  show($("states"), shown.length > 2);
  for (const health of shown) {
    if (!states.has(health)) {
      const button = el("button", { type: "button", className: "chip", "data-health": health, listen: { click: () => { wanted = health; drawWall(); } } });
      states.set(health, button);
    }
    const button = states.get(health);
    const count = health === "all" ? cameras.length : cameras.filter((camera) => camera.health === health).length;
    setText(button, t(`state.${health}`, { count }));
    button.setAttribute("aria-pressed", String(wanted === health));
  }
  arrange($("states"), shown.map((health) => states.get(health)));
}

// --- columns: as many as leave the fewest places of the last row empty ------------------------

function setColumns() {
  const width = $("groups").clientWidth;
  if (!width) return;
  const sizes = [...$("groups").children].map((group) => group.querySelector(".grid").childElementCount);
  if (sizes.length) $("groups").style.setProperty("--columns", columnsFor(width, sizes));
}

// As large as they may be, where there are few; small enough for many; and even rows before all.
export function columnsFor(width, sizes) {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (width < 500) return total > 4 && width >= 290 ? 2 : 1;
  const widest = { 1: width, 2: 700, 3: 620, 4: 620 }[total] ?? WIDEST;
  const most = Math.max(1, Math.min(Math.max(...sizes), Math.floor((width + GAP) / (NARROWEST + GAP))));
  const least = Math.min(most, Math.ceil((width + GAP) / (widest + GAP)));
  if (total === 1) return 1;
  const usual = total > 24 ? 220 : total > 4 ? 290 : 460;
  const empty = (columns) => sizes.reduce((sum, size) => sum + ((columns - (size % columns)) % columns), 0);
  const badness = (columns) => empty(columns) / columns + Math.abs((width + GAP) / columns - GAP - usual) / 200;
  let best = least;
  for (let columns = least; columns <= most; columns += 1) if (badness(columns) < badness(best)) best = columns;
  return best;
}

export const worstFirst = (cameras) => [...cameras].sort((a, b) => isTrouble(b) - isTrouble(a));
