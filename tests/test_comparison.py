"""Are runs compared by the right sign, and figures shown so that they can be read?"""

from __future__ import annotations

import math

import pytest

from jialing.comparison import as_text, compare_runs, show_change, show_number
from jialing.core.case import GuardCount, Quantity, Run


def run(name: str, **score: float) -> Run:
    sheet = {word: Quantity(value=value, unit="m³") for word, value in score.items()}
    return Run(controller=name, score=sheet, guard=GuardCount(), wall_s=1.0)


def test_less_is_a_gain_and_more_is_a_loss() -> None:
    (line,) = compare_runs([run("a", spill=10.0), run("b", spill=8.0), run("c", spill=12.0)])
    assert line.gains == (0, 1, -1)
    assert line.changes == pytest.approx((0.0, -0.2, 0.2))


def test_more_is_a_gain_where_the_word_says_so() -> None:
    (line,) = compare_runs([run("a", treated=10.0), run("b", treated=12.0)])
    assert line.gains == (0, 1)


def test_a_word_that_measures_no_control_is_neither_gain_nor_loss() -> None:
    (line,) = compare_runs([run("a", mass_error=0.1), run("b", mass_error=2.0)])
    assert line.gains == (0, 0)


def test_a_difference_too_small_to_be_called_a_change_is_none() -> None:
    (line,) = compare_runs([run("a", spill=10_000.0), run("b", spill=9_996.0)])
    assert line.gains == (0, 0)
    assert line.shown(1) == "9,996 (±0 %)"


def test_no_change_in_percent_is_claimed_against_nothing() -> None:
    (line,) = compare_runs([run("a", spill=0.0), run("b", spill=5.0), run("c", spill=0.0)])
    assert math.isnan(line.changes[1])
    assert line.changes[2] == 0.0
    assert [line.shown(i) for i in range(3)] == ["0", "5", "0 (±0 %)"]
    assert line.gains == (0, -1, 0)


def test_a_word_that_one_run_lacks_is_left_open() -> None:
    lines = compare_runs([run("a", spill=1.0), run("b", spill=1.0, bound=2.0)])
    assert [line.word for line in lines] == ["spill", "bound"]
    assert lines[1].shown(0) == "–"
    assert lines[1].shown(1) == "2"
    assert lines[1].gains == (0, 0)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (298_601.4, "298,601"),
        (-1234.0, "−1,234"),
        (123.46, "123.5"),
        (100.0, "100"),
        (2.345, "2.35"),
        (0.00123, "0.0012"),
        (3.0, "3"),
        (math.nan, "–"),
        (math.inf, "∞"),
    ],
)
def test_numbers_have_about_four_digits(value: float, shown: str) -> None:
    assert show_number(value) == shown


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (0.0, "±0 %"),
        (0.0004, "±0 %"),
        (0.0006, "+0.1 %"),
        (-0.2367, "−23.7 %"),
        (0.005, "+0.5 %"),
        (1.5, "+150 %"),
        (12.0, "×13"),
    ],
)
def test_changes_carry_their_sign_and_large_ones_are_factors(change: float, shown: str) -> None:
    assert show_change(change) == shown


def test_columns_are_aligned() -> None:
    runs = [
        run("rules", spill=298_601.0, treated=1.0),
        run("predictive", spill=227_904.0, treated=1),
    ]
    text = as_text(runs, compare_runs(runs))
    assert text == [
        "               rules         predictive",
        "spill    m³  298,601  227,904 (−23.7 %)",
        "treated  m³        1           1 (±0 %)",
    ]
