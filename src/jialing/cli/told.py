"""How a command ends: one message on stderr and an exit code, never a traceback."""

from __future__ import annotations

import errno
import functools
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, ParamSpec

import typer

P = ParamSpec("P")

#: Said of a disk as a whole, without the name of a file.
NO_ROOM = (errno.ENOSPC, errno.EROFS, errno.EFBIG)

#: Exit codes: a run that differs from its replay; a city that lost a part; an error; Ctrl-C or SIGTERM.
DIFFERENT, LOST, ERROR, INTERRUPTED = 1, 1, 2, 130


def told(command: Callable[P, None]) -> Callable[P, None]:
    """`command` with every error turned into one message on stderr and an exit code."""

    @functools.wraps(command)
    def run_told(*args: P.args, **kwargs: P.kwargs) -> None:
        import jialing as jl

        try:
            command(*args, **kwargs)
        except KeyboardInterrupt as stop:
            say(str(stop) or "interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except (typer.Exit, BrokenPipeError):
            raise
        except jl.JialingError as error:
            say(str(error))
            raise typer.Exit(ERROR) from None
        except OSError as error:
            said = _file_trouble(error)
            if not said or os.environ.get("JIALING_TRACE"):
                _fault(error)
            say(said)
            raise typer.Exit(ERROR) from None
        # What nobody foresaw is our fault: one line for the user, the trace on request.
        except Exception as error:
            _fault(error)

    return run_told


def _file_trouble(error: OSError) -> str:
    """What is wrong with a file or a folder, in words; empty for any other error of the system."""
    place = error.filename2 or error.filename
    if isinstance(place, bytes):
        place = os.fsdecode(place)
    if isinstance(place, str | Path):
        return f"{place}: cannot be read or written: {error.strerror}"
    if error.errno in NO_ROOM:
        return f"a file cannot be written: {error.strerror}"
    return ""


def _fault(error: Exception) -> NoReturn:
    if os.environ.get("JIALING_TRACE"):
        raise error
    place = traceback.extract_tb(error.__traceback__)[-1]
    say(
        f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno}). "
        "This is a fault in Jialing; JIALING_TRACE=1 shows where it comes from"
    )
    raise typer.Exit(ERROR) from None


def say(message: str) -> None:
    """Tell the person at the terminal something that is not the command's output."""
    print(message, file=sys.stderr)
