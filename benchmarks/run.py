"""Which figures can be measured, and measure them: `python benchmarks/run.py [NAME|all] [options]`."""

from __future__ import annotations

import ast
import difflib
import os
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent


def found() -> dict[str, Path]:
    """Name -> script: every file in a folder beside this one, e.g. ``skill/water``."""
    scripts = sorted(BENCHMARKS.glob("*/*.py"))
    return {
        path.relative_to(BENCHMARKS).with_suffix("").as_posix(): path
        for path in scripts
        if not path.name.startswith("_")
    }


def purpose(script: Path) -> str:
    """First line of the script's docstring."""
    text = ast.get_docstring(ast.parse(script.read_text())) or ""
    return text.partition("\n")[0]


def measure(name: str, options: list[str]) -> int:
    """Run one benchmark in a process of its own; returns its exit code."""
    module = f"{BENCHMARKS.name}.{name.replace('/', '.')}"
    # One thread each for SWMM and BLAS: several on few cores are slower, and results differ.
    single = {"OMP_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1"}
    return subprocess.run(
        [sys.executable, "-m", module, *options], cwd=BENCHMARKS.parent, env=single | os.environ
    ).returncode


def main(arguments: list[str]) -> int:
    scripts = found()
    if not arguments or arguments[0] in {"-h", "--help", "list"}:
        width = max(map(len, scripts), default=0)
        for name, script in scripts.items():
            print(f"{name:<{width}}  {purpose(script)}")
        return 0
    name, options = arguments[0], arguments[1:]
    if name == "all":
        failed = [each for each in scripts if measure(each, options) != 0]
        if failed:
            print(f"failed: {', '.join(failed)}", file=sys.stderr)
        return 1 if failed else 0
    if name not in scripts:
        near = difflib.get_close_matches(name, scripts, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        print(f"{name!r} is no benchmark.{hint} Known: {', '.join(scripts)}.", file=sys.stderr)
        return 2
    return measure(name, options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
