"""Does the compiled station agree with what can be worked out by hand?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jialing.core.signal import FloatArray
from jialing.domains.metro import kernel
from jialing.domains.metro.layout import Layout, lay_out
from jialing.domains.metro.simulation import Simulation, net
from jialing.domains.metro.station import (
    Entrance,
    Level,
    Link,
    LinkKind,
    Platform,
    Profile,
    Station,
    Train,
)

FLAT = Profile(times_s=(0.0, 7200.0), rates_p_s=(0.0, 0.0))


def link(name: str, kind: LinkKind = LinkKind.ESCALATOR, **more: object) -> Link:
    given: dict[str, object] = {
        "lower": "platform",
        "upper": "street",
        "capacity_p_s": 1.5,
        "ride_s": 40.0,
        "direction": 1,
    }
    return Link(name=name, kind=kind, **{**given, **more})  # type: ignore[arg-type]


def station(*links: Link) -> Layout:
    return lay_out(
        Station(
            name="hand",
            title="hand",
            path=Path("hand.yaml"),
            open_s=0.0,
            close_s=7200.0,
            levels=(
                Level(name="street", elevation_m=0.0, area_m2=100.0),
                Level(name="platform", elevation_m=-10.0, area_m2=100.0),
            ),
            platforms=(
                Platform(name="P", level="platform", area_m2=500.0, share=1.0, walk_s=30.0),
            ),
            links=links,
            entrances=(
                Entrance(name="A", level="street", share=1.0, capacity_p_s=5.0, metered=True),
            ),
            trains=(Train(time_s=60.0, platform="P"),),
            alighting=FLAT,
            entering=FLAT,
        )
    )


def play(
    layout: Layout,
    seconds: int,
    *,
    up: dict[int, float] | None = None,
    down: dict[int, float] | None = None,
    want: FloatArray | None = None,
    meter: float = 1.0,
    dt: float = 1.0,
) -> Simulation:
    """`up` and `down`: second -> people who come then."""
    steps = round(seconds / dt)
    sim = Simulation(layout, net(layout), dt, layout.ride)
    arrive = [np.zeros((steps, 1)) for _ in range(3)]
    for array, people in ((arrive[0], up or {}), (arrive[1], down or {})):
        for second, number in people.items():
            array[int(second / dt), 0] += number
    directions = layout.home.astype(np.float64)[None] if want is None else want
    sim.advance(
        *arrive,
        np.ones(len(layout.link_stage)),
        directions,
        np.array([meter]),
        slot_steps=1 if want is not None else 1 << 40,
    )
    return sim


def test_a_crowd_before_one_escalator_waits_as_a_fluid_queue_does() -> None:
    crowd, capacity = 300.0, 1.5
    sim = play(station(link("E")), 1000, up={0: crowd})
    # people leave at `capacity`: the queue is a triangle of height N and base N / capacity
    triangle = crowd**2 / (2.0 * capacity)
    assert sim.totals[kernel.WAIT_UP] == pytest.approx(triangle, rel=0.01)
    assert sim.totals[kernel.LEFT] == pytest.approx(crowd)
    assert sim.totals[kernel.RIDING] == pytest.approx(crowd * 40.0, rel=0.01)


def test_the_last_of_a_crowd_leaves_after_queue_and_ride() -> None:
    layout = station(link("E"))
    clear_s = 300.0 / 1.5 + 40.0
    assert play(layout, int(clear_s) - 3, up={0: 300.0}).totals[kernel.LEFT] < 299.0
    assert play(layout, int(clear_s) + 2, up={0: 300.0}).totals[kernel.LEFT] == pytest.approx(300.0)


def test_two_equal_escalators_share_a_crowd_and_halve_its_time() -> None:
    one = play(station(link("E")), 1000, up={0: 300.0}).totals[kernel.WAIT_UP]
    two = play(station(link("E"), link("F")), 1000, up={0: 300.0}).totals[kernel.WAIT_UP]
    assert two == pytest.approx(one / 2.0, rel=0.02)


def test_a_stair_divides_its_width_by_demand() -> None:
    stair = link("S", LinkKind.STAIR, capacity_p_s=1.0, direction=0)
    sim = play(station(stair), 150, up={0: 200.0}, down={0: 100.0})
    assert sim.link[0, kernel.Q_UP] == pytest.approx(2.0 * sim.link[0, kernel.Q_DOWN], rel=0.06)
    left = sim.totals[kernel.LEFT] + sim.platform.sum() + sim.link[0, kernel.ONBOARD]
    assert left == pytest.approx(150.0, rel=0.02)


def test_longer_steps_of_the_predictor_give_the_same_waiting() -> None:
    layout = station(link("E"), link("F", direction=-1))
    fine = play(layout, 1200, up={60: 300.0}, down={60: 200.0})
    coarse = play(layout, 1200, up={60: 300.0}, down={60: 200.0}, dt=15.0)
    for column in (kernel.WAIT_UP, kernel.WAIT_DOWN):
        assert coarse.totals[column] == pytest.approx(fine.totals[column], rel=0.10)


def test_nobody_is_lost_or_made() -> None:
    layout = station(link("E", reversible=True), link("F", direction=-1), link("G"))
    rng = np.random.default_rng(5)
    up = {s: float(rng.integers(0, 60)) for s in range(0, 3000, 90)}
    down = {s: float(rng.integers(0, 40)) for s in range(0, 3000, 60)}
    want = np.tile([1.0, -1.0, 1.0], (3600, 1))
    want[600:1500, 0] = -1.0
    want[2400:, 0] = -1.0
    sim = play(layout, 3600, up=up, down=down, want=want)
    assert sim.totals[kernel.REVERSALS] == 3.0
    gone = sim.totals[kernel.LEFT] + sim.totals[kernel.BOARDED]
    assert sim.totals[kernel.CAME] == pytest.approx(gone + sim.inside, abs=1e-6)
    assert sim.link[:, : kernel.ONBOARD + 1].min() >= -1e-9


def test_a_reversal_lasts_as_long_as_clearing_inspection_and_restart() -> None:
    layout = station(link("E", reversible=True), link("F"))
    want = np.tile([1.0, 1.0], (600, 1))
    want[100:, 0] = -1.0
    phases = []
    for seconds in range(100, 260):
        sim = play(layout, seconds, up={90: 10.0}, want=want)
        phases.append((int(sim.link[0, kernel.PHASE]), int(sim.link[0, kernel.DIRECTION])))
    assert phases[0] == (kernel.RUN, 1)
    assert phases[-1] == (kernel.RUN, -1)
    lost = sum(phase != kernel.RUN for phase, _ in phases)
    last_on_s = 97.0
    assert lost == pytest.approx(last_on_s + 40.0 - 100.0 + 30.0 + 20.0, abs=5)


def test_an_escalator_stops_only_when_nobody_is_on_it() -> None:
    layout = station(link("E", reversible=True), link("F"))
    want = np.tile([1.0, 1.0], (400, 1))
    want[20:, 0] = -1.0
    for seconds in range(1, 300, 3):
        sim = play(layout, seconds, up={0: 100.0}, want=want)
        if sim.link[0, kernel.DIRECTION] != 1.0:
            assert sim.ring_up[0].sum() == 0.0
            if sim.link[0, kernel.PHASE] != kernel.RUN:
                assert sim.link[0, kernel.ONBOARD] == 0.0


def test_a_link_told_to_close_stays_at_a_stand() -> None:
    layout = station(link("E", reversible=True), link("F"))
    want = np.zeros((1000, 2))
    want[:, 1] = 1.0
    sim = play(layout, 1000, up={0: 50.0}, want=want)
    assert sim.link[0, kernel.PHASE] == kernel.STOPPED
    assert sim.link[0, kernel.DIRECTION] == 0.0


def test_metering_holds_people_outside_and_off_the_links() -> None:
    layout = station(link("F", direction=-1))
    free = play(layout, 600, down={0: 400.0})
    held = play(layout, 600, down={0: 400.0}, meter=0.25)
    # outside too it is a fluid queue: a triangle of height N and base N / rate
    assert free.totals[kernel.WAIT_OUTSIDE] == pytest.approx(400.0**2 / (2.0 * 5.0), rel=0.02)
    assert held.totals[kernel.WAIT_OUTSIDE] == pytest.approx(400.0**2 / (2.0 * 1.25), rel=0.02)
    assert held.totals[kernel.WAIT_DOWN] < 0.1 * free.totals[kernel.WAIT_DOWN]


def test_a_link_out_of_service_takes_nobody_and_its_queue_goes_elsewhere() -> None:
    layout = station(link("E"), link("F"))
    sim = Simulation(layout, net(layout), 1.0, layout.ride)
    zero = np.zeros((30, 1))
    want, meter = layout.home.astype(np.float64)[None], np.ones(1)
    up = zero.copy()
    up[0] = 200.0
    sim.advance(up, zero, zero, np.ones(2), want, meter)
    before = sim.link[0, kernel.Q_UP]
    sim.advance(zero, zero, zero, np.array([0.0, 1.0]), want, meter)
    assert before > 10.0
    assert sim.link[0, kernel.Q_UP] == 0.0
    assert sim.link[1, kernel.Q_UP] > 0.0
