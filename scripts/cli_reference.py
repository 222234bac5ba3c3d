"""Which commands and options are there? Makes docs/reference/cli.md from the commands' own help."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "cli.md"

HEAD = """# Commands

Made from the commands' own help by `make docs`. Results go to stdout; errors, notices and progress to stderr.

| exit code | meaning |
|---:|---|
| 0 | all went well |
| 1 | `replay` found a difference; `run` of a city lost a part, and the others went on; a benchmark failed |
| 2 | an error, with one message on stderr; `city check` found something |
| 130 | Ctrl-C or SIGTERM; the record of what ran until then is kept, and reported |

| environment variable | meaning |
|---|---|
| `JIALING_DATA` | folder with models that do not ship, for the cases that need them: `water/astlingen`, `traffic/cologne1` and so on; `jialing cases` says what is missing |
| `JIALING_CACHE` | folder for models that are derived from those (default: `jialing` in `$XDG_CACHE_HOME`, or in `~/.cache`) |
| `JIALING_TRACE` | set to anything: a fault in Jialing shows where it comes from |
| `OMP_NUM_THREADS` | threads of SWMM, BLAS and numba in each process; 1 is fastest where there are few cores, and is what `make` sets |

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
    text = html.unescape(re.sub(r"</?span[^>]*>", "", made))  # without the terminal's markup
    _, _, text = text.partition("\n")  # the title stands in HEAD
    return HEAD + with_whole_summaries(text).strip() + "\n"


def with_whole_summaries(text: str) -> str:
    """`text` with the lists of commands linked, and their first lines no longer cut."""
    firsts = dict(re.findall(r"^##+ `(jialing [\w ]+)`\n\n(.+)$", text, re.MULTILINE))
    group, lines = "jialing", []
    for line in text.splitlines():
        if heading := re.fullmatch(r"##+ `(jialing [\w ]+)`", line):
            group = heading[1]
        elif listed := re.match(r"\* `(\w+)`: ", line):
            command = f"{group} {listed[1]}"
            if command in firsts:
                line = f"* [`{listed[1]}`](#{command.replace(' ', '-')}): {firsts[command]}"
        lines.append(line)
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    new = reference()
    old = PAGE.read_text() if PAGE.is_file() else ""
    if "--check" not in arguments:
        PAGE.write_text(new)
    elif new != old:
        print(
            f"{PAGE.relative_to(ROOT)} differs from the commands. Run: make docs", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
