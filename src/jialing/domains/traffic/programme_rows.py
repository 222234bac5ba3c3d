"""How do SUMO's files write programmes, and which of a signal's is in use as a run begins?"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

from jialing.domains.traffic.elements import Element, read_elements
from jialing.domains.traffic.network import PhaseRow, ProgrammeRow

LETTERS = frozenset("rugGyosO")
OFF = "off"  # the programme that every signal of SUMO has without writing it


@dataclass(kw_only=True)
class Timetable:
    """When signals go from one programme to another (SUMO's WAUT).

    Attributes
    ----------
    first : programme before the first switch
    refers_to_s : what the file's times count from [s]
    switches : time of the simulation [s] and programme
    """

    first: str
    refers_to_s: float
    switches: list[tuple[float, str]] = field(default_factory=list)

    def at(self, time_s: float) -> str:
        """The programme in use."""
        past = [each for each in self.switches if each[0] <= time_s]
        return max(past)[1] if past else self.first


class Additional:
    """Enters the programmes of additional files into those of a network.

    Parameters
    ----------
    programmes : of the network by signal; they are added to
    signals : names that connections of the network have for their signals
    """

    def __init__(self, programmes: dict[str, list[ProgrammeRow]], signals: Set[str]) -> None:
        self._programmes, self._signals = programmes, signals
        self._timetables: dict[str, Timetable] = {}
        self._of_signal: dict[str, str] = {}

    def take(self, path: Path) -> None:
        """Enter what one file says of programmes; raises InputError."""
        rows: list[tuple[ProgrammeRow, Element]] = []
        for element in read_elements(path, root="", what="a SUMO additional file"):
            if element.tag == "tlLogic":
                rows.append((read_programme(element), element))
            elif element.tag == "phase" and element.parent == "tlLogic":
                rows[-1][0].phases.append(read_phase(element))
            elif element.tag == "WAUT":
                table = Timetable(
                    first=element.text("startProg"), refers_to_s=element.time_s("refTime", 0.0)
                )
                self._timetables[element.text("id")] = table
            elif element.tag == "wautSwitch" and element.parent == "WAUT":
                at_s = table.refers_to_s + element.time_s("time")
                table.switches.append((at_s, element.text("to")))
            elif element.tag == "wautJunction":
                self._of_signal[element.text("junctionID")] = element.text("wautID")
        for row, element in rows:
            self._enter(row, element)

    def _enter(self, row: ProgrammeRow, element: Element) -> None:
        """A programme of its own, or, without phases, another offset for one that is there."""
        if row.signal not in self._programmes:
            if row.signal not in self._signals:
                element.fail("is the programme of no signal of the network; correct its id")
            return  # of a rail signal
        same = [each for each in self._programmes[row.signal] if each.name == row.name]
        if row.phases or not same:
            enter_programme(self._programmes, row, element)
        elif "offset" in element.attributes:
            same[0].offset_s = row.offset_s

    def in_order(self, begin_s: float) -> Mapping[str, str]:
        """Put the programme in use at `begin_s` last; signal -> timetable that switches it."""
        for signal, name in self._of_signal.items():
            if name in self._timetables and signal in self._programmes:
                used = self._timetables[name].at(begin_s)
                self._programmes[signal].sort(key=lambda row: row.name == used)
        return self._of_signal


def read_programme(element: Element) -> ProgrammeRow:
    return ProgrammeRow(
        signal=element.text("id"),
        name=element.get("programID", "0"),
        kind=element.get("type", "static"),
        offset_s=0.0 if element.get("offset") == "begin" else element.time_s("offset", 0.0),
        path=element.path,
        line=element.line,
    )


def enter_programme(
    programmes: dict[str, list[ProgrammeRow]], row: ProgrammeRow, element: Element
) -> None:
    rows = programmes.setdefault(row.signal, [])
    for other in rows:
        if other.name == row.name:
            where = f" of {other.path.name}" if other.path != row.path else ""
            element.fail(
                f"has programID {row.name!r} twice, first in line {other.line}{where}; "
                "rename or remove one"
            )
    rows.append(row)


def read_phase(element: Element) -> PhaseRow:
    state = element.text("state").replace("Y", "y")  # an old letter for yellow
    strange = sorted(set(state) - LETTERS)
    if strange:
        element.fail(
            f"has the letter {strange[0]!r} in state {state!r}; allowed: {' '.join(sorted(LETTERS))}"
        )
    duration_s = element.time_s("duration", low=0.0)
    shortest = element.time_s("minDur", low=0.0) if "minDur" in element.attributes else None
    longest = element.time_s("maxDur", low=0.0) if "maxDur" in element.attributes else None
    if shortest is not None and longest is not None and shortest > longest:
        element.fail(f"has minDur {shortest:g} above maxDur {longest:g}; exchange them")
    return PhaseRow(
        state=state, duration_s=duration_s, min_s=shortest, max_s=longest, line=element.line
    )
