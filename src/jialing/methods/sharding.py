"""Which parts of a network can be planned apart? Independent districts, worked on side by side."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from jialing.core.network import OUTSIDE, FlowNetwork, IntArray
from jialing.core.signal import FloatArray
from jialing.methods.compiled import Compiled
from jialing.methods.plan import Plan, optimise
from jialing.methods.problem import Problem
from jialing.methods.reach import Reach, split_reach
from jialing.methods.rollout import Workspace


@dataclass(frozen=True, kw_only=True)
class District:
    """A part of a network that shares no link, spill or actuator with the rest.

    Attributes
    ----------
    reach : the part, compiled, and parted again into what its actuators reach and the rest
    stores, links, actuators : indices in the whole network
    """

    reach: Reach
    stores: IntArray
    links: IntArray
    actuators: IntArray

    @property
    def compiled(self) -> Compiled:
        return self.reach.whole

    def take(self, problem: Problem) -> Problem:
        """The problem of this part."""
        if problem.source is None:
            inflow, source = problem.inflow[:, self.stores], None
        else:
            used, local = np.unique(problem.source[self.stores], return_inverse=True)
            if used[0] == OUTSIDE:
                used, local = used[1:], local - 1
            inflow, source = problem.inflow[:, used], local.ravel()
        return replace(
            problem,
            v0=problem.v0[self.stores],
            inflow=inflow,
            source=source,
            gain=None if problem.gain is None else problem.gain[self.stores],
            price_spill=problem.price_spill[self.stores],
            price_limit=problem.price_limit[self.links],
            price_leftover=problem.price_leftover[self.stores],
            price_travel=problem.price_travel[self.actuators],
            u0=problem.u0[self.actuators],
            scale=None if problem.scale is None else problem.scale[:, self.links],
            transit=None if problem.transit is None else problem.transit[self.links],
        )


def split_districts(
    net: FlowNetwork, step_s: float, *, dtype: DTypeLike = np.float64
) -> tuple[District, ...]:
    """Cut `net` into its connected parts and compile each; done once per network."""
    stores, actuators = len(net.store_names), len(net.actuator_names)
    # Actuators count as nodes, so that the links of one actuator stay together.
    inside = net.link_to != OUTSIDE
    spills = np.flatnonzero(net.store_spill_to != OUTSIDE)
    moved = np.flatnonzero(net.link_actuator != OUTSIDE)
    ends = (
        (net.link_from[inside], net.link_to[inside]),
        (spills, net.store_spill_to[spills]),
        (net.link_from[moved], stores + net.link_actuator[moved]),
    )
    one = np.concatenate([a for a, _ in ends])
    other = np.concatenate([b for _, b in ends])
    label = _connected(stores + actuators, one, other)
    districts = []
    store_order = np.argsort(label[:stores], kind="stable")
    names, first = np.unique(label[store_order], return_index=True)
    link_label = label[net.link_from]
    link_order = np.argsort(link_label, kind="stable")
    actuator_order = np.argsort(label[stores:], kind="stable")
    for n, name in enumerate(names):
        last = first[n + 1] if n + 1 < len(names) else stores
        districts.append(
            _district(
                net,
                store_order[first[n] : last],
                _equal(link_order, link_label, name),
                _equal(actuator_order, label[stores:], name),
                step_s,
                dtype,
            )
        )
    return tuple(districts)


def optimise_districts(
    districts: Sequence[District],
    problem: Problem,
    start: FloatArray,
    *,
    threads: int = 1,
    **search: Any,
) -> Plan:
    """`optimise` for each district, `threads` at a time; the same plan for any number of threads.

    What no actuator reaches is rolled once. With expected cost this is the search on the whole
    network, except that each district keeps its own best iterate and scales its own steps. A tail
    risk is taken district by district, which never understates the tail of the sum. `search` goes
    to `optimise`.
    """

    def plan(district: District) -> Plan:
        settled = district.reach.settle(district.take(problem))
        compiled = district.reach.reached
        space = Workspace(compiled, settled.problem, beside=settled.costs)
        part = start[:, district.actuators]
        return optimise(compiled, settled.problem, part, space=space, **search)

    with ThreadPoolExecutor(max_workers=threads) as pool:
        plans = list(pool.map(plan, districts))
    u = start.astype(np.float64)
    for district, found in zip(districts, plans, strict=True):
        u[:, district.actuators] = found.u
    return Plan(
        u=u,
        cost=float(sum(found.cost for found in plans)),
        costs=np.sum([found.costs for found in plans], axis=0),
    )


def _connected(nodes: int, one: IntArray, other: IntArray) -> IntArray:
    """[nodes] the lowest node that each is connected to."""
    label = np.arange(nodes)
    while True:
        low = label.copy()
        np.minimum.at(low, one, label[other])
        np.minimum.at(low, other, label[one])
        np.minimum.at(low, label, low)  # a label that found a lower one takes its followers along
        low = low[low]
        if np.array_equal(low, label):
            return label
        label = low


def _equal(order: IntArray, values: IntArray, value: int) -> IntArray:
    """Indices where `values` equals `value`, given the order that sorts `values`."""
    ranked = values[order]
    return order[np.searchsorted(ranked, value) : np.searchsorted(ranked, value, side="right")]


def _district(
    net: FlowNetwork,
    stores: IntArray,
    links: IntArray,
    actuators: IntArray,
    step_s: float,
    dtype: DTypeLike,
) -> District:
    def local(indices: IntArray, members: IntArray) -> IntArray:
        at = np.searchsorted(members, indices)
        return np.where(indices == OUTSIDE, OUTSIDE, at)

    part = FlowNetwork(
        store_names=tuple(net.store_names[i] for i in stores),
        store_full=net.store_full[stores],
        store_spill_to=local(net.store_spill_to[stores], stores),
        link_names=tuple(net.link_names[i] for i in links),
        link_from=local(net.link_from[links], stores),
        link_to=local(net.link_to[links], stores),
        link_delay_s=net.link_delay_s[links],
        link_actuator=local(net.link_actuator[links], actuators),
        rating_fill=net.rating_fill,
        link_rating=net.link_rating[links],
        link_limit=net.link_limit[links],
        actuator_names=tuple(net.actuator_names[i] for i in actuators),
        unit=net.unit,
    )
    return District(
        reach=split_reach(part, step_s, dtype=dtype),
        stores=stores,
        links=links,
        actuators=actuators,
    )
