"""How wrong may a forecast be? Members around one forecast, and few that stand for many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jialing.core.errors import InputError
from jialing.core.network import IntArray
from jialing.core.signal import FloatArray


@dataclass(frozen=True, kw_only=True)
class ErrorModel:
    """How forecast errors grow with lead time.

    Attributes
    ----------
    spread : standard deviation of the logarithm of the amplitude at long lead times [1]
    growth_s : lead time after which 63 % of that spread is reached [s]
    memory_s : time over which an error decorrelates along the lead time [s]
    shared : share of the error's variance that all elements have in common [1]
    timing : standard deviation of the error in lead time, relative to the lead time [1]: an
        event forecast for lead time t comes at t (1 ± timing)
    """

    spread: float = 0.6
    growth_s: float = 3600.0
    memory_s: float = 1800.0
    shared: float = 0.7
    timing: float = 0.15

    def __post_init__(self) -> None:
        if self.spread < 0 or self.timing < 0 or self.growth_s <= 0 or self.memory_s <= 0:
            raise InputError(
                f"forecast errors: {self}; spread and timing must not be negative, "
                "growth_s and memory_s must be above 0"
            )
        if not 0.0 <= self.shared <= 1.0:
            raise InputError(f"forecast errors: shared = {self.shared}, allowed 0 … 1")


def perturb(
    values: FloatArray,
    members: int,
    rng: np.random.Generator,
    *,
    step_s: float,
    errors: ErrorModel | None = None,
) -> FloatArray:
    """An ensemble [members, T, names] around one forecast `values` [T, names].

    Amplitudes carry a lognormal factor with mean 1 whose logarithm is a first-order
    autoregression along the lead time; the lead time itself is stretched or squeezed per member,
    keeping the amounts. Both vanish at lead time 0.
    """
    if members < 1:
        raise InputError(f"forecast errors: members = {members}, it must be at least 1")
    model = ErrorModel() if errors is None else errors
    steps, names = values.shape
    stretch = 1.0 + np.clip(model.timing * rng.standard_normal(members), -0.5, 0.5)
    noise = _autoregression(members, steps, names, rng, np.exp(-step_s / model.memory_s), model)
    lead = (np.arange(steps) + 0.5) * step_s
    spread = model.spread * (1.0 - np.exp(-lead / model.growth_s))
    factor = np.exp(spread[:, None] * noise - 0.5 * spread[:, None] ** 2)
    ensemble: FloatArray = factor * np.stack([_stretch(values, by) for by in stretch])
    return ensemble


def representatives(values: FloatArray, count: int) -> tuple[IntArray, FloatArray]:
    """Members that stand for an ensemble [members, T, names], and their probabilities.

    Fast forward selection on cumulative amounts: the next member taken is the one that brings all
    members nearest to the taken ones; each member then gives its probability to its nearest.
    Ties go to the lower index. Source: Heitsch & Römisch (2003), Comput. Optim. Appl. 24, 187-206.
    """
    members = len(values)
    if not 1 <= count <= members:
        raise InputError(f"forecast errors: {count} of {members} members asked; allowed 1 … all")
    amounts = np.cumsum(values, axis=1).reshape(members, -1)
    squares = (amounts**2).sum(axis=1)
    apart = np.sqrt(
        np.maximum(squares[:, None] + squares[None, :] - 2.0 * amounts @ amounts.T, 0.0)
    )
    np.fill_diagonal(apart, 0.0)
    nearest = np.full(members, np.inf)
    chosen: list[int] = []
    for _ in range(count):
        total = np.minimum(nearest[:, None], apart).sum(axis=0)
        total[chosen] = np.inf
        chosen.append(int(np.argmin(total)))
        nearest = np.minimum(nearest, apart[:, chosen[-1]])
    picked = np.sort(np.array(chosen, dtype=np.int64))
    # A taken member stands for itself, even where another one lies at no distance.
    owner = np.argmin(apart[:, picked], axis=1)
    owner[picked] = np.arange(count)
    return picked, np.bincount(owner, minlength=count) / members


def _autoregression(
    members: int,
    steps: int,
    names: int,
    rng: np.random.Generator,
    kept: float,
    model: ErrorModel,
) -> FloatArray:
    """[members, T, names] standard normal values, correlated along T and among names."""
    fresh = np.sqrt(model.shared) * rng.standard_normal((members, steps, 1))
    fresh = fresh + np.sqrt(1.0 - model.shared) * rng.standard_normal((members, steps, names))
    noise = np.empty((members, steps, names))
    noise[:, 0] = fresh[:, 0]
    for t in range(1, steps):
        noise[:, t] = kept * noise[:, t - 1] + np.sqrt(1.0 - kept**2) * fresh[:, t]
    return noise


def _stretch(values: FloatArray, by: float) -> FloatArray:
    """`values` [T, names] with what lay at lead time t moved to t / by; amounts are kept.

    Beyond the end, the last value is assumed to last.
    """
    steps = len(values)
    reach = np.append(np.arange(steps + 1), 2 * steps)
    amount = np.cumsum(values, axis=0)
    beyond = amount[-1] + steps * values[-1]
    known = np.concatenate([np.zeros((1, values.shape[1])), amount, beyond[None]])
    at = np.arange(steps + 1) * by
    moved = np.stack([np.interp(at, reach, column) for column in known.T], axis=1)
    return np.diff(moved, axis=0)
