"""Is a file that says two things, or nothing that ends, refused with its place?"""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from jialing.core.errors import InputError
from jialing.domains.metro.yaml_file import read_yaml, values_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "some.yaml"


def values(file: Path, text: str) -> object:
    file.write_text(text, encoding="utf-8")
    root = read_yaml(file)
    return None if root is None else values_of(root, file)


def test_values_come_in_pythons_own_types(file: Path) -> None:
    text = '\ufeff# 江\na: [1, 2.5, "17:30", true, null]\nb: {c: 2024-12-31}\n'
    found = values(file, text)
    assert found == {
        "a": [1, 2.5, "17:30", True, None],
        "b": {"c": datetime.date(2024, 12, 31)},
    }


def test_a_file_in_which_nothing_stands_has_no_root(file: Path) -> None:
    assert values(file, "# nothing\n") is None


def test_an_alias_beside_what_it_stands_for_and_a_merged_key_are_no_fault(file: Path) -> None:
    text = "a: &a {x: 1, y: 2}\nb: *a\nc: {<<: *a, y: 3}\n"
    assert values(file, text) == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 2},
        "c": {"x": 1, "y": 3},
    }


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", "3:1", "'a' is given twice, first in line 1"),
        ("a:\n  - {b: 1,\n     b: 1}\n", "3:6", "'b' is given twice, first in line 2"),
        ("1: x\n'1': y\n", "2:1", "'1' is given twice, first in line 1"),
        ("a: 1\nb: &b\n  c: *b\n", "2:4", "refers to the whole of it"),
        ("a: &a [[*a]]\n", "1:4", "refers to the whole of it"),
        ("? &a [*a]\n: 1\n", "1:3", "refers to the whole of it"),
        (
            "a: &a [x, x]\nb: &b [" + "*a, " * 400 + "]\nc: [" + "*b, " * 400 + "]\n",
            "2:4",
            "stand for more than 100,000 values",
        ),
        ("a: 1\nb: 2024-13-45\n", "2:4", "'2024-13-45' is no timestamp"),
        ("a: 1\nb: 0x_\n", "2:4", "'0x_' is no int"),
        ("a: 0x" + 5000 * "f" + "\n", "1:4", "is no int"),
        ("a: !!bool 60\n", "1:4", "'60' is no bool"),
        ("a: !!float ''\n", "1:4", "'' is no float"),
        ("a: !!timestamp noon\n", "1:4", "'noon' is no timestamp"),
        ("a: !!python/object:os.system x\n", "1:4", "could not determine a constructor"),
        ("[a]: 1\n", "1:1", "unhashable key"),
        ("a: [1\n", "2:1", "this is no YAML"),
        (
            "a: 1\n---\nb: 2\n",
            "2:1",
            "expected a single document in the stream but found another document",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_line_and_column(
    file: Path, text: str, place: str, words: str
) -> None:
    with pytest.raises(InputError) as found:
        values(file, text)
    assert str(found.value).startswith(f"{file}:{place}: ")
    assert words in found.value.message
    assert len(str(found.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: 1\n\xff\xfe", ":2: this is no text in UTF-8"),
        (b"a: \x00", "this is no YAML"),
        (b"[" * 5000, "this is no YAML"),
        (b" " * 5_000_001, "larger than 5000000 bytes"),
    ],
)
def test_what_is_no_text_or_too_much_of_it_is_refused(
    file: Path, content: bytes, words: str
) -> None:
    file.write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_yaml(file)


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(InputError, match=r"some\.yaml: cannot be read"):
        read_yaml(file)
