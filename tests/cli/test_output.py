"""What is printed is what was said, and every ordinary mistake ends in an error of one shape."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cli import main, output
from graph import Settings
from ontology.errors import InvalidInputError

WORDS = "Leukocytes [#/volume] in Blood [/x] [bold] [embeddings] :heart:"


def _table() -> None:
    output.table([{"name": WORDS}], ["name"], title=f"title {WORDS}")


def _error() -> None:
    output.error(InvalidInputError(f"what {WORDS}", got=f"got {WORDS}", allowed=WORDS, do=f"do {WORDS}"))


def _progress() -> None:
    with output.progress(WORDS) as step:
        step(1, 2, WORDS)
    output.note(WORDS)


@pytest.mark.parametrize(
    "say",
    [
        _table,
        _error,
        _progress,
        lambda: output.table([], ["name"], empty=WORDS),
        lambda: output.note(WORDS),
        lambda: output.json({"name": WORDS}),
        lambda: output.out.print(WORDS),
        lambda: output.out.print(WORDS, style="dim"),
        lambda: output.err.print(WORDS),
        lambda: output.out.print(output.styled((WORDS, "bold"), " and more")),
    ],
)
def test_words_come_out_as_they_are(
    say: Callable[[], None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output.out, "width", 200)
    monkeypatch.setattr(output.err, "width", 200)
    say()
    said = capsys.readouterr()
    assert WORDS in said.out + said.err


def cwm(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command in this process; its exit status."""
    monkeypatch.setattr("sys.argv", ["cwm", *arguments])
    with pytest.raises(SystemExit) as ended:
        main.run()
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    "arguments",
    [("mcare", "check", "/nowhere/[/x].yaml"), ("skillmix", "coordinate", "[/x]"), ("[/x]",)],
)
def test_a_name_in_brackets_is_named_in_the_error(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cwm(monkeypatch, *arguments) in {1, 2, 3}
    assert "[/x]" in capsys.readouterr().err


def test_the_doctor_names_the_extra_in_full(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from cli.commands import doctor

    finding = doctor.Finding(
        "PyTorch", "warn", "not [/x] here", "pip install 'clinical-world-model[embeddings]'"
    )
    monkeypatch.setattr(doctor, "CHECKS", (lambda _: finding,))
    assert cwm(monkeypatch, "doctor") == 0
    said = capsys.readouterr().out
    assert "clinical-world-model[embeddings]" in said
    assert "not [/x] here" in said


@pytest.mark.parametrize("arguments", [("doctor",), ("graph", "status", "--json")])
def test_a_setting_that_cannot_be_used_is_named(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CWM_HEAP", "1GB")
    assert cwm(monkeypatch, *arguments) == 2
    said = capsys.readouterr()
    for part in ("CWM_HEAP", "1GB", "512m"):
        assert part in said.out + said.err
    if "--json" in arguments:
        assert set(json.loads(said.out)["error"]) == {"code", "what", "got", "allowed", "do"}


@pytest.mark.parametrize(
    "name", ["CWM_HOME", "CWM_CACHE", "CWM_GRAPH_USER", "CWM_GRAPH_DATABASE", "CWM_HEAP"]
)
def test_a_setting_that_is_set_to_nothing_has_its_default(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name, raising=False)
    default = Settings()
    monkeypatch.setenv(name, "")
    assert Settings() == default


def test_a_home_that_begins_with_a_tilde_lies_in_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an environment file of a service or of a container has it, where no shell reads it."""
    for name, value in (("HOME", str(tmp_path)), ("CWM_HOME", "~/ward"), ("CWM_CACHE", "~/jars")):
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.home == tmp_path / "ward"
    assert settings.embedded == tmp_path / "ward" / "graph"
    assert settings.cache == tmp_path / "jars"


def test_no_secret_is_shown_in_an_error_of_a_setting() -> None:
    with pytest.raises(InvalidInputError) as refused:
        Settings(graph_password=["hunter2"])
    assert "CWM_GRAPH_PASSWORD" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_folder_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = str(tmp_path / "nowhere" / "x.yaml")
    assert cwm(monkeypatch, "mcare", "new", "-o", target) == 1
    assert target in capsys.readouterr().err.replace("\n", "")


@pytest.mark.parametrize(
    "command",
    [
        "ingest",
        "graph restore",
        "graph load",
        "graph sparql ASK{} --data",
        "mcare check",
        "dropped",
    ],
)
def test_what_is_to_be_read_and_is_not_there_ends_with_status_3(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CWM_HOME", str(tmp_path / "home"))
    nowhere = str(tmp_path / "nowhere.yaml")
    assert cwm(monkeypatch, *command.split(), nowhere) == 3
    assert nowhere in capsys.readouterr().err.replace("\n", "")


def test_the_version_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert cwm(monkeypatch, "--version") == 0
    assert capsys.readouterr().out.startswith("cwm 0.")
