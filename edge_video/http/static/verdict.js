// The verdict on top: one sentence, its colour and shape, the tab's title and its icon.

import { $, setShape, setText, show } from "./dom.js";
import { app, clockSkew } from "./state.js";
import { clockTime, duration, t } from "./text.js";

const PARTS = ["trouble", "slow", "starting", "paused", "stopped", "off_schedule", "off_expected", "elsewhere", "disabled"];
const MARKS = { ok: "✓", busy: "…", warn: "⚠", bad: "✗", unknown: "✗", none: "" };
const SHAPES = { ok: "OK", busy: "STARTING", warn: "WARN", bad: "CB_OPEN", unknown: "UNKNOWN", none: "UNKNOWN" };
const STALE_S = 5;

export function verdict() {
  if (!app.may.read) return { tone: "none", text: t("login.needed"), title: t("login.needed") };
  if (app.lostSince) return lost();
  if (!app.view) return { tone: "busy", text: t("verdict.connecting"), title: t("verdict.connecting") };
  if (app.view.stopping) return { tone: "warn", text: t("verdict.stopping") };
  if (app.view.supervisor_ago_s > STALE_S) return { tone: "unknown", text: t("verdict.stale"), detail: t("verdict.stale_help") };
  const cameras = camerasVerdict(app.view.verdict);
  const delivery = { lost: "bad", blocked: "bad", starting: "busy" }[app.view.verdict.delivery];
  if (delivery === undefined) return cameras;
  const broken = t(`verdict.delivery.${app.view.verdict.delivery}.${app.view.publisher.is_broker ? "broker" : "files"}`);
  const tone = delivery === "busy" && cameras.tone !== "ok" ? cameras.tone : delivery;
  return { tone, text: `${broken} · ${cameras.text}` };
}

function lost() {
  const at = app.view ? app.view.taken_at_ms + clockSkew() - (performance.now() - app.lostSince) : app.lostAtMs;
  const detail = app.view ? t("verdict.lost_help", { time: clockTime(Math.min(at, Date.now())) }) : t("verdict.lost_first");
  return { tone: "unknown", text: t("verdict.lost"), detail };
}

function camerasVerdict(counts) {
  const count = (health) => counts[health] ?? 0;
  const wrong = app.view.cameras.filter((camera) => camera.picture).length;
  if (app.view.cameras.length === 1 && !wrong) return single(app.view.cameras[0].health);
  const all = app.view.cameras.length;
  const streams = count("healthy") + count("slow");
  const wanted = all - count("disabled") - count("stopped") - count("paused") - count("off_schedule") - count("off_expected") - count("elsewhere");
  const parts = PARTS.filter(count).map((health) => t(`verdict.${health}`, { count: count(health) }));
  if (wrong) parts.push(t("verdict.picture", { count: wrong }));
  const whole = streams === all && !parts.length;
  let first = whole ? t("verdict.all", { count: all }) : t("verdict.some", { count: streams, all });
  if (!wanted) first = t("verdict.none_wanted");
  let tone = "ok";
  if (count("trouble")) tone = "bad";
  else if (wrong || count("slow") || count("paused") || count("stopped") || (!wanted && !count("off_schedule") && !count("off_expected") && !count("elsewhere"))) tone = "warn";
  else if (count("starting")) tone = "busy";
  else if (!app.view.verdict.is_good && app.view.verdict.delivery === "ok") tone = "warn";
  return { tone, text: [first, ...parts].join(" · ") };
}

const TONES = { healthy: "ok", starting: "busy", trouble: "bad", off_schedule: "ok", off_expected: "ok", elsewhere: "ok" };

const single = (health) => ({ tone: TONES[health] ?? "warn", text: t(`verdict.single.${health}`) });

// Fetched at the beginning: once the connection is lost, it is too late.
const icons = {};

export async function fetchIcons() {
  for (const name of ["ok", "warn", "bad", "unknown"]) {
    const answer = await fetch(`/favicon-${name}.svg`);
    icons[name] = URL.createObjectURL(await answer.blob());
  }
}

function drawIcon(name) {
  const icon = $("icon");
  if (icon.dataset.name === name || !icons[name]) return;
  icon.dataset.name = name;
  icon.href = icons[name];
}

let spoken = "";

export function drawVerdict() {
  const { tone, text, detail = "", title = text } = verdict();
  document.body.dataset.tone = tone;
  setShape($("verdict-shape"), SHAPES[tone]);
  setText($("verdict"), text.replaceAll(" · ", "\u00a0· ")); // no line begins with a dot
  setText($("verdict-detail"), detail);
  show($("verdict-detail"), detail !== "");
  // A screen reader hears the verdict when it changes, and nothing each second.
  if (spoken !== text) setText($("verdict-spoken"), text);
  spoken = text;
  const node = app.view?.node ?? "edge-video";
  const wanted = `${MARKS[tone]} ${title} · ${node}`.trim();
  if (document.title !== wanted) document.title = wanted;
  drawIcon({ ok: "ok", warn: "warn", bad: "bad" }[tone] ?? "unknown");
  setText($("node"), app.view?.node ?? "");
  setText($("uptime"), app.view ? t("uptime", { duration: duration(app.view.uptime_s) }) : "");
}
