"""Rivals get sensible settings: SUMO's actuated control, and fixed times after Webster."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from signals import signal

from jialing.domains.traffic.actuated import MAX_GREEN_S, MIN_GREEN_S, green_span_s, write_actuated
from jialing.domains.traffic.junction import Junction, Phase
from jialing.domains.traffic.layout import saturation_headway
from jialing.domains.traffic.webster import LONGEST_S, SHORTEST_S, green_times_s, write_webster


def two_streets() -> Junction:
    """Two streams that cross; 4 s lost at each change."""
    return signal(
        "J",
        (0, 1),
        ("Gr", "rG"),
        conflicts=[(0, 1)],
        phases=[("Gr", 30.0), ("yr", 3.0), ("rr", 1.0), ("rG", 30.0), ("ry", 3.0), ("rr", 1.0)],
    )


def demand(*load: float) -> np.ndarray:
    """Flows that fill each movement to this part of saturation."""
    flow: np.ndarray = np.array(load) * 3600.0 / saturation_headway(two_streets())
    return flow


def test_greens_share_the_cycle_as_the_loads_do() -> None:
    greens = green_times_s(two_streets(), demand(0.5, 0.25))
    # L = 8 + 2, C = (1.5 * 10 + 5) / (1 - 0.75) = 80; 70 s of green in the parts 2 : 1
    assert greens.tolist() == pytest.approx([47.0 + 1.0, 23.0 + 1.0], abs=1.0)


@pytest.mark.parametrize(
    ("load", "cycle_s"), [((0.01, 0.01), SHORTEST_S), ((0.6, 0.5), LONGEST_S), ((0, 0), SHORTEST_S)]
)
def test_a_cycle_stays_within_what_is_usual(load: tuple[float, float], cycle_s: float) -> None:
    greens = green_times_s(two_streets(), demand(*load))
    assert greens.sum() + 8.0 == pytest.approx(cycle_s, abs=2.0)


def test_no_green_is_shorter_than_its_minimum() -> None:
    assert green_times_s(two_streets(), demand(0.5, 0.0))[1] == 5.0


def test_a_lane_with_two_phases_takes_from_each() -> None:
    junction = signal("J", (0, 1, 2), ("GGr", "rGG"), phases=[("GGr", 30.0), ("rGG", 30.0)])
    flow = np.array([0.2, 0.6, 0.2]) * 3600.0 / saturation_headway(junction)
    greens = green_times_s(junction, flow)
    assert greens[0] == greens[1]


def written(path: Path) -> ElementTree.Element:
    return ElementTree.parse(path).getroot()  # noqa: S314


def test_the_file_for_webster_keeps_phases_and_sets_green_times(tmp_path: Path) -> None:
    junction = two_streets()
    path = write_webster([junction], [demand(0.5, 0.25)], tmp_path)
    (light,) = written(path)
    assert (light.get("id"), light.get("type")) == ("J", "static")
    states = [phase.get("state") for phase in light]
    assert states == [phase.state for phase in junction.programmes[0].phases]
    durations = [float(phase.get("duration", "0")) for phase in light]
    assert durations[1:3] == [3.0, 1.0]
    assert durations[0] > 1.5 * durations[3]


def test_the_file_for_actuated_control_lets_greens_alone_vary(tmp_path: Path) -> None:
    (light,) = written(write_actuated([two_streets()], tmp_path))
    assert light.get("type") == "actuated"
    varied = [phase.get("state") for phase in light if "maxDur" in phase.attrib]
    assert varied == ["Gr", "rG"]


def test_a_span_of_the_file_is_kept_and_a_fixed_green_gets_the_usual_one() -> None:
    fixed = Phase(state="Gr", duration_s=30.0, min_s=30.0, max_s=30.0)
    assert green_span_s(fixed) == (MIN_GREEN_S, MAX_GREEN_S)
    assert green_span_s(Phase(state="Gr", duration_s=80.0, min_s=80.0, max_s=80.0))[1] == 80.0
    given = Phase(state="Gr", duration_s=30.0, min_s=8.0, max_s=40.0)
    assert green_span_s(given) == (8.0, 40.0)
    hasty = Phase(state="Gr", duration_s=30.0, min_s=2.0, max_s=40.0)
    assert green_span_s(hasty) == (MIN_GREEN_S, 40.0)
