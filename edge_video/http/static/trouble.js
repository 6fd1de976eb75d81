// What is wrong, one row for each camera: forty of them are still a list.

import { actionButton, isBusy, retryAll } from "./actions.js";
import { $, arrange, el, setShape, setText, shape, show } from "./dom.js";
import { app, isTrouble, mayLock, nextTryOf, shownState, sinceMs, sinceSeconds, stateOf, whyOf } from "./state.js";
import { clockTime, duration, language, t } from "./text.js";

const FEW = 8; // rows at first; more of them on request
const RANK = { trouble: 0, slow: 1 };
const rows = new Map();
let all = false;

export function begin() {
  $("trouble-retry").addEventListener("click", () => retryAll(waiting()));
  $("trouble-more").addEventListener("click", () => { all = !all; drawTrouble(); });
}

// Those that wait, and come to no harm by another try.
const waiting = () => app.view.cameras.filter((camera) => stateOf(camera) === "CB_OPEN" && !mayLock(camera));

function newRow(id) {
  const row = {
    shape: shape("WARN"), state: el("span", { className: "state" }), name: el("a", { className: "name", text: id, href: `#camera=${encodeURIComponent(id)}` }),
    why: el("strong", { className: "why" }), evidence: el("span", { className: "evidence quiet" }),
    since: el("span", { className: "since" }), next: el("span", { className: "next" }), button: el("span", { className: "button" }), key: "",
  };
  row.root = el("li", { className: "row", "data-camera": id },
    el("span", { className: "who" }, row.shape, row.name, row.state),
    el("span", { className: "reason" }, row.why, " ", row.evidence), row.since, row.next, row.button);
  return row;
}

export function drawTrouble() {
  const cameras = app.view.cameras.filter(isTrouble)
    .sort((a, b) => RANK[a.health] - RANK[b.health] || sinceMs(b) - sinceMs(a) || a.id.localeCompare(b.id));
  show($("trouble"), cameras.length > 0);
  setText($("trouble-title"), t("trouble", { count: cameras.length }));
  setText($("trouble-causes"), causesText(cameras));
  const shown = all ? cameras : cameras.slice(0, FEW);
  for (const id of [...rows.keys()]) if (!cameras.some((camera) => camera.id === id)) rows.delete(id);
  arrange($("trouble-rows"), shown.map((camera) => drawRow(camera)));
  show($("trouble-more"), cameras.length > FEW);
  setText($("trouble-more"), all ? t("trouble.fewer") : t("trouble.more", { count: cameras.length - FEW }));
  $("trouble-more").setAttribute("aria-expanded", String(all));
  show($("trouble-off"), !app.view.actions);
  show($("trouble-retry"), app.view.actions && waiting().length > 1);
  setText($("trouble-retry"), t("trouble.retry", { count: waiting().length }));
}

function drawRow(camera) {
  if (!rows.has(camera.id)) rows.set(camera.id, newRow(camera.id));
  const row = rows.get(camera.id);
  row.camera = camera;
  row.root.dataset.state = shownState(camera);
  setShape(row.shape, shownState(camera));
  setText(row.state, t(`word.${shownState(camera)}`));
  drawButton(row, camera);
  tickRow(row);
  return row.root;
}

function drawButton(row, camera) {
  const action = stateOf(camera) === "CB_OPEN" || isBusy(`${camera.id}/retry`) ? "retry" : "";
  const key = [language(), app.view.actions, action, whyOf(camera)?.cause].join();
  if (row.key === key) return;
  row.key = key;
  const focused = row.button.contains(document.activeElement);
  row.button.replaceChildren(...(action && app.view.actions ? [actionButton(camera, action)] : []));
  if (focused) (row.button.firstElementChild ?? row.name).focus();
}

function tickRow(row) {
  const { camera } = row;
  const why = whyOf(camera);
  setText(row.why, why?.text ?? t(`word.${stateOf(camera)}`));
  const evidence = why?.evidence ?? "";
  const short = evidence.replace(/^\w+:\/\/\S+: /, ""); // the address is among the details
  setText(row.evidence, short.toLowerCase() === row.why.textContent.toLowerCase() ? "" : short);
  row.evidence.title = evidence;
  setText(row.since, t("since", { duration: duration(sinceSeconds(camera)) }));
  row.since.title = t("since_at", { time: clockTime(sinceMs(camera)) });
  const busy = isBusy(`${camera.id}/retry`);
  setText(row.next, busy ? t("next_try.now") : nextTryOf(camera));
  const button = row.button.firstElementChild;
  if (button) setText(button, busy ? t("outcome.busy") : t("action.retry"));
}

// Between two updates: countdowns and ages.
export function tickTrouble() {
  if (!app.view) return;
  for (const row of rows.values()) tickRow(row);
}

// With many of them, what they have in common says more than each: a switch, a password.
function causesText(cameras) {
  if (cameras.length < 3) return "";
  const counts = new Map();
  for (const camera of cameras) {
    const cause = whyOf(camera)?.cause ?? "";
    if (cause) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count > 1).sort((a, b) => b[1] - a[1])
    .map(([cause, count]) => `${count}× ${cause === "slow" ? t("word.SLOW") : t(`cause.${cause}`)}`).join(" · ");
}
