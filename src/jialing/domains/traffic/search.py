"""Which plan is the best for a junction? Depth-first search with a lower bound, compiled.

Pruning is exact: a branch is left only where its lower bound already exceeds the best plan found.
`batch` does it for all junctions at once.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from jialing.core.signal import FloatArray
from jialing.domains.traffic.kernel import NEVER, STAYS, least, left_over, serve
from jialing.domains.traffic.layout import IntArray

DEPTH = 3  # phases after the present one that a plan names
FREE, STAY = -2, -1  # what a plan may do now: anything, or stay; a mode: turn to it at once
_jit = numba.njit(cache=True, nogil=True, error_model="numpy")


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
def copy_row(origin: int, row: int, flow: Any) -> None:
    """Let `row` of the search's state be as `origin`."""
    head, free, last, used, spot = flow
    for lane in range(head.shape[1]):
        head[row, lane] = head[origin, lane]
        free[row, lane] = free[origin, lane]
    for m in range(last.shape[1]):
        last[row, m] = last[origin, m]
        spot[row, m] = spot[origin, m]
    for o in range(used.shape[1]):
        used[row, o] = used[origin, o]


@_jit
def new_flow(rows: int, spot: FloatArray, scene: Any) -> Any:
    """The state now, in row 0 of `rows`."""
    ptr, moves, outs = scene[0], scene[8].shape[0], scene[14].shape[0]
    lanes = ptr.shape[0] - 1
    head = np.zeros((rows, lanes), dtype=np.int64)
    free = np.full((rows, lanes), -NEVER)
    last = np.full((rows, moves), -NEVER)
    used = np.zeros((rows, outs))
    taken = np.zeros((rows, moves))
    for lane in range(lanes):
        head[0, lane] = ptr[lane]
    for m in range(moves):
        taken[0, m] = spot[m]
    return head, free, last, used, taken


@_jit
def plan(
    mode: int,
    prev: int,
    switched: float,
    opened: float,
    depth: int,
    horizon: float,
    free_now: bool,
    only: int,
    intergreen: Any,
    min_green: FloatArray,
    max_green: FloatArray,
    spot: FloatArray,
    scene: Any,
    path: IntArray,
    times: FloatArray,
) -> tuple[float, float, int]:
    """The best plan of one junction: (price, time until it leaves `mode`, plans priced).

    mode : shown, or being turned to; `opened` is when it turns or turned green [s from now]
    prev, switched : the mode before it and when it was left; -1 if that no longer matters
    free_now : False where nothing can be decided yet: only the outlook is wanted
    only : what the plan must do now: `FREE`, `STAY`, or a mode to turn to
    spot : [movements] until when the place inside the junction is taken [s from now]
    path, times : [depth + 1] filled with its modes and when each begins
    """
    rights, move = scene[7], scene[2]
    modes, moves = rights.shape
    lanes = scene[0].shape[0] - 1
    flow = new_flow(depth + 3, spot, scene)
    can = np.zeros(lanes)
    price = np.zeros(depth + 3)
    now = np.zeros(depth + 3)  # when the mode at this level is turned to
    green = np.zeros(depth + 3)  # and when it is green
    shown = np.full(depth + 3, -1, dtype=np.int64)
    tried = np.full(depth + 3, -1, dtype=np.int64)
    note = np.zeros(0)
    present = np.zeros(moves, dtype=np.bool_)
    for i in range(move.shape[0]):
        present[move[i]] = True
    keep = useful_modes(rights, mode, present)
    if only >= 0:
        keep[only] = True
    quickest = np.full(modes, NEVER)
    for p in range(modes):
        for q in range(modes):
            if p != q:
                quickest[p] = min(quickest[p], intergreen[p, q])
    spare = depth + 2
    best_stay, count = horizon, 0
    path[:] = -1
    path[0] = mode
    times[0] = opened
    # Staying to the end of the horizon.
    copy_row(0, spare, flow)
    _, cost = serve(
        horizon, horizon, mode, spare, mode, prev, switched, opened, can, note, scene, flow
    )
    best = cost + left_over(horizon, spare, scene, flow) if only < 0 else NEVER
    stays = STAYS if free_now else STAYS[:1]
    earliest = max(0.0, opened + min_green[mode])
    at_last = -1.0
    for d in range(stays.shape[0]):
        stay = stays[d]
        if stay < earliest:
            if d + 1 < stays.shape[0] and stays[d + 1] <= earliest:
                continue
            stay = earliest
        if stay <= at_last or (only == STAY and stay <= 0.0):
            continue
        if only >= 0 and at_last >= 0.0:
            break
        # Level 0 stands at the moment when the present mode is left.
        _, cost = serve(stay, stay, mode, 0, mode, prev, switched, opened, can, note, scene, flow)
        price[0] += cost
        at_last = stay
        now[0], green[0], shown[0] = switched, opened, mode
        level = 0
        tried[0] = -1
        while level >= 0:
            q = tried[level] + 1
            while q < modes and (
                q == shown[level] or not keep[q] or (level == 0 and only >= 0 and q != only)
            ):
                q += 1
            tried[level] = q
            if q >= modes:
                level -= 1
                continue
            before = shown[level]
            child = level + 1
            copy_row(level, child, flow)
            price[child] = price[level]
            end = stay
            if level > 0:
                first = green[level] + min_green[before]
                end, cost = serve(
                    first,
                    max(first, green[level] + max_green[before]),
                    q,
                    child,
                    before,
                    shown[level - 1],
                    now[level],
                    green[level],
                    can,
                    note,
                    scene,
                    flow,
                )
                price[child] += cost
                if end >= horizon:
                    continue
            now[child] = end
            green[child] = end + intergreen[before, q]
            shown[child] = q
            # A plan that ends with this mode leaves everybody else standing.
            closed = NEVER if child == depth else green[child] + min_green[q] + quickest[q]
            bound = least(
                end,
                green[child],
                closed,
                horizon,
                child,
                q,
                before,
                best - price[child],
                scene,
                flow,
            )
            if price[child] + bound >= best:
                continue
            copy_row(child, spare, flow)
            _, cost = serve(
                horizon, horizon, q, spare, q, before, end, green[child], can, note, scene, flow
            )
            count += 1
            cost += price[child] + left_over(horizon, spare, scene, flow)
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
    intergreen: Any,
    spot: FloatArray,
    path: IntArray,
    times: FloatArray,
    leave: FloatArray,
    scene: Any,
) -> None:
    """Fill `leave` with the departures under a plan found by `plan`; NEVER for who is left."""
    flow = new_flow(1, spot, scene)
    can = np.zeros(scene[0].shape[0] - 1)
    leave[:] = NEVER
    before, left = prev, switched
    for k in range(path.shape[0]):
        mode = path[k]
        if mode < 0:
            break
        end = horizon
        if k + 1 < path.shape[0] and path[k + 1] >= 0:
            end = times[k + 1] - intergreen[mode, path[k + 1]]
        serve(end, end, mode, 0, mode, before, left, times[k], can, leave, scene, flow)
        before, left = mode, end
