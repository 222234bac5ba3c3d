"""Are durations read as people write them?"""

from __future__ import annotations

import pytest

from jialing.cli.duration import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3600", 3600.0),
        ("6h", 21_600.0),
        ("90min", 5400.0),
        ("45s", 45.0),
        ("2d", 172_800.0),
        ("1h30min", 5400.0),
        ("1d 12h", 129_600.0),
        ("0.5h", 1800.0),
        (" 10 min ", 600.0),
    ],
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "0",
        "0h",
        "-6h",
        "h",
        "6y",
        "6h5",
        "5h5min x",
        "٣h",
        "5 5",
        "6hh",
        "nan",
        "inf",
        "1e3",
        "6,5h",
    ],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)
