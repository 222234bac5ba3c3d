"""How does the network look, and where did it spill or queue when: geometry once, values per frame?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray
from jialing.report import decimate
from jialing.report.packing import pack
from jialing.report.source import FieldView, ResultView, RunView

FRAMES = 150
CELLS = 400_000  # non-zero (element, frame) values over all runs; beyond this, fewer frames
GRID = 20_000  # coordinates are rounded to this many steps across the drawing
LEAST_TOP = {"m³": 10.0}  # the colour scale reaches at least this far: a puddle is no disaster
CHUNK = 256  # ticks read at once from a memory-mapped field


def network_map(result: ResultView) -> dict[str, Any] | None:
    """Geometry and frames for the page; None where nothing has coordinates.

    A frame's value is what an element spilled since the frame before. Where the picture asks for
    means (``"value": "mean"``), it is the sum over the ticks since then, and each run says how many
    ticks it had by each frame. Elements that stay dry carry no values. Where very many elements
    spill, the map gets fewer frames rather than a larger page.
    """
    picture = next((run.picture for run in result.runs if run.picture.get("nodes")), None)
    if picture is None:
        return None
    geometry = _geometry(picture)
    if geometry is None:
        return None
    about = picture.get("map") or {}
    ticks = max((len(run.time_s) for run in result.runs), default=0)
    names, mean = field_names(about), about.get("value") == "mean"
    limit = FRAMES
    while True:
        windows = decimate.frame_ticks(ticks, limit)
        runs = [_run_frames(run, names, windows, mean=mean) for run in result.runs]
        if limit <= 20 or sum(frames["cells"] for frames in runs) <= CELLS:
            break
        limit //= 2
    longest = max(result.runs, key=lambda run: len(run.time_s))
    return {
        **geometry,
        "unit": str(about.get("unit", "")),
        "least_top": LEAST_TOP.get(str(about.get("unit", "")), 0.0),
        "times": pack(np.round(longest.time_s[windows]).astype(np.int32)),
        "actuators": _actuators(picture, result),
        "runs": [{k: v for k, v in frames.items() if k != "cells"} for frames in runs],
    }


def _geometry(picture: Mapping[str, Any]) -> dict[str, Any] | None:
    nodes, links = picture["nodes"], picture.get("links") or {}
    x = np.asarray(nodes["x"], dtype=np.float64)
    y = np.asarray(nodes["y"], dtype=np.float64)
    drawn = np.isfinite(x) & np.isfinite(y)
    if not drawn.any():
        return None
    left, low = float(x[drawn].min()), float(y[drawn].min())
    span = max(float(x[drawn].max()) - left, float(y[drawn].max()) - low) or 1.0
    step = span / GRID

    def place(px: float, py: float) -> list[int | None]:
        if not (np.isfinite(px) and np.isfinite(py)):
            return [None, None]
        return [round((px - left) / step), round((py - low) / step)]

    paths: list[list[int | None]] = []
    tails, heads = links.get("from", ()), links.get("to", ())
    bends = links.get("vertices") or [[] for _ in tails]
    for tail, head, inner in zip(tails, heads, bends, strict=True):
        points = [(x[tail], y[tail]), *((p[0], p[1]) for p in inner), (x[head], y[head])]
        paths.append([value for px, py in points for value in place(float(px), float(py))])
    places = [place(float(px), float(py)) for px, py in zip(x, y, strict=True)]
    return {
        "nodes": {
            "name": list(nodes["name"]),
            "kind": list(nodes.get("kind") or ["" for _ in places]),
            "x": [p[0] for p in places],
            "y": [p[1] for p in places],
        },
        "links": {
            "name": list(links.get("name", ())),
            "kind": list(links.get("kind") or ["" for _ in paths]),
            "paths": paths,
        },
    }


def field_names(about: Mapping[str, Any]) -> tuple[str, ...]:
    """Fields that colour the map: one as ``field``, or several as ``fields``, which add up."""
    several = about.get("fields")
    return tuple(str(n) for n in several) if several else (str(about.get("field", "")),)


def _run_frames(
    run: RunView, names: tuple[str, ...], windows: NDArray[np.int64], *, mean: bool
) -> dict[str, Any]:
    """Sum per element and frame as sparse rows, and the position of every actuator.

    With `mean`, the number of ticks up to and with each frame as well.
    """
    ticks = len(run.time_s)
    inside = np.minimum(windows, ticks - 1)
    spilled: dict[str, NDArray[np.float32]] = {}
    for name in names if ticks else ():
        found = run.fields.get(name)
        if found is None:
            continue
        volumes = window_sums(found, inside)
        for i in np.flatnonzero(volumes.sum(axis=0) > 0.0).tolist():
            element = found.elements[i]
            before = spilled.get(element)
            spilled[element] = volumes[:, i] if before is None else before + volumes[:, i]
    rows = np.zeros((len(spilled), len(windows)), dtype=np.float32)
    for row, volumes in zip(rows, spilled.values(), strict=True):
        row[:] = volumes
    settings = run.positions[inside] if ticks else np.zeros((0, len(run.actuators)))
    return {
        **_sparse(rows),
        "elements": list(spilled),
        "settings": pack(percent(settings).ravel()),
        **({"ticks": pack((inside + 1).astype(np.int32))} if mean else {}),
    }


def window_sums(found: FieldView, windows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Sum of a field's values over each window of ticks, read in chunks [windows, elements]."""
    sums = np.zeros((len(windows), len(found.elements)), dtype=np.float64)
    first = 0
    for row, last in enumerate(windows.tolist()):
        for start in range(first, last + 1, CHUNK):
            part = np.asarray(found.values[start : min(start + CHUNK, last + 1)], dtype=np.float64)
            sums[row] += np.nansum(part, axis=0)
        first = last + 1
    return sums.astype(np.float32)


def _sparse(by_element: NDArray[np.float32]) -> dict[str, Any]:
    """Rows [elements, frames] without their zeros: starts of each row, frame numbers, values."""
    rows, frames = np.nonzero(by_element > 0)
    counts = np.bincount(rows, minlength=by_element.shape[0])
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return {
        "starts": pack(starts),
        "frames": pack(frames.astype(np.uint8)),
        "values": pack(by_element[rows, frames].astype(np.float32)),
        "cells": len(rows),
    }


def percent(positions: FloatArray) -> NDArray[np.uint8]:
    """Positions [1] in percent, 255 where unknown; above 250 % is shown as 250 %."""
    rounded = np.clip(np.round(100.0 * np.nan_to_num(positions, nan=0.0)), 0.0, 250.0)
    return np.where(np.isnan(positions), 255, rounded).astype(np.uint8)


def _actuators(picture: Mapping[str, Any], result: ResultView) -> list[dict[str, Any]]:
    """Actuators in the order of the settings, each with the link it moves (or -1)."""
    links = picture.get("links") or {}
    where = {name: i for i, name in enumerate(links.get("name", ()))}
    return [{"name": name, "link": where.get(name, -1)} for name in result.baseline.actuators]
