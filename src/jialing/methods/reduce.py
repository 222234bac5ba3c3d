"""Which stores can a decision do without? Passive ones collapse into travel times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jialing.core.network import OUTSIDE, FlowNetwork, IntArray
from jialing.core.signal import FloatArray
from jialing.methods.compiled import Floats, Mask
from jialing.methods.kernels import convolve


@dataclass(frozen=True, kw_only=True)
class Collapse:
    """A smaller network, and where the inflow of the full one enters it.

    Attributes
    ----------
    net : the stores that are left, with every actuator of the full network
    kept : [stores left] their index in the full network
    links : [links left] their index in the full network
    target : [stores of the full network] store of `net` that receives its inflow, or OUTSIDE
    travel_s : [stores of the full network] how much later [s]
    """

    net: FlowNetwork
    kept: IntArray
    links: IntArray
    target: IntArray
    travel_s: FloatArray

    def inflow(
        self,
        values: Floats,
        step_s: float,
        *,
        source: IntArray | None = None,
        gain: FloatArray | None = None,
    ) -> Floats:
        """Inflow [T, stores left, S] of the smaller network.

        Parameters
        ----------
        values : [T, sources, S] inflow of the full network
        step_s : step length [s]; travel times are split linearly between two steps
        source, gain : as in `Problem`; None: one source per store, taken once
        """
        stores = self.target.size
        column = np.arange(stores) if source is None else source
        factor = np.ones(stores) if gain is None else gain
        enters = np.flatnonzero((self.target != OUTSIDE) & (column != OUTSIDE))
        steps = self.travel_s[enters] / step_s
        lag = np.floor(steps).astype(np.int64)
        late = steps - lag
        where = np.concatenate([enters, enters])
        lags = np.concatenate([lag, lag + 1])
        share = np.concatenate([1.0 - late, late]) * factor[where]
        # Stores that share target, source and lag act as one.
        key = np.stack([self.target[where], column[where], lags])
        alike, member = np.unique(key, axis=1, return_inverse=True)
        total = np.bincount(member.ravel(), weights=share, minlength=alike.shape[1])
        out = np.zeros((values.shape[0], self.kept.size, values.shape[2]), dtype=values.dtype)
        convolve(values, alike[0], alike[1], alike[2], total.astype(values.dtype), out)
        return out


def collapse_passive(net: FlowNetwork, keep: IntArray | None = None) -> Collapse:
    """Collapse every store that no decision reaches into the travel time of its inflow.

    Kept are: the stores in `keep`; the upstream stores of actuators; stores with several links or
    none, with a priced link, or that spill into the network; stores where branches with an
    actuator upstream join; and, between two such stores, the one with the least capacity, because
    it decides what can pass. A collapsed store delays by its residence time, the shortest time in
    which any content of its rating runs out, plus the travel time of its link. What collapsed
    stores could hold or spill is lost to the reduced model; `net.notes` says how much.
    """
    stores = len(net.store_names)
    out_count = np.bincount(net.link_from, minlength=stores)
    fixed = out_count != 1
    fixed[net.link_from[net.link_actuator != OUTSIDE]] = True
    fixed[net.link_from[np.isfinite(net.link_limit)]] = True
    fixed[net.store_spill_to != OUTSIDE] = True
    if keep is not None:
        fixed[keep] = True
    only = np.full(stores, OUTSIDE, dtype=np.int64)  # the only link of a store
    only[net.link_from] = np.arange(net.link_from.size)
    after = np.where(only == OUTSIDE, OUTSIDE, net.link_to[only])
    _keep_one_of_each_circle(fixed, after)
    controlled = downstream_of(net, fixed)
    branches = np.bincount(
        net.link_to[controlled[net.link_from] & (net.link_to != OUTSIDE)], minlength=stores
    )
    fixed |= controlled & (branches > 1)
    _keep_bottlenecks(fixed, controlled, after, net.link_rating.max(axis=1)[only])
    return _without(net, fixed, only, after)


def _keep_one_of_each_circle(fixed: Mask, after: IntArray) -> None:
    """A circle of passive stores would swallow its inflow: keep its lowest-numbered store."""
    seen = np.where(fixed, 2, 0)  # 0 new, 1 on the current path, 2 done
    for first in range(fixed.size):
        path = []
        i = first
        while i != OUTSIDE and seen[i] == 0:
            seen[i] = 1
            path.append(i)
            i = int(after[i])
        if i != OUTSIDE and seen[i] == 1:
            fixed[min(path[path.index(i) :])] = True
        seen[path] = 2


def downstream_of(net: FlowNetwork, seeds: Mask) -> Mask:
    """Stores that are seeds or can receive from one, by links or by spill."""
    reached = seeds.copy()
    spills = np.flatnonzero(net.store_spill_to != OUTSIDE)
    tails = np.concatenate([net.link_from, spills])
    by_tail = np.argsort(tails, kind="stable")
    counts = np.bincount(tails, minlength=seeds.size)
    start = np.concatenate([[0], np.cumsum(counts)]).tolist()
    heads = np.concatenate([net.link_to, net.store_spill_to[spills]])[by_tail].tolist()
    waiting = np.flatnonzero(seeds).tolist()
    while waiting:
        i = waiting.pop()
        for head in heads[start[i] : start[i + 1]]:
            if head != OUTSIDE and not reached[head]:
                reached[head] = True
                waiting.append(head)
    return reached


def _keep_bottlenecks(fixed: Mask, controlled: Mask, after: IntArray, capacity: FloatArray) -> None:
    """In each run of passive stores below a kept one, keep the store that can pass least."""
    inner = controlled & ~fixed
    begins = inner.copy()
    fed = after[inner]
    begins[fed[fed != OUTSIDE]] = False
    for first in np.flatnonzero(begins).tolist():
        i, least = first, first
        while i != OUTSIDE and inner[i]:
            if capacity[i] < capacity[least]:
                least = i
            i = int(after[i])
        fixed[least] = True


def _without(net: FlowNetwork, fixed: Mask, only: IntArray, after: IntArray) -> Collapse:
    stores = fixed.size
    points = net.rating_fill[1:] * net.store_full[:, None]
    capacity = net.link_rating[only][:, 1:]
    with np.errstate(divide="ignore"):
        residence = (points / capacity).min(axis=1)
    residence = np.where(np.isfinite(residence), residence, 0.0)
    # Pointer doubling: each round doubles how far a collapsed store looks downstream.
    sink = stores
    target = np.append(np.where(fixed, np.arange(stores), after), sink)
    target[target == OUTSIDE] = sink
    travel = np.append(np.where(fixed, 0.0, residence + net.link_delay_s[only]), 0.0)
    while True:
        further = target[target]
        if np.array_equal(further, target):
            break
        travel = travel + travel[target]
        target = further

    kept = np.flatnonzero(fixed)
    number = np.full(stores + 1, OUTSIDE, dtype=np.int64)
    number[kept] = np.arange(kept.size)
    links = np.flatnonzero(fixed[net.link_from])
    head = np.where(net.link_to[links] == OUTSIDE, sink, net.link_to[links])
    spill = net.store_spill_to[kept]
    gone = ~fixed
    notes = {
        **net.notes,
        "collapsed_stores": int(gone.sum()),
        "collapsed_content": float(net.store_full[gone].sum()),
        "longest_travel_s": float(travel.max(initial=0.0)),
    }
    small = FlowNetwork(
        store_names=tuple(net.store_names[i] for i in kept),
        store_full=net.store_full[kept],
        store_spill_to=number[target[np.where(spill == OUTSIDE, sink, spill)]],
        link_names=tuple(net.link_names[i] for i in links),
        link_from=number[net.link_from[links]],
        link_to=number[target[head]],
        link_delay_s=net.link_delay_s[links] + travel[head],
        link_actuator=net.link_actuator[links],
        rating_fill=net.rating_fill,
        link_rating=net.link_rating[links],
        link_limit=net.link_limit[links],
        actuator_names=net.actuator_names,
        unit=net.unit,
        notes=notes,
    )
    return Collapse(
        net=small,
        kept=kept,
        links=links,
        target=number[target[:-1]],
        travel_s=travel[:-1],
    )
