"""The page of `gatednet explore` goes on answering, whatever strangers and broken visitors send to its port."""

import asyncio
import contextlib
import json
import re
import resource
import socket
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClosedError, websocket_connect

from tests.cli.browser import no_errors, serving
from tests.cli.test_explore import asked, cookie_of

# Seconds within which a page is answered while others do what they like; it takes a hundredth alone.
PROMPT = 10
# Nothing takes so long, unless it fails.
PATIENCE = 60
# Connections that say half of what they should, in a short run and in one that is as long as a machine allows.
FEW, MANY = 300, 1100
HALVES = (b"", b"G", b"GET / HTTP/1.1\r\nHost: localhost", b"POST / HTTP/1.1\r\nContent-Length: 100000000\r\n\r\nabc")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server, which has said nothing about errors when all is over."""
    with serving(folder=tmp_path_factory.mktemp("attack")) as served:
        yield served
        assert no_errors(served.errors), served.errors
        assert served.errors == ""


@pytest.fixture(scope="module")
def own(server):
    """What the browser of a visitor says."""
    return {"Host": server.host, "Cookie": cookie_of(server)}


def answers(server, own):
    """Whether a visitor gets the page, in time."""
    begin = time.monotonic()
    status, _, text = asked(server.port, **own)
    return status == 200 and "gatednet explore" in text and time.monotonic() - begin < PROMPT


def half_sent(server, own, number):
    """Whether the page is answered all along while `number` connections are open that have sent half a request."""
    found, opened = [], []
    try:
        for each in range(number):
            opened.append(socket.create_connection(("127.0.0.1", server.port), timeout=30))
            opened[-1].sendall(HALVES[each % len(HALVES)])
            if each % 100 == 99:
                found.append(answers(server, own))
        time.sleep(1.0)
        found.append(answers(server, own))
        # The first of them were closed, though nobody asked them to.
        opened[0].settimeout(30)
        assert opened[0].recv(1) == b""
    finally:
        for each in opened:
            each.close()
    return all(found) and len(found) > 1


def test_half_sent_requests_do_not_stop_the_page(server, own):
    assert half_sent(server, own, FEW)


@pytest.mark.slow
def test_a_thousand_half_sent_requests_do_not_stop_the_page(server, own):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard > 0 else 4096, hard))
    try:
        assert half_sent(server, own, MANY)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def sent(server, data, most=1 << 20):
    """What is answered to bytes; nothing where the connection is closed without a word."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            found = b""
            while len(found) < most and (part := connection.recv(1 << 16)):
                found += part
        except OSError:
            return b""
    return found


@pytest.mark.parametrize(
    "data",
    [
        b"GET /" + (1 << 20) * b"a",
        b"GET / HTTP/1.1\r\n" + 100_000 * b"a: b\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n" + 10_000_000 * b"a",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["an endless line", "endless headers", "a long body", "two hosts", "another protocol"],
)
def test_what_is_too_long_or_no_request_is_closed(data, server, own):
    assert re.match(rb"|HTTP/1.1 40\d ", sent(server, data))
    assert not sent(server, data).startswith(b"HTTP/1.1 200")
    assert answers(server, own)


NAMES = st.sampled_from(
    [b"Host", b"Origin", b"Referer", b"Cookie", b"Connection", b"Upgrade", b"Content-Length", b"Transfer-Encoding"]
)
LINES = st.tuples(
    NAMES | st.binary(max_size=8), st.binary(max_size=12) | st.sampled_from([b"chunked", b"-1", b"localhost"])
)
REQUESTS = st.binary(max_size=60) | st.builds(
    lambda method, path, lines: (
        b"%s %s HTTP/1.1\r\n%s\r\n" % (method, path, b"".join(b"%s: %s\r\n" % each for each in lines))
    ),
    st.sampled_from([b"GET", b"POST", b"\xff", b""]),
    st.sampled_from([b"/", b"/ws", b"//", b"/static/%00", b"*", b"http://a/"]) | st.binary(max_size=8),
    st.lists(LINES, max_size=5),
)


def bytes_are_answered(server, data):
    assert re.match(rb"|HTTP/1.1 40[0345] ", sent(server, data))


@settings(max_examples=60, deadline=None, suppress_health_check=[*HealthCheck])
@given(REQUESTS)
def test_any_bytes_are_refused(server, data):
    bytes_are_answered(server, data)


@pytest.mark.slow
@settings(max_examples=5000, deadline=None, suppress_health_check=[*HealthCheck])
@given(REQUESTS)
def test_any_bytes_are_refused_at_length(server, data):
    bytes_are_answered(server, data)


@pytest.fixture(scope="module")
def text(server, own):
    """A page."""
    return asked(server.port, **own)[2]


async def told(server, own, text, frames):
    """Whether a page that sends some frames after its connection was accepted is still listened to."""
    token = re.search(r'"token":"([^"]+)"', text)
    assert token is not None
    request = HTTPRequest(f"ws://{server.host}/ws", headers={**own, "Origin": f"http://{server.host}"})
    with contextlib.closing(await websocket_connect(request, subprotocols=["bokeh", token[1]])) as socket_of:
        greeting = [await socket_of.read_message() for _ in range(3)]
        assert '"ACK"' in greeting[0]
        with contextlib.suppress(WebSocketClosedError):
            for each in frames:
                await socket_of.write_message(each, binary=isinstance(each, bytes))
            # A message that every page begins with.
            for each in message("PULL-DOC-REQ", {}):
                await socket_of.write_message(each)
        answered = False
        # The server may tell of changes to the page before it answers, or closes the connection.
        while (frame := await asyncio.wait_for(socket_of.read_message(), PATIENCE)) is not None:
            # Buffers come as bytes.
            if isinstance(frame, str) and '"PULL-DOC-REPLY"' in frame:
                answered = True
                socket_of.close()
    await asyncio.sleep(0.05)
    return answered


def message(kind, content):
    """The frames of a message."""
    return json.dumps({"msgid": "1", "msgtype": kind}), "{}", json.dumps(content)


def patch(*events):
    return message("PATCH-DOC", {"events": list(events)})


def test_a_page_that_says_what_pages_say_is_listened_to(server, own, text):
    assert asyncio.run(told(server, own, text, ()))
    ready = {"type": "event", "name": "document_ready", "values": {"type": "map"}}
    begun = patch({"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": ready})
    assert asyncio.run(told(server, own, text, begun))


@pytest.mark.parametrize(
    "frames",
    [
        ["no JSON"],
        [b"\x00\x01"],
        ["{}"],
        message("PUSH-DOC", {"doc": {"roots": []}}),
        message("SERVER-INFO-REQ", {}),
        message("NOTHING", {}),
        message("PULL-DOC-REQ", {"a": 1}),
        message("PATCH-DOC", []),
        patch({"kind": "RootAdded", "model": {"type": "object", "name": "Div", "id": "a"}}),
        patch({"kind": "TitleChanged", "title": "a"}),
        patch({"kind": "ModelChanged", "model": {"id": "nobody"}, "attr": "value", "new": "a"}),
        patch({"kind": "ModelChanged", "model": {"id": "p1001"}, "attr": "__class__", "new": "a"}),
        patch(
            {
                "kind": "MessageSent",
                "msg_type": "bokeh_event",
                "msg_data": {"type": "event", "name": "tap", "values": []},
            }
        ),
        [json.dumps({"msgid": "1", "msgtype": "PATCH-DOC", "num_buffers": 10**9}), "{}", "{}"],
        ["[" * 60_000, "{}", "{}"],
        ["a" * 100_000],
    ],
)
def test_a_page_that_says_anything_else_is_not_listened_to_any_more(frames, server, own, text):
    assert not asyncio.run(told(server, own, text, frames))
    assert answers(server, own)
