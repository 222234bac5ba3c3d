"""What would happen if: the plant's own engine, forked, plays candidate plans against forecasts.

`os.fork` copies the running engine exactly: state, controls, random past. Each child detaches its
open files, overrides the rain with a forecast member, plays one candidate to the end of the
horizon, writes what it saw into a pipe and is gone. The parent's simulation never notices.
A twin made this way has the plant's true state; see docs/adr/0002-twin-by-fork.md for what
that does and does not claim.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import stat
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

import numpy as np

from jialing.core.command import Command
from jialing.core.errors import PlantError
from jialing.core.forecast import Forecast
from jialing.core.interrupts import without_interrupts
from jialing.core.signal import FloatArray
from jialing.domains.water.plant import SwmmPlant

#: A policy answers the levels at `layout.level_nodes` [m] at step k with targets (NaN = local).
Policy = Callable[[int, FloatArray], FloatArray]

SILENT_S = 120.0  # a copy that says nothing for so long has failed [s on the wall]
FDS = Path("/proc/self/fd") if Path("/proc/self/fd").exists() else Path("/dev/fd")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one candidate did under one forecast member.

    Attributes
    ----------
    cost : priced sum over the horizon, wear and leftover water included [m³-eq]
    loss : the part of it that is flooding, overflow and exceedance [m³-eq]
    settings : [steps, actuators] confirmed positions
    flow : [steps, watched links] at the end of each step [m³/s]
    depth : [steps, watched nodes] at the end of each step [m]
    spilled : [steps, watched nodes] volume flooded in each step [m³]
    deep : [steps, nodes with a level limit] depth at the end of each step [m]
    """

    cost: float
    loss: float
    settings: FloatArray
    flow: FloatArray
    depth: FloatArray
    spilled: FloatArray
    deep: FloatArray


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One thing to play: a policy under one forecast member (None: the plant's own future)."""

    policy: Policy
    forecast: Forecast | None
    member: int = 0


def can_fork() -> bool:
    """Whether this platform can copy a running process."""
    return hasattr(os, "fork") and FDS.exists()


class Twin:
    """Plays trials on copies of a plant.

    Parameters
    ----------
    plant : the running plant
    nodes, links : indices of the elements that the outcomes carry
    workers : how many copies run at the same time
    """

    def __init__(
        self, plant: SwmmPlant, nodes: Sequence[int], links: Sequence[int], *, workers: int
    ) -> None:
        self._plant, self._workers = plant, max(workers, 1)
        self._nodes, self._links = tuple(nodes), tuple(links)

    def play(self, trials: Sequence[Trial], steps: int, step_s: float) -> list[Outcome]:
        """Outcome of every trial, in order.

        Raises PlantError if a copy fails; the plant itself is unharmed.
        """
        outcomes: list[Outcome | None] = [None] * len(trials)
        waiting = list(enumerate(trials))
        running: dict[int, tuple[int, int]] = {}
        try:
            while waiting or running:
                while waiting and len(running) < self._workers:
                    position, trial = waiting.pop(0)
                    pid, pipe = _launch(partial(self._simulate, trial, steps, step_s))
                    running[pipe] = (position, pid)
                pipe = next(iter(running))
                position, pid = running.pop(pipe)
                outcomes[position] = self._collect(pipe, pid, steps)
        finally:
            for pipe, (_, pid) in running.items():
                os.close(pipe)
                os.waitpid(pid, 0)
        return [outcome for outcome in outcomes if outcome is not None]

    def routing_step_s(self, rate: float, seconds: float) -> float:
        """Mean length of SWMM's routing steps over the next `seconds`, under rain of `rate` [s].

        SWMM shortens its steps where water runs fast (Courant); what a trial costs depends on it.

        Parameters
        ----------
        rate : rain on every gauge [m/s]
        """

        def count() -> FloatArray:
            for gage in range(len(self._plant.layout.gages)):
                self._plant.engine.set_rain(gage, rate)
            return np.array([self._plant.engine.routing_steps(seconds)], dtype=np.float64)

        pid, pipe = _launch(count)
        content = _gather(pipe, pid, 8)
        return seconds / max(float(np.frombuffer(content)[0]), 1.0)

    def _simulate(self, trial: Trial, steps: int, step_s: float) -> FloatArray:
        """Play `trial` in this (child) process; one row per step, the cost in a last row."""
        plant, engine, layout = self._plant, self._plant.engine, self._plant.layout
        ledger = plant.ledger
        loss, other = ledger.loss(), ledger.wear() + ledger.held()
        count = len(layout.actuators)
        rows = np.zeros((steps + 1, self._width()))
        local = np.zeros(count, dtype=np.bool_)
        nodes = list(self._nodes)
        for k in range(steps):
            if trial.forecast is not None:
                values = trial.forecast.values[trial.member]
                for gage, rate in enumerate(values[min(k, len(values) - 1)].tolist()):
                    engine.set_rain(gage, rate)
            targets = trial.policy(k, engine.depth(layout.level_nodes))
            np.isnan(targets, out=local)
            plant.controls.apply(Command(targets=targets, local=local))
            ended = not ledger.advance(step_s)
            rows[k] = np.concatenate(
                (
                    engine.setting(layout.actuator_links),
                    engine.flow(self._links),
                    engine.depth(nodes),
                    ledger.flooded_step[nodes],
                    engine.depth(layout.deep_nodes),
                )
            )
            if ended:
                rows[k + 1 : steps] = rows[k]
                break
        loss = ledger.loss() - loss
        rows[steps, :2] = loss + ledger.wear() + ledger.held() - other, loss
        return rows

    def _width(self) -> int:
        return sum(self._sizes())

    def _sizes(self) -> tuple[int, ...]:
        """Columns of settings, flow, depth, spilled and deep."""
        layout, nodes = self._plant.layout, len(self._nodes)
        return len(layout.actuators), len(self._links), nodes, nodes, len(layout.deep_nodes)

    def _collect(self, pipe: int, pid: int, steps: int) -> Outcome:
        width = self._width()
        content = _gather(pipe, pid, (steps + 1) * width * 8)
        rows = np.frombuffer(content).reshape(steps + 1, width)
        ends = np.cumsum(self._sizes())[:-1]
        settings, flow, depth, spilled, deep = np.split(rows[:steps], ends, axis=1)
        return Outcome(
            cost=float(rows[steps, 0]),
            loss=float(rows[steps, 1]),
            settings=settings,
            flow=flow,
            depth=depth,
            spilled=spilled,
            deep=deep,
        )


def _launch(work: Callable[[], FloatArray]) -> tuple[int, int]:
    """Let a copy of this process do `work`; its process and the pipe on which it will answer."""
    read, write = os.pipe()
    with warnings.catch_warnings():
        # The child touches nothing but the engine, numpy and its pipe; a progress
        # display's thread in the parent does not concern it.
        warnings.simplefilter("ignore", DeprecationWarning)
        with without_interrupts():
            pid = os.fork()
            if pid == 0:
                os.close(read)
                _child(write, work)
    os.close(write)
    return pid, read


def _child(pipe: int, work: Callable[[], FloatArray]) -> NoReturn:
    status = 1
    try:
        _detach_files(keep=pipe)
        _write(pipe, work().tobytes())
        status = 0
    finally:
        os._exit(status)  # no clean-up: every handle belongs to the parent


def _gather(pipe: int, pid: int, size: int) -> bytes:
    """The `size` bytes that a copy answers; PlantError if it fails."""
    content = _read(pipe, size)
    if len(content) != size:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    if len(content) != size:
        raise PlantError("a copy of the plant failed while playing a candidate plan")
    return content


def _read(pipe: int, size: int) -> bytes:
    """Up to `size` bytes; fewer if the other end closes or falls silent for `SILENT_S`."""
    content = bytearray()
    try:
        while len(content) < size and select.select([pipe], [], [], SILENT_S)[0]:
            part = os.read(pipe, size - len(content))
            if not part:
                break
            content += part
    finally:
        os.close(pipe)
    return bytes(content)


def _write(pipe: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(pipe, view) :]


def _detach_files(keep: int) -> None:
    """Give this process its own handles on regular files, so that the parent's offsets stay put.

    Files open for writing are pointed at the null device; files open for reading are reopened
    at the same offset.
    """
    for fd in [int(place.name) for place in FDS.iterdir()]:
        if fd in (0, 1, 2, keep):
            continue
        with contextlib.suppress(OSError):  # the listing's own handle is gone by now
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                continue
            if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
                offset = os.lseek(fd, 0, os.SEEK_CUR)
                fresh = os.open((FDS / str(fd)).readlink(), os.O_RDONLY)
                os.lseek(fresh, offset, os.SEEK_SET)
            else:
                fresh = os.open(os.devnull, os.O_RDWR)
            os.dup2(fresh, fd)
            os.close(fresh)
