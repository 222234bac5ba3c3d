"""Under the guard SUMO never shows what must not be shown, whoever decides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from witness import Witness

from jialing.core.command import Command
from jialing.core.stages import Situation
from jialing.domains.traffic.cases import traffic_grid
from jialing.domains.traffic.domain import TRAFFIC

libsumo = pytest.importorskip("libsumo")
pytestmark = [pytest.mark.sumo, pytest.mark.slow]

LENGTH_S = 900


class Hostile:
    """Asks for anything: other modes at each tick, no modes, the programme now and then."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def decide(self, situation: Situation) -> Command:
        count = len(situation.actuators)
        targets = self.rng.integers(0, 4, count).astype(np.float64)
        odd = self.rng.random(count) < 0.02
        targets[odd] = self.rng.choice([np.nan, 2.5, -1.0, np.inf], int(odd.sum()))
        return Command(targets=targets, local=self.rng.random(count) < 0.01)


def drive(seed: int, *, guarded: bool = True) -> tuple[Sequence[Witness], int, int, int]:
    """Witnesses of all signals; hard stops, collisions, and switches over the run."""
    desk = TRAFFIC.desk(traffic_grid(), lambda: Hostile(seed))
    plant, hard, collisions, switches = desk.plant, 0, 0, 0
    witnesses = [Witness(j) for j in plant.junctions]  # type: ignore[attr-defined]
    receipt = plant.apply(Command.all_local(len(plant.actuators)))
    state_of = libsumo.trafficlight.getRedYellowGreenState
    try:
        for _ in range(LENGTH_S):
            observation = plant.observe()
            situation = Situation(
                observation=observation, positions=receipt.positions, actuators=plant.actuators
            )
            command = desk.controller.decide(situation)
            if guarded:
                command = desk.guard.check(command, observation, receipt).command
            else:
                targets = np.clip(np.nan_to_num(command.targets), 0, 1)
                command = Command(targets=np.floor(targets), local=np.zeros_like(command.local))
            receipt, before = plant.apply(command), receipt
            switches += int(((receipt.positions < 0) & (before.positions >= 0)).sum())
            plant.step(1.0)
            cabinets = plant.cabinets  # type: ignore[attr-defined]
            for witness, cabinet in zip(witnesses, cabinets, strict=True):
                nobody = np.zeros(witness.junction.movements, np.bool_)
                witness.see(state_of(witness.junction.name), cabinet.local, nobody)
            hard += len(libsumo.simulation.getEmergencyStoppingVehiclesIDList())
            collisions += libsumo.simulation.getCollidingVehiclesNumber()
    finally:
        plant.close()
    return witnesses, hard, collisions, switches


@pytest.mark.parametrize("seed", [1, 2])
def test_a_hostile_controller_gets_nothing_unsafe_shown_in_sumo(seed: int) -> None:
    witnesses, hard, collisions, switches = drive(seed)
    for witness in witnesses:
        assert witness.unsafe == []
    assert (hard, collisions) == (0, 0)
    assert switches > 300  # it did switch


def test_without_the_guard_greens_are_too_short() -> None:
    witnesses, *_ = drive(1, guarded=False)
    assert any("was green for" in what for witness in witnesses for what in witness.unsafe)
