"""What does a user's file say: a `.sumocfg`, or a network `.net.xml` (`.gz` too)?"""

from __future__ import annotations

from pathlib import Path

from jialing.core.errors import InputError
from jialing.domains.traffic.elements import Element, read_elements
from jialing.domains.traffic.network import (
    Connection,
    Edge,
    Lane,
    NetworkFile,
    Node,
    ProgrammeRow,
    Scenario,
)
from jialing.domains.traffic.programme_rows import (
    Additional,
    enter_programme,
    read_phase,
    read_programme,
)

NET = "a SUMO network (.net.xml)"
CONFIG_ENDS = (".sumocfg", ".sumo.cfg")
#: SUMO's words for yes
TRUE = frozenset({"1", "yes", "true", "on", "x", "t"})
NOTED = frozenset({"ignore-route-errors", "tls.all-off"})
#: options of SUMO that name files to read, besides the network, routes and additional files
READ = frozenset(
    {
        *("weight-files", "load-state", "device.fcd-replay.files"),
        *("astar.all-distances", "astar.landmark-distances"),
        *("fcd-output.filter-edges.input-file", "device.ssm.filter-edges.input-file"),
    }
)
#: options of SUMO that name a file to write, besides those whose name ends with `output`
OUTPUTS = frozenset(
    {
        *("netstate-dump", "netstate", "ndump", "summary", "person-fcd", "tripinfo", "personinfo"),
        *("vehroutes", "personroutes"),
    }
)


def read_scenario(path: str | Path) -> Scenario:
    """The files and times that a `.sumocfg` names; a bare network stands for itself.

    Paths in the file are relative to the file. Raises InputError.
    """
    path = Path(path)
    if str(path).lower().endswith(".sumocfg.gz"):
        raise InputError("SUMO reads no packed configuration; unpack it with gunzip", path=path)
    if not str(path).lower().endswith(CONFIG_ENDS):
        if not path.is_file():
            raise InputError(
                f"there is no such file; it should be {NET}. Check the path", path=path
            )
        return Scenario(path=path, net=path)
    files: dict[str, tuple[Path, ...]] = {}
    others: dict[Path, None] = {}
    times: dict[str, float] = {}
    outputs: dict[str, int] = {}
    noted: dict[str, int] = {}
    step_line = 0
    for element in read_elements(path, root=_config_root(path), what="a SUMO configuration"):
        tag = _CONFIG_WORDS.get(element.tag, element.tag)
        others[element.path] = None
        if tag in ("net-file", "route-files", "additional-files"):
            files[tag] = _named_files(element)
        elif tag in READ:
            others.update(dict.fromkeys(_named_files(element)))
        elif tag in ("begin", "end", "step-length"):
            times[tag] = element.time_s(_value_key(element))
            if tag == "step-length":
                step_line = element.line
                if times[tag] <= 0.0:
                    found = element.get(_value_key(element))
                    element.fail(f"has the value {found!r}; it must be above 0 s, 1 is usual")
        elif tag == "mesosim" and element.get(_value_key(element)) in TRUE:
            element.fail(
                "asks for a simulation without lanes, in which signals see nobody; remove it"
            )
        elif tag in NOTED and element.get(_value_key(element)) in TRUE:
            noted[tag] = element.line
        elif tag.endswith(("-output", ".output")) or tag in OUTPUTS:
            outputs[element.tag] = element.line
    if not files.get("net-file"):
        raise InputError(
            'names no network; it needs <input><net-file value="….net.xml"/></input>', path=path
        )
    begin_s, end_s = times.get("begin", 0.0), times.get("end", -1.0)
    if end_s >= 0.0 and end_s <= begin_s:
        raise InputError(
            f"ends at {end_s:g} s, before it begins at {begin_s:g} s; set <end> later", path=path
        )
    return Scenario(
        path=path,
        net=files["net-file"][0],
        routes=files.get("route-files", ()),
        additional=files.get("additional-files", ()),
        files=tuple(others),
        begin_s=begin_s,
        end_s=end_s if end_s >= 0.0 else None,
        step_s=times.get("step-length", 1.0),
        step_line=step_line,
        outputs=outputs,
        noted=noted,
    )


#: other spellings of SUMO's options
_CONFIG_WORDS = {
    "net": "net-file",
    "n": "net-file",
    "routes": "route-files",
    "r": "route-files",
    "additional": "additional-files",
    "a": "additional-files",
    "weights": "weight-files",
    "w": "weight-files",
    "device.fcd-replay.file": "device.fcd-replay.files",
    "b": "begin",
    "e": "end",
}


def _config_root(path: Path) -> str:
    """SUMO itself takes any outermost element; `sumoConfiguration` is its other usual name."""
    for element in read_elements(path, root="", what="a SUMO configuration"):
        if element.tag not in ("configuration", "sumoConfiguration"):
            element.fail("is no SUMO configuration; its outermost element is <configuration>")
        return element.tag
    raise InputError("is empty; it should be a SUMO configuration", path=path)


def _value_key(element: Element) -> str:
    """The attribute that holds an option's value: `value`, or `v` for short."""
    return "value" if "value" in element.attributes else "v"


def _named_files(element: Element) -> tuple[Path, ...]:
    """The files of an option; none where its value is empty."""
    key = _value_key(element)
    words = element.get(key).split(",") if key in element.attributes else [element.text(key)]
    paths = tuple(element.path.parent / word.strip() for word in words if word.strip())
    for path in paths:
        if not path.is_file():
            element.fail(f"names {path.name!r}, but {path} does not exist; correct the path")
    return paths


def read_network(
    path: str | Path, additional: tuple[Path, ...] = (), *, begin_s: float = 0.0
) -> NetworkFile:
    """A network file as it stands, and the programmes of additional files after its own.

    The programme that is in use at `begin_s` is the last of its signal. Raises InputError with file, line, element and remedy.
    """
    reading = _Reading(Path(path))
    files: dict[Path, None] = {}
    for element in read_elements(reading.path, root="net", what=NET):
        files[element.path] = None
        reading.take(element)
    reading.close()
    extra = Additional(reading.programmes, {each.get("tl") for each in reading.waiting})
    for each in additional:
        files.update(dict.fromkeys(extra.take(each)))
    timetables = extra.in_order(begin_s)
    return NetworkFile(
        path=reading.path,
        edges=reading.edges,
        lanes=reading.lanes,
        nodes=reading.nodes,
        connections=tuple(reading.connection(each) for each in reading.waiting),
        programmes=reading.programmes,
        timetables=timetables,
        files=tuple(files),
    )


class _Reading:
    """Gathers the tables of one network while its elements stream past."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.edges: dict[str, Edge] = {}
        self.lanes: dict[str, Lane] = {}
        self.nodes: dict[str, Node] = {}
        self.programmes: dict[str, list[ProgrammeRow]] = {}
        self.waiting: list[Element] = []
        self._edge: Edge | None = None
        self._node: Node | None = None
        self._programme: ProgrammeRow | None = None

    def take(self, element: Element) -> None:
        """Enter one element; those that say nothing about signals are passed over."""
        tag, parent = element.tag, element.parent
        if tag == "edge" and parent == "net":
            self._edge = self._read_edge(element)
        elif tag == "lane" and parent == "edge":
            self._read_lane(element)
        elif tag == "junction" and parent == "net":
            self._node = self._read_node(element)
        elif tag == "request" and parent == "junction":
            self._read_request(element)
        elif tag == "connection" and parent == "net":
            self.waiting.append(element)
        elif tag == "tlLogic":
            self._programme = read_programme(element)
            enter_programme(self.programmes, self._programme, element)
        elif tag == "phase" and parent == "tlLogic" and self._programme is not None:
            self._programme.phases.append(read_phase(element, self._programme.kind))

    def close(self) -> None:
        """Check what only the whole file tells."""
        if not self.edges:
            raise InputError(
                "holds no edge; it should be a network as netconvert writes it", path=self.path
            )

    def _read_edge(self, element: Element) -> Edge:
        name, function = element.text("id"), element.get("function")
        if function == "normal":
            function = ""
        if name in self.edges:
            element.fail(f"stands twice, first in line {self.edges[name].line}; remove one")
        edge = Edge(
            name=name,
            tail=element.get("from") if function else element.text("from"),
            head=element.get("to") if function else element.text("to"),
            function=function,
            shape=element.shape(),
            line=element.line,
        )
        self.edges[name] = edge
        return edge

    def _read_lane(self, element: Element) -> None:
        edge = self._edge
        if edge is None:
            element.fail("stands in no edge")
        name, index = element.text("id"), element.whole("index", high=1000)
        if name in self.lanes:
            element.fail(f"stands twice, first in line {self.lanes[name].line}; remove one")
        while edge.function == "internal" and index in edge.lanes:
            index += 1  # SUMO numbers lanes across a node freely
        if index in edge.lanes:
            element.fail(f"has index {index}, which {edge.lanes[index]!r} has too; number them")
        edge.lanes[index] = name
        self.lanes[name] = Lane(
            name=name,
            edge=edge.name,
            index=index,
            length_m=element.number("length", low=0.0),
            speed_mps=element.number("speed", low=0.0),
            shape=element.shape(),
            allow=frozenset(element.get("allow").split()),
            disallow=frozenset(element.get("disallow").split()),
            line=element.line,
        )

    def _read_node(self, element: Element) -> Node:
        name = element.text("id")
        if name in self.nodes:
            element.fail(f"stands twice, first in line {self.nodes[name].line}; remove one")
        node = Node(
            name=name,
            kind=element.get("type"),
            x=element.number("x"),
            y=element.number("y"),
            incoming=tuple(element.get("incLanes").split()),
            inside=tuple(element.get("intLanes").split()),
            line=element.line,
        )
        self.nodes[name] = node
        return node

    def _read_request(self, element: Element) -> None:
        node = self._node
        if node is None:
            element.fail("stands in no junction")
        row = element.whole("index", high=100_000)
        if row in node.foes:
            element.fail(f"of junction {node.name!r} has index {row} a second time; remove one")
        for key, table in (("response", node.response), ("foes", node.foes)):
            bits = element.text(key)
            if not set(bits) <= {"0", "1"}:
                element.fail(
                    f"of junction {node.name!r} has {key}={bits!r}; only 0 and 1 may stand"
                )
            table[row] = bits

    def connection(self, element: Element) -> Connection:
        """A connection, once all edges are known."""
        lanes = []
        for end, key in (("from", "fromLane"), ("to", "toLane")):
            edge = self.edges.get(element.text(end))
            if edge is None:
                element.fail(f"has {end}={element.get(end)!r}, but there is no such edge")
            index = element.whole(key, high=1000)
            if index not in edge.lanes:
                element.fail(
                    f"has {key}={index}, but edge {edge.name!r} has "
                    f"{len(edge.lanes)} lane{'s' * (len(edge.lanes) != 1)}, counted from 0"
                )
            lanes.append(edge.lanes[index])
        via, signal = element.get("via"), element.get("tl")
        if via and via not in self.lanes:
            element.fail(f"has via={via!r}, but there is no such lane")
        if signal and "linkIndex" not in element.attributes:
            element.fail(f"has tl={signal!r} but no linkIndex; give its place in the state strings")
        link = element.whole("linkIndex", low=-1, high=10_000) if signal else -1
        return Connection(
            tail=element.get("from"),
            head=element.get("to"),
            tail_lane=lanes[0],
            head_lane=lanes[1],
            via=via,
            signal=signal if link >= 0 else "",
            link=link,
            turn=element.get("dir"),
            line=element.line,
        )
