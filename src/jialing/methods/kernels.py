"""How do stores fill, release and spill, and what does each opening change? Compiled loops.

The scenario index is innermost, so that one pass over a store serves all scenarios at once. Most
stores of a large network have one simple link ("plain"); these go through one fused loop, about
twice as fast as the general way, which gives the same result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit

from jialing.core.network import IntArray
from jialing.core.signal import FloatArray
from jialing.methods.compiled import Floats, NetworkTables
from jialing.methods.problem import Load

Function = TypeVar("Function", bound=Callable[..., Any])

# NaN and inf keep their meaning: a NaN in the inflow has to show in the cost.
HARMLESS = {"reassoc", "contract", "arcp", "nsz"}


def compiled_loop(function: Function) -> Function:
    """Compile on first call and keep the machine code on disk; runs outside the GIL."""
    return cast(Function, njit(cache=True, nogil=True, fastmath=HARMLESS)(function))


class Trace(NamedTuple):
    """Which trajectories to keep: a row of -1 means none. Not for the fused loop with `levels`."""

    row_v: IntArray  # [stores] row of each store in `v`
    row_q: IntArray  # [links] row of each link in `q`
    row_spill: IntArray  # [stores] row of each store in `spill`
    v: Floats  # [T, rows, S] content at the end of each step
    q: Floats  # [T, rows, S] flow, per step
    spill: Floats  # [T, rows, S]


@compiled_loop
def sweep(
    net: NetworkTables,
    load: Load,
    u: Floats,
    ring: Floats,
    content: Floats,
    cost: FloatArray,
    levels: Floats,
    trace: Trace,
) -> None:
    """Roll all scenarios forward under the openings `u`.

    Parameters
    ----------
    net, load : the tables
    u : [T, actuators] openings
    ring : [R, stores + 1, S] arrivals still to come, R above the longest lag + 1, the last row
        for what leaves; overwritten
    content : [stores, S] receives the content at the end
    cost : [S] receives the cost, without travel
    levels : [T, stores, S] receives the content before releases, stores in flow order; negative
        where the inflow asked for more than there was; not written if it has no rows
    trace : receives the trajectories it asks for
    """
    steps, stores, scenarios = u.shape[0], load.v0.shape[0], load.v0.shape[1]
    kind = load.v0.dtype
    zero, one = kind.type(0.0), kind.type(1.0)
    slots = ring.shape[0]
    keep = levels.shape[0] > 0
    x, rest = np.empty(scenarios, dtype=kind), np.empty(scenarios, dtype=kind)
    flow, step_cost = np.empty(scenarios, dtype=kind), np.empty(scenarios, dtype=kind)
    ring[:] = zero
    content[:] = load.v0
    cost[:] = 0.0
    for t in range(steps):
        slot = t % slots
        weight = load.time_weight[t]
        row = t if load.scale.shape[0] > 1 else 0
        step_cost[:] = zero
        fused = keep and t >= load.arriving.shape[0]
        for k in range(stores):
            i = net.order[k]
            column, gain = load.source[i], load.gain[i]
            full, price = net.full[i], load.price_spill[i] * weight
            if fused and net.plain[i]:
                link = net.link[net.link_start[i]]
                if load.price_limit[link] == zero:
                    opening = load.scale[row, link]
                    if net.actuator[link] >= 0:
                        opening *= u[t, net.actuator[link]]
                    base, top = net.base[link], net.top[link]
                    ramp = net.kink_start[link]
                    kink, slope = net.kink[ramp], net.slope[ramp]
                    head = net.head[link]
                    due = slot + net.lag[link]
                    due -= slots if due >= slots else 0
                    for s in range(scenarios):
                        raw = content[i, s] + ring[slot, i, s] + gain * load.inflow[t, column, s]
                        levels[t, k, s] = raw
                        ring[slot, i, s] = zero
                        here = max(raw, zero)
                        able = base + slope * max(min(here, top) - kink, zero)
                        passed = min(opening * able, here)
                        spill = max(here - passed - full, zero)
                        step_cost[s] += price * spill
                        content[i, s] = here - passed - spill
                        ring[due, head, s] += passed
                    continue
            extra = load.arriving[t, i] if t < load.arriving.shape[0] else zero
            for s in range(scenarios):
                x[s] = content[i, s] + ring[slot, i, s] + extra
                ring[slot, i, s] = zero
            for s in range(scenarios):
                x[s] += gain * load.inflow[t, column, s]
            if keep:
                for s in range(scenarios):
                    levels[t, k, s] = x[s]
            for s in range(scenarios):
                x[s] = max(x[s], zero)
                rest[s] = x[s]
            for m in range(net.link_start[i], net.link_start[i + 1]):
                link = net.link[m]
                opening = load.scale[row, link]
                if net.actuator[link] >= 0:
                    opening *= u[t, net.actuator[link]]
                base, top = net.base[link], net.top[link]
                for s in range(scenarios):
                    flow[s] = base
                for n in range(net.kink_start[link], net.kink_start[link + 1]):
                    kink, slope = net.kink[n], net.slope[n]
                    for s in range(scenarios):
                        flow[s] += slope * max(min(x[s], top) - kink, zero)
                for s in range(scenarios):
                    flow[s] = min(opening * flow[s], rest[s])
                    rest[s] -= flow[s]
                limit, extra_price = net.limit[link], load.price_limit[link] * weight
                if extra_price != zero:
                    for s in range(scenarios):
                        step_cost[s] += extra_price * max(flow[s] - limit, zero)
                head, late = net.head[link], net.late[link]
                due = slot + net.lag[link]
                due -= slots if due >= slots else 0
                for s in range(scenarios):
                    ring[due, head, s] += (one - late) * flow[s]
                if late > zero:
                    after = due + 1 if due + 1 < slots else 0
                    for s in range(scenarios):
                        ring[after, head, s] += late * flow[s]
                record = trace.row_q[link]
                if record >= 0:
                    for s in range(scenarios):
                        trace.q[t, record, s] = flow[s]
            for s in range(scenarios):
                spill = max(rest[s] - full, zero)
                step_cost[s] += price * spill
                content[i, s] = rest[s] - spill
            target = net.spill_to[i]
            if target < stores:
                due = slot + net.spill_lag[i]
                due -= slots if due >= slots else 0
                for s in range(scenarios):
                    ring[due, target, s] += max(rest[s] - full, zero)
            record = trace.row_spill[i]
            if record >= 0:
                for s in range(scenarios):
                    trace.spill[t, record, s] = max(rest[s] - full, zero)
            record = trace.row_v[i]
            if record >= 0:
                for s in range(scenarios):
                    trace.v[t, record, s] = content[i, s]
        for s in range(scenarios):
            cost[s] += step_cost[s]
    for i in range(stores):
        price = load.price_leftover[i]
        if price != zero:
            for s in range(scenarios):
                cost[s] += price * content[i, s]
            for r in range(slots):
                for s in range(scenarios):
                    cost[s] += price * ring[r, i, s]


@compiled_loop
def adjoint(
    net: NetworkTables,
    load: Load,
    u: Floats,
    weights: Floats,
    levels: Floats,
    ring: Floats,
    grad: FloatArray,
) -> None:
    """Walk backward: what would one more unit in each store, and each opening, cost?

    Parameters
    ----------
    net, load, u : as in `sweep`
    weights : [S] weight of each scenario's cost
    levels : [T, stores, S] as left by `sweep`
    ring : [R, stores + 1, S] price of a unit in each store, before its releases, at the coming
        steps: what is kept and what arrives is worth the same; overwritten
    grad : [T, actuators] receives d(weighted cost) / du

    At a kink the derivative to the right is taken.
    """
    steps, stores, scenarios = u.shape[0], load.v0.shape[0], load.v0.shape[1]
    kind = load.v0.dtype
    zero, one = kind.type(0.0), kind.type(1.0)
    slots = ring.shape[0]
    widest = 1
    for i in range(stores):
        widest = max(widest, net.link_start[i + 1] - net.link_start[i])
    x, change = np.empty(scenarios, dtype=kind), np.empty(scenarios, dtype=kind)
    rest = np.empty((widest + 1, scenarios), dtype=kind)
    capacity = np.empty((widest, scenarios), dtype=kind)
    steep = np.empty((widest, scenarios), dtype=kind)
    price_rest, price_x = np.empty(scenarios, dtype=kind), np.empty(scenarios, dtype=kind)
    price_flow = np.empty(scenarios, dtype=kind)
    decides = np.empty(scenarios, dtype=kind)  # 1 where the opening does, 0 where the content does
    grad[:] = 0.0
    ring[:] = zero  # what leaves the network is worth nothing
    for r in range(slots):
        for i in range(stores):
            for s in range(scenarios):
                ring[r, i, s] = load.price_leftover[i] * weights[s]
    for t in range(steps - 1, -1, -1):
        slot, later = t % slots, (t + 1) % slots
        weight = load.time_weight[t]
        row = t if load.scale.shape[0] > 1 else 0
        for k in range(stores - 1, -1, -1):
            i = net.order[k]
            start, end = net.link_start[i], net.link_start[i + 1]
            full, price = net.full[i], load.price_spill[i] * weight
            if net.plain[i] and load.price_limit[net.link[start]] == zero:
                link = net.link[start]
                moved, head, ramp = net.actuator[link], net.head[link], net.kink_start[link]
                share = load.scale[row, link]
                opening = share * u[t, moved] if moved >= 0 else share
                base, top = net.base[link], net.top[link]
                kink, slope = net.kink[ramp], net.slope[ramp]
                due = slot + net.lag[link]
                due -= slots if due >= slots else 0
                gained = zero
                for s in range(scenarios):
                    raw = levels[t, k, s]
                    here = max(raw, zero)
                    able = base + slope * max(min(here, top) - kink, zero)
                    rise = opening * slope if (here >= kink) & (here < top) else zero
                    slack = here - opening * able
                    lost = price * weights[s] if slack > full else ring[later, i, s]
                    sent = ring[due, head, s]
                    opened = (slack > zero) | ((slack == zero) & (rise <= one))
                    gap = sent - lost if opened else zero
                    gained += able * gap
                    value = (lost if opened else sent) + rise * gap
                    ring[slot, i, s] = value if raw >= zero else zero
                if moved >= 0:
                    grad[t, moved] += share * gained
                continue
            for s in range(scenarios):
                x[s] = max(levels[t, k, s], zero)
                rest[0, s] = x[s]
                price_x[s] = zero
            for m in range(start, end):
                link = net.link[m]
                opening = load.scale[row, link]
                if net.actuator[link] >= 0:
                    opening *= u[t, net.actuator[link]]
                base, top = net.base[link], net.top[link]
                j = m - start
                for s in range(scenarios):
                    capacity[j, s] = base
                    steep[j, s] = zero
                for n in range(net.kink_start[link], net.kink_start[link + 1]):
                    kink, slope = net.kink[n], net.slope[n]
                    for s in range(scenarios):
                        capacity[j, s] += slope * max(min(x[s], top) - kink, zero)
                        steep[j, s] += slope if (x[s] >= kink) & (x[s] < top) else zero
                for s in range(scenarios):
                    rest[j + 1, s] = rest[j, s] - min(opening * capacity[j, s], rest[j, s])
            j, target = end - start, net.spill_to[i]
            due = slot + net.spill_lag[i]
            due -= slots if due >= slots else 0
            for s in range(scenarios):
                spilled = price * weights[s] + ring[due, target, s]
                price_rest[s] = spilled if rest[j, s] > full else ring[later, i, s]
            for m in range(end - 1, start - 1, -1):
                link, j = net.link[m], m - start
                moved, head, late = net.actuator[link], net.head[link], net.late[link]
                share = load.scale[row, link]
                opening = share * u[t, moved] if moved >= 0 else share
                due = slot + net.lag[link]
                due -= slots if due >= slots else 0
                for s in range(scenarios):
                    price_flow[s] = (one - late) * ring[due, head, s]
                if late > zero:
                    after = due + 1 if due + 1 < slots else 0
                    for s in range(scenarios):
                        price_flow[s] += late * ring[after, head, s]
                limit, extra_price = net.limit[link], load.price_limit[link] * weight
                if extra_price != zero:
                    for s in range(scenarios):
                        passed = rest[j, s] - rest[j + 1, s]
                        price_flow[s] += extra_price * weights[s] if passed > limit else zero
                # Short loops: each touches few enough arrays to be vectorised.
                for s in range(scenarios):
                    slack = rest[j, s] - opening * capacity[j, s]
                    slower = opening * steep[j, s] <= one
                    decides[s] = one if (slack > zero) | ((slack == zero) & slower) else zero
                for s in range(scenarios):
                    change[s] = decides[s] * (price_flow[s] - price_rest[s])
                gained = zero
                for s in range(scenarios):
                    gained += capacity[j, s] * change[s]
                    price_x[s] += opening * steep[j, s] * change[s]
                for s in range(scenarios):
                    price_rest[s] = decides[s] * price_rest[s] + (one - decides[s]) * price_flow[s]
                if moved >= 0:
                    grad[t, moved] += share * gained
            for s in range(scenarios):
                value = price_rest[s] + price_x[s]
                ring[slot, i, s] = value if levels[t, k, s] >= zero else zero


@compiled_loop
def convolve(
    values: Floats,
    target: IntArray,
    source: IntArray,
    lag: IntArray,
    share: Floats,
    out: Floats,
) -> None:
    """out[t, target] += share * values[t - lag, source], for all entries and scenarios."""
    for n in range(target.shape[0]):
        for t in range(lag[n], out.shape[0]):
            for s in range(out.shape[2]):
                out[t, target[n], s] += share[n] * values[t - lag[n], source[n], s]
