"""What is a link of a SWMM file, as tables in the order in which SWMM numbers them?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from jialing.core.errors import UnknownNameError
from jialing.core.signal import FloatArray
from jialing.core.units import FOOT_M
from jialing.domains.water.cells import Names
from jialing.domains.water.shapes import CrossSection

WEIR_KINDS = ("TRANSVERSE", "SIDEFLOW", "V-NOTCH", "TRAPEZOIDAL", "ROADWAY")


class LinkKind(IntEnum):
    """Kinds of link, with SWMM's own numbers."""

    CONDUIT = 0
    PUMP = 1
    ORIFICE = 2
    WEIR = 3
    OUTLET = 4


SECTION_OF_KIND = {
    LinkKind.CONDUIT: "CONDUITS",
    LinkKind.PUMP: "PUMPS",
    LinkKind.ORIFICE: "ORIFICES",
    LinkKind.WEIR: "WEIRS",
    LinkKind.OUTLET: "OUTLETS",
}


REGULATORS = (LinkKind.ORIFICE, LinkKind.WEIR, LinkKind.OUTLET)
MIN_DROP_M = 0.001 * FOOT_M  # least fall of a conduit [MIN_DELTA_Z of SWMM 5.2]


@dataclass(frozen=True, kw_only=True)
class PumpCurve:
    """What a pump delivers.

    Attributes
    ----------
    name : of the curve; empty for an ideal pump
    kind : ``PUMP1`` (volume [m³], steps), ``PUMP2`` (depth [m], steps), ``PUMP3`` (head lift [m]),
        ``PUMP4`` (depth [m]), ``PUMP5`` (head lift [m], speed scales it) or ``IDEAL`` (inflow)
    x : [points] ascending
    y : [points] flow [m³/s]
    """

    name: str
    kind: str
    x: FloatArray
    y: FloatArray


@dataclass(frozen=True, kw_only=True)
class Weir:
    """A weir beyond what the link table holds.

    Attributes
    ----------
    kind : one of `WEIR_KINDS`
    end_contractions : number [1]
    end_coefficient : of the triangular ends of a TRAPEZOIDAL weir [m^0.5/s]
    side_slope : run over rise of its sides [1]
    can_surcharge : acts as an orifice once the water is above its top
    curve_x, curve_y : head [m] and coefficient [m^0.5/s] where the coefficient varies; else empty
    """

    kind: str
    end_contractions: float
    end_coefficient: float
    side_slope: float
    can_surcharge: bool
    curve_x: FloatArray
    curve_y: FloatArray


@dataclass(frozen=True, kw_only=True)
class Outlet:
    """Rating of an outlet.

    Attributes
    ----------
    by_head : driven by the head difference, else by the depth above its crest
    coefficient, exponent : q = coefficient * h ** exponent in m and m³/s, where not tabulated
    curve_x, curve_y : head [m] and flow [m³/s] of a tabulated rating; else empty
    """

    by_head: bool
    coefficient: float
    exponent: float
    curve_x: FloatArray
    curve_y: FloatArray


@dataclass(frozen=True, kw_only=True)
class Links:
    """Links as flat tables in SWMM's order, which is that of the file.

    Values that a kind of link does not have are NaN. Directions are those of the file, also
    where SWMM turns an adverse conduit round internally (its reported flow is signed as here).

    Attributes
    ----------
    names : [links]
    kind : [links] of `LinkKind`
    from_node, to_node : [links] node indices
    offset_from_m, offset_to_m : [links] height of the link's bottom above the node's invert [m],
        as SWMM uses it
    length_m, roughness, slope : [links] of conduits; slope > 0 falls from `from_node` to `to_node`
    barrels : [links] number of equal conduits side by side
    full_depth_m : [links] height of the opening or conduit [m]
    full_area_m2 : [links] of all barrels together [m²]
    full_flow_m3s : [links] normal flow of full conduits by Manning, force mains by their own
        formula, all barrels together [m³/s]; inf for DUMMY conduits
    flow_limit_m3s : [links] largest flow the file allows [m³/s]; inf for none
    discharge_coefficient : [links] of orifices [1] and weirs [m^0.5/s]
    side : [links] orifices in a wall; others are in the floor
    crest_height_m : [links] crest of orifices, weirs, outlets above the invert of `from_node` [m]
    width_m : [links] widest width; of weirs the crest length [m]
    has_flap : [links] no flow back
    close_time_s : [links] time an orifice takes from open to closed [s]
    initial_setting : [links] setting at the start [1]
    start_depth_m, stop_depth_m : [links] of pumps with float switches [m]; 0 for none
    line : [links] line of the file
    section_line : [links] line of the cross section; 0 for none
    sections : [links] cross sections; None for pumps and outlets
    pump_curve, weirs, outlets : by link index
    vertices : map points between the ends, by link index
    """

    names: tuple[str, ...]
    kind: NDArray[np.int8]
    from_node: NDArray[np.int64]
    to_node: NDArray[np.int64]
    offset_from_m: FloatArray
    offset_to_m: FloatArray
    length_m: FloatArray
    roughness: FloatArray
    slope: FloatArray
    barrels: NDArray[np.int64]
    full_depth_m: FloatArray
    full_area_m2: FloatArray
    full_flow_m3s: FloatArray
    flow_limit_m3s: FloatArray
    discharge_coefficient: FloatArray
    side: NDArray[np.bool_]
    crest_height_m: FloatArray
    width_m: FloatArray
    has_flap: NDArray[np.bool_]
    close_time_s: FloatArray
    initial_setting: FloatArray
    start_depth_m: FloatArray
    stop_depth_m: FloatArray
    line: NDArray[np.int64]
    section_line: NDArray[np.int64]
    sections: tuple[CrossSection | None, ...]
    pump_curve: dict[int, PumpCurve]
    weirs: dict[int, Weir]
    outlets: dict[int, Outlet]
    vertices: dict[int, list[tuple[float, float]]]

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    @cached_property
    def lookup(self) -> Names:
        return Names("link", self.names)

    def find(self, name: str) -> int:
        """Index of a link, without regard to case; raises UnknownNameError."""
        index = self.lookup.find(name)
        if index is None:
            raise UnknownNameError("link of this model", name, self.names)
        return index

    def of_kind(self, kind: LinkKind) -> list[int]:
        return [int(i) for i in np.flatnonzero(self.kind == kind)]
