"""What every call over HTTP shares: how long it may take, and what its faults are called.

`EndpointSettings` go in; an HTTP client that keeps a deadline comes out, and any exception of openai,
langchain or httpx becomes one `QAError` in our words. An exception's own text is never passed on, shown or
logged: endpoints echo keys and addresses in it. Knows no chat and no embedding.
"""

from __future__ import annotations

import logging
import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai
from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelNotFoundError,
    ModelPermissionDeniedError,
    ModelRateLimitError,
    ModelTimeoutError,
)

from qa.errors import ModelRejected, ModelUnavailable, QAError, RequestTooLong, SettingsError
from qa.settings import ChatSettings, EmbeddingsSettings, EndpointSettings

__all__ = [
    "OPENAI_URL",
    "BoundedClient",
    "Endpoint",
    "clean",
    "deadline",
    "incompatible",
    "timeouts",
    "translate",
]

OPENAI_URL = "https://api.openai.com/v1"

logger = logging.getLogger(__name__)

_until: ContextVar[float] = ContextVar("until", default=math.inf)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who is called, as error messages name it.

    Attributes:
        where: "the embedded model", or host and port of the URL, without user, password and path.
        model: the model's name.
        section: start of the names of the settings, ``QA_CHAT`` or ``QA_EMBEDDINGS``.
        settings: the waits.
    """

    where: str
    model: str
    section: str
    settings: EndpointSettings

    @classmethod
    def at(cls, url: str, model: str, section: str, settings: EndpointSettings) -> Endpoint:
        """The endpoint at a URL."""
        return cls(urlsplit(url).netloc.rpartition("@")[2] or "the endpoint", model, section, settings)


def timeouts(settings: EndpointSettings) -> httpx2.Timeout:
    """The waits as the SDK takes them."""
    return httpx2.Timeout(settings.read_seconds, connect=settings.connect_seconds)


@contextmanager
def deadline(until: float) -> Iterator[None]:
    """Bound every request that a `BoundedClient` makes inside.

    Args:
        until: on the clock of `time.monotonic`.
    """
    token = _until.set(until)
    try:
        yield
    finally:
        _until.reset(token)


class BoundedClient(openai.DefaultHttpxClient):
    """An HTTP client that ends retries, silence and endless dripping at the `deadline`.

    The SDK's own timeouts are per attempt and per read: three attempts of 60 s each, and a server that
    sends a byte now and then is waited for without end.
    """

    def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
        """Send within what is left of the time."""
        until = _until.get()
        left = until - time.monotonic()
        if left <= 0:
            raise httpx2.ReadTimeout("no time left", request=request)
        waits = request.extensions.get("timeout", {})
        request.extensions["timeout"] = {
            name: left if wait is None else min(wait, left) for name, wait in waits.items()
        }
        response = super().send(request, stream=True, **options)
        if _seconds(response.headers.get("retry-after")) > left:
            response.headers["x-should-retry"] = "false"  # the SDK would sleep past the deadline
        response.stream = _BoundedStream(response.stream, until, request)
        if not stream:
            try:
                response.read()
            finally:
                response.close()
        return response


class _BoundedStream(httpx2.SyncByteStream):
    def __init__(self, inner: Any, until: float, request: httpx2.Request) -> None:
        self._inner, self._until, self._request = inner, until, request

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._inner:
            if time.monotonic() > self._until:
                raise httpx2.ReadTimeout("no time left", request=self._request)
            yield piece

    def close(self) -> None:
        self._inner.close()


def endpoint_of(
    settings: ChatSettings | EmbeddingsSettings, section: str, default: str
) -> tuple[str, str, str]:
    """URL, key and model of an OpenAI-compatible endpoint.

    A key from the environment is for OpenAI: an own ``base_url`` without a key gets a placeholder.

    Raises:
        SettingsError: the model's name or the key is missing.
    """
    key, url, name = settings.api_key.get_secret_value(), settings.base_url, settings.model
    if not url and not key:
        raise SettingsError(
            f"There is no key for the model {name}.",
            f"Set OPENAI_API_KEY, or {section}__BASE_URL for an endpoint that needs none.",
        )
    if not name and url:
        raise SettingsError(
            f"{section}__BASE_URL is set, but not which model to use there.",
            f"Set {section}__MODEL to a name that {url.rstrip('/').rpartition('@')[2]}/models lists.",
        )
    return url or OPENAI_URL, key or "none", name or default


@contextmanager
def provider_words(model: str, section: str) -> Iterator[None]:
    """Say in words why LangChain cannot set up ``provider:model``.

    Raises:
        SettingsError: unknown provider, its package or its key is missing.
    """
    try:
        yield
    except ImportError as error:
        package = _PACKAGE.search(str(error))
        raise SettingsError(
            f"The package for {section}__MODEL={model} is not installed.",
            f"Run: pip install {package[1] if package else 'langchain-' + model.partition(':')[0]}",
        ) from error
    except Exception as error:  # the edge: each provider's own validation
        raise SettingsError(
            f"{section}__MODEL={model} cannot be set up.",
            "Check the provider's name before the colon, and that its key is in the environment.",
        ) from error


def clean(text: str) -> str:
    """Text that survives UTF-8 and C strings: no NUL, no lone surrogate."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def translate(error: Exception, at: Endpoint) -> QAError:
    """The fault in our words; the exception's own words go nowhere."""
    if isinstance(error, QAError):
        return error
    status = getattr(error, "status_code", None)
    logger.warning("%s: %s%s", at.where, type(error).__name__, f" (HTTP {status})" if status else "")
    if isinstance(error, openai.APITimeoutError | ModelTimeoutError | httpx2.TimeoutException | TimeoutError):
        waits = f"{at.settings.read_seconds:g} s of silence, or {at.settings.total_seconds:g} s in all"
        return ModelUnavailable(
            f"{_start(at)} took too long: {waits}.",
            f"Try again; if it is slow but well, raise {at.section}__READ_SECONDS and __TOTAL_SECONDS.",
        )
    if isinstance(error, ContextOverflowError) or (status in (400, 413) and _OVERFLOW.search(str(error))):
        return _too_long(at)
    if isinstance(error, openai.APIResponseValidationError):
        return incompatible(at)
    if status := status or _status_of(error):
        return _refusal(int(status), error, at)
    if isinstance(error, openai.APIConnectionError | ModelConnectionError | httpx2.TransportError | OSError):
        return ModelUnavailable(
            f"{_start(at)} cannot be reached, or closed the connection.",
            f"Check {at.section}__BASE_URL, the network and that the server runs; then try again.",
        )
    if isinstance(error, ValueError | LookupError | TypeError | AttributeError):
        return incompatible(at)
    return ModelUnavailable(
        f"{_start(at)} reported a failure ({type(error).__name__}).", "Try again in a moment."
    )


def _too_long(at: Endpoint) -> ModelRejected:
    if at.section == "QA_EMBEDDINGS":
        return ModelRejected(
            f"A text is longer than {at.model} can read.",
            "Lower QA_CHUNKING__WIDTH, or use a model with a longer context.",
        )
    return RequestTooLong(
        f"The request is longer than {at.model} can read.",
        "Lower QA_ANSWER__SENTENCES or QA_ANSWER__HISTORY_TURNS, or use a model with a longer context.",
    )


def incompatible(at: Endpoint) -> ModelRejected:
    """The other side speaks, but not this protocol."""
    return ModelRejected(
        f"{_start(at)} is not an OpenAI-compatible endpoint, or broke the protocol.",
        f"Check {at.section}__BASE_URL; it usually ends in /v1.",
    )


_OVERFLOW = re.compile(r"context|too long|maximum.{0,20}tokens|token limit", re.IGNORECASE)
_PACKAGE = re.compile(r"pip install (?:-U )?([a-z0-9-]+)")
_KINDS = (
    (ModelAuthenticationError, 401),
    (ModelPermissionDeniedError, 403),
    (ModelNotFoundError, 404),
    (ModelRateLimitError, 429),
)


def _status_of(error: Exception) -> int:
    """The HTTP status that one of LangChain's provider-neutral exceptions stands for; 0 for others."""
    return next((status for kind, status in _KINDS if isinstance(error, kind)), 0)


def _refusal(status: int, error: Exception, at: Endpoint) -> QAError:
    """The fault for an HTTP status."""
    if status in (401, 403):
        return ModelRejected(
            f"{_start(at)} refuses the key for {at.model}.",
            f"Set a valid key: {at.section}__API_KEY, or OPENAI_API_KEY for OpenAI.",
        )
    if status == 404:
        return _not_found(error, at)
    if status == 429:
        return _busy(error, at)
    if status >= 500 or status in (408, 409):
        return ModelUnavailable(
            f"{_start(at)} is failing (HTTP {status}).", "Try again in a moment; its own log says why."
        )
    return ModelRejected(
        f"{_start(at)} rejects the request (HTTP {status}).",
        f"Check that {at.section}__MODEL={at.model} is a model for this use; the endpoint's log says more.",
    )


def _not_found(error: Exception, at: Endpoint) -> QAError:
    if "model" in str(error).lower():
        return ModelRejected(
            f"{_start(at)} knows no model {at.model}.", f"Set {at.section}__MODEL to a model it serves."
        )
    return ModelRejected(
        f"{_start(at)} has nothing at this address (HTTP 404).",
        f"Check {at.section}__BASE_URL; it usually ends in /v1.",
    )


def _busy(error: Exception, at: Endpoint) -> QAError:
    if getattr(error, "code", "") == "insufficient_quota":
        return ModelRejected(f"The account's quota at {at.where} is used up.", "Check its plan and billing.")
    response = getattr(error, "response", None)
    wait = _seconds(response.headers.get("retry-after")) if response is not None else 0.0
    return ModelUnavailable(
        f"{_start(at)} is busy (HTTP 429).", f"Try again in {wait:g} s." if wait else "Try again in a moment."
    )


def _start(at: Endpoint) -> str:
    """The endpoint as a sentence begins with it."""
    return at.where[0].upper() + at.where[1:] if at.where.startswith("the ") else at.where


def _seconds(header: str | None) -> float:
    """A ``Retry-After`` in seconds; 0 where there is none, or it is a date."""
    try:
        return max(0.0, float(header or 0))
    except ValueError:
        return 0.0
