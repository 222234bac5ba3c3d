"""Does plant time follow the wall where it should, and run free where it may?"""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from bucket_domain import Predictive
from desks import bucket_desk, run_bucket

from jialing.core.command import Command, Source
from jialing.core.stages import Situation
from jialing.loop.clock import Real, Simulated
from jialing.record.frame import Outcome


class Wall:
    """A wall clock that moves when someone sleeps."""

    def __init__(self) -> None:
        self.time_s = 1000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time_s

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time_s += seconds


def real(wall: Wall, pace: float = 1.0) -> Real:
    return Real(pace, now=wall.now, sleep=wall.sleep)


def test_simulated_time_never_waits() -> None:
    clock = Simulated()
    clock.start()
    assert clock.wait_until(1e9) == 0.0


def test_real_time_waits_for_each_tick() -> None:
    wall = Wall()
    clock = real(wall)
    wall.time_s += 7.0  # opening the plant takes time that the case does not
    clock.start()
    assert clock.wait_until(0.0) == 0.0
    wall.time_s += 12.0  # the tick itself
    assert clock.wait_until(60.0) == pytest.approx(48.0)
    assert wall.slept == [pytest.approx(48.0)]


def test_a_loop_behind_its_time_does_not_wait_and_says_how_late_it_is() -> None:
    wall = Wall()
    clock = real(wall)
    clock.start()
    wall.time_s += 75.0
    assert clock.wait_until(60.0) == pytest.approx(-15.0)
    assert wall.slept == []
    assert clock.wait_until(120.0) == pytest.approx(45.0)  # no drift: the next tick is on time


def test_a_faster_pace_shortens_the_wait() -> None:
    wall = Wall()
    clock = real(wall, pace=60.0)
    clock.start()
    assert clock.wait_until(60.0) == pytest.approx(1.0)


def test_a_run_in_real_time_takes_its_time_and_decides_beside_the_loop(tmp_path: Path) -> None:
    wall = Wall()
    run, record = run_bucket(
        tmp_path, desk=bucket_desk("predictive", duration_s=300.0, budget_s=60.0), clock=real(wall)
    )
    assert sum(wall.slept) == pytest.approx(240.0)
    assert record.ticks == 5
    assert record.frames["outcome"].tolist() == [Outcome.ON_TIME] * 5
    assert run.details["decisions"]["on_time"] == 5


def test_a_decision_that_hangs_does_not_hold_up_real_time(tmp_path: Path) -> None:
    class Hangs(Predictive):
        go = threading.Event()

        def decide(self, situation: Situation) -> Command:
            if situation.time_s == 60.0:
                self.go.wait(10.0)
            return super().decide(situation)

    desk = bucket_desk(Hangs, duration_s=300.0, budget_s=0.25)
    _, record = run_bucket(tmp_path, desk=desk, clock=real(Wall()))
    Hangs.go.set()
    assert record.frames["outcome"].tolist() == [
        Outcome.ON_TIME,
        Outcome.LATE,
        Outcome.BUSY,
        Outcome.BUSY,
        Outcome.BUSY,
    ]
    assert record.frames["source"].tolist() == [Source.CONTROLLER] + [Source.LAST_PLAN] * 4
