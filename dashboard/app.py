"""The one ASGI application of the dashboard."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import dash
from dash import Dash, html
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from dashboard import downloads, frame, login
from dashboard.desk import Desk, explained
from dashboard.pages import pages
from dashboard.secrets import Secrets
from dashboard.session import Sessions
from dashboard.shield import Shield
from dashboard.users import Limiter, Users
from graph.connection import Graph
from graph.settings import Settings

_register_page: Any = dash.register_page  # untyped there
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

INDEX = """<!DOCTYPE html>
<html lang="en">
<head>{%metas%}<title>{%title%}</title>{%favicon%}{%css%}</head>
<body>{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer></body>
</html>"""


def build(settings: Settings, graph: Graph | None = None, *, hosts: frozenset[str] = LOOPBACK) -> Shield:
    """The application: every page behind the login, the shield outermost.

    ``graph``: one that is already open (the caller closes it); None opens the one that the settings name on first
    use and closes it at shutdown. ``hosts``: the names by which browsers may call this server.

    Raises:
        CwmError: the file of users cannot be read.
    """
    secrets = Secrets.load(settings.home)
    sessions = Sessions(secrets, Users(settings.home))
    desk = Desk(settings, secrets, graph)
    server = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=_lifespan(desk))
    server.include_router(login.routes(sessions, Limiter()))
    server.add_exception_handler(Exception, _failed)
    server.include_router(downloads.routes(desk))
    app = _dash(server, desk)
    backend: Any = app.backend
    for hook in backend._before_request_funcs:
        hook()  # Dash adds the pages' router on the first request, too late for a first request that is a deep link
    addresses = [module.PAGE.path for module in pages().values()]
    addresses += [route.path for route in server.routes if isinstance(route, Route | Mount)]
    known = frozenset(address.split("/")[1] for address in addresses) | {"download", "login", "logout"}
    return Shield(server, sessions, app.csp_hashes, hosts, known)


def _dash(server: FastAPI, desk: Desk) -> Dash:
    app = Dash(
        __name__,
        server=server,  # type: ignore[arg-type]  # annotated for Flask only
        backend="fastapi",
        use_pages=True,
        pages_folder="",
        assets_folder=str(Path(__file__).parent / "assets"),
        title="Clinical World Model",
        update_title="",
        serve_locally=True,
        include_pages_meta=False,
        suppress_callback_exceptions=True,
        on_error=_callback_failed,
    )
    for name, module in pages().items():
        page = module.PAGE
        place = {"path_template": page.path} if page.variable else {"path": page.path}
        title = f"{page.title} - Clinical World Model"
        _register_page(name, layout=_tolerant(module.layout), title=title, name=page.title, **place)
        module.register(app, desk)
    _register_page("not_found_404", layout=_not_found, title="Not found - Clinical World Model")
    app.layout = frame.frame
    app.index_string = INDEX
    frame.register(app)
    return app


def _tolerant(layout: Any) -> Any:
    """A layout that is called with the address's variables only: query parameters are not for pages."""
    wanted = layout.__code__.co_varnames[: layout.__code__.co_argcount]
    return lambda **given: layout(**{k: v for k, v in given.items() if k in wanted})


def _not_found() -> Any:
    return html.Div([html.H1("Not found"), html.P("There is no such page. The menu above has all of them.")])


def _callback_failed(error: Exception) -> None:
    """Say on the page that a callback failed; nothing of the error itself goes to the browser."""
    what, do = explained(error)
    dash.set_props(
        "session-trouble", {"children": html.P(f"{what} {do or ''}", role="alert", className="trouble")}
    )


async def _failed(_: Request, error: Exception) -> Response:
    what, do = explained(error)
    return JSONResponse({"error": what, "do": do}, 500)


def _lifespan(desk: Desk) -> Any:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await desk.run(desk.close)

    return lifespan
