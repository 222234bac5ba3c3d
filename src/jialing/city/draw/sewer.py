"""Where do the pipes, tanks, gates and pumps of a schematic city's combined sewer lie?"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import Final

from jialing.city.draw.inp import Inp
from jialing.city.draw.storms import design_rate
from jialing.city.draw.tables import Atlas, Reach, Sewershed, Underpass, Works

COVER_M: Final = 3.5  # street to pipe floor
LEAST_FALL: Final = 0.004  # [1], of a sewer in a street
STEEPEST: Final = 0.04  # [1], of a pipe; what is steeper falls in drop manholes
BANK_M: Final = 8.0  # quay above the floor of an interceptor
REACH_M: Final = 800.0  # longest pipe of an interceptor
SPREAD_M: Final = 170.0  # between manholes of a branch
#: [head m, part of the flow at no head]
LIFT: Final = ((0.0, 1.0), (6.0, 0.95), (9.0, 0.85), (11.0, 0.7), (14.0, 0.2), (16.0, 0.0))
INLET_MIN: Final = 10.0  # rain of this duration sizes a pipe
DIAMETERS_M: Final = (0.5, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.5, 2.8, 3.2)
ONWARD_M: Final = 1.4  # diameter of the pipes below a tank
TANK_INLET: Final = 1.6  # the same of the pipe into a tank, so that its level rules the trunk
INLET_SHARE: Final = 1.9  # the pipe of an underpass is sized for this part of its design flow


def full_flow(diameter: float, slope: float, n: float) -> float:
    """Capacity of a full pipe [m³/s].

    q = A (d / 4)^(2/3) sqrt(slope) / n, with A = pi d² / 4

    Source: Manning's formula for a circular section.
    """
    return math.pi * diameter**2 / 4 * math.pow(diameter / 4, 2 / 3) * math.sqrt(slope) / n


@dataclass
class Sewer:
    """Draws the sewer of one city into one file."""

    atlas: Atlas
    out: Inp = field(default_factory=Inp)
    floors: dict[str, float] = field(default_factory=dict)
    spots: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def roughness(self) -> float:
        return self.atlas.rules.roughness

    # -- pieces ---------------------------------------------------------------------------------

    def manhole(
        self, name: str, at: tuple[float, float], floor: float, rim: float | None = None
    ) -> None:
        top = self.atlas.ground_m(*at) if rim is None else rim
        self.floors[name], self.spots[name] = floor, at
        self.out.node("JUNCTIONS", name, at, floor, max(top - floor, 2.0), 0, 0, 0)

    def surface(self, shed: Sewershed, node: str, hectares: float, *, paved: float = 0.0) -> None:
        """Roofs, streets and gardens that drain to `node`, and who lives there."""
        share = paved or shed.paved
        width = 1.4 * math.sqrt(hectares * 1e4)
        name = f"S_{node}"
        self.out.add(
            "SUBCATCHMENTS", name, shed.gauge, node, hectares, 100 * share, round(width, 1), 6, 0
        )
        self.out.add("SUBAREAS", name, 0.014, 0.15, 1.2, 4, 25, "OUTLET")
        self.out.add("INFILTRATION", name, 76, 13, 4, 5, 0)
        if not paved:
            litres = self.atlas.rules.litres_per_person_day
            people = shed.people_ha * hectares
            self.out.add("DWF", node, "FLOW", people * litres / 86.4e6, "homes")

    def sized(self, shed: Sewershed, paved_ha: float, slope: float) -> float:
        """Smallest stock diameter [m] for the design rain, by the rational method."""
        rate = design_rate(self.atlas, shed.gauge, shed.design_years, INLET_MIN)
        flow = paved_ha * 1e4 * rate
        n = self.roughness
        return next((d for d in DIAMETERS_M if full_flow(d, slope, n) >= flow), DIAMETERS_M[-1])

    def descend(self, a: str, b: str, length: float, diameter: float) -> None:
        """A pipe no steeper than allowed; the rest falls in the manhole at its end."""
        fall = self.floors[a] - self.floors[b]
        drop = max(fall - STEEPEST * length, 0.0)
        self.out.pipe(a, b, length, diameter, self.roughness, drop=drop)

    # -- parts ----------------------------------------------------------------------------------

    def interceptors(self) -> None:
        """The lines along the rivers, and the works they end at."""
        level: dict[str, float] = {}
        ends: dict[str, list[tuple[str, float, float, float]]] = {}
        for reach in self.atlas.reaches.values():
            at, floor = self._bank(reach), reach.invert_m or level[reach.id]
            self.manhole(reach.id, at, floor, floor + BANK_M)
            works = self.atlas.works.get(reach.next)
            to = self._moved(works) if works else self._bank(self.atlas.reaches[reach.next])
            pieces = max(math.ceil(math.dist(at, to) / REACH_M), 1)
            length, last = math.dist(at, to) / pieces, reach.id
            for k in range(1, pieces):
                floor -= reach.fall_permille * 1e-3 * length
                name = f"{reach.id}_{k}"
                self.manhole(name, _along([at, to], k / pieces), floor, floor + BANK_M)
                self.out.pipe(last, name, length, reach.diameter_m, self.roughness)
                last = name
            floor -= reach.fall_permille * 1e-3 * length
            if works:
                ends.setdefault(works.id, []).append((last, length, reach.diameter_m, floor))
            else:
                level[reach.next] = min(floor, level.get(reach.next, math.inf))
                self.out.pipe(last, reach.next, length, reach.diameter_m, self.roughness)
        for works in self.atlas.works.values():
            self._works(works, ends[works.id])

    def _works(self, works: Works, ends: list[tuple[str, float, float, float]]) -> None:
        """Wet well, lift, outfall of the works, and the overflow before them."""
        key, at = works.id, self._moved(works)
        floor = min(level for *_, level in ends) - works.drop_m
        well = (0.8, "FUNCTIONAL", 0, 0, works.area_m2, 0, 0)
        self.out.node("STORAGE", key, at, floor, works.depth_m, *well)
        for last, length, diameter, level in ends:
            self.out.pipe(last, key, length, diameter, self.roughness, drop=level - floor)
        top = floor + 11.0
        out_at, chamber = (at[0] + 260.0, at[1] + 60.0), (at[0] + 120.0, at[1] + 30.0)
        self.out.node("STORAGE", f"L_{key}", chamber, top, 3.0, 0, "FUNCTIONAL", 0, 0, 80, 0, 0)
        self.out.node("OUTFALLS", f"P_{key}", out_at, top - 0.5, "FREE", "NO")
        self.out.pipe(f"L_{key}", f"P_{key}", 150.0, 2.2, self.roughness)
        for i, (flow, on, off) in enumerate(works.pumps, 1):
            pump, curve = f"lift_{key}_{i}", f"head_{key}_{i}"
            self.out.curve(curve, "PUMP3", ((head, flow * part) for head, part in LIFT))
            self.out.pump(pump, key, f"L_{key}", curve, on, off)
        self._outfall(f"O_{key}", (at[0], at[1] - 150.0), floor + works.crest_m - 2.0, works.river)
        height = works.depth_m - works.crest_m
        self.out.weir(f"spill_{key}", key, f"O_{key}", works.crest_m, works.weir_m, height)

    def _outfall(self, name: str, at: tuple[float, float], floor: float, river: str) -> None:
        self.out.node("OUTFALLS", name, at, floor, "TIMESERIES", f"stage_{river}", "YES")

    def _bank(self, reach: Reach) -> tuple[float, float]:
        x, y = self.atlas.at(reach.near)
        return x + reach.east_m, y + reach.north_m

    def _moved(self, works: Works) -> tuple[float, float]:
        x, y = self.atlas.at(works.near)
        return x + works.east_m, y + works.north_m

    # -- sewersheds -----------------------------------------------------------------------------

    def sewershed(self, shed: Sewershed, below: Underpass | None) -> None:
        """Trunk, branches, tank or chamber, and the way into the interceptor."""
        upper = shed.trunk_nodes - max(shed.tank_above, 0)
        course = self._course(shed, below)
        spots = [_along(course[:2], k / max(upper - 1, 1)) for k in range(upper)]
        share = shed.hectares - (below.drained_ha if below else 0.0)
        share /= upper + 2 * shed.branch_nodes
        joints = (upper // 3, 2 * upper // 3)
        drained = above_ha = 0.0
        for k, (at, arrive, floor) in enumerate(zip(spots, *self._profile(spots), strict=True)):
            name = f"{shed.id}t{k + 1}"
            if shed.has_tank and k == upper - 1:
                floor = min(floor, self.atlas.ground_m(*at) - shed.floor_below_m + 1.6)
            self.manhole(name, at, floor, max(self.atlas.ground_m(*at), arrive + COVER_M))
            self.surface(shed, name, share)
            drained += share
            if k in joints:
                letter = "ab"[joints.index(k)]
                side = 1 - 2 * joints.index(k)
                drained += self._branch(shed, letter, name, arrive, share, side=side)
            if k:
                length = math.dist(spots[k - 1], at)
                above = f"{shed.id}t{k}"
                slope = (self.floors[above] - arrive) / length
                size = self.sized(shed, above_ha * shed.paved, slope)
                self.out.pipe(
                    above, name, length, size, self.roughness, drop=arrive - self.floors[name]
                )
            above_ha = drained
        last = f"{shed.id}t{upper}"
        if shed.has_tank:
            self._tank(shed, last, drained, course, below)
        else:
            self._chamber(shed, last, drained)

    def _course(self, shed: Sewershed, below: Underpass | None) -> list[tuple[float, float]]:
        middle = [below.under] if below else []
        return [self.atlas.at(place) for place in dict.fromkeys([shed.head, *middle, shed.foot])]

    def _profile(self, spots: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
        """Level at which the pipe from above arrives, and the floor: lower where a pipe falls."""
        arrive = [self.atlas.ground_m(*spots[0]) - COVER_M]
        floors: list[float] = []
        for at, following in itertools.pairwise(spots):
            length = math.dist(at, following)
            wanted = self.atlas.ground_m(*following) - COVER_M
            floors.append(min(arrive[-1], wanted + STEEPEST * length))
            arrive.append(min(wanted, floors[-1] - LEAST_FALL * length))
        return arrive, [*floors, arrive[-1]]

    def _branch(
        self,
        shed: Sewershed,
        letter: str,
        joins: str,
        arrive: float,
        share: float,
        *,
        side: int,
    ) -> float:
        """Manholes beside the trunk, uphill first; returns the area they drain [ha]."""
        count = shed.branch_nodes
        x, y = self.spots[joins]
        spots = [
            (x + side * SPREAD_M * (count - i) * 0.86, y + SPREAD_M * (count - i) * 0.5)
            for i in range(count)
        ]
        floor = arrive + 0.3 + 0.012 * SPREAD_M * count
        names = [f"{shed.id}{letter}{i + 1}" for i in range(count)]
        for i, (name, spot) in enumerate(zip(names, spots, strict=True)):
            rim = max(self.atlas.ground_m(*spot), floor + COVER_M)
            self.manhole(name, spot, floor, rim)
            self.surface(shed, name, share)
            following = names[i + 1] if i + 1 < count else joins
            drop = arrive + 0.3 - self.floors[joins] if following == joins else 0.0
            size = self.sized(shed, (i + 1) * share * shed.paved, 0.012)
            self.out.pipe(name, following, SPREAD_M, size, self.roughness, drop=drop)
            floor -= 0.012 * SPREAD_M
        return count * share

    def _chamber(self, shed: Sewershed, last: str, drained: float) -> None:
        """An overflow chamber at the interceptor, with a fixed throttle."""
        x, y = self.spots[shed.joins]
        floor = self.floors[shed.joins] + 0.4
        at = (0.4 * self.spots[last][0] + 0.6 * x, 0.4 * self.spots[last][1] + 0.6 * y)
        name = f"K_{shed.id}"
        depth, area = BANK_M, shed.tank_m2
        self.out.node("STORAGE", name, at, floor, depth, 0, "FUNCTIONAL", 0, 0, area, 0, 0)
        self.floors[name] = floor
        length = max(math.dist(self.spots[last], at), 60.0)
        slope = min((self.floors[last] - floor - 0.6) / length, STEEPEST)
        self.descend(last, name, length, self.sized(shed, drained * shed.paved, slope))
        self.out.gate(f"throttle_{shed.id}", name, shed.joins, shed.gate_m)
        self._outfall(f"O_{shed.id}", (2 * x - at[0], 2 * y - at[1]), floor + 0.4, shed.river)
        self.out.weir(f"spill_{shed.id}", name, f"O_{shed.id}", shed.crest_m, shed.weir_m, 3.0)

    def _tank(
        self,
        shed: Sewershed,
        last: str,
        drained: float,
        course: list[tuple[float, float]],
        below: Underpass | None,
    ) -> None:
        """A tank in the trunk: gate, overflow, and the pipe on to the interceptor."""
        place = below.id if below else shed.id
        at = (self.spots[last][0] + 60.0, self.spots[last][1] - 70.0)
        ground = self.atlas.ground_m(*at)
        name = f"T_{place}"
        floor = min(ground - shed.floor_below_m, self.floors[last] - 1.2)
        depth = ground - floor
        self.floors[name], self.spots[name] = floor, at
        area = shed.tank_m2
        points = ((0.0, 0.3 * area), (0.8, area), (depth, area))
        self.out.node(
            "STORAGE", name, at, floor, depth, shed.start_m, "TABULAR", f"V_{place}", 0, 0
        )
        self.out.curve(f"V_{place}", "STORAGE", points)
        inflow = self.sized(shed, TANK_INLET * drained * shed.paved, 0.01)
        self.out.pipe(
            last, name, 92.0, inflow, self.roughness, drop=self.floors[last] - floor - 0.9
        )
        following = self._onward(shed, course, floor)
        gate = f"gate_{place}"
        self.out.gate(gate, name, following, shed.gate_m)
        diameter = self.atlas.reaches[shed.joins].diameter_m
        curve = f"rule_{place}"
        throttle = self.atlas.rules.throttle
        self.out.curve(curve, "CONTROL", ((depth * diameter, s) for depth, s in throttle))
        premise = f"NODE {shed.joins} DEPTH >= 0"
        self.out.rule(gate, premise, f"ORIFICE {gate} SETTING = CURVE {curve}")
        self._spill(shed, place, name, at, floor)
        if below:
            self._underpass(shed, below, last, following, floor + shed.crest_m)

    def _onward(self, shed: Sewershed, course: list[tuple[float, float]], floor: float) -> str:
        """Manholes from the tank to the interceptor, without streets of their own."""
        names = [f"{shed.id}d{k + 1}" for k in range(shed.tank_above)]
        names.append(shed.joins)
        joins = self.spots[shed.joins]
        parts = [(k + 1) / (len(names) + 1) for k in range(len(names) - 1)]
        spots = [*(_along([course[-2], course[-1]], part) for part in parts), joins]
        arrive = floor - 0.3
        for k, (name, at) in enumerate(zip(names[:-1], spots, strict=False)):
            length = math.dist(at, spots[k + 1])
            final = k + 2 == len(names)
            wanted = self.atlas.ground_m(*spots[k + 1]) - COVER_M
            wanted = max(wanted, self.floors[shed.joins] + 0.4)
            level = min(arrive, wanted + STEEPEST * length)
            rim = max(self.atlas.ground_m(*at), arrive + COVER_M)
            self.manhole(name, at, level, rim)
            following = min(wanted, level - LEAST_FALL * length)
            if k:
                before = self.spots[names[k - 1]]
                drop = arrive - level
                self.out.pipe(
                    names[k - 1], name, math.dist(before, at), ONWARD_M, self.roughness, drop=drop
                )
            if final:
                drop = following - self.floors[shed.joins]
                drop = min(drop, BANK_M - ONWARD_M)
                self.out.pipe(name, shed.joins, length, ONWARD_M, self.roughness, drop=drop)
            arrive = following
        return names[0]

    def _spill(
        self, shed: Sewershed, place: str, tank: str, at: tuple[float, float], floor: float
    ) -> None:
        """Overflow of a tank to the river, fixed or movable, and a pump for a held outfall."""
        rules = self.atlas.rules
        x, y = self.spots[shed.joins]
        river = (1.25 * x - 0.25 * at[0], 1.25 * y - 0.25 * at[1])
        weir, outfall = f"weir_{place}", f"O_{shed.id}"
        self._outfall(outfall, river, floor + shed.crest_m - 2.0, shed.river)
        if not shed.weir_moves:
            self.out.weir(weir, tank, outfall, shed.crest_m, shed.weir_m, 3.0)
        else:
            normal = rules.crest_normal
            sill = shed.crest_m - (1.0 - normal) * rules.crest_height_m
            self.out.weir(weir, tank, outfall, round(sill, 2), shed.weir_m, rules.crest_height_m)
            for name, premise, setting in (
                ("shut", "SIMULATION TIME < 0.01", normal),
                ("open", f"NODE {tank} DEPTH > {rules.crest_opens_m:g}", 1.0),
                ("back", f"NODE {tank} DEPTH < {rules.crest_closes_m:g}", normal),
            ):
                self.out.rule(f"{weir}_{name}", premise, f"WEIR {weir} SETTING = {setting:g}")
        if rules.river_pump_sewer == shed.id:
            well = f"B_river_{place}"
            self._outfall(f"O_{shed.id}p", (river[0] + 60, river[1]), floor, shed.river)
            beside = (at[0] + 40.0, at[1] - 60.0)
            self.out.node(
                "STORAGE", well, beside, floor + 2.0, 8.0, 0, "FUNCTIONAL", 0, 0, 60, 0, 0
            )
            self.out.link(f"C_{well}", tank, well, 40.0, 1.2, rules.river_pump_sill_m, 0.6)
            points = ((0.0, 1.0), (4.0, 0.9), (7.0, 0.6), (9.0, 0.1))
            flow = rules.river_pump_m3s
            self.out.curve("head_river", "PUMP3", ((head, flow * part) for head, part in points))
            name = f"pump_river_{place}"
            self.out.pump(name, well, f"O_{shed.id}p", "head_river", 1.5, 0.5)

    def _underpass(
        self, shed: Sewershed, below: Underpass, last: str, onward: str, crest: float
    ) -> None:
        """The low point of the road: what it cannot shed stands on it, and can be read as depth."""
        road = crest - below.below_crest_m
        x, y = self.atlas.at(below.under)
        at, name = (x - 60.0, y + 45.0), f"U_{below.id}"
        pit = 1.2
        self.floors[name], self.spots[name] = road - pit, at
        self.out.node("JUNCTIONS", name, at, road - pit, pit, 0, 0, below.road_area_m2)
        self.surface(shed, name, below.drained_ha, paved=0.92)
        size = self.sized(shed, INLET_SHARE * below.drained_ha * 0.92, 0.006)
        drop = max(road - pit - self.floors[last] - 0.4, 0.0)
        self.out.pipe(name, last, 75.0, size, self.roughness, drop=drop)
        if not below.pump_m3s:
            return
        sump, pump = f"B_{below.id}", f"pump_{below.id}"
        beside = (at[0] + 30.0, at[1] - 26.0)
        self.out.node(
            "STORAGE", sump, beside, road - pit - 3.0, 9.0, 0.5, "FUNCTIONAL", 0, 0, 16, 0, 0
        )
        self.out.link(f"C_{sump}", name, sump, 40.0, 0.6, 0.15, 3.0)
        curve = f"head_{below.id}"
        points = ((0.0, 1.1), (4.0, 1.0), (7.0, 0.72), (10.0, 0.35), (13.0, 0.02))
        self.out.curve(curve, "PUMP3", ((head, below.pump_m3s * part) for head, part in points))
        self.out.pump(pump, sump, onward, curve, 2.4, 0.6)


def _along(ends: list[tuple[float, float]], part: float) -> tuple[float, float]:
    (x0, y0), (x1, y1) = ends[0], ends[1]
    return x0 + part * (x1 - x0), y0 + part * (y1 - y0)
