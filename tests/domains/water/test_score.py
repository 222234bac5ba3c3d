"""Does every word of the score say what a hand computes from the same flows, levels and volumes?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from small_sewer import bent, write

from jialing.core.signal import FloatArray
from jialing.domains.water.engine import SwmmEngine
from jialing.domains.water.layout import Layout, lay_out
from jialing.domains.water.model import read_model
from jialing.domains.water.score import Ledger
from jialing.domains.water.settings import FlowLimit, LevelLimit, Prices, WaterSettings

pytestmark = pytest.mark.swmm
TICK_S = 300.0
PRICES = Prices(
    flooding=40.0,
    sensitive_overflow=5.0,
    overflow=2.0,
    leftover=0.1,
    flooding_hour=7.0,
    travel=0.5,
)
SETTINGS = WaterSettings(
    overflow_nodes={"M1": True, "M2": False},
    overflow_outfalls={"creek": True},  # river and works lead to treatment
    flow_limits=(FlowLimit(link="C5", limit_m3s=0.1, weight=3.0),),
    level_limits=(
        LevelLimit(node="M4", depth_m=1.0, weight=10.0),
        LevelLimit(node="well", depth_m=2.0, weight=20.0),
    ),
    prices=PRICES,
)


class Engine:
    """An engine that reports whatever it is told, by name; what is not told is 0."""

    def __init__(self, layout: Layout) -> None:
        self._nodes, self._links = layout.model.nodes.names, layout.model.links.names
        self.flows: dict[str, float] = {}  # [m³/s]
        self.depths: dict[str, float] = {}  # [m]
        self.volumes: dict[str, float] = {}  # [m³]
        self.flooded: dict[str, tuple[float, float]] = {}  # [m³], [s]
        self.arrived: dict[str, float] = {}  # [m³]
        self.settings: dict[str, float] = {}
        self.energy: dict[str, float] = {}  # [kWh]

    def stride(self, seconds: int) -> bool:
        return seconds > 0

    def flow(self, links: Sequence[int]) -> FloatArray:
        return np.array([self.flows.get(self._links[i], 0.0) for i in links])

    def depth(self, nodes: Sequence[int]) -> FloatArray:
        return np.array([self.depths.get(self._nodes[i], 0.0) for i in nodes])

    def volume(self, nodes: Sequence[int]) -> FloatArray:
        return np.array([self.volumes.get(self._nodes[i], 0.0) for i in nodes])

    def flooding(self, nodes: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        told = np.array([self.flooded.get(self._nodes[i], (0.0, 0.0)) for i in nodes])
        return told[:, 0], told[:, 1]

    def received(self, nodes: Sequence[int]) -> FloatArray:
        return np.array([self.arrived.get(self._nodes[i], 0.0) for i in nodes])

    def setting(self, links: Sequence[int]) -> FloatArray:
        return np.array([self.settings.get(self._links[i], 0.0) for i in links])

    def pump_energy(self, pumps: Sequence[int]) -> FloatArray:
        return np.array([self.energy.get(self._links[i], 0.0) for i in pumps])


@pytest.fixture
def books(tmp_path: Path) -> tuple[Engine, Ledger]:
    """The small sewer with a second pump, before anything has happened."""
    text = bent((r"^(P1 .*)", r"\1\nP2  well  M5  lift  ON  1.8  0.6"))
    layout = lay_out(read_model(write(tmp_path, text)), SETTINGS)
    engine = Engine(layout)
    return engine, Ledger(cast(SwmmEngine, engine), layout, SETTINGS)


Books = tuple[Engine, Ledger]


def score(ledger: Ledger) -> dict[str, float]:
    return {word: quantity.value for word, quantity in ledger.sheet()[0].items()}


def table(ledger: Ledger, name: str, key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in ledger.sheet()[1][name]}


def test_energy_is_that_of_all_pumps(books: Books) -> None:
    engine, ledger = books
    engine.energy = {"P1": 3.0, "P2": 4.5, "gate": 99.0}
    assert score(ledger)["energy"] == 7.5


def test_treated_is_what_leaves_at_outfalls_that_are_no_overflow(books: Books) -> None:
    engine, ledger = books
    for works, river in ((20.0, 3.0), (50.0, 8.0)):  # booked since the start, not per tick
        engine.arrived = {"works": works, "river": river, "creek": 11.0}
        ledger.advance(TICK_S)
    assert score(ledger)["treated"] == 58.0
    treated = table(ledger, "treated_by_outfall", "outfall")
    assert {name: row["volume_m3"] for name, row in treated.items()} == {"works": 50, "river": 8}


def test_overflow_is_what_nodes_and_outfalls_spill_and_sensitive_what_reaches_such_water(
    books: Books,
) -> None:
    engine, ledger = books
    engine.flooded = {"M1": (4.0, 60.0), "M2": (6.0, 60.0), "M3": (9.0, 60.0)}
    engine.arrived = {"creek": 11.0, "works": 500.0}
    ledger.advance(TICK_S)
    told = score(ledger)
    assert told["overflow"] == 4.0 + 6.0 + 11.0
    assert told["overflow_sensitive"] == 4.0 + 11.0
    assert told["flooding"] == 9.0
    places = table(ledger, "overflow_by_place", "place")
    assert {name: row["sensitive"] for name, row in places.items()} == {
        "M1": True, "M2": False, "creek": True}  # fmt: skip
    assert list(places) == ["creek", "M2", "M1"]  # the largest first


def test_flooding_lasts_as_long_as_swmm_says_and_a_trickle_does_not_count(books: Books) -> None:
    engine, ledger = books
    engine.flooded = {"M3": (9.0, 120.0), "M4": (0.01, 300.0), "M1": (5.0, 300.0)}
    ledger.advance(TICK_S)
    engine.flooded = {"M3": (12.0, 300.0), "M4": (0.02, 600.0), "M1": (5.0, 300.0)}
    ledger.advance(TICK_S)
    assert score(ledger)["flooding_duration"] == pytest.approx(300.0 / 3600.0)
    flooded = table(ledger, "flooding_by_node", "node")
    assert flooded["M3"] == {"node": "M3", "volume_m3": 12.0, "duration_h": 300.0 / 3600.0}
    assert flooded["M4"]["duration_h"] == 0.0
    assert list(flooded) == ["M3", "M4"]  # the largest first


def test_overflow_lasts_whole_ticks_and_a_new_event_needs_six_dry_hours(books: Books) -> None:
    engine, ledger = books
    dry = 6 * 12
    arrived = 0.0
    for spill_m3, ticks in ((5.0, 2), (0.0, dry - 1), (5.0, 1), (0.02, dry), (5.0, 1)):
        for _ in range(ticks):
            arrived += spill_m3
            engine.arrived = {"creek": arrived}
            ledger.advance(TICK_S)
    told = score(ledger)
    assert told["overflow_duration"] == pytest.approx(4 * TICK_S / 3600.0)
    assert told["overflow_events"] == 2.0


def test_travel_is_the_sum_of_all_strokes_there_and_back(books: Books) -> None:
    engine, ledger = books
    for gate, pump in ((0.5, 1.0), (0.2, 1.0), (0.2, 0.0)):
        engine.settings = {"gate": gate, "P1": pump}
        ledger.advance(TICK_S)
    assert score(ledger)["travel"] == pytest.approx(0.5 + 0.3 + 1.0 + 1.0)
    assert ledger.wear() == pytest.approx(0.5 * 2.8)


def test_leftover_is_what_stands_in_tanks_not_in_manholes(books: Books) -> None:
    engine, ledger = books
    engine.volumes = {"upper_tank": 100.0, "lower_tank": 30.0, "well": 5.0, "M1": 7.0}
    assert score(ledger)["leftover"] == 135.0
    assert ledger.held() == pytest.approx(0.1 * 135.0)


def test_exceedance_is_the_volume_above_a_limit_by_trapezes_a_minute_long(books: Books) -> None:
    engine, ledger = books
    engine.flows = {"C5": 0.3}
    ledger.advance(90.0)  # rises to 0.2 above the limit in the first minute, stays for a half
    assert score(ledger)["exceedance"] == pytest.approx(0.2 * (60.0 / 2 + 30.0))
    engine.flows = {"C5": 0.05}
    ledger.advance(60.0)
    told = score(ledger)
    assert told["exceedance"] == pytest.approx(0.2 * (60.0 / 2 + 30.0 + 60.0 / 2))
    assert table(ledger, "limits", "link")["C5"]["peak_m3s"] == 0.3


def test_too_deep_is_depth_above_its_limit_times_hours_and_each_limit_has_its_price(
    books: Books,
) -> None:
    engine, ledger = books
    engine.depths = {"M4": 1.5, "well": 2.1, "M1": 9.0}
    ledger.advance(3600.0)
    engine.depths = {"M4": 0.5, "well": 2.1}
    ledger.advance(1800.0)
    assert score(ledger)["too_deep"] == pytest.approx(0.5 + 0.15)
    assert ledger.loss() == pytest.approx(10.0 * 0.5 + 20.0 * 0.15)


def test_the_cost_is_every_volume_hour_stroke_and_leftover_at_its_price(books: Books) -> None:
    engine, ledger = books
    engine.flooded = {"M1": (4.0, 60.0), "M2": (6.0, 60.0), "M3": (9.0, 180.0)}
    engine.arrived = {"creek": 11.0, "works": 500.0, "river": 70.0}
    engine.settings = {"gate": 0.5}
    engine.volumes = {"upper_tank": 100.0}
    engine.flows = {"C5": 0.2}
    engine.depths = {"M4": 1.6}
    ledger.advance(TICK_S)
    loss = (
        40.0 * 9.0  # on the street
        + 5.0 * (4.0 + 11.0)  # into sensitive water
        + 2.0 * 6.0  # into ordinary water
        + 3.0 * 0.1 * (60.0 / 2 + 240.0)  # above the flow limit
        + 10.0 * 0.6 * TICK_S / 3600.0  # above the level limit
        + 7.0 * 180.0 / 3600.0  # an hour of flooding where it is no overflow
    )
    assert ledger.loss() == pytest.approx(loss)
    assert score(ledger)["cost"] == pytest.approx(loss + 0.5 * 0.5 + 0.1 * 100.0)


def test_ordinary_overflow_at_an_outfall_has_its_own_price(tmp_path: Path) -> None:
    settings = WaterSettings(overflow_outfalls={"creek": False}, prices=PRICES)
    layout = lay_out(read_model(write(tmp_path)), settings)
    engine = Engine(layout)
    ledger = Ledger(cast(SwmmEngine, engine), layout, settings)
    engine.arrived = {"creek": 11.0}
    ledger.advance(TICK_S)
    assert ledger.loss() == pytest.approx(2.0 * 11.0)
    assert "too_deep" not in score(ledger)
