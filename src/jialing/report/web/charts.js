// The shared time axis: one small plot per panel, zoom and cursor linked.
"use strict";
const panels = [];
const seriesCache = new Map();
const MARK_KINDS = ["closed", "opened", "fault", "died", "restarted", "lost", "not_scored", "refused", "late", "clamped", "note"];
const markRows = MARK_KINDS.filter((kind) => content.charts.marks.some((marks) => marks.some((m) => m.kind === kind)));

function series(position) {
  if (!seriesCache.has(position)) {
    const packed = content.charts.series[position];
    const seconds = unpack(packed.x);
    seriesCache.set(position, { seconds, x: Array.from(seconds, toAxis), y: unpack(packed.y) });
  }
  return seriesCache.get(position);
}

function valueAt(position, seconds) {
  const { seconds: times, y } = series(position);
  let low = 0, high = times.length - 1;
  if (!times.length || seconds < times[0] || seconds > times[high] + 1) return NaN; // times are whole seconds
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (times[middle] <= seconds) low = middle; else high = middle - 1;
  }
  return y[low];
}

function buildPanels() {
  const host = document.getElementById("panels");
  if (markRows.length) {
    panels.push(makePanel(host, { title: content.charts.marks_title || "Guard and late decisions", unit: "", style: "marks", lines: [] }));
  }
  for (const spec of content.charts.panels) {
    if (!spec.still) panels.push(makePanel(host, spec));
  }
  const still = content.charts.panels.filter((spec) => spec.still).map((spec) => spec.title);
  if (still.length) host.append(make("p", "note", `Zero at every measured place, in every run: ${still.join(", ")}.`));
  const peak = content.peak_s;
  const button = document.getElementById("zoom-peak");
  button.hidden = peak === null || content.end_s < 36 * 3600;
  button.addEventListener("click", () => zoomTo([toAxis(peak - 43200), toAxis(peak + 43200)]));
  document.getElementById("zoom-all").addEventListener("click", () => zoomTo(null));
  document.getElementById("zoom-in").addEventListener("click", () => zoomBy(0.5));
  document.getElementById("zoom-out").addEventListener("click", () => zoomBy(2));
  document.getElementById("zoom").hidden = !panels.length;
  const tick = document.getElementById("with-baseline");
  tick.parentElement.hidden = content.controllers.length < 2;
  tick.addEventListener("change", () => { state.baseline = tick.checked; drawPanels(); });
}

// Panels with a row per line: what its colours stand for, and a gap.
const ROWS = {
  ribbon: { gap: "still", bands: () => [{ value: 1, text: "up", ink: "accent" }, { value: -1, text: "down", ink: "warn" }] },
  modes: {
    gap: "on the way to the next", note: "a mode is a green of the signal, numbered as jialing inspect does",
    bands: (spec) => {
      const drawn = spec.lines.flatMap((line) => line.series).filter((position) => position !== null);
      const last = drawn.reduce((most, position) => series(position).y.reduce((a, b) => Math.max(a, b), most), -1);
      return Array.from({ length: last + 1 }, (_, mode) => ({ value: mode, text: `mode ${mode}`, ink: `line-${(mode % 8) + 1}` }));
    },
  },
};

function bandKey(panel) {
  const key = make("p", "note bands"), { gap, note } = ROWS[panel.spec.style];
  for (const { text, ink } of panel.bands) {
    const item = make("span"), swatch = make("i");
    swatch.style.background = `var(--${ink})`;
    item.append(swatch, text);
    key.append(item);
  }
  key.append(make("span", "", `gap: ${gap}`), ...(note ? [make("span", "", note)] : []));
  return key;
}

function makePanel(host, spec) {
  const card = make("div", "card panel");
  const head = make("div", "panel-head");
  const title = make("h3", "", spec.title);
  if (spec.unit && spec.unit !== "1") title.append(make("small", "", " " + spec.unit));
  const chips = make("div", "chips");
  head.append(title, chips);
  const frame = make("div", "frame");
  const plot = make("div", "plot");
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-label", `${spec.title}${spec.unit ? " in " + spec.unit : ""} over time`);
  const cursor = make("div", "cursor");
  frame.append(plot, cursor);
  card.append(head, frame);
  if (spec.left_out) card.append(make("p", "note", `${spec.left_out} lines that move less are not shown.`));
  host.append(card);
  const rows = ROWS[spec.style];
  const panel = { spec, plot, cursor, visible: spec.lines.map((line) => line.shown), readouts: [], bands: rows ? rows.bands(spec) : [] };
  if (rows) frame.before(bandKey(panel));
  spec.lines.forEach((line, i) => {
    const chip = make("button", "chip");
    chip.type = "button";
    const swatch = make("i");
    swatch.style.background = `var(--line-${(i % 8) + 1})`;
    const value = make("span", "readout");
    chip.append(...(rows ? [] : [swatch]), make("b", "", line.name), value);
    chip.setAttribute("aria-pressed", panel.visible[i]);
    chip.addEventListener("click", () => {
      panel.visible[i] = !panel.visible[i];
      chip.setAttribute("aria-pressed", panel.visible[i]);
      drawPanel(panel);
    });
    panel.readouts.push(value);
    chips.append(chip);
  });
  plot.addEventListener("pointermove", (event) => {
    const axis = plot._fullLayout && plot._fullLayout.xaxis;
    if (!axis) return;
    const offset = event.clientX - plot.getBoundingClientRect().left - axis._offset;
    if (offset >= 0 && offset <= axis._length) pointAt(fromAxis(axis.p2l(offset)));
  });
  plot.addEventListener("pointerleave", () => pointAt(frameTime()));
  return panel;
}

function traces(panel) {
  if (panel.spec.style === "marks") return markTraces();
  if (ROWS[panel.spec.style]) return rowTraces(panel);
  const down = panel.spec.style === "bars_down" || panel.spec.style === "bars";
  const shape = panel.spec.style === "line" ? "linear" : "hv";
  const drawn = [];
  panel.spec.lines.forEach((line, i) => {
    if (!panel.visible[i]) return;
    const mine = line.series[state.run], base = line.series[0], ink = lineColour(i);
    const common = { type: "scatter", mode: "lines", hoverinfo: "skip", showlegend: false };
    if (state.baseline && state.run !== 0 && base !== null && base !== mine) {
      const { x, y } = series(base);
      drawn.push({ ...common, x, y, line: { color: faded(ink, 0.75), width: 1.2, dash: "5px,3px", shape } });
    }
    if (mine !== null) {
      const { x, y } = series(mine);
      const fill = down ? { fill: "tozeroy", fillcolor: faded(ink, 0.3) } : {};
      drawn.push({ ...common, x, y, ...fill, line: { color: ink, width: down ? 1 : 1.7, shape } });
    }
  });
  return drawn;
}

// One row per line; its colour tells the value, as `bandKey` says.
function rowTraces(panel) {
  const rows = panel.spec.lines.filter((line, i) => panel.visible[i] && line.series[state.run] !== null);
  return panel.bands.map(({ value, text, ink }) => {
    const x = [], y = [];
    for (const line of rows) {
      const found = series(line.series[state.run]);
      for (let i = 0; i < found.x.length; i++) {
        if (found.y[i] !== value) continue;
        x.push(found.x[i], found.x[Math.min(i + 1, found.x.length - 1)], null); // no further than the run
        y.push(line.name, line.name, null);
      }
    }
    return { type: "scatter", mode: "lines", x, y, name: text, showlegend: false, hoverinfo: "name", line: { color: colour(ink), width: 9 } };
  }).filter((trace) => trace.x.length);
}

function limitLines(panel) {
  return (panel.spec.limits || []).map((limit) => ({
    type: "line", xref: "paper", x0: 0, x1: 1, y0: limit.value, y1: limit.value,
    line: { color: colour("worse"), width: 1, dash: "dot" },
    label: { text: limit.text, textposition: "end", font: { color: colour("worse"), size: 11 } },
  }));
}

// Stretches of time that every panel of this run shades: closures and whatever else lasts.
function spanShapes() {
  const spans = (content.charts.spans || [])[state.run] || [];
  return spans.map((span) => ({
    type: "rect", xref: "x", yref: "paper", x0: toAxis(span.from), x1: toAxis(span.to), y0: 0, y1: 1, layer: "below",
    line: { width: 0 }, fillcolor: faded(colour(span.ink), 0.1),
  }));
}

function markTraces() {
  const marks = content.charts.marks[state.run];
  const looks = {
    refused: ["x", "worse"], late: ["triangle-up", "warn"], clamped: ["line-ns-open", "accent"], note: ["circle", "muted"],
    closed: ["square", "worse"], opened: ["square-open", "better"], fault: ["diamond", "warn"], died: ["x", "worse"], restarted: ["circle-open", "better"], lost: ["x", "worse"], not_scored: ["x", "muted"],
  };
  return markRows.map((kind) => {
    const found = marks.filter((m) => m.kind === kind);
    const [symbol, ink] = looks[kind];
    return {
      type: "scatter", mode: "markers", showlegend: false, x: found.map((m) => toAxis(m.t)),
      y: found.map(() => kind), text: found.map((m) => clock(m.t) + "  " + wrapped(m.text)),
      hovertemplate: "%{text}<extra></extra>", marker: { symbol, size: 9, color: colour(ink), line: { width: 1.5, color: colour(ink) } },
    };
  }).filter((trace) => trace.x.length);
}

function wrapped(text) {
  return text.replace(/(.{40}\S*)\s/g, "$1<br>");
}

const leftMargin = () => (narrow() ? 50 : content.charts.left || 64);

// A row's name within the margin: its first word cut short, or else what tells it from others, its end.
function rowName(name) {
  const shown = narrow() ? name.replace(/^(.{3})\S+ /, "$1. ") : name;
  const room = Math.floor(leftMargin() / (narrow() ? 6.2 : 6.8)); // the width of a letter
  return shown.length > room ? "…" + shown.slice(2 - room) : shown;
}

function plotLayout(panel) {
  const { style } = panel.spec, rows = ROWS[style];
  const ink = colour("muted"), grid = colour("grid");
  const axis = { gridcolor: grid, zeroline: false, linecolor: grid, tickfont: { color: ink, size: narrow() ? 10 : 11 }, automargin: false };
  const full = [toAxis(0), toAxis(content.end_s)];
  const below = origin === null || content.dateless ? 24 : 36; // a calendar takes a second line for the date
  const stops = [
    { dtickrange: [null, 86400000 - 1], value: content.dateless ? "%H:%M" : "%H:%M\n%e %b" }, { dtickrange: [86400000, null], value: "%e %b\n%Y" },
  ];
  return {
    shapes: [...spanShapes(), ...limitLines(panel)],
    height: style === "marks" ? 64 + 21 * markRows.length : rows ? 60 + 22 * panel.spec.lines.length : style === "bars_down" ? 130 : 200,
    margin: { l: leftMargin(), r: narrow() ? 6 : 14, t: 6, b: below },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", separators: "." + THIN,
    font: { family: getComputedStyle(document.body).fontFamily, color: ink },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("muted"), activecolor: colour("accent") },
    hovermode: style === "marks" ? "closest" : false, dragmode: coarse() ? false : "zoom",
    hoverlabel: { bgcolor: colour("card"), bordercolor: colour("grid"), font: { color: colour("ink") }, align: "left" },
    xaxis: {
      ...axis, type: origin === null ? "linear" : "date", range: state.zoom || full,
      tickformatstops: origin === null ? [] : stops,
      ticksuffix: origin === null ? THIN + (inDays ? "d" : "h") : "", nticks: narrow() ? 5 : 10, fixedrange: coarse(),
    },
    yaxis: {
      ...axis, fixedrange: true, nticks: 5, rangemode: panel.spec.least >= 0 ? "nonnegative" : "normal", tickformat: style === "marks" ? "" : ",~g",
      ...(style === "marks" ? { type: "category", categoryorder: "array", categoryarray: [...markRows].reverse(), nticks: 0, range: [-0.6, markRows.length - 0.4] } : {}),
      ...(rows ? { type: "category", categoryorder: "array", categoryarray: panel.spec.lines.map((line) => line.name).reverse(), rangemode: "normal",
        nticks: 0, tickvals: panel.spec.lines.map((line) => line.name), ticktext: panel.spec.lines.map((line) => rowName(line.name)) } : {}),
      ...(style === "bars_down" ? { autorange: "reversed", rangemode: "tozero" } : {}),
      ...(style === "bars" ? { rangemode: "tozero" } : {}),
    },
  };
}

function drawPanel(panel) {
  Plotly.react(panel.plot, traces(panel), plotLayout(panel), plotConfig()).then(() => {
    if (!panel.wired) {
      panel.wired = true;
      panel.plot.on("plotly_relayout", (change) => followZoom(change));
      panel.plot.on("plotly_afterplot", () => placeCursor(panel));
    }
    placeCursor(panel);
  });
  readPanel(panel);
}

function drawPanels() {
  const chosen = content.controllers[state.run], base = content.controllers[0];
  const legend = document.getElementById("line-key");
  const paired = state.run !== 0 && state.baseline;
  legend.replaceChildren(make("span", "key solid", chosen), ...(paired ? [make("span", "key dashed", base + (firstIsBaseline ? " (baseline)" : ""))] : []));
  panels.forEach(drawPanel);
}

let following = false;
function followZoom(change) {
  if (following) return;
  if ("xaxis.range[0]" in change) {
    const read = (value) => (origin === null ? Number(value) : typeof value === "number" ? value : Date.parse(value.replace(" ", "T") + "Z"));
    zoomTo([read(change["xaxis.range[0]"]), read(change["xaxis.range[1]"])]);
  } else if (change["xaxis.autorange"]) zoomTo(null);
}

function zoomTo(range) {
  state.zoom = range;
  following = true;
  const wanted = range || [toAxis(0), toAxis(content.end_s)];
  Promise.all(panels.map((p) => Plotly.relayout(p.plot, { "xaxis.range": [...wanted], "xaxis.autorange": false })))
    .then(() => { following = false; panels.forEach(placeCursor); });
}

// Half or double the span around the chosen time, within the run.
function zoomBy(factor) {
  const full = [toAxis(0), toAxis(content.end_s)], [from, to] = state.zoom || full;
  const span = (to - from) * factor;
  if (span >= full[1] - full[0]) return zoomTo(null);
  zoomTo(within(toAxis(frameTime()) - span / 2, span, full));
}

function within(from, span, full) {
  const start = Math.max(full[0], Math.min(from, full[1] - span));
  return [start, start + span];
}

// A chosen time outside the zoomed span takes the span along.
function followTime() {
  if (!state.zoom) return;
  const at = toAxis(frameTime()), [from, to] = state.zoom;
  if (at < from || at > to) zoomTo(within(at - (to - from) / 2, to - from, [toAxis(0), toAxis(content.end_s)]));
}

let pointed = 0;
function pointAt(seconds) {
  pointed = seconds;
  for (const panel of panels) { placeCursor(panel); readPanel(panel); }
}

function placeCursor(panel) {
  const axis = panel.plot._fullLayout && panel.plot._fullLayout.xaxis;
  if (!axis) return;
  const at = axis.l2p(toAxis(pointed));
  const inside = at >= -1 && at <= axis._length + 1;
  panel.cursor.style.bottom = panel.plot._fullLayout.margin.b + "px";
  panel.cursor.hidden = !inside;
  panel.cursor.style.left = axis._offset + at + "px";
}

function readPanel(panel) {
  panel.spec.lines.forEach((line, i) => {
    const mine = line.series[state.run], base = line.series[0];
    let text = "";
    if (ROWS[panel.spec.style]) {
      const shown = mine === null ? NaN : valueAt(mine, pointed);
      const band = panel.bands.find(({ value }) => value === shown);
      if (mine !== null) text = Number.isNaN(shown) ? "–" : band ? band.text : ROWS[panel.spec.style].gap;
    } else if (panel.visible[i] && mine !== null) {
      text = number(valueAt(mine, pointed), panel.spec.places);
      if (state.baseline && state.run !== 0 && base !== null && base !== mine) text += " (" + number(valueAt(base, pointed), panel.spec.places) + ")";
    }
    panel.readouts[i].textContent = text;
  });
}
