// Pictures: only of what is in view, only while the tab is, and a few at a time.

import { el, setText, show } from "./dom.js";
import { app, cameraOf, clockSkew, isLive, isResting } from "./state.js";
import { ago, clockTime, roughly, t } from "./text.js";

const OLD_MS = 5000;
const AT_ONCE = 4;
const LIVE_MS = 250;
const PATIENCE_MS = 8000;
const screens = new Set();

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) entry.target.screen.inView = entry.isIntersecting;
}, { rootMargin: "50px" });

// One place where a camera's newest picture is shown.
export class Screen {
  // `live`: several pictures a second, and the long words about their age.
  constructor(cameraId, { live = false } = {}) {
    this.cameraId = cameraId;
    this.live = live;
    this.inView = false;
    this.forget();
    this.image = el("img", { alt: "" });
    this.age = el("span", { className: "age" });
    this.none = el("span", { className: "no-picture" });
    this.root = el("div", { className: "screen" }, this.image, this.none, this.age);
    this.root.screen = this;
    show(this.image, false);
    show(this.age, false);
    screens.add(this);
    seen.observe(this.root);
  }

  forget() {
    if (this.url) URL.revokeObjectURL(this.url);
    Object.assign(this, { seq: 0, capturedAt: 0, isStale: false, next: 0, busy: false, url: "", generation: (this.generation ?? 0) + 1 });
  }

  // The same place, for another camera.
  turnTo(cameraId) {
    if (this.cameraId === cameraId) return;
    this.cameraId = cameraId;
    this.forget();
    show(this.image, false);
    this.tick();
  }

  close() {
    seen.unobserve(this.root);
    screens.delete(this);
    this.forget();
  }

  tick() {
    const camera = cameraOf(this.cameraId);
    if (!camera) return;
    const age = this.capturedAt ? Date.now() - clockSkew() - this.capturedAt : 0;
    const old = this.seq > 0 && (this.isStale || age > this.usualAge(camera) || !isLive(camera));
    this.root.classList.toggle("old", old);
    show(this.age, old);
    if (old) setText(this.age, this.live ? t("picture.from", { time: clockTime(this.capturedAt + clockSkew()), ago: ago(age / 1000) }) : roughly(age / 1000));
    show(this.none, this.image.hidden);
    setText(this.none, t(isLive(camera) ? "picture.coming" : "picture.none"));
  }

  // A camera of one frame in ten seconds has no old picture after five.
  usualAge(camera) {
    return Math.max(OLD_MS, 3000 / Math.max(camera.target_fps, 0.05));
  }

  isDue(now) {
    return this.inView && !this.busy && this.next <= now && this.root.isConnected && this.root.offsetParent !== null;
  }

  pause() {
    const camera = cameraOf(this.cameraId);
    if (!camera || isResting(camera)) return 15000;
    if (!isLive(camera)) return 5000;
    return this.live ? LIVE_MS : app.view.picture_interval_s * 1000;
  }

  async load() {
    const generation = this.generation;
    this.busy = true;
    this.next = performance.now() + this.pause();
    try {
      const path = `/api/cameras/${encodeURIComponent(this.cameraId)}/picture?after=${this.seq}${this.live ? "&live=1" : ""}`;
      const answer = await fetch(path, { signal: AbortSignal.timeout(PATIENCE_MS) });
      if (generation !== this.generation) return;
      if (answer.status === 200) await this.put(answer, generation);
      else if (answer.status === 429) this.next = performance.now() + 4 * this.pause();
      else if (answer.status === 204 && !this.seq) this.next = performance.now() + 1000;
    } catch { /* the watch over the connection shows it */ } finally {
      if (generation === this.generation) this.busy = false;
    }
  }

  async put(answer, generation) {
    const url = URL.createObjectURL(await answer.blob());
    const fresh = new Image();
    fresh.src = url;
    try { await fresh.decode(); } catch { URL.revokeObjectURL(url); return; }
    if (generation !== this.generation) { URL.revokeObjectURL(url); return; }
    this.image.src = url;
    this.image.alt = t("picture.of", { camera: this.cameraId });
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = url;
    this.seq = Number(answer.headers.get("x-frame-seq"));
    this.capturedAt = Number(answer.headers.get("x-captured-at-ms"));
    this.isStale = answer.headers.get("x-picture-stale") === "1";
    show(this.image, true);
    this.tick();
  }
}

let wanted = true;

export function setWanted(value) {
  wanted = value;
}

// A few times a second. What covers the others (`first`) is loaded alone.
export function loadDue(first) {
  if (document.hidden || !app.view || app.lostSince) return;
  const now = performance.now();
  const busy = [...screens].filter((screen) => screen.busy && !screen.live).length;
  const due = [...screens]
    .filter((screen) => (first ? first(screen) : wanted) && screen.isDue(now))
    .sort((a, b) => a.next - b.next);
  for (const screen of due.slice(0, Math.max(screenBudget(due), AT_ONCE - busy))) screen.load();
}

const screenBudget = (due) => (due.some((screen) => screen.live) ? 1 : 0);

export function tickAll() {
  if (!app.view) return;
  for (const screen of screens) if (screen.inView) screen.tick();
}
