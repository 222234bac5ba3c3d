"""Is a station wired so that a run is safe, honest about its forecast, and scored in its words?"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
from desks import decided

from jialing.core.case import Case
from jialing.core.command import Command
from jialing.core.errors import InputError, UnknownNameError
from jialing.core.signal import Observation
from jialing.core.stages import Desk
from jialing.domains.metro.cases import CASES, FOLDER, STATIONS, station_case
from jialing.domains.metro.domain import METRO
from jialing.domains.metro.score import WORDS
from jialing.domains.metro.settings import DAYS

MORNING_S = 4.5 * 3600.0  # from opening, over the first two tides


def guarded(desk: Desk) -> Iterator[tuple[Observation, Command]]:
    """Each tick's observation, and the command that went to the plant."""
    plant = desk.plant
    receipt = plant.apply(Command.all_local(len(plant.actuators)))
    getattr(desk.controller, "prepare", lambda: None)()
    going = True
    while going:
        seen, command = decided(desk, receipt)
        ruling = desk.guard.check(command, seen, receipt)
        yield seen, ruling.command
        receipt = plant.apply(ruling.command)
        going = plant.step(desk.tick_s)


def morning(day: str = "normal", seed: int = 5) -> Case:
    case = station_case(FOLDER / "mixed.yaml", day=day, seed=seed)
    return dataclasses.replace(case, duration_s=MORNING_S)


def test_every_station_has_every_kind_of_day() -> None:
    assert len(CASES) == len(STATIONS) * len(DAYS)
    for name, factory in CASES.items():
        assert factory().name == name
        assert factory().model.is_file()


def test_the_score_speaks_of_waiting_first_and_in_stated_units() -> None:
    desk = METRO.desk(morning(), "fixed")
    sheet, details = desk.plant.score()
    assert list(sheet) == list(WORDS)
    assert next(iter(sheet)) == desk.headline == "waiting"
    assert sheet["waiting"].unit == "person-h"
    assert details["balance"] == 0.0


def test_only_the_oracle_knows_the_future() -> None:
    for name in METRO.controllers:
        desk = METRO.desk(morning(), name)
        forecast = desk.forecaster.forecast(desk.plant.observe())
        assert forecast is not None
        assert forecast.truth == (name == "oracle")


def test_a_controller_that_does_not_exist_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="timetable"):
        METRO.desk(morning(), "timetabel")


def test_a_run_lasts_no_longer_than_the_station_is_open() -> None:
    day = station_case(FOLDER / "mixed.yaml")
    open_s = METRO.desk(day, "fixed").duration_s
    whole = METRO.desk(dataclasses.replace(day, duration_s=open_s), "fixed")
    assert whole.plant.duration_s == whole.duration_s == open_s
    with pytest.raises(
        InputError, match=r"mixed.yaml: a run of 1800 min is not .* is open for 1110 min"
    ):
        METRO.desk(dataclasses.replace(day, duration_s=30 * 3600.0), "fixed")


def test_a_run_knows_the_time_of_day_at_which_it_begins() -> None:
    assert METRO.desk(morning(), "fixed").about["begin_s"] == 5.5 * 3600.0


@pytest.mark.slow
def test_every_reversal_of_a_morning_passes_through_an_empty_standstill() -> None:
    desk = METRO.desk(morning(), "predictive")
    link = desk.plant.actuators[0].name
    before, turned = None, 0
    for seen, _ in guarded(desk):
        direction, onboard = seen[f"direction:{link}"], seen[f"onboard:{link}"]
        if direction == 0.0:
            assert onboard == 0.0
        if before is not None and direction * before < 0.0:
            pytest.fail(f"{link} turned from {before} to {direction} without a stop")
        turned += before == 0.0 and direction != 0.0
        before = direction
    assert turned >= 2
    score = desk.plant.score()[0]
    assert score["reversals"].value == turned


@pytest.mark.slow
def test_a_guarded_reversal_is_begun_once_and_ends_in_minutes() -> None:
    desk = METRO.desk(morning(), "timetable")
    link = desk.plant.actuators[0].name
    stood = [seen.time_s for seen, _ in guarded(desk) if seen[f"phase:{link}"] != 0.0]
    breaks = np.flatnonzero(np.diff(stood) > 60.0)
    assert 1 <= len(breaks) + 1 <= 3
    assert len(stood) * desk.tick_s < (len(breaks) + 1) * 300.0


@pytest.mark.slow
def test_planned_directions_wait_less_than_fixed_ones_on_a_busy_morning() -> None:
    waits = {}
    for name in ("fixed", "predictive"):
        desk = METRO.desk(morning(seed=6), name)  # many come in, later than on most days
        for _ in guarded(desk):
            pass
        waits[name] = desk.plant.score()[0]["waiting"].value
    assert waits["predictive"] < 0.9 * waits["fixed"]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_plan() -> None:
    commands = []
    for _ in range(2):
        desk = METRO.desk(morning("train-delay"), "predictive")
        commands.append([command.targets for _, command in guarded(desk)])
    assert np.array_equal(commands[0], commands[1])
