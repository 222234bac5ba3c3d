"""What is written into a SWMM file, section by section?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

OPTIONS: Final = """
FLOW_UNITS CMS
INFILTRATION HORTON
FLOW_ROUTING DYNWAVE
LINK_OFFSETS DEPTH
ALLOW_PONDING YES
START_DATE {day}
START_TIME {begin}:00
REPORT_START_DATE {day}
REPORT_START_TIME {begin}:00
END_DATE {day}
END_TIME {end}:00
DRY_DAYS 3
WET_STEP 0:01:00
DRY_STEP 0:05:00
ROUTING_STEP 5
RULE_STEP 0:01:00
REPORT_STEP 0:05:00
VARIABLE_STEP 0.75
MINIMUM_STEP 0.5
LENGTHENING_STEP 0
INERTIAL_DAMPING PARTIAL
NORMAL_FLOW_LIMITED BOTH
MIN_SURFAREA 1.2
HEAD_TOLERANCE 0.0015
MAX_TRIALS 12
THREADS 1
SURCHARGE_METHOD SLOT
"""


@dataclass
class Inp:
    """Sections of a SWMM file, in the order of their first line."""

    sections: dict[str, list[str]] = field(default_factory=dict)

    def add(self, section: str, *words: str | float) -> None:
        shown = [w if isinstance(w, str) else f"{w:.6g}" for w in words]
        line = " ".join(f"{w:<12}" for w in shown).rstrip()
        self.sections.setdefault(section, []).append(line)

    def node(self, section: str, name: str, at: tuple[float, float], *words: str | float) -> None:
        self.add(section, name, *words)
        self.add("COORDINATES", name, f"{at[0]:.1f}", f"{at[1]:.1f}")

    def pipe(
        self, a: str, b: str, length: float, diameter: float, n: float, *, drop: float = 0.0
    ) -> None:
        """A pipe from the floor of `a` to `drop` above the floor of `b`."""
        self.add("CONDUITS", f"C_{a}", a, b, round(length, 1), n, 0, round(drop, 3), 0, 0)
        self.add("XSECTIONS", f"C_{a}", "CIRCULAR", diameter, 0, 0, 0, 1)

    def link(
        self, name: str, a: str, b: str, length: float, diameter: float, up: float, down: float
    ) -> None:
        """A concrete pipe between offsets above the floors of its ends."""
        self.add("CONDUITS", name, a, b, length, 0.013, up, down, 0, 0)
        self.add("XSECTIONS", name, "CIRCULAR", diameter, 0, 0, 0, 1)

    def pump(self, name: str, a: str, b: str, curve: str, on_m: float, off_m: float) -> None:
        """A pump, and its local rule by the depth in the well before it."""
        self.add("PUMPS", name, a, b, curve, "OFF", 0, 0)
        self.rule(f"{name}_on", f"NODE {a} DEPTH > {on_m:g}", f"PUMP {name} STATUS = ON")
        self.rule(f"{name}_off", f"NODE {a} DEPTH < {off_m:g}", f"PUMP {name} STATUS = OFF")

    def gate(self, name: str, a: str, b: str, side: float) -> None:
        self.add("ORIFICES", name, a, b, "SIDE", 0, 0.62, "NO", 0)
        self.add("XSECTIONS", name, "RECT_CLOSED", side, side, 0, 0)

    def weir(self, name: str, a: str, b: str, crest: float, width: float, height: float) -> None:
        self.add("WEIRS", name, a, b, "TRANSVERSE", crest, 1.8, "YES", 0, 0, "YES")
        self.add("XSECTIONS", name, "RECT_OPEN", height, width, 0, 0)

    def curve(self, name: str, kind: str, points: Iterable[tuple[float, float]]) -> None:
        for i, (x, y) in enumerate(points):
            self.add("CURVES", name, "" if i else kind, x, y)

    def rule(self, name: str, premise: str, action: str) -> None:
        self.sections.setdefault("CONTROLS", []).extend(
            (f"RULE {name}", f"IF {premise}", f"THEN {action}", "")
        )

    def text(self) -> str:
        """The file; rules come last, because SWMM reads them against the links before them."""
        order = sorted(self.sections, key=lambda name: name == "CONTROLS")
        return "\n\n".join(f"[{name}]\n" + "\n".join(self.sections[name]) for name in order) + "\n"
