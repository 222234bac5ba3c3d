"""Does any small change to the guard go unnoticed by its unit tests?

Run as `python tests/mutation/run.py`; exits with 1 if a mutant survives. pytest collects the tests
once; then each mutant gets a fork of that process, in which the changed function's code is put in
place and only the tests that walk through this function are run, the quick ones first, until one
fails. Changes outside functions are imported anew instead. A mutant that keeps one test busy for
more than `LIMIT_S`, or all of them for more than `LIMIT_ALL_S`, counts as noticed.
"""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.util
import inspect
import json
import os
import resource
import signal
import sys
import time
import types
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from tests.mutation.mutants import Mutant, mutants_of  # noqa: E402

TARGETS = {
    name: ROOT / "src" / (name.replace(".", "/") + ".py")
    for name in (
        "jialing.core.limits",
        "jialing.domains.metro.guard",
        "jialing.domains.traffic.guard",
        "jialing.domains.traffic.proof",
        "jialing.domains.traffic.service",
        "jialing.domains.traffic.watch",
        "jialing.domains.water.guard",
    )
}
TESTS = [
    "tests/core/test_limits.py",
    "tests/domains/metro/test_guard.py",
    "tests/domains/traffic/test_guard.py",
    "tests/domains/traffic/test_proof.py",
    "tests/domains/traffic/test_service.py",
    "tests/domains/water/test_guard.py",
]
OPTIONS = ["--noconftest", "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:timeout"]
OPTIONS += ["-o", "addopts=--import-mode=importlib", "-o", "timeout=0", "--rootdir", str(ROOT)]
LIMIT_S, LIMIT_ALL_S = 5, 30  # of CPU; the longest test takes 1 s, all take 6 s
NOTICED, SURVIVED = 1, 0

#: mutants that change nothing that can be observed, each with the reason
EQUIVALENT: dict[str, str] = {}


class MutationRun:
    """A pytest plugin that runs the collected tests once for each mutant."""

    def __init__(self) -> None:
        self.total = 0
        self.survivors: list[str] = []
        self.excused: list[str] = []
        self._failed = False
        self._waiting: dict[int, tuple[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        walked = self._walked(session)
        everywhere = sorted(set().union(*walked.values()))
        for name, file in TARGETS.items():
            function = next(place for place in everywhere if place.startswith(f"{name}:"))
            for place in ("", function.partition(":")[2]):
                self._start(session, walked, name, Mutant.none(file.read_text(), place))
                self._reap()
        if len(self.survivors) != 2 * len(TARGETS):
            raise SystemExit("Unchanged code must pass the tests before mutants can be judged.")
        self.survivors.clear()
        for name, file in TARGETS.items():
            for mutant in mutants_of(file.read_text()):
                self.total += 1
                self._start(session, walked, name, mutant)
                if len(self._waiting) >= (os.cpu_count() or 1):
                    self._reap()
        while self._waiting:
            self._reap()
        return True

    def _start(
        self, session: pytest.Session, walked: dict[int, set[str]], name: str, mutant: Mutant
    ) -> None:
        """Fork a process that tries a mutant."""
        anew = mutant.runs_with_module
        place = f"{name}:" if anew else f"{name}:{mutant.place}"
        tests = [
            session.items[test]
            for test, places in walked.items()
            if any(p.startswith(place) if anew else p == place for p in places)
        ]
        child = os.fork()
        if not child:
            self._try(tests, name, mutant)
        where = f"{TARGETS[name].relative_to(ROOT)}:{mutant.line} {mutant.key}"
        self._waiting[child] = mutant.key, where

    def _reap(self) -> None:
        """Wait for one of them."""
        child, status = os.wait()
        key, where = self._waiting.pop(child)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == SURVIVED:
            (self.excused if key in EQUIVALENT else self.survivors).append(
                key if key in EQUIVALENT else where
            )

    def _walked(self, session: pytest.Session) -> dict[int, set[str]]:
        """Which functions each test walks through, quickest test first.

        Found in a fork, so that the tests stay fresh.
        """
        reading, writing = os.pipe()
        if not os.fork():
            os.close(reading)
            names = {str(file): name for name, file in TARGETS.items()}
            found: list[tuple[float, int, list[str]]] = []
            for k, item in enumerate(session.items):
                seen: set[str] = set()
                began = time.process_time()

                def note(frame: types.FrameType, event: str, _: Any, seen: set[str] = seen) -> None:
                    name = names.get(frame.f_code.co_filename)
                    if event == "call" and name:
                        seen.add(f"{name}:{frame.f_code.co_qualname.split('.<')[0]}")

                sys.setprofile(note)
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                sys.setprofile(None)
                found.append((time.process_time() - began, k, sorted(seen)))
            with os.fdopen(writing, "w") as pipe:
                json.dump(sorted(found), pipe)
            os._exit(self._failed)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            known = json.load(pipe)
        if os.wait()[1]:
            raise SystemExit("The tests must pass before mutants can be judged.")
        return {k: set(seen) for _, k, seen in known}

    def _try(self, tests: list[pytest.Item], name: str, mutant: Mutant) -> None:
        """In a fork: put the mutant in place, run the tests, and never return."""
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_ALL_S, LIMIT_ALL_S))
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        try:
            code = compile(ast.fix_missing_locations(mutant.code), str(TARGETS[name]), "exec")
            if mutant.runs_with_module:
                files = list(dict.fromkeys(str(item.path) for item in tests))
                os._exit(SURVIVED if self._imported_anew(name, code, files) == 0 else NOTICED)
            _function(name, mutant.place).__code__ = _find(code, mutant.place)
            for item in tests:
                signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT_S)  # its signal ends the process
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                if self._failed:
                    os._exit(NOTICED)
            os._exit(SURVIVED)
        except BaseException:  # whatever a mutant raises, it was noticed
            os._exit(NOTICED)

    def _imported_anew(self, name: str, code: types.CodeType, files: list[str]) -> int:
        """Exit status of the tests in `files` with the module `name` made of `code`."""
        for loaded, module in list(sys.modules.items()):
            if loaded in TARGETS or getattr(module, "__file__", None) in files:
                del sys.modules[loaded]
        module = types.ModuleType(name)
        module.__file__ = str(TARGETS[name])
        for other in TARGETS:  # `from package import module` reads the package's attribute
            package, _, last = other.rpartition(".")
            vars(importlib.import_module(package)).pop(last, None)
        sys.modules[name] = module
        package, _, last = name.rpartition(".")
        setattr(importlib.import_module(package), last, module)
        exec(code, vars(module))  # noqa: S102
        return int(pytest.main(["-x", *OPTIONS, *files]))


def _function(name: str, place: str) -> Any:
    found: Any = importlib.import_module(name)
    for part in place.split("."):
        found = getattr(found, part)
    return inspect.unwrap(found.fget if isinstance(found, property) else found)


def _find(code: types.CodeType, place: str) -> types.CodeType:
    """The code of the function at `place`, somewhere within `code`."""
    inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    for constant in inner:
        if constant.co_qualname == place:
            return constant
    for constant in inner:
        if place.startswith(f"{constant.co_qualname}."):
            return _find(constant, place)
    raise LookupError(place)


def main() -> int:
    os.chdir(ROOT)
    run = MutationRun()
    status = pytest.main([*OPTIONS, *TESTS], plugins=[run])
    if status:
        return int(status)
    stale = sorted(set(EQUIVALENT) - set(run.excused))
    for where in sorted(run.survivors):
        print("survived:", where)
    for key in stale:
        print("listed as equivalent, but no longer found:", key)
    print(f"{run.total} mutants, {len(run.excused)} equivalent, {len(run.survivors)} survivors")
    return 1 if run.survivors or stale else 0


if __name__ == "__main__":
    sys.exit(main())
