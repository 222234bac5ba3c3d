"""Predictive control of directions: search plans over a rolling horizon, anchored on the timetable.

Every `replan_s` the station's state is estimated from its counts, plans are played against the
members of the forecast, and the best one's first step is told. The timetable is followed unless
another plan is better by more than a threshold, and better in every member. Directions change no sooner than the dwell allows and
no more often than the day's budget.
"""

from __future__ import annotations

import numpy as np

from jialing.core.command import Command
from jialing.core.forecast import Forecast
from jialing.core.signal import FloatArray
from jialing.core.stages import Situation
from jialing.domains.metro.baseline import directions
from jialing.domains.metro.estimator import Estimator
from jialing.domains.metro.layout import METER_LEVELS, Layout
from jialing.domains.metro.plans import SLOT_S, STEP_S, Planner, Scenarios
from jialing.domains.metro.settings import MetroSettings
from jialing.domains.metro.timetable import best_timetable

THRESHOLD = 600.0  # what a change that the timetable does not know must save [ped·s] …
HOMEWARD = 0.5  # … and, as a part of it, what staying off the timetable must save


class PredictiveController:
    """Receding-horizon choice of directions and entry metering.

    Parameters
    ----------
    layout : the station
    settings : of the case
    """

    def __init__(self, layout: Layout, settings: MetroSettings) -> None:
        self._layout, self._settings = layout, settings
        self._slots = max(round(settings.horizon_s / SLOT_S), 1)
        self._planner = Planner(layout, settings.prices, self._slots)
        self._estimator = Estimator(layout)
        links = len(layout.link_stage)
        self._want = layout.home.astype(np.float64)
        self._meter = np.ones(len(layout.entrance_level))
        self._changed = np.full(links, -np.inf)
        self._count = np.zeros(links, dtype=np.int64)
        self._planned_s = -np.inf
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
        due = situation.time_s - self._planned_s >= self._settings.replan_s - 1e-6
        forecast = situation.forecast
        if forecast is not None and (due or np.any(works != self._works)):
            self._replan(situation, forecast, works)
        return directions(self._layout, self._want, meter=self._meter, note="predictive")

    def _replan(self, situation: Situation, forecast: Forecast, works: FloatArray) -> None:
        now, planner = situation.time_s, self._planner
        self._planned_s, self._works = now, works
        self._estimator.fill(planner.simulation, situation.observation, self._want)
        scenarios = as_scenarios(forecast, len(self._layout.platform_level))
        duty = self._layout.station.duty
        dwelling = now - self._changed < duty.min_dwell_s
        held = dwelling | (self._count >= duty.switch_budget)
        anchor = self._anchor(now)
        kept, kept_cost = self._best_keeping(scenarios, works, anchor)
        chosen, chosen_cost = kept, kept_cost
        away = np.any(anchor[0] != self._want) and not np.any(held & (anchor[0] != self._want))
        if away and self._lawful(anchor[0], works):
            home, home_cost = planner.search(scenarios, works, anchor[0], anchor)
            # The timetable's own reversals are paid sooner or later: they do not speak against it.
            paid = self._settings.prices.reversal * np.count_nonzero(anchor[0] != self._want)
            if home_cost - paid < kept_cost + THRESHOLD * HOMEWARD:
                chosen, chosen_cost = home, home_cost
        best, best_cost = planner.search(scenarios, works, self._want, kept, turn=~held)
        if not np.array_equal(best[0], self._want) and best_cost < chosen_cost - THRESHOLD:
            pair = planner.score(scenarios, works, np.array([chosen, best]))
            if np.all(pair[1] < pair[0]):
                chosen = best
        turned = chosen[0] != self._want
        self._changed[turned] = now
        self._count[turned] += 1
        self._want = chosen[0].copy()
        kept = chosen
        self._plan = kept
        self._plan_meter(scenarios, works, kept)

    def _lawful(self, directions: FloatArray, works: FloatArray) -> bool:
        """True if every stage keeps a working link each way."""
        return all(
            self._planner.lawful(group, tuple(directions[list(group)].tolist()), works)
            for group in self._planner.groups
        )

    def _anchor(self, now: float) -> FloatArray:
        """[slots, links] the timetable from now on."""
        table = self._timetable()
        at = ((now + np.arange(self._slots) * SLOT_S) // SLOT_S).astype(np.int64)
        return table[np.minimum(at, len(table) - 1)]

    def _best_keeping(
        self, scenarios: Scenarios, works: FloatArray, anchor: FloatArray
    ) -> tuple[FloatArray, float]:
        """The best plan that changes nothing now."""
        keep = np.tile(self._want, (self._slots, 1))
        later = anchor.copy()
        later[0] = keep[0]
        options = [keep, later]
        if self._plan is not None:
            again = self._plan.copy()
            again[0] = keep[0]
            options.append(again)
        cost = self._planner.score(scenarios, works, np.array(options)).mean(axis=1)
        start = options[int(np.argmin(cost))]
        return self._planner.search(scenarios, works, self._want, start)

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
