"""The storm set covers what it claims, and a derived model sees exactly the storm and no other change."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.storms import LEAD_S, STEP_S, Storm, derived, storm_set, under_storm
from jialing.core.errors import InputError
from jialing.domains.water.cases import open_case
from jialing.domains.water.design_storm import chongqing
from jialing.domains.water.inp import InpFile, read_inp

EVEN = Storm(name="even", years=10, duration_s=3600.0, shape="chicago")
EAST = Storm(
    name="east", years=10, duration_s=3600.0, shape="chicago", heading_deg=0.0, crossing_s=2400.0
)

needs_pystorms = pytest.mark.skipif(
    importlib.util.find_spec("pystorms") is None, reason="pystorms is not installed"
)


def reread(text: str, folder: Path) -> InpFile:
    path = folder / "derived.inp"
    path.write_text(text)
    return read_inp(path)


def rain(inp: InpFile, gauge: str) -> tuple[np.ndarray, np.ndarray]:
    """Times [s] and intensities [file unit] of a gauge's series."""
    row = next(r for r in inp.rows("RAINGAGES") if r.tokens[0] == gauge)
    steps = [r.tokens[1:] for r in inp.rows("TIMESERIES") if r.tokens[0] == row.tokens[5]]
    clock = [[int(x) for x in time.split(":")] for time, _ in steps]
    return np.array([h * 3600 + m * 60 for h, m in clock]), np.array([float(r) for _, r in steps])


@pytest.fixture
def sewer() -> InpFile:
    return read_inp(open_case("storm-sewer").model)


def test_the_set_covers_what_it_claims() -> None:
    storms = storm_set()
    assert len(storms) >= 20
    assert len({storm.name for storm in storms}) == len(storms)
    assert min(s.years for s in storms) == 1
    assert max(s.years for s in storms) == 50
    assert min(s.duration_s for s in storms) == 1800
    assert max(s.duration_s for s in storms) == 12 * 3600
    assert {s.shape for s in storms} == {"block", "chicago", "euler"}
    assert sum(s.heading_deg is not None for s in storms) >= 4
    assert sum(s.second > 0 for s in storms) >= 2


def test_the_same_seed_draws_the_same_storms() -> None:
    assert storm_set(3) == storm_set(3)
    assert storm_set(3) != storm_set(4)


def test_every_storm_holds_its_design_depth() -> None:
    for storm in storm_set():
        bursts = (1.0 + storm.second) if storm.second else 1.0
        one = (storm.duration_s - storm.pause_s) / (2.0 if storm.second else 1.0)
        depth = storm.rates().sum() * STEP_S
        assert depth == pytest.approx(bursts * chongqing(storm.years)(one)), storm.name
        assert len(storm.rates()) * STEP_S == storm.duration_s


def test_an_unknown_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="allowed: block, chicago, euler"):
        Storm(name="x", years=1, duration_s=3600.0, shape="triangle").rates()


def test_every_gauge_sees_an_even_storm_at_once(sewer: InpFile, tmp_path: Path) -> None:
    inp = reread(derived(sewer, EVEN), tmp_path)
    for gauge in ("RG1", "RG2", "RG3", "RG4"):
        times, rates = rain(inp, gauge)
        assert times[rates > 0][0] == LEAD_S
        depth_mm = rates.sum() * STEP_S / 3600
        assert depth_mm == pytest.approx(1000 * chongqing(10)(3600), rel=1e-3)


def test_a_front_passes_the_gauges_in_its_direction(sewer: InpFile, tmp_path: Path) -> None:
    inp = reread(derived(sewer, EAST), tmp_path)
    starts = []
    for gauge in ("RG1", "RG2", "RG3", "RG4"):
        times, rates = rain(inp, gauge)
        starts.append(times[rates > 0][0] - LEAD_S)
    assert starts == sorted(set(starts))
    assert starts[0] == 0
    assert starts[-1] == EAST.crossing_s


def test_a_narrow_core_is_weaker_aside(sewer: InpFile, tmp_path: Path) -> None:
    narrow = Storm(
        name="n", years=10, duration_s=3600.0, shape="block", heading_deg=90.0, width=0.5
    )
    inp = reread(derived(sewer, narrow), tmp_path)
    core = [rain(inp, gauge)[1].max() for gauge in ("RG1", "RG2", "RG3", "RG4")]
    assert core[0] < core[1]
    assert core[3] < core[2]


def test_only_the_rain_and_the_end_change(sewer: InpFile, tmp_path: Path) -> None:
    inp = reread(derived(sewer, EVEN, tail_s=3600.0), tmp_path)
    for name in set(sewer.sections) - {"TIMESERIES", "RAINGAGES", "OPTIONS"}:
        assert [r.tokens for r in inp.rows(name)] == [r.tokens for r in sewer.rows(name)]
    before = {r.tokens[0]: r.tokens[1] for r in sewer.rows("OPTIONS")}
    after = {r.tokens[0]: r.tokens[1] for r in inp.rows("OPTIONS")}
    assert {k for k in before if before[k] != after[k]} == {"END_TIME"}
    assert after["END_TIME"] == "16:30:00"
    assert {r.tokens[0] for r in inp.rows("TIMESERIES")} == {f"storm_RG{i}" for i in (1, 2, 3, 4)}


def test_a_series_that_an_inflow_uses_stays(sewer: InpFile, tmp_path: Path) -> None:
    text = "\n".join(sewer.text_lines) + "\n[INFLOWS]\nA1 FLOW RG1 FLOW 1.0 1.0\n"
    inp = reread(derived(reread(text, tmp_path), EVEN), tmp_path)
    series = {r.tokens[0] for r in inp.rows("TIMESERIES")}
    assert "RG1" in series
    assert "RG2" not in series


def test_a_model_without_gauges_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dry.inp"
    path.write_text("[JUNCTIONS]\nJ1 0\n")
    with pytest.raises(InputError, match="no \\[RAINGAGES\\]"):
        derived(read_inp(path), EVEN)


@needs_pystorms
def test_a_single_gauge_is_split_for_a_front(tmp_path: Path) -> None:
    case = under_storm(open_case("theta"), EAST, tmp_path)
    inp = read_inp(case.model)
    under = {r.tokens[0]: r.tokens[1] for r in inp.rows("SUBCATCHMENTS")}
    assert under == {"SC1": "gauge1", "3": "gauge2"}
    starts = [rain(inp, gauge)[0][1] for gauge in ("gauge1", "gauge2")]
    assert starts[1] - starts[0] == EAST.crossing_s


@needs_pystorms
def test_us_models_get_inches(tmp_path: Path) -> None:
    case = under_storm(open_case("alpha"), EVEN, tmp_path, scale=0.5)
    _, rates = rain(read_inp(case.model), "RainGage")
    inches = 0.5 * chongqing(10)(3600) / 0.0254
    assert rates.sum() * STEP_S / 3600 == pytest.approx(inches, rel=1e-3)


@pytest.mark.swmm
def test_swmm_measures_the_storm_that_was_asked_for(tmp_path: Path) -> None:
    case = under_storm(open_case("storm-sewer"), EVEN, tmp_path)
    run = f"from swmm.toolkit import solver; solver.swmm_run({str(case.model)!r}, 'r', 'o')"
    subprocess.run([sys.executable, "-c", run], cwd=tmp_path, check=True, capture_output=True)
    report = (tmp_path / "r").read_text()
    found = re.search(r"Total Precipitation \.+ +\S+ +(\S+)", report)
    assert found
    assert float(found[1]) == pytest.approx(1000 * chongqing(10)(3600), rel=0.005)
