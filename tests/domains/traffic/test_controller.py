"""When does predictive control switch a signal, and when does it leave it alone?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from crossroads import junction

from jialing.core.signal import Actuator, Observation, Signal, SignalTable
from jialing.core.stages import Situation
from jialing.domains.traffic.controller import LOOK_S, PredictiveController
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.settings import TrafficSettings
from jialing.domains.traffic.sightings import SIGHTING, Kind

SPEED_MPS = 13.9
STANDS, DRIVES = 0.0, SPEED_MPS
Vehicle = tuple[int, float, float]  # lane, distance [m], speed [m/s]


class Desk:
    """A controller before one crossing, told second by second what is shown and seen."""

    def __init__(self, place: Junction | None = None, **settings: Any) -> None:
        self.place = place or junction()
        self.settings = TrafficSettings(**({"sensing": "perfect"} | settings))
        self.controller = PredictiveController((self.place,), self.settings)
        self.controller.prepare()
        self.table = SignalTable(
            signals=(
                Signal(name="mode:J", unit="1"),
                Signal(name="green:J", unit="s", low=0.0),
                *(Signal(name=f"room:{out}", unit="m", low=0.0) for out in self.place.outs),
            )
        )
        self.actuator = Actuator(
            name="J", kind="signal", low=0.0, high=1.0, levels=(0.0, 1.0), safe=float("nan")
        )

    def asks(
        self,
        now: float,
        vehicles: list[Vehicle],
        *,
        mode: float = 0.0,
        green_s: float = 30.0,
        room_m: tuple[float, ...] = (300.0, 300.0),
        kinds: dict[int, Kind] | None = None,
        turns_seen: bool = True,
    ) -> int:
        """The mode that is asked for at second `now`."""
        seen = np.zeros(len(vehicles), dtype=SIGHTING)
        for k, (lane, distance, speed) in enumerate(vehicles):
            seen[k]["lane"], seen[k]["movement"] = lane, lane if turns_seen else -1
            seen[k]["distance_m"], seen[k]["speed_mps"] = distance, speed
            seen[k]["free_speed_mps"], seen[k]["vehicle"] = SPEED_MPS, k
            seen[k]["kind"] = (kinds or {}).get(k, Kind.CAR)
        for name in ("next_junction", "next_lane", "next_movement"):
            seen[name] = -1
        values = np.array([mode, green_s, *room_m])
        observation = Observation(
            time_s=now,
            values=values,
            quality=np.zeros(len(values), dtype=np.uint8),
            valid_at_s=np.full(len(values), now),
            table=self.table,
            sightings=seen,
        )
        command = self.controller.decide(
            Situation(
                observation=observation, positions=np.array([mode]), actuators=(self.actuator,)
            )
        )
        return int(command.targets[0])


def queue(lane: int, count: int) -> list[Vehicle]:
    return [(lane, 1.0 + 7.5 * k, STANDS) for k in range(count)]


FIRST_DECISION = """
import sys
from numba.core.registry import CPUDispatcher
from test_controller import Desk, queue

def compiled():
    modules = [m for name, m in sys.modules.items() if name.startswith("jialing.domains.traffic")]
    kernels = [k for m in modules for k in vars(m).values() if isinstance(k, CPUDispatcher)]
    return {k.__name__: len(k.signatures) for k in kernels}

desk = Desk(sensing=sys.argv[1])
before = compiled()
desk.asks(0.0, queue(1, 5), turns_seen=False)
after = compiled()
assert before["decide"] == 1, before
assert after == before, {name: after[name] for name in after if after[name] != before[name]}
"""


@pytest.mark.parametrize("sensing", ["perfect", "camera"])
def test_the_first_decision_finds_everything_compiled(sensing: str) -> None:
    done = subprocess.run(  # a process in which no other test has compiled anything
        [sys.executable, "-c", FIRST_DECISION, sensing],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_empty_streets_keep_their_green() -> None:
    desk = Desk()
    assert [desk.asks(now, []) for now in (0.0, 1.0, 2.0)] == [0, 0, 0]


def test_a_queue_at_red_gets_its_green_where_nobody_uses_the_other() -> None:
    assert Desk().asks(0.0, queue(1, 5)) == 1


def test_who_can_still_stop_is_waited_for_and_who_cannot_crosses_in_yellow() -> None:
    near, far = (0, 10.0, DRIVES), (0, 20.0, DRIVES)  # it takes some 15 m to stop
    assert Desk().asks(0.0, [near, *queue(1, 5)]) == 1
    assert Desk().asks(0.0, [far, *queue(1, 5)]) == 0


def test_a_young_green_is_not_left() -> None:
    desk = Desk()
    asked = [desk.asks(float(t), queue(1, 5), green_s=1.0 + t) for t in range(4)]
    assert asked == [0, 0, 0, 0]


def test_a_platoon_is_let_through_before_a_single_car_is_served() -> None:
    desk = Desk()
    platoon = [(0, 10.0 + 20.0 * k, DRIVES) for k in range(5)]
    assert [desk.asks(now, platoon + queue(1, 1)) for now in (0.0, 1.0)] == [0, 0]


def test_who_comes_much_later_changes_nothing_yet() -> None:
    far_m = SPEED_MPS * (LOOK_S + 5.0)
    desk = Desk(junction(length=1000.0))
    assert [desk.asks(now, [(1, far_m, DRIVES)]) for now in (0.0, 1.0)] == [0, 0]


def test_a_full_exit_wins_nobody_a_green() -> None:
    desk = Desk()
    both = queue(0, 3) + queue(1, 5)
    assert [desk.asks(now, both, room_m=(300.0, 0.0)) for now in (0.0, 1.0)] == [0, 0]


def test_an_ambulance_is_worth_more_than_a_queue() -> None:
    waiting = [*queue(0, 6), (1, 5.0, STANDS)]
    plain, urgent = Desk(), Desk()
    kinds = {6: Kind.EMERGENCY}
    assert plain.asks(0.0, waiting) == 0
    assert urgent.asks(0.0, waiting, kinds=kinds) == 1


def test_a_blocked_green_is_given_up_for_those_who_can_go() -> None:
    # The first car of the green stands and stands; something is in its way.
    desk = Desk()
    seen = queue(0, 6) + queue(1, 3)
    asked = [desk.asks(float(t), seen) for t in range(20)]
    assert asked[0] == 0
    assert asked[-1] == 1


@pytest.mark.parametrize("sensing", ["perfect", "camera"])
def test_equal_sights_are_answered_equally(sensing: str) -> None:
    seen = queue(0, 2) + queue(1, 4) + [(0, 60.0, DRIVES)]
    first, second = Desk(sensing=sensing), Desk(sensing=sensing)
    for t in range(6):
        assert first.asks(float(t), seen) == second.asks(float(t), seen)
