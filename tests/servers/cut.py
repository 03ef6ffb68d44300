"""A TCP proxy that breaks every connection, as when a cable is pulled: after so many bytes, or when told to."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Wire:
    """The way to a server on the loopback address; ``port`` is its near end."""

    port: int
    server: int
    after: int | None = None
    """Break when so many bytes have gone to the server; None never."""
    mends: bool = True
    """Whether new connections pass after a break."""
    sent: int = 0
    """Bytes that went to the server."""
    breaks: int = 0
    _open: list[socket.socket] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def cut(self) -> None:
        """Break every connection now."""
        with self._turn:
            self.breaks += 1
            self.after = None
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def join(self, near: socket.socket) -> None:
        """Pass on what comes, both ways, unless the wire is broken for good."""
        if self.breaks and not self.mends:
            near.close()
            return
        far = socket.create_connection(("127.0.0.1", self.server))
        with self._turn:
            self._open += [near, far]
        for one, other, counts in ((near, far, True), (far, near, False)):
            threading.Thread(target=self._pass, args=(one, other, counts), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket, counts: bool) -> None:
        with contextlib.suppress(OSError):
            while part := one.recv(2**14):
                if counts:
                    self.sent += len(part)
                    if self.after is not None and self.sent >= self.after:
                        self.cut()
                        break
                other.sendall(part)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def wire(server: int, after: int | None = None, *, mends: bool = True) -> Iterator[Wire]:
    """A proxy to a port of this machine, for as long as the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        one = Wire(listening.getsockname()[1], server, after, mends)
        threading.Thread(target=_listen, args=(listening, one), daemon=True).start()
        try:
            yield one
        finally:
            one.mends = False
            one.cut()
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)  # wakes the thread that listens


def _listen(listening: socket.socket, to: Wire) -> None:
    with contextlib.suppress(OSError):
        while True:
            near, _ = listening.accept()
            to.join(near)
