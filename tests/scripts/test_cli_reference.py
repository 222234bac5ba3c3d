"""Does the page of commands list each of them with its whole first line?"""

from __future__ import annotations

from scripts.cli_reference import with_whole_summaries

PAGE = """\
* `run`: Run controllers on a...
* `station`: Begin a station...

## `jialing run`

Run controllers on a case.

* `case`: An argument of that name stays.

## `jialing station`

Begin a station file.

* `run`: Not the...

### `jialing station run`

Not the command above, but one of a station's own.
"""


def test_commands_of_commands_are_listed_with_their_own_first_line_too() -> None:
    lines = [line for line in with_whole_summaries(PAGE).splitlines() if line.startswith("*")]
    assert lines == [
        "* [`run`](#jialing-run): Run controllers on a case.",
        "* [`station`](#jialing-station): Begin a station file.",
        "* `case`: An argument of that name stays.",
        "* [`run`](#jialing-station-run): Not the command above, but one of a station's own.",
    ]
