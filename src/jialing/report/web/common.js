// What the parts of the page share: the content, the state, time, numbers, colours.
"use strict";
const content = JSON.parse(document.getElementById("content").textContent);
const state = { run: content.chosen, frame: 0, baseline: true, mode: "so far", zoom: null };
const firstIsBaseline = content.held_against === "baseline"; // or the first of the controllers that were named
const THIN = "\u202f";

function unpack(packed) {
  const kinds = { f4: Float32Array, i4: Int32Array, u2: Uint16Array, u1: Uint8Array };
  const raw = Uint8Array.from(atob(packed.b), (letter) => letter.charCodeAt(0));
  return new kinds[packed.t](raw.buffer);
}

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

// Time: a calendar where the case has a start, else hours or days since the beginning.
const origin = content.start ? Date.parse(content.start + "Z") : null;
const inDays = content.end_s > 4 * 86400;
const axisUnit = inDays ? 86400 : 3600;
const toAxis = (seconds) => (origin === null ? seconds / axisUnit : origin + 1000 * seconds);
const fromAxis = (value) => (origin === null ? value * axisUnit : (value - origin) / 1000);

function clock(seconds) {
  if (origin !== null) {
    const when = new Date(origin + 1000 * seconds);
    const options = { timeZone: "UTC", hour12: false, hour: "2-digit", minute: "2-digit" };
    if (content.end_s > 86400) Object.assign(options, { day: "numeric", month: "short" });
    return when.toLocaleString("en-GB", options);
  }
  const minutes = Math.round(seconds / 60);
  const pad = (value) => String(value).padStart(2, "0");
  const time = pad(Math.floor(minutes / 60) % 24) + ":" + pad(minutes % 60);
  const days = Math.floor(minutes / 1440);
  return days || content.end_s >= 86400 ? days + THIN + "d " + time : time;
}

function number(value, fixed) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  let places = fixed || 0;
  if (fixed === undefined && size > 0 && size < 100) places = Math.min(4, Math.max(0, 2 - Math.floor(Math.log10(size))));
  const [whole, part] = size.toFixed(places).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, THIN) + (part ? "." + part : "");
  return (value < 0 && /[1-9]/.test(grouped) ? "\u2212" : "") + grouped;
}

const withUnit = (value, unit) => number(value) + (unit && unit !== "1" ? THIN + unit : "");

// Colours live in the style sheet, so that light, dark and print are decided in one place.
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}
const lineColour = (i) => colour("line-" + ((i % 8) + 1));

function faded(hex, alpha) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return `rgba(${r},${g},${b},${alpha})`;
}

function mixed(from, to, share) {
  const part = (hex, at) => parseInt(hex.slice(at, at + 2), 16);
  const mix = [1, 3, 5].map((at) => Math.round(part(from, at) + (part(to, at) - part(from, at)) * share));
  return `rgb(${mix.join(",")})`;
}

const coarse = () => matchMedia("(pointer: coarse)").matches;
const narrow = () => innerWidth < 640;
const plotConfig = () => ({
  responsive: true, displaylogo: false, displayModeBar: coarse() ? false : "hover", scrollZoom: false,
  modeBarButtons: [["toImage"]], plotlyServerURL: "", // nothing that would leave this page
});

// A row of buttons of which one is chosen; arrow keys move, as in any radio group.
function choice(host, options, chosen, onChoose) {
  host.replaceChildren(...options.map(({ value, text, hint }) => {
    const button = make("button", "", text);
    button.type = "button";
    button.setAttribute("role", "radio");
    button.dataset.value = value;
    if (hint) button.append(make("small", "", hint));
    button.addEventListener("click", () => pick(value));
    return button;
  }));
  const buttons = [...host.children];
  function mark(value) {
    for (const button of buttons) {
      const on = button.dataset.value === String(value);
      button.setAttribute("aria-checked", on);
      button.tabIndex = on ? 0 : -1;
    }
  }
  function pick(value) { mark(value); onChoose(value); }
  host.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const now = buttons.findIndex((b) => b.getAttribute("aria-checked") === "true");
    const next = buttons[(now + step + buttons.length) % buttons.length];
    next.focus();
    next.click();
  });
  mark(chosen);
}
