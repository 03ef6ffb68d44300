"""A SPARQL 1.1 Protocol endpoint over an export: reading only, one address, nothing without the token.

``GET /sparql?query=``, ``POST /sparql`` with a form or with ``application/sparql-query``. Every error is JSON of one shape:
``{"error": {code, what, got, allowed, do}}``. Neither queries nor answers are logged.
Source: https://www.w3.org/TR/sparql11-protocol/
"""

import asyncio
import base64
import binascii
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from graph.settings import Settings
from graph.sparql import results
from graph.sparql.engine import Engine, TooSlowError
from graph.sparql.worker import Wanted
from ontology.errors import CwmError, InvalidInputError

BODY: Final = 1 << 20
"""Bytes of the longest request."""
WAITING: Final = 16
"""Queries that may wait for the one that runs."""
LEAST: Final = 16
"""Characters of the shortest token."""
_SAFE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_UPDATES: Final = ("update", "using-graph-uri", "using-named-graph-uri")


class RefusedError(CwmError):
    """A request that is not answered, and the status that says so."""

    def __init__(self, status: int, what: str, *, allowed: str | None = None, do: str | None = None) -> None:
        self.status = status
        super().__init__(what, allowed=allowed, do=do)


def token(settings: Settings) -> str:
    """The token of the settings (CWM_SPARQL_TOKEN).

    Raises:
        InvalidInputError: there is none, or it is too short to keep anybody out.
    """
    said = settings.sparql_token.get_secret_value() if settings.sparql_token else ""
    if len(said) < LEAST:
        raise InvalidInputError(
            "The endpoint has no token that could keep anybody out.",
            allowed=f"CWM_SPARQL_TOKEN with at least {LEAST} characters",
            do='Set one: export CWM_SPARQL_TOKEN="$(openssl rand -hex 32)".',
        )
    return said


@dataclass
class Endpoint:
    """The ASGI application; ``timeout`` in seconds and ``rows`` are the limits of each query."""

    engine: Engine
    token: str
    timeout: float = 30.0
    rows: int = 10_000
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _waiting: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever is not HTTP is closed."""
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4401})
            return
        if scope["type"] != "http":
            return
        try:
            response = await self._answer(Request(scope, receive))
        except RefusedError as refusal:
            response = _refusal(refusal, refusal.status)
        except TooSlowError as slow:
            response = _refusal(slow, 503)
        except CwmError as error:
            response = _refusal(error, 400)
        except ClientDisconnect:
            return
        except OSError:  # the process that answers ended meanwhile; the next query starts it again
            response = _refusal(RefusedError(503, "The query was stopped.", do="Ask again."), 503)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        # First who asks: whoever has no token does not even learn which addresses there are.
        if not self._known(request.headers.get("authorization", "")):
            raise RefusedError(401, "This endpoint wants its token.", allowed="Authorization: Bearer TOKEN")
        if request.url.path != "/sparql":
            raise RefusedError(404, "There is nothing at this address.", allowed="/sparql")
        if request.method not in {"GET", "HEAD", "POST"}:
            raise RefusedError(405, "This method is not for queries.", allowed="GET, HEAD, POST")
        query, wanted = await _asked(request)
        if self._waiting >= WAITING:
            raise RefusedError(503, "Too many queries are waiting.", do="Ask again in a moment.")
        self._waiting += 1
        try:
            async with self._turn:
                reply = await asyncio.to_thread(
                    self.engine.write, query, wanted, timeout=self.timeout, rows=self.rows
                )
        finally:
            self._waiting -= 1
        if reply.more:
            # A cut answer in a standard format would look like a whole one.
            raise RefusedError(
                413, f"The answer has more than {self.rows} rows.", do="Add LIMIT and OFFSET, or count."
            )
        if reply.media is None:
            raise RefusedError(406, "This form of query has no such format.", allowed=_formats())
        return Response(reply.body, media_type=reply.media, headers=_SAFE)

    def _known(self, said: str) -> bool:
        kind, _, value = said.partition(" ")
        if kind.lower() == "basic":
            try:
                value = base64.b64decode(value, validate=True).decode().partition(":")[2]
            except (binascii.Error, UnicodeDecodeError):
                return False
        elif kind.lower() != "bearer":
            return False
        return hmac.compare_digest(value.strip().encode(), self.token.encode())


async def _asked(request: Request) -> tuple[str, Wanted]:
    """The query and how its answer is wanted."""
    fields = _fields(request.url.query)
    if request.method == "POST":
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await _body(request)
        if kind == "application/sparql-query":
            fields = {**fields, "query": [*fields.get("query", []), body]}
        elif kind == "application/x-www-form-urlencoded":
            fields = _fields(body)
        elif kind == "application/sparql-update":
            raise RefusedError(403, "Nothing is changed here.", allowed="queries")
        else:
            allowed = "application/sparql-query, application/x-www-form-urlencoded"
            raise RefusedError(415, "A query comes in another form.", allowed=allowed)
    if any(name in fields for name in _UPDATES):
        raise RefusedError(403, "Nothing is changed here.", allowed="queries")
    queries = fields.get("query", [])
    if len(queries) != 1:
        raise RefusedError(400, "A request has exactly one query.", allowed="query=SELECT ...")
    accept = request.headers.get("accept") or "*/*"
    wanted = Wanted(
        choose(accept, results.BINDINGS),
        choose(accept, results.BOOLEANS),
        choose(accept, results.TRIPLES),
        tuple(fields.get("default-graph-uri", [])),
        tuple(fields.get("named-graph-uri", [])),
    )
    return queries[0], wanted


def _fields(text: str) -> dict[str, list[str]]:
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=100, errors="strict")
    except (ValueError, UnicodeDecodeError):
        raise RefusedError(400, "The request cannot be read.", allowed="fields in UTF-8") from None


async def _body(request: Request) -> str:
    held = bytearray()
    async for piece in request.stream():
        held += piece
        if len(held) > BODY:
            raise RefusedError(413, f"The request is longer than {BODY} bytes.")
    try:
        return held.decode()
    except UnicodeDecodeError:
        raise RefusedError(400, "The request is not UTF-8.") from None


def choose(accept: str, offered: Iterable[str]) -> str | None:
    """The format that an Accept header likes most; of equals the first offered; None when it takes none.

    >>> choose("text/csv;q=0.5, application/sparql-results+xml", results.BINDINGS)
    'application/sparql-results+xml'
    >>> choose("*/*", results.BINDINGS), choose("text/html", results.BINDINGS)
    ('application/sparql-results+json', None)
    """
    ranges: dict[str, float] = {}
    for part in accept.split(","):
        kind, *params = (piece.strip().lower() for piece in part.split(";"))
        weight = next((p[2:] for p in params if p.startswith("q=")), "1")
        try:
            ranges[kind] = float(weight)
        except ValueError:
            continue

    def liking(media: str) -> float:
        names = (media, f"{media.partition('/')[0]}/*", "*/*")
        return next((ranges[name] for name in names if name in ranges), 0.0)

    best = max(offered, key=liking)
    return best if liking(best) > 0 else None


def _formats() -> str:
    return ", ".join([*results.BINDINGS, *results.TRIPLES])


def _refusal(error: CwmError, status: int) -> JSONResponse:
    headers = dict(_SAFE)
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="sparql"'
    if status == 503:
        headers["Retry-After"] = "5"
    if status == 405:
        headers["Allow"] = "GET, HEAD, POST"
    return JSONResponse({"error": error.as_dict()}, status_code=status, headers=headers)
