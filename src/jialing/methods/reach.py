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
        outcome = Workspace(self.rest, self._rest_of(problem)).trace(
            np.empty((problem.steps, 0)), contents=False
        )
        inflow = self._own_inflow(problem)
        costs = outcome.costs
        net, tables = self.whole.net, self.whole.tables
        place = np.full(self.whole.stores + 1, OUTSIDE, dtype=np.int64)
        place[self.stores] = np.arange(self.stores.size)
        crossing = np.flatnonzero(place[net.link_to[self.rest_links]] != OUTSIDE)
        if outcome.q is not None:
            for n in crossing:
                link = self.rest_links[n]
                head = net.link_to[link]
                late = float(tables.late[link])
                for lag, share in ((0, 1.0 - late), (1, late)):
                    costs = costs + self._arrive(
                        inflow[:, place[head]],
                        outcome.q[:, n] * inflow.dtype.type(share),
                        int(tables.lag[link]) + lag,
                        problem.price_leftover[head],
                    )
        if outcome.spill is not None:
            spills = place[net.store_spill_to[self.rest_stores]] != OUTSIDE
            for n in np.flatnonzero(spills):
                store = self.rest_stores[n]
                head = net.store_spill_to[store]
                costs = costs + self._arrive(
                    inflow[:, place[head]],
                    outcome.spill[:, n] / inflow.dtype.type(self.whole.step_s),
                    int(tables.spill_lag[store]),
                    problem.price_leftover[head],
                )
        if problem.transit is not None:
            known = problem.transit[:, : problem.steps].astype(inflow.dtype)
            for link in self.rest_links[crossing]:
                inflow[: known.shape[1], place[net.link_to[link]]] += known[link][:, None]
        return Settled(problem=self._reached_of(problem, inflow), costs=costs)

    def _arrive(self, inflow: Floats, flow: Floats, lag: int, leftover: float) -> FloatArray:
        """Add `flow` [T, S] to `inflow` `lag` steps later; cost of what is still under way."""
        steps = len(flow)
        if lag < steps:
            inflow[lag:] += flow[: steps - lag]
        under_way = flow[max(steps - lag, 0) :].sum(axis=0, dtype=np.float64)
        cost: FloatArray = leftover * self.whole.step_s * under_way
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
