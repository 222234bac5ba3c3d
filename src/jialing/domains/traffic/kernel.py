"""Which phase should a junction show next, and when? Queue discharge and plan search, compiled.

A plan is "stay for d seconds, then show mode q1, q2, … each until its queues are gone". A plan is
priced by letting the vehicles of every lane leave in their order:

    leave_i = max(arrive_i, leave_(i-1) + h, open + lost)        while the lane's movement is green

A yielding vehicle waits until the streams that go first leave it a gap; an exit that is full
releases vehicles only as it drains. The price of a plan is

    sum_i w_i (leave_i - arrive_i + stop) + sum_left w_i (H - arrive_i + rest + position)

Plans are searched depth first with a lower bound on the price of what is still unserved (every
lane served on its own, as early as the signal allows), so the result equals full enumeration.

Sources: saturation flow and lost time after Webster (1958), Traffic signal settings, RRL TP 39;
search over phase sequences with given arrivals after Sen & Head (1997), Transportation Science 31.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from jialing.core.signal import FloatArray
from jialing.domains.traffic.layout import IntArray

NEVER = 1e9
LOST_S = 1.0  # start-up lost time [s]; read off queues in SUMO 1.28
YELLOW_USED_S = 1.5  # part of yellow in which vehicles still enter [s]
GAP_BEFORE_S = 3.0  # a yielding vehicle enters only if the next one with priority is so far off [s]
GAP_AFTER_S = 1.5  # … and the last one so long gone [s]
GAP_OUT_S = 3.0  # a planned phase ends once nobody comes within this time [s]
STOP_S = 4.0  # what a stop costs, in seconds of waiting [s]
REST_S = 10.0  # what a vehicle that is left at the end of the horizon waits on [s]
PLACE_S = 1.0  # … and for each one before it in its lane [s]
SOON_S = 5.0  # waiting at least so long counts as a decision to stay [s]
STAYS = np.array([0.0, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 14.0, 20.0, 30.0])

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")


@_jit
def next_leave(
    lane: int,
    head: IntArray,
    free: FloatArray,
    used: FloatArray,
    ptr: IntArray,
    arrive: FloatArray,
    move: IntArray,
    size: FloatArray,
    rights: Any,
    mode: int,
    prev: int,
    switched: float,
    opened: float,
    move_out: IntArray,
    room: FloatArray,
    drain: FloatArray,
) -> Any:
    """When the first vehicle of lane `lane` can leave [s from now]; NEVER if not in this phase."""
    i = head[lane]
    if i >= ptr[lane + 1]:
        return NEVER
    m = move[i]
    base = max(arrive[i], free[lane])
    before = prev >= 0 and rights[prev, m] > 0
    if rights[mode, m] > 0:
        start = switched if before else opened
        if base < start:
            base = start + LOST_S
    elif before:
        if base >= switched + YELLOW_USED_S:
            return NEVER
    else:
        return NEVER
    o = move_out[m]
    if o >= 0:
        short = used[o] + size[i] - room[o]
        if short > 0.0:
            if drain[o] <= 0.0:
                return NEVER
            base = max(base, short / drain[o])
    return base


@_jit
def serve(
    until: float,
    latest: float,
    following: int,
    mode: int,
    prev: int,
    switched: float,
    opened: float,
    head: IntArray,
    free: FloatArray,
    last: FloatArray,
    used: FloatArray,
    can: FloatArray,
    ptr: IntArray,
    arrive: FloatArray,
    move: IntArray,
    weight: FloatArray,
    size: FloatArray,
    stood: Any,
    rights: Any,
    move_lane: IntArray,
    move_out: IntArray,
    headway: FloatArray,
    foe_ptr: IntArray,
    foe: IntArray,
    room: FloatArray,
    drain: FloatArray,
    leave: FloatArray,
) -> tuple[float, float]:
    """Let vehicles leave in `mode` until it ends; returns (its end, the price of those who left).

    until : the earliest end [s from now]
    latest : the latest end; the phase goes on to it while queues that `following` would stop move
    prev, switched, opened : the mode before, when it was left, when `mode` turned green
    head, free, last, used : state: first vehicle and next free time of each lane, last departure
        of each movement, vehicles taken by each exit; changed in place
    can : scratch, [lanes]
    leave : departures are noted here if it has room
    """
    lanes = head.shape[0]
    noted = leave.shape[0] > 0
    for lane in range(lanes):
        can[lane] = next_leave(
            lane,
            head,
            free,
            used,
            ptr,
            arrive,
            move,
            size,
            rights,
            mode,
            prev,
            switched,
            opened,
            move_out,
            room,
            drain,
        )
    end = until
    price = 0.0
    for _ in range(4000):
        first = -1
        at = NEVER
        for lane in range(lanes):
            if can[lane] < at:
                at = can[lane]
                first = lane
        if at >= end:
            if end >= latest:
                break
            # Who would be stopped by what follows, and still moves?
            soon = NEVER
            for lane in range(lanes):
                if can[lane] < soon:
                    m = move[head[lane]]
                    if rights[mode, m] > rights[following, m]:
                        soon = can[lane]
            if soon > end + GAP_OUT_S:
                break
            end = min(max(soon + 0.5, end), latest)
            if at >= end:
                break
            continue
        i = head[first]
        m = move[i]
        right = rights[mode, m] if rights[mode, m] > 0 else rights[prev, m]
        if right == 1:
            wait = 0.0
            for q in range(foe_ptr[m], foe_ptr[m + 1]):
                f = foe[q]
                if rights[mode, f] == 0:
                    continue
                if last[f] + GAP_AFTER_S > at:
                    wait = max(wait, last[f] + GAP_AFTER_S)
                lf = move_lane[f]
                if lf != first and can[lf] < at + GAP_BEFORE_S and move[head[lf]] == f:
                    wait = max(wait, can[lf] + 0.01)
            if wait > at:
                can[first] = wait
                continue
        o = move_out[m]
        if o >= 0:
            used[o] += size[i]
        waited = at - arrive[i]
        price += waited * weight[i]
        if waited > 2.0 and not stood[i]:
            price += STOP_S * weight[i]
        if noted:
            leave[i] = at
        last[m] = at
        free[first] = at + headway[m] * size[i]
        head[first] = i + 1
        can[first] = next_leave(
            first,
            head,
            free,
            used,
            ptr,
            arrive,
            move,
            size,
            rights,
            mode,
            prev,
            switched,
            opened,
            move_out,
            room,
            drain,
        )
        if o >= 0 and used[o] + 1.0 > room[o]:
            for lane in range(lanes):
                if lane != first and can[lane] < NEVER and move_out[move[head[lane]]] == o:
                    can[lane] = max(
                        can[lane],
                        next_leave(
                            lane,
                            head,
                            free,
                            used,
                            ptr,
                            arrive,
                            move,
                            size,
                            rights,
                            mode,
                            prev,
                            switched,
                            opened,
                            move_out,
                            room,
                            drain,
                        ),
                    )
    return end, price


@_jit
def left_over(
    horizon: float,
    head: IntArray,
    ptr: IntArray,
    arrive: FloatArray,
    weight: FloatArray,
    stood: Any,
) -> float:
    """Price of the vehicles that are left at the horizon."""
    price = 0.0
    for lane in range(head.shape[0]):
        place = 0.0
        for i in range(head[lane], ptr[lane + 1]):
            if arrive[i] < horizon:
                price += weight[i] * (horizon - arrive[i] + REST_S + PLACE_S * place)
                if not stood[i]:
                    price += STOP_S * weight[i]
            place += 1.0
    return price


@_jit
def least(
    now: float,
    opened: float,
    closed: float,
    horizon: float,
    mode: int,
    prev: int,
    head: IntArray,
    free: FloatArray,
    ptr: IntArray,
    arrive: FloatArray,
    move: IntArray,
    weight: FloatArray,
    size: FloatArray,
    stood: Any,
    rights: Any,
    headway: FloatArray,
    enough: float,
) -> float:
    """A price below which no plan can end that shows `mode` from `opened` on.

    Lanes that stand red in it are served from `closed` on at the earliest. Stops adding up once
    the price exceeds `enough`.
    """
    price = 0.0
    for lane in range(head.shape[0]):
        start = head[lane]
        if start >= ptr[lane + 1]:
            continue
        m = move[start]
        at = free[lane]
        before = prev >= 0 and rights[prev, m] > 0
        if rights[mode, m] > 0:
            at = max(at, now if before else opened)
        elif before:
            at = max(at, now)
        else:
            at = max(at, closed)
        place = 0.0
        for i in range(start, ptr[lane + 1]):
            a = arrive[i]
            if a >= horizon:
                break
            if a > at:
                at = a
            if at >= horizon:
                price += weight[i] * (horizon - a + REST_S + PLACE_S * place)
                if not stood[i]:
                    price += STOP_S * weight[i]
                place += 1.0
            else:
                price += weight[i] * (at - a)
                if at - a > 2.0 and not stood[i]:
                    price += STOP_S * weight[i]
                at += headway[move[i]] * size[i]
        if price > enough:
            return price
    return price
