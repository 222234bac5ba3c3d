"""Does a recorded evening repeat bit for bit in every part, and say plainly where it cannot?"""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from city_evening import STATIONS, Riders, evening, orders

import jialing as jl
from jialing.city import replay
from jialing.city.conductor import Conductor
from jialing.city.manifest import read_city
from jialing.city.run import _write_manifest
from jialing.core.errors import RecordError
from jialing.record.frame import checksum
from jialing.record.plain import read_json
from jialing.record.reader import open_record

pytestmark = pytest.mark.slow


def recorded(folder: Path, **disturbed: Any) -> Path:
    """An evening of two stations, written down as one of the shipped city."""
    evening(folder, to_s=900.0, **disturbed)
    case = jl.case("chongqing")
    _write_manifest(case, read_city(case.model), "today", folder, orders(folder))
    return folder


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("calm"))


@pytest.fixture
def stations(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A replay that starts the two stations alone."""
    monkeypatch.setattr(replay, "orders_for", lambda case, city, mode, scratch: orders(scratch))
    monkeypatch.setattr(replay, "evening_of", lambda case, city, mode: Riders())
    return monkeypatch


def test_every_part_of_an_evening_repeats_bit_for_bit(
    calm: Path, stations: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = replay.replay_evening(calm, tmp_path / "again")
    assert [str(one) for one in found] == [
        f"today · {name}: 30 ticks, identical" for name in STATIONS
    ]


def test_a_decision_that_was_another_is_found_and_named(
    calm: Path, stations: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(calm, tmp_path / "other"))
    record = open_record(folder / "mixed")
    frames = record.frames.copy()
    given = frames["given"][20]
    given[0], frames["local"][20, 0] = (0.0 if given[0] == 1.0 else 1.0), 0
    rows = [bytes(frame.tobytes()) for frame in frames]
    (folder / "mixed" / "ticks.bin").write_bytes(
        b"".join(row[:-4] + checksum(row).to_bytes(4, "little") for row in rows)
    )
    commuter, mixed = replay.replay_evening(folder, tmp_path / "again")
    assert commuter.identical
    name = record.manifest["actuators"][0]["name"]
    assert mixed.difference.startswith(f"tick 20 (t = 600 s), actuator {name}: recorded ")


def test_where_a_part_died_all_are_compared_up_to_there_and_it_is_said(
    stations: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def kill(conductor: Conductor, time_s: float) -> None:
        if time_s == 420.0:
            os.kill(conductor.pids["commuter"], signal.SIGKILL)

    folder = recorded(tmp_path / "killed", listener=kill)
    commuter, mixed = replay.replay_evening(folder, tmp_path / "again")
    assert commuter.identical
    assert mixed.identical
    assert commuter.ticks >= 14
    assert mixed.ticks == 16  # up to the end of the minute in which the other died
    assert "compared up to t = 480 s, when commuter had died" in str(mixed)


def test_a_damaged_part_is_named_and_nothing_is_repeated(calm: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(calm, tmp_path / "damaged"))
    (folder / "mixed" / "ticks.bin").write_bytes(bytes(range(256)) * 20)
    with pytest.raises(RecordError, match=r"mixed: ticks\.bin is damaged: 0 of \d+ ticks"):
        replay.replay_evening(folder, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_junk_among_the_events_is_told_with_the_comparison(
    calm: Path, stations: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(calm, tmp_path / "junk"))
    (folder / "events.jsonl").write_bytes(b"\xff\xfe\x00 junk\n{}\n")
    found = replay.replay_evening(folder, tmp_path / "again")
    assert all(one.identical for one in found)
    assert "events.jsonl: line 1 is damaged" in found[0].notices[-1]


def test_a_changed_city_is_not_replayed_as_if_nothing_had_changed(
    calm: Path, stations: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    document = read_json(calm / "city.json")
    document["files"][0]["sha256"] = "0" * 64
    monkeypatch.setattr(replay, "read_document", lambda path, form, shape: document)
    with pytest.raises(RecordError, match=r"city\.yaml has changed since this run"):
        replay.replay_evening(calm, tmp_path)


def test_one_part_alone_is_refused_because_the_others_act_on_it(calm: Path) -> None:
    with pytest.raises(RecordError, match="one part of a city's evening"):
        jl.replay(calm / "mixed")
