"""Which nodes does a SWMM file have, in the order in which SWMM numbers them?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from jialing.core.errors import UnknownNameError
from jialing.core.signal import FloatArray
from jialing.domains.water.cells import Cells, Names, check_unique, to_number
from jialing.domains.water.curves import Curves
from jialing.domains.water.inp import InpFile, Notice, Row
from jialing.domains.water.options import Options
from jialing.domains.water.storage import STORAGE_SHAPES, Storage, shape_coefficients, to_si

OUTFALL_KINDS = ("FREE", "NORMAL", "FIXED", "TIDAL", "TIMESERIES")
DIVIDER_KINDS = ("CUTOFF", "TABULAR", "WEIR", "OVERFLOW")


class NodeKind(IntEnum):
    """Kinds of node, with SWMM's own numbers."""

    JUNCTION = 0
    OUTFALL = 1
    STORAGE = 2
    DIVIDER = 3


SECTION_OF_KIND = {
    NodeKind.JUNCTION: "JUNCTIONS",
    NodeKind.OUTFALL: "OUTFALLS",
    NodeKind.STORAGE: "STORAGE",
    NodeKind.DIVIDER: "DIVIDERS",
}


@dataclass(frozen=True, kw_only=True)
class Outfall:
    """What stands against the water at an outfall.

    Attributes
    ----------
    kind : one of `OUTFALL_KINDS`
    stage_m : level of a FIXED outfall [m]
    source : name of the tide curve or time series, else empty
    has_flap : water cannot come back
    route_to : subcatchment that takes the water, else empty
    """

    kind: str
    stage_m: float = float("nan")
    source: str = ""
    has_flap: bool = False
    route_to: str = ""


@dataclass(frozen=True, kw_only=True)
class Divider:
    """How a node splits its inflow under kinematic wave or steady routing.

    Attributes
    ----------
    kind : one of `DIVIDER_KINDS`
    link : name of the link that takes the diverted flow; empty for none
    cutoff_m3s : flow that goes on undiverted [m³/s]
    curve : name of the curve of a TABULAR divider
    """

    kind: str
    link: str
    cutoff_m3s: float = 0.0
    curve: str = ""


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """Nodes as flat tables in SWMM's order, which is that of the file.

    Attributes
    ----------
    names : [nodes]
    kind : [nodes] of `NodeKind`
    invert_m : [nodes] elevation of the bottom [m]
    max_depth_m : [nodes] depth at which a node floods or surcharges [m]; as in SWMM, at least
        up to the crown of the highest link at junctions, dividers and outfalls
    initial_depth_m : [nodes] [m]
    surcharge_m : [nodes] head above `max_depth_m` before water is lost [m]
    ponded_m2 : [nodes] area flooded water spreads over [m²]
    x, y : [nodes] map coordinates in file units; NaN where the file gives none
    line : [nodes] line of the file
    storages, outfalls, dividers : by node index
    """

    names: tuple[str, ...]
    kind: NDArray[np.int8]
    invert_m: FloatArray
    max_depth_m: FloatArray
    initial_depth_m: FloatArray
    surcharge_m: FloatArray
    ponded_m2: FloatArray
    x: FloatArray
    y: FloatArray
    line: NDArray[np.int64]
    storages: dict[int, Storage]
    outfalls: dict[int, Outfall]
    dividers: dict[int, Divider]

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    @cached_property
    def lookup(self) -> Names:
        return Names("node", self.names)

    def find(self, name: str) -> int:
        """Index of a node, without regard to case; raises UnknownNameError."""
        index = self.lookup.find(name)
        if index is None:
            raise UnknownNameError("node of this model", name, self.names)
        return index

    def of_kind(self, kind: NodeKind) -> list[int]:
        return [int(i) for i in np.flatnonzero(self.kind == kind)]


@dataclass(kw_only=True)
class _Draft:
    """Node columns while they are read, in file units."""

    numbers: list[tuple[float, float, float, float, float]]
    storages: dict[int, Storage]
    outfalls: dict[int, Outfall]
    dividers: dict[int, Divider]
    options: Options
    curves: Curves
    notices: list[Notice]


def read_nodes(inp: InpFile, options: Options, curves: Curves, notices: list[Notice]) -> Nodes:
    """All nodes of `inp`, with depths as given; `links` later raises them to the crowns."""
    rows = sorted(
        ((row, kind) for kind, name in SECTION_OF_KIND.items() for row in inp.rows(name)),
        key=lambda entry: entry[0].line,
    )
    cells = {kind: Cells(inp.path, name) for kind, name in SECTION_OF_KIND.items()}
    check_unique(
        {name: Cells(inp.path, name) for name in SECTION_OF_KIND.values()},
        "node",
        ((SECTION_OF_KIND[kind], row) for row, kind in rows),
    )
    draft = _Draft(
        numbers=[], storages={}, outfalls={}, dividers={},
        options=options, curves=curves, notices=notices,
    )  # fmt: skip
    readers: dict[NodeKind, Callable[[_Draft, Cells, Row], None]] = {
        NodeKind.JUNCTION: _junction,
        NodeKind.OUTFALL: _outfall,
        NodeKind.STORAGE: _storage,
        NodeKind.DIVIDER: _divider,
    }
    for row, kind in rows:
        readers[kind](draft, cells[kind], row)
    table = np.array(draft.numbers, dtype=np.float64).reshape(-1, 5) * options.length_factor
    names = tuple(row.tokens[0] for row, _ in rows)
    x, y = _coordinates(inp, Names("node", names), notices)
    return Nodes(
        names=names,
        kind=np.array([kind for _, kind in rows], dtype=np.int8),
        invert_m=table[:, 0].copy(),
        max_depth_m=table[:, 1].copy(),
        initial_depth_m=table[:, 2].copy(),
        surcharge_m=table[:, 3].copy(),
        ponded_m2=table[:, 4] * options.length_factor,
        x=x,
        y=y,
        line=np.array([row.line for row, _ in rows], dtype=np.int64),
        storages=draft.storages,
        outfalls=draft.outfalls,
        dividers=draft.dividers,
    )


def _junction(draft: _Draft, cells: Cells, row: Row) -> None:
    cells.need(row, 2, "name, elevation")
    words = ("maximum depth", "initial depth", "surcharge depth", "ponded area")
    rest = [cells.number(row, i + 2, word, default=0.0, low=0.0) for i, word in enumerate(words)]
    draft.numbers.append((cells.number(row, 1, "elevation"), rest[0], rest[1], rest[2], rest[3]))


def _outfall(draft: _Draft, cells: Cells, row: Row) -> None:
    cells.need(row, 3, "name, elevation, type")
    at, level = len(draft.numbers), cells.number(row, 1, "elevation")
    kind = cells.word(row, 2, "outfall type", OUTFALL_KINDS)
    stage, source, gate = float("nan"), "", 3
    if kind in ("FIXED", "TIDAL", "TIMESERIES"):
        cells.need(row, 4, f"name, elevation, {kind}, its stage data")
        gate = 4
        if kind == "FIXED":
            stage = cells.number(row, 3, "stage") * draft.options.length_factor
        else:
            source = row.tokens[3]
        if kind == "TIDAL":
            draft.curves.names.get(cells, row, 3, "follows the tide of")
    draft.outfalls[at] = Outfall(
        kind=kind,
        stage_m=stage,
        source=source,
        has_flap=cells.yes(row, gate, "flap gate") if len(row.tokens) > gate else False,
        route_to=row.tokens[gate + 1] if len(row.tokens) > gate + 1 else "",
    )
    draft.numbers.append((level, 0.0, 0.0, 0.0, 0.0))


def _storage(draft: _Draft, cells: Cells, row: Row) -> None:
    cells.need(row, 6, "name, elevation, maximum depth, initial depth, shape, curve or values")
    at = len(draft.numbers)
    level = cells.number(row, 1, "elevation")
    depth, initial = (
        cells.number(row, i, word, low=0.0)
        for i, word in ((2, "maximum depth"), (3, "initial depth"))
    )
    shape = cells.word(row, 4, "storage shape", STORAGE_SHAPES)
    length = draft.options.length_factor
    x = a = np.empty(0)
    coefficients, after = (0.0, 0.0, 0.0), 8
    if shape == "TABULAR":
        curve = draft.curves.curves[draft.curves.names.get(cells, row, 5, "takes its area from")]
        x, a, after = curve.x * length, curve.y * length**2, 6
    else:
        cells.need(row, 8, f"name, elevation, maximum and initial depth, {shape} and 3 values")
        given = [cells.number(row, i, "shape value") for i in (5, 6, 7)]
        _check_shape(cells, row, shape, given)
        if shape == "PARABOLOID":
            draft.notices.append(
                Notice(
                    row.line,
                    f"[STORAGE] {row.tokens[0]}: SWMM calls a paraboloid PARABOLIC and stops at the "
                    "word PARABOLOID (error 205); write PARABOLIC",
                    refused=True,
                )
            )
            shape = "PARABOLIC"
        coefficients = to_si(shape, shape_coefficients(shape, *given), length)
    surcharge = cells.number(row, after, "surcharge depth", default=0.0)
    draft.storages[at] = Storage(
        shape=shape,
        max_depth_m=depth * length,
        a0=coefficients[0],
        a1=coefficients[1],
        a2=coefficients[2],
        depth_m=x,
        area_m2=a,
        evaporation=cells.number(row, after + 1, "evaporation factor", default=0.0),
        seepage=len(row.tokens) > after + 2,
    )
    if draft.storages[at].volume(depth * length) < 0.0:
        raise cells.error(row.line, f"{row.tokens[0]} has a negative volume at its full depth.")
    draft.numbers.append((level, depth, initial, surcharge, 0.0))


def _check_shape(cells: Cells, row: Row, shape: str, given: list[float]) -> None:
    words = "base length, base width and side slope"
    if shape == "FUNCTIONAL":
        if given[2] < 0.0 or given[1] <= -1.0:
            raise cells.error(
                row.line,
                f"{row.tokens[0]}: area {given[0]:g} * depth ^ {given[1]:g} + {given[2]:g} cannot "
                "be; the constant must not be negative and the exponent above -1.",
            )
    elif given[0] <= 0.0 or given[1] <= 0.0 or given[2] < 0.0:
        raise cells.error(row.line, f"{row.tokens[0]}: {words} must be above 0 (slope may be 0).")
    elif shape in ("PARABOLIC", "PARABOLOID") and given[2] == 0.0:
        raise cells.error(row.line, f"{row.tokens[0]}: the height of a paraboloid must be above 0.")


def _divider(draft: _Draft, cells: Cells, row: Row) -> None:
    cells.need(row, 4, "name, elevation, diverted link, type")
    level = cells.number(row, 1, "elevation")
    link = "" if row.tokens[2] == "*" else row.tokens[2]
    kind = cells.word(row, 3, "divider type", DIVIDER_KINDS)
    cutoff, curve, after = 0.0, "", 4
    if kind == "TABULAR":
        draft.curves.names.get(cells, row, 4, "diverts by")
        curve, after = row.tokens[4], 5
    elif kind == "CUTOFF":
        cutoff, after = cells.number(row, 4, "cutoff flow") * draft.options.flow_factor, 5
    elif kind == "WEIR":
        cells.need(row, 7, "name, elevation, diverted link, WEIR, least flow, depth, coefficient")
        values = [cells.number(row, i, "weir value") for i in (4, 5, 6)]
        cutoff, after = values[0] * draft.options.flow_factor, 7
    rest = [cells.number(row, after + i, "depth", default=0.0) for i in range(4)]
    draft.dividers[len(draft.numbers)] = Divider(
        kind=kind, link=link, cutoff_m3s=cutoff, curve=curve
    )
    draft.numbers.append((level, rest[0], rest[1], rest[2], rest[3]))


def _coordinates(
    inp: InpFile, names: Names, notices: list[Notice]
) -> tuple[FloatArray, FloatArray]:
    x, y = np.full(len(names), np.nan), np.full(len(names), np.nan)
    for at, point in read_points(inp, "COORDINATES", names, notices):
        x[at], y[at] = point
    return x, y


def read_points(
    inp: InpFile, section: str, names: Names, notices: list[Notice]
) -> list[tuple[int, tuple[float, float]]]:
    """Index and (x, y) of each row of a section that only serves pictures."""
    points: list[tuple[int, tuple[float, float]]] = []
    stray: list[Row] = []
    for row in inp.rows(section):
        at = names.find(row.tokens[0])
        x, y = (to_number(text) for text in (*row.tokens[1:3], "?", "?")[:2])
        if at is None or x is None or y is None:
            stray.append(row)
        else:
            points.append((at, (x, y)))
    if stray:
        notices.append(
            Notice(
                stray[0].line,
                f"[{section}] {len(stray)} rows are not a {names.kind} and two numbers, first "
                f"{' '.join(stray[0].tokens[:3])!r}; ignored",
            )
        )
    return points
