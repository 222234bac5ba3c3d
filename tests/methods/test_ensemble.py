"""Do the members err as stated, and do few of them stand for many?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jialing.core.errors import InputError
from jialing.methods.ensemble import ErrorModel, perturb, representatives

STEPS, STEP_S = 48, 300.0
CALM = ErrorModel(spread=0.0, timing=0.0)


def members(values: np.ndarray, count: int, seed: int = 0, **errors: float) -> np.ndarray:
    return perturb(
        values, count, np.random.default_rng(seed), step_s=STEP_S, errors=ErrorModel(**errors)
    )


def test_without_errors_every_member_is_the_forecast() -> None:
    rain = np.random.default_rng(1).uniform(0, 1, (STEPS, 3))
    ensemble = perturb(rain, 4, np.random.default_rng(0), step_s=STEP_S, errors=CALM)
    assert ensemble == pytest.approx(np.broadcast_to(rain, (4, STEPS, 3)))


def test_amplitude_errors_grow_with_lead_time_and_have_mean_one() -> None:
    ensemble = members(np.ones((STEPS, 2)), 4000, timing=0.0)
    spread = np.log(ensemble).std(axis=0)
    lead = (np.arange(STEPS) + 0.5) * STEP_S
    assert spread[:, 0] == pytest.approx(0.6 * (1 - np.exp(-lead / 3600.0)), rel=0.06)
    assert ensemble.mean(axis=0) == pytest.approx(np.ones((STEPS, 2)), abs=0.05)


def test_errors_decorrelate_over_the_memory() -> None:
    logs = np.log(members(np.ones((STEPS, 1)), 4000, timing=0.0))[:, :, 0]
    six_later = np.corrcoef(logs[:, 20], logs[:, 26])[0, 1]
    assert six_later == pytest.approx(np.exp(-6 * STEP_S / 1800.0), abs=0.05)


def test_elements_share_the_stated_part_of_the_variance() -> None:
    logs = np.log(members(np.ones((STEPS, 2)), 4000, timing=0.0, shared=0.7))[:, 30]
    assert np.corrcoef(logs.T)[0, 1] == pytest.approx(0.7, abs=0.04)


def test_a_timing_error_moves_the_peak_and_keeps_the_amount() -> None:
    rain = np.zeros((STEPS, 1))
    rain[20:24] = 1.0
    ensemble = members(rain, 300, spread=0.0, timing=0.15)[:, :, 0]
    assert ensemble.sum(axis=1) == pytest.approx(np.full(300, 4.0))
    centre = ensemble @ (np.arange(STEPS) + 0.5) / 4.0
    assert centre.std() == pytest.approx(0.15 * 22.0, rel=0.25)
    assert centre.mean() == pytest.approx(22.0, abs=1.0)


def test_dry_stays_dry() -> None:
    assert np.all(members(np.zeros((STEPS, 2)), 10) == 0.0)


def test_the_seed_decides_the_members() -> None:
    rain = np.random.default_rng(1).uniform(0, 1, (STEPS, 3))
    assert np.array_equal(members(rain, 3, seed=7), members(rain, 3, seed=7))
    assert not np.array_equal(members(rain, 3, seed=7), members(rain, 3, seed=8))


def test_representatives_find_the_groups_and_their_sizes() -> None:
    base = np.concatenate([np.full(6, 1.0), np.full(3, 5.0), np.full(1, 20.0)])
    wobble = np.random.default_rng(0).uniform(-0.1, 0.1, 10)
    ensemble = np.repeat((base + wobble)[:, None, None], 5, axis=1)
    chosen, probability = representatives(ensemble, 3)
    assert base[chosen].tolist() == [1.0, 5.0, 20.0]
    assert probability.tolist() == [0.6, 0.3, 0.1]


@settings(max_examples=50, deadline=None)
@given(ensemble=arrays(np.float64, (6, 4, 2), elements=st.floats(0, 10)), count=st.integers(1, 6))
def test_probabilities_are_positive_and_sum_to_one(ensemble: np.ndarray, count: int) -> None:
    chosen, probability = representatives(ensemble, count)
    assert len(set(chosen.tolist())) == count
    assert np.all(probability > 0)
    assert probability.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("count", [0, 4])
def test_more_representatives_than_members_are_refused(count: int) -> None:
    with pytest.raises(InputError, match="of 3 members"):
        representatives(np.zeros((3, 2, 1)), count)


@pytest.mark.parametrize(
    "wrong",
    [{"spread": -0.1}, {"timing": -1.0}, {"growth_s": 0.0}, {"memory_s": 0.0}, {"shared": 1.5}],
)
def test_an_impossible_error_model_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="forecast errors"):
        ErrorModel(**wrong)


def test_an_ensemble_without_members_is_refused() -> None:
    with pytest.raises(InputError, match="members = 0"):
        members(np.ones((STEPS, 1)), 0)
