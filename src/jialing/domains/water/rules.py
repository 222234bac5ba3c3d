"""Which control rules does a SWMM file hold, what do they watch and what do they move?"""

from __future__ import annotations

from dataclasses import dataclass, field

from jialing.domains.water.cells import Cells, Names, match_word, to_number
from jialing.domains.water.inp import InpFile, Row
from jialing.domains.water.links import LinkKind, Links

_WORDS = ("RULE", "IF", "AND", "OR", "THEN", "ELSE", "PRIORITY", "VARIABLE", "EXPRESSION")
_OBJECTS = (
    "GAGE", "NODE", "LINK", "CONDUIT", "PUMP", "ORIFICE", "WEIR", "OUTLET", "SIMULATION",
)  # fmt: skip
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
    variables: set[str] = field(default_factory=set)
    expressions: set[str] = field(default_factory=set)


def read_rules(inp: InpFile, nodes: Names, links: Links, gages: Names) -> tuple[Rule, ...]:
    """Control rules of `inp`.

    Raises InputError for a rule that is cut off or that names something undefined.
    """
    cells = Cells(inp.path, "CONTROLS")
    objects = {"NODE": nodes, "GAGE": gages} | dict.fromkeys(_OBJECTS[2:8], links.lookup)
    world = _World(cells=cells, objects=objects, kinds=links)
    drafts: list[_Draft] = []
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
            drafts.append(_Draft(row=row))
            state = word
        elif not drafts:
            raise cells.error(row.line, f"{row.tokens[0]} stands before the first RULE.")
        else:
            state = _clause(world, drafts[-1], row, word, state)
        if drafts:
            drafts[-1].last = row.line
    for draft in drafts:
        if not draft.links:
            raise cells.error(
                draft.row.line,
                f"rule {draft.row.tokens[1]!r} has no THEN. Complete it; the file may have been "
                "cut off.",
            )
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
    at = 1
    if tokens[1].upper() not in world.variables | world.expressions:
        at = _variable(world, row, 1, draft.watches)
    at += 1
    if at >= len(tokens) or tokens[at] not in _RELATIONS:
        found = repr(tokens[at]) if at < len(tokens) else "nothing"
        raise world.cells.error(
            row.line, f"{found} is no relation. Allowed: {', '.join(_RELATIONS)}."
        )
    at += 1
    if at >= len(tokens):
        raise world.cells.error(row.line, "the condition has no value to compare with.")
    if tokens[at].upper() not in world.variables and match_word(tokens[at], _OBJECTS):
        _variable(world, row, at, draft.watches)


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
    watches.append(" ".join((kind, *tokens[start + 1 : at + 1])))
    return at


def _action(world: _World, draft: _Draft, row: Row) -> None:
    cells, tokens = world.cells, row.tokens
    cells.need(row, 6, "keyword, object, name, attribute, =, value")
    kind = match_word(tokens[1], _OBJECTS[2:8])
    if kind is None:
        raise cells.error(
            row.line, f"{tokens[1]!r} cannot be moved. Allowed: {', '.join(_OBJECTS[2:8])}."
        )
    link = world.objects[kind].get(cells, row, 2, "moves")
    real = LinkKind(int(world.kinds.kind[link])).name
    if kind not in ("LINK", real):
        raise cells.error(row.line, f"{tokens[2]} is a {real.lower()}, not a {kind.lower()}.")
    if match_word(tokens[3], ("STATUS", "SETTING")) is None:
        raise cells.error(row.line, f"{tokens[3]!r} is neither STATUS nor SETTING.")
    value = to_number(tokens[5])
    if kind in ("ORIFICE", "WEIR", "OUTLET") and value is not None and not 0.0 <= value <= 1.0:
        raise cells.error(row.line, f"{tokens[2]} is set to {tokens[5]}; allowed 0 … 1.")
    draft.links.append(link)


def _declare(world: _World, row: Row, word: str) -> None:
    world.cells.need(row, 4, f"{word}, name, =, definition")
    if word == "VARIABLE":
        _variable(world, row, 3, [])
        world.variables.add(row.tokens[1].upper())
    else:
        world.expressions.add(row.tokens[1].upper())
