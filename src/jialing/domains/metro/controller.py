"""Predictive control of directions: search plans over a rolling horizon against an ensemble.

Every `replan_s`, and less often while no change is near, the station's state is estimated from its
counts and plans are played against the members of the forecast; the first step of the best is told.
The timetable of directions, today's mode for good and what is left of the last plan are always
among them. A change now must beat keeping by more than a threshold in

    value = (1 - FORESIGHT) * min over plans of the mean over members
          + FORESIGHT * mean over members of the min over plans,

because who waits will know more, but not all, before he must decide. Directions change no sooner
than the dwell allows and no more often than the day's budget. A station that has left its timetable
and finds no plan that pays goes back to it.

Source of the bound with foresight: Birge & Louveaux (2011), Introduction to Stochastic
Programming, ch. 4 (wait-and-see).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jialing.core.command import Command
from jialing.core.forecast import Forecast
from jialing.core.signal import FloatArray
from jialing.core.stages import Situation
from jialing.domains.metro.baseline import directions
from jialing.domains.metro.estimator import Estimator
from jialing.domains.metro.layout import METER_LEVELS, Layout
from jialing.domains.metro.pace import Pace
from jialing.domains.metro.plans import PLAN_S, SLOT_S, STEP_S, Found, Planner, Scenarios
from jialing.domains.metro.settings import MetroSettings
from jialing.domains.metro.timetable import best_timetable

THRESHOLD = 200.0  # what a change now must save [ped·s]
FORESIGHT = 0.5  # share of the future that is known in time to act on it; tuned [1]
HOMEWARD = 300.0  # what a return to the timetable may cost beyond its reversal [ped·s]
NEAR = 0.5  # a change is looked at closely where a probe loses less than this many reversals [1]
#: how much worse a probe is [ped·s] -> `replan_s` until the next look
REST = ((3000.0, 3), (900.0, 2), (-np.inf, 1))


class PredictiveController:
    """Receding-horizon choice of directions and entry metering.

    Parameters
    ----------
    layout : the station
    settings : of the case
    """

    def __init__(self, layout: Layout, settings: MetroSettings) -> None:
        self._layout, self._settings = layout, settings
        self._slots = max(round(settings.horizon_s / PLAN_S), 1)
        self._planner = Planner(layout, settings.prices, self._slots, slot_s=PLAN_S)
        self._estimator = Estimator(layout)
        self._pace = Pace(layout, self._estimator, STEP_S)
        links = len(layout.link_stage)
        self._want = layout.home.astype(np.float64)
        self._meter = np.ones(len(layout.entrance_level))
        self._changed = np.full(links, -np.inf)
        self._count = np.zeros(links, dtype=np.int64)
        self._planned_s, self._rest_s = -np.inf, settings.replan_s
        self._works = np.ones(links)
        self._plan: FloatArray | None = None
        self._table: FloatArray | None = None

    def prepare(self) -> None:
        """Work the timetable out, and compile."""
        self._want = self._timetable()[0].copy()

    def _timetable(self) -> FloatArray:
        if self._table is None:
            settings = self._settings
            self._table = best_timetable(self._layout, settings.spread, settings.prices)
        return self._table

    def decide(self, situation: Situation) -> Command:
        """Plan when it is time, or when a link has failed or come back."""
        works = self._estimator.works(situation.observation)
        self._pace.weigh(situation.observation, self._want, self._meter)
        due = situation.time_s - self._planned_s >= self._rest_s - 1e-6
        forecast = situation.forecast
        if forecast is not None and (due or np.any(works != self._works)):
            self._replan(situation, forecast, works)
        return directions(self._layout, self._want, meter=self._meter, note="predictive")

    def _replan(self, situation: Situation, forecast: Forecast, works: FloatArray) -> None:
        now, planner = situation.time_s, self._planner
        self._planned_s, self._works = now, works
        planner.capacity[:] = self._layout.capacity * self._pace.factor
        self._estimator.fill(planner.simulation, situation.observation, self._want)
        scenarios = as_scenarios(forecast, len(self._layout.platform_level))
        duty = self._layout.station.duty
        dwelling = now - self._changed < duty.min_dwell_s
        held = dwelling | (self._count >= duty.switch_budget)
        anchor = self._anchor(now)
        kept = self._keeping(scenarios, works, anchor)
        chosen = kept.plan
        home = self._homeward(scenarios, works, kept, anchor, held)
        if home is not None:
            chosen = home
        nearest = self._nearest(scenarios, works, kept, ~held)
        self._rest_s = self._settings.replan_s * next(n for far, n in REST if nearest >= far)
        if home is None and nearest < NEAR * self._settings.prices.reversal:
            kept = planner.search(scenarios, works, self._want, chosen)
            chosen = kept.plan
            start = planner.turned(self._want, works, chosen, ~held)
            if start is not None:
                best = planner.search(scenarios, works, self._want, start, turn=~held)
                if best.value(FORESIGHT) < kept.value(FORESIGHT) - THRESHOLD:
                    chosen = best.plan
        turned = chosen[0] != self._want
        self._changed[turned] = now
        self._count[turned] += 1
        self._want = chosen[0].copy()
        self._plan = chosen
        self._plan_meter(scenarios, works, chosen)

    def _lawful(self, directions: FloatArray, works: FloatArray) -> bool:
        """True if every stage keeps a working link each way."""
        return all(
            self._planner.lawful(group, tuple(directions[list(group)].tolist()), works)
            for group in self._planner.groups
        )

    def _anchor(self, now: float) -> FloatArray:
        """[slots, links] the timetable from now on."""
        table = self._timetable()
        at = ((now + np.arange(self._slots) * PLAN_S) // SLOT_S).astype(np.int64)
        return table[np.minimum(at, len(table) - 1)]

    def _keeping(self, scenarios: Scenarios, works: FloatArray, anchor: FloatArray) -> Found:
        """The best of a few plans that change nothing now."""
        keep = np.tile(self._want, (self._slots, 1))
        later = anchor.copy()
        later[0] = keep[0]
        options = [keep, later]
        if self._plan is not None:
            again = np.concatenate((self._plan[1:], self._plan[-1:]))
            again[0] = keep[0]
            options.append(again)
        return self._planner.best_of(scenarios, works, options)

    def _homeward(
        self,
        scenarios: Scenarios,
        works: FloatArray,
        kept: Found,
        anchor: FloatArray,
        held: NDArray[np.bool_],
    ) -> FloatArray | None:
        """The timetable from now on, where the last plan has left it and no plan pays to return.

        Its reversal is paid sooner or later, and what nobody foresees finds the station best where
        it is expected to be: so returning may cost `HOMEWARD`, and its reversal counts nothing.
        """
        turns = anchor[0] != self._want
        if not np.any(turns) or np.any(held & turns) or not self._lawful(anchor[0], works):
            return None
        if np.any(np.all(kept.plan[:, turns] == anchor[0, turns], axis=1)):
            return None  # the plan returns by itself, at the time that is best
        still = np.tile(anchor[0], (self._slots, 1))
        home = self._planner.best_of(scenarios, works, [anchor, still])
        paid = self._settings.prices.reversal * np.count_nonzero(turns)
        return home.plan if home.cost - paid < kept.cost + HOMEWARD else None

    def _nearest(
        self, scenarios: Scenarios, works: FloatArray, kept: Found, free: NDArray[np.bool_]
    ) -> float:
        """How much more than `kept` the best of a few changes now would cost [ped·s]."""
        plans = self._planner.probes(self._want, works, kept.plan, free)
        if not plans:
            return np.inf
        best = self._planner.best_of(scenarios, works, plans)
        return best.value(FORESIGHT) - kept.value(FORESIGHT)

    def _plan_meter(self, scenarios: Scenarios, works: FloatArray, plan: FloatArray) -> None:
        """Throttle entry as far as that pays, which it does only where a platform is crowded."""
        metered = list(self._layout.metered)
        if not metered:
            return
        meters = np.ones((len(METER_LEVELS), len(self._meter)))
        meters[:, metered] = np.array(METER_LEVELS)[:, None]
        plans = np.repeat(plan[None], len(meters), axis=0)
        cost = self._planner.score(scenarios, works, plans, meters).mean(axis=1)
        best = len(cost) - 1
        for i in range(len(cost) - 2, -1, -1):
            if cost[i] < cost[best] - THRESHOLD:
                best = i
        self._meter = meters[best]


def as_scenarios(forecast: Forecast, platforms: int) -> Scenarios:
    """People per predictor step, from a forecast's rates."""
    repeat = round(forecast.horizon.step_s / STEP_S)
    values = np.repeat(forecast.values, repeat, axis=1) * STEP_S
    return Scenarios(
        up=np.ascontiguousarray(values[:, :, :platforms]),
        down=np.ascontiguousarray(values[:, :, platforms:-platforms]),
        room=np.ascontiguousarray(values[:, :, -platforms:]),
    )
