"""Who still crosses in yellow? What we expect of a driver, held against SUMO's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from traffic_files import generate, sumo_program

from jialing.domains.traffic.estimator import yellow_used

libsumo = pytest.importorskip("libsumo", reason="install the extra traffic")

CROSSING = ("--grid", "--grid.number", "1", "--grid.attach-length", "400", "-j", "traffic_light")
APART_S = 0.25  # as far from our limit as SUMO's steps make a difference


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Any]:
    if sumo_program("netgenerate") is None:
        pytest.skip("SUMO's programs are not installed; install the extra traffic")
    net = generate(tmp_path, "made", *CROSSING)
    libsumo.start(["sumo", "-n", str(net), "--no-step-log", "--no-warnings"])
    yield libsumo
    libsumo.close()


def crosses(sumo: Any, speed_mps: float, arrives_s: float) -> bool:
    """Does one who comes at this speed cross, if yellow begins so long before it is there?"""
    lights = sumo.trafficlight
    light = max(lights.getIDList(), key=lambda name: len(lights.getRedYellowGreenState(name)))
    way = next(one[0] for one in lights.getControlledLinks(light) if one)
    lane, beyond = way[0], way[1]
    links = len(lights.getRedYellowGreenState(light))
    name, far = f"car {speed_mps} {arrives_s}", sumo.lane.getLength(lane)
    sumo.route.add(name, [sumo.lane.getEdgeID(lane), sumo.lane.getEdgeID(beyond)])
    sumo.lane.setMaxSpeed(lane, speed_mps)
    lights.setRedYellowGreenState(light, "G" * links)
    start = far - speed_mps * (arrives_s + 10.0)
    sumo.vehicle.add(
        name, name, departPos=str(start), departSpeed=str(speed_mps), departLane="first"
    )
    sumo.vehicle.setSpeedFactor(name, 1.0)
    sumo.vehicle.setImperfection(name, 0.0)
    sumo.simulationStep()
    while far - sumo.vehicle.getLanePosition(name) > speed_mps * arrives_s + 1e-6:
        sumo.simulationStep()
    lights.setRedYellowGreenState(light, "y" * links)
    for _ in range(3):
        sumo.simulationStep()
    crossed = bool(sumo.vehicle.getLaneID(name) != lane)
    sumo.vehicle.remove(name)
    sumo.simulationStep()
    return crossed


@pytest.mark.parametrize("speed_mps", [6.0, 8.0, 10.0, 12.0, 13.9])
def test_who_comes_later_than_we_say_stops_and_who_comes_sooner_crosses(
    running: Any, speed_mps: float
) -> None:
    limit = float(yellow_used(np.array([speed_mps]))[0])
    assert crosses(running, speed_mps, max(limit - APART_S, 0.0))
    assert not crosses(running, speed_mps, limit + APART_S)
