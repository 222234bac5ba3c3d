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
    with OpenRun(
        desk,
        folder,
        case=case,
        controller=controller,
        seed=seed,
        progress=progress,
        clock=clock,
        outcomes=outcomes,
    ) as run:
        try:
            run.advance(math.inf)
        except KeyboardInterrupt:
            return run.finish("interrupted", "interrupted by the user")
        return run.finish()


class OpenRun:
    """A run under way, advanced in parts by whoever holds it. Parameters as for `run_desk`, and
    `patient`: so many first ticks are never late.

    Leaving the `with` block closes the record and the plant, whatever happened.
    """

    def __init__(
        self,
        desk: Desk,
        folder: Path,
        *,
        case: Mapping[str, Any],
        controller: Mapping[str, Any],
        seed: int = 0,
        progress: Listener | None = None,
        clock: Clock | None = None,
        outcomes: Sequence[int] | None = None,
        patient: int = 0,
    ) -> None:
        self.desk, self.name = desk, str(controller["name"])
        self.clock: Clock = Simulated() if clock is None else clock
        self._listener = progress
        self._told_s = self._wall_s = 0.0
        self._tell_at = -math.inf
        self._tick, self._going = 0, True
        self._walk: Walk | None = None
        self._outcomes = outcomes
        try:
            if not desk.tick_s > 0.0 or not math.isfinite(desk.duration_s):
                raise InputError(
                    f"a run of {desk.duration_s} s in ticks of {desk.tick_s} s cannot be walked: "
                    "the tick must be above 0 s and the duration finite"
                )
            self.ticks = math.ceil(desk.duration_s / desk.tick_s - 1e-9)
            if outcomes is not None:
                self.ticks = min(self.ticks, len(outcomes))
            ask = _asking(desk, self.clock, outcomes, patient)
            self._watchdog = Watchdog(ask, actuators=len(desk.plant.actuators))
            manifest = build_manifest(
                desk, case=case, controller=controller, seed=seed, created=datetime.now(tz=UTC)
            )
            self.record = RecordWriter(folder, manifest, durable=self.clock.real)
        except BaseException:
            desk.plant.close()
            raise

    def __enter__(self) -> OpenRun:
        return self

    def __exit__(self, *_: object) -> None:
        self.record.close()
        self.desk.plant.close()

    @property
    def time_s(self) -> float:
        """Start of the next tick, on the run's clock [s]."""
        return min(self._tick * self.desk.tick_s, self.desk.duration_s)

    @property
    def wall_s(self) -> float:
        """Time spent advancing so far [s on the wall]."""
        return self._wall_s

    @property
    def tally(self) -> Tally:
        """Times and counts so far."""
        return Tally() if self._walk is None else self._walk.tally

    def advance(self, to_s: float) -> bool:
        """Walk every tick that begins before `to_s`. False once the case has ended.

        What the plant, or the loop itself, raises is noted in the record and passed on.
        """
        try:
            return self._advance(to_s)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self._end("failed", named(error))
            raise

    def _advance(self, to_s: float) -> bool:
        if self._walk is None:
            if self._listener is not None:
                self._listener(self._progress(0.0, 0.0, None))
            self._prepare()
            self.clock.start()
            began = time.perf_counter()
            self._walk = Walk(self.desk, self._watchdog, self.record, self._outcomes)
            self._tell_at = began
        else:
            began = time.perf_counter()
        try:
            self._ticks(self._walk, to_s, began)
        finally:
            self._wall_s += time.perf_counter() - began
        return self._going

    def finish(self, ended: str = "completed", reason: str = "") -> Run:
        """Score the run, close its record with a summary, and answer with it."""
        began = time.perf_counter()
        sheet, details = self.desk.plant.score()
        scored_s = time.perf_counter() - began
        self.tally.plant_s += scored_s
        self._end(ended, reason)
        run = self._summary(
            self.tally, sheet, details, ended, self._wall_s + scored_s - self._told_s
        )
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
        if self._listener is not None:
            time_s = 0.0 if self._walk is None else self._walk.time_s
            at_s = self.desk.duration_s if ended == "completed" else time_s
            self._listener(self._progress(at_s, self._wall_s, sheet))
        return run

    def _prepare(self) -> None:
        """Let the controller warm up (compile, identify) before the clock starts."""
        prepare = getattr(self.desk.controller, "prepare", None)
        if prepare is None:
            return
        try:
            prepare()
        # As with decisions: a controller's error is named, and the run goes on.
        except (Exception, SystemExit) as error:
            reason = f"prepare() of {self.name} raised {named(error)}"
            self.record.events.add(0, 0.0, "fault", reason=reason)
            _LOG.warning("%s; the run goes on", reason)

    def _ticks(self, walk: Walk, to_s: float, began: float) -> None:
        tick_s, duration_s = self.desk.tick_s, self.desk.duration_s
        listener = self._listener
        tell_at = self._tell_at if listener is not None else math.inf
        while self._going and self._tick < self.ticks:
            start_s = self._tick * tick_s
            if start_s >= to_s - 1e-9:
                break
            self.clock.wait_until(start_s)
            self._going = walk.tick(self._tick, min(tick_s, duration_s - start_s))
            self._tick += 1
            now = time.perf_counter()
            if now >= tell_at and listener is not None:
                sheet = self.desk.plant.score()[0]
                listener(self._progress(walk.time_s, self._wall_s + now - began, sheet))
                self._told_s += time.perf_counter() - now
                tell_at = time.perf_counter() + TELL_EVERY_S
        self._tell_at = tell_at
        self._going = self._going and self._tick < self.ticks

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

    def _end(self, ended: str, reason: str) -> None:
        facts = {"ended": ended} | ({"reason": reason} if reason else {})
        time_s = 0.0 if self._walk is None else self._walk.time_s
        self.record.events.add(self.record.ticks, time_s, "end", **facts)

    def _summary(
        self,
        tally: Tally,
        sheet: ScoreSheet,
        details: Mapping[str, Any],
        ended: str,
        wall_s: float,
    ) -> Run:
        decisions = {o.name.lower(): tally.outcomes[o] for o in Outcome}
        alone = list(self.desk.uncontrolled)
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
            details={
                "ended": ended,
                "decisions": decisions,
                **({"uncontrolled": alone} if alone else {}),
                **details,
            },
        )


def _asking(desk: Desk, clock: Clock, outcomes: Sequence[int] | None, patient: int) -> Ask:
    if outcomes is not None:
        return Recorded(desk.forecaster, desk.controller, outcomes)
    if clock.real:
        return Beside(desk.forecaster, desk.controller, desk.budget_s)
    return Direct(desk.forecaster, desk.controller, desk.budget_s, patient=patient)


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
