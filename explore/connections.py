"""`Connections`: the HTTP server, which nobody keeps busy by connecting to it."""

from __future__ import annotations

from typing import Any

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream

# Connections of those who have not been admitted yet. A browser asks at once, so that it is not the oldest for long.
_STRANGERS = 64
# Seconds for the head of a request, and for what follows it; a connection that is not used is closed as soon.
_HEAD_S, _BODY_S = 15.0, 5.0
# Bytes of the head of a request, with all cookies of the machine's other servers, and of what follows it: nothing.
_HEAD, _BODY = 1 << 15, 1 << 10
# Bytes of a connection that are kept until they are read.
_BUFFER = 1 << 20


class Connections(HTTPServer):
    """Closes the oldest connections that no admitted request came by, when there are too many of them.

    So there are always few of those, and one that asks at once is answered, however many are open and say nothing.
    """

    def initialize(self, *args: Any, **kwargs: Any) -> None:
        """As `HTTPServer`, with limits."""
        super().initialize(
            *args,
            **kwargs,
            idle_connection_timeout=_HEAD_S,
            body_timeout=_BODY_S,
            max_header_size=_HEAD,
            max_body_size=_BODY,
            max_buffer_size=_BUFFER,
        )
        # In the order in which they came.
        self._strangers: dict[IOStream, None] = {}

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """Take a connection."""
        super().handle_stream(stream, address)
        self._strangers[stream] = None
        while len(self._strangers) > _STRANGERS:
            oldest = next(iter(self._strangers))
            del self._strangers[oldest]
            oldest.close()

    def admit(self, stream: IOStream) -> None:
        """A request that came by a connection was admitted: it stays for as long as its visitor likes."""
        self._strangers.pop(stream, None)

    def on_close(self, server_conn: Any) -> None:
        """A connection is closed."""
        self._strangers.pop(server_conn.stream, None)
        super().on_close(server_conn)
