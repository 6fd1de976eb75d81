// The stream of updates, and the watch over it: what is old must never look as if it were true.

import { app } from "./state.js";
import { learn } from "./text.js";

const SILENCE_MS = 5000; // the server speaks each second; after this the connection counts as lost
const PATIENCE_MS = 4000;
const AGAIN_MS = 3000;
const LOOK_MS = 15000; // a tab that nobody sees asks so often, for its title
const FIRST_PAUSE_MS = 1000; // between two tries, doubled each time
const LONGEST_PAUSE_MS = 10000;

let source = null;
let heardAt = 0;
let connectedAt = 0;
let nextTryAt = 0;
let pauseMs = FIRST_PAUSE_MS;
let isTrying = false;
let listeners = { update() {}, changed() {}, refused() {} };

// `update`: there is a new view; `changed`: connected or lost; `refused`: one must log in.
export function listen(wanted) {
  listeners = wanted;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { rest(); return; }
    nextTryAt = 0;
    pauseMs = FIRST_PAUSE_MS;
    if (!source) connect();
  });
}

export function connect() {
  disconnect();
  if (!app.may.read) return;
  heardAt = connectedAt = performance.now();
  source = new EventSource("/api/updates");
  source.onmessage = heard;
  source.onerror = ended;
}

function heard(event) {
  app.view = JSON.parse(event.data);
  learn(app.view.sentences);
  app.viewAt = heardAt = performance.now();
  app.may.actions = app.view.actions;
  pauseMs = FIRST_PAUSE_MS;
  const wasLost = app.lostSince > 0;
  app.lostSince = 0;
  if (wasLost) listeners.changed();
  listeners.update();
  if (document.hidden) rest();
}

// A browser has six connections to a server, for all of its tabs together: a tab that nobody sees
// keeps none, and looks again after a while.
function rest() {
  if (app.lostSince || !app.view) return;
  disconnect();
  nextTryAt = performance.now() + LOOK_MS;
}

// The server ends a stream once an hour, and the next one follows at once; what cannot be reached
// is lost, and so is what ends again and again.
async function ended() {
  if (performance.now() - connectedAt < AGAIN_MS) { lose(); return; }
  try {
    await whoAmI();
    connect();
  } catch { lose(); }
}

export function disconnect() {
  source?.close();
  source = null;
}

function lose() {
  if (app.lostSince || !app.may.read) return;
  app.lostSince = performance.now();
  app.lostAtMs = Date.now();
  listeners.changed();
}

// Called once a second, also in a tab that is not looked at: its title is.
export async function watch() {
  if (!app.may.read) return;
  const now = performance.now();
  const isResting = !source && document.hidden && app.view && !app.lostSince;
  if (isResting) {
    if (now >= nextTryAt) connect();
    return;
  }
  if (source && source.readyState !== EventSource.CLOSED && now - heardAt <= SILENCE_MS) return;
  lose();
  if (isTrying || now < nextTryAt) return;
  isTrying = true;
  try {
    await whoAmI();
    connect();
  } catch { disconnect(); } finally {
    isTrying = false;
    nextTryAt = performance.now() + pauseMs;
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }
}

// Raises what `fetch` does where there is no answer.
export async function whoAmI() {
  const answer = await fetch("/api/session", { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) throw new Error(answer.statusText);
  app.may = await answer.json();
  if (!app.may.read) {
    disconnect();
    app.view = null;
    app.lostSince = 0;
  }
  listeners.refused();
}
