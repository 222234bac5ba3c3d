"""Which ways lead from the trains of a GTFS feed to the street? Its levels and pathways as a tree.

In a station file each level has one next level towards one street. A feed may know several streets,
and pathways that pass a level. What can be said in another way is, with a notice; the rest is an error
that names its row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise

from jialing.domains.metro.feed import Row
from jialing.domains.metro.fields import SECTIONS

MODES = {"2": "stair", "4": "escalator", "5": "lift", "6": "gate", "7": "gate"}
RIDE_S = {"stair": 30.0, "escalator": 30.0, "lift": 45.0, "gate": 2.0}
STAIR_M = 2.0
_ALLOWED = {entry.name: entry for entry in SECTIONS["link"]}

#: How far a level is from the street: lifts on the way, squares of the steps in `level_index`, pathways.
Far = tuple[int, float, int]
#: A level and the next one towards the street.
Stage = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Way:
    """What leads from a level to the next one towards the street.

    Attributes
    ----------
    name : of the pathway, or of a part of one
    kind : as in a station file
    lower, upper : levels; `lower` is nearer to the trains
    up, down : the directions in which it carries people
    ride_s : time from end to end [s]
    width_m : of a stair [m]
    row : the pathway
    """

    name: str
    kind: str
    lower: str
    upper: str
    up: bool
    down: bool
    ride_s: float
    width_m: float
    row: Row


@dataclass(frozen=True, kw_only=True)
class Ascent:
    """The ways up from the trains.

    Attributes
    ----------
    floor : stop -> its level; several streets are one
    ways : in the order of the feed; together they join every level with the street
    entrances : stops that the ways lead to
    notices : what was simplified, a sentence each
    """

    floor: Mapping[str, str]
    ways: tuple[Way, ...]
    entrances: tuple[str, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Edge:
    """A pathway between two levels."""

    row: Row
    kind: str
    start: str
    end: str

    @property
    def name(self) -> str:
        return self.row["pathway_id"]

    @property
    def lift(self) -> bool:
        return self.kind == "lift"


def ascent(
    own: Mapping[str, Row],
    pathways: Sequence[Row],
    platforms: Sequence[str],
    entrances: Sequence[str],
    index: Mapping[str, float],
) -> Ascent:
    """The ways from `platforms` to `entrances`.

    Parameters
    ----------
    own : the station's stops, by name
    pathways : between its stops
    platforms, entrances : names of stops
    index : level -> its `level_index`, where the feed has one

    Raises InputError for what no station file can say.
    """
    floor = _floors(own, pathways)
    edges = _edges(pathways, floor)
    trains = {floor[name] for name in platforms}
    reached = _reached(trains, edges)
    led_to = tuple(name for name in entrances if floor[name] in reached)
    notices = []
    if len(led_to) < len(entrances):
        lost = [name for name in entrances if name not in led_to]
        notices.append(f"entrance {_listed(lost)} is left out: no way leads there from a train")
    if not led_to:
        own[platforms[0]].fail(_unreached(platforms[0]))
    streets = _streets(list(dict.fromkeys(floor[name] for name in led_to)), trains, edges)
    street = streets[0]
    if len(streets) > 1:
        notices.append(
            f"several streets are one, {street!r}: {_listed(streets)}; what joins them is left out"
        )
        floor = {name: street if level in streets else level for name, level in floor.items()}
        edges = _edges(pathways, floor)
    far, above = _towards(street, edges, index)
    for name in platforms:
        if floor[name] not in far:
            own[name].fail(_unreached(name))
    ways = tuple(_ways(edges, far, above, notices))
    _check_both_ways(ways)
    return Ascent(floor=floor, ways=ways, entrances=led_to, notices=tuple(notices))


def _floors(own: Mapping[str, Row], pathways: Sequence[Row]) -> dict[str, str]:
    """A level for every stop: its own, or one for all that are joined by walkways."""
    floor = {name: row.get("level_id") for name, row in own.items()}
    walks = [
        (row["from_stop_id"], row["to_stop_id"])
        for row in pathways
        if row["pathway_mode"] not in MODES
    ]
    for start in own:
        if floor[start]:
            continue
        group = _joined({start}, walks)
        known = sorted(floor[name] for name in group if floor[name])
        for name in group:
            floor[name] = floor[name] or (known[0] if known else f"level of {min(group)}")
    return floor


def _edges(pathways: Sequence[Row], floor: Mapping[str, str]) -> list[_Edge]:
    found = []
    for row in pathways:
        start, end = floor[row["from_stop_id"]], floor[row["to_stop_id"]]
        if row["pathway_mode"] in MODES and start != end:
            found.append(_Edge(row=row, kind=MODES[row["pathway_mode"]], start=start, end=end))
    return found


def _joined(starts: set[str], pairs: Sequence[tuple[str, str]]) -> set[str]:
    """All that can be reached from `starts`, these among them."""
    beside: dict[str, set[str]] = defaultdict(set)
    for one, other in pairs:
        beside[one].add(other)
        beside[other].add(one)
    found, waiting = set(starts), list(starts)
    while waiting:
        new = beside[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def _reached(starts: set[str], edges: Sequence[_Edge], without: str | None = None) -> set[str]:
    """Levels that can be reached from `starts`, over no stop on the level `without`."""
    pairs = [(edge.start, edge.end) for edge in edges if without not in (edge.start, edge.end)]
    return _joined(starts - {without}, pairs)


def _streets(levels: Sequence[str], trains: set[str], edges: Sequence[_Edge]) -> list[str]:
    """Those of the entrances' levels that are streets.

    The others lie on the way: where one has no lift, another entrance is reached over them alone.
    """
    walked = [edge for edge in edges if not edge.lift]
    there = _reached(trains, walked)
    return [
        level
        for level in levels
        if not (there - _reached(trains, walked, without=level)) & {*levels} - {level}
    ]


def _towards(
    street: str, edges: Sequence[_Edge], index: Mapping[str, float]
) -> tuple[dict[str, Far], dict[str, str]]:
    """How far each level is from the street, and its next level towards it.

    Squares of steps add up to least where a way passes no level: an escalator to the hall and
    another one to the street (1 + 1) are nearer than a stair that goes by the hall (4).
    """
    beside: dict[str, list[tuple[Far, str]]] = defaultdict(list)
    for edge in edges:
        levels = (edge.start, edge.end)
        known = all(level in index for level in levels)
        step = (index[edge.start] - index[edge.end]) ** 2 if known else 1.0
        for one, other in (levels, levels[::-1]):
            beside[one].append(((int(edge.lift), step, 1), other))
    far: dict[str, Far] = {}
    above: dict[str, str] = {}
    waiting: list[tuple[Far, str, str]] = [((0, 0.0, 0), street, street)]
    while waiting:
        so_far, level, upper = heappop(waiting)
        if level in far:
            continue
        far[level], above[level] = so_far, upper
        for (lifts, step, count), other in beside[level]:
            if other not in far:
                further = (so_far[0] + lifts, so_far[1] + step, so_far[2] + count)
                heappush(waiting, (further, other, level))
    return far, above


def _ways(
    edges: Sequence[_Edge], far: Mapping[str, Far], above: Mapping[str, str], notices: list[str]
) -> Iterator[Way]:
    """Pathways as ways towards the street; what is left out or parted is added to `notices`."""
    stages = [_stages(edge, far, above) for edge in edges]
    lifted = {
        own[0] for edge, own in zip(edges, stages, strict=True) if edge.lift and len(own) == 1
    }
    for edge, passed in zip(edges, stages, strict=True):
        if not passed:
            _leave_out(edge, far, above, notices)
        elif len(passed) == 1:
            yield _way(edge, edge.name, passed, passed[0])
        else:
            # The feed may name each pair of a lift's levels: then the shorter pairs are the lift.
            own = [stage for stage in passed if not (edge.lift and stage in lifted)]
            words = "is given in parts" if own else "is left out, its parts are there"
            notices.append(f"pathway {edge.name!r} passes a level and {words}")
            for stage in own:
                yield _way(edge, f"{edge.name} from {stage[0]}", passed, stage)


def _stages(edge: _Edge, far: Mapping[str, Far], above: Mapping[str, str]) -> list[Stage]:
    """The steps from the lower end of a pathway to its upper one; none where it leads elsewhere."""
    if edge.start not in far:
        return []
    lower, upper = sorted((edge.start, edge.end), key=far.__getitem__, reverse=True)
    levels = [lower]
    while levels[-1] not in (upper, above[levels[-1]]):
        levels.append(above[levels[-1]])
    return list(pairwise(levels)) if levels[-1] == upper else []


def _leave_out(
    edge: _Edge, far: Mapping[str, Far], above: Mapping[str, str], notices: list[str]
) -> None:
    """Say why a pathway is no way towards the street; fail where people would miss it."""
    if edge.start not in far:
        notices.append(f"pathway {edge.name!r} is left out: no entrance is reached from it")
    elif far[edge.start] == far[edge.end] or edge.lift:
        notices.append(f"pathway {edge.name!r} is left out: it joins two branches of the station")
    else:
        lower, upper = sorted((edge.start, edge.end), key=far.__getitem__, reverse=True)
        edge.row.fail(
            f"to_stop_id: pathway {edge.name!r} leads from level {lower!r} to {upper!r}, and others "
            f"lead to {above[lower]!r}; each level needs one next level towards the street: give "
            "both one level_id in stops.txt, or remove the pathway"
        )


def _way(edge: _Edge, name: str, passed: Sequence[Stage], stage: Stage) -> Way:
    """The part of a pathway on one of the stages that it passes."""
    up = edge.start == passed[0][0]
    both = edge.kind in ("stair", "lift") or (
        edge.kind == "gate" and edge.row["is_bidirectional"] == "1"
    )
    ride_s = _number(edge.row, "traversal_time", "ride_s") or RIDE_S[edge.kind]
    width_m = _number(edge.row, "min_width", "width_m") if edge.kind == "stair" else 0.0
    return Way(
        name=name,
        kind=edge.kind,
        lower=stage[0],
        upper=stage[1],
        up=up or both,
        down=not up or both,
        ride_s=max(ride_s / len(passed), _ALLOWED["ride_s"].low),
        width_m=width_m or STAIR_M,
        row=edge.row,
    )


def _number(row: Row, column: str, link: str) -> float:
    """A number of a pathway within what a station file allows as `link`; 0 where it is not given."""
    text, allowed = row.get(column), _ALLOWED[link]
    try:
        value = float(text or 0.0)
    except ValueError:
        value = -1.0
    if value != 0.0 and not allowed.low <= value <= allowed.high:
        row.fail(
            f"{column} of pathway {row['pathway_id']!r} is {text!r}; "
            f"allowed: {allowed.low:g} to {allowed.high:g} {allowed.unit}"
        )
    return value


def _check_both_ways(ways: Sequence[Way]) -> None:
    """Fail where people could come, but not go."""
    for stage in dict.fromkeys((way.lower, way.upper) for way in ways):
        own = [way for way in ways if (way.lower, way.upper) == stage]
        for able, word in ((any(w.up for w in own), "leave"), (any(w.down for w in own), "reach")):
            if not able:
                own[0].row.fail(
                    f"is_bidirectional: nobody can {word} level {stage[0]!r}: every pathway between "
                    f"it and {stage[1]!r} leads the other way"
                )


def _unreached(platform: str) -> str:
    return f"no stair, escalator, lift or gate leads from platform {platform!r} to an entrance"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
