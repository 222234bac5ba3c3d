"""What should an engineer be shown of a station file before it is controlled?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jialing.domains.metro.fields import json_schema
from jialing.domains.metro.numbers import NUMBERS
from jialing.domains.metro.reader import persons, read_station
from jialing.domains.metro.station import DOWN, UP, Link, Profile, Station

Document = dict[str, Any]
ARROWS = {UP: "up", DOWN: "down", 0: "both"}
MINUTE_S, HOUR_S = 60.0, 3600.0


def inspect_file(path: str | Path) -> tuple[Document, list[str]]:
    """What a station file holds, as a JSON-ready document and as lines for people.

    Raises InputError if the file cannot be understood.
    """
    station = read_station(path)
    document = describe(station)
    return document, list(render(document))


def describe(station: Station) -> Document:
    """Everything worth knowing about `station`, JSON-ready, in SI; its file's schema included."""
    return {
        "file": str(station.path),
        "station": station.name,
        "title": station.title,
        "open_s": station.open_s,
        "close_s": station.close_s,
        "levels": [{"name": v.name, "elevation_m": v.elevation_m} for v in station.levels],
        "stages": [_stage(station, lower, upper) for lower, upper in station.stages],
        "platforms": [
            {
                "name": p.name,
                "level": p.level,
                "area_m2": p.area_m2,
                "trains": sum(train.platform == p.name for train in station.trains),
            }
            for p in station.platforms
        ],
        "entrances": [
            {"name": e.name, "capacity_p_s": e.capacity_p_s, "metered": e.metered}
            for e in station.entrances
        ],
        "alighting": _demand(station.alighting),
        "entering": _demand(station.entering),
        "events": [{"name": e.name, "kind": e.kind, "persons": e.persons} for e in station.events],
        "outages": [{"link": o.link, "from_s": o.from_s, "to_s": o.to_s} for o in station.outages],
        "duty": {
            "min_dwell_s": station.duty.min_dwell_s,
            "switch_budget": station.duty.switch_budget,
            "both_ways": station.duty.both_ways,
            "max_age_s": station.duty.max_age_s,
        },
        "numbers": [
            {
                "name": n.name,
                "value": station.numbers[n.name],
                "unit": n.unit,
                "own": station.numbers[n.name] != n.value,
                "source": n.source if station.numbers[n.name] == n.value else "the station file",
            }
            for n in NUMBERS
        ],
        "schema": json_schema(),
    }


def _stage(station: Station, lower: str, upper: str) -> Document:
    links = [k for k in station.links if (k.lower, k.upper) == (lower, upper)]
    return {
        "from": lower,
        "to": upper,
        "links": [_link(k) for k in links],
        "up_p_s": sum(k.capacity_p_s for k in links if k.direction == UP),
        "down_p_s": sum(k.capacity_p_s for k in links if k.direction == DOWN),
        "both_p_s": sum(k.capacity_p_s for k in links if k.direction == 0),
    }


def _link(link: Link) -> Document:
    return {
        "name": link.name,
        "kind": link.kind.name.lower(),
        "direction": ARROWS[link.direction],
        "reversible": link.reversible,
        "step_free": link.step_free,
        "capacity_p_s": link.capacity_p_s,
        "ride_s": link.ride_s,
        "reversal_s": link.ride_s + link.inspect_s + link.restart_s if link.reversible else None,
    }


def _demand(profile: Profile) -> Document:
    at = max(range(len(profile.rates_p_s)), key=lambda i: profile.rates_p_s[i])
    return {
        "persons": persons(profile),
        "peak_p_s": profile.rates_p_s[at],
        "peak_at_s": profile.times_s[at],
    }


def clock(time_s: float) -> str:
    """A time of day as people write it."""
    minutes = round(time_s / MINUTE_S)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def render(document: Document) -> Iterator[str]:
    """The document as lines."""
    yield f"{document['title']}  ({clock(document['open_s'])}–{clock(document['close_s'])})"
    for word, name in (("leave trains", "alighting"), ("come in", "entering")):
        found = document[name]
        yield (
            f"{found['persons']:,.0f} people {word}, most {found['peak_p_s'] * HOUR_S:,.0f} per "
            f"hour at {clock(found['peak_at_s'])}"
        )
    for platform in document["platforms"]:
        yield f"platform {platform['name']}: {platform['trains']} trains, {platform['area_m2']:g} m²"
    for stage in document["stages"]:
        yield (
            f"{stage['from']} → {stage['to']}: up {stage['up_p_s'] * MINUTE_S:.0f}, down "
            f"{stage['down_p_s'] * MINUTE_S:.0f}, both ways {stage['both_p_s'] * MINUTE_S:.0f} p/min"
        )
        for link in stage["links"]:
            turn = f", reversible in {link['reversal_s']:.0f} s" if link["reversible"] else ""
            free = ", step-free" if link["step_free"] else ""
            yield (
                f"  {link['name']}: {link['kind']}, {link['direction']}, "
                f"{link['capacity_p_s'] * MINUTE_S:.0f} p/min, {link['ride_s']:.0f} s{turn}{free}"
            )
    own = [number for number in document["numbers"] if number["own"]]
    for number in own:
        yield f"number of the file's own: {number['name']} = {number['value']:g} {number['unit']}"
    movers = [k for stage in document["stages"] for k in stage["links"] if k["reversible"]]
    if not movers:
        yield "no link is reversible: there is nothing to plan; set reversible: true"
