"""What enters the network beside rain: dry-weather flow, stated inflows, infiltration, runoff?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray
from jialing.core.units import ACRE_M2, HECTARE_M2
from jialing.domains.water.cells import Cells, Names, check_unique, fold
from jialing.domains.water.gages import Gages
from jialing.domains.water.inp import InpFile, Row
from jialing.domains.water.nodes import Nodes
from jialing.domains.water.options import Options
from jialing.domains.water.series import Series, series_names

PATTERN_KINDS = ("MONTHLY", "DAILY", "HOURLY", "WEEKEND")
NONE = -1  # index that stands for "none"


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """Factors that repeat: by month, by day of the week from Sunday, by hour of day or weekend day."""

    name: str
    line: int
    kind: str
    factors: tuple[float, ...]

    def factor(self, when: datetime) -> float:
        """Factor at an instant [1]; 1 where the pattern says nothing."""
        day = when.isoweekday() % 7
        at = {"MONTHLY": when.month - 1, "DAILY": day}.get(self.kind, when.hour)
        if self.kind == "WEEKEND" and day not in (0, 6):
            return 1.0
        return self.factors[at] if at < len(self.factors) else 1.0


@dataclass(frozen=True, kw_only=True)
class Inflow:
    """A stated inflow: scale * series + baseline * pattern.

    Attributes
    ----------
    node : index
    series : name; empty for none
    scale : [m³/s per unit of the series]
    baseline_m3s : [m³/s]
    pattern : name; empty for none
    line : line of the file
    """

    node: int
    series: str
    scale: float
    baseline_m3s: float
    pattern: str
    line: int


@dataclass(frozen=True, kw_only=True)
class DryWeatherFlow:
    """Dry-weather flow into a node: its mean times the factors of its patterns."""

    node: int
    mean_m3s: float
    patterns: tuple[str, ...]
    line: int


@dataclass(frozen=True, kw_only=True)
class Infiltration:
    """Rain-derived infiltration (RDII) into a node, by a unit hydrograph over a sewershed."""

    node: int
    hydrograph: str
    area_m2: float
    line: int


@dataclass(frozen=True, kw_only=True)
class Subcatchments:
    """Subcatchments in SWMM's order.

    Attributes
    ----------
    names : [subcatchments]
    gage : [subcatchments] index of the rain gage, or -1
    outlet_node : [subcatchments] node that takes the runoff, or -1 if a subcatchment does
    outlet_subcatchment : [subcatchments] subcatchment that takes the runoff, or -1
    area_m2, width_m : [subcatchments] [m²], [m]
    impervious, slope : [subcatchments] [1]
    line : [subcatchments] line of the file
    """

    names: tuple[str, ...]
    gage: NDArray[np.int64]
    outlet_node: NDArray[np.int64]
    outlet_subcatchment: NDArray[np.int64]
    area_m2: FloatArray
    width_m: FloatArray
    impervious: FloatArray
    slope: FloatArray
    line: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def final_node(self) -> NDArray[np.int64]:
        """[subcatchments] node that takes the runoff in the end, or -1."""
        final = self.outlet_node.copy()
        for start in np.flatnonzero(final == NONE).tolist():
            at, seen = start, set()
            while at != NONE and at not in seen and self.outlet_node[at] == NONE:
                seen.add(at)
                at = int(self.outlet_subcatchment[at])
            final[start] = self.outlet_node[at] if at != NONE else NONE
        return final


def read_patterns(inp: InpFile) -> dict[str, Pattern]:
    """Patterns by folded name; the kind stands in a pattern's first row only."""
    cells = Cells(inp.path, "PATTERNS")
    heads: dict[str, tuple[Row, str]] = {}
    factors: dict[str, list[float]] = {}
    for row in inp.rows("PATTERNS"):
        cells.need(row, 2, "name, type in the first row, factors")
        key, first = fold(row.tokens[0]), 1
        if key not in heads:
            heads[key], first = (row, cells.word(row, 1, "pattern type", PATTERN_KINDS)), 2
            factors[key] = []
        factors[key] += [cells.number(row, i, "factor") for i in range(first, len(row.tokens))]
    return {
        key: Pattern(name=row.tokens[0], line=row.line, kind=kind, factors=tuple(factors[key][:24]))
        for key, (row, kind) in heads.items()
    }


def read_inflows(
    inp: InpFile,
    options: Options,
    nodes: Nodes,
    series: Mapping[str, Series],
    patterns: Mapping[str, Pattern],
) -> tuple[Inflow, ...]:
    """Stated inflows of water; those of pollutants are left to SWMM."""
    cells, pollutants = Cells(inp.path, "INFLOWS"), _pollutants(inp)
    known = series_names(series)
    found: dict[int, Inflow] = {}
    for row in inp.rows("INFLOWS"):
        cells.need(row, 3, "node, FLOW, series")
        node = nodes.lookup.get(cells, row, 0, "enters")
        if _is_pollutant(cells, row, pollutants):
            continue
        name = known.names[known.get(cells, row, 2, "follows")] if row.tokens[2] else ""
        found[node] = Inflow(
            node=node,
            series=name,
            scale=cells.number(row, 5, "scale factor", default=1.0) * options.flow_factor,
            baseline_m3s=cells.number(row, 6, "baseline", default=0.0) * options.flow_factor,
            pattern=_pattern(cells, row, 7, patterns),
            line=row.line,
        )
    return tuple(found.values())


def _pollutants(inp: InpFile) -> Names:
    return Names("pollutant", [row.tokens[0] for row in inp.rows("POLLUTANTS")])


def _is_pollutant(cells: Cells, row: Row, pollutants: Names) -> bool:
    if pollutants.find(row.tokens[1]) is None and row.tokens[1].upper().startswith("FLOW"):
        return False
    pollutants.get(cells, row, 1, "brings")
    return True


def _pattern(cells: Cells, row: Row, at: int, patterns: Mapping[str, Pattern]) -> str:
    if at >= len(row.tokens) or not row.tokens[at]:
        return ""
    if fold(row.tokens[at]) not in patterns:
        known = [pattern.name for pattern in patterns.values()]
        Names("pattern", known).get(cells, row, at, "varies by")
    return patterns[fold(row.tokens[at])].name


def read_dry_weather_flows(
    inp: InpFile, options: Options, nodes: Nodes, patterns: Mapping[str, Pattern]
) -> tuple[DryWeatherFlow, ...]:
    """Dry-weather flows of water; those of pollutants are left to SWMM."""
    cells, pollutants = Cells(inp.path, "DWF"), _pollutants(inp)
    found: dict[int, DryWeatherFlow] = {}
    for row in inp.rows("DWF"):
        cells.need(row, 3, "node, FLOW, mean value")
        node = nodes.lookup.get(cells, row, 0, "enters")
        if _is_pollutant(cells, row, pollutants):
            continue
        names = (_pattern(cells, row, i, patterns) for i in range(3, 7))
        found[node] = DryWeatherFlow(
            node=node,
            mean_m3s=cells.number(row, 2, "mean value") * options.flow_factor,
            patterns=tuple(name for name in names if name),
            line=row.line,
        )
    return tuple(found.values())


def dry_flow_m3s(flow: DryWeatherFlow, patterns: Mapping[str, Pattern], when: datetime) -> float:
    """Dry-weather flow at an instant [m³/s]; a weekend pattern replaces the hourly one on weekends."""
    by_kind = {patterns[fold(name)].kind: patterns[fold(name)] for name in flow.patterns}
    if "WEEKEND" in by_kind and when.isoweekday() in (6, 7):
        by_kind.pop("HOURLY", None)
    factor = 1.0
    for pattern in by_kind.values():
        factor *= pattern.factor(when)
    return flow.mean_m3s * factor


def dry_weather_flow(
    flows: tuple[DryWeatherFlow, ...],
    patterns: Mapping[str, Pattern],
    start: datetime,
    times_s: FloatArray,
    nodes: int,
) -> FloatArray:
    """[times, nodes] dry-weather flow [m³/s]."""
    out = np.zeros((len(times_s), nodes))
    start_hour = start.replace(minute=0, second=0, microsecond=0)
    shift = (start - start_hour).total_seconds()
    hours = np.floor((np.asarray(times_s) + shift) / 3600.0)
    for hour in np.unique(hours).tolist():
        when = start_hour + timedelta(hours=hour)
        rows = hours == hour
        for flow in flows:
            out[rows, flow.node] += dry_flow_m3s(flow, patterns, when)
    return out


def read_infiltrations(inp: InpFile, options: Options, nodes: Nodes) -> tuple[Infiltration, ...]:
    """[RDII] rows; their unit hydrographs must exist."""
    cells = Cells(inp.path, "RDII")
    hydrographs = Names(
        "unit hydrograph", list(dict.fromkeys(row.tokens[0] for row in inp.rows("HYDROGRAPHS")))
    )
    per_area = ACRE_M2 if options.us_units else HECTARE_M2
    found = []
    for row in inp.rows("RDII"):
        cells.need(row, 3, "node, unit hydrograph, sewershed area")
        found.append(
            Infiltration(
                node=nodes.lookup.get(cells, row, 0, "enters"),
                hydrograph=hydrographs.names[hydrographs.get(cells, row, 1, "follows")],
                area_m2=cells.number(row, 2, "area", low=0.0) * per_area,
                line=row.line,
            )
        )
    return tuple(found)


def read_subcatchments(inp: InpFile, options: Options, nodes: Nodes, gages: Gages) -> Subcatchments:
    """Subcatchments with their gage and outlet; their hydrology is left to SWMM."""
    cells = Cells(inp.path, "SUBCATCHMENTS")
    rows = inp.rows("SUBCATCHMENTS")
    check_unique({"SUBCATCHMENTS": cells}, "subcatchment", (("SUBCATCHMENTS", r) for r in rows))
    own = Names("subcatchment", [row.tokens[0] for row in rows])
    known_gages = Names("rain gage", gages.names)
    per_area = ACRE_M2 if options.us_units else HECTARE_M2
    links: list[tuple[int, int, int]] = []
    values: list[list[float]] = []
    for row in rows:
        cells.need(row, 8, "name, gage, outlet, area, % impervious, width, % slope, curb length")
        gage = known_gages.get(cells, row, 1, "has the")
        node = nodes.lookup.find(row.tokens[2])
        other = own.find(row.tokens[2])
        if node is None and other is None:
            nodes.lookup.get(cells, row, 2, "drains into")
        links.append((gage, NONE if node is None else node, NONE if other is None else other))
        values.append(
            [
                cells.number(row, i, what, low=0.0)
                for i, what in ((3, "area"), (4, "imperviousness"), (5, "width"), (6, "slope"))
            ]
        )
        cells.number(row, 7, "curb length", low=0.0)
    index = np.array(links, dtype=np.int64).reshape(-1, 3)
    table = np.array(values, dtype=np.float64).reshape(-1, 4)
    return Subcatchments(
        names=tuple(own.names),
        gage=index[:, 0],
        outlet_node=index[:, 1],
        outlet_subcatchment=np.where(index[:, 1] == NONE, index[:, 2], NONE),
        area_m2=table[:, 0] * per_area,
        impervious=table[:, 1] / 100.0,
        width_m=table[:, 2] * options.length_factor,
        slope=table[:, 3] / 100.0,
        line=np.array([row.line for row in rows], dtype=np.int64),
    )
