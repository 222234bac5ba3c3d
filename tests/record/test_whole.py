"""Are lines of JSON read up to the torn one, whatever stands in their texts?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jialing.record.whole import whole_lines


def lines(path: Path, *rows: object) -> bytes:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(text.encode())
    return text.encode()


def test_a_line_torn_inside_a_letter_costs_that_line(tmp_path: Path) -> None:
    path = tmp_path / "diary.jsonl"
    whole = lines(path, {"text": "3 m³"}, {"text": "4 m³"})
    path.write_bytes(whole[: whole.rindex("³".encode()) + 1])
    assert whole_lines(path) == (({"text": "3 m³"},), "diary.jsonl: line 2 is torn and left out")


def test_a_mark_that_ends_a_line_elsewhere_ends_none_here(tmp_path: Path) -> None:
    path = tmp_path / "diary.jsonl"
    lines(path, {"text": "before\u2028after"}, {"text": "x\x85y"})
    assert whole_lines(path) == (({"text": "before\u2028after"}, {"text": "x\x85y"}), "")


@pytest.mark.parametrize(
    "junk",
    [b"\xff\xfe\x00", b"[1]", pytest.param(b"[" * 200_000, id="deep"), b'{"time_s": "now"}', b"{}"],
)
def test_junk_ends_the_reading_with_a_sentence(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "events.jsonl"
    content = lines(path, {"time_s": 0.0}, {"time_s": 1.0})
    path.write_bytes(content.replace(b"\n", b"\n" + junk + b"\n", 1))
    found, said = whole_lines(path, {"time_s": (int, float)})
    assert found == ({"time_s": 0.0},)
    assert said == "events.jsonl: line 2 is damaged; it and all after it are left out"


def test_a_file_that_is_missing_is_said_to_be(tmp_path: Path) -> None:
    assert whole_lines(tmp_path / "diary.jsonl") == ((), "diary.jsonl is missing")
