// Adding a camera and changing one: a form, and what the camera says when it is asked once. Of its
// address alone it is asked for its streams.

import { isSure, problem, send } from "./actions.js";
import { $, el, setText, show } from "./dom.js";
import { reasonText } from "./reload.js";
import { app, cameraOf } from "./state.js";
import * as streams from "./streams.js";
import { causeText, has, number, rate, t } from "./text.js";
import { say } from "./toast.js";

const FIELDS = ["url", "username", "password", "id", "fps"];
const ID = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/;
const LARGE = 1280 * 960; // pixels; beyond it the smaller stream of a camera is worth a look
let changed = ""; // the camera that is changed; empty: one is added
let managed = ""; // the camera whose dialog is open
let isIdTyped = false;
let mode = ""; // as the camera has shown itself; empty: as it is configured
let round = 0; // an answer to an earlier form is ignored

const input = (field) => $(`edit-${field}`);

export function begin() {
  $("add-camera").addEventListener("click", () => open(""));
  $("camera-change").addEventListener("click", () => open(managed));
  $("camera-remove").addEventListener("click", () => remove(managed));
  $("camera-switch").addEventListener("click", () => turn(managed));
  $("edit-ask").addEventListener("click", findStreams);
  $("edit-test").addEventListener("click", test);
  $("edit-cancel").addEventListener("click", () => $("edit-dialog").close());
  $("edit-form").addEventListener("submit", (event) => { event.preventDefault(); save(); });
  $("edit-dialog").addEventListener("close", closed);
  input("id").addEventListener("input", () => { isIdTyped = true; });
  input("url").addEventListener("input", () => { mode = ""; suggest(); });
}

export function drawManage(camera) {
  managed = camera.id;
  show($("camera-manage"), app.view.actions && app.view.can_keep);
  setText($("camera-switch"), t(camera.health === "disabled" ? "manage.enable" : "manage.disable"));
}

export const drawAdd = () => show($("add-camera"), Boolean(app.view?.actions));

function open(id) {
  changed = id;
  round += 1;
  isIdTyped = false;
  mode = "";
  $("edit-form").reset();
  clear();
  streams.clear();
  setText($("edit-title"), id ? `${t("manage.change")}: ${id}` : t("edit.add"));
  setText($("edit-save"), t(id ? "edit.save" : "edit.add"));
  setText($("edit-now"), id ? t("edit.now", { url: cameraOf(id)?.url ?? "" }) : "");
  show($("edit-field-id"), !id);
  const keeps = app.view.can_keep;
  setText($("edit-kept"), t(keeps ? "edit.kept" : "edit.not_kept"));
  $("edit-kept").classList.toggle("wrong", !keeps);
  show($("edit-save"), keeps);
  const stays = id ? t("edit.stays") : "";
  for (const field of ["url", "username", "password"]) input(field).placeholder = stays || (field === "url" ? t("edit.url_example") : "");
  input("fps").placeholder = id ? rate(cameraOf(id)?.target_fps ?? null) : t("edit.fps_default");
  $("edit-dialog").showModal();
}

export const close = () => $("edit-dialog").close();

// What was typed is gone with the dialog: nobody finds a password in it later.
function closed() {
  round += 1;
  $("edit-form").reset();
  clear();
  streams.clear();
  ($("camera-dialog").open ? $("camera-dialog") : document.body).append($("toast"));
}

function clear() {
  for (const field of FIELDS) wrong(field, "");
  setText($("edit-wrong"), "");
  answer();
}

function wrong(field, text) {
  setText($(`edit-${field}-wrong`), text);
  input(field).toggleAttribute("aria-invalid", text !== "");
}

// An answer of the camera takes the place of the one before; its picture is not kept.
function answer(...parts) {
  for (const image of $("edit-answer").querySelectorAll("img")) URL.revokeObjectURL(image.src);
  $("edit-answer").replaceChildren(...parts);
}

function values() {
  const given = {};
  for (const field of ["url", "username", "password", "fps"]) {
    const text = field === "password" ? input(field).value : input(field).value.trim();
    if (text !== "") given[field] = field === "fps" ? Number(text) : text;
  }
  return mode ? { ...given, mode } : given;
}

function suggest() {
  if (!isIdTyped && !changed) input("id").value = suggested(input("url").value.trim());
}

function suggested(address) {
  const host = /^(?:\[([^\]]*)\]|[^:]*)/.exec(streams.hostIn(address));
  const name = (host[1] ?? host[0]).replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, 48);
  if (!name) return "";
  const base = /^[A-Za-z]/.test(name) ? name : `camera-${name}`;
  let id = base;
  for (let number_ = 2; cameraOf(id); number_ += 1) id = `${base}-${number_}`;
  return id;
}

// --- asking the camera ----------------------------------------------------------------------------

async function findStreams() {
  clear();
  streams.clear();
  const { url = "", username, password, fps } = values();
  const host = streams.hostIn(url);
  if (!host) { complain("url", t("streams.host_wrong")); return; }
  const login = username ? { username, password } : {};
  const wish = input("fps").validity.valid ? { fps } : {}; // what is wrong with it is said when it is kept
  const reply = await post("POST", "/api/onvif/streams", { host, ...login, ...wish }, t("streams.asking"));
  if (reply) streams.draw(reply, choose);
}

// Whether it is taken: not while the camera is asked, whose answer would stand beside another address.
function choose(stream) {
  if (isAsking()) return false;
  input("url").value = stream.url;
  mode = "";
  suggest();
  if (stream.url.includes(streams.SECRET)) {
    clear();
    complain("url", t("streams.secret"));
  } else test();
  return true;
}

async function test() {
  clear();
  const given = values();
  if (streams.isHostOnly(given.url ?? "")) { findStreams(); return; }
  if (!given.url) { complain("url", t(changed ? "edit.test_needs" : "edit.needed")); return; }
  const reply = await post("POST", "/api/probe", given, t("edit.asking"));
  if (!reply) return;
  if (reply.body.cause === "still_picture" && !mode) { // then it is asked for one after the other
    mode = "snapshot";
    test();
  } else if ("ok" in reply.body) { answer(...told(reply.body)); bringIntoView(); } else refused(reply);
}

const bringIntoView = () => $("edit-answer").scrollIntoView({ block: "nearest" });

function told(camera) {
  if (!camera.ok) {
    const advice = has(`advice.${camera.cause}`) ? t(`advice.${camera.cause}`) : "";
    return [el("p", { className: "wrong", text: causeText(camera.cause) }), el("p", { className: "quiet", text: camera.detail ?? "" }), el("p", { text: advice })];
  }
  const facts = [mode === "snapshot" ? t("edit.snapshot") : camera.codec, camera.width ? `${camera.width}×${camera.height}` : "", camera.fps ? `${rate(camera.fps)} fps` : "", keyFrames(camera)];
  const parts = [el("p", { className: "right", text: `${t("edit.answers")} ${facts.filter(Boolean).join(" · ")}` })];
  if (camera.width * camera.height > LARGE) parts.push(el("p", { className: "quiet", text: t("edit.large") }));
  if (camera.picture) parts.push(el("img", { alt: t("edit.picture"), src: blobOf(camera.picture), listen: { load: bringIntoView } }));
  return parts;
}

function keyFrames(camera) {
  const seconds = camera.key_frame_interval_s;
  if (seconds === null || camera.codec === "mjpeg") return ""; // each of its frames is one
  return t(camera.key_frame_interval_is_at_least ? "edit.key_frames.at_least" : "edit.key_frames", { seconds: number(seconds, 1) });
}

function blobOf(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
}

// --- keeping it -----------------------------------------------------------------------------------

async function save() {
  clear();
  const given = values();
  if (streams.isHostOnly(given.url ?? "")) { findStreams(); return; }
  const id = changed || input("id").value.trim();
  if (!changed && !isComplete(given, id)) return;
  if (changed && !Object.keys(given).length) { setText($("edit-wrong"), t("edit.nothing")); return; }
  const reply = await post(changed ? "PATCH" : "PUT", `/api/cameras/${encodeURIComponent(id)}`, given, t("edit.saving"));
  if (!reply) return;
  if (!["done", "unchanged"].includes(reply.body.result)) { refused(reply); return; }
  const text = t(changed ? "edit.changed" : "edit.added", { camera: id });
  $("edit-dialog").close();
  say(text, "ok");
}

function isComplete(given, id) {
  if (!given.url) complain("url", t("edit.needed"));
  else if (!ID.test(id)) complain("id", t(id ? "edit.id_wrong" : "edit.needed"));
  else if (cameraOf(id)) complain("id", t("edit.id_taken", { camera: id }));
  else return true;
  return false;
}

function complain(field, text) {
  wrong(field, text);
  input(field).focus();
}

// Each line at the field that it names; what names none stands below.
function refused({ status, body }) {
  const rest = [];
  let first = null;
  for (const line of body.details ?? []) {
    const [, field, text] = /(?:^|[.: ])(url|username|password|id|fps): (.+)$/.exec(line) ?? [];
    if (!field) { rest.push(line); continue; }
    wrong(field, text);
    first ??= field;
  }
  if (body.reason && body.reason !== "invalid") rest.unshift(reasonText(body.reason));
  if (!first && !rest.length) rest.push(problem(status));
  setText($("edit-wrong"), rest.join(" · "));
  if (first) input(first).focus();
}

const askers = () => [$("edit-ask"), $("edit-test"), $("edit-save")];
const isAsking = () => askers().some((each) => each.getAttribute("aria-disabled"));

// The answer; null where there is none, which is said, or where the form is another one by now.
async function post(method, path, body, meanwhile) {
  const mine = round;
  const buttons = askers();
  if (isAsking()) return null;
  for (const each of buttons) each.setAttribute("aria-disabled", "true");
  try {
    const reply = await send(path, { method, body, begun: () => answer(el("p", { className: "quiet", text: meanwhile })) });
    if (mine !== round) return null;
    answer();
    return reply;
  } catch {
    if (mine === round) { answer(); setText($("edit-wrong"), t("problem.no_answer")); }
    return null;
  } finally { for (const each of buttons) each.removeAttribute("aria-disabled"); }
}

// --- removing one, switching it on and off ----------------------------------------------------------

async function remove(id) {
  if (!(await isSure(`${t("manage.remove")}: ${id}`, t("manage.remove_sure"), t("manage.remove")))) return;
  if (await settle("DELETE", id, "", "manage.removed")) $("camera-dialog").close();
}

async function turn(id) {
  const isOff = cameraOf(id)?.health === "disabled";
  if (!isOff && !(await isSure(`${t("manage.disable")}: ${id}`, t("manage.disable_sure"), t("manage.disable")))) return;
  await settle("POST", id, isOff ? "/enable" : "/disable", isOff ? "manage.enabled" : "manage.disabled");
}

async function settle(method, id, action, key) {
  try {
    const reply = await send(`/api/cameras/${encodeURIComponent(id)}${action}`, { method });
    if (!reply) return false;
    const isDone = ["done", "unchanged"].includes(reply.body.result);
    const why = reply.body.reason ? reasonText(reply.body.reason) : problem(reply.status);
    say(isDone ? t(key, { camera: id }) : [`${id}: ${why}`, ...(reply.body.details ?? [])].join(" · "), isDone ? "ok" : "bad");
    return isDone;
  } catch { say(t("problem.no_answer"), "bad"); }
  return false;
}
