"""Does a wrong network end a command with one message, exit code 2 and nothing half-written?

Does a bare network come with advice that works?
"""

from __future__ import annotations

from pathlib import Path

import pytest
from small_roads import write_network
from typer.testing import CliRunner

from jialing.cli.app import app
from jialing.domains.traffic.cases import FOLDER

ROUTE = '<routes><vehicle id="a" depart="0"><route edges="{}"/></vehicle></routes>'


def config(folder: Path, edges: str = "WC CE") -> Path:
    (folder / "cars.rou.xml").write_text(ROUTE.format(edges))
    path = folder / "all.sumocfg"
    path.write_text(
        '<configuration><input><net-file value="crossing.net.xml"/>'
        '<route-files value="cars.rou.xml"/></input></configuration>'
    )
    return path


@pytest.mark.parametrize("command", ["run", "inspect"])
@pytest.mark.parametrize(
    ("change", "edges", "words"),
    [
        (('state="Grrr"', 'state="Grr"'), "WC CE", "phase 1"),
        (('state="rGgG"', 'state="GGgG"'), "WC CE", "two ways that cross"),
        (("</net>", ""), "WC CE", "no well-formed XML"),
        (('tlLogic id="C"', 'tlLogic id="X"'), "WC CE", "no <tlLogic"),
        (("</net>", "</net>"), "WC CN", "leaves the network"),
    ],
)
def test_a_wrong_network_ends_with_one_message_and_nothing_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    change: tuple[str, str],
    edges: str,
    words: str,
) -> None:
    pytest.importorskip("libsumo", reason="install the extra traffic")
    write_network(tmp_path, change)
    path = config(tmp_path, edges)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    result = CliRunner().invoke(app, [command, str(path)])
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert [each.name for each in work.rglob("*") if each.is_file()] == []


def test_a_bare_network_is_inspected_with_the_routes_that_are_asked_for(tmp_path: Path) -> None:
    network, demand = write_network(tmp_path), tmp_path / "cars.rou.xml"
    demand.write_text(ROUTE.format("WC CE"))
    advice = "no traffic: give a .sumocfg, or routes with --routes X.rou.xml"
    assert advice in CliRunner().invoke(app, ["inspect", str(network)]).stdout
    options = ["inspect", str(network), "--routes", str(demand)]
    found = CliRunner().invoke(app, options)
    assert found.exit_code == 0
    assert "traffic from cars.rou.xml" in found.stdout
    demand.write_text(ROUTE.format("WC CN"))
    found = CliRunner().invoke(app, options)
    assert found.exit_code == 2
    assert "cars.rou.xml:1: " in found.stderr
    assert "leaves the network" in found.stderr


@pytest.mark.parametrize("command", ["run", "inspect"])
def test_routes_in_place_of_a_network_end_with_the_network_beside_them(
    tmp_path: Path, command: str
) -> None:
    demand = tmp_path / "cars.rou.xml"
    demand.write_text(ROUTE.format("WC CE"))
    found = CliRunner().invoke(app, [command, str(demand)])
    assert found.exit_code == 2
    assert found.stderr.strip() == (
        f"{demand}: holds SUMO routes, which drive on a network (--routes) and are none; name a model "
        "file, .net.xml, .net.xml.gz, .sumocfg, .sumocfg.gz or .sumo.cfg"
    )
    write_network(tmp_path)
    config(tmp_path)
    found = CliRunner().invoke(app, [command, str(demand)])
    assert found.stderr.strip().endswith("model file, beside it: all.sumocfg or crossing.net.xml")


def test_a_run_in_which_nobody_drives_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("libsumo", reason="install the extra traffic")
    monkeypatch.chdir(tmp_path)
    Path("late.sumocfg").write_text(
        f'<configuration><net-file value="{FOLDER}/grid.net.xml"/>'
        f'<route-files value="{FOLDER}/grid.rou.xml"/><begin value="90000"/></configuration>'
    )
    asked = ["run", "late.sumocfg", "--controller", "fixed", "--duration", "20s", "-q"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.stderr
    assert result.output.count("nobody drove") == 1
