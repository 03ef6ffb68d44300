"""What the demo keeps between its runs, and the one way in which Chromium is looked for."""

import stat
import sys
from pathlib import Path

import pytest

from cli.bootstrap import chromium
from cli.commands import doctor
from cli.demo import Memory
from graph.settings import Settings


def test_what_the_demo_remembers_is_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    path = tmp_path / "home" / "demo.json"
    path.parent.mkdir()
    path.write_text("{}")
    path.chmod(0o644)
    Memory.of(settings).keep("predict", "inputs", {"patients": ["Patient/1"]})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Memory.of(settings).recall("predict", "inputs") == {"patients": ["Patient/1"]}
    assert [p.name for p in path.parent.iterdir()] == ["demo.json"]


def test_the_doctor_finds_the_chromium_that_the_tests_use(monkeypatch: pytest.MonkeyPatch) -> None:
    check = next(c for c in doctor.CHECKS if c.__name__ == "_chromium")
    monkeypatch.setenv("CWM_CHROMIUM", sys.executable)
    assert (chromium.find(), check(Settings()).found) == (sys.executable, sys.executable)
    monkeypatch.setenv("CWM_CHROMIUM", "/nowhere/chromium")
    assert (chromium.find(), check(Settings()).level) == (None, "warn")
