"""What does one check of the guard cost where nothing fires?"""

from __future__ import annotations

import timeit

import numpy as np
import pytest

from jialing.core.command import Command, Receipt
from jialing.core.signal import Actuator, Observation, Signal, SignalTable
from jialing.domains.water.guard import Interlock, build_guard


@pytest.mark.bench
@pytest.mark.parametrize(("count", "budget_s"), [(5, 15e-6), (2000, 2e-3)])
def test_a_check_that_finds_nothing_keeps_its_budget(count: int, budget_s: float) -> None:
    table = SignalTable(
        signals=tuple(Signal(name=f"depth:N{i}", unit="m", low=0.0) for i in range(count))
    )
    actuators, locks = [], []
    for i in range(count):
        if i % 5 == 4:
            actuators.append(
                Actuator(
                    name=f"A{i}",
                    kind="pump",
                    levels=(0.0, 1.0),
                    min_on_s=300.0,
                    min_off_s=300.0,
                    max_starts_per_h=6,
                )
            )
        else:
            actuators.append(Actuator(name=f"A{i}", kind="orifice", rate_per_s=1 / 60))
        low_m = 0.2 if i % 5 == 4 else -np.inf
        locks.append(Interlock(actuator=f"A{i}", signal=f"depth:N{i}", low_m=low_m, high_m=3.0))
    guard = build_guard(actuators, locks, table)
    positions = np.array([0.0 if a.levels else 0.5 for a in actuators])
    targets = np.where(positions > 0.0, 0.6, 0.0)
    command = Command(targets=targets, local=np.zeros(count, dtype=np.bool_))
    observation = Observation(
        time_s=300.0,
        values=np.ones(count),
        quality=np.zeros(count, dtype=np.uint8),
        valid_at_s=np.full(count, 300.0),
        table=table,
    )
    receipt = Receipt(time_s=0.0, positions=positions)
    assert guard.check(command, observation, receipt).verdicts == ()
    number = 100 if count < 100 else 2  # short, so that the best of many is undisturbed
    runs = timeit.repeat(
        lambda: guard.check(command, observation, receipt), number=number, repeat=500
    )
    assert min(runs) / number <= budget_s
