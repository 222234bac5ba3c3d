"""Which plan is the best for each junction of a network? All of them at once, compiled.

`decide` plans one junction after the other, `decide_parallel` on several cores.
"""

from __future__ import annotations

from typing import Any

import numba

from jialing.core.signal import FloatArray
from jialing.domains.traffic.layout import IntArray
from jialing.domains.traffic.search import FREE, plan, replay

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")

# columns of an answer
FIRST, WHEN, PRICE, SEEN = range(4)
ANSWER = 4


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
        all_inside,
        all_headway,
        tune,
    ) = net
    mode, prev, switched, opened, all_room, all_drain, all_spot, only = state
    first, all_arrive, all_move, all_weight, all_size, all_stood, all_yellow = seen
    a, b = lane_ptr[j], lane_ptr[j + 1]
    c, d = move_ptr[j], move_ptr[j + 1]
    e, f = out_ptr[j], out_ptr[j + 1]
    g, h = mode_ptr[j], mode_ptr[j + 1]
    modes = h - g
    begin, end = first[a], first[b]
    answers[j, FIRST] = mode[j]
    answers[j, WHEN] = horizon
    answers[j, PRICE] = 0.0
    answers[j, SEEN] = 0.0
    paths[j] = -1
    if begin == end or modes < 2:
        paths[j, 0] = mode[j]
        times[j, 0] = opened[j]
        return
    intergreen = all_intergreen[change_ptr[j] : change_ptr[j + 1]].reshape(modes, modes)
    scene = (
        first[a : b + 1] - begin,
        all_arrive[begin:end],
        all_move[begin:end],
        all_weight[begin:end],
        all_size[begin:end],
        all_stood[begin:end],
        all_yellow[begin:end],
        all_rights[right_ptr[j] : right_ptr[j + 1]].reshape(modes, d - c),
        all_move_lane[c:d],
        all_move_out[c:d],
        all_headway[c:d],
        all_foe_ptr[c : d + 1],
        foe,
        all_inside[c:d],
        all_room[e:f],
        all_drain[e:f],
        tune,
    )
    may = opened[j] <= 0.0 and -opened[j] >= all_min_green[g + mode[j]] - 0.01
    price, stay, count = plan(
        mode[j],
        prev[j],
        switched[j],
        opened[j],
        depth if may else 1,
        horizon,
        may,
        only[j] if may else FREE,
        intergreen,
        all_min_green[g:h],
        all_max_green[g:h],
        all_spot[c:d],
        scene,
        paths[j],
        times[j],
    )
    replay(
        prev[j],
        switched[j],
        horizon,
        intergreen,
        all_spot[c:d],
        paths[j],
        times[j],
        leave[begin:end],
        scene,
    )
    if paths[j, 1] >= 0:
        answers[j, FIRST] = paths[j, 1]
        answers[j, WHEN] = stay
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
