"""Which flat tables does the rollout run on? A flow network, compiled once for one step length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from jialing.core.errors import InputError
from jialing.core.network import OUTSIDE, FlowNetwork, IntArray

Floats = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]

UNLIMITED = 1e30  # stands for "no limit" in the kernels; finite, so that float32 sums stay finite


class NetworkTables(NamedTuple):
    """The columns that the kernels read; flows are contents per step (capacity times dt).

    A rating is stored as ramps: capacity(x) = base + sum_k slope_k * max(min(x, top) - kink_k, 0).
    """

    order: IntArray  # [stores] stores in flow order
    link_start: IntArray  # [stores + 1] range of each store in `link`
    link: IntArray  # [links] links by upstream store, in the network's own order
    head: IntArray  # [links] downstream store; the number of stores stands for outside
    lag: IntArray  # [links] whole steps of travel
    late: Floats  # [links] share of the flow that arrives one step after `lag`
    actuator: IntArray  # [links] or OUTSIDE
    kink_start: IntArray  # [links + 1] range of each link in the two columns below
    kink: Floats  # content at which a ramp begins
    slope: Floats  # capacity per content of that ramp
    base: Floats  # [links] capacity of an empty store
    top: Floats  # [links] content above which the capacity stays
    limit: Floats  # [links] flow above which a price applies
    full: Floats  # [stores]
    spill_to: IntArray  # [stores] as `head`
    spill_lag: IntArray  # [stores] 0 or 1 steps
    plain: Mask  # [stores] one link with one ramp and whole steps of travel; spill leaves


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """A flow network as the kernels see it; numbering of stores, links, actuators is unchanged.

    Attributes
    ----------
    net : the network it was made from
    step_s : length of a step [s]
    dtype : precision of all tables, float64 or float32
    tables : the columns
    longest_lag : whole steps of the slowest link
    """

    net: FlowNetwork
    step_s: float
    dtype: np.dtype[Any]
    tables: NetworkTables
    longest_lag: int

    @property
    def stores(self) -> int:
        return len(self.net.store_names)

    @property
    def links(self) -> int:
        return len(self.net.link_names)

    @property
    def actuators(self) -> int:
        return len(self.net.actuator_names)


def compile_network(
    net: FlowNetwork,
    step_s: float,
    *,
    dtype: DTypeLike = np.float64,
    order: IntArray | None = None,
) -> Compiled:
    """Compile `net` for steps of `step_s` seconds.

    A travel time of d + f steps (0 <= f < 1) is split linearly: the share 1 - f arrives d steps
    later, the share f arrives d + 1 steps later. Water that runs against the flow order (inside a
    loop) arrives one step later at the earliest; so does spill. `order` is that order of the
    stores; None takes `net.order()`.
    """
    if not step_s > 0:
        raise InputError(f"rollout: step_s = {step_s}, it must be above 0")
    kind = np.dtype(dtype)
    stores = len(net.store_names)
    order = net.order() if order is None else order
    rank = np.empty(stores, dtype=np.int64)
    rank[order] = np.arange(stores)

    by_tail = np.argsort(net.link_from, kind="stable")
    counts = np.bincount(net.link_from, minlength=stores)
    link_start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    steps = np.maximum(net.link_delay_s / step_s, 0.0)
    inside = net.link_to != OUTSIDE
    against = inside & (rank[net.link_to] <= rank[net.link_from])
    steps = np.where(against, np.maximum(steps, 1.0), steps)
    steps = np.where(inside, steps, 0.0)
    near = np.round(steps)
    steps = np.where(np.abs(steps - near) < 1e-9, near, steps)
    lag = np.floor(steps).astype(np.int64)

    spills_inside = net.store_spill_to != OUTSIDE
    spill_lag = (spills_inside & (rank[net.store_spill_to] <= rank)).astype(np.int64)

    full = net.store_full[net.link_from]
    points = net.rating_fill[None, :] * full[:, None]
    rating = net.link_rating * step_s
    slopes = np.diff(rating, axis=1) / np.diff(points, axis=1)
    ramps = np.diff(slopes, axis=1, prepend=0.0)
    # Where a rating ends level, `top` is the point where it becomes level and no ramp is needed.
    rising = np.arange(slopes.shape[1]) * (slopes != 0.0)
    last = rising.max(axis=1, initial=0)
    level = np.minimum(last + 1, points.shape[1] - 1)
    used = (ramps != 0.0) & (np.arange(slopes.shape[1]) <= last[:, None])
    kink_start = np.concatenate([[0], np.cumsum(used.sum(axis=1))]).astype(np.int64)

    easy = (used.sum(axis=1) == 1) & (lag == steps)
    plain = (counts == 1) & ~spills_inside
    plain[net.link_from[~easy]] = False

    def column(values: Floats) -> Floats:
        return np.ascontiguousarray(np.minimum(values, UNLIMITED), dtype=kind)

    tables = NetworkTables(
        order=order,
        link_start=link_start,
        link=by_tail,
        head=np.where(inside, net.link_to, stores).astype(np.int64),
        lag=lag,
        late=column(steps - lag),
        actuator=np.ascontiguousarray(net.link_actuator, dtype=np.int64),
        kink_start=kink_start,
        kink=column(points[:, :-1][used]),
        slope=column(ramps[used]),
        base=column(rating[:, 0]),
        top=column(np.take_along_axis(points, level[:, None], axis=1)[:, 0]),
        limit=column(net.link_limit * step_s),
        full=column(net.store_full),
        spill_to=np.where(spills_inside, net.store_spill_to, stores).astype(np.int64),
        spill_lag=spill_lag,
        plain=plain,
    )
    return Compiled(
        net=net,
        step_s=float(step_s),
        dtype=kind,
        tables=tables,
        longest_lag=int(lag.max(initial=0)),
    )
