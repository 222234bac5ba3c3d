"""Is the predictive controller worth its name on a sewer it has never seen?"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from desks import decided
from small_sewer import SEWER

from jialing.core.case import Case
from jialing.core.command import Command, Source
from jialing.core.forecast import Horizon
from jialing.core.signal import Observation, SignalTable
from jialing.core.stages import Desk, Situation
from jialing.domains.water.baseline import AllOpen
from jialing.domains.water.controller import PredictiveController, _blocks, _then_rules
from jialing.domains.water.design_storm import chongqing
from jialing.domains.water.domain import WATER, _Predictive, plan_work, priced
from jialing.domains.water.effort import Effort
from jialing.domains.water.forecaster import NoForecaster
from jialing.domains.water.identify import _storm, identify
from jialing.domains.water.model import read_model
from jialing.domains.water.network import reduce_model
from jialing.domains.water.plant import SwmmPlant
from jialing.domains.water.settings import FlowLimit, WaterSettings
from jialing.domains.water.surrogate import Surrogate
from jialing.domains.water.twin import Trial, Twin, can_fork
from jialing.loop.asking import Direct
from jialing.loop.watchdog import Watchdog
from jialing.methods.rollout import rollout

pytestmark = [
    pytest.mark.swmm,
    pytest.mark.skipif(not can_fork(), reason="this system cannot copy a running process"),
]


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """The small sewer with its rain tripled, so that tanks and creek are put to use."""
    path = tmp_path / "town.inp"
    path.write_text(SEWER.replace("6:30   45  6:45 10", "6:30   135  6:45 60"))
    made = WATER.case_from_file(path)
    return dataclasses.replace(made, forecast="perfect", duration_s=3 * 3600.0)


def _walk(desk: Desk) -> Iterator[Command]:
    """The commands of a whole run, without guard or record; closes the plant."""
    plant = desk.plant
    desk.controller.prepare()  # type: ignore[attr-defined]
    receipt = plant.apply(Command.all_local(len(plant.actuators)))
    going = True
    while going:
        _, command = decided(desk, receipt)
        receipt = plant.apply(command)
        going = plant.step(desk.tick_s)
        yield command
    plant.close()


def _cost(case: Case, name: str) -> float:
    desk = WATER.desk(case, name)
    if name == "predictive":
        assert len(list(_walk(desk))) == 36
    else:
        receipt = desk.plant.apply(Command.all_local(len(desk.plant.actuators)))
        going = True
        while going:
            situation = Situation(
                observation=desk.plant.observe(),
                positions=receipt.positions,
                actuators=desk.plant.actuators,
            )
            receipt = desk.plant.apply(desk.controller.decide(situation))
            going = desk.plant.step(desk.tick_s)
        desk.plant.close()
    return desk.plant.score()[0]["cost"].value


@pytest.mark.slow
def test_with_a_perfect_forecast_it_is_no_worse_than_any_rule(case: Case) -> None:
    ours = _cost(case, "predictive")
    rivals = {name: _cost(case, name) for name in ("rules", "open", "equal-filling")}
    assert min(rivals.values()) > 0.0
    assert ours <= 1.01 * min(rivals.values())


@pytest.mark.slow
def test_the_same_seed_gives_the_same_commands_bit_for_bit(case: Case) -> None:
    case = dataclasses.replace(case, forecast="ensemble", seed=5, duration_s=1.5 * 3600.0)
    first = [command.targets for command in _walk(WATER.desk(case, "predictive"))]
    again = [command.targets for command in _walk(WATER.desk(case, "predictive"))]
    np.testing.assert_array_equal(np.array(first), np.array(again))
    assert np.isfinite(np.array(first)).any()


def test_the_reduced_network_reproduces_the_run_it_is_matched_to(case: Case) -> None:
    desk = WATER.desk(case, "rules")
    plant = desk.plant
    assert isinstance(plant, SwmmPlant)
    horizon = Horizon(steps=24, step_s=300.0)
    reduction = identify(plant, horizon, workers=1)
    surrogate = Surrogate(*priced(reduction, plant, case.settings), 300.0)
    twin = Twin(plant, reduction.store_nodes, reduction.link_elements, workers=1)
    engine, layout = plant.engine, plant.layout
    now, flow = engine.depth(reduction.store_nodes), engine.flow(reduction.link_elements)
    (run,) = twin.play([Trial(policy=AllOpen(layout).targets, forecast=None)], 24, 300.0)
    problem = surrogate.problem(now, flow, [run], engine.setting(layout.actuator_links))
    paper = rollout(surrogate.compiled, problem, run.settings, trajectories=True)
    plant.close()
    swmm = reduction.content(run.depth)
    assert paper.v is not None
    error = np.abs(paper.v[:, :, 0] - swmm).max(axis=0) / reduction.net.store_full
    tanks = [i for i, n in enumerate(reduction.net.store_names) if n.endswith("_tank")]
    assert len(tanks) == 2
    assert error[tanks].max() < 0.05  # of a full tank


@pytest.mark.parametrize(
    ("step_s", "steps"), [(60.0, 120), (300.0, 24), (420.0, 17), (5000.0, 1), (4 * 3600.0, 1)]
)
def test_the_storm_it_learns_from_fits_any_step(step_s: float, steps: int) -> None:
    storm = _storm(2, Horizon(steps=130, step_s=step_s)).values
    assert storm.shape == (1, 130, 2)
    assert np.flatnonzero(storm[0, :, 0]).tolist() == list(range(steps))
    assert storm[0].sum() * step_s == pytest.approx(2 * chongqing(5.0)(steps * step_s))


def test_water_over_an_overflow_outfall_is_priced_on_its_link(case: Case) -> None:
    desk = WATER.desk(case, "rules")
    assert isinstance(desk.plant, SwmmPlant)
    reduction = reduce_model(desk.plant.layout.model, desk.plant.layout.actuator_links)
    priced_reduction, prices = priced(reduction, desk.plant, case.settings)
    desk.plant.close()
    at = priced_reduction.net.link_names.index("spill")
    assert prices.limit[at] == case.settings.prices.overflow
    assert priced_reduction.net.link_limit[at] == 0.0


def test_a_flow_limit_in_the_settings_reaches_the_planner(case: Case) -> None:
    settings = WaterSettings(flow_limits=(FlowLimit(link="gate", limit_m3s=0.2, weight=3.0),))
    desk = WATER.desk(dataclasses.replace(case, settings=settings), "rules")
    assert isinstance(desk.plant, SwmmPlant)
    reduction = reduce_model(desk.plant.layout.model, desk.plant.layout.actuator_links)
    priced_reduction, prices = priced(reduction, desk.plant, settings)
    desk.plant.close()
    at = priced_reduction.net.link_names.index("gate")
    assert 0.18 < priced_reduction.net.link_limit[at] < 0.2  # a little below, to be safe
    assert prices.limit[at] == 3.0


def test_the_look_ahead_follows_the_time_tanks_take_to_drain(case: Case) -> None:
    model = read_model(case.model)
    reduction = reduce_model(model, model.controllable())
    net = reduction.net
    slow = dataclasses.replace(net, link_rating=net.link_rating / 50.0)
    short, _, _ = plan_work(model, reduction, WaterSettings(), 300.0, 10.0)
    slowly = dataclasses.replace(reduction, net=slow)
    long, _, _ = plan_work(model, slowly, WaterSettings(), 300.0, 10.0)
    assert short.length_s < long.length_s <= 96 * 300.0
    given, outlook, _ = plan_work(model, reduction, WaterSettings(horizon_s=5400.0), 300.0, 10.0)
    assert given.length_s == outlook.length_s == 5400.0


def test_where_plans_are_cut_short_they_are_judged_farther_ahead(case: Case) -> None:
    model = read_model(case.model)
    reduction = reduce_model(model, model.controllable())
    dear = WaterSettings(horizon_s=8 * 3600.0)
    horizon, outlook, effort = plan_work(model, reduction, dear, 300.0, 0.1)
    assert effort.lean
    assert outlook == horizon  # nothing more can be afforded
    horizon, outlook, _ = plan_work(model, reduction, WaterSettings(), 300.0, 0.2)
    assert horizon.length_s < outlook.length_s == 7200.0


@pytest.mark.parametrize("steps", [1, 2, 5, 24, 96])
def test_decision_blocks_cover_the_horizon_and_grow(steps: int) -> None:
    blocks = _blocks(steps)
    assert sum(blocks) == steps
    assert blocks[:-1] == sorted(blocks[:-1])


def _thin(case: Case, *, outlook: int = 12, **effort: object) -> tuple[Desk, PredictiveController]:
    """The small sewer's controller with another effort, an ensemble ahead."""
    desk = WATER.desk(dataclasses.replace(case, forecast="ensemble"), "predictive")
    plant = desk.plant
    assert isinstance(plant, SwmmPlant)
    horizon = Horizon(steps=12, step_s=300.0)
    surrogate = Surrogate(*priced(identify(plant, horizon, 1), plant, case.settings), 300.0)
    made = Effort(rounds=1, workers=1, **effort)  # type: ignore[arg-type]
    far = Horizon(steps=outlook, step_s=300.0)
    return desk, PredictiveController(plant, surrogate, horizon, far, made)


def _decide(desk: Desk, controller: PredictiveController, ticks: int) -> list[Command]:
    plant, commands = desk.plant, []
    receipt = plant.apply(Command.all_local(len(plant.actuators)))
    for _ in range(ticks):
        observation = plant.observe()
        commands.append(
            controller.decide(
                Situation(
                    observation=observation,
                    positions=receipt.positions,
                    actuators=plant.actuators,
                    forecast=desk.forecaster.forecast(observation),
                )
            )
        )
        receipt = plant.apply(commands[-1])
        plant.step(desk.tick_s)
    plant.close()
    return commands


def test_a_search_in_one_scenario_is_judged_in_three(case: Case) -> None:
    desk, controller = _thin(case, scenarios=1, judges=3)
    commands = _decide(desk, controller, 8)
    assert controller.foreseen().shape[0] == 3
    assert all(np.isfinite(c.targets[~c.local]).all() for c in commands)


def test_what_comes_after_a_plan_counts_and_the_rules_may_go_on_from_it(case: Case) -> None:
    desk, controller = _thin(case, outlook=24, scenarios=1, judges=1)
    now = desk.plant.observe()
    every = controller._scenes.scenarios(desk.forecaster.forecast(now), now)
    rules, shut = controller._base["rules"], np.zeros(len(desk.plant.actuators))
    late = {"rules": rules, "then shut": lambda k, depth: rules(k, depth) if k < 3 else shut}
    handed = {"rules": rules, "then rules": _then_rules(lambda k, depth: shut, 3)}
    near, far = controller._play(late, every), controller._play(late, every, 24)
    assert near[1].cost + controller._beyond(near, every)[1] == far[1].cost < far[0].cost
    near, far = controller._play(handed, every), controller._play(handed, every, 24)
    assert near[0].cost + controller._beyond(near, every)[0] == far[0].cost
    desk.plant.close()
    levels = np.zeros(len(desk.plant.layout.level_nodes))
    assert np.isnan(handed["then rules"](3, levels)).all()
    assert not handed["then rules"](2, levels).any()


def test_a_lean_decision_plays_at_most_four_policies(case: Case) -> None:
    desk, controller = _thin(case, scenarios=1, judges=1, lean=True)
    played, play = [0], controller._twin.play
    controller._twin.play = lambda trials, *rest: played.append(len(trials)) or play(trials, *rest)  # type: ignore[func-returns-value, method-assign]
    _decide(desk, controller, 8)
    assert 0 < max(played) <= 2
    assert sum(played) <= 4 * 8


class Scripted:
    """Decides what it is told to, or raises."""

    def __init__(self, *answers: Command | None) -> None:
        self.answers = list(answers)

    def decide(self, situation: Situation) -> Command:
        found = self.answers.pop(0)
        if found is None:
            raise RuntimeError("no plan today")
        return found


PLAN = np.array([[0.1, np.nan], [0.3, 0.4], [0.5, 0.6]])


def _every_third(*answers: Command | None) -> tuple[list[float], list[Source]]:
    """What reaches the guard at ticks of 60 s where a decision is due every third of them."""
    horizon = Horizon(steps=3, step_s=180.0)
    ours = _Predictive(None, WaterSettings(), horizon, horizon, None, 3)  # type: ignore[arg-type]
    ours._controller = Scripted(*answers)  # type: ignore[assignment]
    watchdog = Watchdog(Direct(NoForecaster(), ours, 30.0), actuators=2)
    empty = SignalTable(signals=())
    given, by = [], []
    for tick in range(3 * len(answers)):
        none = np.zeros(0)
        seen = Observation(
            time_s=60.0 * tick,
            values=none,
            quality=none.astype(np.uint8),
            valid_at_s=none,
            table=empty,
        )
        now = Situation(observation=seen, positions=np.zeros(2), actuators=())
        command = watchdog.decide(tick, now).command
        given.append(command.targets[0])
        by.append(command.source)
    return given, by


def _planned(plan: np.ndarray) -> Command:
    return Command(targets=plan[0].copy(), local=np.isnan(plan[0]), plan=plan, step_s=180.0)


def test_between_two_decisions_the_last_targets_are_held() -> None:
    given, by = _every_third(_planned(PLAN), _planned(PLAN[1:]))
    assert given == [0.1] * 3 + [0.3] * 3
    assert set(by) == {Source.CONTROLLER}


def test_where_a_decision_fails_the_last_plan_goes_on_and_then_the_local_rule() -> None:
    given, by = _every_third(_planned(PLAN), None, None, None, _planned(PLAN))
    np.testing.assert_array_equal(
        given, [0.1] * 3 + [0.3] * 3 + [0.5] * 3 + [np.nan] * 3 + [0.1] * 3
    )
    assert by[3] is by[6] is Source.LAST_PLAN
    assert set(by[9:12]) == {Source.LOCAL}


def test_where_a_rule_had_won_and_the_next_decision_fails_the_local_rule_acts() -> None:
    opened = Command(targets=np.ones(2), local=np.zeros(2, dtype=np.bool_))
    given, by = _every_third(opened, None, opened)
    np.testing.assert_array_equal(given, [1.0] * 3 + [np.nan] * 3 + [1.0] * 3)
    assert set(by[3:6]) == {Source.LOCAL}
