"""How large are channels given by surveyed stations, streets and custom shapes when full?

Source: Rossman (2017), SWMM Reference Manual vol. II, EPA/600/R-17/111, cross-section geometry.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from jialing.core.signal import FloatArray
from jialing.core.units import FOOT_M
from jialing.domains.water.cells import Cells, Names
from jialing.domains.water.curves import Curve
from jialing.domains.water.inp import InpFile, Notice, Row
from jialing.domains.water.shapes import PROFILE_POINTS, CrossSection

_STEPS = 50  # steps of depth in SWMM's tables of irregular sections
_RADIUS_SLACK = 1.486 / 1.49  # SWMM takes 1.49 for Manning's factor when it inverts the flow


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A cross section that carries its own roughness.

    Attributes
    ----------
    section : its geometry
    roughness : Manning's n [s/m^(1/3)] of its main channel
    length_factor : length of the main channel over that of its flood plain [1]
    """

    section: CrossSection
    roughness: float
    length_factor: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Channels:
    """Channels of one kind by name; a channel that SWMM refuses is None."""

    names: Names
    channels: tuple[Channel | None, ...]


def read_transects(inp: InpFile, length_m: float, notices: list[Notice]) -> Channels:
    """[TRANSECTS] in HEC-2 format: NC rows of roughness, X1 heads, GR rows of stations."""
    cells = Cells(inp.path, "TRANSECTS")
    roughness = (0.0, 0.0, 0.0)
    heads: list[tuple[Row, tuple[float, float, float]]] = []
    points: list[list[float]] = []
    for row in inp.rows("TRANSECTS"):
        key = row.tokens[0].upper()[:2]
        if key == "NC":
            cells.need(row, 4, "NC, roughness of left bank, right bank and channel")
            given = [cells.number(row, i, "roughness", low=0.0) for i in (1, 2, 3)]
            left, right, channel = (g or r for g, r in zip(given, roughness, strict=True))
            roughness = (left or channel, right or channel, channel)
        elif key == "X1":
            cells.need(row, 10, "X1, name, stations, left bank, right bank, 0, 0, and factors")
            for i in range(2, 10):
                cells.number(row, i, "value")
            heads.append((row, roughness))
            points.append([])
        elif key == "GR":
            if not points or len(row.tokens) % 2 == 0:
                raise cells.error(
                    row.line, "a GR row holds pairs of elevation and station after X1."
                )
            points[-1] += [cells.number(row, i, "value") for i in range(1, len(row.tokens))]
        else:
            raise cells.error(row.line, f"{row.tokens[0]!r} is none of NC, X1, GR.")
    channels = [
        _transect(cells, row, rough, np.array(flat), length_m, notices)
        for (row, rough), flat in zip(heads, points, strict=True)
    ]
    names = Names("transect", [row.tokens[1] for row, _ in heads])
    return Channels(names=names, channels=tuple(channels))


def _transect(
    cells: Cells,
    row: Row,
    roughness: tuple[float, float, float],
    flat: FloatArray,
    length_m: float,
    notices: list[Notice],
) -> Channel | None:
    name = row.tokens[1]
    values = [cells.number(row, i, "value") for i in range(2, 10)]
    length_factor, stretch, lift = values[5] or 1.0, values[6] or 1.0, values[7]
    per_foot = length_m / FOOT_M
    station, level = flat[1::2] * stretch * per_foot, (flat[0::2] + lift) * per_foot
    trouble = ""
    if len(station) < 2:
        trouble = "has fewer than 2 stations"
    elif roughness[2] <= 0.0:
        trouble = "has no roughness for its channel; put an NC row before it"
    elif np.any(np.diff(station) < 0.0):
        trouble = "has stations that do not rise"
    elif level.max() <= level.min():
        trouble = "has no depth"
    if trouble:
        notices.append(
            Notice(row.line, f"[TRANSECTS] {name} {trouble}; SWMM stops here", refused=True)
        )
        return None
    banks = (values[1] * stretch * per_foot, values[2] * stretch * per_foot)
    channel = roughness[2] * math.sqrt(length_factor)
    section = _section("IRREGULAR", station, level, banks, (roughness[0], roughness[1], channel))
    return Channel(section=section, roughness=roughness[2], length_factor=length_factor)


def read_streets(inp: InpFile, length_m: float) -> Channels:
    """[STREETS]: name, crown width, curb height, slope %, n, gutter depth, width, sides, backing."""
    cells = Cells(inp.path, "STREETS")
    names, channels = [], []
    for row in inp.rows("STREETS"):
        cells.need(row, 5, "name, width to the crown, curb height, cross slope [%], roughness")
        width, curb, slope, rough = (cells.number(row, i, "value", above=0.0) for i in (1, 2, 3, 4))
        drop = cells.number(row, 5, "gutter depression", default=0.0, low=0.0)
        gutter = cells.number(row, 6, "gutter width", default=0.0, low=0.0)
        sides = int(cells.number(row, 7, "number of sides", default=2.0))
        back = cells.number(row, 8, "backing width", default=0.0, low=0.0)
        back_slope = cells.number(row, 9, "backing slope", default=0.0) / 100.0
        back_rough = cells.number(row, 10, "backing roughness", default=rough) or rough
        top = drop + curb
        x = [0.0, back, back, back + gutter, back + width]
        y = [top + back * back_slope, top, 0.0, drop + gutter * slope / 100.0,
             drop + width * slope / 100.0]  # fmt: skip
        if sides == 2:
            x += [2.0 * (back + width) - v for v in x[-2::-1]]
            y += y[-2::-1]
        per_foot = length_m / FOOT_M
        station, level = np.array(x) * per_foot, np.array(y) * per_foot
        banks = (back * per_foot, (x[-1] - (back if sides == 2 else 0.0)) * per_foot)
        section = _section("STREET", station, level, banks, (back_rough, back_rough, rough))
        names.append(row.tokens[0])
        channels.append(Channel(section=section, roughness=rough))
    return Channels(names=Names("street", names), channels=tuple(channels))


def _section(
    shape: str,
    station: FloatArray,
    level: FloatArray,
    banks: tuple[float, float],
    roughness: tuple[float, float, float],
) -> CrossSection:
    """Full-section values of a polyline [ft] between two vertical walls up to its highest point.

    SWMM climbs to the top in equal steps and splits the section at every point that reaches the
    level it arrives at, so its rounding, in feet, decides whether the highest points split it.
    """
    top, bottom = float(level.max()), float(level.min())
    reached = bottom
    for _ in range(_STEPS):
        reached += (top - bottom) / _STEPS
    x = np.concatenate(([station[0]], station, [station[-1]]))
    y = np.concatenate(([top], level, [top]))
    width, rise = np.diff(x), np.abs(np.diff(y))
    area = width * (top - (y[1:] + y[:-1]) / 2.0)
    wetted = np.hypot(width, rise)
    conveyance = 0.0
    part_area = part_wetted = 0.0
    last = len(width) - 2
    for k in range(len(width)):
        if min(y[k], y[k + 1]) >= reached:
            continue
        part_area += area[k]
        part_wetted += wetted[k]
        at_bank = k > 0 and (
            (x[k + 1] == banks[0] and roughness[0] != roughness[2] and width[k] > 0.0)
            or (
                x[k + 1] == banks[1]
                and roughness[1] != roughness[2]
                and k + 2 < len(x)
                and x[k + 2] != x[k + 1]
            )
        )
        if not (y[k + 1] >= reached or k == last or at_bank):
            continue
        n = roughness[2]
        if x[k] < banks[0]:
            n = roughness[0]
        if x[k + 1] > banks[1]:
            n = roughness[1]
        if part_area > 0.0:
            conveyance += part_area / n * (part_area / part_wetted) ** (2.0 / 3.0)
            part_area = part_wetted = 0.0
    total = float(area.sum())
    radius = (conveyance * roughness[2] * _RADIUS_SLACK / total) ** 1.5
    return CrossSection(
        shape=shape,
        height_m=(top - bottom) * FOOT_M,
        width_m=float(width.sum()) * FOOT_M,
        area_m2=total * FOOT_M**2,
        radius_m=radius * FOOT_M,
        profile=_profile(x, y, bottom, top, total),
    )


def _profile(x: FloatArray, y: FloatArray, bottom: float, top: float, full: float) -> FloatArray:
    """Part of the full area below equal steps of depth."""
    levels = np.linspace(bottom, top, PROFILE_POINTS)[:, None]
    low, high = np.minimum(y[1:], y[:-1]), np.maximum(y[1:], y[:-1])
    width = np.diff(x)
    rise = np.where(high > low, high - low, 1.0)
    wet = np.clip(levels - low, 0.0, None)
    area = np.where(
        levels >= high, width * (levels - (low + high) / 2.0), width * wet**2 / (2.0 * rise)
    )
    return np.asarray(np.where(wet > 0.0, area, 0.0).sum(axis=1) / full, dtype=np.float64)


def custom_section(curve: Curve, height_m: float) -> CrossSection | str:
    """Section of a SHAPE curve: width over height, both per full height."""
    if curve.kind != "SHAPE":
        return f"its curve {curve.name!r} is of type {curve.kind}, not SHAPE"
    y, w = curve.x, curve.y
    if len(y) < 2 or y[0] < 0.0 or y[0] >= 1.0 or np.any(w < 0.0):
        return f"its shape curve {curve.name!r} has no rising heights from 0 to 1"
    if y[0] > 0.0:
        y, w = np.concatenate(([0.0], y)), np.concatenate(([0.0], w))
    keep = y < 1.0
    y, w = np.append(y[keep], 1.0), np.append(w[keep], np.interp(1.0, y, w))
    area = float(np.sum((w[1:] + w[:-1]) / 2.0 * np.diff(y)))
    wetted = float(w[0] + w[-1] + 2.0 * np.hypot(np.diff(y), np.diff(w) / 2.0).sum())
    if area <= 0.0 or wetted <= 0.0:
        return f"its shape curve {curve.name!r} has no area"
    grid = np.linspace(0.0, 1.0, 1001)
    width = np.interp(grid, y, w)
    below = np.concatenate(([0.0], np.cumsum((width[1:] + width[:-1]) / 2000.0)))
    return CrossSection(
        shape="CUSTOM",
        height_m=height_m,
        width_m=float(w.max()) * height_m,
        area_m2=area * height_m**2,
        radius_m=area / wetted * height_m,
        profile=below[:: 1000 // (PROFILE_POINTS - 1)] / below[-1],
    )
