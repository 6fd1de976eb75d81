// The last 24 hours of one camera: fetched when it is opened, and then every five minutes.

import { drawCurve } from "./curve.js";
import { $, show } from "./dom.js";
import { clockSkew } from "./state.js";
import { clockTime, duration, language, rate, t } from "./text.js";

const EVERY_MS = 300000; // as often as there is something new
const AGAIN_MS = 30000; // after a failure
const PATIENCE_MS = 8000;
const SLOTS = 288; // of five minutes

let id = "";
let day = null;
let dueAt = 0; // performance.now()
let drawnKey = "";

export function turnTo(wanted) {
  id = wanted;
  day = null;
  dueAt = 0;
  drawnKey = "";
  show($("camera-day"), false);
}

export function followDay(camera) {
  if (performance.now() >= dueAt) fetchDay(camera);
  drawDay(camera);
}

async function fetchDay(camera) {
  dueAt = performance.now() + EVERY_MS;
  try {
    const answer = await fetch(`/api/cameras/${encodeURIComponent(camera.id)}/history`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new Error(answer.statusText);
    const fetched = await answer.json();
    if (camera.id !== id) return;
    day = fetched;
    drawDay(camera);
  } catch { if (camera.id === id) dueAt = performance.now() + AGAIN_MS; }
}

function drawDay(camera) {
  const key = [language(), camera.target_fps, day?.at_ms].join();
  if (!day || drawnKey === key) return;
  drawnKey = key;
  show($("camera-day"), day.fps.filter((fps) => fps !== null).length > 1);
  drawCurve($("camera-day-curve"), day.fps, camera.target_fps, SLOTS);
  const text = inWords(camera);
  $("camera-day-curve").setAttribute("aria-label", text);
  $("camera-day").title = text;
}

// What the curve shows, for whoever does not see it.
function inWords(camera) {
  const last = day.fps.length - 1;
  const steps = day.fps.map((fps, i) => ({ fps, i, seconds: i === last ? day.newest_s : day.step_s })).filter(({ fps }) => fps !== null);
  if (!steps.length) return "";
  const known = steps.reduce((sum, { seconds }) => sum + seconds, 0);
  const frames = steps.reduce((sum, { fps, seconds }) => sum + fps * seconds, 0);
  const least = steps.reduce((a, b) => (b.fps < a.fps ? b : a));
  const began = day.at_ms - (day.newest_s + (last - least.i) * day.step_s) * 1000;
  return t("fps_day", {
    known: duration(known), target: rate(camera.target_fps), mean: rate(known ? frames / known : least.fps), least: rate(least.fps),
    time: clockTime(began + clockSkew(), { seconds: false }), most: rate(Math.max(...steps.map(({ fps }) => fps))) });
}
