"""Do groups of fare gates turn with the tide, under the same interlocks as escalators?"""

from __future__ import annotations

import pytest

import jialing as jl
from jialing.record.reader import open_record

STATION = """
station: gates
title: Fare gates that turn with the tide
open: "06:00"
close: "10:30"
levels:
  - {name: street, elevation_m: 0, area_m2: 900}
  - {name: paid, elevation_m: 0, area_m2: 700}
  - {name: platform, elevation_m: -6, area_m2: 600}
platforms:
  - {name: P1, level: platform, area_m2: 900, share: 1.0, walk_s: 30}
links:
  - {name: E1, kind: escalator, from: platform, to: paid, speed_m_s: 0.65, direction: up, fixed: true}
  - {name: E2, kind: escalator, from: platform, to: paid, speed_m_s: 0.65, direction: up, fixed: true}
  - {name: E3, kind: escalator, from: platform, to: paid, speed_m_s: 0.65, direction: down, fixed: true}
  - {name: L1, kind: lift, from: platform, to: paid, persons: 12, cycle_s: 90}
  - {name: G1, kind: gate, from: paid, to: street, gates: 3, direction: up, fixed: true}
  - {name: G2, kind: gate, from: paid, to: street, gates: 4, direction: up, reversible: true}
  - {name: G3, kind: gate, from: paid, to: street, gates: 3, direction: down, fixed: true}
  - {name: W1, kind: gate, from: paid, to: street, gates: 1, step_free: true}
entrances:
  - {name: A, level: street, share: 1.0, capacity_p_min: 400}
demand:
  alighting:
    base_p_h: 900
    peaks: [{at: "09:15", width_min: 30, p_h: 6500}]
  entering:
    base_p_h: 900
    peaks: [{at: "07:15", width_min: 30, p_h: 6500}]
timetable:
  - {platform: P1, first: "06:01", last: "10:27", every_s: 150, room: 900}
duty: {min_dwell_s: 600, switch_budget: 12, both_ways: true, max_age_s: 90}
"""
IN_S, OUT_S = 1.25 * 3600.0, 3.25 * 3600.0  # 07:15 and 09:15, counted from opening


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> jl.Result:
    folder = tmp_path_factory.mktemp("gates")
    (folder / "gates.yaml").write_text(STATION)
    return jl.run(folder / "gates.yaml", ["fixed", "predictive"], baseline=False, out=folder)


def test_gates_face_inwards_in_the_one_peak_and_outwards_in_the_other(result: jl.Result) -> None:
    record = open_record(result.folder / "predictive")
    directions = record.series("setting:G2")
    assert directions[record.time_s.searchsorted(IN_S)] == -1.0
    assert directions[record.time_s.searchsorted(OUT_S)] == 1.0


def test_people_wait_a_fifth_less_than_before_gates_that_never_turn(result: jl.Result) -> None:
    fixed, predictive = (run.score["waiting"].value for run in result.runs)
    assert predictive < 0.8 * fixed


def test_a_group_of_gates_waits_for_nothing_but_the_operators_key(result: jl.Result) -> None:
    events = open_record(result.folder / "predictive").events
    rules = {event["rule"] for event in events if event.get("answer") == "refuse"}
    assert result["predictive"].score["reversals"].value >= 2.0
    assert rules == {"key"}
