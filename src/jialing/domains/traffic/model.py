"""What does a road network hold that signals can control? From the file alone to `Roads`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jialing.core.errors import InputError
from jialing.domains.traffic import checks, notes
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.movements import Movements, Ways, read_movements
from jialing.domains.traffic.network import NetworkFile, ProgrammeRow, Scenario
from jialing.domains.traffic.notes import Skipped
from jialing.domains.traffic.programmes import is_green_phase, programme, read_modes
from jialing.domains.traffic.reader import read_network, read_scenario
from jialing.domains.traffic.routes import check_routes
from jialing.domains.traffic.settings import TrafficSettings
from jialing.domains.traffic.upstream import with_feeds, with_joined


@dataclass(frozen=True, kw_only=True)
class Roads:
    """A network as signals see it.

    Attributes
    ----------
    scenario : the files it was read from
    net : the network file as it stands: edges, lanes and nodes for pictures and look-ups
    junctions : those that can be controlled, in the file's order
    skipped : what is not used, or not as one might expect, and why
    files : every file that SUMO reads
    """

    scenario: Scenario
    net: NetworkFile
    junctions: tuple[Junction, ...]
    skipped: tuple[Skipped, ...]
    files: tuple[Path, ...]


def read_roads(path: str | Path, settings: TrafficSettings | None = None) -> Roads:
    """The signals in a `.net.xml` (`.gz` too) or in the network of a `.sumocfg`.

    Route files, of the `.sumocfg` or of the settings, are read to see that they fit the network,
    unless the `.sumocfg` has SUMO ignore the errors of routes.
    Raises InputError with file, line, element and remedy.
    """
    settings = settings or TrafficSettings()
    scenario = read_scenario(path)
    net = read_network(scenario.net, scenario.additional, begin_s=scenario.begin_s)
    routes = settings.routes or scenario.routes
    driven = check_routes(net, routes, strict="ignore-route-errors" not in scenario.noted)
    ways = Ways(net)
    checks.known_signals(net)
    skipped: list[Skipped] = [*notes.of_configuration(scenario), *notes.of_network(net)]
    junctions: list[Junction] = []
    for name, rows in net.programmes.items():
        checks.phases(rows)
        why = _useless(ways, name, rows)
        if why:
            skipped.append(_left(name, rows, why))
            continue
        moves = read_movements(ways, name)
        checks.state_lengths(rows, moves)
        together = checks.within_approach(net, rows, moves)
        for i, k in together:
            moves.conflicts[i, k] = moves.conflicts[k, i] = False
        why = _unregulated(net, rows, moves)
        if why:
            skipped.append(_left(name, rows, why))
            continue
        checks.conflicting_greens(rows, moves)
        junction = _junction(net, name, rows, moves, settings)
        junctions.append(junction)
        skipped.extend(notes.of_junction(ways, junction, rows, together))
    if not junctions:
        raise InputError(
            "holds no traffic signal that could be controlled; "
            + (f"{skipped[0].element}: {skipped[0].why}" if skipped else _NO_SIGNAL),
            path=net.path,
        )
    return Roads(
        scenario=scenario,
        net=net,
        junctions=with_joined(with_feeds(junctions, ways)),
        skipped=tuple(skipped),
        files=tuple(
            dict.fromkeys(
                (
                    *(scenario.path, scenario.net, *routes, *scenario.additional),
                    *(*scenario.files, *net.files, *driven),
                )
            )
        ),
    )


UNREGULATED = "traffic_light_unregulated"
_NO_SIGNAL = (
    "add one, e.g. netconvert -s X.net.xml --tls.guess -o Y.net.xml, or name another network"
)


def _left(name: str, rows: Sequence[ProgrammeRow], why: str) -> Skipped:
    """A signal that stays on its programme."""
    return Skipped(element=f"signal {name}", line=rows[-1].line, why=why, uncontrolled=True)


def _unregulated(net: NetworkFile, rows: Sequence[ProgrammeRow], moves: Movements) -> str:
    """Why a signal is left alone where drivers give way to nobody; empty if its phases keep them apart.

    At a node of type `traffic_light_unregulated` SUMO knows no conflict, and netconvert gives
    everybody green at once: that is no mistake of the file's, and nothing that could be proven safe.
    """
    nodes = [name for name in moves.nodes if net.nodes[name].kind == UNREGULATED]
    crossing = next(checks.crossing_greens(rows, moves), None) if nodes else None
    if crossing is None:
        return ""
    return (
        f"its node {nodes[0]!r} is of type {UNREGULATED}, where drivers give way to nobody, and "
        f"{crossing[2]}; left as it is"
    )


def _useless(ways: Ways, name: str, rows: Sequence[ProgrammeRow]) -> str:
    """Why a signal cannot be controlled; empty if it can."""
    if not any(not ways.is_inside(each) for each in ways.of_signal.get(name, ())):
        return "no connection names it; it is left as it is"
    if not any(is_green_phase(phase.state) for phase in rows[-1].phases):
        return (
            f"its programme {rows[-1].name!r} has no green phase (off or blinking); left as it is"
        )
    if rows[-1].kind == "NEMA":
        return (
            f"its programme {rows[-1].name!r} is of type NEMA, which shows a phase of each ring at "
            "once, so no phase alone is a mode; left as it is. With a static programme after it, it "
            "is controlled"
        )
    return ""


def _junction(
    net: NetworkFile,
    name: str,
    rows: Sequence[ProgrammeRow],
    moves: Movements,
    settings: TrafficSettings,
) -> Junction:
    in_use_first = [rows[-1], *rows[:-1]]
    modes = read_modes(
        in_use_first,
        moves.links,
        moves.pedestrian,
        moves.conflicts,
        moves.via_length_m,
        settings,
    )
    nodes = [net.nodes[each] for each in moves.nodes]
    return Junction(
        name=name,
        nodes=moves.nodes,
        x=float(np.mean([node.x for node in nodes])),
        y=float(np.mean([node.y for node in nodes])),
        lanes=moves.lanes,
        lane_length_m=np.array([net.lanes[n].length_m for n in moves.lanes], dtype=np.float64),
        lane_speed_mps=np.array([net.lanes[n].speed_mps for n in moves.lanes], dtype=np.float64),
        outs=moves.outs,
        out_length_m=np.array([net.lanes[n].length_m for n in moves.outs], dtype=np.float64),
        out_speed_mps=np.array([net.lanes[n].speed_mps for n in moves.outs], dtype=np.float64),
        links=moves.links,
        lane_of=moves.lane_of,
        out_of=moves.out_of,
        via_length_m=moves.via_length_m,
        via_speed_mps=moves.via_speed_mps,
        turn=moves.turn,
        pedestrian=moves.pedestrian,
        yields_to=moves.yields_to,
        conflicts=moves.conflicts,
        modes=modes.states,
        rights=modes.rights,
        min_green_s=modes.min_green_s,
        max_green_s=modes.max_green_s,
        yellow_s=modes.yellow_s,
        all_red_s=modes.all_red_s,
        programmes=tuple(programme(row) for row in in_use_first),
    )
