"""Java's archive of Neo4j's classes: made once, used by every start, and no start fails for the want of it."""

import os
import subprocess
from pathlib import Path

import pytest

from graph import Settings
from graph.server import classes, jars
from graph.server.config import Plan
from graph.server.lease import planned
from ontology.errors import GraphUnavailableError


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    found = planned(Settings(), tmp_path_factory.mktemp("planned"))
    found.write(0)
    return found


@pytest.fixture
def elsewhere(tmp_path: Path, plan: Plan) -> tuple[Settings, Plan]:
    """A cache without archives, and a plan without them."""
    settings = Settings(cache=tmp_path / "cache")
    jars.folder(settings).mkdir(parents=True)
    return settings, plan.model_copy(update={"classes": ()})


def _version(plan: Plan, *options: str) -> tuple[int, str]:
    """Status and answer of Neo4j's admin tool when asked for its version."""
    java, *rest = plan.admin("--version")
    done = subprocess.run(
        [java, *options, *rest], env=plan.environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.strip()


def test_java_takes_both_archives_for_the_jars_and_the_java_of_every_start(plan: Plan) -> None:
    assert [path.name.partition("-")[2] for path in plan.classes] == ["java.jsa", "neo4j.jsa"]
    # With this, Java ends in place of going on without an archive that does not fit.
    assert _version(plan, "-Xshare:on") == (0, plan.version)
    others = plan.model_copy(update={"classpath": str(plan.java) + os.pathsep + plan.classpath})
    assert _version(others, "-Xshare:on")[0] == 1


def test_java_goes_on_without_a_word_where_an_archive_does_not_fit(plan: Plan, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsa"
    broken.write_bytes(b"no archive")
    for archives in ((plan.classes[0], broken), (tmp_path / "gone.jsa", tmp_path / "too.jsa")):
        assert _version(plan.model_copy(update={"classes": archives})) == (0, plan.version)


def test_they_are_made_once(elsewhere: tuple[Settings, Plan]) -> None:
    settings, plan = elsewhere
    runs: list[Plan] = []

    def run(recording: Plan) -> None:
        runs.append(recording)
        assert recording.record is not None
        recording.record.write_bytes(b"classes")

    made = classes.ready(settings, plan, run)
    assert [path.read_bytes()[:7] for path in made[1:]] == [b"classes"]
    assert classes.ready(settings, plan, run) == made
    assert [one.classes for one in runs] == [made[:1]]
    assert set(jars.folder(settings).iterdir()) == set(made)


def test_what_cannot_be_made_is_not_tried_again_for_a_day(
    elsewhere: tuple[Settings, Plan], tmp_path: Path
) -> None:
    settings, plan = elsewhere
    tries = 0

    def run(_: Plan) -> None:
        nonlocal tries
        tries += 1
        raise GraphUnavailableError("It does not start.")

    assert classes.ready(settings, plan, run) == classes.ready(settings, plan, run) == ()
    assert tries == 1
    assert [path.read_text() for path in classes.failed(settings)] == ["It does not start.\n"]
    another = tmp_path / "another.jar"
    another.touch()
    assert classes.ready(settings, plan.model_copy(update={"classpath": str(another)}), run) == ()
    assert tries == 2
    for why in classes.failed(settings):
        os.utime(why, (0, 0))

    def better(recording: Plan) -> None:
        assert recording.record is not None
        recording.record.write_bytes(b"classes")

    assert len([path for path in classes.ready(settings, plan, better) if path.exists()]) == 2
    assert len(classes.failed(settings)) == 1


def test_without_space_or_leave_to_write_a_start_goes_on_and_the_next_one_tries_again(
    elsewhere: tuple[Settings, Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, plan = elsewhere

    def run(_: Plan) -> None:
        raise AssertionError

    full = settings.model_copy(update={"disk_free": 2**60})
    assert classes.ready(full, plan, run) == ()
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write everywhere
    assert classes.ready(settings, plan, run) == ()
    assert not [*jars.folder(settings).iterdir()]


def test_what_a_run_that_was_killed_has_left_is_no_hindrance(elsewhere: tuple[Settings, Plan]) -> None:
    settings, plan = elsewhere
    left = jars.folder(settings) / f"{classes.SCRATCH}old"
    left.mkdir()
    (left / "keeper.log").touch()

    def run(recording: Plan) -> None:
        assert recording.record is not None
        recording.record.write_bytes(b"classes")

    assert set(classes.ready(settings, plan, run)) == set(jars.folder(settings).iterdir())


def test_those_of_the_last_few_javas_stay(elsewhere: tuple[Settings, Plan], tmp_path: Path) -> None:
    settings, plan = elsewhere

    def run(recording: Plan) -> None:
        assert recording.record is not None
        recording.record.write_bytes(b"classes")

    made = []
    for i in range(classes.KEPT + 1):
        jar = tmp_path / f"{i}.jar"
        jar.touch()
        made.append(classes.ready(settings, plan.model_copy(update={"classpath": str(jar)}), run))
    assert {path for pair in made[1:] for path in pair} == set(jars.folder(settings).iterdir())
