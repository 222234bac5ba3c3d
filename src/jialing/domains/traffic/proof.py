"""Which modes of a junction may be commanded? Those proven free of conflict, with all ways between them.

The proof takes nothing on trust but the junction's own conflict matrix: it reads the state strings,
second by second, as a driver would, and shares no rule with what makes them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, permutations
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from jialing.core import limits
from jialing.core.signal import FloatArray
from jialing.domains.traffic import transition
from jialing.domains.traffic.junction import Junction, Right

EPS_S = 1e-6
GREEN = frozenset("Gg")
MAY_DRIVE = frozenset("GgyoO")  # without having stopped
RIGHTS = {
    "G": Right.PRIORITY,
    "O": Right.PRIORITY,
    "g": Right.YIELD,
    "o": Right.YIELD,
    "s": Right.YIELD,
}
LETTERS = frozenset("GgyrusoO")


class Shown(Protocol):
    """A state string that is held for some time."""

    @property
    def state(self) -> str: ...

    @property
    def seconds(self) -> float: ...


#: what stands between two state strings at a junction: (junction, shown, wanted, yellow, all-red [s])
Changes = Callable[[Junction, str, str, float, float], Sequence[Shown]]


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What may be commanded at a junction.

    Attributes
    ----------
    usable : [modes] proven, with every way to and from each other usable mode
    length_s : [modes, modes] how long the way from the row to the column takes [s]
    entry_s : [modes] longest way into the mode from any state of the programmes [s]
    rights : [modes, movements] of `Right`; red throughout for a mode that may not be held
    faults : why the others are not usable, one sentence each
    """

    usable: NDArray[np.bool_]
    length_s: FloatArray
    entry_s: FloatArray
    rights: NDArray[np.int8]
    faults: tuple[str, ...]

    @property
    def longest_s(self) -> float:
        """The longest way of all [s]."""
        return float(max((0.0, *self.entry_s.tolist(), *self.length_s.ravel().tolist())))


def changes(
    junction: Junction, shown: str, wanted: str, yellow_s: float, all_red_s: float
) -> Sequence[Shown]:
    """What a cabinet shows between two states."""
    return transition.stages(
        shown, wanted, yellow_s=yellow_s, all_red_s=all_red_s, walks=_walks(junction)
    )


def prove(junction: Junction, yellow_s: float = 3.0, between: Changes = changes) -> Proof:
    """Look at every mode, every way between two of them, and every way in from the programmes.

    A mode of its own is at fault if its string is none, or if two movements that conflict are
    green together and neither is a permissive green that gives way to the other (a green arrow at
    red, ``s``, gives way to everybody: who turns there has stopped). A way is at fault by the same
    rule at any instant, yellow counting as the green before it; or if a green ends without the
    yellow that the junction states; or if a movement gets green before the stated all-red has
    passed since the yellow of one that conflicts with it.

    If a way between two modes is at fault, the mode with more ways at fault goes, the later one
    of two equals. A junction that is left with a movement that no usable mode serves, although one
    of its modes would, is not usable at all: somebody would wait for ever.

    Parameters
    ----------
    yellow_s : yellow where the junction states none between two modes [s]
    between : how a cabinet goes from one state to another
    """
    count = len(junction.modes)
    usable = np.ones(count, np.bool_)
    rights = np.zeros((count, junction.movements), np.int8)
    length_s, entry_s = np.zeros((count, count)), np.zeros(count)
    faults: list[str] = []
    for m, state in enumerate(junction.modes):
        fault = next(_held_faults(junction, state), "")
        if not fault:
            rights[m] = _rights(junction, state, {})
            entry_s[m], fault = _entry(junction, state, yellow_s, between)
        if fault:
            usable[m] = False
            faults.append(f"mode {m} ({state}): {fault}")
    broken: list[tuple[int, int]] = []
    for k, m in permutations(np.flatnonzero(usable).tolist(), 2):
        way = _Way(
            junction,
            shown=junction.modes[k],
            wanted=junction.modes[m],
            yellow_s=float(junction.yellow_s[k, m]) or yellow_s,
            all_red_s=float(junction.all_red_s[k, m]),
            between=between,
        )
        length_s[k, m] = way.length_s
        for fault in islice(way.faults(_held(junction.modes[k])), 1):
            broken.append((k, m))
            faults.append(f"from mode {k} to mode {m}: {fault}")
    while broken:
        worst = max(range(count), key=lambda m: (sum(m in pair for pair in broken), m))
        usable[worst] = False
        broken = [pair for pair in broken if worst not in pair]
    served = {k for state in junction.modes for k, letter in enumerate(state) if letter in GREEN}
    lost = np.isin(junction.links, list(served)) & ~(rights[usable] > Right.RED).any(axis=0)
    if lost.any() and usable.any():
        faults.append(f"no usable mode serves {_names(junction, np.flatnonzero(lost).tolist())}")
        usable[:] = False
    return Proof(
        usable=usable, length_s=length_s, entry_s=entry_s, rights=rights, faults=tuple(faults)
    )


def _entry(junction: Junction, wanted: str, yellow_s: float, between: Changes) -> tuple[float, str]:
    """Longest way into a mode from any state of the programmes [s], and what is wrong with one."""
    longest_s, fault = 0.0, ""
    for programme in junction.programmes:
        held: dict[int, Right] = {}
        for phase in programme.phases:  # what stood before a yellow in the first phases
            held |= _held(phase.state)
        for phase in programme.phases:
            held |= _held(phase.state)
            if phase.state == wanted:
                continue
            way = _Way(
                junction,
                shown=phase.state,
                wanted=wanted,
                yellow_s=float(junction.yellow_s.max()) or yellow_s,
                all_red_s=float(junction.all_red_s.max()),
                between=between,
            )
            longest_s = max(longest_s, way.length_s)
            fault = fault or next((f"from {phase.state}: {f}" for f in way.faults(held)), "")
    return longest_s, fault


def _held(state: str) -> dict[int, Right]:
    """The rights of links that may go, by link."""
    return {link: RIGHTS[letter] for link, letter in enumerate(state) if letter in RIGHTS}


def _walks(junction: Junction) -> frozenset[int]:
    """Signal links that are crossings for people on foot and nothing else."""
    driven = set(junction.links[~junction.pedestrian].tolist())
    return frozenset(set(junction.links.tolist()) - driven)


def _held_faults(junction: Junction, state: str) -> Iterator[str]:
    """What is wrong with a state that may be held."""
    if "y" in state:
        yield "yellow may not be held"
    yield from _faults(junction, state, {})


def _faults(junction: Junction, state: str, before: Mapping[int, Right]) -> Iterator[str]:
    """What is wrong with a state at any instant: its letters, then who may not go together but do."""
    links = junction.links.tolist()
    strange = sorted(set(state) - LETTERS)
    if strange:
        yield f"the letter {strange[0]!r} means nothing"
    if not set(links) <= set(range(len(state))):
        yield f"{len(state)} letters, but a signal link {max(links)}"
    else:
        rights = _rights(junction, state, before)
        stops = np.array([state[link] == "s" for link in links], np.bool_)
        gives_way = (rights[:, None] == Right.YIELD) & junction.yields_to | stops[:, None]
        hard = (junction.conflicts | junction.conflicts.T) & ~(gives_way | gives_way.T)
        for pair in limits.conflicting(rights > Right.RED, hard):
            yield f"{_names(junction, pair.tolist())} conflict"


def _rights(junction: Junction, state: str, before: Mapping[int, Right]) -> NDArray[np.int8]:
    """What each movement may do; on yellow what it was allowed `before`, by link."""
    by_link = {
        link: before.get(link, Right.PRIORITY) if letter == "y" else RIGHTS.get(letter, Right.RED)
        for link, letter in enumerate(state)
    }
    return np.array([by_link[link] for link in junction.links.tolist()], np.int8)


class _Way:
    """One way from a state to another, second by second."""

    def __init__(
        self,
        junction: Junction,
        *,
        shown: str,
        wanted: str,
        yellow_s: float,
        all_red_s: float,
        between: Changes,
    ) -> None:
        self._junction, self._shown, self._wanted = junction, shown, wanted
        self._yellow_s, self._all_red_s = yellow_s, all_red_s
        self._walks = _walks(junction)
        steps = between(junction, shown, wanted, yellow_s, all_red_s)
        self._steps = [(step.state, step.seconds) for step in steps]
        self.length_s = sum(seconds for _, seconds in self._steps)

    def faults(self, held: Mapping[int, Right]) -> Iterator[str]:
        """What is wrong with it. `held` is what each link was last allowed."""
        states = (*(state for state, _ in self._steps), self._wanted)
        odd = [state for state in states if len(state) != len(self._shown)]
        if odd:
            yield f"{odd[0]}: {len(odd[0])} letters after {len(self._shown)}"
        else:
            yield from self._walked(held)

    def _walked(self, held: Mapping[int, Right]) -> Iterator[str]:
        """What is wrong with it, second by second."""
        held, before = dict(held), self._shown
        yellow_s = dict.fromkeys(range(len(before)), 0.0)
        red_s: dict[int, float] = {}  # link -> how long its green and yellow have been over
        for state, seconds in (*self._steps, (self._wanted, math.inf)):
            for fault in _faults(self._junction, state, held):
                yield f"{state}: {fault}"
            for link, then in enumerate(state):
                now = before[link]
                if now in MAY_DRIVE and then not in MAY_DRIVE:
                    short = yellow_s[link] < self._yellow_s - EPS_S
                    if short and link not in self._walks:
                        yield f"link {link} has {yellow_s[link]:g} s of yellow"
                    red_s[link] = 0.0
                if then in GREEN and now not in GREEN:
                    yield from self._too_soon(link, red_s)
                yellow_s[link] = yellow_s[link] + seconds if then == "y" else 0.0
            held |= _held(state)
            before = state
            for link in red_s:
                red_s[link] += seconds

    def _too_soon(self, link: int, red_s: Mapping[int, float]) -> Iterator[str]:
        """Whom a link that gets its green now would meet."""
        junction = self._junction
        own = junction.links == link
        for other, clear_s in red_s.items():
            meets = junction.conflicts[np.ix_(own, junction.links == other)].any()
            if meets and clear_s < self._all_red_s - EPS_S:
                yield f"link {link} gets green {clear_s:g} s after link {other}"


def _names(junction: Junction, movements: Sequence[int]) -> str:
    """Movements by lane and signal link, for people."""
    return " and ".join(
        f"link {junction.links[i]} "
        + (f"({junction.lanes[lane]})" if (lane := int(junction.lane_of[i])) >= 0 else "(crossing)")
        for i in movements
    )
