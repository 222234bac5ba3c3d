"""What in a network is not used, or not as an engineer might expect, and why?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.movements import Ways
from jialing.domains.traffic.network import Lane, NetworkFile, ProgrammeRow, Scenario, Timetable
from jialing.domains.traffic.programmes import GREEN, is_green_phase
from jialing.domains.traffic.proof import Proof
from jialing.domains.traffic.service import round_s
from jialing.domains.traffic.settings import TrafficSettings
from jialing.domains.traffic.start import step_trouble

RAIL = frozenset({"tram", "rail", "rail_urban", "rail_electric", "rail_fast", "subway"})
SHORT_M = 5.0  # SUMO's default length of a car: a shorter lane holds none
#: what options of a configuration mean for a run
OPTIONS = {
    "ignore-route-errors": "whoever has a route that leaves the network does not drive",
    "tls.all-off": "every signal is off, and nothing can be controlled",
}
SHOWN = 5  # names that one note lists


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """Something in the file that is not used, or not as an engineer might expect.

    Attributes
    ----------
    element : what it is and its name, e.g. ``signal J3``
    line : where it stands in the file; 0 where it has no single place
    why : the reason, and what happens instead
    uncontrolled : True for a signal that stays on its programme, whoever commands
    """

    element: str
    line: int
    why: str
    uncontrolled: bool = False


def of_configuration(scenario: Scenario) -> Iterator[Skipped]:
    """What a configuration asks for and a run leaves."""
    if scenario.outputs:
        yield Skipped(
            element=f"configuration {scenario.path.name}",
            line=min(scenario.outputs.values()),
            why=f"a run writes no file of yours; not written: {_listed(scenario.outputs)}",
        )
    trouble = step_trouble(scenario)
    if trouble:
        yield Skipped(
            element=f"configuration {scenario.path.name}",
            line=scenario.step_line,
            why=f"step-length {trouble}; a run refuses it",
        )
    for option, line in scenario.noted.items():
        yield Skipped(
            element=f"configuration {scenario.path.name}",
            line=line,
            why=f"{option}: {OPTIONS[option]}",
        )


def of_network(net: NetworkFile) -> Iterator[Skipped]:
    """What concerns no road signal."""
    for node in net.nodes.values():
        if node.kind in ("rail_signal", "rail_crossing"):
            kind = node.kind.replace("_", " ")
            yield Skipped(
                element=f"{kind} {node.name}",
                line=node.line,
                why="trains switch it; it is left to the simulator",
            )


def of_guard(
    net: NetworkFile,
    junctions: Sequence[Junction],
    proofs: Sequence[Proof],
    settings: TrafficSettings,
) -> Iterator[Skipped]:
    """What the guard never commands, and a longest red that no signal could keep.

    Parameters
    ----------
    proofs : of the junctions, in their order
    """
    for junction, proof in zip(junctions, proofs, strict=True):
        element, line = f"signal {junction.name}", net.programmes[junction.name][-1].line
        faults = _listed(proof.faults, "; ")
        if not proof.usable.any():
            why = f"it stays on its programme, no mode is proven free of conflict: {faults}"
            yield Skipped(element=element, line=line, why=why, uncontrolled=True)
        elif not proof.usable.all():
            lost = _listed(np.flatnonzero(~proof.usable).tolist())
            why = f"not proven free of conflict and never commanded, mode {lost}: {faults}"
            yield Skipped(element=element, line=line, why=why)
        bound_s = round_s(junction, proof)
        if bound_s > settings.max_red_s:
            why = (
                f"max_red_s is {settings.max_red_s:g} s, but serving every mode once takes "
                f"{bound_s:g} s, which is the longest red here"
            )
            yield Skipped(element=element, line=line, why=why)


def of_junction(
    ways: Ways,
    junction: Junction,
    rows: Sequence[ProgrammeRow],
    together: Collection[tuple[int, int]] = (),
) -> Iterator[Skipped]:
    """What is unusual about one signal.

    Parameters
    ----------
    rows : its programmes as in the file, the last one in use
    together : pairs of movements of one approach that cross and both hold priority
    """
    net, used = ways.net, rows[-1]
    for why in (
        *_of_programmes(junction, rows, net.timetables.get(junction.name)),
        *_of_letters(junction, used),
        *_of_lanes(net, junction),
        *_of_ways(ways, junction),
        *_of_approaches(junction, together),
    ):
        yield Skipped(element=f"signal {junction.name}", line=used.line, why=why)
    for number, phase in enumerate(used.phases, start=1):
        if phase.crossed:
            yield Skipped(
                element=f"signal {junction.name}",
                line=phase.line,
                why=f"phase {number} has a minDur above its maxDur; neither is used",
            )
        if "o" in phase.state.lower() and not is_green_phase(phase.state):
            yield Skipped(
                element=f"signal {junction.name}",
                line=phase.line,
                why=f"phase {number} is off or blinking; it is never chosen",
            )
        elif is_green_phase(phase.state) and _only_rail(net, junction, phase.state):
            yield Skipped(
                element=f"signal {junction.name}",
                line=phase.line,
                why=f"phase {number} serves trams alone; it is chosen when one comes",
            )


def _of_programmes(
    junction: Junction, rows: Sequence[ProgrammeRow], timetable: Timetable | None
) -> Iterator[str]:
    used = rows[-1]
    others = _listed([row.name for row in rows[:-1]])
    if timetable is not None:
        yield (
            f"WAUT {timetable.name!r} changes its programme; its modes and times are those of "
            f"{used.name!r}, in use as the simulation begins; the others: {others}"
        )
    elif len(rows) > 1:
        yield f"programme {used.name!r} is in use, the last in the file; not used: {others}"
    own = {phase.state for phase in used.phases}
    lent = [state for state in junction.modes if state not in own]
    if lent:
        yield (
            "its programme in use leaves links without green; modes of its other programmes serve "
            f"them: {_listed(lent)}"
        )
    if used.kind != "static":
        yield f"its programme is {used.kind!r}: its phases are modes, its own logic is not used"


def _of_letters(junction: Junction, used: ProgrammeRow) -> Iterator[str]:
    linked = set(junction.links.tolist())
    unused = [i for i in range(len(used.phases[0].state)) if i not in linked]
    if unused:
        yield (
            f"no connection has linkIndex {_listed(unused)}; these letters are passed on as they are"
        )
    letters = {letter for phase in used.phases for letter in phase.state}
    if "s" in letters:
        yield "right turn on red (letter s): it is taken for a green that stops and yields"
    if "u" in letters:
        yield "phases with red and yellow (letter u) are no modes; a mode begins with its green"
    if len(junction.modes) == 1:
        yield "it has one mode: there is nothing to choose"
    if not any("y" in phase.state for phase in used.phases) and len(junction.modes) > 1:
        yield "its programme has no yellow; the setting yellow_s is used"
    never = np.flatnonzero((junction.rights == 0).all(axis=0)).tolist()
    if never:
        names = _listed([int(junction.links[m]) for m in never])
        yield f"no mode gives green to linkIndex {names}; who waits there is never served"


def _of_lanes(net: NetworkFile, junction: Junction) -> Iterator[str]:
    short = [
        name for name in (*junction.lanes, *junction.outs) if net.lanes[name].length_m < SHORT_M
    ]
    if short:
        yield (
            f"shorter than a car: {_listed(dict.fromkeys(short))}; who queues there is seen "
            "upstream of it or not at all"
        )
    zero = [n for n in junction.lanes if net.lanes[n].speed_mps <= 0.0]
    if zero:
        yield f"speed limit 0: {_listed(zero)}; nobody can drive there"


def _of_ways(ways: Ways, junction: Junction) -> Iterator[str]:
    if len(junction.nodes) > 1:
        yield f"controls {len(junction.nodes)} nodes: {_listed(junction.nodes)}"
    inside = [
        int(junction.links[m])
        for m in range(junction.movements)
        if not junction.pedestrian[m] and waits_inside(ways, junction, m)
    ]
    if inside:
        yield (
            f"linkIndex {_listed(inside)} may wait inside the node (internal junction); its "
            "stop line is the one before the node"
        )
    bare = [name for name in junction.nodes if not ways.net.nodes[name].foes]
    if bare:
        yield (
            f"{_listed(bare)} has no right-of-way table; conflicts are taken from the shape of "
            "its ways"
        )
    merging = _merging(junction)
    if merging:
        yield (
            f"linkIndex {_listed(merging)} merge into one lane, both with priority (G); "
            "mark one as yielding (g), or the guard leaves the signal to its programme"
        )


def waits_inside(ways: Ways, junction: Junction, movement: int) -> bool:
    """True if vehicles of a movement may wait half-way across the node."""
    lane = junction.lanes[int(junction.lane_of[movement])]
    out = junction.outs[int(junction.out_of[movement])]
    return any(
        len(ways.chain(each)) > 1
        for each in ways.of_signal.get(junction.name, ())
        if each.tail_lane == lane and each.head_lane == out
    )


def _of_approaches(junction: Junction, together: Collection[tuple[int, int]]) -> Iterator[str]:
    if together:
        pairs = [f"{junction.links[i]} and {junction.links[k]}" for i, k in sorted(together)]
        yield (
            f"linkIndex {_listed(pairs)} cross within one approach, both with priority (G): "
            "whoever turns gives way by the rules of the road"
        )


def _merging(junction: Junction) -> list[str]:
    """Pairs of links that both hold priority in a mode and end in one lane."""
    found = []
    for i, k in zip(*np.nonzero(np.triu(junction.conflicts)), strict=True):
        into_one = junction.out_of[i] == junction.out_of[k] >= 0
        if into_one and ((junction.rights[:, i] == 2) & (junction.rights[:, k] == 2)).any():
            found.append(f"{junction.links[i]} and {junction.links[k]}")
    return found


def _only_rail(net: NetworkFile, junction: Junction, state: str) -> bool:
    green = [m for m in range(junction.movements) if state[int(junction.links[m])] in GREEN]
    return bool(green) and all(
        not junction.pedestrian[m] and _is_rail(net.lanes[junction.lanes[int(junction.lane_of[m])]])
        for m in green
    )


def _is_rail(lane: Lane) -> bool:
    return bool(lane.allow) and lane.allow <= RAIL


def _listed(names: Iterable[object], between: str = ", ") -> str:
    words = [str(name) for name in names]
    more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return between.join(words[:SHOWN]) + more
