"""Between two state strings no green ends without yellow, and no green meets another's."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jialing.domains.traffic import transition
from jialing.domains.traffic.transition import Stage, stages

SECONDS = st.sampled_from([0.0, 1.0, 2.0, 3.0])


@st.composite
def two_states(draw: st.DrawFn) -> tuple[str, str]:
    links = draw(st.integers(1, 8))
    shown = draw(st.text("GgrysuoO", min_size=links, max_size=links))
    wanted = draw(st.text("Ggrs", min_size=links, max_size=links))
    return shown, wanted


def green(state: str) -> set[int]:
    return {k for k, letter in enumerate(state) if letter in "Gg"}


def driving(state: str) -> set[int]:
    return {k for k, letter in enumerate(state) if letter in "GgyoO"}


def test_a_lost_green_turns_yellow_then_red_before_another_gets_green() -> None:
    found = stages("Gr", "rG", yellow_s=3.0, all_red_s=1.0)
    assert found == (Stage(state="yr", seconds=3.0), Stage(state="rr", seconds=1.0))


def test_a_green_that_stays_is_never_interrupted() -> None:
    found = stages("GGr", "GrG", yellow_s=3.0, all_red_s=1.0)
    assert [stage.state for stage in found] == ["Gyr", "Grr"]


def test_a_green_that_only_yields_is_lost_like_any_other() -> None:
    assert stages("gr", "rG", yellow_s=3.0, all_red_s=0.0) == (Stage(state="yr", seconds=3.0),)


def test_gaining_a_green_takes_no_time() -> None:
    assert stages("Gr", "GG", yellow_s=3.0, all_red_s=2.0) == ()
    assert stages("gr", "Gr", yellow_s=3.0, all_red_s=2.0) == ()
    assert stages("Gr", "Gr", yellow_s=3.0, all_red_s=2.0) == ()


def test_a_yellow_that_is_shown_is_shown_in_full() -> None:
    found = stages("yr", "rG", yellow_s=3.0, all_red_s=0.0)
    assert found == (Stage(state="yr", seconds=3.0),)


def test_a_signal_that_was_off_turns_yellow_before_others_get_green() -> None:
    found = stages("oO", "rG", yellow_s=3.0, all_red_s=0.0)
    assert [stage.state for stage in found] == ["yy"]


def test_pedestrians_have_no_yellow_but_the_same_time_to_finish() -> None:
    found = stages("GG", "rr", yellow_s=3.0, all_red_s=2.0, walks={1})
    assert [stage.state for stage in found] == ["yr", "rr"]


@given(two_states(), SECONDS, SECONDS)
def test_nobody_who_may_drive_meets_red_without_yellow(
    states: tuple[str, str], yellow_s: float, all_red_s: float
) -> None:
    shown, wanted = states
    way = stages(shown, wanted, yellow_s=max(yellow_s, 1.0), all_red_s=all_red_s)
    for now, then in pairwise([shown, *(stage.state for stage in way), wanted]):
        for before, after in zip(now, then, strict=True):
            assert not (before in "GgoO" and after in "rsu"), (now, then)


@given(two_states(), SECONDS, SECONDS)
def test_a_stage_lets_nobody_drive_who_may_not_at_both_ends_or_loses_it_now(
    states: tuple[str, str], yellow_s: float, all_red_s: float
) -> None:
    shown, wanted = states
    way = stages(shown, wanted, yellow_s=yellow_s, all_red_s=all_red_s)
    for stage in way:
        assert len(stage.state) == len(shown)
        assert stage.seconds > 0.0
        assert green(stage.state) <= green(shown) & green(wanted)
        assert driving(stage.state) <= driving(shown)
    if all_red_s > 0.0 and way:
        # in the last stage only those drive who may go on driving
        assert driving(way[-1].state) <= green(wanted)


@given(two_states())
def test_if_somebody_loses_a_green_others_wait_for_at_least_the_yellow(
    states: tuple[str, str],
) -> None:
    shown, wanted = states
    way = stages(shown, wanted, yellow_s=3.0, all_red_s=1.0)
    lost = driving(shown) - green(wanted)
    assert sum(stage.seconds for stage in way) == (4.0 if lost else 0.0)


@pytest.mark.parametrize(
    ("shown", "programme", "may"),
    [
        ("Gr", "Gr", True),
        ("rr", "Gr", True),
        ("Gr", "rG", False),
        ("Gr", "yr", False),  # the yellow has to be followed first
        ("yr", "yr", True),
        ("rr", "yr", False),  # red does not turn yellow
        ("gr", "Gr", True),
        ("yr", "rr", False),
    ],
)
def test_a_programme_takes_over_only_where_no_green_is_cut(
    shown: str, programme: str, may: bool
) -> None:
    assert transition.may_take_over(shown, programme) is may
