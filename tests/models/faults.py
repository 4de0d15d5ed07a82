"""An OpenAI-like endpoint on loopback that fails in one chosen way; counts and keeps the requests it got."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-very-secret-0123456789"
WORDS = ("The ", "answer ", "is ")


class FaultServer(ThreadingHTTPServer):
    """Serves with one mode; `requests` holds the bodies, `closed` is set when a client hung up mid-stream."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, mode: Callable[[Reply], None]) -> None:
        super().__init__(("127.0.0.1", 0), Reply)
        self.mode = mode
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.closed = threading.Event()
        self.release = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: object, client_address: object) -> None:
        self.closed.set()  # a client that hangs up is expected here


class Reply(BaseHTTPRequestHandler):
    """What a mode writes with."""

    server: FaultServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append(json.loads(body))
        self.server.keys.append(self.headers.get("Authorization", ""))
        self.close_connection = True
        self.server.mode(self)

    def do_GET(self) -> None:
        self.close_connection = True
        self.json(200, {"object": "list", "data": [{"id": "m", "object": "model"}]})

    def log_message(self, *arguments: object) -> None:
        pass

    @property
    def asked(self) -> dict[str, Any]:
        return self.server.requests[-1]

    def json(self, status: int, value: object, **headers: str) -> None:
        self.body(status, json.dumps(value), "application/json", **headers)

    def body(self, status: int, text: str, kind: str, **headers: str) -> None:
        raw = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(raw)

    def events(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()

    def raw(self, text: str) -> None:
        self.wfile.write(text.encode())
        self.wfile.flush()

    def chunk(self, delta: dict[str, Any] | None, finish: str | None = None, **more: Any) -> None:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish, **more}]
        self.raw(
            "data: " + json.dumps({"id": "x", "object": "chat.completion.chunk", "choices": choices}) + "\n\n"
        )

    def words(self) -> None:
        self.events()
        for word in WORDS:
            self.chunk({"role": "assistant", "content": word})

    def end(self, finish: str = "stop") -> None:
        self.chunk({}, finish)
        usage = {"prompt_tokens": 11, "completion_tokens": 4, "total_tokens": 15}
        self.raw("data: " + json.dumps({"id": "x", "choices": [], "usage": usage}) + "\n\ndata: [DONE]\n\n")

    def wait(self) -> None:
        """Be silent until the test is over."""
        self.server.release.wait(30)

    def drop(self) -> None:
        """Reset the connection."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.connection.close()


def error(message: str, code: str = "") -> dict[str, Any]:
    """An error body that, like some real ones, repeats the key."""
    return {"error": {"message": f"{message} (key {KEY})", "type": "x", "code": code}}


def ok(reply: Reply) -> None:
    reply.words()
    reply.end()


def dripping(reply: Reply) -> None:
    """Comments for ever, which no client counts as silence."""
    reply.events()
    while not reply.server.release.is_set():
        reply.raw(": still here\n\n")
        time.sleep(0.05)


def endless(reply: Reply) -> None:
    reply.events()
    while not reply.server.release.is_set():
        reply.chunk({"content": "word "})
        time.sleep(0.01)


def refuses(*fields: str) -> Callable[[Reply], None]:
    """Answers only requests without these fields, naming one at a time."""

    def mode(reply: Reply) -> None:
        for name in fields:
            if name in reply.asked:
                return reply.json(400, error(f"Unsupported parameter: '{name}'"))
        return ok(reply)

    return mode


def first_then(first: Callable[[Reply], None], then: Callable[[Reply], None]) -> Callable[[Reply], None]:
    def mode(reply: Reply) -> None:
        (first if len(reply.server.requests) == 1 else then)(reply)

    return mode


@contextmanager
def serving(mode: Callable[[Reply], None]) -> Iterator[FaultServer]:
    server = FaultServer(mode)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
