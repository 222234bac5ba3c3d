"""Does the road model read from the file alone agree with SUMO's own reading of it?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from traffic_files import ABSENT, MAPS, generate, shared_map, sumo_program

from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.model import Roads, read_roads

sumolib = pytest.importorskip("sumolib", reason="install the extra traffic")
libsumo = pytest.importorskip("libsumo", reason="install the extra traffic")

#: how netgenerate makes networks of each kind
KINDS = {
    "random": ("--rand", "--rand.iterations", "25", "--seed", "3", "-j", "traffic_light"),
    "spider": ("--spider", "-j", "traffic_light_right_on_red", "--tls.default-type", "actuated"),
    "joined": ("--grid", "--grid.number", "2", "-L", "2", "--grid.length", "20", "-j",
               "traffic_light", "--tls.join"),
    "no internal lanes": ("--grid", "--grid.number", "3", "-L", "2", "--grid.length", "80", "-j",
                          "traffic_light", "--no-internal-links"),
    "on foot": ("--grid", "--grid.number", "2", "--grid.length", "120", "--grid.attach-length",
                "100", "-j", "traffic_light", "--sidewalks.guess", "--crossings.guess"),
    "both ways on one lane": ("--grid", "--grid.number", "3", "-L", "2", "--bidi-probability",
                              "0.5", "-j", "traffic_light"),
}  # fmt: skip


@pytest.fixture(params=[*MAPS, *KINDS])
def roads(request: pytest.FixtureRequest, tmp_path: Path) -> Roads:
    if request.param in MAPS:
        path = shared_map(request.param)
        if not path.is_file():
            pytest.skip(ABSENT)
        return read_roads(path)
    if sumo_program("netgenerate") is None:
        pytest.skip("SUMO's programs are not installed; install the extra traffic")
    return read_roads(generate(tmp_path, "made", *KINDS[request.param]))


@pytest.fixture
def running(roads: Roads) -> Iterator[Any]:
    libsumo.start(["sumo", "-n", str(roads.scenario.net), "--no-step-log", "--no-warnings"])
    yield libsumo
    libsumo.close()


def ends(junction: Junction, movement: int) -> tuple[str, str]:
    lane, out = int(junction.lane_of[movement]), int(junction.out_of[movement])
    return junction.lanes[lane], junction.outs[out]


def driven(junction: Junction) -> list[int]:
    return np.flatnonzero(~junction.pedestrian).tolist()


def test_links_lanes_and_programmes_are_those_that_sumo_switches(
    roads: Roads, running: Any
) -> None:
    lights = running.trafficlight
    assert {j.name for j in roads.junctions} == set(lights.getIDList())
    for junction in roads.junctions:
        links = lights.getControlledLinks(junction.name)
        assert junction.movements == sum(len(found) for found in links)
        ours = sorted((int(junction.links[m]), *ends(junction, m)) for m in driven(junction))
        theirs = [(i, a, b) for i, ways in enumerate(links) for a, b, _ in ways if a[0] != ":"]
        assert ours == sorted(theirs)
        used = lights.getProgram(junction.name)
        assert junction.programmes[0].name == used
        logic = next(p for p in lights.getAllProgramLogics(junction.name) if p.programID == used)
        programme = junction.programmes[0]
        assert [p.state for p in programme.phases] == [p.state for p in logic.phases]
        assert [p.duration_s for p in programme.phases] == [p.duration for p in logic.phases]
        for index, name in enumerate(junction.lanes):
            assert junction.lane_length_m[index] == pytest.approx(running.lane.getLength(name))
            assert junction.lane_speed_mps[index] == pytest.approx(running.lane.getMaxSpeed(name))


def test_everyone_whom_sumo_watches_is_in_conflict(roads: Roads, running: Any) -> None:
    for junction in roads.junctions:
        for m in driven(junction):
            watched = {each for each in running.lane.getFoes(*ends(junction, m)) if each[0] != ":"}
            others = np.flatnonzero(junction.conflicts[m] & ~junction.pedestrian)
            assert watched <= {ends(junction, int(k))[0] for k in others}


def test_conflicts_and_yielding_are_those_of_sumolib(roads: Roads) -> None:
    net = sumolib.net.readNet(
        str(roads.scenario.net), withInternal=True, withPedestrianConnections=True
    )
    compared = 0
    for junction in roads.junctions:
        found = {}
        for name in junction.nodes:
            node = net.getNode(name)
            for edge in node.getIncoming():
                for lane in edge.getLanes():
                    for each in lane.getOutgoing():
                        if each.getTLSID() == junction.name:
                            place = (lane.getID(), each.getToLane().getID())
                            found[each.getTLLinkIndex(), *place] = (node, each)
        ways = {m: found[int(junction.links[m]), *ends(junction, m)] for m in driven(junction)}
        for a, (node, one) in ways.items():
            for b, (other_node, other) in ways.items():
                if node is not other_node:
                    assert not junction.conflicts[a, b]
                elif a != b:
                    rows = node.getLinkIndex(one), node.getLinkIndex(other)
                    foes = node.areFoes(*rows) or node.areFoes(*reversed(rows))
                    waits, goes = node.forbids(other, one), node.forbids(one, other)
                    assert bool(junction.yields_to[a, b]) == waits
                    assert bool(junction.conflicts[a, b]) == (foes or waits or goes)
                    compared += 1
    assert compared > 0


def test_every_walk_across_is_found_with_its_length(roads: Roads, running: Any) -> None:
    for junction in roads.junctions:
        links = running.trafficlight.getControlledLinks(junction.name)
        for m in np.flatnonzero(junction.pedestrian).tolist():
            lanes = [via or out for _, out, via in links[int(junction.links[m])]]
            assert junction.via_length_m[m] == pytest.approx(running.lane.getLength(lanes[0]))
            assert junction.turn[m] == "p"
            assert junction.lane_of[m] == -1


def test_the_intergreen_is_enough_for_every_pair_that_conflicts(roads: Roads) -> None:
    """Whoever loses green to a conflicting stream has at least the programme's own yellow."""
    for junction in roads.junctions:
        yellow = [
            p.duration_s for each in junction.programmes for p in each.phases if "y" in p.state
        ]
        green = junction.rights > 0
        for a in range(len(junction.modes)):
            for b in range(len(junction.modes)):
                lost = [m for m in driven(junction) if green[a, m] and not green[b, m]]
                letters = {junction.modes[b][int(junction.links[m])] for m in lost}
                if letters & {"r"}:
                    assert junction.yellow_s[a, b] >= min(yellow)
