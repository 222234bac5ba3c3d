"""Do the files of the schematic city fit together, and do they run?"""

from __future__ import annotations

import functools
import json
import math
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from jialing.city.draw.graph import read_graph
from jialing.city.draw.roads import hairpins
from jialing.city.draw.tables import read_atlas
from jialing.domains.metro.reader import read_station
from jialing.domains.traffic.model import read_roads
from jialing.domains.traffic.proof import prove
from jialing.domains.traffic.settings import TrafficSettings
from jialing.domains.water.model import WaterModel, read_model

FOLDER = Path(__file__).parents[2] / "src/jialing/cities/chongqing"
HALF_OF_STOPPING_M = 0.15
PACKED = ("water.inp", "roads.net.xml", "traffic.rou.xml", "roads.add.xml", "traffic.sumocfg")


def _tree(name: str) -> ET.Element:
    return ET.parse(FOLDER / name).getroot()  # noqa: S314 - a file of ours


@pytest.fixture(scope="module")
def city() -> dict[str, Any]:
    return dict(yaml.safe_load((FOLDER / "city.yaml").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def sewer() -> WaterModel:
    return read_model(FOLDER / "water.inp")


@pytest.fixture(scope="module")
def net() -> ET.Element:
    return _tree("roads.net.xml")


@pytest.fixture(scope="module")
def edges(net: ET.Element) -> set[str]:
    return {edge.attrib["id"] for edge in net.iter("edge") if not edge.get("function")}


@pytest.fixture(scope="module")
def signals(net: ET.Element) -> set[str]:
    return {logic.attrib["id"] for logic in net.iter("tlLogic")}


def test_every_file_says_that_the_city_is_schematic() -> None:
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert len(files) > 40
    silent = [path.name for path in files if "SCHEMATIC" not in path.read_text("utf-8")[:2000]]
    assert silent == []


def test_files_that_the_manifest_names_exist(city: dict[str, Any]) -> None:
    models = city["models"]
    named = [models["water"]["file"], models["water"]["storms"]]
    named += [models["roads"][key] for key in ("file", "net", "routes", "additional")]
    named += [station["file"] for station in models["stations"].values()]
    named += [city["map"]["rivers"], city["map"]["places"]]
    assert [name for name in named if not (FOLDER / name).exists()] == []


def test_sewer_is_of_the_size_that_is_promised(sewer: WaterModel, city: dict[str, Any]) -> None:
    assert 230 <= len(sewer.nodes.names) <= 300
    assert len(city["water"]["controlled"]) == 12
    assert len(city["underpasses"]) == 6


def test_all_that_may_be_moved_can_be_moved(sewer: WaterModel, city: dict[str, Any]) -> None:
    moved = {sewer.links.names[i] for rule in sewer.rules for i in rule.links}
    assert set(city["water"]["controlled"]) <= moved  # today's local rules move each of them


def test_overflow_and_works_are_told_apart(sewer: WaterModel, city: dict[str, Any]) -> None:
    outfalls = {sewer.nodes.names[i] for i in sewer.nodes.outfalls}
    assert outfalls - set(city["water"]["overflow_outfalls"]) == {"P_WE", "P_WN"}
    assert set(city["water"]["overflow_outfalls"]) <= outfalls


def test_underpasses_stand_in_the_sewer_and_on_the_street(
    sewer: WaterModel, edges: set[str], signals: set[str], city: dict[str, Any]
) -> None:
    for name, each in city["underpasses"].items():
        node = sewer.nodes.names.index(each["node"])
        assert sewer.nodes.max_depth_m[node] == pytest.approx(each["road_m"]), name
        assert sewer.nodes.ponded_m2[node] > 500.0, name
        assert set(each["low"]) | set(each["entries"]) <= edges, name
        assert set(each["detour"]) <= signals, name
        assert set(each["relieved_by"]) <= set(city["water"]["controlled"]), name


def test_who_enters_an_underpass_must_pass_its_low_part(
    net: ET.Element, city: dict[str, Any]
) -> None:
    after: dict[str, set[str]] = {}
    for turn in net.iter("connection"):
        after.setdefault(turn.attrib["from"], set()).add(turn.attrib["to"])
    for each in city["underpasses"].values():
        reached = set().union(*(after[entry] for entry in each["entries"]))
        assert reached == set(each["low"])


def test_stations_draw_from_what_exists(
    signals: set[str], net: ET.Element, city: dict[str, Any]
) -> None:
    nodes = {junction.attrib["id"] for junction in net.iter("junction")}
    assert set(city["stations"]) == set(city["models"]["stations"])
    for name, station in city["stations"].items():
        assert set(station["draws_from"]) <= set(city["underpasses"]), name
        assert set(station["streets"]) <= nodes, name


def test_events_name_what_exists(signals: set[str], city: dict[str, Any]) -> None:
    assert city["events"]["detectors_lost"]["junction"] in signals
    assert city["events"]["pump_without_power"]["pump"] in city["water"]["controlled"]


def test_every_coupling_names_its_law_and_its_source(city: dict[str, Any]) -> None:
    for name, coupling in city["couplings"].items():
        assert coupling["law"], name
        assert len(coupling["source"]) > 15 or "assumed" in coupling["source"], name


def test_every_storm_brings_all_series(sewer: WaterModel, city: dict[str, Any]) -> None:
    wanted = [*city["water"]["gauges"].values(), *city["water"]["river_stages"]]
    assert {name for name, series in sewer.series.items() if series.file} == set(wanted)
    for storm in ("dry", "2y", "10y", "50y"):
        folder = FOLDER / city["storms"][storm]["series"]
        model = read_model(
            FOLDER / "water.inp", series_files={name: folder / f"{name}.dat" for name in wanted}
        )
        depth = float(model.rain(1).depth_m([0.0, 4 * 3600.0])[0])  # type: ignore[arg-type]
        assert (depth == 0.0) is (storm == "dry")


def test_rain_holds_the_design_depth(city: dict[str, Any]) -> None:
    """Two hours of the storm of 10 years at the centre, against the intensity formula itself."""
    storms = yaml.safe_load((FOLDER / "storms.yaml").read_text(encoding="utf-8"))
    share = next(g["share"] for g in storms["gauges"] if g["id"] == "centre")
    rate = 1132.0 * (1.0 + 0.958 * math.log10(10.0)) / (120.0 + 5.408) ** 0.595  # L/(s·ha)
    depth_mm = rate * 1e-7 * 7200.0 * 1e3 * share
    model = read_model(FOLDER / "water.inp")
    at = model.gages.names.index("centre")
    fallen = model.rain(at).depth_m([0.0, 4 * 3600.0])[0]  # type: ignore[arg-type]
    assert fallen * 1e3 == pytest.approx(depth_mm, rel=2e-3)


def test_signals_are_as_many_as_promised(signals: set[str]) -> None:
    assert 60 <= len(signals) <= 80


def test_every_mode_of_every_signal_is_proven_free_of_conflict() -> None:
    """What is not proven is never commanded: such a signal would stay with its programme."""
    settings = TrafficSettings()
    unproven = {
        junction.name: proof.faults
        for junction in read_roads(FOLDER / "traffic.sumocfg", settings).junctions
        if not (proof := prove(junction, settings.yellow_s)).usable.all()
    }
    assert unproven == {}


def test_traffic_is_as_much_as_promised(edges: set[str]) -> None:
    root = _tree("traffic.rou.xml")
    vehicles = root.findall("vehicle")
    kinds = {vehicle.attrib["type"] for vehicle in vehicles}
    assert 6000 <= len(vehicles) <= 10_000
    assert {"bus", "ambulance", "car", "lorry"} <= kinds
    used = {edge for route in root.findall("route") for edge in route.attrib["edges"].split()}
    assert used <= edges
    assert max(float(vehicle.attrib["depart"]) for vehicle in vehicles) < 10_800.0


def test_underpasses_carry_the_traffic_that_the_manifest_says(city: dict[str, Any]) -> None:
    root = _tree("traffic.rou.xml")
    ways = {route.attrib["id"]: route.attrib["edges"].split() for route in root.findall("route")}
    for name, each in city["underpasses"].items():
        through = sum(
            1
            for vehicle in root.findall("vehicle")
            if 1800.0 <= float(vehicle.attrib["depart"]) < 5400.0
            and set(each["low"]) & set(ways[vehicle.attrib["route"]])
        )
        assert through == each["veh_h"], name


def test_every_trip_has_a_way_round_the_underpasses() -> None:
    graph = read_graph((FOLDER / "roads.net.xml").read_text(encoding="utf-8"))
    above = {
        edge: [link for link in links if "underpass" not in link.to]
        for edge, links in graph.turns.items()
    }
    graph = replace(graph, turns=above)
    reached = {edge: graph.reached_from(edge) for edge in graph.turns}
    chains = [route.attrib["edges"].split() for route in _tree("traffic.rou.xml").iter("route")]
    assert chains
    assert not [chain for chain in chains if chain[-1] not in reached[chain[0]]]


def test_nobody_turns_from_the_street_above_back_into_an_underpass() -> None:
    graph = read_graph((FOLDER / "roads.net.xml").read_text(encoding="utf-8"))
    banned = list(hairpins(read_atlas(FOLDER)))
    assert len(banned) == 6 * 2 * 2  # six underpasses, two portals, into each and out of it
    for came, left in banned:
        assert left not in {link.to for link in graph.turns[came]}, (came, left)


def test_streets_are_no_steeper_than_streets_can_be(net: ET.Element) -> None:
    for edge in net.iter("edge"):
        lane = edge.find("lane")
        if edge.get("function") or lane is None:
            continue
        heights = [float(point.split(",")[2]) for point in lane.attrib["shape"].split()]
        assert abs(heights[-1] - heights[0]) / float(lane.attrib["length"]) < 0.12, edge.attrib[
            "id"
        ]


def test_stations_can_be_read(city: dict[str, Any]) -> None:
    for name, station in city["models"]["stations"].items():
        read = read_station(FOLDER / station["file"])
        assert read.name == name
        assert read.open_s == 17.5 * 3600.0
    deep = read_station(FOLDER / "stations/hongtudi.yaml")
    assert min(level.elevation_m for level in deep.levels) == pytest.approx(-94.4)


@pytest.mark.slow
def test_the_city_is_drawn_again_byte_for_byte(tmp_path: Path) -> None:
    """From the tables alone. What netconvert of another version writes may differ."""
    from jialing.city.draw.roads import netconvert
    from jialing.core.errors import MissingExtraError

    try:
        program = netconvert()
    except MissingExtraError:
        pytest.skip("eclipse-sumo is not installed, and with it netconvert")
    said = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False)
    if "1.28" not in said.stdout + said.stderr:
        pytest.skip("the network was built by netconvert 1.28")
    for table in FOLDER.iterdir():
        if table.is_file() and table.name not in PACKED:
            (tmp_path / table.name).write_bytes(table.read_bytes())
    subprocess.run([sys.executable, "-m", "jialing.city.draw", str(tmp_path)], check=True)
    made = sorted(p.relative_to(FOLDER) for p in FOLDER.rglob("*") if p.is_file())
    assert sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file()) == made
    changed = [n for n in made if (tmp_path / n).read_bytes() != (FOLDER / n).read_bytes()]
    assert changed == []


WATER = """
import json, sys
from pathlib import Path
from jialing.domains.water.engine import SwmmEngine
from jialing.domains.water.model import read_model
folder, storm, work = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
text = (folder / "water.inp").read_text(encoding="utf-8")
inp = work / "evening.inp"
inp.write_text(text.replace("storms/10y", str(folder / "storms" / storm)), encoding="utf-8")
model = read_model(inp)
engine = SwmmEngine(inp, model, work / "evening.rpt")
under = [i for i, name in enumerate(model.nodes.names) if name.startswith("U_")]
deepest = [0.0] * len(under)
going = True
while going:
    going = engine.stride(60)
    depth = engine.depth(under)
    deepest = [max(a, float(b)) for a, b in zip(deepest, depth - model.nodes.max_depth_m[under])]
error = engine.end()
engine.close()
print(json.dumps({"error": error, "depth": dict(zip([model.nodes.names[i] for i in under], deepest))}))
"""


@functools.cache
def _evening(storm: str) -> dict[str, Any]:
    """Water balance error and deepest water on each underpass, under today's rules."""
    with tempfile.TemporaryDirectory() as work:
        done = subprocess.run(
            [sys.executable, "-c", WATER, str(FOLDER), storm, work],
            capture_output=True,
            text=True,
            check=True,
        )
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.swmm
@pytest.mark.parametrize("storm", ["dry", "2y", "10y", "50y"])
def test_sewer_keeps_its_water(storm: str) -> None:
    assert abs(_evening(storm)["error"]) < 1.0  # [%]


@pytest.mark.swmm
@pytest.mark.parametrize(("storm", "flooded"), [("dry", 0), ("2y", 0), ("10y", 6), ("50y", 6)])
def test_underpasses_flood_when_they_should(storm: str, flooded: int) -> None:
    """Under today's local rules: from a storm of 10 years on, deep enough to stop a car."""
    deepest = _evening(storm)["depth"]
    assert sum(depth > 0.3 for depth in deepest.values()) == flooded
    assert sum(depth > 0.01 for depth in deepest.values()) == flooded


SUMO = """
import sys
import libsumo
libsumo.start(["sumo", "-c", sys.argv[1], "--seed", "1", "--no-step-log", "--no-warnings"])
libsumo.simulationStep(300.0)
print(libsumo.vehicle.getIDCount(), libsumo.simulation.getStartingTeleportNumber())
libsumo.close()
"""


def test_sumo_drives_the_first_minutes() -> None:
    pytest.importorskip("libsumo", reason="the extra `traffic` is not installed")
    done = subprocess.run(
        [sys.executable, "-c", SUMO, str(FOLDER / "traffic.sumocfg")],
        capture_output=True,
        text=True,
        check=True,
    )
    vehicles, teleports = (int(word) for word in done.stdout.split()[-2:])
    assert vehicles > 50
    assert teleports == 0
