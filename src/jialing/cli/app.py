"""The commands: run, cases, inspect, report, replay, export, city, station, bench."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jialing.cli.city import city
from jialing.cli.station import station
from jialing.cli.told import DIFFERENT, ERROR, say, told

if TYPE_CHECKING:
    import jialing as jl

app = typer.Typer(
    name="jialing",
    help="Predictive control of a city's flows, out of the model files engineers already have.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(city, name="city")
app.add_typer(station, name="station")


def main() -> None:
    """Entry point of the `jialing` command."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show m³ gets a question mark rather than a failed run.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app()


def _version(wanted: bool) -> None:
    if wanted:
        import jialing as jl

        print(f"jialing {jl.__version__}")
        raise typer.Exit


@app.callback()
def start(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Predictive control of a city's flows, out of the model files engineers already have."""


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


def _case_names(incomplete: str) -> list[str]:
    import jialing as jl

    return [entry.name for entry in jl.cases() if entry.name.startswith(incomplete)]


def _run_names(incomplete: str) -> list[str]:
    names = [path.parent.name for path in Path("runs").glob("*/result.json")]
    return sorted(name for name in names if name.startswith(incomplete))


SeriesOption = Annotated[
    list[Any] | None,
    typer.Option(
        parser=_named_file,
        metavar="NAME=FILE",
        help="Read time series NAME from FILE. May be repeated.",
    ),
]
RunArgument = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="A result folder, or its name in ./runs.",
        autocompletion=_run_names,
    ),
]


@app.command("run")
@told
def run(
    case: Annotated[
        str | None,
        typer.Argument(
            metavar="CASE_OR_MODEL",
            help="A case by name (`jialing cases`), a model file such as town.inp, or a city.yaml.",
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
        int | None, typer.Option(min=0, help="Seed of all randomness. (default: the case's)")
    ] = None,
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
    routes: Annotated[
        list[Path] | None,
        typer.Option(
            "--routes", metavar="FILE", help="What drives on it (SUMO routes). May be repeated."
        ),
    ] = None,
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
    from jialing.cli.progress import shown_progress

    overrides = {"duration_s": duration, "forecast": forecast, "seed": seed}
    roads = {"routes": tuple(routes) if routes else None, "sensing": sensing}
    events = {"events": tuple(event) if event else None}
    escalators = {"mode": mode, "keys": keys}
    asked = {**overrides, **roads, **events, **escalators}
    given = {k: v for k, v in asked.items() if v is not None}
    made = _case(_named_model(case, net), series, given)
    try:
        with shown_progress(quiet=quiet) as progress:
            result = jl.run(
                made,
                controller or "predictive",
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
        if report is not None and not quiet:
            say(f"Report: {report}")
        return
    from jialing.cli.render import show_result

    show_result(result)
    print(f"Record: {result.folder}")
    if report is not None:
        print(f"Report: {report}")


@app.command("cases")
@told
def cases(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the cases that have a name."""
    import jialing as jl
    from jialing.cli.render import show_cases

    entries = jl.cases()
    if as_json:
        plain = [
            {"name": e.name, "domain": e.domain, "title": e.title, "lacks": e.lacks}
            for e in entries
        ]
        print(json.dumps({"cases": plain}, ensure_ascii=False, indent=2))
    else:
        show_cases(entries)


@app.command("inspect")
@told
def inspect(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model file, or a case by name.")],
    series: SeriesOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show what was read from a model file, what is reduced, and what cannot be used."""
    import jialing as jl

    found = jl.inspect(model, **({"series_files": dict(series)} if series else {}))
    print(json.dumps(found.document, ensure_ascii=False, indent=2) if as_json else found.text)


@app.command("report")
@told
def report(
    run: RunArgument,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write. (default: RUN/report.html)"),
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write the HTML report of a run."""
    import jialing as jl

    folder = _run_folder(run)
    written = jl.write_report(folder, output or folder / "report.html")
    print(f"Report: {written}")
    if open_it:
        typer.launch(written.resolve().as_uri())


@app.command("replay")
@told
def replay(run: RunArgument) -> None:
    """Repeat a run and compare every command, bit for bit. Exit code 1 if one differs."""
    import jialing as jl

    comparisons = jl.replay(_run_folder(run))
    for comparison in comparisons:
        print(comparison)
        for notice in () if comparison.identical else comparison.notices:
            print(f"  {notice}")
    if not all(comparison.identical for comparison in comparisons):
        raise typer.Exit(DIFFERENT)


@app.command("export")
@told
def export(
    run: RunArgument,
    to: Annotated[
        str, typer.Option(metavar="FORMAT", help="csv, or parquet (with the extra `export`).")
    ] = "csv",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the tables. (default: RUN/export)"),
    ] = None,
) -> None:
    """Write the records of a run as tables: a row per tick, and the units of the columns."""
    import jialing as jl

    for table in jl.export(_run_folder(run), to=to, out=output):
        print(table)


@app.command("bench", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
@told
def bench(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="Which one; `all` for every one. (default: list them)")
    ] = None,
) -> None:
    """List the benchmarks of a checkout, or run one."""
    from jialing.cli.bench import find_benchmarks, run_benchmarks

    script = find_benchmarks()
    if script is None:
        say("there is no folder 'benchmarks' here; benchmarks come with a checkout of Jialing")
        raise typer.Exit(ERROR)
    raise typer.Exit(run_benchmarks(script, [name, *context.args] if name else []))


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
    if not Path(name).is_file():
        # A named case knows where some of its series lie; what the user names goes first.
        known = getattr(jl.case(name).settings, "series_files", {})
        files = {**known, **files}
    return jl.case(name, series_files=files, **overrides)


def _report(result: jl.Result) -> Path | None:
    """Write the report; that it fails is told and takes nothing from the run."""
    import jialing as jl

    try:
        return result.report()
    except (jl.JialingError, OSError) as error:
        say(f"the report could not be written: {error}")
        return None


def _run_folder(text: str) -> Path:
    import jialing as jl

    for folder in (Path(text), Path("runs") / text):
        if folder.is_dir():
            return folder
    raise jl.UnknownNameError("run", text, _run_names(""))


if __name__ == "__main__":
    main()
