"""Can any stream of commands, however hostile, get something unsafe shown at a signal?

Cabinets run without a simulator, second by second, next to a programme with its own clock. A
witness looks at nothing but the state strings and the junction's tables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from signals import crossroads, tee
from witness import Witness

from jialing.core.command import Command, Receipt, Source
from jialing.core.signal import Actuator, Observation, Quality, Signal, SignalTable
from jialing.domains.traffic.cabinet import Cabinet
from jialing.domains.traffic.guard import TrafficGuard, build_guard
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.settings import TrafficSettings

NAN = np.nan
MAX_RED_S = 70.0
PHASES = (
    *(("GGgr", 25.0), ("yGgr", 3.0), ("rGGr", 8.0), ("ryyr", 3.0), ("rrrG", 12.0), ("rrry", 3.0)),
)


class Street:
    """Cabinets, programmes, queues and sensors of a few junctions."""

    def __init__(self, seed: int, *, faults: float = 0.0) -> None:
        self.rng = np.random.default_rng(seed)
        self.junctions = (crossroads("X"), tee("T", phases=PHASES))
        self.faults = faults
        self.cabinets = [Cabinet(j, yellow_s=3.0) for j in self.junctions]
        self.witnesses = [Witness(j) for j in self.junctions]
        self.queues = [np.zeros(j.movements) for j in self.junctions]
        self.actuators = tuple(
            Actuator(
                name=j.name,
                kind="signal",
                high=len(j.modes) - 1.0,
                levels=tuple(float(m) for m in range(len(j.modes))),
                safe=NAN,
            )
            for j in self.junctions
        )
        names = [f"{word}:{j.name}" for word in ("mode", "green") for j in self.junctions]
        for j in self.junctions:
            names += [f"queue:{lane}" for lane in j.lanes]
            names += [f"waiting:{j.name}/{k}" for k in j.links[j.pedestrian]]
        self.table = SignalTable(signals=tuple(Signal(name=n, unit="1") for n in names))
        settings = TrafficSettings(max_red_s=MAX_RED_S)
        self.guard: TrafficGuard = build_guard(self.junctions, self.actuators, self.table, settings)
        self.now_s, self.mode_seconds, self.switches = 0.0, 0, 0
        self.receipt = self.apply(Command.all_local(2))

    def programme(self, j: Junction) -> str:
        left_s = self.now_s % j.programmes[0].cycle_s
        for phase in j.programmes[0].phases:
            left_s -= phase.duration_s
            if left_s < 0.0:
                return phase.state
        raise AssertionError

    def observe(self) -> Observation:
        values = {}
        for j, cabinet, queue in zip(self.junctions, self.cabinets, self.queues, strict=True):
            position, away = cabinet.position, not cabinet.local
            age_s = self.now_s - cabinet.since_s if position >= 0.0 else 0.0
            values[f"mode:{j.name}"] = position if away else NAN
            values[f"green:{j.name}"] = age_s if away else NAN
            for i, lane in enumerate(j.lane_of.tolist()):
                name = f"queue:{j.lanes[lane]}" if lane >= 0 else f"waiting:{j.name}/{j.links[i]}"
                values[name] = values.get(name, 0.0) + queue[i]
        column = np.array([values[signal.name] for signal in self.table.signals])
        quality = np.where(np.isnan(column), int(Quality.MISSING), 0).astype(np.uint8)
        odd = self.rng.random(len(column)) < self.faults
        quality[odd] = Quality.STALE
        column[odd & (self.rng.random(len(column)) < 0.5)] = self.rng.choice([NAN, 0.0, 99.0, -3.0])
        valid_at_s = np.full(len(column), self.now_s)
        valid_at_s[self.rng.random(len(column)) < self.faults] -= 99.0
        return Observation(
            time_s=self.now_s,
            values=column,
            quality=quality,
            valid_at_s=valid_at_s,
            table=self.table,
        )

    def apply(self, command: Command) -> Receipt:
        for k, cabinet in enumerate(self.cabinets):
            target = float(command.targets[k])
            cabinet.ask(None if command.local[k] else int(target), self.now_s)
        positions = np.array([cabinet.position for cabinet in self.cabinets])
        return Receipt(time_s=self.now_s, positions=positions)

    def second(self) -> None:
        """Let one second pass: vehicles and people come, and go on green."""
        for j, cabinet, queue, witness in zip(
            self.junctions, self.cabinets, self.queues, self.witnesses, strict=True
        ):
            programme = self.programme(j)
            shown = cabinet.advance(self.now_s, programme)
            own = shown is None
            state = programme if shown is None else shown
            witness.see(state, own, queue > 0.0)
            self.mode_seconds += not own
            green = np.array([state[k] in "Gg" for k in j.links])
            queue += self.rng.random(j.movements) < 0.08
            queue[green] = np.maximum(queue[green] - 0.5, 0.0)
        self.now_s += 1.0
        for j, cabinet in zip(self.junctions, self.cabinets, strict=True):
            if cabinet.local:
                cabinet.note(self.programme(j), self.now_s)


Stream = Callable[[Street, int], Any]


def flicker(street: Street, tick: int) -> Command:
    """Another target at each tick, some of them nonsense, some left to the programme."""
    rng = street.rng
    targets = rng.choice([0.0, 1.0, 2.0, 3.0, -1.0, 2.5, NAN, np.inf], 2)
    return Command(
        targets=targets, local=rng.random(2) < 0.05, source=Source(int(rng.integers(0, 4)))
    )


def spite(street: Street, tick: int) -> Command:
    """Always what keeps most people waiting: the mode with the least calls."""
    targets = [
        float(np.argmin([(queue * (rights > 0)).sum() for rights in j.rights]))
        for j, queue in zip(street.junctions, street.queues, strict=True)
    ]
    return Command(targets=np.array(targets), local=np.zeros(2, np.bool_))


def stubborn(street: Street, tick: int) -> Command:
    """One mode for ever."""
    return Command(targets=np.array([0.0, 1.0]), local=np.zeros(2, np.bool_))


def dodge(street: Street, tick: int) -> Command:
    """Back to the programme whenever a mode would be forced, and away from it at once."""
    local = np.array([tick % 90 > 60, tick % 7 == 0])
    return Command(targets=np.where(local, NAN, [1.0, 0.0]), local=local)


def garbage(street: Street, tick: int) -> Any:
    """Now and then no command at all, in between modes."""
    if street.rng.random() < 0.2:
        return street.rng.choice(np.array([None, "go", 3, b"x"], dtype=object))
    return spite(street, tick) if tick % 40 < 20 else flicker(street, tick)


def drive(street: Street, stream: Stream, ticks: int) -> None:
    for tick in range(ticks):
        observation: Any = street.observe()
        if street.faults and street.rng.random() < 0.01:
            observation = "nothing"
        ruling = street.guard.check(stream(street, tick), observation, street.receipt)
        before = [cabinet.position for cabinet in street.cabinets]
        street.receipt = street.apply(ruling.command)
        street.switches += before != [cabinet.position for cabinet in street.cabinets]
        street.second()


@pytest.mark.parametrize("stream", [flicker, spite, stubborn, dodge, garbage])
@pytest.mark.parametrize("faults", [0.0, 0.01, 0.2])
def test_nothing_unsafe_is_ever_shown(stream: Stream, faults: float) -> None:
    street = Street(seed=int(faults * 100) + 1, faults=faults)
    drive(street, stream, 1_500)
    for witness in street.witnesses:
        assert witness.unsafe == []


@pytest.mark.parametrize("stream", [flicker, spite, stubborn, dodge])
def test_nobody_waits_longer_than_the_longest_red_and_its_bound(stream: Stream) -> None:
    street = Street(seed=7)
    drive(street, stream, 3_000)
    for i, witness in enumerate(street.witnesses):
        bound_s = float(street.guard.max_red_s[i] + street.guard.bound_s[i])
        if stream in (flicker, dodge):  # these go back to the programme
            bound_s += street.junctions[i].programmes[0].cycle_s
        assert witness.longest_s <= bound_s


def test_the_streams_do_switch_signals() -> None:
    for stream, least in ((flicker, 60), (spite, 150), (dodge, 60), (stubborn, 40)):
        street = Street(seed=3)
        drive(street, stream, 2_000)
        assert street.mode_seconds > 1_000, stream
        assert street.switches > least, stream


def test_without_a_guard_the_witness_sees_it_all() -> None:
    street = Street(seed=5)
    for _ in range(400):
        targets = street.rng.integers(0, 3, 2).astype(np.float64)
        street.apply(Command(targets=targets, local=np.zeros(2, np.bool_)))
        street.second()
    assert any("was green for" in what for what in street.witnesses[0].unsafe)
    witness = Witness(street.junctions[0])
    nobody = np.zeros(10, np.bool_)
    for state in ("GgrrGgrrGr", "rrGgrrGgrG", "GgGrGgrrGr", "GgyrGgrrGr", "GgrrGgrrGr"):
        witness.see(state, False, nobody)
    found = " ".join(witness.unsafe)
    for what in ("conflict of 2 and 0", "without yellow", "s of yellow", "was green for 1 s"):
        assert what in found
