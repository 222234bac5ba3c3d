"""Do the parts of a city advance together, and what if one of them, or the conductor, dies?"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from city_evening import MINUTE_S, STATIONS, Riders, evening, orders

from jialing.city.conductor import Conductor
from jialing.core.command import Source
from jialing.core.errors import InputError, PlantError
from jialing.record.frame import Outcome
from jialing.record.reader import Record, open_record

FAKES = Path(__file__).parents[1] / "fakes"
pytestmark = pytest.mark.slow


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def same(first: Record, second: Record, ticks: slice) -> bool:
    """Same sensors, commands and positions; times on the wall and notes may differ."""
    return all(
        np.array_equal(first.frames[name][ticks], second.frames[name][ticks], equal_nan=True)
        for name in ("time_s", "values", "given", "local", "positions")
    )


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An evening that nothing disturbs."""
    folder = tmp_path_factory.mktemp("calm")
    done, riders = evening(folder)
    assert set(done) == set(STATIONS)
    for minute, told in enumerate(riders.told[1:], start=1):
        assert set(told.values()) == {MINUTE_S * minute}, "the parts are not at the same instant"
    assert events(folder) == []
    return folder


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same evening; the first station's process is killed after 15 minutes."""

    def kill(conductor: Conductor, time_s: float) -> None:
        if time_s == 900.0:
            os.kill(conductor.pids["commuter"], signal.SIGKILL)

    folder = tmp_path_factory.mktemp("killed")
    done, _ = evening(folder, listener=kill)
    assert set(done) == set(STATIONS)
    return folder


def test_each_part_leaves_a_whole_record_and_the_diary_a_line_a_minute(calm: Path) -> None:
    for name in STATIONS:
        record = open_record(calm / name)
        assert record.notices == ()
        assert record.time_s[-1] + record.manifest["tick_s"] == 1500.0
        assert record.score is not None
        assert record.score["ended"] == "interrupted"
    diary = [json.loads(line) for line in (calm / "diary.jsonl").read_text().splitlines()]
    assert [line["time_s"] for line in diary] == [60.0 * k for k in range(25)]
    (change,) = [line["changes"] for line in diary if line["changes"]]
    assert change == {"commuter": [{"kind": "Ridership", "entering": 1.2, "alighting": 1.0}]}


def test_a_killed_part_repeats_its_record_exactly_up_to_the_kill(killed: Path) -> None:
    before, again = open_record(killed / "commuter"), open_record(killed / "commuter-again1")
    assert "score.json is missing: the run was cut off" in before.notices
    assert again.notices == ()
    assert before.ticks >= 30
    assert same(before, again, slice(0, before.ticks))


def test_what_was_repeated_is_what_an_undisturbed_run_does(killed: Path, calm: Path) -> None:
    again, whole = open_record(killed / "commuter-again1"), open_record(calm / "commuter")
    assert same(again, whole, slice(0, 30))


def test_after_a_restart_the_local_rules_act_for_five_minutes_and_then_it_decides(
    killed: Path,
) -> None:
    again = open_record(killed / "commuter-again1")
    local = again.frames["local"].astype(bool).all(axis=1)
    at_s = again.time_s
    assert local[(at_s >= 900.0) & (at_s < 1200.0)].all()
    later = again.frames["source"][at_s >= 1200.0]
    assert (later == Source.CONTROLLER).any()
    assert at_s[-1] + again.manifest["tick_s"] == 1500.0


def test_the_other_parts_never_notice(killed: Path, calm: Path) -> None:
    first, second = open_record(killed / "mixed"), open_record(calm / "mixed")
    assert first.ticks == second.ticks
    assert same(first, second, slice(None))


def test_the_events_say_that_it_died_and_was_restarted(killed: Path) -> None:
    found = events(killed)
    assert [(e["time_s"], e["kind"], e["part"]) for e in found] == [
        (900.0, "died", "commuter"),
        (900.0, "restarted", "commuter"),
    ]
    assert "-9" in found[0]["reason"]
    assert "1200 s" in found[1]["reason"]


def test_a_part_that_dies_twice_comes_back_twice(tmp_path: Path) -> None:
    def kill(conductor: Conductor, time_s: float) -> None:
        if time_s in (300.0, 420.0):
            os.kill(conductor.pids["commuter"], signal.SIGKILL)

    done, _ = evening(tmp_path, listener=kill, to_s=540.0)
    assert done["commuter"].run.folder == tmp_path / "commuter-again2"
    assert [e["kind"] for e in events(tmp_path)] == ["died", "restarted"] * 2
    first, last = (
        open_record(tmp_path / "commuter-again1"),
        open_record(tmp_path / "commuter-again2"),
    )
    assert same(first, last, slice(0, first.ticks))
    assert last.time_s[-1] + last.manifest["tick_s"] == 540.0


def test_a_part_that_hangs_is_taken_for_dead_and_started_again(tmp_path: Path) -> None:
    done, _ = evening(
        tmp_path,
        side="city_sides:Hangs",
        once=str(tmp_path / "hung"),
        to_s=720.0,
        silent_s=30.0,
    )
    assert set(done) == set(STATIONS)
    died, restarted = events(tmp_path)
    assert died["kind"] == "died"
    assert "said nothing for 30 s" in died["reason"]
    assert restarted["kind"] == "restarted"


def test_a_decision_that_overruns_leaves_its_plant_to_the_rules_and_the_others_running(
    tmp_path: Path,
) -> None:
    """A tick of two seconds leaves one second to decide; the part ponders for longer, once."""
    done, riders = evening(
        tmp_path, side="city_sides:Ponders", tick_s=2.0, at_s=120.0, for_s=1.5, to_s=300.0
    )
    assert set(done) == set(STATIONS)
    assert events(tmp_path) == []  # nobody died of it
    for minute, told in enumerate(riders.told[1:], start=1):
        assert set(told.values()) == {MINUTE_S * minute}
    frames = open_record(tmp_path / "commuter").frames
    (late,) = frames[frames["time_s"] == 120.0]
    assert late["outcome"] == Outcome.LATE
    # The last plan or the plant's own rules act: never an answer that came too late.
    assert late["source"] != Source.CONTROLLER
    words = (tmp_path / "commuter" / "events.jsonl").read_text()
    assert "late" in words
    other = open_record(tmp_path / "mixed").frames
    assert (other["outcome"][1:] != Outcome.LATE).all()


def test_a_part_that_fails_again_and_again_is_lost_and_the_others_go_on(tmp_path: Path) -> None:
    done, _ = evening(tmp_path, side="city_sides:Breaks", to_s=720.0)
    assert set(done) == {"mixed"}
    found = events(tmp_path)
    assert [e["kind"] for e in found] == ["died", "restarted"] * 3 + ["died", "lost"]
    assert all("a rail broke" in e["reason"] for e in found if e["kind"] == "died")
    record = open_record(tmp_path / "mixed")
    assert record.time_s[-1] + record.manifest["tick_s"] == 720.0


def test_a_part_that_never_gets_through_its_first_period_ends_the_evening(tmp_path: Path) -> None:
    with Conductor(
        orders(tmp_path, "city_sides:Breaks"), Riders(at_s=0.0), tmp_path, period_s=MINUTE_S
    ) as conductor:
        conductor.open()
        with pytest.raises(PlantError, match=r"commuter does not get through .*: .*a rail broke"):
            conductor.run(to_s=120.0)


def test_what_a_part_was_given_and_cannot_be_ends_the_evening_with_its_own_words(
    tmp_path: Path,
) -> None:
    with pytest.raises(InputError, match="commuter: no such riders"):
        evening(tmp_path, side="city_sides:Refuses", to_s=720.0)
    assert [e["kind"] for e in events(tmp_path)] == ["died"]  # no restart mends it


def test_a_part_that_cannot_be_scored_counts_as_lost(tmp_path: Path) -> None:
    with Conductor(
        orders(tmp_path, "city_sides:Unscored"), Riders(), tmp_path, period_s=MINUTE_S
    ) as conductor:
        conductor.open()
        conductor.run(to_s=60.0)
        assert set(conductor.finish("interrupted")) == {"mixed"}
        (reason,) = conductor.lost.values()
    assert set(conductor.lost) == {"commuter"}
    assert "could not be scored" in reason
    assert "the ledger is torn" in reason


def test_a_part_that_cannot_be_opened_ends_the_evening_with_its_own_words(tmp_path: Path) -> None:
    with Conductor(
        orders(tmp_path, "city_sides:Unopened"), Riders(), tmp_path, period_s=MINUTE_S
    ) as conductor:
        pids = conductor.pids
        with pytest.raises(PlantError, match="commuter: the door is stuck"):
            conductor.open()
    assert not any(alive(pid) for pid in pids.values())


RUN = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
from pathlib import Path
from city_evening import MINUTE_S, Riders, orders
from jialing.city.conductor import Conductor

def main():
    folder = Path(sys.argv[1])
    with Conductor(orders(folder), Riders(), folder, period_s=MINUTE_S) as conductor:
        conductor.open()
        def tell(time_s, states):
            print(*conductor.pids.values(), flush=True)
            time.sleep(0.2)
        try:
            conductor.run(tell)
        except KeyboardInterrupt:
            done = conductor.finish("interrupted")
            print("scored", *sorted(done), flush=True)

if __name__ == "__main__":
    main()
"""


def stopped(folder: Path, number: int, *, group: bool) -> tuple[str, list[int]]:
    """Run an evening in a process of its own, stop it after three minutes; its words and parts."""
    script = folder / "evening.py"
    script.write_text(RUN)
    process = subprocess.Popen(
        [sys.executable, str(script), str(folder)],
        env={**os.environ, "PYTHONPATH": str(FAKES)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(3)]
    if group:  # as a terminal does
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err, err
    return out, [int(pid) for pid in lines[-1].split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc and sends POSIX signals")
def test_ctrl_c_in_a_terminal_leaves_readable_records_and_scores(tmp_path: Path) -> None:
    out, pids = stopped(tmp_path, signal.SIGINT, group=True)
    assert out.splitlines()[-1] == "scored commuter mixed"
    for name in STATIONS:
        record = open_record(tmp_path / name)
        assert record.notices == ()
        assert record.ticks >= 5
    assert not any(alive(pid) for pid in pids)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc and sends POSIX signals")
def test_a_conductor_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    _, pids = stopped(tmp_path, signal.SIGKILL, group=False)
    assert len(pids) == len(STATIONS)
    until = time.monotonic() + 60.0
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < until, "a part outlived its conductor"
        time.sleep(0.1)
    assert all(open_record(tmp_path / name).ticks > 0 for name in STATIONS)
