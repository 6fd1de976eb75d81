// The wall mode: pictures only, for a screen that hangs in the office. `#wall` leads here.

import { $, arrange, el, setShape, setText, shape, show } from "./dom.js";
import { Screen } from "./pictures.js";
import { app, isResting, isTrouble, shownState, sinceSeconds, whyOf } from "./state.js";
import { clockTime, duration, t } from "./text.js";
import { verdict } from "./verdict.js";
import { worstFirst } from "./wall.js";

const TURN_MS = 10000; // then the next page, and the next camera in trouble comes to the front
const NARROWEST = 260;
const places = new Map();
let open = false;
let turn = 0;
let turnedAt = 0;

export const isOpen = () => open;
export const isMine = (screen) => [...places.values()].some((place) => place.screen === screen);

export function begin() {
  $("office-open").addEventListener("click", () => {
    location.hash = "#wall";
    document.documentElement.requestFullscreen?.().catch(() => { /* it need not fill the screen */ });
  });
  $("office-close").addEventListener("click", leave);
  document.addEventListener("keydown", (event) => { if (open && event.key === "Escape") leave(); });
  document.addEventListener("fullscreenchange", () => { if (open && !document.fullscreenElement && wasFull) leave(); wasFull = Boolean(document.fullscreenElement); });
  addEventListener("resize", () => { if (open) drawOffice(); });
}

let wasFull = false;

export function enter() {
  open = true;
  turn = 0;
  turnedAt = performance.now();
  document.body.classList.add("office");
  show($("office"), true);
  $("office-close").focus();
  drawOffice();
}

function leave() {
  history.replaceState(null, "", location.pathname);
  close();
}

export function close() {
  if (!open) return;
  open = false;
  document.body.classList.remove("office");
  show($("office"), false);
  for (const place of places.values()) place.screen.close();
  places.clear();
  $("office-places").replaceChildren();
  if (document.fullscreenElement) document.exitFullscreen().catch(() => { /* it has left already */ });
  $("office-open").focus();
}

export function drawOffice() {
  if (!open) return;
  const { tone, text } = verdict();
  $("office").dataset.tone = tone;
  setShape($("office-shape"), { ok: "OK", busy: "STARTING", warn: "WARN", bad: "CB_OPEN" }[tone] ?? "UNKNOWN");
  setText($("office-verdict"), text);
  setText($("office-time"), clockTime(Date.now(), { seconds: false }));
  if (!app.view) return;
  if (performance.now() - turnedAt > TURN_MS) { turn += 1; turnedAt = performance.now(); }
  const wanted = app.view.cameras.filter((camera) => !isResting(camera));
  const { columns, rows } = layout(innerWidth, innerHeight - $("office-bar").offsetHeight, wanted.length);
  const shown = page(wanted, columns * rows);
  $("office-places").style.setProperty("--columns", columns);
  $("office-places").style.setProperty("--rows", Math.min(rows, Math.ceil(shown.length / columns)));
  for (const [id, place] of places) {
    if (!shown.some((camera) => camera.id === id)) { place.screen.close(); places.delete(id); }
  }
  arrange($("office-places"), shown.map(drawPlace));
  const pages = Math.ceil(wanted.length / Math.max(1, shown.length));
  setText($("office-page"), pages > 1 ? t("office.page", { page: (turn % pages) + 1, pages }) : "");
}

// As large as fits, 16 by 9, without scrolling; not smaller than one can see from a chair.
export function layout(width, height, count) {
  let best = { columns: 1, rows: 1, size: 0 };
  for (let columns = 1; columns <= Math.max(1, Math.floor(width / NARROWEST)); columns += 1) {
    const rows = Math.ceil(count / columns);
    const size = Math.min(width / columns, (height / rows) * (16 / 9));
    if (size > best.size) best = { columns, rows, size };
  }
  if (best.size >= NARROWEST) return best;
  const columns = Math.max(1, Math.floor(width / NARROWEST));
  return { columns, rows: Math.max(1, Math.floor(height / (width / columns) / (9 / 16))), size: width / columns };
}

// Trouble comes first, each of it in turn; what does not fit takes turns, too.
function page(cameras, room) {
  const trouble = worstFirst(cameras).filter(isTrouble);
  const calm = cameras.filter((camera) => !isTrouble(camera));
  const first = rotated(trouble, turn).slice(0, room);
  const left = room - first.length;
  return [...first, ...(calm.length <= left ? calm : rotated(calm, turn * left).slice(0, left))];
}

const rotated = (list, by) => (list.length ? [...list.slice(by % list.length), ...list.slice(0, by % list.length)] : []);

function drawPlace(camera) {
  if (!places.has(camera.id)) places.set(camera.id, newPlace(camera.id));
  const place = places.get(camera.id);
  const state = shownState(camera);
  place.root.dataset.state = state;
  place.root.dataset.health = camera.health;
  setShape(place.shape, state);
  const why = whyOf(camera)?.text ?? t(`word.${state}`);
  setText(place.words, camera.health === "healthy" || app.lostSince ? "" : `${why} · ${duration(sinceSeconds(camera))}`);
  place.screen.tick();
  return place.root;
}

function newPlace(id) {
  const place = { screen: new Screen(id), shape: shape("STARTING"), words: el("span", { className: "words" }) };
  place.root = el("li", { className: "place", "data-camera": id }, place.screen.root,
    el("p", { className: "caption" }, place.shape, el("strong", { text: id }), place.words));
  return place;
}
