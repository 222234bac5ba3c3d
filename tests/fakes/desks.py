"""Desks around the leaky bucket, and runs of them, for tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from bucket_domain import BucketDomain, leaky_bucket

from jialing.core.case import Run
from jialing.core.stages import Desk
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
