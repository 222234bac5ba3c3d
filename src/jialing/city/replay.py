"""Does a recorded evening of a city give the same decisions again, in every part?"""

from __future__ import annotations

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
from jialing.record.plain import from_plain
from jialing.record.reader import Record, open_record
from jialing.record.replay import Comparison, compare
from jialing.record.shape import CITY_FORMAT, EVENT, read_document
from jialing.record.whole import whole_lines

SHAPE = {
    "case": dict,
    "mode": str,
    "parts": {"*": str},
    "files": [{"path": str, "sha256": str}],
}


def replay_evening(folder: Path, scratch: Path) -> tuple[Comparison, ...]:
    """Repeat one evening, with its couplings, in `scratch`, and compare part by part, bit for bit.

    A decision that was late then is late again. Where a part died, everything is compared up to
    the end of that step: what came after depends on when on the wall the process was killed.
    """
    document = read_document(folder / "city.json", CITY_FORMAT, SHAPE)
    case, mode = case_of(document["case"]), str(document["mode"])
    check_files(document["files"])
    records = {name: open_record(folder / part) for name, part in document["parts"].items()}
    for record in records.values():
        if record.damage:  # the other parts act on it: nothing of the evening can be repeated
            raise RecordError(f"{record.folder}: {record.damage}")
        check_files(record.manifest["files"])
    city = read_city(case.model)
    events, lost_lines = whole_lines(folder / "events.jsonl", EVENT)
    died = next((event for event in events if event["kind"] == "died"), None)
    orders = [
        replace(order, outcomes=tuple(records[order.name].frames["outcome"].tolist()))
        for order in orders_for(case, city, mode, scratch)
    ]
    until_s = max(_end_s(records[order.name]) - order.offset_s for order in orders)
    limit = ""
    if died is not None:
        until_s = min(until_s, float(died["time_s"]) + city.period_s)
        limit = f"compared up to t = {until_s:.0f} s, when {died.get('part')} had died"
    scratch.mkdir(parents=True, exist_ok=True)
    with Conductor(
        orders, evening_of(case, city, mode), scratch, period_s=city.period_s
    ) as conductor:
        conductor.open()
        conductor.run(to_s=until_s)
    if conductor.lost:
        raise RecordError(conductor.losses)
    compared = []
    for order in orders:
        record = records[order.name]
        part = record.frames["time_s"] < until_s + order.offset_s - 1e-9
        again = open_record(Path(order.folder))
        one = compare(replace(record, frames=record.frames[part]), again)
        notices = (*one.notices, lost_lines) if lost_lines else one.notices
        name = f"{mode} · {order.name}"
        compared.append(replace(one, controller=name, limit=limit, notices=notices))
    return tuple(compared)


def case_of(plain: Mapping[str, Any]) -> Case:
    """The case that a city's manifest holds."""
    made: Case = from_plain(Case, {**plain, "settings": None})
    settings = plain.get("settings")
    if settings is None:
        return made
    return replace(made, settings=from_plain(CitySettings, settings))


def _end_s(record: Record) -> float:
    """Where a record ends, on its part's clock [s]."""
    if not record.ticks:
        return 0.0
    return float(record.time_s[-1]) + float(record.manifest["tick_s"])
