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

from dataclasses import dataclass, fields
from typing import Any

import numba
import numpy as np

from jialing.core.signal import FloatArray

NEVER = 1e9
# places in the array of tuned numbers
LOST, BEFORE, BEFORE_LINE, AFTER, GAP_OUT, STOP, REST, PLACE = range(8)


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """What the queue model assumes; one set for every network.

    Attributes
    ----------
    lost_s : start-up lost time [s]; read off queues in SUMO 1.28
    before_s : a vehicle that yields inside the junction goes on only if the next one with priority
        is so far off [s] …
    before_line_s : … one that yields at the stop line, so far [s] …
    after_s : … and the last one so long gone [s]
    gap_out_s : a planned phase ends once nobody comes within this time [s]
    stop_s : what a stop costs, in seconds of waiting [s]
    rest_s : what a vehicle that is left at the end of the horizon waits on [s] …
    place_s : … and for each one before it in its lane [s]
    """

    lost_s: float = 1.0
    before_s: float = 3.0
    before_line_s: float = 4.5
    after_s: float = 1.5
    gap_out_s: float = 3.0
    stop_s: float = 4.0
    rest_s: float = 10.0
    place_s: float = 1.0

    @property
    def array(self) -> FloatArray:
        """The numbers as the kernel takes them."""
        return np.array([getattr(self, field.name) for field in fields(self)])


STAYS = np.array([0.0, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 14.0, 20.0, 30.0])

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")


#: What a plan is priced with, for one junction: vehicles (ptr, arrive, move, weight, size, stood, yellow),
#: the junction (rights, move_lane, move_out, headway, foe_ptr, foe, inside) and (room, drain, tune).
Scene = tuple[Any, ...]
#: What changes while vehicles leave, one row per level of the search: head (first vehicle of each
#: lane), free (when a lane can release the next), last (last departure of each movement), used
#: (vehicles taken by each exit), spot (until when the place inside the junction is taken).
Flow = tuple[Any, ...]


@_jit
def next_leave(
    lane: int,
    row: int,
    mode: int,
    prev: int,
    switched: float,
    opened: float,
    scene: Scene,
    flow: Flow,
) -> Any:
    """When the first vehicle of a lane can leave [s from now]; NEVER if not in this phase."""
    ptr, arrive, move, _, size, _, yellow, rights, _, move_out, _, _, _, _, room, drain, tune = (
        scene
    )
    head, free, _, used, _ = flow
    i = head[row, lane]
    if i >= ptr[lane + 1]:
        return NEVER
    m = move[i]
    base = max(arrive[i], free[row, lane])
    before = prev >= 0 and rights[prev, m] > 0
    if rights[mode, m] > 0:
        start = switched if before else opened
        if base < start:
            base = start + tune[LOST]
    elif before:
        if base >= switched + yellow[i]:
            return NEVER
    else:
        return NEVER
    o = move_out[m]
    if o >= 0:
        short = used[row, o] + size[i] - room[o]
        if short > 0.0:
            if drain[o] <= 0.0:
                return NEVER
            base = max(base, short / drain[o])
    return base


@_jit
def gap_from(
    at: float,
    m: int,
    row: int,
    mode: int,
    ahead_s: float,
    end: float,
    can: FloatArray,
    scene: Scene,
    flow: Flow,
) -> Any:
    """The first moment from `at` on at which the streams that go before `m` leave it a gap.

    ahead_s : how long the gap must last
    end : when the phase is over at the latest; then they stop
    """
    ptr, arrive, move, _, size, _, _, rights, move_lane, _, headway, foe_ptr, foe, _, _, _, tune = (
        scene
    )
    head, _, last, _, _ = flow
    clear = at
    for _ in range(4):
        before = clear
        for q in range(foe_ptr[m], foe_ptr[m + 1]):
            f = foe[q]
            if rights[mode, f] == 0 or rights[mode, f] < rights[mode, m]:
                continue
            clear = max(clear, last[row, f] + tune[AFTER])
            lane = move_lane[f]
            i = head[row, lane]
            t = can[lane]
            while i < ptr[lane + 1] and t < clear + ahead_s and t < end:
                if rights[mode, move[i]] == 0:
                    break
                if move[i] == f:
                    clear = max(clear, t + tune[AFTER])
                t += headway[move[i]] * size[i]
                i += 1
                if i < ptr[lane + 1]:
                    t = max(t, arrive[i])
            if clear >= end:
                return end
        if clear <= before + 1e-6:
            break
    return min(clear, end)


@_jit
def serve(
    until: float,
    latest: float,
    following: int,
    row: int,
    mode: int,
    prev: int,
    switched: float,
    opened: float,
    can: FloatArray,
    leave: FloatArray,
    scene: Scene,
    flow: Flow,
) -> tuple[float, float]:
    """Let vehicles leave in `mode` until it ends; returns (its end, the price of those who left).

    until : the earliest end [s from now]
    latest : the latest end; the phase goes on to it while queues that `following` would stop move
    row : of the state that changes
    prev, switched, opened : the mode before, when it was left, when `mode` turned green
    can : scratch, [lanes]
    leave : departures are noted here if it has room
    """
    (
        _,
        arrive,
        move,
        weight,
        size,
        stood,
        _,
        rights,
        _,
        move_out,
        headway,
        _,
        _,
        inside,
        room,
        _,
        tune,
    ) = scene
    head, free, last, used, spot = flow
    lanes = can.shape[0]
    noted = leave.shape[0] > 0
    for lane in range(lanes):
        can[lane] = next_leave(lane, row, mode, prev, switched, opened, scene, flow)
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
                    m = move[head[row, lane]]
                    if rights[mode, m] > rights[following, m]:
                        soon = can[lane]
            if soon > end + tune[GAP_OUT]:
                break
            end = min(max(soon + 0.5, end), latest)
            if at >= end:
                break
            continue
        i = head[row, first]
        m = move[i]
        right = rights[mode, m] if rights[mode, m] > 0 else rights[prev, m]
        over = at
        if right == 1:
            if spot[row, m] > at:
                can[first] = spot[row, m]
                continue
            if inside[m]:
                over = gap_from(at, m, row, mode, tune[BEFORE], latest + 1.0, can, scene, flow)
                spot[row, m] = over
            else:
                wait = gap_from(at, m, row, mode, tune[BEFORE_LINE], latest + 1.0, can, scene, flow)
                if wait > at:
                    can[first] = wait
                    continue
        o = move_out[m]
        if o >= 0:
            used[row, o] += size[i]
        waited = over - arrive[i]
        price += waited * weight[i]
        if waited > 2.0 and not stood[i]:
            price += tune[STOP] * weight[i]
        if noted:
            leave[i] = over
        last[row, m] = over
        free[row, first] = at + headway[m] * size[i]
        head[row, first] = i + 1
        can[first] = next_leave(first, row, mode, prev, switched, opened, scene, flow)
        if o >= 0 and used[row, o] + 1.0 > room[o]:
            for lane in range(lanes):
                if lane != first and can[lane] < NEVER and move_out[move[head[row, lane]]] == o:
                    late = next_leave(lane, row, mode, prev, switched, opened, scene, flow)
                    can[lane] = max(can[lane], late)
    return end, price


@_jit
def left_over(horizon: float, row: int, scene: Scene, flow: Flow) -> float:
    """Price of the vehicles that are left at the horizon."""
    ptr, arrive, _, weight, _, stood, _, _, _, _, _, _, _, _, _, _, tune = scene
    head = flow[0]
    price = 0.0
    for lane in range(head.shape[1]):
        place = 0.0
        for i in range(head[row, lane], ptr[lane + 1]):
            if arrive[i] < horizon:
                price += weight[i] * (horizon - arrive[i] + tune[REST] + tune[PLACE] * place)
                if not stood[i]:
                    price += tune[STOP] * weight[i]
            place += 1.0
    return price


@_jit
def least(
    now: float,
    opened: float,
    closed: float,
    horizon: float,
    row: int,
    mode: int,
    prev: int,
    enough: float,
    scene: Scene,
    flow: Flow,
) -> float:
    """A price below which no plan can end that shows `mode` from `opened` on.

    Lanes that stand red in it are served from `closed` on at the earliest. Adding up stops once
    the price exceeds `enough`.
    """
    ptr, arrive, move, weight, size, stood, _, rights, _, _, headway, _, _, _, _, _, tune = scene
    head, free, _, _, _ = flow
    price = 0.0
    for lane in range(head.shape[1]):
        start = head[row, lane]
        if start >= ptr[lane + 1]:
            continue
        m = move[start]
        at = free[row, lane]
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
            at = max(at, a)
            if at >= horizon:
                price += weight[i] * (horizon - a + tune[REST] + tune[PLACE] * place)
                if not stood[i]:
                    price += tune[STOP] * weight[i]
                place += 1.0
            else:
                price += weight[i] * (at - a)
                if at - a > 2.0 and not stood[i]:
                    price += tune[STOP] * weight[i]
                at += headway[move[i]] * size[i]
        if price > enough:
            return price
    return price
