"""Do the import contracts hold, and do they bite when someone breaks them?"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "jialing"
CONTRACTS = ROOT / ".importlinter"

#: contract -> modules to add or extend, each breaking it: (file, import it should not have)
VIOLATIONS = [
    ("layers", "core/limits.py", "from jialing.methods import plan"),
    ("layers", "core/limits.py", "import jialing"),
    ("layers", "core/units.py", "from jialing.record import reader"),
    ("layers", "methods/plan.py", "from jialing.record import reader"),
    ("layers", "record/reader.py", "from jialing.methods import plan"),
    ("layers", "record/frame.py", "from jialing.loop import clock"),
    ("layers", "loop/clock.py", "from jialing.domains.water import settings"),
    ("layers", "domains/water/settings.py", "from jialing.loop import clock"),
    ("layers", "domains/water/settings.py", "from jialing.report import page"),
    ("layers", "report/page.py", "from jialing.cli import app"),
    ("layers", "result.py", "from jialing import api"),
    ("layers", "attic.py", "import math"),  # a module without a layer
    ("domains", "domains/elsewhere/model.py", "from jialing.domains.water import model"),
    ("domains", "domains/water/model.py", "from jialing.domains.elsewhere import model"),
    ("guards", "domains/water/guard.py", "from jialing.domains.water import controller"),
    ("guards", "domains/water/guard.py", "from jialing.domains.water.model import WaterModel"),
    ("guards", "domains/water/guard.py", "from jialing.methods import rollout"),
    ("guards", "domains/water/guard.py", "from jialing.record import reader"),
    ("guards", "domains/elsewhere/guard.py", "from jialing.domains.elsewhere import model"),
    ("guards", "core/limits.py", "from jialing.methods import plan"),  # by a detour
    ("guards", "domains/traffic/guard.py", "from jialing.domains.traffic import search"),
    ("guards", "domains/traffic/proof.py", "from jialing.domains.traffic.model import Roads"),
    ("guards", "domains/traffic/service.py", "from jialing.domains.traffic import plant"),
    ("guards", "domains/traffic/transition.py", "from jialing.methods import rollout"),
    ("guards", "domains/traffic/watch.py", "from jialing.domains.traffic import cabinet"),
    ("simulators", "domains/water/controller.py", "from swmm.toolkit import solver"),
    ("simulators", "domains/water/model.py", "import swmm.toolkit.shared_enum"),
    ("simulators", "domains/water/plant.py", "import pyswmm"),
    ("simulators", "loop/runner.py", "import swmm"),
    ("simulators", "domains/water/cases.py", "import pystorms"),
    ("simulators", "domains/traffic/sensing.py", "import libsumo"),
    ("simulators", "domains/traffic/plant.py", "import traci"),
    ("simulators", "domains/traffic/model.py", "import sumolib"),
    ("simulators", "loop/runner.py", "import libsumo"),
    ("foundations", "core/network.py", "from jialing.domains.water import model"),
    ("foundations", "methods/reduce.py", "from jialing.domains.water import settings"),
    ("foundations", "methods/reduce.py", "import jialing.domains"),
    ("cycles", "core/errors.py", "from jialing.core import signal"),
    ("cycles", "domains/water/settings.py", "from jialing.domains.water import plant"),
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package's code alone, with an empty second domain beside the first."""
    target = tmp_path / "jialing"
    for file in PACKAGE.rglob("*.py"):
        place = target / file.relative_to(PACKAGE)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
    second = target / "domains" / "elsewhere"
    second.mkdir()
    for name in ("__init__.py", "model.py"):
        (second / name).write_text("")
    return tmp_path


def lint(folder: Path, contract: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the contracts on the package that lies in `folder`."""
    return subprocess.run(
        [
            str(Path(sys.executable).with_name("lint-imports")),
            *("--config", str(CONTRACTS), "--no-cache", "--no-logo"),
            *(("--contract", contract) if contract else ()),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_all_contracts_hold(copy: Path) -> None:
    found = lint(copy)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "6 kept, 0 broken" in found.stdout


@pytest.mark.parametrize(("contract", "file", "line"), VIOLATIONS)
def test_a_violation_breaks_its_contract(copy: Path, contract: str, file: str, line: str) -> None:
    place = copy / "jialing" / file
    before = place.read_text() if place.exists() else ""
    place.write_text(f"{before}\n\n{line}\n")
    found = lint(copy, contract)
    assert found.returncode == 1, found.stdout + found.stderr
    assert "0 kept, 1 broken" in found.stdout


def test_every_folder_of_the_package_is_seen_by_the_contracts() -> None:
    blind = [
        str(folder.relative_to(PACKAGE))
        for folder in {file.parent for file in PACKAGE.rglob("*.py")}
        if not (folder / "__init__.py").exists()
    ]
    assert blind == []


def imports(file: Path) -> set[str]:
    """Top-level names of all that a file imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("jialing" if node.level else str(node.module).partition(".")[0])
    return found


def test_the_core_needs_nothing_but_numpy() -> None:
    needed: set[str] = set()
    for file in (PACKAGE / "core").glob("*.py"):
        needed |= imports(file)
    assert needed - set(sys.stdlib_module_names) == {"jialing", "numpy"}


#: what a row's guard may know besides the core: its own parts and the words it is told in
OWN_WORDS = {"traffic": ("junction", "proof", "service", "settings", "transition", "watch")}


def test_every_guard_needs_nothing_but_numpy_the_core_and_its_own_words() -> None:
    guards = list((PACKAGE / "domains").glob("*/guard.py"))
    assert guards
    for guard in guards:
        row = guard.parent.name
        words = OWN_WORDS.get(row, ())
        allowed = tuple(f"from jialing.domains.{row}.{word} " for word in words)
        allowed += ("from jialing.core", *(f"from jialing.domains.{row} import {w}" for w in words))
        for file in (guard, *(guard.with_name(f"{word}.py") for word in words)):
            assert imports(file) - set(sys.stdlib_module_names) <= {"jialing", "numpy"}
            for line in file.read_text().splitlines():
                if line.startswith(("from jialing", "import jialing")):
                    assert line.startswith(allowed), line
