"""A domain without a simulator: a leaky bucket with one valve, for tests of everything around it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from jialing.core.case import Case, Quantity
from jialing.core.command import Answer, Command, Receipt, Ruling, Verdict
from jialing.core.errors import InputError, PlantError
from jialing.core.forecast import Forecast, Horizon
from jialing.core.signal import Actuator, Observation, Signal, SignalTable
from jialing.core.stages import Desk, Field

VALVE = Actuator(name="valve", kind="orifice")
GATE = Actuator(name="gate", kind="orifice")


@dataclass(frozen=True, kw_only=True)
class Limit:
    name: str
    value: float = np.inf


@dataclass(frozen=True, kw_only=True)
class BucketSettings:
    capacity_m3: float = 100.0
    noise: float = 0.0
    extra_files: Mapping[str, Path] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()
    breaks_at_s: float | None = None


class BucketPlant:
    """Water runs in, two valves let it out, what does not fit floods."""

    def __init__(self, case: Case) -> None:
        self.settings: BucketSettings = case.settings or BucketSettings()
        self.signals = SignalTable(
            signals=(
                Signal(name="depth:B", unit="m", low=0.0),
                Signal(name="rain:R", unit="m/s"),
            )
        )
        self.actuators = (VALVE, GATE)
        self.fields = (Field(name="flooding", unit="m³", elements=("B", "C", "D")),)
        self.calls: list[str] = []
        self.closed = 0
        self._random = np.random.default_rng(case.seed)
        self._duration_s = case.duration_s or 3600.0
        self.time_s, self._volume, self.flooded, self._travel = 0.0, 10.0, 0.0, 0.0
        self._positions = np.array([0.5, 0.5])

    def rain(self, time_s: float) -> float:
        return 0.02 * max(np.sin(time_s / 900.0), 0.0)

    def observe(self) -> Observation:
        self.calls.append("observe")
        noise = self.settings.noise * self._random.normal() if self.settings.noise else 0.0
        return Observation(
            time_s=self.time_s,
            values=np.array([self._volume / 50.0 + noise, self.rain(self.time_s)]),
            quality=np.zeros(2, dtype=np.uint8),
            valid_at_s=np.full(2, self.time_s),
            table=self.signals,
        )

    def sample(self) -> Sequence[np.ndarray]:
        self.calls.append("sample")
        return (np.array([self.flooded, self.time_s, 0.0], dtype=np.float32),)

    def apply(self, command: Command) -> Receipt:
        self.calls.append("apply")
        wanted = np.where(command.local, 0.5, command.targets)
        if not np.isfinite(wanted).all():
            raise PlantError("a position that is no number reached the plant")
        self._travel += float(np.abs(wanted - self._positions).sum())
        self._positions = wanted
        return Receipt(time_s=self.time_s, positions=wanted.copy())

    def step(self, seconds: float) -> bool:
        self.calls.append("step")
        if self.settings.breaks_at_s is not None and self.time_s >= self.settings.breaks_at_s:
            raise PlantError("the bucket has broken")
        self._volume += seconds * self.rain(self.time_s)
        out = seconds * 0.01 * float(self._positions.sum()) * np.sqrt(self._volume / 100.0)
        self._volume = max(self._volume - out, 0.0)
        spill = max(self._volume - self.settings.capacity_m3, 0.0)
        self._volume -= spill
        self.flooded += spill
        self.time_s += seconds
        return self.time_s < self._duration_s - 1e-6

    def score(self) -> tuple[dict[str, Quantity], dict[str, Any]]:
        sheet = {
            "flooding": Quantity(value=self.flooded, unit="m³"),
            "treated": Quantity(value=100.0 - self._volume, unit="m³"),
            "travel": Quantity(value=self._travel, unit="strokes"),
        }
        return sheet, {"flooding_by_node": {"B": self.flooded}}

    def close(self) -> None:
        self.closed += 1


class BucketGuard:
    """Range and finiteness, nothing else."""

    def check(self, command: Command, observation: Observation, receipt: Receipt) -> Ruling:
        targets, local = command.targets.copy(), command.local.copy()
        answers = np.zeros(2, dtype=np.uint8)
        verdicts = []
        for i in range(2):
            asked = float(targets[i])
            if local[i]:
                continue
            if not np.isfinite(asked):
                targets[i], local[i], answers[i] = np.nan, True, Answer.REFUSE
                rule, reason = "not_finite", f"{asked} is no position"
            elif not 0.0 <= asked <= 1.0:
                targets[i], answers[i] = min(max(asked, 0.0), 1.0), Answer.CLAMP
                rule, reason = "range", f"{asked} is outside 0 … 1"
            else:
                continue
            verdicts.append(
                Verdict(
                    actuator=i,
                    answer=Answer(answers[i]),
                    rule=rule,
                    asked=asked,
                    given=float(targets[i]),
                    reason=reason,
                )
            )
        given = replace(command, targets=targets, local=local)
        return Ruling(command=given, answers=answers, verdicts=tuple(verdicts))


class RainForecaster:
    def __init__(self, plant: BucketPlant) -> None:
        self._plant = plant

    def forecast(self, observation: Observation) -> Forecast:
        times = observation.time_s + 60.0 * np.arange(5)
        values = np.array([[[self._plant.rain(t)] for t in times]])
        return Forecast(
            issued_s=observation.time_s,
            horizon=Horizon(steps=5, step_s=60.0),
            names=("R",),
            values=values,
        )


class Local:
    def decide(self, situation: Any) -> Command:
        return Command.all_local(2)


class Predictive:
    """Opens as far as rain is coming; says what it would do next."""

    def decide(self, situation: Any) -> Command:
        coming = situation.forecast.values[0, :, 0] / 0.02
        plan = np.clip(np.column_stack([coming, 0.5 * coming]) + situation["depth:B"] / 4, 0, 1)
        return Command(
            targets=plan[0],
            local=np.zeros(2, dtype=np.bool_),
            plan=plan,
            step_s=60.0,
            note=f"open {plan[0, 0]:.1f}",
        )


class Slow(Predictive):
    """Takes its time at every third tick."""

    pause_s = 0.03

    def __init__(self) -> None:
        self._asked = 0

    def decide(self, situation: Any) -> Command:
        self._asked += 1
        if self._asked % 3 == 0:
            time.sleep(self.pause_s)
        return super().decide(situation)


class BucketDomain:
    name = "bucket"
    controllers: ClassVar[dict[str, str]] = {
        "rules": "valves half open",
        "predictive": "opens before the rain",
        "slow": "is late now and then",
    }
    makes: ClassVar[dict[str, Callable[[], Any]]] = {
        "rules": Local,
        "predictive": Predictive,
        "slow": Slow,
    }
    budget_s = 60.0  # far beyond what any machine needs: late is late on purpose
    desks: list[Desk]

    def __init__(self) -> None:
        self.desks = []

    def case_from_file(self, path: Path, **settings: Any) -> Case:
        capacity = path.read_text()
        try:
            made = BucketSettings(**{"capacity_m3": float(capacity), **settings})
        except ValueError:
            raise InputError(f"{capacity!r} is no capacity", path=path, line=1) from None
        return Case(
            name=path.stem,
            domain="bucket",
            title="A bucket of the user's",
            model=path,
            tick_s=60.0,
            duration_s=3600.0,
            settings=made,
        )

    def desk(self, case: Case, controller: Any) -> Desk:
        plant = BucketPlant(case)
        made = self.makes[controller]() if isinstance(controller, str) else controller()
        desk = Desk(
            plant=plant,
            controller=made,
            forecaster=RainForecaster(plant),
            guard=BucketGuard(),
            tick_s=case.tick_s,
            duration_s=case.duration_s or 3600.0,
            budget_s=self.budget_s,
            headline="flooding",
            about={"case": case.name},
            files=[str(case.model)],
        )
        self.desks.append(desk)
        return desk


BUCKET = BucketDomain()


def leaky_bucket(*, noise: float = 0.0) -> Case:
    """A bucket under an hour of rain."""
    return Case(
        name="leaky-bucket",
        domain="bucket",
        title="A bucket under an hour of rain",
        model=Path(__file__),
        tick_s=60.0,
        duration_s=3600.0,
        settings=BucketSettings(noise=noise),
    )


def lost_bucket() -> Case:
    """A bucket whose file is nowhere."""
    raise InputError("lost.bucket was not found")


CASES: dict[str, Callable[..., Case]] = {
    "leaky-bucket": leaky_bucket,
    "lost-bucket": lost_bucket,
}


def inspect_bucket(path: Path, **settings: Any) -> tuple[dict[str, Any], list[str]]:
    return {"capacity_m3": float(path.read_text())}, [f"holds {path.read_text()} m³"]
