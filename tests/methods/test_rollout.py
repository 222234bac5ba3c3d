"""Does the rollout obey hand arithmetic, keep mass, and know its own gradient?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jialing.core.errors import InputError
from jialing.core.network import OUTSIDE, FlowNetwork
from jialing.methods.rollout import Problem, Workspace, compile_network, gradient, rollout
from tests.methods.random_networks import STEP_S, random_network, random_problem


def chain(
    *,
    delay_s: float = 0.0,
    backward: bool = False,
    spill_to: tuple[int, int] = (OUTSIDE, OUTSIDE),
    limit: float = np.inf,
) -> FlowNetwork:
    """Tank A (100 m³) -gate-> tank B (100 m³) -pipe-> out; with `backward` the pipe returns to A."""
    return FlowNetwork(
        store_names=("A", "B"),
        store_full=np.array([100.0, 100.0]),
        store_spill_to=np.array(spill_to, dtype=np.int64),
        link_names=("gate", "pipe"),
        link_from=np.array([0, 1]),
        link_to=np.array([1, 0 if backward else OUTSIDE]),
        link_delay_s=np.array([delay_s, 0.0]),
        link_actuator=np.array([0, OUTSIDE]),
        rating_fill=np.array([0.0, 0.5, 1.0]),
        link_rating=np.array([[0.0, 1.0, 1.2], [0.0, 0.5, 0.5]]),
        link_limit=np.array([limit, np.inf]),
        actuator_names=("gate",),
    )


def problem(steps: int = 3, **changed: object) -> Problem:
    """A holds 50 m³, B is dry, nothing comes, nothing costs."""
    plain = Problem(
        v0=np.array([[50.0], [0.0]]),
        inflow=np.zeros((steps, 2, 1)),
        price_spill=np.zeros(2),
        price_limit=np.zeros(2),
        price_leftover=np.zeros(2),
        price_travel=np.zeros(1),
        u0=np.zeros(1),
    )
    return replace(plain, **changed)  # type: ignore[arg-type]


def traces(net: FlowNetwork, asked: Problem, u: object) -> tuple[np.ndarray, ...]:
    plan = np.broadcast_to(np.asarray(u, dtype=float), (asked.steps, 1))
    outcome = rollout(compile_network(net, 10.0), asked, plan, trajectories=True)
    return outcome.v[:, :, 0], outcome.q[:, :, 0], outcome.spill[:, :, 0], outcome.costs


def test_a_half_open_gate_passes_half_its_rating_and_the_pipe_downstream_sees_it_at_once() -> None:
    v, q, _, _ = traces(chain(), problem(1), 0.5)
    # A: fill 0.5 -> 1.0 m³/s x 0.5 x 10 s = 5 m³. B: x = 5 m³, fill 0.05 -> 0.05 m³/s.
    assert q[0] == pytest.approx([0.5, 0.05])
    assert v[0] == pytest.approx([45.0, 4.5])


def test_a_closed_gate_holds_every_drop() -> None:
    v, q, _, _ = traces(chain(), problem(3), 0.0)
    assert np.all(q[:, 0] == 0.0)
    assert np.all(v[:, 0] == 50.0)


def test_a_capacity_factor_multiplies_the_rating() -> None:
    _, q, _, _ = traces(chain(), problem(1, scale=np.array([[0.4, 1.0]])), 0.5)
    assert q[0, 0] == pytest.approx(0.2)


def test_a_link_never_takes_more_than_is_there() -> None:
    v, q, _, _ = traces(
        chain(), problem(1, v0=np.array([[1e-3], [0.0]]), scale=np.full((1, 2), 1e3)), 1
    )
    assert q[0, 0] == pytest.approx(1e-4)
    assert v[0, 0] == 0.0


def test_the_first_link_of_a_store_is_served_first() -> None:
    net = replace(
        chain(),
        link_from=np.array([0, 0]),
        link_to=np.array([OUTSIDE, OUTSIDE]),
        link_actuator=np.array([OUTSIDE, OUTSIDE]),
        link_rating=np.array([[4.0, 4.0, 4.0], [4.0, 4.0, 4.0]]),
    )
    _, q, _, _ = traces(net, problem(1), 1.0)
    assert q[0] == pytest.approx([4.0, 1.0])


def test_a_delay_of_one_and_a_half_steps_splits_between_the_second_and_the_third_step() -> None:
    _, _, spill, _ = traces(
        replace(chain(delay_s=15.0), link_rating=np.array([[0.0, 1.0, 1.2], [0.0, 0.0, 0.0]])),
        problem(4, v0=np.array([[50.0], [100.0]])),
        [[1.0], [0.0], [0.0], [0.0]],
    )
    assert spill[:, 1] == pytest.approx([0.0, 5.0, 5.0, 0.0])


def test_water_that_runs_backward_arrives_one_step_later() -> None:
    v, q, _, _ = traces(chain(backward=True), problem(2), 0.5)
    assert q[0, 1] > 0
    assert v[0, 0] == pytest.approx(45.0)
    assert v[1, 0] + 10.0 * q[1, 0] == pytest.approx(45.0 + 10.0 * q[0, 1])


def test_water_under_way_at_the_start_arrives_in_its_step() -> None:
    v, _, _, _ = traces(chain(), problem(3, transit=np.array([[0.0, 2.0], [9.0, 9.0]])), 0.0)
    assert v[0, 1] == 0.0
    assert v[1, 1] == pytest.approx(20.0 - 10.0 * 0.2)  # fill 0.2 -> 0.2 m³/s leaves


def test_spill_is_what_exceeds_the_store_after_its_releases_and_goes_where_it_is_sent() -> None:
    wet = problem(1, v0=np.array([[150.0], [0.0]]), price_spill=np.array([2.0, 0.0]))
    v, q, spill, costs = traces(chain(spill_to=(1, OUTSIDE)), wet, 0.0)
    assert spill[0, 0] == pytest.approx(50.0)
    assert costs[0] == pytest.approx(100.0)
    assert v[0, 1] + 10.0 * q[0, 1] == pytest.approx(50.0)


def test_spill_that_runs_upstream_arrives_one_step_later() -> None:
    wet = problem(2, v0=np.array([[0.0], [150.0]]))
    v, _, spill, _ = traces(chain(spill_to=(OUTSIDE, 0)), wet, 0.0)
    assert spill[0, 1] == pytest.approx(45.0)
    assert v[:, 0] == pytest.approx([0.0, 45.0])


def test_flow_above_the_limit_is_priced_by_the_amount_above_it() -> None:
    asked = problem(1, price_limit=np.array([3.0, 0.0]), time_weight=np.array([2.0]))
    *_, costs = traces(chain(limit=0.25), asked, 0.5)
    assert costs[0] == pytest.approx(3.0 * 2.0 * (0.5 - 0.25) * 10.0)


def test_leftover_is_charged_in_the_store_and_under_way() -> None:
    asked = problem(1, price_leftover=np.array([1.0, 10.0]))
    *_, costs = traces(chain(delay_s=100.0), asked, 1.0)
    assert costs[0] == pytest.approx(1.0 * 40.0 + 10.0 * 10.0)


def test_travel_counts_from_the_opening_now() -> None:
    asked = problem(2, price_travel=np.array([8.0]), u0=np.array([0.25]))
    *_, costs = traces(chain(), asked, [[0.75], [0.5]])
    assert costs[0] == pytest.approx(8.0 * (0.5**2 + 0.25**2))


def test_a_negative_inflow_empties_a_store_and_no_more() -> None:
    asked = problem(2, inflow=np.array([[[-3.0], [0.0]], [[-3.0], [0.0]]]))
    v, _, _, _ = traces(chain(), asked, 0.0)
    assert v[:, 0] == pytest.approx([20.0, 0.0])


def test_one_source_can_feed_many_stores_by_their_gains() -> None:
    rain = np.array([[[0.5]], [[1.0]]])
    fed = problem(2, inflow=rain, source=np.array([0, 0]), gain=np.array([2.0, 0.0]))
    v, _, _, _ = traces(chain(), fed, 0.0)
    assert v[:, 0] == pytest.approx([60.0, 80.0])
    assert np.all(v[:, 1] == 0.0)


def test_a_nan_in_the_forecast_shows_in_the_cost() -> None:
    asked = problem(3, price_leftover=np.ones(2))
    asked.inflow[1, 0, 0] = np.nan
    *_, costs = traces(chain(), asked, 0.5)
    assert np.isnan(costs[0])


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("v0", np.zeros((3, 1))),
        ("inflow", np.zeros((3, 5, 1))),
        ("inflow", np.zeros((0, 2, 1))),
        ("price_spill", np.zeros(1)),
        ("scale", np.ones((2, 2))),
        ("transit", np.zeros((1, 4))),
        ("source", np.array([0, 7])),
    ],
)
def test_an_array_of_the_wrong_shape_is_named(name: str, wrong: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"rollout: .*(" + name + "|steps)"):
        rollout(compile_network(chain(), 10.0), problem(3, **{name: wrong}), np.zeros((3, 1)))


def test_a_plan_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(InputError, match="plan has shape"):
        rollout(compile_network(chain(), 10.0), problem(3), np.zeros((2, 1)))


def test_a_step_of_no_length_is_refused() -> None:
    with pytest.raises(InputError, match="step_s"):
        compile_network(chain(), 0.0)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_what_comes_in_is_stored_spilled_released_or_under_way(seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = random_network(rng)
    asked = random_problem(net, rng)
    asked = replace(asked, inflow=np.abs(asked.inflow), transit=None)
    stores = len(net.store_names)
    asked = replace(  # charge only what is held at the end, so that the cost reads as a volume
        asked,
        price_spill=np.zeros(stores),
        price_limit=np.zeros(len(net.link_names)),
        price_leftover=np.ones(stores),
        price_travel=np.zeros(len(net.actuator_names)),
    )
    compiled = compile_network(net, STEP_S)
    outcome = rollout(
        compiled, asked, rng.uniform(0, 1, (asked.steps, compiled.actuators)), trajectories=True
    )
    came = asked.v0.sum(axis=0) + STEP_S * asked.inflow.sum(axis=(0, 1))
    left = STEP_S * outcome.q[:, net.link_to == OUTSIDE].sum(axis=(0, 1))
    lost = outcome.spill[:, net.store_spill_to == OUTSIDE].sum(axis=(0, 1))
    assert outcome.costs + left + lost == pytest.approx(came, rel=1e-9)
    assert np.all(outcome.v >= 0)
    assert np.all(outcome.v <= net.store_full[None, :, None] + 1e-9)
    assert np.all(outcome.q >= 0)


@pytest.mark.parametrize("seed", range(12))
def test_the_gradient_agrees_with_finite_differences(seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = random_network(rng, loops=seed % 3 != 0)
    asked = random_problem(net, rng)
    compiled = compile_network(net, STEP_S)
    u = rng.uniform(0.05, 0.95, (asked.steps, compiled.actuators))
    cost, grad = gradient(compiled, asked, u)
    space = Workspace(compiled, asked)
    weights = asked.scenario_weights()

    def value(plan: np.ndarray) -> float:
        return float(space.costs(plan) @ weights)

    assert cost == pytest.approx(value(u), rel=1e-12)
    checked, nudge = 0, 1e-5
    for _ in range(40):
        where = (int(rng.integers(asked.steps)), int(rng.integers(compiled.actuators)))
        above, below = u.copy(), u.copy()
        above[where] += nudge
        below[where] -= nudge
        right, left = (value(above) - cost) / nudge, (cost - value(below)) / nudge
        if abs(right - left) > 1e-3 * (1.0 + abs(right)):
            continue  # a kink between the two: no derivative to compare with
        checked += 1
        assert grad[where] == pytest.approx((right + left) / 2, rel=1e-4, abs=1e-4)
    assert checked >= 30
    assert np.count_nonzero(grad) > 0


def test_the_gradient_reaches_a_gate_above_a_dry_store() -> None:
    asked = problem(4, price_leftover=np.array([1.0, 0.0]))
    net = replace(chain(), link_rating=np.array([[0.0, 1.0, 1.2], [0.0, 40.0, 40.0]]))
    _, grad = gradient(compile_network(net, 10.0), asked, np.zeros((4, 1)))
    assert grad[0, 0] == pytest.approx(-10.0)  # 10 m³ fewer in A, none stays in B


def test_single_precision_agrees_with_double_to_five_digits() -> None:
    rng = np.random.default_rng(5)
    net = random_network(rng)
    asked = random_problem(net, rng, steps=30, scenarios=16)
    u = rng.uniform(0, 1, (30, len(net.actuator_names)))
    cost, grad = gradient(compile_network(net, STEP_S), asked, u)
    cost32, grad32 = gradient(compile_network(net, STEP_S, dtype=np.float32), asked, u)
    assert cost32 == pytest.approx(cost, rel=1e-5)
    assert np.linalg.norm(grad32 - grad) < 1e-2 * np.linalg.norm(grad)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_plain_stores_and_the_general_way_give_the_same(dtype: type) -> None:
    rng = np.random.default_rng(2)
    stores = 12
    plain = FlowNetwork(
        store_names=tuple(map(str, range(stores))),
        store_full=rng.uniform(50, 150, stores),
        store_spill_to=np.full(stores, OUTSIDE),
        link_names=tuple(map(str, range(stores))),
        link_from=np.arange(stores),
        link_to=np.array([*rng.integers(np.arange(1, stores), stores), OUTSIDE]),
        link_delay_s=rng.choice([0.0, 60.0, 120.0], stores),
        link_actuator=np.where(np.arange(stores) % 3 == 0, np.arange(stores) // 3, OUTSIDE),
        rating_fill=np.array([0.0, 0.6, 1.0]),
        link_rating=rng.uniform(0.3, 1.5, (stores, 1)) * np.array([0.0, 1.0, 1.0]),
        link_limit=np.full(stores, np.inf),
        actuator_names=tuple("abcd"),
    )
    twice = {  # a second link that passes nothing sends every store the general way
        name: np.concatenate([getattr(plain, name)] * 2)
        for name in ("link_from", "link_to", "link_delay_s", "link_actuator", "link_limit")
    }
    general = replace(
        plain,
        link_names=tuple(map(str, range(2 * stores))),
        link_rating=np.concatenate([plain.link_rating, np.zeros((stores, 3))]),
        **twice,
    )
    fast = compile_network(plain, STEP_S, dtype=dtype)
    slow = compile_network(general, STEP_S, dtype=dtype)
    assert fast.tables.plain.all()
    assert not slow.tables.plain.any()
    asked = replace(random_problem(plain, rng, steps=25, scenarios=5), scale=None, transit=None)
    asked = replace(asked, price_limit=np.zeros(stores))
    other = replace(asked, price_limit=np.zeros(2 * stores))
    u = rng.uniform(0, 1, (25, 4))
    cost, grad = gradient(fast, asked, u)
    cost_general, grad_general = gradient(slow, other, u)
    digits = 1e-12 if dtype is np.float64 else 1e-4
    assert cost == pytest.approx(cost_general, rel=digits)
    assert grad == pytest.approx(grad_general, rel=digits, abs=digits * np.abs(grad).max())
    assert np.count_nonzero(grad) > 20


def test_scenarios_do_not_touch_each_other() -> None:
    rng = np.random.default_rng(9)
    net = random_network(rng)
    asked = random_problem(net, rng, scenarios=5)
    compiled = compile_network(net, STEP_S)
    u = rng.uniform(0, 1, (asked.steps, compiled.actuators))
    together = rollout(compiled, asked, u).costs
    alone = [rollout(compiled, asked.one_scenario(s), u).costs[0] for s in range(5)]
    assert together == pytest.approx(alone, rel=1e-12)
