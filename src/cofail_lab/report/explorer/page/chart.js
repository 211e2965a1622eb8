// Curves, bars and ranges as SVG with real text, as wide as the page gives room for.

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { top: 10, right: 14, bottom: 44, left: 70 };

function element(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

/** Ticks of an axis: round steps; on a log axis powers of ten, at most five of them, or 1, 2, 5 where there are few. */
function ticksOf({ low, high, log }) {
  if (log) {
    const [first, last] = [Math.ceil(low - 1e-9), Math.floor(high + 1e-9)];
    if (last - first < 2) {
      const steps = [1, 2, 5].flatMap((unit) =>
        [first - 1, first, last].map((exponent) => Math.log10(unit) + exponent),
      );
      return [...new Set(steps)].filter((tick) => tick > low - 1e-9 && tick < high + 1e-9);
    }
    const step = Math.max(1, Math.ceil((last - first) / 4));
    const ticks = [];
    for (let power = last; power >= first; power -= step) ticks.push(power);
    return ticks;
  }
  const rough = (high - low) / 4;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * [1, 2, 5, 10].find((factor) => factor * unit >= rough * (1 - 1e-9));
  const ticks = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-9; tick += step) ticks.push(tick);
  return ticks;
}

/**
 * An empty picture with axes. Each axis has low, high, title, format (of a tick), and log where its numbers are
 * logarithms to base 10. `finding` is what the picture says, for those who do not see it.
 */
function frame(host, x, y, finding, height) {
  const width = Math.max(260, host.clientWidth || 600);
  const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": finding });
  const right = width - MARGIN.right;
  const bottom = height - MARGIN.bottom;
  const atX = (value) => MARGIN.left + ((value - x.low) / (x.high - x.low)) * (right - MARGIN.left);
  const atY = (value) => bottom - ((value - y.low) / (y.high - y.low)) * (bottom - MARGIN.top);
  for (const tick of y.format ? ticksOf(y) : []) {
    svg.append(element("line", { class: "grid", x1: MARGIN.left, x2: right, y1: atY(tick), y2: atY(tick) }));
    svg.append(element("text", { x: MARGIN.left - 7, y: atY(tick) + 4, "text-anchor": "end" }, y.format(tick)));
  }
  for (const tick of ticksOf(x)) {
    const place = { class: "axis", x1: atX(tick), x2: atX(tick), y1: bottom, y2: bottom + 4 };
    svg.append(element("line", place));
    svg.append(element("text", { x: atX(tick), y: bottom + 17, "text-anchor": "middle" }, x.format(tick)));
  }
  svg.append(element("line", { class: "axis", x1: MARGIN.left, x2: right, y1: bottom, y2: bottom }));
  const middle = (MARGIN.left + right) / 2;
  svg.append(element("text", { class: "title", x: middle, y: height - 6, "text-anchor": "middle" }, x.title));
  const turned = `translate(13 ${(MARGIN.top + bottom) / 2}) rotate(-90)`;
  if (y.title) svg.append(element("text", { class: "title", transform: turned, "text-anchor": "middle" }, y.title));
  host.replaceChildren(svg);
  return { svg, atX, atY, bottom, right };
}

function path(places) {
  return places.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

function legend(host, entries) {
  const list = document.createElement("ul");
  list.className = "legend";
  for (const { name, kind, area } of entries) {
    const item = document.createElement("li");
    const sample = element("svg", { viewBox: "0 0 26 10", width: 26, height: 10, "aria-hidden": "true" });
    const shape = area ? { x: 0, y: 0, width: 26, height: 10 } : { x1: 0, x2: 26, y1: 5, y2: 5 };
    sample.append(element(area ? "rect" : "line", { class: kind, ...shape }));
    item.append(sample, name);
    list.append(item);
  }
  host.prepend(list);
}

/**
 * Lines over x. `lines` are {name, kind, points: [[x, y]]}, `band` {name, points: [[x, low, high]]}; `mark` is an x that
 * is pointed at.
 */
export function drawLines(host, { x, y, lines, band, mark, finding }) {
  const { svg, atX, atY, bottom } = frame(host, x, y, finding, 300);
  const inside = (value) => atY(Math.min(y.high, Math.max(y.low, value)));
  if (band) {
    const upper = band.points.map(([at, , high]) => [atX(at), inside(high)]);
    const lower = band.points.map(([at, low]) => [atX(at), inside(low)]).reverse();
    svg.append(element("path", { class: "band", d: `${path([...upper, ...lower])}Z` }));
  }
  if (mark !== undefined) {
    svg.append(element("line", { class: "mark", x1: atX(mark), x2: atX(mark), y1: MARGIN.top, y2: bottom }));
  }
  for (const { kind, points } of lines) {
    // A line stops where it leaves the picture.
    const last = points.findIndex(([, value]) => !(value >= y.low - 1e-9));
    const seen = last < 0 ? points : points.slice(0, last + 1);
    svg.append(element("path", { class: kind, d: path(seen.map(([at, value]) => [atX(at), inside(value)])) }));
  }
  legend(host, [...lines, ...(band ? [{ name: band.name, kind: "band", area: true }] : [])]);
}

/** Bars of several groups side by side at 0, 1, 2, ...; `groups` are {name, kind, heights}. */
export function drawBars(host, { x, y, groups, finding }) {
  const { svg, atX, atY, bottom } = frame(host, x, y, finding, 260);
  const width = ((atX(1) - atX(0)) * 0.9) / groups.length;
  groups.forEach(({ kind, heights }, g) => {
    heights.forEach((height, place) => {
      if (!height) return;
      // A bar that is too low to be seen is drawn as one that is.
      const top = Math.min(atY(height), bottom - 2);
      const left = atX(place) + (g - groups.length / 2) * width;
      svg.append(
        element("rect", { class: kind, x: left, y: top, width: Math.max(1, width - 1), height: bottom - top }),
      );
    });
  });
  legend(
    host,
    groups.map((group) => ({ ...group, area: true })),
  );
}

/** Ranges on one axis, one under the other: `ranges` are {name, kind, low, high, value}; `mark` is {name, at}. */
export function drawRanges(host, { x, ranges, mark, finding }) {
  const y = { low: 0, high: ranges.length };
  const { svg, atX, atY, bottom } = frame(host, x, y, finding, MARGIN.top + MARGIN.bottom + 46 * ranges.length);
  svg.append(element("line", { class: "mark", x1: atX(mark.at), x2: atX(mark.at), y1: MARGIN.top, y2: bottom }));
  ranges.forEach(({ name, kind, low, high, value }, place) => {
    const at = atY(ranges.length - place - 0.72);
    svg.append(element("text", { x: MARGIN.left, y: at - 13 }, name));
    svg.append(
      element("line", { class: `${kind} range`, x1: atX(low), x2: Math.max(atX(high), atX(low) + 2), y1: at, y2: at }),
    );
    if (value !== undefined) svg.append(element("circle", { class: "seen", cx: atX(value), cy: at, r: 5 }));
  });
  legend(host, [{ name: mark.name, kind: "mark" }]);
}
