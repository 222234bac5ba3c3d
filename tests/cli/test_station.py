"""Do the commands begin a station and turn keys, with the right words and exit codes?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import jialing as jl
from jialing.cli.app import app

FEED = {
    "stops.txt": "stop_id,stop_name,location_type,parent_station,level_id\n"
    "S,Central,1,,\nP,Platform,0,S,L-1\nN,Hall,3,S,L0\nA,Exit,2,S,L0\n",
    "levels.txt": "level_id,level_index\nL0,0\nL-1,-1\n",
    "pathways.txt": "pathway_id,from_stop_id,to_stop_id,pathway_mode,is_bidirectional\n"
    "e1,P,A,4,0\ne2,A,P,4,0\ns1,P,A,2,1\n",
    "stop_times.txt": "trip_id,stop_id,arrival_time,departure_time\n"
    "t1,P,06:00:00,06:00:30\nt2,P,06:10:00,06:10:30\n",
}


def ask(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture(autouse=True)
def feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("feed").mkdir()
    for name, text in FEED.items():
        (Path("feed") / name).write_text(text)


def test_a_feed_becomes_a_station_file_that_can_be_inspected() -> None:
    result = ask("station", "new", "s.yaml", "--gtfs", "feed", "--stop", "S")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == "Station: s.yaml"
    assert "marked '# guess'" in result.stdout
    shown = ask("inspect", "s.yaml")
    assert shown.exit_code == 0, shown.output
    assert "platform" in shown.stdout


def test_what_a_station_file_cannot_say_of_a_feed_is_told_and_stands_in_the_file() -> None:
    stops = Path("feed/stops.txt")
    stops.write_text(stops.read_text() + "B,Back door,2,S,L9\n")
    result = ask("station", "new", "s.yaml", "--gtfs", "feed", "--stop", "S")
    assert result.exit_code == 0, result.output
    said = "notice: entrance 'B' is left out: no way leads there from a train"
    assert said in result.stderr
    assert f"# {said}" in Path("s.yaml").read_text().splitlines()


def test_another_station_or_a_second_file_of_that_name_is_refused() -> None:
    result = ask("station", "new", "s.yaml", "--gtfs", "feed", "--stop", "T")
    assert (result.exit_code, Path("s.yaml").exists()) == (2, False)
    assert "'T' is not a station of this feed. Known: S" in result.stderr
    ask("station", "new", "s.yaml", "--gtfs", "feed", "--stop", "S")
    again = ask("station", "new", "s.yaml", "--gtfs", "feed", "--stop", "S")
    assert again.exit_code == 2
    assert "exists already" in again.stderr


def test_a_key_goes_into_its_file() -> None:
    assert ask("station", "key", "keys.jsonl", "E2", "down", "--at", "2h").exit_code == 0
    assert json.loads(Path("keys.jsonl").read_text()) == {
        "link": "E2",
        "direction": -1.0,
        "at_s": 7200.0,
    }
    wrong = ask("station", "key", "keys.jsonl", "E2", "left")
    assert wrong.exit_code == 2
    assert "'left' is not a direction" in wrong.stderr


@pytest.mark.parametrize(("mode", "turned"), [("observe", 0.0), ("auto", 1.0), ("advise", 1.0)])
def test_the_mode_says_what_may_reach_an_escalator(mode: str, turned: float) -> None:
    result = ask(
        "run", "metro-mixed", "-c", "timetable", "--duration", "2h", "--mode", mode, "--json", "-q"
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["runs"][0]["score"]["reversals"]["value"] == turned


def test_an_unknown_mode_is_named() -> None:
    result = ask("run", "metro-mixed", "--mode", "manual", "-q")
    assert result.exit_code == 2
    assert "'manual' is not a mode. Known: advise, auto, observe" in result.stderr


def test_series_mean_nothing_to_a_station() -> None:
    result = ask("inspect", "metro-mixed", "--series", "rain=rain.csv")
    assert result.exit_code == 2
    assert "a metro model takes no series_files; inspect it without" in result.stderr
    with pytest.raises(jl.InputError, match="takes no series_files"):
        jl.inspect("metro-mixed", series_files={})
