"""The commands around a city of one's own: new, check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jialing.cli.told import ERROR, say, told

city = typer.Typer(help="Begin a city of your own, and see what it lacks.", no_args_is_help=True)


@city.command("new")
@told
def city_new(
    name: Annotated[str, typer.Argument(help="Of the city, and of its new folder.")],
    water: Annotated[Path, typer.Option(metavar="FILE.inp", help="SWMM model of the sewer.")],
    roads: Annotated[
        Path, typer.Option(metavar="FILE", help="SUMO streets: .sumocfg, or a bare .net.xml.")
    ],
    routes: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What drives on a bare .net.xml (SUMO routes)."),
    ] = None,
    station: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE.yaml", help="A metro station. May be repeated."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the folder is made.", file_okay=False)] = Path(),
) -> None:
    """Begin a city around your own models."""
    import jialing as jl

    made = jl.new_city(
        name, water=water, roads=roads, routes=routes, stations=station or [], out=out
    )
    print(f"City: {made}")
    print(f"Next: fill in its underpasses, then jialing city check {made.parent}")


@city.command("check")
@told
def city_check(
    folder: Annotated[Path, typer.Argument(help="Folder of a city, or its city.yaml.")] = Path(),
) -> None:
    """Say all that is missing or does not fit."""
    import jialing as jl

    wrong = jl.check_city(folder)
    for problem in wrong:
        say(str(problem))
    if wrong:
        say(f"{len(wrong)} problem{'s' if len(wrong) > 1 else ''}")
        raise typer.Exit(ERROR)
    print("Nothing is missing.")
