"""Regulators, storages and shapes agree with hand theory; SWMM itself is asked in verification."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jialing.domains.water.hydraulics import (
    GRAVITY,
    Law,
    OrificeLaw,
    OutletLaw,
    PumpLaw,
    WeirLaw,
    setting_for_flow,
)
from jialing.domains.water.links import Outlet, PumpCurve, Weir
from jialing.domains.water.shapes import CrossSection, plain_section
from jialing.domains.water.storage import Storage, shape_coefficients, to_si

NONE = np.empty(0)
GATE = OrificeLaw(crest_m=10.0, height_m=0.4, width_m=0.5, coefficient=0.65, side=True)
CREST = WeirLaw(
    crest_m=10.0, height_m=1.0, width_m=2.0, bottom_m=0.0, coefficient=1.8,
    weir=Weir(kind="TRANSVERSE", end_contractions=0.0, end_coefficient=0.0, side_slope=0.0,
              can_surcharge=False, curve_x=NONE, curve_y=NONE),
)  # fmt: skip
RATED = OutletLaw(
    crest_m=10.0,
    outlet=Outlet(by_head=False, coefficient=0.3, exponent=0.5, curve_x=NONE, curve_y=NONE),
)
PUMP = PumpLaw(
    curve=PumpCurve(name="lift", kind="PUMP4", x=np.array([0.0, 2.0]), y=np.array([0.0, 0.4])),
    invert_m=9.0,
)
LAWS: dict[str, Law] = {"orifice": GATE, "weir": CREST, "outlet": RATED, "pump": PUMP}


def flow(law: Law, setting: float, up: float, down: float) -> float:
    return float(law.flow(np.array(setting), np.array(up), np.array(down)))


def test_a_free_orifice_follows_torricelli() -> None:
    for opening in (1.0, 0.5):
        head = 2.0 - opening * 0.4 / 2.0
        area = 0.5 * 0.4 * opening
        assert flow(GATE, opening, 12.0, 5.0) == pytest.approx(
            0.65 * area * math.sqrt(2.0 * GRAVITY * head)
        )


def test_a_drowned_orifice_follows_the_difference_of_levels() -> None:
    assert flow(GATE, 1.0, 12.0, 11.0) == pytest.approx(0.65 * 0.2 * math.sqrt(2.0 * GRAVITY * 1.0))


def test_a_free_weir_follows_the_power_of_three_halves() -> None:
    assert flow(CREST, 1.0, 10.5, 5.0) == pytest.approx(1.8 * 2.0 * 0.5**1.5)


def test_lowering_a_weirs_setting_raises_its_crest() -> None:
    assert flow(CREST, 0.5, 10.4, 5.0) == 0.0
    assert flow(CREST, 0.5, 10.9, 5.0) == pytest.approx(1.8 * 2.0 * 0.4**1.5)


def test_a_rated_outlet_and_a_pump_scale_with_their_setting() -> None:
    assert flow(RATED, 0.5, 11.0, 5.0) == pytest.approx(0.15)
    assert flow(PUMP, 0.5, 10.0, 20.0) == pytest.approx(0.1)
    assert flow(PUMP, 0.0, 10.0, 20.0) == 0.0


@pytest.mark.parametrize("name", LAWS)
def test_nothing_passes_when_closed_or_dry(name: str) -> None:
    law = LAWS[name]
    assert flow(law, 0.0, 12.0, 5.0) == 0.0
    assert flow(law, 1.0, 9.0, 5.0) == 0.0


def test_water_flows_back_unless_a_flap_forbids_it() -> None:
    flap = OrificeLaw(
        crest_m=10.0, height_m=0.4, width_m=0.5, coefficient=0.65, side=True, has_flap=True
    )
    assert flow(GATE, 1.0, 10.5, 12.0) == pytest.approx(-flow(GATE, 1.0, 12.0, 10.5))
    assert flow(flap, 1.0, 10.5, 12.0) == 0.0
    assert 0.0 < flow(flap, 1.0, 12.0, 5.0) < flow(GATE, 1.0, 12.0, 5.0)


@given(
    st.sampled_from(sorted(LAWS)),
    st.floats(9.0, 14.0),
    st.floats(5.0, 14.0),
    st.floats(0.0, 1.0),
)
def test_more_opening_never_lets_less_through(
    name: str, up: float, down: float, part: float
) -> None:
    if up <= down and name != "pump":
        return
    law = LAWS[name]
    whole = flow(law, 1.0, up, down)
    assert flow(law, part, up, down) <= whole * (1.0 + 1e-9) + 1e-12
    setting = setting_for_flow(law, np.array(part * whole), np.array(up), np.array(down))
    assert flow(law, float(setting), up, down) >= part * whole - 1e-9


def test_arrays_are_answered_element_by_element() -> None:
    up, down = np.array([12.0, 9.0, 12.0]), np.array([5.0, 5.0, 11.0])
    together = GATE.flow(np.array(0.5), up, down)
    assert together.tolist() == [flow(GATE, 0.5, u, d) for u, d in zip(up, down, strict=True)]


def test_a_tank_between_straight_lines_holds_its_trapezia() -> None:
    tank = Storage(
        shape="TABULAR", max_depth_m=4.0, depth_m=np.array([0.0, 2.0]), area_m2=np.array([100.0, 200.0])
    )  # fmt: skip
    assert tank.volume(2.0) == pytest.approx(300.0)
    assert tank.volume(4.0) == pytest.approx(300.0 + 2.0 * 250.0)  # the last slope goes on
    assert tank.volume(9.0) == tank.volume(4.0)
    assert tank.volume(-1.0) == 0.0
    assert tank.depth(300.0) == pytest.approx(2.0)
    assert tank.depth(1e9) == 4.0


@pytest.mark.parametrize(
    ("shape", "values", "volume"),
    [
        ("FUNCTIONAL", (50.0, 1.0, 100.0), 100 * 2 + 25 * 4),
        ("CYLINDRICAL", (4.0, 4.0, 0.0), math.pi * 4 * 2),
        ("PYRAMIDAL", (4.0, 3.0, 0.5), (12 + 4 * (4 + 2 / 2) * (3 + 2 / 2) + (4 + 2) * (3 + 2)) * 2 / 6),
        ("CONICAL", (4.0, 4.0, 0.5), math.pi * 2 / 3 * (2**2 + 2 * 3 + 3**2)),
        ("PARABOLIC", (4.0, 4.0, 2.0), math.pi * 4 * 2 / 2),
    ],
)  # fmt: skip
def test_solid_shapes_hold_what_geometry_says(
    shape: str, values: tuple[float, float, float], volume: float
) -> None:
    a0, a1, a2 = to_si(shape, shape_coefficients(shape, *values), 1.0)
    tank = Storage(shape=shape, max_depth_m=2.0, a0=a0, a1=a1, a2=a2, depth_m=NONE, area_m2=NONE)
    assert tank.volume(2.0) == pytest.approx(volume)
    assert tank.depth(tank.volume(1.3)) == pytest.approx(1.3)


@pytest.mark.parametrize(
    ("shape", "values", "area", "perimeter"),
    [
        ("CIRCULAR", (2.0, 0, 0, 0), math.pi, 2 * math.pi),
        ("RECT_CLOSED", (1.0, 2.0, 0, 0), 2.0, 6.0),
        ("RECT_OPEN", (1.0, 2.0, 0, 0), 2.0, 4.0),
        ("TRIANGULAR", (1.0, 2.0, 0, 0), 1.0, 2 * math.sqrt(2)),
        ("TRAPEZOIDAL", (1.0, 1.0, 1.0, 1.0), 2.0, 1 + 2 * math.sqrt(2)),
    ],
)
def test_full_shapes_have_the_area_and_radius_of_geometry(
    shape: str, values: tuple[float, float, float, float], area: float, perimeter: float
) -> None:
    section = plain_section(shape, values, 1.0)
    assert isinstance(section, CrossSection)
    assert section.area_m2 == pytest.approx(area)
    assert section.radius_m == pytest.approx(area / perimeter)
    assert section.area_below(section.height_m) == pytest.approx(area)
    assert section.area_below(0.0) == 0.0


def test_half_a_pipe_holds_half_its_area() -> None:
    section = plain_section("CIRCULAR", (2.0, 0.0, 0.0, 0.0), 1.0)
    assert isinstance(section, CrossSection)
    assert section.area_below(1.0) == pytest.approx(math.pi / 2.0)
