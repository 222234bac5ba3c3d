"""Where the shipped storm-sewer model comes from: a town on a hillside, written as a SWMM file.

Run it to rewrite src/jialing/domains/water/models/storm-sewer.inp. The town is invented. Six
streets carry combined sewage down to six tanks; a gate lets each tank into an interceptor along
the river, which ends at the pumps of a treatment plant. Two tanks spill to a creek, the others to
the river. The harbour quarter lies below the interceptor and is pumped up.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jialing.domains.water.design_storm import chicago, chongqing

OUTPUT = Path(__file__).parents[1] / "src/jialing/domains/water/models/storm-sewer.inp"

# --- the storm ---------------------------------------------------------------------------------

RETURN_YEARS = 10.0
STORM_MIN = 45
PEAK_AT = 0.4  # position of the peak in the storm [1]; 0.3 … 0.4 is usual in Chinese cities
RAIN_STEP_MIN = 5
#: gauge -> (start after the beginning of the run [min], share of the design intensity [1]);
#: the cell drifts from west to east, down the interceptor, and is strongest over the creek
GAUGES = {"RG1": (40, 0.40), "RG2": (55, 0.60), "RG3": (70, 0.80), "RG4": (85, 0.55)}


# --- the town ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Quarter:
    """A part of the town that drains to one point.

    gauge : whose rain falls on it; east_m : where it meets the river
    hectares : drained area; paved : its impervious share [1]; people : who live there
    tank_m2 : floor area of its tank; to_creek : the tank spills to the creek, not to the river
    low_foot : the manhole above the tank lies in an underpass
    """

    letter: str
    gauge: str
    east_m: float
    hectares: float
    paved: float
    people: int
    tank_m2: float
    to_creek: bool = False
    low_foot: bool = False


STREETS = (
    Quarter("A", "RG1", 350.0, 17.0, 0.48, 4200, 500.0),
    Quarter("B", "RG2", 950.0, 20.0, 0.55, 5600, 820.0, low_foot=True),
    Quarter("C", "RG2", 1550.0, 18.0, 0.58, 5200, 640.0, to_creek=True),
    Quarter("D", "RG3", 2200.0, 21.0, 0.60, 6400, 900.0, to_creek=True, low_foot=True),
    Quarter("E", "RG3", 2850.0, 19.0, 0.55, 5000, 720.0),
    Quarter("F", "RG4", 3450.0, 24.0, 0.45, 4800, 900.0, low_foot=True),
)
#: streets below the flood line that drain by gravity: interceptor manhole, gauge, rim above it [m]
QUAYS = {"Q1": ("I4", "RG3", 2.2), "Q2": ("I5", "RG3", 2.6), "Q3": ("I6", "RG4", 2.6)}
HARBOUR = Quarter("H", "RG3", 2500.0, 6.0, 0.70, 1500, 0.0)

MANHOLES = 7  # per street, uphill to downhill
SPACING_M = 210.0
FOOT_M = 620.0  # from the last manhole of a street to the river
COVER_M = 3.2  # from street to pipe floor
LOW_COVER_M = 2.2  # the same in an underpass
TANK_M = 4.5  # depth of a tank
CREST_M = 3.6  # height of its overflow weir
GATE_M = 0.45  # side of a square gate
ROUGHNESS = 0.013  # Manning, concrete
DIAMETERS_M = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.6, 1.8)
LITRES_PER_PERSON_DAY = 220.0
#: share of the mean sewage flow, hour by hour
HOURS = (
    *(0.35, 0.28, 0.25, 0.27, 0.40, 0.75, 1.25, 1.60, 1.55, 1.35, 1.20, 1.20),
    *(1.30, 1.20, 1.05, 1.00, 1.05, 1.20, 1.45, 1.55, 1.45, 1.20, 0.85, 0.55),
)

#: interceptor manholes, upstream to downstream: x, y, diameter of the pipe that leaves [m]
INTERCEPTOR = {
    "I1": (350.0, 250.0, 0.7),
    "I2": (950.0, 235.0, 0.8),
    "I3": (1550.0, 270.0, 0.9),
    "I4": (2200.0, 300.0, 1.0),
    "I5": (2850.0, 285.0, 1.2),
    "I6": (3450.0, 250.0, 1.2),
    "I7": (3750.0, 215.0, 1.2),
}
INTERCEPTOR_FALL = 0.0018  # [1]
INTERCEPTOR_START_M = 177.8  # pipe floor at I1
WET_WELL = (3950.0, 200.0)
CHAMBER = (4060.0, 240.0)
PLANT = (4200.0, 290.0)

#: Local control of a gate: depth in the interceptor below it [pipe diameters] -> opening [1].
#: The cheapest of 75 such curves over storms of 1, 2 and 5 years that fall on the whole town at
#: once (5 per m³ flooded, 2 to the creek, 1 to the river): what a careful engineer would set.
THROTTLE = ((0.0, 1.0), (0.4, 1.0), (0.72, 0.3), (1.2, 0.12), (4.0, 0.05))


def ground(x: float, y: float) -> float:
    """Street level [m]: a quay that falls with the river, then a slope that steepens uphill."""
    climb = max(y - 400.0, 0.0)
    return 182.0 - 0.0016 * x + 0.014 * climb + 4.0e-6 * climb * climb


def winding(street: Quarter, y: float) -> float:
    """East coordinate of a street [m]: hillside streets wind, and lean towards the ridge."""
    uphill = min((y - 250.0) / 500.0, 1.0)
    swing = 120.0 * math.sin(y / 300.0 + 1.7 * ord(street.letter))
    lean = 0.09 * (2000.0 - street.east_m) * max(y - 500.0, 0.0) / 1000.0
    return street.east_m + swing * uphill + lean


def full_flow(diameter: float, slope: float) -> float:
    """Capacity of a full circular pipe [m³/s], by Manning."""
    radius = diameter / 4.0  # hydraulic
    speed = math.pow(radius, 2 / 3) * math.sqrt(slope) / ROUGHNESS
    return speed * math.pi * diameter * diameter / 4.0


def pipe_for(flow: float, slope: float) -> float:
    """Smallest stock diameter [m] that carries `flow` [m³/s]."""
    return next((d for d in DIAMETERS_M if full_flow(d, slope) >= flow), DIAMETERS_M[-1])


# --- the file ----------------------------------------------------------------------------------


class SwmmFile:
    """Sections of a SWMM file, in the order of their first line."""

    def __init__(self, title: str) -> None:
        self.sections: dict[str, list[str]] = {"TITLE": [title]}

    def add(self, section: str, *words: str | float) -> None:
        shown = [w if isinstance(w, str) else f"{w:.7g}" for w in words]
        line = "  ".join(f"{w:<10}" for w in shown).rstrip()
        self.sections.setdefault(section, []).append(line)

    def node(self, section: str, name: str, x: float, y: float, *words: str | float) -> None:
        self.add(section, name, *words)
        self.add("COORDINATES", name, x, y)

    def pipe(
        self, a: str, b: str, length: float, diameter: float, at_a: float = 0, at_b: float = 0
    ) -> None:
        self.add("CONDUITS", f"C{a}", a, b, length, ROUGHNESS, at_a, at_b, 0, 0)
        self.add("XSECTIONS", f"C{a}", "CIRCULAR", diameter, 0, 0, 0, 1)

    def gate(self, name: str, a: str, b: str) -> None:
        self.add("ORIFICES", name, a, b, "SIDE", 0, 0.62, "NO", 0)
        self.add("XSECTIONS", name, "RECT_CLOSED", GATE_M, GATE_M, 0, 0)

    def weir(self, name: str, a: str, b: str, crest: float, width: float, height: float) -> None:
        self.add("WEIRS", name, a, b, "TRANSVERSE", crest, 1.8, "NO", 0, 0, "YES")
        self.add("XSECTIONS", name, "RECT_OPEN", height, width, 0, 0)

    def curve(self, name: str, kind: str, points: Iterable[tuple[float, float]]) -> None:
        for i, (x, y) in enumerate(points):
            self.add("CURVES", name, "" if i else kind, x, y)

    def rule(self, name: str, premise: str, action: str) -> None:
        self.sections.setdefault("CONTROLS", []).extend(
            (f"RULE {name}", f"IF {premise}", f"THEN {action}", "")
        )

    def text(self) -> str:
        """The file; rules come last, because SWMM reads them against the pumps before them."""
        order = sorted(self.sections, key=lambda name: name == "CONTROLS")
        return "\n\n".join(f"[{name}]\n" + "\n".join(self.sections[name]) for name in order) + "\n"


def surface(out: SwmmFile, quarter: Quarter, node: str, hectares: float) -> None:
    """Roofs, streets and gardens that drain to `node`, and the people who live there."""
    name = f"S{node}"
    width = 1.4 * math.sqrt(hectares * 1e4)
    out.add("SUBCATCHMENTS", name, quarter.gauge, node, hectares, 100 * quarter.paved, width, 4, 0)
    out.add("SUBAREAS", name, 0.014, 0.15, 1.2, 4, 25, "OUTLET")
    out.add("INFILTRATION", name, 76, 13, 4, 5, 0)
    people = quarter.people * hectares / quarter.hectares
    out.add("DWF", node, "FLOW", people * LITRES_PER_PERSON_DAY / 86.4e6, "homes")


def street(out: SwmmFile, quarter: Quarter, joins: str) -> None:
    """One street: manholes, a side lane, the tank at its foot, gate and weir."""
    letter, share = quarter.letter, quarter.hectares / (MANHOLES + 1)
    ys = [FOOT_M + SPACING_M * (MANHOLES - 1 - i) for i in range(MANHOLES)]
    floors = [ground(quarter.east_m, y) - COVER_M for y in ys]
    drained = 0.0
    for i, (y, floor) in enumerate(zip(ys, floors, strict=True)):
        name, x = f"{letter}{i + 1}", winding(quarter, y)
        last = i + 1 == MANHOLES
        cover = LOW_COVER_M if last and quarter.low_foot else COVER_M
        out.node("JUNCTIONS", name, x, y, floor, cover, 0, 0, 0)
        surface(out, quarter, name, share)
        drained += share
        if i == 2:
            lane, east = f"{letter}{MANHOLES + 1}", 150.0 if letter in "ACE" else -150.0
            out.node("JUNCTIONS", lane, x + east, y + 120.0, floor + 3.5, COVER_M, 0, 0, 0)
            surface(out, quarter, lane, share)
            out.pipe(lane, name, 190.0, design_pipe(share * quarter.paved, 3.5 / 190.0))
            drained += share
        paved = drained * quarter.paved
        if not last:
            slope = (floor - floors[i + 1]) / SPACING_M
            out.pipe(name, f"{letter}{i + 2}", SPACING_M, design_pipe(paved, slope))
    tank, gate, river = f"T{letter}", f"G{letter}", f"O{letter}"
    fall = 2.0  # of the last pipe, which enters 1.5 m above the floor of the tank
    tank_floor = floors[-1] - fall - 1.5
    out.pipe(f"{letter}{MANHOLES}", tank, 190.0, design_pipe(paved, fall / 190.0), at_b=1.5)
    y = FOOT_M - 190.0
    x = winding(quarter, y)
    out.node("STORAGE", tank, x, y, tank_floor, TANK_M, 0, "TABULAR", f"V{tank}", 0, 0)
    hopper = ((0.0, 0.25 * quarter.tank_m2), (0.6, quarter.tank_m2), (TANK_M, quarter.tank_m2))
    out.curve(f"V{tank}", "STORAGE", hopper)
    out.gate(gate, tank, joins)
    bank = (0.5 * x + 935.0, y - 150.0) if quarter.to_creek else (x + 190.0, 50.0)
    out.node("OUTFALLS", river, *bank, tank_floor + 1.0, "FREE", "NO")
    out.weir(f"W{letter}", tank, river, CREST_M, 9.0, TANK_M - CREST_M)
    diameter = INTERCEPTOR[joins][2]
    out.curve(f"K{letter}", "CONTROL", ((depth * diameter, s) for depth, s in THROTTLE))
    out.rule(gate, f"NODE {joins} DEPTH >= 0", f"ORIFICE {gate} SETTING = CURVE K{letter}")


def design_pipe(paved_ha: float, slope: float) -> float:
    """Diameter [m] for the ten-minute design storm on `paved_ha` (rational method)."""
    ten_minutes = 600.0
    rain = chongqing(RETURN_YEARS)(ten_minutes) / ten_minutes  # m/s
    return pipe_for(paved_ha * 1e4 * rain, slope)


def interceptor(out: SwmmFile) -> float:
    """The sewer along the river; returns the level of its last pipe at the wet well [m]."""
    names = list(INTERCEPTOR)
    floor = INTERCEPTOR_START_M
    for name, following in zip(names, [*names[1:], "WW"], strict=True):
        x, y, diameter = INTERCEPTOR[name]
        to = WET_WELL if following == "WW" else INTERCEPTOR[following][:2]
        out.node("JUNCTIONS", name, x, y, floor, ground(x, y) - floor, 0, 0, 0)
        length = math.dist((x, y), to)
        out.pipe(name, following, length, diameter, at_b=2.5 if following == "WW" else 0)
        floor -= INTERCEPTOR_FALL * length
    return floor


def quay(out: SwmmFile, name: str) -> None:
    """A low street beside the interceptor: where water comes up when too much is let in."""
    joins, gauge, rim = QUAYS[name]
    x, y, _ = INTERCEPTOR[joins]
    floor = junction_floor(out, joins) + 0.9
    out.node("JUNCTIONS", name, x + 170.0, y - 95.0, floor, rim - 0.9, 0, 0, 0)
    surface(out, Quarter(name, gauge, x, 1.2, 0.75, 250, 0.0), name, 1.2)
    out.pipe(name, joins, 195.0, 0.6, at_b=0.4)


def junction_floor(out: SwmmFile, name: str) -> float:
    return next(float(r.split()[1]) for r in out.sections["JUNCTIONS"] if r.split()[0] == name)


def plant(out: SwmmFile, inlet: float) -> None:
    """Wet well and pumps of the treatment plant, with an emergency weir to the river."""
    floor = inlet - 2.5
    out.node("STORAGE", "WW", *WET_WELL, floor, 7.0, 0.5, "FUNCTIONAL", 0, 0, 140, 0, 0)
    top = ground(*PLANT) + 2.0
    out.node("STORAGE", "PC", *CHAMBER, top + 0.3, 2.5, 0, "FUNCTIONAL", 0, 0, 60, 0, 0)
    out.node("OUTFALLS", "PLANT", *PLANT, top, "FREE", "NO")
    out.pipe("PC", "PLANT", 150.0, 1.2)
    out.node("OUTFALLS", "OW", 4000.0, 60.0, floor + 2.0, "FREE", "NO")
    out.weir("WW1", "WW", "OW", 4.4, 6.0, 2.0)
    lift = ((3.0, 0.72), (6.0, 0.66), (9.0, 0.52), (12.0, 0.28), (14.0, 0.02))
    out.curve("lift", "PUMP3", lift)
    for name, on, off in (("P1", 1.4, 0.6), ("P2", 2.2, 1.1)):
        out.add("PUMPS", name, "WW", "PC", "lift", "OFF", 0, 0)
        out.rule(f"{name}-on", f"NODE WW DEPTH > {on}", f"PUMP {name} STATUS = ON")
        out.rule(f"{name}-off", f"NODE WW DEPTH < {off}", f"PUMP {name} STATUS = OFF")


def harbour(out: SwmmFile) -> None:
    """The low quarter by the river, pumped up into the interceptor."""
    share = HARBOUR.hectares / 4
    floor = ground(HARBOUR.east_m, 0) - 1.2 - 2.4
    for i in range(1, 5):
        name, following = f"H{i}", f"H{i + 1}" if i < 4 else "HW"
        x = 1950.0 + 170.0 * i
        out.node("JUNCTIONS", name, x, 130.0 + 12 * (-1) ** i, floor, 2.4 + 0.25 * i, 0, 0, 0)
        surface(out, HARBOUR, name, share)
        slope = 0.25 / 170.0 + 0.0015
        out.pipe(name, following, 170.0, design_pipe(i * share * HARBOUR.paved, slope))
        floor -= 170.0 * slope
    out.node("STORAGE", "HW", 2790.0, 120.0, floor, 4.2, 0.4, "FUNCTIONAL", 0, 0, 260, 0, 0)
    out.curve("harbour", "PUMP3", ((1.0, 0.46), (4.0, 0.38), (7.0, 0.22), (9.0, 0.02)))
    out.add("PUMPS", "PH", "HW", "I5", "harbour", "OFF", 0, 0)
    out.rule("PH-on", "NODE HW DEPTH > 1.0", "PUMP PH STATUS = ON")
    out.rule("PH-off", "NODE HW DEPTH < 0.4", "PUMP PH STATUS = OFF")
    out.node("OUTFALLS", "OH", 2840.0, 40.0, floor + 1.0, "FREE", "NO")
    out.weir("WH", "HW", "OH", 3.0, 4.0, 1.2)


def weather(out: SwmmFile) -> None:
    """Four gauges under a cell that drifts down the interceptor."""
    step_s = 60.0 * RAIN_STEP_MIN
    storm = chicago(chongqing(RETURN_YEARS), 60.0 * STORM_MIN, step_s, peak_at=PEAK_AT)
    rates = (storm * 3.6e6).tolist()  # mm/h
    for i, (gauge, (start, part)) in enumerate(GAUGES.items()):
        out.add(
            "RAINGAGES", gauge, "INTENSITY", f"0:{RAIN_STEP_MIN:02}", 1.0, f"TIMESERIES {gauge}"
        )
        out.add("SYMBOLS", gauge, 500.0 + 1000.0 * i, 1250.0)
        steps = [(0, 0.0), *((start + RAIN_STEP_MIN * k, r * part) for k, r in enumerate(rates))]
        for minute, rate in [*steps, (start + STORM_MIN, 0.0)]:
            clock = f"{minute // 60}:{minute % 60:02}"
            out.add("TIMESERIES", gauge, "", clock, round(rate, 2))


def build() -> str:
    """The whole model file."""
    out = SwmmFile(
        "An invented town on a hillside above a river: combined sewers, six tanks with gates, an\n"
        "interceptor with two pumping stations, a storm that drifts across. Written by\n"
        "scripts/make_storm_sewer.py of Jialing; units m, m3/s, ha, mm."
    )
    for row in OPTIONS.split("\n"):
        out.add("OPTIONS", *row.split())
    out.add("EVAPORATION", "CONSTANT", 0)
    weather(out)
    for quarter, joins in zip(STREETS, INTERCEPTOR, strict=False):
        street(out, quarter, joins)
    harbour(out)
    plant(out, interceptor(out))
    for name in QUAYS:
        quay(out, name)
    for start in range(0, 24, 6):
        out.add("PATTERNS", "homes", "" if start else "HOURLY", *HOURS[start : start + 6])
    out.add("REPORT", "INPUT", "NO")
    out.add("REPORT", "CONTROLS", "NO")
    for what in ("SUBCATCHMENTS", "NODES", "LINKS"):
        out.add("REPORT", what, "ALL")
    out.add("MAP", "DIMENSIONS", 0, 0, 4300, 2100)
    out.add("MAP", "UNITS", "Meters")
    return out.text()


OPTIONS = """\
FLOW_UNITS CMS
INFILTRATION HORTON
FLOW_ROUTING DYNWAVE
LINK_OFFSETS DEPTH
ALLOW_PONDING NO
START_DATE 07/01/2024
START_TIME 14:00:00
REPORT_START_DATE 07/01/2024
REPORT_START_TIME 14:00:00
END_DATE 07/01/2024
END_TIME 20:00:00
DRY_DAYS 3
REPORT_STEP 00:05:00
WET_STEP 00:01:00
DRY_STEP 00:05:00
ROUTING_STEP 10
RULE_STEP 00:00:10
INERTIAL_DAMPING PARTIAL
NORMAL_FLOW_LIMITED BOTH
VARIABLE_STEP 0.75
MIN_SURFAREA 1.2
MAX_TRIALS 20
HEAD_TOLERANCE 0.002
MINIMUM_STEP 0.5
THREADS 1"""


if __name__ == "__main__":
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(build(), encoding="ascii")
    print(f"wrote {OUTPUT}")
