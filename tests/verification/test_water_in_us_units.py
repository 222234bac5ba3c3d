"""One sewer, written in feet, inches and cubic feet or in metres and millimetres, is one sewer."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from desks import decided

from jialing.core.command import Command
from jialing.core.signal import FloatArray
from jialing.core.stages import Desk
from jialing.core.units import ACRE_M2, FOOT_M, HECTARE_M2, INCH_M
from jialing.domains.water.domain import WATER
from jialing.domains.water.plant import SwmmPlant
from jialing.domains.water.settings import FlowLimit, LevelLimit, WaterSettings
from jialing.domains.water.twin import can_fork

pytestmark = pytest.mark.swmm

SAME = 5e-3  # of the most that is seen: SWMM rounds its factors, 0.02832 m³ for a cubic foot [1]
SETTINGS = WaterSettings(
    overflow_nodes={"manhole": True},
    flow_limits=(FlowLimit(link="out", limit_m3s=0.02),),
    level_limits=(LevelLimit(node="tank", depth_m=1.0),),
)


def sewer(*, us: bool) -> str:
    """A manhole that floods, a tank with gate and weir, a well with sluice and pump."""
    foot, inch, acre, unit = (
        (FOOT_M, INCH_M * 1e3, ACRE_M2 / HECTARE_M2, "CFS") if us else (1.0, 1.0, 1.0, "CMS")
    )

    def m(*metres: float) -> str:
        return " ".join(repr(x / foot) for x in metres)

    def mm(*millimetres: float) -> str:
        return " ".join(repr(x / inch) for x in millimetres)

    def m2(area: float) -> str:
        return repr(area / foot**2)

    def m3s(flow: float) -> str:
        return repr(flow / foot**3)

    return f"""[OPTIONS]
FLOW_UNITS {unit}
INFILTRATION HORTON
FLOW_ROUTING DYNWAVE
START_DATE 03/01/2021
END_DATE 03/01/2021
END_TIME 02:00
REPORT_STEP 00:05:00
WET_STEP 00:01:00
DRY_STEP 00:05:00
ROUTING_STEP 5
THREADS 1

[EVAPORATION]
CONSTANT 0

[RAINGAGES]
hill INTENSITY 0:15 1 TIMESERIES storm

[SUBCATCHMENTS]
upper hill manhole {3.0 / acre!r} 60 {m(200.0)} 1.5 0

[SUBAREAS]
upper 0.012 0.1 {mm(1.0, 4.0)} 20 OUTLET

[INFILTRATION]
upper {mm(50.0, 5.0)} 4 7 0

[JUNCTIONS]
manhole {m(20.0, 2.0, 0.0, 0.0, 0.0)}
lane {m(12.0, 3.0, 0.0, 0.0, 0.0)}
culvert {m(7.0, 6.0, 0.0, 0.0, 0.0)}

[OUTFALLS]
works {m(5.0)} FREE NO
creek {m(11.0)} FREE NO

[STORAGE]
tank {m(14.0, 2.5, 0.1)} TABULAR ground 0 0
well {m(8.0, 4.0, 0.2)} TABULAR shaft 0 0

[CONDUITS]
down manhole tank {m(100.0)} 0.013 {m(0.0, 1.5)} 0 0
fall lane well {m(80.0)} 0.013 {m(0.0, 1.0)} 0 0
out culvert works {m(60.0)} 0.013 {m(0.0, 0.0)} 0 0

[PUMPS]
lift well culvert speed ON {m(1.0, 0.4)}

[ORIFICES]
gate tank lane SIDE {m(0.0)} 0.65 NO 0
sluice well culvert SIDE {m(0.0)} 0.65 NO 0

[WEIRS]
spill tank creek TRANSVERSE {m(1.2)} {1.8 / foot**0.5!r} NO 0 0 YES

[XSECTIONS]
down CIRCULAR {m(0.5)} 0 0 0 1
fall CIRCULAR {m(0.4)} 0 0 0 1
out CIRCULAR {m(0.3)} 0 0 0 1
gate RECT_CLOSED {m(0.3, 0.4)} 0 0
sluice CIRCULAR {m(0.15)} 0 0 0
spill RECT_OPEN {m(1.0, 1.5)} 0 0

[CONTROLS]
RULE throttle
IF NODE well DEPTH > {m(1.6)}
THEN ORIFICE gate SETTING = 0.3
ELSE ORIFICE gate SETTING = 0.9

[DWF]
manhole FLOW {m3s(0.01)}

[CURVES]
ground STORAGE {m(0.0)} {m2(100.0)} {m(2.5)} {m2(150.0)}
shaft STORAGE {m(0.0)} {m2(20.0)} {m(4.0)} {m2(20.0)}
speed PUMP4 {m(0.0)} {m3s(0.0)} {m(1.0)} {m3s(0.02)} {m(4.0)} {m3s(0.04)}

[TIMESERIES]
storm 0:00 {mm(20.0)} 0:15 {mm(150.0)} 0:30 {mm(60.0)} 0:45 0
"""


def opened(folder: Path, controller: str, *, us: bool) -> Desk:
    """The sewer at its start, with a controller and a perfect forecast."""
    path = folder / "sewer.inp"
    path.write_text(sewer(us=us), encoding="utf-8")
    case = dataclasses.replace(WATER.case_from_file(path), settings=SETTINGS, forecast="perfect")
    return WATER.desk(case, controller)


def lived(folder: Path, controller: str, *, us: bool) -> dict[str, FloatArray]:
    """What is seen, decided and held in SI, tick by tick, and the score."""
    desk = opened(folder, controller, us=us)
    plant = desk.plant
    assert isinstance(plant, SwmmPlant)
    nodes = range(len(plant.layout.model.nodes))
    told: dict[str, list[FloatArray]] = {"seen": [], "decided": [], "held": [], "entered": []}
    receipt = plant.apply(Command.all_local(len(plant.actuators)))
    going = True
    while going:
        observation, command = decided(desk, receipt)
        receipt = plant.apply(command)
        told["seen"].append(observation.values)
        told["decided"].append(command.targets)
        told["held"].append(plant.engine.volume(nodes))
        told["entered"].append(plant.engine.entered(nodes))
        going = plant.step(desk.tick_s)
    sheet, _ = plant.score()
    plant.close()
    told["score"] = [np.array([q.value for word, q in sheet.items() if word != "mass_error"])]
    return {what: np.array(rows) for what, rows in told.items()}


def differ(a: FloatArray, b: FloatArray) -> float:
    """Largest difference in any column, relative to the column's largest value."""
    np.testing.assert_array_equal(np.isnan(a), np.isnan(b))
    a, b = np.nan_to_num(a), np.nan_to_num(b)
    return float((np.abs(a - b) / np.maximum(np.abs(a).max(axis=0), 1e-9)).max())


def test_levels_flows_volumes_decisions_and_score_are_the_same_in_feet_and_in_metres(
    tmp_path: Path,
) -> None:
    metres, feet = (lived(tmp_path, "equal-filling", us=us) for us in (False, True))
    assert (metres["score"] > 0.0).all()
    for what in metres:
        assert differ(metres[what], feet[what]) < SAME, what


@pytest.mark.parametrize("us", [False, True])
def test_a_gauge_that_is_told_a_rate_reports_that_rate(tmp_path: Path, us: bool) -> None:
    plant = opened(tmp_path, "rules", us=us).plant
    assert isinstance(plant, SwmmPlant)
    plant.engine.set_rain(0, 3e-5)
    plant.step(300.0)
    assert plant.observe()["rain:hill"] == pytest.approx(3e-5, rel=1e-6)
    plant.close()


@pytest.mark.slow
@pytest.mark.skipif(not can_fork(), reason="this system cannot copy a running process")
def test_a_plan_is_the_same_in_feet_and_in_metres(tmp_path: Path) -> None:
    metres, feet = (lived(tmp_path, "predictive", us=us) for us in (False, True))
    assert differ(metres["decided"], feet["decided"]) < 0.1
    assert differ(metres["held"], feet["held"]) < SAME
