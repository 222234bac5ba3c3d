"""How can a learner be trained on our signals? Gymnasium and PettingZoo over plant, guard and score.

    from jialing.domains.traffic.environment import ParallelTrafficEnv, TrafficEnv

One step is one tick of the case. An action is the mode that a signal is to show; the guard judges it
as it judges every command, so a learner cannot train on signals that no street would accept. What a
learner observes is what the case's sensing lets through; what it is rewarded by is the simulator's
truth: minus the time that vehicles stood before its signal during the step [veh s], counted at the
end of the step. An episode is the case from beginning to end, which truncates it; the last `info`
holds the score, word for word that of `jialing run`.

A process holds one SUMO simulation, hence one open environment; train in parallel by processes.

Sources: Towers et al. (2024), Gymnasium: A Standard Interface for Reinforcement Learning
Environments, arXiv:2407.17032; Terry et al. (2021), PettingZoo: Gym for Multi-Agent Reinforcement
Learning, NeurIPS.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, SupportsFloat

import numpy as np
from numpy.typing import NDArray

from jialing.core.case import Case, check_seed
from jialing.core.command import Command
from jialing.core.errors import MissingExtraError
from jialing.core.signal import FloatArray, SignalTable
from jialing.core.stages import Desk, Situation
from jialing.domains.traffic.cases import open_case
from jialing.domains.traffic.domain import TRAFFIC
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.layout import SPACE_M
from jialing.domains.traffic.model import read_roads
from jialing.domains.traffic.settings import TrafficSettings

try:
    import gymnasium
    import pettingzoo
except ImportError as error:  # pragma: no cover - the extra is absent
    raise MissingExtraError(str(error.name), "train") from error

Features = NDArray[np.float32]

GREEN_S = 60.0  # a green of this length fills its feature [s]
PEOPLE = 10.0  # so do so many people at a crossing [ped]
ID = "jialing/Traffic-v0"


@dataclasses.dataclass(frozen=True, kw_only=True)
class View:
    """What one signal observes, each value from 0 to 1.

    First one value per mode (1 for the mode that is shown or on its way), 1 while a transition is
    under way, the age of the green; then its own sensors, in the plant's order.

    Attributes
    ----------
    junction : whose signal
    names : one per value, e.g. ``mode 0``, ``changes``, ``green``, ``queue:L1_0``
    at : positions of the sensors among the plant's signals
    full : [sensors] reading that counts as 1
    """

    junction: Junction
    names: tuple[str, ...]
    at: NDArray[np.int64]
    full: FloatArray

    def look(self, position: float, green_s: float, values: FloatArray) -> Features:
        """The values, given the confirmed position, the age of its green [s] and all readings."""
        modes = len(self.junction.modes)
        found = np.zeros(len(self.names), np.float32)
        head = -1.0 - position if position < 0.0 else position
        if 0.0 <= head < modes:
            found[int(head)] = 1.0
        found[modes] = position < 0.0
        found[modes + 1] = min(max(green_s, 0.0) / GREEN_S, 1.0) if math.isfinite(green_s) else 0.0
        found[modes + 2 :] = np.clip(np.nan_to_num(values[self.at] / self.full), 0.0, 1.0)
        return found


def view_of(junction: Junction, signals: SignalTable, settings: TrafficSettings) -> View:
    """What the signal of `junction` observes."""
    length_m = dict(zip(junction.lanes, junction.lane_length_m.tolist(), strict=True))
    length_m |= dict(zip(junction.outs, junction.out_length_m.tolist(), strict=True))
    names, at, full = [f"mode {m}" for m in range(len(junction.modes))], [], []
    names += ["changes", "green"]
    for i, signal in enumerate(signals.signals):
        owner = signal.element.rpartition("/")[0] or signal.element
        if signal.quantity in ("mode", "green") or owner not in {*length_m, junction.name}:
            continue
        seen_m = min(length_m.get(owner, math.inf), settings.view_m)
        names.append(signal.name)
        at.append(i)
        full.append(
            {
                "queue": max(seen_m / SPACE_M, 1.0),
                "count": max(seen_m / SPACE_M, 1.0),
                "room": max(seen_m, 1.0),
                "waiting": PEOPLE,
            }.get(signal.quantity, 1.0)
        )
    return View(
        junction=junction,
        names=tuple(names),
        at=np.array(at, np.int64),
        full=np.array(full, np.float64),
    )


class _Learner:
    """Stands at the desk for whoever learns; it is never asked."""

    def decide(self, situation: Situation) -> Command:
        return Command.all_local(len(situation.actuators))


class Episode:
    """One case, as often as wanted: what both environments share.

    Parameters
    ----------
    case : a case of the row `traffic`, or the name of one
    """

    def __init__(self, case: Case | str) -> None:
        self.case = open_case(case) if isinstance(case, str) else case
        self._desk: Desk | None = None
        self._next_seed = self.case.seed
        settings: TrafficSettings = self.case.settings or TrafficSettings()
        junctions = read_roads(self.case.model, settings).junctions
        desk = self._opened(self.case.seed)  # only the plant knows its sensors
        self.views = tuple(view_of(j, desk.plant.signals, settings) for j in junctions)
        (queue,) = (field for field in desk.plant.fields if field.name == "queue")
        place = {lane: i for i, lane in enumerate(queue.elements)}
        self._queue = desk.plant.fields.index(queue)
        self._own = [np.array([place[lane] for lane in j.lanes], np.int64) for j in junctions]
        self.close()

    def begin(self, seed: int | None) -> list[Features]:
        """Begin anew. Without a seed: that of the case, and one more at each further beginning."""
        seed = self._next_seed if seed is None else seed
        check_seed(seed)
        self._next_seed = seed + 1
        self.close()
        self._desk = self._opened(seed)
        plant = self._desk.plant
        self._receipt = plant.apply(Command.all_local(len(plant.actuators)))
        self._observation = plant.observe()
        return self._look()

    def step(
        self, modes: Sequence[int]
    ) -> tuple[list[Features], list[float], bool, list[dict[str, Any]], dict[str, float]]:
        """Ask for modes and let a tick pass: what is seen, rewards, whether it is over, what the
        guard gave (-1: the programme) and by which rule, and in the end the score."""
        desk = self._desk
        if desk is None:
            raise gymnasium.error.ResetNeeded("reset() begins an episode; this one is over or none")
        targets = np.array(modes, np.float64)
        command = Command(targets=targets, local=np.zeros(len(targets), np.bool_))
        ruling = desk.guard.check(command, self._observation, self._receipt)
        self._receipt = desk.plant.apply(ruling.command)
        over = not desk.plant.step(desk.tick_s)
        self._observation = desk.plant.observe()
        standing = desk.plant.sample()[self._queue]
        rewards = [-float(standing[own].sum()) * desk.tick_s for own in self._own]
        told: list[dict[str, Any]] = [
            {"given": -1 if math.isnan(target) else int(target), "rule": ""}
            for target in ruling.command.targets.tolist()
        ]
        for verdict in ruling.verdicts:
            told[verdict.actuator]["rule"] = verdict.rule
        seen, score = self._look(), {}
        if over:
            sheet, _ = desk.plant.score()
            score = {word: quantity.value for word, quantity in sheet.items()}
            self.close()
        return seen, rewards, over, told, score

    def close(self) -> None:
        """Give the simulation back."""
        if self._desk is not None:
            self._desk.plant.close()
            self._desk = None

    def _opened(self, seed: int) -> Desk:
        self._desk = TRAFFIC.desk(dataclasses.replace(self.case, seed=seed), _Learner)
        return self._desk

    def _look(self) -> list[Features]:
        values, positions = self._observation.values, self._receipt.positions.tolist()
        return [
            view.look(position, self._observation[f"green:{view.junction.name}"], values)
            for view, position in zip(self.views, positions, strict=True)
        ]


class TrafficEnv(gymnasium.Env[Features, NDArray[np.int64]]):
    """All signals of a case under one learner (a Gymnasium environment).

    Action: a mode for each signal. Observation: the values of all signals, one after the other
    (`names`). Reward: the sum over all signals.

    Parameters
    ----------
    case : a case of the row `traffic`, or the name of one
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012

    def __init__(self, case: Case | str = "traffic-grid", render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self._episode = Episode(case)
        views = self._episode.views
        self.names = tuple(f"{v.junction.name}: {name}" for v in views for name in v.names)
        self.observation_space = gymnasium.spaces.Box(0.0, 1.0, (len(self.names),), np.float32)
        self.action_space = gymnasium.spaces.MultiDiscrete([len(v.junction.modes) for v in views])

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Features, dict[str, Any]]:
        super().reset(seed=seed)
        return np.concatenate(self._episode.begin(seed)), {}

    def step(
        self, action: NDArray[np.int64]
    ) -> tuple[Features, SupportsFloat, bool, bool, dict[str, Any]]:
        seen, rewards, over, told, score = self._episode.step(np.asarray(action).tolist())
        info: dict[str, Any] = {
            "given": [each["given"] for each in told],
            "rules": [each["rule"] for each in told],
        }
        if over:
            info["score"] = score
        return np.concatenate(seen), sum(rewards), False, over, info

    def close(self) -> None:
        self._episode.close()


class ParallelTrafficEnv(pettingzoo.ParallelEnv[str, Features, int]):  # type: ignore[misc]
    """Every signal of a case is a learner of its own (a PettingZoo environment).

    Parameters
    ----------
    case : a case of the row `traffic`, or the name of one
    """

    metadata: dict[str, Any] = {"render_modes": [], "name": "jialing_traffic_v0"}  # noqa: RUF012

    def __init__(self, case: Case | str = "traffic-grid", render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self._episode = Episode(case)
        self.views = {view.junction.name: view for view in self._episode.views}
        self.possible_agents = list(self.views)
        self.agents: list[str] = []
        box, discrete = gymnasium.spaces.Box, gymnasium.spaces.Discrete
        self.observation_spaces = {
            name: box(0.0, 1.0, (len(view.names),), np.float32) for name, view in self.views.items()
        }
        self.action_spaces = {
            name: discrete(len(view.junction.modes)) for name, view in self.views.items()
        }

    def observation_space(self, agent: str) -> gymnasium.spaces.Box:
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> gymnasium.spaces.Discrete[np.int64]:
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Features], dict[str, dict[str, Any]]]:
        self.agents = list(self.possible_agents)
        seen = self._episode.begin(seed)
        return dict(zip(self.agents, seen, strict=True)), {name: {} for name in self.agents}

    def step(
        self, actions: Mapping[str, int]
    ) -> tuple[
        dict[str, Features],
        dict[str, float],
        dict[str, bool],
        dict[str, bool],
        dict[str, dict[str, Any]],
    ]:
        names = self.possible_agents
        seen, rewards, over, told, score = self._episode.step([int(actions[n]) for n in names])
        if over:
            self.agents = []
            for each in told:
                each["score"] = score
        return (
            dict(zip(names, seen, strict=True)),
            dict(zip(names, rewards, strict=True)),
            dict.fromkeys(names, False),
            dict.fromkeys(names, over),
            dict(zip(names, told, strict=True)),
        )

    def close(self) -> None:
        self._episode.close()


gymnasium.register(ID, entry_point=f"{__name__}:{TrafficEnv.__name__}")
