"""Who reaches which stop line, and when? From sightings to predicted arrivals, lane by lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
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
from jialing.domains.traffic.turns import STANDING_MPS, Turns
from jialing.domains.traffic.wiring import SignalState

SPEED_FACTOR = 0.93  # mean speed on a free approach, as a part of the allowed one [1]; SUMO 1.28
ACCELERATION = 2.0  # of a queue that starts [m/s²]; below the 2.6 of the car alone
BRAKING = 4.5  # hardest braking of drivers [m/s²]; SUMO's default for cars
STEP_S = 1.0  # of the simulation in which they were watched [s]
INSIDE_MAX_S = 20.0  # nobody waits longer inside a junction [s]


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """Vehicles on their way, ordered by lane and then by their place in it.

    Attributes
    ----------
    first : [lanes + 1] the first vehicle of each lane (lanes over all junctions)
    lane : its lane
    arrive : when it would reach the stop line unhindered [s from now]
    move : its movement, as an index within the junction
    weight : of one second of its delay [1]
    size : vehicles it stands for [1]; a part of one where its way is a guess
    stood : True if it stands already
    yellow : so long into yellow it still crosses, for it cannot stop any more [s]
    vehicle : its number; -1 where it is not one that is seen
    """

    first: IntArray
    lane: IntArray
    arrive: FloatArray
    move: IntArray
    weight: FloatArray
    size: FloatArray
    stood: NDArray[np.bool_]
    yellow: FloatArray
    vehicle: IntArray

    @classmethod
    def nobody(cls, lanes: int) -> Arrivals:
        """Empty streets."""
        none, numbers = np.zeros(0), np.zeros(0, dtype=np.int64)
        return cls(
            first=np.zeros(lanes + 1, dtype=np.int64),
            lane=numbers,
            arrive=none,
            move=numbers,
            weight=none,
            size=none,
            stood=np.zeros(0, dtype=np.bool_),
            yellow=none,
            vehicle=numbers,
        )

    @property
    def seen(self) -> tuple[Any, ...]:
        """The arrays that the kernel takes, in its order."""
        return (
            self.first,
            self.arrive,
            self.move,
            self.weight,
            self.size,
            self.stood,
            self.yellow,
        )

    @cached_property
    def numbers(self) -> tuple[IntArray, IntArray]:
        """Numbers of those who are seen, ascending, and where they stand here."""
        seen = (self.vehicle >= 0).nonzero()[0]
        places = seen[np.argsort(self.vehicle[seen], kind="stable")]
        return self.vehicle[places], places

    def within(self, seconds: float) -> Arrivals:
        """Those who arrive within so many seconds."""
        near = self.arrive <= seconds
        if near.all():
            return self
        lane = self.lane[near]
        return Arrivals(
            first=np.searchsorted(lane, np.arange(len(self.first))),
            lane=lane,
            arrive=self.arrive[near],
            move=self.move[near],
            weight=self.weight[near],
            size=self.size[near],
            stood=self.stood[near],
            yellow=self.yellow[near],
            vehicle=self.vehicle[near],
        )


@numba.njit(cache=True, nogil=True, error_model="numpy")
def way_to_line(
    distance: FloatArray, speed: FloatArray, allowed: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Unhindered time to the stop line [s], and the speed there [m/s].

    Vehicles accelerate at `ACCELERATION` to the allowed speed.

    With d_a = (v² - s²) / 2a the way until speed v is reached,

        t = (sqrt(s² + 2 a d) - s) / a          if d <= d_a
        t = (v - s) / a + (d - d_a) / v         otherwise
    """
    a = ACCELERATION
    found, there = np.empty(distance.shape[0]), np.empty(distance.shape[0])
    for k in range(distance.shape[0]):
        s, d = speed[k], distance[k]
        v = max(allowed[k], s, 1.0)
        way = (v * v - s * s) / (2.0 * a)
        if d <= way:
            there[k] = np.sqrt(s * s + 2.0 * a * d)
            found[k] = (there[k] - s) / a
        else:
            there[k] = v
            found[k] = (v - s) / a + (d - way) / v
    return found, there


def yellow_used(speed: FloatArray) -> FloatArray:
    """So long into yellow who comes at `speed` still crosses, for he cannot stop any more [s].

    Where yellow begins, it drives on if braking at b takes more than the way that is left. SUMO lets
    it brake by steps of Δ, each at the speed of its end, which takes v Δ / 2 less:

        v t < v² / 2b - v Δ / 2

    So a queue that still gathers speed uses less of a yellow than a stream.
    """
    return np.maximum(speed / (2.0 * BRAKING) - 0.5 * STEP_S, 0.0)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def among(some: IntArray, numbers: IntArray) -> NDArray[np.bool_]:
    """Which of `some` are in `numbers`? Both ascend."""
    found = np.zeros(some.shape[0], dtype=np.bool_)
    at = 0
    for k in range(some.shape[0]):
        while at < numbers.shape[0] and numbers[at] < some[k]:
            at += 1
        found[k] = at < numbers.shape[0] and numbers[at] == some[k]
    return found


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
        self._turns = Turns(layout)
        self._lanes = np.arange(int(layout.lane_ptr[-1]) + 1)
        self._inside_until = np.full(len(layout.move_lane), -np.inf)
        self._planned: tuple[IntArray, IntArray, FloatArray] | None = None

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
        turns = self._turns
        lane[known] = layout.lane_of[move[known]]
        if not (known.size and known.all()) or turns.looked:
            move = turns.of(
                sightings["vehicle"].astype(np.int64), lane, move, distance, speed, right, now
            )
        order = np.lexsort((distance, lane))
        order = order[move[order] >= 0]
        lane = lane[order]
        arrive, pace = way_to_line(distance[order], speed[order], allowed[order])
        return Arrivals(
            first=np.searchsorted(lane, self._lanes),
            lane=lane,
            arrive=arrive,
            move=move[order] - layout.move_ptr[junction[order]],
            weight=self._weight[sightings["kind"][order]],
            size=np.ones(len(order)),
            stood=speed[order] < STANDING_MPS,
            yellow=yellow_used(pace),
            vehicle=sightings["vehicle"][order].astype(np.int64),
        )

    def note(self, arrivals: Arrivals, move: IntArray, leave: FloatArray, now: float) -> None:
        """Remember when each vehicle was to be over the junction, by the plan made `now`."""
        numbers, places = arrivals.numbers
        self._planned = (numbers, move[places], leave[places] + now)

    def inside(self, arrivals: Arrivals, now: float) -> FloatArray:
        """[movements] until when a vehicle that yields stands inside the junction [s from now].

        It entered since the last plan, and is over when that plan said.
        """
        until = self._inside_until
        if self._planned is not None:
            vehicle, move, over = self._planned
            inside = self._layout.inside[move] & (over < now + INSIDE_MAX_S) & (over > now)
            if inside.any():
                inside &= ~among(vehicle, arrivals.numbers[0])
                np.maximum.at(until, move[inside], over[inside])
        return np.maximum(until - now, 0.0)
