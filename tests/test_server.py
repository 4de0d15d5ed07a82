"""The guard before everything that is served, what listens where, and how it ends."""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from serving import Chat, live, open_assistant, small_page
from test_offline import WATCH

from qa import Assistant
from qa.errors import SettingsError
from qa.ui import server

EVERYWHERE = [
    ("GET", "/"),
    ("GET", "/config"),
    ("GET", "/theme.css"),
    ("GET", "/gradio_api/info"),
    ("POST", "/gradio_api/upload"),
    ("POST", "/gradio_api/queue/join"),
    ("POST", "/gradio_api/run/documents"),
    ("GET", "/gradio_api/heartbeat/x"),
    ("POST", "/mcp"),
    ("GET", "/v1/models"),
    ("POST", "/v1/chat/completions"),
    ("GET", "/nowhere"),
]
USER, PASSWORD = "reader", "pässword:1"


@pytest.fixture(scope="module")
def assistant(tmp_path_factory) -> Iterator[Assistant]:
    with open_assistant(tmp_path_factory.mktemp("home"), Chat()) as assistant:
        yield assistant


@pytest.fixture(scope="module")
def url(assistant) -> Iterator[str]:
    with live(lambda: server.app(assistant, page=small_page())) as url:
        yield url


@pytest.fixture(scope="module")
def locked(assistant) -> Iterator[str]:
    with live(lambda: server.app(assistant, auth=(USER, PASSWORD), page=small_page(), hosts=None)) as url:
        yield url


def basic(pair: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
def test_nothing_is_open_without_the_password(locked, method, path):
    for headers in ({}, basic(f"{USER}:wrong"), basic(f"other:{PASSWORD}"), {"Authorization": "Basic ?"}):
        refused = httpx.request(method, locked + path, headers=headers)
        assert refused.status_code == 401 and refused.headers["www-authenticate"].startswith("Basic ")
        assert PASSWORD not in refused.text and refused.json()["error"]["hint"]


def test_the_password_opens_everything(locked):
    for path in ("/", "/config", "/theme.css", "/gradio_api/info", "/v1/models"):
        assert httpx.get(locked + path, headers=basic(f"{USER}:{PASSWORD}")).status_code == 200
    bearer = {"Authorization": f"Bearer {PASSWORD}".encode()}
    assert httpx.get(f"{locked}/v1/models", headers=bearer).status_code == 200
    assert httpx.get(f"{locked}/v1/models", headers={"Host": "qa.example.com"} | bearer).status_code == 200


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
def test_another_web_site_gets_nothing(url, method, path):
    port = url.rpartition(":")[2]
    rebound = httpx.request(method, url + path, headers={"Host": f"evil.example:{port}"})
    assert rebound.status_code == 421
    for origin in (
        "https://evil.example",
        "http://localhost:1",
        f"http://127.0.0.1.evil.example:{port}",
        "null",
    ):
        got = httpx.request(method, url + path, headers={"Origin": origin})
        assert got.status_code == 403 and not any("access-control" in name for name in got.headers)
    asked = {"Origin": "http://localhost:1", "Access-Control-Request-Method": method}
    assert httpx.options(url + path, headers=asked).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
def test_our_own_page_is_let_in(url, host):
    netloc = f"{host}:{url.rpartition(':')[2]}"
    got = httpx.get(f"{url}/v1/models", headers={"Host": netloc, "Origin": f"http://{netloc}"})
    assert got.status_code == 200


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
def test_browsers_are_told_to_load_nothing_from_elsewhere(url, method, path):
    with httpx.stream(method, url + path) as got:
        policy = got.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "http" not in policy
    assert got.headers["x-content-type-options"] == "nosniff" and got.headers["x-frame-options"] == "DENY"


class Unused:
    """An assistant that is closed before anything is asked of it."""

    closed = False

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def unused() -> Iterator[Unused]:
    unused = Unused()
    yield unused
    assert unused.closed


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "qa.example.com"])
def test_other_hosts_need_a_password(unused, monkeypatch, host):
    monkeypatch.delenv(server.AUTH_VARIABLE, raising=False)
    with pytest.raises(SettingsError, match="no password is set") as refused:
        server.serve(unused, host=host, port=0, open_browser=False)
    assert "QA_SERVE_AUTH=user:password" in refused.value.hint


def test_a_password_comes_from_the_argument_or_the_environment(monkeypatch):
    assert server._credentials("0.0.0.0", "reader:a:b", required=True) == ("reader", "a:b")
    assert server._credentials("127.0.0.1", "", required=False) is None
    for wrong in ("secretword", ":secretword", "secretword:"):
        with pytest.raises(SettingsError, match="not in the form user:password") as refused:
            server._credentials("127.0.0.1", wrong, required=False)
        assert "secretword" not in f"{refused.value} {refused.value.hint}"


def test_a_port_that_is_taken_is_said(unused, monkeypatch):
    monkeypatch.setenv(server.AUTH_VARIABLE, f"{USER}:{PASSWORD}")
    with server._listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            SettingsError, match=f"listen on port {port} of 127.0.0.1: Address already"
        ) as said:
            server.serve(unused, port=port, open_browser=False)
    assert "--port" in said.value.hint
    for host, port in (("host.invalid", 0), ("192.0.2.1", 0), ("127.0.0.1", 70_000)):
        with pytest.raises(SettingsError, match=f"of {host}: "):
            server.serve(unused, host=host, port=port, open_browser=False)


SERVE = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a shell's background job
from serving import Chat, open_assistant
from qa.ui import server

class Slow(Chat):
    def reset(self):
        super().reset()
        self.write_for_long()

    def close(self):
        print("model closed", flush=True)

with open_assistant(sys.argv[1], Slow()) as assistant:  # closing twice, as the command line does, is harmless
    server.serve(assistant, port=int(sys.argv[2]), open_browser=False)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_the_middle_of_an_answer_and_nothing_went_outside(tmp_path: Path, number):
    (tmp_path / "sitecustomize.py").write_text(WATCH.replace("\\\\n", "\\n"), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "attempts"
    paths = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GRADIO_", "HF_"))}
    running = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(tmp_path / "home"), str(port)],
        env=env | {"PYTHONPATH": paths, "WATCHED": str(log)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        assert f"article-qa: {url}" in running.stderr.readline()
        assert httpx.get(url, timeout=120).status_code == 200
        body = {
            "model": "qa",
            "stream": True,
            "messages": [{"role": "user", "content": "Who runs the ferry?"}],
        }
        with httpx.stream("POST", f"{url}/v1/chat/completions", json=body, timeout=120) as stream:
            next(stream.iter_text())
            begun = time.monotonic()
            running.send_signal(number)
            out, errors = running.communicate(timeout=80)
        assert time.monotonic() - begun < 45  # the answer alone would go on for 90
    finally:
        running.kill()
        running.communicate()
    assert out == "model closed\n" * 2
    assert running.returncode == (143 if number == signal.SIGTERM else -signal.SIGINT), errors
    assert not log.exists(), log.read_text()
