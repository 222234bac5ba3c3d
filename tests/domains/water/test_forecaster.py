"""What do forecasts know, and what must they not know?"""

from __future__ import annotations

import numpy as np
import pytest

from jialing.core.errors import UnknownNameError
from jialing.core.forecast import Forecast, Horizon
from jialing.core.signal import FloatArray, Observation, Signal, SignalTable
from jialing.domains.water.forecaster import KINDS, RainForecaster

HORIZON = Horizon(steps=24, step_s=300.0)
STEPS = 200


def _rain() -> FloatArray:
    """A storm of two gauges, dry for the first 50 steps and after step 90 [m/s]."""
    rain = np.zeros((STEPS, 2))
    rain[50:90, 0] = 1e-5 * np.sin(np.linspace(0.0, np.pi, 40))
    rain[55:90, 1] = 5e-6
    return rain


def _seen(step: int) -> Observation:
    table = SignalTable(signals=tuple(Signal(name=f"rain:{g}", unit="m/s") for g in "ab"))
    return Observation(
        time_s=step * 300.0,
        values=_rain()[max(step - 1, 0)].copy(),
        quality=np.zeros(2, dtype=np.uint8),
        valid_at_s=np.full(2, step * 300.0),
        table=table,
    )


def _forecast(kind: str, step: int, seed: int = 0) -> Forecast:
    made = RainForecaster(
        _rain(), step_s=300.0, gages=("a", "b"), horizon=HORIZON, kind=kind, seed=seed
    )
    return made.forecast(_seen(step))


def test_a_perfect_forecast_is_the_rain_that_falls_and_says_so() -> None:
    forecast = _forecast("perfect", 45)
    assert forecast.truth
    np.testing.assert_allclose(forecast.values[0], _rain()[45:69], rtol=1e-9, atol=1e-18)


def test_beyond_the_end_of_the_rain_file_it_is_dry() -> None:
    assert not _forecast("perfect", STEPS - 3).values[0, 5:].any()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "perfect"])
def test_only_a_perfect_forecast_claims_the_truth(kind: str) -> None:
    assert not _forecast(kind, 45).truth


def test_no_forecast_knows_no_rain() -> None:
    assert not _forecast("none", 60).values.any()


def test_persistence_knows_only_what_was_measured() -> None:
    before = _forecast("persistence", 49)
    assert not before.values.any()  # the storm starts at step 50 and cannot be known
    during = _forecast("persistence", 70).values[0]
    assert during[0, 1] == pytest.approx(5e-6, rel=0.1)
    assert np.all(np.diff(during[:, 1]) < 0)


def test_an_ensembles_error_grows_with_lead_time() -> None:
    flat = np.full((STEPS, 1), 1e-5)
    early, late = [], []
    for seed in range(200):
        made = RainForecaster(
            flat, step_s=300.0, gages=("a",), horizon=HORIZON, kind="ensemble", seed=seed
        )
        log = np.log(made.forecast(_seen(20)).values[:, :, 0] / 1e-5)
        early.append(log[:, 0].std())
        late.append(log[:, -1].std())
    assert np.mean(late) > 2.0 * np.mean(early) > 0.0


def test_the_truth_is_not_the_middle_of_the_ensemble() -> None:
    flat = np.full((STEPS, 1), 1e-5)
    outside = 0
    for seed in range(100):
        made = RainForecaster(
            flat, step_s=300.0, gages=("a",), horizon=HORIZON, kind="ensemble", seed=seed
        )
        totals = made.forecast(_seen(20)).values.sum(axis=(1, 2)) / (24 * 1e-5)
        outside += totals.min() > 1.0 or totals.max() < 1.0
    assert 2 <= outside <= 60  # 2/9 of the time for a reliable ensemble of 8; here a little more


def test_the_same_seed_gives_the_same_forecast_and_another_seed_another() -> None:
    first, again = _forecast("ensemble", 48, 3).values, _forecast("ensemble", 48, 3).values
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, _forecast("ensemble", 48, 4).values)


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(UnknownNameError, match=r"perfekt.*perfect"):
        _forecast("perfekt", 0)
