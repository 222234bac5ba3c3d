"""What is connected to what: parts of a network, loops, and where dry-weather flow goes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

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
