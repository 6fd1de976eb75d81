// What a button does, and what came of it.

import { $, el, setText } from "./dom.js";
import { askForToken } from "./login.js";
import { app, mayLock } from "./state.js";
import { causeText, duration, has, language, said, t } from "./text.js";
import { hide, say } from "./toast.js";

const PATIENCE_MS = 50000; // the server answers when it knows what came of the try
const TRIES = new Set(["retry", "reset", "resume", "start"]);
const TOLD = 3; // refusals by name; of more than that their number says enough
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
  if (action === "pause" && !(await isSure(`${t("action.pause")}: ${camera}`, t("action_sure.pause"), t("action.pause")))) return;
  const facts = { camera, action: t(`action.${action}`) };
  const trying = TRIES.has(action) ? t("outcome.trying", facts) : t("outcome.asking", facts);
  await ask(`/api/cameras/${encodeURIComponent(camera)}/${action}`, `${camera}/${action}`, trying, (body) => cameraOutcome(body, action, facts));
}

// Many at once: no answer is waited for, each row tells how it goes on.
export async function retryAll(cameras) {
  if (!app.may.act && !(await askForToken())) return;
  say(t("outcome.trying_all", { count: cameras.length }), "busy");
  const refused = [];
  try {
    for (const { id } of cameras) {
      const reply = await send(`/api/cameras/${encodeURIComponent(id)}/retry?wait=0`);
      if (!reply) { hide(); return; }
      const { result } = reply.body;
      if (!["done", "already"].includes(result)) refused.push(result ? t(`outcome.${result}`, { camera: id }) : `${id}: ${problem(reply.status)}`);
    }
  } catch { say(t("problem.no_answer"), "bad"); return; }
  if (!refused.length) return;
  const more = refused.length > TOLD ? ["…"] : [];
  say([t("outcome.not_tried", { count: refused.length, all: cameras.length }), ...refused.slice(0, TOLD), ...more].join(" · "), "bad");
}

export async function publisherRetry() {
  await ask("/api/publisher/retry", "publisher/retry", t("outcome.publisher.trying"), publisherOutcome);
}

// The status and the body of an answer; null where she does not log in. `begun` is called when it
// is sent. Raises what `fetch` does where there is no answer.
export async function send(path, { method = "POST", body, begun = () => {} } = {}) {
  for (let tries = 0; tries < 2; tries += 1) {
    if (!app.may.act && !(await askForToken())) return null;
    begun();
    const reply = await fetch(path, {
      method, signal: AbortSignal.timeout(PATIENCE_MS), headers: { "accept-language": language() },
      body: body && JSON.stringify(body) });
    if (reply.status !== 401) return { status: reply.status, body: await reply.json() };
    app.may.act = false;
  }
  return null;
}

// `outcome` makes of an answer what is said of it, and how; where it says nothing, it has shown it.
export async function ask(path, key, trying, outcome, body = undefined) {
  if (busy.has(key)) return;
  try {
    const reply = await send(path, { body, begun: () => { busy.add(key); say(trying, "busy", { lasting: true }); } });
    if (reply) say(...(reply.body.result ? outcome(reply.body) : [problem(reply.status), "bad"]));
    else if (busy.has(key)) hide();
  } catch { say(t("problem.no_answer"), "bad"); } finally { busy.delete(key); }
}

// Errors in the operator's words; what the server says of them is for programs.
export const problem = (status) => t(has(`problem.${status}`) ? `problem.${status}` : "problem.failed");

function next(body) {
  const seconds = body.retry_in_s;
  return seconds === null || seconds === undefined ? "" : `, ${t("next_try.in_words", { countdown: duration(Math.ceil(seconds)) })}`;
}

function cameraOutcome(body, action, facts) {
  if (body.outcome === "streaming") return [t("outcome.streaming", facts), "ok"];
  if (body.outcome === "still_trying") return [t("outcome.still_trying", facts), "busy"];
  if (body.outcome === "off_expected") return [t("outcome.off_expected", facts), "ok"];
  if (body.outcome === "elsewhere") return [t("outcome.elsewhere", facts), "ok"];
  const profile = app.view?.cameras.find(({ id }) => id === facts.camera)?.off_by_profile;
  if (body.outcome === "off_schedule" && profile) return [t("outcome.off_by_profile", { ...facts, profile }), "ok"];
  if (body.outcome === "off_schedule") return [t("outcome.off_schedule", facts), "ok"];
  if (body.outcome === "failed") return [t("outcome.failed", { ...facts, cause: causeText(body.cause) }) + next(body), "bad"];
  if (["done", "already"].includes(body.result)) return [t(`outcome.${action}.${body.result}`, facts), "ok"];
  return [t(`outcome.${body.result}`, facts) + next(body), "bad"];
}

function publisherOutcome(body) {
  if (body.outcome === "connected") return [t("outcome.publisher.connected"), "ok"];
  if (body.outcome === "failed") return [t("outcome.publisher.failed", { cause: said(body.detail || app.view.publisher.reason) }) + next(body), "bad"];
  if (body.outcome === "still_trying") return [t("outcome.publisher.still_trying"), "busy"];
  return [t(body.result === "already" ? "outcome.publisher.connected" : "outcome.publisher.still_trying"), "none"];
}

export const closeSure = () => $("sure-dialog").close();

export function isSure(title, text, yes) {
  const dialog = $("sure-dialog");
  setText($("sure-title"), title);
  setText($("sure-text"), text);
  setText($("sure-yes"), yes);
  return new Promise((done) => {
    const answer = (value) => { dialog.onclose = null; dialog.close(); done(value); };
    dialog.onclose = () => done(false); // Escape
    $("sure-yes").onclick = () => answer(true);
    $("sure-no").onclick = () => answer(false);
    dialog.showModal();
  });
}
