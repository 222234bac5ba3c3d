"""What can a decision change? The rest of a network is rolled once per forecast, exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import DTypeLike

from jialing.core.network import OUTSIDE, FlowNetwork, IntArray
from jialing.core.signal import FloatArray
from jialing.methods.compiled import Compiled, Floats, Mask, compile_network
from jialing.methods.problem import Problem
from jialing.methods.reduce import downstream_of
from jialing.methods.rollout import Workspace


@dataclass(frozen=True, kw_only=True)
class Settled:
    """A problem after the part that no decision reaches was rolled.

    Attributes
    ----------
    problem : for the reached part; what flows into it from the rest is part of its inflow
    costs : [S] cost of the rest
    """

    problem: Problem
    costs: FloatArray


@dataclass(frozen=True, kw_only=True)
class Reach:
    """A network parted into what actuators reach and what they do not.

    The reached part is every store above an actuator's link and all that lies downstream of one,
    by links or by spill. Costs and gradients on it equal those on the whole network.

    Attributes
    ----------
    whole : the network
    reached : the reached part, with all actuators
    rest : the other part, without actuators; None where everything (or nothing) is reached
    stores, links : [reached] indices in the whole network
    rest_stores, rest_links : [rest] indices in the whole network
    """

    whole: Compiled
    reached: Compiled
    rest: Compiled | None
    stores: IntArray
    links: IntArray
    rest_stores: IntArray
    rest_links: IntArray

    def settle(self, problem: Problem) -> Settled:
        """Roll the rest once and hand its outflow to the reached part."""
        if self.rest is None:
            return Settled(problem=problem, costs=np.zeros(problem.scenarios))
        net, tables = self.whole.net, self.whole.tables
        place = np.full(self.whole.stores + 1, OUTSIDE, dtype=np.int64)
        place[self.stores] = np.arange(self.stores.size)
        links = np.flatnonzero(place[net.link_to[self.rest_links]] != OUTSIDE)
        spills = np.flatnonzero(place[net.store_spill_to[self.rest_stores]] != OUTSIDE)
        space = Workspace(self.rest, self._rest_of(problem))
        costs, passed, spilled = space.leaving(np.empty((problem.steps, 0)), links, spills)
        inflow = self._own_inflow(problem)
        for n, link in enumerate(self.rest_links[links]):
            head, lag, late = net.link_to[link], int(tables.lag[link]), float(tables.late[link])
            into, leftover = inflow[:, place[head]], problem.price_leftover[head]
            costs = costs + self._arrive(into, passed[:, n], lag, 1.0 - late, leftover)
            if late > 0.0:
                costs = costs + self._arrive(into, passed[:, n], lag + 1, late, leftover)
        for n, store in enumerate(self.rest_stores[spills]):
            head, lag = net.store_spill_to[store], int(tables.spill_lag[store])
            into, leftover = inflow[:, place[head]], problem.price_leftover[head]
            costs = costs + self._arrive(into, spilled[:, n], lag, 1.0, leftover)
        if problem.transit is not None:
            known = problem.transit[:, : problem.steps].astype(inflow.dtype)
            for link in self.rest_links[links]:
                inflow[: known.shape[1], place[net.link_to[link]]] += known[link][:, None]
        return Settled(problem=self._reached_of(problem, inflow), costs=costs)

    def _arrive(
        self, inflow: Floats, amount: Floats, lag: int, share: float, leftover: float
    ) -> FloatArray:
        """Let a share of `amount` [T, S] flow in `lag` steps later; cost of what comes too late."""
        in_time = max(len(amount) - lag, 0)
        inflow[lag:] += amount[:in_time] * amount.dtype.type(share / self.whole.step_s)
        cost: FloatArray = leftover * share * amount[in_time:].sum(axis=0, dtype=np.float64)
        return cost

    def _own_inflow(self, problem: Problem) -> Floats:
        """[T, reached stores, S] inflow that the reached stores receive themselves."""
        kind = self.whole.dtype
        source = self.stores if problem.source is None else problem.source[self.stores]
        gain = np.ones(self.stores.size) if problem.gain is None else problem.gain[self.stores]
        inflow = problem.inflow[:, source].astype(kind)
        inflow *= np.where(source == OUTSIDE, 0.0, gain).astype(kind)[:, None]
        return inflow

    def _reached_of(self, problem: Problem, inflow: Floats) -> Problem:
        part = _part_of(problem, self.stores, self.links)
        return replace(part, inflow=inflow, source=None, gain=None)

    def _rest_of(self, problem: Problem) -> Problem:
        part = _part_of(problem, self.rest_stores, self.rest_links)
        if problem.source is None:
            part = replace(part, inflow=problem.inflow[:, self.rest_stores])
        return replace(part, price_travel=np.empty(0), u0=np.empty(0))


def split_reach(net: FlowNetwork, step_s: float, *, dtype: DTypeLike = np.float64) -> Reach:
    """Part `net` into what its actuators reach and the rest; done once per network."""
    whole = compile_network(net, step_s, dtype=dtype)
    seeds = np.zeros(whole.stores, dtype=np.bool_)
    seeds[net.link_from[net.link_actuator != OUTSIDE]] = True
    reached = downstream_of(net, seeds)
    if not reached.any():
        reached[:] = True
    complete = bool(reached.all())
    return Reach(
        whole=whole,
        reached=whole if complete else _compile_part(whole, reached, net.actuator_names),
        rest=None if complete else _compile_part(whole, ~reached, ()),
        stores=np.flatnonzero(reached),
        links=np.flatnonzero(reached[net.link_from]),
        rest_stores=np.flatnonzero(~reached),
        rest_links=np.flatnonzero(~reached[net.link_from]),
    )


def _part_of(problem: Problem, stores: IntArray, links: IntArray) -> Problem:
    return replace(
        problem,
        v0=problem.v0[stores],
        price_spill=problem.price_spill[stores],
        price_limit=problem.price_limit[links],
        price_leftover=problem.price_leftover[stores],
        scale=None if problem.scale is None else problem.scale[:, links],
        transit=None if problem.transit is None else problem.transit[links],
        source=None if problem.source is None else problem.source[stores],
        gain=None if problem.gain is None else problem.gain[stores],
    )


def _compile_part(whole: Compiled, members: Mask, actuator_names: tuple[str, ...]) -> Compiled:
    """The stores in `members`; what leaves them for other stores leaves the network."""
    net = whole.net
    stores, links = np.flatnonzero(members), np.flatnonzero(members[net.link_from])
    place = np.full(whole.stores + 1, OUTSIDE, dtype=np.int64)  # the last entry serves OUTSIDE
    place[stores] = np.arange(stores.size)
    part = FlowNetwork(
        store_names=tuple(net.store_names[i] for i in stores),
        store_full=net.store_full[stores],
        store_spill_to=place[net.store_spill_to[stores]],
        link_names=tuple(net.link_names[i] for i in links),
        link_from=place[net.link_from[links]],
        link_to=place[net.link_to[links]],
        link_delay_s=net.link_delay_s[links],
        link_actuator=net.link_actuator[links],
        rating_fill=net.rating_fill,
        link_rating=net.link_rating[links],
        link_limit=net.link_limit[links],
        actuator_names=actuator_names,
        unit=net.unit,
    )
    order = whole.tables.order
    return compile_network(
        part, whole.step_s, dtype=whole.dtype, order=place[order[members[order]]]
    )
