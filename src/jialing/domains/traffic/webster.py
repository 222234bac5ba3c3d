"""Which fixed times would Webster set, given how many vehicles use each movement?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jialing.core.signal import FloatArray
from jialing.domains.traffic.actuated import is_green, write_programmes
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.layout import saturation_headway

NAME = "webster"
SHORTEST_S, LONGEST_S = 60.0, 120.0  # cycles that are usual in practice [s]
LOST_S = 1.0  # at the start of each green, beyond yellow and all-red [s]
YIELDING = 2.0  # what a vehicle that must let others go first counts for, in vehicles
FULL = 0.9  # load above which the longest cycle is set [1]


def green_times_s(junction: Junction, flow_vph: FloatArray) -> FloatArray:
    """Green of each phase in the file's order, yellow and all-red phases left out [s].

        C = (1.5 L + 5) / (1 - Y),     g_i = (C - L) y_i / Y,     Y = sum y_i

    y_i is the part of saturation that the busiest lane of phase i needs, L the time lost in
    a cycle. A lane with several phases is given what it needs over all of them.

    Parameters
    ----------
    junction : whose first programme is timed
    flow_vph : [movements] demand [veh/h]

    Source: Webster (1958), Traffic Signal Settings, Road Research Technical Paper 39, HMSO.
    """
    phases = junction.programmes[0].phases
    greens = [phase for phase in phases if is_green(phase)]
    lost_s = sum(p.duration_s for p in phases if not is_green(p)) + LOST_S * len(greens)
    ratio = _ratios(junction, flow_vph, [phase.state for phase in greens])
    total = float(ratio.sum())
    cycle_s = LONGEST_S if total >= FULL else (1.5 * lost_s + 5.0) / (1.0 - total)
    cycle_s = min(max(cycle_s, SHORTEST_S), LONGEST_S)
    share = ratio / total if total > 0.0 else np.full(len(greens), 1.0 / len(greens))
    least = np.array([_least_s(junction, phase.state) for phase in greens])
    times: FloatArray = np.maximum(np.rint((cycle_s - lost_s) * share + LOST_S), least)
    return times


def _ratios(junction: Junction, flow_vph: FloatArray, states: Sequence[str]) -> FloatArray:
    """Part of saturation that each phase needs, y_i."""
    served = np.zeros((len(states), len(junction.lanes)), dtype=np.bool_)
    load = np.zeros(len(junction.lanes))
    headway = saturation_headway(junction)
    for m, link in enumerate(junction.links.tolist()):
        lane = int(junction.lane_of[m])
        letters = [state[link] for state in states]
        if lane < 0 or not any(letter in "Gg" for letter in letters):
            continue
        yields = "G" not in letters and bool(junction.yields_to[m].any())
        weight = YIELDING if yields else 1.0
        load[lane] += flow_vph[m] * weight * headway[m] / 3600.0
        served[:, lane] |= [letter in "Gg" for letter in letters]
    ratio = np.zeros(len(states))
    # Lanes with one phase first; what others need beyond that is spread over their phases.
    for lane in np.argsort(served.sum(axis=0), kind="stable").tolist():
        own = served[:, lane]
        missing = load[lane] - float(ratio[own].sum())
        if missing > 0.0 and own.any():
            ratio[own] += missing / int(own.sum())
    return ratio


def _least_s(junction: Junction, state: str) -> float:
    """Shortest green of a phase [s]."""
    if state in junction.modes:
        return float(junction.min_green_s[junction.modes.index(state)])
    return 1.0


def write_webster(
    junctions: Sequence[Junction], flows_vph: Sequence[FloatArray], folder: Path
) -> Path:
    """Write an additional file that gives every junction its first programme, timed by Webster."""
    rows = []
    for junction, flow in zip(junctions, flows_vph, strict=True):
        times = iter(green_times_s(junction, flow).tolist())
        phases = [
            {
                "duration": f"{next(times) if is_green(phase) else phase.duration_s:g}",
                "state": phase.state,
            }
            for phase in junction.programmes[0].phases
        ]
        rows.append((junction, "static", phases))
    return write_programmes(rows, NAME, folder)
