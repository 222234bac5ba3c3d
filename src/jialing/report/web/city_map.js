// The city in plan, twice where two evenings are compared: rivers, streets, queues, water, stations.
"use strict";
const plan = content.map;
const SVG = "http://www.w3.org/2000/svg";
const mapTimes = plan ? Array.from(unpack(plan.times)) : Array.from({ length: 61 }, (_, i) => (content.end_s * i) / 60);
const frameTime = () => mapTimes[state.frame] || 0;
const evenings = plan ? plan.runs.map((run) => Object.fromEntries(Object.entries(run).map(([k, v]) => [k, v && v.b !== undefined ? unpack(v) : v]))) : [];
const QUEUES = [1, 4, 8, 14]; // vehicles in one lane from which the next colour holds
const LEAST_FLOOD = 200; // the largest circle stands for at least this much water per picture [m³]
const maps = [];
let view = null; // left, top, width, height in metres; null is all of it
let topSpill = LEAST_FLOOD;

function draw(tag, attributes, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

function pathOf(flat) {
  let text = "";
  for (let i = 0; i < flat.length; i += 2) text += (i ? "L" : "M") + flat[i] + " " + flat[i + 1];
  return text;
}

// The same line beside itself: to its right, as seen in the direction of travel.
function beside(flat, metres) {
  const moved = [];
  for (let i = 0; i < flat.length; i += 2) {
    const a = Math.max(0, i - 2), b = Math.min(flat.length - 2, i + 2);
    const dx = flat[b] - flat[a], dy = flat[b + 1] - flat[a + 1], size = Math.hypot(dx, dy) || 1;
    moved.push(Math.round(flat[i] - (dy / size) * metres), Math.round(flat[i + 1] + (dx / size) * metres));
  }
  return moved;
}

function findTops() {
  for (const evening of evenings) for (const value of evening.spill) topSpill = Math.max(topSpill, value);
}

// The words after a figure: 1 "vehicle queues", 2 "vehicles queue".
const vehiclesQueue = (count) => (count === 1 ? "vehicle queues" : "vehicles queue");
const peopleWait = (count) => (count === 1 ? "person waits" : "people wait");

function titled(node) {
  const title = draw("title", {});
  node.append(title);
  return title;
}

function buildMap(host) {
  const figure = make("figure", "city-map");
  const head = make("figcaption", "");
  const name = make("strong"), clockText = make("span", "when");
  head.append(name, clockText);
  const svg = draw("svg", { role: "img" });
  const facts = make("ul", "map-facts");
  figure.append(head, svg, facts);
  host.append(figure);
  const layer = (kind) => { const g = draw("g", { class: kind }); svg.append(g); return g; };
  const one = { figure, svg, name, clockText, facts, run: 0 };
  const rivers = layer("rivers");
  plan.rivers.forEach((river, i) => {
    rivers.append(draw("path", { id: `${host.id}-river-${maps.length}-${i}`, d: pathOf(river.path), "stroke-width": river.width }));
  });
  const streets = layer("streets");
  for (const path of plan.streets) streets.append(draw("path", { d: pathOf(path) }));
  one.lanes = [];
  const lanes = layer("lanes");
  for (const lane of plan.lanes) {
    const line = draw("path", {});
    one.lanes.push({ line, title: titled(line), shown: -1 });
    lanes.append(line);
  }
  const signals = layer("signals");
  one.signals = plan.signals.map((signal) => {
    const dot = draw("circle", { cx: signal.at[0], cy: signal.at[1] });
    titled(dot).textContent = `Signal ${signal.name}`;
    signals.append(dot);
    return dot;
  });
  const spills = layer("spills");
  one.spills = plan.spills.map((spill) => {
    const spot = draw("circle", { cx: spill.at[0], cy: spill.at[1], class: spill.kind, r: 0 });
    spills.append(spot);
    return { spot, title: titled(spot) };
  });
  const bars = layer("bars");
  const marks = layer("underpasses");
  one.underpasses = plan.underpasses.map((underpass) => {
    if (!underpass.at) return null;
    const closed = underpass.bars.map((bar) => { const line = draw("path", { d: pathOf(bar) }); bars.append(line); return line; });
    const group = draw("g", {});
    const water = draw("circle", { class: "water" }), ring = draw("circle", { class: "ring" });
    const dip = draw("path", { class: "dip", d: "M-4 -1.5H-2.5Q0 5 2.5 -1.5H4" });
    const cross = draw("path", { class: "cross", d: "M-4.5 -4.5L4.5 4.5M-4.5 4.5L4.5 -4.5" });
    const label = draw("text", { y: -13 });
    group.append(water, ring, dip, cross, label);
    marks.append(group);
    return { group, water, ring, cross, label, closed, title: titled(group) };
  });
  const stations = layer("stations");
  one.stations = plan.stations.map((station) => {
    if (!station.at) return null;
    const group = draw("g", {});
    const crowd = draw("circle", { class: "crowd" }), plate = draw("rect", { x: -7, y: -7, width: 14, height: 14, rx: 3 });
    const letter = draw("text", { class: "letter", y: 4 }, "M"), label = draw("text", { y: 21 });
    group.append(crowd, plate, letter, label);
    stations.append(group);
    return { group, crowd, label, title: titled(group) };
  });
  const names = layer("names");
  one.names = plan.rivers.map((river) => {
    const half = 2 * Math.floor(river.path.length / 4 * 0.55);
    const text = draw("text", { x: river.path[half], y: river.path[half + 1] }, river.name);
    titled(text).textContent = `${river.name} ${river.more}`;
    names.append(text);
    return text;
  });
  svg.append(draw("text", { class: "schematic-mark" }, content.schematic ? "SCHEMATIC" : ""));
  wirePan(svg);
  return one;
}

// Sizes in pixels need the length of a pixel in metres, which zooming and the window change.
function fitMap(one) {
  const [left, top, width, height] = view || [0, 0, ...plan.box];
  one.svg.setAttribute("viewBox", `${left} ${top} ${width} ${height}`);
  const px = width / (one.svg.clientWidth || 600);
  one.px = px;
  const small = narrow() ? 0.8 : 1;
  one.svg.style.setProperty("--px", px);
  one.lanes.forEach(({ line }, i) => {
    const lane = plan.lanes[i];
    line.setAttribute("d", pathOf(beside(lane.path, (2.4 + 2.6 * lane.side) * px)));
  });
  for (const dot of one.signals) dot.setAttribute("r", 1.9 * px);
  one.underpasses.forEach((mark, i) => {
    if (mark) mark.group.setAttribute("transform", `translate(${plan.underpasses[i].at}) scale(${px * small})`);
  });
  one.stations.forEach((mark, i) => {
    if (mark) mark.group.setAttribute("transform", `translate(${plan.stations[i].at}) scale(${px * small})`);
  });
  for (const text of one.names) text.style.fontSize = 12 * px + "px";
  const sign = one.svg.querySelector(".schematic-mark");
  sign.style.fontSize = 13 * px + "px";
  sign.setAttribute("x", left + width - 8 * px);
  sign.setAttribute("y", top + height - 9 * px);
}

function paintMap(one) {
  const evening = evenings[one.run], frame = state.frame;
  const at = (values, count, i) => values[frame * count + i];
  const over = frame >= evening.count; // an evening that ended early
  const queued = evening.queued[frame];
  let spilt = 0, caught = 0, waiting = 0;
  one.lanes.forEach((lane, i) => {
    const vehicles = at(evening.queue, plan.lanes.length, i);
    if (vehicles === lane.shown) return;
    lane.shown = vehicles;
    lane.line.setAttribute("class", "q" + QUEUES.filter((from) => vehicles >= from).length);
    lane.title.textContent = `Lane ${plan.lanes[i].name}: ${vehicles} ${vehiclesQueue(vehicles)}`;
  });
  one.spills.forEach(({ spot, title }, i) => {
    const volume = at(evening.spill, plan.spills.length, i), { name, kind } = plan.spills[i];
    spot.setAttribute("r", volume > 0.5 ? (3 + 15 * Math.sqrt(volume / topSpill)) * one.px : 0);
    title.textContent = `${name}: ${withUnit(volume, "m³")} ${kind === "overflow" ? "to the river" : "on the street"}`;
    if (kind !== "overflow") spilt += volume;
  });
  const shut = [];
  one.underpasses.forEach((mark, i) => {
    const count = plan.underpasses.length, { name } = plan.underpasses[i];
    const depth = at(evening.depth_cm, count, i), closed = at(evening.closed, count, i) > 0, lost = at(evening.caught, count, i);
    caught += lost;
    if (closed) shut.push(name);
    if (!mark) return;
    mark.water.setAttribute("r", depth ? 6 + Math.min(12, depth / 5) : 0);
    mark.ring.setAttribute("r", 7);
    mark.group.setAttribute("class", (closed ? "closed" : "open") + (depth >= 30 ? " deep" : ""));
    mark.closed.forEach((line) => line.setAttribute("class", closed ? "closed" : "open"));
    mark.label.textContent = depth ? `${depth} cm` : "";
    mark.title.textContent = `Underpass ${name}: ${depth} cm of water, ${closed ? "closed" : "open"}, ${lost} ${lost === 1 ? "vehicle" : "vehicles"} caught so far`;
  });
  one.stations.forEach((mark, i) => {
    const people = at(evening.waiting, plan.stations.length, i);
    waiting += people;
    if (!mark) return;
    mark.crowd.setAttribute("r", 9 + Math.min(22, Math.sqrt(people)));
    mark.label.textContent = people;
    mark.title.textContent = `${plan.stations[i].name}: ${people} ${peopleWait(people)}`;
  });
  one.svg.classList.toggle("gone", over);
  one.name.textContent = content.controllers[one.run];
  one.clockText.textContent = clock(frameTime()) + (evening.rain[frame] >= 0.1 ? `${THIN}· rain ${number(evening.rain[frame])}${THIN}mm/h` : "");
  one.svg.setAttribute("aria-label", `Map at ${clock(frameTime())}, ${content.controllers[one.run]}`);
  const said = [
    [number(caught, 0), "caught so far"], [shut.length ? shut.join(", ") : "none", "closed"],
    [number(queued, 0), vehiclesQueue(queued)], [number(spilt, 0), "m³ on streets since the last picture"],
    [number(waiting, 0), peopleWait(waiting)],
  ];
  one.facts.replaceChildren(...said.map(([figure, word]) => { const item = make("li"); item.append(make("b", "", figure), " " + word); return item; }));
}

function shownRuns() {
  return state.run === 0 || content.controllers.length < 2 ? [state.run] : [0, state.run];
}

function drawMap() {
  if (!plan) return;
  const host = document.getElementById("map-plot"), runs = shownRuns();
  while (maps.length < runs.length) maps.push(buildMap(host));
  host.classList.toggle("pair", runs.length > 1);
  maps.forEach((one, i) => {
    one.figure.hidden = i >= runs.length;
    if (one.figure.hidden) return;
    one.run = runs[i];
    fitMap(one);
    paintMap(one);
  });
}

function moveMap() {
  if (plan) for (const one of maps) if (!one.figure.hidden) paintMap(one);
}

function lookAt(wanted) {
  const [width, height] = plan.box;
  if (!wanted || wanted[2] >= width) view = null;
  else {
    const within = (from, span, all) => Math.max(0, Math.min(from, all - span));
    view = [within(wanted[0], wanted[2], width), within(wanted[1], wanted[3], height), wanted[2], wanted[3]];
  }
  for (const one of maps) if (!one.figure.hidden) { fitMap(one); paintMap(one); }
}

function zoomMap(factor) {
  const [left, top, width, height] = view || [0, 0, ...plan.box];
  lookAt([left + (width * (1 - factor)) / 2, top + (height * (1 - factor)) / 2, width * factor, height * factor]);
}

function wirePan(svg) {
  let from = null;
  svg.addEventListener("pointerdown", (event) => {
    if (!view) return;
    from = { x: event.clientX, y: event.clientY, view: [...view] };
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => {
    if (!from || !view) return;
    const metres = view[2] / svg.clientWidth;
    lookAt([from.view[0] - (event.clientX - from.x) * metres, from.view[1] - (event.clientY - from.y) * metres, view[2], view[3]]);
  });
  for (const kind of ["pointerup", "pointercancel"]) svg.addEventListener(kind, () => { from = null; });
}

function wireMap() {
  document.getElementById("map-in").addEventListener("click", () => zoomMap(0.6));
  document.getElementById("map-out").addEventListener("click", () => zoomMap(1 / 0.6));
  document.getElementById("map-all").addEventListener("click", () => lookAt(null));
  addEventListener("resize", () => drawMap());
  drawMapLegend();
}

function drawMapLegend() {
  const legend = document.getElementById("map-legend");
  const key = (looks, text) => { const item = make("span", "key-item"); item.append(make("i", looks), text); return item; };
  const words = QUEUES.map((from, i) => (i + 1 < QUEUES.length ? `${from}–${QUEUES[i + 1] - 1}` : `${from}+`));
  const items = [
    ...words.map((text, i) => key("bar q" + (i + 1), text)), make("span", "", "vehicles queue in a lane"),
    key("spot flooding", "water comes up from the sewer"),
    ...(plan.spills.some((s) => s.kind === "overflow") ? [key("spot overflow", "sewer spills to the river")] : []),
    key("spot dip", "underpass"), key("spot standing", "water on it, cm"), key("spot shut", "closed"), key("spot people", "station, people who wait"),
  ];
  legend.replaceChildren(...items);
}
