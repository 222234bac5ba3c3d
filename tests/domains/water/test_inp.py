"""A SWMM file is split into sections and rows as SWMM splits it, whatever its bytes look like."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_sewer import SEWER, write

from jialing.core.errors import InputError
from jialing.domains.water.inp import read_inp, tokenize
from jialing.domains.water.model import read_model
from jialing.domains.water.sections import SECTIONS, find_section


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("a b\tc  d", ["a", "b", "c", "d"]),
        ("a b ; c d", ["a", "b"]),
        (";all of it", []),
        ('FLOW "" "two words" x', ["FLOW", "", "two words", "x"]),
        ('open "to the end', ["open", "to the end"]),
        ('mid"dle', ['mid"dle']),
        ("crlf ends here\r", ["crlf", "ends", "here"]),
        ("name\u00a0with\u00a0fixed blanks", ["name\u00a0with\u00a0fixed", "blanks"]),
        ("", []),
    ],
)
def test_tokens_end_where_swmm_ends_them(text: str, tokens: list[str]) -> None:
    assert tokenize(text) == tokens


def test_rows_carry_their_line_numbers(tmp_path: Path) -> None:
    inp = read_inp(
        write(tmp_path, "[TITLE]\r\nx\r\n\r\n;note\r\n[JUNCTIONS]\r\n;;Name\r\nJ1 1\r\n")
    )
    assert [(row.line, row.tokens) for row in inp.rows("JUNCTIONS")] == [(7, ["J1", "1"])]
    assert inp.header_line("JUNCTIONS") == 5
    assert inp.rows("PUMPS") == []
    assert inp.header_line("PUMPS") is None


def test_a_section_may_open_twice(tmp_path: Path) -> None:
    inp = read_inp(write(tmp_path, "[JUNCTIONS]\nA 1\n[PUMPS]\nP a b\n[junctions]\nB 2\n"))
    assert [row.tokens[0] for row in inp.rows("JUNCTIONS")] == ["A", "B"]
    assert inp.header_line("JUNCTIONS") == 1


@pytest.mark.parametrize("kind", SECTIONS, ids=lambda kind: kind.name)
def test_every_section_of_swmm_is_known_by_its_full_name(kind: object) -> None:
    name = kind.name  # type: ignore[attr-defined]
    for header in (f"[{name}]", f"[{name.lower()}]", f"[{name}", f"[{name}_AND_MORE]"):
        found = find_section(header)
        assert found is not None
        assert found.name == name


def test_headers_match_by_their_beginning() -> None:
    names = {h: getattr(find_section(h), "name", None) for h in ("[Polygons]", "[JUNC]", "[XSECT]")}
    assert names == {"[Polygons]": "POLYGONS", "[JUNC]": "JUNCTIONS", "[XSECT]": "XSECTIONS"}
    assert find_section("[JUN]") is None
    assert find_section("[INLET_USAGE]").name == "INLET_USAGE"  # type: ignore[union-attr]
    assert find_section("[INLETS]").name == "INLETS"  # type: ignore[union-attr]


def test_unknown_sections_are_kept_and_named(tmp_path: Path) -> None:
    inp = read_inp(write(tmp_path, "[JUNCTIONS]\nA 1\n[JUNKTIONS]\nB 2\n"))
    assert [row.tokens for row in inp.rows("JUNKTIONS")] == [["B", "2"]]
    assert inp.notices[0].line == 3
    assert "Did you mean [JUNCTIONS]?" in inp.notices[0].text
    assert inp.notices[0].refused


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_marks_do_not_matter(tmp_path: Path, end: str, mark: str) -> None:
    path = tmp_path / "model.inp"
    path.write_bytes((mark + SEWER.replace("\n", end)).encode())
    model = read_model(path)
    assert model.title == "A hillside with two tanks"
    assert len(model.nodes) == 11
    assert [n.text for n in model.notices] == (
        ["begins with a byte order mark, which is left out"] if mark else []
    )
    assert path.read_bytes().decode(model.encoding).startswith("[TITLE]")


def test_a_mark_of_dos_at_the_end_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "model.inp"
    path.write_bytes(SEWER.encode() + b"\x1a")
    assert len(read_model(path).nodes) == 11


@pytest.mark.parametrize(
    ("name", "written_in", "read_in"),
    [
        ("Brücke", "latin-1", "cp1252"),
        ("Süd–1…", "cp1252", "cp1252"),
        ("Bock\x81", "latin-1", "latin-1"),
        ("嘉陵江", "gb18030", "gb18030"),
        ("嘉陵江", "utf-8", "utf-8"),
    ],
)
def test_names_in_older_encodings_are_read_and_said(
    tmp_path: Path, name: str, written_in: str, read_in: str
) -> None:
    path = tmp_path / "model.inp"
    path.write_bytes(SEWER.replace("M1 ", f"{name} ").encode(written_in))
    model = read_model(path)
    assert name in model.nodes.names
    assert model.encoding == read_in
    assert len(model.notices) == (read_in != "utf-8")
    if model.notices:
        assert model.notices[0].line == 34
        assert read_in in model.notices[0].text


@pytest.mark.parametrize(
    ("raw", "line", "words"),
    [
        (b"", 1, "empty"),
        (b" \r\n \n", 1, "empty"),
        (SEWER.encode("utf-16"), 1, "UTF-16"),
        (SEWER.encode("utf-16-le"), 1, "UTF-16"),
        (SEWER.encode()[:400] + b"\x00\x01\x02", None, "is not text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", 3, "is not text"),
        (SEWER.replace("\n", "\r").encode(), 1, "CR alone"),
        (b"just some words\n", 1, "no section header"),
    ],
)
def test_what_is_no_text_is_refused_with_a_line(
    tmp_path: Path, raw: bytes, line: int | None, words: str
) -> None:
    path = tmp_path / "model.inp"
    path.write_bytes(raw)
    with pytest.raises(InputError, match=words) as caught:
        read_inp(path)
    assert caught.value.line == (line or raw.count(b"\n") + 1)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_inp(tmp_path / "absent.inp")
    with pytest.raises(InputError, match="folder"):
        read_inp(tmp_path)
