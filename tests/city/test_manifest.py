"""Does every slip in a `city.yaml` end in a message that names the file and the entry?"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from jialing.city import checks, laws
from jialing.city.cases import CITIES, named_cities
from jialing.city.manifest import read_city
from jialing.core.errors import InputError, JialingError

SHIPPED = CITIES / "chongqing"
PLAIN: dict[str, Any] = yaml.safe_load((SHIPPED / "city.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the shipped city; its `city.yaml` is written anew by each test."""
    return Path(shutil.copytree(SHIPPED, tmp_path_factory.mktemp("cities") / "chongqing"))


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    plain = copy.deepcopy(PLAIN)
    change(plain)
    path = folder / "city.yaml"
    path.write_text(yaml.safe_dump(plain, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def every_place(node: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield (*place, name)
            yield from every_place(value, (*place, name))


def at(plain: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        plain = plain[key]
    return plain


def test_the_shipped_city_is_whole_and_has_no_entry_that_nobody_reads() -> None:
    city = read_city(SHIPPED / "city.yaml")
    assert city.schematic
    assert len(city.underpasses) == 6
    assert len(city.stations) == 3
    assert set(city.storms) == {"dry", "2y", "10y", "50y"}
    assert checks.unknown(*checks.read_plain(SHIPPED / "city.yaml")) == []


def test_every_storm_of_a_shipped_city_is_a_case() -> None:
    names = list(named_cities())
    assert names[0] == "chongqing"
    assert {"chongqing-dry", "chongqing-2y", "chongqing-50y"} <= set(names)


LINES = checks.read_plain(SHIPPED / "city.yaml")[1]


def found_wrong(plain: dict[str, Any]) -> list[str]:
    """Every problem, as the sentence that a reader of the file gets."""
    found = checks.problems(plain, LINES) or checks.relations(plain, LINES)
    return [str(problem.error(Path("city.yaml"))) for problem in found]


@pytest.mark.parametrize("value", [None, [[1]]], ids=["empty", "a list of lists"])
def test_whatever_is_emptied_or_mistyped_is_named_with_file_and_line(value: Any) -> None:
    for place in every_place(PLAIN):
        plain = copy.deepcopy(PLAIN)
        at(plain, place[:-1])[place[-1]] = value
        where = ".".join(map(str, place))
        expected = f"city.yaml:{LINES[tuple(map(str, place))]}: {where} is "
        told = found_wrong(plain)
        assert any(sentence.startswith(expected) for sentence in told), (where, told)


def test_whatever_is_missing_either_may_be_or_is_named() -> None:
    may_be_missing = set()
    for place in every_place(PLAIN):
        plain = copy.deepcopy(PLAIN)
        del at(plain, place[:-1])[place[-1]]
        told = found_wrong(plain)
        if not told:
            may_be_missing.add(place[-1])
        assert all(str(place[-1]) in sentence for sentence in told), (place, told)
    needed = {"city", "title", "begin", "models", "file", "tick_s", "node", "road_m", "low"}
    needed |= {"entries", "minutes_lost", "above_mm_h", "closes_mm", "opens_mm", "table", "kind"}
    assert not may_be_missing & needed


def rename_storm(plain: dict[str, Any]) -> None:
    plain["storms"]["default"] = "10yy"


def flood_in_the_barrier(plain: dict[str, Any]) -> None:
    plain["couplings"]["depth_to_closure"]["opens_mm"] = 200


def unsorted_rain(plain: dict[str, Any]) -> None:
    plain["couplings"]["rain_to_road"]["above_mm_h"] = [0.1, 6.35, 2.54]


def short_rain(plain: dict[str, Any]) -> None:
    plain["couplings"]["rain_to_road"]["speed"] = [0.98, 0.96]


def unknown_underpass(plain: dict[str, Any]) -> None:
    plain["stations"]["hongtudi"]["draws_from"] = {"guanyinqio": 0.4}


def station_without_model(plain: dict[str, Any]) -> None:
    del plain["models"]["stations"]["hongtudi"]


def odd_event(plain: dict[str, Any]) -> None:
    plain["events"]["detectors_lost"]["kind"] = "detectors_loss"


def pump_of_nobody(plain: dict[str, Any]) -> None:
    del plain["events"]["pump_without_power"]["pump"]


def no_sewer(plain: dict[str, Any]) -> None:
    plain["models"]["water"]["file"] = "sewer.inp"


def no_storm_files(plain: dict[str, Any]) -> None:
    plain["storms"]["2y"]["series"] = "storms/two"


def tick_of_an_hour(plain: dict[str, Any]) -> None:
    plain["models"]["water"]["tick_s"] = 3600


def plans_between_ticks(plain: dict[str, Any]) -> None:
    plain["water"]["decide_every_s"] = 90


def gates_without_time(plain: dict[str, Any]) -> None:
    plain["water"]["stroke_s"] = 0


def nothing_moves(plain: dict[str, Any]) -> None:
    plain["water"]["controlled"] = []


def nothing_is_barred(plain: dict[str, Any]) -> None:
    plain["underpasses"]["nanping"]["entries"] = []


def pump_that_nobody_moves(plain: dict[str, Any]) -> None:
    plain["events"]["pump_without_power"]["pump"] = "pump_of_the_works"


def event_after_the_evening(plain: dict[str, Any]) -> None:
    plain["events"]["detectors_lost"]["from_min"] = 179.5


def slip_of_the_pen(plain: dict[str, Any]) -> None:
    plain["couplings"]["depth_to_closure"]["leed_s"] = 600


def gauge_of_an_underpass(plain: dict[str, Any]) -> None:
    plain["underpasses"]["nanping"]["gauge"] = "south"


def gauge_of_a_station(plain: dict[str, Any]) -> None:
    plain["stations"]["hongtudi"]["gauge"] = "north"


def share_above_one(plain: dict[str, Any]) -> None:
    plain["couplings"]["closure_to_metro"]["share"] = 7


def half_a_second(plain: dict[str, Any]) -> None:
    plain["models"]["water"]["tick_s"] = 2.5


def no_second(plain: dict[str, Any]) -> None:
    plain["models"]["stations"]["hongtudi"]["tick_s"] = 0


def past_the_night(plain: dict[str, Any]) -> None:
    plain["begin"] = "36:01"


def five_and_a_half(plain: dict[str, Any]) -> None:
    plain["begin"] = "half past five"


@pytest.mark.parametrize(
    ("slip", "words"),
    [
        (rename_storm, ["storms.default", "'10yy'", "Did you mean '10y'?"]),
        (flood_in_the_barrier, ["couplings.depth_to_closure.opens_mm", "200", "below closes_mm"]),
        (unsorted_rain, ["couplings.rain_to_road.above_mm_h", "ascend"]),
        (short_rain, ["couplings.rain_to_road.speed", "2 figures for 3"]),
        (unknown_underpass, ["stations.hongtudi.draws_from.guanyinqio", "no underpass"]),
        (station_without_model, ["stations.hongtudi", "models.stations"]),
        (odd_event, ["events.detectors_lost.kind", "Did you mean 'detector_loss'?"]),
        (pump_of_nobody, ["events.pump_without_power.pump", "missing"]),
        (no_sewer, ["models.water.file", "sewer.inp"]),
        (no_storm_files, ["storms.2y.series", "storms/two"]),
        (tick_of_an_hour, ["water.decide_every_s", "300", "multiple of models.water.tick_s, 3600"]),
        (
            plans_between_ticks,
            ["water.decide_every_s", "90", "multiple of models.water.tick_s, 60"],
        ),
        (gates_without_time, ["water.stroke_s", "0", "at least 1"]),
        (nothing_moves, ["water.controlled", "empty", "at least one"]),
        (nothing_is_barred, ["underpasses.nanping.entries", "empty", "at least one edge"]),
        (pump_that_nobody_moves, ["events.pump_without_power.pump", "one of water.controlled"]),
        (event_after_the_evening, ["events.detectors_lost.from_min", "179.5", "at most 179"]),
        (slip_of_the_pen, ["depth_to_closure.leed_s", "Did you mean 'lead_s'?"]),
        (gauge_of_an_underpass, ["underpasses.nanping.gauge", "no effect", "take it out"]),
        (gauge_of_a_station, ["stations.hongtudi.gauge", "no effect", "take it out"]),
        (share_above_one, ["couplings.closure_to_metro.share", "7", "from 0 to 1"]),
        (half_a_second, ["models.water.tick_s", "2.5", "a whole number from 1 on"]),
        (no_second, ["models.stations.hongtudi.tick_s", "0", "a whole number from 1 on"]),
        (five_and_a_half, ["begin", "17:30"]),
        (past_the_night, ["begin is '36:01'", 'up to "36:00"']),
    ],
)
def test_entries_that_do_not_fit_together_are_named(
    folder: Path, slip: Callable[[dict[str, Any]], None], words: list[str]
) -> None:
    path = changed(folder, slip)
    with pytest.raises(InputError) as caught:
        read_city(path)
    assert str(caught.value).startswith(f"{path}:")
    for word in words:
        assert word in str(caught.value)


def test_figures_of_the_sewer_and_of_water_on_roads_act(folder: Path) -> None:
    def own(plain: dict[str, Any]) -> None:
        plain["water"] |= {"decide_every_s": 600, "stroke_s": 240}
        plain["couplings"]["depth_to_speed"] |= {"a": 0.001, "b": -0.4, "c": 60, "stopping_mm": 200}

    city = read_city(changed(folder, own))
    settings = city.water_case("10y", seed=0, weights=False).settings
    assert settings.decide_every_s == 600.0
    assert settings.rate_per_s == 1.0 / 240.0
    assert city.terms.parabola == (0.001, -0.4, 60.0)
    assert city.terms.stopping_m == 0.2


def test_a_city_that_says_nothing_of_speed_in_water_takes_the_published_law(folder: Path) -> None:
    city = read_city(changed(folder, lambda plain: plain["couplings"].pop("depth_to_speed")))
    assert (city.terms.parabola, city.terms.stopping_m) == (laws.PARABOLA, laws.STOPPING_M)


def test_a_pump_is_one_pump_however_its_events_spell_it(folder: Path) -> None:
    def shout(plain: dict[str, Any]) -> None:
        plain["events"]["again"] = plain["events"]["pump_without_power"] | {
            "pump": "Pump_CAIYUANBA"
        }

    events = read_city(changed(folder, shout)).events
    assert events["again"] == events["pump_without_power"]


def test_trips_of_a_citys_own_stand_in_for_those_of_the_configuration(folder: Path) -> None:
    assert read_city(SHIPPED / "city.yaml").roads_case(seed=0).settings.routes == ()
    shutil.copy(folder / "traffic.rou.xml", folder / "mine.rou.xml")

    def own(plain: dict[str, Any]) -> None:
        plain["models"]["roads"]["routes"] = "mine.rou.xml"

    settings = read_city(changed(folder, own)).roads_case(seed=0).settings
    assert settings.routes == (folder / "mine.rou.xml",)


def test_one_message_tells_how_many_more_problems_there_are(folder: Path) -> None:
    def two(plain: dict[str, Any]) -> None:
        share_above_one(plain)
        five_and_a_half(plain)

    with pytest.raises(InputError, match=r"and 1 more: jialing city check"):
        read_city(changed(folder, two))


def test_a_slip_in_a_key_is_found_and_the_right_key_offered(folder: Path) -> None:
    def slip(plain: dict[str, Any]) -> None:
        plain["underpasses"]["nanping"]["detuor"] = plain["underpasses"]["nanping"].pop("detour")

    path = changed(folder, slip)
    (problem,) = checks.unknown(*checks.read_plain(path))
    assert problem.place == ("underpasses", "nanping", "detuor")
    assert "Did you mean 'detour'?" in problem.text
    assert problem.line == 1 + path.read_text().splitlines().index("    detuor:")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no mapping"),
        (b"- a\n- b\n", "holds no mapping"),
        (b"!!set {city, title}\n", "holds no mapping"),
        (b"city: [unclosed\n", "this is no YAML"),
        (b"city: a\n\ttitle: b\n", "this is no YAML"),
        (b"city: \xff\xfe\n", "this is no text in UTF-8"),
        (b"city: a\ntitle: b\ncity: c\n", ":3:1: 'city' is given twice, first in line 1"),
        (b"city: a\nstorms: &all {x: *all}\n", ":2:9: an alias in here refers to the whole"),
        (b"{}", "city is missing"),
        (b"1: 2\n3: [4]\n", "city is missing"),
    ],
)
def test_what_is_no_city_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "city.yaml"
    path.write_bytes(content)
    with pytest.raises(JialingError, match=words) as caught:
        read_city(path)
    assert str(caught.value).startswith(str(path))
    assert len(str(caught.value).splitlines()) == 1


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_city(tmp_path / "city.yaml")
