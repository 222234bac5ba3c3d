"""Is the synthetic city what it says, and does the benchmark of it measure a working plan?"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from benchmarks.speed import city_water
from benchmarks.speed._plot import Panel, svg
from benchmarks.speed._synthetic_city import City, build_city, storm_on
from jialing.core.network import OUTSIDE


@pytest.fixture(scope="module")
def town() -> City:
    return build_city(catchments=2, drains=300, gates=8)


def test_every_drain_leads_out_of_the_city(town: City) -> None:
    at = np.arange(len(town.net.store_names))
    for _ in range(300):
        at = np.where(at == OUTSIDE, OUTSIDE, town.net.link_to[at])
    assert np.all(at == OUTSIDE)
    assert len(town.net.actuator_names) == 16


def test_the_same_seed_builds_the_same_city(town: City) -> None:
    again = build_city(catchments=2, drains=300, gates=8)
    assert np.array_equal(again.net.link_rating, town.net.link_rating)
    assert not np.array_equal(
        build_city(catchments=2, drains=300, gates=8, seed=1).net.link_to, town.net.link_to
    )


def test_scenarios_differ_and_keep_the_place_of_the_storm(town: City) -> None:
    rain = storm_on(town, scenarios=3).inflow
    assert rain.shape == (180, 2, 3)
    assert np.unique(rain[:, 0].sum(axis=0)).size == 3
    assert len(set(np.argmax(rain[:, 0], axis=0).tolist())) == 1


def test_the_plan_lies_between_its_bound_and_the_best_static_gates(town: City) -> None:
    worth = city_water.quality(town, threads=1)
    static = [cost for name, cost in worth.items() if name.startswith("every_gate")]
    assert len(static) == 4
    assert worth["bound_gates_shut_basins_endless"] <= worth["plan_40_iterations"] * (1 + 1e-6)
    assert worth["plan_8_iterations"] < min(static)


def test_the_floor_lies_below_the_measured_time(town: City) -> None:
    timing = city_water.measure(town, 4, threads=1, repeats=1)
    assert timing.cost_plan < timing.cost_start
    bottom = city_water.floor(town, timing)
    reached = bottom["drains_reached_by_a_gate"]
    assert 16 <= reached < 600
    assert bottom["node_steps_backward"] == reached * 180 * 4 * city_water.ITERATIONS
    assert bottom["times_above_arithmetic_floor"] > 1.0


def test_a_plot_shows_every_point_and_the_limit() -> None:
    drawn = svg(
        [
            Panel(
                title="a < b",
                across="size",
                up="time [s]",
                curves={"one": [(1.0, 0.2), (10.0, 2.0), (100.0, 30.0)]},
                limit=(10.0, "target"),
            )
        ]
    )
    root = ElementTree.fromstring(drawn)  # noqa: S314 - our own text
    places = [
        (float(dot.attrib["cx"]), float(dot.attrib["cy"]))
        for dot in root.iter("{http://www.w3.org/2000/svg}circle")
    ]
    assert len(places) == 3
    across, down = zip(*places, strict=True)
    assert list(across) == sorted(across)
    assert list(down) == sorted(down, reverse=True)
    assert across[1] - across[0] == pytest.approx(across[2] - across[1], abs=0.2)  # logarithmic
    assert "target" in drawn
