// What the page knows: the latest update, whether it is still true, and what is said of a camera.

import { causeText, clockTime, duration, evidenceOf, has, number, rate, t } from "./text.js";

export const app = {
  view: null, // the latest update
  viewAt: 0, // performance.now() when it came
  lostSince: 0, // performance.now(); 0: connected
  lostAtMs: 0, // of this computer's clock
  may: { read: true, act: false, actions: true },
};

// Seconds since the update; they stand still while the connection is lost, and so does every
// countdown.
export const sinceView = () => Math.max(0, ((app.lostSince || performance.now()) - app.viewAt) / 1000);

// The server's clock and this one may differ; times of this one are for comparing with Date.now().
export const clockSkew = () => Date.now() - (app.view.taken_at_ms + ((performance.now() - app.viewAt)));

export const cameraOf = (id) => app.view?.cameras.find((camera) => camera.id === id);

// A word for each thing that one can see: a camera that is paused is not one that failed.
export function stateOf(camera) {
  if (camera.health === "off_schedule") return "OFF_SCHEDULE";
  if (camera.health === "off_expected") return "OFF_EXPECTED";
  if (camera.health === "elsewhere") return "ELSEWHERE";
  if (camera.health === "paused" || camera.breaker.forced_open) return "PAUSED";
  return camera.health === "slow" && camera.word === "OK" ? "SLOW" : camera.word;
}

// While the connection is lost, nobody knows: no sign of a camera may say that it is well.
export const shownState = (camera) => (app.lostSince ? "UNKNOWN" : stateOf(camera));

// What is wrong with what it shows, in words; "" where nothing is.
export const pictureText = (camera) => (camera.picture ? t(`picture_state.${camera.picture}`) : "");

export const isTrouble = (camera) => camera.health === "trouble" || camera.health === "slow";
export const isResting = (camera) => ["paused", "stopped", "disabled", "off_schedule", "off_expected", "elsewhere"].includes(camera.health);
export const isLive = (camera) => camera.phase === "streaming" && !["WARN", "CB_OPEN"].includes(camera.word);

// Since when: of its word, but of the whole trouble where one attempt follows the other.
export function sinceMs(camera) {
  const attempts = ["CB_OPEN", "HALF_OPEN", "STARTING"].includes(camera.word) && camera.health === "trouble";
  return attempts ? camera.since_ms : Math.max(camera.since_ms, camera.word_since_ms ?? 0);
}

export const sinceSeconds = (camera) => (app.view.taken_at_ms - sinceMs(camera)) / 1000 + sinceView();

// Why it does not deliver as it should; null where nothing is wrong.
export function whyOf(camera) {
  const state = stateOf(camera);
  if (state === "SLOW") return { text: t("why.SLOW", { fps: rate(camera.fps), target: rate(camera.target_fps) }), evidence: "", cause: "slow" };
  if (state === "WARN") return { text: t("why.WARN", { duration: duration((camera.last_frame_ago_s ?? 0) + sinceView()) }), evidence: "", cause: "stalled" };
  if (state === "UNOWNED") return { text: t("why.UNOWNED", { duration: duration((camera.unowned_s ?? 0) + sinceView()) }), evidence: "", cause: "unowned" };
  if (state === "KEY_WAIT") return { text: keyWait(camera), evidence: "", cause: "no_key_frame" };
  if (camera.picture && camera.health === "healthy") return { text: t("picture_why", { state: pictureText(camera), time: clockTime(camera.picture_since_ms) }), evidence: "", cause: "picture" };
  if (!["trouble", "starting"].includes(camera.health) || !camera.failure) return null;
  return { text: causeText(camera.failure.cause), evidence: evidenceOf(camera.failure), cause: camera.failure.cause };
}

function keyWait(camera) {
  const waited = duration((camera.key_frame_wait_s ?? 0) + sinceView());
  const interval = camera.key_frame_interval_s;
  return interval === null ? t("key_wait", { waited }) : t("key_wait.known", { waited, interval: duration(interval) });
}

export function adviceOf(camera) {
  const why = whyOf(camera);
  if (why?.cause === "picture") return t(`picture_advice.${camera.picture}`);
  return why && has(`advice.${why.cause}`) ? t(`advice.${why.cause}`) : "";
}

// Seconds until it is tried again; null where no try is planned.
export function retryInSeconds(camera) {
  if (stateOf(camera) !== "CB_OPEN" || camera.breaker.retry_in_s === null) return null;
  return Math.max(0, Math.ceil(camera.breaker.retry_in_s - sinceView()));
}

export const clockIn = (seconds) => clockTime(app.view.taken_at_ms + clockSkew() + (sinceView() + seconds) * 1000);

const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

// When its schedule opens, on the schedule's own clocks, wherever this page is looked at.
function opensAt(camera) {
  const day = WEEKDAYS[new Date(`${camera.opens_at.slice(0, 10)}T00:00Z`).getUTCDay()];
  return `${t(`weekday.${day}`)} ${camera.opens_at.slice(11, 16)}`;
}

export const closedText = (camera) => (camera.off_by_profile
  ? t("off_by_profile", { profile: camera.off_by_profile }) : t("closed_until", { time: opensAt(camera) }));

export const offText = (camera) => t("off_since", { time: clockTime(camera.off_since_ms) });

// Which other node has it.
export const elsewhereText = (camera) => (camera.owner ? t("on_node", { node: camera.owner }) : t("on_no_node_yet"));

export function doingOf(camera) {
  const state = stateOf(camera);
  if (state === "OFF_SCHEDULE" && camera.off_by_profile) return t("doing.OFF_SCHEDULE.profile", { profile: camera.off_by_profile });
  if (state === "OFF_SCHEDULE") return t("doing.OFF_SCHEDULE", { time: opensAt(camera) });
  if (state === "CB_OPEN") {
    const left = retryInSeconds(camera);
    return left ? t("doing.CB_OPEN", { time: clockIn(left), countdown: duration(left) }) : t("doing.CB_OPEN.due");
  }
  const again = state === "STARTING" && camera.breaker.consecutive_failures > 0;
  return t(again ? "doing.STARTING.again" : `doing.${state}`);
}

// The next try, as short as a row has room for.
export function nextTryOf(camera) {
  const state = stateOf(camera);
  if (["SLOW", "UNOWNED"].includes(state)) return "";
  const left = retryInSeconds(camera);
  if (left) return t("next_try.in", { countdown: duration(left) });
  return state === "WARN" ? t("next_try.restart") : t("next_try.now");
}

// What can be done about it with one button.
export function mainAction(camera) {
  const state = stateOf(camera);
  if (state === "PAUSED") return "resume";
  if (["OFF_SCHEDULE", "ELSEWHERE"].includes(state)) return camera.breaker.forced_open ? "resume" : "";
  if (["STOPPED", "DISABLED"].includes(state)) return "start";
  return ["CB_OPEN", "OFF_EXPECTED"].includes(state) ? "retry" : "";
}

export function actionsOf(camera) {
  const state = stateOf(camera);
  if (["OFF_SCHEDULE", "ELSEWHERE"].includes(state) && !camera.breaker.forced_open) return ["pause"];
  if (state === "OFF_EXPECTED") return ["retry", "pause"];
  if (isResting(camera)) return [mainAction(camera)];
  if (state === "CB_OPEN") return ["retry", "reset", "pause"];
  if (["moved", "covered"].includes(camera.picture)) return ["accept-picture", "pause"];
  return camera.breaker.consecutive_failures ? ["pause", "reset"] : ["pause"];
}

// Every further try of a wrong password brings the camera nearer to locking the account.
export const mayLock = (camera) => ["wrong_password", "forbidden"].includes(whyOf(camera)?.cause);

// Of still pictures that come rarely a rate says little: 0.1 of 0.1.
export const isRare = (camera) => camera.mode === "snapshot" && camera.interval_s >= 2;

export const fpsText = (camera) => (isResting(camera) ? "" : isRare(camera) ? t("fps.rare", { interval: duration(camera.interval_s) }) : t("fps", { fps: camera.fps === null ? "–" : number(camera.fps, 1), target: rate(camera.target_fps) }));
