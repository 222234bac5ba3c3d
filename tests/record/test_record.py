"""Does a record come back as it was written, also when it was cut off?"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bucket_domain import Predictive
from desks import bucket_desk, run_bucket

from jialing.core.command import Command
from jialing.core.errors import RecordError, UnknownNameError
from jialing.core.stages import Situation
from jialing.record.reader import evening_folders, open_record, record_folders
from jialing.record.writer import claim_folder


class Wild:
    """Asks for too much at every second tick."""

    def decide(self, situation: Situation) -> Command:
        odd = round(situation.time_s / 60.0) % 2
        return situation.command(valve=1.7 if odd else 0.3, gate=0.5)


def test_a_record_holds_every_tick_with_time_values_and_commands(tmp_path: Path) -> None:
    run, record = run_bucket(tmp_path)
    assert record.ticks == 60
    assert record.time_s.tolist() == [60.0 * i for i in range(60)]
    assert record.notices == ()
    assert record.frames["decide_ms"].tolist() == list(run.decide_ms)
    assert record.series("depth:B")[0] == pytest.approx(10.0 / 50.0)
    np.testing.assert_array_equal(record.series("setting:gate"), record.frames["positions"][:, 1])


def test_a_name_that_no_sensor_has_is_refused_with_a_hint(tmp_path: Path) -> None:
    _, record = run_bucket(tmp_path)
    with pytest.raises(UnknownNameError, match="Did you mean 'depth:B'"):
        record.series("depth:X")
    with pytest.raises(UnknownNameError, match="flooding"):
        record.field("floding")


def test_fields_keep_one_row_per_tick(tmp_path: Path) -> None:
    _, record = run_bucket(tmp_path)
    field = record.field("flooding")
    assert field.shape == (60, 3)
    assert field[:, 1].tolist() == record.time_s.tolist()


def test_what_was_asked_and_what_was_given_both_stand_in_the_record(tmp_path: Path) -> None:
    _, record = run_bucket(tmp_path, Wild)
    assert record.frames["targets"][1].tolist() == [1.7, 0.5]
    assert record.frames["given"][1].tolist() == [1.0, 0.5]
    assert record.frames["answers"][1].tolist() == [1, 0]


def test_a_guard_that_comes_and_goes_is_told_at_each_change_only(tmp_path: Path) -> None:
    _, record = run_bucket(tmp_path, Wild)
    guard = [e for e in record.events if e["kind"] == "guard"]
    assert [e["answer"] for e in guard[:4]] == ["clamp", "allow", "clamp", "allow"]
    assert [e["tick"] for e in guard[:4]] == [1, 2, 3, 4]
    assert guard[0] | {"time_s": 0} == {
        "tick": 1,
        "time_s": 0,
        "kind": "guard",
        "actuator": "valve",
        "answer": "clamp",
        "rule": "range",
        "asked": 1.7,
        "given": 1.0,
        "reason": "1.7 is outside 0 … 1",
    }


def test_a_guard_that_keeps_clamping_is_told_once(tmp_path: Path) -> None:
    class TooFar:
        def decide(self, situation: Situation) -> Command:
            return situation.command(valve=2.0)

    _, record = run_bucket(tmp_path, TooFar)
    assert sum(e["kind"] == "guard" for e in record.events) == 1
    assert record.frames["answers"][:, 0].tolist() == [1] * 60


def test_notes_are_written_once_and_found_by_their_number(tmp_path: Path) -> None:
    _, record = run_bucket(tmp_path)
    notes = [record.notes[int(i)] for i in record.frames["note"]]
    assert all(note.startswith("open ") for note in notes)
    written = [e["text"] for e in record.events if e["kind"] == "note"]
    assert len(written) == len(set(written)) < 60


def test_an_error_with_a_name_that_is_no_utf_8_stands_in_the_record(tmp_path: Path) -> None:
    class Seeking(Predictive):
        def decide(self, situation: Situation) -> Command:
            raise FileNotFoundError(os.fsdecode(b"\xd6\xd0.csv"))

    _, record = run_bucket(tmp_path, desk=bucket_desk(Seeking))
    reason = next(e["reason"] for e in record.events if e["kind"] == "decision")
    assert reason.startswith("raised FileNotFoundError: \udcd6\udcd0.csv")


def test_the_baseline_says_once_that_local_rules_command(tmp_path: Path) -> None:
    _, record = run_bucket(tmp_path, "rules")
    assert [e["source"] for e in record.events if e["kind"] == "source"] == ["local"]
    assert np.isnan(record.frames["given"]).all()
    assert record.frames["local"].all()


@pytest.mark.parametrize("cut", [1, 50])
def test_a_torn_tail_costs_one_tick_and_is_named(tmp_path: Path, cut: int) -> None:
    run_bucket(tmp_path)
    ticks = tmp_path / "record" / "ticks.bin"
    os.truncate(ticks, ticks.stat().st_size - cut)
    record = open_record(tmp_path / "record")
    assert record.ticks == 59
    assert record.field("flooding").shape == (59, 3)
    assert "ticks.bin: the last frame is torn" in record.notices[0]


def test_a_torn_event_is_left_out_and_named(tmp_path: Path) -> None:
    _, whole = run_bucket(tmp_path)
    events = tmp_path / "record" / "events.jsonl"
    os.truncate(events, events.stat().st_size - 5)
    record = open_record(tmp_path / "record")
    assert record.events == whole.events[:-1]
    assert "torn" in record.notices[0]


def test_a_damaged_event_in_the_middle_ends_the_events_there(tmp_path: Path) -> None:
    run_bucket(tmp_path)
    events = tmp_path / "record" / "events.jsonl"
    lines = events.read_bytes().split(b"\n")
    lines[1] = b"\x00\x00"
    events.write_bytes(b"\n".join(lines))
    record = open_record(tmp_path / "record")
    assert len(record.events) == 1
    assert "line 2 is damaged" in record.notices[0]


def test_a_run_that_was_cut_off_has_no_score_and_says_so(tmp_path: Path) -> None:
    run_bucket(tmp_path)
    (tmp_path / "record" / "score.json").unlink()
    record = open_record(tmp_path / "record")
    assert record.score is None
    assert record.notices == ("score.json is missing: the run was cut off",)


def test_a_field_that_is_gone_is_named(tmp_path: Path) -> None:
    _, record = run_bucket(tmp_path)
    (tmp_path / "record" / "fields.flooding.bin").unlink()
    with pytest.raises(RecordError, match=r"fields\.flooding\.bin is missing"):
        record.field("flooding")


def test_a_folder_of_another_format_is_refused(tmp_path: Path) -> None:
    run_bucket(tmp_path)
    manifest = tmp_path / "record" / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": "x/9"}))
    with pytest.raises(RecordError, match="format 'x/9', this version reads 'jialing-record/1'"):
        open_record(tmp_path / "record")


@pytest.mark.parametrize("content", [None, "{", "[]", "\x00"])
def test_a_folder_that_is_no_record_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(RecordError):
        open_record(tmp_path)


def test_a_record_is_never_overwritten(tmp_path: Path) -> None:
    run_bucket(tmp_path)
    before = (tmp_path / "record" / "ticks.bin").read_bytes()
    desk = bucket_desk("rules")
    with pytest.raises(RecordError, match="never overwritten"):
        run_bucket(tmp_path, desk=desk)
    assert (tmp_path / "record" / "ticks.bin").read_bytes() == before
    assert desk.plant.closed == 1  # type: ignore[attr-defined]


def test_a_second_run_of_a_case_gets_a_folder_of_its_own(tmp_path: Path) -> None:
    names = [claim_folder(tmp_path / "runs", "case-s0").name for _ in range(3)]
    assert names == ["case-s0", "case-s0-2", "case-s0-3"]


def test_a_folder_that_cannot_be_made_is_an_error_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match="file/runs"):
        claim_folder(tmp_path / "file" / "runs", "case-s0")


def test_a_full_disk_is_an_error_in_words(tmp_path: Path) -> None:
    desk = bucket_desk("rules")
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")

    class FullDisk(Predictive):
        def decide(self, situation: Situation) -> Command:
            # Replace the open file by one that takes nothing.
            for fd in Path("/proc/self/fd").iterdir():
                if fd.exists() and fd.resolve() == (tmp_path / "record" / "ticks.bin").resolve():
                    nothing_fits = os.open(full, os.O_WRONLY)
                    os.dup2(nothing_fits, int(fd.name))
                    os.close(nothing_fits)
            return super().decide(situation)

    with pytest.raises(RecordError, match=r"ticks\.bin cannot be written: No space left on device"):
        run_bucket(tmp_path, desk=replace(desk, controller=FullDisk()))
    assert desk.plant.closed == 1  # type: ignore[attr-defined]


def test_records_are_found_in_the_order_of_the_result(tmp_path: Path) -> None:
    for name in ("zeta", "alpha"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text("{}")
    assert [p.name for p in record_folders(tmp_path)] == ["alpha", "zeta"]
    (tmp_path / "result.json").write_text(
        json.dumps({"runs": [{"folder": "zeta"}, {"folder": "alpha"}, {"folder": None}]})
    )
    assert [p.name for p in record_folders(tmp_path)] == ["zeta", "alpha"]
    assert record_folders(tmp_path / "zeta") == (tmp_path / "zeta",)


def test_a_run_that_was_killed_stands_behind_those_that_the_result_names(tmp_path: Path) -> None:
    for name in ("rules", "killed"):
        run_bucket(tmp_path)
        (tmp_path / "record").rename(tmp_path / name)
    (tmp_path / "killed" / "score.json").unlink()
    (tmp_path / "result.json").write_text('{"runs": [{"folder": "rules"}]}')
    found = record_folders(tmp_path)
    assert [path.name for path in found] == ["rules", "killed"]
    assert open_record(found[1]).notices == ("score.json is missing: the run was cut off",)


def test_an_evening_that_was_killed_is_one_of_a_citys_evenings(tmp_path: Path) -> None:
    for name in ("today", "coupled"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "city.json").write_text("{}")
    (tmp_path / "result.json").write_text('{"runs": [{"folder": "today"}]}')
    assert [path.name for path in evening_folders(tmp_path)] == ["today", "coupled"]


def test_a_run_that_is_named_and_gone_is_missed(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text('{"runs": [{"folder": "gone"}]}')
    with pytest.raises(RecordError, match=r"result\.json names the run 'gone', which is gone"):
        record_folders(tmp_path)


@pytest.mark.parametrize(("cut", "damaged"), [(1, False), (-1, False), (100, True)])
def test_more_than_a_torn_tick_is_damage(tmp_path: Path, cut: int, damaged: bool) -> None:
    _, whole = run_bucket(tmp_path)
    ticks = tmp_path / "record" / "ticks.bin"
    content = bytearray(ticks.read_bytes())
    if cut > 0:
        content = content[:-cut]
    else:
        content[cut] ^= 0xFF  # a power cut left the last tick at its length
    ticks.write_bytes(content)
    record = open_record(tmp_path / "record")
    assert record.ticks == whole.ticks - 1 - damaged
    assert bool(record.damage) == damaged


def test_junk_behind_the_last_tick_is_left_out_and_costs_none(tmp_path: Path) -> None:
    _, whole = run_bucket(tmp_path)
    with (tmp_path / "record" / "ticks.bin").open("ab") as file:
        file.write(bytes(500))
    record = open_record(tmp_path / "record")
    assert (record.ticks, record.damage) == (whole.ticks, "")
    assert "frame 60 of 65 is damaged" in record.notices[0]


def test_ticks_that_are_gone_without_a_trace_are_missed(tmp_path: Path) -> None:
    run_bucket(tmp_path)
    ticks = tmp_path / "record" / "ticks.bin"
    os.truncate(ticks, ticks.stat().st_size // 2)
    assert open_record(tmp_path / "record").damage == (
        "ticks.bin is damaged: 30 of 60 ticks can be read"
    )
    (tmp_path / "record" / "score.json").unlink()  # a run that was killed wrote no more
    assert open_record(tmp_path / "record").damage == ""


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("manifest.json", {"signals": 3}, "signals is 3; allowed is a list"),
        ("manifest.json", {"signals": [{"unit": "m"}]}, r"signals\[0\]\.name is missing; .* text"),
        ("manifest.json", {"controller": "x"}, "controller is 'x'; allowed is an object"),
        ("manifest.json", {"picture": {"panels": [3]}}, r"picture\.panels\[0\] is 3"),
        ("manifest.json", {"picture": {"links": {}}}, r"picture\.links\.name is missing"),
        ("manifest.json", {"seed": None}, "seed is None; allowed is a whole number"),
        ("manifest.json", {"tick_s": float("nan")}, "tick_s is nan; allowed is a number"),
        ("manifest.json", {"about": None}, "about is None; allowed is an object"),
        (
            "manifest.json",
            {"about": {"begin_s": "six"}},
            r"about\.begin_s is 'six'; allowed is a nu",
        ),
        ("score.json", {"score": {"flooding": 3}}, r"score\.flooding is 3; allowed is an object"),
        ("score.json", {"details": []}, "details is a list; allowed is an object"),
        ("score.json", {"wall_s": "soon"}, "wall_s is 'soon'; allowed is a number or null"),
    ],
)
def test_a_document_of_another_shape_is_refused_with_file_and_entry(
    tmp_path: Path, file: str, change: dict[str, object], said: str
) -> None:
    run_bucket(tmp_path)
    path = tmp_path / "record" / file
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(RecordError, match=rf"{file}: {said}"):
        open_record(tmp_path / "record")


@pytest.mark.parametrize("entry", ["seed", "tick_s", "about", "picture"])
def test_a_manifest_without_what_its_readers_need_is_refused(tmp_path: Path, entry: str) -> None:
    run_bucket(tmp_path)
    path = tmp_path / "record" / "manifest.json"
    document = json.loads(path.read_text())
    del document[entry]
    path.write_text(json.dumps(document))
    with pytest.raises(RecordError, match=rf"manifest\.json: {entry} is missing; allowed is "):
        open_record(tmp_path / "record")


@pytest.mark.parametrize("content", ["[]", '{"runs": 3}', '{"runs": ["a"]}'])
def test_a_result_of_another_shape_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "result.json").write_text(content)
    with pytest.raises(RecordError, match=r"result\.json: .*; allowed is "):
        record_folders(tmp_path)


def test_an_empty_folder_holds_no_run(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="holds neither"):
        record_folders(tmp_path)
