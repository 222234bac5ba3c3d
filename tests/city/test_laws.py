"""Do the laws between domains give their sources' figures, in SI, and never turn the wrong way?"""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from jialing.city import laws
from jialing.city.cases import CITIES
from jialing.city.manifest import City, read_city

INCH_H_M_S = 0.0254 / 3600.0
MM_H = laws.MM_PER_H_M_S


@pytest.fixture(scope="module")
def chongqing() -> City:
    return read_city(CITIES / "chongqing" / "city.yaml")


def test_a_millimetre_an_hour_is_a_thousandth_of_a_metre_in_3600_s() -> None:
    assert pytest.approx(1e-3) == MM_H * 3600.0
    assert pytest.approx(1.0) == laws.KMH_MPS * 3.6


# HCM 2010, exhibit 10-15: rain in inches an hour, loss of capacity in per cent.
@pytest.mark.parametrize(
    ("inch_h", "lost"), [(0.05, 2.01), (0.09, 2.01), (0.2, 7.24), (0.24, 7.24), (0.3, 14.13)]
)
def test_rain_takes_the_capacity_that_the_highway_capacity_manual_says(
    inch_h: float, lost: float
) -> None:
    _, capacity = laws.road_in_rain(inch_h * INCH_H_M_S)
    assert capacity == pytest.approx(1.0 - lost / 100.0)


@pytest.mark.parametrize(("mm_h", "lost"), [(1.0, 0.02), (4.0, 0.04), (20.0, 0.06)])
def test_rain_takes_the_speed_of_agarwal_and_others(mm_h: float, lost: float) -> None:
    speed, _ = laws.road_in_rain(mm_h * MM_H)
    assert speed == pytest.approx(1.0 - lost)


def test_a_dry_road_and_a_silent_gauge_change_nothing() -> None:
    assert laws.road_in_rain(0.0) == (1.0, 1.0)
    assert laws.road_in_rain(0.09 * MM_H) == (1.0, 1.0)
    assert laws.road_in_rain(math.nan) == (1.0, 1.0)
    assert laws.road_in_rain(0.11 * MM_H) != (1.0, 1.0)


def test_more_rain_never_makes_a_road_better() -> None:
    factors = [laws.road_in_rain(0.05 * k * MM_H) for k in range(400)]
    for before, after in pairwise(factors):
        assert after[0] <= before[0]
        assert after[1] <= before[1]
    assert factors[-1] < factors[0]


def test_the_citys_own_table_says_the_same_as_the_law(chongqing: City) -> None:
    losses = chongqing.terms.rain_losses
    for mm_h in (0.0, 0.5, 2.0, 3.0, 6.0, 7.0, 60.0):
        ours, citys = laws.road_in_rain(mm_h * MM_H), laws.road_in_rain(mm_h * MM_H, losses)
        assert citys == pytest.approx(ours), f"at {mm_h} mm/h"


# Pregnolato and others (2017): v = 0.0009 w^2 - 0.5529 w + 86.9448, w in mm, v in km/h.
@pytest.mark.parametrize(
    ("depth_m", "kmh"), [(0.001, 86.3928), (0.1, 40.6548), (0.15, 24.2598), (0.2, 12.3648)]
)
def test_water_slows_drivers_along_the_published_parabola(depth_m: float, kmh: float) -> None:
    assert 3.6 * laws.speed_in_water(depth_m) == pytest.approx(kmh, abs=1e-3)


def test_a_dry_road_has_no_limit_and_300_mm_stop_a_car() -> None:
    assert laws.speed_in_water(0.0) == math.inf
    assert laws.speed_in_water(-0.1) == math.inf
    assert laws.speed_in_water(0.3) == 0.0
    assert laws.speed_in_water(2.0) == 0.0
    assert laws.speed_in_water(0.299) > 0.0


def test_deeper_water_never_lets_anyone_drive_faster() -> None:
    speeds = [laws.speed_in_water(0.001 * mm) for mm in range(400)]
    assert all(after <= before for before, after in pairwise(speeds))


def test_the_citys_parabola_is_that_of_the_law(chongqing: City) -> None:
    terms = chongqing.plain["couplings"]["depth_to_speed"]
    for mm in (10.0, 120.0, 290.0):
        kmh = terms["a"] * mm**2 + terms["b"] * mm + terms["c"]
        assert 3.6 * laws.speed_in_water(1e-3 * mm) == pytest.approx(max(kmh, 0.0))
    assert terms["stopping_mm"] == pytest.approx(1e3 * laws.STOPPING_M)


def test_a_citys_own_figures_stop_its_cars() -> None:
    shallow = (0.0009, -0.5529, 40.0)
    assert laws.speed_in_water(0.01, parabola=shallow) < laws.speed_in_water(0.01)
    assert laws.speed_in_water(0.2, stopping_m=0.2) == 0.0
    assert laws.speed_in_water(0.199, stopping_m=0.2) > 0.0
    assert laws.speed_in_water(0.4, stopping_m=0.5) > 0.0


def test_past_the_lowest_point_of_its_parabola_deeper_water_is_no_faster() -> None:
    speeds = [laws.speed_in_water(0.001 * mm, stopping_m=1.0) for mm in range(1001)]
    assert all(after <= before for before, after in pairwise(speeds))


def test_the_figures_in_city_yaml_are_those_that_act(chongqing: City) -> None:
    assert chongqing.terms.parabola == laws.PARABOLA
    assert chongqing.terms.stopping_m == laws.STOPPING_M


def test_an_underpass_closes_before_its_water_stops_a_car(chongqing: City) -> None:
    assert chongqing.terms.open_at_m < chongqing.terms.close_at_m < laws.STOPPING_M


def test_whoever_leaves_the_car_at_home_enters_the_station_with_all_who_sat_in_it() -> None:
    # 35 veh/h of 1.4 people: 49 people an hour on top of 490.
    factor = laws.riders_from_roads(35.0, people_per_vehicle=1.4, ordinary_pph=490.0)
    assert factor == pytest.approx(1.1)
    assert laws.riders_from_roads(0.0, people_per_vehicle=1.4, ordinary_pph=490.0) == 1.0


@pytest.mark.parametrize("ordinary", [0.0, -1.0, math.nan])
def test_a_station_that_nobody_enters_has_no_ordinary_evening_to_scale(ordinary: float) -> None:
    assert laws.riders_from_roads(35.0, people_per_vehicle=1.4, ordinary_pph=ordinary) == 1.0


def test_rain_keeps_people_in_by_the_table_of_the_city(chongqing: City) -> None:
    table = chongqing.terms.rain_riders
    expected = {0.0: 1.0, 2.5: 1.0, 2.6: 0.97, 8.1: 0.93, 16.1: 0.88, 90.0: 0.88}
    for mm_h, factor in expected.items():
        assert laws.riders_in_rain(mm_h * MM_H, table) == factor, f"at {mm_h} mm/h"


def test_water_on_a_road_costs_what_its_traffic_loses() -> None:
    # 300 veh/h that lose 4 min each: 20 vehicle hours an hour; at 20 m³ each, per 0.3 m of water.
    price = laws.stake(300.0, minutes_lost=4.0, m3_per_vehicle_h=20.0)
    assert price == pytest.approx(300.0 * 4.0 / 60.0 * 20.0 / 0.3)
    assert laws.stake(600.0, minutes_lost=4.0, m3_per_vehicle_h=20.0) == pytest.approx(2.0 * price)
    assert laws.stake(0.0, minutes_lost=4.0, m3_per_vehicle_h=20.0) == 0.0
    halved = laws.stake(300.0, minutes_lost=4.0, m3_per_vehicle_h=20.0, stopping_m=0.6)
    assert halved == pytest.approx(price / 2.0)
    assert laws.stake(-5.0, minutes_lost=4.0, m3_per_vehicle_h=20.0) == 0.0
