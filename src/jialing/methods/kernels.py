"""How do stores fill, release and spill, and what does each opening change? Compiled loops.

The scenario index is innermost, so that one pass over a store serves all scenarios at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

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


@compiled_loop
def sweep(
    net: NetworkTables,
    load: Load,
    u: Floats,
    ring: Floats,
    content: Floats,
    cost: FloatArray,
    levels: Floats,
    trace_v: Floats,
    trace_q: Floats,
    trace_spill: Floats,
) -> None:
    """Roll all scenarios forward under the openings `u`.

    Parameters
    ----------
    net, load : the tables
    u : [T, actuators] openings
    ring : [R, stores, S] arrivals still to come, R above the longest lag + 1; overwritten
    content : [stores, S] receives the content at the end
    cost : [S] receives the cost, without travel
    levels : [T, stores, S] receives the content before releases, negative where the inflow asked
        for more than there was; not written if it has no rows
    trace_v, trace_q, trace_spill : [T, ...] receive end contents, flows and spills per step; not
        written if they have no rows
    """
    steps, stores, scenarios = u.shape[0], load.v0.shape[0], load.v0.shape[1]
    zero = load.v0.dtype.type(0.0)
    one = load.v0.dtype.type(1.0)
    slots = ring.shape[0]
    keep = levels.shape[0] > 0
    trace = trace_v.shape[0] > 0
    x = np.empty(scenarios, dtype=load.v0.dtype)
    rest = np.empty(scenarios, dtype=load.v0.dtype)
    flow = np.empty(scenarios, dtype=load.v0.dtype)
    step_cost = np.empty(scenarios, dtype=load.v0.dtype)
    ring[:] = zero
    content[:] = load.v0
    cost[:] = 0.0
    for t in range(steps):
        slot = t % slots
        weight = load.time_weight[t]
        row = t if load.scale.shape[0] > 1 else 0
        step_cost[:] = zero
        for k in range(stores):
            i = net.order[k]
            column, gain = load.source[i], load.gain[i]
            if column >= 0 and gain != zero:
                for s in range(scenarios):
                    x[s] = content[i, s] + ring[slot, i, s] + gain * load.inflow[t, column, s]
            else:
                for s in range(scenarios):
                    x[s] = content[i, s] + ring[slot, i, s]
            if t < load.arriving.shape[0]:
                extra = load.arriving[t, i]
                for s in range(scenarios):
                    x[s] += extra
            if keep:
                for s in range(scenarios):
                    levels[t, i, s] = x[s]
            for s in range(scenarios):
                ring[slot, i, s] = zero
                x[s] = max(x[s], zero)
                rest[s] = x[s]
            for m in range(net.link_start[i], net.link_start[i + 1]):
                link = net.link[m]
                opening = load.scale[row, link]
                if net.actuator[link] >= 0:
                    opening *= u[t, net.actuator[link]]
                base, top = net.base[link], net.top[link]
                first, last = net.kink_start[link], net.kink_start[link + 1]
                if last - first == 1:
                    kink, slope = net.kink[first], net.slope[first]
                    for s in range(scenarios):
                        capacity = base + slope * max(min(x[s], top) - kink, zero)
                        flow[s] = min(opening * capacity, rest[s])
                        rest[s] -= flow[s]
                else:
                    for s in range(scenarios):
                        flow[s] = base
                    for n in range(first, last):
                        kink, slope = net.kink[n], net.slope[n]
                        for s in range(scenarios):
                            flow[s] += slope * max(min(x[s], top) - kink, zero)
                    for s in range(scenarios):
                        flow[s] = min(opening * flow[s], rest[s])
                        rest[s] -= flow[s]
                price = load.price_limit[link] * weight
                if price != zero:
                    limit = net.limit[link]
                    for s in range(scenarios):
                        step_cost[s] += price * max(flow[s] - limit, zero)
                head = net.head[link]
                if head >= 0:
                    late = net.late[link]
                    due = (t + net.lag[link]) % slots
                    if late > zero:
                        after = (due + 1) % slots
                        for s in range(scenarios):
                            ring[due, head, s] += (one - late) * flow[s]
                            ring[after, head, s] += late * flow[s]
                    else:
                        for s in range(scenarios):
                            ring[due, head, s] += flow[s]
                if trace:
                    for s in range(scenarios):
                        trace_q[t, link, s] = flow[s]
            full, price, target = net.full[i], load.price_spill[i] * weight, net.spill_to[i]
            for s in range(scenarios):
                spill = max(rest[s] - full, zero)
                step_cost[s] += price * spill
                content[i, s] = rest[s] - spill
            if target >= 0:
                due = (t + net.spill_lag[i]) % slots
                for s in range(scenarios):
                    ring[due, target, s] += max(rest[s] - full, zero)
            if trace:
                for s in range(scenarios):
                    trace_spill[t, i, s] = max(rest[s] - full, zero)
                    trace_v[t, i, s] = content[i, s]
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
    worth: Floats,
    grad: FloatArray,
) -> None:
    """Walk backward and find what one more unit in each store, and each opening, would cost.

    Parameters
    ----------
    net, load, u : as in `sweep`
    weights : [S] weight of each scenario's cost
    levels : [T, stores, S] as left by `sweep`
    ring : [R, stores, S] prices of arrivals at the coming steps; overwritten
    worth : [stores, S] price of a unit left in a store at the end of a step; overwritten
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
    x = np.empty(scenarios, dtype=kind)
    rest = np.empty((widest + 1, scenarios), dtype=kind)
    capacity = np.empty((widest, scenarios), dtype=kind)
    steep = np.empty((widest, scenarios), dtype=kind)
    price_rest = np.empty(scenarios, dtype=kind)
    price_x = np.empty(scenarios, dtype=kind)
    price_flow = np.empty(scenarios, dtype=kind)
    grad[:] = 0.0
    for i in range(stores):
        for s in range(scenarios):
            worth[i, s] = load.price_leftover[i] * weights[s]
            for r in range(slots):
                ring[r, i, s] = worth[i, s]
    for t in range(steps - 1, -1, -1):
        slot = t % slots
        weight = load.time_weight[t]
        row = t if load.scale.shape[0] > 1 else 0
        for k in range(stores - 1, -1, -1):
            i = net.order[k]
            start, end = net.link_start[i], net.link_start[i + 1]
            for s in range(scenarios):
                x[s] = max(levels[t, i, s], zero)
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
                        steep[j, s] += slope if (x[s] >= kink and x[s] < top) else zero
                for s in range(scenarios):
                    rest[j + 1, s] = rest[j, s] - min(opening * capacity[j, s], rest[j, s])
            full, price, target = net.full[i], load.price_spill[i] * weight, net.spill_to[i]
            j = end - start
            if target >= 0:
                due = (t + net.spill_lag[i]) % slots
                for s in range(scenarios):
                    spilled = price * weights[s] + ring[due, target, s]
                    price_rest[s] = spilled if rest[j, s] > full else worth[i, s]
            else:
                for s in range(scenarios):
                    price_rest[s] = price * weights[s] if rest[j, s] > full else worth[i, s]
            for m in range(end - 1, start - 1, -1):
                link = net.link[m]
                share = load.scale[row, link]
                opening = share
                moved = net.actuator[link]
                if moved >= 0:
                    opening *= u[t, moved]
                head = net.head[link]
                j = m - start
                if head >= 0:
                    late = net.late[link]
                    due = (t + net.lag[link]) % slots
                    after = (due + 1) % slots
                    if late > zero:
                        for s in range(scenarios):
                            price_flow[s] = (one - late) * ring[due, head, s]
                            price_flow[s] += late * ring[after, head, s]
                    else:
                        for s in range(scenarios):
                            price_flow[s] = ring[due, head, s]
                else:
                    for s in range(scenarios):
                        price_flow[s] = zero
                price = load.price_limit[link] * weight
                if price != zero:
                    limit = net.limit[link]
                    for s in range(scenarios):
                        passed = rest[j, s] - rest[j + 1, s]
                        price_flow[s] += price * weights[s] if passed > limit else zero
                gained = zero
                for s in range(scenarios):
                    change = price_flow[s] - price_rest[s]
                    asked = opening * capacity[j, s]
                    limited = asked < rest[j, s] or (
                        asked == rest[j, s] and opening * steep[j, s] <= one
                    )
                    gained += share * capacity[j, s] * change if limited else zero
                    price_x[s] += opening * steep[j, s] * change if limited else zero
                    price_rest[s] += zero if limited else change
                if moved >= 0:
                    grad[t, moved] += gained
            for s in range(scenarios):
                value = price_rest[s] + price_x[s] if levels[t, i, s] >= zero else zero
                worth[i, s] = value
                ring[slot, i, s] = value


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
