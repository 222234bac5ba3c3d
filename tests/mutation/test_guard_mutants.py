"""Do the guard's own tests notice every small change to it?"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation.mutants import mutants_of

HERE = Path(__file__).parent


def changes(source: str) -> list[str]:
    return [mutant.key for mutant in mutants_of(source)]


def test_a_mutant_differs_from_the_source_by_what_it_says() -> None:
    source = "def f(x):\n    return x < 1\n"
    found = [
        (mutant.key, ast.unparse(mutant.code).splitlines()[1]) for mutant in mutants_of(source)
    ]
    assert found == [
        ("f: return x < 1 -> return None", "    return None"),
        ("f: return x < 1 -> return x <= 1", "    return x <= 1"),
        ("f: return x < 1 -> return x >= 1", "    return x >= 1"),
        ("f: return x < 1 -> return x < 2", "    return x < 2"),
        ("f: return x < 1 -> return x < -1", "    return x < -1"),
    ]


def test_nothing_is_left_changed_after_the_last_mutant() -> None:
    source = (HERE.parents[1] / "src" / "jialing" / "core" / "limits.py").read_text()
    code = None
    for mutant in mutants_of(source):
        code = mutant.code
    assert code is not None
    assert ast.unparse(code) == ast.unparse(ast.parse(source))


def test_conditions_calls_words_and_statements_are_changed_too() -> None:
    assert changes("def f(a, b):\n    if a and not b:\n        g(a, k=True)\n") == [
        "f: if a and (not b): -> if not (a and (not b)):",
        "f: if a and (not b): -> if a or not b:",
        "f: if a and (not b): -> if not b:",
        "f: if a and (not b): -> if a:",
        "f: if a and (not b): -> if a and (not not b):",
        "f: g(a, k=True) -> pass",
        "f: g(a, k=True) -> g(a)",
        "f: g(a, k=True) -> g(a, k=False)",
    ]
    assert changes(
        'def f(a):\n    "Says."\n    return min(a, "word", "two words", f"{a:g}")\n'
    ) == [
        "f: return min(a, 'word', 'two words', f'{a:g}') -> return None",
        "f: return min(a, 'word', 'two words', f'{a:g}') -> return max(a, 'word', 'two words', f'{a:g}')",
        "f: return min(a, 'word', 'two words', f'{a:g}') -> return min(a, 'ord', 'two words', f'{a:g}')",
    ]


def test_what_runs_with_the_module_is_told_from_what_runs_in_a_function() -> None:
    source = "A = 1\nclass C:\n    b: int = 2\n    def m(self, x=3):\n        return x\n"
    assert [mutant.place for mutant in mutants_of(source)] == [
        "", "", "C.", "C.", "C.\n", "C.\n", "C.m",
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(2400)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="mutants are tried in forks")
def test_no_mutant_of_the_guard_survives() -> None:
    found = subprocess.run(
        [sys.executable, str(HERE / "run.py")], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr
    count = int(found.stdout.split(" mutants")[0].split()[-1])
    assert count > 400  # so that a run that finds nothing to change cannot pass
