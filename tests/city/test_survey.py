"""Does a check of a city name everything that its models lack, in one go? And does a new one begin whole?"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

import jialing as jl
from jialing.city.cases import CITIES
from jialing.city.manifest import read_city
from jialing.city.survey import survey
from jialing.domains.water.hours import acts_by_hour
from jialing.domains.water.model import read_model

SHIPPED = CITIES / "chongqing"
PACKAGE = CITIES.parent
SEWER = PACKAGE / "domains/water/models/storm-sewer.inp"
GRID = PACKAGE / "domains/traffic/networks/grid.sumocfg"
STATION = PACKAGE / "domains/metro/stations/mixed.yaml"


def told(folder: Path) -> list[str]:
    return [str(error) for error in survey(folder)]


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "chongqing"))


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A city of a user's own, just begun."""
    return jl.new_city("town", water=SEWER, roads=GRID, stations=[STATION], out=tmp_path).parent


def test_the_shipped_city_lacks_nothing() -> None:
    assert told(SHIPPED) == []


def test_every_problem_is_told_at_once_with_file_line_and_entry(city: Path) -> None:
    path = city / "city.yaml"
    text = path.read_text(encoding="utf-8")
    for was, becomes in (
        ("node: U_nanping", "node: U_nanpin"),
        ("low: [underpass_wulidian,", "low: [underpas_wulidian,"),
        ("pump: pump_caiyuanba", "pump: pump_of_nobody"),
        ("junction: guanyinqiao", "junction: nowhere"),
        ("weir_caiyuanba, weir_guanyinqiao, pump_caiyuanba,", "weir_caiyuanba, weir_X,"),
        ("O_W1: false", "O_W9: false"),
        ("west: rain_west", "west: rain_west_by_north"),
    ):
        assert was in text
        text = text.replace(was, becomes, 1)
    path.write_text(text, encoding="utf-8")
    (city / "storms/2y/rain_east.dat").unlink()
    found = told(city)
    for words in (
        ("underpasses.nanping.node", "'U_nanpin'", "Did you mean 'U_nanping'?"),
        ("underpasses.wulidian.low", "'underpas_wulidian'", "Did you mean 'underpass_wulidian'?"),
        ("events.pump_without_power.pump", "'pump_of_nobody'"),
        ("events.detectors_lost.junction", "'nowhere'"),
        ("water.controlled", "'weir_X'"),
        ("water.overflow_outfalls", "'O_W9'"),
        ("water.gauges", "'rain_west_by_north'"),
        ("storms.2y.series", "rain_east.dat"),
    ):
        (one,) = [line for line in found if f" {words[0]} " in line and words[1] in line]
        assert one.startswith(f"{path}:")
        assert all(word in one for word in words)


def test_models_that_cannot_be_read_are_told_beside_one_another(city: Path) -> None:
    (city / "stations/hongtudi.yaml").write_text("station: 3\n")
    (city / "roads.net.xml").write_text("<net><edge")
    (city / "water.inp").write_bytes(b"\x00\x01")
    found = "\n".join(told(city))
    assert "hongtudi.yaml" in found
    assert "roads.net.xml" in found
    assert "water" in found


def test_a_folder_without_a_city_is_said_so(tmp_path: Path) -> None:
    (only,) = told(tmp_path)
    assert "city.yaml: cannot be read" in only


def test_a_new_city_lacks_nothing_and_can_be_run(town: Path) -> None:
    assert told(town) == []
    city = read_city(town / "city.yaml")
    assert city.name == "town"
    assert city.water.resolve() == SEWER
    assert list(city.station_files) == ["mixed"]
    assert "GA" in city.plain["water"]["controlled"]
    assert jl.case(town / "city.yaml").domain == "city"


def test_a_new_citys_couplings_are_the_shipped_ones_with_their_sources(town: Path) -> None:
    ours, shipped = (
        yaml.safe_load((folder / "city.yaml").read_text(encoding="utf-8"))["couplings"]
        for folder in (town, SHIPPED)
    )
    assert ours == shipped


def test_streets_on_which_nothing_drives_are_told(town: Path, tmp_path: Path) -> None:
    path = town / "city.yaml"
    text = path.read_text(encoding="utf-8")
    grid = GRID.parent / "grid.net.xml"
    was = next(line for line in text.splitlines() if line.startswith("  roads:"))
    path.write_text(text.replace(was, f'  roads: {{file: "{grid}", tick_s: 1}}'))
    (only,) = told(town)
    assert f"{path}:" in only
    assert "models.roads.routes is missing" in only
    with pytest.raises(jl.InputError, match="has no traffic of its own; name its trips"):
        jl.new_city("bare", water=SEWER, roads=grid, out=tmp_path)
    assert not (tmp_path / "bare").exists()

    trips = GRID.parent / "grid.rou.xml"
    made = jl.new_city("whole", water=SEWER, roads=grid, routes=trips, out=tmp_path)
    assert told(made.parent) == []
    (found,) = read_city(made).roads_case(seed=0).settings.routes
    assert found.resolve() == trips


def test_a_tick_in_which_sumo_cannot_stop_is_told(city: Path) -> None:
    path = city / "city.yaml"
    text = path.read_text("utf-8")
    was = next(line for line in text.splitlines() if line.startswith("  roads:"))
    path.write_text(text.replace(was, was.replace("tick_s: 1", "tick_s: 1.5")))
    (only,) = told(city)
    assert "models.roads.tick_s" in only
    assert "SUMO passes in steps of 1 s" in only


def test_a_network_that_is_not_the_configurations_is_told(city: Path) -> None:
    path = city / "city.yaml"
    shutil.copy(city / "roads.net.xml", city / "other.net.xml")
    path.write_text(path.read_text("utf-8").replace("net: roads.net.xml", "net: other.net.xml"))
    (only,) = told(city)
    assert "models.roads.net is 'other.net.xml', but traffic.sumocfg names roads.net.xml" in only


def begun_at(town: Path, begin: str) -> Path:
    path = town / "city.yaml"
    path.write_text(path.read_text("utf-8").replace('begin: "14:00"', f'begin: "{begin}"'))
    return town


@pytest.fixture
def timeless(tmp_path: Path) -> Path:
    """A sewer from 14:00 on in which nothing acts by the hour."""
    path = tmp_path / "timeless.inp"
    path.write_text(SEWER.read_text("utf-8").replace("  homes\n", "\n"))
    return path


@pytest.mark.parametrize("begin", ["05:30", "23:00"])
def test_an_evening_may_last_from_opening_to_closing(
    timeless: Path, tmp_path: Path, begin: str
) -> None:
    made = jl.new_city("town", water=timeless, roads=GRID, stations=[STATION], out=tmp_path)
    assert told(begun_at(made.parent, begin)) == []


@pytest.mark.parametrize("begin", ["05:29", "23:01", "03:00", "24:01"])
def test_a_station_that_is_not_open_all_evening_is_told(
    timeless: Path, tmp_path: Path, begin: str
) -> None:
    made = jl.new_city("town", water=timeless, roads=GRID, stations=[STATION], out=tmp_path)
    town = made.parent
    (only,) = told(begun_at(town, begin))
    assert only == (
        f"{read_city(town / 'city.yaml').station_files['mixed']}: is open from 05:30 to 24:00; it must be "
        f"open for all 60 min from {begin} on (duration_min and begin in {town / 'city.yaml'})"
    )


def test_a_sewer_that_acts_by_the_hour_begins_with_the_city(town: Path) -> None:
    assert told(town) == []
    (only,) = told(begun_at(town, "17:30"))
    assert only.startswith(f"{town / 'city.yaml'}:5: begin is 17:30, but ")
    assert "storm-sewer.inp starts at 14:00 (START_TIME)" in only
    assert "pattern 'homes' (line 717)" in only


def test_a_city_after_midnight_begins_with_the_sewers_of_that_hour(town: Path) -> None:
    text = SEWER.read_text("utf-8").replace("START_TIME  14:00:00", "START_TIME  00:30:00")
    (town.parent / "late.inp").write_text(text)
    made = jl.new_city("late", water=town.parent / "late.inp", roads=GRID, out=town.parent)
    path = made.parent / "city.yaml"
    assert 'begin: "00:30"' in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace('"00:30"', '"24:30"'))
    assert told(made.parent) == []


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ("[OUTFALLS]", "[OUTFALLS]\nSEA 0 TIDAL tide NO", "tide at 'SEA'"),
        ("[TIMESERIES]", "[TIMESERIES]\nDAY 07/01/2024 15:00 1 16:00 0", "dated series 'DAY'"),
        ("[CONTROLS]", "[CONTROLS]\nVARIABLE now = SIMULATION CLOCKTIME", "rule by CLOCKTIME"),
    ],
)
def test_what_acts_by_the_hour_is_named(timeless: Path, was: str, becomes: str, words: str) -> None:
    assert list(acts_by_hour(read_model(timeless))) == []
    text = timeless.read_text("utf-8") + "\n[CURVES]\ntide TIDAL 0 1 12 2\n"
    text = text if was in text else f"{text}\n{was}\n"
    timeless.write_text(text.replace(was, becomes, 1))
    (only,) = acts_by_hour(read_model(timeless))
    assert words in only


def test_a_new_city_begins_with_its_sewer_or_once_its_stations_are_open(
    timeless: Path, tmp_path: Path
) -> None:
    timeless.write_text(
        timeless.read_text("utf-8").replace("START_TIME  14:00", "START_TIME  00:00")
    )
    alone = jl.new_city("alone", water=timeless, roads=GRID, out=tmp_path)
    assert 'begin: "00:00"' in alone.read_text("utf-8")
    both = jl.new_city("both", water=timeless, roads=GRID, stations=[STATION], out=tmp_path)
    assert 'begin: "05:30"' in both.read_text("utf-8")
    assert told(both.parent) == []


def test_aliases_that_multiply_end_in_one_error(town: Path) -> None:
    path = town / "city.yaml"
    levels = [
        f"a{k}: &a{k} {{{', '.join(f'k{i}: *a{k - 1}' for i in range(9))}}}" for k in range(1, 9)
    ]
    bomb = "\n".join(["a0: &a0 {k: 1}", *levels])
    path.write_text(f"{path.read_text('utf-8')}\n{bomb}\n")
    (only,) = told(town)
    assert "stand for more than 100,000 values" in only
    assert only.startswith(f"{path}:")


def test_sumo_tells_capital_letters_from_small_ones_and_swmm_does_not(city: Path) -> None:
    path = city / "city.yaml"
    text = path.read_text("utf-8").replace("node: U_nanping", "node: u_NANPING")
    path.write_text(text.replace("low: [underpass_nanping,", "low: [Underpass_nanping,"))
    (only,) = told(city)
    assert "underpasses.nanping.low" in only


def test_what_cannot_be_moved_at_all_is_told(city: Path) -> None:
    sewer = city / "water.inp"
    lines = sewer.read_text("utf-8").splitlines()
    (at,) = [k for k, line in enumerate(lines) if line.startswith("gate_nanping T_")]
    words = lines[at].split()
    words[words.index("SIDE") + 2] = "0"  # the discharge coefficient
    lines[at] = "  ".join(words)
    sewer.write_text("\n".join(lines))
    (only,) = told(city)
    assert "water.controlled names 'gate_nanping', which cannot be moved" in only


def test_nothing_is_ever_written_over(town: Path) -> None:
    before = (town / "city.yaml").read_bytes()
    with pytest.raises(jl.InputError, match="never written over"):
        jl.new_city("town", water=SEWER, roads=GRID, out=town.parent)
    assert (town / "city.yaml").read_bytes() == before


def test_a_model_that_cannot_be_read_leaves_no_folder_behind(tmp_path: Path) -> None:
    with pytest.raises(jl.InputError, match=r"none\.inp"):
        jl.new_city("town", water=tmp_path / "none.inp", roads=GRID, out=tmp_path)
    with pytest.raises(jl.InputError, match="cannot be the name"):
        jl.new_city("../town", water=SEWER, roads=GRID, out=tmp_path)
    with pytest.raises(jl.InputError, match="same `station:`"):
        jl.new_city("town", water=SEWER, roads=GRID, stations=[STATION, STATION], out=tmp_path)
    assert list(tmp_path.iterdir()) == []
