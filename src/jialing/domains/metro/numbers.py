"""Which numbers come from standards and studies? One table with unit and source.

Every number may be set otherwise under `numbers:` of a station file.
"""

from __future__ import annotations

from dataclasses import dataclass

EN_115 = "EN 115-1:2017, annex H, largest flow of a 1 m step 6000, 7300, 8200 p/h; about 74 % of it"
LU = "London Underground, Station Planning Standards and Guidelines (2012)"
FRUIN = "Fruin (1971), Pedestrian Planning and Design"
WEIDMANN = "Weidmann (1993), Transporttechnik der Fussgänger, ETH Zürich IVT 90"
ASSUMED = "assumed: no published value found"


@dataclass(frozen=True, kw_only=True)
class Number:
    """One number.

    Attributes
    ----------
    name : stable word, its unit as suffix
    value : default, in `unit`
    unit : as people write it in a station file
    low, high : what is allowed
    text : what it means
    source : where it comes from
    """

    name: str
    value: float
    unit: str
    low: float
    high: float
    text: str
    source: str


NUMBERS: tuple[Number, ...] = (
    Number(
        name="escalator_050_p_min",
        value=75.0,
        unit="p/min",
        low=10.0,
        high=160.0,
        text="people per minute on an escalator with 1 m steps at 0.5 m/s, in practice",
        source=EN_115,
    ),
    Number(
        name="escalator_065_p_min",
        value=90.0,
        unit="p/min",
        low=10.0,
        high=160.0,
        text="the same at 0.65 m/s",
        source=EN_115,
    ),
    Number(
        name="escalator_075_p_min",
        value=100.0,
        unit="p/min",
        low=10.0,
        high=160.0,
        text="the same at 0.75 m/s",
        source=EN_115,
    ),
    Number(
        name="walk_left_factor",
        value=0.79,
        unit="1",
        low=0.3,
        high=1.0,
        text="part of that flow where one side is kept free for walkers",
        source="Transport for London, pilot at Holborn (2015): 12,745 people in the peak hours with "
        "walking, 16,220 with standing on both sides, at a rise of 23.4 m",
    ),
    Number(
        name="escalator_incline_deg",
        value=30.0,
        unit="°",
        low=20.0,
        high=35.0,
        text="inclination of an escalator",
        source="EN 115-1:2017: 30°, up to 35° for low rises",
    ),
    Number(
        name="stair_incline_deg",
        value=30.0,
        unit="°",
        low=20.0,
        high=40.0,
        text="inclination of a stair",
        source="step 0.17 m by 0.29 m, a usual public stair",
    ),
    Number(
        name="stair_one_way_p_min_m",
        value=35.0,
        unit="p/min/m",
        low=5.0,
        high=80.0,
        text="people per minute and metre of width on a stair used in one direction",
        source=LU,
    ),
    Number(
        name="stair_two_way_p_min_m",
        value=28.0,
        unit="p/min/m",
        low=5.0,
        high=80.0,
        text="the same used in both directions, together",
        source=LU,
    ),
    Number(
        name="stair_speed_m_s",
        value=0.65,
        unit="m/s",
        low=0.2,
        high=1.5,
        text="horizontal speed on a stair, mean of up (0.61) and down (0.69)",
        source=WEIDMANN,
    ),
    Number(
        name="stair_effort_s",
        value=40.0,
        unit="s",
        low=0.0,
        high=600.0,
        text="what climbing a stair weighs in the choice of a link; half of it downwards",
        source=ASSUMED,
    ),
    Number(
        name="walking_speed_m_s",
        value=1.34,
        unit="m/s",
        low=0.3,
        high=2.5,
        text="free walking speed on the level",
        source=WEIDMANN,
    ),
    Number(
        name="gate_p_min",
        value=25.0,
        unit="p/min",
        low=5.0,
        high=60.0,
        text="people per minute through one fare gate",
        source=LU,
    ),
    Number(
        name="density_alarm_p_m2",
        value=2.0,
        unit="p/m²",
        low=0.5,
        high=4.0,
        text="density of a platform at which an alarm is due",
        source=FRUIN + ": waiting people begin to touch above about 2 p/m²",
    ),
    Number(
        name="density_stop_p_m2",
        value=3.0,
        unit="p/m²",
        low=0.5,
        high=5.0,
        text="density of a platform at which nobody more should come in",
        source=FRUIN + ": movement becomes impossible between 4 and 5 p/m²",
    ),
    Number(
        name="escalator_inspect_s",
        value=30.0,
        unit="s",
        low=0.0,
        high=1800.0,
        text="standstill for inspection in a reversal",
        source=ASSUMED,
    ),
    Number(
        name="escalator_restart_s",
        value=20.0,
        unit="s",
        low=0.0,
        high=600.0,
        text="restart in the other direction, entry still closed",
        source=ASSUMED,
    ),
    Number(
        name="gate_inspect_s",
        value=5.0,
        unit="s",
        low=0.0,
        high=600.0,
        text="pause of a group of gates that changes its direction",
        source=ASSUMED,
    ),
    Number(
        name="gate_restart_s",
        value=5.0,
        unit="s",
        low=0.0,
        high=600.0,
        text="until it opens again",
        source=ASSUMED,
    ),
)

DEFAULTS: dict[str, float] = {number.name: number.value for number in NUMBERS}
#: speed [m/s] -> number with the flow at that speed
ESCALATOR_SPEEDS = (
    (0.5, "escalator_050_p_min"),
    (0.65, "escalator_065_p_min"),
    (0.75, "escalator_075_p_min"),
)
