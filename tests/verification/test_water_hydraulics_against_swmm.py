"""Regulators pass in our laws what they pass in SWMM, at steady levels on both sides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from small_sewer import write
from swmm_check import opened

from jialing.domains.water.hydraulics import law_of, setting_for_flow
from jialing.domains.water.model import read_model

pytestmark = pytest.mark.swmm

HEAD = """[OPTIONS]
FLOW_UNITS {unit}
FLOW_ROUTING DYNWAVE
START_DATE 01/01/2021
END_DATE 01/01/2021
END_TIME 01:00
REPORT_STEP 00:01:00
WET_STEP 00:01:00
ROUTING_STEP 1
THREADS 1

[CURVES]
vol PUMP1 200000 0.1 400000 0.3
step PUMP2 1.0 0.1 2.0 0.2 4.0 0.5
head PUMP3 0 0.5 2 0.3 6 0
level PUMP4 0 0 2 0.2 4 0.6
speed PUMP5 0 0.5 2 0.3 6 0
rated RATING 0 0 1 0.3 3 0.8
coef WEIR 0 1.5 1 1.9
"""


@dataclass(frozen=True, kw_only=True)
class Rig:
    """A vast tank on one side, a fixed outfall level on the other, one regulator between."""

    kind: str
    row: str  # after name, from, to
    section: str = ""
    depth: float = 2.0
    tail: float = 8.0
    setting: float = 1.0

    @property
    def name(self) -> str:
        return (f"{self.kind} {self.row} | {self.section} | {self.depth} → {self.tail} | "
                f"{self.setting}")  # fmt: skip


def side(depth: float, tail: float = 8.0, setting: float = 1.0, row: str = "SIDE 0.5 0.65 NO 0",
         section: str = "RECT_CLOSED 0.6 0.8 0 0") -> Rig:  # fmt: skip
    return Rig(kind="ORIFICE", row=row, section=section, depth=depth, tail=tail, setting=setting)


def weir(depth: float, tail: float, setting: float, row: str, section: str) -> Rig:
    return Rig(kind="WEIR", row=row, section=section, depth=depth, tail=tail, setting=setting)


RECT, NOTCH, TRAPEZ = (
    "RECT_OPEN 0.8 1.5 0 0",
    "TRIANGULAR 0.8 1.2 0 0",
    "TRAPEZOIDAL 0.8 1.0 0.5 0.5",
)
SETTINGS, DEPTHS, TAILS = (1.0, 0.4), (0.7, 1.0, 1.9, 3.0), (8.0, 10.8, 11.2)
ROUND, FLOOR = "CIRCULAR 0.6 0 0 0", "BOTTOM 0.5 0.6 NO 0"

RIGS = [
    *(side(d, t, s) for d in DEPTHS for t in TAILS for s in SETTINGS),
    *(side(d, 8.0, s, section=ROUND) for d in DEPTHS for s in SETTINGS),
    *(side(d, t, s, row=FLOOR) for d in DEPTHS for t in TAILS for s in SETTINGS),
    *(side(d, 8.0, s, row=FLOOR, section=ROUND) for d in DEPTHS for s in SETTINGS),
    side(1.9, row="SIDE 0.5 0.65 YES 0"),
    side(0.9, row="SIDE 0.5 0.65 YES 0"),
    side(0.9, 11.2, row="SIDE 0.5 0.65 YES 0"),
    *(weir(d, t, s, "TRANSVERSE 0.5 1.8 NO 0 0 YES", RECT)
      for d in DEPTHS for t in TAILS for s in SETTINGS),
    *(weir(d, 8.0, 1.0, "TRANSVERSE 0.5 1.8 NO 2 0 NO", RECT) for d in DEPTHS),
    *(weir(d, t, 1.0, "SIDEFLOW 0.5 1.8 NO 0 0 NO", RECT) for d in DEPTHS for t in TAILS),
    *(weir(d, t, s, "V-NOTCH 0.5 1.4 NO 0 1.2 YES", NOTCH)
      for d in DEPTHS for t in TAILS for s in SETTINGS),
    *(weir(d, t, s, "TRAPEZOIDAL 0.5 1.8 NO 0 1.3 YES", TRAPEZ)
      for d in DEPTHS for t in TAILS for s in SETTINGS),
    *(weir(d, 8.0, 1.0, "TRANSVERSE 0.5 1.8 YES 0 0 YES", RECT) for d in DEPTHS),
    *(weir(d, 8.0, 1.0, "TRANSVERSE 0.5 1.8 NO 0 0 YES * * coef", RECT) for d in DEPTHS),
    *(Rig(kind="PUMP", row=f"{curve} ON", depth=d, tail=t, setting=s)
      for curve in ("vol", "step", "head", "level", "speed")
      for d in (0.7, 1.9, 3.0) for t in (8.0, 12.5) for s in (1.0, 0.6)),
    *(Rig(kind="OUTLET", row=f"0.5 {law}", depth=d, tail=t, setting=s)
      for law in ("TABULAR/DEPTH rated", "TABULAR/HEAD rated", "FUNCTIONAL/DEPTH 0.4 0.7",
                  "FUNCTIONAL/HEAD 0.4 0.7")
      for d in (0.7, 1.9) for t in (8.0, 11.2) for s in SETTINGS),
]  # fmt: skip


def rig_text(unit: str) -> str:
    """One model file that holds every rig."""
    by_kind: dict[str, list[str]] = {k: [] for k in ("PUMP", "ORIFICE", "WEIR", "OUTLET")}
    tanks, outfalls, sections, rules = [], [], [], []
    for i, rig in enumerate(RIGS):
        tanks.append(f"T{i} 10 9 {rig.depth} FUNCTIONAL 0 0 1e5 0 0")
        outfalls.append(f"O{i} 7 FIXED {rig.tail} NO")
        by_kind[rig.kind].append(f"L{i} T{i} O{i} {rig.row}")
        if rig.section:
            sections.append(f"L{i} {rig.section}")
        rules.append(
            f"RULE R{i}\nIF SIMULATION TIME >= 0\nTHEN {rig.kind} L{i} SETTING = {rig.setting}\n"
        )
    parts = [HEAD.format(unit=unit), "[STORAGE]", *tanks, "[OUTFALLS]", *outfalls]
    for kind, rows in by_kind.items():
        parts += [f"[{kind}S]", *rows]
    return "\n".join([*parts, "[XSECTIONS]", *sections, "[CONTROLS]", *rules])


@pytest.mark.parametrize("unit", ["CMS", "CFS"])
def test_every_regulator_passes_what_it_passes_in_swmm(tmp_path: Path, unit: str) -> None:
    path = write(tmp_path, rig_text(unit))
    model = read_model(path)
    length, flow = model.options.length_factor, model.options.flow_factor
    wrong = []
    with opened(path, tmp_path) as engine:
        engine.run(90)
        for i, rig in enumerate(RIGS):
            link = model.links.index[f"L{i}"]
            tail, head = int(model.links.from_node[link]), int(model.links.to_node[link])
            up = float(model.nodes.invert_m[tail]) + engine.depth(tail) * length
            down = float(model.nodes.invert_m[head]) + engine.depth(head) * length
            ours = float(
                law_of(model, link).flow(np.array(rig.setting), np.array(up), np.array(down))
            )
            theirs = engine.flow(link) * flow
            if ours != pytest.approx(theirs, rel=5e-3, abs=2e-5):
                wrong.append((rig.name, ours, theirs))
    assert not wrong


def test_settings_found_for_a_flow_bring_that_flow(tmp_path: Path) -> None:
    model = read_model(write(tmp_path, rig_text("CMS")))
    for i, rig in enumerate(RIGS):
        law = law_of(model, model.links.index[f"L{i}"])
        up, down = np.array(10.0 + rig.depth), np.array(rig.tail)
        most = law.flow(np.array(1.0), up, down)
        if most <= 0.0:
            continue
        for part in (0.2, 0.7, 1.0):
            setting = setting_for_flow(law, part * most, up, down)
            got = law.flow(setting, up, down)
            below = law.flow(np.maximum(setting - 1e-6, 0.0), up, down)
            assert got >= part * most - 1e-9, rig.name
            assert below <= part * most + 1e-9 or setting <= 1e-6, rig.name
        assert setting_for_flow(law, np.array(2.0 * most), up, down) == 1.0
        assert setting_for_flow(law, np.array(0.0), up, down) == 0.0
