"""The documents lead somewhere, every dependency is justified, and the lock is complete and portable."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "benchmarks").glob("*.md"),
    ]
)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+")


UNLOCKED = {"metro-verify"}  # extras for one comparison with another simulator, in no lock


def required(*, locked: bool = False) -> Iterator[str]:
    """Every package that pyproject.toml asks for, at run time, as an extra, or to build."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = [
        content["project"]["dependencies"],
        content["build-system"]["requires"],
        *(
            packages
            for extra, packages in content["project"]["optional-dependencies"].items()
            if not (locked and extra in UNLOCKED)
        ),
    ]
    for requirement in (each for group in groups for each in group):
        match = REQUIREMENT.match(requirement)
        if match:
            yield match.group().lower()


def locked() -> dict[str, str]:
    """Package -> its block in requirements.lock."""
    text = (ROOT / "requirements.lock").read_text()
    blocks = re.split(r"\n(?=[a-z0-9])", text)[1:]
    return {block.partition("==")[0]: block for block in blocks}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_between_documents_leads_somewhere(page: Path) -> None:
    dead = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert not dead


def anchors(page: Path) -> set[str]:
    """What a link may name behind its #: headings as GitHub spells them, and anchors of our own."""
    text = page.read_text()
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    named = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
    return named | set(re.findall(r'<a id="([^"]+)"', text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_into_a_page_names_a_part_of_it(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)", page.read_text())
    dead = [
        (file, part)
        for file, part in links
        if part not in anchors((page.parent / file) if file else page)
    ]
    assert not dead


def test_every_benchmark_that_a_document_names_is_there() -> None:
    names = {
        name for page in PAGES for name in re.findall(r"make bench NAME=([\w/]+)", page.read_text())
    }
    assert names
    assert [n for n in sorted(names) if not (ROOT / "benchmarks" / f"{n}.py").is_file()] == []


def test_every_document_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop().resolve()
        if page in reached:
            continue
        reached.add(page)
        for link in LINK.findall(page.read_text()):
            target = (page.parent / link).resolve()
            target = target / "README.md" if target.is_dir() else target
            if target.suffix == ".md" and target.is_file():
                waiting.append(target)
    missed = {page.relative_to(ROOT).as_posix() for page in PAGES if page.resolve() not in reached}
    assert missed <= {"docs/index.md"}  # the entrance of the documents, beside the README


def test_every_dependency_is_justified() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text()
    assert [name for name in required() if f"| {name} |" not in text] == []


def test_no_dependency_is_justified_that_is_none() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text()
    listed = re.findall(r"^\| ([a-z0-9-]+) \|", text, re.MULTILINE)
    assert sorted(set(listed) - {"package"}) == sorted(set(required()))


def test_every_dependency_is_locked_with_hashes() -> None:
    blocks = locked()
    assert set(required(locked=True)) <= set(blocks)
    assert [name for name, block in blocks.items() if "--hash=sha256:" not in block] == []


def test_the_lock_leaves_open_where_packages_come_from() -> None:
    text = (ROOT / "requirements.lock").read_text()
    for word in ("http", "--index-url", "--extra-index-url", "--find-links", "--trusted-host", "@"):
        assert word not in text


def test_every_folder_of_the_package_stands_where_things_are() -> None:
    package = ROOT / "src" / "jialing"
    folders = {path.parent.relative_to(package) for path in package.glob("*/__init__.py")}
    folders |= {path.parent.relative_to(package) for path in package.glob("domains/*/__init__.py")}
    listed = re.findall(r"^\| `([a-z/]+)/` \|", (ROOT / "CONTRIBUTING.md").read_text(), re.M)
    assert {Path(name) for name in listed} == folders - {Path("domains")}


def test_the_demo_takes_as_long_wherever_it_is_told() -> None:
    pages = ("README.md", "CONTRIBUTING.md", "Makefile", "docs/tutorial/first-run.md")
    for page in pages:
        text = re.sub(r"[\s#]+", " ", (ROOT / page).read_text())
        assert "about three minutes" in text, page
