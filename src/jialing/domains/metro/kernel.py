"""How do people move through a station? Queues, rides, choice and reversals, compiled.

People are a fluid. At each step of length dt

1. who has ridden out reaches the next level; there some leave, board or go on;
2. each stage shares its newcomers among the links that serve their direction, by

       p_k = exp(-beta c_k) / sum_j exp(-beta c_j),   c_k = q_k / cap_k + ride_k + effort_k;

3. each link takes min(q_k, cap_k dt); one that carries both ways divides its capacity by demand;
4. a train takes on who waits on its platform, as far as it has room.

A link that is told another direction stops taking people, clears, stands for inspection, and
restarts the other way. The same code is the plant (dt = 1 s, true parameters) and the predictor
(longer steps, believed parameters, many plans).

Source of the choice model: Ben-Akiva & Lerman (1985), Discrete Choice Analysis, ch. 5.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from jialing.core.signal import FloatArray

Net = tuple[Any, ...]  #: arrays of the station, see `simulation.net`

BETA = 0.15  # sensitivity of the choice to seconds [1/s]; assumed
RUN, CLEARING, STOPPED, RESTART = 0, 1, 2, 3

# columns of a link's state
Q_UP, Q_DOWN, ONBOARD, DIRECTION, PHASE, TIMER, WANTED = range(7)
LINK_STATE = 7

# columns of the totals
(
    WAIT_UP,
    WAIT_DOWN,
    WAIT_OUTSIDE,
    REVERSALS,
    LEFT,
    BOARDED,
    PEAK_DENSITY,
    ALARM,
    STRANDED,
    CROWD,
    CAME,
    PEAK_QUEUE,
    RIDING,
) = range(13)
TOTALS = 13


@numba.njit(cache=True)
def advance(
    first: int,
    steps: int,
    dt: float,
    up: FloatArray,
    down: FloatArray,
    room: FloatArray,
    works: FloatArray,
    want: FloatArray,
    slot_steps: int,
    meter: FloatArray,
    limit: float,
    net: Net,
    link: FloatArray,
    ring_up: FloatArray,
    ring_down: FloatArray,
    pool: FloatArray,
    platform: FloatArray,
    outside: FloatArray,
    totals: FloatArray,
) -> None:
    """Let `steps` steps pass; state arrays and `totals` change in place.

    first : number of the first step since the ring began
    up, down : [steps, platforms], [steps, entrances] people who reach the links, the entrances [ped]
    room : [steps, platforms] people a train takes on in this step; 0 without a train
    works : [links] 1 in service, 0 out of it
    want : [slots, links] direction told; slot = step // slot_steps, the last one holds on
    meter : [entrances] share of capacity
    limit : density alarm [1/m²]
    link : [links, LINK_STATE]; ring_* : [links, longest ride]; pool : [stages, 2] who found no link
    """
    (
        stage_lower,
        stage_upper,
        stage_of,
        stage_share,
        leave,
        platform_share,
        platform_level,
        platform_area,
        entrance_level,
        entrance_capacity,
        link_stage,
        both,
        reversible,
        capacity,
        ride,
        inspect,
        restart,
        effort_up,
        effort_down,
    ) = net
    links, stages, levels = link.shape[0], stage_lower.shape[0], stage_of.shape[0]
    platforms, entrances, length = platform.shape[0], outside.shape[0], ring_up.shape[1]
    at_up, at_down = np.zeros(levels), np.zeros(levels)
    cost_up, cost_down = np.zeros(links), np.zeros(links)
    best_up, best_down = np.zeros(stages), np.zeros(stages)
    sum_up, sum_down = np.zeros(stages), np.zeros(stages)
    area = np.zeros(levels)
    queued = np.zeros(levels)
    for p in range(platforms):
        area[platform_level[p]] += platform_area[p]
    for i in range(steps):
        now = (first + i) % length
        slot = min(i // slot_steps, want.shape[0] - 1)
        at_up[:] = 0.0
        at_down[:] = 0.0
        for k in range(links):
            s = link_stage[k]
            a, b = ring_up[k, now], ring_down[k, now]
            if a > 0.0 or b > 0.0:
                at_up[stage_upper[s]] += a
                at_down[stage_lower[s]] += b
                link[k, ONBOARD] = max(link[k, ONBOARD] - a - b, 0.0)
                ring_up[k, now] = 0.0
                ring_down[k, now] = 0.0
        for p in range(platforms):
            at_up[platform_level[p]] += up[i, p]
            totals[CAME] += up[i, p]
        for e in range(entrances):
            outside[e] += down[i, e]
            totals[CAME] += down[i, e]
            entering = min(outside[e], entrance_capacity[e] * meter[e] * dt)
            outside[e] -= entering
            at_down[entrance_level[e]] += entering
            totals[WAIT_OUTSIDE] += outside[e] * dt
        for v in range(levels):
            if stage_of[v] < 0:
                totals[LEFT] += at_up[v]
            else:
                totals[LEFT] += at_up[v] * leave[v]
                pool[stage_of[v], 0] += at_up[v] * (1.0 - leave[v])
        for s in range(stages):
            pool[s, 1] += at_down[stage_upper[s]] * stage_share[s]
            best_up[s] = best_down[s] = 1e18
            sum_up[s] = sum_down[s] = 0.0
        for p in range(platforms):
            platform[p] += at_down[platform_level[p]] * platform_share[p]
        for k in range(links):
            if reversible[k] and works[k] > 0.0:
                phase, told = link[k, PHASE], want[slot, k]
                if phase == RUN:
                    if told != link[k, DIRECTION]:
                        link[k, PHASE] = CLEARING
                        totals[REVERSALS] += 1.0
                elif phase == CLEARING:
                    if told == link[k, DIRECTION]:
                        link[k, PHASE] = RUN
                        totals[REVERSALS] -= 1.0
                    elif link[k, ONBOARD] < 1e-6:
                        link[k, PHASE], link[k, DIRECTION] = STOPPED, 0.0
                        link[k, ONBOARD], link[k, TIMER] = 0.0, inspect[k]
                elif phase == STOPPED:
                    link[k, TIMER] = max(link[k, TIMER] - dt, 0.0)
                    if link[k, TIMER] <= 0.0 and told != 0.0:
                        link[k, PHASE], link[k, TIMER] = RESTART, restart[k]
                        link[k, WANTED] = told
                else:
                    link[k, TIMER] -= dt
                    if link[k, TIMER] <= 0.0:
                        link[k, PHASE], link[k, DIRECTION] = RUN, link[k, WANTED]
            s = link_stage[k]
            runs = works[k] > 0.0 and (both[k] or link[k, PHASE] == RUN)
            if runs and (both[k] or link[k, DIRECTION] == 1.0):
                cost_up[k] = link[k, Q_UP] / capacity[k] + ride[k] + effort_up[k]
                best_up[s] = min(best_up[s], cost_up[k])
            else:
                cost_up[k] = 1e18
                pool[s, 0] += link[k, Q_UP]
                link[k, Q_UP] = 0.0
            if runs and (both[k] or link[k, DIRECTION] == -1.0):
                cost_down[k] = link[k, Q_DOWN] / capacity[k] + ride[k] + effort_down[k]
                best_down[s] = min(best_down[s], cost_down[k])
            else:
                cost_down[k] = 1e18
                pool[s, 1] += link[k, Q_DOWN]
                link[k, Q_DOWN] = 0.0
        for k in range(links):
            s = link_stage[k]
            if pool[s, 0] > 0.0 and cost_up[k] < 1e17:
                cost_up[k] = np.exp(-BETA * (cost_up[k] - best_up[s]))
                sum_up[s] += cost_up[k]
            else:
                cost_up[k] = 0.0
            if pool[s, 1] > 0.0 and cost_down[k] < 1e17:
                cost_down[k] = np.exp(-BETA * (cost_down[k] - best_down[s]))
                sum_down[s] += cost_down[k]
            else:
                cost_down[k] = 0.0
        waiting_up, waiting_down = 0.0, 0.0
        queued[:] = 0.0
        for k in range(links):
            s = link_stage[k]
            if sum_up[s] > 0.0:
                link[k, Q_UP] += pool[s, 0] * cost_up[k] / sum_up[s]
            if sum_down[s] > 0.0:
                link[k, Q_DOWN] += pool[s, 1] * cost_down[k] / sum_down[s]
            if works[k] > 0.0 and (both[k] or link[k, PHASE] == RUN):
                most = capacity[k] * dt
                a, b = link[k, Q_UP], link[k, Q_DOWN]
                if both[k]:
                    if a + b > most:
                        a, b = most * a / (a + b), most * b / (a + b)
                else:
                    a, b = min(a, most), min(b, most)
                if a + b > 0.0:
                    link[k, Q_UP] -= a
                    link[k, Q_DOWN] -= b
                    arrives = (now + max(round(ride[k] / dt), 1)) % length
                    ring_up[k, arrives] += a
                    ring_down[k, arrives] += b
                    link[k, ONBOARD] += a + b
            totals[RIDING] += link[k, ONBOARD] * dt
            waiting_up += link[k, Q_UP]
            waiting_down += link[k, Q_DOWN]
            queued[stage_lower[s]] += link[k, Q_UP]
        for s in range(stages):
            if sum_up[s] > 0.0:
                pool[s, 0] = 0.0
            if sum_down[s] > 0.0:
                pool[s, 1] = 0.0
            waiting_up += pool[s, 0]
            waiting_down += pool[s, 1]
            queued[stage_lower[s]] += pool[s, 0]
        totals[WAIT_UP] += waiting_up * dt
        totals[WAIT_DOWN] += waiting_down * dt
        totals[PEAK_QUEUE] = max(totals[PEAK_QUEUE], waiting_up + waiting_down)
        for p in range(platforms):
            v = platform_level[p]
            density = platform[p] / platform_area[p] + queued[v] / area[v]
            totals[PEAK_DENSITY] = max(totals[PEAK_DENSITY], density)
            if density > limit:
                totals[ALARM] += dt
                totals[CROWD] += (density - limit) * platform_area[p] * dt
            if room[i, p] > 0.0:
                boards = min(platform[p], room[i, p])
                platform[p] -= boards
                totals[BOARDED] += boards
                totals[STRANDED] += platform[p]


@numba.njit(cache=True)
def spent(totals: FloatArray, prices: FloatArray) -> float:
    """What came of a plan so far [ped·s]: waiting, reversals, crowding; `prices` as below."""
    return float(
        totals[WAIT_UP]
        + totals[WAIT_DOWN]
        + prices[1] * totals[WAIT_OUTSIDE]
        + prices[0] * totals[REVERSALS]
        + prices[2] * totals[CROWD]
    )


@numba.njit(cache=True)
def leftover(link: FloatArray, pool: FloatArray, outside: FloatArray, prices: FloatArray) -> float:
    """What those who queue in a state still cost [ped·s]; `prices` as below."""
    queued = pool.sum() + link[:, Q_UP].sum() + link[:, Q_DOWN].sum() + outside.sum()
    return float(prices[3] * queued)


@numba.njit(cache=True)
def score_plans(
    steps: int,
    dt: float,
    up: FloatArray,
    down: FloatArray,
    room: FloatArray,
    works: FloatArray,
    plans: FloatArray,
    slot_steps: int,
    meters: FloatArray,
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
) -> None:
    """Cost of each plan in each scenario [ped·s]: waiting, reversals, crowding, and what is left.

    up, down : [scenarios, steps, …]; plans : [plans, slots, links]; meters : [plans, entrances]
    prices : reversal, outside, crowd, leftover queue [s]; cost : [plans, scenarios], filled
    """
    totals = np.zeros(TOTALS)
    for n in range(plans.shape[0]):
        for m in range(up.shape[0]):
            totals[:] = 0.0
            l1, u1, d1, q1 = link.copy(), ring_up.copy(), ring_down.copy(), pool.copy()
            p1, o1 = platform.copy(), outside.copy()
            advance(
                0,
                steps,
                dt,
                up[m],
                down[m],
                room[m],
                works,
                plans[n],
                slot_steps,
                meters[n],
                limit,
                net,
                l1,
                u1,
                d1,
                q1,
                p1,
                o1,
                totals,
            )
            cost[n, m] = spent(totals, prices) + leftover(l1, q1, o1, prices)
