"""Fetching over real connections to loopback; names get their addresses from a scripted resolver."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from qa.errors import FetchRefused
from qa.loading import load
from qa.loading.fetch import Download, fetch
from qa.settings import LoadingSettings

PUBLIC = "93.184.215.14"
PAGE = b"<html><body><p>Public words.</p></body></html>"


class Site(ThreadingHTTPServer):
    """A loopback server that counts its visitors."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.hits: list[tuple[str, str]] = []
        self.redirects: dict[str, str] = {}

    @property
    def port(self) -> int:
        return self.server_address[1]


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.path = self.path.split("?")[0]
        self.server.hits.append((self.path, self.headers["Host"]))
        body, headers = self.answer()
        self.send_response(302 if "Location" in headers else 404 if self.path == "/404" else 200)
        for name, value in ({"Content-Type": "text/html; charset=utf-8"} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        try:
            if self.path == "/drip":
                for _ in range(200):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(0.05)
            self.wfile.write(body)
        except OSError:
            pass  # the visitor has left

    def answer(self) -> tuple[bytes, dict[str, str]]:
        if self.path in self.server.redirects:
            return b"", {"Location": self.server.redirects[self.path]}
        if self.path == "/gzip":
            return gzip.compress(PAGE), {"Content-Encoding": "gzip"}
        if self.path == "/bomb":
            return gzip.compress(bytes(50_000_000)), {"Content-Encoding": "gzip"}
        if self.path == "/big":
            return b"x" * 3_000_000, {}
        if self.path == "/brotli":
            return PAGE, {"Content-Encoding": "br"}
        if self.path.startswith("/type/"):
            return PAGE, {"Content-Type": self.path.removeprefix("/type/")}
        return PAGE, {}

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


class Names:
    """A resolver with a script; numbers are read as the system reads them, other names are not known."""

    def __init__(self, **names: list[str]) -> None:
        self.names = {name.replace("_", "."): addresses for name, addresses in names.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        if host in self.names:
            return self.names[host]
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return [str(answer[4][0]) for answer in answers]


def get(url: str, names: Names | None = None, **limits: object) -> Download:
    settings = LoadingSettings.model_validate({"fetch_seconds": 5.0, **limits})
    return fetch(url, settings, names or Names())


LOOPBACK = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1",
    "017700000001",
    "0", "0.0.0.0", "127.0.0.1.", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[0:0:0:0:0:0:0:1]",
    "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "127.255.255.254", "①②⑦.0.0.1", "１２７.0.0.1",
    "[fe80::1]", "[fd00::1]", "[ff02::1]", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1",
    "[fec0::1]", "[64:ff9b:1::7f00:1]", "[::127.0.0.1]", "[5f00::1]",
    "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1",
]  # fmt: skip
HOSTILE = [
    *(f"http://{host}:PORT/" for host in LOOPBACK),
    "http://localhost:PORT/",
    "http://LOCALHOST.:PORT/",
    "http://private.example:PORT/",
    "http://mixed.example:PORT/",
    "http://six.example:PORT/",
    "http://user@public.example:PORT/",
    "http://public.example@127.0.0.1:PORT/",
    "http://public.example:80@127.0.0.1:PORT/",
    "http://127.0.0.1:PORT\\@public.example/",
    "http://127.0.0.1:PORT#@public.example/",
    "http://127.0.0.1:PORT?@public.example/",
    "https://127.0.0.1:PORT/",
    "http:///127.0.0.1:PORT/",
    "http://",
    "http://[127.0.0.1:PORT/",
    "http://127.0.0.1:PORT:80/",
    "http://127.0.0.1\r\nHost: public.example:PORT/",
    "ftp://127.0.0.1:PORT/",
    "file:///etc/hostname",
    "//127.0.0.1:PORT/",
    "http://" + "a" * 300 + ".example:PORT/",
]


@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_url_reaches_nothing(site: Site, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connect, tried = socket.create_connection, []

    def noted(*args: object, **kwargs: object) -> socket.socket:
        tried.append(args)
        return connect(*args, **kwargs)

    monkeypatch.setattr(socket, "create_connection", noted)
    names = Names(
        localhost=["127.0.0.1"],
        LOCALHOST_=["127.0.0.1"],
        localhost_=["127.0.0.1"],
        private_example=["10.0.0.7"],
        mixed_example=[PUBLIC, "127.0.0.1"],
        six_example=["::1"],
        public_example=["127.0.0.1"],
    )
    with pytest.raises(FetchRefused):
        get(url.replace("PORT", str(site.port)), names)
    assert (tried, site.hits) == ([], [])


@pytest.mark.parametrize("address", ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", f"::ffff:{PUBLIC}"])
def test_public_ipv6_address_is_connected_to(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    tried = []

    def refused(to: tuple[str, int], *args: object, **kwargs: object) -> socket.socket:
        tried.append(to)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refused)
    with pytest.raises(FetchRefused, match="cannot be reached"):
        get(f"http://[{address}]:8080/")
    assert tried == [(address, 8080)]


def test_there_are_enough_hostile_urls() -> None:
    assert len(HOSTILE) >= 50


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://wiki.example:PORT/a", "wiki.example"),
        ("http://WIKI.example.:PORT/a", "wiki.example"),
        ("http://127.0.0.1:PORT/a", "127.0.0.1"),
        ("http://2130706433:PORT/a", "2130706433"),
        ("http://wiki.example:PORT/gzip", "Wiki.Example"),
        ("http://wiki.example:PORT/start", "wiki.example"),
    ],
)
def test_named_internal_host_is_read(site: Site, url: str, allowed: str) -> None:
    """The control: the same server, the same guard, and the visit arrives."""
    site.redirects["/start"] = "/a"
    names = Names(wiki_example=["127.0.0.1"], **{"wiki_example_": ["127.0.0.1"]})
    found = get(url.replace("PORT", str(site.port)), names, allow_hosts=(allowed,))
    assert (found.data, found.suffix, found.charset) == (PAGE, ".html", "utf-8")
    assert site.hits


def test_connection_goes_to_the_one_address_that_was_checked(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name is asked for once; a second answer (DNS rebinding) has nobody to give it to."""
    names = Names(public_example=[PUBLIC])
    connected = []
    connect = socket.create_connection

    def redirected(address: tuple[str, int], *args: object, **kwargs: object) -> socket.socket:
        connected.append(address)
        names.names["public.example"] = ["10.0.0.1"]
        return connect(("127.0.0.1", site.port))

    monkeypatch.setattr(socket, "create_connection", redirected)
    assert get("http://public.example:8080/a", names).data == PAGE
    assert names.asked == ["public.example"]
    assert connected == [(PUBLIC, 8080)]
    assert site.hits == [("/a", "public.example:8080")]


def test_tls_is_for_the_name_not_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = []
    listener = socket.create_server(("127.0.0.1", 0))
    connect = socket.create_connection
    port = listener.getsockname()[1]
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: connect(("127.0.0.1", port)))

    def listen() -> None:
        connection, _ = listener.accept()
        with connection:
            heard.append(connection.recv(4096))

    thread = threading.Thread(target=listen)
    thread.start()
    with pytest.raises(FetchRefused, match="cannot be reached"):
        get("https://public.example/a", Names(public_example=[PUBLIC]))
    thread.join()
    listener.close()
    assert b"public.example" in heard[0]


@pytest.mark.parametrize(
    "target",
    ["http://10.0.0.7:PORT/secret", "http://secret.example:PORT/secret", "//127.0.0.1:PORT/secret",
     "file:///etc/hostname", "http://user:pw@wiki.example:PORT/secret", "http://[::1]:PORT/secret", "http://0x7f.1:PORT/secret"],
)  # fmt: skip
def test_redirect_is_checked_again(site: Site, target: str) -> None:
    site.redirects["/start"] = target.replace("PORT", str(site.port))
    names = Names(wiki_example=["127.0.0.1"], secret_example=["127.0.0.1"])
    with pytest.raises(FetchRefused):
        get(f"http://wiki.example:{site.port}/start", names, allow_hosts=("wiki.example",))
    assert [path for path, _ in site.hits] == ["/start"]


@pytest.mark.parametrize(("hops", "arrives"), [(5, True), (6, False)])
def test_number_of_redirects_is_limited(site: Site, hops: int, arrives: bool) -> None:
    site.redirects |= {f"/{hop}": f"/{hop + 1}" for hop in range(hops)}
    names = Names(wiki_example=["127.0.0.1"])
    url = f"http://wiki.example:{site.port}/0"
    if arrives:
        assert get(url, names, allow_hosts=("wiki.example",)).url.endswith("/5")
    else:
        with pytest.raises(FetchRefused, match="more than 5 times"):
            get(url, names, allow_hosts=("wiki.example",))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/bomb", "larger than 1,000,000 bytes"),
        ("/big", "larger than 1,000,000 bytes"),
        ("/drip", "longer than 1 seconds"),
        ("/404", "answered 404"),
        ("/type/image/png", "type 'image/png'"),
        ("/type/application/x-msdownload", "which is not read"),
        ("/brotli", "not asked for"),
    ],
)
def test_answer_that_is_not_taken(site: Site, path: str, words: str) -> None:
    started = time.monotonic()
    with pytest.raises(FetchRefused, match=words) as caught:
        get(
            f"http://wiki.example:{site.port}{path}?token=secret",
            Names(wiki_example=["127.0.0.1"]),
            allow_hosts=("wiki.example",),
            fetch_bytes=1_000_000,
            fetch_seconds=1.0,
        )
    assert time.monotonic() - started < 3
    assert "secret" not in caught.value.message + caught.value.hint


def test_server_that_drips_its_headers_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                for _ in range(100):
                    connection.send(b"H")
                    time.sleep(0.05)
            except OSError:
                pass

    thread = threading.Thread(target=drip)
    thread.start()
    started = time.monotonic()
    url = f"http://wiki.example:{listener.getsockname()[1]}/"
    with pytest.raises(FetchRefused):
        get(url, Names(wiki_example=["127.0.0.1"]), allow_hosts=("wiki.example",), fetch_seconds=1.0)
    assert time.monotonic() - started < 3
    thread.join()
    listener.close()


def test_proxy_settings_of_the_environment_are_ignored(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{site.port}")
    with pytest.raises(FetchRefused, match="not on the public internet"):
        get("http://private.example/", Names(private_example=["10.0.0.7"]))
    assert site.hits == []


def test_unknown_host_and_closed_port() -> None:
    with pytest.raises(FetchRefused, match="not known"):
        get("http://nowhere.example/")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(FetchRefused, match="cannot be reached"):
        get(f"http://wiki.example:{port}/", Names(wiki_example=["127.0.0.1"]), allow_hosts=("wiki.example",))


def test_url_becomes_a_document(site: Site) -> None:
    url = f"http://127.0.0.1:{site.port}/news/big-deal.html?page=1"
    document = load(url + "#top", LoadingSettings(allow_hosts=("127.0.0.1",)))
    assert (document.source, document.title, document.text) == (url, "big-deal", "Public words.")
