"""Is an option that means nothing to a case refused by its own name, before anything is written?"""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from jialing.cli.app import app


def ask(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["storm-sewer", "--sensing", "loops"], "--sensing is for signals (the domain traffic); "),
        (["storm-sewer", "--mode", "auto"], "--mode is for stations (the domain metro); "),
        (["storm-sewer", "--event", "detectors_lost"], "--event is for cities (the domain city); "),
        (["storm-sewer", "--keys", "keys.jsonl"], "--keys is for stations"),
        (["storm-sewer", "--routes", "cars.rou.xml"], "--routes is for signals"),
        (["metro-mixed", "--series", "rain=rain.csv"], "--series is for sewers"),
        (["chongqing", "--mode", "auto"], "chongqing is of the domain city: run it without"),
        (["--net", "town.inp"], "--net is for signals (the domain traffic); town.inp is of the"),
        (["--net", "nowhere.net.xml"], "nowhere.net.xml: no such file"),
    ],
)
def test_an_option_of_another_domain_is_refused(arguments: list[str], said: str) -> None:
    Path("town.inp").write_text("[TITLE]\n")
    result = ask("run", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not Path("runs").exists()


def test_an_option_of_its_own_domain_reaches_the_case() -> None:
    assert "'manual' is not a mode" in ask("run", "metro-mixed", "--mode", "manual").stderr
    assert "sensing" in ask("run", "traffic-grid", "--sensing", "eyes").stderr
    assert "flood" in ask("run", "chongqing", "--event", "flood").stderr
