"""Does dynamic programming find what trying every sequence finds, and is it fast enough to be used?"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from jialing.domains.metro.beam import sequences
from jialing.domains.metro.cases import FOLDER
from jialing.domains.metro.layout import Layout, lay_out
from jialing.domains.metro.plans import PLAN_S, STEP_S, Planner, Scenarios
from jialing.domains.metro.reader import read_station
from jialing.domains.metro.settings import Prices

STRETCHES, STEPS = 4, 20
UNLIMITED = 10_000


@pytest.fixture
def bank(tmp_path: Path) -> Layout:
    """The mixed station with six reversible escalators beside each other."""
    text = (FOLDER / "mixed.yaml").read_text()
    (own,) = (line for line in text.splitlines() if "name: E2," in line)
    lines = [
        own.replace("E2", f"R{i}").replace(
            "direction: up", f"direction: {'up' if i < 3 else 'down'}"
        )
        for i in range(6)
    ]
    path = tmp_path / "bank.yaml"
    path.write_text(text.replace(own, "\n".join(lines)))
    return lay_out(read_station(path))


def tide(layout: Layout, steps: int, *, members: int = 3) -> Scenarios:
    """A crowd up that turns into a crowd down half-way."""
    rng = np.random.default_rng(8)
    up, down = np.full((members, steps, 2), 8.0), np.full((members, steps, 2), 60.0)
    up[:, : steps // 2], down[:, : steps // 2] = 60.0, 8.0
    return Scenarios(
        up=rng.poisson(up).astype(np.float64),
        down=rng.poisson(down).astype(np.float64),
        room=np.full((members, steps, 2), 1e6),
    )


@pytest.mark.parametrize("dwell", [1, 2])
def test_with_all_states_kept_it_is_the_best_of_every_sequence(dwell: int) -> None:
    layout = lay_out(read_station(FOLDER / "mixed.yaml"))
    planner = Planner(layout, Prices(), STRETCHES, slot_s=STEPS * STEP_S)
    scenarios = tide(layout, STRETCHES * STEPS)
    now, works = layout.home.astype(np.float64), np.ones(len(layout.home))
    (link,) = layout.moved
    modes = [now.copy(), now.copy()]
    modes[1][link] = -1.0
    _, cost = sequences(
        planner.simulation,
        (scenarios.up, scenarios.down, scenarios.room),
        works,
        now,
        modes,
        first=np.ones(2, np.bool_),
        steps=STEPS,
        dwell=dwell,
        prices=planner._prices,
        kept=UNLIMITED,
        alike=UNLIMITED,
    )
    plans = []
    for choice in product((0, 1), repeat=STRETCHES):
        spans = np.diff([i for i in range(1, STRETCHES) if choice[i] != choice[i - 1]])
        begun = [i for i in range(1, STRETCHES) if choice[i] != choice[i - 1]]
        started = [0, *begun] if choice[0] == 1 else begun
        if np.all(spans >= dwell) and np.all(np.diff(started) >= dwell):
            plans.append([modes[i] for i in choice])
    every = planner.score(scenarios, works, np.array(plans)).mean(axis=1)
    assert cost.mean(axis=1).min() == pytest.approx(every.min(), rel=1e-9)


def test_a_bank_of_six_follows_the_tide_without_trying_every_plan(bank: Layout) -> None:
    slots = 45
    planner = Planner(bank, Prices(), slots, slot_s=PLAN_S)
    scenarios = tide(bank, round(slots * PLAN_S / STEP_S))
    now, works = bank.home.astype(np.float64), np.ones(len(bank.home))
    keep = np.tile(now, (slots, 1))
    free = np.ones(len(now), np.bool_)
    best = planner.search(scenarios, works, now, keep, turn=free)
    moved = list(bank.moved)
    assert len(moved) == 6
    goes_up = (best.plan[:, moved] == 1.0).sum(axis=1)
    assert goes_up[0] > 3
    assert goes_up[-1] < goes_up[0]
    assert best.cost < 0.7 * float(planner.score(scenarios, works, keep[None]).mean())


def test_a_search_leaves_the_station_as_it_was(bank: Layout) -> None:
    planner = Planner(bank, Prices(), 9)
    before = planner.simulation.link.copy()
    scenarios = tide(bank, 180)
    now = bank.home.astype(np.float64)
    planner.search(scenarios, np.ones(len(now)), now, np.tile(now, (9, 1)))
    assert np.array_equal(planner.simulation.link, before)
