"""How does a cell of a row become a number, a word, a name, a date or a time?

Every failure is one InputError with file, line, section, what was found and what is allowed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jialing.core.errors import InputError
from jialing.domains.water.inp import Row

LARGEST = 1e15  # no length, flow, area or time of a city comes near, in any unit

_UPPER = {ord(c): ord(c.upper()) for c in "abcdefghijklmnopqrstuvwxyz"}
_DATE = re.compile(r"\s*([+-]?\d+|[A-Za-z]{3})[^\d\s](\d+)[^\d\s](\d+)")
_CLOCK = re.compile(r"(\d+)(?::(\d+)(?::(\d+))?)?")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def fold(name: str) -> str:
    """A name as SWMM compares it: ASCII letters without case."""
    return name.upper() if name.isascii() else name.translate(_UPPER)


def to_number(text: str) -> float | None:
    """A number of sane size, or None. An empty cell counts as 0, as in SWMM."""
    if not text:
        return 0.0
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < LARGEST and "_" not in text else None


def to_date(text: str) -> datetime | None:
    """A calendar date in SWMM's order, month/day/year; the month may be its name."""
    match = _DATE.match(text)
    if not match:
        return None
    month = MONTHS.index(match[1].upper()) + 1 if match[1].upper() in MONTHS else 0
    try:
        return datetime(int(match[3]), month or int(match[1]), int(match[2]))
    except (ValueError, OverflowError):
        return None


def to_clock_s(text: str) -> float | None:
    """A time of day or a span as decimal hours or h:mm:ss [s]."""
    hours = to_number(text)
    if hours is not None:
        return hours * 3600.0
    match = _CLOCK.fullmatch(text)
    if not match or len(text) > 24:
        return None
    return int(match[1]) * 3600.0 + int(match[2] or 0) * 60.0 + int(match[3] or 0)


def match_word(text: str, words: Iterable[str]) -> str | None:
    """The first of `words` that `text` begins with, as SWMM matches keywords."""
    upper = text.upper()
    for word in words:
        if upper.startswith(word):
            return word
    return None


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """A hint ending, or an empty text."""
    by_upper = {name.upper(): name for name in known}
    near = difflib.get_close_matches(found.upper(), by_upper, n=1)
    return f" Did you mean {by_upper[near[0]]!r}?" if near else ""


@dataclass(frozen=True)
class Cells:
    """Typed access to the rows of one section of one file."""

    path: Path
    section: str

    def error(self, line: int | None, text: str) -> InputError:
        return InputError(f"[{self.section}] {text}", path=self.path, line=line)

    def need(self, row: Row, count: int, shape: str) -> None:
        """Refuse a row with fewer than `count` cells."""
        if len(row.tokens) < count:
            raise self.error(
                row.line,
                f"{row.tokens[0]} has {len(row.tokens)} of {count} values: {shape}. "
                "Complete the row; the file may have been cut off here.",
            )

    def number(
        self,
        row: Row,
        at: int,
        what: str,
        *,
        default: float | None = None,
        low: float | None = None,
        above: float | None = None,
    ) -> float:
        """The number in cell `at`; `default` if the row ends before it."""
        if at >= len(row.tokens):
            if default is None:
                raise self.error(row.line, f"{row.tokens[0]} lacks its {what}.")
            return default
        text = row.tokens[at]
        value = to_number(text)
        if value is None:
            raise self.error(row.line, f"{row.tokens[0]}: {what} is {text!r}; a number is needed.")
        if low is not None and value < low:
            raise self.error(
                row.line, f"{row.tokens[0]}: {what} is {text}; it must not be below {low:g}."
            )
        if above is not None and value <= above:
            raise self.error(
                row.line, f"{row.tokens[0]}: {what} is {text}; it must be above {above:g}."
            )
        return value

    def word(
        self, row: Row, at: int, what: str, words: Sequence[str], *, default: str | None = None
    ) -> str:
        """The keyword in cell `at`."""
        if at >= len(row.tokens):
            if default is None:
                raise self.error(row.line, f"{row.tokens[0]} lacks its {what}.")
            return default
        text = row.tokens[at]
        found = match_word(text, words)
        if found is None:
            raise self.error(
                row.line,
                f"{row.tokens[0]}: {text!r} is not a {what}."
                f"{did_you_mean(text.upper(), words)} Allowed: {', '.join(words)}.",
            )
        return found

    def yes(self, row: Row, at: int, what: str, *, default: bool = False) -> bool:
        """A YES or NO."""
        if at >= len(row.tokens):
            return default
        return self.word(row, at, what, ("NO", "YES")) == "YES"


class Names:
    """Names of one kind of object, each with its index; SWMM ignores the case of ASCII letters."""

    def __init__(self, kind: str, names: Sequence[str]) -> None:
        self.kind = kind
        self.names = names
        self._at = {fold(name): i for i, name in enumerate(names)}

    def __len__(self) -> int:
        return len(self.names)

    def find(self, name: str) -> int | None:
        return self._at.get(fold(name))

    def get(self, cells: Cells, row: Row, at: int, role: str) -> int:
        """Index of the name in cell `at`; `role` completes "V2 ...", e.g. "discharges into node"."""
        if at >= len(row.tokens):
            raise cells.error(row.line, f"{row.tokens[0]} lacks the {self.kind} it {role}.")
        name = row.tokens[at]
        index = self._at.get(fold(name))
        if index is None:
            raise cells.error(
                row.line,
                f"{row.tokens[0]} {role} {self.kind} {name!r}, which no section defines."
                f"{did_you_mean(name, self.names) if len(self.names) <= 20_000 else ''}",
            )
        return index


def check_unique(cells_of: dict[str, Cells], kind: str, rows: Iterable[tuple[str, Row]]) -> None:
    """Refuse a second object of the same name; `rows` are (section, row) in file order."""
    seen: dict[str, tuple[str, int]] = {}
    for section, row in rows:
        key = fold(row.tokens[0])
        if key in seen:
            other, line = seen[key]
            raise cells_of[section].error(
                row.line,
                f"the {kind} name {row.tokens[0]!r} is taken already, in [{other}] on line {line}; "
                "SWMM ignores case. Rename one of the two.",
            )
        seen[key] = (section, row.line)
