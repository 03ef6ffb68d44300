"""The tree as a whole: links that lead somewhere, modules of a readable size, nothing that belongs elsewhere."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.data import DEMO

ROOT = Path(__file__).parents[2]
PACKAGES = ("ontology", "graph", "skillmix", "twin", "mcare", "dashboard", "cli")
LONGEST = 600
# Written in halves, so that this file does not hold them itself.
FORBIDDEN = {
    "a registry's host": [
        "pypi" + ".org", "pythonhosted" + ".org", "repo1" + ".maven", "registry" + ".npmjs", "download" + ".pytorch",
    ],
    "a path of somebody's machine": ["/".join(["", name, ""]) for name in ("work", "tmp/w", "root", "home")],
    "unfinished work": ["TO" + "DO", "FIX" + "ME", "X" + "XX "],
}  # fmt: skip
BINARY = {".gz", ".png", ".whl", ".woff2", ".ico"}


def tracked() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


FILES = tracked() if (ROOT / ".git").exists() else []
PROSE = [f for f in FILES if f.suffix == ".md"]

needs_git = pytest.mark.skipif(
    not FILES, reason="not a git checkout, so what belongs to the project is not known"
)


@needs_git
@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    texts = {f: f.read_text(encoding="utf-8") for f in FILES if f.suffix not in BINARY}
    found = [
        f"{f.relative_to(ROOT)}: {word}"
        for f, text in texts.items()
        for word in FORBIDDEN[what]
        if word in text
    ]
    assert not found


@needs_git
def test_no_module_is_too_long_to_read() -> None:
    code = [f for f in FILES if f.suffix in {".py", ".cypher", ".js", ".css"}]
    long = {str(f.relative_to(ROOT)): n for f in code if (n := len(f.read_text().splitlines())) > LONGEST}
    assert not long


@needs_git
@pytest.mark.parametrize("page", PROSE, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        name, _, anchor = target.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        there = (page.parent / name).resolve() if name else page
        if not there.exists() or (anchor and there.suffix == ".md" and anchor not in headings(there)):
            broken.append(target)
    assert not broken


def headings(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@needs_git
def test_every_page_can_be_reached_from_the_index() -> None:
    seen: set[Path] = set()
    queue = [ROOT / "docs" / "index.md", ROOT / "README.md"]
    while queue:
        page = queue.pop()
        if page in seen or not page.exists():
            continue
        seen.add(page)
        targets = re.findall(r"\]\(([^)\s#]+\.md)", page.read_text(encoding="utf-8"))
        queue += [(page.parent / target).resolve() for target in targets if "://" not in target]
    assert not {str(p.relative_to(ROOT)) for p in PROSE} - {str(p.relative_to(ROOT)) for p in seen}


def test_the_demo_data_are_small_enough_to_commit() -> None:
    assert sum(f.stat().st_size for f in DEMO.rglob("*.gz")) <= 12_000_000


def test_every_package_is_in_the_wheel_and_in_the_import_contract() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    named = project["uv"]["build-backend"]["module-name"], project["importlinter"]["root_packages"]
    assert named == (list(PACKAGES), list(PACKAGES))
    assert project["mypy"]["files"] == [*PACKAGES, "benchmarks"]
