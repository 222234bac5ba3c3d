"""Which control rules does a SWMM file hold, what do they watch and what do they move?"""

from __future__ import annotations

from dataclasses import dataclass, field

from jialing.domains.water.cells import (
    Cells,
    Names,
    did_you_mean,
    fold,
    match_word,
    to_clock_s,
    to_date,
    to_number,
)
from jialing.domains.water.inp import InpFile, Notice, Row
from jialing.domains.water.links import LinkKind, Links

_WORDS = ("RULE", "IF", "AND", "OR", "THEN", "ELSE", "PRIORITY", "VARIABLE", "EXPRESSION")
_OBJECTS = (
    "GAGE", "NODE", "LINK", "CONDUIT", "PUMP", "ORIFICE", "WEIR", "OUTLET", "SIMULATION",
)  # fmt: skip
_ATTRIBUTES = (
    "DEPTH", "MAXDEPTH", "HEAD", "VOLUME", "INFLOW", "FLOW", "FULLFLOW", "FULLDEPTH", "STATUS",
    "SETTING", "LENGTH", "SLOPE", "VELOCITY", "TIMEOPEN", "TIMECLOSED", "TIME", "DATE",
    "CLOCKTIME", "DAYOFYEAR", "DAY", "MONTH",
)  # fmt: skip
_OF_LINK = (
    "STATUS", "DEPTH", "FULLFLOW", "FULLDEPTH", "FLOW", "LENGTH", "SLOPE", "VELOCITY",
    "TIMEOPEN", "TIMECLOSED",
)  # fmt: skip
_OF_REGULATOR = ("FLOW", "SETTING", "TIMEOPEN", "TIMECLOSED")
_OF_OBJECT = {
    "NODE": ("DEPTH", "MAXDEPTH", "HEAD", "VOLUME", "INFLOW"),
    "LINK": _OF_LINK,
    "CONDUIT": _OF_LINK,
    "PUMP": ("STATUS", *_OF_REGULATOR),
    "ORIFICE": _OF_REGULATOR,
    "WEIR": _OF_REGULATOR,
    "OUTLET": _OF_REGULATOR,
    "SIMULATION": ("TIME", "DATE", "CLOCKTIME", "DAY", "MONTH", "DAYOFYEAR"),
}
_MOVABLE = _OBJECTS[3:8]
_RELATIONS = ("=", "<>", "<", "<=", ">", ">=")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One control rule.

    Attributes
    ----------
    name, line : where it comes from
    text : its lines, as written
    links : indices of the links it moves
    watches : what its premises look at, e.g. ``NODE T1 DEPTH``
    priority : the higher wins [1]
    """

    name: str
    line: int
    text: str
    links: tuple[int, ...]
    watches: tuple[str, ...]
    priority: float = 0.0


@dataclass(kw_only=True)
class _Draft:
    row: Row
    links: list[int] = field(default_factory=list)
    watches: list[str] = field(default_factory=list)
    priority: float = 0.0
    last: int = 0


@dataclass(frozen=True, kw_only=True)
class _World:
    """The names that rules may use."""

    cells: Cells
    objects: dict[str, Names]
    kinds: Links
    variables: dict[str, str | None] = field(default_factory=dict)
    expressions: set[str] = field(default_factory=set)


def read_rules(
    inp: InpFile,
    nodes: Names,
    links: Links,
    gages: Names,
    curves: Names,
    series: Names,
    notices: list[Notice],
) -> tuple[Rule, ...]:
    """Control rules of `inp`.

    Raises InputError for a rule that SWMM would not understand.
    """
    cells = Cells(inp.path, "CONTROLS")
    objects = {"NODE": nodes, "GAGE": gages, "CURVE": curves, "TIMESERIES": series}
    objects |= dict.fromkeys(_OBJECTS[2:8], links.lookup)
    world = _World(cells=cells, objects=objects, kinds=links)
    drafts: list[_Draft] = []
    taken: set[str] = set()
    state = ""
    for row in inp.rows("CONTROLS"):
        word = match_word(row.tokens[0], _WORDS)
        if word is None:
            raise cells.error(
                row.line, f"{row.tokens[0]!r} begins no clause. Allowed: {', '.join(_WORDS)}."
            )
        cells.need(row, 2, "a keyword and what follows it")
        if word in ("VARIABLE", "EXPRESSION"):
            _declare(world, row, word)
        elif word == "RULE":
            if fold(row.tokens[1]) in taken:
                raise cells.error(row.line, f"there is a rule {row.tokens[1]!r} already.")
            taken.add(fold(row.tokens[1]))
            drafts.append(_Draft(row=row))
            state = word
        elif not drafts:
            raise cells.error(row.line, f"{row.tokens[0]} stands before the first RULE.")
        else:
            state = _clause(world, drafts[-1], row, word, state)
        if drafts:
            drafts[-1].last = row.line
    notices += [
        Notice(
            draft.row.line,
            f"[CONTROLS] rule {draft.row.tokens[1]!r} moves nothing; the file may have been cut off",
        )
        for draft in drafts
        if not draft.links
    ]
    return tuple(_rule(inp, draft) for draft in drafts)


def _rule(inp: InpFile, draft: _Draft) -> Rule:
    return Rule(
        name=draft.row.tokens[1],
        line=draft.row.line,
        text="\n".join(t.rstrip("\r") for t in inp.text_lines[draft.row.line - 1 : draft.last]),
        links=tuple(dict.fromkeys(draft.links)),
        watches=tuple(dict.fromkeys(draft.watches)),
        priority=draft.priority,
    )


_AFTER = {
    "IF": ("RULE",),
    "OR": ("IF",),
    "AND": ("IF", "THEN", "ELSE"),
    "THEN": ("IF",),
    "ELSE": ("THEN",),
    "PRIORITY": ("THEN", "ELSE"),
}


def _clause(world: _World, draft: _Draft, row: Row, word: str, state: str) -> str:
    """Read one clause; returns the state after it."""
    if state not in _AFTER[word]:
        raise world.cells.error(
            row.line, f"rule {draft.row.tokens[1]!r}: {word} cannot follow {state or 'nothing'}."
        )
    if word == "PRIORITY":
        draft.priority = world.cells.number(row, 1, "priority")
        return word
    if word in ("IF", "OR") or (word == "AND" and state == "IF"):
        _premise(world, draft, row)
        return "IF"
    _action(world, draft, row)
    return state if word == "AND" else word


def _premise(world: _World, draft: _Draft, row: Row) -> None:
    tokens = row.tokens
    world.cells.need(row, 4, "keyword, variable, relation, value")
    at, attribute = 1, None
    if tokens[1].upper() in world.variables:
        attribute = world.variables[tokens[1].upper()]
    elif tokens[1].upper() not in world.expressions:
        at = _variable(world, row, 1, draft.watches)
        attribute = match_word(tokens[at], _ATTRIBUTES) if tokens[1].upper() != "GAGE" else None
    at += 1
    if at >= len(tokens) or tokens[at] not in _RELATIONS:
        found = repr(tokens[at]) if at < len(tokens) else "nothing"
        raise world.cells.error(
            row.line, f"{found} is no relation. Allowed: {', '.join(_RELATIONS)}."
        )
    at += 1
    if at >= len(tokens):
        raise world.cells.error(row.line, "the condition has no value to compare with.")
    if tokens[at].upper() in world.variables:
        return
    if match_word(tokens[at], _OBJECTS):
        _variable(world, row, at, draft.watches)
    else:
        _check_value(world, row, at, attribute)


def _check_value(world: _World, row: Row, at: int, attribute: str | None) -> None:
    """What a variable is compared with has to be of its kind."""
    text = row.tokens[at]
    if attribute == "STATUS":
        good = match_word(text, ("OFF", "ON", "CLOSED", "OPEN")) is not None
    elif attribute in ("TIME", "CLOCKTIME", "TIMEOPEN", "TIMECLOSED"):
        good = to_clock_s(text) is not None
    elif attribute == "DATE":
        good = to_date(text) is not None
    elif attribute == "DAYOFYEAR":
        good = to_date(f"{text}/1947") is not None or to_number(text) is not None
    else:
        good = to_number(text) is not None
    if not good:
        what = "number" if attribute is None else f"value of {attribute}"
        raise world.cells.error(row.line, f"{text!r} is no {what}.")


def _variable(world: _World, row: Row, at: int, watches: list[str]) -> int:
    """Read ``NODE name ATTRIBUTE`` from cell `at` on; returns the cell of the attribute."""
    tokens = row.tokens
    kind = match_word(tokens[at], _OBJECTS)
    if kind is None:
        raise world.cells.error(
            row.line,
            f"{tokens[at]!r} is no object of a rule. Allowed: {', '.join(_OBJECTS)}.",
        )
    start = at
    if kind != "SIMULATION":
        at += 1
        world.objects[kind].get(world.cells, row, at, "watches")
    at += 1
    if at >= len(tokens):
        raise world.cells.error(row.line, f"{' '.join(tokens[start:])} lacks its attribute.")
    attribute = match_word(tokens[at], _ATTRIBUTES)
    if kind != "GAGE" and attribute not in _OF_OBJECT[kind]:
        raise world.cells.error(
            row.line,
            f"{tokens[at]!r} is no attribute of a {kind.lower()}."
            f"{did_you_mean(tokens[at], _OF_OBJECT[kind])} Allowed: {', '.join(_OF_OBJECT[kind])}.",
        )
    watches.append(" ".join((kind, *tokens[start + 1 : at + 1])))
    return at


def _action(world: _World, draft: _Draft, row: Row) -> None:
    cells, tokens = world.cells, row.tokens
    cells.need(row, 6, "keyword, object, name, attribute, =, value")
    kind = match_word(tokens[1], _MOVABLE)
    if kind is None:
        raise cells.error(
            row.line, f"{tokens[1]!r} cannot be moved. Allowed: {', '.join(_MOVABLE)}."
        )
    link = world.objects[kind].get(cells, row, 2, "moves")
    real = LinkKind(int(world.kinds.kind[link])).name
    if kind != real:
        raise cells.error(row.line, f"{tokens[2]} is of kind {real}, not {kind}.")
    attribute = match_word(tokens[3], ("STATUS", "SETTING"))
    words = {"CONDUIT": ("STATUS",), "PUMP": ("STATUS", "SETTING")}.get(kind, ("SETTING",))
    if attribute not in words:
        raise cells.error(
            row.line, f"{tokens[3]!r} of {tokens[2]} cannot be set. Allowed: {', '.join(words)}."
        )
    _check_setting(world, row, kind, attribute)
    draft.links.append(link)


def _check_setting(world: _World, row: Row, kind: str, attribute: str) -> None:
    """The value to set: a state, a number, or a curve, series or PID controller."""
    cells, text = world.cells, row.tokens[5]
    if attribute == "STATUS":
        states = ("CLOSED", "OPEN") if kind == "CONDUIT" else ("OFF", "ON")
        if match_word(text, states) is None:
            raise cells.error(row.line, f"{text!r} is no status. Allowed: {', '.join(states)}.")
        return
    source = match_word(text, ("CURVE", "TIMESERIES", "PID"))
    if source == "PID":
        cells.need(row, 9, "keyword, object, name, SETTING, =, PID, gain, integral, derivative")
        for i in (6, 7, 8):
            cells.number(row, i, "PID coefficient")
    elif source is not None:
        world.objects[source].get(cells, row, 6, "follows")
    else:
        value = cells.number(row, 5, "setting")
        if kind != "PUMP" and not 0.0 <= value <= 1.0:
            raise cells.error(row.line, f"{row.tokens[2]} is set to {text}; allowed 0 … 1.")


def _declare(world: _World, row: Row, word: str) -> None:
    world.cells.need(row, 4, f"{word}, name, =, definition")
    if word == "VARIABLE":
        at = _variable(world, row, 3, [])
        world.variables[row.tokens[1].upper()] = match_word(row.tokens[at], _ATTRIBUTES)
    else:
        world.expressions.add(row.tokens[1].upper())
