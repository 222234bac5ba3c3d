"""What a benchmark's run may do instead of running a simulator; importable in a fresh process."""

from __future__ import annotations

import os
import time
from pathlib import Path

from benchmarks.skill._runs import Job, Outcome


def score_the_seed(job: Job) -> Outcome:
    """Cost is the seed; every call leaves a mark beside the model."""
    with Path(job.case.model).with_suffix(".calls").open("a") as calls:
        calls.write(f"{os.getpid()}\n")
    return Outcome(
        case=job.case.name,
        controller=job.shown,
        forecast=job.case.forecast,
        seed=job.case.seed,
        score={"cost": float(job.case.seed)},
    )


def fail(job: Job) -> Outcome:
    raise ValueError(f"no score for {job.case.name}")


def die(job: Job) -> Outcome:
    os._exit(7)


def sleep(job: Job) -> Outcome:
    time.sleep(60.0)
    return score_the_seed(job)
