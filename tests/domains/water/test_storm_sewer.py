"""The shipped sewer runs cleanly, its own rules are sensible, and they leave something to gain."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from jialing.domains.water.cases import open_case
from jialing.domains.water.settings import Prices
from scripts import make_storm_sewer as town

GATES = ("GA", "GB", "GC", "GD", "GE", "GF")


@dataclass(frozen=True)
class Outcome:
    """What SWMM's own report says of a run; volumes in m³."""

    flooded: Mapping[str, float]
    discharged: Mapping[str, float]
    continuity_percent: tuple[float, ...]
    starts: Mapping[str, int]
    report: str

    @property
    def cost(self) -> float:
        prices, settings = Prices(), open_case("storm-sewer").settings
        price = {
            outfall: prices.sensitive_overflow if creek else prices.overflow
            for outfall, creek in settings.overflow_outfalls.items()
        }
        spilt = sum(price.get(k, 0.0) * v for k, v in self.discharged.items())
        return spilt + prices.flooding * sum(self.flooded.values())


def table(report: str, title: str) -> list[list[str]]:
    """Rows of one summary of a SWMM report."""
    rows, rules = [], 0
    for line in report[report.index(title) :].splitlines()[2:]:
        if "No nodes were flooded" in line:
            return []
        if line.strip().startswith("---"):
            rules += 1
        elif rules >= 2:
            if not line.strip():
                break
            rows.append(line.split())
    return rows


def swmm(folder: Path, text: str) -> Outcome:
    """Run SWMM in a process of its own, and read its report."""
    (folder / "town.inp").write_text(text)
    code = "from swmm.toolkit import solver; solver.swmm_run('town.inp', 'town.rpt', 'town.out')"
    subprocess.run(
        [sys.executable, "-c", code], cwd=folder, check=True, capture_output=True, timeout=60
    )
    report = (folder / "town.rpt").read_text()
    return Outcome(
        flooded={r[0]: 1000 * float(r[5]) for r in table(report, "Node Flooding Summary")},
        discharged={r[0]: 1000 * float(r[4]) for r in table(report, "Outfall Loading Summary")},
        continuity_percent=tuple(
            float(x) for x in re.findall(r"Continuity Error \(%\) \.+ +(-?[\d.]+)", report)
        ),
        starts={r[0]: int(r[2]) for r in table(report, "Pumping Summary")},
        report=report,
    )


def with_openings(openings: Mapping[str, float]) -> str:
    """The model with each gate's rule replaced by one opening."""
    text = open_case("storm-sewer").model.read_text()
    for gate, opening in openings.items():
        rule = f"ORIFICE {gate} SETTING = "
        text, count = re.subn(rf"{rule}CURVE \w+", f"{rule}{opening}", text)
        assert count == 1
    return text


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Outcome]:
    def run(**openings: float) -> Outcome:
        return swmm(tmp_path_factory.mktemp("fixed"), with_openings(openings))

    return run


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return swmm(tmp_path_factory.mktemp("rules"), with_openings({}))


def test_the_shipped_file_is_what_the_script_writes() -> None:
    assert open_case("storm-sewer").model.read_text() == town.build()


def test_the_cell_drifts_down_the_interceptor() -> None:
    starts = [start for start, _ in town.GAUGES.values()]
    assert starts == sorted(set(starts))


@pytest.mark.swmm
def test_swmm_accepts_the_file_without_a_warning(rules: Outcome) -> None:
    assert "WARNING" not in rules.report
    assert "ERROR" not in rules.report


@pytest.mark.swmm
def test_no_water_is_lost(rules: Outcome) -> None:
    assert len(rules.continuity_percent) == 2
    assert max(map(abs, rules.continuity_percent)) < 1.0


@pytest.mark.swmm
def test_steps_converge(rules: Outcome) -> None:
    share = re.search(r"Steps Not Converging +: +([\d.]+)", rules.report)
    assert share
    assert float(share[1]) < 3.0


@pytest.mark.swmm
def test_pumps_do_not_chatter(rules: Outcome) -> None:
    assert set(rules.starts) == {"P1", "P2", "PH"}
    assert all(1 <= starts <= 6 for starts in rules.starts.values())


@pytest.mark.swmm
def test_the_storm_overflows_to_creek_and_river_under_the_rules(rules: Outcome) -> None:
    assert sum(rules.flooded.values()) < 20.0
    assert rules.discharged["OC"] + rules.discharged["OD"] > 1000.0
    assert rules.discharged["OB"] + rules.discharged["OE"] > 1000.0
    assert rules.discharged["PLANT"] > 10_000.0


@pytest.mark.swmm
def test_the_rules_are_no_straw_man(rules: Outcome, fixed: Callable[..., Outcome]) -> None:
    for opening in (0.1, 0.2, 0.3, 0.5):
        assert rules.cost < 1.01 * fixed(**dict.fromkeys(GATES, opening)).cost


@pytest.mark.swmm
def test_open_gates_flood_the_low_streets(fixed: Callable[..., Outcome]) -> None:
    flooded = fixed(**dict.fromkeys(GATES, 1.0)).flooded
    assert sum(flooded[low] for low in ("Q1", "Q2", "Q3")) > 1000.0


@pytest.mark.swmm
def test_six_openings_chosen_for_this_storm_beat_the_rules_by_a_tenth(
    rules: Outcome, fixed: Callable[..., Outcome]
) -> None:
    chosen = fixed(GA=0.02, GB=0.1, GC=0.7, GD=0.5, GE=0.05, GF=0.05)
    assert chosen.cost < 0.9 * rules.cost
