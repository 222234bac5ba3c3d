"""Does any controller beat what we say none can beat?"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from water_files import ABSENT, astlingen

import jialing as jl
from jialing.domains.water.bound import bound_step_s, gather_inflows, overflow_bound
from jialing.domains.water.domain import WATER

pytestmark = [pytest.mark.swmm, pytest.mark.slow]


def test_no_controller_of_ours_beats_the_bound_on_the_shipped_sewer(tmp_path: Path) -> None:
    case = dataclasses.replace(jl.case("storm-sewer"), forecast="perfect")
    result = jl.run(case, ["open", "equal-filling"], out=tmp_path, bound=True)
    assert result.bound is not None
    costs = [run.score["cost"].value for run in result.runs]
    assert 0.0 <= result.bound.value < min(costs)
    assert "bound" in result.to_dict()
    text = result.table()
    assert "No control has a cost below" in text
    assert all(sentence in text for sentence in result.bound.statement)


def test_a_run_without_the_wish_has_no_bound(tmp_path: Path) -> None:
    case = dataclasses.replace(jl.case("storm-sewer"), duration_s=1800.0)
    result = jl.run(case, "open", baseline=False, out=tmp_path)
    assert result.bound is None
    assert "bound" not in result.to_dict()


def test_the_distance_to_the_bound_is_told_beside_the_baseline_only(tmp_path: Path) -> None:
    case = dataclasses.replace(jl.case("storm-sewer"), duration_s=600.0)
    alone = jl.run(case, "open", baseline=False, out=tmp_path, bound=True)
    assert alone.bound is not None  # of a run no longer than one step, too
    assert 0.0 <= alone.bound.value <= alone["open"].score["cost"].value
    assert "No control has a cost below" in alone.table()
    assert "distance to the bound" not in alone.table()
    beside = jl.run(case, "open", out=tmp_path, bound=True)
    assert "rules: 100% of the baseline's distance to the bound is left" in beside.table()


def test_storages_that_seep_have_no_bound(tmp_path: Path) -> None:
    model = jl.case("storm-sewer").model.read_text()
    lines, inside = [], False
    for line in model.splitlines():
        if line.startswith("["):
            inside = line.strip() == "[STORAGE]"
        elif inside and line.strip() and not line.startswith(";"):
            line = f"{line.rstrip().removesuffix('0')}0.5"
        lines.append(line)
    path = tmp_path / "dry.inp"
    path.write_text("\n".join(lines))
    with pytest.raises(jl.JialingError, match="evaporates or seeps"):
        WATER.bound(jl.case(path))


def test_long_runs_are_bounded_in_longer_steps() -> None:
    assert bound_step_s(6 * 3600.0) == 900.0
    assert bound_step_s(56 * 86400.0) == 3300.0


@pytest.mark.skipif(not astlingen()[0].is_file(), reason=ABSENT)
def test_astlingen_must_spill_most_of_what_equal_filling_spills_in_october_2005() -> None:
    case = jl.case("astlingen-oct2005")
    desk = WATER.desk(case, "rules")
    try:
        inflows = gather_inflows(desk.plant, desk.duration_s, 3600.0)
        bound = overflow_bound(desk.plant.layout, inflows)
    finally:
        desk.plant.close()
    equal_filling_m3 = 77_484.0  # as published; measured in benchmarks/results
    assert 0.85 * equal_filling_m3 < bound.value < equal_filling_m3
