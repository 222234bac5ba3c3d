"""What runs without us: fixed directions, the timetable of directions, and the reactive rule."""

from __future__ import annotations

import numpy as np

from jialing.core.command import Command
from jialing.core.signal import FloatArray
from jialing.core.stages import Situation
from jialing.domains.metro.estimator import Estimator
from jialing.domains.metro.layout import Layout
from jialing.domains.metro.plans import SLOT_S, Planner
from jialing.domains.metro.settings import Prices, Spread
from jialing.domains.metro.timetable import best_timetable

REACT_S = 30.0  # difference of waiting times that the reactive rule acts on [s] …
REACT_FOR_S = 60.0  # … once it has lasted so long [s]


class FixedDirections:
    """Every link keeps today's direction."""

    def decide(self, situation: Situation) -> Command:
        """Hand every actuator to the plant."""
        return Command.all_local(len(situation.actuators), note="fixed")


class Timetable:
    """Directions by the clock, the best ones over the station's history."""

    def __init__(self, layout: Layout, spread: Spread, prices: Prices) -> None:
        self._layout, self._spread, self._prices = layout, spread, prices
        self._table: FloatArray | None = None

    def prepare(self) -> None:
        """Work the timetable out."""
        self._table = best_timetable(self._layout, self._spread, self._prices)

    def decide(self, situation: Situation) -> Command:
        """Look the hour up."""
        if self._table is None:
            self._table = best_timetable(self._layout, self._spread, self._prices)
        table = self._table
        slot = min(int(situation.time_s // SLOT_S), len(table) - 1)
        return directions(self._layout, table[slot], note="timetable")


class ReactiveRule:
    """One more link goes where people wait longer.

    Waiting time is the queue over the capacity of the links that run its way. The difference must
    exceed `REACT_S` for `REACT_FOR_S`, and the last change lie the shortest dwell back.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout, self._estimator = layout, Estimator(layout)
        self._planner = Planner(layout, Prices(), 1)
        self._want = layout.home.astype(np.float64)
        stages = len(layout.stage_lower)
        self._sign, self._since = np.zeros(stages), np.zeros(stages)
        self._changed = np.full(stages, -np.inf)

    def decide(self, situation: Situation) -> Command:
        """Compare the queues at both ends of each stage."""
        layout, now = self._layout, situation.time_s
        works = self._estimator.works(situation.observation)
        up, down = self._estimator.queues(situation.observation)
        for group in self._planner.groups:
            own = list(group)
            s = int(layout.link_stage[own[0]])
            wait = []
            for sense, queue in ((1.0, up[s]), (-1.0, down[s])):
                serves = (layout.link_stage == s) & (self._want == sense) & (works > 0.0)
                wait.append(queue / max(float(layout.capacity[serves].sum()), 0.5))
            sign = float(np.sign(wait[0] - wait[1])) * (abs(wait[0] - wait[1]) > REACT_S)
            if sign != self._sign[s]:
                self._sign[s], self._since[s] = sign, now
            dwell = layout.station.duty.min_dwell_s
            if sign == 0.0 or now - self._since[s] < REACT_FOR_S or now - self._changed[s] < dwell:
                continue
            for mode in self._planner.modes(group, self._want, works):
                turned = np.array(mode) - self._want[own]
                if np.count_nonzero(turned) == 1 and turned.sum() == 2.0 * sign:
                    self._want[own] = mode
                    self._changed[s] = now
                    break
        return directions(layout, self._want, note="reactive")


def directions(
    layout: Layout, want: FloatArray, *, meter: FloatArray | None = None, note: str = ""
) -> Command:
    """A command from the direction of every link and the share of every entrance."""
    shares = np.ones(len(layout.metered)) if meter is None else meter[list(layout.metered)]
    targets = np.concatenate((want[list(layout.moved)], shares))
    return Command(targets=targets, local=np.zeros(len(targets), dtype=np.bool_), note=note)
