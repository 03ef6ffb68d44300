"""A real HTTP proxy in front of a FHIR server that breaks what it passes on, as networks and servers do."""

import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

Fault = Callable[[Request], bool]


@dataclass
class Break:
    """What to do to the requests that ``when`` picks, ``times`` times."""

    when: Fault
    times: int = 1
    status: int | None = None
    """Answer so in place of the server."""
    headers: dict[str, str] = field(default_factory=dict)
    cut: float | None = None
    """Send this share of the body and then break the connection."""
    body: bytes = b""
    """With ``status``: the body of that answer."""
    change: Callable[[bytes], bytes] | None = None
    """Change the body; an answer that something is still under way (202) is passed on and not counted."""
    short: float | None = None
    """Send this share of the body, and say that this is all."""
    hit: int = 0


@dataclass
class Proxy:
    """The proxy at ``base``; ``seen`` is every request that came, as ``(path with query, headers)``."""

    base: str
    upstream: str
    rewrites: bool = True
    """Whether the server's own addresses are replaced by the proxy's."""
    breaks: list[Break] = field(default_factory=list)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    async def handle(self, request: Request) -> Response:
        """Pass on, or break."""
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        self.seen.append((path, dict(request.headers)))
        fault = next((b for b in self.breaks if b.hit < b.times and b.when(request)), None)
        if fault:
            fault.hit += 1
            if fault.status:
                return Response(fault.body, fault.status, fault.headers)
        root, mine = self.upstream.rsplit("/", 1)[0], self.base.rsplit("/", 1)[0]
        headers = {k: v for k, v in request.headers.items() if k not in {"host", "accept-encoding"}}
        async with httpx2.AsyncClient(timeout=120) as client:
            answer = await client.request(
                request.method, root + path, headers=headers, content=await request.body()
            )
        body = answer.content.replace(root.encode(), mine.encode()) if self.rewrites else answer.content
        if fault and fault.change and answer.status_code == 202:
            fault.hit -= 1
        elif fault and fault.change:
            body = fault.change(body)
        status, start = answer.status_code, 0
        wanted = request.headers.get("range", "")
        if wanted and status == 200:
            start, status = int(wanted.removeprefix("bytes=").rstrip("-")), 206
        passed = {k: v.replace(root, mine) for k, v in answer.headers.items()
                  if k in {"content-type", "content-location", "retry-after", "x-progress", "date"}}  # fmt: skip
        if status == 206:
            passed["content-range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        body = body[start:]
        if fault and fault.short is not None:
            body = body[: int(len(body) * fault.short)]
        if fault and fault.cut is not None:
            return StreamingResponse(
                _torn(body[: int(len(body) * fault.cut)]), status, passed | {"content-length": str(len(body))}
            )
        return Response(body, status, passed)


async def _torn(part: bytes) -> AsyncIterator[bytes]:
    yield part
    raise ConnectionResetError


@contextmanager
def proxy(upstream: str) -> Iterator[Proxy]:
    """The proxy on a free port, for as long as the block lasts."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    port = listening.getsockname()[1]
    it = Proxy(f"http://127.0.0.1:{port}/{upstream.rsplit('/', 1)[1]}", upstream)
    app = Starlette(routes=[Route("/{path:path}", it.handle, methods=["GET", "POST", "PUT", "DELETE"])])
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", date_header=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield it
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()
