// One camera, large and live, with all that is known of it. `#camera=door` leads here.

import { actionButton, isBusy } from "./actions.js";
import { drawCurve } from "./curve.js";
import * as day from "./day.js";
import { drawManage } from "./edit.js";
import { $, el, setShape, setText, show } from "./dom.js";
import { Screen } from "./pictures.js";
import { actionsOf, adviceOf, app, cameraOf, doingOf, fpsText, isRare, shownState, sinceMs, sinceSeconds, whyOf } from "./state.js";
import { ago, causeText, clockTime, duration, language, megabytes, number, rate, said, share, t } from "./text.js";
import { drawEntries, timelineOf } from "./timeline.js";

const SAME_AFTER_S = 5; // a picture that is the same for longer is told

let id = "";
let openedId = "";
let screen = null;
let timelineVersion = -1;
let buttonsKey = "";
let detailsKey = "";

export const isOpen = () => $("camera-dialog").open;
export const isMine = (one) => one === screen;

export function begin() {
  const dialog = $("camera-dialog");
  $("camera-close").addEventListener("click", () => dialog.close());
  $("camera-before").addEventListener("click", () => step(-1));
  $("camera-after").addEventListener("click", () => step(1));
  dialog.addEventListener("close", closed);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); }); // beside it
  dialog.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select") || event.altKey || event.ctrlKey || event.metaKey) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) { event.preventDefault(); step(by); }
  });
}

export function open(wanted) {
  id = wanted;
  timelineVersion = -1;
  buttonsKey = detailsKey = "";
  $("camera-entries").replaceChildren();
  day.turnTo(id);
  if (screen) screen.turnTo(id);
  else {
    screen = new Screen(id, { live: true });
    $("camera-screen").replaceChildren(screen.root);
  }
  if (!isOpen()) {
    openedId = id;
    $("camera-dialog").showModal();
  }
  drawCamera();
}

export function close() {
  if (isOpen()) $("camera-dialog").close();
}

function closed() {
  screen?.close();
  screen = null;
  document.body.append($("toast"));
  if (location.hash.startsWith("#camera=")) history.replaceState(null, "", location.pathname);
  // The browser gives the focus back to where it was; after ← and → that is another camera.
  if (id !== openedId) document.querySelector(`.tile[data-camera="${CSS.escape(id)}"] .open`)?.focus({ preventScroll: false });
}

// To the camera before or behind it, in the order of the configuration, around the corner.
function step(by) {
  const ids = app.view.cameras.map((camera) => camera.id);
  const next = ids[(ids.indexOf(id) + by + ids.length) % ids.length];
  history.replaceState(null, "", `#camera=${encodeURIComponent(next)}`);
  open(next);
}

export function drawCamera() {
  if (!isOpen() || !app.view) return;
  const camera = cameraOf(id);
  setText($("camera-title"), id);
  show($("camera-unknown"), !camera);
  show($("camera-known"), Boolean(camera));
  if (!camera) { setText($("camera-unknown"), t("camera.unknown", { camera: id })); return; }
  const state = shownState(camera);
  $("camera-dialog").dataset.state = state;
  setShape($("camera-shape"), state);
  setText($("camera-word"), t(`word.${state}`));
  drawButtons(camera);
  drawSpark(camera);
  day.followDay(camera);
  drawDetails(camera);
  drawManage(camera);
  show($("camera-off"), !app.view.actions);
  tickCamera();
  followTimeline();
}

export function tickCamera() {
  const camera = isOpen() && app.view ? cameraOf(id) : undefined;
  if (!camera) return;
  setText($("camera-since"), t("since", { duration: duration(sinceSeconds(camera)) }));
  $("camera-since").title = t("since_at", { time: clockTime(sinceMs(camera)) });
  setText($("camera-fps"), fpsText(camera));
  const why = whyOf(camera);
  show($("camera-row-why"), why !== null);
  setText($("camera-why"), why?.text ?? "");
  setText($("camera-evidence"), why?.evidence ?? "");
  setText($("camera-doing"), isBusy(`${id}/retry`) ? t("doing.HALF_OPEN") : doingOf(camera));
  const advice = adviceOf(camera);
  show($("camera-row-can"), advice !== "");
  setText($("camera-can"), advice);
  show($("camera-explanation"), camera.health !== "healthy" || Boolean(camera.picture));
  screen?.tick();
}

function drawButtons(camera) {
  const actions = app.view.actions ? actionsOf(camera) : [];
  const key = [language(), id, whyOf(camera)?.cause, ...actions].join();
  if (buttonsKey === key) return;
  buttonsKey = key;
  const home = $("camera-buttons");
  const focused = home.contains(document.activeElement) ? document.activeElement.dataset.action : null;
  home.replaceChildren(...actions.map((action) => actionButton(camera, action)));
  if (focused) (home.querySelector(`[data-action="${focused}"]`) ?? home.firstElementChild ?? $("camera-close")).focus();
}

function drawSpark(camera) {
  const points = [...camera.history, ...(camera.fps === null ? [] : [camera.fps])].slice(-120);
  show($("camera-history"), points.length > 1);
  drawCurve($("camera-spark"), points, camera.target_fps, 24);
  $("camera-spark").setAttribute("aria-label", t("fps_history", { target: rate(camera.target_fps), fps: rate(camera.fps) }));
}

function decoderText({ wanted, used, encodes, reason }) {
  if (reason) return t("decoded_in_software", { hwaccel: wanted, reason: said(reason) });
  if (used === "software") return t("details.decoder.software");
  return encodes ? t("details.decoder.encodes", { hwaccel: used }) : used;
}

function modeText(camera) {
  if (camera.mode !== "snapshot") return t(`details.mode.${camera.mode}`);
  return isRare(camera) ? t("details.mode.rare", { interval: duration(camera.interval_s) }) : t("details.mode.snapshot", { fps: rate(camera.target_fps) });
}

function lastFrame(camera) {
  if (camera.last_frame_ago_s === null) return t("never");
  const same = (camera.unchanged_s ?? 0) >= SAME_AFTER_S;
  return ago(camera.last_frame_ago_s) + (same ? ` · ${t("unchanged", { lasted: duration(camera.unchanged_s) })}` : "");
}

function drawDetails(camera) {
  const recent = camera.recent ?? {};
  const drops = (recent.dropping ? `${t("details.dropping")} · ` : "") + t("details.drops_value", { recent: recent.dropped_5m ?? 0, count: camera.dropped });
  const rows = [
    ["details.uptime", `${share(camera.uptime_24h)} ${t("details.uptime.24h")} · ${share(camera.uptime_7d)} ${t("details.uptime.7d")}`],
    ["details.picture", camera.width ? `${camera.width}×${camera.height}` : t("not_available")],
    ["details.last_frame", lastFrame(camera)],
    ["details.latency", camera.latency_s === null ? t("not_available") : `≤ ${number(camera.latency_s * 1000)} ms`],
    ["details.received", number(camera.received)],
    ["details.drops", drops],
    ["details.failures", camera.failure ? t("details.failures_value", { count: recent.failures_5m ?? 0, cause: causeText(camera.failure.cause), ago: ago(camera.failure.ago_s) }) : t("details.no_failure")],
    ["details.attempts", number(camera.attempts)],
    ["details.mode", modeText(camera)],
    ["details.source", camera.url],
  ];
  if (camera.epoch !== null) rows.push(["details.epoch", String(camera.epoch)]);
  if (camera.unchanged) rows.push(["details.unchanged", number(camera.unchanged)]);
  if (camera.breaker.consecutive_failures) rows.push(["details.in_a_row", number(camera.breaker.consecutive_failures)]);
  if (camera.masks) rows.push(["details.masks", t(camera.masks === 1 ? "details.mask" : "details.masks_value", { count: camera.masks })]);
  if (camera.decoding) rows.push(["details.decoder", decoderText(camera.decoding)]);
  if (camera.ffmpeg_rss_bytes !== null) rows.push(["details.memory", megabytes(camera.ffmpeg_rss_bytes)]);
  if (app.view.version) rows.push(["details.version", `edge-video ${app.view.version}`]);
  const key = JSON.stringify([language(), rows]);
  if (detailsKey === key) return;
  detailsKey = key;
  $("camera-details").replaceChildren(...rows.flatMap(([name, value]) => [el("dt", { text: t(name) }), el("dd", { text: value })]));
}

async function followTimeline() {
  if (timelineVersion === app.view.timeline_version) return;
  timelineVersion = app.view.timeline_version;
  const wanted = id;
  try {
    const entries = await timelineOf(wanted);
    if (wanted !== id) return;
    drawEntries($("camera-entries"), entries);
    show($("camera-entries-empty"), entries.length === 0);
  } catch { timelineVersion = -1; }
}
