"""Which lines of a city's evening stand on one time axis, minute by minute?

Every part keeps its own record at its own pace. Here they meet on the city's clock: the beginning
of each period. The outcome is a `RunView`, so that the charts know nothing of cities.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray
from jialing.record.reader import Record, open_record
from jialing.report.city_source import STATION, TRAFFIC, WATER, WHOLE, CityResult, CityRun
from jialing.report.reading import incidents_of
from jialing.report.source import Incident, ResultView, RunView

M_S_TO_MM_H = 3.6e6
PERIOD_S = 60.0  # of an evening whose document tells no other [s]
GREEN_S = 300.0  # shares of green are means over this time [s]
MOST_LEVELS = 12
#: Events of the city that the time axis marks.
CITY_EVENTS = ("closed", "opened", "fault", "died", "restarted", "lost", "not_scored")


@dataclass(slots=True)
class _Lines:
    """Named columns on the city's clock, in the order they were added."""

    time_s: FloatArray
    columns: dict[str, FloatArray] = field(default_factory=dict)

    def add(self, name: str, values: FloatArray) -> None:
        self.columns[name] = np.asarray(values, dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Where the city's periods lie among a record's ticks.

    Attributes
    ----------
    ticks : [periods] the tick at each period's beginning; may lie beyond the record
    """

    ticks: NDArray[np.int64]
    count: int

    def at(self, values: NDArray[Any]) -> FloatArray:
        """Values [ticks, …] at each period's beginning; NaN beyond the record."""
        inside = self.ticks < min(self.count, len(values))
        out = np.full((len(self.ticks), *values.shape[1:]), np.nan)
        out[inside] = values[self.ticks[inside]]
        return out

    def mean(self, values: NDArray[Any]) -> FloatArray:
        """Means of `values` [ticks, …] over each period that begins there."""
        return self._over(values, np.mean)

    def total(self, values: NDArray[Any]) -> FloatArray:
        """Sums of `values` [ticks, …] over each period that begins there."""
        return self._over(values, np.sum)

    def _over(self, values: NDArray[Any], fold: Callable[..., Any]) -> FloatArray:
        count = min(self.count, len(values))
        out = np.full((len(self.ticks), *values.shape[1:]), np.nan)
        for row, start in enumerate(self.ticks.tolist()):
            step = self.ticks[1] - self.ticks[0] if len(self.ticks) > 1 else 1
            end = min(int(start + max(step, 1)), count)
            if start < end:
                out[row] = fold(np.asarray(values[start:end], dtype=np.float64), axis=0)
        return out


def times(run: CityRun) -> FloatArray:
    """[periods] the city's clock [s]."""
    return np.array([float(entry["time_s"]) for entry in run.diary])


def period_s(run: CityRun) -> float:
    """Time from one line of the diary to the next [s]."""
    at = times(run)
    if len(at) > 1:
        return float(at[1] - at[0])
    return float((run.manifest.get("case") or {}).get("tick_s") or PERIOD_S)


def end_s(run: CityRun) -> float:
    """End of the last period [s], which may be shorter than the others."""
    if not run.diary:
        return 0.0
    duration_s = (run.manifest.get("case") or {}).get("duration_s") or np.inf
    return min(float(times(run)[-1]) + period_s(run), float(duration_s))


def clock_of(record: Record, run: CityRun, part: str) -> Clock:
    """How the city's clock runs through a part's record."""
    offset_s = float((run.manifest.get("offsets_s") or {}).get(part, 0.0))
    tick_s = float(record.manifest["tick_s"])
    ticks = np.floor((times(run) + offset_s) / tick_s + 1e-6).astype(np.int64)
    return Clock(ticks=ticks, count=record.ticks)


def told(run: CityRun, part: str, name: str) -> FloatArray:
    """[periods] what a part told the city under `name`; NaN where it said nothing."""
    return np.array(
        [number_or_nan((e.get("told") or {}).get(part, {}).get(name)) for e in run.diary]
    )


def number_or_nan(found: float | None) -> float:
    """A number of the diary; one that was not finite is written as null."""
    return float("nan") if found is None else float(found)


def underpasses(run: CityRun) -> dict[str, str]:
    """Name -> as people read it."""
    listed = run.plain.get("underpasses") or {}
    return {name: str((e or {}).get("title", spoken(name))) for name, e in listed.items()}


def spoken(name: str) -> str:
    """A name of a file as people read it."""
    return name.replace("_", " ").capitalize()


def views(result: CityResult) -> ResultView:
    """All evenings as runs on the city's clock, for the charts and the guard's tables."""
    return ResultView(
        case=str(result.case.get("name", "")),
        title=result.title,
        domain="city",
        seed=result.seed,
        forecast=str(result.case.get("forecast", "")),
        runs=tuple(_view(run) for run in result.runs),
    )


def _view(run: CityRun) -> RunView:
    lines = _Lines(times(run))
    panels: list[dict[str, Any]] = []
    incidents: list[Incident] = []
    unusable = 0
    water = _read(run, WATER)
    if water is not None:
        panels += _water(run, water, lines)
        incidents += _named(WATER, water, run)
    traffic = _read(run, TRAFFIC)
    panels += _traffic(run, traffic, lines)
    if traffic is not None:
        incidents += _named(TRAFFIC, traffic, run)
    del water, traffic  # a record of signals is large
    stations = {name: record for name in run.stations if (record := _read(run, name)) is not None}
    panels += _stations(run, stations, lines)
    for name, record in stations.items():
        incidents += _named(name, record, run)
    for part in (run.details.get("parts") or {}).values():
        words = part.get("decisions") or {}
        unusable += sum(int(n) for word, n in words.items() if word not in ("on_time", "busy"))
    names = tuple(lines.columns)
    count = len(lines.time_s)
    return RunView(
        controller=run.label,
        score=run.scores.get(WHOLE, {}),
        guard=run.guard,
        time_s=lines.time_s,
        signals=names,
        values=np.column_stack([lines.columns[n] for n in names])
        if names
        else np.zeros((count, 0)),
        actuators=(),
        positions=np.zeros((count, 0)),
        local=np.zeros((count, 0), dtype=np.bool_),
        unusable=unusable,
        decide_ms=np.zeros(0),
        incidents=tuple(sorted(incidents, key=lambda found: found.time_s)),
        manifest=run.manifest,
        picture={"panels": [panel for panel in panels if panel["signals"]]},
        ended=run.ended,
        start=run.start,
        dated=False,
    )


def _read(run: CityRun, part: str) -> Record | None:
    return open_record(run.parts[part]) if part in run.parts else None


def _named(part: str, record: Record, run: CityRun) -> list[Incident]:
    """Incidents of a part, on the city's clock and with the part's name."""
    offset_s = float((run.manifest.get("offsets_s") or {}).get(part, 0.0))
    place = spoken(part.removeprefix(STATION))
    return [
        replace(
            one,
            time_s=max(one.time_s - offset_s, 0.0),
            actuator=f"{place} · {one.actuator}" if one.actuator else place,
        )
        for one in incidents_of(record)
        if one.rule != "end"
    ]


def _panel(title: str, unit: str, signals: Sequence[str], **more: Any) -> dict[str, Any]:
    return {"title": title, "unit": unit, "style": "line", "signals": list(signals), **more}


def _water(run: CityRun, record: Record, lines: _Lines) -> list[dict[str, Any]]:
    clock = clock_of(record, run, WATER)
    named = _columns(record, clock, lines)
    roads, foreseen = [], []
    for name, title in underpasses(run).items():
        lines.add(f"road:{title}", told(run, WATER, f"depth:{name}"))
        roads.append(f"road:{title}")
        ahead = told(run, WATER, f"foreseen:{name}")
        if np.isfinite(ahead).any():
            lines.add(f"foreseen:{title}", ahead)
            foreseen.append(f"foreseen:{title}")
    listed = {p["title"]: p["signals"] for p in (record.manifest["picture"].get("panels") or ())}
    for name in ("flooding", "overflow"):
        if any(each["name"] == name for each in record.manifest["fields"]):
            tick_s = float(record.manifest["tick_s"])
            lines.add(f"spilt:{name}", clock.mean(record.field(name)).sum(axis=1) / tick_s)
    spilt = [name for name in lines.columns if name.startswith("spilt:")]
    limits = _depth_limits(run)
    return [
        _panel("Rain", "mm/h", named("rain:"), style="bars_down", factor=M_S_TO_MM_H),
        _panel("Water on the road at underpasses", "cm", roads, factor=100.0, limits=limits),
        _panel("The same, as foreseen for the minutes ahead", "cm", foreseen, factor=100.0),
        _panel("Levels in the sewer's tanks", "m", _of(listed.get("Level", ()), named)),
        _panel("Gates, weirs and pumps", "%", named("setting:"), style="step", factor=100.0),
        _panel("Leaves the sewer", "m³/s", spilt),
    ]


def _of(wanted: Sequence[str], named: Callable[[str], list[str]]) -> list[str]:
    known = set(named("depth:"))
    return [name for name in wanted if name in known][:MOST_LEVELS]


def _columns(record: Record, clock: Clock, lines: _Lines) -> Callable[[str], list[str]]:
    """Adds columns of a record when they are asked for by the beginning of their name."""

    def named(start: str) -> list[str]:
        found = [name for name in record.signals if name.startswith(start)]
        for name in found:
            lines.add(name, clock.at(record.frames["values"][:, record.signals[name]]))
        return found

    return named


def _depth_limits(run: CityRun) -> list[dict[str, Any]]:
    couplings = run.plain.get("couplings") or {}
    rows = (
        ("depth_to_closure", "closes_mm", "must be closed"),
        ("depth_to_speed", "stopping_mm", "stops cars"),
    )
    return [
        {"value": 0.1 * float(couplings[law][key]), "text": text}
        for law, key, text in rows
        if key in (couplings.get(law) or {})
    ]


def _traffic(run: CityRun, record: Record | None, lines: _Lines) -> list[dict[str, Any]]:
    caught, through = [], []
    for name, title in underpasses(run).items():
        lines.add(f"caught:{title}", told(run, TRAFFIC, f"caught:{name}"))
        per_h = [number_or_nan((e.get("traffic_ph") or {}).get(name)) for e in run.diary]
        lines.add(f"through:{title}", np.array(per_h))
        caught.append(f"caught:{title}")
        through.append(f"through:{title}")
    queues, green, every = [], [], []
    if record is not None:
        clock = clock_of(record, run, TRAFFIC)
        standing = clock.mean(record.field("queue")) if _has(record, "queue") else None
        detours = _detours(run)
        if standing is not None:
            lines.add("queued:all signals", standing.sum(axis=1))
            every.append("queued:all signals")
            lanes = _lanes_by_junction(record)
            for junction in detours:
                columns = lanes.get(junction, [])
                if columns:
                    lines.add(f"queue:{spoken(junction)}", standing[:, columns].sum(axis=1))
                    queues.append(f"queue:{spoken(junction)}")
        for junction in detours:
            if junction in record.actuators:
                share = _green(record, clock, record.actuators[junction])
                lines.add(f"green:{spoken(junction)}", share)
                green.append(f"green:{spoken(junction)}")
    return [
        _panel("Vehicles caught by water so far", "veh", caught, style="step", places=0),
        _panel("Traffic through the underpasses", "veh/h", through),
        _panel("Vehicles that queue", "veh", every, places=0),
        _panel("Queues at the junctions above the underpasses", "veh", queues, places=0),
        _panel("Signals there: share of the first mode", "%", green, factor=100.0),
    ]


def _has(record: Record, name: str) -> bool:
    return (
        any(each["name"] == name for each in record.manifest["fields"])
        and (record.folder / f"fields.{name}.bin").is_file()
    )


def _detours(run: CityRun) -> list[str]:
    """Junctions that carry the traffic of closed underpasses."""
    found: dict[str, None] = {}
    for entry in (run.plain.get("underpasses") or {}).values():
        found.update(dict.fromkeys((entry or {}).get("detour") or ()))
    return list(found)


def _lanes_by_junction(record: Record) -> Mapping[str, list[int]]:
    """Junction -> columns of the queue's field; a lane ends where its street ends."""
    picture = record.manifest["picture"]
    if "links" not in picture or "nodes" not in picture:
        return {}
    links, nodes = picture["links"], picture["nodes"]["name"]
    ends = {name: nodes[to] for name, to in zip(links["name"], links["to"], strict=True)}
    elements = next(f["elements"] for f in record.manifest["fields"] if f["name"] == "queue")
    found: dict[str, list[int]] = {}
    for column, lane in enumerate(elements):
        end = ends.get(lane.rpartition("_")[0])
        if end is not None:
            found.setdefault(end, []).append(column)
    return found


def _green(record: Record, clock: Clock, column: int) -> FloatArray:
    """Share of the last minutes in which a junction showed its first mode [1]."""
    shown = (record.frames["positions"][:, column] == 0.0).astype(np.float64)
    width = max(round(GREEN_S / float(record.manifest["tick_s"])), 1)
    summed = np.concatenate([[0.0], np.cumsum(shown)])
    ends = np.arange(1, len(shown) + 1)
    starts = np.maximum(ends - width, 0)
    share: FloatArray = (summed[ends] - summed[starts]) / (ends - starts)
    return clock.at(share)


def _stations(run: CityRun, records: Mapping[str, Record], lines: _Lines) -> list[dict[str, Any]]:
    escalators, waiting, entering = [], [], []
    for part, record in records.items():
        name = spoken(part.removeprefix(STATION))
        clock = clock_of(record, run, part)
        values = record.frames["values"]
        for actuator in record.manifest["actuators"]:
            signal = f"direction:{actuator['name']}"
            if actuator["kind"] == "escalator" and signal in record.signals:
                lines.add(
                    f"escalator:{name} {actuator['name']}",
                    clock.at(values[:, record.signals[signal]]),
                )
                escalators.append(f"escalator:{name} {actuator['name']}")
        lines.add(f"waiting:{name}", clock.at(people_waiting(record)))
        waiting.append(f"waiting:{name}")
        lines.add(f"entering:{name}", told(run, part, "entering"))
        entering.append(f"entering:{name}")
    return [
        _panel("Escalators that can turn", "", escalators, style="ribbon"),
        _panel("People who wait in stations", "people", waiting, places=0),
        _panel("People who come in from the street", "people/h", entering),
    ]


def people_waiting(record: Record) -> FloatArray:
    """[ticks] people who wait at escalators, and outside, together."""
    starts = ("queue_up:", "queue_down:", "outside:")
    columns = [i for name, i in record.signals.items() if name.startswith(starts)]
    total: FloatArray = np.nansum(record.frames["values"][:, columns], axis=1)
    return total


def city_marks(run: CityRun) -> list[dict[str, Any]]:
    """Events of the city for the time axis."""
    return [
        {
            "t": round(float(event["time_s"])),
            "kind": str(event["kind"]),
            "text": event_text(event),
        }
        for event in run.events
        if event.get("kind") in CITY_EVENTS
    ]


def event_text(event: Mapping[str, Any]) -> str:
    """An event as a sentence."""
    text = event.get("text") or f"{event.get('part', '')}: {event.get('reason', '')}"
    return str(text)[:1].upper() + str(text)[1:]
