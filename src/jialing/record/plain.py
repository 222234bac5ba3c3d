"""How do typed values become JSON and come back?"""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from jialing.core.errors import RecordError
from jialing.record.disk import write_in_one_piece

T = TypeVar("T")


def to_plain(value: Any, *, exact: bool = False) -> Any:
    """JSON-ready copy of dataclasses, mappings, sequences, arrays, paths and enums.

    A number that is not finite becomes null, or with `exact` its name (``"inf"``, ``"nan"``),
    which `from_plain` turns back. A path is written from the root: who reads it may do so from
    another folder.
    """
    if value is None or (isinstance(value, str | bool | int) and not isinstance(value, Enum)):
        return value
    if isinstance(value, float | np.floating):
        number = float(value)
        return number if math.isfinite(number) else str(number) if exact else None
    if isinstance(value, Enum):
        return to_plain(value.value, exact=exact)
    if isinstance(value, np.bool_ | np.integer):
        return value.item()
    if isinstance(value, np.ndarray):
        return to_plain(value.tolist(), exact=exact)
    if isinstance(value, Path):
        return str(value.absolute())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_plain(getattr(value, field.name), exact=exact)
            for field in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return {str(key): to_plain(item, exact=exact) for key, item in value.items()}
    if isinstance(value, Sequence | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [to_plain(item, exact=exact) for item in items]
    raise RecordError(f"a {type(value).__name__} cannot be written as JSON: {value!r}")


def from_plain(kind: Any, value: Any) -> Any:
    """Value of type `kind` out of what `to_plain(..., exact=True)` made of it."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in inner:
            return None
        return from_plain(next(arg for arg in inner if arg is not type(None)), value)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _dataclass_from(kind, value)
    if origin is tuple:
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(from_plain(inner[0], item) for item in value)
        return tuple(from_plain(arg, item) for arg, item in zip(inner, value, strict=True))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {from_plain(inner[0], k): from_plain(inner[1], v) for k, v in value.items()}
    if isinstance(origin, type) and issubclass(origin, Sequence | set | frozenset):
        items = [from_plain(inner[0], item) for item in value]
        return origin(items) if issubclass(origin, set | frozenset) else items
    if isinstance(kind, type):
        if isinstance(value, kind):
            return value
        try:
            return kind(value)
        except (TypeError, ValueError):
            raise RecordError(f"{value!r} is no {kind.__name__}") from None
    raise RecordError(f"do not know how to read back a {kind}")


def _dataclass_from(kind: type[T], value: Mapping[str, Any]) -> T:
    if not isinstance(value, Mapping):
        raise RecordError(f"{value!r} is no {kind.__name__}; allowed is an object")
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(value) - set(hints))
    if unknown:
        raise RecordError(
            f"{kind.__name__} has no {', '.join(unknown)}: the record is of another version"
        )
    needed = [
        field.name
        for field in dataclasses.fields(kind)  # type: ignore[arg-type]
        if field.default is field.default_factory is dataclasses.MISSING
    ]
    if lacking := sorted(set(needed) - set(value)):
        raise RecordError(f"{kind.__name__} lacks {', '.join(lacking)}")
    return kind(**{name: from_plain(hints[name], item) for name, item in value.items()})


def to_json(document: Any, indent: int | None = None) -> bytes:
    """`document` as JSON in UTF-8, with a line's end.

    Names of files may hold bytes that are no UTF-8; what Python makes of them becomes ``\\udcXX``,
    which JSON turns back.
    """
    text = json.dumps(to_plain(document), ensure_ascii=False, indent=indent, allow_nan=False)
    return f"{text}\n".encode(errors="backslashreplace")


def write_json(path: Path, document: Any) -> None:
    """Write `document` in one piece: the file is either the old one or the new one."""
    write_in_one_piece(path, to_json(document, indent=1))


def read_json(path: Path) -> Any:
    """Content of a JSON file; raises RecordError naming the file and what is wrong."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecordError(f"{path} is missing; this folder is no record") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise RecordError(f"{path} cannot be read: {error}") from error
