"""Do the routes of a route file stay on the network? If not: which line, and what to do."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Set
from itertools import pairwise
from pathlib import Path

from jialing.domains.traffic.elements import Element, read_elements
from jialing.domains.traffic.network import NetworkFile

DRIVES = ("vehicle", "trip", "flow")
ENDS = ("from", "to", "via")
WALKS = ("walk", "personTrip", "ride")


def check_routes(
    net: NetworkFile, paths: Iterable[Path], *, strict: bool = True
) -> tuple[Path, ...]:
    """Every edge that a route names is there, and each leads on to the next.

    Answers with every file that was read. Where it is not `strict`, the routes are left to SUMO.
    Raises InputError with file, line, element and remedy.
    """
    follows: dict[str, set[str]] = {}
    for each in net.connections:
        follows.setdefault(each.tail, set()).add(each.head)
    sound: set[str] = set()  # lists of edges that were found right
    files: dict[Path, None] = {}
    for path in paths:
        for element in read_elements(path, root="", what="a SUMO route file (.rou.xml)"):
            files[element.path] = None
            if not strict:
                continue
            if element.parent == "" and element.tag in ("net", "configuration"):
                element.fail("is the outermost element; a route file begins with <routes>")
            elif element.tag == "route" and "edges" in element.attributes:
                edges = element.get("edges")
                if edges not in sound:
                    _check_route(element, edges.split(), net, follows)
                    sound.add(edges)
            elif element.tag in DRIVES or element.tag in WALKS:
                for key in ENDS:
                    for name in element.get(key).split():
                        _check_edge(element, key, name, net)
    return tuple(files)


def departures_s(paths: Iterable[Path]) -> tuple[float, float] | None:
    """First and last departure that route files name as a time [s]; None where they name none."""
    first, last = math.inf, -math.inf
    for path in paths:
        for element in read_elements(path, root="", what="a SUMO route file (.rou.xml)"):
            if element.tag not in (*DRIVES, "person"):
                continue
            for key in ("depart", "begin", "end"):
                if not any(letter.isdigit() for letter in element.get(key)):
                    continue  # absent, or a word such as `triggered`
                at_s = element.time_s(key)
                first, last = min(first, at_s), max(last, at_s)
    return (first, last) if math.isfinite(first) else None


def _check_route(
    element: Element, names: list[str], net: NetworkFile, follows: dict[str, set[str]]
) -> None:
    if not names:
        element.fail("names no edge; give edges, or remove the route")
    for name in names:
        _check_edge(element, "edges", name, net)
    for name, then in pairwise(names):
        if then not in follows.get(name, NOWHERE):
            element.fail(
                f"leaves the network: no connection leads from edge {name!r} to {then!r}; "
                "correct the route, or write it anew with duarouter"
            )


NOWHERE: Set[str] = frozenset()


def _check_edge(element: Element, key: str, name: str, net: NetworkFile) -> None:
    if name in net.edges or (key != "edges" and name in net.nodes):
        return
    near = difflib.get_close_matches(name, list(net.edges)[:5000], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    element.fail(
        f"has {key} with edge {name!r}, which network {net.path.name} does not have.{hint} "
        "Correct the route, or name the network that it was made for"
    )
