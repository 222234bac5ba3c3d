"""A loss is told whatever its size, and a table repeats what was measured."""

from __future__ import annotations

import pytest

from benchmarks.skill._compare import as_text, distribution_table, loss_table, margins, word_table
from benchmarks.skill._runs import Outcome


def outcome(case: str, controller: str, cost: float, forecast: str = "none") -> Outcome:
    score = {"cost": cost, "overflow": 2 * cost}
    return Outcome(case=case, controller=controller, forecast=forecast, seed=0, score=score)


@pytest.fixture
def outcomes() -> list[Outcome]:
    return [
        outcome("a", "rules", 1000.0),
        outcome("a", "open", 800.0),
        outcome("a", "equal-filling", 900.0),
        outcome("a", "predictive", 600.0, "perfect"),
        outcome("a", "predictive", 820.0, "ensemble"),
        outcome("b", "rules", 100.0),
        outcome("b", "predictive", 100.5, "ensemble"),
    ]


def test_the_bar_is_the_best_simple_controller(outcomes: list[Outcome]) -> None:
    perfect, ensemble, _ = margins(outcomes)
    assert (perfect.best, perfect.best_by) == (800.0, "open")
    assert perfect.change == pytest.approx(-0.25)
    assert not perfect.lost
    assert ensemble.change == pytest.approx(0.025)
    assert ensemble.lost


def test_costs_within_a_cubic_metre_are_equal(outcomes: list[Outcome]) -> None:
    assert margins(outcomes)[-1].change == 0.0


def test_a_loss_against_nothing_spilt_is_a_loss() -> None:
    (margin,) = margins([outcome("a", "rules", 0.0), outcome("a", "predictive", 3.0, "none")])
    assert margin.lost


@pytest.mark.parametrize(("cost", "lost"), [(1009.9, False), (1010.1, True)])
def test_one_percent_is_where_a_loss_begins(cost: float, lost: bool) -> None:
    (margin,) = margins([outcome("a", "rules", 1000.0), outcome("a", "predictive", cost)])
    assert margin.lost is lost


def test_a_failed_run_has_no_margin(outcomes: list[Outcome]) -> None:
    failed = Outcome(case="a", controller="predictive", forecast="none", seed=0, error="died")
    assert len(margins([*outcomes, failed])) == len(margins(outcomes))


def test_every_loss_is_listed_the_worst_first(outcomes: list[Outcome]) -> None:
    more = [*outcomes, outcome("b", "predictive", 150.0, "none")]
    rows = loss_table("losses", margins(more), note="").rows
    assert [row[:2] for row in rows] == [["b", "predictive/none"], ["a", "predictive/ensemble"]]
    assert rows[0][-1] == pytest.approx(50.0)


def test_the_spread_counts_gains_and_losses(outcomes: list[Outcome]) -> None:
    (row,) = distribution_table("spread", {"all": margins(outcomes)}, note="").rows
    assert row[:4] == ["all", 3, 1, 1]
    assert row[4] == pytest.approx(-25.0)
    assert row[-1] == pytest.approx(2.5)


def test_a_table_shows_a_gap_where_nothing_ran(outcomes: list[Outcome]) -> None:
    table = word_table("overflow", outcomes, "overflow", "overflow [m³]", note="n")
    assert [c.title for c in table.columns][1:4] == ["rules", "open", "equal-filling"]
    assert table.rows[1][:3] == ["b", 200.0, None]
    assert "–" in as_text(table)
    assert "2,000" in as_text(table)
