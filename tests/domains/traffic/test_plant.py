"""SUMO under our control is SUMO: same trips, safe signals, one at a time, and no word too many."""

from __future__ import annotations

import dataclasses
import gzip
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_roads import write_network
from traffic_files import ABSENT, shared_map, sumo_program

from jialing.core.case import Case
from jialing.core.command import Command
from jialing.core.errors import MissingExtraError, PlantError, UnknownNameError
from jialing.core.signal import Quality
from jialing.domains.traffic import plant as plant_module
from jialing.domains.traffic.cases import CASES
from jialing.domains.traffic.model import read_roads
from jialing.domains.traffic.plant import SumoPlant
from jialing.domains.traffic.score import WORDS
from jialing.domains.traffic.settings import TrafficSettings
from jialing.domains.traffic.start import arguments, scenario
from jialing.domains.traffic.tripinfo import Trip

pytest.importorskip("libsumo")
pytestmark = [pytest.mark.sumo, pytest.mark.slow]

GRID = CASES["traffic-grid"]()
LENGTH_S = 400.0


def opened(
    case: Case = GRID, *, seed: int = 1, duration_s: float = LENGTH_S, **more: Any
) -> SumoPlant:
    settings = dataclasses.replace(case.settings, **more.pop("settings", {}))
    return SumoPlant(
        scenario(case.model, settings),
        read_roads(case.model, settings),
        settings,
        duration_s=duration_s,
        seed=seed,
        **more,
    )


@pytest.fixture
def plant() -> Iterator[SumoPlant]:
    found = opened()
    yield found
    found.close()


def to_the_end(plant: SumoPlant, commands: Iterator[Command] | None = None) -> tuple[Trip, ...]:
    plant.apply(Command.all_local(len(plant.actuators)))
    while plant.step(1.0):
        if commands is not None:
            plant.apply(next(commands))
    plant.close()
    return plant.trips


def at_random(plant: SumoPlant, seed: int = 0) -> Iterator[Command]:
    """Every few seconds other modes, and some signals given back to their programmes."""
    draw = np.random.default_rng(seed)
    modes = [len(actuator.levels) for actuator in plant.actuators]
    while True:
        targets = np.array([float(draw.integers(count)) for count in modes])
        local = draw.random(len(modes)) < 0.3
        command = Command(targets=np.where(local, np.nan, targets), local=local)
        for _ in range(int(draw.integers(1, 15))):
            yield command


def plain_sumo(model: Path, folder: Path, *, seed: int, end_s: float) -> list[dict[str, str]]:
    """What SUMO's own program says of every trip."""
    program = sumo_program("sumo")
    if program is None:
        pytest.skip("SUMO's own program is not installed")
    # It decides ties by what lies where in its memory (see `heap.py`), so that the length of a path
    # among its options may change its trips: it is told of none that differs from run to run.
    out = "plain.xml"
    subprocess.run(
        [
            *(str(program), "-c", str(model), "--seed", str(seed), "--end", f"{end_s:g}"),
            *("--time-to-teleport", "-1", "--no-step-log", "--no-warnings"),
            *("--tripinfo-output", out, "--tripinfo-output.write-unfinished"),
            "--tripinfo-output.write-undeparted",
        ],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    trips = ElementTree.parse(folder / out).getroot().iter("tripinfo")  # noqa: S314
    return [dict(each.attrib) for each in trips]


def test_under_its_own_programme_every_trip_is_the_one_that_plain_sumo_drives(
    plant: SumoPlant, tmp_path: Path
) -> None:
    ours = to_the_end(plant)
    theirs = plain_sumo(GRID.model, tmp_path, seed=1, end_s=LENGTH_S)
    expected = {
        trip["id"]: (float(trip["timeLoss"]), float(trip["departDelay"]), int(trip["waitingCount"]))
        for trip in theirs
        if trip["depart"] != "-1" or float(trip["departDelay"]) > 0.0
    }
    found = {trip.vehicle: (trip.loss_s, trip.depart_delay_s, trip.stops) for trip in ours}
    assert len(found) > 200
    assert found == expected


@pytest.mark.skipif(not shared_map("cologne1").is_file(), reason=ABSENT)
def test_a_fixed_run_of_a_whole_map_is_plain_sumo(tmp_path: Path) -> None:
    case = CASES["cologne1"]()
    plant = opened(case, duration_s=3600.0)
    ours = to_the_end(plant)
    theirs = plain_sumo(case.model, tmp_path, seed=1, end_s=28_800.0)
    delays = [
        float(trip["timeLoss"]) + float(trip["departDelay"])
        for trip in theirs
        if trip["depart"] != "-1" or float(trip["departDelay"]) > 0.0
    ]
    assert len(ours) == len(delays) == 2015
    sheet, _ = plant.score()
    assert sheet["delay"].value == pytest.approx(sum(delays) / len(delays), abs=1e-9)
    assert 40.0 < sheet["delay"].value < 46.0  # 43.2 s, the mean over seeds in earlier runs


def test_the_same_seed_and_commands_give_the_same_trips_bit_for_bit() -> None:
    runs = []
    for seed in (4, 4, 5):
        plant = opened(seed=seed)
        runs.append(to_the_end(plant, at_random(plant)))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


@pytest.mark.skipif(not shared_map("cologne1").is_file(), reason=ABSENT)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs the C library of Linux")
def test_what_lies_in_memory_does_not_change_the_trips() -> None:
    case, runs = CASES["cologne1"](), []
    for round_ in range(6):
        sizes = np.random.default_rng(round_).integers(600, 20_000, 20_000)
        used = [bytes(size) for size in sizes.tolist()]
        del used[::2]  # holes all over the heap
        runs.append(to_the_end(opened(case, duration_s=600.0)))
    assert all(run == runs[0] for run in runs)


@pytest.mark.parametrize("programme", ["file", "actuated"])
def test_whatever_is_asked_no_vehicle_meets_red_without_yellow(programme: str) -> None:
    import libsumo

    plant = opened(programme=programme, seed=2)
    walks = [
        {int(j.links[m]) for m in range(j.movements) if j.pedestrian[m]} for j in plant.junctions
    ]
    commands = at_random(plant, 7)
    seen: list[list[str]] = []
    while plant.step(1.0):
        seen.append([libsumo.trafficlight.getRedYellowGreenState(j.name) for j in plant.junctions])
        plant.apply(next(commands))
    plant.close()
    changes = 0
    for now, then in pairwise(seen):
        for k, (before, after) in enumerate(zip(now, then, strict=True)):
            changes += before != after
            for link, (was, becomes) in enumerate(zip(before, after, strict=True)):
                assert link in walks[k] or not (was in "Gg" and becomes in "rs"), (before, after)
    assert changes > 200


def test_no_two_streams_that_conflict_are_green_together_on_the_way(plant: SumoPlant) -> None:
    import libsumo

    commands = at_random(plant, 3)
    both = 0
    while plant.step(1.0):
        for junction in plant.junctions:
            state = libsumo.trafficlight.getRedYellowGreenState(junction.name)
            letters = [state[link] for link in junction.links.tolist()]
            free = np.array([letter in "Gy" for letter in letters])
            clash = junction.conflicts & free[:, None] & free[None, :]
            both += int(np.count_nonzero(clash & ~junction.yields_to & ~junction.yields_to.T))
        plant.apply(next(commands))
    assert both == 0


def test_positions_tell_the_mode_or_where_the_signal_is_going(plant: SumoPlant) -> None:
    count = len(plant.actuators)
    free = np.zeros(count, dtype=np.bool_)
    seen = set()
    for second in range(60):
        target = 1.0 if second >= 20 else 0.0
        receipt = plant.apply(Command(targets=np.full(count, target), local=free))
        seen |= set(receipt.positions.tolist())
        plant.step(1.0)
        values = plant.observe()
        if second in (19, 59):
            assert [values[f"mode:{j.name}"] for j in plant.junctions] == [target] * count
            assert all(values[f"green:{j.name}"] > 5.0 for j in plant.junctions)
    assert seen == {0.0, 1.0, -1.0, -2.0} or seen == {0.0, 1.0, -2.0}


def test_a_signal_under_its_programme_shows_no_mode(plant: SumoPlant) -> None:
    plant.apply(Command.all_local(len(plant.actuators)))
    plant.step(1.0)
    seen = plant.observe()
    for junction in plant.junctions:
        assert np.isnan(seen[f"mode:{junction.name}"])
        assert seen.quality[seen.table.find(f"mode:{junction.name}")] == Quality.MISSING


def test_a_programme_that_was_away_comes_back_in_step_with_the_clock(plant: SumoPlant) -> None:
    import libsumo

    name = plant.junctions[0].name
    undisturbed, disturbed = [], []
    for column, away in ((undisturbed, False), (disturbed, True)):
        found = plant if not away else opened()
        command = Command.all_local(len(found.actuators))
        for second in range(200):
            if away and second == 40:
                command = Command.of(found.actuators, {name: 1.0})
            if second == 90:
                command = Command.all_local(len(found.actuators))
            found.apply(command)
            found.step(1.0)
            column.append(libsumo.trafficlight.getRedYellowGreenState(name))
        found.close()
    assert undisturbed[:40] == disturbed[:40]
    assert undisturbed[40:90] != disturbed[40:90]
    assert undisturbed[140:] == disturbed[140:]


def test_a_second_simulation_in_the_process_is_refused_in_words(plant: SumoPlant) -> None:
    with pytest.raises(PlantError, match="open in this process already"):
        opened()
    plant.step(1.0)  # the first goes on


def test_a_plant_without_sumo_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plant_module, "libsumo", None)
    with pytest.raises(MissingExtraError, match=r"jialing\[traffic\]"):
        opened()


def test_sumos_own_words_are_in_the_error_and_not_on_the_console(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    routes = tmp_path / "bad.rou.xml"
    routes.write_text(
        '<routes><trip id="v" type="ghost" depart="0" from="west2-A2" to="C2-east2"/></routes>'
    )
    with pytest.raises(PlantError, match="ghost"):
        opened(settings={"routes": (routes,)})
    assert capfd.readouterr() == ("", "")


def test_a_run_says_nothing_on_the_console_and_leaves_no_file(
    capfd: pytest.CaptureFixture[str],
) -> None:
    plant = opened(duration_s=30.0, programme="actuated")
    folder = plant._folder
    to_the_end(plant)
    assert not folder.exists()
    assert capfd.readouterr() == ("", "")


def test_an_unknown_programme_is_named() -> None:
    with pytest.raises(UnknownNameError, match="actuated"):
        opened(programme="actuatd")


def test_a_score_counts_those_who_could_not_enter(tmp_path: Path) -> None:
    routes = tmp_path / "crowd.rou.xml"
    routes.write_text(
        '<routes><flow id="f" begin="0" end="100" number="200" from="west2-A2" to="C2-east2"/></routes>'
    )
    plant = opened(duration_s=100.0, settings={"routes": (routes,)})
    plant.step(99.0)
    before, _ = plant.score()
    trips = to_the_end(plant)
    after, details = plant.score()
    outside = [trip for trip in trips if not trip.departed]
    assert len(outside) == details["never_departed"] > 50
    assert len(trips) == 199  # the last is due half a second before the end, too late for a step
    assert after["delay"].value == sum(trip.delay_s for trip in trips) / 199
    assert before["delay"].value == pytest.approx(after["delay"].value, rel=0.05)


def test_the_score_under_way_is_close_to_the_one_that_is_settled(plant: SumoPlant) -> None:
    plant.step(LENGTH_S - 1.0)
    before, _ = plant.score()
    plant.step(1.0)
    after, _ = plant.score()
    assert [word for word in after if word in before] == list(before)
    assert list(after) == [word for word in WORDS if word in after]
    assert set(after) - set(before) == {"co2", "fuel"}
    for word in ("delay", "waiting", "bus_delay", "emergency_delay", "queue", "queue_p95"):
        assert before[word].value == pytest.approx(after[word].value, rel=0.02), word
    assert before["stops"].value == pytest.approx(after["stops"].value, rel=0.1)
    assert before["throughput"].value == pytest.approx(after["throughput"].value, abs=5)


def test_exhausts_are_those_of_a_car_in_town(plant: SumoPlant) -> None:
    to_the_end(plant)
    sheet, _ = plant.score()
    assert 2.2 < sheet["co2"].value / sheet["fuel"].value < 2.8  # kg of CO2 per litre of fuel


@pytest.mark.parametrize("level", ["perfect", "camera", "loops"])
def test_how_well_we_see_changes_nothing_in_how_traffic_is_scored(level: str) -> None:
    plant = opened(settings={"sensing": level})
    while plant.step(1.0):
        plant.observe()
    plant.close()
    sheet, details = plant.score()
    assert (sheet, details) == _reference()


_KEPT: list[Any] = []


def _reference() -> Any:
    if not _KEPT:
        plant = opened()
        to_the_end(plant)
        _KEPT.append(plant.score())
    return _KEPT[0]


def test_ticks_of_ten_seconds_drive_the_same_trips_as_ticks_of_one(plant: SumoPlant) -> None:
    one = to_the_end(plant)
    plant = opened()
    plant.apply(Command.all_local(len(plant.actuators)))
    while plant.step(10.0):
        pass
    plant.close()
    assert plant.trips == one


def test_settings_are_those_of_the_case() -> None:
    assert isinstance(GRID.settings, TrafficSettings)
    assert GRID.settings.sensing == "camera"


def test_a_packed_network_with_routes_drives_the_trips_of_the_configuration(
    plant: SumoPlant, tmp_path: Path
) -> None:
    expected = to_the_end(plant)
    net = tmp_path / "town.net.xml.gz"
    net.write_bytes(gzip.compress((GRID.model.parent / "grid.net.xml").read_bytes()))
    case = dataclasses.replace(GRID, model=net)
    found = opened(case, settings={"routes": (GRID.model.parent / "grid.rou.xml",)})
    assert to_the_end(found) == expected


def grid_config(folder: Path, options: str, additional: str = "") -> Case:
    """The shipped grid in `folder`, with more options and an additional file."""
    for name in ("grid.net.xml", "grid.rou.xml"):
        shutil.copy(GRID.model.parent / name, folder)
    (folder / "own.add.xml").write_text(f"<additional>{additional}</additional>")
    files = '<route-files value="grid.rou.xml"/><additional-files value="own.add.xml"/>'
    path = folder / "own.sumocfg"
    path.write_text(
        f'<configuration><net-file value="grid.net.xml"/>{files}{options}</configuration>'
    )
    return dataclasses.replace(GRID, model=path)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_writes_none_of_the_files_that_a_user_has_sumo_write(tmp_path: Path) -> None:
    options = (
        '<fcd-output value="fcd.xml"/><netstate value="state.xml"/><tripinfo value="trips.xml"/>'
        '<save-state.times value="10"/><log value="log.txt"/><output-prefix value="TIME_"/>'
    )
    additional = (
        '<e1Detector id="d" lane="west2-A2_0" pos="9" period="10" file="loop.xml"/>'
        f'<edgeData id="e" file="{tmp_path}/edges.xml"/>'
        '<timedEvent type="SaveTLSStates" source="A1" dest="lights.xml"/>'
    )
    case = grid_config(tmp_path, options, additional)
    (tmp_path / "fcd.xml").write_text("of last night")
    before = contents(tmp_path)
    assert to_the_end(opened(case, duration_s=30.0))
    assert contents(tmp_path) == before


def test_how_a_user_has_sumo_write_and_draw_changes_no_run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    options = (
        '<human-readable-time value="true"/><output-suffix value="x"/><output.format value="csv"/>'
        '<device.tripinfo.probability value="0.1"/><random value="true"/>'
        '<verbose value="true"/><duration-log.statistics value="true"/>'
    )
    usual = to_the_end(opened(duration_s=60.0))
    assert to_the_end(opened(grid_config(tmp_path, options), duration_s=60.0)) == usual
    assert capfd.readouterr() == ("", "")


def by_the_clock(folder: Path) -> Case:
    """The grid, where A1 goes to a programme of its own after 20 s."""
    net = (GRID.model.parent / "grid.net.xml").read_text()
    phases = re.search(r'<tlLogic id="A1".*?>(.*?)</tlLogic>', net, re.DOTALL)
    assert phases is not None
    return grid_config(
        folder,
        "",
        f'<tlLogic id="A1" type="static" programID="night" offset="0">{phases[1]}</tlLogic>'
        '<WAUT id="w" refTime="0" startProg="0"><wautSwitch time="20" to="night"/></WAUT>'
        '<wautJunction wautID="w" junctionID="A1"/>',
    )


def test_a_signal_comes_back_to_the_programme_that_the_clock_has_chosen_meanwhile(
    tmp_path: Path,
) -> None:
    import libsumo

    plant = opened(by_the_clock(tmp_path), duration_s=120.0)
    assert libsumo.trafficlight.getProgram("A1") == "0"
    plant.apply(Command.of(plant.actuators, {"A1": 1.0}))
    plant.step(40.0)
    assert libsumo.trafficlight.getProgram("A1") == "online"
    plant.apply(Command.all_local(len(plant.actuators)))
    plant.step(60.0)
    assert libsumo.trafficlight.getProgram("A1") == "night"
    plant.close()


@pytest.mark.parametrize("programme", ["actuated", "webster"])
def test_a_baseline_keeps_its_programme_whatever_the_clock(tmp_path: Path, programme: str) -> None:
    import libsumo

    case = by_the_clock(tmp_path)
    flows = [np.ones(each.movements) for each in read_roads(case.model).junctions]
    plant = opened(case, duration_s=40.0, programme=programme, flows_vph=flows)
    plant.apply(Command.all_local(len(plant.actuators)))
    shown = {libsumo.trafficlight.getProgram("A1")}
    while plant.step(1.0):
        shown.add(libsumo.trafficlight.getProgram("A1"))
    plant.close()
    assert shown == {programme}


def test_a_run_waits_for_no_other_program(tmp_path: Path) -> None:
    case = grid_config(tmp_path, '<remote-port value="8813"/>')
    options = arguments(scenario(case.model, case.settings), case.settings, seed=0, trips=tmp_path)
    assert options[options.index("--remote-port") + 1] == "0"


def test_a_run_without_lanes_across_nodes_has_no_crossings_to_watch(tmp_path: Path) -> None:
    write_network(tmp_path)
    (tmp_path / "cars.rou.xml").write_text("<routes/>")
    path = tmp_path / "own.sumocfg"
    path.write_text(
        '<configuration><net-file value="crossing.net.xml"/><route-files value="cars.rou.xml"/>'
        '<no-internal-links value="true"/></configuration>'
    )
    plant = opened(dataclasses.replace(GRID, model=path), duration_s=10.0)
    assert to_the_end(plant) == ()


def test_steps_of_half_a_second_keep_the_seconds_of_yellow(tmp_path: Path) -> None:
    import libsumo

    config = tmp_path / "half.sumocfg"
    text = GRID.model.read_text().replace('value="grid', f'value="{GRID.model.parent}/grid')
    config.write_text(text.replace("<time>", '<time><step-length value="0.5"/>'))
    plant = opened(dataclasses.replace(GRID, model=config), duration_s=60.0)
    command = Command.of(plant.actuators, {"A1": 1.0})
    shown = []
    plant.step(10.0)
    while plant.step(0.5):
        plant.apply(command)
        shown.append(libsumo.trafficlight.getRedYellowGreenState("A1"))
    plant.close()
    yellow = sum("y" in state for state in shown)
    assert yellow == 6  # three seconds
    assert plant.time_s == 60.0
