// Small helpers for elements; nothing here knows about cameras.

export const $ = (id) => document.getElementById(id);

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

// An element with its text, class, attributes and children. Text is never taken for markup.
export function el(tag, { text, className, listen, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const [kind, listener] of Object.entries(listen ?? {})) element.addEventListener(kind, listener);
  element.append(...children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

// The shape of a state, beside its word and its colour.
export function shape(state) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "shape");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(SVG, "use"));
  setShape(svg, state);
  return svg;
}

export function setShape(svg, state) {
  const use = svg.firstElementChild;
  if (use.getAttribute("href") !== `#shape-${state}`) use.setAttribute("href", `#shape-${state}`);
}

// The children of `list` become those of `wanted`, in this order; what is there already is not
// touched, so that it keeps the focus.
export function arrange(list, wanted) {
  for (const child of [...list.children]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((child, i) => {
    if (list.children[i] !== child) list.insertBefore(child, list.children[i] ?? null);
  });
}

export function stored(key) {
  try { return localStorage.getItem(`edge-video.${key}`); } catch { return null; }
}

export function store(key, value) {
  try { localStorage.setItem(`edge-video.${key}`, value); } catch { /* a private window */ }
}
