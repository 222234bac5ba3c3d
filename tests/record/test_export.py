"""Is an exported table the record, number for number, with a unit for every column?"""

from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from bucket_domain import BucketDomain

import jialing as jl
from jialing.core.errors import InputError, MissingExtraError, RecordError, UnknownNameError
from jialing.record.export import columns
from jialing.record.frame import frame_dtype
from jialing.record.reader import Record, open_record


@pytest.fixture
def run(bucket: BucketDomain, tmp_path: Path) -> Path:
    return jl.run("leaky-bucket", out=tmp_path).folder


def read(path: Path) -> tuple[list[str], np.ndarray]:
    with path.open(newline="") as stream:
        head, *rows = list(csv.reader(stream))
    return head, np.array([[float(x) if x else np.nan for x in row] for row in rows])


def test_a_table_has_a_row_per_tick_and_the_records_own_numbers(run: Path) -> None:
    tables = jl.export(run, to="csv")
    assert [path.name for path in tables] == ["predictive.csv", "rules.csv"]
    assert tables[0].parent == run / "export"
    record = open_record(run / "predictive")
    head, rows = read(tables[0])
    assert rows.shape == (record.ticks, len(head))
    for name in record.signals:
        assert np.array_equal(rows[:, head.index(name)], record.series(name), equal_nan=True), name
    for name in record.actuators:
        at = head.index(f"position:{name}")
        assert np.array_equal(rows[:, at], record.series(f"setting:{name}"), equal_nan=True)
    assert len(set(head)) == len(head)  # sensors of positions and confirmed positions stand apart
    for field in record.manifest["fields"]:
        for k, element in enumerate(field["elements"]):
            column = rows[:, head.index(f"true:{field['name']}:{element}")]
            assert np.array_equal(column, record.field(field["name"])[:, k])


def test_every_column_has_its_unit_beside_the_table(run: Path) -> None:
    (table, _) = jl.export(run, to="csv")
    head, _ = read(table)
    units = json.loads((table.parent / "predictive.columns.json").read_text())
    assert list(units) == head
    assert units["time_s"] == "s"
    for signal in open_record(run / "predictive").manifest["signals"]:
        assert units[signal["name"]] == signal["unit"]


def test_what_sensors_see_and_what_is_there_are_columns_of_their_own(tmp_path: Path) -> None:
    record = Record(
        folder=tmp_path,
        manifest={
            "signals": [{"name": "queue:lane", "unit": "veh"}],
            "actuators": [],
            "fields": [{"name": "queue", "unit": "veh", "elements": ["lane"]}],
        },
        frames=np.zeros(0, frame_dtype(1, 0)),
        events=(),
        score=None,
        notices=(),
    )
    names = [column.name for column in columns(record)]
    assert names == ["time_s", "queue:lane", "outcome", "decide_ms", "true:queue:lane"]


def test_one_record_can_be_exported_alone_and_elsewhere(run: Path, tmp_path: Path) -> None:
    (table,) = jl.export(run / "rules", to="csv", out=tmp_path / "tables")
    assert table == tmp_path / "tables" / "rules.csv"
    assert len(read(table)[1]) == open_record(run / "rules").ticks


def test_a_torn_record_exports_what_is_whole(run: Path) -> None:
    ticks = run / "rules" / "ticks.bin"
    ticks.write_bytes(ticks.read_bytes()[:-5])
    (table,) = jl.export(run / "rules", to="csv")
    assert len(read(table)[1]) == open_record(run / "rules").ticks > 0


def test_what_could_not_be_read_is_told(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "rules" / "ticks.bin").write_bytes(bytes(range(256)) * 20)
    told: list[str] = []
    jl.export(run, tell=told.append)
    assert len(told) == 1
    assert told[0].startswith(f"{run / 'rules'}: ticks.bin: frame 0 of ")
    jl.export(run / "rules")
    assert capsys.readouterr().err == f"{told[0]}\n"


def test_a_record_that_is_gone_is_missed_and_nothing_is_written(run: Path) -> None:
    shutil.rmtree(run / "rules")
    with pytest.raises(RecordError, match="names the run 'rules', which is gone"):
        jl.export(run)
    assert not (run / "export").exists()


def test_tables_need_a_folder(run: Path, tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("")
    with pytest.raises(InputError, match="a-file: is a file; tables need a folder"):
        jl.export(run, out=tmp_path / "a-file")


def test_what_cannot_be_exported_is_said(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Known: csv, parquet"):
        jl.export(run, to="xlsx")
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecordError, match="holds no record"):
        jl.export(tmp_path / "empty")


def test_parquet_without_its_package_names_the_extra_and_writes_nothing(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"jialing\[export\]"):
        jl.export(run, to="parquet")
    assert not (run / "export").exists()


def test_parquet_holds_the_same_table_with_units(run: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    (table,) = jl.export(run / "rules", to="parquet")
    (plain,) = jl.export(run / "rules", to="csv")
    found = parquet.read_table(table)
    head, rows = read(plain)
    assert found.column_names == head
    assert np.array_equal(np.column_stack([c.to_numpy() for c in found]), rows, equal_nan=True)
    assert found.schema.field("time_s").metadata[b"unit"] == b"s"


DIARY = [
    {
        "time_s": 0.0,
        "told": {},
        "rain_mps": 0.0,
        "closed": [],
        "changes": {"water": [{"kind": "X"}]},
    },
    {"time_s": 60.0, "told": {"water": {"depth:dip": 0.2}}, "rain_mps": 1e-5, "closed": ["a", "b"]},
]
EVENTS = [
    {"time_s": 60.0, "kind": "closed", "element": "dip", "text": "closed, at last"},
    {"time_s": 90.0, "kind": "died", "part": "water", "element": None},
]


@pytest.fixture
def evening(run: Path) -> Path:
    """A folder as a city leaves it: records of parts, and a diary and events above them."""
    for name, rows in (("diary", DIARY), ("events", EVENTS)):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (run / f"{name}.jsonl").write_text(lines + '{"time_s": 120.0, "to')
    return run


def test_a_citys_diary_and_events_become_tables_too(evening: Path) -> None:
    tables = {path.name: path for path in jl.export(evening, to="csv")}
    assert list(tables) == ["predictive.csv", "rules.csv", "diary.csv", "events.csv"]
    with tables["diary.csv"].open(newline="") as stream:
        assert list(csv.reader(stream)) == [
            ["time_s", "rain_mps", "closed", "told:water:depth:dip"],
            ["0.0", "0.0", "", ""],
            ["60.0", "1e-05", "a b", "0.2"],
        ]
    with tables["events.csv"].open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["text"] for row in rows] == ["closed, at last", ""]
    units = json.loads((evening / "export" / "diary.columns.json").read_text())
    assert units == {"time_s": "s", "rain_mps": "m/s", "closed": "", "told:water:depth:dip": ""}


def test_the_city_beside_its_diary_tells_the_units_of_what_parts_told(evening: Path) -> None:
    (evening / "city.json").write_text('{"units": {"told:water:depth": "m", "rain": "mm/h"}}')
    jl.export(evening, to="csv")
    units = json.loads((evening / "export" / "diary.columns.json").read_text())
    assert units == {"time_s": "s", "rain_mps": "m/s", "closed": "", "told:water:depth:dip": "m"}


def test_a_torn_line_of_the_diary_is_told(evening: Path) -> None:
    torn = (evening / "diary.jsonl").read_bytes() + "³".encode()[:1]
    (evening / "diary.jsonl").write_bytes(torn)
    told: list[str] = []
    jl.export(evening, tell=told.append)
    assert f"{evening}: diary.jsonl: line 3 is torn and left out" in told


def test_the_diary_in_parquet_holds_numbers_words_and_gaps(evening: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    tables = {path.name: path for path in jl.export(evening, to="parquet")}
    diary = parquet.read_table(tables["diary.parquet"])
    assert diary.column("told:water:depth:dip").to_pylist() == [None, 0.2]
    assert diary.column("closed").to_pylist() == ["", "a b"]
    assert diary.schema.field("rain_mps").metadata[b"unit"] == b"m/s"
    events = parquet.read_table(tables["events.parquet"])
    assert events.column("element").to_pylist() == ["dip", None]
