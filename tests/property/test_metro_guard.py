"""Can any stream of commands turn an escalator under a passenger's feet?"""

from __future__ import annotations

import numpy as np
import pytest

from jialing.core.command import Command, Receipt
from jialing.core.signal import Actuator, FloatArray, Observation, Signal, SignalTable
from jialing.domains.metro.guard import (
    RESTARTS,
    RUNS,
    STANDS,
    Interlocks,
    Seen,
    Terms,
    Way,
    build_guard,
)

TICK_S = 30.0
INSPECT_S = 45.0
REVERSALS = 1_000_000
CLEARS = 1.0


class Drives:
    """Obedient drives with people on them: what they are told they do at once, safe or not.

    Counts every unsafe act: a start or a turn while anyone is on it, from any direction but a
    stand, or before the inspection is over.
    """

    def __init__(self, home: FloatArray, rng: np.random.Generator) -> None:
        self.rng = rng
        self.direction = home.copy()
        self.phase = np.full(len(home), RUNS)
        self.onboard = rng.integers(0, 90, len(home)).astype(np.float64)
        self.stood_s = np.zeros(len(home))
        self.goal = home.copy()
        self.unsafe = 0
        self.reversals = 0
        self.last = home.copy()

    def obey(self, told: FloatArray) -> None:
        moving = self.direction != 0.0
        self.unsafe += int(np.sum(moving & (told == -self.direction)))
        self.phase[moving & (told == 0.0)] = CLEARS
        self.phase[moving & (told == self.direction)] = RUNS
        starts = (self.phase == STANDS) & (told != 0.0)
        self.unsafe += int(np.sum(starts & (self.onboard > 0.0)))
        self.unsafe += int(np.sum(starts & (self.stood_s < INSPECT_S)))
        self.phase[starts], self.goal[starts] = RESTARTS, told[starts]
        turned = (self.phase == RESTARTS) & ~starts & (told != self.goal)
        self.unsafe += int(np.sum(turned))

    def pass_time(self) -> None:
        restarted = self.phase == RESTARTS
        runs, clears, stands = (self.phase == p for p in (RUNS, CLEARS, STANDS))
        many = self.rng.integers(0, 90, len(self.phase)).astype(np.float64)
        stays = self.rng.random(len(self.phase)) < 0.3  # someone takes a long time
        self.onboard = np.where(runs, many, self.onboard)
        self.onboard = np.where(clears, np.where(stays, 1.0, 0.0), self.onboard)
        steps_on = stands & (self.rng.random(len(self.phase)) < 0.05)  # past the barrier
        self.onboard = np.where(stands, np.where(steps_on, 1.0, 0.0), self.onboard)
        self.stood_s = np.where(stands & ~steps_on, self.stood_s + TICK_S, 0.0)
        stopped = clears & (self.onboard == 0.0)
        self.phase[stopped], self.direction[stopped] = STANDS, 0.0
        self.reversals += int(np.sum(restarted & (self.goal != self.last)))
        self.last[restarted] = self.goal[restarted]
        self.direction[restarted] = self.goal[restarted]
        self.phase[restarted] = RUNS


def _many_ways(stages: int) -> list[Way]:
    """Stages of four escalators and a stair."""
    return [
        Way(
            link=f"{stage}-{i}",
            stage=str(stage),
            kind="stair" if i == 4 else "escalator",
            home=(1.0, 1.0, -1.0, -1.0, 0.0)[i],
            inspect_s=INSPECT_S,
        )
        for stage in range(stages)
        for i in range(5)
    ]


def _hostile(rng: np.random.Generator, drives: Drives) -> FloatArray:
    """Mostly the other way than last, now and then anything at all."""
    count = len(drives.last)
    targets = np.where(rng.random(count) < 0.9, -drives.last, drives.last)
    odd = rng.random(count) < 0.05
    anything = rng.choice([np.nan, np.inf, -np.inf, 0.0, 0.4, -7.0, 1.0, -1.0], count)
    return np.where(odd, anything, targets)


@pytest.mark.slow
def test_of_a_million_reversals_none_is_unsafe() -> None:
    rng = np.random.default_rng(1)
    ways = _many_ways(8_000)
    moved = [i for i, way in enumerate(ways) if way.kind == "escalator"]
    home = np.array([way.home for way in ways])
    terms = Terms(mode="auto", min_dwell_s=60.0, budget=10**9)
    interlocks = Interlocks(ways, moved, terms)
    drives = Drives(home[moved], rng)
    on = np.ones(len(moved), dtype=np.bool_)
    ticks = 0
    while drives.reversals < REVERSALS:
        ticks += 1
        assert ticks < 2_000, f"only {drives.reversals} reversals"
        onboard, direction = np.zeros(len(ways)), home.copy()
        phase, fresh = np.zeros(len(ways)), rng.random(len(ways)) > 0.02
        onboard[moved], direction[moved], phase[moved] = (
            drives.onboard,
            drives.direction,
            drives.phase,
        )
        works = (rng.random(len(ways)) > 0.01).astype(np.float64)
        seen = Seen(onboard=onboard, direction=direction, phase=phase, works=works, fresh=fresh)
        before = (drives.phase == RUNS).reshape(-1, 4)
        ways_before = before[:, :, None] & (
            drives.direction.reshape(-1, 4)[:, :, None] == np.array([1.0, -1.0])
        )
        told, _ = interlocks.judge(
            _hostile(rng, drives), drives.direction, ticks * TICK_S, seen, on
        )
        drives.obey(told)
        kept = (drives.phase == RUNS).reshape(-1, 4)[:, :, None] & ways_before
        assert np.all(kept.any(axis=1) == ways_before.any(axis=1))
        drives.pass_time()
    assert drives.unsafe == 0


def test_the_count_of_unsafe_acts_would_notice_them() -> None:
    rng = np.random.default_rng(2)
    drives = Drives(np.array([1.0, 1.0]), rng)
    drives.obey(np.array([-1.0, 1.0]))
    assert drives.unsafe == 1
    drives.phase[1], drives.direction[1] = STANDS, 0.0
    drives.onboard[1], drives.stood_s[1] = 1.0, 10.0
    drives.obey(np.array([1.0, 1.0]))
    assert drives.unsafe == 3
    drives.obey(np.array([1.0, -1.0]))
    assert drives.unsafe == 4


def test_the_whole_guard_lets_nothing_unsafe_through_either() -> None:
    rng = np.random.default_rng(3)
    ways = _many_ways(12)
    table = SignalTable(
        signals=tuple(
            Signal(name=f"{quantity}:{way.link}", unit="1", low=low, high=high)
            for quantity, low, high in (
                ("onboard", 0.0, np.inf),
                ("direction", -1.0, 1.0),
                ("phase", 0.0, 3.0),
                ("works", 0.0, 1.0),
            )
            for way in ways
        )
    )
    moved = [i for i, way in enumerate(ways) if way.kind == "escalator"]
    actuators = [
        Actuator(
            name=ways[i].link, kind="escalator", low=-1.0, levels=(-1.0, 0.0, 1.0), safe=np.nan
        )
        for i in moved
    ]
    terms = Terms(mode="auto", min_dwell_s=60.0, budget=10**9)
    guard = build_guard(actuators, ways, table, terms)
    home = np.array([way.home for way in ways])
    drives = Drives(home[moved], rng)
    for tick in range(3_000):
        now_s = tick * TICK_S
        columns = np.zeros((4, len(ways)))
        columns[1], columns[3] = home, 1.0
        columns[:3, moved] = drives.onboard, drives.direction, drives.phase
        values = columns.ravel()
        values[rng.random(len(values)) < 0.005] = np.nan
        observation = Observation(
            time_s=now_s,
            values=values,
            quality=(rng.random(len(values)) < 0.005).astype(np.uint8),
            valid_at_s=np.where(rng.random(len(values)) < 0.005, -1e9, now_s),
            table=table,
        )
        command = Command(targets=_hostile(rng, drives), local=rng.random(len(moved)) < 0.05)
        ruling = guard.check(
            command, observation, Receipt(time_s=now_s, positions=drives.direction.copy())
        )
        given = np.where(ruling.command.local, home[moved], ruling.command.targets)
        drives.obey(given)
        drives.pass_time()
    assert drives.reversals > 3_000
    assert drives.unsafe == 0
