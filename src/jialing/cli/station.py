"""The commands around a metro station of one's own: new, key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jialing.cli.told import say, told

station = typer.Typer(
    help="Begin a station file from a GTFS feed, and turn keys in a run.", no_args_is_help=True
)


def _seconds(text: str) -> float:
    from jialing.cli.duration import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


@station.command("new")
@told
def station_new(
    out: Annotated[
        Path, typer.Argument(metavar="FILE.yaml", help="The new station file.", dir_okay=False)
    ],
    gtfs: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", help="An unpacked GTFS feed with pathways.", file_okay=False
        ),
    ],
    stop: Annotated[str, typer.Option(metavar="ID", help="stop_id of the station in the feed.")],
) -> None:
    """Write a first station file; what the feed does not tell is marked as a guess."""
    import jialing as jl

    written = jl.import_station(gtfs, stop, out)
    text = written.read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("# notice: "):
            say(line.removeprefix("# "))
    guesses = text.count("# guess")
    print(f"Station: {written}")
    print(f"Next: correct {guesses} lines marked '# guess', then jialing inspect {written}")


@station.command("key")
@told
def station_key(
    keys: Annotated[
        Path,
        typer.Argument(metavar="KEYS", help="File that a run reads (`jialing run --keys KEYS`)."),
    ],
    link: Annotated[str, typer.Argument(metavar="LINK", help="Escalator or gates, e.g. E2.")],
    direction: Annotated[str, typer.Argument(metavar="DIRECTION", help="up, down or closed.")],
    at: Annotated[
        float | None,
        typer.Option(
            parser=_seconds,
            metavar="TIME",
            help="Since opening: 2h30min, 9000 (s). (default: as soon as the run reads it)",
        ),
    ] = None,
) -> None:
    """Turn the key: agree that a link is sent in a direction."""
    import jialing as jl

    jl.turn_key(keys, link, direction, at_s=at)
    print(f"Key: {link} {direction}, in {keys}")
