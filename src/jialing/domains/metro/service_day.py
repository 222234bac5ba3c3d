"""Which day of a GTFS feed is taken for a timetable, and which services run on it?

A feed holds the trains of all its days. Those of one day are wanted: of the weekday on which most
trains stop at the station.

Source: GTFS Schedule reference: calendar.txt (weekdays between two dates), calendar_dates.txt
(exception_type 1 adds a service on a date, 2 removes it). A feed has either, or both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from jialing.core.errors import InputError
from jialing.domains.metro.feed import columns

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CALENDAR, EXCEPTIONS = "calendar.txt", "calendar_dates.txt"
SATURDAY = 5
MOST_NAMES = 10
WEEK = range(7)


@dataclass(frozen=True, kw_only=True)
class ServiceDay:
    """One day of a feed.

    Attributes
    ----------
    date : the day
    services : those that run on it and stop at the station, sorted
    """

    date: date
    services: tuple[str, ...]

    def __str__(self) -> str:
        week = self.date.weekday()
        kind = "weekday" if week < SATURDAY else "day of the weekend; no train on a weekday"
        named = ", ".join(" ".join(name.split()) for name in self.services[:MOST_NAMES])
        more = len(self.services) - MOST_NAMES
        return (
            f"{DAYS[week].capitalize()}, {self.date.isoformat()}, the busiest {kind}; "
            f"services: {named}{f', and {more} more' if more > 0 else ''}"
        )


@dataclass(kw_only=True)
class _Service:
    """When a service runs: weekdays between two dates, and exceptions from that."""

    spans: list[tuple[date, date, frozenset[int]]] = field(default_factory=list)
    exceptions: dict[date, bool] = field(default_factory=dict)

    def runs(self, day: date) -> bool:
        if day in self.exceptions:
            return self.exceptions[day]
        return any(a <= day <= b and day.weekday() in week for a, b, week in self.spans)

    def changes(self) -> Iterable[date]:
        """Days from which on its week may look different."""
        for first, last, _ in self.spans:
            yield from (first, last + timedelta(days=1))
        for day in self.exceptions:
            yield from (day, day + timedelta(days=1))


def has_calendar(feed: Path) -> bool:
    """True if the feed says on which days its trips run."""
    return (feed / CALENDAR).is_file() or (feed / EXCEPTIONS).is_file()


def busiest_day(feed: Path, trains: Mapping[str, int]) -> ServiceDay:
    """The weekday with most trains, the first of them; a weekend day where no weekday has any.

    Parameters
    ----------
    trains : service -> how many of its trains stop at the station

    Raises InputError for a calendar that cannot be read, or on which none of these services runs.
    """
    services = _services(feed, trains)
    # Between two changes every week is alike: it is enough to look at seven days after each.
    starts = {day for service in services.values() for day in service.changes()}
    days = sorted({start + timedelta(days=k) for start in starts for k in WEEK})
    best: ServiceDay | None = None
    most = (False, 0)
    for day in days:
        running = tuple(sorted(name for name, service in services.items() if service.runs(day)))
        rank = (day.weekday() < SATURDAY, sum(trains[name] for name in running))
        if rank[1] and rank > most:
            best, most = ServiceDay(date=day, services=running), rank
    if best is None:
        raise InputError(
            "no train stops at this station on any day of the feed's calendar; "
            f"services that stop there: {', '.join(sorted(trains)[:MOST_NAMES]) or 'none'}",
            path=feed,
        )
    return best


def _services(feed: Path, wanted: Mapping[str, int]) -> dict[str, _Service]:
    found: dict[str, _Service] = defaultdict(_Service)
    if (feed / CALENDAR).is_file():
        spans = columns(feed, CALENDAR, ("service_id", "start_date", "end_date", *DAYS))
        for line, (name, start, end, *flags) in spans:
            if name in wanted:
                week = frozenset(k for k, flag in enumerate(flags) if flag == "1")
                first, last = (_date(text, feed / CALENDAR, line) for text in (start, end))
                found[name].spans.append((first, last, week))
    if (feed / EXCEPTIONS).is_file():
        exceptions = columns(feed, EXCEPTIONS, ("service_id", "date", "exception_type"))
        for line, (name, day, kind) in exceptions:
            if name in wanted:
                if kind not in ("1", "2"):
                    raise InputError(
                        f"exception_type is {kind!r}; 1 (added) or 2 (removed) is needed",
                        path=feed / EXCEPTIONS,
                        line=line,
                    )
                found[name].exceptions[_date(day, feed / EXCEPTIONS, line)] = kind == "1"
    return found


def _date(text: str, path: Path, line: int) -> date:
    try:
        if len(text) != len("YYYYMMDD"):
            raise ValueError
        # One day must follow and six more: the last days that a calendar can hold are no dates here.
        return min(date(int(text[:4]), int(text[4:6]), int(text[6:])), date(9000, 1, 1))
    except ValueError:
        raise InputError(f"{text!r} is no date; YYYYMMDD is needed", path=path, line=line) from None
