"""How do SUMO's files write programmes, and which of a signal's is in use as a run begins?"""

from __future__ import annotations

from collections.abc import Mapping, Set
from pathlib import Path

from jialing.domains.traffic.elements import Element, read_elements
from jialing.domains.traffic.network import PhaseRow, ProgrammeRow, Timetable

LETTERS = frozenset("rugGyosO")
#: elements whose attribute `file` SUMO reads; that of all others it writes
READERS = ("rerouter", "variableSpeedSign", "calibrator")
OFF = "off"  # the programme that every signal of SUMO has without writing it


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

    def take(self, path: Path) -> tuple[Path, ...]:
        """Enter what one file says of programmes; answers with every file that SUMO reads for it.

        Raises InputError.
        """
        rows: list[tuple[ProgrammeRow, Element]] = []
        files: dict[Path, None] = {}
        for element in read_elements(path, root="", what="a SUMO additional file"):
            files[element.path] = None
            if element.tag in READERS:
                named = element.path.parent / element.get("file")
                files.update({named: None} if named.is_file() else {})
            if element.tag == "tlLogic":
                rows.append((read_programme(element), element))
            elif element.tag == "phase" and element.parent == "tlLogic":
                rows[-1][0].phases.append(read_phase(element, rows[-1][0].kind))
            elif element.tag == "WAUT":
                table = Timetable(
                    name=element.text("id"),
                    first=element.text("startProg"),
                    begin_s=element.time_s("refTime", 0.0),
                    period_s=element.time_s("period", 0.0),
                )
                self._timetables[table.name] = table
            elif element.tag == "wautSwitch" and element.parent == "WAUT":
                table.switches.append((element.time_s("time"), element.text("to")))
            elif element.tag == "wautJunction":
                self._of_signal[element.text("junctionID")] = element.text("wautID")
        for row, element in rows:
            self._enter(row, element)
        return tuple(files)

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

    def in_order(self, begin_s: float) -> Mapping[str, Timetable]:
        """Put the programme in use at `begin_s` last; signal -> what switches its programmes."""
        timetables = {
            signal: self._timetables[name]
            for signal, name in self._of_signal.items()
            if name in self._timetables and signal in self._programmes
        }
        for signal, table in timetables.items():
            rows, used = self._programmes[signal], table.at(begin_s)
            rows[:] = [
                *(row for row in rows if row.name != used),
                *(row for row in rows if row.name == used),
            ]
        return timetables


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


def read_phase(element: Element, kind: str) -> PhaseRow:
    """A phase of a programme of this kind; a static one has no use for minDur and maxDur."""
    state = element.text("state").replace("Y", "y")  # an old letter for yellow
    strange = sorted(set(state) - LETTERS)
    if strange:
        element.fail(
            f"has the letter {strange[0]!r} in state {state!r}; allowed: {' '.join(sorted(LETTERS))}"
        )
    duration_s = element.time_s("duration", low=0.0)
    if duration_s == 0.0:
        element.fail("has a duration of 0 s, which SUMO refuses; give it one or remove it")
    shortest = element.time_s("minDur", low=0.0) if "minDur" in element.attributes else None
    longest = element.time_s("maxDur", low=0.0) if "maxDur" in element.attributes else None
    crossed = False
    if shortest is not None and longest is not None and shortest > longest:
        if kind != "static":
            element.fail(f"has minDur {shortest:g} above maxDur {longest:g}; exchange them")
        shortest, longest, crossed = None, None, True
    words = element.get("next").split()
    if not all(word.isdecimal() for word in words):
        element.fail(f"has next={element.get('next')!r}; it lists phases, counted from 0")
    return PhaseRow(
        state=state,
        duration_s=duration_s,
        min_s=shortest,
        max_s=longest,
        crossed=crossed,
        line=element.line,
        then=tuple(int(word) for word in words),
    )
