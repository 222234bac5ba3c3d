"""Which ways lead across a signal, from where to where, and which of them are in each other's way?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from jialing.core.errors import InputError
from jialing.core.signal import FloatArray
from jialing.domains.traffic.network import Connection, Lane, NetworkFile, Node, Point

TURNS = frozenset("stlrLR")
WALK = "p"


@dataclass(frozen=True, kw_only=True)
class Movements:
    """The movements of one signal, as `Junction` holds them, and the nodes they lead across."""

    nodes: tuple[str, ...]
    lanes: tuple[str, ...]
    outs: tuple[str, ...]
    links: NDArray[np.int64]
    lane_of: NDArray[np.int64]
    out_of: NDArray[np.int64]
    via_length_m: FloatArray
    via_speed_mps: FloatArray
    turn: tuple[str, ...]
    pedestrian: NDArray[np.bool_]
    yields_to: NDArray[np.bool_]
    conflicts: NDArray[np.bool_]


class Ways:
    """Looks up what lies inside the nodes of one network."""

    def __init__(self, net: NetworkFile) -> None:
        self.net = net
        self.across: dict[str, tuple[str, int]] = {}
        for node in net.nodes.values():
            if node.kind == "internal":
                continue  # where vehicles wait within a node: its lists name those they wait for
            for row, lane in enumerate(node.inside):
                self.across[lane] = (node.name, row)
        self.leaving: dict[str, list[Connection]] = {}
        self.of_signal: dict[str, list[Connection]] = {}
        for each in net.connections:
            self.leaving.setdefault(each.tail_lane, []).append(each)
            if each.signal:
                self.of_signal.setdefault(each.signal, []).append(each)

    def crossing(self, connection: Connection) -> str:
        """The lane that people cross on; empty if they do not walk here.

        A connection onto a crossing is for those who walk with it. Where its two directions have
        letters of their own (`linkIndex2`), one that leaves it is for those who walk against it.
        """
        if self.net.edges[connection.head].function == "crossing":
            return connection.head_lane
        if self.net.edges[connection.tail].function == "crossing":
            return connection.tail_lane
        return ""

    def is_crossing(self, connection: Connection) -> bool:
        """True if people walk here."""
        return self.crossing(connection) != ""

    def is_inside(self, connection: Connection) -> bool:
        """True if it begins within a node and is no crossing: the signal stands before it."""
        return bool(self.net.edges[connection.tail].function) and not self.is_crossing(connection)

    def chain(self, connection: Connection) -> list[Lane]:
        """Lanes across the node, one after the other."""
        crossing = self.crossing(connection)
        if crossing:
            return [self.net.lanes[crossing]]
        found: list[Lane] = []
        name = connection.via
        while name and name not in (lane.name for lane in found):
            found.append(self.net.lanes[name])
            name = next(
                (e.via for e in self.leaving.get(name, ()) if e.head_lane == connection.head_lane),
                "",
            )
        return found

    def row(self, connection: Connection) -> tuple[Node, int] | None:
        """The node whose right-of-way table holds this connection, and its row there."""
        for lane in self.chain(connection):
            if lane.name in self.across:
                name, row = self.across[lane.name]
                return self.net.nodes[name], row
        return None


def read_movements(ways: Ways, signal: str) -> Movements:
    """Every movement that `signal` controls, by place in its state strings."""
    net = ways.net
    chosen = sorted(
        (each for each in ways.of_signal.get(signal, ()) if not ways.is_inside(each)),
        key=lambda each: each.link,
    )
    pedestrian = np.array([ways.is_crossing(each) for each in chosen], dtype=np.bool_)
    lanes = _in_order(each.tail_lane for each, p in zip(chosen, pedestrian, strict=True) if not p)
    outs = _in_order(each.head_lane for each, p in zip(chosen, pedestrian, strict=True) if not p)
    rows = [_row_of(ways, each) for each in chosen]
    yields_to, foes = _matrices(ways, chosen, rows)
    chains = [ways.chain(each) for each in chosen]
    return Movements(
        nodes=_in_order(node.name for node, _ in rows),
        lanes=tuple(lanes),
        outs=tuple(outs),
        links=np.array([each.link for each in chosen], dtype=np.int64),
        lane_of=_places([each.tail_lane for each in chosen], lanes, pedestrian),
        out_of=_places([each.head_lane for each in chosen], outs, pedestrian),
        via_length_m=np.array([sum(lane.length_m for lane in c) for c in chains], dtype=np.float64),
        via_speed_mps=np.array(
            [_speed(net, each, chain) for each, chain in zip(chosen, chains, strict=True)],
            dtype=np.float64,
        ),
        turn=tuple(WALK if p else _turn(each) for each, p in zip(chosen, pedestrian, strict=True)),
        pedestrian=pedestrian,
        yields_to=yields_to,
        conflicts=foes,
    )


def _row_of(ways: Ways, connection: Connection) -> tuple[Node, int]:
    found = ways.row(connection)
    if found is not None:
        return found
    net = ways.net
    node = net.nodes.get(net.edges[connection.tail].head)
    if node is None or ways.is_crossing(connection):
        raise InputError(
            f"<connection> from {connection.tail_lane!r} to {connection.head_lane!r} leads across "
            "no junction of the file; write the network anew with netconvert",
            path=net.path,
            line=connection.line,
        )
    return node, _counted_row(ways, node, connection)


def _counted_row(ways: Ways, node: Node, connection: Connection) -> int:
    """The row of a connection in a network without lanes inside nodes: counted lane by lane."""
    row = 0
    for lane in node.incoming:
        for each in ways.leaving.get(lane, ()):
            if each is connection:
                return row
            row += 1
    raise InputError(
        f"junction {node.name!r} does not list lane {connection.tail_lane!r} in incLanes; "
        "write the network anew with netconvert",
        path=ways.net.path,
        line=node.line,
    )


def _matrices(
    ways: Ways, chosen: Sequence[Connection], rows: Sequence[tuple[Node, int]]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Who yields to whom, and who is in whose way (made symmetric)."""
    net, count = ways.net, len(chosen)
    yields_to = np.zeros((count, count), dtype=np.bool_)
    foes = np.zeros((count, count), dtype=np.bool_)
    at: dict[str, list[int]] = {}
    for i, (node, _) in enumerate(rows):
        at.setdefault(node.name, []).append(i)
    for name, here in at.items():
        node = net.nodes[name]
        if not node.foes:
            _cross_by_shape(ways, chosen, here, foes)
            continue
        for i in here:
            row = rows[i][1]
            if row not in node.foes:
                raise InputError(
                    f"<junction id={name!r}> has no <request index={row}> for the way from "
                    f"{chosen[i].tail_lane!r} to {chosen[i].head_lane!r}; write the network anew "
                    "with netconvert",
                    path=net.path,
                    line=node.line,
                )
            for k in here:
                column = rows[k][1]
                yields_to[i, k] = _bit(net, node, node.response[row], column)
                foes[i, k] = _bit(net, node, node.foes[row], column)
    foes |= foes.T
    foes |= yields_to | yields_to.T
    np.fill_diagonal(foes, False)
    return yields_to, foes


def _cross_by_shape(
    ways: Ways, chosen: Sequence[Connection], here: Sequence[int], foes: NDArray[np.bool_]
) -> None:
    """Conflicts at a node without a right-of-way table (`traffic_light_unregulated`).

    Two ways from different lanes are in each other's way if they end in one lane or their lines
    meet.
    """
    lines = {i: way_across(ways, chosen[i]) for i in here}
    for i in here:
        for k in here:
            if k >= i or chosen[i].tail_lane == chosen[k].tail_lane:
                continue
            merge = chosen[i].head_lane == chosen[k].head_lane
            foes[i, k] = merge or lines_meet(lines[i], lines[k])


def way_across(ways: Ways, connection: Connection) -> tuple[Point, ...]:
    """The line that a movement follows across its node."""
    chain = ways.chain(connection)
    if chain:
        return tuple(point for lane in chain for point in lane.shape)
    ends = (ways.net.lanes[connection.tail_lane].shape, ways.net.lanes[connection.head_lane].shape)
    return (*ends[0][-1:], *ends[1][:1])


def lines_meet(one: Sequence[Point], other: Sequence[Point]) -> bool:
    """True if two lines of straight legs touch or cross.

    Two legs cross if the ends of each lie on both sides of the other.
    Source: Cormen et al. (2009), Introduction to Algorithms, section 33.1.
    """
    return any(
        _side(c, d, a) * _side(c, d, b) <= 0.0 and _side(a, b, c) * _side(a, b, d) <= 0.0
        for a, b in pairwise(one)
        for c, d in pairwise(other)
        if max(a[0], b[0]) >= min(c[0], d[0])
        and max(c[0], d[0]) >= min(a[0], b[0])
        and max(a[1], b[1]) >= min(c[1], d[1])
        and max(c[1], d[1]) >= min(a[1], b[1])
    )


def _side(a: Point, b: Point, point: Point) -> float:
    return (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])


def _bit(net: NetworkFile, node: Node, bits: str, column: int) -> bool:
    if column >= len(bits):
        raise InputError(
            f"<junction id={node.name!r}> has a <request> of {len(bits)} bits, but {column + 1} "
            "ways lead across it; write the network anew with netconvert",
            path=net.path,
            line=node.line,
        )
    return bits[-1 - column] == "1"


def _turn(connection: Connection) -> str:
    letter = "t" if connection.turn == "T" else connection.turn
    return letter if letter in TURNS else "s"


def _speed(net: NetworkFile, connection: Connection, chain: Sequence[Lane]) -> float:
    if chain:
        return min(lane.speed_mps for lane in chain)
    return min(net.lanes[n].speed_mps for n in (connection.tail_lane, connection.head_lane))


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _places(
    names: Sequence[str], known: Sequence[str], pedestrian: NDArray[np.bool_]
) -> NDArray[np.int64]:
    where = {name: i for i, name in enumerate(known)}
    found = [-1 if p else where[n] for n, p in zip(names, pedestrian, strict=True)]
    return np.array(found, dtype=np.int64)
