"""Can the water of a network get out, and does SWMM route a network of this shape?

SWMM wants a tree for kinematic wave and steady routing, and little more than an outfall for dynamic
waves. Its error numbers stand in the notices.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jialing.core.errors import InputError
from jialing.domains.water.inp import InpFile, Notice
from jialing.domains.water.links import REGULATORS, LinkKind, Links
from jialing.domains.water.nodes import NodeKind, Nodes
from jialing.domains.water.options import Options
from jialing.domains.water.topology import nodes_in_loops, outgoing, parts


def check_connections(
    inp: InpFile, options: Options, nodes: Nodes, links: Links, notices: list[Notice]
) -> None:
    """Refuse a network that nothing can leave; note what SWMM refuses, and parts without exit.

    Raises InputError if there is no way out at all, or a loop of junctions without one.
    """
    if not len(nodes):
        raise InputError("the file has no nodes, so there is nothing to control", path=inp.path)
    ways = outgoing(nodes, links)
    if options.routing == "DYNWAVE":
        exits = nodes.kind == NodeKind.OUTFALL
        _check_general(nodes, links, ways, notices)
    else:
        exits = nodes.kind == NodeKind.OUTFALL
        ends = np.array([not out for out in ways], dtype=np.bool_)
        exits |= ends & (nodes.kind != NodeKind.STORAGE)
        _check_tree(nodes, links, ways, notices)
    if not exits.any():
        raise InputError(
            "[OUTFALLS] the network has no outfall, so no water can leave it; SWMM needs at least "
            "one. Add one; the file may have been cut off.",
            path=inp.path,
            line=inp.header_line("OUTFALLS") or int(nodes.line[-1]),
        )
    _check_parts(inp, nodes, links, np.flatnonzero(exits), notices)


def _refuse(notices: list[Notice], line: int, text: str, error: int) -> None:
    notices.append(Notice(line, f"{text}; SWMM stops here (error {error})", refused=True))


def _check_general(
    nodes: Nodes, links: Links, ways: list[list[int]], notices: list[Notice]
) -> None:
    """Shapes that dynamic wave routing refuses."""
    degree = np.bincount(np.concatenate((links.from_node, links.to_node)), minlength=len(nodes))
    for i in nodes.of_kind(NodeKind.OUTFALL):
        line, name = int(nodes.line[i]), nodes.names[i]
        if degree[i] > 1:
            text = f"[OUTFALLS] {name} has {degree[i]} links, SWMM allows one"
            _refuse(notices, line, text, 141)
        elif degree[i] == 0:
            notices.append(Notice(line, f"[OUTFALLS] {name} has no link"))
    for i, section in enumerate(links.sections):
        pump = links.pump_curve.get(i)
        dummy = section is not None and section.shape == "DUMMY" and links.kind[i] == 0
        if not dummy and (pump is None or pump.kind != "IDEAL"):
            continue
        tail = int(links.from_node[i])
        if len(ways[tail]) > 1:
            what = "ideal pump" if pump else "DUMMY conduit"
            text = f"{what} {links.names[i]!r} is not the only way out of {nodes.names[tail]!r}"
            _refuse(notices, int(links.line[i]), text, 134)


def _check_tree(nodes: Nodes, links: Links, ways: list[list[int]], notices: list[Notice]) -> None:
    """Shapes that kinematic wave and steady routing refuse."""
    most = {NodeKind.JUNCTION: 1, NodeKind.DIVIDER: 2, NodeKind.OUTFALL: 0}
    error = {NodeKind.JUNCTION: 133, NodeKind.DIVIDER: 135, NodeKind.OUTFALL: 141}
    for i, out in enumerate(ways):
        kind = NodeKind(int(nodes.kind[i]))
        if kind is not NodeKind.STORAGE and len(out) > most[kind]:
            text = (
                f"{kind.name.lower()} {nodes.names[i]!r} has {len(out)} ways out, without dynamic "
                f"wave routing SWMM allows {most[kind]}"
            )
            _refuse(notices, int(nodes.line[i]), text, error[kind])
    for i, kind_number in enumerate(links.kind.tolist()):
        line, name = int(links.line[i]), links.names[i]
        tail = int(links.from_node[i])
        if LinkKind(kind_number) in REGULATORS and nodes.kind[tail] != NodeKind.STORAGE:
            text = f"{name!r} leaves {nodes.names[tail]!r}, without dynamic wave routing SWMM wants"
            _refuse(notices, line, f"{text} a storage there", 139)
        elif kind_number == LinkKind.CONDUIT and links.slope[i] < 0.0:
            _refuse(notices, line, f"[CONDUITS] {name} rises, which only dynamic waves can", 115)
    looped = nodes_in_loops(nodes, links)
    if looped.any():
        first = int(np.flatnonzero(looped)[0])
        text = f"{int(looped.sum())} nodes, first {nodes.names[first]!r}, lie in loops, which only"
        _refuse(notices, int(nodes.line[first]), f"{text} dynamic waves can", 131)


def _check_parts(
    inp: InpFile, nodes: Nodes, links: Links, exits: NDArray[np.int64], notices: list[Notice]
) -> None:
    """Connected parts without exit: an error if they are loops of junctions, else a notice."""
    part = parts(nodes, links)
    linked = np.zeros(len(nodes), dtype=np.bool_)
    linked[links.from_node], linked[links.to_node] = True, True
    stuck = ~np.isin(part, part[exits]) & linked
    if not stuck.any():
        return
    looped = nodes_in_loops(nodes, links) & stuck
    for number in np.unique(part[stuck]).tolist():
        inside = np.flatnonzero(part == number)
        first = nodes.names[inside[0]]
        text = f"{len(inside)} connected nodes, first {first!r}, have no outfall"
        line = int(nodes.line[inside[0]])
        if looped[inside].any() and not np.any(nodes.kind[inside] == NodeKind.STORAGE):
            raise InputError(
                f"{text} and form a loop, so their water can only flood. Connect them to an outfall.",
                path=inp.path,
                line=line,
            )
        notices.append(Notice(line, f"{text}; their water can only be stored or flood"))
