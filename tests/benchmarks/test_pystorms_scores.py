"""Positions reach a pystorms scenario under the right name and at the right time."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from benchmarks.skill.pystorms_scores import Playback, measure, ordered, setting_at

needs_pystorms = pytest.mark.skipif(
    importlib.util.find_spec("pystorms") is None, reason="pystorms is not installed"
)


def test_columns_are_put_into_the_order_of_the_scenario() -> None:
    playback = Playback(scenario="x", names=("b", "a"), time_s=(0.0,), values=((0.2, 0.1),))
    found = ordered(playback, ["a", "b"])
    assert found is not None
    assert found.tolist() == [[0.1, 0.2]]


def test_an_empty_playback_leaves_the_scenario_alone() -> None:
    assert ordered(Playback(scenario="x"), ["a"]) is None
    assert setting_at(None, (), 10.0) is None


@pytest.mark.parametrize(
    ("now_s", "value"), [(0.0, 0.1), (299.0, 0.1), (300.0, 0.2), (599.9, 0.3), (9999.0, 0.3)]
)
def test_a_position_holds_from_its_tick_on(now_s: float, value: float) -> None:
    settings = np.array([[0.1], [0.2], [0.3]])
    assert setting_at(settings, (0.0, 300.0, 600.0), now_s) == [value]


@needs_pystorms
@pytest.mark.swmm
def test_theta_left_alone_scores_what_pystorms_reports() -> None:
    assert measure(Playback(scenario="theta")) == pytest.approx(1630.34, abs=0.01)


@needs_pystorms
@pytest.mark.swmm
def test_closed_gates_flood_theta_and_are_scored_as_flooding() -> None:
    shut = Playback(scenario="theta", names=("1", "2"), time_s=(0.0,), values=((0.0, 0.0),))
    assert measure(shut) > 1e6


@pytest.mark.swmm
@needs_pystorms
def test_a_scenario_that_fails_is_named() -> None:
    wrong = Playback(scenario="theta", names=("3",), time_s=(0.0,), values=((0.0,),))
    with pytest.raises(RuntimeError, match="pystorms theta: ValueError: '1' is not in list"):
        measure(wrong)
