"""How does a record become a table that other programs read? One row per tick, CSV or Parquet."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jialing.core.errors import InputError, MissingExtraError, RecordError, UnknownNameError
from jialing.record.lines import NAMES, Cell, names_of, read_lines, unit_of, units_beside
from jialing.record.plain import write_json
from jialing.record.reader import Record, open_record, run_folders

KINDS = ("csv", "parquet")
#: Rows that are in memory at a time.
ROWS = 2000


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the table.

    Attributes
    ----------
    name : ``quantity:element``; ``position:`` is what the plant confirmed, ``given:`` what the guard
        let through, ``local:`` 1 where the plant's own rule acts, ``true:quantity:element`` the
        simulator's own value, where sensors may see another
    unit : SI; empty where there is none
    """

    name: str
    unit: str


def export_folder(
    folder: Path, to: str, out: Path, tell: Callable[[str], None]
) -> tuple[Path, ...]:
    """Write every record in `folder` as a table into `out`; answers with the tables.

    A city's diary and events become tables as well. Beside each table lies ``NAME.columns.json``
    with the unit of every column. What could not be read is told, a sentence each; a run that a
    result names and that is gone is a RecordError.
    """
    if to not in KINDS:
        raise UnknownNameError("format of an export", to, KINDS)
    found = sorted(path.parent for path in folder.rglob("manifest.json"))
    if not found:
        raise RecordError(f"{folder} holds no record")
    # Said before anything is written:
    for result in folder.rglob("result.json"):
        run_folders(result.parent)
    if out.exists() and not out.is_dir():
        raise InputError("is a file; tables need a folder", path=out)
    if to == "parquet":
        _arrow()
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for one in found:
        name = "-".join(one.relative_to(folder).parts) or folder.name
        record = open_record(one)
        for notice in record.notices:
            tell(f"{one}: {notice}")
        table = out / f"{name}.{to}"
        (_write_csv if to == "csv" else _write_parquet)(record, table)
        write_json(out / f"{name}.columns.json", {c.name: c.unit for c in columns(record)})
        written.append(table)
    for path in sorted(path for name in NAMES for path in folder.rglob(name)):
        if (path.parent / "manifest.json").is_file():
            continue  # events of a single record: no rows of numbers
        rows, lost = read_lines(path)
        if lost:
            tell(f"{path.parent}: {lost}")
        parts = path.relative_to(folder).with_suffix("").parts
        table = out / f"{'-'.join(parts)}.{to}"
        known = units_beside(path)
        units = {name: unit_of(name, known) for name in names_of(rows)}
        if to == "csv":
            _lines_csv(rows, table)
        else:
            _lines_parquet(rows, units, table)
        write_json(out / f"{'-'.join(parts)}.columns.json", units)
        written.append(table)
    return tuple(written)


def columns(record: Record) -> tuple[Column, ...]:
    """The columns of a record's table, in order."""
    manifest = record.manifest
    found = [Column(name="time_s", unit="s")]
    found += [Column(name=s["name"], unit=s["unit"]) for s in manifest["signals"]]
    for word in ("position", "given", "local"):
        for actuator in manifest["actuators"]:
            unit = "" if word == "local" else str(actuator.get("unit", "1"))
            found.append(Column(name=f"{word}:{actuator['name']}", unit=unit))
    found += [Column(name="outcome", unit=""), Column(name="decide_ms", unit="ms")]
    for field in manifest["fields"]:
        found += [
            Column(name=f"true:{field['name']}:{e}", unit=field["unit"]) for e in field["elements"]
        ]
    return tuple(found)


def blocks(record: Record) -> Iterator[NDArray[np.float64]]:
    """[rows, columns] blocks of the table, NaN where a value is missing."""
    fields = [record.field(field["name"]) for field in record.manifest["fields"]]
    # Fields are written before the frame; the shortest says how many rows are whole.
    ticks = min([record.ticks, *(len(field) for field in fields)])
    for start in range(0, ticks, ROWS):
        rows = slice(start, min(start + ROWS, ticks))
        frames = record.frames[rows]
        yield np.column_stack(
            [
                frames["time_s"],
                frames["values"],
                frames["positions"],
                frames["given"],
                frames["local"],
                frames["outcome"],
                frames["decide_ms"],
                *(np.asarray(field[rows], dtype=np.float64) for field in fields),
            ]
        )


def _write_csv(record: Record, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerow([column.name for column in columns(record)])
        for block in blocks(record):
            # 17 digits hold a number exactly; most need far fewer, and repr finds them.
            stream.writelines(
                ",".join("" if x != x else repr(x) for x in row) + "\n" for row in block.tolist()
            )


def _write_parquet(record: Record, path: Path) -> None:
    arrow, parquet = _arrow()
    named = columns(record)
    schema = arrow.schema(
        [arrow.field(c.name, arrow.float64(), metadata={"unit": c.unit}) for c in named],
        metadata={"controller": record.controller, "format": "jialing-table/1"},
    )
    with parquet.ParquetWriter(path, schema) as writer:
        for block in blocks(record):
            arrays = [arrow.array(np.ascontiguousarray(column)) for column in block.T]
            writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))


def _lines_csv(rows: list[dict[str, Cell]], path: Path) -> None:
    names = names_of(rows)
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(names)
        table.writerows([_plain(row.get(name)) for name in names] for row in rows)


def _plain(cell: Cell) -> str:
    return "" if cell is None else cell if isinstance(cell, str) else repr(cell)


def _lines_parquet(rows: list[dict[str, Cell]], units: Mapping[str, str], path: Path) -> None:
    arrow, parquet = _arrow()
    columns: dict[str, list[Cell]] = {name: [row.get(name) for row in rows] for name in units}
    kinds = dict.fromkeys(units, arrow.float64())
    for name, cells in columns.items():
        if any(isinstance(cell, str) for cell in cells):
            kinds[name] = arrow.string()
            columns[name] = [None if cell is None else _plain(cell) for cell in cells]
    schema = arrow.schema(
        [arrow.field(n, kinds[n], metadata={"unit": unit}) for n, unit in units.items()],
        metadata={"format": "jialing-table/1"},
    )
    arrays = [arrow.array(columns[name], type=kinds[name]) for name in units]
    parquet.write_table(arrow.Table.from_arrays(arrays, schema=schema), path)


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "export") from None
    return pyarrow, pyarrow.parquet
