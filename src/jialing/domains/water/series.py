"""Which time series does a SWMM file name, and what do they hold, inline or in files of their own?

Times without a date count from the start of the simulation until a date appears; from then on they
belong to that day, as in SWMM.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from jialing.core.errors import InputError
from jialing.core.signal import FloatArray
from jialing.domains.water.cells import Cells, Names, fold, to_clock_s, to_date, to_number
from jialing.domains.water.inp import InpFile, Notice, Row


@dataclass(frozen=True, kw_only=True)
class Series:
    """A time series in the units of whatever uses it.

    Attributes
    ----------
    name, line : where it comes from
    times_s : [points] seconds since the start of the simulation, rising; negative before it
    values : [points] in file units
    file : the file that holds it; None if it stands in the model file
    dated : the series carries calendar dates
    """

    name: str
    line: int
    times_s: FloatArray
    values: FloatArray
    file: Path | None = None
    dated: bool = False

    def at(self, time_s: FloatArray | float, *, hold_ends: bool = False) -> FloatArray:
        """Values at times, by straight lines; beyond its ends 0, or its end values."""
        if not len(self.times_s):
            return np.zeros(np.shape(time_s))
        ends = (None, None) if hold_ends else (0.0, 0.0)
        return np.asarray(
            np.interp(time_s, self.times_s, self.values, left=ends[0], right=ends[1]),
            dtype=np.float64,
        )


def read_series(
    inp: InpFile, start: datetime, files: Mapping[int, Path], notices: list[Notice]
) -> dict[str, Series]:
    """Time series by name. `files` are the data files by the line that names them."""
    cells = Cells(inp.path, "TIMESERIES")
    rows: dict[str, list[Row]] = {}
    for row in inp.rows("TIMESERIES"):
        if len(row.tokens) < 3:
            cells.need(row, 3, "name, date (optional), time, value; or name, FILE, file name")
        rows.setdefault(fold(row.tokens[0]), []).append(row)
    found: dict[str, Series] = {}
    for own in rows.values():
        name, line = own[0].tokens[0], own[0].line
        outside = [row for row in own if row.tokens[1].upper() == "FILE"]
        if outside:
            path = files[outside[-1].line]
            times, values, dated = _read_file(path, start)
            series = Series(
                name=name, line=line, times_s=times, values=values, file=path, dated=dated
            )
        else:
            times, values, dated = _read_rows(cells, own, start, notices)
            series = Series(name=name, line=line, times_s=times, values=values, dated=dated)
        _check_rising(cells, series, notices)
        found[name] = series
    return found


def _read_rows(
    cells: Cells, rows: list[Row], start: datetime, notices: list[Notice]
) -> tuple[FloatArray, FloatArray, bool]:
    times: list[float] = []
    values: list[float] = []
    day_s, dated = 0.0, False
    for row in rows:
        tokens, at = row.tokens, 1
        while at < len(tokens):
            date = to_date(tokens[at]) if not tokens[at][0:1].isspace() else None
            if date is not None:
                day_s, dated = (date - start).total_seconds(), True
                at += 1
            if at + 1 >= len(tokens):
                notices.append(
                    Notice(
                        row.line,
                        f"[TIMESERIES] {tokens[0]} has a time without its value, which is ignored; "
                        "the file may have been cut off here",
                    )
                )
                break
            clock = to_clock_s(tokens[at])
            value = to_number(tokens[at + 1])
            if clock is None:
                raise cells.error(row.line, f"{tokens[0]}: {tokens[at]!r} is not a time.")
            if value is None:
                raise cells.error(row.line, f"{tokens[0]}: {tokens[at + 1]!r} is not a number.")
            times.append(day_s + clock)
            values.append(value)
            at += 2
    return np.array(times), np.array(values), dated


def _read_file(path: Path, start: datetime) -> tuple[FloatArray, FloatArray, bool]:
    """A data file: date (optional), time, value per line."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path=path) from error
    days: dict[str, float] = {}
    clocks: dict[str, float | None] = {}
    times: list[float] = []
    values: list[float] = []
    day_s, dated = 0.0, False
    for number, text in enumerate(lines, start=1):
        parts = text.split(None, 3)
        if not parts or parts[0].startswith(";"):
            continue
        if len(parts) > 2:
            if parts[0] not in days:
                date = to_date(parts[0])
                if date is None:
                    raise InputError(
                        f"{parts[0]!r} is not a date (month/day/year); a line holds date, time and "
                        "value, or time and value",
                        path=path,
                        line=number,
                    )
                days[parts[0]] = (date - start).total_seconds()
            day_s, dated = days[parts[0]], True
            del parts[0]
        clock_text = parts[0]
        if clock_text not in clocks:
            clocks[clock_text] = to_clock_s(clock_text)
        clock = clocks[clock_text]
        value = to_number(parts[1]) if len(parts) > 1 else None
        if clock is None or value is None:
            raise InputError(
                f"{text.strip()[:60]!r} is not a time and a value", path=path, line=number
            )
        times.append(day_s + clock)
        values.append(value)
    if not times:
        raise InputError("holds no values", path=path)
    return np.array(times), np.array(values), dated


def _check_rising(cells: Cells, series: Series, notices: list[Notice]) -> None:
    falls = np.flatnonzero(np.diff(series.times_s) <= 0.0)
    if falls.size:
        hours = series.times_s[falls[0] : falls[0] + 2] / 3600.0
        where = f" in {series.file.name}" if series.file else ""
        notices.append(
            Notice(
                series.line,
                f"[{cells.section}] {series.name}{where}: time goes from {hours[0]:.3f} h to "
                f"{hours[1]:.3f} h, but must rise; SWMM stops here (error 173)",
                refused=True,
            )
        )


def series_names(series: Mapping[str, Series]) -> Names:
    """The names of all series, for looking them up without regard to case."""
    return Names("time series", list(series))
