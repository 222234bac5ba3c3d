"""What is connected to what: parts of a network, loops, and where dry-weather flow goes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from jialing.core.errors import InputError
from jialing.domains.water.inp import InpFile, Notice
from jialing.domains.water.links import LinkKind, Links
from jialing.domains.water.nodes import NodeKind, Nodes

SAME_HEIGHT_M = 1e-3  # links whose inlets differ by less are equally low


def outgoing(nodes: Nodes, links: Links) -> list[list[int]]:
    """[nodes] links that leave each node, in file order and direction."""
    out: list[list[int]] = [[] for _ in range(len(nodes))]
    for link, node in enumerate(links.from_node.tolist()):
        out[node].append(link)
    return out


def parts(nodes: Nodes, links: Links) -> NDArray[np.int64]:
    """[nodes] number of the connected part each node belongs to, whatever the direction."""
    root = list(range(len(nodes)))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for a, b in zip(links.from_node.tolist(), links.to_node.tolist(), strict=True):
        root[find(a)] = find(b)
    return np.array([find(i) for i in range(len(nodes))], dtype=np.int64)


def nodes_in_loops(nodes: Nodes, links: Links) -> NDArray[np.bool_]:
    """[nodes] True where peeling off sources and sinks again and again leaves a node standing."""
    count = len(nodes)
    inside = np.ones(count, dtype=np.bool_)
    for tails, heads in ((links.from_node, links.to_node), (links.to_node, links.from_node)):
        waiting = np.zeros(count, dtype=np.int64)
        follow: list[list[int]] = [[] for _ in range(count)]
        for tail, head in zip(tails.tolist(), heads.tolist(), strict=True):
            if inside[tail] and inside[head]:
                waiting[head] += 1
                follow[tail].append(head)
        ready = [i for i in range(count) if inside[i] and waiting[i] == 0]
        while ready:
            i = ready.pop()
            inside[i] = False
            for head in follow[i]:
                waiting[head] -= 1
                if waiting[head] == 0:
                    ready.append(head)
    return inside


def lowest_ways(nodes: Nodes, links: Links, ways: list[list[int]]) -> list[list[int]]:
    """[nodes] the links by which dry-weather flow leaves each node.

    Weirs and the diverted link of a divider count only where there is no other way out; of
    conduits, orifices, outlets and pumps only those whose inlet is the lowest.
    """
    diverted = {
        at: links.lookup.find(divider.link)
        for at, divider in nodes.dividers.items()
        if divider.link
    }
    kind, height = links.kind.tolist(), links.offset_from_m.tolist()
    lowest: list[list[int]] = []
    for node, out in enumerate(ways):
        if len(out) < 2:
            lowest.append(out)
            continue
        plain = [i for i in out if kind[i] != LinkKind.WEIR and i != diverted.get(node)] or out
        bottom = min(height[i] for i in plain) + SAME_HEIGHT_M
        lowest.append([i for i in plain if height[i] <= bottom])
    return lowest


def main_ways(nodes: Nodes, links: Links, ways: list[list[int]]) -> NDArray[np.int64]:
    """[nodes] the one link most of the dry-weather flow takes; -1 at a dead end."""
    size = np.nan_to_num(links.full_area_m2, nan=0.0).tolist()
    return np.array(
        [max(low, key=size.__getitem__) if low else -1 for low in lowest_ways(nodes, links, ways)],
        dtype=np.int64,
    )


def dry_weather_outfalls(nodes: Nodes, links: Links, sources: Iterable[int]) -> set[int]:
    """Outfalls that water from `sources` reaches over `lowest_ways`."""
    lowest = lowest_ways(nodes, links, outgoing(nodes, links))
    to_node = links.to_node.tolist()
    seen, waiting = set(sources), list(sources)
    while waiting:
        for i in lowest[waiting.pop()]:
            if to_node[i] not in seen:
                seen.add(to_node[i])
                waiting.append(to_node[i])
    return {i for i in seen if nodes.kind[i] == NodeKind.OUTFALL}


def check_connections(inp: InpFile, nodes: Nodes, links: Links, notices: list[Notice]) -> None:
    """Refuse a network that nothing can leave; note parts of it that nothing can leave.

    Raises InputError if there is no outfall at all, or a loop of junctions without one.
    """
    outfalls = nodes.of_kind(NodeKind.OUTFALL)
    if not len(nodes):
        raise InputError("the file has no nodes, so there is nothing to control", path=inp.path)
    if not outfalls:
        line = inp.header_line("OUTFALLS") or int(nodes.line[-1])
        raise InputError(
            "[OUTFALLS] the network has no outfall, so no water can leave it; SWMM needs at least "
            "one. Add one; the file may have been cut off.",
            path=inp.path,
            line=line,
        )
    _check_outfalls(nodes, links, outfalls, notices)
    part = parts(nodes, links)
    drained = np.isin(part, part[outfalls])
    linked = np.zeros(len(nodes), dtype=np.bool_)
    linked[links.from_node], linked[links.to_node] = True, True
    stuck = ~drained & linked
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


def _check_outfalls(nodes: Nodes, links: Links, outfalls: list[int], notices: list[Notice]) -> None:
    """SWMM wants one link at an outfall."""
    ends = np.concatenate((links.from_node, links.to_node))
    degree = np.bincount(ends, minlength=len(nodes))
    for i in outfalls:
        if degree[i] > 1:
            notices.append(
                Notice(
                    int(nodes.line[i]),
                    f"[OUTFALLS] {nodes.names[i]} has {degree[i]} links; SWMM allows one and stops "
                    "here (error 141)",
                    refused=True,
                )
            )
        elif degree[i] == 0:
            notices.append(Notice(int(nodes.line[i]), f"[OUTFALLS] {nodes.names[i]} has no link"))
