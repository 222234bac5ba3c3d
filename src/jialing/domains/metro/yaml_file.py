"""What does a YAML file hold? Its nodes, each with its place, or one error with file, line and column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from jialing.core.errors import InputError

MOST_BYTES = 5_000_000
MOST_REPEATED = (
    100_000  # values that aliases stand for; each level of them multiplies the one below
)


def read_yaml(path: Path) -> yaml.Node | None:
    """The root of a file's only document; None where the file holds none.

    Raises InputError for a file that cannot be read or is no YAML in UTF-8, for a key that is given
    twice in one mapping, for an alias inside of what it stands for, and for aliases that stand for
    more than `MOST_REPEATED` values.
    """
    text = _text(path)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise _refusal(error, path) from None
    if root is not None:
        _Aliases(path=path).check(root)
    return root


def values_of(root: yaml.Node, path: Path) -> Any:
    """What `read_yaml` found in `path`, in Python's own types.

    Raises InputError for a value that its type does not take.
    """
    try:
        return _Values().construct_document(root)
    except yaml.YAMLError as error:
        raise _refusal(error, path) from None


def quoted(text: str) -> str:
    """`text` as YAML on one line, whatever it holds; it is never taken for a number or a flag."""
    return str(yaml.safe_dump(text, default_style='"', allow_unicode=True, width=10**9)).strip()


class _Values(yaml.constructor.SafeConstructor):  # type: ignore[misc]
    """Names the place of a scalar that looks like a date or a number and is none: 2024-13-45."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            value = super().construct_object(node, deep)
            if isinstance(value, int):
                str(value)  # Python writes no number of thousands of digits, an error least of all
            return value
        except (AttributeError, LookupError, ValueError):
            text = f"{node.value!r:.60} is no {node.tag.rpartition(':')[2]}"
            raise yaml.MarkedYAMLError(problem=text, problem_mark=node.start_mark) from None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"larger than {MOST_BYTES} bytes, which no such file is", path=path)
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path=path) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError("this is no text in UTF-8", path=path, line=line) from None


@dataclass(kw_only=True)
class _Aliases:
    """Refuses a key that is given twice, a node that stands inside of itself, and too many repeats.

    Attributes
    ----------
    path : the file
    met : nodes so far -> values in each, aliases written out; 0 for those around this one
    repeated : values that aliases stand for so far
    """

    path: Path
    met: dict[int, int] = field(default_factory=dict)
    repeated: int = 0

    def check(self, node: yaml.Node) -> int:
        """Values in `node`, itself included."""
        if isinstance(node, yaml.ScalarNode):
            return 1
        if id(node) in self.met:
            return self._repeat(node)
        self.met[id(node)] = 0
        inside = node.value
        if isinstance(node, yaml.MappingNode):
            _check_keys([key for key, _ in node.value], self.path)
            inside = chain.from_iterable(node.value)
        size = self.met[id(node)] = 1 + sum(self.check(each) for each in inside)
        return size

    def _repeat(self, node: yaml.Node) -> int:
        size = self.met[id(node)]
        if not size:
            text = "an alias in here refers to the whole of it"
            raise _error(text, self.path, node.start_mark)
        self.repeated += size
        if self.repeated > MOST_REPEATED:
            text = (
                f"aliases of this and of others stand for more than {MOST_REPEATED:,} values, which no "
                "such file needs; write out what is meant"
            )
            raise _error(text, self.path, node.start_mark)
        return size


def _check_keys(keys: Sequence[yaml.Node], path: Path) -> None:
    first: dict[str, int] = {}
    for key in keys:
        if not isinstance(key, yaml.ScalarNode):
            continue  # whoever reads the values says what a key may be
        if key.value in first:
            text = f"{key.value!r} is given twice, first in line {first[key.value]}; remove one of them"
            raise _error(text, path, key.start_mark)
        first[key.value] = key.start_mark.line + 1


def _refusal(error: Exception, path: Path) -> InputError:
    """The parser's own words, on one line."""
    words = (getattr(error, "context", None), getattr(error, "problem", None))
    why = " ".join((" ".join(filter(None, words)) or str(error)).split())
    return _error(f"this is no YAML: {why}", path, getattr(error, "problem_mark", None))


def _error(message: str, path: Path, mark: yaml.Mark | None) -> InputError:
    if mark is None:
        return InputError(message, path=path)
    return InputError(message, path=path, line=mark.line + 1, column=mark.column + 1)
