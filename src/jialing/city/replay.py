"""Does a recorded evening of a city give the same decisions again, in every part?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jialing.city.conductor import Conductor
from jialing.city.manifest import read_city
from jialing.city.run import CitySettings, evening_of, orders_for
from jialing.core.case import Case
from jialing.core.errors import RecordError
from jialing.record.manifest import check_files
from jialing.record.plain import from_plain, read_json
from jialing.record.reader import Record, open_record
from jialing.record.replay import Comparison, compare

FORMAT = "jialing-city/1"


def evening_folders(folder: Path) -> tuple[Path, ...]:
    """The evenings of a city's result folder; an evening's own folder stands for itself."""
    if (folder / "city.json").is_file():
        return (folder,)
    return tuple(sorted(path.parent for path in folder.glob("*/city.json")))


def replay_evening(folder: Path, scratch: Path) -> tuple[Comparison, ...]:
    """Repeat one evening, with its couplings, in `scratch`, and compare part by part, bit for bit.

    A decision that was late then is late again. Where a part died, everything is compared up to
    the end of that step: what came after depends on when on the wall the process was killed.
    """
    document = read_json(folder / "city.json")
    if document.get("format") != FORMAT:
        found = document.get("format")
        raise RecordError(f"{folder} has format {found!r}, this version reads {FORMAT!r}")
    case, mode = case_of(document["case"]), str(document["mode"])
    check_files(document["files"])
    records = {name: open_record(folder / part) for name, part in document["parts"].items()}
    for record in records.values():
        check_files(record.manifest["files"])
    city = read_city(case.model)
    died = _first_death(folder)
    orders = [
        replace(order, outcomes=tuple(records[order.name].frames["outcome"].tolist()))
        for order in orders_for(case, city, mode, scratch)
    ]
    until_s = max(_end_s(records[order.name]) - order.offset_s for order in orders)
    limit = ""
    if died is not None:
        until_s = min(until_s, died["time_s"] + city.period_s)
        limit = f"compared up to t = {until_s:.0f} s, when {died['part']} had died"
    scratch.mkdir(parents=True, exist_ok=True)
    with Conductor(
        orders, evening_of(case, city, mode), scratch, period_s=city.period_s
    ) as conductor:
        conductor.open()
        conductor.run(to_s=until_s)
        lost = dict(conductor.lost)
    if lost:
        raise RecordError("; ".join(f"{name}: {reason}" for name, reason in lost.items()))
    found = []
    for order in orders:
        record = records[order.name]
        part = record.frames["time_s"] < until_s + order.offset_s - 1e-9
        again = open_record(Path(order.folder))
        compared = compare(replace(record, frames=record.frames[part]), again)
        found.append(replace(compared, controller=f"{mode} · {order.name}", limit=limit))
    return tuple(found)


def case_of(plain: Mapping[str, Any]) -> Case:
    """The case that a city's manifest holds."""
    made: Case = from_plain(Case, {**plain, "settings": None})
    settings = plain.get("settings")
    if not made.model.is_file():
        raise RecordError(f"{made.model} is gone; this run cannot be repeated without it")
    if settings is None:
        return made
    return replace(made, settings=from_plain(CitySettings, settings))


def _end_s(record: Record) -> float:
    """Where a record ends, on its part's clock [s]."""
    if not record.ticks:
        return 0.0
    return float(record.time_s[-1]) + float(record.manifest["tick_s"])


def _first_death(folder: Path) -> dict[str, Any] | None:
    path = folder / "events.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            event: dict[str, Any] = json.loads(line)
        except ValueError:  # torn by a power cut; nothing follows
            return None
        if event.get("kind") == "died":
            return event
    return None
