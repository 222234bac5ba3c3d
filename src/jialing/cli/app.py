"""The commands: run, cases, inspect, report, replay, export, city, station, bench."""

from __future__ import annotations

import io
import json
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from jialing.cli.city import city
from jialing.cli.run import RoutesOption, SeriesOption, run, tell_hidden
from jialing.cli.station import station
from jialing.cli.told import DIFFERENT, ERROR, say, told

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
    # What `timeout`, a service or a container sends to stop a run leaves as much as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
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


def _run_names(incomplete: str) -> list[str]:
    names = [path.parent.name for path in Path("runs").glob("*/result.json")]
    return sorted(name for name in names if name.startswith(incomplete))


RunArgument = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="A result folder, or its name in ./runs.",
        autocompletion=_run_names,
    ),
]


app.command("run")(told(run))


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
    routes: RoutesOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show what was read from a model file, what is reduced, and what cannot be used."""
    import jialing as jl

    settings: dict[str, Any] = {"series_files": dict(series)} if series else {}
    if routes:
        settings["routes"] = tuple(routes)
    tell_hidden(model)
    found = jl.inspect(model, **settings)
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
        for notice in comparison.notices:
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

    for table in jl.export(_run_folder(run), to=to, out=output, tell=say):
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


def _run_folder(text: str) -> Path:
    import jialing as jl

    for folder in (Path(text), Path("runs") / text):
        if folder.is_dir():
            return folder
    raise jl.UnknownNameError("run", text, _run_names(""))


if __name__ == "__main__":
    main()
