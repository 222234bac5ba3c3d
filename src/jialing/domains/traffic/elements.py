"""What stands in a SUMO file, element by element, and in which line?"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn, cast
from xml.parsers import expat

from jialing.core.errors import InputError

CHUNK = 1 << 18  # bytes parsed at once
GZIP_MAGIC = b"\x1f\x8b"  # RFC 1952, section 2.3.1
MOST_SHOWN = 60  # characters of a wrong value that an error repeats


@dataclass(frozen=True, slots=True)
class Element:
    """The opening tag of one element.

    Attributes
    ----------
    tag, parent : its name and the name of the element around it (empty for the root)
    attributes : as they stand in the file
    path, line : where it stands, lines from 1
    """

    tag: str
    parent: str
    attributes: Mapping[str, str]
    path: Path
    line: int

    def fail(self, message: str) -> NoReturn:
        """Raise InputError that names this element and its line."""
        name = self.attributes.get("id")
        shown = f"<{self.tag}>" if name is None else f"<{self.tag} id={_short(name)!r}>"
        raise InputError(f"{shown} {message}", path=self.path, line=self.line)

    def get(self, key: str, default: str = "") -> str:
        """An attribute's text, or `default`."""
        return self.attributes.get(key, default)

    def text(self, key: str) -> str:
        """An attribute that must be there and not be empty."""
        found = self.attributes.get(key, "")
        if not found.strip():
            self.fail(f"has no {key}; it needs one")
        return found

    def number(self, key: str, default: float | None = None, *, low: float = -math.inf) -> float:
        """An attribute as a finite number not below `low`; `default` where it is absent."""
        raw = self.attributes.get(key)
        if raw is None:
            if default is None:
                self.fail(f"has no {key}; it needs a number")
            return default
        try:
            value = float(raw)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            self.fail(f"has {key}={_short(raw)!r}; it must be a number")
        if value < low:
            self.fail(f"has {key}={_short(raw)!r}; it must not be below {low:g}")
        return value

    def whole(self, key: str, *, low: int = 0, high: int = 1_000_000) -> int:
        """An attribute as a whole number from `low` to `high`."""
        raw = self.text(key)
        try:
            value = int(raw)
        except ValueError:
            self.fail(f"has {key}={_short(raw)!r}; it must be a whole number")
        if not low <= value <= high:
            self.fail(f"has {key}={_short(raw)!r}; allowed: {low} … {high}")
        return value

    def time_s(self, key: str, default: float | None = None, *, low: float = -math.inf) -> float:
        """An attribute as a time [s], given in seconds or as `hh:mm:ss`, `d:hh:mm:ss`."""
        raw = self.attributes.get(key)
        if raw is None or ":" not in raw:
            return self.number(key, default, low=low)
        parts = raw.split(":")
        try:
            numbers = [float(part) for part in parts]
        except ValueError:
            numbers = []
        if len(numbers) not in (3, 4) or not all(math.isfinite(n) and n >= 0 for n in numbers):
            self.fail(f"has {key}={_short(raw)!r}; it must be seconds or hh:mm:ss")
        sizes = (86_400.0, 3600.0, 60.0, 1.0)[4 - len(numbers) :]
        return sum(n * size for n, size in zip(numbers, sizes, strict=True))

    def shape(self, key: str = "shape") -> tuple[tuple[float, float], ...]:
        """An attribute as points `x,y[,z] …` [m]."""
        points = []
        for word in self.get(key).split():
            try:
                x, y = (float(part) for part in word.split(",")[:2])
            except ValueError:
                x = y = math.nan
            if not (math.isfinite(x) and math.isfinite(y)):
                self.fail(f"has a point {_short(word)!r} in its {key}; points read x,y")
            points.append((x, y))
        return tuple(points)


def _short(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "…"


def read_elements(
    path: Path, *, root: str, what: str, within: tuple[Path, ...] = ()
) -> Iterator[Element]:
    """Every element of an XML file (`.gz` too) in its order, read as a stream.

    In the place of an `<include>` stand the elements of the file that it names.

    Parameters
    ----------
    root : name that the outermost element must have; empty for any
    what : what the file should be, for people, e.g. ``a SUMO network (.net.xml)``
    within : files whose `<include>` led here

    Raises InputError with the file and, where known, line and column.
    """
    try:
        with _opened(path) as stream:
            for element in _parse(stream, path, root, what):
                if element.tag == "include":
                    yield from _included(element, what, within)
                else:
                    yield element
    except FileNotFoundError:
        raise InputError(
            f"there is no such file; it should be {what}. Check the path", path=path
        ) from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"the gzip data are damaged: {error}", path=path) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", path=path) from None


def _included(element: Element, what: str, within: tuple[Path, ...]) -> Iterator[Element]:
    """The elements of another file, whose path is relative to the one that includes it."""
    path = element.path.parent / element.text("href")
    around = (*within, element.path)
    if any(path.resolve() == each.resolve() for each in around):
        element.fail("includes a file that it stands in itself; remove it")
    if not path.is_file():
        element.fail(f"includes {path.name!r}, but {path} does not exist; correct the path")
    yield from read_elements(path, root="", what=what, within=around)


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as stream:
        packed = stream.read(2) == GZIP_MAGIC
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


def _parse(stream: BinaryIO, path: Path, root: str, what: str) -> Iterator[Element]:
    parser = expat.ParserCreate()
    found: list[Element] = []
    around: list[str] = []

    def opened(tag: str, attributes: dict[str, str]) -> None:
        if root and not around and tag != root:
            raise InputError(
                f"the outermost element is <{_short(tag)}>; {what} begins with <{root}>",
                path=path,
                line=parser.CurrentLineNumber,
            )
        parent = around[-1] if around else ""
        found.append(Element(tag, parent, attributes, path, parser.CurrentLineNumber))
        around.append(tag)

    def closed(_tag: str) -> None:
        around.pop()

    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    last = False
    while not last:
        chunk = stream.read(CHUNK)
        last = not chunk
        try:
            parser.Parse(chunk, last)
        except expat.ExpatError as error:
            yield from found
            raise InputError(
                f"this is no well-formed XML: {expat.ErrorString(error.code)}; "
                f"it should be {what}. Repair the file or write it anew",
                path=path,
                line=error.lineno,
                column=error.offset + 1,
            ) from None
        except (LookupError, ValueError) as error:  # an encoding that nobody knows
            raise InputError(f"cannot be decoded: {error}", path=path) from None
        yield from found
        found.clear()
