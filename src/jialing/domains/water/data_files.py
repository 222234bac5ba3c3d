"""Which data files does a SWMM file read, and where do they lie?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PureWindowsPath

from jialing.core.errors import InputError
from jialing.domains.water.cells import fold, match_word
from jialing.domains.water.inp import InpFile, Notice, Row

_PLACED = ("TIMESERIES", "RAINGAGES")  # whose files may be given by name


def resolve_file(folder: Path, text: str) -> Path:
    """Where a file named in a model lies: as written, beside the model, or by its bare name there.

    The first that exists; else the path as written, seen from the model's folder.
    """
    written = Path(text)
    tries = [folder / written, folder / text.replace("\\", "/"), folder / written.name]
    tries.append(folder / PureWindowsPath(text).name)
    return next((path.resolve() for path in tries if is_file(path)), folder / written)


def is_file(path: Path) -> bool:
    """Whether a file lies there; none does under a name that the system cannot hold."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def find_files(inp: InpFile, given: Mapping[str, Path], notices: list[Notice]) -> dict[int, Path]:
    """The data file of each row that names one to be read, by the row's line.

    `given` overrides where the file of a series or gage lies. Raises InputError that names all
    files that do not exist.
    """
    by_name = {fold(name): Path(path) for name, path in given.items()}
    found: dict[int, Path] = {}
    missing: list[tuple[str, Row, str]] = []
    for section, row, text in _named(inp):
        name = row.tokens[0]
        own = by_name.get(fold(name)) if section in _PLACED else None
        path = own if own is not None else resolve_file(inp.path.parent, text)
        if not is_file(path):
            what = f"'{text}' of" if own is None else f"'{own}', given for"
            missing.append((section, row, f"{what} [{section}] {name} (line {row.line})"))
            continue
        found[row.line] = path.resolve()
        if own is None and path != (inp.path.parent / text).resolve():
            notices.append(
                Notice(
                    row.line,
                    f"[{section}] {name}: the file is taken from the model's folder, {path.name}",
                )
            )
    if missing:
        placed = [f"--series {row.tokens[0]}=FILE" for s, row, _ in missing if s in _PLACED]
        said = " ".join(dict.fromkeys(placed))
        where = f", or say where it lies: `jialing run` and `inspect` take {said}" if said else ""
        raise InputError(
            f"no such data file: {'; '.join(told for *_, told in missing)}. Put each beside the "
            f"model file{where}.",
            path=inp.path,
            line=missing[0][1].line,
        )
    return found


def _named(inp: InpFile) -> Iterator[tuple[str, Row, str]]:
    """Section, row and file name of all that is read from files.

    Where a series names several, the last counts, as in SWMM.
    """
    series = {
        fold(row.tokens[0]): row
        for row in inp.rows("TIMESERIES")
        if len(row.tokens) > 2 and row.tokens[1].upper() == "FILE"
    }
    yield from (("TIMESERIES", row, row.tokens[2]) for row in series.values())
    for section, word, at, name_at in (
        ("RAINGAGES", "FILE", 4, 5),
        ("TEMPERATURE", "FILE", 0, 1),
        ("FILES", "USE", 0, 2),
    ):
        for row in inp.rows(section):
            if len(row.tokens) > name_at and match_word(row.tokens[at], (word,)):
                yield section, row, row.tokens[name_at]
