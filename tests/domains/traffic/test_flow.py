"""Are lanes stores, movements links and signals actuators?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_roads import write_network
from traffic_files import ABSENT, MAPS, shared_map

from jialing.core.network import OUTSIDE
from jialing.domains.traffic.flow import flow_network
from jialing.domains.traffic.model import read_roads


def test_a_crossing_becomes_lanes_movements_and_one_signal(tmp_path: Path) -> None:
    found = flow_network(read_roads(write_network(tmp_path)))
    assert found.store_names == ("WC_0", "SC_0", "CE_0", "CN_0")
    assert found.store_full.tolist() == pytest.approx([190 / 7.5, 190 / 7.5, 185 / 7.5, 190 / 7.5])
    assert found.actuator_names == ("C",)
    moved = np.flatnonzero(found.link_actuator == 0)
    ends = [(int(found.link_from[k]), int(found.link_to[k])) for k in moved]
    assert ends == [(0, 2), (1, 3), (1, 2)]
    away = np.flatnonzero(found.link_actuator == OUTSIDE)
    assert {int(found.link_from[k]) for k in away} == {2, 3}
    assert (found.link_to[away] == OUTSIDE).all()
    assert found.notes["modes"]["C"] == ["Grrr", "rGgG", "rGgr"]


def test_the_movements_of_a_lane_share_its_discharge(tmp_path: Path) -> None:
    found = flow_network(read_roads(write_network(tmp_path)))
    for store in (0, 1):
        assert found.link_rating[found.link_from == store, -1].sum() == pytest.approx(0.5)


@pytest.mark.parametrize("name", MAPS)
def test_every_lane_of_a_known_map_lets_its_vehicles_on(name: str) -> None:
    if not shared_map(name).is_file():
        pytest.skip(ABSENT)
    roads = read_roads(shared_map(name))
    found = flow_network(roads)
    assert set(found.link_from.tolist()) == set(range(len(found.store_names)))
    assert sorted(found.order().tolist()) == list(range(len(found.store_names)))
    for store in range(len(found.store_names)):
        assert found.link_rating[found.link_from == store, -1].sum() == pytest.approx(0.5)
    driven = sum(int((~j.pedestrian).sum()) for j in roads.junctions)
    assert int((found.link_actuator >= 0).sum()) == driven
