"""Does the manifest say what is needed to repeat a run?"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import tomllib
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest
from desks import bucket_desk, run_bucket

from jialing.core.errors import RecordError
from jialing.record.manifest import (
    PACKAGES,
    check_files,
    commit,
    describe_file,
    machine,
    versions,
)

ROOT = Path(__file__).resolve().parents[2]


def test_a_manifest_names_versions_files_seed_and_settings(tmp_path: Path) -> None:
    file = tmp_path / "model.bucket"
    file.write_text("100")
    desk = replace(bucket_desk(), files=[str(file)], about={"horizon_s": 3600})
    _, record = run_bucket(tmp_path, desk=desk, seed=7)
    manifest = json.loads((tmp_path / "record" / "manifest.json").read_text())
    assert manifest == record.manifest
    assert manifest["seed"] == 7
    assert manifest["files"] == [
        {"path": str(file), "bytes": 3, "sha256": hashlib.sha256(b"100").hexdigest()}
    ]
    assert {"python", "jialing", "numpy"} <= manifest["versions"].keys()
    assert manifest["about"] == {"horizon_s": 3600}
    assert manifest["case"]["name"] == "leaky-bucket"
    assert [s["name"] for s in manifest["signals"]] == ["depth:B", "rain:R"]
    assert [a["name"] for a in manifest["actuators"]] == ["valve", "gate"]
    assert manifest["created"].endswith("+00:00")


def test_a_changed_file_is_named_before_anything_runs(tmp_path: Path) -> None:
    file = tmp_path / "model.bucket"
    file.write_text("100")
    described = [describe_file(file)]
    check_files(described)
    file.write_text("101")
    with pytest.raises(RecordError, match=r"model\.bucket has changed since this run"):
        check_files(described)
    file.unlink()
    with pytest.raises(RecordError, match=r"model\.bucket is gone"):
        check_files(described)


def test_the_commit_is_read_from_a_loose_or_a_packed_reference(tmp_path: Path) -> None:
    inside = tmp_path / "src" / "jialing" / "file.py"
    inside.parent.mkdir(parents=True)
    assert commit(inside) is None
    git = tmp_path / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert commit(inside) is None
    (git / "packed-refs").write_text("# pack-refs\n" + "b" * 40 + " refs/heads/main\n")
    assert commit(inside) == "b" * 40
    (git / "refs" / "heads" / "main").write_text("a" * 40 + "\n")
    assert commit(inside) == "a" * 40
    (git / "HEAD").write_text("c" * 40 + "\n")
    assert commit(inside) == "c" * 40


def test_the_commit_of_a_users_own_repository_is_not_ours(tmp_path: Path) -> None:
    installed = tmp_path / ".venv" / "lib" / "jialing" / "file.py"
    installed.parent.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("c" * 40 + "\n")
    assert commit(installed) is None


def test_the_machine_is_described_without_its_name() -> None:
    assert machine().keys() == {"processor", "cores", "system"}
    assert versions()["jialing"]


def test_the_version_of_every_simulator_is_recorded() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    needed = [re.split(r"[^\w-]", one)[0] for one in (*extras["water"], *extras["traffic"])]
    assert {"swmm-toolkit", "eclipse-sumo", "libsumo"} <= set(needed) <= set(PACKAGES)
    for package in needed:
        with contextlib.suppress(metadata.PackageNotFoundError):
            assert versions()[package] == metadata.version(package)
