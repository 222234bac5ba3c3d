"""What does one signal show in the next second, given the mode that is asked for? (no simulator)"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

import numpy as np

from jialing.domains.traffic import transition
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.transition import Stage

EPS_S = 1e-6


class Doing(Enum):
    """What a cabinet is at."""

    LOCAL = auto()  # the programme of the file runs
    HOLDS = auto()  # a mode is shown
    CHANGES = auto()  # on the way to a mode
    RETURNS = auto()  # on the way back to the programme


class Cabinet:
    """Carries out transitions between modes, and between a mode and the programme of the file.

    While it is on the way to a mode it does not listen: a yellow that has begun is completed.

    Parameters
    ----------
    junction : whose signal
    yellow_s : yellow where the junction's table has none although a green is lost [s]
    """

    def __init__(self, junction: Junction, *, yellow_s: float) -> None:
        self.junction = junction
        self._least_yellow_s = yellow_s
        self._walks = frozenset(
            int(k)
            for k in np.unique(junction.links)
            if bool(np.all(junction.pedestrian[junction.links == k]))
        )
        self._of_state = _positions(junction)
        self.doing = Doing.LOCAL
        self.shown = junction.programmes[0].phases[0].state if junction.programmes else ""
        self.mode = max(self._of_state.get(self.shown, 0), 0)
        self.since_s = 0.0  # when the present mode began
        self._ahead: list[Stage] = []
        self._until_s = 0.0
        self._leaving: frozenset[int] = frozenset()
        self._clear_s = (0.0, 0.0)

    @property
    def local(self) -> bool:
        """True while the programme of the file decides."""
        return self.doing is Doing.LOCAL

    @property
    def returning(self) -> bool:
        """True on the way back to the programme."""
        return self.doing is Doing.RETURNS

    @property
    def position(self) -> float:
        """The mode that is shown, or -1-m on the way to mode m."""
        if self.doing is Doing.HOLDS:
            return float(self.mode)
        if self.doing is Doing.LOCAL:
            return float(self._of_state.get(self.shown, -1 - self.mode))
        return float(-1 - self.mode)

    def ask(self, mode: int | None, now_s: float) -> None:
        """Ask for a mode, or for the programme of the file (None)."""
        if self.doing is Doing.CHANGES:
            return
        if mode is None:
            if self.doing is Doing.HOLDS:
                self.doing = Doing.RETURNS
                self._leaving, self._clear_s = frozenset(), (now_s, now_s)
            return
        if self.doing is Doing.HOLDS and mode == self.mode:
            return
        wanted = self.junction.modes[mode]
        yellow_s, all_red_s = self._times(mode)
        self._ahead = list(
            transition.stages(
                self.shown, wanted, yellow_s=yellow_s, all_red_s=all_red_s, walks=self._walks
            )
        )
        self.doing, self.mode, self.since_s = Doing.CHANGES, mode, now_s
        self._until_s = now_s

    def advance(self, now_s: float, programme: str) -> str | None:
        """What to show from `now_s` on; None where the programme is to act itself.

        Parameters
        ----------
        now_s : start of the coming step [s]
        programme : what the programme of the file shows, or would show if it were in charge
        """
        if self.doing is Doing.LOCAL:
            return None
        if self.doing is Doing.RETURNS:
            return self._return(now_s, programme)
        if self.doing is Doing.CHANGES and now_s >= self._until_s - EPS_S:
            if self._ahead:
                stage = self._ahead.pop(0)
                self.shown, self._until_s = stage.state, now_s + stage.seconds
            else:
                self.shown, self.since_s = self.junction.modes[self.mode], now_s
                self.doing = Doing.HOLDS
        return self.shown

    def note(self, shown: str, now_s: float) -> None:
        """Take down what the programme of the file has shown."""
        if shown == self.shown:
            return
        self.shown = shown
        position = self._of_state.get(shown)
        if position is not None:
            mode = position if position >= 0 else -1 - position
            if mode != self.mode or position < 0:
                self.since_s = now_s
            self.mode = mode

    def _return(self, now_s: float, programme: str) -> str | None:
        """One step of the hand-over to the programme, which has been running on."""
        yellow_over_s, clear_s = self._clear_s
        lost = frozenset(transition.taken_away(self.shown, programme))
        if lost - self._leaving:
            self._leaving |= lost
            yellow_s, all_red_s = self._times(self.mode)
            yellow_over_s = now_s + yellow_s
            clear_s = yellow_over_s + all_red_s
            self._clear_s = yellow_over_s, clear_s
        if now_s >= clear_s - EPS_S and transition.may_take_over(self.shown, programme):
            self.doing = Doing.LOCAL
            return None
        self.shown = transition.hand_back(
            self.shown,
            programme,
            self._leaving,
            cleared=now_s >= yellow_over_s - EPS_S,
            walks=self._walks,
        )
        return self.shown

    def _times(self, mode: int) -> tuple[float, float]:
        """Yellow and all-red before `mode` [s]; the longest of all origins where that is unclear."""
        junction = self.junction
        if self.doing is Doing.HOLDS:
            yellow_s = float(junction.yellow_s[self.mode, mode])
            all_red_s = float(junction.all_red_s[self.mode, mode])
        else:
            yellow_s = float(junction.yellow_s.max(initial=0.0))
            all_red_s = float(junction.all_red_s.max(initial=0.0))
        return yellow_s if yellow_s > 0.0 else self._least_yellow_s, all_red_s


def _positions(junction: Junction) -> Mapping[str, int]:
    """Position for each state of the file's programmes: a mode, or -1-m on the way to mode m."""
    found = {state: m for m, state in enumerate(junction.modes)}
    for programme in junction.programmes:
        states = [phase.state for phase in programme.phases]
        for i, state in enumerate(states):
            if state not in found:
                after = (found.get(each, -1) for each in (*states[i:], *states[:i]))
                found[state] = -1 - next((m for m in after if m >= 0), 0)
    return found
