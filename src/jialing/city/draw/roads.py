"""How do the streets of a schematic city become a network that SUMO reads?"""

from __future__ import annotations

import importlib.util
import itertools
import math
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from jialing.city.draw.storms import LABEL
from jialing.city.draw.tables import Atlas, Underpass
from jialing.core.errors import InputError, MissingExtraError

PRIORITY: Final = {"street": 4, "corridor": 7, "bridge": 8, "tunnel": 8, "underpass": 6}
DEPTH_M: Final = 6.0  # of an underpass below the street above it
ASIDE_M: Final = 28.0  # its low part lies this far beside the junction it dives under
SPLIT_M: Final = 260.0  # and it leaves the street this far before that junction


@dataclass(frozen=True, kw_only=True)
class Way:
    """One direction of a piece of road."""

    id: str
    a: str
    b: str
    lanes: int
    speed_km_h: float
    length_m: float
    kind: str
    name: str


def underpass_edges(underpass: Underpass) -> tuple[str, str]:
    """The low parts that water stands on, one for each direction."""
    return f"underpass_{underpass.id}", f"-underpass_{underpass.id}"


def spots(atlas: Atlas) -> dict[str, tuple[float, float, float]]:
    """Where every node lies: the places of the streets, and four nodes of each underpass [m]."""
    used = [place for street in atlas.streets.values() for place in street.via.split()]
    found = {place: (*atlas.at(place), atlas.places[place].elevation_m) for place in used}
    for each in atlas.underpasses.values():
        here = found[each.under]
        for end, far in (("a", each.from_), ("b", each.to)):
            there = found[far]
            part = min(SPLIT_M / math.dist(here[:2], there[:2]), 0.4)
            x, y, z = (here[i] + part * (there[i] - here[i]) for i in range(3))
            found[f"{each.id}_{end}"] = (x, y, z)
        (x0, y0, _), (x1, y1, _) = found[f"{each.id}_a"], found[f"{each.id}_b"]
        far_m = math.dist((x0, y0), (x1, y1))
        along = ((x1 - x0) / far_m, (y1 - y0) / far_m)
        for end, way in (("in", -0.5), ("out", 0.5)):
            found[f"{each.id}_{end}"] = (
                here[0] + way * each.low_m * along[0] - ASIDE_M * along[1],
                here[1] + way * each.low_m * along[1] + ASIDE_M * along[0],
                here[2] - DEPTH_M,
            )
    return found


def ways(atlas: Atlas) -> Iterator[Way]:
    """Every direction of every piece of road; a minus sign marks the way back.

    Where an underpass leaves a street, the street goes on to the junction as a piece with the
    letter `s` (surface) after its name.
    """
    places = spots(atlas)
    split = {
        frozenset((each.under, far)): (each.under, f"{each.id}_{end}")
        for each in atlas.underpasses.values()
        for end, far in (("a", each.from_), ("b", each.to))
    }
    for street in atlas.streets.values():
        for i, (a, b) in enumerate(itertools.pairwise(street.via.split()), 1):
            name, pieces = f"{street.id}_{i}", [(a, b, "")]
            if found := split.get(frozenset((a, b))):
                under, node = found
                pieces = [
                    (a, node, "s" if a == under else ""),
                    (node, b, "s" if b == under else ""),
                ]
            for tail, head, letter in pieces:
                length = street.climb * math.dist(places[tail][:2], places[head][:2])
                yield from _both_ways(
                    f"{name}{letter}", tail, head, street.lanes, street.speed_km_h, length,
                    street.kind, street.name,
                )  # fmt: skip
    for each in atlas.underpasses.values():
        name = underpass_edges(each)[0]
        chain = [f"{each.id}_{end}" for end in ("a", "in", "out", "b")]
        for part, (a, b) in zip(("_in", "", "_out"), itertools.pairwise(chain), strict=True):
            length = math.dist(places[a][:2], places[b][:2])
            yield from _both_ways(
                f"{name}{part}", a, b, each.lanes, each.speed_km_h, length, "underpass", each.name
            )


def _both_ways(
    name: str, a: str, b: str, lanes: int, speed: float, length: float, kind: str, title: str
) -> Iterator[Way]:
    for sign, tail, head in (("", a, b), ("-", b, a)):
        yield Way(
            id=f"{sign}{name}",
            a=tail,
            b=head,
            lanes=lanes,
            speed_km_h=speed,
            length_m=length,
            kind=kind,
            name=title,
        )


def plain(atlas: Atlas) -> dict[str, str]:
    """Nodes and edges in SUMO's plain form, by file name."""
    pieces = list(ways(atlas))
    legs: dict[str, int] = {}
    for way in pieces:
        legs[way.b] = legs.get(way.b, 0) + 1
    nodes = []
    for name, (x, y, z) in spots(atlas).items():
        place = atlas.places.get(name)
        signal = place is not None and place.kind == "signal" and legs.get(name, 0) > 2
        kind = "traffic_light" if signal else "priority"
        nodes.append(f'<node id="{name}" x="{x:.1f}" y="{y:.1f}" z="{z:.1f}" type="{kind}"/>')
    edges = [
        f'<edge id="{way.id}" from="{way.a}" to="{way.b}" numLanes="{way.lanes}" '
        f'speed="{way.speed_km_h / 3.6:.2f}" priority="{PRIORITY[way.kind]}" '
        f'length="{way.length_m:.1f}" type="{way.kind}" name={quoteattr(way.name)}/>'
        for way in pieces
    ]
    return {
        "nodes": "\n".join(["<nodes>", *nodes, "</nodes>"]),
        "edges": "\n".join(["<edges>", *edges, "</edges>"]),
    }


def hairpins(atlas: Atlas) -> Iterator[tuple[str, str]]:
    """Turns that no portal has: from the street above into the underpass, back the way one came."""
    pieces = list(ways(atlas))
    for each in atlas.underpasses.values():
        for end, portal in (("a", "in"), ("b", "out")):
            node, beside = f"{each.id}_{end}", {each.under, f"{each.id}_{portal}"}
            came = [way for way in pieces if way.b == node and way.a in beside]
            left = [way for way in pieces if way.a == node and way.b in beside]
            yield from ((a.id, b.id) for a in came for b in left if a.a != b.b)


def turns(atlas: Atlas, table: Mapping[str, Any]) -> str:
    """Turns that do not exist, and who gives way where both turn left, in SUMO's plain form.

    netconvert would join all that meets at a portal, and leaves some priorities open.
    """
    rows = [f'<delete from="{a}" to="{b}"/>' for a, b in hairpins(atlas)]
    rows += [
        f'<prohibition prohibitor="{first[0]}-&gt;{first[1]}" '
        f'prohibited="{later[0]}-&gt;{later[1]}"/>'
        for later, first in table.get("gives_way", ())
    ]
    return "\n".join(["<connections>", *rows, "</connections>"])


def netconvert() -> Path:
    """SUMO's converter, from the wheel. Raises MissingExtraError where it is absent."""
    spec = importlib.util.find_spec("sumo")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "bin" / "netconvert"
        if path.is_file():
            return path
    raise MissingExtraError("netconvert (eclipse-sumo)", "traffic")


def draw_roads(atlas: Atlas, table: Mapping[str, Any]) -> str:
    """The network file. Its programmes are still netconvert's own."""
    program = netconvert()
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**plain(atlas), "connections": turns(atlas, table)}.items():
            (Path(folder) / f"{name}.xml").write_text(text, encoding="utf-8")
        command = [
            *(str(program), "--node-files", "nodes.xml", "--edge-files", "edges.xml"),
            *("--connection-files", "connections.xml"),
            *("--output-file", "net.xml", "--offset.disable-normalization", "true"),
            *("--no-turnarounds", "true", "--output.street-names", "true"),
            *(
                "--tls.cycle.time",
                str(table["cycle_s"]),
                "--tls.yellow.time",
                str(table["yellow_s"]),
            ),
            *("--tls.allred.time", str(table["all_red_s"]), "--tls.left-green.time", "10"),
            *("--junctions.corner-detail", "2", "--junctions.internal-link-detail", "3"),
            *("--xml-validation", "never", "--no-warnings", "true"),
        ]
        done = subprocess.run(  # noqa: S603 - SUMO's own program on our own files
            command, cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            words = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
            raise InputError(f"netconvert refuses the streets: {words}", path=atlas.folder)
        text = (Path(folder) / "net.xml").read_text(encoding="utf-8")
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    return text.replace(
        "<net ", f"<!-- {LABEL}: central Chongqing, streets as Jialing draws them -->\n<net ", 1
    )
