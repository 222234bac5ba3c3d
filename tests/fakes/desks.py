"""Desks around the leaky bucket, runs of them, and single decisions of any desk, for tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from bucket_domain import BucketDomain, leaky_bucket

from jialing.core.case import Run
from jialing.core.command import Command, Receipt
from jialing.core.signal import Observation
from jialing.core.stages import Desk, Situation
from jialing.loop.runner import run_desk
from jialing.record.plain import to_plain
from jialing.record.reader import Record, open_record


def bucket_desk(controller: Any = "predictive", **changes: Any) -> Desk:
    """A desk; `changes` replace fields of it."""
    return replace(BucketDomain().desk(leaky_bucket(), controller), **changes)


def run_bucket(
    folder: Path, controller: Any = "predictive", *, desk: Desk | None = None, **options: Any
) -> tuple[Run, Record]:
    """Run a bucket into ``folder/record`` and open what it left."""
    run = run_desk(
        desk or bucket_desk(controller),
        folder / "record",
        case=to_plain(leaky_bucket(), exact=True),
        controller={"name": "tested", "kind": "own"},
        **options,
    )
    return run, open_record(folder / "record")


def bucket_situation(time_s: float = 0.0) -> Situation:
    """What a controller of a bucket is told at `time_s`."""
    plant: Any = bucket_desk().plant
    return Situation(
        observation=replace(plant.observe(), time_s=time_s),
        positions=np.zeros(2),
        actuators=plant.actuators,
    )


def decided(desk: Desk, receipt: Receipt) -> tuple[Observation, Command]:
    """One look at a plant, and what the controller makes of it: no guard, no record."""
    seen = desk.plant.observe()
    situation = Situation(
        observation=seen,
        positions=receipt.positions,
        actuators=desk.plant.actuators,
        forecast=desk.forecaster.forecast(seen),
    )
    return seen, desk.controller.decide(situation)
