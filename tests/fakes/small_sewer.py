"""A small sewer that uses nearly every kind of element, as text that tests bend and break."""

from __future__ import annotations

import re
from pathlib import Path

SEWER = """\
[TITLE]
A hillside with two tanks

[OPTIONS]
FLOW_UNITS           CMS
INFILTRATION         HORTON
FLOW_ROUTING         DYNWAVE
LINK_OFFSETS         DEPTH
ALLOW_PONDING        NO
START_DATE           03/01/2021
START_TIME           06:00:00
REPORT_START_DATE    03/01/2021
REPORT_START_TIME    06:00:00
END_DATE             03/01/2021
END_TIME             12:00:00
REPORT_STEP          00:05:00
WET_STEP             00:05:00
DRY_STEP             00:15:00
ROUTING_STEP         15
RULE_STEP            00:01:00
VARIABLE_STEP        0.75
THREADS              1

[EVAPORATION]
CONSTANT         0.0

[RAINGAGES]
;;Name   Format    Interval SCF  Source
hill     INTENSITY 0:15     1.0  TIMESERIES storm
town     VOLUME    0:15     1.0  TIMESERIES late_storm

[SUBCATCHMENTS]
;;Name   Gage  Outlet  Area  %Imp  Width  %Slope  Curb
upper    hill  M1      6     60    300    1.5     0
lower    town  M4      4     70    200    1.0     0
garden   town  lower   1     5     80     1.0     0

[SUBAREAS]
upper    0.012  0.1  1  4  20  OUTLET
lower    0.012  0.1  1  4  20  OUTLET
garden   0.012  0.1  1  4  20  OUTLET

[INFILTRATION]
upper    50  5  4  7  0
lower    50  5  4  7  0
garden   50  5  4  7  0

[JUNCTIONS]
;;Name  Elev  MaxD  Init  Sur  Pond
M1      20.0  3.0   0     0    0
M2      18.0  3.0   0     0    0
M3      12.0  3.0   0     0    100
M4      11.0  3.0   0     0    0
M5      6.0   4.0   0     0    0

[OUTFALLS]
works   3.0  FREE          NO
creek   9.0  FIXED  9.5    YES
river   2.0  FREE          NO

[STORAGE]
;;Name  Elev  MaxD  Init  Shape       Curve/Params   Sur Evap
upper_tank  14.0  4.0  0.5  TABULAR     tank           0   0
lower_tank  7.0   3.0  0    FUNCTIONAL  50 1 100       0   0
well        4.0   3.5  0.2  CYLINDRICAL 4 4 0          0   0

[CONDUITS]
;;Name  From        To          Length  n      In   Out  Q0  Qmax
C1      M1          M2          200     0.013  0    0    0   0
C2      M2          upper_tank  150     0.013  0    1.0  0   0
C3      M3          M4          100     0.013  0    0    0   0
C4      M4          lower_tank  120     0.013  0    0.5  0   0
C5      M5          works       300     0.013  0    0    0   0

[PUMPS]
;;Name  From  To  Curve  Status  Start  Stop
P1      well  M5  lift   ON      1.5    0.5

[ORIFICES]
;;Name  From        To    Type    Offset  Cd    Gated  Close
gate    upper_tank  M3    SIDE    0       0.65  NO     0
floor   lower_tank  well  BOTTOM  0       0.6   NO     0

[WEIRS]
;;Name  From        To     Type        Crest  Cd    Gated  EC  Cd2  Sur
spill   upper_tank  creek  TRANSVERSE  3.2    1.8   NO     0   0    YES

[OUTLETS]
;;Name  From        To     Offset  Type             Curve
relief  lower_tank  river  2.0     TABULAR/DEPTH    rating

[XSECTIONS]
;;Link  Shape        G1   G2   G3  G4  Barrels
C1      CIRCULAR     0.8  0    0   0   1
C2      CIRCULAR     0.8  0    0   0   1
C3      RECT_CLOSED  0.8  1.0  0   0   1
C4      EGG          1.0  0    0   0   1
C5      CIRCULAR     0.6  0    0   0   2
gate    RECT_CLOSED  0.4  0.5  0   0
floor   CIRCULAR     0.3  0    0   0
spill   RECT_OPEN    0.8  2.0  0   0

[CONTROLS]
RULE throttle
IF NODE M4 DEPTH > 1.2
AND SIMULATION TIME > 0:10
THEN ORIFICE gate SETTING = 0.2
ELSE ORIFICE gate SETTING = 0.8
PRIORITY 2

RULE low
IF NODE well DEPTH < 0.3
THEN PUMP P1 STATUS = OFF

[INFLOWS]
;;Node  Kind  Series  Type  Mfac  Sfac  Base  Pattern
M3      FLOW  spring  FLOW  1.0   0.5   0.01  daily

[DWF]
;;Node  Kind  Mean   Patterns
M1      FLOW  0.02   hourly "" weekend
M4      FLOW  0.01   hourly

[RDII]
M2      soaking  3.5

[HYDROGRAPHS]
soaking  hill
soaking  All  Short  0.02  1.0  2.0  0  0  0

[CURVES]
;;Name  Type      X    Y
tank    Storage   0    150
tank              2    200
tank              4    250
lift    PUMP4     0    0.00
lift              1    0.05
lift              3    0.10
rating  Rating    0    0
rating            1    0.4   2  0.7

[TIMESERIES]
storm          6:00   0
storm          6:15   20
storm          6:30   45  6:45 10
storm          7:00   0
late_storm 03/01/2021  06:30  4
late_storm                 06:45  9
late_storm               7.0    0
spring         0      0.02
spring         24     0.02

[PATTERNS]
hourly   HOURLY   0.5 0.5 0.5 0.5 0.6 0.9
hourly            1.5 1.6 1.4 1.2 1.1 1.0
hourly            1.0 1.0 1.0 1.0 1.1 1.2
hourly            1.3 1.2 1.0 0.9 0.7 0.6
weekend  WEEKEND  1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1
daily    DAILY    1 1 1 1 1 1 1

[REPORT]
NODES ALL

[TAGS]

[COORDINATES]
M1          0    50
M2          20   50
upper_tank  40   45
M3          50   40
M4          60   35
lower_tank  80   30
well        85   28
M5          90   25
works       120  10
creek       45   0
river       100  0

[VERTICES]
C1      10   52

[Polygons]
upper   0 60
"""


def bent(*changes: tuple[str, str], text: str = SEWER) -> str:
    """The sewer with each (pattern, replacement) applied once; a pattern has to match."""
    for pattern, replacement in changes:
        changed, count = re.subn(pattern, replacement, text, count=1, flags=re.MULTILINE)
        if not count:
            raise ValueError(f"{pattern!r} is not in the sewer")
        text = changed
    return text


def write(folder: Path, text: str = SEWER, name: str = "sewer.inp") -> Path:
    """Write a model file and return where it lies."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def line_of(text: str, needle: str) -> int:
    """1-based number of the first line that contains `needle`."""
    for number, line in enumerate(text.split("\n"), start=1):
        if needle in line:
            return number
    raise ValueError(f"{needle!r} is not in the text")
