"""How small can a SWMM network become without losing anything that control can change?

Water that no actuator or storage can hold back is forecast, not controlled. So:

1. Storages and both ends of every actuator are kept; every node downstream of one of them is
   *reached*.
2. Nodes that are not reached collapse: their inflow arrives at the first reached node on the way
   dry-weather flow takes, after the travel time at full flow.
3. Of the reached nodes, those in a plain chain of conduits (one way in, one way out) become part
   of the link that passes them; what such a link carries is bounded by its tightest conduit.

Kept nodes are stores. Their content is the storage volume plus what the conduits behind them hold
when the water stands level with the store (level pool, up to the lowest manhole on it; none under
kinematic wave or steady routing, which know no backwater). Ratings are nominal: regulators by
`hydraulics` with free outflow, conduits by Manning, above their crown by the square root of the
head. Where tailwater matters, a SWMM run of the file has to correct them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jialing.core.network import OUTSIDE, FlowNetwork, IntArray
from jialing.core.signal import FloatArray
from jialing.domains.water.hydraulics import law_of
from jialing.domains.water.links import LinkKind
from jialing.domains.water.model import WaterModel
from jialing.domains.water.nodes import NodeKind
from jialing.domains.water.pools import pool_contents
from jialing.domains.water.topology import main_ways, outgoing

RATING_FILL = np.array(
    [0.0, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
)
LEAST_STORE_M3 = 0.01
VELOCITY_M_S = (0.1, 6.0)  # bounds for travel times [m/s]
MOST_SURCHARGE = 2.0  # nominal flow of a surcharged conduit over its full flow, at most [1]
FREE_M3S = 100.0  # capacity of links without one: DUMMY conduits and ideal pumps [m³/s]


@dataclass(frozen=True, kw_only=True)
class Reduction:
    """A flow network and how it relates to the model it came from.

    Attributes
    ----------
    net : the network
    store_nodes : [stores] node of the model that each store is
    link_elements : [links] link of the model through which each network link leaves its store
    link_ends : [links] node of the model where each network link ends; an outfall if it leaves
    depth_table : [stores, points] depths from 0 to the spill level [m]
    content_table : [stores, points] content at those depths, pipes behind it included [m³]
    node_store : [nodes] store at which water entering a node arrives; OUTSIDE if at none
    node_delay_s : [nodes] how long that takes [s]
    """

    net: FlowNetwork
    store_nodes: tuple[int, ...]
    link_elements: tuple[int, ...]
    link_ends: tuple[int, ...]
    depth_table: FloatArray
    content_table: FloatArray
    node_store: IntArray
    node_delay_s: FloatArray

    def content(self, depth: FloatArray) -> FloatArray:
        """Content [..., stores] at depths [..., stores] [m³]."""
        out = np.empty_like(depth)
        for i in range(depth.shape[-1]):
            out[..., i] = np.interp(depth[..., i], self.depth_table[i], self.content_table[i])
        return out


def to_network(model: WaterModel, controlled: Sequence[int]) -> FlowNetwork:
    """The flow network on which the links `controlled` are decided."""
    return reduce_model(model, controlled).net


def reduce_model(
    model: WaterModel, controlled: Sequence[int], *, keep: Sequence[int] = ()
) -> Reduction:
    """Reduce `model` to what the links `controlled` can influence.

    Parameters
    ----------
    controlled : link indices, in the order of the network's actuators
    keep : nodes that stay stores of their own if they are reached, e.g. because they flood
    """
    ways = outgoing(model.nodes, model.links)
    reached = _reached(model, controlled, ways)
    kept = _kept(model, controlled, ways, reached)
    flooding = np.array(sorted(keep), dtype=np.int64)
    flooding = flooding[reached[flooding] & (model.nodes.kind[flooding] != NodeKind.OUTFALL)]
    kept[flooding] = True
    store_of = np.full(len(model.nodes), OUTSIDE, dtype=np.int64)
    stores = np.flatnonzero(kept)
    store_of[stores] = np.arange(len(stores))
    main = main_ways(model.nodes, model.links, ways)
    travel = _travel_s(model)
    arrival, delay = _follow(model, main, store_of, travel, conduits_only=False)
    pool, _ = _follow(model, main, store_of, travel, conduits_only=True)
    depth, content = pool_contents(model, stores, pool)
    chains = _chains(model, stores, ways, store_of, travel)
    net = FlowNetwork(
        store_names=tuple(model.nodes.names[i] for i in stores),
        store_full=np.maximum(content[:, -1], LEAST_STORE_M3),
        store_spill_to=np.full(len(stores), OUTSIDE, dtype=np.int64),
        link_names=tuple(model.links.names[c.first] for c in chains),
        link_from=np.array([c.tail for c in chains], dtype=np.int64),
        link_to=np.array([c.head for c in chains], dtype=np.int64),
        link_delay_s=np.array([c.delay_s for c in chains], dtype=np.float64),
        link_actuator=_actuators(chains, controlled),
        rating_fill=RATING_FILL,
        link_rating=_ratings(model, chains, depth, content),
        link_limit=np.full(len(chains), np.inf),
        actuator_names=tuple(model.links.names[i] for i in controlled),
        notes=_notes(model, stores, chains, reached, arrival, delay),
    )
    return Reduction(
        net=net,
        store_nodes=tuple(int(i) for i in stores),
        link_elements=tuple(c.first for c in chains),
        link_ends=tuple(int(model.links.to_node[c.links[-1]]) for c in chains),
        depth_table=depth,
        content_table=content,
        node_store=arrival,
        node_delay_s=delay,
    )


def _reached(
    model: WaterModel, controlled: Sequence[int], ways: list[list[int]]
) -> NDArray[np.bool_]:
    """[nodes] nodes that hold back water or lie downstream of one that does."""
    nodes, links = model.nodes, model.links
    reached = nodes.kind == NodeKind.STORAGE
    for i in controlled:
        reached[links.from_node[i]] = reached[links.to_node[i]] = True
    waiting = np.flatnonzero(reached).tolist()
    to_node = links.to_node.tolist()
    while waiting:
        for link in ways[waiting.pop()]:
            if not reached[to_node[link]]:
                reached[to_node[link]] = True
                waiting.append(to_node[link])
    return np.asarray(reached, dtype=np.bool_)


def _kept(
    model: WaterModel,
    controlled: Sequence[int],
    ways: list[list[int]],
    reached: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """[nodes] reached nodes that are more than a point on a chain; never an outfall."""
    nodes, links = model.nodes, model.links
    active = reached[links.from_node]
    ways_in = np.bincount(links.to_node[active], minlength=len(nodes))
    ways_out = np.array([len(out) for out in ways], dtype=np.int64)
    kept = reached & ((ways_in != 1) | (ways_out != 1))
    kept |= nodes.kind == NodeKind.STORAGE
    kept[links.from_node[active & (links.kind != LinkKind.CONDUIT)]] = True
    for i in controlled:
        kept[links.from_node[i]] = kept[links.to_node[i]] = True
    return np.asarray(kept & (nodes.kind != NodeKind.OUTFALL), dtype=np.bool_)


def _travel_s(model: WaterModel) -> FloatArray:
    """[links] time water takes through a link at full flow [s]."""
    links = model.links
    with np.errstate(invalid="ignore", divide="ignore"):
        velocity = np.clip(links.full_flow_m3s / links.full_area_m2, *VELOCITY_M_S)
        seconds = links.length_m / velocity
    real = (links.kind == LinkKind.CONDUIT) & np.isfinite(links.full_flow_m3s)
    return np.where(real & np.isfinite(seconds), seconds, 0.0)


def _follow(
    model: WaterModel,
    main: IntArray,
    store_of: IntArray,
    travel: FloatArray,
    *,
    conduits_only: bool,
) -> tuple[IntArray, FloatArray]:
    """[nodes] first store on the main way out of each node, and the time to it [s]."""
    count = len(model.nodes)
    store = store_of.tolist()
    delay = [0.0] * count
    done = [s != OUTSIDE for s in store]
    heads, conduit = model.links.to_node.tolist(), (model.links.kind == LinkKind.CONDUIT).tolist()
    via, seconds = main.tolist(), travel.tolist()
    for start in range(count):
        path, at = [], start
        while not done[at]:
            done[at] = True  # also ends a loop
            path.append(at)
            link = via[at]
            if link == OUTSIDE or (conduits_only and not conduit[link]):
                break
            at = heads[link]
        for node in reversed(path):
            link = via[node]
            if link == OUTSIDE or (conduits_only and not conduit[link]):
                continue
            store[node] = store[heads[link]]
            delay[node] = delay[heads[link]] + seconds[link]
    return np.array(store, dtype=np.int64), np.array(delay)


@dataclass(frozen=True, kw_only=True)
class _Chain:
    """Links of the model that become one link of the network."""

    tail: int
    head: int
    links: tuple[int, ...]
    delay_s: float

    @property
    def first(self) -> int:
        return self.links[0]


def _chains(
    model: WaterModel,
    stores: NDArray[np.int64],
    ways: list[list[int]],
    store_of: IntArray,
    travel: FloatArray,
) -> list[_Chain]:
    """Every way out of every store, up to the next store or out of the network."""
    chains = []
    heads = model.links.to_node.tolist()
    for tail, node in enumerate(stores.tolist()):
        for first in ways[node]:
            links, at = [first], heads[first]
            while store_of[at] == OUTSIDE and len(ways[at]) == 1 and len(links) <= len(heads):
                links.append(ways[at][0])
                at = heads[links[-1]]
            chains.append(
                _Chain(
                    tail=tail,
                    head=int(store_of[at]),
                    links=tuple(links),
                    delay_s=float(travel[links].sum()),
                )
            )
    return chains


def _actuators(chains: list[_Chain], controlled: Sequence[int]) -> IntArray:
    position = {link: k for k, link in enumerate(controlled)}
    return np.array([position.get(chain.first, OUTSIDE) for chain in chains], dtype=np.int64)


def _ratings(
    model: WaterModel, chains: list[_Chain], depth: FloatArray, content: FloatArray
) -> FloatArray:
    """[links, points] nominal capacity over the fill of the upstream store [m³/s]."""
    rating = np.zeros((len(chains), len(RATING_FILL)))
    full = np.maximum(content[:, -1], LEAST_STORE_M3)
    for row, chain in enumerate(chains):
        filled = content[chain.tail] / full[chain.tail]
        at = np.interp(RATING_FILL, filled, depth[chain.tail])
        rating[row] = _capacity(model, chain.first, at)
        for link in chain.links[1:]:
            node = int(model.links.from_node[link])
            rim = np.array([max(float(model.nodes.max_depth_m[node]), 1e-3)])
            rating[row] = np.minimum(rating[row], _capacity(model, link, rim)[0])
    return np.maximum.accumulate(np.maximum(rating, 0.0), axis=1)


def _capacity(model: WaterModel, link: int, depth: FloatArray) -> FloatArray:
    """Nominal flow of a fully open link at depths above the invert of its upstream node [m³/s]."""
    links, nodes = model.links, model.nodes
    pump = links.pump_curve.get(link)
    if pump is not None and pump.kind == "IDEAL":
        return np.full(len(depth), FREE_M3S)
    tail, head = int(links.from_node[link]), int(links.to_node[link])
    if links.kind[link] != LinkKind.CONDUIT:
        up = nodes.invert_m[tail] + depth
        down = np.full(len(depth), _tailwater(model, head))
        return np.maximum(law_of(model, link).flow(np.ones(len(depth)), up, down), 0.0)
    full = float(links.full_flow_m3s[link])
    if not np.isfinite(full):
        return np.full(len(depth), FREE_M3S)
    height = float(links.full_depth_m[link])
    wet = depth - float(links.offset_from_m[link])
    part = np.clip(wet / height, 0.0, 1.0)
    partial = full * np.clip(1.1 * part**1.7, 0.0, 1.0)  # close to Manning in a circle below 90 %
    fall = max(abs(float(links.slope[link])) * float(links.length_m[link]), 0.1 * height)
    surcharged = full * np.sqrt(1.0 + np.maximum(wet - height, 0.0) / fall)
    flow = np.where(wet > height, np.minimum(surcharged, MOST_SURCHARGE * full), partial)
    return np.minimum(np.where(wet > 0.0, flow, 0.0), float(links.flow_limit_m3s[link]))


def _tailwater(model: WaterModel, node: int) -> float:
    """Level below a regulator when nothing dams up [m above datum]."""
    bottom = float(model.nodes.invert_m[node])
    outfall = model.nodes.outfalls.get(node)
    if outfall is not None and outfall.kind == "FIXED":
        return max(bottom, outfall.stage_m)
    return bottom


def _notes(
    model: WaterModel,
    stores: NDArray[np.int64],
    chains: list[_Chain],
    reached: NDArray[np.bool_],
    arrival: IntArray,
    delay: FloatArray,
) -> dict[str, Any]:
    names = model.nodes.names
    collapsed = np.flatnonzero(~reached & (model.nodes.kind != NodeKind.OUTFALL))
    into: dict[str, dict[str, float]] = {}
    for node in collapsed.tolist():
        store = int(arrival[node])
        entry = into.setdefault(
            names[stores[store]] if store != OUTSIDE else "", {"nodes": 0, "longest_s": 0.0}
        )
        entry["nodes"] += 1
        entry["longest_s"] = max(entry["longest_s"], round(float(delay[node]), 1))
    outside = into.pop("", {"nodes": 0})
    return {
        "nodes": len(model.nodes),
        "links": len(model.links),
        "stores": len(stores),
        "network_links": len(chains),
        "collapsed_nodes": len(collapsed),
        "collapsed_into": dict(sorted(into.items())),
        "never_reaches_a_store": int(outside["nodes"]),
        "chained_nodes": int(reached.sum())
        - len(stores)
        - int(np.sum(reached & (model.nodes.kind == NodeKind.OUTFALL))),
        "unusable": [notice.text for notice in model.unusable],
    }
