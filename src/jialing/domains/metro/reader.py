"""What does a station file say? From YAML to a `Station` in SI, or one error with line and remedy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from jialing.domains.metro import checks
from jialing.domains.metro.nodes import Part, read_part
from jialing.domains.metro.numbers import DEFAULTS, ESCALATOR_SPEEDS
from jialing.domains.metro.station import (
    DOWN,
    STOPPED,
    UP,
    Duty,
    Entrance,
    Event,
    Level,
    Link,
    LinkKind,
    Outage,
    Platform,
    Profile,
    Station,
    Train,
)

KNOT_S = 300.0  # distance of the knots in which bell curves are kept [s]
RAMP_S = (
    1800.0  # bell curves rise from 0 after opening, and fall to it before closing, in this time
)
HOUR_S, MINUTE_S = 3600.0, 60.0
STATIONS = Path(__file__).parent / "stations"
DIRECTIONS = {"up": UP, "down": DOWN, "both": STOPPED}


def read_station(path: str | Path) -> Station:
    """The station in a YAML (or JSON) file; raises InputError with file, line and column."""
    path = Path(path)
    part = read_part(path)
    numbers = {**DEFAULTS, **part["numbers"].values} if "numbers" in part else dict(DEFAULTS)
    checks.clock_order(part)
    checks.unique(part, ("levels", "platforms", "links", "entrances", "events"))
    checks.known_levels(part)
    elevation = {each["name"]: each["elevation_m"] for each in part["levels"]}
    checks.shares(part["platforms"], "platforms")
    checks.shares(part["entrances"], "entrances")
    links = tuple(_link(each, elevation, numbers) for each in part["links"])
    checks.stages(part, links)
    duty = Duty(**part["duty"].values) if "duty" in part else Duty()
    checks.events(part)
    checks.outages(part)
    checks.densities(part, numbers)
    return Station(
        name=part["station"],
        title=part.get("title", part["station"]),
        path=path,
        open_s=part["open"],
        close_s=part["close"],
        levels=tuple(Level(**each.values) for each in part["levels"]),
        platforms=tuple(_platform(each, numbers) for each in part["platforms"]),
        links=links,
        entrances=tuple(_entrance(each, numbers) for each in part["entrances"]),
        trains=_trains(part),
        alighting=_profile(part["demand"]["alighting"], part, "alighting"),
        entering=_profile(part["demand"]["entering"], part, "entering"),
        events=tuple(_event(each) for each in part.get("events", [])),
        outages=tuple(
            Outage(link=each["link"], from_s=each["from"], to_s=each["to"])
            for each in part.get("outages", [])
        ),
        duty=duty,
        numbers=numbers,
        lines={
            each["name"]: each.place.line
            for section in ("levels", "platforms", "links", "entrances", "events")
            for each in part.get(section, [])
        },
    )


def _platform(part: Part, numbers: dict[str, float]) -> Platform:
    if "walk_s" in part:
        walk_s = part["walk_s"]
    elif "walk_m" in part:
        walk_s = part["walk_m"] / numbers["walking_speed_m_s"]
    else:
        part.place.fail(f"platform {part['name']!r} needs walk_s or walk_m")
    return Platform(
        name=part["name"],
        level=part["level"],
        area_m2=part["area_m2"],
        share=part["share"],
        walk_s=walk_s,
    )


def _link(part: Part, elevation: dict[str, float], numbers: dict[str, float]) -> Link:
    name, kind = part["name"], LinkKind[part["kind"].upper()]
    reversible, fixed = part.get("reversible", False), part.get("fixed", False)
    if reversible and fixed:
        part.at("fixed").fail(f"link {name!r} is both fixed and reversible; remove one of the two")
    if reversible and kind not in (LinkKind.ESCALATOR, LinkKind.GATE):
        part.at("reversible").fail(
            f"link {name!r} is a {part['kind']}; only escalators and gates are reversible"
        )
    if kind is LinkKind.ESCALATOR and part.get("direction") not in ("up", "down"):
        part.at("direction").fail(f"escalator {name!r} needs a direction: up or down")
    if reversible and part.get("direction", "both") == "both":
        part.at("direction").fail(f"link {name!r} is reversible and needs a direction: up or down")
    if kind in (LinkKind.STAIR, LinkKind.LIFT) and part.get("direction", "both") != "both":
        part.at("direction").fail(f"a {part['kind']} such as {name!r} carries both ways")
    for key, kinds in _ONLY.items():
        if key in part and kind not in kinds:
            part.at(key).fail(f"{key} does not apply to a {part['kind']} such as {name!r}")
    rise_m = part.get("rise_m", abs(elevation[part["to"]] - elevation[part["from"]]))
    if rise_m == 0.0 and kind is not LinkKind.GATE:
        part.at("rise_m").fail(f"link {name!r} joins levels of one elevation; give rise_m")
    capacity, ride_s = _carries(part, kind, rise_m, numbers)
    pause = "gate" if kind is LinkKind.GATE else "escalator"
    return Link(
        name=name,
        kind=kind,
        lower=part["from"],
        upper=part["to"],
        capacity_p_s=capacity,
        ride_s=ride_s,
        walk_s=part.get("walk_s", 0.0),
        direction=DIRECTIONS[part.get("direction", "both")],
        reversible=reversible,
        step_free=part.get("step_free", kind is LinkKind.LIFT),
        inspect_s=part.get("inspect_s", numbers[f"{pause}_inspect_s"]),
        restart_s=part.get("restart_s", numbers[f"{pause}_restart_s"]),
        bank=part.get("bank", ""),
    )


_ONLY = {
    "gates": (LinkKind.GATE,),
    "persons": (LinkKind.LIFT,),
    "cycle_s": (LinkKind.LIFT,),
    "speed_m_s": (LinkKind.ESCALATOR,),
    "walk_left": (LinkKind.ESCALATOR,),
    "width_m": (LinkKind.ESCALATOR, LinkKind.STAIR),
}


def _carries(
    part: Part, kind: LinkKind, rise_m: float, numbers: dict[str, float]
) -> tuple[float, float]:
    """Capacity [1/s] and time from end to end [s]: as given, or else from the numbers."""
    if kind is LinkKind.ESCALATOR:
        speed = part.get("speed_m_s", 0.5)
        per_min = escalator_p_min(speed, numbers) * min(part.get("width_m", 1.0), 1.0)
        per_min *= numbers["walk_left_factor"] if part.get("walk_left", False) else 1.0
        ride_s = rise_m / math.sin(math.radians(numbers["escalator_incline_deg"])) / speed
    elif kind is LinkKind.STAIR:
        per_min = part.get("width_m", 1.0) * numbers["stair_two_way_p_min_m"]
        ride_s = rise_m / math.tan(math.radians(numbers["stair_incline_deg"]))
        ride_s /= numbers["stair_speed_m_s"]
    elif kind is LinkKind.LIFT:
        given = {"persons", "cycle_s"} <= set(part.values)
        if not given and not {"capacity_p_min", "ride_s"} <= set(part.values):
            part.place.fail(f"lift {part['name']!r} needs persons and cycle_s")
        per_min = 2.0 * part["persons"] * MINUTE_S / part["cycle_s"] if given else 1.0
        ride_s = part["cycle_s"] / 2.0 if given else 1.0
    else:
        if "gates" not in part and "capacity_p_min" not in part:
            part.place.fail(f"gate {part['name']!r} needs gates or capacity_p_min")
        per_min = part.get("gates", 1) * numbers["gate_p_min"]
        ride_s = 2.0
    return part.get("capacity_p_min", per_min) / MINUTE_S, part.get("ride_s", ride_s)


def escalator_p_min(speed_m_s: float, numbers: dict[str, float]) -> float:
    """People per minute on a 1 m step, straight between the speeds of the table.

    Below the table in proportion to speed, above it as at its end: people hesitate to step on.
    """
    speeds = [speed for speed, _ in ESCALATOR_SPEEDS]
    flows = [numbers[name] for _, name in ESCALATOR_SPEEDS]
    if speed_m_s <= speeds[0]:
        return flows[0] * speed_m_s / speeds[0]
    for i in range(1, len(speeds)):
        if speed_m_s <= speeds[i]:
            part = (speed_m_s - speeds[i - 1]) / (speeds[i] - speeds[i - 1])
            return flows[i - 1] + part * (flows[i] - flows[i - 1])
    return flows[-1]


def _entrance(part: Part, numbers: dict[str, float]) -> Entrance:
    if "capacity_p_min" in part:
        per_min = part["capacity_p_min"]
    elif "gates" in part:
        per_min = part["gates"] * numbers["gate_p_min"]
    else:
        part.place.fail(f"entrance {part['name']!r} needs gates or capacity_p_min")
    return Entrance(
        name=part["name"],
        level=part["level"],
        share=part["share"],
        capacity_p_s=per_min / MINUTE_S,
        metered=part.get("metered", False),
    )


def _event(part: Part) -> Event:
    return Event(
        name=part["name"],
        kind=part["kind"],
        time_s=part["at"],
        persons=part["persons"],
        width_s=part["width_min"] * MINUTE_S,
        announced=part.get("announced", True),
    )


def _profile(part: Part, whole: Part, name: str) -> Profile:
    """A rate over the day [1/s], from knots or from bell curves."""
    if "points" in part:
        if "peaks" in part or "base_p_h" in part:
            part.at("points").fail(f"{name}: give points, or base_p_h and peaks, not both")
        points = part["points"]
        checks.rising([(time_s, place) for time_s, _, place in points], f"{name}: points")
        if len(points) < 2:
            part.at("points").fail(f"{name}: at least two points are needed")
        return Profile(
            times_s=tuple(time_s for time_s, _, _ in points),
            rates_p_s=tuple(per_h / HOUR_S for _, per_h, _ in points),
        )
    if "base_p_h" not in part and "peaks" not in part:
        part.place.fail(f"{name} needs points, or base_p_h and peaks")
    first, last = whole["open"], whole["close"]
    count = math.ceil((last - first) / KNOT_S)
    times = [min(first + i * KNOT_S, last) for i in range(count + 1)]
    rates = []
    for time_s in times:
        bells = sum(
            peak["p_h"]
            * math.exp(-0.5 * ((time_s - peak["at"]) / (peak["width_min"] * MINUTE_S)) ** 2)
            for peak in part.get("peaks", [])
        )
        ramp = min((time_s - first) / RAMP_S, (last - time_s) / RAMP_S, 1.0)
        rates.append((part.get("base_p_h", 0.0) + bells) * max(ramp, 0.0) / HOUR_S)
    return Profile(times_s=tuple(times), rates_p_s=tuple(rates))


def _trains(part: Part) -> tuple[Train, ...]:
    platforms = {each["name"] for each in part["platforms"]}
    trains: list[Train] = []
    served: dict[str, Part] = {}
    for each in part["timetable"]:
        name = each["platform"]
        checks.known(name, platforms, "platform", each.at("platform"))
        if name in served:
            each.at("platform").fail(
                f"the timetable of {name!r} is given twice, first in line "
                f"{served[name].place.line}; put all stops into one"
            )
        served[name] = each
        room = each.get("room", math.inf)
        trains += [Train(time_s=t, platform=name, room=room) for t in _stops(each, part)]
    missing = sorted(platforms - set(served))
    if missing:
        part.at("timetable").fail(f"no train stops at platform {missing[0]!r}; add its timetable")
    return tuple(sorted(trains, key=lambda train: (train.time_s, train.platform)))


def _stops(part: Part, whole: Part) -> Sequence[float]:
    """Times of the stops at one platform [s]."""
    ways = {"first", "last", "every_s"} & set(part.values)
    if ("times" in part) == bool(ways) or (ways and len(ways) < 3):
        part.place.fail("a timetable needs either times, or first, last and every_s")
    if "times" in part:
        checks.rising(part["times"], "times")
        for time_s, place in part["times"]:
            if not whole["open"] <= time_s <= whole["close"]:
                place.fail("a train stops while the station is closed; move it, or open longer")
        if not part["times"]:
            part.at("times").fail("times is empty; at least one stop is needed")
        return [time_s for time_s, _ in part["times"]]
    checks.span(part, "first", "last")
    for key in ("first", "last"):
        if not whole["open"] <= part[key] <= whole["close"]:
            part.at(key).fail("a train stops while the station is closed; move it, or open longer")
    denser = part.get("denser", [])
    for each in denser:
        checks.span(each, "from", "to")
    checks.apart([(each["from"], each["to"], each.place) for each in denser], "denser")
    stops, time_s = [], part["first"]
    while time_s <= part["last"]:
        stops.append(time_s)
        own = [each["every_s"] for each in denser if each["from"] <= time_s < each["to"]]
        time_s += own[0] if own else part["every_s"]
    return stops


def shipped() -> dict[str, Path]:
    """The stations that come with Jialing: name -> file."""
    return {path.stem: path for path in sorted(STATIONS.glob("*.yaml"))}


def persons(profile: Profile) -> float:
    """People of a whole day: the area under the profile [ped]."""
    times, rates = profile.times_s, profile.rates_p_s
    return sum(
        0.5 * (rates[i] + rates[i + 1]) * (times[i + 1] - times[i]) for i in range(len(times) - 1)
    )
