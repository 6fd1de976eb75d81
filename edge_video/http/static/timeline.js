// What happened: on the page all of it, in a camera's dialog what concerns it.

import { $, el, show } from "./dom.js";
import { app, clockSkew } from "./state.js";
import { causeText, clockTime, duration, has, learn, said, t } from "./text.js";

const SHOWN = 25;
const PATIENCE_MS = 8000;
const TONES = {
  camera_failed: "warn", breaker_opened: "bad", probe_failed: "bad", breaker_closed: "good", camera_streaming: "good",
  publisher_connected: "good", publisher_lost: "bad", publisher_blocked: "warn", memory_level: "warn", cpu_shortage: "warn", actor_restarted: "warn",
};

let entries = [];
let version = -1;
let shown = SHOWN;
let fetching = false;

export function begin() {
  $("timeline-more").addEventListener("click", () => { shown += 100; drawTimeline(); });
}

export async function followTimeline() {
  if (fetching || app.view.timeline_version === version) return;
  fetching = true;
  try {
    const timeline = await fetched("/api/timeline");
    ({ entries, version } = timeline);
    drawTimeline();
  } catch { /* with the next update */ } finally { fetching = false; }
}

export async function timelineOf(cameraId) {
  return (await fetched(`/api/timeline?camera=${encodeURIComponent(cameraId)}`)).entries;
}

async function fetched(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) throw new Error(answer.statusText);
  const timeline = await answer.json();
  learn(timeline.sentences);
  return timeline;
}

export function drawTimeline() {
  show($("timeline-empty"), entries.length === 0);
  show($("timeline-more"), entries.length > shown);
  $("timeline-entries").replaceChildren(...entries.slice(0, shown).map((entry) => item(entry, true)));
}

export function drawEntries(list, wanted) {
  list.replaceChildren(...wanted.slice(0, 60).map((entry) => item(entry, false)));
}

function item(entry, withSubject) {
  const skew = app.view ? clockSkew() : 0;
  const at = entry.last_at_ms + skew;
  const what = el("span", { className: "text" });
  if (withSubject && entry.camera) {
    what.append(el("a", { href: `#camera=${encodeURIComponent(entry.camera)}`, text: entry.camera, className: "subject" }), " ");
  } else if (withSubject && !["", "publisher", "memory", "cpu"].includes(entry.subject)) {
    what.append(el("strong", { text: entry.subject }), " ");
  }
  what.append(el("span", { className: "what", text: sentence(entry) }));
  if (entry.count > 1) what.append(` (${t("timeline.times", { count: entry.count, time: clockTime(entry.first_at_ms + skew) })})`);
  const line = el("li", { "data-tone": TONES[entry.kind] ?? "none", "data-kind": entry.kind },
    el("time", { text: clockTime(at), datetime: new Date(at).toISOString() }), what);
  const detail = [said(entry.detail), afterwards(entry), entry.by ? t("timeline.by", { who: entry.by }) : ""].filter(Boolean).join(" · ");
  if (detail) line.append(el("span", { className: "detail", text: detail }));
  return line;
}

function sentence(entry) {
  const own = { memory_level: `memory.${entry.cause}`, cpu_shortage: `cpu.${entry.cause}` }[entry.kind];
  const cause = own && has(own) ? t(own) : causeText(entry.cause);
  return has(`entry.${entry.kind}`) ? t(`entry.${entry.kind}`, { cause }) : entry.kind;
}

// How long the trouble lasted that ended with this entry, and what it cost.
function afterwards(entry) {
  const facts = [];
  if (entry.lasted_s !== null) facts.push(t("timeline.lasted", { duration: duration(entry.lasted_s) }));
  if (entry.dropped) facts.push(t("delivery.cost", { count: entry.dropped }));
  return facts.join(", ");
}
