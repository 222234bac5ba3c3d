"""Predictive control of signals: search phase plans over a rolling horizon, junction by junction.

At each decision the vehicles in view become arrivals, the best plan of every junction is searched,
and a junction switches once two decisions in a row say that now is the moment: switching cannot
be undone, waiting can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jialing.core.command import Command
from jialing.core.signal import FloatArray
from jialing.core.stages import Situation
from jialing.domains.traffic import batch, search
from jialing.domains.traffic.estimator import Arrivals, Estimator
from jialing.domains.traffic.joint import Group, groups_of
from jialing.domains.traffic.junction import Right
from jialing.domains.traffic.kernel import NEVER, Tuning
from jialing.domains.traffic.layout import IntArray, lay_out
from jialing.domains.traffic.outlook import Outlook
from jialing.domains.traffic.recall import NOBODY, Recall
from jialing.domains.traffic.settings import TrafficSettings
from jialing.domains.traffic.unseen import Unseen
from jialing.domains.traffic.wiring import Wiring, seen_m

if TYPE_CHECKING:
    from jialing.domains.traffic.model import Roads

HORIZON_S = 60.0
LOOK_S = 20.0  # who comes later than this is none of a plan's business yet [s] …
FADE_S = 20.0  # … and who comes within it counts the less, the later: by 1/e in so long [s]
AGREEMENTS = 2  # decisions in a row that must say "now" …
AGREE_WITHIN_S = 3.0  # … where decisions are no further apart than this [s]
PRESSURE = 0.9  # how much a full exit takes off the weight of whoever wants in [1]
LEAST_WEIGHT = 0.05  # what is left of it at least [1]
STUCK_S = 12.0  # a free green in which the first vehicle stands so long is blocked [s],
YIELDING_STUCK_S = 30.0  # … as is one that yields so long [s] …
IGNORED_S = 30.0  # … and its lane is left out for so long [s]
AT_LINE_S = 4.0  # from standing, the first vehicle is over the line within this time [s]
OVERLOOKED = 1.0  # vehicles that stand in an exit where a camera misses some: the last one [veh]
MANY = 64  # junctions from which on planning is spread over cores


class PredictiveController:
    """Rolling-horizon choice of phases for every junction.

    Parameters
    ----------
    roads : the network
    settings : of the case
    """

    def __init__(self, roads: Roads, settings: TrafficSettings) -> None:
        self._junctions, self._settings = roads.junctions, settings
        self._layout = layout = lay_out(roads.junctions)
        self._wiring = Wiring(roads.junctions, layout, view_m=seen_m(settings))
        self._estimator = Estimator(roads.junctions, layout, settings)
        self._outlook = Outlook(
            roads.junctions, layout, horizon_s=HORIZON_S, view_m=seen_m(settings)
        )
        tuning = Tuning().array
        self._net = (*layout.net, layout.headway, tuning)
        self._groups = [
            Group(roads.junctions, layout, members, horizon_s=HORIZON_S, tuning=tuning)
            for members in groups_of(roads.junctions)
        ]
        owner = np.repeat(np.arange(layout.junctions), np.diff(layout.move_ptr))
        out = layout.move_out + layout.out_ptr[owner]
        self._move_out = np.where(layout.move_out >= 0, out, -1)
        self._lane_owner = np.repeat(np.arange(layout.junctions), np.diff(layout.lane_ptr))
        count = layout.junctions
        self._answers = np.zeros((count, batch.ANSWER))
        self._paths = np.full((count, search.DEPTH + 1), -1, dtype=np.int64)
        self._times = np.zeros((count, search.DEPTH + 1))
        self._agreed = np.zeros(count, dtype=np.int64)
        self._want = np.zeros(count)
        self._free = np.full(count, search.FREE, dtype=np.int64)
        self._decided_s = -np.inf
        lanes = int(layout.lane_ptr[-1])
        self._stuck_s = np.zeros(lanes)
        self._ignored_until = np.full(lanes, -np.inf)
        close = settings.decide_every_s <= AGREE_WITHIN_S
        self._needed = AGREEMENTS if close else 1
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
        """Compile, by planning for empty streets."""
        layout = self._layout
        count, lanes = layout.junctions, int(layout.lane_ptr[-1])
        outs, moves = int(layout.out_ptr[-1]), int(layout.move_ptr[-1])
        none = np.zeros(0)
        seen = (
            np.zeros(lanes + 1, dtype=np.int64),
            none,
            np.zeros(0, dtype=np.int64),
            none,
            none,
            np.zeros(0, dtype=np.bool_),
        )
        signal = (
            np.zeros(count, dtype=np.int64),
            np.full(count, -1, dtype=np.int64),
            np.full(count, -1e6),
            np.full(count, -60.0),
            np.full(outs, 1e6),
            np.zeros(outs),
            np.zeros(moves),
            self._free,
        )
        self._search(signal, seen, np.zeros(0))

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
        arrivals = self._outlook.extended(arrivals, self._places(arrivals)[1], sightings, now)
        if self._unseen is not None:
            self._unseen.note(self._outlook.left, state.right, now)
            arrivals = self._unseen.extended(arrivals)
        arrivals = arrivals.within(LOOK_S)
        lane, move = self._places(arrivals)
        weight = arrivals.weight * self._worth(move, state.full)
        weight *= np.exp(-np.maximum(arrivals.arrive, 0.0) / FADE_S)
        self._watch(arrivals, move, state.right, now, elapsed)
        weight[self._ignored_until[lane] > now] = 0.0
        leave = np.full(len(arrivals.move), NEVER)
        seen = (
            arrivals.first,
            arrivals.arrive,
            arrivals.move,
            weight,
            arrivals.size,
            arrivals.stood,
        )
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
        self._search(signal, seen, leave)
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
        self._agreed = np.where(go, self._agreed + 1, 0)
        switch = self._agreed >= self._needed
        self._agreed[switch] = 0
        want = np.where(switch, first, state.mode)
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

    def _places(self, arrivals: Arrivals) -> tuple[IntArray, IntArray]:
        """Lane and movement of each vehicle, over all junctions."""
        lane = np.repeat(np.arange(len(arrivals.first) - 1), np.diff(arrivals.first))
        return lane, arrivals.move + self._layout.move_ptr[self._lane_owner[lane]]

    def _worth(self, move: IntArray, full: FloatArray) -> FloatArray:
        """Less for whoever wants into an exit that is full already (Varaiya 2013: pressure)."""
        out = self._move_out[move]
        taken = np.where(out >= 0, full[out], 0.0)
        return np.maximum(LEAST_WEIGHT, 1.0 - PRESSURE * taken)

    def _watch(
        self,
        arrivals: Arrivals,
        move: IntArray,
        right: NDArray[np.int8],
        now: float,
        elapsed: float,
    ) -> None:
        """Leave out lanes whose first vehicle stands before a free green: something blocks it."""
        lanes = np.flatnonzero(np.diff(arrivals.first) > 0)
        head = arrivals.first[lanes]
        near = arrivals.stood[head] & (arrivals.arrive[head] < AT_LINE_S)
        free = right[move[head]]
        stuck = near & (free > Right.RED)
        held = np.zeros_like(self._stuck_s)
        held[lanes[stuck]] = self._stuck_s[lanes[stuck]] + elapsed
        self._stuck_s = held
        patience = np.full_like(held, YIELDING_STUCK_S)
        patience[lanes[free == Right.PRIORITY]] = STUCK_S
        self._ignored_until[held >= patience] = now + IGNORED_S

    def _command(self, situation: Situation) -> Command:
        targets = self._wiring.targets(self._want, situation.actuators)
        return Command(targets=targets, local=np.isnan(targets), note="predictive")
