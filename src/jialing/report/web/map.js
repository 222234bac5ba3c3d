// The network in plan: where it spilled or queued by the chosen time, and how the actuators stood.
"use strict";
const plan = content.map;
const plot = document.getElementById("map-plot");
const runFrames = [];
const SYMBOLS = {
  pump: "triangle-right", weir: "hourglass", outlet: "pentagon", orifice: "diamond", storage: "square", outfall: "triangle-down",
};

// Unpacks the sparse sums of a run into one row of frames per element; of a mean, divides them by the ticks they cover.
function frames(run) {
  if (runFrames[run]) return runFrames[run];
  const packed = plan.runs[run];
  const starts = unpack(packed.starts), at = unpack(packed.frames), values = unpack(packed.values);
  const ticks = packed.ticks && unpack(packed.ticks);
  const rows = new Map();
  packed.elements.forEach((name, i) => {
    const step = new Float32Array(mapTimes.length), sum = new Float32Array(mapTimes.length);
    for (let k = starts[i]; k < starts[i + 1]; k++) step[at[k]] = values[k];
    step.reduce((total, value, f) => (sum[f] = total + value), 0);
    if (ticks) ticks.forEach((count, f) => { sum[f] /= count; step[f] /= Math.max(1, count - (f && ticks[f - 1])); });
    rows.set(name, { step, sum });
  });
  runFrames[run] = { rows, settings: unpack(packed.settings) };
  return runFrames[run];
}

const mapTimes = plan ? Array.from(unpack(plan.times)) : Array.from({ length: 101 }, (_, i) => (content.end_s * i) / 100);
const frameTime = () => mapTimes[state.frame] || 0;

const nodeAt = new Map(plan ? plan.nodes.name.map((name, i) => [name, i]) : []);
let top_ = { step: 0, sum: 0, change: 0 };

function findTops() {
  const base = frames(0).rows;
  content.controllers.forEach((_, run) => {
    const names = new Set([...base.keys(), ...frames(run).rows.keys()]);
    for (const name of names) {
      const row = frames(run).rows.get(name), before = base.get(name);
      mapTimes.forEach((_, f) => {
        const sum = row ? row.sum[f] : 0;
        top_.sum = Math.max(top_.sum, sum);
        top_.step = Math.max(top_.step, row ? row.step[f] : 0);
        top_.change = Math.max(top_.change, Math.abs(sum - (before ? before.sum[f] : 0)));
      });
    }
  });
}

// Values of the current frame and mode, one per element that ever spills: [name, value].
function mapValues() {
  const mine = frames(state.run).rows, base = frames(0).rows, f = state.frame;
  if (state.mode === "change") {
    const names = [...new Set([...mine.keys(), ...base.keys()])];
    return names.map((name) => [name, (mine.has(name) ? mine.get(name).sum[f] : 0) - (base.has(name) ? base.get(name).sum[f] : 0)]);
  }
  return [...mine].map(([name, row]) => [name, state.mode === "now" ? row.step[f] : row.sum[f]]);
}

const topOf = () => Math.max(plan.least_top, state.mode === "change" ? top_.change : state.mode === "now" ? top_.step : top_.sum) || 1;

function spillColour(value) {
  const share = Math.sqrt(Math.min(1, Math.abs(value) / topOf()));
  if (state.mode === "change") return mixed(colour("grid"), colour(value > 0 ? "spill-high" : "gain"), 0.25 + 0.75 * share);
  return share < 0.5 ? mixed(colour("spill-low"), colour("spill-mid"), 2 * share) : mixed(colour("spill-mid"), colour("spill-high"), 2 * share - 1);
}

function linkLines(wanted) {
  const x = [], y = [];
  plan.links.paths.forEach((path, i) => {
    if (!wanted(i)) return;
    for (let k = 0; k < path.length; k += 2) { x.push(path[k]); y.push(path[k + 1]); }
    x.push(null); y.push(null);
  });
  return { x, y };
}

// The point halfway along a link, where its actuator is drawn.
function halfway(path) {
  const lengths = [];
  for (let k = 2; k < path.length; k += 2) lengths.push(Math.hypot(path[k] - path[k - 2], path[k + 1] - path[k - 1]));
  let rest = lengths.reduce((a, b) => a + b, 0) / 2;
  for (let s = 0; s < lengths.length; s++) {
    if (rest <= lengths[s] || s === lengths.length - 1) {
      const share = lengths[s] ? rest / lengths[s] : 0, k = 2 * s;
      return [path[k] + share * (path[k + 2] - path[k]), path[k + 1] + share * (path[k + 3] - path[k + 1])];
    }
    rest -= lengths[s];
  }
  return [path[0], path[1]];
}

const moved = plan ? plan.actuators.map((a, i) => ({ ...a, i })).filter((a) => a.link >= 0 && plan.links.paths[a.link].every((v) => v !== null)) : [];
const movedAt = moved.map((a) => halfway(plan.links.paths[a.link]));

const kindOf = (list, i) => (list.kind[i] || "").toLowerCase();
const namedHover = { hovertemplate: "%{text}<extra></extra>", showlegend: false };

function baseTraces() {
  const ink = colour("pipe"), isMoved = new Set(moved.map((a) => a.link));
  const plain = linkLines((i) => !isMoved.has(i)), acting = linkLines((i) => isMoved.has(i));
  const line = { type: "scatter", mode: "lines", hoverinfo: "skip", showlegend: false };
  const { nodes } = plan;
  const dots = [], stores = [], outs = [];
  nodes.name.forEach((_, i) => {
    const kind = kindOf(nodes, i);
    (kind === "storage" ? stores : kind === "outfall" ? outs : dots).push(i);
  });
  const points = (which, marker) => ({
    type: "scatter", mode: "markers", marker, ...namedHover, x: which.map((i) => nodes.x[i]), y: which.map((i) => nodes.y[i]),
    text: which.map((i) => nodes.name[i] + "<br>" + (nodes.kind[i] || "node")),
  });
  const few = dots.length <= 2500 ? dots : [];
  const thick = nodes.name.length > 1500 ? 1 : 2;
  return [
    { ...line, ...plain, line: { color: ink, width: thick } },
    { ...line, ...acting, line: { color: colour("accent"), width: thick + 1 } },
    points(few, { size: few.length > 400 ? 3 : 6, color: ink }),
    points(stores, { size: 13, symbol: SYMBOLS.storage, color: colour("card"), line: { color: colour("ink"), width: 1.6 } }),
    points(outs, { size: 11, symbol: SYMBOLS.outfall, color: colour("ink") }),
  ];
}

function spillTrace() {
  const found = mapValues().filter(([name, value]) => nodeAt.has(name) && Math.abs(value) > 0);
  found.sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
  const where = found.map(([name]) => nodeAt.get(name));
  const largest = narrow() ? 26 : 38, least = found.length > 200 ? 4 : 7;
  return {
    type: "scatter", mode: "markers", ...namedHover, x: where.map((i) => plan.nodes.x[i]), y: where.map((i) => plan.nodes.y[i]),
    text: found.map(([name, value]) => `<b>${name}</b><br>${state.mode === "change" && value > 0 ? "+" : ""}${withUnit(value, plan.unit)}`),
    marker: {
      size: found.map(([, value]) => least + (largest - least) * Math.sqrt(Math.min(1, Math.abs(value) / topOf()))),
      color: found.map(([, value]) => spillColour(value)), opacity: 0.85, line: { color: colour("ink"), width: 0.7 },
    },
  };
}

function actuatorTrace() {
  const { settings } = frames(state.run), offset = state.frame * plan.actuators.length;
  const at = moved.map((a) => settings[offset + a.i]);
  const shown = at.map((value) => (value === 255 || value === undefined ? "–" : value + THIN + "%"));
  const labelled = moved.length <= (narrow() ? 8 : 40), named = moved.length <= 12 && !narrow();
  return {
    type: "scatter", mode: labelled ? "markers+text" : "markers", showlegend: false,
    x: movedAt.map((p) => p[0]), y: movedAt.map((p) => p[1]), text: shown.map((value, k) => (named ? moved[k].name + " " : "") + value), textposition: "middle right",
    textfont: { color: colour("ink"), size: 11, shadow: `0 0 3px ${colour("card")}, 0 0 3px ${colour("card")}` }, hovertemplate: "%{customdata}<extra></extra>",
    customdata: moved.map((a, k) => `<b>${a.name}</b><br>${kindOf(plan.links, a.link)} at ${shown[k]}`),
    marker: {
      size: moved.length > 40 ? 9 : 14, symbol: moved.map((a) => SYMBOLS[kindOf(plan.links, a.link)] || "diamond"),
      color: at.map((value) => (value === 255 ? colour("card") : mixed(colour("card"), colour("accent"), Math.min(1, value / 100)))),
      line: { color: colour("accent"), width: 1.8 },
    },
  };
}

function drawMap() {
  if (!plan) return;
  const xs = plan.nodes.x.filter((v) => v !== null), ys = plan.nodes.y.filter((v) => v !== null);
  const greatest = (list) => list.reduce((a, b) => Math.max(a, b), 0);
  const width = greatest(xs) || 1, height = greatest(ys) || 1;
  const wide = plot.clientWidth || 800;
  const tall = Math.max(220, Math.min(narrow() ? 420 : 600, (wide * height) / width));
  const still = coarse() && !view; // on a touch screen an unzoomed map lets the page scroll
  const hidden = { visible: false, fixedrange: still };
  const pad = 0.06;
  const whole = { x: [-pad * width, (1 + pad) * width], y: [-pad * height, (1 + pad) * height] };
  const layout = {
    height: tall, margin: { l: 4, r: 4, t: 4, b: 4 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    xaxis: { ...hidden, range: (view || whole).x },
    yaxis: { ...hidden, range: (view || whole).y, scaleanchor: "x" },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("muted"), activecolor: colour("accent") },
    hovermode: "closest", dragmode: still ? false : "pan", separators: "." + THIN,
    font: { family: getComputedStyle(document.body).fontFamily },
    hoverlabel: { bgcolor: colour("card"), bordercolor: colour("grid"), font: { color: colour("ink") } },
  };
  Plotly.react(plot, [...baseTraces(), spillTrace(), actuatorTrace()], layout, { ...plotConfig(), doubleClick: false });
  drawMapLegend();
}

// The part of the plan in view; null is all of it.
let view = null;

function wireMap() {
  const keep = () => { const { xaxis, yaxis } = plot._fullLayout; view = { x: [...xaxis.range], y: [...yaxis.range] }; };
  plot.on("plotly_relayout", (change) => { if ("xaxis.range[0]" in change) keep(); });
  plot.on("plotly_doubleclick", () => showAll());
  const about = ([from, to], factor) => { const middle = (from + to) / 2, half = ((to - from) / 2) * factor; return [middle - half, middle + half]; };
  const zoom = (factor) => { keep(); view = { x: about(view.x, factor), y: about(view.y, factor) }; drawMap(); };
  const showAll = () => { view = null; drawMap(); };
  document.getElementById("map-in").addEventListener("click", () => zoom(0.6));
  document.getElementById("map-out").addEventListener("click", () => zoom(1 / 0.6));
  document.getElementById("map-all").addEventListener("click", showAll);
}

// Only the two moving traces change from frame to frame.
function moveMap() {
  if (!plan || !plot.data) return;
  const spill = spillTrace(), acting = actuatorTrace();
  Plotly.restyle(plot, {
    x: [spill.x, acting.x], y: [spill.y, acting.y], text: [spill.text, acting.text],
    customdata: [[], acting.customdata], marker: [spill.marker, acting.marker],
  }, [5, 6]);
}

// The outlines of the map's symbols in a square of 12.
const OUTLINES = {
  storage: "1,1 11,1 11,11 1,11", outfall: "0,2 12,2 6,11", orifice: "6,0 12,6 6,12 0,6", weir: "1,1 11,1 1,11 11,11",
  pump: "2,0 12,6 2,12", outlet: "6,0 12,5 10,12 2,12 0,5",
};

function drawnSymbol(kind) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "-1 -1 14 14");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
  shape.setAttribute("points", OUTLINES[kind]);
  svg.append(shape);
  return svg;
}

function drawMapLegend() {
  const legend = document.getElementById("map-legend");
  const scale = make("span", "scale");
  const ramp = make("i", "ramp");
  const stops = [0, 0.06, 0.25, 0.56, 1].map((share) => spillColour(share * topOf()));
  const less = [1, 0.25].map((share) => spillColour(-share * topOf()));
  ramp.style.background = `linear-gradient(90deg, ${(state.mode === "change" ? [...less, colour("grid"), stops[2], stops[4]] : stops).join(",")})`;
  const most = withUnit(topOf(), plan.unit);
  scale.append(...(state.mode === "change" ? [most + " less", ramp, most + " more"] : ["0", ramp, most]));
  const present = new Set([...plan.nodes.kind, ...moved.map((a) => plan.links.kind[a.link])].map((k) => (k || "").toLowerCase()));
  const keys = Object.keys(SYMBOLS).filter((kind) => present.has(kind)).map((kind) => {
    const acting = kind !== "storage" && kind !== "outfall";
    const key = make("span", acting ? "acting" : "");
    key.append(drawnSymbol(kind), kind + (acting ? " with its opening" : ""));
    return key;
  });
  legend.replaceChildren(scale, ...keys);
}
