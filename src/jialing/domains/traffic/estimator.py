"""Who reaches which stop line, and when? From sightings to predicted arrivals, lane by lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray, Observation
from jialing.domains.traffic.counts import LoopTracker
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.layout import IntArray, Layout
from jialing.domains.traffic.settings import TrafficSettings
from jialing.domains.traffic.sightings import Kind
from jialing.domains.traffic.wiring import SignalState

SPEED_FACTOR = 0.93  # mean speed on a free approach, as a part of the allowed one [1]; SUMO 1.28
ACCELERATION = 2.0  # of a queue that starts [m/s²]; below the 2.6 of the car alone
STANDING_MPS = 1.0  # slower counts as standing [m/s]
AT_LINE_M = 8.0  # so near, the first vehicle could leave at once [m]
HESITATES_S = 4.0  # standing so long before a free green tells that it turns otherwise [s]
LEAVES_M = 20.0  # who vanishes nearer than this has left over the stop line [m]
INSIDE_MAX_S = 20.0  # nobody waits longer inside a junction [s]
FORGET = 0.98  # what a turn share keeps of its past at each departure [1]


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """Vehicles on their way, ordered by lane and then by their place in it.

    Attributes
    ----------
    first : [lanes + 1] the first vehicle of each lane (lanes over all junctions)
    arrive : when it would reach the stop line unhindered [s from now]
    move : its movement, as an index within the junction
    weight : of one second of its delay [1]
    size : vehicles it stands for [1]; a part of one where its way is a guess
    stood : True if it stands already
    vehicle : its number; -1 where it is not one that is seen
    """

    first: IntArray
    arrive: FloatArray
    move: IntArray
    weight: FloatArray
    size: FloatArray
    stood: NDArray[np.bool_]
    vehicle: IntArray

    @property
    def seen(self) -> tuple[Any, ...]:
        """The arrays that the kernel takes, in its order."""
        return (self.first, self.arrive, self.move, self.weight, self.size, self.stood)

    def within(self, seconds: float) -> Arrivals:
        """Those who arrive within so many seconds."""
        near = self.arrive <= seconds
        if near.all():
            return self
        lane = np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))[near]
        return Arrivals(
            first=np.searchsorted(lane, np.arange(len(self.first))),
            arrive=self.arrive[near],
            move=self.move[near],
            weight=self.weight[near],
            size=self.size[near],
            stood=self.stood[near],
            vehicle=self.vehicle[near],
        )


@numba.njit(cache=True, nogil=True, error_model="numpy")
def time_to_line(distance: FloatArray, speed: FloatArray, allowed: FloatArray) -> FloatArray:
    """Unhindered time to the stop line [s]: accelerate at `ACCELERATION` to the allowed speed.

    With d_a = (v² - s²) / 2a the way until speed v is reached,

        t = (sqrt(s² + 2 a d) - s) / a          if d <= d_a
        t = (v - s) / a + (d - d_a) / v         otherwise
    """
    a = ACCELERATION
    found = np.empty(distance.shape[0])
    for k in range(distance.shape[0]):
        s, d = speed[k], distance[k]
        v = max(allowed[k], s, 1.0)
        way = (v * v - s * s) / (2.0 * a)
        if d <= way:
            found[k] = (np.sqrt(s * s + 2.0 * a * d) - s) / a
        else:
            found[k] = (v - s) / a + (d - way) / v
    return found


def among(some: IntArray, numbers: IntArray) -> NDArray[np.bool_]:
    """Which of `some` are in `numbers`, which ascend."""
    if not len(numbers):
        return np.zeros(len(some), dtype=np.bool_)
    at = np.searchsorted(numbers, some)
    at[at == len(numbers)] = 0
    return np.asarray(numbers[at] == some, dtype=np.bool_)


class Estimator:
    """Predicted arrivals at all junctions; learns turn shares from who leaves.

    Parameters
    ----------
    junctions, layout : the network
    settings : of the case
    """

    def __init__(
        self, junctions: Sequence[Junction], layout: Layout, settings: TrafficSettings
    ) -> None:
        self._layout = layout
        self._tracker = LoopTracker(junctions, layout)
        weights = {kind.name.lower(): 1.0 for kind in Kind} | dict(settings.weights)
        self._weight = np.array([weights[kind.name.lower()] for kind in Kind])
        moves = len(layout.move_lane)
        owner = np.repeat(np.arange(layout.junctions), np.diff(layout.move_ptr))
        self._move_owner = owner
        self._move_lane = layout.move_lane + layout.lane_ptr[owner]
        self._by_lane = np.argsort(self._move_lane, kind="stable")
        self._lane_moves = np.searchsorted(
            self._move_lane[self._by_lane], np.arange(layout.lane_ptr[-1] + 1)
        )
        self._inside_until = np.full(moves, -np.inf)
        self._planned: tuple[IntArray, IntArray, FloatArray] | None = None
        self._share = np.ones(moves)
        self._debt = np.zeros(moves)
        self._ids = np.zeros(0, dtype=np.int64)
        self._guess = np.zeros(0, dtype=np.int64)
        self._lane = np.zeros(0, dtype=np.int64)
        self._distance = np.zeros(0)
        self._hesitated = np.zeros(0)
        self._time_s = -np.inf

    def arrivals(self, observation: Observation, state: SignalState, now: float) -> Arrivals:
        """Turn an observation into arrivals."""
        layout, right = self._layout, state.right
        sightings = observation.sightings
        if sightings is None:
            sightings = self._tracker.sightings(observation)
        junction = sightings["junction"].astype(np.int64)
        lane = layout.lane_ptr[junction] + sightings["lane"]
        distance = sightings["distance_m"].astype(np.float64)
        speed = sightings["speed_mps"].astype(np.float64)
        allowed = sightings["free_speed_mps"].astype(np.float64) * SPEED_FACTOR
        move = np.where(
            sightings["movement"] >= 0, layout.move_ptr[junction] + sightings["movement"], -1
        )
        known = move >= 0
        lane[known] = self._move_lane[move[known]]
        usable = known | (self._lane_moves[lane + 1] > self._lane_moves[lane])
        if not known.all() or len(self._ids):
            move = self._turns(
                sightings["vehicle"], lane, move, distance, speed, right, now, usable
            )
        arrive = time_to_line(distance, speed, allowed)
        order = np.lexsort((distance, lane))
        order = order[usable[order]]
        owner = junction[order]
        return Arrivals(
            first=np.searchsorted(lane[order], np.arange(layout.lane_ptr[-1] + 1)),
            arrive=arrive[order],
            move=move[order] - layout.move_ptr[owner],
            weight=self._weight[sightings["kind"][order]],
            size=np.ones(len(order)),
            stood=speed[order] < STANDING_MPS,
            vehicle=sightings["vehicle"][order].astype(np.int64),
        )

    def note(self, arrivals: Arrivals, move: IntArray, leave: FloatArray, now: float) -> None:
        """Remember when each vehicle was to be over the junction, by the plan made `now`."""
        seen = arrivals.vehicle >= 0
        order = np.argsort(arrivals.vehicle[seen], kind="stable")
        self._planned = (arrivals.vehicle[seen][order], move[seen][order], leave[seen][order] + now)

    def inside(self, arrivals: Arrivals, now: float) -> FloatArray:
        """[movements] until when a vehicle that yields stands inside the junction [s from now].

        It entered since the last plan, and is over when that plan said.
        """
        until = self._inside_until
        if self._planned is not None:
            vehicle, move, over = self._planned
            inside = self._layout.inside[move] & (over < now + INSIDE_MAX_S) & (over > now)
            if inside.any():
                inside &= ~among(vehicle, np.sort(arrivals.vehicle))
                np.maximum.at(until, move[inside], over[inside])
        return np.maximum(until - now, 0.0)

    def _turns(
        self,
        ids: NDArray[np.int64],
        lane: IntArray,
        move: IntArray,
        distance: FloatArray,
        speed: FloatArray,
        right: NDArray[np.int8],
        now: float,
        usable: NDArray[np.bool_],
    ) -> IntArray:
        """Each vehicle's movement: as seen, as guessed before, or guessed now from the shares."""
        order = np.argsort(ids, kind="stable")
        ids_sorted = ids[order].astype(np.int64)
        found = move[order].copy()
        lanes, near = lane[order], distance[order]
        at = np.searchsorted(self._ids, ids_sorted)
        at[at == len(self._ids)] = 0
        old = np.zeros(len(ids_sorted), dtype=np.bool_)
        if len(self._ids):
            old = (self._ids[at] == ids_sorted) & (self._lane[at] == lanes)
        guessed = (found < 0) & old
        found[guessed] = self._guess[at[guessed]]
        unknown = move[order] < 0
        elapsed = max(now - self._time_s, 0.0) if np.isfinite(self._time_s) else 0.0
        hesitated = np.zeros(len(ids_sorted))
        waits = old & unknown & (speed[order] < STANDING_MPS) & (near < AT_LINE_M) & (found >= 0)
        waits[waits] = right[found[waits]] == 2
        hesitated[waits] = self._hesitated[at[waits]] + elapsed
        for k in np.flatnonzero(hesitated >= HESITATES_S).tolist():
            found[k], hesitated[k] = self._otherwise(int(lanes[k]), int(found[k]), right), 0.0
        for k in np.flatnonzero((found < 0) & usable[order]).tolist():
            found[k] = self._draw(int(lanes[k]))
        if np.any(unknown) or len(self._ids):
            self._learn(ids_sorted, right)
        self._ids, self._guess, self._lane = ids_sorted, found, lanes
        self._distance, self._hesitated, self._time_s = near, hesitated, now
        back = np.empty(len(order), dtype=np.int64)
        back[order] = found
        return back

    def _moves_of(self, lane: int) -> IntArray:
        return self._by_lane[self._lane_moves[lane] : self._lane_moves[lane + 1]]

    def _draw(self, lane: int) -> int:
        """The movement that is owed most, so that guesses follow the shares without chance."""
        moves = self._moves_of(lane)
        if len(moves) == 1:
            return int(moves[0])
        self._debt[moves] += self._share[moves] / self._share[moves].sum()
        chosen = int(moves[int(np.argmax(self._debt[moves]))])
        self._debt[chosen] -= 1.0
        return chosen

    def _otherwise(self, lane: int, move: int, right: NDArray[np.int8]) -> int:
        """Another movement of the lane, one that the signal does not let go freely."""
        held = [m for m in self._moves_of(lane).tolist() if m != move and right[m] < 2]
        if not held:
            return move
        return int(max(held, key=lambda m: float(self._share[m])))

    def _learn(self, ids: IntArray, right: NDArray[np.int8]) -> None:
        """Count those who have left over a stop line since the last look."""
        gone = (self._distance < LEAVES_M) & ~among(self._ids, ids)
        for k in np.flatnonzero(gone & (self._guess >= 0)).tolist():
            moves = self._moves_of(int(self._lane[k]))
            if len(moves) < 2:
                continue
            could = moves[right[moves] > 0]
            self._share[moves] *= FORGET
            if len(could) == 1:
                self._share[could[0]] += 1.0
            else:
                self._share[self._guess[k]] += 1.0
