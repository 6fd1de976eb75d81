// The delivery of frames, and the machine that does it.

import { publisherRetry } from "./actions.js";
import { $, setShape, setText, show } from "./dom.js";
import { app, clockSkew, sinceView } from "./state.js";
import { clockTime, duration, megabytes, percent, rate, said, t } from "./text.js";

const DOWN_LONG_S = 2;

export function begin() {
  $("delivery-retry").addEventListener("click", publisherRetry);
}

export function drawDelivery() {
  if (!app.view) return;
  const { publisher, verdict } = app.view;
  const kind = publisher.is_broker ? "broker" : "files";
  const tone = app.lostSince ? "unknown" : { ok: "ok", starting: "busy" }[verdict.delivery] ?? "bad";
  $("delivery").dataset.tone = tone;
  setShape($("delivery-shape"), { ok: "OK", busy: "STARTING", bad: "CB_OPEN", unknown: "UNKNOWN" }[tone]);
  setText($("delivery-title"), t(`delivery.${kind}`));
  setText($("delivery-state"), app.lostSince ? t("word.UNKNOWN") : t(`delivery.${verdict.delivery}.${kind}`, { target: where(publisher) }));
  $("delivery-state").title = publisher.target;
  setText($("delivery-trouble"), tone === "bad" ? troubleText(publisher) : "");
  show($("delivery-trouble"), tone === "bad");
  setText($("delivery-next"), tone === "bad" ? nextText(publisher) : "");
  show($("delivery-retry"), Boolean(publisher.can_retry) && app.view.actions && tone === "bad");
  setText($("delivery-numbers"), numbersText(publisher, tone));
}

function troubleText(publisher) {
  const facts = [];
  const down = publisher.down_for_s;
  if (down !== null && down !== undefined) facts.push(t("delivery.down_for", { duration: duration(down + sinceView()) }));
  if (publisher.reason) facts.push(said(publisher.reason));
  if (publisher.failed_attempts > 1) facts.push(t("delivery.attempts", { count: publisher.failed_attempts }));
  const outage = lastOutage(publisher);
  if (outage && outage.ended_at_ms === null && outage.dropped) facts.push(t("delivery.cost", { count: outage.dropped }));
  return facts.join(" · ");
}

function nextText(publisher) {
  if (publisher.state === "connecting") return t("delivery.trying");
  if (publisher.retry_in_s === null || publisher.state !== "waiting") return "";
  const left = Math.ceil(publisher.retry_in_s - sinceView());
  return left > 0 ? t("next_try.in_words", { countdown: duration(left) }) : t("delivery.trying");
}

// The name and port; how one logs in there is in the tooltip.
const where = (publisher) => (publisher.is_broker ? publisher.target.replace(/^\w+:\/\/([^@/]*@)?/, "") : publisher.target);

const lastOutage = (publisher) => (publisher.outages ?? []).at(-1);

function numbersText(publisher, tone) {
  const { totals, recent } = app.view;
  const kind = publisher.is_broker ? "broker" : "files";
  const facts = [t(`delivery.delivered.${kind}`, { count: totals.confirmed })];
  if (totals.errors) facts.push(t("delivery.errors", { count: totals.errors }));
  facts.push(t("delivery.dropped", { count: totals.dropped }));
  if (totals.unchanged) facts.push(t("delivery.unchanged", { count: totals.unchanged }));
  if (publisher.connections_lost) facts.push(t("delivery.connections_lost", { count: publisher.connections_lost }));
  if (recent?.dropped_5m) facts.push(t("delivery.dropped_5m", { count: recent.dropped_5m }));
  const outage = lastOutage(publisher);
  if (tone === "ok" && outage && outage.ended_at_ms !== null && outage.lasted_s >= DOWN_LONG_S) {
    facts.push(t("delivery.last_outage", {
      reason: said(outage.reason), time: clockTime(outage.started_at_ms + clockSkew(), { seconds: false }), count: outage.dropped,
      duration: duration(outage.lasted_s) }));
  }
  return facts.join(" · ");
}

export function drawMachine() {
  const process = app.view?.process;
  show($("machine"), Boolean(process));
  if (!process) return;
  const rows = {
    "machine-process": t("machine.use", { cpu: percent(process.cpu_percent, 1), ram: megabytes(process.rss_bytes) }),
    "machine-ffmpeg": t("machine.use", { cpu: percent(process.ffmpeg_cpu_percent, 1), ram: megabytes(process.ffmpeg_rss_bytes) }),
    "machine-total": t("machine.total", {
      cpu: percent(process.machine_cpu_percent), ram: percent(process.machine_ram_used_percent),
      total: rate(process.machine_ram_bytes / 1073741824) }),
  };
  for (const [id, text] of Object.entries(rows)) setText($(id), text);
  setText($("machine-ffmpeg-name"), t("machine.ffmpeg", { count: process.ffmpeg_processes }));
  const level = process.memory_level;
  show($("machine-level"), level !== "normal");
  if (level !== "normal") setText($("machine-level"), t(`memory.${level}`));
  const short = process.cpu_shortage;
  show($("machine-cpu"), Boolean(short));
  if (short) {
    setText($("machine-cpu"), t(`cpu.short.${short.bound}`, {
      used: percent(short.used_percent), cores: rate(short.cores), others: rate(short.others_cores),
      stolen: percent(short.stolen_percent), camera: short.camera || "–", percent: percent(short.camera_percent) }));
  }
}
