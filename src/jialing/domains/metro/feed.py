"""What do the files of a GTFS feed hold? Their rows, with the line of whatever is wrong."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from jialing.core.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a file of the feed.

    Attributes
    ----------
    path : the file
    line : where the row ends in it, from 1
    cells : by column; text without the spaces around it
    """

    path: Path
    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def get(self, column: str) -> str:
        """The cell, empty where the file has no such column."""
        return self.cells.get(column, "")

    def fail(self, message: str) -> NoReturn:
        """Raise InputError that names this row."""
        raise InputError(message, path=self.path, line=self.line)


def table(feed: Path, name: str, needed: Sequence[str], *, optional: bool = False) -> list[Row]:
    """Rows of a file of the feed; InputError with the line of what is wrong."""
    path = feed / name
    if optional and not path.is_file():
        return []
    with _reading(feed, name, needed) as file:
        reader = csv.reader(file)
        header = _header(reader, path, needed)
        return [
            Row(
                path=path,
                line=reader.line_num,
                cells={column: cell.strip() for column, cell in _cells(header, cells)},
            )
            for cells in reader
            if cells
        ]


def unique(rows: Iterable[Row], column: str) -> None:
    """Fail at the second of two rows with one name."""
    first: dict[str, Row] = {}
    for row in rows:
        known = first.setdefault(row[column], row)
        if known is not row:
            row.fail(f"{column} {row[column]!r} is used twice, first in line {known.line}")


def columns(feed: Path, name: str, needed: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Line and the cells of the columns `needed`, row by row: the file may be larger than memory."""
    with _reading(feed, name, needed) as file:
        reader = csv.reader(file)
        header = _header(reader, feed / name, needed)
        at = [header.index(column) for column in needed]
        for cells in reader:
            if cells:
                yield (
                    reader.line_num,
                    [cells[k].strip() if k < len(cells) else "" for k in at],
                )


def _cells(header: Sequence[str], cells: Sequence[str]) -> Iterator[tuple[str, str]]:
    for k, column in enumerate(header):
        if column:
            yield column, cells[k] if k < len(cells) else ""


def _header(reader: Iterator[list[str]], path: Path, needed: Sequence[str]) -> list[str]:
    header = [column.strip() for column in next(reader, [])]
    for column in needed:
        if column not in header:
            raise InputError(f"column {column!r} is missing", path=path, line=1)
    return header


@contextmanager
def _reading(feed: Path, name: str, needed: Sequence[str]) -> Iterator[Iterator[str]]:
    path = feed / name
    if not path.is_file():
        raise InputError(
            f"the feed has no {name}; it needs {name} with {', '.join(needed)}", path=feed
        )
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError:
        raise InputError("this is no text in UTF-8", path=path) from None
    except csv.Error as error:
        raise InputError(f"is no table of comma-separated values: {error}", path=path) from None
