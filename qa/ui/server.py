"""The web server: an open assistant goes in; the page and three APIs for programs come out on one port.

    /                        the page, and Gradio's API for gradio_client
    /mcp                     MCP over streamable HTTP
    /v1/chat/completions     OpenAI's API

One guard stands before all of them: who may ask, from which page, and what a browser may load. Knows nothing
of what is behind the paths.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import ipaddress
import os
import secrets
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator
from typing import Any, NoReturn
from urllib.parse import urlsplit

import gradio as gr
import uvicorn
from fastapi import FastAPI
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.assistant import Assistant
from qa.errors import SettingsError
from qa.ui import openai_api, tools
from qa.ui.looks import looks
from qa.ui.page import build

__all__ = ["AUTH_VARIABLE", "app", "serve"]

AUTH_VARIABLE = "QA_SERVE_AUTH"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

Credentials = tuple[str, str]

HEADERS = {
    # Gradio's page starts with inline scripts and builds functions; nothing may come from elsewhere.
    "Content-Security-Policy": "; ".join(
        [
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "media-src 'self' data: blob:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def app(
    assistant: Assistant,
    *,
    auth: Credentials | None = None,
    page: gr.Blocks,
    hosts: frozenset[str] | None = LOOPBACK,
) -> FastAPI:
    """Put everything that is served into one ASGI application.

    Args:
        assistant: open, and closed by whoever opened it.
        auth: user and password that every request must show; None lets everyone in.
        page: of the browser; its handlers do not become endpoints for programs.
        hosts: names that the ``Host`` header may have, so that no web page can reach a server on loopback
            under a name of its own; None for any.
    """
    desk = tools.Desk(assistant)
    tools.add_endpoints(page, desk)
    mcp = tools.mcp_server(desk)
    guarded = TransportSecuritySettings(enable_dns_rebinding_protection=False)  # the guard's work
    mcp_app = mcp.streamable_http_app(stateless_http=True, transport_security=guarded)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with mcp.session_manager.run():
            yield

    # FastAPI's own documentation pages load scripts from elsewhere.
    served = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    served.add_middleware(_Guard, hosts=hosts, auth=auth)
    served.include_router(openai_api.router(desk))
    served.router.routes.extend(mcp_app.routes)
    limit = assistant.settings.loading.max_bytes
    gr.mount_gradio_app(served, page, path="/", max_file_size=limit, **looks())
    return served


def serve(
    assistant: Assistant,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    auth: str | None = None,
    open_browser: bool = True,
) -> None:
    """Serve until Ctrl-C or SIGTERM, then close the assistant.

    Args:
        assistant: open.
        host: name or address to listen on; any but loopback needs a password.
        port: 0 for a free one.
        auth: ``user:password``; the environment's QA_SERVE_AUTH if None or empty.
        open_browser: show the page in this user's browser.

    Raises:
        SettingsError: the password is missing or malformed, or nothing can listen there.
        KeyboardInterrupt: after Ctrl-C, as everywhere.
    """
    with contextlib.closing(assistant):
        local = _is_loopback(host)
        credentials = _credentials(host, auth or os.environ.get(AUTH_VARIABLE, ""), required=not local)
        with _listen(host, port) as listening:
            hosts = LOOPBACK | {host} if local else None
            served = app(assistant, auth=credentials, page=build(assistant), hosts=hosts)
            _announce(host, listening.getsockname()[1], open_browser)
            _run(served, listening)


def _run(served: FastAPI, listening: socket.socket) -> None:
    """Run until a signal; open streams are given a second."""
    config = uvicorn.Config(
        served, log_level="warning", ws="none", server_header=False, timeout_graceful_shutdown=1
    )
    with contextlib.suppress(ValueError):  # signals can be handled in the main thread only
        # uvicorn gives a signal back to its former handler; the default one would end us without closing.
        signal.signal(signal.SIGTERM, _leave)
    uvicorn.Server(config).run(sockets=[listening])


def _leave(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)


def _announce(host: str, port: int, open_browser: bool) -> None:
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{port}"
    sys.stderr.write(f"article-qa: {url} (Ctrl-C ends it)\n")
    if open_browser:
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _credentials(host: str, auth: str, required: bool) -> Credentials | None:
    user, colon, password = auth.partition(":")
    if auth and not (user and colon and password):
        raise SettingsError(
            "The password for the server is not in the form user:password.",
            f"Give it as --auth user:password or in {AUTH_VARIABLE}.",
        )
    if required and not auth:
        raise SettingsError(
            f"Whoever reaches {host} could read every article, and no password is set.",
            f"Set {AUTH_VARIABLE}=user:password (or --auth); without --host only this computer is served.",
        )
    return (user, password) if auth else None


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens already, so that a browser that is quick waits instead of failing."""
    listening = None
    try:
        if not 0 <= port <= 65_535:  # getaddrinfo would take what is left after a division
            raise OverflowError("ports go from 0 to 65,535")
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
        return listening
    except (OSError, OverflowError, UnicodeError) as error:
        if listening is not None:
            listening.close()
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SettingsError(
            f"Nothing can listen on port {port} of {host}: {reason}.",
            "Another program may have it, perhaps another `qa serve`; choose one with --port.",
        ) from error


class _Guard:
    """Refuses what must not come in, and says to browsers what they may load; wraps the whole application."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None, auth: Credentials | None) -> None:
        self._app = app
        self._hosts = hosts
        self._auth = auth

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        passes = self._refusal(Headers(scope=scope)) or self._app
        await passes(scope, receive, with_headers)

    def _refusal(self, headers: Headers) -> JSONResponse | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        if self._hosts is not None and _name(host) not in self._hosts:
            return _refusal(421, "This server does not go by that name.", "Use 127.0.0.1 and its port.")
        if origin is not None and urlsplit(origin).netloc != host:
            return _refusal(403, "Another web site may not use this server.", "Open its own page.")
        if self._auth and not _shows(headers.get("authorization", ""), self._auth):
            hint = "Send them as HTTP Basic, or the password alone as a Bearer token (OpenAI's api_key)."
            return _refusal(401, "User and password are missing or wrong.", hint)
        return None


def _refusal(status: int, message: str, hint: str) -> JSONResponse:
    error: dict[str, Any] = {"message": f"{message} {hint}", "hint": hint, "type": "refused", "code": status}
    headers = {"WWW-Authenticate": 'Basic realm="article-qa", charset="UTF-8"'} if status == 401 else None
    return JSONResponse({"error": error}, status, headers)


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _shows(authorization: str, auth: Credentials) -> bool:
    """Whether the header holds the credentials; the time it takes tells nothing of the password."""
    scheme, _, value = authorization.partition(" ")
    shown, expected = value.encode("latin-1"), auth[1]  # as Starlette read the header's bytes
    if scheme.lower() == "basic":
        expected = ":".join(auth)
        try:
            shown = base64.b64decode(shown, validate=True)
        except binascii.Error:
            return False
    elif scheme.lower() != "bearer":
        return False
    return secrets.compare_digest(shown, expected.encode())
