"""Do the measures say what signal engineers mean by them? Held against runs on paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from signals import signal

from jialing.domains.traffic.approaches import Approaches, Lanes, approaches
from jialing.domains.traffic.fleet import Fleet, Reading
from jialing.domains.traffic.greens import Greens
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.ledger import LOCK_S, Ledger
from jialing.domains.traffic.score import WORDS
from jialing.domains.traffic.sightings import Kind
from jialing.domains.traffic.tripinfo import Trip

J = signal("J", (0, 1), ("Gr", "rG"), conflicts=[(0, 1)])
LANES = Lanes(
    names=("J0", "J1", "Jout0", "Jout1", "far"),
    length_m=np.array([200.0, 200.0, 200.0, 200.0, 100.0]),
    speed_mps=np.full(5, 10.0),
    leads_to=((2,), (3,), (), (), (0,)),
)
TABLE = approaches(LANES, [J])
NO_WALKERS = np.zeros(2)


class Simulator:
    """Stands in for `libsumo.vehicle`: vehicles are where a test puts them."""

    def __init__(self) -> None:
        self.at: dict[str, tuple[str, float, float]] = {}  # lane, position, speed

    def getIDList(self) -> tuple[str, ...]:  # noqa: N802
        return tuple(sorted(self.at))

    def getLaneID(self, name: str) -> str:  # noqa: N802
        return self.at[name][0]

    def getLanePosition(self, name: str) -> float:  # noqa: N802
        return self.at[name][1]

    def getSpeed(self, name: str) -> float:  # noqa: N802
        return self.at[name][2]

    def getAllowedSpeed(self, name: str) -> float:  # noqa: N802
        return 10.0

    def getTypeID(self, name: str) -> str:  # noqa: N802
        return "car"

    def getVehicleClass(self, name: str) -> str:  # noqa: N802
        return "bus" if name.startswith("bus") else "passenger"

    def getLength(self, name: str) -> float:  # noqa: N802
        return 5.0

    def getDepartDelay(self, name: str) -> float:  # noqa: N802
        return 2.0

    def getNextTLS(self, name: str) -> list[tuple[str, int, float, str]]:  # noqa: N802
        lane, position, _ = self.at[name]
        return [("J", int(lane[1]), 200.0 - position, "r")] if lane in ("J0", "J1") else []


class Street:
    """A crossing of two one-way streets, driven second by second."""

    def __init__(self, junction: Junction = J, table: Approaches = TABLE) -> None:
        self.simulator = Simulator()
        self.fleet = Fleet(self.simulator, table, seed=0, missed=0.0, follow=False)
        self.ledger = Ledger([junction], table, self.fleet)

    @property
    def greens(self) -> Greens:
        return self.ledger.greens

    def second(self, state: str, finished: int = 0, **at: tuple[str, float, float]) -> Reading:
        self.simulator.at = at
        reading = self.fleet.read()
        self.ledger.note(reading, [state], NO_WALKERS, finished=finished, seconds=1.0)
        return reading

    def __getitem__(self, word: str) -> float:
        return self.ledger.sheet()[0][word].value


WAITS = ("J0", 199.0, 0.0)
ROLLS = ("J0", 150.0, 10.0)
GONE = ("Jout0", 5.0, 10.0)


def test_a_vehicle_that_passes_without_a_halt_arrived_on_green() -> None:
    street = Street()
    street.second("Gr", a=ROLLS)
    street.second("Gr", a=GONE)
    assert street["arrivals_on_green"] == 100.0


def test_a_vehicle_that_halts_at_red_arrived_on_red_however_it_leaves() -> None:
    street = Street()
    street.second("rG", a=WAITS)
    street.second("Gr", a=WAITS)
    street.second("Gr", a=GONE)
    assert street["arrivals_on_green"] == 0.0


def test_a_vehicle_that_joins_a_queue_during_green_arrived_on_green() -> None:
    street = Street()
    street.second("rG", a=WAITS)
    street.second("Gr", a=WAITS, b=("J0", 192.0, 0.0))
    street.second("Gr", a=GONE, b=WAITS)
    street.second("Gr", a=GONE, b=GONE)
    assert street["arrivals_on_green"] == 50.0


def test_a_queue_far_upstream_belongs_to_nobody_yet() -> None:
    street = Street()
    street.second("Gr", a=("far", 20.0, 0.0))
    assert street["arrivals_on_green"] == 0.0
    assert street.ledger.sheet()[1]["by_junction"]["J"]["queue"] == 0.0
    street.second("Gr", a=ROLLS)
    street.second("Gr", a=GONE)
    assert street["arrivals_on_green"] == 100.0


def test_a_green_that_leaves_behind_who_stood_there_is_a_split_failure() -> None:
    street = Street()
    two = {"a": WAITS, "b": ("J0", 192.0, 0.0)}
    street.second("rG", **two)
    street.second("Gr", **two)
    street.second("Gr", a=GONE, b=("J0", 198.0, 3.0))
    street.second("yr", a=GONE, b=WAITS)
    assert street["split_failures"] == 1.0
    street.second("Gr", a=GONE, b=WAITS)
    street.second("Gr", b=GONE)
    street.second("yr", b=GONE)
    assert street["split_failures"] == 1.0


def test_who_comes_during_green_and_has_to_wait_is_no_split_failure() -> None:
    street = Street()
    street.second("Gr")
    street.second("Gr", a=("J0", 120.0, 9.0))
    street.second("yr", a=WAITS)
    assert street["split_failures"] == 0.0


def test_the_longest_red_counts_from_the_first_who_waits() -> None:
    street = Street()
    for _ in range(10):
        street.second("rG")
    for _ in range(7):
        street.second("rG", a=WAITS)
    street.second("Gr", a=WAITS)
    street.second("Gr", a=GONE)
    for _ in range(3):
        street.second("rG", b=WAITS)
    assert street["max_red"] == 7.0


def test_people_at_a_crossing_wait_as_well() -> None:
    crossing = signal("J", (0, -1), ("Gr", "rG"))
    street = Street(crossing, approaches(LANES, [crossing]))
    for _ in range(4):
        reading = street.fleet.read()
        street.ledger.note(reading, ["Gr"], np.array([0.0, 3.0]), finished=0, seconds=1.0)
    assert street["max_red"] == 4.0


def test_delay_stops_and_waiting_are_means_over_all_who_came() -> None:
    street = Street()
    street.second("rG", a=WAITS, bus=("J1", 100.0, 5.0))
    street.second("rG", a=WAITS, bus=("J1", 110.0, 10.0))
    street.second("Gr", a=("J0", 199.5, 0.5), bus=("J1", 120.0, 10.0))
    street.second("rG", a=WAITS, bus=("J1", 130.0, 10.0))
    # a lost 1 + 1 + 0.95 + 1 s, the bus half a second; both left two seconds late
    assert street["delay"] == pytest.approx((3.95 + 0.5) / 2 + 2.0)
    assert street["bus_delay"] == pytest.approx(2.5)
    assert street["stops"] == 1.0
    assert street["waiting"] == 1.5
    assert street["queue"] == 0.75
    assert street.ledger.sheet([10.0])[0]["delay"].value == pytest.approx((4.45 + 4.0 + 10.0) / 3)


def test_traffic_is_locked_when_half_of_it_has_not_moved_for_minutes() -> None:
    street = Street()
    for second in range(int(LOCK_S)):
        assert street["locked"] == 0.0
        street.second("rG", finished=1, a=WAITS, b=("J1", 100.0 + 0.1 * second, 10.0))
    assert street["locked"] == 1.0
    street.second("Gr", finished=1, a=GONE, b=("J1", 190.0, 10.0))
    assert street["locked"] == 0.0


def test_one_who_waits_long_while_others_arrive_is_no_gridlock() -> None:
    street = Street()
    for _ in range(int(LOCK_S) + 10):
        street.second("rG", finished=1, a=WAITS, b=ROLLS, c=ROLLS)
    assert street["locked"] == 0.0
    for _ in range(int(LOCK_S) + 1):
        street.second("rG", a=WAITS, b=ROLLS, c=ROLLS)
    assert street["locked"] == 1.0  # nobody has arrived since


def test_an_empty_town_is_not_locked() -> None:
    street = Street()
    for _ in range(int(LOCK_S) * 2):
        street.second("rG")
    assert street["locked"] == 0.0


def trip(**more: Any) -> Trip:
    fields: dict[str, Any] = {
        "vehicle": "v",
        "kind": "car",
        "finished": True,
        "departed": True,
        "loss_s": 10.0,
        "depart_delay_s": 0.0,
        "waiting_s": 4.0,
        "stops": 1,
        "co2_kg": 0.5,
        "fuel_l": 0.2,
    }
    return Trip(**(fields | more))


def test_the_settled_score_forgets_nobody() -> None:
    trips = [
        trip(),
        trip(finished=False, loss_s=100.0, stops=3, waiting_s=60.0),
        trip(departed=False, finished=False, loss_s=0.0, depart_delay_s=400.0, stops=0, co2_kg=0.0),
        trip(kind="rescue", loss_s=6.0),
    ]
    sheet, details = Street().ledger.settled(trips, {"rescue": Kind.EMERGENCY})
    assert sheet["delay"].value == pytest.approx((10 + 100 + 400 + 6) / 4)
    assert sheet["throughput"].value == 2.0
    assert sheet["stops"].value == pytest.approx(5 / 4)
    assert sheet["emergency_delay"].value == 6.0
    assert "bus_delay" not in sheet
    assert sheet["co2"].value == pytest.approx(1.5)
    assert (details["trips"], details["unfinished"], details["never_departed"]) == (4, 1, 1)


def test_words_stand_in_the_agreed_order() -> None:
    assert list(WORDS)[:3] == ["delay", "stops", "queue"]
    sheet, _ = Street().ledger.settled([trip()], {})
    assert list(sheet) == [word for word in WORDS if word in sheet]
    for word, quantity in sheet.items():
        assert quantity.unit == WORDS[word][0]
