"""A learner trains on the same plant, guard, cases and scores as everybody else."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jialing.core.case import Case
from jialing.core.command import Command
from jialing.core.errors import InputError
from jialing.core.stages import Situation
from jialing.domains.traffic.cases import traffic_grid
from jialing.domains.traffic.domain import TRAFFIC

gymnasium = pytest.importorskip("gymnasium")
pytest.importorskip("pettingzoo")
pytest.importorskip("libsumo")

from gymnasium.utils.env_checker import check_env  # noqa: E402
from pettingzoo.test import parallel_api_test  # noqa: E402

from jialing.domains.traffic.environment import (  # noqa: E402
    ID,
    ParallelTrafficEnv,
    TrafficEnv,
)

pytestmark = [pytest.mark.sumo, pytest.mark.slow]


def short(duration_s: float = 60.0, **settings: Any) -> Case:
    case = traffic_grid()
    return dataclasses.replace(
        case,
        duration_s=duration_s,
        tick_s=5.0,
        settings=dataclasses.replace(case.settings, **settings),
    )


@pytest.fixture
def env() -> Iterator[TrafficEnv]:
    found = TrafficEnv(short())
    yield found
    found.close()


@pytest.mark.parametrize("sensing", ["camera", "perfect", "loops"])
def test_gymnasiums_checker_finds_nothing(sensing: str) -> None:
    env = TrafficEnv(short(sensing=sensing))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env, skip_render_check=True)
    env.close()


def test_pettingzoos_checker_finds_nothing() -> None:
    env = ParallelTrafficEnv(short(200.0))
    parallel_api_test(env, num_cycles=100)
    env.close()


def test_a_seed_that_sumo_cannot_take_is_refused_and_the_episode_goes_on(env: TrafficEnv) -> None:
    env.reset(seed=3)
    with pytest.raises(InputError, match=r"seed 2147483648 .* 0 to 2147483647"):
        env.reset(seed=2**31)
    env.step(env.action_space.sample())


def test_it_is_registered_with_gymnasium() -> None:
    name = f"jialing.domains.traffic.environment:{ID}"
    env = gymnasium.make(name, case=short())
    env.reset(seed=3)
    env.close()
    assert isinstance(env.unwrapped, TrafficEnv)


def test_an_episode_ends_with_the_case_and_brings_the_score(env: TrafficEnv) -> None:
    env.reset(seed=1)
    for step in range(12):
        seen, reward, terminated, truncated, info = env.step(np.zeros(6, np.int64))
        assert not terminated
        assert truncated is (step == 11)
        assert ("score" in info) is truncated
        assert float(reward) <= 0.0
        assert env.observation_space.contains(seen)
    assert {"delay", "queue", "throughput"} <= set(info["score"])
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros(6, np.int64))


def test_a_step_before_the_first_reset_is_refused(env: TrafficEnv) -> None:
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros(6, np.int64))


def test_the_score_is_that_of_a_run_with_the_same_commands() -> None:
    case = short(300.0)
    env = TrafficEnv(case)
    env.reset(seed=4)
    modes = env.action_space.nvec
    over, tick = False, 0
    while not over:
        *_, over, info = env.step(np.full(6, tick // 6) % modes)
        tick += 1

    desk = TRAFFIC.desk(dataclasses.replace(case, seed=4), Rounds)
    plant = desk.plant
    receipt, going, tick = plant.apply(Command.all_local(6)), True, 0
    while going:
        observation = plant.observe()
        situation = Situation(
            observation=observation, positions=receipt.positions, actuators=plant.actuators
        )
        command = desk.controller.decide(situation)
        receipt = plant.apply(desk.guard.check(command, observation, receipt).command)
        going = plant.step(desk.tick_s)
    sheet, _ = plant.score()
    plant.close()
    assert info["score"] == {word: quantity.value for word, quantity in sheet.items()}


class Rounds:
    """One mode after the other, 30 s each."""

    def __init__(self) -> None:
        self.tick = 0

    def decide(self, situation: Situation) -> Command:
        modes = np.array([len(a.levels) for a in situation.actuators])
        targets = (np.full(len(modes), self.tick // 6) % modes).astype(np.float64)
        self.tick += 1
        return Command(targets=targets, local=np.zeros(len(modes), np.bool_))


def test_the_guard_stands_before_the_learner(env: TrafficEnv) -> None:
    env.reset(seed=1)
    rules = set()
    for step in range(12):
        *_, info = env.step(np.full(6, step % 2))
        rules |= set(info["rules"])
        assert all(given in (-1, 0, 1) for given in info["given"])
    assert rules & {"min_green", "intergreen"}


def test_without_a_seed_episodes_differ_and_a_seed_repeats_them(env: TrafficEnv) -> None:
    def rewards(seed: int | None) -> list[float]:
        env.reset(seed=seed)
        return [float(env.step(np.zeros(6, np.int64))[1]) for _ in range(12)]

    first, second = rewards(None), rewards(None)
    assert first != second
    assert rewards(0) == first  # the case's own seed comes first
    assert rewards(1) == second


def test_every_value_has_a_name_and_sensing_decides_what_is_seen() -> None:
    for sensing, word in (("camera", "queue:"), ("loops", "occupied:")):
        env = TrafficEnv(short(sensing=sensing))
        assert len(env.names) == env.observation_space.shape[0]
        assert any(word in name for name in env.names), sensing
        env.close()
    env = TrafficEnv(short())
    seen, _ = env.reset(seed=1)
    shown = [name for name, value in zip(env.names, seen, strict=True) if value == 1.0]
    assert sum(": mode " in name for name in shown) == 6
    assert all(": mode " in name or ": room:" in name for name in shown)
    env.close()


def test_two_environments_may_stand_side_by_side_but_one_is_open() -> None:
    one, other = TrafficEnv(short()), ParallelTrafficEnv(short())
    one.reset(seed=1)
    one.close()
    other.reset(seed=1)
    other.close()


def test_the_example_of_the_how_to_runs(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    page = (root / "docs" / "how-to" / "train-an-agent.md").read_text()
    code = page.partition("```python\n")[2].partition("```")[0]
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "delay" in done.stdout
