"""Do the commands begin, check and run a city, with the right words and exit codes?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import jialing
from jialing.cli.app import app

PACKAGE = Path(jialing.__file__).parent
MODELS = (
    "--water",
    str(PACKAGE / "domains/water/models/storm-sewer.inp"),
    "--roads",
    str(PACKAGE / "domains/traffic/networks/grid.sumocfg"),
    "--station",
    str(PACKAGE / "domains/metro/stations/mixed.yaml"),
)


def ask(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_cities_are_the_first_cases() -> None:
    listed = json.loads(ask("cases", "--json").stdout)["cases"]
    assert listed[0]["name"] == "chongqing"
    assert "SCHEMATIC" in listed[0]["title"]
    cities = [case["domain"] == "city" for case in listed]
    assert cities == sorted(cities, reverse=True)


def test_a_city_is_begun_and_checked() -> None:
    result = ask("city", "new", "town", *MODELS)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == "City: town/city.yaml"
    result = ask("city", "check", "town")
    assert (result.exit_code, result.stdout) == (0, "Nothing is missing.\n")


def test_a_check_tells_every_problem_and_ends_with_2() -> None:
    ask("city", "new", "town", *MODELS)
    path = Path("town/city.yaml")
    text = path.read_text().replace("step_s: 60", "step_s: soon").replace('"GA"', '"GAA"')
    path.write_text(text.replace("duration_min: 60\n", ""))
    result = ask("city", "check", "town")
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines[-1] == "3 problems"
    for words in ("step_s is 'soon'", "duration_min is missing", "'GAA'"):
        assert any(words in line for line in lines[:-1]), words


@pytest.mark.parametrize("stands_in", [".", "town"])
def test_a_citys_folder_stands_for_its_city(
    monkeypatch: pytest.MonkeyPatch, stands_in: str
) -> None:
    ask("city", "new", "town", *MODELS)
    monkeypatch.chdir(stands_in)
    folder = "." if stands_in == "town" else "town"
    assert jialing.case(folder) == jialing.case(Path(folder) / "city.yaml")
    result = ask("run", folder, "--event", "none")
    assert result.exit_code == 2
    assert "'none' is not a possible event of town" in result.stderr


@pytest.mark.parametrize(
    ("command", "shipped"), [("run", "pump_without_power"), ("inspect", "cities/chongqing")]
)
def test_a_folder_that_a_shipped_case_hides_is_told_and_can_be_meant(
    command: str, shipped: str
) -> None:
    ask("city", "new", "chongqing", *MODELS)
    options = ("--event", "none") if command == "run" else ()
    result = ask(command, "chongqing", *options)
    notice, _, said = result.stderr.partition("\n")
    assert notice == (
        "chongqing is the shipped case, not the folder of that name here; ./chongqing means the folder"
    )
    assert (result.exit_code, shipped in said) == (2, True)
    own = ask(command, "./chongqing", *options)
    assert own.exit_code == 2
    assert "shipped case" not in own.stderr
    assert shipped not in own.stderr


def test_a_folder_without_a_city_is_refused_with_what_it_lacks() -> None:
    Path("empty").mkdir()
    for command in ("run", "inspect"):
        result = ask(command, "empty")
        assert result.exit_code == 2
        assert "empty: is a folder, not a model file, and holds no city.yaml" in result.stderr


@pytest.mark.parametrize("stands_in", [".", "town", "elsewhere"])
def test_the_models_of_a_city_are_named_as_seen_from_where_one_stands(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stands_in: str
) -> None:
    Path("elsewhere").mkdir()
    own = Path(shutil.copy(MODELS[-1], "mine.yaml"))
    ask("city", "new", "town", *MODELS[:-1], str(own))
    monkeypatch.chdir(stands_in)
    told = ask("inspect", str(tmp_path / "town")).stderr
    named = told.partition("can be inspected: ")[2].partition(";")[0].split(", ")
    assert len(named) == 3
    assert named[-1] == (str(own) if stands_in == "." else str(tmp_path / own))
    assert all(Path(file).is_file() for file in named)


def test_running_a_city_that_does_not_fit_says_what_and_leaves_nothing() -> None:
    ask("city", "new", "town", *MODELS)
    path = Path("town/city.yaml")
    path.write_text(path.read_text().replace("step_s: 60", "step_s: soon"))
    result = ask("run", "town/city.yaml")
    assert result.exit_code == 2
    assert "town/city.yaml:7: step_s is 'soon'" in result.stderr
    assert not Path("runs").exists()


def test_a_way_to_run_that_no_city_knows_is_refused_with_those_it_does() -> None:
    result = ask("run", "chongqing", "--controller", "couple")
    assert result.exit_code == 2
    assert "Did you mean 'coupled'?" in result.stderr
    assert not Path("runs").exists()


@pytest.mark.slow
@pytest.mark.swmm
@pytest.mark.sumo
def test_a_short_evening_runs_replays_and_is_exported() -> None:
    result = ask("run", "chongqing", "-c", "today", "-c", "coupled", "--duration", "120", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["domain"] == "city"
    assert [run["controller"] for run in document["runs"]] == ["today", "coupled"]
    assert {"caught", "delay", "waiting", "flooding"} <= set(document["runs"][0]["score"])
    for part in ("water", "traffic", "station:lianglukou"):
        assert f"today · {part}: 100 %" in result.stderr

    result = ask("replay", "chongqing-s0")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert len(lines) == 10
    assert all(line.endswith("identical") for line in lines)
    assert "coupled · station:hongtudi: 4 ticks, identical" in lines

    result = ask("export", "chongqing-s0", "--to", "csv")
    assert result.exit_code == 0, result.output
    tables = [Path(line) for line in result.stdout.splitlines()]
    assert len(tables) == 14  # five parts, the diary and the events, twice
    assert Path("runs/chongqing-s0/export/coupled-diary.csv") in tables
    assert {"today-water.csv", "coupled-traffic.csv"} <= {table.name for table in tables}
    assert len(Path("runs/chongqing-s0/export/today-water.csv").read_text().splitlines()) == 3
