// The page's words and numbers, in the language that she chose.

let texts = {};

export const language = () => document.documentElement.lang;

export async function load(wanted) {
  const answer = await fetch(`/texts/${wanted}.json`);
  texts = await answer.json();
  document.documentElement.lang = wanted;
}

// Reasons and evidence come in English, and a view brings the Portuguese of those it knows.
const sentences = new Map();

export function learn(pairs) {
  if (sentences.size > 1000) sentences.clear();
  for (const [english, portuguese] of pairs ?? []) sentences.set(english, portuguese);
}

export const said = (english) => (language() === "pt-BR" ? sentences.get(english) ?? english : english);

export const has = (key) => key in texts;

// The text of a key. With a `count`, the one for a single thing where there is one; numbers are
// written as the language writes them.
export function t(key, facts = {}) {
  const wanted = facts.count === 1 && has(`${key}.one`) ? `${key}.one` : key;
  return (texts[wanted] ?? key).replace(/\{(\w+)\}/g, (whole, name) => {
    if (!(name in facts)) return whole;
    return typeof facts[name] === "number" ? number(facts[name]) : facts[name];
  });
}

export function translate(root) {
  for (const each of root.querySelectorAll("[data-t]")) each.textContent = t(each.dataset.t);
  for (const each of root.querySelectorAll("[data-placeholder]")) each.placeholder = t(each.dataset.placeholder);
  for (const each of root.querySelectorAll("[data-label]")) {
    each.setAttribute("aria-label", t(each.dataset.label));
    each.title = t(each.dataset.label);
  }
}

export function number(value, digits = 0) {
  if (value === null || value === undefined) return t("not_available");
  return value.toLocaleString(language(), { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

// As few digits as say it: 15, but 12.5.
export function rate(value) {
  return value === null ? "–" : value.toLocaleString(language(), { maximumFractionDigits: 1 });
}

export function percent(value, digits = 0) {
  return value === null || value === undefined ? t("not_available") : `${number(value, digits)} %`;
}

// The part of a time for which it was up, never rounded up to all of it.
export function share(value) {
  if (value === null || value === undefined) return t("not_available");
  const shown = Math.floor(value * 1000) / 10;
  return percent(shown, shown === 100 ? 0 : 1);
}

export const megabytes = (bytes) => `${number(bytes / 1048576)} MB`;

export function duration(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  for (const [large, name, small, part] of [[86400, "d", 3600, "h"], [3600, "h", 60, "m"], [60, "m", 1, "s"]]) {
    const rest = Math.floor((s % large) / small);
    if (s >= large) return `${Math.floor(s / large)}${name}${rest ? `${rest}${part}` : ""}`;
  }
  return `${s}s`;
}

// For small places: one unit only.
export function roughly(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  return s < 86400 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} d`;
}

export const ago = (seconds) => t("ago", { duration: duration(seconds) });

export function clockTime(ms, { seconds = true } = {}) {
  const when = new Date(ms);
  const day = when.toDateString() === new Date().toDateString() ? {} : { day: "2-digit", month: "2-digit" };
  const second = seconds ? { second: "2-digit" } : {};
  return when.toLocaleString(language(), { hour: "2-digit", minute: "2-digit", hour12: false, ...second, ...day });
}

// As the reports show a failure: the text of its cause, and the evidence for it.
export const causeText = (cause) => texts[`cause.${cause}`] ?? cause;

export function evidenceOf(failure) {
  const status = failure.exit_status;
  if (failure.detail || !status || failure.cause === "end_of_stream") return said(failure.detail);
  return status < 0 ? t("signal", { number: -status }) : t("exit_status", { status });
}
