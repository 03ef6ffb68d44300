"""The outermost layer: who may speak to the dashboard at all, over http and over websocket.

It is plain ASGI and wraps everything, because an http middleware of the framework never sees a websocket.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import perf_counter
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.secrets import PATIENTS
from dashboard.session import Sessions

access = logging.getLogger("dashboard.access")

OPEN = frozenset({"/login"})
"""The only paths that answer without a session."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # 'no-referrer' would make browsers send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}

LIBRARIES = "/_dash-component-suites/"
"""Code of the component libraries: the same for everyone, named by version, so a browser may keep it."""

SAFE = frozenset({"GET", "HEAD"})


def policy(script_hashes: Iterable[str]) -> str:
    """The content security policy: our own host only, no eval, inline scripts by hash.

    Inline styles stay allowed: the component and plotting libraries place elements with them.

    >>> "unsafe-eval" in policy([]), "'none'" in policy([])
    (False, True)
    """
    scripts = " ".join(["'self'", *sorted(set(script_hashes))])
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "font-src 'self' data:; connect-src 'self'; form-action 'self'; manifest-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    )


@dataclass(frozen=True)
class Shield:
    """Default-deny around ``inner``: host, origin, session; then security headers and the access log.

    ``hosts``: names that a browser may use for this server (without port); another ``Host`` is DNS rebinding.
    ``hashes``: computed for each response, because Dash adds inline scripts late.
    """

    inner: ASGIApp
    sessions: Sessions
    hashes: Callable[[], Iterable[str]]
    hosts: frozenset[str] = field(default_factory=lambda: frozenset({"127.0.0.1", "localhost", "::1"}))
    paths: frozenset[str] = frozenset()
    """First segments of known addresses; the access log names no other, as a stray address could hold anything."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "lifespan":
            await self.inner(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if self._host(headers) and self._same_origin(headers) and self._user(headers):
            await self.inner(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 4401})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, headers, status = perf_counter(), Headers(scope=scope), 500
        user = self._user(headers)

        async def out(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": self._with_security(scope["path"], message["headers"])}
            await send(message)

        scope.setdefault("state", {})["user"] = user
        handler = self._refusal(scope, headers, user) or self.inner
        try:
            await handler(scope, receive, out)
        finally:
            took = (perf_counter() - started) * 1000
            access.info(
                "%s %s %s %s %.0fms", user or "-", scope["method"], self._logged(scope["path"]), status, took
            )

    def _refusal(self, scope: Scope, headers: Headers, user: str | None) -> Response | None:
        if not self._host(headers):
            return JSONResponse({"error": "This name is not served here."}, 421)
        if scope["method"] not in SAFE and not self._same_origin(headers):
            return JSONResponse({"error": "The request came from another site."}, 403)
        if user or scope["path"] in OPEN:
            return None
        if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            return RedirectResponse(f"/login?next={quote(scope['path'])}", 303)
        return JSONResponse({"error": "Log in first."}, 401)

    def _host(self, headers: Headers) -> bool:
        return urlsplit(f"//{headers.get('host', '')}").hostname in self.hosts

    def _same_origin(self, headers: Headers) -> bool:
        """The ``Origin`` is this server's own. Browsers send it with every POST and every websocket."""
        origin = headers.get("origin", "")
        return urlsplit(origin).netloc == headers.get("host") and origin.startswith(("http://", "https://"))

    def _user(self, headers: Headers) -> str | None:
        return self.sessions.user_of(headers.get("cookie", ""))

    def _logged(self, path: str) -> str:
        """As much of an address as is surely ours: somebody may have typed a name into it, or a line of a log."""
        first, _, rest = path.removeprefix("/").partition("/")
        if first not in self.paths:
            return "(unknown)"
        if not rest:
            return f"/{first}"
        return f"/{first}/{rest if first == PATIENTS and self.sessions.secrets.made(rest) else '*'}"

    def _with_security(self, path: str, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        added = {**HEADERS, "Content-Security-Policy": policy(self.hashes())}
        if not path.startswith(LIBRARIES):
            added["Cache-Control"] = "no-store"
        names = {name.lower().encode() for name in added}
        kept = [(k, v) for k, v in headers if k.lower() not in names]
        return kept + [(k.lower().encode(), v.encode()) for k, v in added.items()]
