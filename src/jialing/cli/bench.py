"""Where are the benchmarks, and how is one run?"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def find_benchmarks() -> Path | None:
    """The script that lists and runs benchmarks, in a checkout; None where there is none."""
    here = Path(__file__).resolve().parents
    for root in (Path.cwd(), here[3] if len(here) > 3 else Path.cwd()):
        script = root / "benchmarks" / "run.py"
        if script.is_file():
            return script
    return None


def run_benchmarks(script: Path, arguments: Sequence[str]) -> int:
    """Run it in a process of its own; answers the exit code."""
    return subprocess.run([sys.executable, str(script), *arguments], check=False).returncode  # noqa: S603
