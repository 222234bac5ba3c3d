"""Do our queues agree with every pedestrian simulated? The station kernel against JuPedSim.

One platform of 120 m by 10 m; a train unloads along it, and everyone leaves over two escalators
(1.5 p/s each) and a stair (1.1 p/s) at its end. JuPedSim moves each person with the collision-free
speed model; the kernel gets the same arrivals at the foot of the links.

Needs the extra `metro-verify`. Writes docs/explanation/metro-verification.md with its .json and .png.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter, deque
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jupedsim
import matplotlib
import numpy as np
from shapely import box

from jialing.domains.metro import kernel
from jialing.domains.metro.layout import lay_out
from jialing.domains.metro.simulation import Simulation, net
from jialing.domains.metro.station import (
    DOWN,
    Entrance,
    Level,
    Link,
    LinkKind,
    Platform,
    Profile,
    Station,
)

matplotlib.use("Agg")
from matplotlib import pyplot

OUT = Path(__file__).resolve().parents[1] / "docs" / "explanation"
LENGTH_M, WIDTH_M, DOORS = 120.0, 10.0, 24
FEET = {"E1": (1.6, 2.8), "E2": (3.2, 4.4), "ST": (6.4, 8.4)}  # across the platform's end [m]
CAPACITY = {"E1": 1.5, "E2": 1.5, "ST": 1.1}  # [1/s]
RIDE = {"E1": 38.0, "E2": 38.0, "ST": 50.0}  # [s]
SPEED, SPREAD, SLOWEST, FASTEST = 1.34, 0.26, 0.6, 2.0  # free walking [m/s]; Weidmann (1993)
LOADS = ((200, 25.0), (500, 25.0), (1000, 40.0), (2000, 40.0))  # people, and seconds to alight
SEEDS = (0, 1, 2)
HAMPERED = 6.7  # m²·s/m: what fits 100 people, seeds 11 to 15, which are not shown
STEP_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Of one load: clearance and mean time from door to link, of both models; who was stuck."""

    people: int
    seed: int
    clear_jupedsim_s: float
    clear_ours_s: float
    mean_jupedsim_s: float
    mean_ours_s: float
    stuck: int


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Who leaves the train: when [s], at which door, with which free speed [m/s]."""

    at_s: np.ndarray
    x_m: np.ndarray
    y_m: np.ndarray
    speed: np.ndarray


def crowd(people: int, alight_s: float, seed: int) -> Crowd:
    """A train's people, from a seed."""
    rng = np.random.default_rng(seed)
    at_s = np.sort(rng.uniform(0.0, alight_s, people))
    doors = np.linspace(2.5, LENGTH_M - 2.5, DOORS)[rng.integers(0, DOORS, people)]
    x_m = doors + rng.uniform(-0.6, 0.6, people)
    y_m = np.where(rng.integers(0, 2, people) == 0, 0.4, WIDTH_M - 0.4)
    speed = np.clip(rng.normal(SPEED, SPREAD, people), SLOWEST, FASTEST)
    return Crowd(at_s=at_s, x_m=x_m, y_m=y_m, speed=speed)


def walked(people: Crowd) -> np.ndarray:
    """Time at which each reaches the foot of the links [s].

    Who is faster than others meets slower people at a rate of density times relative speed, so
    v' = v / (1 + b rho E[(v - V)+]), V normal, but no slower than the slower half of the crowd walks
    on average. b is `HAMPERED`; rho is the train's load per area of the platform.
    """
    z = (people.speed - SPEED) / SPREAD
    normal = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    below = np.array([0.5 * (1.0 + math.erf(each / math.sqrt(2.0))) for each in z])
    faster = SPREAD * (z * below + normal)
    density = len(people.speed) / (LENGTH_M * WIDTH_M)
    way = np.hypot(LENGTH_M - 1.0 - people.x_m, WIDTH_M / 2.0 - people.y_m)
    slower_half = SPEED - SPREAD * math.sqrt(2.0 / math.pi)
    hampered = people.speed / (1.0 + HAMPERED * density * faster)
    return people.at_s + way / np.maximum(hampered, np.minimum(people.speed, slower_half))


def ours(people: Crowd) -> tuple[np.ndarray, float]:
    """People who have entered a link by each second, and their mean time from door to link [s]."""
    layout = lay_out(_station())
    simulation = Simulation(layout, net(layout), 1.0, layout.ride)
    seconds = 900
    up = np.bincount(walked(people).astype(int), minlength=seconds)[:seconds, None].astype(float)
    nobody, links = np.zeros((1, 1)), len(layout.link_stage)
    gone = np.zeros(seconds)
    for t in range(seconds):
        simulation.advance(
            up[t : t + 1],
            nobody,
            nobody,
            np.ones(links),
            layout.home.astype(float)[None, :],
            np.ones(1),
        )
        state = simulation.link
        waiting = state[:, kernel.Q_UP].sum() + simulation.pool.sum()
        gone[t] = up[: t + 1].sum() - waiting
    entered = np.diff(gone, prepend=0.0)
    mean_s = float((entered * (np.arange(seconds) + 0.5)).sum() / gone[-1] - people.at_s.mean())
    return gone, mean_s


def _station() -> Station:
    quiet = Profile(times_s=(0.0, 3600.0), rates_p_s=(0.0, 0.0))
    links = tuple(
        Link(
            name=name,
            kind=LinkKind.STAIR if name == "ST" else LinkKind.ESCALATOR,
            lower="platform",
            upper="street",
            capacity_p_s=CAPACITY[name],
            ride_s=RIDE[name],
            direction=0 if name == "ST" else 1,
        )
        for name in FEET
    )
    down = Link(
        name="E0",
        kind=LinkKind.ESCALATOR,
        lower="platform",
        upper="street",
        capacity_p_s=1.5,
        ride_s=38.0,
        direction=DOWN,
    )
    return Station(
        name="one-platform",
        title="one platform",
        path=Path(__file__),
        open_s=0.0,
        close_s=3600.0,
        levels=(
            Level(name="street", elevation_m=0.0, area_m2=500.0),
            Level(name="platform", elevation_m=-10.0, area_m2=500.0),
        ),
        platforms=(Platform(name="P", level="platform", area_m2=1200.0, share=1.0, walk_s=45.0),),
        links=(*links, down),
        entrances=(Entrance(name="A", level="street", share=1.0, capacity_p_s=5.0),),
        trains=(),
        alighting=quiet,
        entering=quiet,
        numbers={"stair_effort_s": 0.0},
    )


def theirs(people: Crowd, seed: int) -> tuple[np.ndarray, np.ndarray, int]:
    """When each left the platform and how long it took [s], and how many were stuck."""
    rng = np.random.default_rng([seed, 5])
    model = jupedsim.CollisionFreeSpeedModel(
        strength_neighbor_repulsion=2.6,
        range_neighbor_repulsion=0.1,
        range_geometry_repulsion=0.05,
    )
    simulation = jupedsim.Simulation(model=model, geometry=box(0, 0, LENGTH_M, WIDTH_M), dt=STEP_S)
    stage, journey, foot = {}, {}, {}
    for name, (low, high) in FEET.items():
        stage[name] = simulation.add_waypoint_stage((LENGTH_M - 0.2, (low + high) / 2.0), 0.05)
        journey[name] = simulation.add_journey(jupedsim.JourneyDescription([stage[name]]))
        corner = box(LENGTH_M - 1.0, low - 0.1, LENGTH_M, high + 0.1).exterior.coords
        foot[name] = list(corner)[:-1]
    coming = deque(range(len(people.at_s)))
    outside: deque[int] = deque()  # stepped out of the train, but no room beside the door yet
    aims: dict[int, tuple[str, int]] = {}
    credit = dict.fromkeys(FEET, 0.0)
    left, took, time_s, last_s, step = [], [], 0.0, 0.0, 0
    while (coming or outside or aims) and time_s - last_s < 90.0:
        while coming and people.at_s[coming[0]] <= time_s:
            outside.append(coming.popleft())
        heading = Counter(aim for aim, _ in aims.values())
        for _ in range(len(outside)):
            i = outside.popleft()
            name = _choice(people, i, heading, rng)
            try:
                agent = simulation.add_agent(
                    jupedsim.CollisionFreeSpeedModelAgentParameters(
                        position=(float(people.x_m[i]), float(people.y_m[i])),
                        journey_id=journey[name],
                        stage_id=stage[name],
                        radius=0.18,
                        time_gap=0.7,
                        desired_speed=float(people.speed[i]),
                    )
                )
            except RuntimeError:  # someone stands there: try again in the next step
                outside.append(i)
                continue
            aims[agent] = name, i
            heading[name] += 1
        for name in FEET:  # a link takes people at its capacity; fractions are carried over
            credit[name] = min(credit[name] + CAPACITY[name] * STEP_S, 1.2)
            if credit[name] < 1.0:
                continue
            here = [
                k for k in simulation.agents_in_polygon(foot[name]) if aims.get(k, ("",))[0] == name
            ]
            if here:
                simulation.mark_agent_for_removal(here[0])
                _, i = aims.pop(here[0])
                credit[name] -= 1.0
                left.append(time_s)
                took.append(time_s - people.at_s[i])
                last_s = time_s
        if step % 20 == 0:
            _share_out(simulation, aims, journey, stage)
        simulation.iterate()
        time_s += STEP_S
        step += 1
    return np.array(left), np.array(took), len(aims) + len(outside) + len(coming)


def _choice(people: Crowd, i: int, heading: Counter[str], rng: np.random.Generator) -> str:
    """The link that seems quickest from the door."""
    costs = {}
    for name, (low, high) in FEET.items():
        queue = heading[name] / CAPACITY[name]
        way = math.hypot(people.x_m[i] - LENGTH_M, people.y_m[i] - (low + high) / 2.0)
        costs[name] = way / SPEED + queue + RIDE[name] + 4.0 * rng.gumbel()
    return min(costs, key=lambda name: costs[name])


def _share_out(
    simulation: jupedsim.Simulation,
    aims: dict[int, tuple[str, int]],
    journey: dict[str, int],
    stage: dict[str, int],
) -> None:
    """In front of the links people go to the one before them, in proportion to capacity."""
    near = sorted(
        (agent.position[1], agent.id)
        for agent in simulation.agents()
        if agent.position[0] > LENGTH_M - 30.0 and agent.id in aims
    )
    total, taken, upto = sum(CAPACITY.values()), 0, 0.0
    for name in FEET:
        upto += CAPACITY[name] / total * len(near)
        while taken < len(near) and taken < upto:
            agent = near[taken][1]
            if aims[agent][0] != name:
                simulation.switch_agent_journey(agent, journey[name], stage[name])
                aims[agent] = name, aims[agent][1]
            taken += 1


PAGE = """# The station model against every pedestrian

Made by `scripts/verify_metro.py` (extra `metro-verify`), JuPedSim {jupedsim}. One platform of 120 m by
10 m; a train unloads along it, and all leave over two escalators (1.5 p/s each) and a stair (1.1 p/s) at
its end. JuPedSim moves every person with the collision-free speed model. Our kernel gets the same people
as they reach the foot of the links and does the queues, the choice and the links.

| people | seed | cleared, JuPedSim [s] | ours [s] | apart | mean time, JuPedSim [s] | ours [s] | apart |
|---|---|---|---|---|---|---|---|
{rows}

Largest difference: {clear:.1f} % in clearance, {mean:.1f} % in mean time. {stuck}

![How many have left the platform over time, in both models](metro-verification.png)

What is fitted: the walk to the links, and nothing else. Fast walkers are held up by slow ones at a rate of
density times relative speed; the one coefficient ({hampered} m²·s/m) is what fits 100 people, five seeds that
are not in the table. Without it the mean time of 200 people would be about 9 % too short. What is not
compared: several levels, counter-flow and boarding, which JuPedSim does not simulate in one piece.
JuPedSim's links take people one by one at their capacity; a fraction left over is carried to the next
person, since dropping it, as a plain counter does, would cost about 5 % of the flow.

JuPedSim asks for PySide6 and vtk, 1.2 GB that only its window needs. To do without them:
`pip install --no-deps jupedsim`, then `pip install numpy shapely deprecated matplotlib`.
"""


def page(about: dict[str, Any]) -> str:
    """The page of the documents."""
    rows, worst = [], {"clear": 0.0, "mean": 0.0}
    for each in about["outcomes"]:
        cells = [str(each["people"]), str(each["seed"])]
        for word in worst:
            theirs_s, ours_s = each[f"{word}_jupedsim_s"], each[f"{word}_ours_s"]
            apart = 100.0 * (ours_s / theirs_s - 1.0)
            worst[word] = max(worst[word], abs(apart))
            cells += [f"{theirs_s:.1f}", f"{ours_s:.1f}", f"{apart:+.1f} %"]
        rows.append(f"| {' | '.join(cells)} |")
    stuck = sum(each["stuck"] for each in about["outcomes"])
    said = (
        f"JuPedSim left {stuck} people stuck, who are not counted."
        if stuck
        else "Nobody was stuck."
    )
    missing = sorted(
        {people for people, _ in LOADS} - {each["people"] for each in about["outcomes"]}
    )
    if missing:
        said += f" Not run: {missing} people."
    return PAGE.format(
        jupedsim=about["jupedsim"],
        hampered=about["hampered"],
        rows="\n".join(rows),
        stuck=said,
        **worst,
    )


def compare(load: tuple[int, float, int]) -> tuple[Outcome, np.ndarray, np.ndarray]:
    """Both models on one load: people, time to alight, seed."""
    people, alight_s, seed = load
    found = crowd(people, alight_s, seed)
    left, took, stuck = theirs(found, seed)
    gone, mean_s = ours(found)
    outcome = Outcome(
        people=people,
        seed=seed,
        clear_jupedsim_s=float(left.max()),
        clear_ours_s=float(np.searchsorted(gone, len(left) - 0.5)),
        mean_jupedsim_s=float(took.mean()),
        mean_ours_s=mean_s,
        stuck=stuck,
    )
    print(outcome, flush=True)
    return outcome, left, gone


def main() -> int:
    loads = [(people, alight_s, seed) for people, alight_s in LOADS for seed in SEEDS]
    with ProcessPoolExecutor(max_workers=2) as pool:  # the longest first
        found = list(pool.map(compare, reversed(loads)))[::-1]
    outcomes = [outcome for outcome, _, _ in found]
    curves = {o.people: (left, gone) for o, left, gone in found if o.seed == SEEDS[0]}
    OUT.mkdir(parents=True, exist_ok=True)
    about = {
        "jupedsim": jupedsim.__version__,
        "numpy": np.__version__,
        "hampered": HAMPERED,
        "outcomes": [asdict(each) for each in outcomes],
    }
    (OUT / "metro-verification.json").write_text(json.dumps(about, indent=1) + "\n")
    (OUT / "metro-verification.md").write_text(page(about))
    figure, axes = pyplot.subplots(1, len(curves), figsize=(11, 2.6), constrained_layout=True)
    for axis, (people, (left, gone)) in zip(axes, curves.items(), strict=True):
        axis.step(np.sort(left), np.arange(1, len(left) + 1), color="#888", lw=3, label="JuPedSim")
        axis.plot(np.arange(len(gone)) + 1.0, gone, color="#0a6ebd", lw=1.4, label="queue model")
        axis.set(title=f"{people} people", xlabel="s", xlim=(0, 1.15 * left.max()))
    axes[0].set_ylabel("left the platform")
    axes[0].legend(frameon=False, fontsize=8)
    figure.savefig(OUT / "metro-verification.png", dpi=90)
    return 0


if __name__ == "__main__":
    sys.exit(main())
