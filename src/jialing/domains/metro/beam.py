"""Which sequence of modes is best for a bank with many? Dynamic programming that keeps few states.

The horizon is cut into stretches. Every kept state is carried on through a stretch in every mode
it may take, in all scenarios at once; of the states that arise, the `KEPT` with the least

    cost so far + LEFTOVER * people who queue

are kept, and at most `ALIKE` in the same mode, so that a mode that pays later is not lost early.
With `KEPT` unlimited this is the exact search over all sequences; with few states it is a beam.

Source: Bertsekas (2017), Dynamic Programming and Optimal Control, vol. I, ch. 2 and 6.
"""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import NDArray

from jialing.core.network import IntArray
from jialing.core.signal import FloatArray
from jialing.domains.metro import kernel
from jialing.domains.metro.kernel import Net
from jialing.domains.metro.simulation import Simulation

KEPT = 12  # states after every stretch
ALIKE = 2  # of them in one mode


@numba.njit(cache=True)
def grow(
    first: int,
    steps: int,
    dt: float,
    up: FloatArray,
    down: FloatArray,
    room: FloatArray,
    works: FloatArray,
    parent: IntArray,
    modes: FloatArray,
    meter: FloatArray,
    limit: float,
    net: Net,
    link: FloatArray,
    ring_up: FloatArray,
    ring_down: FloatArray,
    pool: FloatArray,
    platform: FloatArray,
    outside: FloatArray,
    prices: FloatArray,
    cost: FloatArray,
    left: FloatArray,
) -> None:
    """Carry children through `steps` steps; their states hold their parents' when this begins.

    up, down, room : [scenarios, steps, …] of this stretch
    parent : [children]; modes : [children, links]
    link, … : [children, scenarios, …] states; cost, left : [children, scenarios], added, set
    """
    totals = np.zeros(kernel.TOTALS)
    for n in range(parent.shape[0]):
        for m in range(up.shape[0]):
            totals[:] = 0.0
            kernel.advance(
                first,
                steps,
                dt,
                up[m],
                down[m],
                room[m],
                works,
                modes[n : n + 1],
                steps,
                meter,
                limit,
                net,
                link[n, m],
                ring_up[n, m],
                ring_down[n, m],
                pool[n, m],
                platform[n, m],
                outside[n, m],
                totals,
            )
            cost[n, m] += kernel.spent(totals, prices)
            left[n, m] = kernel.leftover(link[n, m], pool[n, m], outside[n, m], prices)


def sequences(
    sim: Simulation,
    arrivals: tuple[FloatArray, FloatArray, FloatArray],
    works: FloatArray,
    start: FloatArray,
    modes: Sequence[FloatArray],
    *,
    first: NDArray[np.bool_],
    steps: int,
    dwell: int,
    prices: FloatArray,
    kept: int = KEPT,
    alike: int = ALIKE,
) -> tuple[FloatArray, FloatArray]:
    """The best sequences of modes found, [sequences, stretches, links], and their cost
    [sequences, scenarios].

    Parameters
    ----------
    sim : the station's present state; not changed
    arrivals : up, down and room, [scenarios, steps of the horizon, …]
    start : [links] directions now
    modes : [links] each, what may be told
    first : [modes] which of them may be told in the first stretch
    steps : of the simulation in a stretch
    dwell : stretches that a mode is kept at least
    prices : of reversals, outside, crowd, leftover queue, as for `kernel.score_plans`
    """
    up, down, room = arrivals
    many, whole = len(up), up.shape[1] // steps
    table = np.array(modes)
    states = [
        np.repeat(a[None, None], many, axis=1)
        for a in (sim.link, sim.ring_up, sim.ring_down, sim.pool, sim.platform, sim.outside)
    ]
    cost = np.zeros((1, many))
    present = np.array([_index(table, start)])
    since = np.array([dwell])
    path = np.zeros((1, 0), dtype=np.int64)
    meter = np.ones(len(sim.outside))
    for stretch in range(whole):
        may = (since[:, None] >= dwell) | (present[:, None] == np.arange(len(table)))
        if stretch == 0:
            may = np.broadcast_to(first, may.shape)
        parent, mode = np.nonzero(may)
        children = [a[parent] for a in states]
        spent, left = cost[parent], np.empty((len(parent), many))
        part = slice(stretch * steps, (stretch + 1) * steps)
        grow(
            stretch * steps,
            steps,
            sim.dt,
            np.ascontiguousarray(up[:, part]),
            np.ascontiguousarray(down[:, part]),
            np.ascontiguousarray(room[:, part]),
            works,
            parent,
            table[mode],
            meter,
            sim.limit,
            sim.net,
            children[0],
            children[1],
            children[2],
            children[3],
            children[4],
            children[5],
            prices,
            spent,
            left,
        )
        best = _few((spent + left).mean(axis=1), mode, kept, alike)
        states = [a[best] for a in children]
        changed = mode[best] != present[parent[best]]
        since = np.where(changed, 1, since[parent[best]] + 1)
        path = np.column_stack((path[parent[best]], mode[best]))
        present, cost, tail = mode[best], spent[best], left[best]
    return table[path], cost + tail


def _index(table: FloatArray, mode: FloatArray) -> int:
    """Which mode it is; -1 if none of them."""
    same = np.flatnonzero(np.all(table == mode, axis=1))
    return int(same[0]) if len(same) else -1


def _few(value: FloatArray, mode: IntArray, kept: int, alike: int) -> IntArray:
    """Indices of the least values, the best first, at most `alike` of one mode."""
    found: list[int] = []
    counts: dict[int, int] = {}
    for i in np.argsort(value, kind="stable").tolist():
        key = int(mode[i])
        if counts.get(key, 0) < alike:
            counts[key] = counts.get(key, 0) + 1
            found.append(i)
        if len(found) == kept:
            break
    return np.array(found, dtype=np.int64)
