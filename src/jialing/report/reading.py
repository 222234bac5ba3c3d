"""How does a result folder become what the report shows?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from jialing.core.case import GuardCount, Quantity, ScoreSheet
from jialing.core.command import Answer
from jialing.core.errors import RecordError
from jialing.record.frame import Outcome
from jialing.record.reader import Record, open_record, record_folders, seed_folders
from jialing.record.shape import RESULT, read_shaped
from jialing.report import numbers
from jialing.report.source import FieldView, Incident, ResultView, RunView, baseline_first

_ANSWERS = {"clamp": "clamped", "refuse": "refused"}


def read_result(folder: Path) -> ResultView:
    """Runs of a result folder, of a single record folder, or of a folder of results by seed.

    Of several seeds the first is shown, and the others tell the spread. Raises RecordError if the
    folder is none of these.
    """
    several = seed_folders(folder)
    if not several:
        return _read_one(folder)
    shown = _read_one(several[0])
    seeds: dict[int, dict[str, ScoreSheet]] = {}
    for path in several:
        document = read_shaped(path / "result.json", RESULT)
        seeds[int(document.get("seed") or 0)] = {
            str(run.get("controller")): sheet(run.get("score") or {})
            for run in document.get("runs") or ()
        }
    return replace(shown, seeds=seeds)


def _read_one(folder: Path) -> ResultView:
    records = [open_record(path) for path in record_folders(folder)]
    if not records:
        raise RecordError(f"{folder} names runs whose records are gone; nothing can be reported")
    case = records[0].manifest.get("case") or {}
    domain = str(case.get("domain", ""))
    runs = baseline_first([_run(record) for record in records], domain)
    name = str(case.get("name", "")) or folder.name
    return ResultView(
        case=name,
        title=str(case.get("title") or name),
        domain=domain,
        seed=int(runs[0].manifest.get("seed", 0)),
        forecast=str(case.get("forecast", "")),
        runs=runs,
        folder=folder.resolve().name,
    )


def _run(record: Record) -> RunView:
    frames = record.frames
    final = record.score or {}
    decided = frames["outcome"] != Outcome.BUSY
    start, dated = _start(record)
    return RunView(
        controller=record.controller,
        score=sheet(final.get("score") or {}),
        guard=_guard(final, frames["answers"]),
        time_s=record.time_s,
        signals=tuple(record.signals),
        values=frames["values"],
        actuators=tuple(record.actuators),
        positions=frames["positions"],
        local=frames["local"].astype(np.bool_),
        unusable=int(np.count_nonzero(frames["outcome"] != Outcome.ON_TIME)),
        decide_ms=np.ascontiguousarray(frames["decide_ms"][decided]),
        incidents=incidents_of(record),
        fields=_fields(record),
        details=final.get("details") or {},
        manifest=record.manifest,
        picture=record.manifest.get("picture") or {},
        ended=str(final.get("ended", "completed")),
        start=start,
        dated=dated,
        wall_s=seconds(final, "wall_s"),
        plant_s=seconds(final, "plant_s"),
        decide_s=seconds(final, "decide_s"),
        loop_s=seconds(final, "loop_s"),
        notices=record.notices,
    )


def _start(record: Record) -> tuple[str, bool]:
    """When a run began, empty where the case does not say; and whether that has a date."""
    about = record.manifest.get("about") or {}
    text, begin_s = about.get("start") or "", about.get("begin_s") or 0.0
    if not text and begin_s:
        return numbers.time_of_day(begin_s), False
    try:
        return (datetime.fromisoformat(text).isoformat() if text else ""), True
    except ValueError:
        raise RecordError(
            f"{record.folder / 'manifest.json'}: about.start is {text!r}; "
            "allowed is a time such as 2024-06-18T06:00:00"
        ) from None


def sheet(found: Mapping[str, Any]) -> ScoreSheet:
    """A score as it lies in ``score.json``; what could not be computed is left out."""
    return {
        name: Quantity(value=float(q["value"]), unit=str(q["unit"]))
        for name, q in found.items()
        if q.get("value") is not None
    }


def counted(final: Mapping[str, Any]) -> GuardCount | None:
    """The guard's answers as the score counts them; None where it does not."""
    found = final.get("guard")
    if found is None:
        return None
    return GuardCount(**{k: int(found.get(k) or 0) for k in ("allowed", "clamped", "refused")})


def _guard(final: Mapping[str, Any], answers: np.ndarray[Any, Any]) -> GuardCount:
    """The counts of the score; of a run that was cut off, those of its frames."""
    return counted(final) or GuardCount(
        allowed=int(np.count_nonzero(answers == Answer.ALLOW)),
        clamped=int(np.count_nonzero(answers == Answer.CLAMP)),
        refused=int(np.count_nonzero(answers == Answer.REFUSE)),
    )


def seconds(final: Mapping[str, Any], name: str) -> float:
    """A time of the score; NaN where it tells none."""
    found = final.get(name)
    return float(found) if found is not None else float("nan")


def _fields(record: Record) -> dict[str, FieldView]:
    """Fields whose file is there; a missing one is only a missing picture."""
    views = {}
    for listed in record.manifest["fields"]:
        if not (record.folder / f"fields.{listed['name']}.bin").is_file():
            continue
        views[listed["name"]] = FieldView(
            name=listed["name"],
            unit=listed["unit"],
            elements=tuple(listed["elements"]),
            values=record.field(listed["name"]),
        )
    return views


def incidents_of(record: Record) -> tuple[Incident, ...]:
    """What the guard changed and which decisions failed, in order."""
    found = []
    for event in record.events:
        time_s, kind = float(event["time_s"]), event["kind"]
        if kind == "guard" and event.get("answer") in _ANSWERS:
            found.append(
                Incident(
                    time_s=time_s,
                    kind=_ANSWERS[event["answer"]],
                    actuator=str(event.get("actuator", "")),
                    rule=str(event.get("rule", "")),
                    text=str(event.get("reason", "")),
                )
            )
        elif kind == "decision":
            used = str(event.get("used", "")).replace("_", " ")
            text = f"{event.get('reason', '')}; used instead: {used}"
            rule = str(event.get("outcome", ""))
            found.append(Incident(time_s=time_s, kind="late", rule=rule, text=text))
        elif kind == "fault" or (kind == "end" and event.get("ended") != "completed"):
            text = str(event.get("reason") or event.get("ended") or kind)
            found.append(Incident(time_s=time_s, kind="note", rule=kind, text=text))
    return tuple(found)
