"""Which storms does a controller have to bear? Design storms on any SWMM file with rain gauges."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jialing.core.case import Case
from jialing.core.errors import InputError
from jialing.domains.water.design_storm import block, chicago, chongqing, euler2
from jialing.domains.water.inp import InpFile, Row, read_inp
from jialing.domains.water.options import read_options

STEP_S = 300.0
LEAD_S = 1800.0  # dry weather before the rain
TAIL_S = 6 * 3600.0  # and after it
SPLIT = 4  # gauges that stand in for a single one when a storm moves
M_S_TO_MM_H = 3.6e6
M_S_TO_IN_H = 3600.0 / 0.0254


@dataclass(frozen=True, kw_only=True)
class Storm:
    """One design storm.

    Attributes
    ----------
    name : unique, says what it is
    years : return period [a]
    duration_s : of the rain at one place, pauses included [s]
    shape : ``block``, ``chicago`` or ``euler``
    peak_at : place of the peak of a Chicago storm [1]
    heading_deg : where a moving storm goes, counter-clockwise from east; None falls everywhere at once
    crossing_s : time that its front takes from the first gauge to the last [s]
    width : spread of its core across the path, in widths of the catchment [1]; inf is even
    second : depth of a second burst of the same shape, as a share of the first [1]; 0 for none
    pause_s : dry time between the two [s]
    """

    name: str
    years: float
    duration_s: float
    shape: str
    peak_at: float = 0.4
    heading_deg: float | None = None
    crossing_s: float = 0.0
    width: float = math.inf
    second: float = 0.0
    pause_s: float = 0.0

    def rates(self, scale: float = 1.0) -> NDArray[np.float64]:
        """Intensity at the core [m/s] in steps of `STEP_S`; `scale` adapts it to another climate."""
        depth = chongqing(self.years)
        burst_s = self.duration_s
        if self.second:
            burst_s = (self.duration_s - self.pause_s) / 2.0
        if self.shape == "block":
            burst = block(depth, burst_s, STEP_S)
        elif self.shape == "chicago":
            burst = chicago(depth, burst_s, STEP_S, peak_at=self.peak_at)
        elif self.shape == "euler":
            burst = euler2(depth, burst_s, STEP_S)
        else:
            raise ValueError(f"{self.shape!r} is no shape; allowed: block, chicago, euler")
        if self.second:
            dry = np.zeros(round(self.pause_s / STEP_S))
            burst = np.concatenate((burst, dry, self.second * burst))
        return burst * scale


def storm_set(seed: int = 0) -> tuple[Storm, ...]:
    """Twenty-four storms: sixteen on a grid, eight drawn at random; the same for the same seed."""
    hour = 3600.0
    grid = (
        [(p, h, "block") for p, h in ((1, 1), (5, 3), (10, 12), (50, 6))]
        + [(p, h, "chicago") for p, h in ((1, 0.5), (2, 2), (10, 1), (50, 3))]
        + [(p, h, "euler") for p, h in ((2, 1), (5, 0.5), (10, 2), (20, 6))]
    )
    storms = [
        Storm(name=f"{s}-{p}a-{h:g}h", years=p, duration_s=h * hour, shape=s) for p, h, s in grid
    ]
    storms += [
        Storm(
            name=f"front-{name}-{p}a-{h:g}h",
            years=p,
            duration_s=h * hour,
            shape="chicago",
            heading_deg=heading,
            crossing_s=0.75 * hour,
        )
        for name, heading, p, h in (("east", 0.0, 5, 1), ("west", 180.0, 10, 1.5))
    ]
    storms += [
        Storm(
            name=f"double-{p}a-{h:g}h",
            years=p,
            duration_s=h * hour,
            shape="euler",
            second=share,
            pause_s=pause * hour,
        )
        for p, h, share, pause in ((2, 4, 1.0, 2), (10, 8, 0.7, 6))
    ]
    draw = np.random.default_rng([seed, 24])
    for number in range(8):
        moving = number % 2 == 0
        storms.append(
            Storm(
                name=f"drawn-{number + 1}",
                years=round(float(np.exp(draw.uniform(0.0, math.log(50.0)))), 1),
                duration_s=float(draw.choice([1800, 2700, 3600, 5400, 7200, 14_400, 28_800])),
                shape="chicago",
                peak_at=float(draw.choice([0.2, 0.3, 0.4, 0.5, 0.7])),
                heading_deg=float(draw.integers(0, 36) * 10) if moving else None,
                crossing_s=float(draw.choice([900, 1800, 3600])) if moving else 0.0,
                width=float(draw.choice([0.5, 0.8])) if moving else math.inf,
            )
        )
    return tuple(storms)


def under_storm(
    case: Case, storm: Storm, folder: Path, *, scale: float = 1.0, tail_s: float = TAIL_S
) -> Case:
    """`case` with its rain replaced by `storm`; the derived model file is written to `folder`.

    Raises InputError for a model without rain gauges.
    """
    inp = read_inp(case.model)
    path = folder / f"{case.model.stem}-{storm.name}.inp"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(derived(inp, storm, scale=scale, tail_s=tail_s), encoding="utf-8")
    return replace(
        case,
        name=f"{case.name}-{storm.name}",
        title=f"{case.name} under storm {storm.name}",
        model=path,
        duration_s=None,
        settings=replace(case.settings, series_files={}),
    )


def derived(inp: InpFile, storm: Storm, *, scale: float = 1.0, tail_s: float = TAIL_S) -> str:
    """Text of a model file whose gauges see `storm` after a dry lead, and that ends after a tail."""
    gauges = {row.tokens[0]: row for row in inp.rows("RAINGAGES")}
    if not gauges:
        raise InputError("the file has no [RAINGAGES], so no storm can fall on it", path=inp.path)
    lines: list[str] = [line.rstrip("\r") for line in inp.text_lines]
    places = _places(inp)
    surfaces = inp.rows("SUBCATCHMENTS")
    under = {row.tokens[0]: row.tokens[1] for row in surfaces}
    if storm.heading_deg is not None and len(gauges) < SPLIT:
        under = _split(surfaces, places, storm.heading_deg)
        for row in surfaces:
            row_tokens = [row.tokens[0], under[row.tokens[0]], *row.tokens[2:]]
            lines[row.line - 1] = " ".join(t or '""' for t in row_tokens)
    names = list(dict.fromkeys([*gauges, *under.values()]))
    delays, shares = _passage(names, under, surfaces, places, storm)
    _drop_replaced_series(inp, lines)
    for row in gauges.values():
        lines[row.line - 1] = ""
    options = read_options(inp, [])
    length_s = LEAD_S + storm.duration_s + max(delays.values()) + tail_s
    _set_period(inp, options.start, lines, length_s)
    rates = storm.rates(scale) * (M_S_TO_IN_H if options.us_units else M_S_TO_MM_H)
    added = ["", "[RAINGAGES]"]
    added += [f"{name} INTENSITY 0:05 1.0 TIMESERIES storm_{name}" for name in names]
    added += ["", "[TIMESERIES]"]
    for name in names:
        start = LEAD_S + round(delays[name] / STEP_S) * STEP_S
        steps = [(0.0, 0.0), *((start + k * STEP_S, r) for k, r in enumerate(rates.tolist()))]
        added += [
            f"storm_{name} {_clock(t)} {r * shares[name]:.4f}"
            for t, r in [*steps, (start + storm.duration_s, 0.0)]
        ]
    return "\n".join([*lines, *added]) + "\n"


def _places(inp: InpFile) -> dict[str, tuple[float, float]]:
    """Where each sub-catchment lies: its outlet on the map, else the middle of its polygon."""
    nodes = {r.tokens[0]: (float(r.tokens[1]), float(r.tokens[2])) for r in inp.rows("COORDINATES")}
    corners: dict[str, list[tuple[float, float]]] = {}
    for row in inp.rows("POLYGONS"):
        corners.setdefault(row.tokens[0], []).append((float(row.tokens[1]), float(row.tokens[2])))
    places = {}
    for row in inp.rows("SUBCATCHMENTS"):
        name, outlet = row.tokens[0], row.tokens[2]
        if outlet in nodes:
            places[name] = nodes[outlet]
        elif name in corners:
            x, y = np.mean(corners[name], axis=0)
            places[name] = (float(x), float(y))
    return places


def _along(place: tuple[float, float], heading_deg: float) -> float:
    angle = math.radians(heading_deg)
    return place[0] * math.cos(angle) + place[1] * math.sin(angle)


def _split(
    surfaces: Sequence[Row], places: Mapping[str, tuple[float, float]], heading_deg: float
) -> dict[str, str]:
    """Sub-catchment -> one of a few gauges in the order in which a moving storm meets them."""
    order = sorted(
        (row.tokens[0] for row in surfaces),
        key=lambda name: _along(places.get(name, (0.0, 0.0)), heading_deg),
    )
    groups = min(SPLIT, len(order))
    return {name: f"gauge{i * groups // len(order) + 1}" for i, name in enumerate(order)}


def _passage(
    names: Sequence[str],
    under: Mapping[str, str],
    surfaces: Sequence[Row],
    places: Mapping[str, tuple[float, float]],
    storm: Storm,
) -> tuple[dict[str, float], dict[str, float]]:
    """When the storm reaches each gauge [s], and the share of its core that falls there [1]."""
    still = dict.fromkeys(names, 0.0), dict.fromkeys(names, 1.0)
    if storm.heading_deg is None:
        return still
    middles = {}
    for name in names:
        own = [
            places[r.tokens[0]]
            for r in surfaces
            if under[r.tokens[0]] == name and r.tokens[0] in places
        ]
        if own:
            x, y = np.mean(own, axis=0)
            middles[name] = (float(x), float(y))
    if not middles:
        return still
    delays, shares = still
    ahead = _relative({n: _along(p, storm.heading_deg) for n, p in middles.items()})
    aside = _relative({n: _along(p, storm.heading_deg + 90.0) for n, p in middles.items()})
    for name in middles:
        delays[name] = ahead[name] * storm.crossing_s
        if math.isfinite(storm.width):
            shares[name] = math.exp(-0.5 * ((aside[name] - 0.5) / storm.width) ** 2)
    return delays, shares


def _relative(values: Mapping[str, float]) -> dict[str, float]:
    """Values moved and stretched to 0 … 1; 0 where they are all the same."""
    low, span = min(values.values()), max(values.values()) - min(values.values())
    return {name: (v - low) / span if span else 0.0 for name, v in values.items()}


def _drop_replaced_series(inp: InpFile, lines: list[str]) -> None:
    """Take out series that only gauges used: their data files may not be here."""
    replaced = {
        row.tokens[5]
        for row in inp.rows("RAINGAGES")
        if len(row.tokens) > 5 and row.tokens[4].upper() == "TIMESERIES"
    }
    elsewhere = {
        token
        for name in ("INFLOWS", "OUTFALLS", "CONTROLS", "EVAPORATION", "TEMPERATURE")
        for row in inp.rows(name)
        for token in row.tokens
    }
    for row in inp.rows("TIMESERIES"):
        if row.tokens[0] in replaced - elsewhere:
            lines[row.line - 1] = ""


def _set_period(inp: InpFile, start: datetime, lines: list[str], length_s: float) -> None:
    """Let the simulation begin as before and end after `length_s`."""
    rows = {row.tokens[0].upper(): row for row in inp.rows("OPTIONS")}
    end = start + timedelta(seconds=math.ceil(length_s / STEP_S) * STEP_S)
    changed = {"END_DATE": end.strftime("%m/%d/%Y"), "END_TIME": end.strftime("%H:%M:%S")}
    header = inp.header_line("OPTIONS")
    for option, text in changed.items():
        if option in rows:
            lines[rows[option].line - 1] = f"{option} {text}"
        elif header is not None:
            lines[header - 1] += f"\n{option} {text}"


def _clock(seconds: float) -> str:
    minutes = round(seconds / 60.0)
    return f"{minutes // 60}:{minutes % 60:02}"
