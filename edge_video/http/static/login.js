// Logging in: by the form in the page, by the form in a dialog, or by a link that has the token.

import { connect, disconnect, whoAmI } from "./connection.js";
import { problem } from "./actions.js";
import { $, el, setText, show } from "./dom.js";
import { app } from "./state.js";
import { duration, t } from "./text.js";
import { say } from "./toast.js";

const PATIENCE_MS = 8000;

// Two forms of one kind: in the page for who may see nothing yet, in a dialog for who wants to act.
function form(prefix, extra, onDone) {
  const input = el("input", {
    id: `${prefix}-token`, type: "password", autocomplete: "current-password", required: "", maxlength: "200",
    "aria-describedby": `${prefix}-help ${prefix}-wrong` });
  const wrong = el("p", { id: `${prefix}-wrong`, className: "wrong", role: "alert" });
  const submit = el("button", { type: "submit", className: "main", "data-t": "login" });
  const root = el("form", { className: "login-form", method: "dialog" },
    el("label", { for: input.id, "data-t": "login.token" }), input, wrong,
    el("p", { id: `${prefix}-help`, className: "quiet", "data-t": "login.token_help" }),
    el("p", { className: "buttons" }, submit, ...extra));
  root.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    const why = await logIn(input.value);
    submit.disabled = false;
    setText(wrong, why);
    input.toggleAttribute("aria-invalid", why !== "");
    if (why) { input.select(); input.focus(); return; }
    input.value = "";
    onDone();
  });
  root.reset = () => { setText(wrong, ""); input.removeAttribute("aria-invalid"); input.value = ""; };
  return root;
}

let answer = () => {};

export function begin() {
  const cancel = el("button", { type: "button", "data-t": "cancel", listen: { click: () => answer(false) } });
  $("welcome-form").append(form("welcome", [], () => $("cameras").focus()));
  $("login-form").append(form("dialog", [cancel], () => answer(true)));
  $("login-dialog").addEventListener("close", () => answer(false));
  $("login").addEventListener("click", async () => {
    if (!app.may.act) { await askForToken(); return; }
    try {
      await fetch("/api/session", { method: "DELETE", signal: AbortSignal.timeout(PATIENCE_MS) });
      await whoAmI();
    } catch { say(t("problem.no_answer"), "bad"); }
    if (!app.may.read) disconnect();
  });
}

// Whether she has logged in.
export function askForToken() {
  const dialog = $("login-dialog");
  if (dialog.open) return Promise.resolve(false);
  dialog.querySelector("form").reset();
  return new Promise((done) => {
    answer = (value) => { answer = () => {}; dialog.close(); done(value); };
    dialog.showModal();
  });
}

// What is wrong, or nothing.
async function logIn(token) {
  try {
    const reply = await fetch("/api/session", { method: "POST", body: JSON.stringify({ token }), signal: AbortSignal.timeout(PATIENCE_MS) });
    if (reply.ok) {
      await whoAmI();
      say(t("login.done"), "ok");
      connect();
      return "";
    }
    if (reply.status === 401) return t("login.wrong");
    if (reply.status === 403) return t("actions_off");
    const later = Number(reply.headers.get("retry-after"));
    if (reply.status === 429 && later > 1) return t("login.later", { duration: duration(later) });
    return problem(reply.status);
  } catch { return t("problem.no_answer"); }
}

// A link such as http://host:8080/#token=…: the token leaves the address bar, and so the history.
export async function logInByLink() {
  const token = /^#\/?token=(.+)$/.exec(location.hash)?.[1];
  if (!token) return;
  history.replaceState(null, "", location.pathname);
  let plain = token;
  try { plain = decodeURIComponent(token); } catch { /* it was not encoded */ }
  const why = await logIn(plain);
  if (why) say(why, "bad");
}

export function drawLogin() {
  show($("login"), app.may.actions && app.may.read);
  setText($("login"), t(app.may.act ? "logout" : "login"));
  show($("welcome"), !app.may.read);
  show($("main"), app.may.read);
  show($("office-open"), app.may.read);
}
