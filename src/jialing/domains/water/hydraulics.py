"""What do orifices, weirs, pumps and outlets let through, by the laws that SWMM itself uses?

Every law answers `flow(setting, up, down)` for water levels at its two ends [m above datum] and, by
bisection, `setting_for_flow`. All arguments may be arrays of one shape. Water levels are those of
the nodes, velocity heads are neglected.

Source: Rossman (2017), SWMM Reference Manual vol. II, EPA/600/R-17/111, chapter on pumps and
regulators; constants as in SWMM 5.2. Submergence after Villemonte (1947), flap gates after Armco.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from jialing.core.errors import InputError
from jialing.core.signal import FloatArray
from jialing.core.units import FOOT_M
from jialing.domains.water.curves import lookup, stairs
from jialing.domains.water.links import LinkKind, Outlet, PumpCurve, Weir
from jialing.domains.water.model import WaterModel
from jialing.domains.water.storage import Storage

GRAVITY = 32.2 * FOOT_M  # as in SWMM [m/s²]
NO_HEAD_M = 1e-4 * FOOT_M  # heads below this move nothing [FUDGE of SWMM 5.2]
SHARP_CREST = 0.414  # weir coefficient of an orifice's rim over sqrt(2 g) [1]
BISECTIONS = 40
WEIR_POWER = {"TRANSVERSE": 1.5, "SIDEFLOW": 5.0 / 3.0, "V-NOTCH": 2.5, "TRAPEZOIDAL": 1.5}


class Law(Protocol):
    """How much a regulator lets through."""

    def flow(self, setting: FloatArray, up: FloatArray, down: FloatArray) -> FloatArray:
        """Flow [m³/s], negative upstream, at a setting [1] and water levels [m]."""


def setting_for_flow(law: Law, flow: FloatArray, up: FloatArray, down: FloatArray) -> FloatArray:
    """Smallest setting at which `law` lets `flow` [m³/s] through; 1 where even that is too little."""
    flow, up, down = np.broadcast_arrays(
        *(np.asarray(v, dtype=np.float64) for v in (flow, up, down))
    )
    low, high = np.zeros(flow.shape), np.ones(flow.shape)
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        enough = law.flow(middle, up, down) >= flow
        high = np.where(enough, middle, high)
        low = np.where(enough, low, middle)
    return np.where(flow <= 0.0, 0.0, high)


def _submerged(up: FloatArray, down: FloatArray, crest: FloatArray, power: float) -> FloatArray:
    """Villemonte's factor for tailwater above the crest [1]."""
    drowned = (down > crest) & (up > crest)
    ratio = np.divide(down - crest, up - crest, out=np.zeros_like(up), where=drowned)
    return (1.0 - np.clip(ratio, 0.0, 1.0) ** power) ** 0.385


def _flap_loss(velocity: FloatArray, head: FloatArray) -> FloatArray:
    """Head lost at a flap gate [m]; Armco's formula is in feet."""
    v, h = velocity / FOOT_M, np.maximum(head / FOOT_M, 1e-9)
    loss: FloatArray = 4.0 / 32.2 * v**2 * np.exp(-1.15 * v / np.sqrt(h)) * FOOT_M
    return loss


def _turn(up: FloatArray, down: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The higher level, the lower level, and the direction of flow."""
    return np.maximum(up, down), np.minimum(up, down), np.where(up >= down, 1.0, -1.0)


@dataclass(frozen=True, kw_only=True)
class OrificeLaw:
    """An opening of height setting * `height_m`.

    Attributes
    ----------
    crest_m : bottom of the opening [m above datum]
    height_m, width_m : of the opening; a circle where `circular` [m]
    coefficient : discharge coefficient [1]
    side : in a wall; otherwise in the floor
    has_flap : no flow back, and some loss
    """

    crest_m: float
    height_m: float
    width_m: float
    coefficient: float
    side: bool
    circular: bool = False
    has_flap: bool = False

    def area(self, setting: FloatArray) -> FloatArray:
        """Open area [m²]."""
        part = np.clip(setting, 0.0, 1.0)
        if not self.circular:
            return np.asarray(self.width_m * self.height_m * part, dtype=np.float64)
        angle = 2.0 * np.arccos(1.0 - 2.0 * part)
        return np.asarray(self.height_m**2 / 8.0 * (angle - np.sin(angle)), dtype=np.float64)

    def flow(self, setting: FloatArray, up: FloatArray, down: FloatArray) -> FloatArray:
        setting, up, down = _floats(setting, up, down)
        high, low, direction = _turn(up, down)
        opening = np.clip(setting, 0.0, 1.0) * self.height_m
        head, filled, turning = self._head(opening, high, low)
        full = self.coefficient * self.area(setting) * np.sqrt(2.0 * GRAVITY)
        q = self._through(full, head, filled, turning)
        if self.has_flap:
            area = np.maximum(self.area(setting), 1e-12)
            loss = _flap_loss(q / area, head)
            weir = filled < 1.0
            filled = np.where(weir, np.maximum(filled - loss / np.maximum(turning, 1e-12), 0), 1.0)
            q = self._through(full, np.maximum(head - loss, 0.0), filled, turning)
        crest = np.full_like(high, self.crest_m)
        q = np.where(filled < 1.0, q * _submerged(high, low, crest, 1.5), q)
        closed = (head <= NO_HEAD_M) | (opening <= 0.0) | (self.has_flap & (direction < 0.0))
        return np.where(closed, 0.0, direction * q)

    def _head(
        self, opening: FloatArray, high: FloatArray, low: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Head, filled part of the opening, and the head at which weir flow turns to orifice flow."""
        above = high - self.crest_m
        if self.side:
            filled = np.minimum(
                np.divide(above, opening, out=np.ones_like(above), where=opening > 0.0), 1.0
            )
            middle = self.crest_m + opening / 2.0
            drop = np.where(low < middle, high - middle, high - low)
            return np.where(filled < 1.0, above, drop), filled, opening
        if self.circular:
            per_rim = opening / 4.0
        else:
            rim = 2.0 * (opening + self.width_m)
            per_rim = opening * self.width_m / rim
        turning = self.coefficient / SHARP_CREST * per_rim
        head = np.where(low > self.crest_m, high - low, np.maximum(above, 0.0))
        filled = np.minimum(
            np.divide(head, turning, out=np.ones_like(head), where=turning > 0.0), 1.0
        )
        return head, filled, turning

    def _through(
        self, full: FloatArray, head: FloatArray, filled: FloatArray, turning: FloatArray
    ) -> FloatArray:
        at_turn = np.sqrt(turning / 2.0) if self.side else np.sqrt(turning)
        weir = full * at_turn * np.clip(filled, 0.0, 1.0) ** 1.5
        return np.where(filled < 1.0, weir, full * np.sqrt(np.maximum(head, 0.0)))


@dataclass(frozen=True, kw_only=True)
class WeirLaw:
    """A weir whose crest rises by (1 - setting) * `height_m`.

    Attributes
    ----------
    crest_m : lowest crest [m above datum]
    height_m : height of the opening above it [m]
    width_m : crest length; of triangles and trapezia the widest width [m]
    bottom_m : bottom width of a trapezium [m]
    coefficient : discharge coefficient [m^0.5/s]
    weir : kind, ends, surcharge
    has_flap : no flow back, and some loss
    """

    crest_m: float
    height_m: float
    width_m: float
    bottom_m: float
    coefficient: float
    weir: Weir
    has_flap: bool = False

    def flow(self, setting: FloatArray, up: FloatArray, down: FloatArray) -> FloatArray:
        setting, up, down = _floats(setting, up, down)
        high, low, direction = _turn(up, down)
        setting = np.clip(setting, 0.0, 1.0)
        opening = setting * self.height_m
        crest = self.crest_m + self.height_m - opening
        top = self.crest_m + self.height_m
        head = high - crest
        over = np.minimum(head, opening)
        ends_power = WEIR_POWER["V-NOTCH"]
        middle, ends = self._over(setting, np.maximum(over, 0.0), direction)
        if self.has_flap:
            area = np.maximum(self._open_area(setting, over), 1e-12)
            reduced = np.maximum(over - _flap_loss((middle + ends) / area, over), 0.0)
            middle, ends = self._over(setting, reduced, direction)
        power = WEIR_POWER.get(self.weir.kind, 1.5)
        q = middle * _submerged(high, low, crest, power) + ends * _submerged(
            high, low, crest, ends_power
        )
        if self.weir.can_surcharge:
            surcharged = self._surcharged(setting, opening, crest, high, low)
            q = np.where(high >= top, surcharged, q)
        closed = (head <= NO_HEAD_M) | (opening <= 0.0) | (self.has_flap & (direction < 0.0))
        return np.where(closed, 0.0, direction * q)

    def _over(
        self, setting: FloatArray, head: FloatArray, direction: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Free flow over the middle and over the sloped ends [m³/s]."""
        weir = self.weir
        c = lookup(weir.curve_x, weir.curve_y, head) if len(weir.curve_x) else self.coefficient
        none = np.zeros_like(head)
        if weir.kind in ("TRANSVERSE", "SIDEFLOW", "ROADWAY"):
            length = np.maximum(self.width_m - 0.1 * weir.end_contractions * head, 0.0)
            straight = c * length * head**1.5
            if weir.kind != "SIDEFLOW":
                return np.asarray(straight), none
            # the coefficient of m or ft also scales the odd powers, as in SWMM
            side = c * length**0.83 * head**1.67
            return np.where(direction < 0.0, straight, side), none
        raised = (1.0 - setting) * self.height_m
        crest_length = self.bottom_m + 2.0 * weir.side_slope * raised
        flat = c * crest_length * head**1.5
        ends = weir.end_coefficient * weir.side_slope * head**2.5
        if weir.kind == "TRAPEZOIDAL":
            return np.asarray(flat), np.asarray(ends)
        notch = c * weir.side_slope * head**2.5
        whole = setting >= 1.0
        return np.where(whole, notch, flat), np.where(whole, 0.0, ends)

    def _open_area(self, setting: FloatArray, head: FloatArray) -> FloatArray:
        raised = (1.0 - setting) * self.height_m
        top = np.minimum(raised + head, self.height_m)
        if self.weir.kind in ("TRANSVERSE", "SIDEFLOW", "ROADWAY"):
            return np.asarray(self.width_m * (top - raised), dtype=np.float64)
        slope, bottom = self.weir.side_slope, self.bottom_m
        area = (bottom + slope * top) * top - (bottom + slope * raised) * raised
        return np.asarray(area, dtype=np.float64)

    def _surcharged(
        self,
        setting: FloatArray,
        opening: FloatArray,
        crest: FloatArray,
        high: FloatArray,
        low: FloatArray,
    ) -> FloatArray:
        """An orifice that agrees with the weir when the water stands at its top."""
        middle, ends = self._over(setting, opening, np.ones_like(opening))
        half = np.maximum(opening / 2.0, 1e-12)
        per_root = (middle + ends) / np.sqrt(half)
        centre = crest + opening / 2.0
        head = np.where(low < centre, high - centre, high - low)
        q = per_root * np.sqrt(np.maximum(head, 0.0))
        if self.has_flap:
            area = np.maximum(self._open_area(setting, opening), 1e-12)
            head = np.maximum(head - _flap_loss(q / area, opening), 0.0)
            q = per_root * np.sqrt(head)
        return np.asarray(q, dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class OutletLaw:
    """A rated outlet; the setting scales its rating."""

    crest_m: float
    outlet: Outlet
    has_flap: bool = False

    def flow(self, setting: FloatArray, up: FloatArray, down: FloatArray) -> FloatArray:
        setting, up, down = _floats(setting, up, down)
        high, low, direction = _turn(up, down)
        base = np.maximum(low, self.crest_m) if self.outlet.by_head else self.crest_m
        head = high - base
        if len(self.outlet.curve_x):
            q = lookup(self.outlet.curve_x, self.outlet.curve_y, head)
        else:
            q = self.outlet.coefficient * np.maximum(head, 0.0) ** self.outlet.exponent
        closed = (head <= NO_HEAD_M) | (self.has_flap & (direction < 0.0))
        return np.where(closed, 0.0, direction * np.clip(setting, 0.0, 1.0) * q)


@dataclass(frozen=True, kw_only=True)
class PumpLaw:
    """A pump; the setting scales its flow, of type 5 its speed.

    Attributes
    ----------
    curve : what it delivers
    invert_m : bottom of the node it draws from [m above datum]
    wet_well : the storage it draws from, for type 1
    """

    curve: PumpCurve
    invert_m: float
    wet_well: Storage | None = field(default=None)

    def flow(self, setting: FloatArray, up: FloatArray, down: FloatArray) -> FloatArray:
        setting, up, down = _floats(setting, up, down)
        x, y, kind = self.curve.x, self.curve.y, self.curve.kind
        if not len(y):
            return np.zeros_like(up)
        depth, lift = up - self.invert_m, np.maximum(down - up, 0.0)
        if kind == "PUMP1":
            well = self.wet_well
            volume = np.array([well.volume(d) if well else 0.0 for d in depth.ravel()])
            q = stairs(x, y, volume.reshape(depth.shape))
        elif kind == "PUMP2":
            q = stairs(x, y, depth)
        elif kind == "PUMP4":
            q = lookup(x, y, depth)
        else:
            speed = np.where(kind == "PUMP5", np.maximum(setting, 1e-6), 1.0)
            q = lookup(x, y, lift / speed**2)
        return np.where(setting > 0.0, np.maximum(q, 0.0) * np.maximum(setting, 0.0), 0.0)


def law_of(model: WaterModel, link: int) -> Law:
    """The law of a regulator or pump.

    A roadway weir is taken as a transverse one. Raises InputError for a conduit or an ideal pump,
    which have no law between their two levels.
    """
    links, at = model.links, int(model.links.from_node[link])
    kind = LinkKind(int(links.kind[link]))
    invert = float(model.nodes.invert_m[at])
    crest = invert + float(links.offset_from_m[link])
    flap = bool(links.has_flap[link])
    section, weir = links.sections[link], links.weirs.get(link)
    if kind is LinkKind.OUTLET:
        return OutletLaw(crest_m=crest, outlet=links.outlets[link], has_flap=flap)
    if kind is LinkKind.PUMP and links.pump_curve[link].kind != "IDEAL":
        return PumpLaw(
            curve=links.pump_curve[link], invert_m=invert, wet_well=model.nodes.storages.get(at)
        )
    if kind is LinkKind.ORIFICE and section is not None:
        return OrificeLaw(
            crest_m=crest,
            height_m=section.height_m,
            width_m=section.width_m,
            coefficient=float(links.discharge_coefficient[link]),
            side=bool(links.side[link]),
            circular=section.shape == "CIRCULAR",
            has_flap=flap,
        )
    if weir is not None and section is not None:
        return WeirLaw(
            crest_m=crest,
            height_m=section.height_m,
            width_m=section.width_m,
            bottom_m=section.bottom_m,
            coefficient=float(links.discharge_coefficient[link]),
            weir=weir,
            has_flap=flap,
        )
    raise InputError(
        f"{kind.name.lower()} {links.names[link]!r} has no law of its own between its two levels",
        path=model.path,
        line=int(links.line[link]),
    )


def _floats(*values: FloatArray | float) -> tuple[FloatArray, ...]:
    return tuple(np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in values)))
