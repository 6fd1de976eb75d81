// One node with all that is known of it, in a dialog; and what is said of nodes and cameras.

import { $, el, setText, shape, show } from "/dom.js";
import { app } from "/state.js";
import * as text from "/text.js";

const { t } = text;
const LOOK_MS = 2000;
const NODE_SHAPES = { silent: "CB_OPEN", trouble: "CB_OPEN", warn: "WARN", partial: "UNKNOWN", left: "STOPPED", ok: "OK" };
const CAMERA_SHAPES = { trouble: "CB_OPEN", slow: "WARN", starting: "STARTING", healthy: "OK" };
let opened = "";
let found = null;
let foundAt = 0;
let timer = 0;

export const shapeOf = (state) => NODE_SHAPES[state] ?? "UNKNOWN";

const known = (key, other) => (text.has(key) ? t(key) : other);

export function remarksOf(node, laterS = 0) {
  const names = node.worst.map((camera) => camera.id).join(", ");
  let isNamed = false;
  return node.remarks.map((remark) => {
    const facts = { ...remark, ago: text.duration(node.heard_ago_s + laterS), reason: text.said(remark.reason ?? "") };
    if (remark.seconds !== undefined) facts.off = text.duration(remark.seconds);
    const words = t(`fleet.remark.${remark.key}`, facts);
    if (isNamed || !names || !["cameras", "slow", "pictures"].includes(remark.key)) return words;
    isNamed = true;
    return `${words} (${names})`;
  });
}

function causeOf(camera) {
  if (!camera.cause) return "";
  const at = camera.text.indexOf(" (");
  return known(`cause.${camera.cause}`, camera.text || camera.cause) + (at < 0 ? "" : camera.text.slice(at));
}

function cameraRow(camera) {
  const fps = camera.fps === null ? "" : `${text.rate(camera.fps)}${camera.expected_fps === null ? "" : ` / ${text.rate(camera.expected_fps)}`} fps`;
  const since = camera.for_s === null ? "" : t("fleet.for", { duration: text.duration(camera.for_s) });
  const why = [camera.picture ? known(`picture_state.${camera.picture}`, camera.picture) : "", causeOf(camera),
    camera.epoch ? t("fleet.epoch", { epoch: String(camera.epoch) }) : ""].filter(Boolean).join(", ");
  return el("li", { "data-state": camera.health === "trouble" ? "trouble" : camera.health },
    shape(CAMERA_SHAPES[camera.health] ?? "STOPPED"),
    el("span", { className: "name", text: camera.id, title: camera.id }),
    el("span", { className: "word", text: known(`fleet.health.${camera.health}`, camera.health) }),
    el("span", { className: "fps", text: fps || since }),
    el("span", { className: "why", text: fps && since ? [since, why].filter(Boolean).join(", ") : why }));
}

function factsOf(node) {
  const facts = [["fleet.heard_label", t("ago", { duration: text.duration(node.heard_ago_s) })]];
  if (node.version) facts.push(["fleet.version", node.version], ["fleet.uptime", text.duration(node.uptime_s)]);
  if (node.delivery) {
    const { state, reason, target, down_for_s: downS } = node.delivery;
    const down = downS === null ? "" : ` ${t("fleet.for", { duration: text.duration(downS) })}`;
    facts.push(["fleet.delivery", `${known(`fleet.delivery.${state}`, state)}${down} ${target}${reason ? `, ${text.said(reason)}` : ""}`]);
    facts.push(["fleet.frames", t("fleet.delivered", { published: node.delivery.published, dropped: node.delivery.dropped,
      lately: node.delivery.dropped_5m, lost: node.delivery.connections_lost })]);
  }
  if (node.process) {
    const used = node.process;
    facts.push(["fleet.machine", t("fleet.used", { machine_cpu: text.percent(used.system_cpu_percent),
      machine_ram: text.percent(used.system_ram_used_percent), cpu: text.percent(used.cpu_percent, 1), ram: text.number(used.rss_bytes / 1048576),
      ffmpegs: used.ffmpeg_processes, ffmpeg_cpu: text.percent(used.ffmpeg_cpu_percent, 1), ffmpeg_ram: text.number(used.ffmpeg_rss_bytes / 1048576) })]);
  }
  if (node.config) facts.push(["fleet.config", [node.config.hash, node.config.profile ? t("fleet.profile", { profile: node.config.profile }) : ""].filter(Boolean).join(", ")]);
  if (node.cluster) facts.push(["fleet.cluster", t("fleet.owns", { group: node.cluster.group,
    owned: Object.keys(node.cluster.owned).length + node.cluster.owned_left_out, cameras: node.cluster.cameras })]);
  const restarts = Object.entries(node.restarts);
  if (restarts.length) facts.push(["fleet.restarts", restarts.map(([name, count]) => `${name} ${count}`).join(", ")]);
  return facts.flatMap(([key, words]) => [el("dt", { text: t(key) }), el("dd", { text: words })]);
}

export function draw() {
  if (!opened) return;
  setText($("node-title"), found ? `${opened} · ${t(`fleet.state.${found.state}`)}` : opened);
  show($("node-unknown"), found === null && foundAt > 0);
  show($("node-known"), found !== null);
  if (!found) return;
  $("node-dialog").dataset.state = found.state;
  $("node-remarks").replaceChildren(...remarksOf(found).map((words) => el("li", { text: words })));
  $("node-facts").replaceChildren(...factsOf(found));
  const cameras = found.camera_list.map(cameraRow);
  if (found.cameras_left_out) cameras.push(el("li", {}, el("span"), el("span", { text: t("fleet.more_cameras", { count: found.cameras_left_out }) })));
  if (!cameras.length) cameras.push(el("li", {}, el("span"), el("span", { text: t("fleet.no_cameras") })));
  $("node-cameras").replaceChildren(...cameras);
  const happened = found.happened.map((each) => el("li", {}, el("time", { text: text.duration(each.ago_s) }),
    el("span", {}, el("span", { className: "subject", text: `${each.event} ${each.camera_id}` }), ` ${each.text}`)));
  if (!happened.length) happened.push(el("li", { className: "quiet", text: t("fleet.nothing_happened") }));
  $("node-happened").replaceChildren(...happened);
}

async function look() {
  const asked = opened;
  if (!asked || app.lostSince) return;
  try {
    const answer = await fetch(`/api/nodes/${encodeURIComponent(asked)}`, { signal: AbortSignal.timeout(4000) });
    if (asked !== opened) return;
    if (answer.ok) found = await answer.json();
    else if (answer.status === 404) found = null;
    else return;
    foundAt = performance.now();
    draw();
  } catch { /* the watch over the updates tells that nobody answers */ }
}

export function open(name) {
  opened = name;
  found = null;
  foundAt = 0;
  if (!$("node-dialog").open) $("node-dialog").showModal();
  draw();
  look();
  clearInterval(timer);
  timer = setInterval(look, LOOK_MS);
}

export function close() {
  clearInterval(timer);
  opened = "";
  if ($("node-dialog").open) $("node-dialog").close();
}

export function begin() {
  $("node-close").addEventListener("click", () => $("node-dialog").close());
  $("node-dialog").addEventListener("close", () => {
    clearInterval(timer);
    opened = "";
    if (location.hash.startsWith("#node=")) history.replaceState(null, "", location.pathname);
  });
}
