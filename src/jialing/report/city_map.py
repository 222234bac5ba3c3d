"""How does the city look in plan, and how did water, queues and waiting stand every few minutes?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from jialing.core.signal import FloatArray
from jialing.record.reader import Record, open_record
from jialing.report.city_series import clock_of, people_waiting, spoken, times, told, underpasses
from jialing.report.city_source import STATION, TRAFFIC, WATER, CityResult, CityRun
from jialing.report.packing import pack

FRAME_S = 120.0  # time between two pictures [s] …
FRAMES = 120  # … and no more of them than this
BEYOND_M = 8_000.0  # a river goes on so far beyond its listed ends [m]
STUB_M = 260.0  # a queue is drawn over the last metres of its lane [m]
M_S_TO_MM_H = 3.6e6
Line = list[tuple[float, float]]


def city_map(result: CityResult) -> dict[str, Any] | None:
    """Geometry and frames for the page; None where the streets' record is gone."""
    first = next((run for run in result.runs if TRAFFIC in run.parts), None)
    if first is None or not len(times(first)):
        return None
    streets = open_record(first.parts[TRAFFIC])
    picture = streets.manifest.get("picture") or {}
    if not (picture.get("links") or {}).get("name"):
        return None
    lanes: list[str] = next(
        (f["elements"] for f in streets.manifest["fields"] if f["name"] == "queue"), []
    )
    place = _Place(picture)
    longest = max((times(run) for run in result.runs), key=len)
    frames = frame_periods(longest)
    sewer = open_record(first.parts[WATER]) if WATER in first.parts else None
    nodes = {} if sewer is None else _node_places(sewer)
    spills = _spills(result)
    del streets
    return {
        "box": [round(place.width), round(place.height)],
        "rivers": _rivers(first, place),
        "streets": [place.flat(path) for path in place.paths.values()],
        "lanes": [_lane(lane, place) for lane in lanes],
        "signals": [
            {"name": spoken(s["name"]), "at": place.at(s["x"], s["y"])}
            for s in picture.get("signals", ())
        ],
        "spills": [
            {"name": name, "kind": kind, "at": place.at(*nodes[name])}
            for kind, name in spills
            if name in nodes
        ],
        "underpasses": _underpasses(first, place),
        "stations": _stations(first, picture, place),
        "worst": worst_frame(result.runs[0], frames),
        "times": pack(np.round(longest[frames]).astype(np.int32)),
        "runs": [
            _frames(run, frames, [s for s in spills if s[1] in nodes], first.stations)
            for run in result.runs
        ],
    }


def frame_periods(time_s: FloatArray) -> NDArray[np.int64]:
    """Periods that become pictures: every few minutes, the last one always."""
    period_s = float(time_s[1] - time_s[0]) if len(time_s) > 1 else FRAME_S
    step = max(round(FRAME_S / period_s), math.ceil(len(time_s) / FRAMES), 1)
    return np.arange(len(time_s) - 1, -1, -step)[::-1].copy()


def worst_frame(run: CityRun, frames: NDArray[np.int64]) -> int:
    """The picture to begin with: most water on all underpasses; the last one if none had any."""
    depth = sum(
        (np.nan_to_num(told(run, WATER, f"depth:{name}")) for name in underpasses(run)),
        np.zeros(len(times(run))),
    )
    shown = depth[np.minimum(frames, len(depth) - 1)]
    return int(np.argmax(shown)) if shown.any() else len(frames) - 1


class _Place:
    """Metres of the model's plane -> metres of the drawing: from the left, from the top."""

    def __init__(self, picture: Mapping[str, Any]) -> None:
        nodes, links = picture["nodes"], picture["links"]
        x, y = nodes["x"], nodes["y"]
        raw: dict[str, Line] = {}
        for name, tail, head, bends in zip(
            links["name"], links["from"], links["to"], links["vertices"], strict=True
        ):
            points = [(x[tail], y[tail]), *((b[0], b[1]) for b in bends), (x[head], y[head])]
            raw[name] = [p for p in points if p[0] is not None]
        xs = [p[0] for line in raw.values() for p in line]
        ys = [p[1] for line in raw.values() for p in line]
        margin = 0.03 * (max(xs) - min(xs))
        self._left, self._top = min(xs) - margin, max(ys) + margin
        self.width = max(xs) - min(xs) + 2.0 * margin
        self.height = max(ys) - min(ys) + 2.0 * margin
        self.paths = {
            name: [(px - self._left, self._top - py) for px, py in line]
            for name, line in raw.items()
        }

    def at(self, x: float, y: float) -> list[int]:
        return [round(x - self._left), round(self._top - y)]

    @staticmethod
    def flat(line: Line) -> list[int]:
        return [round(value) for point in line for value in point]


def _lane(lane: str, place: _Place) -> dict[str, Any]:
    """The last metres of a lane's street, and how many lanes it lies from the middle."""
    street, _, number = lane.rpartition("_")
    line = place.paths.get(street) or []
    return {
        "name": lane,
        "side": int(number) if number.isdigit() else 0,
        "path": place.flat(last_metres(line, STUB_M)),
    }


def last_metres(line: Line, length_m: float) -> Line:
    """The end of a line, `length_m` long, or its last half where it is shorter than twice that."""
    total = sum(math.dist(a, b) for a, b in pairwise(line))
    left = min(length_m, total / 2.0)
    kept = line[-1:]
    for b, a in pairwise(reversed(line)):
        leg = math.dist(a, b)
        if leg >= left:
            share = left / leg if leg else 0.0
            return [(b[0] + share * (a[0] - b[0]), b[1] + share * (a[1] - b[1])), *kept]
        kept, left = [a, *kept], left - leg
    return kept


def _rivers(run: CityRun, place: _Place) -> list[dict[str, Any]]:
    """Middle lines of the rivers, from the file that the city names; none if it is gone."""
    about = run.plain.get("map") or {}
    model = (run.manifest.get("case") or {}).get("model")
    path = Path(str(model)).parent / str(about.get("rivers", ""))
    if not about.get("rivers") or not path.is_file():
        return []
    listed = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("rivers") or []
    lon0, lat0, earth_m = (float(about[k]) for k in ("lon0", "lat0", "earth_m"))
    east = earth_m * math.cos(math.radians(lat0))
    rivers = []
    for river in listed:
        line = [
            (east * math.radians(lon - lon0), earth_m * math.radians(lat - lat0))
            for lon, lat in river["line"]
        ]
        rivers.append(
            {
                "name": str(river.get("name", "")),
                "more": str(river.get("name_zh", "")),
                "width": round(float(river.get("width_m", 300.0))),
                "path": [v for x, y in extended(line, BEYOND_M) for v in place.at(x, y)],
            }
        )
    return rivers


def extended(line: Line, by_m: float) -> Line:
    """A line that goes on straight at both ends, so that a river does not end within the picture."""

    def beyond(inner: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
        share = by_m / (math.dist(inner, end) or 1.0)
        return (end[0] + share * (end[0] - inner[0]), end[1] + share * (end[1] - inner[1]))

    if len(line) < 2:
        return line
    return [beyond(line[1], line[0]), *line, beyond(line[-2], line[-1])]


def _node_places(record: Record) -> dict[str, tuple[float, float]]:
    nodes = record.manifest["picture"].get("nodes") or {}
    rows = zip(nodes.get("name", ()), nodes.get("x", ()), nodes.get("y", ()), strict=True)
    return {name: (x, y) for name, x, y in rows if x is not None and y is not None}


def _spills(result: CityResult) -> list[tuple[str, str]]:
    """(kind, element) of everything that ever spilled, in any run."""
    found: dict[tuple[str, str], None] = {}
    for run in result.runs:
        if WATER not in run.parts:
            continue
        record = open_record(run.parts[WATER])
        for listed in record.manifest["fields"]:
            values = record.field(listed["name"])
            wet = np.asarray(values).sum(axis=0) > 0.0 if len(values) else ()
            for element in np.flatnonzero(wet).tolist():
                found[listed["name"], listed["elements"][element]] = None
    return list(found)


def _underpasses(run: CityRun, place: _Place) -> list[dict[str, Any]]:
    listed = run.plain.get("underpasses") or {}
    found = []
    for name, title in underpasses(run).items():
        entry = listed.get(name) or {}
        low = [place.paths[e] for e in entry.get("low", ()) if e in place.paths]
        middle = [sum(c) / len(c) for c in zip(*(p for line in low for p in line), strict=True)]
        bars = [place.flat(place.paths[e]) for e in entry.get("entries", ()) if e in place.paths]
        at = [round(value) for value in middle] or None
        found.append({"name": title, "at": at, "bars": bars})
    return found


def _stations(run: CityRun, picture: Mapping[str, Any], place: _Place) -> list[dict[str, Any]]:
    """A station stands among the junctions that the city's file names around it."""
    listed = run.plain.get("stations") or {}
    signals = {s["name"]: (s["x"], s["y"]) for s in picture.get("signals", ())}
    found = []
    for part in run.stations:
        name = part.removeprefix(STATION)
        near = [signals[s] for s in (listed.get(name) or {}).get("streets", ()) if s in signals]
        here = signals.get(name) or (near[0] if near else None)
        found.append({"name": spoken(name), "at": None if here is None else place.at(*here)})
    return found


def _frames(
    run: CityRun,
    frames: NDArray[np.int64],
    spills: Sequence[tuple[str, str]],
    stations: Sequence[str],
) -> dict[str, Any]:
    """What the pictures of one evening show; periods that it did not reach stay empty."""
    count = len(times(run))
    inside = np.minimum(frames, max(count - 1, 0))
    gone = frames >= count
    names = list(underpasses(run))
    closed = np.array([[n in e.get("closed", ()) for n in names] for e in run.diary])
    depth = np.array([told(run, WATER, f"depth:{n}") for n in names]).T
    caught = np.array([told(run, TRAFFIC, f"caught:{n}") for n in names]).T
    rain = np.array([float(e.get("rain_mps") or 0.0) for e in run.diary]) * M_S_TO_MM_H
    queues = _queues(run)
    shape = (count, len(names))
    return {
        "queue": pack(_bytes(queues, inside, gone)),
        # Means over a period: hundreds of lanes rounded one by one would add up to another sum.
        "queued": pack(_words(np.nansum(queues, axis=1, keepdims=True), inside, gone)),
        "spill": pack(_spilled(run, frames, spills)),
        "closed": pack(_bytes(closed.reshape(shape), inside, gone)),
        "depth_cm": pack(_bytes(np.round(100.0 * depth.reshape(shape)), inside, gone)),
        "caught": pack(_words(caught.reshape(shape), inside, gone)),
        "waiting": pack(_words(_waiting(run, stations), inside, gone)),
        "rain": pack(np.where(gone, 0.0, rain[inside] if count else 0.0).astype(np.float32)),
        "count": int(np.count_nonzero(~gone)),
    }


def _at(values: NDArray[Any], rows: NDArray[np.int64], gone: NDArray[np.bool_]) -> FloatArray:
    """Rows of `values`, 0 where they are unknown; an evening that was killed at once has none."""
    if not len(values):
        return np.zeros((len(rows), values.shape[1]))
    known: FloatArray = np.nan_to_num(values[rows].astype(np.float64)) * ~gone[:, None]
    return known


def _bytes(
    values: NDArray[Any], rows: NDArray[np.int64], gone: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Rows as bytes, row after row; unknown is 0."""
    known = _at(values, rows, gone)
    return np.clip(np.round(known), 0.0, 255.0).astype(np.uint8).ravel()


def _words(
    values: NDArray[Any], rows: NDArray[np.int64], gone: NDArray[np.bool_]
) -> NDArray[np.uint16]:
    known = _at(values, rows, gone)
    return np.clip(np.round(known), 0.0, 65_535.0).astype(np.uint16).ravel()


def _queues(run: CityRun) -> FloatArray:
    """[periods, lanes] vehicles in each lane's queue, means over the period."""
    if TRAFFIC not in run.parts:
        return np.zeros((len(times(run)), 0))
    record = open_record(run.parts[TRAFFIC])
    if not any(listed["name"] == "queue" for listed in record.manifest["fields"]):
        return np.zeros((len(times(run)), 0))
    return clock_of(record, run, TRAFFIC).mean(record.field("queue"))


def _spilled(
    run: CityRun, frames: NDArray[np.int64], spills: Sequence[tuple[str, str]]
) -> NDArray[np.float32]:
    """[frames, spills] volume since the picture before [m³], flat."""
    out = np.zeros((len(frames), len(spills)), dtype=np.float32)
    if WATER not in run.parts or not spills:
        return out.ravel()
    record = open_record(run.parts[WATER])
    clock = clock_of(record, run, WATER)
    for listed in record.manifest["fields"]:
        totals = np.nan_to_num(clock.total(record.field(listed["name"])))
        summed = np.vstack([np.zeros(totals.shape[1]), np.cumsum(totals, axis=0)])
        ends = np.minimum(frames + 1, len(totals))
        starts = np.minimum(np.concatenate([[0], frames[:-1] + 1]), len(totals))
        volumes = summed[ends] - summed[starts]
        where = {name: i for i, name in enumerate(listed["elements"])}
        for column, (kind, name) in enumerate(spills):
            if kind == listed["name"] and name in where:
                out[:, column] = volumes[:, where[name]]
    return out.ravel()


def _waiting(run: CityRun, stations: Sequence[str]) -> FloatArray:
    """[periods, stations] people who wait; NaN where the record of a station is missing."""
    columns = []
    for part in stations:
        if part not in run.parts:
            columns.append(np.full(len(times(run)), np.nan))
            continue
        record = open_record(run.parts[part])
        columns.append(clock_of(record, run, part).at(people_waiting(record)))
    return np.column_stack(columns) if columns else np.zeros((len(times(run)), 0))
