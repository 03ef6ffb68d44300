"""`cwm serve`: the dashboard."""

import signal
from typing import Annotated

import typer

from cli import output

app = typer.Typer()
FLAT = True


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than loopback need --expose.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)
    ] = 8050,
    expose: Annotated[bool, typer.Option("--expose", help="Allow an address beyond this machine.")] = False,
    name: Annotated[
        list[str] | None, typer.Option(help="A host name that browsers may use, with --expose.")
    ] = None,
    reset_password: Annotated[
        bool, typer.Option("--reset-password", help="Make a new password, show it, and end every session.")
    ] = False,
    json: output.Json = False,
) -> None:
    """Serve the dashboard on this machine until Ctrl-C (or SIGTERM), which is its normal end: exit status 0.

    The first run makes a user and shows its password once; only a hash of it is kept.

    \b
    Example: cwm serve --port 8051
    """
    from dashboard import server
    from graph.connection import open_graph
    from graph.settings import Settings

    settings = Settings()
    server.check_host(host, expose=expose)

    def ready(address: str) -> None:
        password = server.first_password(settings, reset=reset_password)
        if json:
            output.json({"address": address, "user": "local", "password": password})
            return
        output.out.print(output.styled("Dashboard: ", (address, "bold")))
        if password:
            output.out.print(
                output.styled("Log in as ", ("local", "bold"), " with the password ", (password, "bold"))
            )
            output.out.print(
                "It is not shown again; `cwm serve --reset-password` makes a new one.", style="dim"
            )
        output.note("Ctrl-C stops it.")

    with open_graph(settings) as graph:
        server.run(
            settings, graph, host=host, port=port, expose=expose, names=frozenset(name or ()), ready=ready
        )
        # What is left to do takes no time; an impatient second Ctrl-C must not spoil it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    output.note("Stopped.")
