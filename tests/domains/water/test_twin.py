"""Does a copy of the plant foretell the plant, and leave it alone?"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from small_sewer import SEWER

from jialing.core.command import Command
from jialing.core.errors import PlantError
from jialing.core.forecast import Forecast, Horizon
from jialing.core.signal import FloatArray
from jialing.domains.water.baseline import AllOpen, LocalRules
from jialing.domains.water.layout import lay_out
from jialing.domains.water.model import read_model
from jialing.domains.water.plant import SwmmPlant
from jialing.domains.water.settings import WaterSettings
from jialing.domains.water.twin import Trial, Twin, can_fork

pytestmark = [
    pytest.mark.swmm,
    pytest.mark.skipif(not can_fork(), reason="this system cannot copy a running process"),
]
TICK_S, STEPS = 300.0, 12


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[SwmmPlant]:
    path = tmp_path / "town.inp"
    path.write_text(SEWER)
    made = SwmmPlant(
        lay_out(read_model(path), WaterSettings()), WaterSettings(), duration_s=6 * 3600.0
    )
    yield made
    made.close()


def _twin(plant: SwmmPlant) -> Twin:
    return Twin(plant, plant.layout.level_nodes, plant.layout.flow_links, workers=2)


def _rain(plant: SwmmPlant, rate: float) -> Forecast:
    gages = plant.layout.gage_names
    horizon = Horizon(steps=STEPS, step_s=TICK_S)
    values = np.full((1, STEPS, len(gages)), rate)
    return Forecast(issued_s=0.0, horizon=horizon, names=gages, values=values)


def _pass_hour(plant: SwmmPlant) -> None:
    for _ in range(12):
        plant.step(TICK_S)


def test_a_copy_foretells_the_plant_bit_for_bit(plant: SwmmPlant) -> None:
    _pass_hour(plant)
    rules = LocalRules(plant.layout).targets
    (told,) = _twin(plant).play([Trial(policy=rules, forecast=None)], STEPS, TICK_S)
    depths = []
    before = plant.ledger.loss()
    for _ in range(STEPS):
        plant.step(TICK_S)
        depths.append(plant.engine.depth(plant.layout.level_nodes))
    np.testing.assert_array_equal(told.depth, np.array(depths))
    assert told.loss == pytest.approx(plant.ledger.loss() - before, abs=1e-9)


def test_a_plan_in_a_copy_foretells_the_same_plan_on_the_plant(plant: SwmmPlant) -> None:
    _pass_hour(plant)
    plan = np.random.default_rng(4).random((STEPS, len(plant.actuators)))
    trial = Trial(policy=lambda k, depth: plan[k], forecast=None)
    (told,) = _twin(plant).play([trial], STEPS, TICK_S)
    for k in range(STEPS):
        plant.apply(Command(targets=plan[k], local=np.isnan(plan[k])))
        plant.step(TICK_S)
    np.testing.assert_array_equal(told.depth[-1], plant.engine.depth(plant.layout.level_nodes))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_for_the_run_not_for_its_copies(plant: SwmmPlant, number: int) -> None:
    def interrupted(k: int, depth: FloatArray) -> FloatArray:
        os.kill(os.getpid(), number)
        return np.ones(len(plant.actuators))

    (told,) = _twin(plant).play([Trial(policy=interrupted, forecast=None)], STEPS, TICK_S)
    assert np.isfinite(told.cost)
    assert number not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_trials_leave_the_plant_as_if_they_had_never_been(plant: SwmmPlant) -> None:
    twin = _twin(plant)
    trials = [
        Trial(policy=AllOpen(plant.layout).targets, forecast=_rain(plant, 3e-5)),
        Trial(policy=LocalRules(plant.layout).targets, forecast=_rain(plant, 0.0)),
    ]
    for _ in range(24):
        twin.play(trials, STEPS, TICK_S)
        plant.step(TICK_S)
    disturbed = plant.engine.depth(plant.layout.level_nodes)
    plant.close()
    alone = SwmmPlant(plant.layout, WaterSettings(), duration_s=6 * 3600.0)
    for _ in range(24):
        alone.step(TICK_S)
    np.testing.assert_array_equal(disturbed, alone.engine.depth(plant.layout.level_nodes))
    alone.close()


def test_the_forecasts_rain_falls_in_the_copy_and_not_the_files(plant: SwmmPlant) -> None:
    rules = LocalRules(plant.layout).targets
    dry, wet = _twin(plant).play(
        [
            Trial(policy=rules, forecast=_rain(plant, 0.0)),
            Trial(policy=rules, forecast=_rain(plant, 2e-5)),
        ],
        STEPS,
        TICK_S,
    )
    assert wet.depth.sum() > 1.5 * dry.depth.sum()


def test_counting_routing_steps_in_a_copy_leaves_the_plant_where_it_was(plant: SwmmPlant) -> None:
    before = plant.engine.depth(plant.layout.level_nodes)
    step_s = _twin(plant).routing_step_s(2e-5, 1800.0)
    assert 0.5 < step_s <= plant.layout.model.options.routing_step_s
    np.testing.assert_array_equal(plant.engine.depth(plant.layout.level_nodes), before)
    _pass_hour(plant)
    assert plant.time_s == 3600.0


def test_outcomes_come_in_the_order_of_the_trials(plant: SwmmPlant) -> None:
    rules = LocalRules(plant.layout).targets
    rates = [0.0, 3e-5, 1e-5, 2e-5, 5e-6]
    outcomes = _twin(plant).play(
        [Trial(policy=rules, forecast=_rain(plant, rate)) for rate in rates], STEPS, TICK_S
    )
    water = [outcome.depth.sum() for outcome in outcomes]
    assert np.argsort(water).tolist() == np.argsort(rates).tolist()


def test_a_policy_that_fails_is_told_and_the_plant_goes_on(plant: SwmmPlant) -> None:
    def broken(step: int, depth: FloatArray) -> FloatArray:
        raise ValueError("no idea")

    with pytest.raises(PlantError, match="copy of the plant failed"):
        _twin(plant).play([Trial(policy=broken, forecast=None)] * 3, STEPS, TICK_S)
    assert plant.step(TICK_S)
    rules = LocalRules(plant.layout).targets
    assert len(_twin(plant).play([Trial(policy=rules, forecast=None)], STEPS, TICK_S)) == 1
