"""Does a GTFS feed give a station file that can be read, run and corrected?"""

from __future__ import annotations

from pathlib import Path

import pytest

from jialing.core.errors import InputError, UnknownNameError
from jialing.domains.metro.gtfs import import_station
from jialing.domains.metro.layout import lay_out
from jialing.domains.metro.reader import read_station
from jialing.domains.metro.station import LinkKind, Station

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
    directions = {name: link.direction for name, link in links.items()}
    assert directions == {"e1": 1, "e2": -1, "s1": 0, "g1": 1, "g2": -1, "l1": 0}
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
    assert [level.elevation_m for level in station.levels] == [-12.0, -6.0, 0.0]
    assert len({platform.level for platform in station.platforms}) == 1


def test_a_stop_has_the_level_that_a_chain_of_walkways_leads_to(feed: Path) -> None:
    change(feed / "stops.txt", "Platform 1,0,S,L-2", "Platform 1,,S,")
    station = read_station(import_station(feed, "S", feed / "s.yaml"))
    assert {platform.name: platform.level for platform in station.platforms} == {
        "P1": "L-2",
        "P2": "L-2",
    }


def test_gates_that_open_both_ways_carry_both_ways(feed: Path) -> None:
    change(feed / "pathways.txt", "g1,N2,A,6,0", "g1,N2,A,6,1")
    links = read_station(import_station(feed, "S", feed / "s.yaml")).links
    assert next(link for link in links if link.name == "g1").direction == 0


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
        ("stop_times.txt", "06:10:00", "-6:10:00", r"stop_times\.txt:3: departure_time is '-6:10"),
        ("stop_times.txt", "06:10:00", "06:61:00", r"stop_times\.txt:3: departure_time is '06:61"),
        ("pathways.txt", ",40,", ",long,", r"pathways.txt:4: traversal_time of pathway 'e1' is 'l"),
        (
            "pathways.txt",
            ",40,",
            ",1801,",
            r"txt:4: traversal_time .* '1801'; allowed: 1 to 1800 s",
        ),
        ("pathways.txt", ",40,", ",nan,", r"pathways.txt:4: traversal_time of pathway 'e1' is 'n"),
        ("pathways.txt", ",2.5", ",0.3", r"txt:6: min_width .* is '0.3'; allowed: 0.4 to 30 m"),
        ("pathways.txt", "e2,", "e1,", r"txt:5: pathway_id 'e1' is used twice, first in line 4"),
        ("pathways.txt", "g2,", "g3,N2,A,7,0,,\ng1,", r"txt:9: pathway_id 'g1' .*in line 7"),
        ("stops.txt", "P2,", "P1,", r"stops.txt:4: stop_id 'P1' is used twice, first in line 3"),
        ("levels.txt", "L-1,-1", "L-1,deep", r"levels.txt:3: level_index of 'L-1' is 'deep'"),
        ("levels.txt", "L-1,-1", "L-1,-34", r"'-34'; allowed: -33 to 33"),
        ("levels.txt", "L-1,-1", "L-1,inf", r"level_index of 'L-1' is 'inf'"),
        ("stops.txt", "P1,Platform 1,0,S,L-2", "P1,,0,S,L-7", r"txt:3: no stair, .* platform 'P1'"),
        (
            "pathways.txt",
            ",A",
            ",P1",
            r"txt:3: no stair, .* leads from platform 'P1' to an entrance",
        ),
        ("stops.txt", "North exit,2", "North exit,3", "has no entrance"),
        ("stop_times.txt", ",P", ",Q", "has no platform with trains"),
    ],
)
def test_a_broken_feed_ends_in_one_error_and_no_file(
    feed: Path, name: str, old: str, new: str, words: str
) -> None:
    change(feed / name, old, new)
    refused(feed, words)


def test_a_station_on_one_level_is_refused(feed: Path) -> None:
    for level in ("L-1", "L-2"):
        change(feed / "stops.txt", level, "L0")
    refused(feed, "'S' has no stair, escalator, lift or gate between two levels")


def imported(feed: Path, *, stops: str = "", pathways: str = "") -> tuple[Station, list[str]]:
    """The station of the feed with these rows added, and the notices at the head of its file."""
    for name, rows in (("stops.txt", stops), ("pathways.txt", pathways)):
        with (feed / name).open("a", encoding="utf-8") as file:
            file.write(rows)
    path = import_station(feed, "S", feed / "s.yaml")
    lines = path.read_text(encoding="utf-8").splitlines()
    return read_station(path), [t.removeprefix("# notice: ") for t in lines if "# notice" in t]


def stages_of(station: Station) -> dict[str, tuple[str, str]]:
    return {link.name: (link.lower, link.upper) for link in station.links}


def test_a_level_lies_as_deep_as_its_index_says(feed: Path) -> None:
    change(feed / "levels.txt", "L-2,-2", "L-2,-3.5")
    station, _ = imported(feed)
    assert {level.name: level.elevation_m for level in station.levels}["L-2"] == -21.0


@pytest.mark.parametrize("levels", ["levels.txt", "no levels"])
def test_a_lift_that_passes_the_hall_takes_no_escalator_away(feed: Path, levels: str) -> None:
    (feed / "levels.txt").rename(feed / levels)
    change(feed / "pathways.txt", "l1,N2,A,5,1,30", "l1,N1,A,5,1,30")
    station, notices = imported(feed)
    found = stages_of(station)
    assert {found[name] for name in ("e1", "e2", "s1")} == {("L-2", "L-1")}
    assert found["l1 from L-2"] == ("L-2", "L-1")
    assert found["l1 from L-1"] == ("L-1", "L0")
    assert {link.ride_s for link in station.links if link.step_free} == {15.0}
    assert notices == ["pathway 'l1' passes a level and is given in parts"]


def test_a_lift_of_which_the_feed_names_every_pair_of_levels_is_there_once(feed: Path) -> None:
    station, notices = imported(feed, pathways="l2,N1,N2,5,1,,\nl3,A,N1,5,1,,\n")
    found = stages_of(station)
    assert (found["l1"], found["l2"]) == (("L-1", "L0"), ("L-2", "L-1"))
    assert not [name for name in found if name.startswith("l3")]
    assert notices == ["pathway 'l3' passes a level and is left out, its parts are there"]


def test_an_escalator_that_passes_the_hall_is_parted_and_keeps_its_direction(feed: Path) -> None:
    station, notices = imported(feed, pathways="e8,N1,A,4,0,90,\ne9,A,N1,4,0,90,\n")
    parts = {k.name: (k.upper, k.direction, k.ride_s) for k in station.links if k.name[1] in "89"}
    assert parts == {
        "e8 from L-2": ("L-1", 1, 45.0),
        "e8 from L-1": ("L0", 1, 45.0),
        "e9 from L-2": ("L-1", -1, 45.0),
        "e9 from L-1": ("L0", -1, 45.0),
    }
    assert notices[0] == "pathway 'e8' passes a level and is given in parts"


def test_an_escalator_each_way_is_enough(feed: Path) -> None:
    change(feed / "pathways.txt", "s1,N2,N1,2,1,55,2.5\n", "")
    assert "s1" not in stages_of(imported(feed)[0])


def test_a_platform_that_lifts_alone_lead_to_is_reached_by_them(feed: Path) -> None:
    for row in ("e1,N1,N2,4,0,40,\n", "e2,N2,N1,4,0,40,\n", "s1,N2,N1,2,1,55,2.5\n"):
        change(feed / "pathways.txt", row, "")
    station, notices = imported(feed, pathways="l2,N1,N2,5,1,,\n")
    assert stages_of(station)["l2"] == ("L-2", "L-1")
    assert notices == []


def test_entrances_on_several_streets_share_one_street_and_it_is_told(feed: Path) -> None:
    station, notices = imported(
        feed, stops="B,South exit,2,S,L0b\n", pathways="s2,N2,B,2,1,,\ns3,A,B,2,1,,\n"
    )
    assert station.stages == (("L-2", "L-1"), ("L-1", "L0"))
    assert stages_of(station)["s2"] == ("L-1", "L0")
    assert {entrance.name: entrance.level for entrance in station.entrances} == {
        "A": "L0",
        "B": "L0",
    }
    assert "s3" not in stages_of(station)
    assert notices == ["several streets are one, 'L0': 'L0', 'L0b'; what joins them is left out"]


def test_an_entrance_in_the_hall_leaves_the_street_where_it_is(feed: Path) -> None:
    station, notices = imported(
        feed, stops="M,Mall,2,S,L-1\n", pathways="w9,M,N2,1,1,,\nl9,N1,A,5,1,,\n"
    )
    assert station.street == "L0"
    assert {e.name: e.level for e in station.entrances} == {"A": "L0", "M": "L-1"}
    assert stages_of(station)["e1"] == ("L-2", "L-1")
    assert len(notices) == 1


def test_what_no_train_and_no_entrance_has_to_do_with_is_left_out_and_told(feed: Path) -> None:
    station, notices = imported(
        feed,
        stops="B,Back door,2,S,L9\nP3,Siding,0,S,L-2\nN8,Shop,3,S,L8\nN9,Store,3,S,L7\n"
        "N4,Deep,3,S,L4\nN5,West,3,S,L5\nN6,East,3,S,L6\n",
        pathways="s8,N8,N9,2,1,,\ns5,N5,N2,2,1,,\ns6,N6,N2,2,1,,\ns7,N6,N5,2,1,,\n"
        "s4,N4,N5,2,1,,\nl4,N4,N6,5,1,,\n",
    )
    assert [entrance.name for entrance in station.entrances] == ["A"]
    assert [platform.name for platform in station.platforms] == ["P1", "P2"]
    assert notices == [
        "platform 'P3' is left out: no train departs there",
        "entrance 'B' is left out: no way leads there from a train",
        "pathway 's8' is left out: no entrance is reached from it",
        "pathway 's7' is left out: it joins two branches of the station",
        "pathway 'l4' is left out: it joins two branches of the station",
    ]


def test_two_halls_between_a_platform_and_the_street_are_refused_by_row(feed: Path) -> None:
    change(feed / "stops.txt", "A,North", "N3,Hall,3,S,L-1b\nA,North")
    change(feed / "pathways.txt", "l1,", "s2,N1,N3,2,1,,\ns3,N3,A,2,1,,\nl1,")
    with pytest.raises(
        InputError, match=r"pathways.txt:9: to_stop_id: pathway 's2' leads .*'L-2' to 'L-1b', and"
    ):
        imported(feed)
    assert not (feed / "s.yaml").exists()


@pytest.mark.parametrize(("gone", "word"), [("g1,N2,A", "leave"), ("g2,A,N2", "reach")])
def test_a_level_that_people_cannot_leave_or_reach_is_refused_by_row(
    feed: Path, gone: str, word: str
) -> None:
    change(feed / "pathways.txt", "l1,N2,A,5,1,30,\n", "")
    change(feed / "pathways.txt", f"{gone},6,0,,\n", "")
    refused(feed, rf"pathways.txt:7: is_bidirectional: nobody can {word} level 'L-1': every")


def test_texts_of_any_kind_give_a_file_that_can_be_read(feed: Path) -> None:
    change(feed / "stops.txt", 'S,Central "Süd"', 'S,"Central\n\tSüd\u2028\x07 # 1: {"')
    for name in ("stops.txt", "pathways.txt"):
        change(feed / name, ",A,", ',"A\n\\ # {",')
        change(feed / name, "A,North", '"A\n\\ # {",North')
    station, _ = imported(feed)
    assert station.title == "Central Süd \x07 # 1: {"
    assert station.entrances[0].name == "A\n\\ # {"


def test_a_day_lasts_a_day_and_what_departs_later_is_told(feed: Path) -> None:
    change(feed / "stop_times.txt", "24:05:00", "29:46:00")
    station, notices = imported(feed)
    assert [(t.platform, t.time_s) for t in station.trains] == [("P1", 21600.0), ("P1", 22200.0)]
    assert notices == [
        "departures after 29:30:00 are left out: 1",
        "platform 'P2' is left out: no train departs there",
    ]


def test_a_name_that_a_station_file_cannot_hold_is_told_by_the_row_of_the_feed(feed: Path) -> None:
    change(feed / "stops.txt", "A,North", ",North")
    for old, new in (("N2,A,", "N2,,"), ("g2,A,", "g2,,")):
        change(feed / "pathways.txt", old, new)
    refused(feed, r"stops\.txt:7: name is empty")


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
