"""Each level of sensing shows what it says, no more: distances, turns, misses, counts."""

from __future__ import annotations

import dataclasses
import subprocess
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from traffic_files import sumo_program

from jialing.core.command import Command
from jialing.domains.traffic.approaches import approaches, read_lanes
from jialing.domains.traffic.cases import CASES
from jialing.domains.traffic.fleet import is_missed
from jialing.domains.traffic.loops import STOP_LINE_M, UPSTREAM_M, place_detectors
from jialing.domains.traffic.model import read_roads
from jialing.domains.traffic.plant import SumoPlant
from jialing.domains.traffic.sightings import Kind
from jialing.domains.traffic.start import scenario

GRID = CASES["traffic-grid"]()
ROADS = read_roads(GRID.model, GRID.settings)
TABLE = approaches(read_lanes(ROADS.net), ROADS.junctions)


def opened(level: str, *, duration_s: float = 300.0, **changes: Any) -> SumoPlant:
    settings = dataclasses.replace(GRID.settings, sensing=level, **changes)
    files = scenario(GRID.model, settings)
    return SumoPlant(files, ROADS, settings, duration_s=duration_s, seed=1)


@pytest.fixture
def perfect() -> Iterator[SumoPlant]:
    pytest.importorskip("libsumo")
    plant = opened("perfect")
    yield plant
    plant.close()


@pytest.fixture
def camera() -> Iterator[SumoPlant]:
    pytest.importorskip("libsumo")
    plant = opened("camera")
    yield plant
    plant.close()


@pytest.mark.sumo
@pytest.mark.slow
def test_perfect_sensing_knows_the_next_two_signals_of_every_route(perfect: SumoPlant) -> None:
    import libsumo

    checked = second = 0
    for _ in range(29):
        perfect.step(10.0)
        seen = perfect.observe().sightings
        assert seen is not None
        by_row = {int(row["vehicle"]): row for row in seen}
        for row, name in enumerate(perfect.fleet.names):
            if name not in libsumo.vehicle.getIDList():
                assert row not in by_row
                continue
            ahead = libsumo.vehicle.getNextTLS(name)
            lane = libsumo.vehicle.getLaneID(name)
            own = TABLE.lane_index[lane]
            if not ahead:
                continue
            found = by_row[row]
            junction = ROADS.junctions[int(found["junction"])]
            assert junction.name == ahead[0][0]
            if TABLE.beyond_m[own] == 0.0:
                assert junction.lanes[int(found["lane"])] == lane
            if found["movement"] >= 0:
                assert junction.links[int(found["movement"])] == ahead[0][1]
            else:  # it has to change lanes first: from this one there is no such movement
                assert ahead[0][1] not in junction.links[junction.lane_of == int(found["lane"])]
            assert found["distance_m"] == pytest.approx(ahead[0][2], abs=0.01)
            assert found["speed_mps"] == pytest.approx(libsumo.vehicle.getSpeed(name), abs=1e-4)
            checked += 1
            if len(ahead) > 1:
                other = ROADS.junctions[int(found["next_junction"])]
                assert other.name == ahead[1][0]
                assert other.links[int(found["next_movement"])] == ahead[1][1]
                assert found["next_distance_m"] == pytest.approx(ahead[1][2], abs=0.01)
                second += 1
    assert checked > 300
    assert second > 100


@pytest.mark.sumo
@pytest.mark.slow
def test_a_camera_sees_what_is_near_and_no_more(camera: SumoPlant) -> None:
    import libsumo

    seen_rows: set[int] = set()
    for _ in range(29):
        camera.step(10.0)
        seen = camera.observe().sightings
        assert seen is not None
        assert seen["distance_m"].max(initial=0.0) <= GRID.settings.view_m
        assert (seen["next_junction"] == -1).all()
        rows = {int(row["vehicle"]) for row in seen}
        seen_rows |= rows
        for row, name in enumerate(camera.fleet.names):
            if name not in libsumo.vehicle.getIDList():
                continue
            own = TABLE.lane_index[libsumo.vehicle.getLaneID(name)]
            distance = TABLE.length_m[own] + TABLE.beyond_m[own]
            distance -= libsumo.vehicle.getLanePosition(name)
            hidden = is_missed(name, 1, GRID.settings.missed)
            assert (row in rows) == (distance <= GRID.settings.view_m and not hidden)
        for row in seen:
            junction = ROADS.junctions[int(row["junction"])]
            choices = np.flatnonzero(junction.lane_of == row["lane"])
            known = row["movement"] >= 0
            assert not known or choices.tolist() == [row["movement"]]
    assert len(seen_rows) > 100


@pytest.mark.sumo
@pytest.mark.slow
def test_buses_and_ambulances_are_seen_as_such(perfect: SumoPlant) -> None:
    kinds: Counter[int] = Counter()
    while perfect.step(1.0):
        seen = perfect.observe().sightings
        assert seen is not None
        for row in seen:
            name = perfect.fleet.names[int(row["vehicle"])]
            expected = (
                Kind.BUS if "bus" in name else Kind.EMERGENCY if "ambulance" in name else None
            )
            assert expected is None or row["kind"] == expected
            kinds[int(row["kind"])] += 1
    assert kinds[Kind.BUS] > 0
    assert kinds[Kind.LORRY] > 0


@pytest.mark.sumo
@pytest.mark.slow
def test_lane_values_count_what_stands_there(perfect: SumoPlant) -> None:
    import libsumo

    for _ in range(6):
        perfect.step(50.0)
        seen = perfect.observe()
        if perfect.ended:
            return
        for lane in perfect.eyes.lanes:
            names = libsumo.lane.getLastStepVehicleIDs(lane)
            halting = sum(libsumo.vehicle.getSpeed(name) < 0.1 for name in names)
            assert seen[f"count:{lane}"] == len(names)
            assert seen[f"queue:{lane}"] == halting == libsumo.lane.getLastStepHaltingNumber(lane)
        for out in perfect.eyes.outs:
            assert 0.0 <= seen[f"room:{out}"] <= libsumo.lane.getLength(out) + 1e-6


@pytest.mark.sumo
@pytest.mark.slow
def test_people_who_wait_at_a_crossing_are_counted(perfect: SumoPlant) -> None:
    names = [s.name for s in perfect.signals.signals if s.quantity == "waiting"]
    assert len(names) == 4
    most = 0.0
    perfect.apply(Command.of(perfect.actuators, {"B1": 0.0}))
    while perfect.step(1.0):
        seen = perfect.observe()
        most = max(most, *(seen[name] for name in names))
    assert most > 2.0


def test_the_same_vehicles_are_missed_in_every_run_and_about_as_many_as_stated() -> None:
    names = [f"v{k}" for k in range(5000)]
    missed = {name for name in names if is_missed(name, 3, 0.1)}
    assert 400 < len(missed) < 600
    assert missed == {name for name in names if is_missed(name, 3, 0.1)}
    assert missed != {name for name in names if is_missed(name, 4, 0.1)}
    assert not any(is_missed(name, 3, 0.0) for name in names)
    assert all(is_missed(name, 3, 1.0) for name in names)


def test_every_lane_before_a_signal_has_a_loop_at_its_line_and_one_upstream() -> None:
    detectors = place_detectors(ROADS.junctions, TABLE)
    names = [each.name for each in detectors]
    assert len(set(names)) == len(names)
    for j, junction in enumerate(ROADS.junctions):
        for i, lane in enumerate(junction.lanes):
            own = [d for d in detectors if (d.junction, d.approach) == (j, i)]
            assert [d.name for d in own][:2] == [f"{lane}/stop", f"{lane}/up"]
            assert own[0].distance_m == STOP_LINE_M
            assert own[1].distance_m == UPSTREAM_M
            for each in own:
                length = TABLE.length_m[TABLE.lane_index[each.lane]]
                assert 0.0 <= each.position_m <= length


@pytest.mark.sumo
@pytest.mark.slow
def test_loops_count_what_sumos_own_loops_count(tmp_path: Path) -> None:
    program = sumo_program("sumo")
    if program is None:
        pytest.skip("SUMO's own program is not installed")
    plant = opened("loops", duration_s=300.0)
    places = {d.name: (d.lane, d.position_m) for d in plant.loops.detectors} if plant.loops else {}
    counted: Counter[str] = Counter()
    occupied: Counter[str] = Counter()
    going = True
    while going:
        going = plant.step(2.0)
        seen = plant.observe()
        assert seen.sightings is None
        for name in places:
            counted[name] += int(seen[f"passed:{name}"])
            occupied[name] += seen[f"occupied:{name}"] * 2.0 / 300.0
    plant.close()
    loops = "".join(
        f'<e1Detector id="{name}" lane="{lane}" pos="{at}" period="300" file="e1.xml"/>'
        for name, (lane, at) in places.items()
    )
    (tmp_path / "e1.add.xml").write_text(f"<additional>{loops}</additional>")
    subprocess.run(
        [
            *(str(program), "-c", str(GRID.model), "--seed", "1", "--end", "300"),
            *("--time-to-teleport", "-1", "--no-step-log", "--no-warnings"),
            *("-a", str(tmp_path / "e1.add.xml")),
        ],
        check=True,
        capture_output=True,
    )
    intervals = list(ElementTree.parse(tmp_path / "e1.xml").getroot().iter("interval"))  # noqa: S314
    assert len(intervals) == len(places) > 20
    total = 0
    for interval in intervals:
        name = interval.attrib["id"]
        theirs = int(interval.attrib["nVehEntered"])
        # who changes lanes over a loop may be counted on either
        assert abs(counted[name] - theirs) <= max(2, 0.05 * theirs), name
        share = float(interval.attrib["occupancy"]) / 100.0
        assert occupied[name] == pytest.approx(share, abs=0.06), name
        total += theirs
    assert abs(sum(counted.values()) - total) <= 0.01 * total
