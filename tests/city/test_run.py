"""Is an evening that cannot run as asked refused, and does a run say what it lost?"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

import jialing as jl
from jialing.city import run
from jialing.city.cases import CITIES
from jialing.city.manifest import FROM_DEPTH_M, read_city
from jialing.city.messages import Finished
from jialing.cli.app import app
from jialing.core.case import GuardCount, Quantity, Run
from jialing.result import Result

PACKAGE = CITIES.parent
SEWER = PACKAGE / "domains/water/models/storm-sewer.inp"
GRID = PACKAGE / "domains/traffic/networks/grid.sumocfg"
STATION = PACKAGE / "domains/metro/stations/mixed.yaml"


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A city of one minute, in the working folder."""
    monkeypatch.chdir(tmp_path)
    path = jl.new_city("town", water=SEWER, roads=GRID, stations=[STATION])
    text = path.read_text(encoding="utf-8").replace("duration_min: 60", "duration_min: 1")
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """No part may be started: what is refused is refused before."""

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("an evening began")

    monkeypatch.setattr("jialing.api.run_evenings", never)


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--duration", "2h"], "a run of 120 min is not possible; an evening of town lasts 1 min"),
        (["--pace", "-3"], "takes no pace"),
        (["--pace", "3"], "takes no pace"),
        (["--bound"], "takes no bound"),
        (["--event", "nope"], "'nope' is not a possible event of town"),
    ],
)
def test_what_a_city_does_not_take_is_refused_and_leaves_nothing(
    town: Path, options: list[str], words: str
) -> None:
    result = CliRunner().invoke(app, ["run", str(town), *options])
    assert result.exit_code == 2
    assert words in result.stderr
    assert not Path("runs").exists()


@pytest.mark.usefixtures("idle")
def test_an_event_after_the_end_of_a_shortened_evening_is_refused() -> None:
    options = ["--event", "pump_without_power", "--duration"]
    result = CliRunner().invoke(app, ["run", "chongqing", *options, "60min"])
    assert result.exit_code == 2
    assert "pump_without_power begins 60 min after" in result.stderr
    assert "ends after 60 min" in result.stderr


@pytest.mark.usefixtures("idle")
def test_a_tick_for_a_whole_city_is_refused(town: Path) -> None:
    with pytest.raises(jl.InputError, match=r"each part has its own \(models\.\*\.tick_s\)"):
        jl.run(jl.case(town, tick_s=5.0))


@pytest.mark.usefixtures("idle")
def test_what_a_check_finds_in_the_models_is_found_before_a_run(town: Path) -> None:
    text = town.read_text("utf-8").replace(
        "underpasses: {}",
        "underpasses: {dip: {node: J1x, road_m: 1, low: [ab], entries: [ba], minutes_lost: 4}}",
    )
    town.write_text(text)
    result = CliRunner().invoke(app, ["run", str(town)])
    assert result.exit_code == 2
    assert "underpasses.dip.node" in result.stderr
    assert "(and 2 more: jialing city check town)" in result.stderr
    assert not Path("runs").exists()


@pytest.mark.usefixtures("idle")
def test_no_evening_begins_at_a_station_that_is_shut(town: Path) -> None:
    text = town.read_text("utf-8").replace('begin: "14:00"', 'begin: "03:00"')
    town.write_text(text)
    result = CliRunner().invoke(app, ["run", str(town)])
    assert result.exit_code == 2
    assert (
        "mixed.yaml: is open from 05:30 to 24:00; it must be open for all 1 min from 03:00 on"
        in (result.stderr)
    )
    assert not Path("runs").exists()


def test_a_forecast_reaches_the_sewer_and_the_stations(town: Path) -> None:
    for kind, given in (("ensemble", {}), ("perfect", {"forecast": "perfect"})):
        case = jl.case(town, **given)
        parts = {o.name: o.case for o in run.orders_for(case, read_city(town), "today", Path())}
        assert parts["water"].forecast == kind
        assert parts["station:mixed"].forecast == kind


@pytest.mark.slow
@pytest.mark.sumo
@pytest.mark.swmm
def test_an_evening_that_is_cut_to_length_has_every_score_of_a_whole_one(town: Path) -> None:
    town.write_text(town.read_text("utf-8").replace("duration_min: 1", "duration_min: 3"))
    whole, short = (
        jl.run(jl.case(town, **given), "today") for given in ({}, {"duration_s": 120.0})
    )
    assert "co2" in whole.runs[0].score
    assert list(short.runs[0].score) == list(whole.runs[0].score)


CONTROLLERS = {
    "today": ("rules", "fixed", "timetable"),
    "alone": ("predictive", "predictive", "predictive"),
    "coupled": ("predictive", "predictive", "predictive"),
}


@pytest.mark.parametrize("mode", CONTROLLERS)
def test_each_way_to_run_has_its_controllers_and_only_a_coupled_city_tells_them_of_one_another(
    mode: str,
) -> None:
    case = jl.case("chongqing-2y", seed=7)
    city = read_city(case.model)
    orders = {order.name: order for order in run.orders_for(case, city, mode, Path("here"))}
    sewer, signals, *stations = orders.values()
    assert list(orders) == ["water", "traffic", *(f"station:{one.name}" for one in city.stations)]
    assert (sewer.controller, signals.controller) == CONTROLLERS[mode][:2]
    assert {station.controller for station in stations} == {CONTROLLERS[mode][2]}
    assert {order.case.seed for order in orders.values()} == {7}
    assert sewer.case == city.water_case("2y", seed=7, weights=mode == "coupled")
    limits = [(limit.node, limit.depth_m) for limit in sewer.case.settings.level_limits]
    roads = [(dip.node, dip.road_m + FROM_DEPTH_M) for dip in city.underpasses]
    assert limits == (roads if mode == "coupled" else [])
    assert [station.options for station in stations] == 3 * [{"knows": mode == "coupled"}]


@pytest.mark.parametrize("mode", CONTROLLERS)
def test_the_sides_know_the_underpasses_and_how_old_a_plan_is(mode: str) -> None:
    case = jl.case("chongqing")
    city = read_city(case.model)
    sewer, signals, *_ = run.orders_for(case, city, mode, Path("here"))
    assert sewer.options == {
        "underpasses": {dip.name: (dip.node, dip.road_m) for dip in city.underpasses},
        "lead_s": city.terms.lead_s,
        "step_s": 300.0,
    }
    assert signals.options == {"underpasses": {dip.name: dip.low for dip in city.underpasses}}


@pytest.mark.parametrize("mode", CONTROLLERS)
def test_a_station_that_opens_in_the_morning_has_run_all_day_when_the_evening_begins(
    town: Path, mode: str
) -> None:
    orders = run.orders_for(jl.case(town), read_city(town), mode, Path())
    begun_s = {order.name: order.offset_s for order in orders}
    assert begun_s == {"water": 0.0, "traffic": 0.0, "station:mixed": 8.5 * 3600.0}


def test_the_record_tells_the_unit_of_all_that_parts_tell(town: Path, tmp_path: Path) -> None:
    case, city = jl.case(town), read_city(town)
    orders = run.orders_for(case, city, "today", tmp_path)
    run._write_manifest(case, city, "today", tmp_path, orders)
    units = json.loads((tmp_path / "city.json").read_text())["units"]
    assert units["told:water:foreseen"] == "m"
    assert units["told:traffic:given_up"] == "veh"
    assert units["told:station:mixed:waiting"] == "person-h"
    assert units["traffic_ph"] == "veh/h"


def test_signals_that_foresee_nothing_take_no_forecast() -> None:
    with pytest.raises(jl.InputError, match="traffic decides on what it sees"):
        jl.case("traffic-grid", forecast="perfect")
    assert jl.case("traffic-grid", forecast="none").forecast == "none"


def of(lost: dict[str, str]) -> Result:
    made = Run(
        controller="coupled",
        score={"flooding": Quantity(value=1.0, unit="m³")},
        guard=GuardCount(),
        wall_s=1.0,
        details={"ended": "completed", "lost": lost},
    )
    return Result(case=jl.case("chongqing"), runs=(made,), folder=Path("nowhere"))


def test_a_lost_part_is_told_in_the_table_and_in_the_document() -> None:
    result = of({"traffic": "no such edge"})
    line = "coupled: traffic is lost, and figures are without it: no such edge"
    assert result.lost() == (line,)
    assert line in result.table().splitlines()
    assert result.to_dict()["runs"][0]["lost"] == {"traffic": "no such edge"}


@pytest.mark.parametrize(("lost", "words"), [((), ["waiting"]), (("station:b",), [])])
def test_people_at_a_lost_station_do_not_count_as_nobody(
    lost: tuple[str, ...], words: list[str]
) -> None:
    stations = ("station:a", "station:b")
    score = {"waiting": Quantity(value=100.0, unit="person-h")}
    ran = Run(controller="reactive", score=score, guard=GuardCount(), wall_s=1.0)
    late = {"waiting": 10.0}  # since the evening began; the rest had waited before
    done = {name: Finished(name=name, run=ran, extra=late) for name in stations if name not in lost}
    evening: Any = SimpleNamespace(closed_h=0.0)
    found = run._sheet(done, stations, evening)
    assert [word for word in found if word == "waiting"] == words
    assert all(found[word].value == 20.0 for word in words)


def finished(name: str, score: dict[str, float], extra: dict[str, float]) -> Finished:
    sheet = {word: Quantity(value=value, unit="of its own") for word, value in score.items()}
    ran = Run(controller="any", score=sheet, guard=GuardCount(), wall_s=1.0)
    return Finished(name=name, run=ran, extra=extra)


DONE = {
    "water": finished(
        "water",
        {"flooding": 11.0, "overflow": 12.0, "energy": 13.0},
        {"deepest:a": 0.25, "deepest:b": 0.5, "deepest:c": 0.125},
    ),
    "traffic": finished(
        "traffic",
        {"delay": 21.0, "emergency_delay": 22.0, "stops": 23.0, "co2": 24.0, "speed": 25.0},
        {"caught:a": 3.0, "caught:b": 4.0, "stranded": 5.0, "delay": 61.0, "emergency_delay": 62.0},
    ),
    "station:s": finished("station:s", {"waiting": 100.0}, {"waiting": 1.5}),
    "station:t": finished("station:t", {"waiting": 200.0}, {"waiting": 2.5}),
}


def sheet_of(done: dict[str, Finished]) -> dict[str, tuple[float, str]]:
    evening: Any = SimpleNamespace(closed_h=0.75)
    found = run._sheet(done, ["station:s", "station:t"], evening)
    return {word: (figure.value, figure.unit) for word, figure in found.items()}


def test_a_city_counts_who_is_caught_in_all_underpasses_and_delays_with_water_and_detours() -> None:
    assert list(sheet_of(DONE).items()) == [
        ("caught", (7.0, "veh")),
        ("delay", (61.0, "s")),
        ("emergency_delay", (62.0, "s")),
        ("waiting", (4.0, "of its own")),
        ("flooding", (11.0, "of its own")),
        ("overflow", (12.0, "of its own")),
        ("closed", (0.75, "h")),
        ("stops", (23.0, "of its own")),
        ("co2", (24.0, "of its own")),
        ("deepest", (0.5, "m")),
    ]


def test_signals_that_nobody_controls_are_told_of_the_city_too() -> None:
    ran = dataclasses.replace(DONE["traffic"].run, details={"uncontrolled": ["signal J3"]})
    done = {**DONE, "traffic": dataclasses.replace(DONE["traffic"], run=ran)}
    city: Any = SimpleNamespace(stations=())
    evening: Any = SimpleNamespace(closed_h=0.0)
    found = run._summary("alone", Path(), city, done, evening, "completed", 1.0, {})
    assert found.details["uncontrolled"] == ["signal J3"]


def test_where_no_trip_was_followed_delays_are_sumos_own() -> None:
    bare = dataclasses.replace(DONE["traffic"], extra={"caught:a": 3.0})
    found = sheet_of({**DONE, "traffic": bare})
    assert (found["delay"], found["emergency_delay"]) == (
        (21.0, "of its own"),
        (22.0, "of its own"),
    )
    assert found["caught"] == (3.0, "veh")


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ("water", {"flooding", "overflow", "deepest"}),
        ("traffic", {"caught", "delay", "emergency_delay", "stops", "co2"}),
    ],
)
def test_a_lost_part_takes_its_own_figures_with_it(lost: str, words: set[str]) -> None:
    left = {name: one for name, one in DONE.items() if name != lost}
    assert set(sheet_of(DONE)) - set(sheet_of(left)) == words


def test_a_whole_evening_has_nothing_to_tell_of_lost_parts() -> None:
    assert of({}).lost() == of({}).notices() == ()
    assert of({}).to_dict()["runs"][0]["lost"] == {}


@pytest.mark.slow
@pytest.mark.swmm
@pytest.mark.sumo
def test_an_evening_that_loses_a_part_ends_with_1_and_says_so_everywhere(
    town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(run.SIDES, "station", "city_sides:Unscored")
    result = CliRunner().invoke(app, ["run", str(town), "-c", "today", "--json"])
    assert result.exit_code == 1, result.output
    (only,) = json.loads(result.stdout)["runs"]
    assert "the ledger is torn" in only["lost"]["station:mixed"]
    assert "today: station:mixed is lost" in result.stderr
    saved = json.loads(Path("runs/town-s0/result.json").read_text())["runs"][0]
    assert saved["lost"] == only["lost"]


@pytest.mark.slow
@pytest.mark.swmm
@pytest.mark.sumo
def test_an_evening_that_cannot_begin_leaves_nothing(
    town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(run.SIDES, "station", "city_sides:Unopened")
    result = CliRunner().invoke(app, ["run", str(town), "-c", "today", "-c", "alone"])
    assert result.exit_code == 2
    assert "station:mixed: the door is stuck" in result.stderr
    assert list(Path("runs").iterdir()) == []
