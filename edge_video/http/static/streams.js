// The streams that a camera says it has: which there are, and the choice of one.

import { $, el, setText } from "./dom.js";
import { problem } from "./actions.js";
import { has, rate, t } from "./text.js";

export const SECRET = "***"; // stands in an address for what is not shown

// The host that is asked for its streams: of an address, or alone with a port of its own. Nothing
// where there is none.
export function hostIn(text) {
  if (text.includes("://")) return /^\w+:\/\/(?:[^/]*@)?(\[[^\]]+\]|[^:/?#[\]]+)/.exec(text)?.[1] ?? "";
  return /^(?:\[[^\]\s]+\]|[^\s:/?#@[\]]+)(?::\d+)?$/.test(text) ? text : "";
}

export const isHostOnly = (text) => text !== "" && !text.includes("://");

export const clear = () => $("edit-streams").replaceChildren();

// `choose` is called with the stream that is clicked, and says whether it is taken.
export function draw({ status, body }, choose) {
  const parts = [];
  if (body.streams?.length) {
    const proposed = body.streams.find((stream) => stream.proposed);
    parts.push(el("p", { text: t("streams.found", { count: body.streams.length, camera: body.name ?? body.address }) }));
    parts.push(el("ul", {}, ...body.streams.map((stream) => item(stream, stream === proposed, choose))));
  }
  const why = whyOf(status, body);
  if (why) parts.push(el("p", { className: "wrong", text: why }));
  $("edit-streams").replaceChildren(...parts);
  $("edit-streams").querySelector("button.main")?.focus();
}

function item(stream, isProposed, choose) {
  const size = stream.width && stream.height ? `${stream.width}×${stream.height}` : "";
  const facts = [stream.name || stream.profile, stream.codec, size, stream.fps ? `${rate(stream.fps)} fps` : ""];
  const button = el("button", { type: "button", className: isProposed ? "main" : "", text: facts.filter(Boolean).join(" · "), "aria-pressed": "false" });
  button.addEventListener("click", () => {
    if (!choose(stream)) return;
    for (const each of $("edit-streams").querySelectorAll("button")) each.setAttribute("aria-pressed", String(each === button));
  });
  const mark = el("span", { className: "quiet" });
  if (isProposed) setText(mark, t("streams.proposed"));
  return el("li", { "data-profile": stream.profile }, button, " ", mark);
}

function whyOf(status, body) {
  if (status === 501) return t("streams.no_package");
  if (status === 400) return t("streams.host_wrong");
  if (!body.streams) return problem(status);
  if (!body.problem) return "";
  const key = `streams.problem.${body.problem}`;
  return [has(key) ? t(key) : body.problem, body.detail].filter(Boolean).join(" · ");
}
