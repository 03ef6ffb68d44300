"""What `make` does before there is an environment."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.bootstrap import chromium, environment

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with nothing but what the environment is made from."""
    shutil.copytree(ROOT / "cli" / "bootstrap", tmp_path / "cli" / "bootstrap")
    for name in ("pyproject.toml", "requirements.lock", "requirements-core.lock", "Makefile"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def bootstrap(checkout: Path, python: str = sys.executable, **env: str) -> subprocess.CompletedProcess[str]:
    script = checkout / "cli" / "bootstrap" / "environment.py"
    return subprocess.run([python, str(script)], env=env, capture_output=True, text=True, check=False)


def made(checkout: Path) -> Path:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    code = "import sys; sys.path.insert(0, sys.argv[1]); import environment; print(environment.fingerprint(False), end='')"
    folder = str(checkout / "cli" / "bootstrap")
    stamp = subprocess.run(
        [sys.executable, "-c", code, folder], capture_output=True, text=True, check=True
    ).stdout
    (checkout / ".venv" / ".stamp").write_text(stamp)
    return checkout / ".venv" / ".stamp"


def test_an_environment_that_is_up_to_date_is_left_alone(checkout: Path) -> None:
    made(checkout)
    answer = bootstrap(checkout, PATH="")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_a_changed_lock_makes_it_anew(checkout: Path) -> None:
    stamp = made(checkout)
    before = stamp.read_text()
    with (checkout / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    shutil.rmtree(checkout / ".venv")
    assert made(checkout).read_text() != before


def test_the_locks_hold_a_hash_for_everything_and_name_no_place() -> None:
    for name in ("requirements.lock", "requirements-core.lock", "cli/bootstrap/uv.txt"):
        text = (ROOT / name).read_text()
        pinned = [line for line in text.splitlines() if "==" in line and not line.lstrip().startswith("#")]
        assert pinned
        assert all(line.endswith("\\") for line in pinned), f"{name}: a version without a hash"
        assert "://" not in text
        assert "--index-url" not in text


def test_the_core_lock_is_a_part_of_the_whole_lock() -> None:
    def pins(name: str) -> set[str]:
        return {line.split(" ")[0] for line in (ROOT / name).read_text().splitlines() if line[:1].isalnum()}

    assert pins("requirements-core.lock") < pins("requirements.lock")
    assert not {
        p for p in pins("requirements-core.lock") if p.startswith(("torch==", "pykeen==", "pytest=="))
    }


def test_a_uv_that_does_not_run_is_no_uv(tmp_path: Path) -> None:
    broken = tmp_path / "uv"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    assert not environment.usable(str(broken))
    assert not environment.usable(str(tmp_path / "nothing"))


def test_there_is_always_a_pip_to_bring_uv_with() -> None:
    commands = [command for _, command in environment.pips()]
    last = commands[-1]
    answer = subprocess.run(
        [last[0], "-S", *last[1:], "--version"], capture_output=True, text=True, check=True
    )
    assert answer.stdout.startswith("pip ")


def test_a_missing_chromium_is_told_and_fails_only_in_ci(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(chromium, "NAMES", ("no-such-browser",))
    monkeypatch.delenv("CWM_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CI", "false")
    assert chromium.main() == 0
    assert "apt-get install chromium" in capsys.readouterr().err
    monkeypatch.setenv("CI", "true")
    assert chromium.main() == 1


@pytest.mark.slow
def test_the_wheel_installs_in_a_clean_environment_and_holds_the_data(tmp_path: Path) -> None:
    import zipfile

    uv = environment.find_uv()
    subprocess.run([uv, "build", "--quiet", "--wheel", "--out-dir", tmp_path, ROOT], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for kind in (".yaml", ".cypher", ".ttl", ".css", "py.typed"):
        assert any(name.endswith(kind) for name in names), f"no {kind} in the wheel"
    assert not [name for name in names if "bootstrap" in name or name.startswith(("tests", "docs"))]
    tracked = {
        str(p.relative_to(ROOT))
        for package in ("ontology", "graph", "skillmix", "twin", "mcare")
        for p in (ROOT / package).rglob("*")
        if p.suffix in {".yaml", ".cypher", ".ttl"}
    }
    assert tracked <= set(names)
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, tmp_path / "clean"], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", tmp_path / "clean" / "bin" / "python"]
    subprocess.run([*install, "--require-hashes", "-r", ROOT / "requirements-core.lock"], check=True)
    subprocess.run([*install, "--no-deps", wheel], check=True)
    answer = subprocess.run(
        [tmp_path / "clean" / "bin" / "cwm", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert " twin " in answer.stdout
