"""Is a controller asked so that it can stop nothing, in one thread or beside the loop?"""

from __future__ import annotations

import threading
import time

import pytest
from bucket_domain import Local
from desks import bucket_desk, bucket_situation

from jialing.core.command import Command
from jialing.core.stages import Situation
from jialing.loop.asking import Beside, Direct, Recorded, named
from jialing.record.frame import Outcome


class Held(Local):
    """Decides when it is let go; counts how often it is asked."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked = 0

    def decide(self, situation: Situation) -> Command:
        self.asked += 1
        self.go.wait(10.0)
        return super().decide(situation)


FORECASTER = bucket_desk().forecaster


def test_an_answer_within_its_budget_is_on_time() -> None:
    asked = Direct(FORECASTER, Local(), 10.0)(0, bucket_situation())
    assert asked.outcome is Outcome.ON_TIME
    assert 0.0 < asked.seconds < 10.0


def test_an_answer_beyond_its_budget_is_late_and_thrown_away() -> None:
    asked = Direct(FORECASTER, Local(), 0.0)(0, bucket_situation())
    assert asked.outcome is Outcome.LATE
    assert asked.answer is None


def test_what_only_repeats_a_record_is_never_late_and_what_follows_is() -> None:
    ask = Direct(FORECASTER, Local(), 0.0, patient=2)
    outcomes = [ask(tick, bucket_situation()).outcome for tick in range(4)]
    assert outcomes == [Outcome.ON_TIME, Outcome.ON_TIME, Outcome.LATE, Outcome.LATE]


def test_an_error_becomes_a_reason_with_its_place() -> None:
    class Failing:
        def decide(self, situation: Situation) -> Command:
            raise ValueError("two\nlines")

    asked = Direct(FORECASTER, Failing(), 10.0)(0, bucket_situation())
    assert asked.outcome is Outcome.RAISED
    assert asked.reason.startswith("raised ValueError: two lines (test_asking.py:")


class Leaving:
    def decide(self, situation: Situation) -> Command:
        raise SystemExit(3)


@pytest.mark.parametrize("kind", [Direct, Beside])
def test_a_controller_that_ends_python_ends_its_decision_only(kind: type[Direct | Beside]) -> None:
    ask = kind(FORECASTER, Leaving(), 10.0)
    for tick in range(2):
        asked = ask(tick, bucket_situation())
        assert asked.outcome is Outcome.RAISED
        assert asked.reason.startswith("raised SystemExit: 3 (test_asking.py:")


def test_an_error_without_words_or_place_is_named_too() -> None:
    assert named(ValueError()) == "ValueError"


def test_ctrl_c_passes_through_a_controller() -> None:
    class Interrupted:
        def decide(self, situation: Situation) -> Command:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Direct(FORECASTER, Interrupted(), 10.0)(0, bucket_situation())


def test_a_decision_beside_the_loop_arrives_like_any_other() -> None:
    asked = Beside(FORECASTER, Local(), 10.0)(0, bucket_situation())
    assert asked.outcome is Outcome.ON_TIME
    assert asked.answer.local.all()


def test_the_loop_does_not_wait_for_a_decision_that_hangs() -> None:
    held = Held()
    ask = Beside(FORECASTER, held, 0.02)
    started = time.perf_counter()
    assert ask(0, bucket_situation()).outcome is Outcome.LATE
    assert ask(1, bucket_situation()).outcome is Outcome.BUSY
    assert ask(2, bucket_situation()).outcome is Outcome.BUSY
    assert time.perf_counter() - started < 1.0
    held.go.set()
    until = time.monotonic() + 5.0
    while (
        asked := ask(3, bucket_situation())
    ).outcome is Outcome.BUSY and time.monotonic() < until:
        time.sleep(0.005)
    assert asked.outcome is Outcome.ON_TIME
    assert held.asked == 2  # the first, and the one after it was free again


def test_a_repeated_run_is_late_where_the_record_is_late() -> None:
    held = Held()
    held.go.set()
    ask = Recorded(FORECASTER, held, [Outcome.ON_TIME, Outcome.LATE, Outcome.BUSY, Outcome.ON_TIME])
    outcomes = [ask(tick, bucket_situation()).outcome for tick in range(4)]
    assert outcomes == [Outcome.ON_TIME, Outcome.LATE, Outcome.BUSY, Outcome.ON_TIME]
    assert held.asked == 3  # a busy controller was not asked then, and is not asked now
