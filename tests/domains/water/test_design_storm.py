"""A design storm holds the design depth of its duration, and its bursts that of theirs."""

from __future__ import annotations

import numpy as np
import pytest

from jialing.core.errors import InputError
from jialing.domains.water.design_storm import Depth, block, chicago, chongqing, euler2

STEP_S = 300.0


@pytest.fixture
def ten_years() -> Depth:
    return chongqing(10.0)


def test_the_hour_of_ten_years_in_chongqing(ten_years: Depth) -> None:
    litres_per_s_ha = 1132 * 1.958 / 65.408**0.595
    assert ten_years(3600) == pytest.approx(litres_per_s_ha * 3600 / 1e7)
    assert ten_years(3600) == pytest.approx(0.066, abs=0.001)


def test_rarer_storms_are_deeper_and_longer_ones_weaker(ten_years: Depth) -> None:
    assert chongqing(50.0)(3600) > ten_years(3600) > chongqing(1.0)(3600)
    assert ten_years(7200) > ten_years(3600)
    assert ten_years(7200) / 7200 < ten_years(3600) / 3600


@pytest.mark.parametrize("shape", [block, chicago, euler2])
@pytest.mark.parametrize("duration_s", [1800.0, 7200.0, 43_200.0])
def test_every_shape_holds_the_design_depth(
    shape: object, duration_s: float, ten_years: Depth
) -> None:
    rates = shape(ten_years, duration_s, STEP_S)  # type: ignore[operator]
    assert len(rates) == duration_s / STEP_S
    assert rates.sum() * STEP_S == pytest.approx(ten_years(duration_s))
    assert (rates > 0).all()


@pytest.mark.parametrize("peak_at", [0.2, 0.4, 0.7])
def test_every_burst_of_a_chicago_storm_is_the_design_storm(
    peak_at: float, ten_years: Depth
) -> None:
    rates = chicago(ten_years, 7200.0, 60.0, peak_at=peak_at)
    for minutes in (5, 10, 30, 60):
        burst = np.convolve(rates, np.ones(minutes), "valid").max() * 60.0
        assert burst == pytest.approx(ten_years(60.0 * minutes), rel=0.02)


@pytest.mark.parametrize("peak_at", [0.2, 0.4, 0.7])
def test_the_chicago_peak_lies_where_it_was_put(peak_at: float, ten_years: Depth) -> None:
    rates = chicago(ten_years, 6000.0, 60.0, peak_at=peak_at)
    assert abs(int(rates.argmax()) - peak_at * 100) <= 1


def test_euler_rises_to_three_tenths_and_falls(ten_years: Depth) -> None:
    rates = euler2(ten_years, 3600.0, STEP_S)
    peak = int(rates.argmax())
    assert peak == 3
    assert (np.diff(rates[: peak + 1]) > 0).all()
    assert (np.diff(rates[peak:]) < 0).all()
    assert rates[peak] * STEP_S == pytest.approx(ten_years(STEP_S))


def test_a_broken_number_of_steps_is_refused(ten_years: Depth) -> None:
    with pytest.raises(InputError, match=r"1000 s is no whole number of steps.*; 900 s would be"):
        block(ten_years, 1000.0, STEP_S)
