"""The server of the pages: who is let in, knows the token of its link."""

from __future__ import annotations

import contextlib
import gc
import ipaddress
import logging
import secrets
import signal
import socket
import sys
import warnings
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import jinja2
from bokeh.application import Application
from bokeh.application.handlers.function import FunctionHandler
from bokeh.core.templates import FILE
from bokeh.document import Document
from bokeh.server.server import BaseServer
from bokeh.settings import settings
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets

from gatednet import SettingError, StiffnessWarning
from gatednet.explore.admission import LOOPBACK, TOKEN, Admission
from gatednet.explore.connections import Connections
from gatednet.explore.handlers import Pages
from gatednet.explore.page import Page
from gatednet.explore.source import Source
from gatednet.explore.turns import Turns

LOCAL = "127.0.0.1"
PORT = 5006
# Characters of a name that a message shows.
_SHOWN = 60
# A page that is not there any more is forgotten, and its work stopped, after so long.
_FORGOTTEN_MS, _LOOKED_FOR_MS = 1000, 500
# How long one thread computes while another waits, in seconds; Python's default is 5 ms.
_TURN = 0.0005
_TEMPLATE = jinja2.Template((files("gatednet.explore") / "page.html").read_text(encoding="utf-8"))


class Explorer:
    """Pages over a source, one for each visitor; `link` is where they are, with the token that it takes.

    On an address that is of this machine alone only its names are answered; on others every name is.

    **Raises** `SettingError` where the address cannot be had.
    """

    def __init__(self, source: Source, host: str = LOCAL, port: int = PORT) -> None:
        self._source, self._turns = source, Turns()
        # Whatever the environment says: no request leaves this machine.
        settings.resources = "server"
        # They warn of tabs closed during an update, and of messages that no page sends, which close it anyway.
        for name in ("bokeh.server.views.ws", "bokeh.protocol"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        # Said on the page, with the verdict, and not in the terminal for every place that a slider passes.
        warnings.filterwarnings("ignore", category=StiffnessWarning)
        sockets = _bound(host, port)
        name = f"[{host}]" if ":" in host else host
        local = all(ipaddress.ip_address(each.getsockname()[0].partition("%")[0]).is_loopback for each in sockets)
        admission = Admission((*LOOPBACK, name) if local else None)
        pages = Pages(
            Application(FunctionHandler(self._open)),
            admission,
            sign_sessions=True,
            secret_key=secrets.token_bytes(),
            unused_session_lifetime_milliseconds=_FORGOTTEN_MS,
            check_unused_sessions_milliseconds=_LOOKED_FOR_MS,
        )
        connections = pages.connections = Connections(pages)
        connections.add_sockets(sockets)
        self._server = BaseServer(IOLoop.current(), pages, connections)
        self.link = f"http://{name}:{sockets[0].getsockname()[1]}/?{TOKEN}={admission.token}"

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
        arguments = {name: [each.decode(errors="replace") for each in values] for name, values in given.items()}
        Page(document, self._source, self._turns, arguments)


def _bound(host: str, port: int) -> list[socket.socket]:
    """Sockets at an address, which are one port.

    **Raises** `SettingError` where there is no such address, or it is taken.
    """
    shown = host if len(host) <= _SHOWN else f"{host[:_SHOWN]}…"
    # Names that are none: of all addresses, of a socket of this machine, or of an option.
    if not host or not host.isprintable() or any(each.isspace() or each in "/@?#" for each in host):
        raise SettingError(f"--host is {shown!r}, allowed is a name or an address of this machine")
    try:
        return bind_sockets(port, host)
    except OSError as error:
        raise SettingError(f"{shown}:{port} cannot be served at: {error.strerror or error}") from error
    except ValueError as error:
        # Of names that cannot be looked up, such as too long ones.
        raise SettingError(f"--host is {shown!r}, allowed is a name or an address of this machine") from error
