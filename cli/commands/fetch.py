"""`cwm fetch`: from a FHIR server into a folder of NDJSON, ready for `cwm ingest`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli import output
from cli.filters import fhir_types

if TYPE_CHECKING:
    from graph.settings import Settings
    from graph.sources.http import Login, Server
    from graph.sources.rest import Fetched
    from graph.sources.state import Folder, Memory

app = typer.Typer(
    help="Fetch from a FHIR server by searches or Bulk Data; broken off it goes on, asked again it fetches what changed.",
    no_args_is_help=True,
)

Base = Annotated[str, typer.Argument(metavar="URL", help="Base address of the FHIR server.")]
Out = Annotated[Path | None, typer.Option(help="Folder; the default is a new one below CWM_HOME/fetched.")]
Types = Annotated[
    list[str] | None, typer.Option("--type", help="FHIR type, once for each; the default is all.")
]
Since = Annotated[
    str | None,
    typer.Option(
        help="Fetch what changed since this instant (with its zone) or the start of this date (UTC), not since the last fetch."
    ),
]
Full = Annotated[bool, typer.Option("--full", help="Fetch everything again.")]
Take = Annotated[bool, typer.Option("--ingest", help="Take what was fetched into the graph.")]


@app.command()
def rest(
    url: Base,
    out: Out = None,
    types: Types = None,
    patients: Annotated[
        list[str] | None,
        typer.Option("--patient", help="All about this patient (Patient/$everything), once for each."),
    ] = None,
    since: Since = None,
    full: Full = False,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="Resources a page to ask for.")] = 500,
    ingest: Take = False,
    as_json: output.Json = False,
) -> None:
    """Fetch by searches, page by page; the second time only what changed since (_lastUpdated) and what was deleted.

    \b
    Example:
      cwm fetch rest https://fhir.example.org/r4 --ingest
      cwm fetch rest https://fhir.example.org/r4 --type Patient --type Observation --out fetched/
    """
    from graph.sources import rest as source

    asked = {"kind": "rest", "types": sorted(types or []), "patients": sorted(patients or [])}

    def work(server: "Server", folder: "Folder", step: output.Step) -> "Fetched":
        return source.fetch(
            server, folder, types=types or [], patients=patients or [], count=count, progress=step
        )

    _fetch(url, out, asked, since, full, ingest, as_json, work)


@app.command()
def bulk(
    url: Base,
    level: Annotated[Literal["patient", "group", "system"], typer.Option(help="Whose data.")] = "patient",
    group: Annotated[str | None, typer.Option(help="Id of the group, with --level group.")] = None,
    out: Out = None,
    types: Types = None,
    since: Since = None,
    full: Full = False,
    files_from: Annotated[
        list[str] | None,
        typer.Option(
            help="Another server from which files may be taken, such as https://storage.example.org."
        ),
    ] = None,
    ingest: Take = False,
    as_json: output.Json = False,
) -> None:
    """Fetch by a Bulk Data export: start it, wait, fetch its files; the second time only what changed since.

    \b
    Example:
      cwm fetch bulk https://fhir.example.org/r4 --ingest
      cwm fetch bulk https://fhir.example.org/r4 --level group --group 7 --type Condition
    """
    from graph.sources import bulk as source
    from ontology.errors import InvalidInputError

    if (level == "group") != (group is not None):
        raise InvalidInputError(
            "A group's id and --level group belong together.", got=f"--level {level}", do="Give both."
        )
    fhir_types(types or ())
    asked = {"kind": "bulk", "level": level, "group": group, "types": sorted(types or [])}

    def work(server: "Server", folder: "Folder", step: output.Step) -> "Fetched":
        return source.fetch(
            server,
            folder,
            level=level,
            group=group,
            types=types or [],
            files_from=files_from or [],
            progress=step,
        )

    _fetch(url, out, asked, since, full, ingest, as_json, work)


def _fetch(
    url: str, out: Path | None, asked: dict[str, Any], since: str | None, full: bool, ingest: bool, as_json: bool,
    work: "Callable[[Server, Folder, output.Step], Fetched]",
) -> None:  # fmt: skip
    from graph import Settings
    from graph.sources.http import Server, quiet
    from graph.sources.state import Memory, opened

    quiet()
    settings = Settings()
    url = url.rstrip("/")
    memory = Memory(settings.home, url)
    asked |= {"server": url}
    chosen, since = since, since or (None if full else memory.of(asked).get("since"))
    path = out or memory.folder(asked, since)
    server = Server(url, login=_login(settings, url), say=lambda text: None if as_json else output.note(text))
    with opened(path, asked, since) as folder, output.progress("fetching", quiet=as_json) as step:
        memory.remember(asked, folder=str(path))
        done = work(server, folder, step)
        folder.complete = True
        folder.save()
        memory.remember(asked, folder=None)
    server.close()
    try:
        _show(done, as_json, ingest)
    except typer.Exit:  # something was set aside, and is kept
        _move(memory, asked, done, chosen)
        raise
    _move(memory, asked, done, chosen)


def _move(memory: "Memory", asked: dict[str, Any], done: "Fetched", chosen: str | None) -> None:
    """The next increment begins where this one ended, once that is where it belongs.

    After an instant that somebody chose there may be a gap, so what is remembered stays.
    """
    if not chosen:
        memory.remember(asked, since=done.until)


def _login(settings: "Settings", url: str) -> "Login | None":
    from graph.sources.auth import Backend, Bearer, Key
    from ontology.errors import InvalidInputError

    if settings.fetch_token:
        return Bearer(settings.fetch_token.get_secret_value())
    if settings.smart_client and settings.smart_key:
        return Backend(
            url, settings.smart_client, Key(settings.smart_key), scope=settings.smart_scope,
            token_url=settings.smart_token_url,
        )  # fmt: skip
    if settings.smart_client or settings.smart_key:
        raise InvalidInputError(
            "SMART Backend Services needs both.", allowed="CWM_SMART_CLIENT and CWM_SMART_KEY"
        )
    return None


def _show(done: "Fetched", as_json: bool, ingest: bool) -> None:
    if ingest and done.files:
        from cli.commands.ingest import take

        if not as_json:
            _told(done)
        take([Path(done.folder)], as_json=as_json, more={"fetched": vars(done)})
    elif as_json:
        output.json(vars(done))
    else:
        _told(done)
        if done.files:
            output.note(f"Take it in: cwm ingest {done.folder}")


def _told(done: "Fetched") -> None:
    what = f"changed since {done.since}" if done.since else "everything"
    rows = [{"file": name, "lines": f"{lines:,}"} for name, lines in sorted(done.files.items())]
    title = f"{done.resources:,} resources and {done.deletions:,} deletions ({what})"
    if rows:
        output.note(f"{title}:")
    output.table(rows, ["file", "lines"], empty=f"Nothing new ({what}).")
    for note in done.notes:
        output.note(note)
    if done.restarted:
        output.note(f"Begun anew, since the server's addresses had expired: {', '.join(done.restarted)}.")
