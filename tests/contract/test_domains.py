"""What every domain promises the loop. Runs against each registered domain; a new one starts here."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jialing import domains
from jialing.core.case import Case, Quantity
from jialing.core.command import Answer, Command, Receipt, Ruling
from jialing.core.errors import InputError
from jialing.core.forecast import Forecast
from jialing.core.signal import Quality
from jialing.core.stages import Desk, Plant, Situation
from jialing.loop.watchdog import objection

#: One small case that ships, per domain.
SHIPPED = {"water": "storm-sewer", "metro": "metro-mixed", "traffic": "traffic-grid"}
HOUR_S = 3600.0

#: Domains whose sensors see what is coming: they have no forecaster.
SEES_AHEAD = {"traffic"}
#: Ticks until an actuator is where it was told to be, if more than one (yellow, all-red).
SETTLES = {"traffic": 20}

#: What a controller needs beyond the shipped case: settings, made in a folder of the test's own.
NEEDS = {("water", "other-rules"): lambda folder: {"rules_file": _all_gates_open(folder)}}

DOMAINS = [
    pytest.param("water", marks=[pytest.mark.swmm, pytest.mark.slow]),
    pytest.param("metro", marks=[pytest.mark.slow]),
    pytest.param("traffic", marks=[pytest.mark.sumo, pytest.mark.slow]),
]
#: What a domain's tests need beyond time.
MARKS = {"water": [pytest.mark.swmm], "traffic": [pytest.mark.sumo]}
PAIRS = [
    pytest.param(name, controller, marks=[*MARKS.get(name, []), pytest.mark.slow])
    for name in domains.ROWS
    for controller in domains.domain(name).controllers
]


def short_case(name: str, **changes: Any) -> Case:
    """The first hour of the domain's shipped case."""
    _, factory = domains.named_cases()[SHIPPED[name]]
    return dataclasses.replace(factory(), **{"duration_s": HOUR_S, **changes})


def _first(name: str) -> str:
    """The domain's baseline."""
    return next(iter(domains.domain(name).controllers))


class Onlooker:
    """A user's own controller that leaves everything to the plant."""

    def decide(self, situation: Situation) -> Command:
        return situation.command()


def _all_gates_open(folder: Path) -> Path:
    path = folder / "rules.txt"
    path.write_text("RULE R1\nIF SIMULATION TIME >= 0\nTHEN ORIFICE GA SETTING = 1\n")
    return path


def with_needs(name: str, controller: str, folder: Path) -> dict[str, Any]:
    """Changes of the shipped case that `controller` needs."""
    if (name, controller) not in NEEDS:
        return {}
    settings = short_case(name).settings
    return {"settings": dataclasses.replace(settings, **NEEDS[name, controller](folder))}


@contextmanager
def opened(name: str, controller: Any = None, **changes: Any) -> Iterator[Desk]:
    domain = domains.domain(name)
    desk = domain.desk(short_case(name, **changes), controller or next(iter(domain.controllers)))
    try:
        yield desk
    finally:
        desk.plant.close()


def walk(desk: Desk, ticks: int) -> Iterator[Situation]:
    """The situations of the first ticks while the plant's own rules act."""
    plant = desk.plant
    receipt = plant.apply(Command.all_local(len(plant.actuators)))
    for _ in range(ticks):
        observation = plant.observe()
        yield Situation(
            observation=observation,
            positions=receipt.positions,
            actuators=plant.actuators,
            forecast=desk.forecaster.forecast(observation),
        )
        if not plant.step(desk.tick_s):
            return


@pytest.mark.parametrize("name", list(domains.ROWS))
def test_every_domain_is_held_to_the_contract(name: str) -> None:
    assert name in SHIPPED
    assert name in [each.values[0] for each in DOMAINS]


@pytest.mark.parametrize("name", list(domains.ROWS))
def test_a_domain_names_its_controllers_in_one_line_each(name: str) -> None:
    domain = domains.domain(name)
    assert domain.name == name
    assert domain.controllers
    for controller, line in domain.controllers.items():
        assert controller == controller.lower()
        assert line.strip()
        assert "\n" not in line


@pytest.mark.parametrize("name", list(domains.ROWS))
def test_a_domain_reads_its_own_model_and_no_other(name: str, tmp_path: Path) -> None:
    row = domains.row(name)
    for ending in row.endings:
        assert row.reads(f"of my own{ending}")
        assert domains.domain_for(Path(f"OF MY OWN{ending.upper()}")) == name
    assert row.reads(str(short_case(name).model))
    assert domains.domain_for(short_case(name).model) == name
    for other in ("notes.txt", "picture.png", "noending"):
        (tmp_path / other).write_bytes(b"\x89PNG\r\n\x1a\n")
        assert not row.reads(str(tmp_path / other))


@pytest.mark.parametrize("name", DOMAINS)
def test_a_desk_keeps_to_the_case(name: str) -> None:
    with opened(name) as desk:
        case = short_case(name)
        assert isinstance(desk.plant, Plant)
        assert desk.tick_s == case.tick_s
        assert desk.duration_s == HOUR_S
        assert desk.budget_s > 0
        assert desk.headline in desk.plant.score()[0]
        assert str(case.model) in [str(file) for file in desk.files]


@pytest.mark.parametrize("tick_s", [0.4, 1.5, 2.5])
@pytest.mark.parametrize("name", list(domains.ROWS))
def test_a_tick_in_which_the_plants_time_cannot_pass_is_refused(name: str, tick_s: float) -> None:
    message = rf"tick_s = {tick_s} is not possible; .* steps of 1 s, .* e\.g\. [12] s"
    with pytest.raises(InputError, match=message):
        domains.domain(name).desk(short_case(name, tick_s=tick_s), _first(name))


@pytest.mark.parametrize("name", DOMAINS)
def test_signals_and_actuators_are_well_described(name: str) -> None:
    with opened(name) as desk:
        signals, actuators = desk.plant.signals.signals, desk.plant.actuators
        assert len({signal.name for signal in signals}) == len(signals) > 0
        for signal in signals:
            assert signal.quantity
            assert signal.element
            assert signal.unit
            assert signal.low < signal.high
        assert len({actuator.name for actuator in actuators}) == len(actuators) > 0
        for actuator in actuators:
            assert actuator.low < actuator.high
            assert actuator.rate_per_s > 0
            assert math.isnan(actuator.safe) or actuator.low <= actuator.safe <= actuator.high
            assert list(actuator.levels) == sorted(set(actuator.levels))
            assert all(actuator.low <= level <= actuator.high for level in actuator.levels)


@pytest.mark.parametrize("name", DOMAINS)
def test_observations_have_a_value_or_say_that_it_is_missing(name: str) -> None:
    with opened(name) as desk:
        count = len(desk.plant.signals)
        low = np.array([signal.low for signal in desk.plant.signals.signals])
        high = np.array([signal.high for signal in desk.plant.signals.signals])
        for number, situation in enumerate(walk(desk, 5)):
            seen = situation.observation
            assert seen.time_s == pytest.approx(number * desk.tick_s, abs=1e-6)
            assert seen.values.shape == seen.quality.shape == seen.valid_at_s.shape == (count,)
            missing = seen.quality == Quality.MISSING
            assert np.array_equal(np.isnan(seen.values), missing)
            assert np.all(seen.valid_at_s <= seen.time_s)
            known = seen.values[~missing]
            assert np.all(known >= low[~missing] - 1e-9)
            assert np.all(known <= high[~missing] + 1e-9)


@pytest.mark.parametrize("name", DOMAINS)
def test_fields_are_sampled_as_announced(name: str) -> None:
    with opened(name) as desk:
        for _ in walk(desk, 2):
            samples = desk.plant.sample()
            assert len(samples) == len(desk.plant.fields)
            for field, sample in zip(desk.plant.fields, samples, strict=True):
                assert field.unit
                assert sample.shape == (len(field.elements),)
                assert sample.dtype == np.float32
                assert np.all(np.isfinite(sample))


@pytest.mark.parametrize("name", DOMAINS)
def test_a_target_moves_the_actuator_and_local_hands_it_back(name: str) -> None:
    with opened(name) as desk:
        plant = desk.plant
        low = np.array([actuator.low for actuator in plant.actuators])
        high = np.array([actuator.high for actuator in plant.actuators])
        nothing_local = np.zeros(len(low), dtype=np.bool_)
        for targets in (low, high):
            receipt = plant.apply(Command(targets=targets.copy(), local=nothing_local))
            plant.step(desk.tick_s)
            assert np.all(np.isfinite(receipt.positions))
        for _ in range(SETTLES.get(name, 0)):
            plant.apply(Command(targets=high.copy(), local=nothing_local))
            plant.step(desk.tick_s)
        settled = plant.apply(Command(targets=high.copy(), local=nothing_local)).positions
        assert np.all((settled >= low) & (settled <= high))
        receipt = plant.apply(Command.all_local(len(low)))
        assert receipt.positions.shape == low.shape
        assert np.all(np.isfinite(receipt.positions))


@pytest.mark.parametrize("name", DOMAINS)
def test_a_plant_ends_when_the_case_does_and_keeps_its_words(name: str) -> None:
    with opened(name) as desk:
        plant = desk.plant
        plant.apply(Command.all_local(len(plant.actuators)))
        before, _ = plant.score()
        ticks = 1
        while plant.step(desk.tick_s):
            ticks += 1
            assert ticks <= HOUR_S / desk.tick_s
        assert ticks == HOUR_S / desk.tick_s
        assert not plant.step(desk.tick_s)
        after, details = plant.score()
        assert list(before) == [word for word in after if word in before]
        assert desk.headline in after
        assert isinstance(details, dict)
        for word, quantity in after.items():
            assert word == word.lower()
            assert isinstance(quantity, Quantity)
            assert quantity.unit
            assert math.isfinite(quantity.value)


@pytest.mark.parametrize("name", DOMAINS)
def test_a_plant_may_be_closed_at_any_time_and_twice(name: str) -> None:
    domain = domains.domain(name)
    controller = next(iter(domain.controllers))
    for ticks in (0, 1, 3):
        desk = domain.desk(short_case(name), controller)
        for _ in walk(desk, ticks):
            pass
        desk.plant.close()
        desk.plant.close()


@pytest.mark.parametrize("name", DOMAINS)
def test_the_same_seed_gives_the_same_run(name: str) -> None:
    seen = []
    for _ in range(2):
        with opened(name, seed=3) as desk:
            seen.append(np.array([s.observation.values for s in walk(desk, 6)]))
    assert np.array_equal(seen[0], seen[1], equal_nan=True)


@pytest.mark.parametrize("forecast", ["perfect", "ensemble", "persistence", "none"])
@pytest.mark.parametrize("name", DOMAINS)
def test_a_forecast_covers_its_horizon_and_says_whether_it_is_the_truth(
    name: str, forecast: str
) -> None:
    # a controller of the user's own is shown the forecast; a rule that looks at now is not
    with opened(name, Onlooker, forecast=forecast) as desk:
        for situation in walk(desk, 3):
            found = situation.forecast
            if found is None:
                assert forecast == "none" or name in SEES_AHEAD
                continue
            assert isinstance(found, Forecast)
            assert found.issued_s == situation.time_s
            assert found.truth == (forecast == "perfect")
            assert found.values.shape == (found.members, found.horizon.steps, len(found.names))
            assert found.members >= 1
            assert np.all(np.isfinite(found.values))
            assert np.all(found.values >= 0)


@pytest.mark.parametrize(("name", "controller"), PAIRS)
def test_every_controller_answers_with_a_command_the_loop_accepts(
    name: str, controller: str, tmp_path: Path
) -> None:
    with opened(name, controller, **with_needs(name, controller, tmp_path)) as desk:
        getattr(desk.controller, "prepare", lambda: None)()
        for situation in walk(desk, 4):
            command = desk.controller.decide(situation)
            assert objection(command, len(desk.plant.actuators)) == ""
            ruling = desk.guard.check(command, situation.observation, _receipt(situation))
            assert_lawful(ruling, desk)


@pytest.mark.parametrize(("name", "controller"), PAIRS)
def test_a_controller_that_sees_nothing_still_answers(
    name: str, controller: str, tmp_path: Path
) -> None:
    with opened(name, controller, **with_needs(name, controller, tmp_path)) as desk:
        getattr(desk.controller, "prepare", lambda: None)()
        for situation in walk(desk, 2):
            blind = dataclasses.replace(
                situation.observation,
                values=np.full(len(desk.plant.signals), np.nan),
                quality=np.full(len(desk.plant.signals), Quality.MISSING, dtype=np.uint8),
            )
            command = desk.controller.decide(dataclasses.replace(situation, observation=blind))
            assert objection(command, len(desk.plant.actuators)) == ""


def hostile(count: int) -> list[Any]:
    """Commands that no guard may pass on."""
    free = np.zeros(count, dtype=np.bool_)
    return [
        Command(targets=np.full(count, value), local=free)
        for value in (np.nan, np.inf, -np.inf, 1e300, -1.0, 2.0)
    ] + [
        Command(targets=np.zeros(count + 1), local=np.zeros(count + 1, dtype=np.bool_)),
        Command(targets=np.zeros(0), local=np.zeros(0, dtype=np.bool_)),
        Command(targets=np.zeros((count, 2)), local=free),
        Command(targets=np.array(["open"] * count), local=free),  # type: ignore[arg-type]
        Command(targets=None, local=None),  # type: ignore[arg-type]
        None,
    ]


@pytest.mark.parametrize("name", DOMAINS)
def test_a_guard_answers_every_hostile_command_with_a_lawful_one(name: str) -> None:
    with opened(name) as desk:
        for situation in walk(desk, 2):
            for command in hostile(len(desk.plant.actuators)):
                ruling = desk.guard.check(command, situation.observation, _receipt(situation))
                assert_lawful(ruling, desk)


def assert_lawful(ruling: Ruling, desk: Desk) -> None:
    """What the guard gives may go to the plant, and what it changed it says."""
    actuators = desk.plant.actuators
    low = np.array([actuator.low for actuator in actuators])
    high = np.array([actuator.high for actuator in actuators])
    targets, local = ruling.command.targets, ruling.command.local
    assert targets.shape == local.shape == ruling.answers.shape == low.shape
    held = targets[~local]
    assert np.all(np.isfinite(held))
    assert np.all((held >= low[~local]) & (held <= high[~local]))
    changed = np.flatnonzero(ruling.answers != Answer.ALLOW)
    assert [verdict.actuator for verdict in ruling.verdicts] == changed.tolist()
    for verdict in ruling.verdicts:
        assert verdict.rule
        assert verdict.reason


def _receipt(situation: Situation) -> Receipt:
    return Receipt(time_s=situation.time_s, positions=situation.positions)
