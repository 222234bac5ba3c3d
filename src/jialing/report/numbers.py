"""How are numbers written for people: thousands, decimals, signs, percentages, durations?"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

HYPHEN = "\u2011"  # does not break a line
THIN = "\u202f"  # narrow no-break space: groups thousands, joins number and unit (SI Brochure 5.4)
MINUS = "\u2212"
NONE = "–"
NO_DAY = datetime(2001, 1, 1)  # charts need a date; where a case has none, the page shows none
LEAST_SHOWN = 0.001  # what is smaller is rounding of the simulator


def decimals_for(largest: float) -> int:
    """Decimals that show about three significant digits of `largest`."""
    size = abs(largest)
    if not math.isfinite(size) or size >= 100.0 or size == 0.0:
        return 0
    return min(4, 2 - math.floor(math.log10(size)))


def number(value: float | None, decimals: int | None = None) -> str:
    """`value` with grouped thousands; about three significant digits unless told."""
    if value is None or not math.isfinite(value):
        return NONE
    places = decimals_for(value) if decimals is None else decimals
    text = f"{abs(value):,.{places}f}".replace(",", THIN)
    negative = value < 0 and any(digit in text for digit in "123456789")
    return MINUS + text if negative else text


def aligned(value: float | None, decimals: int) -> str:
    """`value` with the decimals of its row, or with its own where those would round it to nothing."""
    if value is None or not math.isfinite(value):
        return NONE
    if value == 0.0:
        return "0"
    vanishes = round(value, decimals) == 0.0 and abs(value) >= LEAST_SHOWN
    return number(value) if vanishes else number(value, decimals)


def with_unit(value: float | None, unit: str, decimals: int | None = None) -> str:
    """Number and unit, kept on one line; a dimensionless unit stays silent."""
    return united(number(value, decimals), unit)


def united(shown: str, unit: str) -> str:
    """A written number with its unit."""
    if unit in ("", "1") or shown == NONE:
        return shown
    return f"{shown}{THIN}{unit.replace('-', HYPHEN)}"


def percent(share: float, *, sign: bool = False) -> str:
    """`share` [1] as a percentage: one decimal below 10 %, none above."""
    value = 100.0 * share
    places = 1 if abs(value) < 9.95 else 0
    text = number(abs(value), places)
    mark = "" if not sign or float(f"{value:.{places}f}") == 0 else ("+" if value > 0 else MINUS)
    return f"{mark}{text}{THIN}%"


def change(before: float, after: float) -> float | None:
    """Relative change [1]; None where it has no meaning (from zero, or not finite)."""
    if not (math.isfinite(before) and math.isfinite(after)):
        return None
    if before == 0.0:
        return 0.0 if after == 0.0 else None
    return (after - before) / abs(before)


def duration(seconds: float) -> str:
    """A span of time in the two largest units that matter."""
    if not math.isfinite(seconds):
        return NONE
    if seconds < 0.9995:
        return f"{number(1000.0 * seconds)}{THIN}ms"
    if seconds < 59.95:
        return f"{number(seconds, 1)}{THIN}s"
    total = round(seconds)
    parts = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, total = divmod(total, size)
        if count:
            parts.append(f"{count}{THIN}{unit}")
    return " ".join(parts[:2])


def clock(seconds: float) -> str:
    """Time since the start of the run: `2 d 06:05`, or `06:05` within the first day."""
    minutes = math.floor(seconds / 60.0 + 0.5)
    days, rest = divmod(minutes, 1_440)
    shown = f"{rest // 60:02d}:{rest % 60:02d}"
    return f"{days}{THIN}d {shown}" if days else shown


def time_of_day(seconds: float) -> str:
    """ISO 8601 of the time so many seconds after a midnight, on a day that says nothing."""
    return (NO_DAY + timedelta(seconds=seconds % 86_400.0)).isoformat()


def clock_from(start: str, seconds: float, *, dated: bool) -> str:
    """Time of day so many seconds after `start` (ISO 8601): `06:05`, or `18 Jun 06:05` if `dated`."""
    at = datetime.fromisoformat(start) + timedelta(seconds=seconds)
    return f"{at.day} {at:%b %H:%M}" if dated else f"{at:%H:%M}"
