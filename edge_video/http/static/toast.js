// Short answers at the lower edge; a screen reader says them once.

import { $, setText } from "./dom.js";

const SHOWN_MS = 8000;
let timer = 0;

// `lasting`: until the next one comes.
export function say(text, tone = "none", { lasting = false } = {}) {
  const toast = $("toast");
  // In a modal dialog everything outside it is out of reach, for eyes and screen readers alike.
  const home = document.querySelector("#edit-dialog[open]") ?? document.querySelector("#camera-dialog[open]") ?? document.body;
  if (toast.parentElement !== home) home.append(toast);
  if (!text) { hide(); return; }
  setText(toast, text);
  toast.dataset.tone = tone;
  toast.classList.add("shown");
  clearTimeout(timer);
  if (!lasting) timer = setTimeout(hide, SHOWN_MS);
}

export function hide() {
  $("toast").classList.remove("shown");
  setText($("toast"), "");
}
