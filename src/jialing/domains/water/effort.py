"""How much may a decision compute? Counted in SWMM's work, so that a run repeats anywhere."""

from __future__ import annotations

import os
from dataclasses import dataclass

NODE_STEP_S = 0.7e-6  # of SWMM per node and routing step; 0.4 to 1.1 µs on 6 to 8,600 nodes [s]
SHORTEST_S = 1800.0  # a horizon is not cut below this [s]
LEAN_S = 1500.0  # but this is all where no search fits [s]
INCUMBENTS = 4  # policies played per scenario before any improvement, on average
RIVALS = 2  # plans played per scenario and improvement, on average
PROBES = 2  # variations of the incumbent that are played per scenario
FINALISTS = 3  # policies that are judged by scenarios beyond those of the search
#: Scenarios of the search, scenarios of the judgement, share of the horizon; the dearest first.
SCENES = ((3, 3, 1.0), (1, 3, 1.0), (1, 3, 0.5), (1, 3, 0.25))
ROUNDS = (1, 2, 6)  # improvements per decision
COPIES = 2  # copies of the plant that are counted on, whatever the machine has
MOST_S = 1.0  # wall time SWMM may take for a decision on that many cores [s]
GOOD_S = 0.25  # processor time it may take where more rounds are a luxury [s]


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much a decision may compute; counted in engine work, so that runs are repeatable.

    Attributes
    ----------
    rounds : improvements per decision
    scenarios : forecast scenarios in which policies are searched
    judges : forecast scenarios in which the last few policies are compared
    lean : play two policies and two plans per decision, in turn, and no variations
    workers : copies of the plant at the same time
    """

    rounds: int = 2
    scenarios: int = 3
    judges: int = 3
    lean: bool = False
    workers: int = min(COPIES, os.cpu_count() or 1)


def fit_effort(nodes: int, routing_step_s: float, wanted_s: float) -> tuple[float, Effort]:
    """How long a horizon [s] and how much effort SWMM's time for a decision allows.

    Work is counted in nodes times routing steps, so that the choice does not depend on the
    machine. Scenarios of the search are dropped, then the horizon is cut, until one round of
    improvement fits into `MOST_S`; more rounds are made only where they fit into `GOOD_S`. Where
    even the least does not fit, two policies and two plans are left, over `LEAN_S`.

    Parameters
    ----------
    nodes : of the model
    routing_step_s : mean length of SWMM's routing steps in rain [s]
    wanted_s : horizon that the tanks ask for [s]
    """

    def engine_s(scenarios: int, judges: int, rounds: int, length_s: float) -> float:
        trial_s = NODE_STEP_S * nodes * length_s / max(routing_step_s, 0.1)
        searched = scenarios * (INCUMBENTS + RIVALS * rounds + PROBES)
        return (searched + (judges - scenarios) * FINALISTS) * trial_s

    lean = True
    for scenarios, judges, share in SCENES:
        length_s = max(share * wanted_s, min(wanted_s, SHORTEST_S))
        if engine_s(scenarios, judges, 1, length_s) <= MOST_S * COPIES:
            lean = False
            break
    if lean:
        scenarios, judges, length_s = 1, 1, min(wanted_s, LEAN_S)
    fitting = [r for r in ROUNDS if engine_s(scenarios, judges, r, length_s) <= GOOD_S]
    return length_s, Effort(
        rounds=max(fitting, default=1),
        scenarios=scenarios,
        judges=judges,
        lean=lean,
    )
