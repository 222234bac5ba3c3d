"""Are numbers written as people read them?"""

from __future__ import annotations

import pytest

from jialing.report import numbers

THIN = numbers.THIN


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (298_601.4, None, f"298{THIN}601"),
        (1_234_567.0, 1, f"1{THIN}234{THIN}567.0"),
        (99.4, None, "99.4"),
        (100.0, None, "100"),
        (0.0421, None, "0.0421"),
        (0.0, None, "0"),
        (-12.5, None, "−12.5"),
        (-0.004, 1, "0.0"),
        (float("nan"), None, "–"),
        (None, None, "–"),
        (float("inf"), 2, "–"),
    ],
)
def test_a_number_shows_thin_thousands_and_three_digits(
    value: float | None, decimals: int | None, shown: str
) -> None:
    assert numbers.number(value, decimals) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0"), (0.23, "0.230"), (0.0009, "0"), (0.6, "1"), (3_936.4, f"3{THIN}936")],
)
def test_a_small_value_beside_large_ones_is_not_rounded_to_nothing(
    value: float, shown: str
) -> None:
    assert numbers.aligned(value, 0) == shown


def test_a_unit_never_parts_from_its_number() -> None:
    assert numbers.with_unit(12.0, "m³") == f"12.0{THIN}m³"
    assert numbers.with_unit(14.0, "1", 0) == "14"
    assert numbers.with_unit(float("nan"), "m³") == "–"


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (-0.2368, f"−24{THIN}%"),
        (0.0213, f"+2.1{THIN}%"),
        (0.0994, f"+9.9{THIN}%"),
        (0.0996, f"+10{THIN}%"),
        (-0.0002, f"0.0{THIN}%"),
    ],
)
def test_a_small_percentage_keeps_a_decimal_and_zero_has_no_sign(share: float, shown: str) -> None:
    assert numbers.percent(share, sign=True) == shown


def test_a_change_from_nothing_is_no_percentage() -> None:
    assert numbers.change(0.0, 5.0) is None
    assert numbers.change(0.0, 0.0) == 0.0
    assert numbers.change(-4.0, -2.0) == 0.5
    assert numbers.change(float("nan"), 1.0) is None


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0123, f"12.3{THIN}ms"),
        (59.94, f"59.9{THIN}s"),
        (59.96, f"1{THIN}min"),
        (3_600.0, f"1{THIN}h"),
        (56 * 86_400.0 + 7_205.0, f"56{THIN}d 2{THIN}h"),
        (float("nan"), "–"),
    ],
)
def test_a_duration_shows_its_two_largest_units(seconds: float, shown: str) -> None:
    assert numbers.duration(seconds) == shown


def test_a_clock_shows_a_date_where_the_case_has_one() -> None:
    start = "2024-02-28T23:30:00"
    assert numbers.clock_from(start, 5_400.0, dated=True) == "29 Feb 01:00"
    assert numbers.clock_from(start, 5_400.0, dated=False) == "01:00"


def test_a_time_of_day_after_midnight_is_one_of_the_next_day() -> None:
    assert numbers.time_of_day(24.5 * 3_600.0)[10:] == "T00:30:00"
    assert numbers.time_of_day(23.5 * 3_600.0)[10:] == "T23:30:00"
    assert numbers.time_of_day(86_400.0) == numbers.time_of_day(0.0)


def test_a_clock_counts_days_only_after_the_first() -> None:
    assert numbers.clock(6 * 3_600.0 + 290.0) == "06:05"
    assert numbers.clock(2 * 86_400.0) == f"2{THIN}d 00:00"
