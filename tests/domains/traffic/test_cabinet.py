"""A cabinet carries out what is asked, through yellow, and hands back to a programme that runs on."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from signals import signal

from jialing.domains.traffic.cabinet import Cabinet
from jialing.domains.traffic.junction import Junction

CYCLE = (
    ("GGrr", 6), ("yyrr", 3), ("rrrr", 2),
    ("rrGr", 6), ("rryr", 3), ("rrrr", 2),
    ("rGrG", 6), ("rGrr", 3), ("ryrr", 3), ("rrrr", 2),
)  # fmt: skip


def crossroads() -> Junction:
    """Three streams and a crossing; three modes."""
    return signal(
        "J",
        (0, 1, 2, -1),
        ("GGrr", "rrGr", "rGrG"),
        conflicts=[(0, 2), (1, 2), (2, 3), (0, 3)],
        all_red_s=2.0,
        phases=CYCLE,
    )


def shown(cabinet: Cabinet, seconds: int, programme: str = "GGrr", start: int = 0) -> list[str]:
    """What the cabinet shows in each of the next seconds."""
    return [cabinet.advance(float(start + k), programme) or programme for k in range(seconds)]


def test_a_cabinet_leaves_the_programme_alone_until_it_is_asked() -> None:
    cabinet = Cabinet(crossroads(), yellow_s=3.0)
    assert cabinet.local
    assert cabinet.advance(0.0, "GGrr") is None
    assert cabinet.position == 0.0


def test_a_change_takes_its_yellow_and_its_all_red() -> None:
    cabinet = Cabinet(crossroads(), yellow_s=3.0)
    cabinet.ask(1, 0.0)
    assert cabinet.position == -2.0
    assert shown(cabinet, 7) == ["yyrr"] * 3 + ["rrrr"] * 2 + ["rrGr"] * 2
    assert cabinet.position == 1.0
    assert cabinet.since_s == 5.0


def test_a_cabinet_on_its_way_does_not_listen() -> None:
    cabinet = Cabinet(crossroads(), yellow_s=3.0)
    cabinet.ask(1, 0.0)
    cabinet.advance(0.0, "GGrr")
    cabinet.ask(0, 1.0)
    cabinet.ask(None, 1.0)
    assert shown(cabinet, 6, start=1)[-1] == "rrGr"


def test_a_mode_that_is_shown_already_is_kept_without_a_break() -> None:
    cabinet = Cabinet(crossroads(), yellow_s=3.0)
    cabinet.ask(0, 0.0)
    assert shown(cabinet, 2) == ["GGrr", "GGrr"]
    cabinet.ask(0, 2.0)
    assert shown(cabinet, 2, start=2) == ["GGrr", "GGrr"]
    assert cabinet.since_s == 0.0


def test_a_yellow_may_turn_green_again_since_nobody_else_has_left_red() -> None:
    cabinet = Cabinet(crossroads(), yellow_s=3.0)
    cabinet.note("yyrr", 4.0)
    assert cabinet.position == -2.0
    cabinet.ask(0, 5.0)
    assert shown(cabinet, 2, start=5) == ["GGrr", "GGrr"]
    assert cabinet.position == 0.0


def test_a_yellow_of_the_programme_is_shown_in_full_before_others_go() -> None:
    cabinet = Cabinet(crossroads(), yellow_s=3.0)
    cabinet.note("yyrr", 4.0)
    cabinet.ask(1, 5.0)
    assert shown(cabinet, 6, start=5) == ["yyrr"] * 3 + ["rrrr"] * 2 + ["rrGr"]


def test_a_green_without_yellow_in_the_table_still_gets_one() -> None:
    cabinet = Cabinet(signal("J", (0, 1), ("Gr", "rG"), yellow_s=0.0), yellow_s=4.0)
    cabinet.ask(1, 0.0)
    assert shown(cabinet, 5, "Gr") == ["yr"] * 4 + ["rG"]


def test_the_programme_gets_its_signal_back_after_what_it_does_not_grant_is_cleared() -> None:
    cabinet = Cabinet(crossroads(), yellow_s=3.0)
    cabinet.ask(1, 0.0)
    shown(cabinet, 7)
    cabinet.ask(None, 7.0)
    seen = shown(cabinet, 7, "GGrr", start=7)
    assert seen == ["rryr"] * 3 + ["rrrr"] * 2 + ["GGrr"] * 2
    assert cabinet.local


def test_the_programme_is_not_let_in_during_its_yellow() -> None:
    cabinet = Cabinet(crossroads(), yellow_s=3.0)
    cabinet.ask(1, 0.0)
    shown(cabinet, 7)
    cabinet.ask(None, 7.0)
    assert shown(cabinet, 8, "yyrr", start=7)[-1] == "rrrr"
    assert not cabinet.local
    assert shown(cabinet, 1, "rrGr", start=15) == ["rrGr"]
    assert cabinet.local


def programme(second: int) -> str:
    """What the file would show."""
    states = [state for state, seconds in CYCLE for _ in range(seconds)]
    return states[second % len(states)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([None, 0, 1, 2]), min_size=120, max_size=120))
def test_whatever_is_asked_no_vehicle_meets_red_without_yellow_and_no_two_foes_are_green(
    asked: list[int | None],
) -> None:
    cabinet = Cabinet(crossroads(), yellow_s=3.0)
    seen = []
    for second, mode in enumerate(asked):
        before = programme(second - 1) if second else programme(0)
        if cabinet.local:
            cabinet.note(before, float(second))
        if second % 3 == 0:
            cabinet.ask(mode, float(second))
        seen.append(cabinet.advance(float(second), before) or programme(second))
    for now, then in pairwise(seen):
        for k in range(3):
            assert not (now[k] in "Gg" and then[k] == "r"), (now, then)
    for state in seen:
        moving = {k for k, letter in enumerate(state) if letter in "GgyoO"}
        assert not {0, 2} <= moving, state
        assert not {1, 2} <= moving, state
        assert not {2, 3} <= moving, state
        assert not {0, 3} <= moving, state


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 40), st.integers(0, 2))
def test_every_hand_back_ends(when: int, mode: int) -> None:
    cabinet = Cabinet(crossroads(), yellow_s=3.0)
    cabinet.ask(mode, 0.0)
    for second in range(20 + when):
        cabinet.advance(float(second), programme(second))
    cabinet.ask(None, 20.0 + when)
    for second in range(20 + when, 80 + when):
        cabinet.advance(float(second), programme(second))
    assert cabinet.local
