"""Does a GTFS feed give a station file that can be read, run and corrected?"""

from __future__ import annotations

from pathlib import Path

import pytest

from jialing.core.errors import InputError, UnknownNameError
from jialing.domains.metro.gtfs import import_station
from jialing.domains.metro.layout import lay_out
from jialing.domains.metro.reader import read_station
from jialing.domains.metro.station import LinkKind

STOPS = """\
stop_id,stop_name,location_type,parent_station,level_id
S,Central "Süd",1,,
P1,Platform 1,0,S,L-2
P2,Platform 2,0,S,L-2
N1,Landing,3,S,
N2,Hall,3,S,L-1
A,North exit,2,S,L0
X,Elsewhere,0,,
"""
LEVELS = "level_id,level_index\nL0,0\nL-1,-1\nL-2,-2\n"
PATHWAYS = """\
pathway_id,from_stop_id,to_stop_id,pathway_mode,is_bidirectional,traversal_time,min_width
w1,P1,N1,1,1,20,
w2,P2,N1,1,1,20,
e1,N1,N2,4,0,40,
e2,N2,N1,4,0,40,
s1,N2,N1,2,1,55,2.5
g1,N2,A,6,0,,
g2,A,N2,6,0,,
l1,N2,A,5,1,30,
"""
TIMES = """\
trip_id,stop_id,departure_time,arrival_time
t1,P1,06:00:00,05:59:30
t2,P1,06:10:00,06:09:30
t3,P2,24:05:00,24:04:30
t4,X,07:00:00,07:00:00
"""


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    for name, text in (
        ("stops.txt", STOPS),
        ("levels.txt", LEVELS),
        ("pathways.txt", PATHWAYS),
        ("stop_times.txt", TIMES),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def refused(feed: Path, words: str) -> None:
    """The feed ends in one error with these words, and in no file."""
    with pytest.raises(InputError, match=words):
        import_station(feed, "S", feed / "s.yaml")
    assert not (feed / "s.yaml").exists()


def test_a_feed_gives_a_station_that_can_be_read_and_laid_out(feed: Path) -> None:
    station = read_station(import_station(feed, "S", feed / "s.yaml"))
    lay_out(station)
    assert station.title == 'Central "Süd"'
    assert station.street == "L0"
    assert station.stages == (("L-2", "L-1"), ("L-1", "L0"))
    links = {link.name: link for link in station.links}
    assert set(links) == {"e1", "e2", "s1", "g1", "g2", "l1"}
    assert (links["e1"].direction, links["e2"].direction) == (1, -1)
    assert (links["e1"].ride_s, links["s1"].ride_s) == (40.0, 55.0)
    assert links["s1"].capacity_p_s == pytest.approx(2.5 * 28 / 60)
    assert links["l1"].kind is LinkKind.LIFT
    assert [(t.platform, t.time_s) for t in station.trains] == [
        ("P1", 21600.0),
        ("P1", 22200.0),
        ("P2", 86700.0),
    ]
    assert sum(p.share for p in station.platforms) == pytest.approx(1.0)
    assert {level.name: level.elevation_m for level in station.levels}["L-2"] == -12.0


def test_what_the_feed_does_not_tell_is_marked_as_a_guess(feed: Path) -> None:
    text = import_station(feed, "S", feed / "s.yaml").read_text(encoding="utf-8")
    assert text.count("# guess") >= 12


def test_stops_without_levels_are_told_apart_by_their_walkways(feed: Path) -> None:
    plain = "\n".join(line.rsplit(",", 1)[0] for line in STOPS.splitlines())
    (feed / "stops.txt").write_text(plain, encoding="utf-8")
    (feed / "levels.txt").unlink()
    station = read_station(import_station(feed, "S", feed / "s.yaml"))
    assert len(station.levels) == 3
    assert len({platform.level for platform in station.platforms}) == 1


def test_an_existing_file_is_left_alone(feed: Path) -> None:
    (feed / "s.yaml").write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        import_station(feed, "S", feed / "s.yaml")
    assert (feed / "s.yaml").read_text() == "mine"


def test_an_unknown_station_names_those_that_exist(feed: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"not a station of this feed.*Known: S"):
        import_station(feed, "Z", feed / "s.yaml")


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("stop_times.txt", "06:10:00", "six", r"stop_times\.txt:3: departure_time is 'six'"),
        ("pathways.txt", "pathway_mode", "mode", r"pathways\.txt:1: column 'pathway_mode'"),
        ("pathways.txt", ",40,", ",long,", r"traversal_time of pathway 'e1' is 'long'"),
        ("levels.txt", "L-1,-1", "L-1,deep", r"level_index of 'L-1' is 'deep'"),
        ("stops.txt", "North exit,2", "North exit,3", "has no entrance"),
        ("stop_times.txt", ",P", ",Q", "has no platform with trains"),
    ],
)
def test_a_broken_feed_ends_in_one_error_and_no_file(
    feed: Path, name: str, old: str, new: str, words: str
) -> None:
    change(feed / name, old, new)
    refused(feed, words)


def test_a_feed_without_pathways_says_which_file_it_needs(feed: Path) -> None:
    (feed / "pathways.txt").unlink()
    with pytest.raises(InputError, match=r"no pathways\.txt"):
        import_station(feed, "S", feed / "s.yaml")


WEEK = "monday,tuesday,wednesday,thursday,friday,saturday,sunday"
CALENDAR = f"""\
service_id,{WEEK},start_date,end_date
WD,1,1,1,1,1,0,0,20260301,20261231
SU,0,0,0,0,0,1,1,20260301,20261231
ELSEWHERE,1,1,1,1,1,1,1,20000101,20991231
"""
TRIPS = "route_id,service_id,trip_id\nr,WD,t1\nr,SU,t2\nr,WD,t3\nr,ELSEWHERE,t4\nr,FAIR,t5\n"


def trains(feed: Path) -> tuple[list[tuple[str, float]], str]:
    """The timetable that a feed gives, and what the file says of it."""
    (feed / "s.yaml").unlink(missing_ok=True)
    path = import_station(feed, "S", feed / "s.yaml")
    (remark,) = (
        line.partition("#")[2].strip()
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("timetable:")
    )
    return [(t.platform, t.time_s) for t in read_station(path).trains], remark


def test_the_trains_are_those_of_one_service_day_the_busiest_weekday(feed: Path) -> None:
    (feed / "trips.txt").write_text(TRIPS)
    (feed / "calendar.txt").write_text(CALENDAR)
    found, remark = trains(feed)
    assert found == [("P1", 21600.0), ("P2", 86700.0)]
    assert remark == "trains of Monday, 2026-03-02, the busiest weekday; services: WD"
    (feed / "calendar_dates.txt").write_text(
        "service_id,date,exception_type\nSU,20260501,1\nSU,20260503,1\nWD,20260302,2\n"
    )
    found, remark = trains(feed)
    assert [name for name, _ in found] == ["P1", "P1", "P2"]
    assert remark == "trains of Friday, 2026-05-01, the busiest weekday; services: SU, WD"


def test_exceptions_alone_are_a_calendar_too_and_a_weekend_will_do(feed: Path) -> None:
    (feed / "trips.txt").write_text(TRIPS)
    (feed / "calendar_dates.txt").write_text(
        "service_id,date,exception_type\nSU,20260502,1\nWD,20260503,1\n"
    )
    found, remark = trains(feed)
    assert found == [("P1", 21600.0), ("P2", 86700.0)]
    assert remark.startswith(
        "trains of Sunday, 2026-05-03, the busiest day of the weekend; no train"
    )


def test_a_feed_without_a_calendar_gives_all_its_trains_and_says_so(feed: Path) -> None:
    found, remark = trains(feed)
    assert len(found) == 3
    assert remark == "guess: the feed has no calendar; these are all its trains"


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("calendar.txt", "20260301", "2026-3-1", r"calendar\.txt:2: '2026-3-1' is no date"),
        ("calendar.txt", "20261231", "20260230", r"calendar\.txt:2: '20260230' is no date"),
        ("calendar.txt", "monday", "mon", r"calendar\.txt:1: column 'monday' is missing"),
        ("calendar.txt", "20261231", "20250101", r"no train stops .* any day.*: SU, WD"),
        ("trips.txt", "t3", "t9", r"stop_times\.txt:4: trip 't3' is not in trips\.txt"),
        ("calendar_dates.txt", ",1", ",3", r"calendar_dates\.txt:2: exception_type is '3'"),
    ],
)
def test_a_calendar_that_cannot_be_read_is_named_by_its_line(
    feed: Path, name: str, old: str, new: str, words: str
) -> None:
    (feed / "trips.txt").write_text(TRIPS)
    (feed / "calendar.txt").write_text(CALENDAR)
    (feed / "calendar_dates.txt").write_text(
        "service_id,date,exception_type\nELSEWHERE,20260501,1\nFAIR,20260503,1\n"
    )
    if name == "calendar_dates.txt":
        (feed / name).write_text("service_id,date,exception_type\nWD,20260501,1\n")
    change(feed / name, old, new)
    refused(feed, words)


def test_a_calendar_needs_the_trips_of_its_services(feed: Path) -> None:
    (feed / "calendar.txt").write_text(CALENDAR)
    with pytest.raises(InputError, match=r"no trips\.txt; it needs trips\.txt with trip_id"):
        import_station(feed, "S", feed / "s.yaml")


def test_a_pattern_departs_as_often_as_its_frequency_says(feed: Path) -> None:
    (feed / "stop_times.txt").write_text(
        "trip_id,stop_id,departure_time,arrival_time\n"
        "t1,X,00:00:00,00:00:00\nt1,P1,00:04:00,00:04:00\nt2,P2,06:30:00,06:30:00\n"
    )
    (feed / "frequencies.txt").write_text(
        "trip_id,start_time,end_time,headway_secs\nt1,06:00:00,06:20:00,600\n"
    )
    found, _ = trains(feed)
    assert found == [("P1", 21840.0), ("P1", 22440.0), ("P2", 23400.0)]


@pytest.mark.parametrize("headway", ["0", "-60", "often", ""])
def test_a_frequency_without_a_headway_is_named_by_its_line(feed: Path, headway: str) -> None:
    (feed / "frequencies.txt").write_text(
        f"trip_id,start_time,end_time,headway_secs\nt1,06:00:00,23:00:00,{headway}\n"
    )
    with pytest.raises(InputError, match=r"frequencies\.txt:2: headway_secs is"):
        import_station(feed, "S", feed / "s.yaml")
