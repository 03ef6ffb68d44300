"""The login page and the logout: plain forms that work before anything else is loaded."""

from html import escape
from math import ceil
from pathlib import Path

import anyio.to_thread
from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dashboard.session import Sessions
from dashboard.users import LOCAL, Limiter

_PAGE = (Path(__file__).parent / "login.html").read_text(encoding="utf-8")


def local_path(path: str) -> str:
    r"""The path when it stays on this server, else ``/``.

    >>> local_path("/agents"), local_path("//evil.example"), local_path("https://evil.example"), local_path("/\\evil")
    ('/agents', '/', '/', '/')
    """
    ok = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if ok else "/"


def _page(status: int = 200, *, problem: str = "", after: str = "/", name: str = LOCAL) -> HTMLResponse:
    alert = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    body = _PAGE.replace("{alert}", alert).replace("{next}", escape(after, quote=True))
    return HTMLResponse(body.replace("{name}", escape(name, quote=True)), status)


def routes(sessions: Sessions, limiter: Limiter) -> APIRouter:
    """``GET`` and ``POST /login``, ``POST /logout``."""
    router = APIRouter()

    @router.get("/login")
    async def form(next: str = "/") -> Response:
        return _page(after=local_path(next))

    @router.post("/login")
    async def login(
        request: Request,
        name: str = Form("", max_length=200),
        password: str = Form("", max_length=1000),
        after: str = Form("/", max_length=2000),
    ) -> Response:
        if wait := limiter.wait():
            seconds = ceil(wait)
            page = _page(
                429, problem=f"Too many attempts. Try again in {seconds} s.", after=local_path(after)
            )
            page.headers["Retry-After"] = str(seconds)
            return page
        if not await anyio.to_thread.run_sync(sessions.users.check, name, password):
            limiter.failed()
            return _page(
                401, problem="The name or the password is wrong.", after=local_path(after), name=name
            )
        limiter.passed()
        return _leave(sessions, request, local_path(after), sessions.start(name))

    @router.post("/logout")
    async def logout(request: Request) -> Response:
        if user := request.scope["state"].get("user"):
            sessions.users.end_sessions(user)
        return _leave(sessions, request, "/login", "")

    return router


def _leave(sessions: Sessions, request: Request, to: str, cookie: str) -> Response:
    response = RedirectResponse(to, 303)
    response.headers["Set-Cookie"] = sessions.set_cookie(cookie, secure=request.url.scheme == "https")
    return response
