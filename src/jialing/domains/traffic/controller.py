"""Predictive control of signals: search phase plans over a rolling horizon, junction by junction.

At each decision the vehicles in view become arrivals, the best plan of every junction is searched,
and a junction switches where its plan does so now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from jialing.core.command import Command
from jialing.core.signal import FloatArray, Observation, Signal, SignalTable
from jialing.core.stages import Situation
from jialing.domains.traffic import batch, search
from jialing.domains.traffic.blocked import Blocked
from jialing.domains.traffic.estimator import Arrivals, Estimator
from jialing.domains.traffic.joint import Group, groups_of
from jialing.domains.traffic.junction import Feed, Junction
from jialing.domains.traffic.kernel import NEVER, Tuning
from jialing.domains.traffic.layout import SPACE_M, IntArray, lay_out
from jialing.domains.traffic.outlook import Outlook
from jialing.domains.traffic.recall import NOBODY, Recall
from jialing.domains.traffic.settings import TrafficSettings
from jialing.domains.traffic.sightings import SIGHTING
from jialing.domains.traffic.unseen import Unseen
from jialing.domains.traffic.wiring import Wiring, seen_m

HORIZON_S = 60.0
LOOK_S = 20.0  # who comes later than this is none of a plan's business yet [s] …
FADE_S = 20.0  # … and who comes within it counts the less, the later: by 1/e in so long [s]
PRESSURE = 0.9  # how much a full exit takes off the weight of whoever wants in [1]
LEAST_WEIGHT = 0.05  # what is left of it at least [1]
OVERLOOKED = 1.0  # vehicles that stand in an exit where a camera misses some: the last one [veh]
MANY = 64  # junctions from which on planning is spread over cores


class PredictiveController:
    """Rolling-horizon choice of phases for every junction.

    Parameters
    ----------
    junctions : the network
    settings : of the case
    """

    def __init__(self, junctions: Sequence[Junction], settings: TrafficSettings) -> None:
        self._junctions, self._settings = tuple(junctions), settings
        self._layout = layout = lay_out(junctions)
        self._wiring = Wiring(junctions, layout, view_m=seen_m(settings))
        self._estimator = Estimator(junctions, layout, settings)
        self._outlook = Outlook(junctions, layout, horizon_s=HORIZON_S, view_m=seen_m(settings))
        tuning = Tuning().array
        self._net = (*layout.net, layout.headway, tuning)
        self._groups = [
            Group(junctions, layout, members, horizon_s=HORIZON_S, tuning=tuning)
            for members in groups_of(junctions)
        ]
        count = layout.junctions
        self._answers = np.zeros((count, batch.ANSWER))
        self._paths = np.full((count, search.DEPTH + 1), -1, dtype=np.int64)
        self._times = np.zeros((count, search.DEPTH + 1))
        self._want = np.zeros(count)
        self._free = np.full(count, search.FREE, dtype=np.int64)
        self._decided_s = -np.inf
        self._blocked = Blocked(int(layout.lane_ptr[-1]))
        camera = settings.sensing == "camera" and 0.0 < settings.missed < 1.0
        self._unseen = Unseen(layout, settings.missed) if camera else None
        self._overlooked = OVERLOOKED if camera else 0.0
        self._soon_s = 0.5 * settings.decide_every_s  # nearer to now than to the next decision
        self._min_green = layout.min_green
        self._mode_base = layout.mode_ptr[:-1]
        # Whoever sees everybody needs no recall.
        blind = camera or settings.sensing == "loops"
        self._recall = Recall(layout, settings.max_red_s) if blind else None

    def prepare(self) -> None:
        """Compile all that decides, for empty streets: the first decision is then no later than others."""
        if self._junctions:
            alone = _alone(self._junctions[0])
            PredictiveController((alone,), self._settings).decide(_nobody_at(alone, self._settings))
        layout = self._layout
        if layout.junctions < MANY:
            return
        count, lanes = layout.junctions, int(layout.lane_ptr[-1])
        none = np.zeros(0)
        signal = (
            np.zeros(count, dtype=np.int64),
            np.full(count, -1, dtype=np.int64),
            np.full(count, -1e6),
            np.full(count, -60.0),
            np.full(int(layout.out_ptr[-1]), 1e6),
            np.zeros(int(layout.out_ptr[-1])),
            np.zeros(int(layout.move_ptr[-1])),
            self._free,
        )
        self._search(signal, Arrivals.nobody(lanes).seen, none)

    def decide(self, situation: Situation) -> Command:
        """Plan every junction, and switch where it is time."""
        now = situation.time_s
        if now - self._decided_s < self._settings.decide_every_s - 1e-6:
            return self._command(situation)
        state = self._wiring.read(situation.observation, situation.positions)
        elapsed = now - self._decided_s if np.isfinite(self._decided_s) else 0.0
        self._decided_s = now
        arrivals = self._estimator.arrivals(situation.observation, state, now)
        inside = self._estimator.inside(arrivals, now)
        sightings = situation.observation.sightings
        arrivals = self._outlook.extended(arrivals, self._moves(arrivals), sightings, now)
        if self._unseen is not None:
            self._unseen.note(self._outlook.left, state.right, now)
            arrivals = self._unseen.extended(arrivals)
        arrivals = arrivals.within(LOOK_S)
        move = self._moves(arrivals)
        weight = arrivals.weight * self._worth(move, state.full)
        weight *= np.exp(-np.maximum(arrivals.arrive, 0.0) / FADE_S)
        blocked = self._blocked.note(arrivals, move, state.right, now, elapsed)
        weight[blocked[arrivals.lane]] = 0.0
        leave = np.full(len(arrivals.move), NEVER)
        signal = (
            state.mode,
            state.before,
            state.switched,
            state.opened,
            np.maximum(state.room - self._overlooked, 0.0),
            state.drain,
            inside,
            self._free,
        )
        self._search(signal, replace(arrivals, weight=weight).seen, leave)
        for group in self._groups:
            at = group.members
            self._answers[at, batch.FIRST], self._answers[at, batch.WHEN], here, times = (
                group.decide(arrivals, weight, signal, sightings)
            )
            leave[here] = times
        self._estimator.note(arrivals, move, leave, now)
        self._outlook.note(arrivals, move, leave, now)
        first = self._answers[:, batch.FIRST].astype(np.int64)
        old = -state.opened >= self._min_green[self._mode_base + state.mode] - 0.01
        soon = self._answers[:, batch.WHEN] < self._soon_s
        go = soon & old & (first != state.mode) & (state.opened <= 0.0)
        want = np.where(go, first, state.mode)
        if self._recall is not None:
            forgotten = np.where(old, self._recall.modes(now, state.right, state.opened), NOBODY)
            want = np.where(forgotten != NOBODY, forgotten, want)
        self._want = want.astype(np.float64)
        return self._command(situation)

    def _search(self, signal: tuple[Any, ...], seen: tuple[Any, ...], leave: FloatArray) -> None:
        """Plan every junction; the answers lie in `_answers`, `_paths`, `_times` and `leave`."""
        run = batch.decide_parallel if self._layout.junctions >= MANY else batch.decide
        run(
            search.DEPTH,
            HORIZON_S,
            self._net,
            signal,
            seen,
            self._answers,
            self._paths,
            self._times,
            leave,
        )

    def _moves(self, arrivals: Arrivals) -> IntArray:
        """Movement of each vehicle, over all junctions."""
        found: IntArray = arrivals.move + self._layout.lane_base[arrivals.lane]
        return found

    def _worth(self, move: IntArray, full: FloatArray) -> FloatArray:
        """Less for whoever wants into an exit that is full already (Varaiya 2013: pressure)."""
        out = self._layout.out_of[move]
        taken = np.where(out >= 0, full[out], 0.0)
        return np.maximum(LEAST_WEIGHT, 1.0 - PRESSURE * taken)

    def _command(self, situation: Situation) -> Command:
        targets = self._wiring.targets(self._want, situation.actuators)
        return Command(targets=targets, local=np.isnan(targets), note="predictive")


def _alone(junction: Junction) -> Junction:
    """The junction as one that feeds but itself, so that nothing is skipped when it is planned."""
    feed = Feed(junction=0, movement=0, lane=0, distance_m=SPACE_M, share=1.0)
    return replace(junction, feeds=(feed,), joined=(0,))


def _nobody_at(junction: Junction, settings: TrafficSettings) -> Situation:
    """What one junction sees at night, in its first mode."""
    names = (f"mode:{junction.name}", f"green:{junction.name}")
    table = SignalTable(signals=tuple(Signal(name=name, unit="1") for name in names))
    observation = Observation(
        time_s=0.0,
        values=np.zeros(len(table)),
        quality=np.zeros(len(table), dtype=np.uint8),
        valid_at_s=np.zeros(len(table)),
        table=table,
        sightings=None if settings.sensing == "loops" else np.zeros(0, dtype=SIGHTING),
    )
    actuators = (junction.actuator,)
    return Situation(observation=observation, positions=np.zeros(1), actuators=actuators)
