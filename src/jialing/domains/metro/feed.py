"""What do the files of a GTFS feed hold? Their rows, with the line of whatever is wrong."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from jialing.core.errors import InputError

Row = Mapping[str, str]


def table(feed: Path, name: str, needed: Sequence[str], *, optional: bool = False) -> list[Row]:
    """Rows of a file of the feed; InputError with the line of what is wrong."""
    path = feed / name
    if optional and not path.is_file():
        return []
    with _reading(feed, name, needed) as file:
        reader = csv.reader(file)
        header = _header(reader, path, needed)
        return [
            {column: cell.strip() for column, cell in _cells(header, cells)}
            for cells in reader
            if cells
        ]


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
