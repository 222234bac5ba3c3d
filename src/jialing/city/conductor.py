"""How do several plants, each in a process of its own, live through one evening together?

Every period the conductor lets each part run to the same instant, asks what it has to tell, works
out what that means for the others, and sends it along with the next order. A part that dies is
started again: it repeats its own record up to where it died, leaves its plant to the local rules
for a while, and goes on; the others never notice.
"""

from __future__ import annotations

import multiprocessing
import pickle
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol

from jialing.city.messages import (
    Advance,
    Change,
    Failed,
    Finish,
    Finished,
    Order,
    Ready,
    Resume,
    State,
)
from jialing.city.part import run_part
from jialing.core.errors import InputError, PlantError
from jialing.core.interrupts import without_interrupts
from jialing.record.disk import Growing
from jialing.record.plain import to_json, to_plain

#: A part that says nothing for so long is taken for dead [s on the wall].
SILENT_S = 300.0
#: Opening a plant, or repeating an evening up to where a process died, may take so long [s].
OPENING_S = 1800.0
#: After a restart the local rules act for so long [s of the city's time].
LOCAL_AFTER_RESTART_S = 300.0
MOST_RESTARTS = 3
#: A part that is told to leave has so long before it is killed [s on the wall].
LEAVE_S = 2.0
#: A process that was killed has closed its pipe, and is gone, within this time [s].
DYING_S = 1.0


class Coupling(Protocol):
    """What the state of each part means for the others."""

    def changes(self, time_s: float, states: Mapping[str, State]) -> dict[str, list[Change]]:
        """Part -> what it suffers from `time_s` on; a part left out suffers nothing new."""

    def diary(self) -> Mapping[str, Any]:
        """What was worked out at the last call, JSON-ready, for the record."""

    def events(self) -> Sequence[Mapping[str, Any]]:
        """What happened at the last call that a reader should know."""


#: Told after every period: the city's time [s] and where each part stands.
Listener = Callable[[float, Mapping[str, State]], None]


@dataclass(slots=True)
class _Part:
    order: Order
    process: BaseProcess
    pipe: Connection
    told: list[Advance]
    restarts: int = 0
    ready: bool = False


class Conductor:
    """Holds the processes of one evening. Use as a context: leaving it ends them all.

    Parameters
    ----------
    orders : one per part
    coupling : see `Coupling`
    folder : of this evening's record; each part has a folder of its own in it
    period_s : time between two exchanges [s]
    """

    def __init__(
        self,
        orders: Sequence[Order],
        coupling: Coupling,
        folder: Path,
        *,
        period_s: float,
        silent_s: float = SILENT_S,
    ) -> None:
        self._coupling, self._folder, self._period_s = coupling, folder, period_s
        self._silent_s = silent_s
        self._parts: dict[str, _Part] = {}
        self._diary = Growing(folder / "diary.jsonl")
        self._events = Growing(folder / "events.jsonl")
        self.time_s = 0.0
        self.duration_s = 0.0
        self.states: dict[str, State] = {}
        self.lost: dict[str, str] = {}
        self._heard: dict[str, Any] = {}
        self._began = time.perf_counter()
        self.exchange_s = 0.0
        try:
            for order in orders:
                self._parts[order.name] = _start(order)
        except BaseException:
            self._stop()  # those that were started must not be left behind
            raise

    def __enter__(self) -> Conductor:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _stop(self) -> None:
        for part in self._parts.values():
            part.pipe.close()
        until = time.monotonic() + LEAVE_S
        for part in self._parts.values():
            part.process.join(timeout=max(until - time.monotonic(), 0.0))
            if part.process.is_alive():
                part.process.kill()
                part.process.join()
        self._diary.close()
        self._events.close()

    @property
    def losses(self) -> str:
        """The parts that are lost, and why, in one line."""
        return "; ".join(f"{name}: {reason}" for name, reason in self.lost.items())

    @property
    def pids(self) -> dict[str, int]:
        """Part -> its process."""
        return {name: int(part.process.pid or 0) for name, part in self._parts.items()}

    def open(self, stop: threading.Event | None = None) -> None:
        """Wait until every plant is open; raises PlantError with the words of one that is not.

        Raises KeyboardInterrupt once `stop` is set: there is nothing to keep of it yet.
        """
        longest = 0.0
        until = time.monotonic() + OPENING_S
        for name, part in self._parts.items():
            while not wait([part.pipe, part.process.sentinel], timeout=0.5):
                if stop is not None and stop.is_set():
                    raise KeyboardInterrupt
                if time.monotonic() > until:
                    raise PlantError(f"{name} did not open within {OPENING_S:g} s")
            message = self._hear(name)
            if isinstance(message, Ready):
                self._parts[name].ready = True
                longest = max(longest, message.duration_s)
            elif isinstance(message, Failed):
                raise PlantError(f"{name}: {message.reason}")
            else:
                reason = self._reason(name, message)
                raise PlantError(f"{name} did not open: {reason}")
        self.duration_s = longest

    def run(
        self,
        listener: Listener | None = None,
        *,
        to_s: float = float("inf"),
        stop: threading.Event | None = None,
    ) -> None:
        """Walk the evening, period by period, to its end, to `to_s`, or until `stop` is set.

        Raises InputError with the words of a part that was given what is not there, such as an edge
        that no road has; PlantError for one that dies each time in the first period, and once every
        part is lost.
        """
        end_s = min(self.duration_s, to_s)
        while self.time_s < end_s - 1e-9 and not (stop is not None and stop.is_set()):
            began = time.perf_counter()
            changes = self._coupling.changes(self.time_s, self.states)
            self._note(changes)
            self.exchange_s += time.perf_counter() - began
            until_s = min(self.time_s + self._period_s, end_s)
            here = [name for name in self._parts if name not in self.lost]
            if not here:
                raise PlantError(f"every part of the evening is lost: {self.losses}")
            for name in here:
                message = Advance(to_s=until_s, changes=tuple(changes.get(name, ())))
                self._parts[name].told.append(message)
                self._send(self._parts[name], message)
            for name in here:
                self._take(name)
            self.time_s = until_s
            if listener is not None:
                listener(self.time_s, self.states)

    def finish(self, ended: str = "completed") -> dict[str, Finished]:
        """Score every part; one that cannot be scored is missing, and `lost` says why."""
        done: dict[str, Finished] = {}
        here = [name for name in self._parts if name not in self.lost]
        for name in here:
            self._send(self._parts[name], Finish(ended=ended))
        for name in here:
            message = self._hear(name)
            while isinstance(message, Ready | State):  # said before it heard that this is the end
                message = self._hear(name)
            if isinstance(message, Finished):
                done[name] = message
            else:
                reason = self._reason(name, message)
                self.lost[name] = f"it could not be scored: {reason}"
                self._event("not_scored", name, reason)
        return done

    # -- one part -----------------------------------------------------------------------------

    def _take(self, name: str) -> None:
        """The state of a part after its last order; a part that died is started again."""
        while True:
            message = self._hear(name)
            if isinstance(message, State):
                self.states[name] = message
                return
            reason = self._reason(name, message)
            self._event("died", name, reason)
            if isinstance(message, Failed) and message.refused:
                raise InputError(f"{name}: {reason}")
            if self._parts[name].restarts >= MOST_RESTARTS:
                if self.time_s == 0.0:
                    raise PlantError(f"{name} does not get through its first period: {reason}")
                self._lose(name, f"it died {MOST_RESTARTS + 1} times; the last time: {reason}")
                return
            self._restart(name)

    def _restart(self, name: str) -> None:
        part = self._parts[name]
        part.process.kill()
        part.process.join()
        part.pipe.close()
        restarts = part.restarts + 1
        base = part.order.folder.removesuffix(f"-again{part.restarts}")
        # One that died before it had caught up has a shorter record than the one before it.
        before = part.order.folder if part.ready or part.order.resume is None else None
        resume = Resume(
            folder=before or (part.order.resume.folder if part.order.resume else base),
            told=tuple(part.told[:-1]),
            local_until_s=self.time_s + part.order.offset_s + LOCAL_AFTER_RESTART_S,
        )
        fresh = _start(replace(part.order, folder=f"{base}-again{restarts}", resume=resume))
        fresh.told, fresh.restarts = part.told, restarts
        self._parts[name] = fresh
        message = self._hear(name, OPENING_S)
        if isinstance(message, Ready):
            fresh.ready = True
            until_s = self.time_s + LOCAL_AFTER_RESTART_S
            self._event("restarted", name, f"the local rules act until t = {until_s:g} s")
            self._send(fresh, part.told[-1])
        else:
            self._heard[name] = message  # `_take` counts it as one more death

    def _lose(self, name: str, reason: str) -> None:
        """Go on without a part; what it told last stays known."""
        self.lost[name] = reason
        self._event("lost", name, reason)
        self._parts[name].process.kill()
        self._parts[name].process.join()

    def _reason(self, name: str, message: Any) -> str:
        """Why a part gave no answer."""
        if isinstance(message, Failed):
            return message.reason
        process = self._parts[name].process
        process.join(DYING_S)
        if process.is_alive():
            return f"it said nothing for {self._silent_s:g} s"
        return f"its process died (exit code {process.exitcode})"

    def _hear(self, name: str, within_s: float | None = None) -> Any:
        """The next message of a part; None if its process is gone or silent for too long."""
        if name in self._heard:
            return self._heard.pop(name)
        part = self._parts[name]
        ready = wait([part.pipe, part.process.sentinel], timeout=within_s or self._silent_s)
        try:
            if part.pipe in ready or part.pipe.poll(0.0):
                return part.pipe.recv()
        except (EOFError, OSError, pickle.UnpicklingError):
            part.process.join(timeout=1.0)  # it is ending; wait for its exit code
        return None

    def _send(self, part: _Part, message: Advance | Finish) -> None:
        try:
            part.pipe.send(message)
        except (BrokenPipeError, ConnectionResetError):
            return  # noticed, and named, when its answer is awaited

    # -- the record ---------------------------------------------------------------------------

    def _note(self, changes: Mapping[str, Sequence[Change]]) -> None:
        told = {name: dict(state.told) for name, state in self.states.items()}
        plain = {
            name: [{"kind": type(one).__name__, **to_plain(one)} for one in some]
            for name, some in changes.items()
            if some
        }
        line = {"time_s": self.time_s, "told": told, "changes": plain, **self._coupling.diary()}
        self._diary.append(to_json(line))
        for event in self._coupling.events():
            self._events.append(to_json({"time_s": self.time_s, **event}))

    def _event(self, kind: str, part: str, reason: str) -> None:
        line = {"time_s": self.time_s, "kind": kind, "part": part, "reason": reason}
        self._events.append(to_json(line))


def _start(order: Order) -> _Part:
    # A fresh interpreter: nothing of this process (threads, open files) leaks into a simulator.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(
        target=run_part, args=(theirs, order), name=f"jialing-{order.name}", daemon=False
    )
    # Only the conductor may be stopped by Ctrl-C, from the first moment on.
    with without_interrupts():
        process.start()
    theirs.close()
    return _Part(order=order, process=process, pipe=ours, told=[])
