// Which profile of cameras applies: a select beside the verdict, where profiles are configured.

import { ask } from "./actions.js";
import { $, el, show } from "./dom.js";
import { app } from "./state.js";
import { language, t } from "./text.js";

let drawn = "";

export function drawProfile() {
  const config = app.view?.config;
  const names = config?.profiles ?? [];
  show($("profile-choice"), names.length > 0 && app.view.actions);
  const key = JSON.stringify([language(), names]);
  if (drawn !== key) {
    drawn = key;
    const options = ["", ...names].map((name) => el("option", { text: name || t("profile.none"), value: name }));
    $("profile").replaceChildren(...options);
  }
  if (document.activeElement !== $("profile")) $("profile").value = config?.profile ?? "";
}

export function begin() {
  $("profile").addEventListener("change", async () => {
    const name = $("profile").value || null;
    $("profile").blur();
    await ask("/api/profile", "profile", t("outcome.profile.trying"), (body) =>
      [t(`outcome.profile.${body.result}`), body.result === "unknown_target" ? "bad" : "ok"], { name });
    drawProfile();
  });
}
