"""Make `.venv` from the locked versions: `python3 cli/bootstrap/environment.py [--core]`.

It needs Python 3.11 or newer and nothing else: no pip, no venv, no ensurepip. It finds `uv` on the PATH, or brings it
into `.tools/` by any pip there is, the one beside this file if there is none. A second run sees by a stamp that
nothing changed and takes no time.
"""

from __future__ import annotations  # so that a Python that is too old still reads this and is told so

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OLDEST = (3, 11)
OLDEST_UV = (0, 5)
WINDOWS = os.name == "nt"
BIN = "Scripts" if WINDOWS else "bin"
TOOLS = ROOT / ".tools" / "uv"
INSTALL_UV = ["install", "--quiet", "--target", str(TOOLS), "--require-hashes", "-r", str(HERE / "uv.txt")]


def say(text: str) -> None:
    """One line for people."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - there is no other way to speak yet


def stop(what: str, do: str) -> NoReturn:
    """End with one line that says what is wrong and one that says what to do."""
    raise SystemExit(f"Error  {what}\n  do     {do}")


def usable(uv: str) -> bool:
    """Whether this uv runs and is not too old."""
    try:
        text = subprocess.run([uv, "--version"], capture_output=True, text=True, check=True).stdout
        return tuple(int(part) for part in text.split()[1].split(".")[:2]) >= OLDEST_UV
    except (OSError, subprocess.CalledProcessError, ValueError, IndexError):
        return False


def pips() -> Iterator[tuple[str, list[str]]]:
    """Ways to run pip, best first: (its name for people, its command).

    `--target` is not refused by a system's Python that is managed from outside.
    """
    yield "the pip of this Python", [sys.executable, "-m", "pip"]
    for wheel in sorted(HERE.glob("pip-*.whl")):
        yield f"{wheel.name} from this repository", [sys.executable, str(wheel / "pip")]


def find_uv() -> str:
    """The path of a uv: the one in `.tools`, the one on the PATH, or one that is brought now."""
    own = TOOLS / "bin" / ("uv.exe" if WINDOWS else "uv")
    for candidate in (str(own), shutil.which("uv")):
        if candidate and usable(candidate):
            return candidate
    for name, pip in pips():
        say(f"Bringing uv into .tools/ by {name}")
        shutil.rmtree(TOOLS, ignore_errors=True)
        answer = subprocess.run([*pip, *INSTALL_UV], capture_output=True, text=True, check=False)
        if answer.returncode == 0 and usable(str(own)):
            return str(own)
        reason = (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
        say(f"  that did not work: {reason}")
    stop("uv could not be brought", "install uv yourself, put it on the PATH, and run make again")


def locks(core: bool) -> Path:
    """The file of locked versions: everything, or what the installed command needs without embeddings and tools."""
    return ROOT / ("requirements-core.lock" if core else "requirements.lock")


def fingerprint(core: bool) -> str:
    """What the environment is made from, as one hash."""
    content = hashlib.sha256(f"{sys.version_info[:2]} {sys.executable}".encode())
    for file in (locks(core), ROOT / "pyproject.toml"):
        content.update(file.read_bytes())
    return content.hexdigest()


def run(uv: str, *arguments: str) -> None:
    """Run uv so that its progress is seen; its error is ours."""
    environment = {**os.environ, "VIRTUAL_ENV": str(ROOT / ".venv")}
    done = subprocess.run([uv, *arguments], cwd=ROOT, env=environment, check=False)
    if done.returncode:
        stop(
            f"uv {arguments[0]} failed (see above)",
            "mend what it names and run make again: it goes on from there",
        )


def make(core: bool) -> None:
    """Make or bring up to date `.venv`; does nothing when its stamp says that it is."""
    if sys.version_info < OLDEST:
        found = f"{sys.version_info[0]}.{sys.version_info[1]}"
        stop(
            f"Python {found} is too old, 3.11 or newer is needed",
            "make PYTHON=python3.12 (any newer one you have)",
        )
    stamp = ROOT / ".venv" / ".stamp"
    wanted = fingerprint(core)
    if stamp.is_file() and stamp.read_text() == wanted and (ROOT / ".venv" / BIN).is_dir():
        return
    uv = find_uv()
    stamp.unlink(missing_ok=True)
    say(
        f"Making .venv from {locks(core).name} (the first time this fetches {'0.4' if core else '3'} GB or so)"
    )
    if not stamp.parent.is_dir() or not working(stamp.parent):
        run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, ".venv")
    run(uv, "pip", "sync", "--compile-bytecode", "--require-hashes", str(locks(core)))
    run(uv, "pip", "install", "--quiet", "--no-deps", "--editable", ".")
    stamp.write_text(wanted)
    say(f"Ready: .venv{os.sep}{BIN}{os.sep}cwm")


def working(venv: Path) -> bool:
    """Whether the environment's own Python runs and has this Python's version."""
    check = "import sys; print(sys.version_info[:2])"
    try:
        answer = subprocess.run(
            [venv / BIN / "python", "-c", check], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return answer.stdout.strip() == str(tuple(sys.version_info[:2]))


if __name__ == "__main__":
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument(
        "--core", action="store_true", help="only what the command needs: no embeddings, no tools"
    )
    options.add_argument("--uv", action="store_true", help="print the path of uv and end")
    chosen = options.parse_args()
    if chosen.uv:
        print(find_uv())  # noqa: T201
    else:
        make(chosen.core)
