"""`jialing run`: controllers on a case or a model file, compared."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jialing.cli.told import LOST, say

if TYPE_CHECKING:
    import jialing as jl


def _seconds(text: str) -> float:
    from jialing.cli.duration import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _named_file(text: str) -> tuple[str, Path]:
    name, equals, file = text.partition("=")
    if not (name and equals and file):
        raise typer.BadParameter(f"{text!r} is not NAME=FILE")
    return name, Path(file)


def tell_hidden(name: str) -> None:
    """Say so where a shipped case goes before a model file or a city's folder of the same name."""
    here = Path(name)
    what = "folder" if (here / "city.yaml").is_file() else "file" if here.is_file() else ""
    if what and name in _case_names(name):
        say(
            f"{name} is the shipped case, not the {what} of that name here; ./{name} means the {what}"
        )


def _case_names(incomplete: str) -> list[str]:
    import jialing as jl

    return [entry.name for entry in jl.cases() if entry.name.startswith(incomplete)]


SeriesOption = Annotated[
    list[Any] | None,
    typer.Option(
        parser=_named_file,
        metavar="NAME=FILE",
        help="Read time series NAME from FILE. May be repeated.",
    ),
]

RoutesOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--routes",
        metavar="FILE",
        help="What drives on a SUMO network (its routes). May be repeated.",
    ),
]


def run(
    case: Annotated[
        str | None,
        typer.Argument(
            metavar="CASE_OR_MODEL",
            help="A case by name (`jialing cases`), a model file such as town.inp, or a city's folder.",
            autocompletion=_case_names,
            show_default=False,
        ),
    ] = None,
    controller: Annotated[
        list[str] | None,
        typer.Option(
            "--controller",
            "-c",
            metavar="NAME",
            help="What to run, by name or as FILE.py:CLASS. May be repeated. "
            "A city runs as today, alone or coupled. (default: the baseline and predictive; "
            "a city's are today and coupled)",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Seed of all randomness, 0 to 2147483647. (default: the case's)"),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="COUNT",
            help="How many seeds to run, from --seed on: tells how far figures spread.",
        ),
    ] = 1,
    duration: Annotated[
        float | None,
        typer.Option(
            parser=_seconds,
            metavar="TIME",
            help="Length of the run: 6h, 90min, 3600 (s). (default: the case's or the model's)",
        ),
    ] = None,
    forecast: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="What is known of the future: perfect, ensemble, persistence or none. "
            "(default: ensemble)",
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Folder in which the result folder is made.", file_okay=False)
    ] = Path("runs"),
    series: SeriesOption = None,
    net: Annotated[
        Path | None,
        typer.Option("--net", metavar="FILE", help="A bare SUMO network, in place of a case."),
    ] = None,
    routes: RoutesOption = None,
    sensing: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="What signals see: perfect, camera or loops. (default: camera)",
        ),
    ] = None,
    event: Annotated[
        list[str] | None,
        typer.Option(
            "--event",
            metavar="NAME",
            help="Let an event of the city happen, such as detectors_lost. May be repeated.",
        ),
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(
            metavar="MODE",
            help="What may reach escalators: observe, advise (after the operator's key) or auto. "
            "(default: advise; a virtual operator turns the key)",
        ),
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Only the keys in this file are turned (`jialing station key`).",
            dir_okay=False,
        ),
    ] = None,
    pace: Annotated[
        float | None,
        typer.Option(
            metavar="FACTOR",
            help="Plant seconds per second on the wall. (default: as fast as it computes)",
        ),
    ] = None,
    bound: Annotated[
        bool,
        typer.Option(
            "--bound", help="Compute what no control can beat, too (stormwater; may take minutes)."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of the table.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Run controllers on a case or a model file, and compare them."""
    import jialing as jl
    from jialing.cli.options import check_options
    from jialing.cli.progress import shown_progress

    overrides = {"duration_s": duration, "forecast": forecast, "seed": seed}
    roads = {"routes": tuple(routes) if routes else None, "sensing": sensing}
    events = {"events": tuple(event) if event else None}
    escalators = {"mode": mode, "keys": keys}
    asked = {**overrides, **roads, **events, **escalators}
    given = {k: v for k, v in asked.items() if v is not None}
    name = _named_model(case, net)
    for_one = {
        "--series": series, "--net": net, "--routes": routes, "--sensing": sensing,
        "--mode": mode, "--keys": keys, "--event": event,
    }  # fmt: skip
    tell_hidden(name)
    check_options(name, [option for option, value in for_one.items() if value])
    made = _case(name, series, given)
    wanted = controller or "predictive"
    if seeds > 1 and (pace is not None or bound):
        raise jl.InputError("--pace and --bound are for one seed; leave them out or --seeds")
    # What a user's own controller prints is not the command's output.
    aside = redirect_stdout(sys.stderr) if as_json else nullcontext()
    try:
        with aside, shown_progress(quiet=quiet) as progress:
            result: jl.Result | jl.Repeated
            if seeds > 1:
                result = jl.repeat(
                    made,
                    wanted,
                    seeds=seeds,
                    baseline=not controller,
                    out=out,
                    progress=progress,
                )
            else:
                result = jl.run(
                    made,
                    wanted,
                    baseline=not controller,
                    out=out,
                    progress=progress,
                    pace=pace,
                    bound=bound,
                )
    except jl.Interrupted as stopped:
        report = _report(stopped.result)
        if report is not None:
            say(f"Report of what there is: {report}")
        raise
    report = _report(result)
    if as_json:
        print(json.dumps(result.to_dict(), ensure_ascii=False, indent=2))
        if not quiet:
            say(f"Record: {result.folder}")
        if report is not None and not quiet:
            say(f"Report: {report}")
    else:
        from jialing.cli.render import show_result

        show_result(result)
        print(f"Record: {result.folder}")
        if report is not None:
            print(f"Report: {report}")
    lost = result.lost()
    for line in lost:
        say(line)
    if lost:
        raise typer.Exit(LOST)


def _named_model(case: str | None, net: Path | None) -> str:
    """The case or model file that is meant; exactly one of the two must be named."""
    import jialing as jl

    if (case is None) == (net is None):
        raise jl.InputError(
            "name one case or model file (`jialing cases` lists the cases), or a network with --net"
        )
    return str(net) if case is None else case


def _case(name: str, series: list[Any] | None, overrides: dict[str, Any]) -> jl.Case:
    import jialing as jl

    if not series:
        return jl.case(name, **overrides)
    files = dict(series)
    if not Path(name).is_file() or name in _case_names(name):
        # A named case knows where some of its series lie; what the user names goes first.
        known = getattr(jl.case(name).settings, "series_files", {})
        files = {**known, **files}
    return jl.case(name, series_files=files, **overrides)


def _report(result: jl.Result | jl.Repeated) -> Path | None:
    """Write the report; that it fails is told and takes nothing from the run."""
    import jialing as jl

    try:
        return result.report()
    except (jl.JialingError, OSError) as error:
        say(f"the report could not be written: {error}")
        return None
