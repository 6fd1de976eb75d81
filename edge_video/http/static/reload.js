// Whether the files on the disk are what runs; what a reload would do, and why one was refused.

import { ask } from "./actions.js";
import { $, el, setText, show } from "./dom.js";
import { app, clockSkew } from "./state.js";
import { clockTime, language, said, t } from "./text.js";

const PARTS = ["add", "remove", "restart", "reconnect", "live", "needs_restart"];
let plan = null; // the latest answer to "Show plan" or to a reload that was refused
let hidden = 0; // which refusal she does not want to see any more
let drawn = "";

export function begin() {
  $("reload-plan").addEventListener("click", () => askFor("/api/reload?dry_run=1", planned));
  $("reload-do").addEventListener("click", () => askFor("/api/reload", done));
  $("reload-hide").addEventListener("click", () => { hidden = refusal()?.at_ms ?? 0; plan = null; drawReload(); });
}

const askFor = (path, outcome) => ask(path, "reload", t("reload.asking"), outcome);

function planned(body) {
  plan = body;
  drawReload();
  $("reload-answer").focus();
  return ["", "none"]; // the plan itself is the answer
}

function done(body) {
  const refused = body.result === "refused";
  plan = refused ? body : null;
  drawReload();
  return refused ? [`${t("reload.failed")}: ${reasonText(body.reason)}`, "bad"] : [t(`reload.result.${body.result}`), "ok"];
}

export const reasonText = (reason) => t(`reload.reason.${reason}`);

function refusal() {
  const refused = app.view?.config?.refused;
  return refused && refused.at_ms !== hidden ? refused : null;
}

export function drawReload() {
  const config = app.view?.config;
  const differs = Boolean(config?.file_differs);
  const refused = refusal();
  if (!differs && !refused) plan = null;
  show($("reload"), differs || refused !== null);
  $("reload").dataset.tone = refused ? "bad" : "warn";
  setText($("reload-what"), differs ? t("reload.differs") : "");
  setText($("reload-refused"), refused ? t("reload.refused") : "");
  show($("reload-off"), differs && !app.view?.actions);
  show($("reload-plan"), differs && app.view.actions);
  show($("reload-do"), differs && app.view.actions);
  show($("reload-hide"), refused !== null || plan !== null);
  drawAnswer(refused);
}

// Drawn anew only when it is another one: whoever reads or selects it is not disturbed.
function drawAnswer(refused) {
  const shown = plan ?? (refused ? { result: "last", reason: refused.reason, details: refused.details, origin: refused.origin, at_ms: refused.at_ms, plan: {} } : null);
  const key = JSON.stringify([language(), shown]);
  show($("reload-answer"), shown !== null);
  if (drawn === key) return;
  drawn = key;
  $("reload-answer").replaceChildren(...(shown ? answerOf(shown) : []));
}

function answerOf(answer) {
  const rows = PARTS.filter((part) => answer.plan[part]?.length)
    .flatMap((part) => [el("dt", { text: t(`reload.plan.${part}`) }), el("dd", { text: answer.plan[part].join(", ") })]);
  const parts = [el("p", { text: headOf(answer) })];
  if (answer.details.length) parts.push(el("ul", {}, ...answer.details.map((line) => el("li", { text: said(line) }))));
  if (rows.length) parts.push(el("dl", { className: "facts" }, ...rows));
  return parts;
}

function headOf(answer) {
  const reason = answer.reason ? reasonText(answer.reason) : "";
  if (answer.result === "last") {
    const facts = { time: clockTime(answer.at_ms + clockSkew()), who: answer.origin };
    return `${t(answer.origin ? "reload.refused_at" : "reload.refused_at.alone", facts)}: ${reason}`;
  }
  const head = t(`reload.result.${answer.result}`);
  if (answer.result === "refused") return `${head} ${reason}`;
  const nothing = !PARTS.some((part) => answer.plan[part]?.length);
  return nothing && answer.result === "planned" ? `${head} ${t("reload.plan.none")}` : head;
}
