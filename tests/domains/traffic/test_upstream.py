"""Which signals feed which, and which are decided together?"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from traffic_files import ABSENT, MAPS, generate, shared_map, sumo_program

from jialing.domains.traffic.model import Roads, read_roads
from jialing.domains.traffic.settings import TrafficSettings
from jialing.domains.traffic.upstream import platoon_m

NEEDS_SUMO = pytest.mark.skipif(
    sumo_program("netgenerate") is None,
    reason="needs SUMO's netgenerate: install the extra traffic",
)
OWN = ("--grid.attach-length", "200", "-L", "2", "-j", "traffic_light")


def row_of_three(folder: Path, spacing_m: int, settings: TrafficSettings | None = None) -> Roads:
    """Signals A0, B0 and C0 along a street, and the ends of the side streets.

    The road from stop line to node is some 21 m shorter than the spacing. A platoon of the shortest
    green of 5 s and 3 s yellow is 30 m long.
    """
    path = generate(
        folder,
        f"row{spacing_m}",
        *("--grid", "--grid.x-number", "3", "--grid.y-number", "1"),
        *("--grid.length", str(spacing_m), *OWN),
    )
    return read_roads(path, settings)


def named(roads: Roads) -> dict[str, int]:
    return {junction.name: j for j, junction in enumerate(roads.junctions)}


@NEEDS_SUMO
@pytest.mark.parametrize("spacing_m", [25, 48])
def test_signals_a_few_metres_apart_are_decided_together(tmp_path: Path, spacing_m: int) -> None:
    roads = row_of_three(tmp_path, spacing_m)
    at = named(roads)
    together = (at["A0"], at["B0"], at["C0"])
    assert all(roads.junctions[j].joined == together for j in together)


@NEEDS_SUMO
@pytest.mark.parametrize("spacing_m", [54, 200])
def test_signals_farther_apart_than_a_platoon_are_decided_alone(
    tmp_path: Path, spacing_m: int
) -> None:
    roads = row_of_three(tmp_path, spacing_m)
    assert all(junction.joined == (j,) for j, junction in enumerate(roads.junctions))


@NEEDS_SUMO
def test_a_longer_green_makes_a_longer_platoon(tmp_path: Path) -> None:
    short = row_of_three(tmp_path, 80, TrafficSettings(min_green_s=5.0))
    long = row_of_three(tmp_path, 80, TrafficSettings(min_green_s=30.0))
    assert platoon_m(long.junctions[0], 0) > platoon_m(short.junctions[0], 0)
    at = named(long)
    assert at["B0"] in long.junctions[at["A0"]].joined


@NEEDS_SUMO
def test_a_feed_is_as_far_as_the_way_from_stop_line_to_stop_line(tmp_path: Path) -> None:
    roads = row_of_three(tmp_path, 200)
    at = named(roads)
    middle = roads.junctions[at["B0"]]
    for feed in middle.feeds:
        above = roads.junctions[feed.junction]
        out = int(above.out_of[feed.movement])
        if above.name in ("A0", "C0"):
            expected = above.via_length_m[feed.movement] + above.out_length_m[out]
            assert feed.distance_m == pytest.approx(expected)


@pytest.mark.parametrize("name", MAPS)
def test_no_movement_sends_on_more_than_it_has(name: str) -> None:
    if not shared_map(name).is_file():
        pytest.skip(ABSENT)
    roads = read_roads(shared_map(name))
    sent: defaultdict[tuple[int, int], float] = defaultdict(float)
    for junction in roads.junctions:
        for feed in junction.feeds:
            assert 0.0 < feed.share <= 1.0 + 1e-9
            assert feed.distance_m > 0.0
            assert not roads.junctions[feed.junction].pedestrian[feed.movement]
            sent[feed.junction, feed.movement] += feed.share
    assert all(share <= 1.0 + 1e-9 for share in sent.values())


@pytest.mark.parametrize(
    ("name", "pairs"),
    [("cologne1", set()), ("cologne3", {("360082", "360086")}), ("ingolstadt1", set())],
)
def test_neighbours_of_a_known_map_are_found(name: str, pairs: set[tuple[str, str]]) -> None:
    if not shared_map(name).is_file():
        pytest.skip(ABSENT)
    roads = read_roads(shared_map(name))
    found = {
        (roads.junctions[feed.junction].name, junction.name)
        for junction in roads.junctions
        for feed in junction.feeds
    }
    assert pairs <= found
    assert bool(found) == bool(pairs)


def test_lanes_of_a_grid_are_fed_by_their_neighbours_alone() -> None:
    if not shared_map("grid4x4").is_file():
        pytest.skip(ABSENT)
    roads = read_roads(shared_map("grid4x4"))
    for junction in roads.junctions:
        near = {feed.junction for feed in junction.feeds}
        steps = {
            abs(ord(junction.name[0]) - ord(roads.junctions[j].name[0]))
            + abs(int(junction.name[1]) - int(roads.junctions[j].name[1]))
            for j in near
        }
        assert steps == {1}
        by_lane = np.zeros(len(junction.lanes))
        for feed in junction.feeds:
            by_lane[feed.lane] += 1
        assert set(by_lane.tolist()) <= {0.0, 9.0}
