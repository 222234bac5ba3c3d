"""What runs inside the process of one domain? Its desk, tick by tick, and its side to the city."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

import numpy as np

from jialing import domains
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
from jialing.core.command import Command
from jialing.core.errors import InputError, JialingError, UnknownNameError
from jialing.core.stages import Controller, Situation
from jialing.loop.asking import named
from jialing.loop.runner import OpenRun
from jialing.record.frame import Outcome, frame_dtype
from jialing.record.plain import to_plain
from jialing.record.reader import open_record

#: A part whose conductor is gone has so long to end by itself [s on the wall].
ORPHAN_S = 5.0


class Side(Protocol):
    """How one domain meets the rest of the city."""

    def begin(self) -> None:
        """The evening begins: what came before it in the domain's own day does not count."""

    def change(self, change: Change) -> None:
        """Take a disturbance; raises JialingError for one that is not this domain's."""

    def tell(self, time_s: float) -> Mapping[str, float]:
        """What the city may know now: name -> value, SI."""

    def extra(self) -> Mapping[str, float]:
        """Figures beside the domain's own score, once the run is over."""


_NONE = np.zeros(0, dtype=frame_dtype(0, 0))


class Resumed:
    """A controller that first repeats what a dead one had commanded, then lets the rules act.

    Parameters
    ----------
    controller : decides from `local_until_s` on
    resume : see `messages.Resume`
    """

    def __init__(self, controller: Controller, resume: Resume) -> None:
        self._controller, self._until_s = controller, resume.local_until_s
        folder = Path(resume.folder)
        # One that died before it had opened its plant has no record, and nothing to repeat.
        frames = open_record(folder).frames if (folder / "manifest.json").is_file() else _NONE
        self._given = frames["given"]
        self._local = frames["local"].astype(bool)
        self._tick = -1

    @property
    def repeated(self) -> int:
        """Ticks that only repeat the record."""
        return len(self._given)

    def prepare(self) -> None:
        prepare = getattr(self._controller, "prepare", None)
        if prepare is not None:
            prepare()

    def decide(self, situation: Situation) -> Command:
        """The recorded command, the local rules, or a decision, by the clock."""
        self._tick += 1
        if self._tick < len(self._given):
            return Command(
                targets=self._given[self._tick].copy(),
                local=self._local[self._tick].copy(),
                note="as before the process died",
            )
        if situation.time_s < self._until_s:
            return Command.all_local(len(situation.actuators), note="just restarted")
        return self._controller.decide(situation)


def run_part(pipe: Connection, order: Order) -> None:
    """Serve `order` until told to finish. The body of a process; answers errors, never raises."""
    # Ctrl-C goes to every process of a terminal; the conductor alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_conductor, name="jialing-orphan", daemon=True).start()
    try:
        _serve(pipe, order)
    except (EOFError, BrokenPipeError):
        return  # the conductor is gone
    except JialingError as error:
        refused = isinstance(error, InputError | UnknownNameError)
        _say_why(pipe, Failed(name=order.name, reason=str(error), refused=refused))
    # A process that dies without a word would look like a kill; say what happened.
    except Exception as error:
        _say_why(pipe, Failed(name=order.name, reason=named(error)))


def _say_why(pipe: Connection, failed: Failed) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # nobody is left to hear it
        pipe.send(failed)


def _end_with_the_conductor() -> None:
    """End this process some time after its conductor, even if its plant hangs."""
    conductor = multiprocessing.parent_process()
    if conductor is not None:
        conductor.join()
        time.sleep(ORPHAN_S)  # time to close the record in order
        os._exit(1)


def _serve(pipe: Connection, order: Order) -> None:
    domain = domains.domain(order.case.domain)
    desk = domain.desk(order.case, order.controller)
    # The side asks the controller itself what it foresees, not one that stands in for a while.
    side: Side = domains.load(order.side)(desk, **order.options)
    repeated = 0
    if order.resume is not None:
        resumed = Resumed(desk.controller, order.resume)
        repeated = resumed.repeated
        desk = replace(desk, controller=resumed)
    with OpenRun(
        desk,
        Path(order.folder),
        case=to_plain(order.case, exact=True),
        controller={"kind": "named", "name": order.controller},
        seed=order.case.seed,
        outcomes=order.outcomes,
        patient=repeated,
    ) as run:
        run.advance(order.offset_s)
        side.begin()
        if order.resume is not None:
            for told in order.resume.told:
                _advance(run, side, told, order.offset_s)
        pipe.send(Ready(name=order.name, duration_s=desk.duration_s - order.offset_s))
        while True:
            message = pipe.recv()
            if isinstance(message, Finish):
                done = run.finish(message.ended)
                pipe.send(Finished(name=order.name, run=done, extra=dict(side.extra())))
                return
            going = _advance(run, side, message, order.offset_s)
            pipe.send(_state(order.name, run, side, going))


def _advance(run: OpenRun, side: Side, message: Advance, offset_s: float) -> bool:
    for change in message.changes:
        side.change(change)
    return run.advance(message.to_s + offset_s)


def _state(name: str, run: OpenRun, side: Side, going: bool) -> State:
    tally, desk = run.tally, run.desk
    sheet = desk.plant.score()[0]
    figure = sheet[desk.headline]
    usable = (Outcome.ON_TIME, Outcome.BUSY)
    return State(
        name=name,
        time_s=run.time_s,
        told=dict(side.tell(run.time_s)),
        headline=(desk.headline, figure.value, figure.unit),
        plant_s=tally.plant_s,
        decide_s=tally.decide_s,
        wall_s=run.wall_s,
        late=sum(n for k, n in enumerate(tally.outcomes) if Outcome(k) not in usable),
        going=going,
    )
