"""`cwm demo`: from the demo journeys to a gated prediction, a filed case and the dashboard."""

import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import output
from ontology.errors import CwmError

if TYPE_CHECKING:
    from graph import Graph, Settings

app = typer.Typer()
FLAT = True


@app.command()
def demo(
    port: Annotated[
        int, typer.Option(help="Port of the dashboard on this machine.", min=1, max=65535)
    ] = 8050,
    serve: Annotated[
        bool,
        typer.Option("--serve/--no-serve", help="Go on serving, or end once the dashboard has answered."),
    ] = True,
    data: Annotated[
        Path | None, typer.Option(help="Folder of FHIR files, in place of the demo data.")
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Load the demo journeys, train and evaluate the twin, predict, file a case, serve the dashboard.

    A second run sees that nothing changed, repeats no work and takes seconds. Ctrl-C stops everything that it started.

    \b
    Example: cwm demo --no-serve
    """
    from cli.demo import DATA, Demo, Memory
    from graph import Settings, open_graph

    signal.signal(signal.SIGTERM, _interrupt)
    settings = Settings()
    _need_port(port)
    try:
        with open_graph(settings) as graph:
            result = Demo(graph, Memory.of(settings), data or DATA, quiet=as_json).run()
            standing = graph.read("demo.standing", run="", predictions=[], case="")[0]
            _dashboard(settings, graph, port, serve, as_json, result | {"graph": standing})
    finally:
        _let_go(settings)


def _dashboard(
    settings: "Settings", graph: "Graph", port: int, serve: bool, as_json: bool, result: dict[str, Any]
) -> None:
    from dashboard import server

    def ready(address: str) -> None:
        password = server.first_password(settings)
        if as_json:
            output.json({"address": address, "password": password, **result})
        else:
            _show(address, password, result)

    if serve:
        server.run(settings, graph, port=port, ready=ready)
        output.note("Stopped.")
    else:
        with server.background(settings, graph, port=port) as address:
            _answers(address)
            ready(address)


def _show(address: str, password: str | None, result: dict[str, Any]) -> None:
    graph, twin, case, made = result["graph"], result["twin"], result["case"], result["predicted"]
    login = (
        f"local, password {password} (shown this once)"
        if password
        else "local (a new password: cwm serve --reset-password)"
    )
    rows = [
        ("Dashboard", address),
        ("Log in", login),
        (
            "Loaded",
            f"{graph['patients']:,} patients, {graph['encounters']:,} encounters, {graph['events']:,} facts",
        ),
        ("Twin", f"AUROC {twin['auroc']}, held out, n {twin['n']}, {twin['events']} admitted"),
        ("Gate", made["said"]),
        ("Case", f"{case['case']}: {case['title']}" if case["case"] else case["said"]),
    ]
    output.out.print()
    for name, text in rows:
        output.out.print(output.styled((f"{name:10}", "dim"), text), soft_wrap=True)
    cwm = _myself()
    tries = [
        f"{cwm} patient show {made['patient']}",
        f"{cwm} twin explain {made['prediction'][:12]}",
        f"{cwm} mcare show {case['case']}" if case["case"] else f"{cwm} skillmix agents",
    ]
    output.out.print("\nTry next, in another terminal:")
    for line in tries:
        output.out.print(f"  {line}", soft_wrap=True)


def _myself() -> str:
    """How a person here types this command."""
    called = Path(sys.argv[0]).resolve()
    inside = called.is_relative_to(Path.cwd())
    return str(called.relative_to(Path.cwd())) if inside else called.name


def _need_port(port: int) -> None:
    """Say now that the port is taken, and not after minutes of work."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise CwmError(
                f"Port {port} is taken, perhaps by a dashboard that runs already.",
                do=f"Stop it, or take another port: make demo PORT={port + 1} (cwm demo --port {port + 1}).",
            ) from None


def _answers(address: str) -> None:
    """Raises CwmError when the dashboard does not answer with a page."""
    from urllib.error import URLError
    from urllib.request import ProxyHandler, Request, build_opener

    page = Request(address, headers={"Accept": "text/html"})  # noqa: S310 - the address is our own
    try:
        with build_opener(ProxyHandler({})).open(
            page, timeout=60
        ) as answer:  # without a login it leads to the login page
            status = answer.status
    except URLError as error:
        raise CwmError("The dashboard does not answer.", got=error, do="Run `cwm doctor`.") from error
    if status != 200:
        raise CwmError("The dashboard does not answer with a page.", got=status, do="Run `cwm doctor`.")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _let_go(settings: "Settings") -> None:
    """Stop the private Neo4j now if nobody else uses it: the demo leaves no process behind."""
    from graph import server

    folder = settings.embedded
    if folder and not (folder / "stay").exists() and not server.used(folder):
        server.stop(folder)
