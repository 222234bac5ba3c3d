"""Every named case says what it needs, and a user's own files become a case."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from traffic_files import ABSENT, MAPS, shared_map

from jialing import domains
from jialing.core.errors import InputError, UnknownNameError
from jialing.domains.traffic import cases
from jialing.domains.traffic.cases import CASES, open_case
from jialing.domains.traffic.domain import TRAFFIC
from jialing.domains.traffic.inspect import inspect_file
from jialing.domains.traffic.settings import TrafficSettings
from jialing.domains.traffic.start import arguments, duration_s, scenario


def test_the_shipped_case_needs_no_data() -> None:
    case = open_case("traffic-grid")
    assert case.model.is_file()
    files = scenario(case.model, case.settings)
    assert duration_s(files) == 1200.0
    assert all(path.is_file() for path in (files.net, *files.routes))


def test_shipped_files_name_no_place_on_a_machine() -> None:
    for file in cases.FOLDER.iterdir():
        text = file.read_text()
        assert "/home" not in text
        assert "/tmp" not in text  # noqa: S108


def stepping(folder: Path, step: str) -> Path:
    """The shipped grid's configuration with another step of SUMO."""
    text = (cases.FOLDER / "grid.sumocfg").read_text()
    path = folder / "mine.sumocfg"
    path.write_text(
        text.replace('value="grid', f'value="{cases.FOLDER}/grid').replace(
            "<time>", f'<time>\n<step-length value="{step}"/>'
        )
    )
    return path


@pytest.mark.parametrize(("step_s", "tick_s"), [(0.5, 0.75), (0.1, 0.25), (2.0, 3.0)])
def test_a_tick_between_the_steps_of_a_users_sumo_is_refused(
    tmp_path: Path, step_s: float, tick_s: float
) -> None:
    case = replace(TRAFFIC.case_from_file(stepping(tmp_path, f"{step_s}")), tick_s=tick_s)
    with pytest.raises(InputError, match=rf"tick_s = {tick_s:g} .* SUMO .* steps of {step_s:g} s"):
        TRAFFIC.desk(case, "fixed")


@pytest.mark.parametrize(
    ("step", "told"), [("0.3", "0.3 s"), ("2", "2 s"), ("0:00:02", "2 s"), ("0.7", "0.7 s")]
)
def test_a_step_of_sumo_that_no_usual_tick_holds_is_refused_by_its_line(
    tmp_path: Path, step: str, told: str
) -> None:
    path = stepping(tmp_path, step)
    line = 1 + path.read_text().partition("<step-length")[0].count("\n")
    with pytest.raises(InputError) as refused:
        TRAFFIC.desk(TRAFFIC.case_from_file(path), "fixed")
    assert str(refused.value) == (
        f"{path}:{line}: <step-length> is {told}, but decisions come every 1 s, which must be a "
        "whole number of steps; give it 1, 0.5, 0.25, 0.2 or 0.1 s"
    )
    _, lines = inspect_file(path)
    assert any(f"line {line}: step-length is {told}" in each for each in lines)


@pytest.mark.parametrize("step", ["0", "-1"])
def test_a_step_that_is_none_is_refused_by_its_line(tmp_path: Path, step: str) -> None:
    with pytest.raises(InputError, match=rf"mine\.sumocfg:\d+: <step-length> .* '{step}'; it must"):
        inspect_file(stepping(tmp_path, step))


def test_all_maps_of_the_benchmark_are_cases() -> None:
    assert set(CASES) == {"traffic-grid", *MAPS}
    assert set(CASES) <= set(domains.named_cases())


@pytest.mark.skipif(not shared_map("cologne1").is_file(), reason=ABSENT)
@pytest.mark.parametrize("name", MAPS)
def test_a_map_runs_for_the_hour_of_the_benchmark(name: str) -> None:
    case = open_case(name)
    assert case.name == name
    assert duration_s(scenario(case.model, case.settings)) == 3600.0


def test_an_absent_map_says_where_to_put_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"traffic/cologne1 of a folder and name that folder in"):
        open_case("cologne1", data=tmp_path)


def test_a_map_is_found_where_it_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "traffic" / "cologne1"
    folder.mkdir(parents=True)
    (folder / "cologne1.sumocfg").write_text("<configuration/>")
    assert open_case("cologne1", data=tmp_path).model == folder / "cologne1.sumocfg"


def test_an_unknown_case_is_named() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'cologne1'"):
        open_case("cologn1")


def test_a_users_network_becomes_a_case_with_their_routes() -> None:
    net, routes = cases.FOLDER / "grid.net.xml", cases.FOLDER / "grid.rou.xml"
    assert domains.row("traffic").reads(str(net))
    case = TRAFFIC.case_from_file(net, routes=(routes,), decide_every_s=5.0)
    assert (case.name, case.tick_s, case.domain) == ("grid", 5.0, "traffic")
    found = scenario(case.model, case.settings)
    options = arguments(found, case.settings, seed=3, trips=Path("t.xml"))
    assert options[:4] == ["--net-file", str(net), "--route-files", str(routes)]
    assert options[options.index("--seed") + 1] == "3"


@pytest.mark.parametrize(
    ("departs", "begin_s"), [("25200", 25200.0), ("07:00:00", 25200.0), ("14:06:56:07", 1234567.0)]
)
def test_a_bare_network_begins_when_the_first_vehicle_departs(
    tmp_path: Path, departs: str, begin_s: float
) -> None:
    routes = tmp_path / "morning.rou.xml"
    trips = f'<trip id="a" depart="{departs}"/><trip id="b" depart="triggered"/>'
    routes.write_text(f"<routes>{trips}</routes>")
    settings = TrafficSettings(routes=(routes,))
    found = scenario(cases.FOLDER / "grid.net.xml", settings)
    options = arguments(found, settings, seed=0, trips=tmp_path / "t.xml")
    assert (found.begin_s, float(options[options.index("--begin") + 1])) == (begin_s, begin_s)


@pytest.mark.sumo
def test_a_run_knows_the_time_of_day_at_which_it_begins(tmp_path: Path) -> None:
    routes = tmp_path / "morning.rou.xml"
    routes.write_text(
        '<routes><trip id="a" depart="07:00:00" from="west1-A1" to="C1-east1"/></routes>'
    )
    desk = TRAFFIC.desk(
        TRAFFIC.case_from_file(cases.FOLDER / "grid.net.xml", routes=(routes,)), "fixed"
    )
    desk.plant.close()
    assert desk.about["begin_s"] == 25200.0


def test_a_departure_that_is_no_time_is_named(tmp_path: Path) -> None:
    routes = tmp_path / "morning.rou.xml"
    routes.write_text('<routes>\n<trip id="a" depart="7:30"/>\n</routes>')
    with pytest.raises(InputError, match="depart='7:30'") as told:
        scenario(cases.FOLDER / "grid.net.xml", TrafficSettings(routes=(routes,)))
    assert told.value.line == 2


def test_a_network_without_traffic_says_how_to_name_some() -> None:
    net = cases.FOLDER / "grid.net.xml"
    with pytest.raises(InputError, match="--routes"):
        scenario(net, TrafficSettings())


def test_routes_that_do_not_exist_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.rou\.xml"):
        scenario(
            cases.FOLDER / "grid.net.xml", TrafficSettings(routes=(tmp_path / "nowhere.rou.xml",))
        )


def test_further_files_come_after_those_of_the_configuration(tmp_path: Path) -> None:
    found = scenario(cases.FOLDER / "grid.sumocfg", TrafficSettings())
    extra = tmp_path / "more.add.xml"
    options = arguments(
        found, TrafficSettings(), seed=0, trips=tmp_path / "t.xml", additional=[extra]
    )
    assert options[options.index("--additional-files") + 1] == str(extra)
    assert "--route-files" not in options
