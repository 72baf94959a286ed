"""What the server answers with: the page, its socket, its files, and refusals; nothing else of Bokeh's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bokeh.application import Application
from bokeh.protocol.exceptions import ProtocolError
from bokeh.server.session import ServerSession
from bokeh.server.tornado import BokehTornado
from bokeh.server.views.doc_handler import DocHandler
from bokeh.server.views.static_handler import StaticHandler
from bokeh.server.views.ws import WSHandler
from tornado.httputil import HTTPServerRequest
from tornado.log import app_log
from tornado.web import HTTPError, RequestHandler

from gatednet.explore.admission import PAGE, SOCKET, STATIC, Admission, Admitted, Asked, Refused
from gatednet.explore.messages import MOST_BYTES, PULL, is_expected
from gatednet.explore.patches import Connection

if TYPE_CHECKING:
    from gatednet.explore.connections import Connections

# Pages that are open at the same time.
MOST_PAGES = 64
# Bokeh makes functions of texts, and writes scripts and styles into the page; all that is loaded comes from here.
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws://{host} wss://{host}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Server": "gatednet",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Files with a version in their address say otherwise.
    "Cache-Control": "no-store",
}


class _Answer(RequestHandler):
    """An answer with headers that keep it to its page. What goes wrong is said without the address, and its token."""

    def set_default_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.set_header(name, value)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"gatednet explore: {status_code} {self._reason}\n")

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, HTTPError):
            app_log.error("%s of %s failed", self.request.method, self.request.path, exc_info=(typ, value, tb))


class _Refusal(_Answer):
    """One sentence, after which the connection is closed."""

    def initialize(self, refused: Refused) -> None:
        self._refused = refused

    def prepare(self) -> None:
        self.set_status(self._refused.status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Connection", "close")
        self.finish(f"{self._refused.sentence}\n")


class _Entrance(_Answer):
    """Gives a browser its cookie, and has it ask again by an address without the token."""

    def initialize(self, cookie: tuple[str, str], query: str) -> None:
        self._given, self._rest = cookie, query

    def get(self) -> None:
        self.set_cookie(*self._given, httponly=True, samesite="Strict")
        self.redirect(f"{PAGE}?{self._rest}" if self._rest else PAGE, status=303)


class _Page(_Answer, DocHandler):
    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Content-Security-Policy", _POLICY.format(host=self.request.host))


class _File(_Answer, StaticHandler):
    pass


class _Socket(_Answer, WSHandler):
    """The connection of a page: it is closed with the first message that no page sends."""

    def check_origin(self, origin: str) -> bool:
        # It was compared with the host before, as that of every request.
        return True

    def open(self) -> None:
        # A message is several small frames: left to itself the system may keep one until those before are acknowledged.
        self.set_nodelay(True)
        try:
            super().open()
        except Exception:
            # A session that is over, or was none.
            self.close()

    async def on_message(self, fragment: str | bytes) -> None:
        receiver: Any = self.receiver
        try:
            message = await receiver.consume(fragment)
            if message is None:
                return
            connection = self.connection
            if connection is None or not is_expected(message.msgtype, message.content, connection.session.document):
                raise ProtocolError("no page sends this")
            handle: Any = ServerSession.pull if message.msgtype == PULL else ServerSession.patch
            answer = await handle(message, connection)
        except Exception:
            # Errors of the page are said on the page: these are of the message.
            self.close(1008)
        else:
            # No page waits until its changes are acknowledged, and to say so delays the curves that follow from them.
            if message.msgtype == PULL:
                await self.send_message(answer)


class Pages(BokehTornado):
    """An application of which only the page, its socket and its files can be had, by whom `admission` admits."""

    def __init__(self, application: Application, admission: Admission, **kwargs: Any) -> None:
        super().__init__(
            {"/": application},
            websocket_max_message_size_bytes=MOST_BYTES,
            # Addresses hold tokens, which must not get into a log.
            log_function=lambda handler: None,
            # A page gets nothing of its request but the query: otherwise the cookie would be in its text.
            include_headers=[],
            include_cookies=[],
            **kwargs,
        )
        self._admission = admission
        # Set by who serves it.
        self.connections: Connections | None = None

    def new_connection(self, *args: Any) -> Connection:
        """The connection of a page, see `Connection`."""
        connection = Connection(*args)
        self._clients.add(connection)
        return connection

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """The answer to a request: the only way to any."""
        headers = {name: request.headers.get_list(name) for name in request.headers}
        decided = self._admission.decide(Asked(request.method or "", request.path, request.query, headers))
        if isinstance(decided, Admitted):
            decided = self._with_room(request, decided)
        if isinstance(decided, Refused):
            return self.get_handler_delegate(request, _Refusal, {"refused": decided})
        if self.connections is not None:
            self.connections.admit(request.connection.stream)  # pyright: ignore
        if request.path.startswith(STATIC):
            name = request.path.removeprefix(STATIC)
            return self.get_handler_delegate(request, _File, {}, path_args=[name.encode()])
        if request.path == SOCKET:
            context = {"compression_level": None, "mem_level": None, **self._context}
            return self.get_handler_delegate(request, _Socket, context)
        if decided.cookie is not None:
            return self.get_handler_delegate(request, _Entrance, {"cookie": decided.cookie, "query": decided.query})
        # Sessions are made here, and not by whoever names one.
        if "Bokeh-Session-Id" in request.headers:
            del request.headers["Bokeh-Session-Id"]
        for name in [name for name in request.arguments if name.startswith("bokeh-")]:
            del request.arguments[name]
        return self.get_handler_delegate(request, _Page, self._context)

    @property
    def _context(self) -> dict[str, Any]:
        return {"application_context": self.applications["/"], "bokeh_websocket_path": SOCKET}

    def _with_room(self, request: HTTPServerRequest, admitted: Admitted) -> Admitted | Refused:
        if request.path != PAGE or len([*self.applications["/"].sessions]) < MOST_PAGES:
            return admitted
        return Refused(503, f"{MOST_PAGES} pages are open, which is all that there may be: close one of them.")
