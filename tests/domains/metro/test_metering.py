"""Is entry metered before a platform is too full, and only then?"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from desks import decided

from jialing.core.command import Command
from jialing.core.stages import Desk
from jialing.domains.metro.cases import FOLDER
from jialing.domains.metro.domain import METRO

MORNING_S = 4.0 * 3600.0
STOP_P_M2 = 3.0  # entry stops above it; see the table of standard numbers
METERS = slice(1, None)


@pytest.fixture
def narrow(tmp_path: Path) -> Path:
    """The mixed station with small platforms and trains that cannot take everybody at the peak."""
    text = (FOLDER / "mixed.yaml").read_text()
    text = re.sub("area_m2: 700", "area_m2: 150", text).replace("room: 600", "room: 80")
    path = tmp_path / "narrow.yaml"
    path.write_text(text)
    return path


def day(path: Path, *, metered: bool) -> tuple[Desk, float, int]:
    """A morning with a crowd against the tide: least entry that was planned, and what the guard
    had to throttle by itself."""
    case = METRO.case_from_file(path, day="ingress", mode="auto")
    desk = METRO.desk(dataclasses.replace(case, seed=201, duration_s=MORNING_S), "predictive")
    plant, least, forced, going = desk.plant, 1.0, 0, True
    receipt = plant.apply(Command.all_local(len(plant.actuators)))
    while going:
        seen, command = decided(desk, receipt)
        least = min(least, float(command.targets[METERS].min()))
        if not metered:
            targets = command.targets.copy()
            targets[METERS] = 1.0
            command = dataclasses.replace(command, targets=targets)
        ruling = desk.guard.check(command, seen, receipt)
        forced += any(verdict.rule == "crowded" for verdict in ruling.verdicts)
        receipt = plant.apply(ruling.command)
        going = plant.step(desk.tick_s)
    return desk, least, forced


def test_entry_is_metered_before_a_platform_is_too_full(narrow: Path) -> None:
    planned, least, forced = day(narrow, metered=True)
    open_doors, _, without = day(narrow, metered=False)
    density = [desk.plant.score()[0]["density_peak"].value for desk in (planned, open_doors)]
    assert least < 1.0
    assert without > 0, "without the plan the guard has to stop entry by itself"
    assert density[1] > STOP_P_M2
    assert forced == 0, "the plan is ahead of the guard"
    assert density[0] < STOP_P_M2


def test_no_one_waits_outside_where_platforms_are_empty() -> None:
    desk, least, forced = day(FOLDER / "mixed.yaml", metered=True)
    assert (least, forced) == (1.0, 0)
    assert np.isclose(desk.plant.score()[0]["metered"].value, 0.0, atol=0.01)
