"""Predictive control: plan on the reduced network, play the candidates in SWMM, take the best.

At each look (nearly every tick while water threatens, seldom in dry weather):

1. incumbents: the last plan, the file's own rules, all open, equal filling and holding still are
   played in copies of the plant against forecast scenarios (as many as the effort allows);
2. around the best of them the reduced network is matched to what SWMM computed, and a projected
   gradient improves the openings (`jialing.methods`);
3. the improved plan, and the plan half-way to it, are played in SWMM too; if one is better it
   becomes the incumbent and step 2 is repeated;
4. a few random variations of it are played as well;
5. where the search had to do with fewer scenarios than the forecast has, or with less time than
   the tanks take to drain, the best of each kind are judged in more scenarios and farther ahead;
6. the winner's first step is dispatched. A new plan must be better in SWMM, never only on paper.

With a perfect forecast this is a fortified rollout: the predicted cost never rises by switching
(Bertsekas (2020), Rollout, Policy Iteration, and Distributed Reinforcement Learning, ch. 2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from jialing.core.command import Command
from jialing.core.forecast import Horizon
from jialing.core.signal import FloatArray
from jialing.core.stages import Situation
from jialing.domains.water.baseline import AllOpen, EqualFilling, LocalRules
from jialing.domains.water.effort import FINALISTS, PROBES, Effort
from jialing.domains.water.plant import SwmmPlant
from jialing.domains.water.scenarios import Scenarios, SceneMaker
from jialing.domains.water.surrogate import Surrogate
from jialing.domains.water.twin import Outcome, Policy, Trial, Twin
from jialing.methods.plan import optimise, shift

STARTS = (1.0, 0.5, 0.15)  # uniform plans from which a search starts too [part of reach]
REFINED = 2  # starts that are refined, the best ones
OPEN_SHARE = 0.999  # a gate opened this far holds nothing back
ITERATIONS = 40  # gradient steps per improvement
BETTER = 2e-4  # share of its cost by which a rival must beat the incumbent
BETTER_M3 = 0.05  # … and at least this much [m³-eq]
QUIET_M3 = 0.5  # a loss below which a policy needs no improving [m³-eq]
QUIET_TICKS = 6  # while no policy loses anything, decide every sixth tick, or when rain sets in
KEPT = "plan kept"
HAND_OVER = 3  # steps after which the rules may go on in place of a plan, beyond the horizon
PROBE_LEVELS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)  # openings a variation sets
ROUNDS_OF_ALL = 3  # ticks between two looks at all base policies while a plan is followed
LEAN_RIVALS = 2  # plans that are played per improvement where the effort is lean
FINE_STEPS = 4  # the first steps of a plan are decided one by one
COARSER = 10  # a later block is a tenth as long as what lies before it


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A policy, what it is called, and what came of it in each scenario (`members`)."""

    name: str
    policy: Policy
    outcomes: tuple[Outcome, ...]
    cost: float
    members: tuple[int, ...] = (0,)

    @property
    def loss(self) -> float:
        """Flooding, overflow and exceedance in its worst scenario [m³-eq]."""
        return max(outcome.loss for outcome in self.outcomes)


class PredictiveController:
    """Receding-horizon control of a SWMM plant.

    Parameters
    ----------
    plant : the plant, for its twin
    surrogate : the reduced network of the same model
    horizon : how far ahead plans reach, in steps of the control interval
    outlook : how far ahead the last few are judged; no less than `horizon`
    effort : see `Effort`
    """

    def __init__(
        self,
        plant: SwmmPlant,
        surrogate: Surrogate,
        horizon: Horizon,
        outlook: Horizon,
        effort: Effort,
    ) -> None:
        layout = plant.layout
        reduced = surrogate.reduced
        self._plant, self._surrogate = plant, surrogate
        self._horizon, self._outlook, self._effort = horizon, outlook, effort
        self._twin = Twin(plant, reduced.store_nodes, reduced.link_elements, workers=effort.workers)
        most = max(effort.scenarios, effort.judges)
        self._scenes = SceneMaker(outlook, len(layout.gages), most)
        self._base: dict[str, Policy] = {
            "rules": LocalRules(layout).targets,
            "open": AllOpen(layout).targets,
            "equal-filling": EqualFilling(layout).targets,
        }
        self._pump = np.array([a.kind == "pump" for a in layout.actuators])
        self._plan: FloatArray | None = None
        self._blocks = _blocks(horizon.steps)
        self._quiet_left = 0
        self._since = 0
        self._tick = 0
        self._rained = False
        self._last: Candidate | None = None

    def decide(self, situation: Situation) -> Command:
        """Plan from the plant's present state."""
        engine, reduced = self._plant.engine, self._surrogate.reduced
        depth = engine.depth(reduced.store_nodes)
        flow = engine.flow(reduced.link_elements)
        positions = engine.setting(self._plant.layout.actuator_links)
        self._surrogate.remember(flow)
        raining = bool(np.any(situation.observation.values[: len(self._plant.layout.gages)] > 0.0))
        if self._quiet_left > 0 and self._last is not None and raining <= self._rained:
            self._quiet_left -= 1
            self._scenes.see(situation.observation)
            self._since += 1
            return self._dispatch(self._last, step=self._since)
        self._rained, self._since = raining, 0
        every = self._scenes.scenarios(situation.forecast, situation.observation)
        self._last = self._searched(every, depth, flow, positions)
        return self._dispatch(self._last)

    def _searched(
        self, every: Scenarios, depth: FloatArray, flow: FloatArray, positions: FloatArray
    ) -> Candidate:
        """The best policy that is found; sets for how many ticks it may go on unquestioned."""
        scene = every.part(self._effort.scenarios)
        policies = self._incumbents(positions)
        candidates = self._play(policies, scene)
        best = _choose(candidates)
        if max(c.loss for c in candidates) < QUIET_M3:
            best = self._judged([best], every)
            if best.loss < QUIET_M3:
                self._quiet_left = QUIET_TICKS - 1
                return best
            worst = int(np.argmax([outcome.loss for outcome in best.outcomes]))
            scene = every.only([worst])
            candidates = self._play(policies, scene)
            best = _choose(candidates)
        known = best
        best = self._improved(best, scene, depth, flow, positions)
        if best.loss >= QUIET_M3:
            best = self._probed(best, scene)
        best = self._judged([candidates[0], known, best], every)
        if best.name == KEPT:
            self._quiet_left = 1  # nothing better was found: the plan's next step is due
        return best

    def _judged(self, finalists: Sequence[Candidate], every: Scenarios) -> Candidate:
        """The best of a few candidates over all scenarios; the first ones stand unless beaten."""
        finalists = list({c.name: c for c in finalists}.values())[:FINALISTS]
        beyond = self._beyond(finalists, every)
        missing = [k for k, m in enumerate(every.members) if m not in finalists[0].members]
        if missing:
            policies = {c.name: c.policy for c in finalists}
            more = self._play(policies, every.only(missing))
            finalists = [
                _over(every, known, new) for known, new in zip(finalists, more, strict=True)
            ]
        return _choose(
            [replace(c, cost=c.cost + b) for c, b in zip(finalists, beyond, strict=True)]
        )

    def _beyond(self, finalists: Sequence[Candidate], every: Scenarios) -> list[float]:
        """What each costs more over the outlook than over its plan, going on as best it can [m³-eq].

        It may go on as it is, or hand over to the file's own rules after `HAND_OVER` steps; which,
        is decided when the time comes. This is seen in the scenarios of the search alone: so far
        ahead the others differ by the errors of the forecast more than by what is planned now.
        """
        if self._outlook.steps <= self._horizon.steps:
            return [0.0] * len(finalists)
        scene = every.only([every.members.index(m) for m in finalists[0].members])
        ways = {
            f"{c.name}, {way}": policy
            for c in finalists
            for way, policy in (("on", c.policy), ("handed over", _then_rules(c.policy, HAND_OVER)))
        }
        costs = [c.cost for c in self._play(ways, scene, self._outlook.steps)]
        return [
            min(pair) - c.cost
            for c, pair in zip(finalists, zip(costs[::2], costs[1::2], strict=True), strict=True)
        ]

    def foreseen(self) -> FloatArray:
        """Depths that the chosen plan leads to at nodes with a level limit [m].

        Shape [scenarios, steps, nodes], from the next step on; no steps before the first decision.
        """
        if self._last is None:
            return np.zeros((1, 0, len(self._plant.layout.deep_nodes)))
        return np.stack([outcome.deep[self._since :] for outcome in self._last.outcomes])

    def _improved(
        self,
        best: Candidate,
        scene: Scenarios,
        depth: FloatArray,
        flow: FloatArray,
        positions: FloatArray,
    ) -> Candidate:
        """`best`, or the last of several plans that each did better in SWMM than the one before."""
        for _ in range(self._effort.rounds):
            better = self._improve(best, scene, depth, flow, positions)
            if better is best:
                break
            best = better
        return best

    def _incumbents(self, positions: FloatArray) -> dict[str, Policy]:
        """The policies known before any planning, the last plan first.

        The rules are always among them; the rest of the base policies are looked at every
        `ROUNDS_OF_ALL` ticks, and whenever there is no plan. With lean effort the last plan is
        held against one policy at a time, the rules at every other tick.
        """
        self._tick += 1
        every = {**self._base, "hold": _hold(positions)}
        names = list(every)
        if self._effort.lean:
            others = names[1:]
            turn, odd = divmod(self._tick, 2)
            other = others[turn % len(others)]
            names = ["rules", other] if self._plan is None else [other if odd else "rules"]
        elif self._plan is not None and self._tick % ROUNDS_OF_ALL:
            names = ["rules"]
        known = {} if self._plan is None else {KEPT: _follow(shift(self._plan))}
        return known | {name: every[name] for name in names}

    def _improve(
        self,
        best: Candidate,
        scene: Scenarios,
        depth: FloatArray,
        flow: FloatArray,
        positions: FloatArray,
    ) -> Candidate:
        """Plan around `best`; returns it, or a plan that does better in SWMM."""
        problem = self._surrogate.problem(depth, flow, best.outcomes, positions, scene.weights)
        reach = self._surrogate.reach(problem)
        base = np.mean([o.settings for o in best.outcomes], axis=0)
        starts = [np.minimum(base / reach, 1.0)]
        starts += [np.full_like(base, share) for share in STARTS]
        if self._plan is not None:
            kept = shift(self._plan)
            starts.append(np.minimum(np.where(np.isnan(kept), base, kept) / reach, 1.0))
        share = optimise(
            self._surrogate.compiled,
            self._surrogate.within_reach(problem, reach),
            starts,
            iterations=ITERATIONS,
            blocks=self._blocks,
            refine=REFINED,
        ).u
        found = np.where(share > OPEN_SHARE, np.maximum(base, reach), share * reach)
        rivals = {"plan": self._legal(found)}
        if self._pump.any():
            rivals["plan, pumps local"] = self._pumps_local(found)
        rivals["plan/2"] = self._pumps_local(0.5 * (found + base))
        if self._effort.lean and len(rivals) > LEAN_RIVALS:
            del rivals["plan" if self._tick % 2 else "plan, pumps local"]
        candidates = self._play({n: _follow(u) for n, u in rivals.items()}, scene)
        return _choose([best, *candidates])

    def _pumps_local(self, plan: FloatArray) -> FloatArray:
        """The plan for gates alone; pumps stay on their own switches."""
        out = plan.copy()
        out[:, self._pump] = np.nan
        return out

    def _probed(self, best: Candidate, scene: Scenarios) -> Candidate:
        """`best`, or a variation of it that does better in SWMM.

        One gate is set to one opening over one stretch of the horizon, all three drawn at
        random (seeded by the tick). This finds what the reduced network cannot know, backwater
        above all.
        """
        gates = np.flatnonzero(~self._pump)
        if self._effort.lean or not len(gates):
            return best
        rng = np.random.default_rng([23, self._tick])
        base = np.mean([o.settings for o in best.outcomes], axis=0)
        base[:, self._pump] = np.nan
        steps = len(base)
        rivals: dict[str, Policy] = {}
        for k in range(PROBES):
            plan = base.copy()
            first = int(rng.integers(0, max(steps // 2, 1)))
            last = first + int(rng.integers(2, steps + 2))
            plan[first:last, rng.choice(gates)] = rng.choice(PROBE_LEVELS)
            rivals[f"plan, probe {k + 1}"] = _follow(plan)
        return _choose([best, *self._play(rivals, scene)])

    def _legal(self, plan: FloatArray) -> FloatArray:
        """Pumps run or stand still: a planned share of time becomes starts and stops."""
        if not self._pump.any():
            return plan
        out = plan.copy()
        owed = np.zeros(int(self._pump.sum()))
        for k in range(len(plan)):
            owed += plan[k, self._pump]
            run = owed >= 0.5
            out[k, self._pump] = run
            owed -= run
        return out

    def _play(
        self, policies: Mapping[str, Policy], scene: Scenarios, steps: int | None = None
    ) -> list[Candidate]:
        """What comes of policies in each scenario, over the horizon or so many steps."""
        trials = [
            Trial(policy=policy, forecast=scene.forecast, member=m)
            for policy in policies.values()
            for m in scene.members
        ]
        outcomes = self._twin.play(trials, steps or self._horizon.steps, self._horizon.step_s)
        count = len(scene.members)
        return [
            _candidate(name, policy, outcomes[k * count : (k + 1) * count], scene)
            for k, (name, policy) in enumerate(policies.items())
        ]

    def _dispatch(self, best: Candidate, step: int = 0) -> Command:
        """The command of `best` at its own `step`, with the rest of it as the plan to fall back on.

        A rule (`rules`, `open`, …) that won goes on as a rule; only plans are carried over.
        """
        depth = self._plant.engine.depth(self._plant.layout.level_nodes)
        now = best.policy(step, depth).copy()
        plan = None
        if best.name.startswith("plan"):
            plan = np.stack([best.policy(step + k, depth) for k in range(self._horizon.steps)])
        self._plan = plan
        return Command(
            targets=now,
            local=np.isnan(now),
            plan=plan,
            step_s=self._horizon.step_s,
            note=best.name,
        )


def _candidate(
    name: str, policy: Policy, outcomes: Sequence[Outcome], scene: Scenarios
) -> Candidate:
    cost = float(scene.weights @ np.array([outcome.cost for outcome in outcomes]))
    return Candidate(
        name=name, policy=policy, outcomes=tuple(outcomes), cost=cost, members=scene.members
    )


def _over(every: Scenarios, known: Candidate, new: Candidate) -> Candidate:
    """One policy over all scenarios, from what came of it in some and in the others."""
    found = dict(zip(known.members + new.members, known.outcomes + new.outcomes, strict=True))
    return _candidate(known.name, known.policy, [found[m] for m in every.members], every)


def _choose(candidates: Sequence[Candidate]) -> Candidate:
    """The cheapest; a later one must beat an earlier one by a margin."""
    best = candidates[0]
    for rival in candidates[1:]:
        if rival.cost < best.cost - max(BETTER * abs(best.cost), BETTER_M3):
            best = rival
    return best


def _follow(plan: FloatArray) -> Policy:
    return lambda k, depth: plan[min(k, len(plan) - 1)]


def _then_rules(policy: Policy, steps: int) -> Policy:
    """A policy for its first `steps`, then the file's own rules."""
    return lambda k, depth: policy(k, depth) * (1.0 if k < steps else np.nan)


def _hold(positions: FloatArray) -> Policy:
    return lambda k, depth: positions


def _blocks(steps: int) -> list[int]:
    """Lengths of decision blocks: single steps first, then pairs, later blocks ever longer."""
    blocks: list[int] = []
    while (done := sum(blocks)) < steps:
        wanted = 1 if len(blocks) < FINE_STEPS else max(2, done // COARSER)
        blocks.append(min(wanted, steps - done))
    return blocks
