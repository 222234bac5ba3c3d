// Wires the page: controller, time, play, theme, print.
"use strict";
const slider = document.getElementById("slider");
const playButton = document.getElementById("play");
let playing = null;

function showTime() {
  slider.value = state.frame;
  const text = clock(frameTime());
  document.getElementById("clock").textContent = text;
  slider.setAttribute("aria-valuetext", text);
  moveMap();
  followTime();
  pointAt(frameTime());
}

function stop() {
  clearInterval(playing);
  playing = null;
  playButton.textContent = "▶";
  playButton.setAttribute("aria-label", "Play");
  playButton.setAttribute("aria-pressed", "false");
}

function play() {
  if (playing) return stop();
  if (state.frame >= mapTimes.length - 1) state.frame = 0;
  playButton.textContent = "❚❚";
  playButton.setAttribute("aria-label", "Pause");
  playButton.setAttribute("aria-pressed", "true");
  playing = setInterval(() => {
    if (state.frame >= mapTimes.length - 1) return stop();
    state.frame += 1;
    showTime();
  }, 100);
}

function showRun(run) {
  state.run = Number(run);
  for (const part of document.querySelectorAll(".per-run")) {
    const which = Number(part.dataset.run);
    part.hidden = which !== state.run && which !== 0;
  }
  drawMap();
  drawPanels();
}

function start() {
  const options = content.controllers.map((text, value) => ({ value, text, hint: firstIsBaseline && value === 0 && content.controllers.length > 1 ? "baseline" : "" }));
  choice(document.getElementById("controllers"), options, state.run, showRun);
  document.getElementById("transport").hidden = false;
  slider.max = mapTimes.length - 1;
  state.frame = plan && plan.worst !== undefined ? plan.worst : mapTimes.length - 1;
  slider.addEventListener("input", () => { stop(); state.frame = Number(slider.value); showTime(); });
  playButton.addEventListener("click", play);
  if (plan) {
    document.getElementById("map-card").hidden = false;
    findTops();
    const modes = [{ value: "so far", text: "So far" }, { value: "now", text: "Now" }];
    if (content.controllers.length > 1) modes.push({ value: "change", text: "Against " + content.held_against });
    const host = document.getElementById("modes"); // a city's map shows two evenings instead
    if (host) choice(host, modes, state.mode, (mode) => { state.mode = mode; drawMap(); });
  }
  buildPanels();
  if (plan) { drawMap(); wireMap(); }
  pointed = frameTime();
  showRun(state.run);
  showTime();
  const redraw = () => { drawMap(); drawPanels(); };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  matchMedia("(max-width: 640px)").addEventListener("change", redraw);
  addEventListener("beforeprint", () => { document.documentElement.dataset.theme = "paper"; redraw(); });
  addEventListener("afterprint", () => { delete document.documentElement.dataset.theme; redraw(); });
  document.documentElement.dataset.ready = "true";
}

start();
