"""What does a network file hold? Edges, lanes, nodes, connections and programmes, as they stand there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """A lane, or a stretch of one inside a node.

    Attributes
    ----------
    name, edge, index : its id, its edge's id, its place on the edge from the right
    length_m, speed_mps : its length and speed limit
    shape : its middle line [m]
    allow, disallow : vehicle classes; both empty where everybody may drive
    line : where it stands in the file
    """

    name: str
    edge: str
    index: int
    length_m: float
    speed_mps: float
    shape: tuple[Point, ...]
    allow: frozenset[str]
    disallow: frozenset[str]
    line: int


@dataclass(kw_only=True, slots=True)
class Edge:
    """A road from one node to another; inside a node `tail` and `head` are empty.

    Attributes
    ----------
    function : empty for a road, else `internal`, `crossing`, `walkingarea` or `connector`
    lanes : ids by index; a file may give them in any order
    """

    name: str
    tail: str
    head: str
    function: str
    shape: tuple[Point, ...]
    line: int
    lanes: dict[int, str] = field(default_factory=dict)


@dataclass(kw_only=True, slots=True)
class Node:
    """A junction of roads.

    Attributes
    ----------
    kind : its type, e.g. `priority`, `traffic_light`, `dead_end`
    incoming, inside : ids of the lanes that lead to it and of those across it, in the rows' order
    response, foes : row of the right-of-way table -> bits, the first link last
    """

    name: str
    kind: str
    x: float
    y: float
    incoming: tuple[str, ...]
    inside: tuple[str, ...]
    line: int
    response: dict[int, str] = field(default_factory=dict)
    foes: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """A way from a lane to a lane.

    Attributes
    ----------
    tail, head : ids of the edges
    tail_lane, head_lane : ids of the lanes
    via : id of the first lane across the node; empty where the file has none
    signal, link : id of the `tlLogic` and position in its state strings; -1 without one
    turn : the file's `dir`
    """

    tail: str
    head: str
    tail_lane: str
    head_lane: str
    via: str
    signal: str
    link: int
    turn: str
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PhaseRow:
    """A phase as it stands; None where the file does not say.

    `then` are the phases that may follow, counted from 0; empty where the one after it does. Where
    the shortest and the longest duration are `crossed`, neither counts.
    """

    state: str
    duration_s: float
    min_s: float | None
    max_s: float | None
    line: int
    then: tuple[int, ...] = ()
    crossed: bool = False


@dataclass(kw_only=True, slots=True)
class ProgrammeRow:
    """A `tlLogic` as it stands."""

    signal: str
    name: str
    kind: str
    offset_s: float
    path: Path
    line: int
    phases: list[PhaseRow] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Timetable:
    """When signals go from one programme to another (SUMO's WAUT).

    Attributes
    ----------
    first : programme before the first switch
    begin_s : time of the simulation that the switches count from [s]
    period_s : after which they come again [s]; 0 where they do not
    switches : when [s], and to which programme
    """

    name: str
    first: str
    begin_s: float
    period_s: float
    switches: list[tuple[float, str]] = field(default_factory=list)

    def at(self, time_s: float) -> str:
        """The programme in use."""
        passed_s = time_s - self.begin_s
        again = 0.0 < self.period_s <= passed_s
        now_s = passed_s % self.period_s if again else passed_s
        past = [each for each in self.switches if each[0] <= now_s]
        last = past or (self.switches if again else [])
        return max(last)[1] if last else self.first


@dataclass(frozen=True, kw_only=True)
class NetworkFile:
    """A network file as it stands.

    Attributes
    ----------
    edges, lanes, nodes : by id
    connections : in the file's order
    programmes : by id of the signal; the last one is in use
    timetables : id of the signal -> what changes its programme by the time of day
    files : what was read for it, and what its additional files have SUMO read
    """

    path: Path
    edges: dict[str, Edge]
    lanes: dict[str, Lane]
    nodes: dict[str, Node]
    connections: tuple[Connection, ...]
    programmes: dict[str, list[ProgrammeRow]]
    timetables: Mapping[str, Timetable] = field(default_factory=dict)
    files: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What a `.sumocfg` names, or a bare network alone.

    Attributes
    ----------
    path : the file the user gave
    net, routes, additional : files, as paths that can be opened
    files : the configuration itself, and all others that it has SUMO read
    begin_s, end_s : time of the simulation [s]; `end_s` None where the file does not say
    step_s, step_line : length of a step [s], and where the file says so; 0 where it does not
    outputs : options that would have SUMO write a file, as they are named there, and their lines
    noted : options that change what a run shows, and their lines
    """

    path: Path
    net: Path
    routes: tuple[Path, ...] = ()
    additional: tuple[Path, ...] = ()
    files: tuple[Path, ...] = ()
    begin_s: float = 0.0
    end_s: float | None = None
    step_s: float = 1.0
    step_line: int = 0
    outputs: Mapping[str, int] = field(default_factory=dict)
    noted: Mapping[str, int] = field(default_factory=dict)
