"""What text does a SWMM input file hold, section by section, row by row?

The splitting follows SWMM itself: a ``;`` starts a comment anywhere, tokens end at blanks or tabs,
a token that begins with a quote runs to the next quote, lines end at LF.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from jialing.core.errors import InputError
from jialing.domains.water.sections import SectionKind, Use, find_section, nearest_section

LONGEST_LINE = 1024  # bytes SWMM reads of a line [MAXLINE of SWMM 5.2]
MOST_TOKENS = 40  # tokens SWMM reads of a line [MAXTOKS of SWMM 5.2]

_TOKEN = re.compile(r'"([^"]*)"?|([^ \t\r]+)')
_CONTROL_BYTE = re.compile(rb"[\x00-\x08\x0e-\x19\x1b-\x1f]")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")


@dataclass(frozen=True)
class Notice:
    """Something worth knowing about a file that does not stop its reading.

    Attributes
    ----------
    line : where, 1-based; None if it concerns no single line
    text : what was found, and what it means
    refused : SWMM itself will stop here, so the file can be inspected but not run
    """

    line: int | None
    text: str
    refused: bool = False


class Row(NamedTuple):
    """One line of a section that holds anything: its 1-based number and its tokens."""

    line: int
    tokens: list[str]


@dataclass(frozen=True, kw_only=True)
class Section:
    """All rows of one section, also where the file opens it several times.

    Attributes
    ----------
    name : full name as in `sections.SECTIONS`
    line : line of the first header
    rows : in file order
    """

    name: str
    line: int
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class InpFile:
    """A SWMM input file, split but not yet understood.

    Attributes
    ----------
    path : where it lies
    text_lines : the lines without LF, byte order mark and Ctrl-Z; ``text_lines[n - 1]`` is line n
    sections : by full name
    encoding : how the bytes were read
    notices : harmless oddities
    """

    path: Path
    text_lines: list[str]
    sections: dict[str, Section]
    encoding: str
    notices: tuple[Notice, ...]

    def rows(self, name: str) -> list[Row]:
        """Rows of section `name`; none if the file lacks it."""
        section = self.sections.get(name)
        return section.rows if section else []

    def header_line(self, name: str) -> int | None:
        """Line on which section `name` first opens."""
        section = self.sections.get(name)
        return section.line if section else None


def read_inp(path: str | Path) -> InpFile:
    """Split a SWMM input file into sections and rows.

    Raises InputError where the file cannot be text of that kind.
    """
    path = Path(path)
    notices: list[Notice] = []
    text, encoding = _decode(path, _read_bytes(path), notices)
    lines = text.split("\n")
    sections = _split(path, lines, notices)
    if not sections:
        raise InputError(
            "no section header such as [JUNCTIONS] was found; this is not a SWMM input file",
            path=path,
            line=1,
        )
    return InpFile(
        path=path,
        text_lines=lines,
        sections=sections,
        encoding=encoding,
        notices=tuple(notices),
    )


def read_text(path: Path) -> str:
    """Text of a file that goes with a SWMM input file; InputError where it is none."""
    return _decode(path, _read_bytes(path), [])[0]


def tokenize(text: str) -> list[str]:
    """Tokens of one line, as SWMM sees them."""
    comment = text.find(";")
    if comment >= 0:
        text = text[:comment]
    if '"' not in text and text.isascii():
        return text.split()
    return [m[1] if m[2] is None else m[2] for m in _TOKEN.finditer(text)]


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError("there is no such file", path=path) from None
    except IsADirectoryError:
        raise InputError("is a folder; name the .inp file inside", path=path) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path=path) from error


def _decode(path: Path, raw: bytes, notices: list[Notice]) -> tuple[str, str]:
    """Text of a file and the name of its encoding."""
    if not raw.strip():
        raise InputError("the file is empty", path=path, line=1)
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError(
            "is UTF-16 text, which SWMM cannot read; save it as UTF-8", path=path, line=1
        )
    plain = "utf-8"
    if raw.startswith(b"\xef\xbb\xbf"):
        raw, plain = raw[3:], "utf-8-sig"
        notices.append(Notice(1, "begins with a byte order mark, which is left out"))
    if raw.rstrip(b"\r\n \x1a") != raw.rstrip(b"\r\n "):
        raw = raw.rstrip(b"\r\n \x1a")
        notices.append(Notice(raw.count(b"\n") + 1, "ends in Ctrl-Z, which is left out"))
    strange = _CONTROL_BYTE.search(raw)
    if strange:
        line = raw.count(b"\n", 0, strange.start()) + 1
        what = "is UTF-16 text without its mark" if raw[1:2] == b"\0" else "is not text"
        raise InputError(
            f"{what}: byte 0x{strange[0][0]:02x} was found; what SWMM reads is plain text, "
            "save it as UTF-8",
            path=path,
            line=line,
        )
    if b"\n" not in raw and b"\r" in raw:
        raise InputError(
            "lines end in CR alone, which SWMM takes for one single line; save it with LF line ends",
            path=path,
            line=1,
        )
    try:
        return raw.decode("utf-8"), plain
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
    encoding = _guess_encoding(raw)
    notices.append(
        Notice(line, f"is not UTF-8 from here on; read as {encoding}, so names may look different")
    )
    return raw.decode(encoding), encoding


def _guess_encoding(raw: bytes) -> str:
    """GB 18030 where all high bytes come in pairs that are Chinese text, else Windows-1252.

    Latin-1 where a byte stands for nothing in Windows-1252.
    """
    runs = _HIGH_RUN.findall(raw)
    if all(len(run) % 2 == 0 for run in runs) and _decodes(raw, "gb2312"):
        return "gb18030"
    return "cp1252" if _decodes(raw, "cp1252") else "latin-1"


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _split(path: Path, lines: list[str], notices: list[Notice]) -> dict[str, Section]:
    sections: dict[str, Section] = {}
    rows: list[Row] | None = None
    kind: SectionKind | None = None
    for number, text in enumerate(lines, start=1):
        tokens = tokenize(text)
        if not tokens:
            continue
        if tokens[0].startswith("["):
            rows, kind = _open_section(number, tokens[0], sections, notices)
        elif rows is None:
            if not sections and not any(n.text.startswith("text before") for n in notices):
                notices.append(Notice(number, "text before the first section is taken as title"))
        else:
            if len(tokens) > MOST_TOKENS:
                notices.append(
                    Notice(number, f"SWMM reads the first {MOST_TOKENS} of {len(tokens)} values")
                )
                del tokens[MOST_TOKENS:]
            if kind is not None and kind.use is not Use.DRAWN:
                if len(text) > LONGEST_LINE // 4:
                    _check_length(path, number, text)
                if kind.names_objects and text.lstrip().startswith('"'):
                    notices.append(_quoted(number, kind.name, tokens[0]))
            rows.append(Row(number, tokens))
    return sections


def _open_section(
    number: int, header: str, sections: dict[str, Section], notices: list[Notice]
) -> tuple[list[Row], SectionKind | None]:
    kind = find_section(header)
    if kind is None:
        near = nearest_section(header)
        hint = f" Did you mean [{near}]?" if near else ""
        notices.append(
            Notice(
                number,
                f"{header} is not a section of SWMM 5.2 and is not read; SWMM stops here. "
                f"Remove or rename it.{hint}",
                refused=True,
            )
        )
        name = header.strip("[]").upper()
    else:
        name = kind.name
    return sections.setdefault(name, Section(name=name, line=number)).rows, kind


def _quoted(number: int, section: str, name: str) -> Notice:
    return Notice(
        number,
        f"[{section}] {name!r} is defined in quotes, which SWMM takes for part of the name, and then "
        "does not find it (error 209). Write a name without blanks and quotes.",
        refused=True,
    )


def _check_length(path: Path, number: int, text: str) -> None:
    size = len(text.partition(";")[0].rstrip("\r").encode("utf-8", errors="replace"))
    if size >= LONGEST_LINE:
        raise InputError(
            f"the line holds {size} bytes, SWMM reads at most {LONGEST_LINE - 1}; break it up",
            path=path,
            line=number,
        )
