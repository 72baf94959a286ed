"""`gatednet explore` as a process: whom it lets in, what it refuses, and how it ends."""

import http.client
import re
import socket
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.cli.browser import serving
from tests.cli.tools import SIGNALS, contents, refusal, together

# Reached as another address of this machine is.
OTHER = "127.0.0.2"
FOREIGN = "rebound.example"
PROMPT = 5  # seconds within which an interrupted server is gone


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """A server with the default options."""
    with serving(folder=tmp_path_factory.mktemp("local")) as served:
        yield served


@pytest.fixture(scope="module")
def open_to_all(tmp_path_factory):
    """A server at every address of this machine, in an environment that would have scripts from elsewhere."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BOKEH_RESOURCES", "cdn")
        with serving("--host", "0.0.0.0", folder=tmp_path_factory.mktemp("open")) as served:
            yield served


def asked(port, path="/", address="127.0.0.1", method="GET", **headers):
    """Status, headers and text of an answer."""
    connection = http.client.HTTPConnection(address, port, timeout=30)
    try:
        connection.request(method, path, headers=headers)
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


def cookie_of(served, **headers):
    """What a browser is given that opens the link of a server."""
    link = urlsplit(served.link)
    status, answered, _ = asked(served.port, f"/?{link.query}", **{"Host": served.host, **headers})
    assert (status, answered["Location"]) == (303, "/")
    return answered["Set-Cookie"].split(";")[0]


def token_of(served):
    (token,) = parse_qs(urlsplit(served.link).query)["token"]
    return token


@pytest.mark.parametrize("server", ["local", "open_to_all"])
def test_a_link_has_a_token_without_which_nothing_is_answered(server, request):
    served = request.getfixturevalue(server)
    address = {"local": r"127\.0\.0\.1", "open_to_all": r"0\.0\.0\.0"}[server]
    assert re.fullmatch(rf"http://{address}:\d+/\?token=[\w-]{{32}}", served.link)
    port, host, token = served.port, served.host, token_of(served)
    name = f"gatednet-explore-{port}"
    for wrong in ("", "?token=", f"?token={token[:-1]}", f"?token={token}0", "?token=%C3%A9", "?token=%FF", "?base=a"):
        for path in ("/", "/static/js/bokeh.min.js", "/ws"):
            status, headers, text = asked(port, f"{path}{wrong}", Host=host)
            assert (status, headers["Set-Cookie"]) == (403, None)
            assert re.fullmatch(r"The token is missing, or of another run: open the link .*\.\n", text)
    for wrong in (f"{name}={token[:-1]}", f"{name}x={token}", f"{name}=a; {name}={token}", token):
        assert asked(port, Host=host, Cookie=wrong)[0] == 403

    status, headers, text = asked(port, f"/?seeds=2&token={token}&theme=dark", Host=host)
    # The token is gone from the address that is seen, and kept.
    assert (status, headers["Location"], text) == (303, "/?seeds=2&theme=dark", "")
    assert re.fullmatch(rf"{name}={token}; HttpOnly; Path=/; SameSite=Strict", headers["Set-Cookie"])
    cookie = headers["Set-Cookie"].split(";")[0]
    status, _, text = asked(port, Host=host, Cookie=f"other=1; {cookie}")
    assert (status, "gatednet explore" in text, token in text) == (200, True, False)
    assert asked(port, "/static/js/bokeh.min.js", Host=host, Cookie=cookie)[0] == 200
    assert asked(port, f"/?token={token[:-1]}", Host=host, Cookie=cookie)[0] == 403
    assert asked(port, f"/?token=a&token={token}", Host=host)[0] == 403


def test_the_port_is_closed_under_another_address_of_the_machine(local, open_to_all):
    with socket.create_connection((OTHER, open_to_all.port), timeout=30):
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((OTHER, local.port), timeout=30)


def test_only_names_of_the_machine_are_answered_with_the_port_of_any_tunnel(local):
    cookie = cookie_of(local)
    for host in ("[::1", "", "127.0.0.1:", "a b", "127.0.0.1:99999999", "127.0.0.1@localhost", "localhost, localhost"):
        assert asked(local.port, f"/?token={token_of(local)}", Host=host, Cookie=cookie)[0] in (400, 403), host
    for host in (FOREIGN, f"{FOREIGN}:{local.port}", f"{OTHER}:{local.port}", "127.1", "localhost.", "0.0.0.0"):
        status, headers, text = asked(local.port, f"/?token={token_of(local)}", Host=host, Cookie=cookie)
        assert (status, headers["Set-Cookie"]) == (403, None)
        assert re.fullmatch(r"Only 127\.0\.0\.1 or \[::1\] or localhost is answered as the host.*\.\n", text)
    for name in ("localhost", "127.0.0.1", "[::1]", "LOCALHOST"):
        for end in (f":{local.port}", ":9999", ""):
            own = cookie_of(local, Host=name + end)
            assert own.startswith(f"gatednet-explore-{end[1:] or 80}=")
            assert asked(local.port, Host=name + end, Cookie=own, Origin=f"http://{name}{end}")[0] == 200


@pytest.mark.parametrize("path", ["/", "/?token={token}", "/ws", "/static/js/bokeh.min.js"])
def test_a_request_of_another_page_is_refused(path, local):
    path = path.format(token=token_of(local))
    own = {"Host": local.host, "Cookie": cookie_of(local)}
    origins = (f"http://{FOREIGN}", f"http://{FOREIGN}:{local.port}", "http://127.0.0.1:1", "null", "http://[", "", "a")
    others = [{"Origin": each} for each in origins]
    others += [{"Referer": f"{each}/page"} for each in origins]
    others += [{"Sec-Fetch-Site": each} for each in ("cross-site", "same-site", "")]
    for headers in others:
        status, answered, text = asked(local.port, path, **own, **headers)
        assert (status, answered["Set-Cookie"]) == (403, None), headers
        assert re.fullmatch(r"Another page asked for this one: paste the link .*\.\n", text)
    for headers in (
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Referer": f"http://{local.host}/?a"},
    ):
        assert asked(local.port, path, **own, **headers)[0] in (200, 303, 400)


def test_nothing_is_answered_but_the_page_its_files_and_its_socket(local):
    own = {"Host": local.host, "Cookie": cookie_of(local)}
    paths = (
        "/metadata",
        "/autoload.js?bokeh-autoload-element=a",
        "/favicon.ico",
        "/static/extensions/a.js",
        "/index.html",
    )
    for path in (*paths, "/static/", "/static/../server.py", "/static/%2e%2e/server.py", "/static/%00", "//", "/ws/"):
        status, _, text = asked(local.port, path, **own)
        assert (status, "token" in text.lower()) == (404, False), path
    for method in ("POST", "HEAD", "OPTIONS", "PUT", "BREW"):
        assert asked(local.port, method=method, **own)[0] == 405
    # A session is made by the server, not by who names one.
    for path in ("/?bokeh-session-id=mine", "/?bokeh-token=a.b"):
        assert asked(local.port, path, **own, **{"Bokeh-Session-Id": "mine"})[0] == 200


def test_answers_cannot_be_framed_guessed_kept_or_referred_to(local):
    for path in ("/", f"/?token={token_of(local)}", "/nothing"):
        _, headers, _ = asked(local.port, path, Host=local.host, Cookie=cookie_of(local))
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert "Tornado" not in headers["Server"]
    policy = asked(local.port, Host=local.host, Cookie=cookie_of(local))[1]["Content-Security-Policy"]
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy.split("; "))


def test_a_websocket_is_for_the_page_alone(local, open_to_all):
    for served in (local, open_to_all):
        cookie, own = cookie_of(served), {"Host": served.host, "Origin": f"http://{served.host}"}
        _, _, text = asked(served.port, Host=served.host, Cookie=cookie)
        assert hello(served.port, text, **own, Cookie=cookie) == (101, True)
        assert hello(served.port, text, **own) == (403, False)
        assert hello(served.port, text, path="/ws?token=wrong", **own, Cookie=cookie) == (403, False)
        for origin in (f"http://{FOREIGN}", f"http://{FOREIGN}:{served.port}", f"{own['Origin']}0", "null", "http://["):
            assert hello(served.port, text, **{**own, "Origin": origin}, Cookie=cookie) == (403, False)
    host = f"{FOREIGN}:{local.port}"
    assert hello(local.port, text, Host=host, Origin=f"http://{host}", Cookie=cookie) == (403, False)


def test_a_session_of_another_server_or_of_nobody_is_not_opened(local, open_to_all):
    cookie, own = cookie_of(local), {"Host": local.host, "Origin": f"http://{local.host}"}
    _, _, text = asked(open_to_all.port, Host=open_to_all.host, Cookie=cookie_of(open_to_all))
    for token in (text, '"token":"mine"', '"token":"bWluZQ.bWluZQ"'):
        assert hello(local.port, token, **own, Cookie=cookie) == (101, False)


@pytest.mark.parametrize("server", ["local", "open_to_all"])
def test_all_that_a_page_loads_is_of_the_server(server, request):
    served = request.getfixturevalue(server)
    _, _, text = asked(served.port, Host=served.host, Cookie=cookie_of(served))
    found = Resources(text).found
    assert any(each.endswith(".js") for each in (urlsplit(each).path for each in found))
    assert all(each.startswith(("/static/", "static/", "data:")) for each in found), found
    assert not re.search(r"cdn\.|https://", text)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", OTHER, socket.gethostname()])
def test_a_server_for_others_has_every_name_of_the_machine(name, open_to_all):
    host = f"{name}:{open_to_all.port}"
    status, _, text = asked(open_to_all.port, address=OTHER, Host=host, Cookie=cookie_of(open_to_all, Host=host))
    assert (status, "gatednet explore" in text) == (200, True)


def test_an_address_that_is_no_text_is_no_error_of_the_server(local):
    for query in ("base=%FF", "set=%00=%00&x=,,,&seeds=%E2%98%83", "&&=&%=%&;", "x=" + 9000 * "%F0"):
        assert asked(local.port, f"/?{query}", Host=local.host, Cookie=cookie_of(local))[0] == 200


def test_what_cannot_be_served_is_refused_in_one_line(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("no store")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        commands = {
            f"explore --no-show --port {port}": rf"127\.0\.0\.1:{port} cannot be served at: \w+",
            "explore --no-show --host 203.0.113.1 --port 0": r"203\.0\.113\.1:0 cannot be served at: \w+",
            "explore --no-show --host nowhere.invalid --port 0": r"nowhere\.invalid:0 cannot be served at: \w+",
            "explore --no-show --host ::1::2 --port 0": r"\S+:0 cannot be served at: \w+|--host is ",
            f"explore --no-show --host {300 * 'h'} --port 0": r"--host is 'h{60}…', allowed is a name or an address",
            "explore --no-show --host a..b --port 0": r"--host is 'a\.\.b', allowed is a name or an address",
            "explore --no-show --host http://localhost --port 0": r"--host is 'http://localhost', allowed is a name",
            "explore --no-show --host= --port 0": r"--host is '', allowed is a name or an address",
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


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interrupted_server_is_gone_at_once(number, tmp_path):
    with serving(folder=tmp_path) as served:
        assert asked(served.port, Host=served.host, Cookie=cookie_of(served))[0] == 200
        answer, seconds = served.end(number)
    assert answer == (130, "", "gatednet: interrupted\n")
    assert seconds < PROMPT
    assert contents(tmp_path) == {}
