"""A FHIR server over HTTP: one origin, patience with busy servers and lost connections, and no secrets in messages."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol
from urllib.parse import urljoin, urlsplit

import httpx2
import msgspec
import stamina

from ontology.errors import CwmError, InvalidInputError

FHIR: Final = "application/fhir+json"
_BUSY: Final = {408, 429, 502, 503, 504}
_LOST: Final = (httpx2.TransportError, httpx2.DecodingError)
"""The connection broke off, or what came is damaged."""
_ID = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")

# At their lower levels these write addresses and headers, which hold ids of patients and tokens.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)

Say = Callable[[str], None]


class SourceError(CwmError):
    """A server that data come from cannot be reached, refuses, or answers what cannot be used."""

    code = "source"


class GoneError(SourceError):
    """What an address named is not there (404) or not there any more (410)."""

    code = "source-gone"


class DeniedError(SourceError):
    """The server does not allow it (401, 403)."""

    code = "source-denied"


class Login(Protocol):
    """What says to a server who asks."""

    def headers(self) -> dict[str, str]:
        """Headers of the next request."""

    def renew(self) -> bool:
        """After a 401: whether another try may go better."""


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for; all times in seconds."""

    attempts: int = 8
    """Tries of one request, and of one file since it last grew."""
    first: float = 1.0
    """The first wait; each one after it is twice as long."""
    most: float = 60.0
    """The longest wait that the server did not ask for."""
    asked: float = 900.0
    """The longest wait that the server may ask for by ``Retry-After``."""
    silence: float = 120.0
    """How long the server may send nothing."""


class BusyError(Exception):
    """The server asks to come again later."""

    def __init__(self, status: int, wait: float | None) -> None:
        self.status, self.wait = status, wait
        super().__init__(str(status))


class Server:
    """A FHIR server at its base address.

    Raises:
        InvalidInputError: the address is not one, or a login would go over it in the clear.
    """

    def __init__(
        self,
        base: str,
        *,
        login: Login | None = None,
        patience: Patience = Patience(),
        say: Say = lambda _: None,
    ) -> None:
        parts = urlsplit(base)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise InvalidInputError(
                "This is no address of a FHIR server.",
                got=parts.hostname or "no host",
                allowed="https://host/path, without name, password or query",
            )
        self.base, self.login, self.patience, self.say = base.rstrip("/"), login, patience, say
        if login:
            self.safe(base)
        self._client = httpx2.Client(
            timeout=httpx2.Timeout(patience.silence, connect=20),
            headers={"User-Agent": "clinical-world-model", "Accept": FHIR},
        )

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def url(self, path: str, **params: Any) -> str:
        """The address of a path below the base, with the parameters that are not None."""
        query = httpx2.QueryParams({name: value for name, value in params.items() if value is not None})
        return f"{self.base}/{path}" + (f"?{query}" if query else "")

    def own(self, url: str) -> str:
        """An address that the server gave, absolute.

        Raises:
            SourceError: it leads to another server.
        """
        url = urljoin(self.base + "/", url)
        if not self.is_own(url):
            raise SourceError(
                "The server names an address on another server; it was not followed.",
                got="{0.scheme}://{0.netloc}".format(urlsplit(url)),
                allowed="{0.scheme}://{0.netloc}".format(urlsplit(self.base)),
            )
        return url

    def is_own(self, url: str) -> bool:
        """Whether an address has the origin of the base."""
        return origin(url) == origin(self.base)

    def safe(self, url: str) -> None:
        """Raises:
        InvalidInputError: a secret would go over this address in the clear.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
            raise InvalidInputError(
                "A token is only sent over https.",
                got=f"{parts.scheme}://{parts.hostname}",
                allowed="https://",
            )

    def get(self, url: str, *, accept: str = FHIR, headers: dict[str, str] | None = None) -> httpx2.Response:
        """The answer to a GET, tried again while the server is busy or the connection is lost.

        Raises:
            GoneError: 404 or 410. SourceError: any other refusal, or patience is at its end.
        """
        for attempt in self.tries(url):
            with attempt, self.stream(url, accept=accept, headers=headers) as response:
                response.read()
                return response
        raise AssertionError  # the loop returns or raises

    def tries(self, url: str, grown: Callable[[], int] = lambda: 0) -> Iterator[Any]:
        """Attempts to do something with an address; an attempt after which ``grown`` is more does not count."""
        patience, seen, left = self.patience, grown(), 1
        renewed: list[Exception] = []
        while left:
            left = 0
            try:
                yield from stamina.retry_context(
                    on=lambda error: self._again(error, renewed), attempts=patience.attempts, timeout=None,
                    wait_initial=patience.first, wait_max=patience.most, wait_jitter=patience.first,
                )  # fmt: skip
            except BusyError as busy:
                raise SourceError(
                    "The server is too busy.",
                    got=f"{busy.status} from {self.shown(url)}",
                    do="Try again later.",
                ) from None
            except _RenewedError:
                raise DeniedError(
                    "The server does not allow this.", got=f"401 from {self.shown(url)}"
                ) from None
            except _LOST as error:
                if (now := grown()) > seen:
                    seen, left = now, 1
                    continue
                raise SourceError(
                    "The server cannot be reached, or the connection was lost again and again.",
                    got=f"{type(error).__name__} at {self.shown(url)}",
                    do="Run the same command again: it goes on from where it was.",
                ) from None

    def _again(self, error: Exception, renewed: list[Exception]) -> bool | float:
        if isinstance(error, BusyError):
            self.say(f"the server is busy ({error.status}), waiting")
            return True if error.wait is None else error.wait
        if isinstance(error, _LOST):
            self.say(f"the connection was lost ({type(error).__name__}), trying again")
            return True
        if isinstance(error, _RenewedError) and not renewed:
            renewed.append(error)
            return 0.0
        return False

    @contextmanager
    def stream(
        self, url: str, *, accept: str = FHIR, headers: dict[str, str] | None = None, secret: bool = True
    ) -> Iterator[httpx2.Response]:
        """One answer, its body not read yet; without ``secret`` the login is not sent."""
        sent = {"Accept": accept} | (headers or {})
        with_login = self.login is not None and secret
        if self.login and with_login:
            self.safe(url)
            sent |= self.login.headers()
        with self._client.stream("GET", url, headers=sent) as response:
            if not response.is_success:
                response.read()
                self._refused(url, response, with_login)
            yield response

    def delete(self, url: str) -> None:
        """Tell the server that something of ours may go; whether it does is its own affair."""
        try:
            self._client.delete(url, headers=self.login.headers() if self.login else {})
        except (*_LOST, SourceError):
            self.say("the server was not told that the export may go")

    def post(self, url: str, form: Callable[[], dict[str, str]]) -> httpx2.Response:
        """The answer to a form, without login; tried again as a GET is, each time with a form made anew.

        Raises:
            SourceError: patience is at its end.
        """
        for attempt in self.tries(url):
            with attempt:
                answer = self._client.post(url, data=form(), headers={"Accept": "application/json"})
                if answer.status_code in _BUSY:
                    raise BusyError(answer.status_code, retry_after(answer, self.patience))
                return answer
        raise AssertionError  # the loop returns or raises

    def _refused(self, url: str, response: httpx2.Response, with_login: bool) -> None:
        status = response.status_code
        if status in _BUSY:
            raise BusyError(status, retry_after(response, self.patience))
        if status == 401 and with_login and self.login and self.login.renew():
            raise _RenewedError
        got = f"{status} from {self.shown(url)}{self._outcome(url, response)}"
        if status in {404, 410}:
            raise GoneError("The server has nothing there.", got=got)
        if status in {401, 403}:
            raise DeniedError(
                "The server does not allow this.", got=got,
                do="Set CWM_FETCH_TOKEN, or CWM_SMART_CLIENT and CWM_SMART_KEY (see docs/sources.md).",
            )  # fmt: skip
        if response.is_redirect:
            to = urlsplit(urljoin(url, response.headers.get("Location", "")))
            raise SourceError(
                "The server sends on to another address; that is not followed.", got=f"{got} to {to.scheme}://{to.netloc}",
                do="Give the address where the server itself is.",
            )  # fmt: skip
        raise SourceError("The server refused.", got=got)

    def _outcome(self, url: str, response: httpx2.Response) -> str:
        """What an OperationOutcome says: its codes, and its words where the request named no person."""
        try:
            found = msgspec.json.decode(response.content)
            issues = found["issue"] if found.get("resourceType") == "OperationOutcome" else []
            said = [str(i.get("code")) for i in issues]
            if not _ID.search(urlsplit(url).path):
                said = [f"{i.get('code')}: {str(i.get('diagnostics') or '')[:200]}" for i in issues]
        except (msgspec.DecodeError, UnicodeDecodeError, AttributeError, TypeError, KeyError):
            return ""
        return f" ({'; '.join(said[:3])})" if said else ""

    def shown(self, url: str) -> str:
        """An address as people may see it: without query, and without what may be the id of a person.

        >>> Server("https://a.org/fhir").shown("https://a.org/fhir/Patient/7/$everything?x=1")
        'https://a.org/fhir/Patient/.../$everything'
        """
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}" + _ID.sub(
            lambda m: m[0].partition("/")[0] + "/...", parts.path
        )


class _RenewedError(Exception):
    """A login was renewed: try again."""


def retry_after(response: httpx2.Response, patience: Patience) -> float | None:
    """Seconds that the server asks to wait (``Retry-After``: seconds or a date); None where it does not.

    At least ``patience.first``, since a server that is asked without a pause is not helped, at most ``patience.asked``. A
    date is compared with the server's own clock.
    """
    text = response.headers.get("Retry-After", "").strip()
    if text.isdigit():
        wait = float(text)
    else:
        try:
            said = response.headers.get("Date")
            now = parsedate_to_datetime(said) if said else datetime.now(UTC)
            wait = (parsedate_to_datetime(text) - now).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(wait, patience.first), patience.asked)


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def quiet() -> None:
    """Keep the retry library from writing to standard output: what it would say is said by :attr:`Server.say`."""
    stamina.instrumentation.set_on_retry_hooks([])
