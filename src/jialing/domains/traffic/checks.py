"""Is what a network file says about its signals possible and safe? If not: which line, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from jialing.core.errors import InputError
from jialing.domains.traffic.movements import Movements
from jialing.domains.traffic.network import NetworkFile, ProgrammeRow
from jialing.domains.traffic.programme_rows import OFF


def known_signals(net: NetworkFile) -> None:
    """Every connection's signal has a programme, unless it is a rail signal or a rail crossing."""
    own = {name for name, node in net.nodes.items() if node.kind.startswith("rail_")}
    for each in net.connections:
        if each.signal and each.signal not in net.programmes and each.signal not in own:
            raise InputError(
                f"<connection> from {each.tail_lane!r} names signal {each.signal!r}, but there is "
                f"no <tlLogic id={each.signal!r}>; add its programme or remove the attribute tl",
                path=net.path,
                line=each.line,
            )


def phases(rows: Sequence[ProgrammeRow]) -> None:
    """Every programme has phases, unless it switches the signal off, and goes on to phases it has."""
    for row in rows:
        if not row.phases and row.name != OFF:
            raise InputError(
                f"<tlLogic id={row.signal!r} programID={row.name!r}> has no phase; add one or "
                "remove the programme",
                path=row.path,
                line=row.line,
            )
        for number, phase in enumerate(row.phases, start=1):
            if any(then >= len(row.phases) for then in phase.then):
                raise InputError(
                    f"<tlLogic id={row.signal!r} programID={row.name!r}> phase {number} has next="
                    f"{' '.join(map(str, phase.then))!r}; allowed: 0 … {len(row.phases) - 1}",
                    path=row.path,
                    line=phase.line,
                )


def state_lengths(rows: Sequence[ProgrammeRow], moves: Movements) -> None:
    """All phases of a signal have one length, and it holds every link."""
    needed = int(moves.links.max()) + 1
    for row in rows:
        for number, phase in enumerate(row.phases, start=1):
            found, usual = len(phase.state), len(row.phases[0].state)
            if found >= needed and found == usual:
                continue
            expected = f"its links need {needed}" if found < needed else f"the first has {usual}"
            raise InputError(
                f"<tlLogic id={row.signal!r} programID={row.name!r}> phase {number}: the state "
                f"{phase.state!r} has {found} letters, but {expected}; one letter per linkIndex",
                path=row.path,
                line=phase.line,
            )


def conflicting_greens(rows: Sequence[ProgrammeRow], moves: Movements) -> None:
    """No phase gives two ways that cross a green with priority (G).

    Where one of the two yields (g) the green is permissive, as for left turns against oncoming
    traffic. Ways that only merge into one lane are named by `notes`, not refused.
    """
    for row, number, words in crossing_greens(rows, moves):
        raise InputError(
            f"<tlLogic id={row.signal!r} programID={row.name!r}> {words}. Make one of them yield (g) "
            "or stop (r)",
            path=row.path,
            line=row.phases[number].line,
        )


def crossing_greens(
    rows: Sequence[ProgrammeRow], moves: Movements
) -> Iterator[tuple[ProgrammeRow, int, str]]:
    """Programme, place of the phase, and in words the two ways that cross with priority in it."""
    for row, number, i, k in _both_with_priority(rows, moves, crossing(moves)):
        yield (
            row,
            number,
            f"phase {number + 1} ({row.phases[number].state}) gives green with priority (G) to two "
            f"ways that cross: linkIndex {moves.links[i]} ({way(moves, i)}) and linkIndex "
            f"{moves.links[k]} ({way(moves, k)})",
        )


def crossing(moves: Movements) -> NDArray[np.bool_]:
    """Pairs of movements, each once, that cross rather than merge."""
    found: NDArray[np.bool_] = np.triu(moves.conflicts)
    found &= (moves.out_of[:, None] != moves.out_of[None, :]) | moves.pedestrian[:, None]
    return found


def within_approach(
    net: NetworkFile, rows: Sequence[ProgrammeRow], moves: Movements
) -> frozenset[tuple[int, int]]:
    """Pairs that cross, come from one street, and both hold priority in the file.

    A cycle lane beside a right turn is the usual one: with one light for the whole approach, those
    who turn give way by the rules of the road, so the signal does not keep them apart.
    """
    street = np.array([net.lanes[name].edge for name in moves.lanes])[moves.lane_of]
    same = crossing(moves) & (street[:, None] == street[None, :])
    same &= ~moves.pedestrian[:, None] & ~moves.pedestrian[None, :]
    return frozenset((i, k) for _, _, i, k in _both_with_priority(rows, moves, same))


def _both_with_priority(
    rows: Sequence[ProgrammeRow], moves: Movements, among: NDArray[np.bool_]
) -> Iterator[tuple[ProgrammeRow, int, int, int]]:
    """Programme, phase and two movements, for each phase that gives both of `among` a G."""
    pairs = [(int(i), int(k)) for i, k in zip(*np.nonzero(among), strict=True)]
    for row in rows:
        for number, phase in enumerate(row.phases):
            for i, k in pairs:
                if phase.state[moves.links[i]] == phase.state[moves.links[k]] == "G":
                    yield row, number, i, k


def way(moves: Movements, movement: int) -> str:
    """A movement in words."""
    if moves.pedestrian[movement]:
        return "pedestrian crossing"
    lane, out = int(moves.lane_of[movement]), int(moves.out_of[movement])
    return f"{moves.lanes[lane]} to {moves.outs[out]}"
