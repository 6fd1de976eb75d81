// What a button does, and what came of it.

import { $, el, setText } from "./dom.js";
import { askForToken } from "./login.js";
import { app, mayLock } from "./state.js";
import { causeText, duration, has, said, t } from "./text.js";
import { say } from "./toast.js";

const PATIENCE_MS = 30000; // the server answers when it knows what came of the try
const TRIES = new Set(["retry", "reset", "resume", "start"]);
const busy = new Set();

export const isBusy = (key) => busy.has(key);

export function actionButton(camera, action, { label = t(`action.${action}`) } = {}) {
  const button = el("button", {
    type: "button", text: label, title: t(`action_hint.${action}`), "data-action": action,
    "aria-label": `${label}: ${camera.id}`,
    className: ["start", "resume"].includes(action) || (action === "retry" && !mayLock(camera)) ? "main" : "",
    listen: { click: () => act(camera.id, action) },
  });
  return button;
}

export async function act(camera, action) {
  if (action === "pause" && !(await isSure(camera, action))) return;
  const facts = { camera, action: t(`action.${action}`) };
  const trying = TRIES.has(action) ? t("outcome.trying", facts) : t("outcome.asking", facts);
  await ask(`/api/cameras/${encodeURIComponent(camera)}/${action}`, `${camera}/${action}`, trying, (body) => cameraOutcome(body, action, facts));
}

// Many at once: no answer is waited for, each row tells how it goes on.
export async function retryAll(cameras) {
  if (!app.may.act && !(await askForToken())) return;
  say(t("outcome.trying_all", { count: cameras.length }), "busy");
  try {
    for (const { id } of cameras) {
      await fetch(`/api/cameras/${encodeURIComponent(id)}/retry?wait=0`, { method: "POST", signal: AbortSignal.timeout(PATIENCE_MS) });
    }
  } catch { say(t("problem.no_answer"), "bad"); }
}

export async function publisherRetry() {
  await ask("/api/publisher/retry", "publisher/retry", t("outcome.publisher.trying"), publisherOutcome);
}

// `outcome` makes of an answer what is said of it, and how; where it says nothing, it has shown it.
export async function ask(path, key, trying, outcome) {
  if (busy.has(key)) return;
  for (let tries = 0; tries < 2; tries += 1) {
    if (!app.may.act && !(await askForToken())) return;
    busy.add(key);
    say(trying, "busy", { lasting: true });
    try {
      const reply = await fetch(path, { method: "POST", signal: AbortSignal.timeout(PATIENCE_MS) });
      if (reply.status === 401) { app.may.act = false; continue; }
      const body = await reply.json();
      say(...(body.result ? outcome(body) : [problem(reply.status), "bad"]));
    } catch { say(t("problem.no_answer"), "bad"); } finally { busy.delete(key); }
    return;
  }
}

// Errors in the operator's words; what the server says of them is for programs.
const problem = (status) => t(has(`problem.${status}`) ? `problem.${status}` : "problem.failed");

function next(body) {
  const seconds = body.retry_in_s;
  return seconds === null || seconds === undefined ? "" : `, ${t("next_try.in_words", { countdown: duration(Math.ceil(seconds)) })}`;
}

function cameraOutcome(body, action, facts) {
  if (body.outcome === "streaming") return [t("outcome.streaming", facts), "ok"];
  if (body.outcome === "still_trying") return [t("outcome.still_trying", facts), "busy"];
  if (body.outcome === "failed") return [t("outcome.failed", { ...facts, cause: causeText(body.cause) }) + next(body), "bad"];
  if (["done", "already"].includes(body.result)) return [t(`outcome.${action}.${body.result}`, facts), "ok"];
  return [t(`outcome.${body.result}`, facts) + next(body), "bad"];
}

function publisherOutcome(body) {
  if (body.outcome === "connected" || body.outcome === "streaming") return [t("outcome.publisher.connected"), "ok"];
  if (body.outcome === "failed") return [t("outcome.publisher.failed", { cause: said(body.detail || app.view.publisher.reason) }) + next(body), "bad"];
  if (body.outcome === "still_trying") return [t("outcome.publisher.still_trying"), "busy"];
  return [t(body.result === "already" ? "outcome.publisher.connected" : "outcome.publisher.still_trying"), "none"];
}

function isSure(camera, action) {
  const dialog = $("sure-dialog");
  setText($("sure-title"), `${t(`action.${action}`)}: ${camera}`);
  setText($("sure-text"), t(`action_sure.${action}`));
  setText($("sure-yes"), t(`action.${action}`));
  return new Promise((done) => {
    const answer = (value) => { dialog.onclose = null; dialog.close(); done(value); };
    dialog.onclose = () => done(false); // Escape
    $("sure-yes").onclick = () => answer(true);
    $("sure-no").onclick = () => answer(false);
    dialog.showModal();
  });
}
