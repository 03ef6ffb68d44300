"""The command as a whole: quick to answer, one shape for errors, completion for shells."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "torch",
    "pykeen",
    "sklearn",
    "lightgbm",
    "dash",
    "plotly",
    "polars",
    "scipy",
    "pandas",
    "fastapi",
    "rdflib",
)
CWM = Path(sys.executable).with_name("cwm")


def cwm(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [CWM, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def test_help_loads_no_heavy_library() -> None:
    code = "import sys; from cli.main import build; build(); print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(HEAVY) & set(answer.stdout.split()) == set()


def test_help_lists_every_group() -> None:
    answer = cwm("--help")
    assert answer.returncode == 0
    for group in ("ingest", "graph", "patient", "twin", "skillmix", "mcare", "serve", "demo", "doctor"):
        assert f" {group} " in answer.stdout


def test_no_arguments_show_the_help() -> None:
    assert "Commands" in cwm().stdout + cwm().stderr


def test_an_unknown_command_is_bad_usage() -> None:
    answer = cwm("nonsense")
    assert answer.returncode == 2
    assert "nonsense" in answer.stderr


def test_an_error_is_one_document_for_scripts(tmp_path: Path) -> None:
    import json

    answer = cwm("ingest", str(tmp_path / "nothing"), "--json", CWM_GRAPH="bolt://127.0.0.1:1")
    assert answer.returncode in {2, 3, 4}
    assert set(json.loads(answer.stdout)["error"]) == {"code", "what", "got", "allowed", "do"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("patient", "list", "--limit", "0"),
        ("patient", "list", "--nonsense"),
        ("ingest",),
        ("patient", "export", "p1", "--format", "ndjson"),
    ],
)
def test_a_command_that_cannot_be_used_is_one_document_for_scripts(arguments: tuple[str, ...]) -> None:
    import json

    answer = cwm(*arguments, "--json", CWM_GRAPH="bolt://127.0.0.1:1")
    assert answer.returncode == 2
    error = json.loads(answer.stdout)["error"]
    assert error["code"] == "invalid-input"
    assert error["do"]


def test_an_output_that_cannot_be_written_is_one_line() -> None:
    with Path(os.devnull).open() as closed:  # a full disk under the output is the same to the command
        answer = subprocess.run(
            [CWM, "skillmix", "coordinate", "--json"],
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert answer.returncode
    assert "cannot be read or written" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_completion(shell: str) -> None:
    answer = cwm(_CWM_COMPLETE=f"source_{shell}")
    assert answer.returncode == 0
    assert "_CWM_COMPLETE" in answer.stdout


def test_completion_knows_the_commands() -> None:
    answer = cwm(_CWM_COMPLETE="complete_bash", COMP_WORDS="cwm gra", COMP_CWORD="1")
    assert answer.stdout.split() == ["graph"]
