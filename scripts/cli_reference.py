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
