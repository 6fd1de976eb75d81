// A curve of frames a second, newest at the right, and the expected rate as a line.

const WIDTH = 240;
const HEIGHT = 48; // as of the viewBox

// `svg` has a line and a path; null is a gap. Fewer points than `slots` fill their part of the width.
export function drawCurve(svg, points, target, slots) {
  const top = Math.max(target * 1.2, ...points, 1);
  const y = (fps) => (HEIGHT - 1 - ((HEIGHT - 2) * fps) / top).toFixed(1);
  const step = WIDTH / Math.max(1, Math.max(slots, points.length) - 1);
  const start = WIDTH - step * (points.length - 1);
  const [line, path] = svg.children;
  line.setAttribute("y1", y(target));
  line.setAttribute("y2", y(target));
  const known = (fps) => fps !== null && fps !== undefined;
  const place = (fps, i) => `${known(points[i - 1]) ? "L" : "M"}${(start + i * step).toFixed(1)},${y(fps)}`;
  // A dot for a point between two gaps: a line to itself, with round ends.
  const dot = (i) => (known(points[i - 1]) || known(points[i + 1]) ? "" : "h0");
  path.setAttribute("d", points.map((fps, i) => (known(fps) ? place(fps, i) + dot(i) : "")).join(""));
}
