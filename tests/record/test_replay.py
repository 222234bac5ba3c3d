"""Is the first difference between two runs found and named?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from desks import run_bucket

from jialing.record.frame import frame_dtype
from jialing.record.reader import Record, open_record
from jialing.record.replay import compare


def changed(record: Record, tick: int, actuator: int, value: float, local: int = 0) -> Record:
    frames = record.frames.copy()
    frames["given"][tick, actuator] = value
    frames["local"][tick, actuator] = local
    return replace(record, frames=frames)


def test_equal_runs_are_identical(tmp_path: Path) -> None:
    _, record = run_bucket(tmp_path)
    comparison = compare(record, record)
    assert comparison.identical
    assert str(comparison) == "tested: 60 ticks, identical"


def test_the_last_bit_of_a_target_counts(tmp_path: Path) -> None:
    _, record = run_bucket(tmp_path)
    was = float(record.frames["given"][7, 1])
    now = float(np.nextafter(was, 2.0))
    comparison = compare(record, changed(record, 7, 1, now))
    assert not comparison.identical
    assert comparison.difference == (
        f"tick 7 (t = 420 s), actuator gate: recorded {was!r}, replayed {now!r}"
    )


def test_the_first_of_several_differences_is_named(tmp_path: Path) -> None:
    _, record = run_bucket(tmp_path)
    other = changed(changed(record, 30, 0, 0.9), 12, 1, np.nan, local=1)
    assert "tick 12 (t = 720 s), actuator gate" in compare(record, other).difference
    assert "replayed local rule" in compare(record, other).difference


def test_local_rules_on_both_sides_are_equal(tmp_path: Path) -> None:
    _, record = run_bucket(tmp_path, "rules")
    assert compare(record, record).identical


def test_a_replay_that_stops_short_is_a_difference(tmp_path: Path) -> None:
    _, record = run_bucket(tmp_path)
    short = replace(record, frames=record.frames[:40])
    assert "60 ticks, the replay ended after 40" in compare(record, short).difference
    assert compare(short, record).identical


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["gate"], "only the record has valve"),
        (["valve", "gate", "pump"], "only the replay has pump"),
        (["valve", "weir"], "only the record has gate; only the replay has weir"),
        (["gate", "valve"], "they are in another order"),
    ],
)
def test_a_replay_with_other_actuators_is_told_by_their_names(
    tmp_path: Path, names: list[str], told: str
) -> None:
    _, record = run_bucket(tmp_path)
    other = replace(
        record,
        manifest={**record.manifest, "actuators": [{"name": name} for name in names]},
        frames=np.zeros(60, dtype=frame_dtype(len(record.signals), len(names))),
    )
    assert compare(record, other).difference == f"the actuators differ: {told}"


def test_a_damaged_record_is_identical_to_nothing(tmp_path: Path) -> None:
    _, record = run_bucket(tmp_path)
    (record.folder / "ticks.bin").write_bytes(bytes(range(256)) * 20)
    damaged = open_record(record.folder)
    comparison = compare(damaged, record)
    assert comparison.difference == "ticks.bin is damaged: 0 of 60 ticks can be read"
    assert comparison.notices[0].startswith("ticks.bin: frame 0 of ")


def test_a_torn_last_tick_is_told_and_the_rest_compared(tmp_path: Path) -> None:
    _, record = run_bucket(tmp_path)
    ticks = record.folder / "ticks.bin"
    ticks.write_bytes(ticks.read_bytes()[:-5])
    comparison = compare(open_record(record.folder), record)
    assert str(comparison) == "tested: 59 ticks, identical"
    assert "the last frame is torn" in comparison.notices[0]


def test_nothing_is_not_identical_to_something(tmp_path: Path) -> None:
    _, record = run_bucket(tmp_path)
    empty = replace(record, frames=record.frames[:0])
    assert compare(empty, record).difference == "the record holds no tick that could be compared"


def test_other_versions_are_named_as_a_possible_cause(tmp_path: Path) -> None:
    _, record = run_bucket(tmp_path)
    versions = {**record.manifest["versions"], "numpy": "1.0"}
    other = replace(record, manifest={**record.manifest, "versions": versions})
    assert any("numpy was" in notice for notice in compare(record, other).notices)
    assert compare(record, record).notices == ()
    fewer = replace(record, manifest={**record.manifest, "versions": {}})
    assert compare(fewer, record).notices == ()  # as an older release wrote it
