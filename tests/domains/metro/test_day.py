"""Is a seeded day what its kind says, and the same for the same seed?"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from jialing.core.errors import UnknownNameError
from jialing.domains.metro.cases import FOLDER
from jialing.domains.metro.day import draw, walking
from jialing.domains.metro.layout import Layout, lay_out
from jialing.domains.metro.reader import persons, read_station
from jialing.domains.metro.settings import DAYS, Spread

STILL = Spread(shift_s=0.0, demand=0.0, train_load=0.0, flow=0.0, train_s=0.0)


@pytest.fixture(scope="module")
def mixed() -> Layout:
    return lay_out(read_station(FOLDER / "mixed.yaml"))


def test_the_same_seed_is_the_same_day_and_another_is_not(mixed: Layout) -> None:
    first, again, other = (draw(mixed, "normal", Spread(), seed) for seed in (1, 1, 2))
    assert np.array_equal(first.up, again.up)
    assert np.array_equal(first.down, again.down)
    assert not np.array_equal(first.up, other.up)


def test_as_many_people_come_as_the_profiles_say(mixed: Layout) -> None:
    day = draw(mixed, "normal", STILL, 0)
    assert day.down.sum() == pytest.approx(persons(mixed.station.entering), rel=0.02)
    assert day.up.sum() == pytest.approx(persons(mixed.station.alighting), rel=0.03)


def test_an_unannounced_event_brings_the_same_people_and_tells_nobody(mixed: Layout) -> None:
    told = draw(mixed, "event-announced", STILL, 3)
    untold = draw(mixed, "event-unannounced", STILL, 3)
    plain = draw(mixed, "normal", STILL, 3)
    assert len(told.told) == len(untold.told) + 1 == len(plain.told) + 1
    assert untold.down.sum() > plain.down.sum() + 1000.0
    assert told.down.sum() == pytest.approx(untold.down.sum(), rel=0.02)


def test_no_train_comes_while_trains_are_held_and_none_is_lost(mixed: Layout) -> None:
    normal, held = draw(mixed, "normal", STILL, 4), draw(mixed, "train-delay", STILL, 4)
    assert len(normal.trains.actual_s) == len(held.trains.actual_s)
    platform = held.trains.platform == 0
    longest = np.diff(held.trains.actual_s[platform]).max()
    assert longest >= 900.0 > np.diff(normal.trains.actual_s[normal.trains.platform == 0]).max()
    assert np.all(held.trains.actual_s >= held.trains.planned_s)


def test_exactly_one_escalator_fails_on_a_day_of_failure(mixed: Layout) -> None:
    day = draw(mixed, "escalator-failure", Spread(), 5)
    (failure,) = day.failures
    links = len(mixed.link_stage)
    during = day.works(failure.from_s + 1.0, links)
    assert during[failure.link] == 0.0
    assert during.sum() == links - 1
    assert day.works(failure.to_s, links).all()


def test_a_day_of_an_unknown_kind_is_refused_by_name(mixed: Layout) -> None:
    with pytest.raises(UnknownNameError, match="normal"):
        draw(mixed, "norml", Spread(), 0)


@pytest.mark.parametrize("kind", DAYS)
def test_nobody_comes_in_fractions_below_zero(mixed: Layout, kind: str) -> None:
    day = draw(mixed, kind, Spread(), 7)
    for array in (day.up, day.down, day.room):
        assert np.isfinite(array).all()
        assert array.min() >= 0.0


def test_people_walk_as_long_on_average_as_the_platform_says() -> None:
    share = walking(32.0)
    assert share.sum() == pytest.approx(1.0)
    assert (share * (np.arange(len(share)) + 0.5)).sum() == pytest.approx(32.0, rel=0.02)


def test_spread_zero_makes_days_alike(mixed: Layout) -> None:
    days = [draw(mixed, "normal", dataclasses.replace(STILL), seed) for seed in (1, 2)]
    assert np.array_equal(days[0].up, days[1].up)
