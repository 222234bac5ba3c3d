"""What does a GTFS feed know of a station? A first station file from its pathways, stops and times.

A feed tells levels, links, traversal times and trains, but neither demand nor areas nor which
escalators are reversible: what it does not tell is put in as a stated guess, marked ``# guess``.

Source: GTFS Schedule reference: pathways.txt (pathway_mode 2 stairs, 4 escalator, 5 elevator,
6 fare gate), stops.txt (location_type 0 platform, 1 station, 2 entrance, 3 node, 4 boarding area),
stop_times.txt, trips.txt, calendar.txt, calendar_dates.txt, levels.txt.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jialing.core.errors import InputError, UnknownNameError
from jialing.domains.metro.feed import Row, columns, table
from jialing.domains.metro.service_day import busiest_day, has_calendar

MODES = {"2": "stair", "4": "escalator", "5": "lift", "6": "gate", "7": "gate"}
LEVEL_RISE_M = 6.0
GUESS = "  # guess"
RIDE_S = {"stair": 30.0, "escalator": 30.0, "lift": 45.0, "gate": 2.0}
PLATFORM_M2, HALL_M2 = 600, 400


@dataclass(frozen=True, kw_only=True)
class Way:
    """A pathway between two levels, lower end nearer to the trains."""

    name: str
    kind: str
    lower: str
    upper: str
    both: bool
    up: bool
    ride_s: float
    width_m: float


def import_station(feed: str | Path, station: str, target: str | Path) -> Path:
    """Write a station file from the unpacked feed in folder `feed`; returns its path.

    Raises InputError for a feed that cannot be used, UnknownNameError for another station. An
    existing file is not overwritten.
    """
    feed, target = Path(feed), Path(target)
    if target.exists():
        raise InputError("exists already; choose another name, or remove it", path=target)
    text = "\n".join(_lines(feed, station)) + "\n"
    target.write_text(text, encoding="utf-8")
    return target


def _lines(feed: Path, station: str) -> Iterator[str]:
    stops = {row["stop_id"]: row for row in table(feed, "stops.txt", ("stop_id",))}
    if station not in stops:
        known = [k for k, row in stops.items() if row.get("location_type") == "1"]
        raise UnknownNameError("station of this feed", station, known)
    own = {k: row for k, row in stops.items() if _parent(stops, k) == station}
    platforms = [k for k, row in own.items() if row.get("location_type", "") in ("", "0")]
    entrances = [k for k, row in own.items() if row.get("location_type") == "2"]
    pathways = table(
        feed,
        "pathways.txt",
        ("pathway_id", "from_stop_id", "to_stop_id", "pathway_mode", "is_bidirectional"),
    )
    pathways = [row for row in pathways if row["from_stop_id"] in own and row["to_stop_id"] in own]
    times, remark = _trains(feed, set(platforms))
    served = [name for name in platforms if times.get(name)]
    if not served or not entrances:
        what = "platform with trains" if not served else "entrance"
        raise InputError(f"station {station!r} has no {what}", path=feed / "stops.txt")
    floor = _floors(own, pathways)
    ways = list(_ways(feed, pathways, floor, [floor[e] for e in entrances]))
    if not ways:
        raise InputError(
            f"station {station!r} has no stair, escalator, lift or gate between two levels",
            path=feed / "pathways.txt",
        )
    name = stops[station].get("stop_name") or station
    yield f"# {name}, from GTFS. What the feed does not tell is marked as a guess: put in your own."
    yield f"station: {_quoted(station)}"
    yield f"title: {_quoted(name)}"
    first = min(t for name in served for t in times[name])
    last = max(t for name in served for t in times[name])
    yield f'open: "{_clock(max(first - 900, 0))}"'
    yield f'close: "{_clock(min(last + 900, first + 85_500))}"'
    yield "levels:"
    levels = _levels(feed, own, floor)
    for level in dict.fromkeys([*(w.lower for w in ways), *(w.upper for w in ways)]):
        yield (
            f"  - {{name: {_quoted(level)}, elevation_m: {levels[level]:g}, area_m2: {HALL_M2}}}"
            f"{GUESS}"
        )
    yield "platforms:"
    for share, platform in zip(_shares(len(served)), served, strict=True):
        yield (
            f"  - {{name: {_quoted(platform)}, level: {_quoted(floor[platform])}, "
            f"area_m2: {PLATFORM_M2}, share: {share}, walk_s: 30}}{GUESS}"
        )
    yield "links:"
    for way in ways:
        yield _link(way)
    yield "entrances:"
    for share, entrance in zip(_shares(len(entrances)), entrances, strict=True):
        yield (
            f"  - {{name: {_quoted(entrance)}, level: {_quoted(floor[entrance])}, share: {share}, "
            f"capacity_p_min: 200}}{GUESS}"
        )
    yield "demand:" + GUESS
    yield '  alighting: {base_p_h: 600, peaks: [{at: "08:30", width_min: 40, p_h: 3000}]}'
    yield '  entering: {base_p_h: 600, peaks: [{at: "18:00", width_min: 40, p_h: 3000}]}'
    yield "timetable:" + remark
    for platform in served:
        stops_at = ", ".join(f'"{_clock(t)}"' for t in times[platform] if t <= first + 84_600)
        yield f"  - {{platform: {_quoted(platform)}, times: [{stops_at}]}}"


def _parent(stops: Mapping[str, Row], name: str) -> str:
    """The station that a stop belongs to, through boarding areas too."""
    for _ in range(3):
        parent = stops.get(name, {}).get("parent_station", "")
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
    try:
        hours, minutes, seconds = (int(part) for part in text.split(":"))
    except ValueError:
        raise InputError(
            f"{column} is {text!r}; HH:MM:SS is needed", path=path, line=line
        ) from None
    return hours * 3600 + minutes * 60 + seconds


def _floors(own: Mapping[str, Row], pathways: Sequence[Row]) -> dict[str, str]:
    """A level for every stop: its own, or one for all that are joined by walkways."""
    floor = {name: row.get("level_id", "") for name, row in own.items()}
    joined: dict[str, set[str]] = {name: set() for name in own}
    for row in pathways:
        if row["pathway_mode"] not in MODES:
            joined[row["from_stop_id"]].add(row["to_stop_id"])
            joined[row["to_stop_id"]].add(row["from_stop_id"])
    for start in own:
        if floor[start]:
            continue
        group, waiting = {start}, deque([start])
        while waiting:
            for other in joined[waiting.popleft()] - group:
                group.add(other)
                waiting.append(other)
        known = sorted(floor[name] for name in group if floor[name])
        for name in group:
            floor[name] = floor[name] or (known[0] if known else f"level of {min(group)}")
    return floor


def _ways(
    feed: Path, pathways: Sequence[Row], floor: Mapping[str, str], streets: Sequence[str]
) -> Iterator[Way]:
    """Pathways between levels, each turned so that it leads towards the street."""
    between = [
        row
        for row in pathways
        if row["pathway_mode"] in MODES and floor[row["from_stop_id"]] != floor[row["to_stop_id"]]
    ]
    distance = dict.fromkeys(streets, 0)
    waiting = deque(distance)
    while waiting:
        level = waiting.popleft()
        for row in between:
            ends = floor[row["from_stop_id"]], floor[row["to_stop_id"]]
            if level in ends:
                other = ends[1] if level == ends[0] else ends[0]
                if other not in distance:
                    distance[other] = distance[level] + 1
                    waiting.append(other)
    for row in between:
        start, end = floor[row["from_stop_id"]], floor[row["to_stop_id"]]
        if start not in distance or distance[start] == distance[end]:
            continue
        up = distance[end] < distance[start]
        kind = MODES[row["pathway_mode"]]
        yield Way(
            name=row["pathway_id"],
            kind=kind,
            lower=start if up else end,
            upper=end if up else start,
            both=row["is_bidirectional"] == "1",
            up=up,
            ride_s=_number(feed, row, "traversal_time") or RIDE_S[kind],
            width_m=_number(feed, row, "min_width"),
        )


def _number(feed: Path, row: Row, column: str) -> float:
    """A number of a pathway, 0 where it is not given."""
    text = row.get(column, "")
    try:
        value = float(text or 0.0)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < 1e5:
        raise InputError(
            f"{column} of pathway {row['pathway_id']!r} is {text!r}; a number from 0 is needed",
            path=feed / "pathways.txt",
        )
    return value


def _levels(feed: Path, own: Mapping[str, Row], floor: Mapping[str, str]) -> dict[str, float]:
    """Elevation of every level [m], from its index where the feed has one."""
    rows = table(feed, "levels.txt", ("level_id", "level_index"), optional=True)
    index = {row["level_id"]: row["level_index"] for row in rows}
    found = {}
    for i, level in enumerate(dict.fromkeys(floor[name] for name in own)):
        try:
            found[level] = LEVEL_RISE_M * float(index.get(level, -i))
        except ValueError:
            raise InputError(
                f"level_index of {level!r} is {index[level]!r}; a number is needed",
                path=feed / "levels.txt",
            ) from None
    return found


def _link(way: Way) -> str:
    parts = [
        f"name: {_quoted(way.name)}",
        f"kind: {way.kind}",
        f"from: {_quoted(way.lower)}",
        f"to: {_quoted(way.upper)}",
        f"ride_s: {max(way.ride_s, 1.0):g}",
    ]
    if way.kind == "escalator" or (way.kind == "gate" and not way.both):
        parts.append(f"direction: {'up' if way.up else 'down'}")
    if way.kind == "escalator":
        parts.append("reversible: false")
    if way.kind == "stair":
        parts.append(f"width_m: {way.width_m or 2.0:g}")
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


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _clock(time_s: int) -> str:
    return f"{time_s // 3600:02d}:{time_s // 60 % 60:02d}:{time_s % 60:02d}"
