"""`Admission`: which requests are answered, and in one sentence why others are not."""

from __future__ import annotations

import dataclasses
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote_plus

# Names that mean this machine everywhere, whatever DNS says.
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
PAGE, SOCKET, STATIC = "/", "/ws", "/static/"
TOKEN = "token"

_HOST = r"(?P<name>\[[0-9a-f:.]{2,45}\]|[a-z0-9_](?:[a-z0-9_.-]{0,252}[a-z0-9_.])?)(?::(?P<port>[0-9]{1,5}))?"
_ADDRESS = re.compile(rf"(?P<scheme>https?)://{_HOST}(?:/.*)?", re.DOTALL)
_NETLOC = re.compile(_HOST)
_FILE = re.compile(rf"{STATIC}[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")
_OTHER_PAGE = "Another page asked for this one: paste the link that gatednet explore printed into the address bar."
_OTHER_TOKEN = (
    "The token is missing, or of another run: open the link that gatednet explore printed last, with its token."
)
_PORTS = {"http": 80, "https": 443}


@dataclasses.dataclass(frozen=True)
class Asked:
    """A request: its method, path and query as they are written, and the values of its headers by their names."""

    method: str
    path: str
    query: str
    headers: Mapping[str, Sequence[str]]

    def header(self, name: str) -> str | None:
        """The value of a header; those of one that is given more than once are one text, which nothing allows."""
        values = self.headers.get(name, ())
        return ", ".join(values) if values else None


@dataclasses.dataclass(frozen=True)
class Refused:
    """A status of HTTP, and a sentence that says why, and what to do."""

    status: int
    sentence: str


@dataclasses.dataclass(frozen=True)
class Admitted:
    """A request of a visitor. `cookie` is what their browser is to be given, `query` what of theirs is for the page."""

    cookie: tuple[str, str] | None
    query: str


class Admission:
    """Answers those who know `token`, asking by a name of this machine, and not from within a page of someone else.

    Where `names` is None, any name is one of this machine. The default token is a new random one.
    """

    def __init__(self, names: Iterable[str] | None = LOOPBACK, token: str | None = None) -> None:
        self._names = None if names is None else frozenset(each.lower() for each in names)
        self.token = token or secrets.token_urlsafe(24)

    def decide(self, asked: Asked) -> Admitted | Refused:
        """Whether a request is answered. What is refused has started nothing, and no secret is in the sentence."""
        if asked.path not in (PAGE, SOCKET) and _FILE.fullmatch(asked.path) is None:
            return Refused(404, "There is nothing here: the page is at /, by the link that gatednet explore printed.")
        if asked.method != "GET":
            return Refused(405, "Only GET is allowed here.")
        host = _NETLOC.fullmatch((asked.header("Host") or "").lower())
        if host is None or (self._names is not None and host["name"] not in self._names):
            return Refused(403, self._other_host)
        if not _from_here(asked, host):
            return Refused(403, _OTHER_PAGE)
        # Cookies know no ports, and each has a server of its own behind it.
        name = f"gatednet-explore-{host['port'] or 80}"
        given, rest = _without_token(asked.query)
        known = given if given is not None else _cookie(asked.header("Cookie") or "", name)
        if not hmac.compare_digest(known.encode(errors="replace"), self.token.encode()):
            return Refused(403, _OTHER_TOKEN)
        return Admitted(None if given is None else (name, self.token), rest)

    @property
    def _other_host(self) -> str:
        allowed = "a name of its machine" if self._names is None else " or ".join(sorted(self._names))
        return f"Only {allowed} is answered as the host, with any port: open the link, or a tunnel's, by that name."


def _from_here(asked: Asked, host: re.Match[str]) -> bool:
    """Whether a request comes from a page of the same host, or from the address bar."""
    if asked.header("Sec-Fetch-Site") not in (None, "none", "same-origin"):
        return False
    for name in ("Origin", "Referer"):
        given = asked.header(name)
        if given is None:
            continue
        page = _ADDRESS.fullmatch(given.lower())
        if page is None or page["name"] != host["name"]:
            return False
        usual = _PORTS[page["scheme"]]
        if int(page["port"] or usual) != int(host["port"] or usual):
            return False
    return True


def _without_token(query: str) -> tuple[str | None, str]:
    """The token of a query, None where there is none, and the query without it."""
    parts = [part.partition("=") for part in query.split("&")]
    tokens = [unquote_plus(value) for name, _, value in parts if unquote_plus(name) == TOKEN]
    rest = "&".join("".join(part) for part in parts if unquote_plus(part[0]) != TOKEN)
    return (tokens[0] if len(set(tokens)) == 1 else "" if tokens else None), rest


def _cookie(header: str, name: str) -> str:
    """The value of a cookie, empty where there is none or more than one."""
    pairs = [part.strip().partition("=") for part in header.split(";")]
    values = {value for each, _, value in pairs if each == name}
    return values.pop() if len(values) == 1 else ""
