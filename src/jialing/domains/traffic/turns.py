"""Which way does each vehicle turn? As seen, or guessed from what its lane was used for so far."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray
from jialing.domains.traffic.junction import PRIORITY
from jialing.domains.traffic.layout import IntArray, Layout

STANDING_MPS = 1.0  # slower counts as standing [m/s]
AT_LINE_M = 8.0  # so near, the first vehicle could leave at once [m]
HESITATES_S = 4.0  # standing so long before a free green tells that it turns otherwise [s]
LEAVES_M = 20.0  # who vanishes nearer than this has left over the stop line [m]
FORGET = 0.98  # what a turn share keeps of its past at each departure [1]

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")


class Turns:
    """Guesses the movement of vehicles whose way is not known; learns from who leaves.

    Parameters
    ----------
    layout : of the junctions
    """

    def __init__(self, layout: Layout) -> None:
        moves = len(layout.move_lane)
        self._by_lane = layout.by_lane
        self._share = np.ones(moves)
        self._debt = np.zeros(moves)
        none = np.zeros(0, dtype=np.int64)
        # At the last look, by ascending number: number, lane, guess, distance, time of hesitation.
        self._last = (none, none, none, np.zeros(0), np.zeros(0))
        self._time_s = np.nan

    @property
    def looked(self) -> bool:
        """True if somebody was there at the last look."""
        return len(self._last[0]) > 0

    def of(
        self,
        ids: IntArray,
        lane: IntArray,
        move: IntArray,
        distance: FloatArray,
        speed: FloatArray,
        right: NDArray[np.int8],
        now: float,
    ) -> IntArray:
        """Each vehicle's movement; -1 only where its lane has none.

        Parameters
        ----------
        ids : number of each vehicle
        move : its movement over all junctions, -1 where it is not known
        right : [movements] of `Right` at this moment
        now : [s]
        """
        elapsed = max(now - self._time_s, 0.0) if np.isfinite(self._time_s) else 0.0
        order = np.argsort(ids, kind="stable")
        seen = (ids[order], lane[order], move[order], distance[order], speed[order])
        ways = (*self._by_lane, right)
        guess, hesitated = _guessed(*seen, self._last, ways, self._share, self._debt, elapsed)
        self._last = (seen[0], seen[1], guess, seen[3], hesitated)
        self._time_s = now
        found: IntArray = np.empty_like(guess)
        found[order] = guess
        return found


@_jit
def _guessed(
    ids: IntArray,
    lane: IntArray,
    move: IntArray,
    distance: FloatArray,
    speed: FloatArray,
    last: Any,
    ways: Any,
    share: FloatArray,
    debt: FloatArray,
    elapsed: float,
) -> Any:
    """Movement of each vehicle, and how long it has hesitated; changes `share` and `debt`.

    Vehicles ascend by number, here and at the last look. A guess stays with its vehicle while it
    keeps its lane, until it stands for long before a free green: then it turns otherwise.
    """
    ids_last, lane_last, guess_last, distance_last, hesitated_last = last
    _, first, right = ways
    count, count_last = ids.shape[0], ids_last.shape[0]
    found = move.copy()
    hesitated = np.zeros(count)
    stays = np.zeros(count_last, dtype=np.bool_)
    at = 0
    for k in range(count):
        while at < count_last and ids_last[at] < ids[k]:
            at += 1
        if at == count_last or ids_last[at] != ids[k]:
            continue
        stays[at] = True
        if lane_last[at] != lane[k] or move[k] >= 0:
            continue
        found[k] = guess_last[at]
        stands = speed[k] < STANDING_MPS and distance[k] < AT_LINE_M
        if found[k] >= 0 and stands and right[found[k]] == PRIORITY:
            hesitated[k] = hesitated_last[at] + elapsed
    for k in range(count):
        if hesitated[k] >= HESITATES_S:
            found[k], hesitated[k] = _otherwise(lane[k], found[k], ways, share), 0.0
    for k in range(count):
        if found[k] < 0 and first[lane[k] + 1] > first[lane[k]]:
            found[k] = _drawn(lane[k], ways, share, debt)
    for k in range(count_last):
        if not stays[k] and distance_last[k] < LEAVES_M and guess_last[k] >= 0:
            _learn(lane_last[k], guess_last[k], ways, share)
    return found, hesitated


@_jit
def _drawn(lane: int, ways: Any, share: FloatArray, debt: FloatArray) -> int:
    """The movement that is owed most, so that guesses follow the shares without chance."""
    by_lane, first, _ = ways
    moves = by_lane[first[lane] : first[lane + 1]]
    if moves.shape[0] == 1:
        return int(moves[0])
    whole = 0.0
    for m in moves:
        whole += share[m]
    chosen = int(moves[0])
    for m in moves:
        debt[m] += share[m] / whole
        if debt[m] > debt[chosen]:
            chosen = int(m)
    debt[chosen] -= 1.0
    return chosen


@_jit
def _otherwise(lane: int, move: int, ways: Any, share: FloatArray) -> int:
    """Another movement of the lane, the most used that the signal does not let go freely."""
    by_lane, first, right = ways
    best = -1
    for m in by_lane[first[lane] : first[lane + 1]]:
        if m != move and right[m] < PRIORITY and (best < 0 or share[m] > share[best]):
            best = int(m)
    return move if best < 0 else best


@_jit
def _learn(lane: int, guess: int, ways: Any, share: FloatArray) -> None:
    """Count one who has left over the stop line: where only one movement could go, it was that."""
    by_lane, first, right = ways
    moves = by_lane[first[lane] : first[lane + 1]]
    if moves.shape[0] < 2:
        return
    could, went = 0, guess
    for m in moves:
        share[m] *= FORGET
        if right[m] > 0:
            could += 1
            went = m
    share[went if could == 1 else guess] += 1.0
