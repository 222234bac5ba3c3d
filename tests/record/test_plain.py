"""Do typed values survive the way through JSON?"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

import numpy as np
import pytest

from jialing.core.case import Quantity
from jialing.core.errors import RecordError
from jialing.record.plain import from_plain, read_json, to_plain, write_json


class Colour(IntEnum):
    RED = 3


@dataclass(frozen=True, kw_only=True)
class Inner:
    name: str
    limit: float = math.inf


@dataclass(frozen=True, kw_only=True)
class Outer:
    inner: Inner
    many: tuple[Inner, ...] = ()
    pair: tuple[int, str] = (0, "")
    files: Mapping[str, Path] = field(default_factory=dict)
    maybe: Mapping[str, bool] | None = None
    seconds: float | None = None
    number: float = 1.0
    words: frozenset[str] = frozenset()
    listed: list[int] | None = None


def test_nested_settings_come_back_equal() -> None:
    settings = Outer(
        inner=Inner(name="a", limit=2.5),
        many=(Inner(name="b"), Inner(name="c", limit=-math.inf)),
        pair=(3, "x"),
        files={"rain1": Path("/a/b.txt")},
        maybe={"River": False, "Creek": True},
        seconds=0.1 + 0.2,
        number=7,
        words=frozenset({"z", "y"}),
        listed=[1, 2],
    )
    text = json.dumps(to_plain(settings, exact=True), allow_nan=False)
    assert from_plain(Outer, json.loads(text)) == settings


def test_a_path_is_written_so_that_it_can_be_read_in_another_folder() -> None:
    assert to_plain(Path("a/b.txt")) == str(Path.cwd() / "a" / "b.txt")


def test_defaults_fill_what_an_older_record_did_not_know() -> None:
    assert from_plain(Outer, {"inner": {"name": "a"}}) == Outer(inner=Inner(name="a"))


def test_a_setting_of_another_version_is_refused_by_name() -> None:
    with pytest.raises(RecordError, match="Inner has no colour"):
        from_plain(Inner, {"name": "a", "colour": 1})


def test_numbers_that_are_not_finite_become_null_in_a_document() -> None:
    assert to_plain({"a": math.nan, "b": np.float32("inf"), "c": 1.5}) == {
        "a": None,
        "b": None,
        "c": 1.5,
    }


def test_arrays_and_numpy_scalars_become_plain_numbers() -> None:
    document = {
        "array": np.array([[1.0, np.nan]]),
        "float": np.float64(2.0),
        "int": np.int32(3),
        "bool": np.bool_(True),
        "enum": Colour.RED,
        "path": Path("/x"),
        "quantity": Quantity(value=1.0, unit="m³"),
        5: (1, 2),
    }
    assert to_plain(document) == {
        "array": [[1.0, None]],
        "float": 2.0,
        "int": 3,
        "bool": True,
        "enum": 3,
        "path": "/x",
        "quantity": {"value": 1.0, "unit": "m³"},
        "5": [1, 2],
    }


def test_a_value_without_a_plain_form_is_refused() -> None:
    with pytest.raises(RecordError, match="object"):
        to_plain({"a": object()})


def test_a_file_is_either_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    with pytest.raises(RecordError):
        write_json(path, {"a": object()})
    assert read_json(path) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_path_that_is_no_utf_8_comes_back_as_it_was(tmp_path: Path) -> None:
    model = os.fsdecode(b"\xd6\xd0.inp")
    write_json(tmp_path / "a.json", {"model": model, "title": "中"})
    assert read_json(tmp_path / "a.json") == {"model": model, "title": "中"}
    assert "中" in (tmp_path / "a.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "content", [b"{", b"\xff\xfe", b"", pytest.param(b"[" * 200_000, id="deep")]
)
def test_a_damaged_document_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=r"a\.json cannot be read"):
        read_json(path)
