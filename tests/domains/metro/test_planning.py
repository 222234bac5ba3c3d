"""Do plans, timetable and forecast do what they are for?"""

from __future__ import annotations

import numpy as np
import pytest

from jialing.core.command import Command
from jialing.core.forecast import Horizon
from jialing.domains.metro import kernel
from jialing.domains.metro.cases import FOLDER
from jialing.domains.metro.day import draw
from jialing.domains.metro.estimator import Estimator
from jialing.domains.metro.forecaster import StationForecaster
from jialing.domains.metro.layout import Layout, lay_out
from jialing.domains.metro.plans import SLOT_S, STEP_S, Planner, Scenarios
from jialing.domains.metro.plant import StationPlant
from jialing.domains.metro.reader import read_station
from jialing.domains.metro.settings import Mismatch, Prices, Spread
from jialing.domains.metro.timetable import best_timetable

SLOTS = 9
STEPS = round(SLOTS * SLOT_S / STEP_S)
LIKE_BELIEVED = Mismatch(capacity=1.0, capacity_spread=0.0, ride=1.0, restart=1.0)


@pytest.fixture(scope="module")
def mixed() -> Layout:
    return lay_out(read_station(FOLDER / "mixed.yaml"))


def flow(layout: Layout, up: float, down: float) -> Scenarios:
    """Steady people per second."""
    platforms, entrances = len(layout.platform_level), len(layout.entrance_level)
    return Scenarios(
        up=np.full((1, STEPS, platforms), up * STEP_S / platforms),
        down=np.full((1, STEPS, entrances), down * STEP_S / entrances),
        room=np.full((1, STEPS, platforms), 1e6),
    )


@pytest.mark.parametrize(("up", "down", "direction"), [(2.4, 0.3, 1.0), (0.3, 2.4, -1.0)])
def test_the_reversible_escalator_goes_with_the_tide(
    mixed: Layout, up: float, down: float, direction: float
) -> None:
    planner = Planner(mixed, Prices(), SLOTS)
    works, now = np.ones(len(mixed.link_stage)), mixed.home.astype(np.float64)
    scenarios = flow(mixed, up, down)
    keep = np.tile(now, (SLOTS, 1))
    best = planner.search(scenarios, works, now, keep, turn=np.ones(len(now), np.bool_))
    assert best.plan[0, mixed.moved[0]] == direction
    assert best.cost <= float(planner.score(scenarios, works, keep[None]).mean())


def test_no_plan_leaves_a_direction_without_a_working_escalator(mixed: Layout) -> None:
    planner = Planner(mixed, Prices(), SLOTS)
    (group,) = planner.groups
    now = mixed.home.astype(np.float64)
    works = np.ones(len(now))
    assert set(planner.modes(group, now, works)) == {(1.0,), (-1.0,)}
    down = next(k for k, v in enumerate(mixed.home) if v == -1)
    works[down] = 0.0
    assert planner.modes(group, now, works) == [(-1.0,)]


def test_the_best_timetable_beats_fixed_directions_over_its_history(mixed: Layout) -> None:
    table = best_timetable(mixed, Spread(), Prices())
    waits = []
    for want in (table, np.tile(mixed.home.astype(np.float64), (len(table), 1))):
        total = 0.0
        for seed in (11, 12):
            day = draw(mixed, "normal", Spread(), seed)
            plant = StationPlant(mixed, day, LIKE_BELIEVED, duration_s=mixed.duration_s)
            for slot in want:
                targets = np.concatenate((slot[list(mixed.moved)], np.ones(len(mixed.metered))))
                plant.apply(Command(targets=targets, local=np.zeros(len(targets), np.bool_)))
                plant.step(SLOT_S)
            total += plant.score()[0]["waiting"].value
        waits.append(total)
    assert waits[0] < 0.7 * waits[1]


def test_an_estimate_goes_on_as_the_station_does(mixed: Layout) -> None:
    day = draw(mixed, "normal", Spread(), 3)
    plant = StationPlant(mixed, day, LIKE_BELIEVED, duration_s=mixed.duration_s)
    for _ in range(200):
        plant.step(60.0)
    planner, estimator = Planner(mixed, Prices(), SLOTS), Estimator(mixed)
    sim, truth = planner.simulation, plant.simulation
    estimator.fill(sim, plant.observe(), mixed.home.astype(np.float64))
    queues = [kernel.Q_UP, kernel.Q_DOWN]
    assert sim.link[:, queues].sum() == pytest.approx(truth.link[:, queues].sum(), abs=1e-6)
    assert sim.ring_up.sum() + sim.ring_down.sum() == pytest.approx(
        truth.link[:, kernel.ONBOARD].sum(), abs=1e-6
    )
    assert sim.platform.sum() == pytest.approx(truth.platform.sum(), abs=1e-6)


@pytest.mark.parametrize("shift_min", [-25.0, 25.0])
def test_counts_reveal_a_day_that_is_early_or_late(mixed: Layout, shift_min: float) -> None:
    still = Spread(shift_s=0.0, demand=0.0, train_load=0.0, flow=0.0, train_s=0.0)
    moved = lay_out(mixed.station)
    day = draw(mixed, "normal", still, 1)
    by = int(shift_min * 60.0)
    late = type(day)(
        up=np.roll(day.up, by, axis=0),
        down=np.roll(day.down, by, axis=0),
        room=day.room,
        trains=day.trains,
        failures=(),
        told=(),
    )
    plant = StationPlant(moved, late, LIKE_BELIEVED, duration_s=mixed.duration_s)
    horizon = Horizon(steps=STEPS, step_s=STEP_S)
    forecaster = StationForecaster(moved, late, Spread(), horizon=horizon, kind="ensemble")
    while plant.time_s < 2.75 * 3600.0:
        found = forecaster.forecast(plant.observe())
        plant.step(60.0)
    entering = found.values[:, :, 2:4].sum(axis=2).mean(axis=1)
    now = round(found.issued_s)
    true = late.down[now : now + 2700].sum() / 2700.0
    average = day.down[now : now + 2700].sum() / 2700.0
    assert abs(np.median(entering) - true) < 0.5 * abs(average - true)
