"""Which rain gages does a SWMM file have, and what rain do they record?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import numpy as np

from jialing.core.errors import InputError
from jialing.core.signal import FloatArray
from jialing.core.units import INCH_M
from jialing.domains.water.cells import Cells, check_unique, fold, to_clock_s, to_number
from jialing.domains.water.inp import InpFile, Notice, Row
from jialing.domains.water.options import Options
from jialing.domains.water.series import Series, series_names

FORMATS = ("INTENSITY", "VOLUME", "CUMULATIVE")


@dataclass(frozen=True, kw_only=True)
class Rain:
    """Rain of one gage: each record lasts one interval, as SWMM applies it.

    Attributes
    ----------
    times_s : [records] start of each interval, seconds since the start of the simulation
    intensity_m_s : [records] [m/s]
    interval_s : length of each interval [s]
    """

    times_s: FloatArray
    intensity_m_s: FloatArray
    interval_s: float

    def depth_m(self, edges_s: FloatArray) -> FloatArray:
        """Rain that falls between consecutive times [m]."""
        ends = np.minimum(self.times_s + self.interval_s, np.append(self.times_s[1:], np.inf))
        starts, ends = self.times_s, ends
        knots = np.empty(2 * len(starts))
        knots[0::2], knots[1::2] = starts, ends
        fallen = np.zeros(len(knots))
        fallen[1::2] = self.intensity_m_s * (ends - starts)
        total = np.cumsum(fallen)
        if not len(knots):
            return np.zeros(len(edges_s) - 1)
        return np.diff(np.interp(edges_s, knots, total, left=0.0))


@dataclass(frozen=True, kw_only=True)
class Gages:
    """Rain gages in SWMM's order.

    Attributes
    ----------
    names : [gages]
    format : [gages] one of `FORMATS`
    interval_s : [gages] recording interval [s]
    series : [gages] name of the time series; empty where the gage has a rain file
    file : [gages] rain file of a FILE gage; None otherwise
    station : [gages] station in that file
    depth_m : [gages] metres per file unit of rain depth
    line : [gages] line of the file
    """

    names: tuple[str, ...]
    format: tuple[str, ...]
    interval_s: tuple[float, ...]
    series: tuple[str, ...]
    file: tuple[Path | None, ...]
    station: tuple[str, ...]
    depth_m: tuple[float, ...]
    line: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}


def read_gages(
    inp: InpFile,
    options: Options,
    series: Mapping[str, Series],
    files: Mapping[int, Path],
    notices: list[Notice],
) -> Gages:
    """Rain gages of `inp`. `files` are the data files by the line that names them."""
    cells = Cells(inp.path, "RAINGAGES")
    rows = inp.rows("RAINGAGES")
    check_unique({"RAINGAGES": cells}, "rain gage", (("RAINGAGES", row) for row in rows))
    known = series_names(series)
    unit_m = INCH_M if options.us_units else 1e-3
    table: list[tuple[str, float, str, Path | None, str, float]] = []
    for row in rows:
        cells.need(row, 6, "name, format, interval, snow factor, TIMESERIES or FILE, its name")
        form = cells.word(row, 1, "rain format", FORMATS)
        interval = _interval(cells, row)
        cells.number(row, 3, "snow catch factor")
        if cells.word(row, 4, "source of rain", ("TIMESERIES", "FILE")) == "TIMESERIES":
            name = known.names[known.get(cells, row, 5, "takes its rain from")]
            _check_interval(cells, row, interval, series[name], options, notices)
            table.append((form, interval, name, None, "", unit_m))
        else:
            cells.need(row, 8, "name, format, interval, snow factor, FILE, file, station, IN or MM")
            unit = INCH_M if cells.word(row, 7, "rain unit", ("IN", "MM")) == "IN" else 1e-3
            table.append((form, interval, "", files[row.line], row.tokens[6], unit))
    return Gages(
        names=tuple(row.tokens[0] for row in rows),
        format=tuple(t[0] for t in table),
        interval_s=tuple(t[1] for t in table),
        series=tuple(t[2] for t in table),
        file=tuple(t[3] for t in table),
        station=tuple(t[4] for t in table),
        depth_m=tuple(t[5] for t in table),
        line=tuple(row.line for row in rows),
    )


def _interval(cells: Cells, row: Row) -> float:
    seconds = to_clock_s(row.tokens[2])
    if seconds is None or seconds <= 0.0:
        raise cells.error(
            row.line, f"{row.tokens[0]}: interval {row.tokens[2]!r} is no time above 0; write h:mm."
        )
    return float(round(seconds))


def _check_interval(
    cells: Cells, row: Row, interval: float, series: Series, options: Options, notices: list[Notice]
) -> None:
    if len(series.times_s) > 1:
        step = float(round(np.diff(series.times_s).min()))
        what = f"[{cells.section}] {row.tokens[0]} records every {interval:g} s"
        if 0.0 < step < interval:
            notices.append(
                Notice(
                    row.line,
                    f"{what}, but series {series.name!r} has a value after {step:g} s; SWMM stops "
                    "here (error 159). Shorten the interval.",
                    refused=True,
                )
            )
        elif step > interval:
            notices.append(
                Notice(row.line, f"{what}, series {series.name!r} at least every {step:g} s")
            )
    if interval < options.wet_step_s:
        notices.append(
            Notice(row.line, f"WET_STEP is longer than an interval; SWMM takes {interval:g} s")
        )


def gage_rain(gages: Gages, at: int, series: Mapping[str, Series], start: datetime) -> Rain:
    """Rain of gage `at`.

    Raises InputError for a rain file in another format than SWMM's user-prepared one.
    """
    path = gages.file[at]
    if path is None:
        source = series[gages.series[at]]
        times, values = source.times_s, source.values
    else:
        times, values = _rain_file(path, gages.station[at], start)
    if gages.format[at] == "CUMULATIVE":
        before = np.concatenate(([0.0], values[:-1])) if len(values) else values
        values = np.where(values < before, values, values - before)
    seconds = 3600.0 if gages.format[at] == "INTENSITY" else gages.interval_s[at]
    return Rain(
        times_s=times,
        intensity_m_s=values * (gages.depth_m[at] / seconds),
        interval_s=gages.interval_s[at],
    )


def _rain_file(path: Path, station: str, start: datetime) -> tuple[FloatArray, FloatArray]:
    """Rows of station, year, month, day, hour, minute, value."""
    times: list[float] = []
    values: list[float] = []
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, text in enumerate(lines, start=1):
            parts = text.split()
            if not parts or parts[0].startswith(";"):
                continue
            numbers = [to_number(part) for part in parts[1:7]]
            if len(numbers) < 6 or None in numbers:
                raise InputError(
                    "is not in SWMM's user-prepared format: station, year, month, day, hour, "
                    "minute, value. SWMM may read it; forecasts cannot",
                    path=path,
                    line=number,
                )
            if station != "*" and fold(parts[0]) != fold(station):
                continue
            year, month, day, hour, minute, value = (float(n or 0.0) for n in numbers)
            try:
                date = datetime(int(year), int(month), int(day))
            except ValueError:
                raise InputError(
                    f"{' '.join(parts[1:4])} is no date", path=path, line=number
                ) from None
            times.append((date - start).total_seconds() + hour * 3600.0 + minute * 60.0)
            values.append(value)
    return np.array(times), np.array(values)
