"""How are many runs made, each in a process of its own, and none twice?"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

import jialing as jl
from jialing.record import manifest
from jialing.record.plain import to_plain

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "bench"
#: Code that cannot change a score.
NOT_DECISIVE = ("cli", "report", "__init__.py", "api.py", "comparison.py", "result.py")

for variable in ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT"):
    os.environ.setdefault(variable, "1")


@dataclass(frozen=True, kw_only=True)
class Job:
    """One controller on one case.

    Attributes
    ----------
    case : with its forecast and seed
    controller : name, as for `jialing.run`
    label : what tables call it; empty means the controller's name
    positions : hand back the actuators' positions too
    """

    case: jl.Case
    controller: str
    label: str = ""
    positions: bool = False

    @property
    def shown(self) -> str:
        return self.label or self.controller


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a job.

    Attributes
    ----------
    case, controller, forecast, seed : what ran; `controller` as tables call it
    score : score word -> value, in `units`
    decide_ms : count, median, p95 and max of the decisions [ms]
    wall_s, plant_s, decide_s, loop_s : time of the run and its parts [s]
    guard : allowed, clamped, refused
    notices : late or failed decisions
    positions : names, times [s] and [ticks][actuators] positions, where asked for
    error : why there is no score; empty if there is
    """

    case: str
    controller: str
    forecast: str
    seed: int
    score: Mapping[str, float] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    decide_ms: Mapping[str, float] = field(default_factory=dict)
    wall_s: float = 0.0
    plant_s: float = 0.0
    decide_s: float = 0.0
    loop_s: float = 0.0
    guard: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    positions: Mapping[str, Any] | None = None
    error: str = ""


def run_all(
    jobs: Sequence[Job],
    *,
    workers: int = 1,
    limit_s: float = 7200.0,
    cache: Path | None = CACHE,
    work: Callable[[Job], Outcome] | None = None,
) -> list[Outcome]:
    """Run jobs, `workers` at a time; finished ones are taken from `cache`, so a stop loses one run.

    A job that crashes or takes longer than `limit_s` is an outcome with an error, not an end.
    Two at a time on few cores disturb each other's timings; scores do not change.
    """
    done = 0

    def one(job: Job) -> Outcome:
        nonlocal done
        path = None if cache is None else cache / f"{fingerprint(job)}.json"
        outcome = _cached(path)
        again = "" if outcome is None else " (known)"
        if outcome is None:
            outcome = in_own_process(work or perform, job, limit_s)
            if path is not None and not outcome.error:
                _keep(path, outcome)
        done += 1
        said = outcome.error or _headline(outcome)
        print(
            f"[{done}/{len(jobs)}] {job.case.name} {job.shown} {job.case.forecast}: {said}{again}",
            file=sys.stderr,
            flush=True,
        )
        return outcome

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(one, jobs))


def _headline(outcome: Outcome) -> str:
    """The figure that tells most: a cost where there is one, else the first word of the score."""
    words = [word for word in ("cost", *outcome.score) if word in outcome.score]
    return f"{words[0]} {outcome.score[words[0]]:,.1f}" if words else "no score"


def perform(job: Job) -> Outcome:
    """Run a job through the public API, in this process."""
    with tempfile.TemporaryDirectory(prefix="jialing-bench-") as folder:
        result = jl.run(job.case, controller=job.controller, baseline=False, out=folder)
        run = result.runs[-1]
        record = jl.open_record(run.folder) if job.positions and run.folder else None
        positions = None
        if record is not None:
            positions = {
                "names": list(record.actuators),
                "time_s": record.time_s.tolist(),
                "values": record.frames["positions"].tolist(),
            }
    return Outcome(
        case=job.case.name,
        controller=job.shown,
        forecast=job.case.forecast,
        seed=job.case.seed,
        score={word: quantity.value for word, quantity in run.score.items()},
        units={word: quantity.unit for word, quantity in run.score.items()},
        decide_ms=_spread(run.decide_ms),
        wall_s=run.wall_s,
        plant_s=run.plant_s,
        decide_s=run.decide_s,
        loop_s=run.loop_s,
        guard=asdict(run.guard),
        notices=result.notices(),
        positions=positions,
    )


def in_own_process(work: Callable[[Job], Outcome], job: Job, limit_s: float) -> Outcome:
    """Do `work` in a fresh process: SWMM keeps one simulation per process, and may crash."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(theirs, work, job))
    began = time.monotonic()
    process.start()
    theirs.close()
    found: Outcome | str
    try:
        if ours.poll(limit_s):
            found = ours.recv()
        else:
            found = f"took longer than {limit_s:g} s"
            process.terminate()
    except EOFError:
        process.join()
        found = f"the process died with exit code {process.exitcode}"
    process.join()
    ours.close()
    if isinstance(found, Outcome):
        return found
    return Outcome(
        case=job.case.name,
        controller=job.shown,
        forecast=job.case.forecast,
        seed=job.case.seed,
        wall_s=time.monotonic() - began,
        error=found,
    )


def _answer(pipe: Connection, work: Callable[[Job], Outcome], job: Job) -> None:
    try:
        pipe.send(work(job))
    # Whatever goes wrong in one run is told as that run's outcome; the others go on.
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}")
    finally:
        pipe.close()


def fingerprint(job: Job) -> str:
    """Name of a job's outcome: changes with the case, its files, the code and the packages."""
    digest = hashlib.sha256()
    settings = job.case.settings
    files = [job.case.model, *getattr(settings, "series_files", {}).values()]
    if rules := getattr(settings, "rules_file", None):
        files.append(rules)
    plain = to_plain(job.case, exact=True)
    plain.pop("model")
    said = [plain, job.controller, job.positions, [_digest(Path(f)) for f in files], _code()]
    digest.update(json.dumps(said, sort_keys=True).encode())
    return f"{job.case.name}-{job.controller}-{job.case.forecast}-{digest.hexdigest()[:16]}"


def _code() -> str:
    digest = hashlib.sha256(json.dumps(manifest.versions(), sort_keys=True).encode())
    package = ROOT / "src" / "jialing"
    for path in sorted(package.rglob("*.py")):
        if path.relative_to(package).parts[0] not in NOT_DECISIVE:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _digest(path: Path) -> str:
    return str(manifest.describe_file(path)["sha256"])


def _cached(path: Path | None) -> Outcome | None:
    if path is None or not path.is_file():
        return None
    with contextlib.suppress(json.JSONDecodeError, TypeError, KeyError):
        stored = json.loads(path.read_text())
        return Outcome(**stored | {"notices": tuple(stored["notices"])})
    return None


def _keep(path: Path, outcome: Outcome) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(asdict(outcome)))
    part.replace(path)


def _spread(decide_ms: Sequence[float]) -> dict[str, float]:
    if not decide_ms:
        return {"count": 0}
    times = np.asarray(decide_ms)
    return {
        "count": len(times),
        "median": float(np.median(times)),
        "p95": float(np.percentile(times, 95)),
        "max": float(times.max()),
    }


def present(names: Sequence[str]) -> list[str]:
    """Those cases whose files are here; the others are named on stderr with what they lack."""
    found = []
    for name in names:
        try:
            jl.case(name)
        except (jl.InputError, jl.MissingExtraError) as lacking:
            print(f"left out: {name}: {lacking}", file=sys.stderr)
        else:
            found.append(name)
    return found


def by_case(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, dict[str, Outcome]]]:
    """Outcomes of each case, by ``controller`` or ``controller/forecast`` for forecasting ones."""
    cases: dict[str, dict[str, Outcome]] = {}
    for outcome in outcomes:
        cases.setdefault(outcome.case, {})[column(outcome)] = outcome
    yield from cases.items()


def column(outcome: Outcome) -> str:
    """Which column of a table an outcome belongs to."""
    if outcome.controller.startswith("predictive"):
        return f"{outcome.controller}/{outcome.forecast}"
    return outcome.controller
