"""The server of the pages: on this machine only, or behind a token."""

from __future__ import annotations

import contextlib
import gc
import hmac
import logging
import secrets
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import jinja2
from bokeh.application import Application
from bokeh.application.handlers.function import FunctionHandler
from bokeh.core.templates import FILE
from bokeh.document import Document
from bokeh.server.auth_provider import AuthProvider
from bokeh.server.server import Server
from bokeh.settings import settings
from tornado.web import HTTPError, RequestHandler

from explore.page import Page
from explore.source import Source
from explore.turns import Turns
from gatednet import SettingError

LOCAL = "127.0.0.1"
PORT = 5006
_LOCAL_NAMES = (LOCAL, "localhost")
_COOKIE = "gatednet-explore"
# A page that is not there any more is forgotten, and its work stopped, after so long.
_FORGOTTEN_MS, _LOOKED_FOR_MS = 1000, 500
# How long one thread computes while another waits, in seconds; by itself Python's is 5 ms.
_TURN = 0.0005
_TEMPLATE = jinja2.Template((files("explore") / "page.html").read_text(encoding="utf-8"))


class _Visitors(AuthProvider):
    """Lets in who asks for a host that is served, from a page of that host, and, where there is a token, knows it.

    A server with a token has all names that its machine has.
    """

    def __init__(self, hosts: set[str], token: str | None) -> None:
        self._hosts, self._token = hosts, token
        super().__init__()

    @property
    def get_user_async(self) -> Callable[[RequestHandler], Awaitable[str]]:
        # Asked before a connection is made; the other kind is asked after it.
        return self._admitted

    @property
    def login_url(self) -> str:
        return "/"

    async def _admitted(self, handler: RequestHandler) -> str:
        host, origin = handler.request.host, handler.request.headers.get("Origin")
        # A name that someone else's server points here is not ours: a page of theirs could read this one.
        if self._token is None and host not in self._hosts:
            raise HTTPError(403, log_message="another host was asked for")
        if origin is not None and urlsplit(origin).netloc != host:
            raise HTTPError(403, log_message="the request comes from another origin")
        if self._token is None:
            return "visitor"
        given = handler.get_argument("token", None)
        if given is None:
            given = handler.get_cookie(_COOKIE) or ""
        elif hmac.compare_digest(given.encode(), self._token.encode()):
            handler.set_cookie(_COOKIE, given, httponly=True, samesite="Strict")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            raise HTTPError(403, log_message="the token is missing or another one")
        return "visitor"


class Explorer:
    """Pages over a source, one for each visitor; `link` is where they are.

    A server on another address than this machine's own has a token in its link.

    **Raises** `SettingError` where the address cannot be had.
    """

    def __init__(self, source: Source, host: str = LOCAL, port: int = PORT) -> None:
        self._source, self._turns = source, Turns()
        # Whatever the environment says: no request leaves this machine.
        settings.resources = "server"
        # They warn of any name, and of tabs that are closed while something is told.
        for name in ("bokeh.server.util", "bokeh.server.views.ws"):
            logging.getLogger(name).setLevel(logging.ERROR)
        token = None if host in _LOCAL_NAMES else secrets.token_urlsafe(16)
        hosts: set[str] = set()
        try:
            self._server = Server(
                {"/": Application(FunctionHandler(self._open))},
                address=host,
                port=port,
                # Of any name: who is let in is said above, by the same host and the token.
                allow_websocket_origin=["*"],
                auth_provider=_Visitors(hosts, token),
                unused_session_lifetime_milliseconds=_FORGOTTEN_MS,
                check_unused_sessions_milliseconds=_LOOKED_FOR_MS,
            )
        except OSError as error:
            raise SettingError(f"{host}:{port} cannot be served at: {error.strerror or error}") from error
        # The names are known with the port, which may be any that is free; nobody is let in before.
        hosts.update(f"{name}:{self._server.port}" for name in _LOCAL_NAMES)
        self.link = f"http://{host}:{self._server.port}/" + (f"?token={token}" if token else "")

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until interrupted, in the main thread; then **raises** `KeyboardInterrupt`."""
        # Bokeh collects garbage for each page that is closed, one after the other: what is there by now is none.
        gc.freeze()
        # Pages wait for their workers, and the workers for pages: a turn is short.
        sys.setswitchinterval(_TURN)
        loop: Any = self._server.io_loop
        # Raised anywhere, an interruption would leave coroutines behind that nobody waits for.
        with contextlib.suppress(NotImplementedError):  # By Windows' loops.
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.asyncio_loop.add_signal_handler(number, loop.stop)
        self._server.start()
        loop.add_callback(ready)
        try:
            loop.start()
        finally:
            self._server.stop(wait=False)
        raise KeyboardInterrupt

    def _open(self, document: Document) -> None:
        document.template = _TEMPLATE
        document.template_variables["base"] = FILE
        context: Any = document.session_context
        given = context.request.arguments if context is not None and context.request is not None else {}
        arguments = {
            name: [each.decode(errors="replace") for each in values]
            for name, values in given.items()
            if name != "token"
        }
        Page(document, self._source, self._turns, arguments)


def working() -> int:
    """How many workers of pages have something to do, for tests: those of a closed page have nothing."""
    return sum(thread.name.startswith("explore-") for thread in threading.enumerate())
