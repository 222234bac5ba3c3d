"""Which few futures stand for a forecast?"""

from __future__ import annotations

import numpy as np

from jialing.core.forecast import Forecast, Horizon
from jialing.core.signal import FloatArray, Observation, Signal, SignalTable
from jialing.domains.water.scenarios import SceneMaker

HORIZON = Horizon(steps=6, step_s=300.0)
TABLE = SignalTable(signals=(Signal(name="rain:a", unit="m/s"), Signal(name="depth:T", unit="m")))


def _seen(rate: float) -> Observation:
    return Observation(
        time_s=0.0,
        values=np.array([rate, 1.0]),
        quality=np.zeros(2, dtype=np.uint8),
        valid_at_s=np.zeros(2),
        table=TABLE,
    )


def _forecast(totals: list[float], *, truth: bool = False) -> Forecast:
    values: FloatArray = np.array(totals)[:, None, None] * np.full((1, 6, 1), 1.0 / 6.0)
    return Forecast(issued_s=0.0, horizon=HORIZON, names=("a",), values=values, truth=truth)


def test_the_truth_needs_no_scenario_of_ours() -> None:
    scene = SceneMaker(HORIZON, 1, 3).scenarios(_forecast([1.0], truth=True), _seen(0.0))
    assert scene.forecast is None
    assert scene.weights.tolist() == [1.0]


def test_a_large_ensemble_is_stood_for_by_the_middle_of_equal_shares() -> None:
    totals = [5.0, 1.0, 9.0, 3.0, 7.0, 2.0, 8.0, 4.0, 6.0]
    scene = SceneMaker(HORIZON, 1, 3).scenarios(_forecast(totals), _seen(0.0))
    assert scene.forecast is not None
    np.testing.assert_allclose(scene.forecast.values.sum(axis=(1, 2)), [2.0, 5.0, 8.0])
    np.testing.assert_allclose(scene.weights, [1 / 3, 1 / 3, 1 / 3])


def test_shares_of_unlike_size_carry_unlike_weight() -> None:
    scene = SceneMaker(HORIZON, 1, 3).scenarios(_forecast([1.0, 2.0, 3.0, 4.0]), _seen(0.0))
    np.testing.assert_allclose(scene.weights, [0.5, 0.25, 0.25])


def test_a_small_ensemble_is_taken_whole() -> None:
    scene = SceneMaker(HORIZON, 1, 3).scenarios(_forecast([1.0, 2.0]), _seen(0.0))
    assert scene.forecast is not None
    assert scene.forecast.members == 2


def test_a_single_forecast_is_hedged_by_rain_that_goes_on_and_rain_that_stops() -> None:
    maker = SceneMaker(HORIZON, 1, 3)
    scene = maker.scenarios(_forecast([0.0]), _seen(2e-5))
    assert scene.forecast is not None
    given, lasting, stopped = scene.forecast.values[:, :, 0]
    assert not given.any()
    assert not stopped.any()
    assert 0.9 * 2e-5 < lasting[0] < 2e-5
    assert np.all(np.diff(lasting) < 0)
    assert scene.weights.sum() == 1.0
    assert scene.weights[0] == scene.weights.max()


def test_the_rain_of_now_is_the_mean_of_a_quarter_hour() -> None:
    maker = SceneMaker(HORIZON, 1, 3)
    for rate in (0.0, 3e-5, 6e-5, 9e-5):
        scene = maker.scenarios(_forecast([0.0]), _seen(rate))
    assert scene.forecast is not None
    assert scene.forecast.values[1, 0, 0] < 6e-5  # the first, dry reading is out of the window
    assert scene.forecast.values[1, 0, 0] > 5e-5


def test_a_sensor_without_a_value_counts_as_dry() -> None:
    scene = SceneMaker(HORIZON, 1, 3).scenarios(_forecast([0.0]), _seen(float("nan")))
    assert scene.forecast is not None
    assert np.isfinite(scene.forecast.values).all()


def test_one_scenario_of_an_ensemble_is_the_middle_one() -> None:
    scene = SceneMaker(HORIZON, 1, 3).scenarios(_forecast([3.0, 1.0, 2.0]), _seen(0.0)).part(1)
    assert scene.forecast is not None
    assert scene.weights.tolist() == [1.0]
    assert scene.members == (1,)


def test_one_scenario_of_a_hedged_forecast_is_the_forecast_itself() -> None:
    scene = SceneMaker(HORIZON, 1, 3).scenarios(_forecast([0.0]), _seen(2e-5))
    assert scene.members == (0, 1, 2)
    assert scene.part(1).members == (0,)


def test_a_part_keeps_its_members_numbers_and_shares_the_weight_anew() -> None:
    scene = SceneMaker(HORIZON, 1, 3).scenarios(_forecast([1.0, 2.0, 3.0, 4.0]), _seen(0.0))
    rest = scene.only([0, 2])
    assert rest.members == (0, 2)
    np.testing.assert_allclose(rest.weights, [2 / 3, 1 / 3])
    assert scene.part(9).members == scene.members
