"""How does one controller run one case from its first tick to its score?"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from jialing.core.case import Run, ScoreSheet
from jialing.core.errors import InputError
from jialing.core.stages import Desk
from jialing.loop.asking import Ask, Beside, Direct, Recorded, named
from jialing.loop.clock import Clock, Simulated
from jialing.loop.progress import Listener, Progress
from jialing.loop.tick import Tally, Walk
from jialing.loop.watchdog import Watchdog
from jialing.record.frame import Outcome
from jialing.record.manifest import build_manifest
from jialing.record.writer import RecordWriter

_LOG = logging.getLogger("jialing")

#: Progress is told no more often than this [s on the wall].
TELL_EVERY_S = 0.2


def run_desk(
    desk: Desk,
    folder: Path,
    *,
    case: Mapping[str, Any],
    controller: Mapping[str, Any],
    seed: int = 0,
    progress: Listener | None = None,
    clock: Clock | None = None,
    outcomes: Sequence[int] | None = None,
) -> Run:
    """Run `desk` to its end, leave its record in `folder`, and close the plant.

    Ctrl-C ends the run early: the record and a score of what there is are kept, and
    ``details["ended"]`` of the returned run says ``interrupted``.

    Parameters
    ----------
    desk : the wired plant; closed on return, whatever happens
    folder : record folder, made here
    case, controller, seed : for the manifest; ``controller["name"]`` names the run
    progress : told how far the run is
    clock : simulated if None
    outcomes : of a recorded run that is to be repeated: which decisions were late there. The run
        then ends where the record does.
    """
    try:
        walk_clock = Simulated() if clock is None else clock
        if not desk.tick_s > 0.0 or not math.isfinite(desk.duration_s):
            raise InputError(
                f"a run of {desk.duration_s} s in ticks of {desk.tick_s} s cannot be walked: "
                "the tick must be above 0 s and the duration finite"
            )
        manifest = build_manifest(
            desk, case=case, controller=controller, seed=seed, created=datetime.now(tz=UTC)
        )
        record = RecordWriter(folder, manifest, durable=walk_clock.real)
        try:
            run = _Run(desk, record, str(controller["name"]), walk_clock, outcomes)
            return run.walk(progress)
        finally:
            record.close()
    finally:
        desk.plant.close()


class _Run:
    """What `run_desk` holds on to between the first tick and the score."""

    def __init__(
        self,
        desk: Desk,
        record: RecordWriter,
        name: str,
        clock: Clock,
        outcomes: Sequence[int] | None,
    ) -> None:
        self.desk, self.record, self.name, self.clock = desk, record, name, clock
        self.ticks = math.ceil(desk.duration_s / desk.tick_s - 1e-9)
        if outcomes is not None:
            self.ticks = min(self.ticks, len(outcomes))
        ask = _asking(desk, clock, outcomes)
        count = len(desk.plant.actuators)
        self.watchdog = Watchdog(ask, actuators=count)
        self.told_s = 0.0

    def walk(self, progress: Listener | None) -> Run:
        ended, reason = "completed", ""
        if progress is not None:
            progress(self._progress(0.0, 0.0, None))
        self._prepare()
        began = time.perf_counter()
        walk = Walk(self.desk, self.watchdog, self.record)
        try:
            self._ticks(walk, progress, began)
        except KeyboardInterrupt:
            ended, reason = "interrupted", "interrupted by the user"
        except BaseException as error:
            self._end(walk, "failed", named(error))
            raise
        scored = time.perf_counter()
        sheet, details = self.desk.plant.score()
        done = time.perf_counter()
        walk.tally.plant_s += done - scored
        self._end(walk, ended, reason)
        run = self._summary(walk.tally, sheet, details, ended, done - began - self.told_s)
        self.record.finish(
            {
                "controller": self.name,
                "ended": ended,
                "ticks": self.record.ticks,
                "score": sheet,
                "guard": run.guard,
                "wall_s": run.wall_s,
                "plant_s": run.plant_s,
                "decide_s": run.decide_s,
                "loop_s": run.loop_s,
                "decide_ms": _spread(run.decide_ms),
                "details": run.details,
            }
        )
        if progress is not None:
            at_s = self.desk.duration_s if ended == "completed" else walk.time_s
            progress(self._progress(at_s, done - began, sheet))
        return run

    def _prepare(self) -> None:
        """Let the controller warm up (compile, identify) before the clock starts."""
        prepare = getattr(self.desk.controller, "prepare", None)
        if prepare is None:
            return
        try:
            prepare()
        # As with decisions: a controller's error is named, and the run goes on.
        except Exception as error:
            reason = f"prepare() of {self.name} raised {named(error)}"
            self.record.events.add(0, 0.0, "fault", reason=reason)
            _LOG.warning("%s; the run goes on", reason)

    def _ticks(self, walk: Walk, progress: Listener | None, began: float) -> None:
        tick_s, duration_s = self.desk.tick_s, self.desk.duration_s
        tell_at = began if progress is not None else math.inf
        self.clock.start()
        for number in range(self.ticks):
            start_s = number * tick_s
            self.clock.wait_until(start_s)
            going = walk.tick(number, min(tick_s, duration_s - start_s))
            now = time.perf_counter()
            if now >= tell_at and progress is not None:
                sheet = self.desk.plant.score()[0]
                progress(self._progress(walk.time_s, now - began, sheet))
                self.told_s += time.perf_counter() - now
                tell_at = time.perf_counter() + TELL_EVERY_S
            if not going:
                break

    def _progress(self, time_s: float, wall_s: float, sheet: ScoreSheet | None) -> Progress:
        desk = self.desk
        return Progress(
            controller=self.name,
            time_s=time_s,
            duration_s=desk.duration_s,
            wall_s=wall_s,
            headline=desk.headline,
            value=None if sheet is None else sheet.get(desk.headline),
        )

    def _end(self, walk: Walk, ended: str, reason: str) -> None:
        facts = {"ended": ended} | ({"reason": reason} if reason else {})
        self.record.events.add(self.record.ticks, walk.time_s, "end", **facts)

    def _summary(
        self,
        tally: Tally,
        sheet: ScoreSheet,
        details: Mapping[str, Any],
        ended: str,
        wall_s: float,
    ) -> Run:
        decisions = {o.name.lower(): tally.outcomes[o] for o in Outcome}
        return Run(
            controller=self.name,
            score=sheet,
            guard=tally.guard(),
            wall_s=wall_s,
            plant_s=tally.plant_s,
            decide_s=tally.decide_s,
            loop_s=wall_s - tally.plant_s - tally.decide_s,
            decide_ms=tuple(tally.decide_ms),
            folder=self.record.folder,
            details={"ended": ended, "decisions": decisions, **details},
        )


def _asking(desk: Desk, clock: Clock, outcomes: Sequence[int] | None) -> Ask:
    if outcomes is not None:
        return Recorded(desk.forecaster, desk.controller, outcomes)
    if clock.real:
        return Beside(desk.forecaster, desk.controller, desk.budget_s)
    return Direct(desk.forecaster, desk.controller, desk.budget_s)


def _spread(decide_ms: Sequence[float]) -> dict[str, float]:
    """Count, median, 95th percentile and largest decision time [ms]."""
    if not decide_ms:
        return {"count": 0}
    times = np.asarray(decide_ms)
    return {
        "count": len(times),
        "median": float(np.median(times)),
        "p95": float(np.percentile(times, 95)),
        "max": float(times.max()),
    }
