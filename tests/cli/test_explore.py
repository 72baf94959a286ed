"""`gatednet explore` as a process: whom it lets in, what it refuses, and how it ends."""

import http.client
import re
import signal
import socket
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.cli.browser import serving
from tests.cli.tools import contents, refusal, together

# Reached as another address of this machine is.
OTHER = "127.0.0.2"
FOREIGN = "rebound.example"
PROMPT = 5  # seconds within which an interrupted server is gone


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """A server as it is by itself."""
    with serving(folder=tmp_path_factory.mktemp("local")) as served:
        yield served


@pytest.fixture(scope="module")
def open_to_all(tmp_path_factory):
    """A server at every address of this machine, in an environment that would have scripts from elsewhere."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BOKEH_RESOURCES", "cdn")
        with serving("--host", "0.0.0.0", folder=tmp_path_factory.mktemp("open")) as served:
            yield served


def asked(port, path="/", address="127.0.0.1", **headers):
    """Status, headers and text of an answer."""
    connection = http.client.HTTPConnection(address, port, timeout=30)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode(errors="replace")
    finally:
        connection.close()


def hello(port, text, path="/ws", **headers):
    """The status of a handshake for the session of a page, and whether the server then greets."""
    token = re.search(r'"token":"([^"]+)"', text)
    assert token is not None
    wish = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "c29tZXRoaW5nIHJhbmRvbQ==", "Sec-WebSocket-Protocol": f"bokeh, {token[1]}",
    }  # fmt: skip
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers={**wish, **headers})
        with connection.getresponse() as answer:
            return answer.status, answer.status == 101 and b'"ACK"' in answer.fp.read1()
    finally:
        connection.close()


class Resources(HTMLParser):
    """What a page has loaded."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        of = {"script": "src", "link": "href", "img": "src", "iframe": "src"}.get(tag)
        if of in given:
            self.found.append(given[of])


def test_the_link_is_of_this_machine_alone(local):
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", local.link)
    status, _, text = asked(local.port)
    assert status == 200
    assert "gatednet explore" in text


def test_the_port_is_closed_under_another_address_of_the_machine(local, open_to_all):
    with socket.create_connection((OTHER, open_to_all.port), timeout=30):
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((OTHER, local.port), timeout=30)


@pytest.mark.parametrize("path", ["/", "/metadata", "/autoload.js?bokeh-autoload-element=a"])
def test_a_request_for_a_foreign_host_is_refused(path, local):
    for host in (FOREIGN, f"{FOREIGN}:{local.port}", "127.0.0.1", f"{OTHER}:{local.port}"):
        assert asked(local.port, path, Host=host)[0] == 403
    for name in ("localhost", "127.0.0.1"):
        assert asked(local.port, Host=f"{name}:{local.port}")[0] == 200


@pytest.mark.parametrize("path", ["/", "/metadata", "/autoload.js?bokeh-autoload-element=a"])
def test_a_request_of_a_foreign_page_is_refused(path, local):
    for origin in (f"http://{FOREIGN}", f"http://{FOREIGN}:{local.port}", "http://127.0.0.1:1", "null"):
        status, _, text = asked(local.port, path, Origin=origin)
        assert (status, "token" in text) == (403, False)


def test_a_foreign_page_gets_no_websocket(local):
    _, _, text = asked(local.port)
    own = f"http://{local.host}"
    assert hello(local.port, text, Origin=own) == (101, True)
    for origin in (f"http://{FOREIGN}", f"http://{FOREIGN}:{local.port}", f"{own}0", "null"):
        assert hello(local.port, text, Origin=origin) == (403, False)
        assert hello(local.port, text, Origin=origin, Host=f"{FOREIGN}:{local.port}") == (403, False)


def test_a_websocket_of_a_foreign_host_is_refused(local):
    _, _, text = asked(local.port)
    assert hello(local.port, text, Origin=f"http://{local.host}", Host=f"{FOREIGN}:{local.port}") == (403, False)
    assert hello(local.port, text, Host=f"{FOREIGN}:{local.port}") == (403, False)


@pytest.mark.parametrize("server", ["local", "open_to_all"])
def test_all_that_a_page_loads_is_of_the_server(server, request):
    served = request.getfixturevalue(server)
    _, _, text = asked(served.port, f"/?{urlsplit(served.link).query}", Host=served.host)
    found = Resources(text).found
    assert any(each.endswith(".js") for each in (urlsplit(each).path for each in found))
    assert all(each.startswith(("/static/", "static/", "data:")) for each in found), found
    assert not re.search(r"cdn\.|https://", text)


def test_a_server_for_others_wants_the_token_of_its_link(open_to_all):
    assert re.fullmatch(r"http://0\.0\.0\.0:\d+/\?token=[\w-]{20,}", open_to_all.link)
    port, host = open_to_all.port, open_to_all.host
    (token,) = parse_qs(urlsplit(open_to_all.link).query)["token"]
    for wrong in ("", "?token=", f"?token={token[:-1]}", f"?token={token}0", "?token=%C3%A9", "?base=fig2-flexible"):
        status, headers, text = asked(port, f"/{wrong}", Host=host)
        assert (status, headers["Set-Cookie"], "gatednet explore" in text) == (403, None, False)
    assert asked(port, Host=host, Cookie=f"gatednet-explore={token[:-1]}")[0] == 403

    status, headers, text = asked(port, f"/?token={token}", Host=host)
    assert (status, "gatednet explore" in text) == (200, True)
    assert re.search(r"httponly", headers["Set-Cookie"], re.IGNORECASE)
    cookie = headers["Set-Cookie"].split(";")[0]
    assert asked(port, Host=host, Cookie=cookie)[0] == 200
    assert asked(port, f"/?token={token[:-1]}", Host=host, Cookie=cookie)[0] == 403


def test_a_websocket_of_others_wants_the_token_as_well(open_to_all):
    port, host = open_to_all.port, open_to_all.host
    (token,) = parse_qs(urlsplit(open_to_all.link).query)["token"]
    _, headers, text = asked(port, f"/?token={token}", Host=host)
    cookie, own = headers["Set-Cookie"].split(";")[0], {"Host": host, "Origin": f"http://{host}"}
    assert hello(port, text, **own, Cookie=cookie) == (101, True)
    assert hello(port, text, **own) == (403, False)
    assert hello(port, text, path="/ws?token=wrong", **own, Cookie=cookie) == (403, False)
    assert hello(port, text, **{**own, "Origin": f"http://{FOREIGN}"}, Cookie=cookie) == (403, False)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", OTHER, socket.gethostname()])
def test_a_server_for_others_has_every_name_of_the_machine(name, open_to_all):
    link = urlsplit(open_to_all.link)
    status, _, text = asked(link.port, f"/?{link.query}", address=OTHER, Host=f"{name}:{link.port}")
    assert (status, "gatednet explore" in text) == (200, True)


def test_an_address_that_is_no_text_is_no_error_of_the_server(local):
    assert asked(local.port, "/?base=%FF")[0] in (200, 400)
    assert asked(local.port, "/?set=%00=%00&x=,,,&seeds=%E2%98%83")[0] == 200


def test_what_cannot_be_served_is_refused_in_one_line(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("no store")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        commands = {
            f"explore --no-show --port {port}": rf"127\.0\.0\.1:{port} cannot be served at: \w+",
            "explore --no-show --host 203.0.113.1 --port 0": r"203\.0\.113\.1:0 cannot be served at: \w+",
            "explore --no-show --host nowhere.invalid --port 0": r"nowhere\.invalid:0 cannot be served at: \w+",
            "explore --no-show --store nowhere": r"nowhere does not exist, allowed is the folder of a store",
            "explore --no-show --store empty": r"empty is no store of gatednet",
            "explore --no-show --store file": r"file\b",
            "explore --no-show --port 65536": r"Invalid value for '--port'.*65535",
            "explore --no-show --port http": r"Invalid value for '--port'.*integer",
            "explore fig2-flexible": r"unexpected extra argument",
        }
        before = contents(tmp_path)
        answers = together([(tmp_path, command.split()) for command in commands])
    for answer, message in zip(answers, commands.values(), strict=True):
        assert re.search(message, refusal(answer)), answer.err
    assert contents(tmp_path) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_an_interrupted_server_is_gone_at_once(number, tmp_path):
    with serving(folder=tmp_path) as served:
        assert asked(served.port)[0] == 200
        answer, seconds = served.end(number)
    assert answer == (130, "", "gatednet: interrupted\n")
    assert seconds < PROMPT
    assert contents(tmp_path) == {}
