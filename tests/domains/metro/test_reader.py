"""Does a station file say what it means, and does every wrong one end in one clear error?"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from jialing.core.errors import InputError
from jialing.domains.metro.fields import SECTIONS, json_schema
from jialing.domains.metro.inspect import inspect_file
from jialing.domains.metro.layout import lay_out
from jialing.domains.metro.numbers import NUMBERS
from jialing.domains.metro.picture import picture
from jialing.domains.metro.reader import escalator_p_min, persons, read_station, shipped
from jialing.domains.metro.station import LinkKind, Station

SMALL = """\
station: small
open: "06:00"
close: "24:30"
levels:
  - {name: street, elevation_m: 0, area_m2: 400}
  - {name: deep, elevation_m: -10, area_m2: 300}
platforms:
  - {name: P, level: deep, area_m2: 500, share: 1.0, walk_m: 40.2}
links:
  - {name: E1, kind: escalator, from: deep, to: street, direction: up, reversible: true}
  - {name: E2, kind: escalator, from: deep, to: street, direction: down, speed_m_s: 0.65}
  - {name: S, kind: stair, from: deep, to: street, width_m: 3}
  - {name: L, kind: lift, from: deep, to: street, persons: 10, cycle_s: 100}
entrances:
  - {name: A, level: street, share: 1.0, gates: 12, metered: true}
demand:
  alighting: {points: [["06:00", 0], ["08:00", 3600], ["24:00", 0]]}
  entering: {base_p_h: 100, peaks: [{at: "18:00", width_min: 30, p_h: 2000}]}
timetable:
  - {platform: P, times: ["06:10", "06:20:30", "24:05"]}
events:
  - {name: show, kind: egress, at: "22:00", persons: 3000, width_min: 10}
outages:
  - {link: E2, from: "10:00", to: "11:00"}
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "small.yaml"


def read(place: Path, text: str) -> Station:
    place.write_text(text, encoding="utf-8")
    return read_station(place)


def test_a_station_file_is_read_in_si(place: Path) -> None:
    station = read(place, SMALL)
    assert (station.open_s, station.close_s) == (6 * 3600.0, 24.5 * 3600.0)
    first, second, stair, lift = station.links
    assert first.kind is LinkKind.ESCALATOR
    assert first.capacity_p_s == pytest.approx(75 / 60)
    assert first.ride_s == pytest.approx(10 / math.sin(math.radians(30)) / 0.5)
    assert (first.reversible, first.direction, second.direction) == (True, 1, -1)
    assert second.capacity_p_s == pytest.approx(90 / 60)
    assert stair.capacity_p_s == pytest.approx(3 * 28 / 60)
    assert (stair.direction, lift.direction, lift.step_free) == (0, 0, True)
    assert lift.capacity_p_s == pytest.approx(2 * 10 / 100)
    assert lift.ride_s == 50.0
    assert station.platforms[0].walk_s == pytest.approx(30.0)
    assert station.entrances[0].capacity_p_s == pytest.approx(12 * 25 / 60)
    assert [train.time_s for train in station.trains] == [22200.0, 22830.0, 86700.0]
    assert station.alighting.rates_p_s == (0.0, 1.0, 0.0)
    assert station.events[0].width_s == 600.0
    assert station.outages[0].from_s == 36000.0
    assert station.lines["E2"] == 11
    assert station.street == "street"


def test_an_unquoted_time_is_a_time_too(place: Path) -> None:
    assert read(place, SMALL.replace('"06:00"\nclose', "06:00\nclose")).open_s == 21600.0


def test_a_bell_curve_has_its_peak_where_it_says_and_nobody_comes_at_night(place: Path) -> None:
    entering = read(place, SMALL).entering
    peak = max(range(len(entering.rates_p_s)), key=lambda i: entering.rates_p_s[i])
    assert entering.times_s[peak] == 18 * 3600.0
    assert entering.rates_p_s[peak] == pytest.approx(2100 / 3600)
    assert entering.rates_p_s[0] == entering.rates_p_s[-1] == 0.0


def test_a_number_of_the_file_s_own_replaces_the_standard_one(place: Path) -> None:
    station = read(place, SMALL + "numbers: {escalator_050_p_min: 60, gate_p_min: 20}\n")
    assert station.links[0].capacity_p_s == pytest.approx(1.0)
    assert station.entrances[0].capacity_p_s == pytest.approx(4.0)
    assert read(place, SMALL).numbers["gate_p_min"] == 25.0


def test_an_escalator_s_flow_rises_with_its_speed_up_to_the_table_s_end() -> None:
    numbers = {number.name: number.value for number in NUMBERS}
    flows = [escalator_p_min(speed, numbers) for speed in (0.25, 0.5, 0.575, 0.65, 0.75, 1.0)]
    assert flows == pytest.approx([37.5, 75.0, 82.5, 90.0, 100.0, 100.0])


def test_interval_trains_run_denser_in_the_peak(place: Path) -> None:
    dense = SMALL.replace(
        'times: ["06:10", "06:20:30", "24:05"]',
        'first: "07:00", last: "07:30", every_s: 600, '
        'denser: [{from: "07:10", to: "07:20", every_s: 300}]',
    )
    minutes = [(train.time_s - 7 * 3600) / 60 for train in read(place, dense).trains]
    assert minutes == [0, 10, 15, 20, 30]


@pytest.mark.parametrize("name", ["commuter", "deep", "mixed"])
def test_every_shipped_station_can_be_read_laid_out_inspected_and_drawn(name: str) -> None:
    station = read_station(shipped()[name])
    assert station.name == name
    assert lay_out(station).moved
    document, lines = inspect_file(station.path)
    json.dumps(document)
    assert any("reversible in" in line for line in lines)
    assert document["alighting"]["persons"] == pytest.approx(persons(station.alighting))
    styles = [panel["style"] for panel in picture(station)["panels"]]
    assert "ribbon" in styles


def test_the_deep_station_is_as_deep_as_hongtudi() -> None:
    station = read_station(shipped()["deep"])
    escalators = [link for link in station.links if link.kind is LinkKind.ESCALATOR]
    assert len(station.stages) == 4
    assert len(escalators) == 12
    assert min(level.elevation_m for level in station.levels) == pytest.approx(-94.4)


def test_the_schema_knows_every_key_and_every_section() -> None:
    schema = json_schema()
    assert set(schema["properties"]) == {entry.name for entry in SECTIONS["station"]}
    text = json.dumps(schema)
    for name in set(SECTIONS) - {"station"}:
        assert name in schema["$defs"]
        assert f"#/$defs/{name}" in text


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
def test_every_number_has_a_unit_a_source_and_a_value_within_its_range(number: object) -> None:
    assert number.unit  # type: ignore[attr-defined]
    assert len(number.source) > 10  # type: ignore[attr-defined]
    assert number.low <= number.value <= number.high  # type: ignore[attr-defined]


#: what to replace in the small station, by what; line of the error, and what it must say
BAD = {
    "a link to no level": ("from: deep, to: street, width", "from: deap, to: street, width", 12,
                           "'deap' is no level of this station. Did you mean 'deep'?"),
    "a platform at no level": ("P, level: deep", "P, level: depe", 8, "is no level"),
    "an unreachable platform": (
        "  - {name: deep, elevation_m: -10, area_m2: 300}\n",
        "  - {name: deep, elevation_m: -10, area_m2: 300}\n"
        "  - {name: lost, elevation_m: -9, area_m2: 300}\n", None, ""),
    "fixed and reversible": ("reversible: true", "reversible: true, fixed: true", 10,
                             "both fixed and reversible"),
    "a negative speed": ("0.65", "-0.65", 11, "speed_m_s is -0.65 m/s; allowed: 0.2 to 1 m/s"),
    "an absurd speed": ("0.65", "65", 11, "speed_m_s is 65 m/s"),
    "a timetable out of order": ('"06:20:30", "24:05"', '"06:05", "24:05"', 20, "out of order"),
    "a train at night": ('"24:05"]', '"24:45"]', 20, "while the station is closed"),
    "events that overlap": (
        "outages:", '  - {name: late, kind: egress, at: "22:15", persons: 9, width_min: 10}\n'
        "outages:", 23, "overlap"),
    "closures that overlap": (
        'to: "11:00"}', 'to: "11:00"}\n  - {link: E2, from: "10:30", to: "12:00"}', 25, "overlap"),
    "a closure of no link": ("link: E2", "link: E9", 24, "'E9' is no link"),
    "a count that is NaN": ("3600", ".nan", 17, "not a finite number"),
    "a count that is no number": ("3600", "many", 17, "is no number"),
    "a negative count": ("3600", "-5", 17, "allowed: 0 to"),
    "points out of order": ('"08:00", 3600', '"05:00", 3600', 17, "out of order"),
    "an unknown key": ("width_m: 3", "widht_m: 3", 12, "Did you mean 'width_m'?"),
    "a key given twice": ("width_m: 3", "width_m: 3, width_m: 4", 12, "given twice"),
    "a missing key": ("area_m2: 500, ", "", 8, "'area_m2' is missing"),
    "an unknown kind": ("kind: stair", "kind: stare", 12, "Did you mean 'stair'?"),
    "a name used twice": ("name: E2", "name: E1", 11, "used twice, first in line 10"),
    "shares that miss people": ("share: 1.0, walk", "share: 0.7, walk", 8, "add up to 0.7"),
    "a reversible stair": ("width_m: 3", "width_m: 3, reversible: true", 12, "only escalators"),
    "an escalator without direction": ("direction: down, ", "", 11, "needs a direction"),
    "nothing goes down": (
        "direction: down, speed_m_s: 0.65}\n"
        "  - {name: S, kind: stair, from: deep, to: street, width_m: 3}\n"
        "  - {name: L, kind: lift, from: deep, to: street, persons: 10, cycle_s: 100}",
        "direction: up}", 10, "nobody can reach level 'deep'"),
    "a lift without its size": ("persons: 10, ", "", 13, "needs persons and cycle_s"),
    "a width of a lift": ("persons: 10", "width_m: 2, persons: 10", 13, "does not apply to a lift"),
    "a link to its own level": ("from: deep, to: street, width", "from: deep, to: deep, width", 12,
                                "begins and ends on one level"),
    "a day that ends before it begins": ('"24:30"', '"05:30"', 3, "close must come after open"),
    "a time that is none": ('"24:30"', '"24:90"', 3, "a time such as 07:30"),
    "no train at a platform": ('platform: P, times', 'platform: Q, times', 20, "'Q' is no platform"),
    "half an interval": ('times: ["06:10", "06:20:30", "24:05"]', 'first: "06:10"', 20, "needs either"),
    "points and peaks": ("{points: ", "{base_p_h: 3, points: ", 17, "not both"),
    "a list that is none": ("levels:\n  - {name: street, elevation_m: 0, area_m2: 400}\n"
                            "  - {name: deep, elevation_m: -10, area_m2: 300}\n",
                            "levels: 2\n", 4, "must be a list"),
    "a broken bracket": ("{name: P, level", "{name: P, level: [", None, "no YAML"),
    "an alias that is nowhere": ("width_m: 3", "width_m: *wide", 12, "no YAML"),
    "an event outside the day": ('at: "22:00"', 'at: "03:00"', 22, "outside the service day"),
}  # fmt: skip


@pytest.mark.parametrize("trouble", sorted(set(BAD) - {"an unreachable platform"}))
def test_what_is_wrong_ends_in_one_error_with_line_and_remedy(place: Path, trouble: str) -> None:
    old, new, line, words = BAD[trouble]
    assert old in SMALL
    with pytest.raises(InputError) as found:
        read(place, SMALL.replace(old, new))
    assert found.value.path == place
    assert words in found.value.message
    assert found.value.line is not None
    if line is not None:
        assert found.value.line == line
        assert found.value.column is not None
    assert str(found.value).startswith(f"{place}:{found.value.line}:")


def test_a_platform_that_no_link_leads_to_is_named(place: Path) -> None:
    old, new, _, _ = BAD["an unreachable platform"]
    text = SMALL.replace(old, new).replace("P, level: deep", "P, level: lost")
    with pytest.raises(InputError, match=r":9:\d+: platform 'P' cannot be reached"):
        read(place, text)


def test_two_ways_of_levels_to_the_street_are_refused(place: Path) -> None:
    text = SMALL.replace(
        "  - {name: deep, elevation_m: -10, area_m2: 300}\n",
        "  - {name: deep, elevation_m: -10, area_m2: 300}\n"
        "  - {name: hall, elevation_m: -5, area_m2: 300}\n",
    ).replace("S, kind: stair, from: deep, to: street", "S, kind: stair, from: deep, to: hall")
    with pytest.raises(InputError, match="lead to both 'street' and 'hall'"):
        read(place, text)


def test_links_in_a_circle_are_refused(place: Path) -> None:
    text = SMALL.replace(
        "S, kind: stair, from: deep, to: street", "S, kind: stair, from: street, to: deep"
    )
    with pytest.raises(InputError, match="in a circle"):
        read(place, text)


def test_entry_may_not_stop_before_the_alarm(place: Path) -> None:
    alike = read(place, SMALL + "numbers: {density_alarm_p_m2: 2.5, density_stop_p_m2: 2.5}\n")
    assert alike.numbers["density_stop_p_m2"] == 2.5
    for own in ("density_alarm_p_m2: 2.5, density_stop_p_m2: 2.4", "density_alarm_p_m2: 4"):
        with pytest.raises(InputError, match=r":25:\d+: density_stop_p_m2 must not be below"):
            read(place, SMALL + f"numbers: {{{own}}}\n")


@pytest.mark.parametrize("text", ["", "\n# nothing\n"])
def test_an_empty_file_says_so(place: Path, text: str) -> None:
    with pytest.raises(InputError, match="the file is empty"):
        read(place, text)


def test_bytes_that_are_no_text_say_so(place: Path) -> None:
    place.write_bytes(b"station: x\n\xff\xfe")
    with pytest.raises(InputError, match=r":2: this is no text in UTF-8"):
        read_station(place)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_station(tmp_path / "none.yaml")
