"""What runs without us, and the classic rules that users compare with.

The programme in the file and SUMO's actuated control are the plant's own: their controller hands
every signal over.
"""

from __future__ import annotations

import numpy as np

from jialing.core.command import Command
from jialing.core.signal import FloatArray
from jialing.core.stages import Controller, Situation
from jialing.domains.traffic.estimator import Estimator
from jialing.domains.traffic.layout import IntArray, lay_out
from jialing.domains.traffic.model import Roads
from jialing.domains.traffic.settings import TrafficSettings
from jialing.domains.traffic.wiring import Wiring, seen_m

NEAR_S = 15.0  # vehicles that can be at the stop line so soon are counted [s]; 200 m at 50 km/h
PRESSURE_GREEN_S = 10.0  # shortest green under max-pressure [s]; the usual setting


class LocalProgramme:
    """The plant's own programme at every signal."""

    def __init__(self, name: str = "fixed") -> None:
        self._name = name

    def decide(self, situation: Situation) -> Command:
        """Hand every signal to the plant."""
        return Command.all_local(len(situation.actuators), note=self._name)


class LongestQueue:
    """The phase for which most vehicles come or wait; with `pressure`, less those in its exits.

    With pressure this is max-pressure: the phase with the largest sum of

        x(l, m) - sum_p r(m, p) x(m, p)

    over its movements, x the vehicles that wait for a movement and r the turn shares of the lane m
    that it leads to. A phase is held for at least `shortest` seconds.

    Source: Varaiya (2013), Max pressure control of a network of signalized intersections,
    Transportation Research C 36.
    """

    def __init__(
        self, roads: Roads, settings: TrafficSettings, *, pressure: bool, shortest: float
    ) -> None:
        self._layout = layout = lay_out(roads.junctions)
        self._wiring = Wiring(roads.junctions, layout, view_m=seen_m(settings))
        self._estimator = Estimator(roads.junctions, layout, settings)
        self._pressure, self._shortest = pressure, shortest
        self._every_s, self._decided_s = settings.decide_every_s, -np.inf
        self._want = np.zeros(layout.junctions)
        places = {
            name: int(layout.lane_ptr[j]) + k
            for j, junction in enumerate(roads.junctions)
            for k, name in enumerate(junction.lanes)
        }
        self._next = np.array(
            [places.get(name, -1) for junction in roads.junctions for name in junction.outs],
            dtype=np.int64,
        )
        turns = np.bincount(layout.lane_of, minlength=layout.lane_ptr[-1])
        self._turns = np.maximum(turns, 1)

    def decide(self, situation: Situation) -> Command:
        """Show the phase with the largest sum, once the present one has had its time."""
        seen, now = situation.observation, situation.time_s
        if now - self._decided_s < self._every_s - 1e-6:
            return self._command(situation)
        self._decided_s = now
        state = self._wiring.read(seen, situation.positions)
        arrivals = self._estimator.arrivals(seen, state, now)
        layout = self._layout
        move = arrivals.move + layout.lane_base[arrivals.lane]
        here = arrivals.size * (arrivals.arrive <= NEAR_S)
        load = _sum_by(move, here, len(layout.move_lane))
        waiting = load
        if self._pressure:
            load = load - self._downstream(
                _sum_by(arrivals.lane, here, len(self._turns)), state.standing
            )
        for j in range(layout.junctions):
            modes = slice(layout.mode_ptr[j], layout.mode_ptr[j + 1])
            moves = slice(layout.move_ptr[j], layout.move_ptr[j + 1])
            if state.opened[j] > 0.0 or -state.opened[j] < max(
                self._shortest, float(layout.min_green[modes][state.mode[j]])
            ):
                self._want[j] = state.mode[j]
                continue
            rights = layout.rights[layout.right_ptr[j] : layout.right_ptr[j + 1]]
            green = rights.reshape(-1, moves.stop - moves.start) > 0
            total = green @ np.where(waiting[moves] > 0.0, load[moves], 0.0)
            best = int(np.argmax(total))
            self._want[j] = best if total[best] > total[state.mode[j]] else state.mode[j]
        return self._command(situation)

    def _downstream(self, on_lane: FloatArray, standing: FloatArray) -> FloatArray:
        """[movements] vehicles that wait in the exit, averaged over its turns."""
        known = self._next >= 0
        exits = np.where(known, on_lane[self._next] / self._turns[self._next], standing)
        out = self._layout.out_of
        return np.where(out >= 0, exits[out], 0.0)

    def _command(self, situation: Situation) -> Command:
        targets = self._wiring.targets(self._want, situation.actuators)
        note = "max-pressure" if self._pressure else "greedy"
        return Command(targets=targets, local=np.isnan(targets), note=note)


def _sum_by(index: IntArray, values: FloatArray, count: int) -> FloatArray:
    return np.bincount(index, values, count).astype(np.float64)


def build_baseline(name: str, roads: Roads, settings: TrafficSettings) -> Controller:
    """The controller called `name`: fixed, actuated, webster, max-pressure or greedy."""
    if name == "max-pressure":
        return LongestQueue(roads, settings, pressure=True, shortest=PRESSURE_GREEN_S)
    if name == "greedy":
        return LongestQueue(roads, settings, pressure=False, shortest=settings.min_green_s)
    return LocalProgramme(name)
