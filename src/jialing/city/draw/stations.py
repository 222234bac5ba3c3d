"""How do the stations of a schematic city look as station files?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from jialing.city.draw.storms import LABEL

LIFT = "kind: lift, from: platform, to: street, persons: 12, cycle_s: 120, walk_s: 40"


def draw_station(row: Mapping[str, Any], opens: str, closes: str) -> str:
    """One station file, in the form of docs/reference/station-file.md."""
    stages: Sequence[Sequence[float]] = row["stages"]
    halls = [f"hall{k}" for k in range(1, len(stages))]
    levels = ["platform", *halls, "street"]
    depth = -sum(stage[0] for stage in stages)
    lines = [
        f"# {LABEL}. {row['title']}. Written by jialing.city.draw from stations.yaml.",
        f"station: {row['id']}",
        f'title: "{row["title"]} ({LABEL})"',
        f'open: "{opens}"',
        f'close: "{closes}"',
        "levels:",
    ]
    elevation = depth
    for k, level in enumerate(levels):
        area = row["platform_m2"] * 0.7 if k == 0 else row["hall_m2"]
        lines.append(f"  - {{name: {level}, elevation_m: {elevation:.4g}, area_m2: {area:.0f}}}")
        elevation = round(elevation + stages[k][0], 3) if k < len(stages) else 0.0
    lines.append("platforms:")
    lines += [
        f"  - {{name: {name}, level: platform, area_m2: {row['platform_m2']}, share: 0.5, walk_s: 33}}"
        for name in ("P1", "P2")
    ]
    lines.append("links:")
    for k, stage in enumerate(stages):
        lines += _stage(k, stage, levels[k], levels[k + 1], len(stages), row["walk_left"])
    if row["lift"]:
        lines.append(f"  - {{name: L1, {LIFT}}}")
    lines.append("entrances:")
    for name, share in row["entrances"].items():
        gates = max(round(row["gates"] * share * 1.7), 6)
        lines.append(
            f'  - {{name: "{name}", level: street, share: {share}, gates: {gates}, metered: true}}'
        )
    lines.append("demand:")
    for way in ("alighting", "entering"):
        knots = ", ".join(f'["{clock}", {rate}]' for clock, rate in _knots(row[way], opens, closes))
        lines += [f"  {way}:", f"    points: [{knots}]"]
    lines.append("timetable:")
    for name, after_s in (("P1", 30), ("P2", 105)):
        lines.append(
            f'  - {{platform: {name}, first: "{_clock(_minutes(opens) * 60 + after_s)}", last: "{closes}", '
            f"every_s: {row['headway_s']}, room: {row['room']}}}"
        )
    duty = ", ".join(f"{key}: {_plain(value)}" for key, value in row["duty"].items())
    lines.append(f"duty: {{{duty}}}")
    return "\n".join(lines) + "\n"


def _stage(
    k: int, stage: Sequence[float], below: str, above: str, stages: int, walk_left: bool
) -> list[str]:
    """Escalators and the stair between two levels."""
    _, up, either, down, stair_m = stage
    mark = f"{k + 1}" if stages > 1 else ""
    bank = f"stage {k + 1}" if stages > 1 else "main"
    ends = f"from: {below}, to: {above}"
    walk = ", walk_left: true" if walk_left else ""
    kinds = ["direction: up, fixed: true"] * int(up)
    kinds += ["direction: up, reversible: true"] * int(either)
    kinds += ["direction: down, fixed: true"] * int(down)
    lines = [
        f"  - {{name: E{mark}{i}, kind: escalator, {ends}, speed_m_s: 0.65{walk}, {kind}, bank: {bank}}}"
        for i, kind in enumerate(kinds, 1)
    ]
    return [
        *lines,
        f"  - {{name: S{mark or 1}, kind: stair, {ends}, width_m: {stair_m}, bank: {bank}}}",
    ]


def _knots(profile: Mapping[str, Any], opens: str, closes: str) -> list[tuple[str, int]]:
    """People per hour every ten minutes: a base, and bell curves on it."""
    found = []
    for minute in range(_minutes(opens), _minutes(closes) + 1, 10):
        rate = float(profile["base"])
        for at, width, people in profile["peaks"]:
            rate += people * math.exp(-0.5 * ((minute - _minutes(at)) / width) ** 2)
        found.append((_clock(60 * minute)[:5], round(rate, -1)))
    return [(clock, int(rate)) for clock, rate in found]


def _minutes(clock: str) -> int:
    hour, minute = clock.split(":")
    return 60 * int(hour) + int(minute)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
