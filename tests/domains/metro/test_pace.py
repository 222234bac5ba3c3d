"""Is it learnt from queues how fast links really are, and does a plan come back to its timetable?"""

from __future__ import annotations

import numpy as np
import pytest

from jialing.core.command import Command
from jialing.core.stages import Situation
from jialing.domains.metro.cases import FOLDER, station_case
from jialing.domains.metro.controller import PredictiveController
from jialing.domains.metro.day import draw
from jialing.domains.metro.domain import METRO
from jialing.domains.metro.estimator import Estimator
from jialing.domains.metro.layout import Layout, lay_out
from jialing.domains.metro.pace import Pace
from jialing.domains.metro.plans import PLAN_S, STEP_S, Planner
from jialing.domains.metro.plant import StationPlant
from jialing.domains.metro.reader import read_station
from jialing.domains.metro.settings import MetroSettings, Mismatch, Prices, Spread

TICK_S = 30.0


@pytest.fixture(scope="module")
def mixed() -> Layout:
    return lay_out(read_station(FOLDER / "mixed.yaml"))


@pytest.mark.parametrize("capacity", [0.88, 0.95, 1.0])
def test_the_pace_of_the_links_is_learnt_where_people_queue(mixed: Layout, capacity: float) -> None:
    mismatch = Mismatch(capacity=capacity, capacity_spread=0.0, ride=1.0, restart=1.0)
    day = draw(mixed, "normal", Spread(), 203)
    plant = StationPlant(mixed, day, mismatch, duration_s=mixed.duration_s)
    pace = Pace(mixed, Estimator(mixed), STEP_S)
    want, meter = mixed.home.astype(np.float64), np.ones(len(mixed.entrance_level))
    while plant.step(TICK_S):
        pace.weigh(plant.observe(), want, meter)
    assert pace.factor == pytest.approx(capacity, abs=0.025)


def test_where_nobody_queues_nothing_is_learnt(mixed: Layout) -> None:
    day = draw(mixed, "normal", Spread(), 203)
    plant = StationPlant(mixed, day, Mismatch(capacity=0.8), duration_s=mixed.duration_s)
    pace = Pace(mixed, Estimator(mixed), STEP_S)
    want, meter = mixed.home.astype(np.float64), np.ones(len(mixed.entrance_level))
    while plant.time_s < 1800.0:
        plant.step(TICK_S)
        pace.weigh(plant.observe(), want, meter)
    assert pace.factor == 1.0


def test_a_plan_may_change_at_every_minute_at_first_and_seldom_later(mixed: Layout) -> None:
    planner = Planner(mixed, Prices(), 45, slot_s=PLAN_S)
    later = planner.later(fine=True)
    assert later[:7] == [1, 2, 3, 4, 5, 6, 7]
    assert np.all(np.diff(later) >= 1)
    assert later[-1] > 30


def test_stages_of_a_cascade_may_turn_together() -> None:
    deep = lay_out(read_station(FOLDER / "deep.yaml"))
    planner = Planner(deep, Prices(), 45, slot_s=PLAN_S)
    now, works = deep.home.astype(np.float64), np.ones(len(deep.home))
    plans = planner.together(now, works, np.tile(now, (45, 1)), np.ones(len(now), np.bool_))
    moved = list(deep.moved)
    assert len(moved) == 4
    assert plans
    for plan in plans:
        assert np.all(plan[0, moved] == -1.0)
        assert np.array_equal(np.delete(plan, moved, axis=1)[0], np.delete(now, moved))


def test_a_quiet_station_goes_back_to_its_timetable() -> None:
    desk = METRO.desk(station_case(FOLDER / "mixed.yaml"), "predictive")
    controller = desk.controller
    assert isinstance(controller, PredictiveController)
    controller.prepare()
    plant = desk.plant
    slots = controller._timetable()
    reversible = plant.actuators[0].name
    (link,) = (
        i
        for i, k in enumerate(lay_out(read_station(FOLDER / "mixed.yaml")).station.links)
        if k.name == reversible
    )
    away = -slots[0, link]
    controller._want = controller._want.copy()
    controller._want[link] = away
    seen = plant.observe()
    command = controller.decide(
        Situation(
            observation=seen,
            positions=np.zeros(len(plant.actuators)),
            actuators=plant.actuators,
            forecast=desk.forecaster.forecast(seen),
        )
    )
    assert command.targets[0] == -away
    assert isinstance(command, Command)


def test_a_station_is_planned_every_minute() -> None:
    assert MetroSettings().replan_s == 60.0
