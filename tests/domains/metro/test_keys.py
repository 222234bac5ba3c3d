"""Does a reversal that is only advised wait for the operator, and does the record say who agreed?"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import jialing as jl
from jialing.core.command import Command
from jialing.core.errors import InputError, UnknownNameError
from jialing.domains.metro.cases import FOLDER, station_case
from jialing.domains.metro.domain import METRO
from jialing.domains.metro.keys import Advice, FileOperator, VirtualOperator, turn_key
from jialing.domains.metro.settings import MetroSettings

DOWN, UP = -1.0, 1.0
E2_DOWN = Advice(link="E2", direction=DOWN)


def test_a_station_advises_unless_told_otherwise() -> None:
    assert MetroSettings().mode == "advise"


def test_the_virtual_operator_agrees_after_his_delay_and_not_before() -> None:
    operator = VirtualOperator(delay_s=45.0, holds_s=300.0)
    turned = [bool(operator.turn([E2_DOWN], at)) for at in (0.0, 30.0, 45.0, 60.0, 330.0, 345.0)]
    assert turned == [False, False, True, False, False, True]


def test_advice_that_was_withdrawn_begins_its_delay_anew() -> None:
    operator = VirtualOperator(delay_s=45.0, holds_s=300.0)
    operator.turn([E2_DOWN], 0.0)
    operator.turn([], 30.0)
    assert not operator.turn([E2_DOWN], 60.0)
    assert list(operator.turn([E2_DOWN], 105.0)) == [E2_DOWN]


def test_a_delay_below_nothing_is_refused() -> None:
    with pytest.raises(InputError, match=r"key_delay_s is -1.0; it must be 0 or more"):
        VirtualOperator(delay_s=-1.0, holds_s=300.0)


def test_a_person_s_key_is_turned_once_when_the_run_reads_it(tmp_path: Path) -> None:
    keys = tmp_path / "keys.jsonl"
    operator = FileOperator(keys)
    assert not operator.turn([E2_DOWN], 0.0)
    turn_key(keys, "E2", "down")
    assert list(operator.turn([], 30.0)) == [E2_DOWN]
    assert not operator.turn([E2_DOWN], 60.0)
    assert json.loads(keys.read_text().splitlines()[1]) == {"line": 1, "taken_s": 30.0}


def test_the_next_controller_has_the_key_when_the_first_one_had_it(tmp_path: Path) -> None:
    keys = tmp_path / "keys.jsonl"
    turn_key(keys, "E2", "down")
    FileOperator(keys).turn([], 90.0)
    turn_key(keys, "E2", "up", at_s=120.0)
    again = FileOperator(keys)
    found = [[a.direction for a in again.turn([], at)] for at in (0.0, 60.0, 90.0, 120.0)]
    assert found == [[], [], [DOWN], [UP]]


def test_a_half_written_line_is_passed_over_while_a_run_goes_on(tmp_path: Path) -> None:
    keys = tmp_path / "keys.jsonl"
    operator = FileOperator(keys)
    keys.write_text('{"link": "E2", "dir')
    assert not operator.turn([E2_DOWN], 0.0)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("E2 down", r"keys.jsonl:1: is no key; allowed is"),
        ('{"link": "E2", "direction": 3, "at_s": null}', r"is no key"),
        ('{"link": "E2", "direction": NaN, "at_s": null}', r"is no key"),
        ('{"link": "E9", "direction": 1, "at_s": null}', r"'E9' is no reversible link.*Known: E2"),
    ],
)
def test_a_file_that_holds_no_keys_is_one_clear_error(
    tmp_path: Path, line: str, words: str
) -> None:
    keys = tmp_path / "keys.jsonl"
    keys.write_text(line + "\n")
    case = jl.case("metro-mixed", keys=keys)
    with pytest.raises(InputError, match=words):
        METRO.desk(case, "timetable")


def test_junk_in_place_of_keys_is_the_same_clear_error(tmp_path: Path) -> None:
    keys = tmp_path / "keys.jsonl"
    keys.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(InputError, match=r"keys.jsonl:1: is no key"):
        METRO.desk(jl.case("metro-mixed", keys=keys), "timetable")


def test_keys_without_advice_are_refused(tmp_path: Path) -> None:
    case = jl.case("metro-mixed", keys=tmp_path / "keys.jsonl", mode="auto")
    with pytest.raises(InputError, match="keys are turned in the mode advise, not in auto"):
        METRO.desk(case, "timetable")


def test_a_key_to_nowhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"'left' is not a direction.*Known: closed, down"):
        turn_key(tmp_path / "keys.jsonl", "E2", "left")


def test_what_is_no_command_gets_no_key() -> None:
    desk = METRO.desk(station_case(FOLDER / "mixed.yaml"), "timetable")
    receipt = desk.plant.apply(Command.all_local(len(desk.plant.actuators)))
    broken = Command(targets=np.zeros(1), local=np.zeros(7, np.bool_))
    assert desk.guard.check(broken, desk.plant.observe(), receipt).keys == ()


def keys_of(result: jl.Result, controller: str) -> list[tuple[str, float, float, str]]:
    record = jl.open_record(result.folder / controller)
    return [
        (e["actuator"], e["target"], e["time_s"], e["by"])
        for e in record.events
        if e["kind"] == "key"
    ]


RUN_S = 100.0 * 60.0  # until after the first reversal that the timetable asks for


@pytest.fixture(scope="module")
def virtual(tmp_path_factory: pytest.TempPathFactory) -> jl.Result:
    """A run in which the virtual operator turned the keys."""
    case = jl.case("metro-mixed", duration_s=RUN_S)
    return jl.run(case, "timetable", out=tmp_path_factory.mktemp("virtual"))


@pytest.fixture(scope="module")
def agreed(virtual: jl.Result, tmp_path_factory: pytest.TempPathFactory) -> jl.Result:
    """A run in which a person turned the key for the first reversal that was advised."""
    folder = tmp_path_factory.mktemp("agreed")
    keys = folder / "keys.jsonl"
    turn_key(keys, "E2", "down", at_s=keys_of(virtual, "timetable")[0][2])
    return jl.run(jl.case("metro-mixed", duration_s=RUN_S, keys=keys), "timetable", out=folder)


def test_the_record_says_who_turned_which_key_and_a_replay_agrees(virtual: jl.Result) -> None:
    found = keys_of(virtual, "timetable")
    assert found
    assert {by for *_, by in found} == {"virtual operator"}
    assert all(comparison.identical for comparison in jl.replay(virtual.folder))


@pytest.mark.parametrize("now", [None, "", '{"link": "E2", "direction": 0, "at_s": null}', "junk"])
def test_a_replay_asks_the_record_for_the_keys_and_leaves_their_file_alone(
    agreed: jl.Result, now: str | None
) -> None:
    keys = agreed.case.settings.keys
    keys.unlink(missing_ok=True)
    if now is not None:
        keys.write_text(now)
    assert agreed.runs[0].score["reversals"].value == 1.0
    assert all(comparison.identical for comparison in jl.replay(agreed.folder))
    assert (keys.read_text() if keys.is_file() else None) == now


def test_a_recorded_key_that_names_no_escalator_is_told(agreed: jl.Result) -> None:
    events = agreed.folder / "timetable" / "events.jsonl"
    whole = events.read_text()
    events.write_text(whole.replace('"actuator": "E2", "target"', '"target"'))
    with pytest.raises(jl.RecordError, match=r"events.jsonl: \[0\].actuator is missing"):
        jl.replay(agreed.folder)
    events.write_text(whole)


def test_without_a_person_s_key_nothing_turns(virtual: jl.Result, tmp_path: Path) -> None:
    case = jl.case("metro-mixed", duration_s=RUN_S, keys=tmp_path / "keys.jsonl")
    idle = jl.run(case, "timetable", out=tmp_path)
    assert idle.runs[0].score["reversals"].value == 0.0
    turn_key(tmp_path / "keys.jsonl", "E2", "down")
    # The key is turned at once and holds five minutes; the timetable asks an hour later.
    early = jl.run(case, "timetable", out=tmp_path)
    assert early.runs[0].score["reversals"].value == 0.0
    asked_s = keys_of(virtual, "timetable")[0][2]
    turn_key(tmp_path / "keys.jsonl", "E2", "down", at_s=asked_s)
    late = jl.run(case, "timetable", out=tmp_path)
    assert late.runs[0].score["reversals"].value == 1.0
    assert keys_of(late, "timetable")[-1] == ("E2", DOWN, asked_s, "operator")
