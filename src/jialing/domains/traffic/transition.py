"""What does a signal show on its way from one state string to another? (no simulator)

Letters are SUMO's: ``G`` green with priority, ``g`` green that yields, ``y`` yellow, ``r`` red,
``u`` red and yellow, ``s`` red with a green arrow (stop, then turn), ``o``/``O`` switched off.
Source: SUMO user documentation, "Traffic Lights", signal state definitions.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

GREEN = frozenset("Gg")
DRIVES = frozenset("GgOoy")  # letters under which vehicles may enter without having stopped


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A state string that is held for some time.

    Attributes
    ----------
    state : one letter per signal link
    seconds : how long [s]
    """

    state: str
    seconds: float


def loses(shown: str, wanted: str) -> tuple[int, ...]:
    """Links on which vehicles may drive under `shown` and may not under `wanted`."""
    return tuple(
        k
        for k, (now, then) in enumerate(zip(shown, wanted, strict=True))
        if now in DRIVES and then not in GREEN
    )


def gains(shown: str, wanted: str) -> tuple[int, ...]:
    """Links that are green under `wanted` and were not under `shown`."""
    return tuple(
        k
        for k, (now, then) in enumerate(zip(shown, wanted, strict=True))
        if then in GREEN and now not in GREEN
    )


def stages(
    shown: str,
    wanted: str,
    *,
    yellow_s: float,
    all_red_s: float,
    walks: Collection[int] = (),
) -> tuple[Stage, ...]:
    """What stands between `shown` and `wanted`; empty if `wanted` may be shown at once.

    A link that loses its green shows yellow, then red. A link that keeps its green goes on. A link
    that gains its green waits until the others are done, so that at no time two streams are green
    together which are not green together before or after. A yellow in `shown` is shown in full once
    more, since nobody says how long it has been shown. A pedestrian link has no yellow: its
    red comes at once, and those who walk finish while yellow and all-red pass.

    Parameters
    ----------
    shown, wanted : one letter per signal link
    yellow_s, all_red_s : times [s]
    walks : signal links that are pedestrian crossings
    """
    if shown == wanted or not loses(shown, wanted):
        return ()
    lost = loses(shown, wanted)
    after = [_kept(now, then) for now, then in zip(shown, wanted, strict=True)]
    for k in lost:
        after[k] = "r"
    first = after.copy()
    for k in lost:
        if k not in walks:
            first[k] = "y"
    found = [Stage(state="".join(first), seconds=yellow_s)]
    if all_red_s > 0.0:
        found.append(Stage(state="".join(after), seconds=all_red_s))
    return tuple(stage for stage in found if stage.seconds > 0.0)


def _kept(now: str, then: str) -> str:
    """What a link shows while others lose their green, if it does not lose its own."""
    if then in GREEN:
        return now if now in GREEN else "y" if now in "yOo" else "s" if now == "s" else "r"
    return "s" if now == "s" and then == "s" else "r"


def hand_back(
    shown: str,
    programme: str,
    leaving: Collection[int],
    *,
    cleared: bool,
    walks: Collection[int] = (),
) -> str:
    """What to show next on the way from `shown` to a programme that runs on meanwhile.

    A link that is green in both follows the programme as long as that only takes away; what the
    programme newly permits waits until it takes over.

    Parameters
    ----------
    shown : what is shown now
    programme : what the programme would show now
    leaving : links that must clear: yellow until `cleared`, then red
    cleared : the yellow of `leaving` is over
    walks : signal links that are pedestrian crossings: no yellow
    """
    letters = []
    for k, (now, then) in enumerate(zip(shown, programme, strict=True)):
        if k in leaving:
            letters.append("r" if cleared or now == "r" or k in walks else "y")
        elif now in GREEN:
            letters.append(now if then in GREEN else "y")
        elif now == "y":
            letters.append("y" if then == "y" else "r")
        else:
            letters.append("s" if now == then == "s" else "r")
    return "".join(letters)


def taken_away(shown: str, programme: str) -> tuple[int, ...]:
    """Links that are green in `shown` and that `programme` does not keep green.

    They get a yellow of their own even where the programme shows one: how much of that is over
    nobody says.
    """
    return tuple(
        k
        for k, (now, then) in enumerate(zip(shown, programme, strict=True))
        if now in GREEN and then not in GREEN
    )


def may_take_over(shown: str, programme: str) -> bool:
    """True if `programme` may follow `shown` at once: no green is lost, no red turns yellow."""
    return all(
        (then in GREEN or now not in DRIVES or now == then) and (then != "y" or now == "y")
        for now, then in zip(shown, programme, strict=True)
    )
