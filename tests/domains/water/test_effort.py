"""Does the effort of a decision shrink with the model, the horizon last?"""

from __future__ import annotations

import pytest

from jialing.domains.water.effort import fit_effort


def test_a_small_model_gets_every_scenario_and_the_whole_horizon() -> None:
    length_s, effort = fit_effort(30, 30.0, 7200.0)
    assert (effort.scenarios, effort.judges, effort.rounds, length_s) == (3, 3, 2, 7200.0)
    assert not effort.lean


def test_a_middling_model_searches_one_scenario_and_is_judged_by_three() -> None:
    length_s, effort = fit_effort(271, 4.9, 7200.0)
    assert (effort.scenarios, effort.judges) == (1, 3)
    assert not effort.lean
    assert length_s == 3600.0


def test_a_huge_model_plays_a_few_policies_over_less_than_half_an_hour() -> None:
    length_s, effort = fit_effort(8575, 7.7, 7200.0)
    assert effort.lean
    assert (effort.scenarios, effort.judges, effort.rounds, length_s) == (1, 1, 1, 1500.0)


def test_shorter_routing_steps_leave_less_to_try() -> None:
    long_s, easy = fit_effort(300, 20.0, 7200.0)
    short_s, hard = fit_effort(300, 2.0, 7200.0)
    assert (hard.scenarios, short_s) < (easy.scenarios, long_s)


@pytest.mark.parametrize("nodes", [30, 300, 3000, 30_000])
def test_more_nodes_never_get_more_effort(nodes: int) -> None:
    few_s, few = fit_effort(nodes, 15.0, 7200.0)
    many_s, many = fit_effort(2 * nodes, 15.0, 7200.0)
    assert (many.scenarios, many.rounds, many_s) <= (few.scenarios, few.rounds, few_s)
    assert many.judges <= few.judges
    assert few.lean <= many.lean
