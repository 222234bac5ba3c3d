"""What in a sewer acts by the hour of the day, and not by the time since its start?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jialing.domains.water.cells import fold
from jialing.domains.water.model import WaterModel

_BY_HOUR = ("HOURLY", "WEEKEND")
_CLOCK_RULE = re.compile(r"[^;]*\bSIMULATION\s+CLOCKTIME", re.IGNORECASE)


def acts_by_hour(model: WaterModel) -> Iterator[str]:
    """Patterns, tides, dated series and files, and rules that look at the clock, each with its line."""
    used = {fold(name) for flow in model.dwf for name in flow.patterns}
    used |= {fold(flow.pattern) for flow in model.inflows if flow.pattern}
    for key, pattern in model.patterns.items():
        if key in used and pattern.kind in _BY_HOUR:
            yield f"pattern {pattern.name!r} (line {pattern.line})"
    for node, outfall in model.nodes.outfalls.items():
        if outfall.kind == "TIDAL":
            name, line = model.nodes.names[node], int(model.nodes.line[node])
            yield f"tide at {name!r} (line {line})"
    for series in model.series.values():
        if series.dated:
            yield f"dated series {series.name!r} (line {series.line})"
    plain = {series.file.resolve() for series in model.series.values() if series.file is not None}
    for file in model.data_files:  # rain, climate and interface files carry dates
        if file not in plain:
            yield f"data of {file.name}"
    at = model.section_lines.get("CONTROLS", len(model.text_lines))
    for line, text in enumerate(model.text_lines[at:], start=at + 1):
        if _CLOCK_RULE.match(text):
            yield f"rule by CLOCKTIME (line {line})"
