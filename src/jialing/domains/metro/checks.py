"""Do the parts of a station file fit together? Each check fails at the line of what is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from jialing.domains.metro.nodes import Part, Place
from jialing.domains.metro.station import DOWN, UP, Link

SHARE_TOLERANCE = 1e-3
EVENT_WIDTHS = 2.0  # an event lasts from so many standard deviations before its middle to after it


def known(name: str, names: Iterable[str], kind: str, place: Place) -> None:
    """Fail if `name` is none of `names`."""
    found = sorted(names)
    if name not in found:
        near = difflib.get_close_matches(name, found, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        place.fail(f"{name!r} is no {kind} of this station.{hint} Known: {', '.join(found)}")


def span(part: Part, first: str, last: str) -> None:
    """Fail unless a time comes before another."""
    if not part[first] < part[last]:
        part.at(last).fail(f"{last} must come after {first}")


def clock_order(part: Part) -> None:
    """Fail if the station closes before it opens, or is open for more than a day."""
    span(part, "open", "close")
    if part["close"] - part["open"] > 24 * 3600.0:
        part.at("close").fail("open for more than 24 h; split the day")


def rising(points: Sequence[tuple[float, Place]], what: str) -> None:
    """Fail at the first time that does not come after the one before it."""
    for (before, _), (after, place) in pairwise(points):
        if after <= before:
            place.fail(f"{what} out of order: each time must come after the one before it")


def unique(part: Part, sections: Iterable[str]) -> None:
    """Fail at the second of two elements with one name."""
    for section in sections:
        seen: dict[str, int] = {}
        for each in part.get(section, []):
            name = each["name"]
            if name in seen:
                each.at("name").fail(
                    f"{section}: {name!r} is used twice, first in line {seen[name]}; rename one"
                )
            seen[name] = each.at("name").line


def known_levels(part: Part) -> None:
    """Fail at an element that refers to a level which does not exist."""
    names = [each["name"] for each in part["levels"]]
    for section, keys in (
        ("platforms", ["level"]),
        ("entrances", ["level"]),
        ("links", ["from", "to"]),
    ):
        for each in part[section]:
            for key in keys:
                known(each[key], names, "level", each.at(key))
    for each in part["links"]:
        if each["from"] == each["to"]:
            each.at("to").fail(f"link {each['name']!r} begins and ends on one level")


def shares(parts: Sequence[Part], what: str) -> None:
    """Fail unless the shares add up to 1."""
    total = sum(part["share"] for part in parts)
    if abs(total - 1.0) > SHARE_TOLERANCE:
        parts[-1].at("share").fail(
            f"the shares of all {what} add up to {total:g}; they must make 1"
        )


def stages(part: Part, links: Sequence[Link]) -> None:
    """Fail unless the links lead from every platform to one street, without choice of levels."""
    parts = dict(zip((link.name for link in links), part["links"], strict=True))
    above: dict[str, str] = {}
    for link in links:
        if above.setdefault(link.lower, link.upper) != link.upper:
            parts[link.name].at("to").fail(
                f"from level {link.lower!r} links lead to both {above[link.lower]!r} and "
                f"{link.upper!r}; each level needs one next level towards the street, so put "
                "another level between"
            )
    roots = set()
    for level in [*above, *above.values()]:
        at, way = level, {level}
        while at in above:
            at = above[at]
            if at in way:
                part.at("links").fail(
                    f"from level {level!r} the links lead in a circle; check `from` (nearer to the "
                    "trains) and `to` (nearer to the street)"
                )
            way.add(at)
        roots.add(at)
    joined = {*above, *above.values()}
    for section in ("platforms", "entrances"):
        for each in part[section]:
            if each["level"] not in joined:
                what = "platform" if section == "platforms" else "entrance"
                each.at("level").fail(
                    f"{what} {each['name']!r} cannot be reached: no link leads to its level "
                    f"{each['level']!r}; add one, or correct the level"
                )
    if len(roots) > 1:
        first, second = sorted(roots)[:2]
        part.at("links").fail(
            f"the links end at two streets, {first!r} and {second!r}, so that some platforms "
            "cannot be reached; join them"
        )
    _served(part, links, above)


def _served(part: Part, links: Sequence[Link], above: Mapping[str, str]) -> None:
    """Fail unless every stage carries people both ways today."""
    for lower, upper in above.items():
        own = [link for link in links if link.lower == lower]
        for direction, word, hint in ((UP, "leave", "up"), (DOWN, "reach", "down")):
            if not any(link.direction in (direction, 0) for link in own):
                part.at("links").fail(
                    f"nobody can {word} level {lower!r}: no link between it and {upper!r} goes "
                    f"{hint}; set the direction of one, or add a stair"
                )


def apart(spans: Sequence[tuple[float, float, Place]], what: str) -> None:
    """Fail at a span that begins before an earlier one has ended."""
    for before, after in pairwise(sorted(spans, key=lambda each: each[:2])):
        if after[0] < before[1]:
            after[2].fail(
                f"{what} overlap: this one begins before the one in line {before[2].line} has "
                "ended; merge them, or move one"
            )


def events(part: Part) -> None:
    """Fail where events of one kind overlap, or lie outside the day."""
    found = part.get("events", [])
    for each in found:
        if not part["open"] <= each["at"] <= part["close"]:
            each.at("at").fail(f"event {each['name']!r} lies outside the service day")
    for kind in ("egress", "ingress"):
        spans = []
        for each in found:
            half_s = EVENT_WIDTHS * 60.0 * each["width_min"]
            if each["kind"] == kind:
                spans.append((each["at"] - half_s, each["at"] + half_s, each.place))
        apart(spans, f"events of kind {kind}")


def outages(part: Part) -> None:
    """Fail where a closure names no link, or two closures of one link overlap."""
    links = [each["name"] for each in part["links"]]
    found = part.get("outages", [])
    for each in found:
        known(each["link"], links, "link", each.at("link"))
        span(each, "from", "to")
    for name in links:
        own = [(e["from"], e["to"], e.place) for e in found if e["link"] == name]
        apart(own, f"outages of {name!r}")


def densities(part: Part, numbers: Mapping[str, float]) -> None:
    """Fail where entry is stopped before the alarm."""
    if numbers["density_stop_p_m2"] < numbers["density_alarm_p_m2"]:
        part["numbers"].place.fail("density_stop_p_m2 must not be below density_alarm_p_m2")
