"""What a plant can be asked and told: signals, actuators, and one observation of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from jialing.core.errors import UnknownNameError

FloatArray = NDArray[np.float64]


class Quality(IntEnum):
    """How far a reading can be trusted."""

    GOOD = 0
    STALE = 1  # the last value received, older than one sampling interval
    MISSING = 2  # no value; the reading is NaN


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One measured quantity.

    Attributes
    ----------
    name : `quantity:element`, e.g. ``depth:T1``
    unit : SI unit as text, e.g. ``m``
    low, high : physical range in `unit`; a reading outside is a sensor fault
    """

    name: str
    unit: str
    low: float = -np.inf
    high: float = np.inf

    @property
    def quantity(self) -> str:
        return self.name.partition(":")[0]

    @property
    def element(self) -> str:
        return self.name.partition(":")[2]


@dataclass(frozen=True, kw_only=True)
class Actuator:
    """One thing that can be moved.

    Attributes
    ----------
    name : the element's name in the model file
    kind : the field's word for it: ``orifice``, ``weir``, ``pump``, ``outlet``, ``signal``, ``escalator``
    low, high : range of the target [1]
    rate_per_s : largest change of the target per second [1/s]; inf if it moves at once
    levels : allowed positions of a discrete actuator, ascending; empty if continuous
    safe : the stated safe target, taken when nothing better is known
    min_on_s, min_off_s : shortest run and rest of a discrete actuator [s]
    max_starts_per_h : starts allowed in any 3600 s; 0 means unlimited
    """

    name: str
    kind: str
    low: float = 0.0
    high: float = 1.0
    rate_per_s: float = np.inf
    levels: tuple[float, ...] = ()
    safe: float = 1.0
    min_on_s: float = 0.0
    min_off_s: float = 0.0
    max_starts_per_h: int = 0


@dataclass(frozen=True, kw_only=True)
class SignalTable:
    """The signals of a plant, in the order of every observation's values."""

    signals: tuple[Signal, ...]

    @cached_property
    def index(self) -> dict[str, int]:
        return {signal.name: i for i, signal in enumerate(self.signals)}

    def __len__(self) -> int:
        return len(self.signals)

    def find(self, name: str) -> int:
        """Position of `name`; raises UnknownNameError."""
        try:
            return self.index[name]
        except KeyError:
            raise UnknownNameError("signal of this plant", name, self.index) from None


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What the sensors say at one instant.

    Attributes
    ----------
    time_s : seconds since the case began, on the plant's clock
    values : [signals], SI units, NaN where missing
    quality : [signals] of `Quality`
    valid_at_s : [signals], when each value was measured
    table : the signals, in the same order
    sightings : a structured array, one row per object that sensors see (vehicles at a signal);
        None where a plant has no such sensors
    """

    time_s: float
    values: FloatArray
    quality: NDArray[np.uint8]
    valid_at_s: FloatArray
    table: SignalTable
    sightings: NDArray[np.void] | None = None

    def __getitem__(self, name: str) -> float:
        return float(self.values[self.table.find(name)])
