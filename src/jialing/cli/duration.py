"""How long is ``6h``, ``90min``, ``1d 12h`` or ``3600``?"""

from __future__ import annotations

import math
import re

UNITS_S = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}

_NUMBER = re.compile(r"[0-9]+(?:[.][0-9]+)?")
_PART = re.compile(r"([0-9]+(?:[.][0-9]+)?)\s*(s|min|h|d)(?![a-z])")


def parse_duration(text: str) -> float:
    """Seconds; a number without unit is seconds. Raises ValueError that says what is allowed."""
    whole = text.strip()
    if _NUMBER.fullmatch(whole):
        seconds = float(whole)
    elif whole and not _PART.sub("", whole).strip():
        seconds = sum(float(number) * UNITS_S[unit] for number, unit in _PART.findall(whole))
    else:
        raise ValueError(f"{text!r} is no duration; write e.g. 6h, 90min, 1d12h or 3600 (s)")
    if not 0.0 < seconds < math.inf:
        raise ValueError(f"{text!r} is no duration; it must be above 0 s")
    return seconds
