"""Which small changes to a piece of code must its tests notice?"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

COMPARE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "abs": "float"}
METHODS = {"abs": "positive", "fmin": "fmax"}


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One small change.

    Attributes
    ----------
    place : the function it lies in, ``Class.name``; what runs with the module has a place that is
        empty, ends in a dot (a class body) or in a newline (the head of a function)
    line : where, from 1
    change : the changed piece of code, before and after
    code : the whole file with the change in it
    """

    place: str
    line: int
    change: str
    code: ast.Module

    @classmethod
    def none(cls, source: str, place: str) -> Mutant:
        """No change at all, as a control."""
        return cls(place=place, line=1, change="none", code=ast.parse(source))

    @property
    def runs_with_module(self) -> bool:
        """True if the changed code runs when the module is imported, not when a function is called."""
        return not self.place or self.place.endswith(("\n", "."))

    @property
    def key(self) -> str:
        """Names the change without its line, so that it stays true when the file grows."""
        return f"{self.place or 'module'}: {self.change}"


def mutants_of(source: str) -> Iterator[Mutant]:
    """Every mutant of a file. The code of a mutant is only valid until the next one is asked for."""
    tree = ast.parse(source)
    for place, owner in _pieces(tree, ""):
        before = ast.unparse(owner)
        for _ in _changes(owner):
            yield Mutant(
                place=place,
                line=owner.lineno,
                change=f"{_short(before, ast.unparse(owner))}",
                code=tree,
            )


def _short(before: str, after: str) -> str:
    """The lines that differ."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    first = next((pair for pair in pairs if pair[0] != pair[1]), (before, after))
    return f"{first[0].strip()} -> {first[1].strip()}"


def _pieces(node: ast.AST, place: str) -> Iterator[tuple[str, ast.stmt]]:
    """The simple statements of a file, and the heads of its compound ones, with their function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _pieces(child, f"{child.name}.")
        elif isinstance(child, ast.FunctionDef):
            yield place + "\n", child  # its head runs with the module
            yield from _pieces(child, f"{place}{child.name}")
        elif isinstance(child, ast.stmt):
            yield place, child
            if not isinstance(child, ast.AnnAssign):
                yield from _pieces(child, place)
        elif isinstance(child, ast.ExceptHandler):
            yield from _pieces(child, place)


def _changes(owner: ast.stmt) -> Iterator[None]:
    """Make one change after the other in place, and take each back."""
    if isinstance(owner, ast.FunctionDef):
        arguments = owner.args
        roots = [*owner.decorator_list, *arguments.defaults, *filter(None, arguments.kw_defaults)]
    elif isinstance(owner, ast.Import | ast.ImportFrom):
        return
    else:
        yield from _without(owner)
        roots = [
            child
            for name, value in ast.iter_fields(owner)
            if name not in ("annotation", "body", "orelse", "finalbody", "handlers", "type")
            for child in (value if isinstance(value, list) else [value])
            if isinstance(child, ast.AST)
        ]
        if isinstance(owner, ast.Expr) and isinstance(owner.value, ast.Constant):
            return  # a docstring
        if isinstance(owner, ast.AugAssign):
            yield from _swap(owner, "op", ARITHMETIC.get(type(owner.op)))
        if isinstance(owner, ast.If):
            yield from _put(owner, "test", ast.UnaryOp(ast.Not(), owner.test))
    for root in roots:
        for node in _parts(root):
            yield from _inside(node)


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """An expression and all within it, but not how a figure is written in a sentence."""
    yield node
    inner = [node.value] if isinstance(node, ast.FormattedValue) else ast.iter_child_nodes(node)
    for child in inner:
        yield from _parts(child)


def _without(owner: ast.stmt) -> Iterator[None]:
    """Leave out a statement; a return gives nothing, or the opposite."""
    if isinstance(owner, ast.Return) and owner.value is not None:
        yield from _put(owner, "value", ast.Constant(None))
    elif isinstance(owner, ast.Raise | ast.AugAssign | ast.Return) or (
        isinstance(owner, ast.Expr) and not isinstance(owner.value, ast.Constant)
    ):
        kind, fields = owner.__class__, dict(vars(owner))
        owner.__class__ = ast.Pass  # type: ignore[assignment]
        yield
        owner.__class__ = kind  # type: ignore[assignment]
        vars(owner).update(fields)


def _put(node: ast.AST, name: str, value: object) -> Iterator[None]:
    before = getattr(node, name)
    setattr(node, name, value)
    yield
    setattr(node, name, before)


def _swap(node: ast.AST, name: str, kind: type[ast.AST] | None) -> Iterator[None]:
    if kind is not None:
        yield from _put(node, name, kind())


def _inside(node: ast.AST) -> Iterator[None]:
    """Changes within an expression."""
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            for kind in COMPARE[type(op)]:
                node.ops[i] = kind()
                yield
            node.ops[i] = op
    elif isinstance(node, ast.BoolOp):
        yield from _swap(node, "op", ast.Or if isinstance(node.op, ast.And) else ast.And)
        for i in range(len(node.values)):  # each condition must matter
            yield from _put(node, "values", node.values[:i] + node.values[i + 1 :])
    elif isinstance(node, ast.BinOp):
        yield from _swap(node, "op", ARITHMETIC.get(type(node.op)))
    elif isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.USub):
            yield from _swap(node, "op", ast.UAdd)
        else:
            yield from _put(node, "operand", ast.UnaryOp(node.op, node.operand))
    elif isinstance(node, ast.IfExp):
        yield from _put(node, "test", ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.comprehension):
        for i, condition in enumerate(node.ifs):
            yield from _put(node, "ifs", node.ifs[:i] + node.ifs[i + 1 :])
            node.ifs[i] = ast.UnaryOp(ast.Not(), condition)
            yield
            node.ifs[i] = condition
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in CALLS:
            yield from _put(node.func, "id", CALLS[node.func.id])
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            yield from _put(node.func, "attr", METHODS[node.func.attr])
        for i in range(len(node.keywords)):
            yield from _put(node, "keywords", node.keywords[:i] + node.keywords[i + 1 :])
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield from _put(node, "value", not node.value)
        elif isinstance(node.value, int | float):
            yield from _put(node, "value", node.value + 1)
            if node.value:
                yield from _put(node, "value", -node.value)
        elif isinstance(node.value, str) and " " not in node.value:  # a word, not a sentence
            yield from _put(node, "value", node.value[1:] or "#")
