// The operator's page. No build step, no library: the server sends one update a second, the modules
// draw it.

import { closeSure } from "./actions.js";
import * as camera from "./camera.js";
import { connect, listen, watch, whoAmI } from "./connection.js";
import * as delivery from "./delivery.js";
import { $, setText, show, store, stored } from "./dom.js";
import * as login from "./login.js";
import * as edit from "./edit.js";
import * as office from "./office.js";
import * as pictures from "./pictures.js";
import * as profile from "./profile.js";
import * as reload from "./reload.js";
import { app } from "./state.js";
import * as text from "./text.js";
import * as timeline from "./timeline.js";
import * as trouble from "./trouble.js";
import { drawVerdict, fetchIcons } from "./verdict.js";
import * as wall from "./wall.js";

const STATES = ["OK", "SLOW", "WARN", "KEY_WAIT", "STARTING", "HALF_OPEN", "CB_OPEN", "PAUSED", "STOPPED", "OFF_SCHEDULE", "OFF_EXPECTED", "ELSEWHERE", "UNOWNED", "DISABLED"];

function draw() {
  document.body.classList.toggle("lost", app.lostSince > 0);
  document.body.classList.toggle("empty", !app.view);
  drawVerdict();
  login.drawLogin();
  edit.drawAdd();
  if (!app.view) { leave(); return; }
  delivery.drawDelivery();
  delivery.drawMachine();
  reload.drawReload();
  profile.drawProfile();
  trouble.drawTrouble();
  wall.drawWall();
  camera.drawCamera();
  office.drawOffice();
  setText($("version"), app.view.version ? `edge-video ${app.view.version}` : "");
}

// Whoever has no view any more, because the session has ended, is left with the form that begins one.
function leave() {
  edit.close();
  closeSure();
  camera.close();
  office.close();
}

function update() {
  draw();
  route.once();
  timeline.followTimeline();
}

// Countdowns and ages, between two updates; they stand still while the connection is lost.
function tick() {
  if (!app.view || app.lostSince) { if (office.isOpen()) office.drawOffice(); return; }
  drawVerdict();
  delivery.drawDelivery();
  trouble.tickTrouble();
  wall.tickWall();
  camera.tickCamera();
  office.drawOffice();
}

function load() {
  if (camera.isOpen()) pictures.loadDue(camera.isMine);
  else if (office.isOpen()) pictures.loadDue(office.isMine);
  else pictures.loadDue();
}

// --- where the address leads: #camera=door, #wall ---------------------------------------------

function route() {
  const wanted = /^#camera=(.+)$/.exec(location.hash)?.[1];
  if (wanted) {
    office.close();
    camera.open(decoded(wanted));
  } else {
    camera.close();
    if (location.hash === "#wall") office.enter(); else office.close();
  }
}

let isRouted = false;
route.once = () => { if (!isRouted) { isRouted = true; if (location.hash) route(); } };

function decoded(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}

// --- language, legend, begin --------------------------------------------------------------------

async function speak(language) {
  await text.load(language);
  $("language").value = language;
  text.translate(document);
  drawLegend();
  timeline.drawTimeline();
  draw();
}

function drawLegend() {
  const list = $("legend-states");
  list.replaceChildren(...STATES.map((state) => {
    const item = $("legend-item").content.firstElementChild.cloneNode(true);
    item.dataset.state = state;
    item.querySelector("use").setAttribute("href", `#shape-${state}`);
    setText(item.querySelector("dt span"), text.t(`word.${state}`));
    setText(item.querySelector("dd"), text.t(`legend.${state}`));
    return item;
  }));
}

function begin() {
  for (const part of [delivery, reload, profile, trouble, wall, timeline, login, camera, edit, office]) part.begin();
  $("language").addEventListener("change", (event) => { store("language", event.target.value); speak(event.target.value); });
  const box = $("pictures");
  box.checked = stored("pictures") !== "no";
  const applied = () => { pictures.setWanted(box.checked); document.body.classList.toggle("no-pictures", !box.checked); };
  box.addEventListener("change", () => { store("pictures", box.checked ? "yes" : "no"); applied(); });
  applied();
  addEventListener("hashchange", async () => {
    await login.logInByLink();
    if (app.view) route();
  });
  listen({ update, changed: draw, refused: draw });
  setInterval(tick, 500);
  setInterval(() => { if (!app.lostSince) pictures.tickAll(); }, 1000);
  setInterval(load, 100);
  setInterval(watch, 1000);
}

begin();
const wished = stored("language");
await speak(["en", "pt-BR"].includes(wished) ? wished : text.language());
await login.logInByLink();
fetchIcons().then(draw, () => { /* the icon stays as it is */ });
try {
  await whoAmI();
  connect();
} catch { await watch(); }
show($("loading"), false);
draw();
