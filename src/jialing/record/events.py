"""What changed, and when? One JSON object per line, written when a state changes.

Every line has `tick`, `time_s` [s] and `kind`:

- ``note``: `index`, `text`; a note used by frames from here on
- ``source``: `source`; who commands the plant from here on
- ``decision``: `outcome`, `reason`, `used`; a decision that could not be used
- ``guard``: `actuator`, `answer`, and while it is not ``allow``: `rule`, `asked`, `given`, `reason`
- ``key``: `actuator`, `target`, `by`; somebody agreed to a command before it reached the plant
- ``fault``: `reason`; a part of the loop that broke its contract
- ``end``: `ended` (``completed``, ``interrupted``, ``failed``), `reason`
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jialing.core.command import Answer, Ruling, Source
from jialing.record.disk import Growing
from jialing.record.frame import Outcome
from jialing.record.plain import to_json
from jialing.record.shape import EVENT
from jialing.record.whole import whole_lines

#: Notes are counted in 16 bits; what comes after shares the last index.
_LAST_NOTE = 2**16 - 1


class EventLog:
    """Appends events, and knows which state each actuator was last reported in."""

    def __init__(self, path: Path, actuators: Sequence[str]) -> None:
        self._file = Growing(path)
        self._actuators = tuple(actuators)
        self._notes: dict[str, int] = {"": 0}
        self._source: int | None = None
        self._ruled: dict[int, tuple[int, str]] = {}

    def add(self, tick: int, time_s: float, kind: str, **facts: Any) -> None:
        """Append one event."""
        line = {"tick": tick, "time_s": time_s, "kind": kind, **facts}
        self._file.append(to_json(line))

    def note(self, tick: int, time_s: float, text: str) -> int:
        """Index of a note, written out the first time it is used."""
        index = self._notes.get(text)
        if index is None:
            index = min(len(self._notes), _LAST_NOTE)
            if index == _LAST_NOTE:
                text = "(more notes than a record counts)"
            if text not in self._notes:
                self._notes[text] = index
                self.add(tick, time_s, "note", index=index, text=text)
        return index

    def source(self, tick: int, time_s: float, source: int) -> None:
        """Say who commands, where that changed."""
        if source != self._source:
            self._source = source
            self.add(tick, time_s, "source", source=Source(source).name.lower())

    def decision(
        self, tick: int, time_s: float, outcome: Outcome, reason: str, used: Source
    ) -> None:
        """Say why a decision could not be used, and what acts in its place."""
        self.add(
            tick,
            time_s,
            "decision",
            outcome=outcome.name.lower(),
            reason=reason,
            used=used.name.lower(),
        )

    @property
    def objecting(self) -> bool:
        """True while the guard's last ruling held an objection."""
        return bool(self._ruled)

    def verdicts(self, tick: int, time_s: float, ruling: Ruling) -> None:
        """Say where the guard began, changed or ceased to object."""
        now = {v.actuator: (int(v.answer), v.rule) for v in ruling.verdicts}
        for verdict in ruling.verdicts:
            if self._ruled.get(verdict.actuator) != now[verdict.actuator]:
                self.add(
                    tick,
                    time_s,
                    "guard",
                    actuator=self._actuators[verdict.actuator],
                    answer=Answer(verdict.answer).name.lower(),
                    rule=verdict.rule,
                    asked=verdict.asked,
                    given=verdict.given,
                    reason=verdict.reason,
                )
        for actuator in self._ruled.keys() - now.keys():
            name = self._actuators[actuator]
            self.add(tick, time_s, "guard", actuator=name, answer="allow")
        self._ruled = now

    def close(self) -> None:
        self._file.close()


def read_events(path: Path) -> tuple[tuple[dict[str, Any], ...], str]:
    """Events up to the first line that cannot be read, and a sentence on what was left out."""
    return whole_lines(path, {"tick": int, **EVENT})
