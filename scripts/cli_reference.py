"""Which commands and options are there? Makes docs/reference/cli.md from the commands' own help."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "cli.md"

HEAD = """# Commands

Made from the commands' own help by `make docs`. Every error goes to stderr and ends with exit code 2,
Ctrl-C with 130; the record of what ran until then is kept.

"""


def reference() -> str:
    """The page, from what Typer says of the commands."""
    made = subprocess.run(
        [sys.executable, "-m", "typer", "jialing.cli.app", "utils", "docs", "--name", "jialing"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    text = re.sub(r"</?span[^>]*>", "", made)  # markup of the terminal's help
    _, _, text = text.partition("\n")  # the title stands in HEAD
    return HEAD + text.strip() + "\n"


def main(arguments: list[str]) -> int:
    new = reference()
    old = PAGE.read_text() if PAGE.is_file() else ""
    if "--check" not in arguments:
        PAGE.write_text(new)
    elif new != old:
        print(f"{PAGE.relative_to(ROOT)} differs from the commands. Run: make docs", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
