"""How a command ends: one message on stderr and an exit code, never a traceback."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

import typer

P = ParamSpec("P")

#: Exit codes: a run that differs from its replay; an error; Ctrl-C.
DIFFERENT, ERROR, INTERRUPTED = 1, 2, 130


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
        # What nobody foresaw is our fault: one line for the user, the trace on request.
        except Exception as error:
            if os.environ.get("JIALING_TRACE"):
                raise
            place = traceback.extract_tb(error.__traceback__)[-1]
            say(
                f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno}). "
                "This is a fault in Jialing; JIALING_TRACE=1 shows where it comes from"
            )
            raise typer.Exit(ERROR) from None

    return run_told


def say(message: str) -> None:
    """Tell the person at the terminal something that is not the command's output."""
    print(message, file=sys.stderr)
