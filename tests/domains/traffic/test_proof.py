"""Does the proof pass what is safe to show, and nothing else?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from signals import MAIN, SIDE, crossroads, signal, tee

from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.proof import Changes, Proof, changes, prove
from jialing.domains.traffic.transition import Stage

CROSSING = [(0, 1)]  # two streams that cross


def two(modes: Sequence[str] = ("Gr", "rG"), **more: Any) -> Junction:
    """Two streams that cross, one lane each."""
    fields: dict[str, Any] = {"conflicts": CROSSING, "phases": [("Gr", 20.0), ("rG", 20.0)]}
    return signal("J", (0, 1), modes, **(fields | more))


def usable(proof: Proof) -> list[bool]:
    return proof.usable.tolist()


def shows(*stages: tuple[str, float]) -> Changes:
    """A cabinet that stands these stages between any two states."""

    def between(
        junction: Junction, shown: str, wanted: str, yellow_s: float, all_red_s: float
    ) -> Sequence[Stage]:
        return [Stage(state=state, seconds=seconds) for state, seconds in stages]

    return between


def test_an_ordinary_crossroads_is_proven() -> None:
    proof = prove(crossroads())
    assert proof.faults == ()
    assert usable(proof) == [True] * 4
    assert (proof.rights[0] > 0).tolist() == [c in "Gg" for c in MAIN]
    assert (proof.rights[2] > 0).tolist() == [c in "Gg" for c in SIDE]
    assert proof.length_s[0].tolist() == [0.0, 4.0, 4.0, 4.0]
    assert proof.length_s[1].tolist() == [0.0, 0.0, 4.0, 4.0]  # the lefts keep their green
    assert proof.entry_s.tolist() == [4.0] * 4


def test_an_ordinary_t_is_proven() -> None:
    proof = prove(tee())
    assert proof.faults == ()
    assert usable(proof) == [True] * 3


def test_two_priority_greens_that_cross_are_never_usable() -> None:
    proof = prove(two(("GG", "Gr", "rG")))
    assert usable(proof) == [False, True, True]
    assert proof.faults == ("mode 0 (GG): link 0 (J0) and link 1 (J1) conflict",)
    assert proof.rights.tolist() == [[0, 0], [2, 0], [0, 2]]


@pytest.mark.parametrize("upper", [True, False])
def test_one_triangle_of_the_conflict_matrix_is_enough(upper: bool) -> None:
    junction = two(("GG", "Gr", "rG"))
    half = np.triu(junction.conflicts) if upper else np.tril(junction.conflicts)
    fields = {name: getattr(junction, name) for name in junction.__dataclass_fields__}
    assert usable(prove(Junction(**(fields | {"conflicts": half})))) == [False, True, True]


def test_greens_that_do_not_cross_may_be_shown_together() -> None:
    assert usable(prove(two(("GG",), conflicts=[]))) == [True]


@pytest.mark.parametrize(
    ("state", "passes"),
    [
        ("gG", True),  # the one that yields is the one with `g`
        ("Gg", False),  # the one with `g` does not know that it has to
        ("gg", True),
        ("GG", False),
        ("sG", True),
    ],
)
def test_a_permissive_green_passes_only_where_it_gives_way(state: str, passes: bool) -> None:
    proof = prove(two((state, "Gr", "rG"), conflicts=[], yields=[(0, 1)]))
    assert usable(proof) == [passes, True, True]


def test_two_permissive_greens_of_which_none_gives_way_are_refused() -> None:
    assert usable(prove(two(("gg", "Gr", "rG"))))[0] is False


@pytest.mark.parametrize("state", ["sG", "Gs", "ss", "sg"])
def test_who_turns_at_a_green_arrow_has_stopped_and_gives_way_to_everybody(state: str) -> None:
    proof = prove(two((state, "Gr", "rG")))
    assert usable(proof) == [True] * 3
    assert proof.rights[0].tolist() == [{"G": 2, "g": 1, "s": 1}[letter] for letter in state]


@pytest.mark.parametrize("letter", ["G", "O"])
def test_a_signal_that_is_off_counts_as_what_it_permits(letter: str) -> None:
    faults = prove(two((f"{letter}G", "Gr", "rG"))).faults
    assert faults == (f"mode 0 ({letter}G): link 0 (J0) and link 1 (J1) conflict",)
    assert usable(prove(two(("oG", "Gr", "rG"), yields=[(0, 1)])))[0] is True
    assert usable(prove(two(("oG", "Gr", "rG"))))[0] is False


def test_a_yellow_may_not_be_held() -> None:
    proof = prove(two(("yr", "Gr", "rG")))
    assert usable(proof) == [False, True, True]
    assert proof.faults == ("mode 0 (yr): yellow may not be held",)


def test_a_string_that_is_too_short_or_strange_is_refused() -> None:
    proof = prove(two(("G", "GX", "Gr", "rG")))
    assert usable(proof) == [False, False, True, True]
    assert proof.faults == (
        "mode 0 (G): 1 letters, but a signal link 1",
        "mode 1 (GX): the letter 'X' means nothing",
    )


def test_a_longer_string_than_needed_is_none_of_our_business() -> None:
    assert usable(prove(two(("Grr", "rGr"), phases=[("Grr", 9.0)]))) == [True, True]


def test_several_movements_of_one_link_are_judged_each() -> None:
    junction = signal("J", (0, 0, 1), ("Gr", "rG"), links=(0, 0, 1), conflicts=[(1, 2)])
    assert usable(prove(junction)) == [True, True]
    junction = signal(
        "J",
        (0, 0, 1),
        ("GG", "Gr", "rG"),
        links=(0, 0, 1),
        conflicts=[(1, 2)],
        phases=[("Gr", 20.0), ("rG", 20.0)],
    )
    assert usable(prove(junction)) == [False, True, True]


def only(way: tuple[str, str], *stages: tuple[str, float]) -> Changes:
    """These stages on one way; the agreed ones on all others."""

    def between(
        junction: Junction, shown: str, wanted: str, yellow_s: float, all_red_s: float
    ) -> Sequence[Any]:
        if (shown, wanted) == way:
            return [Stage(state=state, seconds=seconds) for state, seconds in stages]
        return changes(junction, shown, wanted, yellow_s, all_red_s)

    return between


def test_a_green_that_ends_without_yellow_is_found() -> None:
    junction = two(("Grr", "rGr", "GrG"), phases=[("rrr", 9.0)])
    proof = prove(junction, between=only(("GrG", "rGr")))
    assert usable(proof) == [True, True, False]
    assert proof.faults == ("from mode 2 to mode 1: link 0 has 0 s of yellow",)


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ([(0, 1)], [True, False, True]),  # one each: the later one goes
        ([(1, 0)], [True, False, True]),
        ([(0, 1), (0, 2)], [False, True, True]),  # the first has two
        ([(1, 0), (2, 0)], [False, True, True]),
        ([(0, 1), (2, 1)], [True, False, True]),
        ([(0, 1), (1, 2), (2, 0)], [True, False, False]),
    ],
)
def test_of_two_modes_with_a_bad_way_the_one_with_more_of_them_goes(
    bad: list[tuple[int, int]], expected: list[bool]
) -> None:
    modes = ("GGrr", "GrGr", "GrrG")  # the first link is always served; the others hold nobody

    def between(
        junction: Junction, shown: str, wanted: str, yellow_s: float, all_red_s: float
    ) -> Sequence[Any]:
        if any((modes[k], modes[m]) == (shown, wanted) for k, m in bad):
            return ()
        return changes(junction, shown, wanted, yellow_s, all_red_s)

    proof = prove(signal("J", (0,), modes, phases=[("rrrr", 9.0)]), between=between)
    assert usable(proof) == expected
    assert len(proof.faults) == len(bad)


def test_a_junction_that_could_no_longer_serve_somebody_is_not_usable_at_all() -> None:
    proof = prove(two(phases=[("rr", 9.0)]), between=only(("Gr", "rG")))
    assert usable(proof) == [False, False]
    assert proof.faults == (
        "from mode 0 to mode 1: link 0 has 0 s of yellow",
        "no usable mode serves link 1 (J1)",
    )


def test_whom_no_mode_ever_served_is_not_lost() -> None:
    proof = prove(two(("Gr",), phases=[("Gr", 9.0)]))
    assert usable(proof) == [True]
    assert proof.faults == ()


@pytest.mark.parametrize(
    ("yellow_s", "passes"),
    [(2.9, False), (3.0 - 2e-6, False), (3.0 - 1e-6, True), (3.0, True), (3.1, True)],
)
def test_a_yellow_is_as_long_as_stated(yellow_s: float, passes: bool) -> None:
    proof = prove(two(phases=[("rr", 9.0)]), between=only(("Gr", "rG"), ("yr", yellow_s)))
    assert (proof.faults == ()) is passes


@pytest.mark.parametrize(("halves", "passes"), [((1.5, 1.5), True), ((1.5, 1.4), False)])
def test_a_yellow_in_two_stages_counts_as_a_whole(
    halves: tuple[float, float], passes: bool
) -> None:
    stages = [("yr", halves[0]), ("yu", halves[1])]
    proof = prove(two(phases=[("rr", 9.0)]), between=only(("Gr", "rG"), *stages))
    assert (proof.faults == ()) is passes


def test_a_yellow_that_was_interrupted_begins_anew() -> None:
    stages = [("yr", 2.0), ("Gr", 1.0), ("yr", 2.0)]
    proof = prove(two(phases=[("rr", 9.0)]), between=only(("Gr", "rG"), *stages))
    assert proof.faults[0] == "from mode 0 to mode 1: link 0 has 2 s of yellow"


def test_yellow_counts_as_the_green_before_it() -> None:
    stages = [("yG", 3.0)]  # the second stream goes while the first still may
    proof = prove(two(phases=[("rr", 9.0)]), between=only(("Gr", "rG"), *stages))
    assert proof.faults[0] == "from mode 0 to mode 1: yG: link 0 (J0) and link 1 (J1) conflict"


def test_the_yellow_of_a_permissive_green_still_gives_way() -> None:
    junction = two(("gG", "rG", "Gr"), conflicts=[], yields=[(0, 1)])
    proof = prove(junction)  # from the first to the second: yG
    assert proof.faults == ()
    assert usable(proof) == [True] * 3


def test_a_strange_stage_is_found() -> None:
    proof = prove(two(phases=[("rr", 9.0)]), between=only(("Gr", "rG"), ("y?", 3.0)))
    assert proof.faults[0] == "from mode 0 to mode 1: y?: the letter '?' means nothing"


@pytest.mark.parametrize(
    ("red_s", "passes"),
    [(1.9, False), (2.0 - 2e-6, False), (2.0 - 1e-6, True), (2.0, True), (2.1, True)],
)
def test_all_red_is_as_long_as_stated(red_s: float, passes: bool) -> None:
    junction = two(phases=[("rr", 9.0)], all_red_s=2.0)
    proof = prove(junction, between=only(("Gr", "rG"), ("yr", 3.0), ("rr", red_s)))
    if passes:
        assert proof.faults == ()
    else:
        assert proof.faults[0].startswith("from mode 0 to mode 1: link 1 gets green ")
        assert proof.faults[0].endswith(" s after link 0")


def test_all_red_is_kept_between_streams_that_conflict_and_not_between_others() -> None:
    junction = two(("Gr", "rG"), conflicts=[], phases=[("rr", 9.0)], all_red_s=2.0)
    assert prove(junction, between=only(("Gr", "rG"), ("yr", 3.0))).faults == ()


def test_people_on_foot_have_no_yellow_but_their_time_to_clear() -> None:
    junction = signal(
        "J", (0, -1), ("Gr", "rG"), conflicts=CROSSING, all_red_s=2.0, phases=[("rr", 9.0)]
    )
    assert prove(junction).faults == ()
    proof = prove(junction, between=only(("rG", "Gr"), ("rr", 1.9)))
    assert proof.faults[0] == "from mode 1 to mode 0: link 0 gets green 1.9 s after link 1"
    assert prove(junction, between=only(("rG", "Gr"), ("rr", 2.0))).faults == ()
    proof = prove(junction, between=only(("Gr", "rG"), ("rr", 9.0)))
    assert proof.faults[0] == "from mode 0 to mode 1: link 0 has 0 s of yellow"


def test_a_link_that_vehicles_use_too_has_a_yellow() -> None:
    junction = signal(
        "J",
        (0, 1, -1),
        ("Gr", "rG"),
        links=(0, 1, 1),
        conflicts=[(0, 1), (0, 2)],
        phases=[("rr", 9.0)],
    )
    assert prove(junction).faults == ()
    proof = prove(junction, between=only(("rG", "Gr"), ("rr", 9.0)))
    assert proof.faults[0] == "from mode 1 to mode 0: link 1 has 0 s of yellow"


def test_where_the_junction_states_no_yellow_the_given_one_counts() -> None:
    junction = two(phases=[("rr", 9.0)], yellow_s=0.0)
    assert prove(junction, 4.0).length_s.tolist() == [[0.0, 4.0], [4.0, 0.0]]
    assert prove(junction).length_s.tolist() == [[0.0, 3.0], [3.0, 0.0]]
    proof = prove(junction, 4.0, only(("Gr", "rG"), ("yr", 3.9)))
    assert proof.faults[0] == "from mode 0 to mode 1: link 0 has 3.9 s of yellow"
    assert prove(two(yellow_s=5.0), 4.0).length_s[0, 1] == 5.0


def test_the_way_takes_as_long_as_all_its_stages() -> None:
    proof = prove(two(all_red_s=2.0))
    assert proof.length_s.tolist() == [[0.0, 5.0], [5.0, 0.0]]
    assert proof.entry_s.tolist() == [5.0, 5.0]


def test_the_way_in_from_the_programme_is_proven_too() -> None:
    junction = two(phases=[("Gr", 20.0), ("ur", 2.0), ("rG", 20.0)])
    proof = prove(junction, between=only(("ur", "rG"), ("Gr", 1.0)))
    assert usable(proof) == [False, False]
    assert proof.faults[0] == "mode 1 (rG): from ur: link 0 has 0 s of yellow"
    assert prove(junction).faults == ()


def test_the_way_in_keeps_the_longest_yellow_and_all_red_of_the_junction() -> None:
    longer = np.array([[0.0, 3.0], [4.0, 0.0]])
    red = np.array([[0.0, 0.0], [1.0, 0.0]])
    fine = two(phases=[("Gr", 20.0)])
    values = {name: getattr(fine, name) for name in fine.__dataclass_fields__}
    values |= {"yellow_s": longer, "all_red_s": red}
    junction = Junction(**values)
    assert prove(junction).entry_s.tolist() == [0.0, 5.0]
    asked: list[tuple[float, float]] = []

    def between(
        junction: Junction, shown: str, wanted: str, yellow_s: float, all_red_s: float
    ) -> Sequence[Any]:
        asked.append((yellow_s, all_red_s))
        return changes(junction, shown, wanted, yellow_s, all_red_s)

    prove(junction, between=between)
    assert asked == [(4.0, 1.0), (3.0, 0.0), (4.0, 1.0)]  # the way in, to 1, back to 0


def test_a_yellow_of_the_programme_counts_as_the_green_before_it_in_the_cycle() -> None:
    # `gG` ends in `yG`: the first stream yielded and still does, though it is yellow
    junction = two(
        ("gG", "rG", "Gr"),
        conflicts=[],
        yields=[(0, 1)],
        phases=[("yG", 3.0), ("rG", 20.0), ("gG", 20.0)],
    )
    assert prove(junction).faults == ()


def test_a_link_that_kept_its_green_goes_on() -> None:
    junction = signal("J", (0, 1), ("GGrr", "GrGr"), phases=[("rrrr", 9.0)])
    assert prove(junction, between=only(("GGrr", "GrGr"), ("Gyrr", 3.0))).faults == ()


def test_a_green_arrow_ends_without_yellow() -> None:
    assert prove(two(("sG", "rG", "Gr"))).faults == ()


def test_a_link_that_yielded_last_yields_on_yellow() -> None:
    junction = two(("Gr", "rG"), conflicts=[], yields=[(0, 1)], phases=[("rr", 9.0)])
    stages = [("gr", 1.0), ("gG", 1.0), ("yG", 3.0)]
    assert prove(junction, between=only(("Gr", "rG"), *stages)).faults == ()
    stages = [("gG", 1.0), ("GG", 1.0)]
    proof = prove(junction, between=only(("Gr", "rG"), *stages))
    assert proof.faults[0] == "from mode 0 to mode 1: GG: link 0 (J0) and link 1 (J1) conflict"


def test_several_stages_of_red_count_as_a_whole() -> None:
    junction = two(phases=[("rr", 9.0)], all_red_s=2.0)
    stages = [("yr", 3.0), ("rr", 1.0), ("ru", 1.0)]
    assert prove(junction, between=only(("Gr", "rG"), *stages)).faults == ()
    stages = [("yr", 3.0), ("rr", 0.5), ("ru", 1.0)]
    proof = prove(junction, between=only(("Gr", "rG"), *stages))
    assert proof.faults[0] == "from mode 0 to mode 1: link 1 gets green 1.5 s after link 0"


@pytest.mark.parametrize("stage", ["y", "yrr"])
def test_a_stage_of_another_length_is_found(stage: str) -> None:
    proof = prove(two(phases=[("rr", 9.0)]), between=only(("Gr", "rG"), (stage, 3.0)))
    assert proof.faults[0] == f"from mode 0 to mode 1: {stage}: {len(stage)} letters after 2"


def test_crossings_are_named_as_such() -> None:
    junction = signal(
        "J", (0, -1), ("GG", "Gr", "rG"), conflicts=CROSSING, phases=[("Gr", 9.0), ("rG", 9.0)]
    )
    assert prove(junction).faults == ("mode 0 (GG): link 0 (J0) and link 1 (crossing) conflict",)


def test_cabinets_give_people_on_foot_red_at_once() -> None:
    junction = signal("J", (0, -1), ("Gr", "rG"), conflicts=CROSSING)
    assert [s.state for s in changes(junction, "rG", "Gr", 3.0, 1.0)] == ["rr", "rr"]
    assert [s.state for s in changes(junction, "Gr", "rG", 3.0, 1.0)] == ["yr", "rr"]


def test_only_the_first_fault_of_a_way_is_told() -> None:
    junction = signal("J", (0, 1), ("GGr", "rrG"), phases=[("rrr", 9.0)])
    proof = prove(junction, between=only(("GGr", "rrG")))
    assert proof.faults[0] == "from mode 0 to mode 1: link 0 has 0 s of yellow"
    assert len(proof.faults) == 1


def test_one_way_in_at_fault_is_enough_and_the_longest_still_counts() -> None:
    junction = two(phases=[("ur", 2.0), ("Gr", 20.0), ("rG", 20.0)])
    proof = prove(junction, between=only(("ur", "rG"), ("Gr", 1.0)))
    assert proof.faults[0] == "mode 1 (rG): from ur: link 0 has 0 s of yellow"
    assert proof.entry_s[1] == 3.0
    assert proof.rights[1].tolist() == [0, 2]


def test_a_signal_without_modes_or_movements_is_nothing_to_prove() -> None:
    proof = prove(signal("J", (), ()))
    assert usable(proof) == []
    assert proof.rights.shape == (0, 0)
    assert proof.faults == ()
