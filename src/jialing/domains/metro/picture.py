"""What does the report show of a station? The tide, the directions, waiting and density."""

from __future__ import annotations

from typing import Any

from jialing.domains.metro.station import LinkKind, Station

PER_HOUR = 3600.0


def picture(station: Station) -> dict[str, Any]:
    """Panels for the report, JSON-ready; a station has no map."""
    levels = [lower for lower, _ in station.stages]
    moving = [k.name for k in station.links if k.kind in (LinkKind.ESCALATOR, LinkKind.GATE)]
    numbers = station.numbers
    limits = [
        {"value": numbers[name], "text": text}
        for name, text in (("density_alarm_p_m2", "alarm"), ("density_stop_p_m2", "stop entry"))
        if name in numbers
    ]
    rows: tuple[tuple[str, str, float, str, list[str], list[dict[str, Any]]], ...] = (
        (
            "Off the trains",
            "people/h",
            PER_HOUR,
            "bars",
            [f"arrived:{p.name}" for p in station.platforms],
            [],
        ),
        (
            "In from the street",
            "people/h",
            PER_HOUR,
            "bars",
            [f"entered:{e.name}" for e in station.entrances],
            [],
        ),
        ("Direction", "", 1.0, "ribbon", [f"direction:{name}" for name in moving], []),
        ("Waiting to go up", "people", 1.0, "line", [f"queue_up:{at}" for at in levels], []),
        ("Waiting to go down", "people", 1.0, "line", [f"queue_down:{at}" for at in levels], []),
        (
            "Density on platforms",
            "people/m²",
            1.0,
            "line",
            [f"density:{p.name}" for p in station.platforms],
            limits,
        ),
        (
            "Held outside",
            "people",
            1.0,
            "line",
            [f"outside:{e.name}" for e in station.entrances],
            [],
        ),
    )
    return {
        "panels": [
            {
                "title": title,
                "unit": unit,
                "factor": factor,
                "style": style,
                "signals": signals,
                "limits": lines,
            }
            for title, unit, factor, style, signals, lines in rows
            if signals
        ]
    }
