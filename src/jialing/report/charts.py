"""What is drawn on the shared time axis: which lines, with which samples, in which panel?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jialing.core.signal import FloatArray
from jialing.report import decimate, numbers
from jialing.report.packing import pack
from jialing.report.source import ResultView, RunView

POINTS = 2000  # samples per line at most
ROW_POINTS = 10_000  # samples per row at most: every change of a signal's mode over a day
LINES = 16  # lines per panel that travel with the page
SHOWN = 6  # lines per panel that are visible at first
MARKS = 1500  # incidents per run on the axis
ROWS = ("ribbon", "modes")  # styles with a row per line: none hides another


class SeriesStore:
    """Series of the page, each stored once; equal series of two controllers share one entry."""

    def __init__(self) -> None:
        self.series: list[dict[str, Any]] = []
        self._seen: dict[tuple[bytes, bytes], int] = {}

    def add(self, time_s: FloatArray, values: FloatArray, style: str) -> int:
        """Decimate, store, and return the position of the series."""
        if style in ROWS:
            chosen = decimate.keep_spells(values, ROW_POINTS)
        else:
            chosen = decimate.keep(values, POINTS)
        x = np.round(time_s[chosen]).astype(np.int32)
        y = values[chosen].astype(np.float32)
        key = (x.tobytes(), y.tobytes())
        if key not in self._seen:
            self._seen[key] = len(self.series)
            self.series.append({"x": pack(x), "y": pack(y)})
        return self._seen[key]


def panels(result: ResultView) -> dict[str, Any]:
    """Panels, series and incidents for the page.

    The panels are those of the domain's picture; without one, every quantity that the signals
    measure gets a panel. A panel with many signals keeps those that move most and says how many
    it left out.
    """
    store = SeriesStore()
    wanted = _wanted(result)
    drawn = [_panel(spec, result.runs, store) for spec in wanted]
    last = max((float(run.time_s[-1]) for run in result.runs if len(run.time_s)), default=0.0)
    return {
        "panels": [panel for panel in drawn if panel["lines"]],
        "series": store.series,
        "end_s": last,
        "marks": [_marks(run) for run in result.runs],
    }


def _wanted(result: ResultView) -> list[Mapping[str, Any]]:
    for run in result.runs:
        listed = run.picture.get("panels")
        if listed:
            return list(listed)
    groups: dict[tuple[str, str], list[str]] = {}
    for signal in result.baseline.manifest.get("signals", ()):
        name = str(signal["name"])
        groups.setdefault((name.partition(":")[0], str(signal["unit"])), []).append(name)
    return [
        {"title": quantity.capitalize(), "unit": unit, "signals": names}
        for (quantity, unit), names in groups.items()
    ]


def _panel(spec: Mapping[str, Any], runs: Sequence[RunView], store: SeriesStore) -> dict[str, Any]:
    factor = float(spec.get("factor", 1.0))
    found = {name: [_values(run, name) for run in runs] for name in spec.get("signals", ())}
    found = {name: each for name, each in found.items() if any(v is not None for v in each)}
    moved = {name: max(_variation(v) for v in each) for name, each in found.items()}
    ranked = sorted(found, key=lambda name: -moved[name])
    kept = set(ranked[:LINES])
    style = str(spec.get("style", "line"))
    visible = kept if style in ROWS else set(ranked[:SHOWN])
    lines = [
        {
            "name": name.partition(":")[2] or name,
            "shown": name in visible,
            "series": [
                None if values is None else store.add(run.time_s, values * factor, style)
                for run, values in zip(runs, each, strict=True)
            ],
        }
        for name, each in found.items()
        if name in kept
    ]
    return {
        "title": str(spec.get("title", "")),
        "unit": str(spec.get("unit", "")),
        "places": int(spec["places"])
        if "places" in spec
        else numbers.decimals_for(
            factor * max((_largest(each) for each in found.values()), default=0.0)
        ),
        "least": min((_least(each) for each in found.values()), default=0.0),
        "still": not any(_largest(each) for each in found.values()),
        "style": style,
        "limits": [
            {"value": float(limit["value"]), "text": str(limit["text"])}
            for limit in spec.get("limits", ())
        ],
        "left_out": len(found) - len(kept),
        "lines": lines,
    }


def _values(run: RunView, name: str) -> FloatArray | None:
    """[ticks] values of a signal, or of an actuator's confirmed position; None if unknown."""
    if name in run.signals:
        return run.values[:, run.signals.index(name)]
    quantity, _, element = name.partition(":")
    if quantity == "setting" and element in run.actuators:
        return run.positions[:, run.actuators.index(element)]
    return None


def _variation(values: FloatArray | None) -> float:
    if values is None:
        return 0.0
    finite = values[np.isfinite(values)]
    return float(np.ptp(finite)) if finite.size else 0.0


def _largest(each: Sequence[FloatArray | None]) -> float:
    sizes = (np.nanmax(np.abs(v), initial=0.0) for v in each if v is not None)
    return float(max(sizes, default=0.0))


def _least(each: Sequence[FloatArray | None]) -> float:
    lows = (np.nanmin(v, initial=np.inf) for v in each if v is not None)
    least = float(min(lows, default=0.0))
    return least if np.isfinite(least) else 0.0


def _marks(run: RunView) -> list[dict[str, Any]]:
    """Incidents of one run, thinned evenly where they are too many to see."""
    count = len(run.incidents)
    step = max(1, -(-count // MARKS))
    return [
        {
            "t": round(found.time_s),
            "kind": found.kind,
            "text": _mark_text(found.actuator, found.text),
        }
        for found in run.incidents[::step]
    ]


def _mark_text(actuator: str, text: str) -> str:
    return f"{actuator}: {text}" if actuator and actuator not in text else text or actuator
