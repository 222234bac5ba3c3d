"""What does a GTFS feed know of a station? A first station file from its pathways, stops and times.

A feed tells levels, links, traversal times and trains, but neither demand nor areas nor which
escalators are reversible: what it does not tell is put in as a stated guess, marked ``# guess``.

Source: GTFS Schedule reference: pathways.txt (pathway_mode 2 stairs, 4 escalator, 5 elevator,
6 fare gate), stops.txt (location_type 0 platform, 1 station, 2 entrance, 3 node, 4 boarding area),
stop_times.txt, trips.txt, calendar.txt, calendar_dates.txt, levels.txt.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from jialing.core.errors import InputError, UnknownNameError
from jialing.domains.metro.feed import Row, columns, table, unique
from jialing.domains.metro.fields import SECTIONS
from jialing.domains.metro.nodes import LATEST_S
from jialing.domains.metro.pathways import Way, ascent
from jialing.domains.metro.reader import read_station
from jialing.domains.metro.service_day import busiest_day, has_calendar
from jialing.domains.metro.yaml_file import quoted

LEVEL_RISE_M = 6.0
GUESS = "  # guess"
NOTICE = "# notice: "
PLATFORM_M2, HALL_M2 = 600, 400
BESIDE_S = 900  # open so long before the first train and after the last [s]
DAY_S = 86_400
TIME = re.compile(r"(\d{1,3}):([0-5]?\d):([0-5]?\d)")
_ELEVATION = next(entry for entry in SECTIONS["level"] if entry.name == "elevation_m")

Line = tuple[str, Row | None]  # of the station file, and the row that it comes from


def import_station(feed: str | Path, station: str, target: str | Path) -> Path:
    """Write a station file from the unpacked feed in folder `feed`; returns its path.

    What had to be simplified stands at its head, in lines that begin with ``# notice:``. Raises
    InputError for a feed that gives no station that can be read, UnknownNameError for another
    station; then there is no file. An existing one is not overwritten.
    """
    feed, target = Path(feed), Path(target)
    try:
        file = target.open("x", encoding="utf-8")
    except FileExistsError:
        raise InputError("exists already; choose another name, or remove it", path=target) from None
    try:
        with file:
            lines = list(_lines(feed, station))
            file.writelines(f"{text}\n" for text, _ in lines)
        _check(target, feed, [row for _, row in lines])
    except BaseException:
        target.unlink()
        raise
    return target


def _check(target: Path, feed: Path, rows: Sequence[Row | None]) -> None:
    """Read the station file; what is wrong in one of its lines is told of the feed's row."""
    try:
        read_station(target)
    except InputError as error:
        row = dict(enumerate(rows, start=1)).get(error.line or 0)
        if row is not None:
            row.fail(error.message)
        raise InputError(f"gives no station: {error.message}", path=feed) from None


def _lines(feed: Path, station: str) -> Iterator[Line]:
    rows = table(feed, "stops.txt", ("stop_id",))
    stops = {row["stop_id"]: row for row in rows}
    if station not in stops:
        known = [k for k, row in stops.items() if row.get("location_type") == "1"]
        raise UnknownNameError("station of this feed", station, known)
    own = {k: row for k, row in stops.items() if _parent(stops, k) == station}
    platforms = [k for k, row in own.items() if row.get("location_type") in ("", "0")]
    entrances = [k for k, row in own.items() if row.get("location_type") == "2"]
    pathways = table(
        feed,
        "pathways.txt",
        ("pathway_id", "from_stop_id", "to_stop_id", "pathway_mode", "is_bidirectional"),
    )
    pathways = [row for row in pathways if row["from_stop_id"] in own and row["to_stop_id"] in own]
    unique([row for row in rows if row["stop_id"] in own], "stop_id")
    unique(pathways, "pathway_id")
    times, remark = _trains(feed, set(platforms))
    times, notices = _one_day(times, platforms)
    if not times or not entrances:
        what = "platform with trains" if not times else "entrance"
        raise InputError(f"station {station!r} has no {what}", path=feed / "stops.txt")
    index = _indices(feed, own)
    found = ascent(own, pathways, list(times), entrances, index)
    if not found.ways:
        raise InputError(
            f"station {station!r} has no stair, escalator, lift or gate between two levels",
            path=feed / "pathways.txt",
        )
    for line in (
        "# From GTFS. What the feed does not tell is marked as a guess: put in your own.",
        *(NOTICE + notice for notice in (*notices, *found.notices)),
        f"station: {quoted(station)}",
        f"title: {quoted(' '.join(stops[station].get('stop_name').split()) or station)}",
        f'open: "{_clock(max(min(at[0] for at in times.values()) - BESIDE_S, 0))}"',
        f'close: "{_clock(max(at[-1] for at in times.values()) + BESIDE_S)}"',
        "levels:",
    ):
        yield line, None
    for level, elevation_m in _elevations(found.ways, index).items():
        yield (
            (
                f"  - {{name: {quoted(level)}, elevation_m: {elevation_m:g}, area_m2: {HALL_M2}}}"
                f"{GUESS}"
            ),
            None,
        )
    yield "platforms:", None
    for share, platform in zip(_shares(len(times)), times, strict=True):
        yield (
            (
                f"  - {{name: {quoted(platform)}, level: {quoted(found.floor[platform])}, "
                f"area_m2: {PLATFORM_M2}, share: {share}, walk_s: 30}}{GUESS}"
            ),
            own[platform],
        )
    yield "links:", None
    for way in found.ways:
        yield _link(way), way.row
    yield "entrances:", None
    for share, entrance in zip(_shares(len(found.entrances)), found.entrances, strict=True):
        yield (
            (
                f"  - {{name: {quoted(entrance)}, level: {quoted(found.floor[entrance])}, "
                f"share: {share}, capacity_p_min: 200}}{GUESS}"
            ),
            own[entrance],
        )
    for line in (
        "demand:" + GUESS,
        '  alighting: {base_p_h: 600, peaks: [{at: "08:30", width_min: 40, p_h: 3000}]}',
        '  entering: {base_p_h: 600, peaks: [{at: "18:00", width_min: 40, p_h: 3000}]}',
        "timetable:" + remark,
    ):
        yield line, None
    for platform, at in times.items():
        stops_at = ", ".join(f'"{_clock(time_s)}"' for time_s in at)
        yield f"  - {{platform: {quoted(platform)}, times: [{stops_at}]}}", own[platform]


def _parent(stops: Mapping[str, Row], name: str) -> str:
    """The station that a stop belongs to, through boarding areas too."""
    for _ in range(3):
        parent = stops[name].get("parent_station") if name in stops else ""
        if not parent:
            return name
        name = parent
    return name


def _trains(feed: Path, platforms: set[str]) -> tuple[dict[str, list[int]], str]:
    """Departures at each platform, rising, each second once [s]; and a remark on whose they are.

    Those of one service day, the busiest weekday; of all days where the feed has no calendar.
    """
    times = _times(feed, platforms)
    taken, remark = tuple(times), GUESS + ": the feed has no calendar; these are all its trains"
    if times and has_calendar(feed):
        trains = {name: sum(map(len, at.values())) for name, at in times.items()}
        day = busiest_day(feed, trains)
        taken = day.services
        remark = f"  # trains of {day}"
    found: dict[str, set[int]] = defaultdict(set)
    for service in taken:
        for platform, seconds in times[service].items():
            found[platform] |= seconds
    return {name: sorted(seconds) for name, seconds in found.items()}, remark


def _times(feed: Path, platforms: set[str]) -> dict[str, dict[str, set[int]]]:
    """Service -> platform -> departures [s]; without a calendar all are of one service.

    A trip of `frequencies.txt` is a pattern: it departs every so often, and its times tell how
    long after its first stop it is where.
    """
    service: dict[str, str] | None = None
    if has_calendar(feed):
        trips = columns(feed, "trips.txt", ("trip_id", "service_id"))
        service = {trip: name for _, (trip, name) in trips}
    repeated = _repeated(feed)
    needed = ["stop_id", "departure_time"]
    if service is not None or repeated:
        needed.append("trip_id")
    found: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    begins: dict[str, int] = {}
    patterns: list[tuple[str, str, str, int]] = []
    path = feed / "stop_times.txt"
    for line, (stop, text, *trips_here) in columns(feed, path.name, needed):
        trip = trips_here[0] if trips_here else ""
        if not text or (stop not in platforms and trip not in repeated):
            continue
        at_s = _seconds(text, "departure_time", path, line)
        if trip in repeated:
            begins[trip] = min(begins.get(trip, at_s), at_s)
        if stop not in platforms:
            continue
        if service is not None and trip not in service:
            raise InputError(f"trip {trip!r} is not in trips.txt", path=path, line=line)
        own = "" if service is None else service[trip]
        if trip in repeated:
            patterns.append((own, stop, trip, at_s))
        else:
            found[own][stop].add(at_s)
    for own, stop, trip, at_s in patterns:
        for starts in repeated[trip]:
            found[own][stop].update(start_s + at_s - begins[trip] for start_s in starts)
    return found


def _repeated(feed: Path) -> dict[str, list[range]]:
    """Trip -> when it begins, again and again [s], for the trips of `frequencies.txt`."""
    found: dict[str, list[range]] = defaultdict(list)
    path = feed / "frequencies.txt"
    if not path.is_file():
        return found
    needed = ("trip_id", "start_time", "end_time", "headway_secs")
    for line, (trip, start, end, headway) in columns(feed, path.name, needed):
        start_s = _seconds(start, "start_time", path, line)
        end_s = _seconds(end, "end_time", path, line)
        if not (headway.isdecimal() and int(headway) > 0):
            raise InputError(
                f"headway_secs is {headway!r}; it must be a whole number above 0",
                path=path,
                line=line,
            )
        found[trip].append(range(start_s, end_s, int(headway)))
    return found


def _seconds(text: str, column: str, path: Path, line: int) -> int:
    """A time of a feed [s]; hours may be above 24."""
    found = TIME.fullmatch(text)
    if found is None:
        raise InputError(f"{column} is {text!r}; HH:MM:SS is needed", path=path, line=line)
    hours, minutes, seconds = (int(part) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def _one_day(
    times: Mapping[str, Sequence[int]], platforms: Sequence[str]
) -> tuple[dict[str, list[int]], list[str]]:
    """The departures within one day of opening, platform by platform, and what is left out for it."""
    first = min((at[0] for at in times.values() if at), default=0)
    last = min(max(first - BESIDE_S, 0) + DAY_S, int(LATEST_S)) - BESIDE_S
    kept = {name: [t for t in times.get(name, ()) if t <= last] for name in platforms}
    late = sum(map(len, times.values())) - sum(map(len, kept.values()))
    empty = ", ".join(repr(name) for name, at in kept.items() if not at)
    notices = [f"departures after {_clock(last)} are left out: {late}"] if late else []
    notices += [f"platform {empty} is left out: no train departs there"] if empty else []
    return {name: at for name, at in kept.items() if at}, notices


def _indices(feed: Path, own: Mapping[str, Row]) -> dict[str, float]:
    """The `level_index` of the levels of these stops, where the feed has one."""
    levels = {row.get("level_id") for row in own.values()}
    most = _ELEVATION.high / LEVEL_RISE_M
    found = {}
    for row in table(feed, "levels.txt", ("level_id", "level_index"), optional=True):
        if row["level_id"] in levels:
            try:
                value = float(row["level_index"])
            except ValueError:
                value = float("nan")
            if not -most <= value <= most:
                row.fail(
                    f"level_index of {row['level_id']!r} is {row['level_index']!r}; "
                    f"allowed: {-most:.0f} to {most:.0f}"
                )
            found[row["level_id"]] = value
    return found


def _elevations(ways: Sequence[Way], index: Mapping[str, float]) -> dict[str, float]:
    """Elevation of each level [m]: by its index, or else by how many ways it lies below the street."""
    above = {way.lower: way.upper for way in ways}
    found = {}
    for level in dict.fromkeys([*above, *above.values()]):
        below, at = 0, level
        while at in above:
            below, at = below + 1, above[at]
        found[level] = LEVEL_RISE_M * index.get(level, -below)
    return found


def _link(way: Way) -> str:
    parts = [
        f"name: {quoted(way.name)}",
        f"kind: {way.kind}",
        f"from: {quoted(way.lower)}",
        f"to: {quoted(way.upper)}",
        f"ride_s: {way.ride_s:g}",
    ]
    if not (way.up and way.down):
        parts.append(f"direction: {'up' if way.up else 'down'}")
    if way.kind == "escalator":
        parts.append("reversible: false")
    if way.kind == "stair":
        parts.append(f"width_m: {way.width_m:g}")
    if way.kind != "gate":
        parts.append(f"rise_m: {LEVEL_RISE_M:g}")
    if way.kind == "lift":
        parts.append("capacity_p_min: 12")
    if way.kind == "gate":
        parts.append("gates: 4")
    return f"  - {{{', '.join(parts)}}}{GUESS}"


def _shares(count: int) -> list[float]:
    """`count` shares of three decimals that add up to 1."""
    shares = [round(1.0 / count, 3)] * (count - 1)
    return [*shares, round(1.0 - sum(shares), 3)]


def _clock(time_s: int) -> str:
    return f"{time_s // 3600:02d}:{time_s // 60 % 60:02d}:{time_s % 60:02d}"
