"""A URL goes in, the bytes behind it come out, or a refusal; knows no format.

Where a request may go is decided where the connection is made, by the address itself: a host is resolved
once, every address it has must be public, and the socket is opened to an address that was checked. So no
spelling of a host, no redirect and no second answer of a DNS server leads to a private network. Proxy
settings of the environment are ignored, since a proxy would resolve names again.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from qa.errors import FetchRefused
from qa.settings import LoadingSettings

__all__ = ["Download", "Resolver", "fetch"]

Resolver = Callable[[str, int], list[str]]
"""Host and port to the texts of all its IP addresses; raises OSError where there are none."""

CONTENT_TYPES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/octet-stream": "",
}
"""What may be downloaded, and the ending of a file that holds it; "" where the content must tell."""

_HOPS = 5
_CONNECT_SECONDS = 5.0
_HEADERS = {
    "User-Agent": "article-qa",
    "Accept": ", ".join(CONTENT_TYPES),
    "Accept-Encoding": "gzip, deflate",
}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_UNICAST = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is given out; Python calls more of it global, also old ways to wrap IPv4 addresses."""


@dataclass(frozen=True, slots=True)
class Download:
    """What a URL gave.

    Attributes:
        url: the last one, after redirects.
        data: the decoded body.
        suffix: of a file that holds such content; "" where the content must tell.
        charset: as the header names it, "" if it does not.
    """

    url: str
    data: bytes
    suffix: str
    charset: str


def resolve(host: str, port: int) -> list[str]:
    """Ask the operating system for all addresses of a host."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def fetch(url: str, settings: LoadingSettings, resolver: Resolver = resolve) -> Download:
    """Download one page or file.

    Raises:
        FetchRefused: not http or https, not public, not found, too big, too slow, or not a text.
    """
    deadline = time.monotonic() + settings.fetch_seconds
    try:
        transport = _Transport(_GuardedBackend(settings.allow_hosts, resolver, deadline))
        with httpx.Client(transport=transport, trust_env=False, timeout=settings.fetch_seconds) as client:
            return _follow(client, _checked(url), settings, deadline)
    except (httpcore.TimeoutException, httpx.TimeoutException) as error:
        raise _too_slow(settings) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpx.HTTPError, OSError) as error:
        raise FetchRefused(
            f"{_shown(url)} cannot be reached ({type(error).__name__}).", "Check the address and the network."
        ) from error


def _follow(client: httpx.Client, url: httpx.URL, settings: LoadingSettings, deadline: float) -> Download:
    for _ in range(_HOPS + 1):
        with client.stream("GET", url, headers=_HEADERS) as response:
            location = response.headers.get("location")
            if not (response.is_redirect and location):
                return _read(response, settings, deadline)
            url = _checked(location, url)
    raise FetchRefused(f"{_shown(str(url))} redirects more than {_HOPS} times.", "Give the final address.")


def _checked(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """Parse a URL once; what is connected to is this very object."""
    try:
        url = base.join(text) if base else httpx.URL(text.strip())
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchRefused(
            "The URL is not valid.", "Give an address like https://example.org/article."
        ) from error
    if url.scheme not in ("http", "https") or not url.host:
        raise FetchRefused(
            f"Only http and https URLs are fetched, not '{url.scheme or text[:20]}'.",
            "Give a file by its path.",
        )
    if url.userinfo:
        raise FetchRefused("The URL holds a user name or password.", "Save the page and add the file.")
    return url


def _read(response: httpx.Response, settings: LoadingSettings, deadline: float) -> Download:
    shown = _shown(str(response.url))
    if response.status_code != 200:
        raise FetchRefused(
            f"{shown} answered {response.status_code} {response.reason_phrase}.".replace(" .", "."),
            "Open it in a browser; if it wants a login, save the page and add the file.",
        )
    kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in CONTENT_TYPES:
        raise FetchRefused(
            f"{shown} is of type '{kind[:60] or 'unknown'}', which is not read.",
            "Give a web page, text, PDF or .docx.",
        )
    if response.headers.get("content-encoding", "identity").lower() not in ("identity", "gzip", "deflate"):
        raise FetchRefused(
            f"{shown} is packed in a way that was not asked for.", "Save the page and add the file."
        )
    pieces: list[bytes] = []
    total = 0
    for piece in response.iter_bytes():
        total += len(piece)
        if total > settings.fetch_bytes:
            raise FetchRefused(
                f"{shown} is larger than {settings.fetch_bytes:,} bytes.",
                "Raise loading.fetch_bytes to allow it.",
            )
        if time.monotonic() > deadline:
            raise _too_slow(settings)
        pieces.append(piece)
    return Download(str(response.url), b"".join(pieces), CONTENT_TYPES[kind], response.charset_encoding or "")


def _too_slow(settings: LoadingSettings) -> FetchRefused:
    return FetchRefused(
        f"The download took longer than {settings.fetch_seconds:g} seconds.",
        "Raise loading.fetch_seconds to wait longer.",
    )


def _shown(url: str) -> str:
    """A URL for messages: without its query, which may hold a key."""
    return url.split("?")[0].split("#")[0][:200]


def _is_public(text: str) -> bool:
    """Whether an address is on the open internet, also when IPv6 only wraps an IPv4 address."""
    address = ipaddress.ip_address(text.split("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(str(inner))
        if address not in _UNICAST:
            return False
    return address.is_global and not address.is_multicast and "%" not in text


class _GuardedBackend(httpcore.NetworkBackend):
    """Opens connections to checked addresses only, and ends every wait at the deadline."""

    def __init__(self, allow_hosts: Iterable[str], resolver: Resolver, deadline: float) -> None:
        self._allowed = {host.lower().rstrip(".") for host in allow_hosts}
        self._resolver = resolver
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._addresses(host, port)
        failure: Exception | None = None
        for address in addresses:
            seconds = min(_CONNECT_SECONDS, _remaining(self._deadline, timeout))
            try:
                stream = httpcore.SyncBackend().connect_tcp(address, port, seconds, None, socket_options)
                return _TimedStream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError(f"no address for {host}")

    def _addresses(self, host: str, port: int) -> list[str]:
        """Resolve once and refuse a host that has any address which is not public."""
        try:
            addresses = self._resolver(host, port)
        except (OSError, UnicodeError) as error:
            raise FetchRefused(
                f"The host '{host}' is not known.", "Check the address and the network."
            ) from error
        if host.lower().rstrip(".") not in self._allowed and not all(map(_is_public, addresses)):
            raise FetchRefused(
                f"The host '{host}' is not on the public internet.",
                "To read an internal site, name it in loading.allow_hosts.",
            )
        return addresses


class _TimedStream(httpcore.NetworkStream):
    """A connection whose every read and write ends at one deadline, so that dripping bytes gain no time."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _remaining(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _remaining(self._deadline, timeout))

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        seconds = _remaining(self._deadline, timeout)
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, seconds), self._deadline)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _remaining(deadline: float, timeout: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time for the whole download is over")
    return left if timeout is None else min(left, timeout)


class _Transport(httpx.BaseTransport):
    """httpx over a connection pool whose network backend is ours; httpx offers no argument for it."""

    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(), network_backend=backend, max_keepalive_connections=0
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()
