"""How does one flow of the city act on another? Laws with their sources, as pure functions.

SI inside: rain in m/s, depths in m, speeds in m/s.
"""

from __future__ import annotations

from collections.abc import Sequence

MM_PER_H_M_S = 1e-3 / 3600.0
KMH_MPS = 1.0 / 3.6

#: Rain above [mm/h] -> share of free speed and of capacity lost. Capacity: Highway Capacity Manual
#: 2010, exhibit 10-15 (rain up to 0.10, up to 0.25, above 0.25 in/h: 2.01, 7.24, 14.13 %). Speed:
#: Agarwal, Maze & Souleyrette (2005), Proc. Mid-Continent Transportation Research Symposium
#: (2, 4, 6 %: rounded means of their ranges).
RAIN_LOSSES: tuple[tuple[float, float, float], ...] = (
    (0.0, 0.0201, 0.02),
    (2.54, 0.0724, 0.04),
    (6.35, 0.1413, 0.06),
)
#: Below this rain the road counts as dry [mm/h].
DRY_MM_H = 0.1
#: Water that stops an ordinary car: Pregnolato et al. (2017), who fit a parabola up to there [m].
STOPPING_M = 0.3
#: Their parabola: terms of w² [km/h/mm²], of w [km/h/mm], and of no water [km/h].
PARABOLA = (0.0009, -0.5529, 86.9448)


def road_in_rain(
    rain_mps: float, losses: Sequence[tuple[float, float, float]] = RAIN_LOSSES
) -> tuple[float, float]:
    """Factors on free speed and on capacity of a road in rain [1].

    Parameters
    ----------
    rain_mps : mean rain over the last minutes [m/s]
    losses : rain above [mm/h], share of capacity lost, share of free speed lost; ascending
    """
    rain_mm_h = rain_mps / MM_PER_H_M_S
    if not rain_mm_h > DRY_MM_H:
        return 1.0, 1.0
    above = [row for row in losses if rain_mm_h > row[0]]
    if not above:
        return 1.0, 1.0
    _, capacity, speed = above[-1]
    return 1.0 - speed, 1.0 - capacity


def speed_in_water(
    depth_m: float,
    *,
    parabola: tuple[float, float, float] = PARABOLA,
    stopping_m: float = STOPPING_M,
) -> float:
    """Speed at which a careful driver still goes through standing water [m/s].

    v = a w² + b w + c with w in mm and v in km/h, 0 from `stopping_m` on. As published,
    v = 0.0009 w² - 0.5529 w + 86.9448 up to 300 mm: Pregnolato, Ford, Wilkinson & Dawson (2017),
    Transportation Research Part D 55, 67-81. Past the lowest point of a parabola its speed holds:
    deeper water never lets anyone drive faster.

    Parameters
    ----------
    depth_m : of the water [m]
    parabola : a [km/h/mm²], b [km/h/mm], c [km/h]
    stopping_m : water that stops a car [m]
    """
    if not depth_m > 0.0:
        return float("inf")
    if depth_m >= stopping_m:
        return 0.0
    a, b, c = parabola
    depth_mm = 1e3 * depth_m
    if a > 0.0:
        depth_mm = min(depth_mm, max(-b / (2.0 * a), 0.0))
    return max(a * depth_mm**2 + b * depth_mm + c, 0.0) * KMH_MPS


def riders_from_roads(left_vph: float, *, people_per_vehicle: float, ordinary_pph: float) -> float:
    """Factor on the people who enter a station when cars are left at home for closed roads [1].

    Parameters
    ----------
    left_vph : vehicles an hour whose people come to this station instead
    people_per_vehicle : mean occupancy
    ordinary_pph : people an hour who enter the station anyway
    """
    if not ordinary_pph > 0.0:
        return 1.0
    return 1.0 + left_vph * people_per_vehicle / ordinary_pph


def riders_in_rain(rain_mps: float, table: Sequence[tuple[float, float]]) -> float:
    """Factor on the people who enter a station in rain [1].

    Parameters
    ----------
    table : rain above [mm/h] -> factor, ascending
    """
    rain_mm_h = rain_mps / MM_PER_H_M_S
    factor = 1.0
    for above, value in table:
        if rain_mm_h > above:
            factor = value
    return factor


def stake(
    vehicles_ph: float,
    *,
    minutes_lost: float,
    m3_per_vehicle_h: float,
    stopping_m: float = STOPPING_M,
) -> float:
    """Price of a metre of water on a road for an hour [m³ of overflow].

    Vehicles that cannot pass lose time; an hour of a vehicle is worth `m3_per_vehicle_h` of
    overflow to the city, a choice that `city.yaml` states.

    Parameters
    ----------
    vehicles_ph : that would pass
    minutes_lost : by each, on the way round [min]
    m3_per_vehicle_h : worth of a vehicle's hour [m³ of overflow]
    stopping_m : water that nobody passes [m]; less costs its share
    """
    return max(vehicles_ph, 0.0) * minutes_lost / 60.0 * m3_per_vehicle_h / stopping_m
