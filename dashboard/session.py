"""Sessions: a signed cookie that names the user and the user's generation."""

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from itsdangerous import BadData, URLSafeTimedSerializer

from dashboard.secrets import Secrets
from dashboard.users import Users

HOURS = 12


@dataclass(frozen=True)
class Sessions:
    """Makes and reads session cookies. Nothing is kept on the server but the user's generation.

    The cookie's name holds a mark of the install, because browsers share cookies between ports of one host.
    """

    secrets: Secrets
    users: Users

    @property
    def cookie(self) -> str:
        """Name of the cookie."""
        return f"cwm-{self.secrets.derived('cookie name', 4).hex()}"

    def start(self, user: str) -> str:
        """The cookie's value for a user who has just logged in."""
        return str(self._signer.dumps([user, self.users.generation(user)]))

    def user_of(self, header: str) -> str | None:
        """The user whom a ``Cookie`` header names, or None: no cookie, forged, older than 12 hours, or ended."""
        try:
            morsel = SimpleCookie(header).get(self.cookie)
            user, generation = self._signer.loads(morsel.value if morsel else "", max_age=HOURS * 3600)
        except (BadData, CookieError, ValueError):
            return None
        return str(user) if generation == self.users.generation(user) else None

    def set_cookie(self, value: str, *, secure: bool) -> str:
        """The ``Set-Cookie`` header; an empty value takes the cookie away."""
        age = HOURS * 3600 if value else 0
        flags = "; Secure" if secure else ""
        return f"{self.cookie}={value}; Max-Age={age}; Path=/; HttpOnly; SameSite=Strict{flags}"

    @property
    def _signer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self.secrets.derived("session"))
