"""Which modes has a signal, how long may each stay, and what must stand between two of them?

All of it is read out of the signal's own programmes; settings step in where they say nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray
from jialing.domains.traffic.junction import Phase, Programme, Right
from jialing.domains.traffic.network import PhaseRow, ProgrammeRow
from jialing.domains.traffic.settings import TrafficSettings

GREEN = frozenset("Gg")
RIGHTS = {"G": Right.PRIORITY, "g": Right.YIELD, "s": Right.YIELD}
WALKING_MPS = 1.2  # at which people clear a crossing: RiLSA (FGSV 2015), intergreen times


@dataclass(frozen=True, kw_only=True)
class Modes:
    """The modes of a signal, as `Junction` holds them."""

    states: tuple[str, ...]
    rights: NDArray[np.int8]
    min_green_s: FloatArray
    max_green_s: FloatArray
    yellow_s: FloatArray
    all_red_s: FloatArray


def is_green_phase(state: str) -> bool:
    """True if a phase may be held: somebody has green, nobody is told to stop or to get ready."""
    return bool(GREEN & set(state)) and not {"y", "u"} & set(state)


def programme(row: ProgrammeRow) -> Programme:
    """A programme of the file in the row's words."""
    return Programme(
        name=row.name,
        kind=row.kind,
        offset_s=row.offset_s,
        phases=tuple(
            Phase(
                state=phase.state,
                duration_s=phase.duration_s,
                min_s=phase.duration_s if phase.min_s is None else phase.min_s,
                max_s=phase.duration_s if phase.max_s is None else phase.max_s,
                then=phase.then,
            )
            for phase in row.phases
        ),
    )


def read_modes(
    rows: Sequence[ProgrammeRow],
    links: NDArray[np.int64],
    pedestrian: NDArray[np.bool_],
    conflicts: NDArray[np.bool_],
    way_m: FloatArray,
    settings: TrafficSettings,
) -> Modes:
    """The modes of the programme in use, the first of `rows`.

    Where it never gives a link green, the phases of the other programmes that do are modes too.

    Parameters
    ----------
    rows : programmes of one signal, the one in use first
    links, pedestrian, way_m : [movements] place in the state strings, crossing or not, length [m]
    conflicts : [movements, movements]
    """
    held: dict[str, list[PhaseRow]] = {}
    for phase in rows[0].phases:
        if is_green_phase(phase.state):
            held.setdefault(phase.state, []).append(phase)
    served = _served(held)
    for row in rows[1:]:
        for phase in row.phases:
            if is_green_phase(phase.state) and _served([phase.state]) - served:
                held.setdefault(phase.state, []).append(phase)
        served = _served(held)
    states = tuple(held)
    rights = np.array(
        [[RIGHTS.get(state[link], Right.RED) for link in links] for state in states], dtype=np.int8
    ).reshape(len(states), len(links))
    yellow_s, all_red_s = _between(rows, states, links, pedestrian, conflicts, way_m, settings)
    return Modes(
        states=states,
        rights=rights,
        min_green_s=np.array([_shortest(held[s], settings) for s in states], dtype=np.float64),
        max_green_s=np.array([_longest(held[s]) for s in states], dtype=np.float64),
        yellow_s=yellow_s,
        all_red_s=all_red_s,
    )


def _served(states: Iterable[str]) -> set[int]:
    """Places in the state strings that are green in any of them."""
    return {i for state in states for i, letter in enumerate(state) if letter in GREEN}


def _shortest(phases: Sequence[PhaseRow], settings: TrafficSettings) -> float:
    """The longest of the minima that the file gives for one state, else the setting."""
    given = [phase.min_s for phase in phases if phase.min_s is not None]
    return max(given) if given else settings.min_green_s


def _longest(phases: Sequence[PhaseRow]) -> float:
    """The longest of the maxima that the file gives for one state, else no limit."""
    given = [phase.max_s for phase in phases if phase.max_s is not None]
    return max(given) if given else float("inf")


def _between(
    rows: Sequence[ProgrammeRow],
    states: Sequence[str],
    links: NDArray[np.int64],
    pedestrian: NDArray[np.bool_],
    conflicts: NDArray[np.bool_],
    way_m: FloatArray,
    settings: TrafficSettings,
) -> tuple[FloatArray, FloatArray]:
    """Yellow and all-red [modes, modes] [s].

    A movement's yellow is what the programmes show after its green. A pair of conflicting movements
    keeps the shortest time that the programmes themselves put between the end of the one's yellow
    and the other's green: the intergreen table of practice (RiLSA, FGSV 2015). Two modes
    take the largest value over the movements that lose and gain green between them.
    """
    green = np.array([[s[link] in GREEN for link in links] for s in states], dtype=np.bool_)
    green = green.reshape(len(states), len(links))
    yellow = _yellows(rows, links, settings)
    gap = _gaps(rows, links, pedestrian, conflicts, way_m, settings)
    count = len(states)
    yellow_s, all_red_s = np.zeros((count, count)), np.zeros((count, count))
    for a in range(count):
        for b in range(count):
            lost, won = green[a] & ~green[b], green[b] & ~green[a]
            if not lost.any():
                continue
            driven = lost & ~pedestrian
            yellow_s[a, b] = max((yellow[i] for i in np.flatnonzero(driven)), default=0.0)
            for i in np.flatnonzero(lost):
                own = yellow_s[a, b] if pedestrian[i] else yellow_s[a, b] - yellow[i]
                for k in np.flatnonzero(won & conflicts[i]):
                    all_red_s[a, b] = max(all_red_s[a, b], gap[i, k] - own)
    return yellow_s, all_red_s


def _yellows(
    rows: Sequence[ProgrammeRow], links: NDArray[np.int64], settings: TrafficSettings
) -> FloatArray:
    """Yellow of each movement [s]: the longest that any programme shows it."""
    seen: dict[int, float] = {}
    for row in rows:
        for link in {int(each) for each in links}:
            for _, start in _begins(row, link, "y"):
                seen[link] = max(seen.get(link, 0.0), _yellow_s(row, link, (start,)))
    usual = max(seen.values(), default=settings.yellow_s)
    return np.array([seen.get(int(link), usual) for link in links], dtype=np.float64)


def _gaps(
    rows: Sequence[ProgrammeRow],
    links: NDArray[np.int64],
    pedestrian: NDArray[np.bool_],
    conflicts: NDArray[np.bool_],
    way_m: FloatArray,
    settings: TrafficSettings,
) -> FloatArray:
    """From the end of the row's yellow to the column's green [movements, movements] [s].

    Where a programme never lets the column follow the row, the longest gap of those that do follow
    each other stands in. People on foot keep the time to walk across, or what the programme gives
    them if that is less.
    """
    count = len(links)
    seen: dict[tuple[int, int], float] = {}
    on_foot = {int(link) for link in links[pedestrian]}
    for row in rows:
        _see_gaps(row, sorted({int(link) for link in links}), on_foot, seen)
    driven = ~pedestrian
    follow = conflicts & driven[:, None]
    known = [
        seen[key]
        for i, k in zip(*np.nonzero(follow), strict=True)
        if (key := (int(links[i]), int(links[k]))) in seen
    ]
    usual = max(known) if known else settings.all_red_s
    gap = np.zeros((count, count))
    for i, k in zip(*np.nonzero(conflicts), strict=True):
        own = seen.get((int(links[i]), int(links[k])))
        if pedestrian[i]:
            walk_s = way_m[i] / WALKING_MPS
            gap[i, k] = walk_s if own is None else min(own, walk_s)
        else:
            gap[i, k] = usual if own is None else own
    return gap


def _see_gaps(
    row: ProgrammeRow,
    links: Sequence[int],
    on_foot: Collection[int],
    seen: dict[tuple[int, int], float],
) -> None:
    """Enter, for each pair of links, the shortest gap in which no third mode has its turn.

    A phase in which the others merely keep their green is part of the gap: that is how programmes
    let people or a slow stream clear. A green that another follows at once, without yellow, says
    nothing about the time between them.
    """
    for first in links:
        ways = [
            _Leaving(before=before, path=(at,))
            for before, at in _begins(row, first, "Gg", ends=True)
        ]
        while ways:
            ways.extend(_follow(row, first, links, on_foot, seen, ways.pop()))


@dataclass(frozen=True, kw_only=True)
class _Leaving:
    """On the way from a green to others.

    Attributes
    ----------
    before : the last phase that showed the green
    path : phases since
    after_s : since the end of its yellow [s]
    yellow : whether that still shows
    """

    before: int
    path: tuple[int, ...]
    after_s: float = 0.0
    yellow: bool = True


def _follow(
    row: ProgrammeRow,
    first: int,
    links: Sequence[int],
    on_foot: Collection[int],
    seen: dict[tuple[int, int], float],
    way: _Leaving,
) -> list[_Leaving]:
    """Enter the gaps from `first` to the greens of the last phase of `way`; the ways on from there."""
    before, phase = row.phases[way.before].state, row.phases[way.path[-1]]
    if phase.state[first] in GREEN:
        return []
    told = way.after_s > 0.0 or len(way.path) > 1 or first in on_foot
    for other in links:
        if told and phase.state[other] in GREEN and before[other] not in GREEN:
            key = (first, other)
            seen[key] = min(seen.get(key, np.inf), way.after_s)
    if is_green_phase(phase.state) and not _only_takes(before, phase.state):
        return []
    yellow = way.yellow and phase.state[first] == "y"
    after_s = way.after_s if yellow else way.after_s + phase.duration_s
    return [
        _Leaving(before=way.before, path=(*way.path, then), after_s=after_s, yellow=yellow)
        for then in _then(row, way.path[-1])
        if then not in way.path
    ]


def _only_takes(before: str, state: str) -> bool:
    """True if a green phase gives nobody more than the one before did: others clear in it."""
    return all(_rank(then) <= _rank(now) for now, then in zip(before, state, strict=True))


def _rank(letter: str) -> int:
    return RIGHTS.get(letter, Right.RED)


def _then(row: ProgrammeRow, at: int) -> tuple[int, ...]:
    """The phases that may follow one."""
    return row.phases[at].then or ((at + 1) % len(row.phases),)


def _begins(
    row: ProgrammeRow, link: int, letters: str, *, ends: bool = False
) -> list[tuple[int, int]]:
    """Pairs of phases, the one before and the one in which `link` begins to show the letters.

    With `ends`, the one in which it no longer does.
    """
    shows = [(phase.state[link] in letters) is not ends for phase in row.phases]
    return [
        (at, then)
        for at in range(len(shows))
        for then in _then(row, at)
        if shows[then] and not shows[at]
    ]


def _yellow_s(row: ProgrammeRow, link: int, path: tuple[int, ...]) -> float:
    """From the last phase of `path` on, how long at most `link` shows yellow [s]."""
    further = [
        _yellow_s(row, link, (*path, then))
        for then in _then(row, path[-1])
        if row.phases[then].state[link] == "y" and then not in path
    ]
    return row.phases[path[-1]].duration_s + max(further, default=0.0)
