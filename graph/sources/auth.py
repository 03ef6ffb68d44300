"""Who asks: a token that somebody gave, or SMART Backend Services, where a signed assertion buys tokens that expire.

Source: https://hl7.org/fhir/smart-app-launch/backend-services.html
"""

import secrets
import time
from pathlib import Path
from typing import Any, Final

import msgspec
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from graph.sources.http import Server, SourceError
from ontology.errors import InvalidInputError, NotFoundError

_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFE: Final = 240
"""Seconds that an assertion is good for; the standard allows 300."""
_EARLY: Final = 30
"""A token is renewed this many seconds before it expires."""


class Bearer:
    """A token that somebody gave; it cannot be renewed."""

    def __init__(self, token: str) -> None:
        self._token = token

    def headers(self) -> dict[str, str]:
        """The token."""
        return {"Authorization": f"Bearer {self._token}"}

    def renew(self) -> bool:
        """Never."""
        return False


class Key:
    """A private key: RSA signs RS384, an elliptic curve P-384 signs ES384.

    Raises:
        NotFoundError: there is no such file. InvalidInputError: it holds no such key.
    """

    def __init__(self, path: Path, kid: str | None = None) -> None:
        if not path.is_file():
            raise NotFoundError("There is no file with the private key.", got=path)
        text = path.read_bytes()
        try:
            held = msgspec.json.decode(text) if text.lstrip().startswith(b"{") else None
            found = _of_set(held) if held else (_pem(text))
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise InvalidInputError(
                "The file holds no private key that can sign.", got=type(error).__name__,
                allowed="PEM, JWK or JWKS: RSA of 2048 bits or more, or elliptic curve P-384",
            ) from None  # fmt: skip
        self.alg = "RS384" if isinstance(found, jwk.RSAKey) else "ES384"
        self.kid = kid or found.kid or found.thumbprint()
        self._key = found

    def sign(self, claims: dict[str, Any]) -> str:
        """A JWT with these claims."""
        header = {"alg": self.alg, "kid": self.kid, "typ": "JWT"}
        return jwt.encode(header, claims, self._key, algorithms=["RS384", "ES384"])


def _pem(text: bytes) -> jwk.RSAKey | jwk.ECKey:
    try:
        return _private(jwk.RSAKey.import_key(text))
    except (JoseError, ValueError, TypeError):
        return _private(jwk.ECKey.import_key(text))


def _of_set(held: Any) -> jwk.RSAKey | jwk.ECKey:
    one = held["keys"][0] if "keys" in held else held
    kinds: dict[str, type[jwk.RSAKey] | type[jwk.ECKey]] = {"RSA": jwk.RSAKey, "EC": jwk.ECKey}
    return _private(kinds[one["kty"]].import_key(one))


def _private(key: jwk.RSAKey | jwk.ECKey) -> jwk.RSAKey | jwk.ECKey:
    if not key.is_private or (isinstance(key, jwk.ECKey) and key.curve_name != "P-384"):
        raise ValueError("not a private key of a kind that is allowed")
    return key


class Backend:
    """SMART Backend Services at a server: discovers where tokens are given, and renews them before they expire."""

    def __init__(
        self, base: str, client: str, key: Key, *, scope: str = "system/*.read", token_url: str | None = None
    ) -> None:
        self._server = Server(base)
        self._client, self._key, self._scope, self._url = client, key, scope, token_url
        self._token, self._until = "", 0.0

    def headers(self) -> dict[str, str]:
        """A token that is good now.

        Raises:
            SourceError: the server gives none.
        """
        if time.monotonic() > self._until - _EARLY:
            self._buy()
        return {"Authorization": f"Bearer {self._token}"}

    def renew(self) -> bool:
        """Forget the token, so that another is bought; once for each that was bought."""
        had, self._until = bool(self._token), 0.0
        self._token = ""
        return had

    def _buy(self) -> None:
        url = self._url = self._url or self._discover()
        self._server.safe(url)
        answer = self._server.post(url, lambda: self._form(url))
        try:
            said = msgspec.json.decode(answer.content)
            token, life = said["access_token"], float(said.get("expires_in", 300))
        except (msgspec.DecodeError, KeyError, TypeError, ValueError):
            raise SourceError(
                "The server gave no token.", got=f"{answer.status_code} {_why(answer.content)}".strip(),
                do="Check that the server knows the client's id and public key, and allows the scope.",
            ) from None  # fmt: skip
        self._token, self._until = token, time.monotonic() + max(life, _EARLY + 1)

    def _form(self, url: str) -> dict[str, str]:
        """A request for a token; no assertion may be used twice."""
        now = int(time.time())
        claims = {"iss": self._client, "sub": self._client, "aud": url, "iat": now, "exp": now + _LIFE}
        return {
            "grant_type": "client_credentials", "scope": self._scope, "client_assertion_type": _ASSERTION,
            "client_assertion": self._key.sign(claims | {"jti": secrets.token_urlsafe(24)}),
        }  # fmt: skip

    def _discover(self) -> str:
        found = self._server.get(
            f"{self._server.base}/.well-known/smart-configuration", accept="application/json"
        )
        try:
            return str(msgspec.json.decode(found.content)["token_endpoint"])
        except (msgspec.DecodeError, KeyError, TypeError):
            raise SourceError(
                "The server does not say where it gives tokens.", do="Set CWM_SMART_TOKEN_URL."
            ) from None


def _why(content: bytes) -> str:
    """The error's code of OAuth; its words may repeat what was sent."""
    try:
        said = msgspec.json.decode(content)
        return str(said["error"])[:60]
    except (msgspec.DecodeError, KeyError, TypeError):
        return ""
