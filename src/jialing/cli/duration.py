"""How long is ``6h``, ``90min``, ``1d 12h`` or ``3600``?"""

from __future__ import annotations

import math
import re

UNITS_S = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}

_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|min|h|d)?")


def parse_duration(text: str) -> float:
    """Seconds; a number without unit is seconds. Raises ValueError that says what is allowed."""
    place, seconds, bare = 0, 0.0, False
    while place < len(text.rstrip()):
        part = _PART.match(text, place)
        if part is None or bare:
            raise ValueError(f"{text!r} is no duration; write e.g. 6h, 90min, 1d12h or 3600 (s)")
        bare = part[2] is None
        seconds += float(part[1]) * UNITS_S[part[2] or "s"]
        place = part.end()
    if not 0.0 < seconds < math.inf:
        raise ValueError(f"{text!r} is no duration; it must be above 0 s")
    return seconds
