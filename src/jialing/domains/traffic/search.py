"""Which plan is the best for each junction? Depth-first search with a lower bound, compiled.

`decide` does it for all junctions at once, `decide_parallel` on several cores. Pruning is exact:
a branch is left only where its lower bound already exceeds the best plan found.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from jialing.core.signal import FloatArray
from jialing.domains.traffic.kernel import NEVER, STAYS, least, left_over, serve
from jialing.domains.traffic.layout import IntArray

DEPTH = 3  # phases after the present one that a plan names
_jit = numba.njit(cache=True, nogil=True, error_model="numpy")

# columns of an answer
FIRST, WHEN, PRICE, SEEN = range(4)
ANSWER = 4


@_jit
def useful_modes(rights: Any, mode: int, present: Any) -> Any:
    """Modes worth planning: they serve somebody, and none serves at least as well everywhere."""
    modes, moves = rights.shape
    keep = np.zeros(modes, dtype=np.bool_)
    for p in range(modes):
        for m in range(moves):
            if present[m] and rights[p, m] > 0:
                keep[p] = True
                break
    alone = keep.copy()
    for p in range(modes):
        if not keep[p] or p == mode:
            continue
        for q in range(modes):
            if q == p or not alone[q]:
                continue
            covers, more = True, False
            for m in range(moves):
                if not present[m]:
                    continue
                if rights[q, m] < rights[p, m]:
                    covers = False
                    break
                if rights[q, m] > rights[p, m]:
                    more = True
            if covers and (more or q < p):
                keep[p] = False
                break
    return keep


@_jit
def plan(
    mode: int,
    prev: int,
    switched: float,
    opened: float,
    depth: int,
    horizon: float,
    free_now: bool,
    ptr: IntArray,
    arrive: FloatArray,
    move: IntArray,
    weight: FloatArray,
    size: FloatArray,
    stood: Any,
    rights: Any,
    intergreen: Any,
    min_green: FloatArray,
    max_green: FloatArray,
    move_lane: IntArray,
    move_out: IntArray,
    headway: FloatArray,
    foe_ptr: IntArray,
    foe: IntArray,
    room: FloatArray,
    drain: FloatArray,
    path: IntArray,
    times: FloatArray,
) -> tuple[float, float, int]:
    """The best plan of one junction: (price, time until it leaves `mode`, plans priced).

    mode : shown, or being turned to; `opened` is when it turns or turned green [s from now]
    prev, switched : the mode before it and when it was left; -1 if that no longer matters
    free_now : False where nothing can be decided yet: only the outlook is wanted
    ptr : [lanes + 1] first vehicle of each lane
    path, times : [depth + 1] filled with its modes and when each begins
    """
    lanes, moves, outs = ptr.shape[0] - 1, move_lane.shape[0], room.shape[0]
    modes = rights.shape[0]
    vehicles = arrive.shape[0]
    head = np.zeros((depth + 3, lanes), dtype=np.int64)
    free = np.full((depth + 3, lanes), -NEVER)
    last = np.full((depth + 3, moves), -NEVER)
    used = np.zeros((depth + 3, outs))
    can = np.zeros(lanes)
    price = np.zeros(depth + 3)
    now = np.zeros(depth + 3)  # when the mode at this level is turned to
    green = np.zeros(depth + 3)  # and when it is green
    shown = np.full(depth + 3, -1, dtype=np.int64)
    tried = np.full(depth + 3, -1, dtype=np.int64)
    note = np.zeros(0)
    for lane in range(lanes):
        head[0, lane] = ptr[lane]
    present = np.zeros(moves, dtype=np.bool_)
    for i in range(vehicles):
        present[move[i]] = True
    keep = useful_modes(rights, mode, present)
    quickest = np.full(modes, NEVER)
    for p in range(modes):
        for q in range(modes):
            if p != q:
                quickest[p] = min(quickest[p], intergreen[p, q])
    spare = depth + 2
    best, best_stay, count = NEVER, horizon, 0
    path[:] = -1
    path[0] = mode
    times[0] = opened
    # Staying to the end of the horizon.
    head[spare] = head[0]
    free[spare] = free[0]
    last[spare] = last[0]
    used[spare] = used[0]
    _, cost = serve(
        horizon,
        horizon,
        mode,
        mode,
        prev,
        switched,
        opened,
        head[spare],
        free[spare],
        last[spare],
        used[spare],
        can,
        ptr,
        arrive,
        move,
        weight,
        size,
        stood,
        rights,
        move_lane,
        move_out,
        headway,
        foe_ptr,
        foe,
        room,
        drain,
        note,
    )
    best = cost + left_over(horizon, head[spare], ptr, arrive, weight, stood)
    stays = STAYS if free_now else STAYS[:1]
    earliest = max(0.0, opened + min_green[mode])
    at_last = -1.0
    for d in range(stays.shape[0]):
        stay = stays[d]
        if stay < earliest:
            if d + 1 < stays.shape[0] and stays[d + 1] <= earliest:
                continue
            stay = earliest
        if stay <= at_last:
            continue
        # Level 0 stands at the moment when the present mode is left.
        _, cost = serve(
            stay,
            stay,
            mode,
            mode,
            prev,
            switched,
            opened,
            head[0],
            free[0],
            last[0],
            used[0],
            can,
            ptr,
            arrive,
            move,
            weight,
            size,
            stood,
            rights,
            move_lane,
            move_out,
            headway,
            foe_ptr,
            foe,
            room,
            drain,
            note,
        )
        price[0] += cost
        at_last = stay
        now[0], green[0], shown[0] = switched, opened, mode
        level = 0
        tried[0] = -1
        while level >= 0:
            q = tried[level] + 1
            while q < modes and (q == shown[level] or not keep[q]):
                q += 1
            tried[level] = q
            if q >= modes:
                level -= 1
                continue
            before = shown[level]
            child = level + 1
            head[child] = head[level]
            free[child] = free[level]
            last[child] = last[level]
            used[child] = used[level]
            price[child] = price[level]
            end = stay
            if level > 0:
                first = green[level] + min_green[before]
                end, cost = serve(
                    first,
                    max(first, green[level] + max_green[before]),
                    q,
                    before,
                    shown[level - 1],
                    now[level],
                    green[level],
                    head[child],
                    free[child],
                    last[child],
                    used[child],
                    can,
                    ptr,
                    arrive,
                    move,
                    weight,
                    size,
                    stood,
                    rights,
                    move_lane,
                    move_out,
                    headway,
                    foe_ptr,
                    foe,
                    room,
                    drain,
                    note,
                )
                price[child] += cost
                if end >= horizon:
                    continue
            now[child] = end
            green[child] = end + intergreen[before, q]
            shown[child] = q
            # A plan that ends with this mode leaves everybody else standing.
            closed = NEVER if child == depth else green[child] + min_green[q] + quickest[q]
            if (
                price[child]
                + least(
                    end,
                    green[child],
                    closed,
                    horizon,
                    q,
                    before,
                    head[child],
                    free[child],
                    ptr,
                    arrive,
                    move,
                    weight,
                    size,
                    stood,
                    rights,
                    headway,
                    best - price[child],
                )
                >= best
            ):
                continue
            head[spare] = head[child]
            free[spare] = free[child]
            last[spare] = last[child]
            used[spare] = used[child]
            _, cost = serve(
                horizon,
                horizon,
                q,
                q,
                before,
                end,
                green[child],
                head[spare],
                free[spare],
                last[spare],
                used[spare],
                can,
                ptr,
                arrive,
                move,
                weight,
                size,
                stood,
                rights,
                move_lane,
                move_out,
                headway,
                foe_ptr,
                foe,
                room,
                drain,
                note,
            )
            count += 1
            cost += price[child] + left_over(horizon, head[spare], ptr, arrive, weight, stood)
            if cost < best - 1e-6:
                best, best_stay = cost, stay
                path[:] = -1
                for k in range(child + 1):
                    path[k] = shown[k]
                    times[k] = green[k]
            if child < depth:
                level = child
                tried[level] = -1
    return best, best_stay, count


@_jit
def replay(
    prev: int,
    switched: float,
    horizon: float,
    path: IntArray,
    times: FloatArray,
    ptr: IntArray,
    arrive: FloatArray,
    move: IntArray,
    weight: FloatArray,
    size: FloatArray,
    stood: Any,
    rights: Any,
    intergreen: Any,
    move_lane: IntArray,
    move_out: IntArray,
    headway: FloatArray,
    foe_ptr: IntArray,
    foe: IntArray,
    room: FloatArray,
    drain: FloatArray,
    leave: FloatArray,
) -> None:
    """Fill `leave` with the departures under a plan found by `plan`; NEVER for who is left."""
    lanes, moves, outs = ptr.shape[0] - 1, move_lane.shape[0], room.shape[0]
    head = ptr[:-1].copy()
    free = np.full(lanes, -NEVER)
    last = np.full(moves, -NEVER)
    used = np.zeros(outs)
    can = np.zeros(lanes)
    leave[:] = NEVER
    before, left = prev, switched
    for k in range(path.shape[0]):
        mode = path[k]
        if mode < 0:
            break
        end = horizon
        if k + 1 < path.shape[0] and path[k + 1] >= 0:
            end = times[k + 1] - intergreen[mode, path[k + 1]]
        serve(
            end,
            end,
            mode,
            mode,
            before,
            left,
            times[k],
            head,
            free,
            last,
            used,
            can,
            ptr,
            arrive,
            move,
            weight,
            size,
            stood,
            rights,
            move_lane,
            move_out,
            headway,
            foe_ptr,
            foe,
            room,
            drain,
            leave,
        )
        before, left = mode, end


@_jit
def decide_one(
    j: int,
    depth: int,
    horizon: float,
    net: Any,
    state: Any,
    seen: Any,
    answers: FloatArray,
    paths: IntArray,
    times: FloatArray,
    leave: FloatArray,
) -> None:
    """Plan junction `j`; its row of `answers` and its vehicles' `leave` are filled."""
    (
        lane_ptr,
        move_ptr,
        out_ptr,
        mode_ptr,
        right_ptr,
        change_ptr,
        all_move_lane,
        all_move_out,
        all_rights,
        all_intergreen,
        all_min_green,
        all_max_green,
        all_foe_ptr,
        foe,
        all_headway,
    ) = net
    mode, prev, switched, opened, all_room, all_drain = state
    first, all_arrive, all_move, all_weight, all_size, all_stood = seen
    a, b = lane_ptr[j], lane_ptr[j + 1]
    moves = slice(move_ptr[j], move_ptr[j + 1])
    outs = slice(out_ptr[j], out_ptr[j + 1])
    held = slice(mode_ptr[j], mode_ptr[j + 1])
    modes = mode_ptr[j + 1] - mode_ptr[j]
    begin, end = first[a], first[b]
    own = slice(begin, end)
    ptr = first[a : b + 1] - begin
    rights = all_rights[right_ptr[j] : right_ptr[j + 1]].reshape(
        modes, move_ptr[j + 1] - move_ptr[j]
    )
    intergreen = all_intergreen[change_ptr[j] : change_ptr[j + 1]].reshape(modes, modes)
    foe_ptr = all_foe_ptr[move_ptr[j] : move_ptr[j + 1] + 1]
    may = opened[j] <= 0.0 and -opened[j] >= all_min_green[held][mode[j]] - 0.01
    answers[j, FIRST] = mode[j]
    answers[j, WHEN] = horizon
    answers[j, PRICE] = 0.0
    answers[j, SEEN] = 0.0
    paths[j] = -1
    if begin == end or modes < 2:
        paths[j, 0] = mode[j]
        times[j, 0] = opened[j]
        return
    d = depth if may else 1
    price, stay, count = plan(
        mode[j],
        prev[j],
        switched[j],
        opened[j],
        d,
        horizon,
        may,
        ptr,
        all_arrive[own],
        all_move[own],
        all_weight[own],
        all_size[own],
        all_stood[own],
        rights,
        intergreen,
        all_min_green[held],
        all_max_green[held],
        all_move_lane[moves],
        all_move_out[moves],
        all_headway[moves],
        foe_ptr,
        foe,
        all_room[outs],
        all_drain[outs],
        paths[j],
        times[j],
    )
    replay(
        prev[j],
        switched[j],
        horizon,
        paths[j],
        times[j],
        ptr,
        all_arrive[own],
        all_move[own],
        all_weight[own],
        all_size[own],
        all_stood[own],
        rights,
        intergreen,
        all_move_lane[moves],
        all_move_out[moves],
        all_headway[moves],
        foe_ptr,
        foe,
        all_room[outs],
        all_drain[outs],
        leave[own],
    )
    answers[j, FIRST] = paths[j, 1] if paths[j, 1] >= 0 else mode[j]
    answers[j, WHEN] = stay if paths[j, 1] >= 0 else horizon
    answers[j, PRICE] = price
    answers[j, SEEN] = count


@numba.njit(cache=True, nogil=True, error_model="numpy")
def decide(
    depth: int,
    horizon: float,
    net: Any,
    state: Any,
    seen: Any,
    answers: FloatArray,
    paths: IntArray,
    times: FloatArray,
    leave: FloatArray,
) -> None:
    """Plan every junction, one after the other."""
    for j in range(answers.shape[0]):
        decide_one(j, depth, horizon, net, state, seen, answers, paths, times, leave)


@numba.njit(cache=True, parallel=True, error_model="numpy")
def decide_parallel(
    depth: int,
    horizon: float,
    net: Any,
    state: Any,
    seen: Any,
    answers: FloatArray,
    paths: IntArray,
    times: FloatArray,
    leave: FloatArray,
) -> None:
    """Plan every junction, on several cores."""
    for j in numba.prange(answers.shape[0]):
        decide_one(j, depth, horizon, net, state, seen, answers, paths, times, leave)
