// The operator's page. No build step, no library: the server sends one update a second, this draws it.

const $ = (id) => document.getElementById(id);
const SILENCE_MS = 6000; // the server speaks each second; after this the connection counts as lost
const OLD_PICTURE_MS = 5000;
const MANY = 12; // cameras; above this, those that are well are drawn small
const ENTRIES = 25;
const RANK = { CB_OPEN: 0, WARN: 1, HALF_OPEN: 2, KEY_WAIT: 3, STARTING: 4, STOPPED: 5, OK: 6, DISABLED: 7 };
const TROUBLE = new Set(["CB_OPEN", "WARN", "HALF_OPEN", "KEY_WAIT", "STARTING"]);
const NEEDS_A_YES = new Set(["stop", "force-open"]);

let texts = {};
let view = null; // the latest update
let viewAt = 0; // performance.now() when it came
let heardAt = 0;
let source = null;
let lostSince = 0;
let may = { read: true, act: false, actions: true };
let entries = [];
let timelineVersion = -1;
let entriesShown = ENTRIES;
const tiles = new Map();

// --- texts -----------------------------------------------------------------------------------

function t(key, facts = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? facts[name] : whole));
}

function stored(key) {
  try { return localStorage.getItem(`edge-video.${key}`); } catch { return null; }
}

function store(key, value) {
  try { localStorage.setItem(`edge-video.${key}`, value); } catch { /* a private window */ }
}

async function speak(language) {
  const answer = await fetch(`/texts/${language}.json`);
  texts = await answer.json();
  document.documentElement.lang = language;
  $("language").value = language;
  translate(document);
  for (const tile of tiles.values()) translate(tile.root);
  drawLogin();
  drawTimeline();
  if (view) draw();
}

function translate(root) {
  for (const each of root.querySelectorAll("[data-t]")) setText(each, t(each.dataset.t));
  for (const each of root.querySelectorAll("[data-placeholder]")) each.placeholder = t(each.dataset.placeholder);
}

function duration(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m${s % 60}s`;
  if (s < 86400) return `${Math.floor(s / 3600)}h${Math.floor((s % 3600) / 60)}m`;
  return `${Math.floor(s / 86400)}d${Math.floor((s % 86400) / 3600)}h`;
}

const ago = (seconds) => t("ago", { duration: duration(seconds) });
const mb = (bytes) => number(bytes / 1048576, 0);

function number(value, digits = 0) {
  return value === null ? t("not_available")
    : value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

function percent(value, digits) {
  return value === null ? t("not_available") : `${number(value, digits)} %`;
}

function clockTime(ms) {
  const when = new Date(ms);
  const day = when.toDateString() === new Date().toDateString() ? {} : { day: "2-digit", month: "2-digit" };
  return when.toLocaleString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false, ...day });
}

// As the reports show a failure: the text of its cause, and the evidence for it.
function causeText(failure) {
  return texts[`cause.${failure.cause}`] ?? failure.cause;
}

function evidenceOf(failure) {
  const status = failure.exit_status;
  if (failure.detail || !status || failure.cause === "end_of_stream") return failure.detail;
  return status < 0 ? t("signal", { number: -status }) : t("exit_status", { status });
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function show(element, visible) {
  element.hidden = !visible;
}

// --- the connection --------------------------------------------------------------------------

function connect() {
  disconnect();
  if (!may.read || document.hidden) return;
  heardAt = performance.now();
  source = new EventSource("/api/updates");
  source.onmessage = (event) => {
    view = JSON.parse(event.data);
    viewAt = heardAt = performance.now();
    lostSince = 0;
    may.actions = view.actions;
    draw();
    if (view.timeline_version !== timelineVersion) fetchTimeline();
  };
  source.onerror = () => {
    lostSince ||= performance.now();
    drawBanner();
  };
}

function disconnect() {
  source?.close();
  source = null;
}

async function watchConnection() {
  if (document.hidden || !may.read) return;
  const silent = performance.now() - heardAt > SILENCE_MS;
  if (!silent && source && source.readyState !== EventSource.CLOSED) return;
  lostSince ||= performance.now();
  heardAt = performance.now() - SILENCE_MS / 2; // the next try in a few seconds
  try {
    await whoAmI();
    connect();
  } catch { disconnect(); }
  drawBanner();
}

async function whoAmI() {
  const answer = await fetch("/api/session", { signal: AbortSignal.timeout(4000) });
  if (!answer.ok) throw new Error(answer.statusText);
  may = await answer.json();
  drawLogin();
  if (!may.read) askForToken();
}

let fetchingTimeline = false;
async function fetchTimeline() {
  if (fetchingTimeline) return;
  fetchingTimeline = true;
  try {
    const answer = await fetch("/api/timeline", { signal: AbortSignal.timeout(8000) });
    if (!answer.ok) return;
    const timeline = await answer.json();
    timelineVersion = timeline.version;
    entries = timeline.entries;
    drawTimeline();
  } catch { /* with the next update */ } finally { fetchingTimeline = false; }
}

// --- drawing ---------------------------------------------------------------------------------

const sinceView = () => (performance.now() - viewAt) / 1000;

function draw() {
  setText($("node"), view.node);
  setText($("uptime"), t("uptime", { duration: duration(view.uptime_s) }));
  drawVerdict();
  drawPublisher();
  drawMachine();
  drawTiles();
  drawBanner();
  show($("actions-off"), !view.actions);
}

function drawVerdict() {
  const wanted = view.cameras.filter((camera) => !["STOPPED", "DISABLED"].includes(camera.word));
  const bad = wanted.filter((camera) => TROUBLE.has(camera.word));
  const publisherBad = ["waiting", "blocked"].includes(view.publisher.state) || tryingAgain(view.publisher);
  let text = t("page.all_well", { count: wanted.length });
  let state = "ok";
  if (bad.length) [text, state] = [t("page.trouble", { count: bad.length, all: wanted.length }), "bad"];
  else if (!wanted.length) [text, state] = [t("page.none_wanted"), "warn"];
  if (publisherBad) [text, state] = [`${t("page.publisher_trouble")} · ${text}`, "bad"];
  const verdict = $("verdict");
  const shape = { ok: "OK", bad: "CB_OPEN", warn: "WARN" }[state];
  if (verdict.dataset.state === state && verdict.lastChild?.textContent === text) return;
  verdict.dataset.state = state;
  verdict.replaceChildren(shapeOf(shape), Object.assign(document.createElement("span"), { textContent: text }));
  document.title = state === "ok" ? `✓ ${view.node} · edge-video` : `✗ ${text} · ${view.node}`;
}

function shapeOf(word) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#shape-${word}`);
  svg.append(use);
  return svg;
}

// An attempt at a silent broker takes ten seconds: the trouble is not over while it lasts.
const tryingAgain = (publisher) => publisher.state === "connecting" && publisher.reason !== "";

function drawPublisher() {
  const publisher = view.publisher;
  const state = { connected: "ok", connecting: "warn", blocked: "warn" }[publisher.state] ?? "bad";
  $("publisher").dataset.state = tryingAgain(publisher) ? "bad" : state;
  setText($("publisher-state"), t(`publisher.${publisher.state}`));
  setText($("publisher-target"), t("publisher.target", { target: publisher.target }));
  let reason = publisher.reason;
  if (publisher.retry_in_s !== null && publisher.state === "waiting") {
    const left = publisher.retry_in_s - sinceView();
    reason += ` – ${left > 0 ? t("retry_in", { duration: duration(Math.ceil(left)) }) : t("retry_now")}`;
  }
  setText($("publisher-reason"), reason);
  const totals = view.totals;
  setText($("publisher-numbers"), t("publisher.numbers", {
    confirmed: number(totals.confirmed), errors: number(totals.errors),
    dropped: number(totals.dropped), in_flight: number(totals.in_flight),
  }) + (publisher.losses ? ` · ${t("publisher.losses", { count: publisher.losses })}` : ""));
}

function drawMachine() {
  const process = view.process;
  if (!process) return;
  setText($("machine-process"), t("machine.process", { cpu: percent(process.cpu_percent, 1), ram: mb(process.rss_bytes) }));
  setText($("machine-ffmpeg"), t("machine.ffmpeg", {
    count: process.ffmpeg_processes, cpu: percent(process.ffmpeg_cpu_percent, 1), ram: mb(process.ffmpeg_rss_bytes) }));
  const level = process.memory_level === "normal" ? "" : ` · ${t("machine.level", { level: process.memory_level })}`;
  setText($("machine-total"), t("machine.total", {
    cpu: percent(process.machine_cpu_percent, 0), ram: number(process.machine_ram_used_percent, 0),
    total: number(process.machine_ram_bytes / 1073741824, 1) }) + level);
  $("machine").dataset.state = { warning: "warn", critical: "bad", emergency: "bad" }[process.memory_level] ?? "ok";
}

function drawBanner() {
  const banner = $("banner");
  let text = "";
  if (may.read && !view) text = lostSince ? t("page.lost", { ago: ago((performance.now() - lostSince) / 1000) }) : t("page.connecting");
  else if (lostSince) text = t("page.lost", { ago: ago((performance.now() - heardBeforeLoss()) / 1000) });
  else if (view?.stopping) text = t("page.stopping");
  else if (view && view.supervisor_ago_s > 5) text = t("page.stale", { duration: duration(view.supervisor_ago_s) });
  show(banner, text !== "");
  setText(banner, text);
  document.body.classList.toggle("lost", lostSince > 0);
}

const heardBeforeLoss = () => (viewAt ? viewAt : lostSince);

// --- tiles -----------------------------------------------------------------------------------

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) entry.target.tile.inView = entry.isIntersecting;
}, { rootMargin: "50px" });

function newTile(camera) {
  const root = $("tile").content.firstElementChild.cloneNode(true);
  const part = (selector) => root.querySelector(selector);
  const tile = {
    root, camera, inView: false, picture: { seq: 0, at: 0, next: 0, busy: false, url: "" },
    image: part("img"), noPicture: part(".no-picture"), age: part(".age"), use: part("use"), word: part(".word"),
    since: part(".since"), fps: part(".fps"), spark: part(".spark"), why: part("strong.why"), evidence: part(".evidence"), screen: part(".screen"), doing: part(".doing"),
    advice: part(".advice"), more: part(".more"), buttons: part(".buttons"), rowWhy: part(".row-why"),
    rowDoing: part(".row-doing"), rowCan: part(".row-can"), details: part("details"),
  };
  root.tile = tile;
  root.dataset.camera = camera.id;
  part("h3").textContent = camera.id;
  part("h3").id = `camera-${camera.id}`;
  root.setAttribute("aria-labelledby", `camera-${camera.id}`);
  tile.details.addEventListener("toggle", () => drawMore(tile));
  translate(root);
  seen.observe(root);
  return tile;
}

function drawTiles() {
  for (const camera of view.cameras) {
    if (!tiles.has(camera.id)) tiles.set(camera.id, newTile(camera));
    const tile = tiles.get(camera.id);
    tile.camera = camera;
    drawTile(tile);
  }
  arrange();
}

function drawTile(tile) {
  const { camera, root } = tile;
  const trouble = TROUBLE.has(camera.word);
  root.dataset.word = camera.word;
  root.toggleAttribute("data-calm", !trouble);
  tile.use.setAttribute("href", `#shape-${camera.word}`);
  setText(tile.word, t(`word.${camera.word}`));
  tile.word.title = camera.word;
  const rests = ["STOPPED", "DISABLED"].includes(camera.word);
  setText(tile.fps, rests ? "" : t("fps", { fps: camera.fps === null ? "–" : number(camera.fps, 1), target: camera.target_fps }));
  drawSpark(tile);
  const late = camera.word === "WARN"; // its last failure, if any, is no reason for that
  const owes = camera.word === "KEY_WAIT";
  show(tile.rowWhy, trouble && (late || owes || camera.failure !== null));
  show(tile.rowDoing, trouble || rests);
  const cause = owes ? "no_key_frame" : late ? "stalled" : camera.failure?.cause;
  const advice = trouble && texts[`advice.${cause}`];
  show(tile.rowCan, Boolean(advice));
  if (advice) setText(tile.advice, advice);
  if (late) {
    setText(tile.why, t("why.WARN", { duration: duration(camera.last_frame_ago_s) }));
    setText(tile.evidence, "");
  } else if (owes) {
    const waited = duration(camera.key_frame_wait_s);
    const interval = camera.key_frame_interval_s;
    setText(tile.why, interval === null ? t("key_wait", { waited }) : t("key_wait.known", { waited, interval: duration(interval) }));
    setText(tile.evidence, "");
  } else if (camera.failure) {
    setText(tile.why, causeText(camera.failure));
    setText(tile.evidence, evidenceOf(camera.failure));
  }
  drawButtons(tile);
  drawMore(tile);
  tick(tile);
}

// What changes by itself between two updates: countdowns and ages.
function tick(tile) {
  const { camera } = tile;
  const later = sinceView();
  const sinceSeconds = (view.taken_at_ms - camera.since_ms) / 1000 + later;
  setText(tile.since, t("since", { duration: duration(sinceSeconds) }));
  tile.since.title = t("since_at", { time: clockTime(camera.since_ms) });
  setText(tile.doing, whatItDoes(camera, later));
  const age = tile.picture.at ? Date.now() - tile.picture.at : 0;
  const old = tile.picture.seq > 0 && (age > OLD_PICTURE_MS || camera.phase !== "streaming");
  tile.image.classList.toggle("old", old);
  show(tile.age, old);
  if (old) setText(tile.age, t("picture_old", { ago: ago(age / 1000) }));
  show(tile.noPicture, tile.image.hidden);
  tile.screen.classList.toggle("empty", tile.image.hidden && camera.phase !== "streaming");
  setText(tile.noPicture, t("no_picture"));
}

function whatItDoes(camera, later) {
  if (camera.word !== "CB_OPEN") {
    const again = camera.word === "STARTING" && camera.breaker.consecutive_failures > 0;
    return t(again ? "doing.STARTING.again" : `doing.${camera.word}`);
  }
  if (camera.breaker.forced_open || camera.breaker.retry_in_s === null) return t("doing.FORCED");
  const left = Math.ceil(camera.breaker.retry_in_s - later);
  return left > 0 ? t("doing.CB_OPEN", { countdown: duration(left) }) : t("doing.CB_OPEN.due");
}

function drawSpark(tile) {
  const { camera } = tile;
  const points = [...camera.history, ...(camera.fps === null ? [] : [camera.fps])].slice(-120);
  const key = points.join();
  if (tile.sparkKey === key + document.documentElement.lang) return;
  tile.sparkKey = key + document.documentElement.lang;
  const top = Math.max(camera.target_fps * 1.2, ...points);
  const y = (fps) => (23 - (22 * fps) / top).toFixed(1);
  const step = 120 / Math.max(1, Math.max(24, points.length) - 1);
  const start = 120 - step * (points.length - 1);
  const [line, polyline] = tile.spark.children;
  line.setAttribute("y1", y(camera.target_fps));
  line.setAttribute("y2", y(camera.target_fps));
  polyline.setAttribute("points", points.map((fps, i) => `${(start + i * step).toFixed(1)},${y(fps)}`).join(" "));
  tile.spark.setAttribute("aria-label", t("fps_history", { target: camera.target_fps, fps: camera.fps === null ? "–" : number(camera.fps, 1) }));
}

function actionsFor(camera) {
  switch (camera.word) {
    case "STOPPED": case "DISABLED": return ["start"];
    case "CB_OPEN": return camera.breaker.forced_open ? ["reset", "stop"] : ["retry", "reset", "stop", "force-open"];
    default: return ["stop", "force-open", ...(camera.breaker.consecutive_failures ? ["reset"] : [])];
  }
}

function drawButtons(tile) {
  const { camera } = tile;
  const actions = actionsFor(camera);
  const key = [document.documentElement.lang, view.actions, ...actions].join();
  if (tile.buttonsKey === key) return;
  tile.buttonsKey = key;
  const focused = tile.buttons.contains(document.activeElement) ? document.activeElement.dataset.action : null;
  tile.buttons.replaceChildren(...actions.map((action) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.action = action;
    button.textContent = t(`action.${action}`);
    button.title = view.actions ? t(`action_hint.${action}`) : t("page.actions_off");
    button.setAttribute("aria-label", `${t(`action.${action}`)}: ${camera.id}`);
    button.disabled = !view.actions;
    button.className = ["retry", "start"].includes(action) ? "main" : "";
    button.addEventListener("click", () => act(camera.id, action));
    return button;
  }));
  if (focused) (tile.buttons.querySelector(`[data-action="${focused}"]`) ?? tile.buttons.firstElementChild)?.focus();
}

function drawMore(tile) {
  if (!tile.details.open) return;
  const { camera } = tile;
  const rows = [
    ["source", camera.url],
    ["size", camera.width ? `${camera.width}×${camera.height}` : t("not_available")],
    ["last_frame", camera.last_frame_ago_s === null ? t("never") : ago(camera.last_frame_ago_s)],
    ["latency", camera.latency_s === null ? t("not_available") : `≤ ${number(camera.latency_s * 1000)} ms`],
    ["received", number(camera.received)],
    ["dropped", number(camera.dropped)],
    ["attempts", number(camera.attempts)],
    ["last_failure", camera.failure ? `${causeText(camera.failure)}, ${ago(camera.failure.ago_s)}` : t("no_failure")],
  ];
  if (camera.ffmpeg_rss_bytes !== null) rows.push(["FFmpeg", `${mb(camera.ffmpeg_rss_bytes)} MB`]);
  if (camera.breaker.consecutive_failures) rows.push(["Circuit Breaker", `${camera.breaker.state}, ${t("failures_in_a_row", { count: camera.breaker.consecutive_failures })}`]);
  const key = JSON.stringify(rows);
  if (tile.moreKey === key) return;
  tile.moreKey = key;
  tile.more.replaceChildren(...rows.flatMap(([name, value]) => [
    Object.assign(document.createElement("dt"), { textContent: t(name) }),
    Object.assign(document.createElement("dd"), { textContent: value }),
  ]));
}

function arrange() {
  const wanted = $("filter").value.trim().toLowerCase();
  const only = $("only-trouble").checked;
  const order = [...view.cameras];
  if ($("sort").value === "name") order.sort((a, b) => a.id.localeCompare(b.id));
  if ($("sort").value === "trouble") order.sort((a, b) => RANK[a.word] - RANK[b.word]);
  const grid = $("grid");
  grid.classList.toggle("many", order.length > MANY);
  let shown = 0;
  for (const camera of order) {
    const visible = camera.id.toLowerCase().includes(wanted) && (!only || TROUBLE.has(camera.word));
    show(tiles.get(camera.id).root, visible);
    shown += visible;
  }
  show($("nothing"), shown === 0);
  // Moving what somebody has the focus in, or is about to click, would be rude.
  const inUse = grid.contains(document.activeElement) || (grid.matches(":hover") && !arrange.asked);
  arrange.asked = false;
  const roots = order.map((camera) => tiles.get(camera.id).root);
  if (!inUse || grid.childElementCount !== roots.length) {
    if (roots.some((root, i) => grid.children[i] !== root)) grid.append(...roots);
  }
  const gone = [...tiles.keys()].filter((id) => !view.cameras.some((camera) => camera.id === id));
  for (const id of gone) { tiles.get(id).root.remove(); tiles.delete(id); }
}

// --- pictures: only of tiles in view, only while the tab is, a few at a time ----------------------

let loading = 0;

async function loadPictures() {
  if (document.hidden || !view || lostSince || !$("pictures").checked) return;
  const now = performance.now();
  const due = [...tiles.values()]
    .filter((tile) => tile.inView && !tile.root.hidden && !tile.picture.busy && tile.picture.next <= now)
    .sort((a, b) => a.picture.next - b.picture.next);
  for (const tile of due) {
    if (loading >= 4) return;
    loadPicture(tile);
  }
}

async function loadPicture(tile) {
  const picture = tile.picture;
  const pause = view.picture_interval_s * 1000 * (tile.camera.phase === "streaming" ? 1 : 5);
  picture.busy = true;
  picture.next = performance.now() + pause;
  loading += 1;
  try {
    const path = `/api/cameras/${encodeURIComponent(tile.camera.id)}/picture?after=${picture.seq}`;
    const answer = await fetch(path, { signal: AbortSignal.timeout(8000) });
    if (answer.status === 200) {
      const url = URL.createObjectURL(await answer.blob());
      await new Promise((done) => { tile.image.onload = tile.image.onerror = done; tile.image.src = url; });
      URL.revokeObjectURL(picture.url);
      picture.url = url;
      picture.seq = Number(answer.headers.get("x-frame-seq"));
      picture.at = Number(answer.headers.get("x-captured-at-ms")) + clockSkew();
      tile.image.alt = t("picture_of", { camera: tile.camera.id });
      show(tile.image, true);
    } else if (answer.status === 429) {
      picture.next = performance.now() + 3 * pause;
    }
  } catch { /* the connection's own watch shows it */ } finally {
    picture.busy = false;
    loading -= 1;
  }
}

// The server's clock and this one may differ; ages are those of the server.
const clockSkew = () => Date.now() - (view.taken_at_ms + sinceView() * 1000);

// --- actions ---------------------------------------------------------------------------------

async function act(camera, action) {
  if (NEEDS_A_YES.has(action) && !(await isSure(camera, action))) return;
  const facts = { camera, action: t(`action.${action}`) };
  for (let tries = 0; tries < 2; tries += 1) {
    if (!may.act && !(await askForToken())) return;
    try {
      const path = `/api/cameras/${encodeURIComponent(camera)}/${action}`;
      const answer = await fetch(path, { method: "POST", signal: AbortSignal.timeout(8000) });
      if (answer.status === 401) { may.act = false; continue; }
      const body = await answer.json();
      toast(body.result ? t(`result.${body.result}`, facts) : t("result.failed", { ...facts, error: body.error }));
    } catch (error) {
      toast(t("result.failed", { ...facts, error: error.message }));
    }
    return;
  }
}

function isSure(camera, action) {
  setText($("sure-title"), `${t(`action.${action}`)}: ${camera}`);
  setText($("sure-text"), `${t(`action_hint.${action}`)}.`);
  setText($("sure-yes"), t("page.confirm", { action: t(`action.${action}`).toLowerCase() }));
  return dialogAnswer($("sure-dialog"), (answer) => {
    $("sure-yes").onclick = () => answer(true);
    $("sure-no").onclick = () => answer(false);
  });
}

function askForToken() {
  const dialog = $("login-dialog");
  if (dialog.open) return Promise.resolve(false);
  setText($("token-wrong"), "");
  $("token").value = "";
  return dialogAnswer(dialog, (answer) => {
    $("login-cancel").onclick = () => answer(false);
    $("login-form").onsubmit = async (event) => {
      event.preventDefault();
      if (await logIn($("token").value)) answer(true);
    };
  });
}

function dialogAnswer(dialog, wire) {
  return new Promise((done) => {
    const answer = (value) => { dialog.onclose = null; dialog.close(); done(value); };
    dialog.onclose = () => done(false); // Escape
    wire(answer);
    dialog.showModal();
  });
}

async function logIn(token) {
  let problem = t("page.token_wrong");
  try {
    const answer = await fetch("/api/session", { method: "POST", body: JSON.stringify({ token }), signal: AbortSignal.timeout(8000) });
    if (answer.ok) {
      await whoAmI();
      toast(t("result.logged_in"));
      if (!source) connect();
      return true;
    }
    if (answer.status === 429) problem = t("page.token_later", { duration: duration(Number(answer.headers.get("retry-after"))) });
    else if (answer.status !== 401) problem = (await answer.json()).error;
  } catch (error) { problem = error.message; }
  setText($("token-wrong"), problem);
  $("token").select();
  return false;
}

function drawLogin() {
  show($("login"), may.actions);
  setText($("login"), t(may.act ? "page.logout" : "page.login"));
}

let toastTimer = 0;
function toast(text) {
  setText($("toast"), text);
  show($("toast"), true);
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => show($("toast"), false), 5000);
}

// --- the timeline ----------------------------------------------------------------------------

const TONES = {
  camera_failed: "warn", breaker_opened: "bad", probe_failed: "bad", breaker_closed: "good", camera_streaming: "good",
  publisher_connected: "good", publisher_lost: "bad", publisher_blocked: "warn", memory_level: "warn", actor_restarted: "warn",
};

function drawTimeline() {
  show($("timeline-empty"), entries.length === 0);
  show($("more"), entries.length > entriesShown);
  $("timeline-entries").replaceChildren(...entries.slice(0, entriesShown).map((entry) => {
    const item = document.createElement("li");
    item.dataset.tone = TONES[entry.kind] ?? "none";
    item.dataset.kind = entry.kind;
    const time = Object.assign(document.createElement("time"), { textContent: clockTime(entry.last_at_ms), dateTime: new Date(entry.last_at_ms).toISOString() });
    const text = document.createElement("span");
    const subject = ["publisher", "memory"].includes(entry.subject) ? "" : entry.subject;
    if (subject) text.append(Object.assign(document.createElement("strong"), { textContent: subject }), " ");
    const cause = texts[`cause.${entry.cause}`] ?? entry.cause;
    const times = entry.count > 1 ? ` (${t("timeline.times", { count: entry.count, time: clockTime(entry.first_at_ms) })})` : "";
    text.append(Object.assign(document.createElement("span"), { className: "what", textContent: t(`entry.${entry.kind}`, { cause }) }), times);
    item.append(time, text);
    if (entry.detail) item.append(Object.assign(document.createElement("span"), { className: "detail", textContent: entry.detail }));
    return item;
  }));
}

// --- begin -----------------------------------------------------------------------------------

$("language").addEventListener("change", (event) => { store("language", event.target.value); speak(event.target.value); });
$("login").addEventListener("click", async () => {
  if (!may.act) { await askForToken(); return; }
  await fetch("/api/session", { method: "DELETE" });
  await whoAmI();
  if (!may.read) disconnect();
});
for (const id of ["filter", "only-trouble", "sort", "pictures"]) {
  const control = $(id);
  const kept = stored(id);
  if (kept !== null && id !== "filter") control.type === "checkbox" ? (control.checked = kept === "true") : (control.value = kept);
  control.addEventListener("input", () => {
    store(id, control.type === "checkbox" ? control.checked : control.value);
    arrange.asked = true;
    if (view) arrange();
  });
}
$("more").addEventListener("click", () => { entriesShown += 100; drawTimeline(); });
document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
setInterval(() => { if (view) { for (const tile of tiles.values()) if (tile.inView) tick(tile); drawPublisher(); drawBanner(); } }, 500);
setInterval(loadPictures, 200);
setInterval(watchConnection, 1000);

const wished = stored("language");
await speak(["en", "pt-BR"].includes(wished) ? wished : document.documentElement.lang);
drawBanner();
try { await whoAmI(); connect(); } catch { lostSince = performance.now(); drawBanner(); }
