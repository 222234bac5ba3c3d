"""The flow network: stores, links and actuators as flat tables. Decisions are made on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jialing.core.errors import InputError
from jialing.core.signal import FloatArray

IntArray = NDArray[np.int64]

OUTSIDE = -1  # index that stands for "leaves the network" or "none"


@dataclass(frozen=True, kw_only=True)
class FlowNetwork:
    """Stores joined by links; an actuator scales the capacity of its links.

    One step of length dt moves, in `order`,

        x_i = v_i + dt (inflow_i + arrivals_i)
        q_l = min(opening_l * capacity_l(x_i / full_i), remaining / dt)     for each link l out of i
        spill_i = max(x_i - dt * sum(q) - full_i, 0)

    and what leaves on link l arrives `delay_s` later at `link_to`.

    Attributes
    ----------
    store_names : [stores]
    store_full : [stores] content at which a store spills [m³ | veh | ped]
    store_spill_to : [stores] store that takes the spill, or OUTSIDE
    link_names : [links]
    link_from, link_to : [links] store indices; `link_to` may be OUTSIDE
    link_delay_s : [links] travel time [s]
    link_actuator : [links] actuator index, or OUTSIDE for a passive link
    rating_fill : [points] fill levels of the rating [1], ascending from 0
    link_rating : [links, points] capacity at each fill level of the upstream store,
        fully open [unit/s]
    link_limit : [links] flow above which a price applies [unit/s]; inf for none
    actuator_names : [actuators]
    unit : what is stored, e.g. ``m³``
    notes : anything a reader of `inspect` should know: what was collapsed, what was not usable
    """

    store_names: tuple[str, ...]
    store_full: FloatArray
    store_spill_to: IntArray
    link_names: tuple[str, ...]
    link_from: IntArray
    link_to: IntArray
    link_delay_s: FloatArray
    link_actuator: IntArray
    rating_fill: FloatArray
    link_rating: FloatArray
    link_limit: FloatArray
    actuator_names: tuple[str, ...]
    unit: str = "m³"
    notes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        stores, links = len(self.store_names), len(self.link_names)
        shapes = {
            "store_full": (stores,),
            "store_spill_to": (stores,),
            "link_from": (links,),
            "link_to": (links,),
            "link_delay_s": (links,),
            "link_actuator": (links,),
            "link_rating": (links, len(self.rating_fill)),
            "link_limit": (links,),
        }
        for name, shape in shapes.items():
            found = getattr(self, name).shape
            if found != shape:
                raise InputError(f"flow network: {name} has shape {found}, expected {shape}")
        self._check_range("link_from", 0, stores)
        self._check_range("link_to", OUTSIDE, stores)
        self._check_range("store_spill_to", OUTSIDE, stores)
        self._check_range("link_actuator", OUTSIDE, len(self.actuator_names))
        if links and (np.any(self.link_rating < 0) or not np.all(np.isfinite(self.link_rating))):
            raise InputError("flow network: link_rating must be finite and not negative")
        if np.any(np.diff(self.rating_fill) <= 0) or self.rating_fill[0] != 0.0:
            raise InputError("flow network: rating_fill must rise from 0")
        if np.any(self.store_full <= 0):
            bad = self.store_names[int(np.argmax(self.store_full <= 0))]
            raise InputError(f"flow network: store {bad!r} has no capacity; it must be above 0")

    def _check_range(self, name: str, low: int, high: int) -> None:
        values: IntArray = getattr(self, name)
        bad = np.flatnonzero((values < low) | (values >= high))
        if bad.size:
            raise InputError(
                f"flow network: {name}[{bad[0]}] = {values[bad[0]]}, allowed {low} … {high - 1}"
            )

    def order(self) -> IntArray:
        """Stores in flow order, upstream first; links inside a loop count as delayed.

        Kahn's algorithm; where a loop remains, the store with fewest waiting inflows goes next.
        """
        stores = len(self.store_names)
        waiting = np.zeros(stores, dtype=np.int64)
        out: list[list[int]] = [[] for _ in range(stores)]
        for tail, head in zip(self.link_from.tolist(), self.link_to.tolist(), strict=True):
            if head != OUTSIDE and head != tail:
                waiting[head] += 1
                out[tail].append(head)
        for tail, head in enumerate(self.store_spill_to.tolist()):
            if head != OUTSIDE and head != tail:
                waiting[head] += 1
                out[tail].append(head)
        ready = [i for i in range(stores) if waiting[i] == 0]
        done = np.zeros(stores, dtype=np.bool_)
        order: list[int] = []
        while len(order) < stores:
            if not ready:
                left = np.flatnonzero(~done)
                ready = [int(left[np.argmin(waiting[left])])]
            i = ready.pop()
            if done[i]:
                continue
            done[i] = True
            order.append(i)
            for head in out[i]:
                waiting[head] -= 1
                if waiting[head] == 0 and not done[head]:
                    ready.append(head)
        return np.array(order, dtype=np.int64)
