"""Where the chat model runs: settings go in, a `Chat` that is connected at its first call comes out.

The embedded model, OpenAI and whatever speaks its protocol are LangChain's `ChatOpenAI`; other providers come
through LangChain's `init_chat_model`. Knows how to connect, not what is said.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock

import openai
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from qa.errors import QAError
from qa.models import weights
from qa.models.chat import Chat
from qa.models.endpoint import (
    BoundedClient,
    Endpoint,
    deadline,
    endpoint_of,
    provider_words,
    timeouts,
    translate,
)
from qa.models.llama import LlamaServer
from qa.models.weights import Check, Progress
from qa.prompts import version
from qa.settings import DEFAULT_OPENAI_MODEL, ChatSettings

__all__ = ["check", "open_chat"]

JUDGE, REWRITER = (Path(__file__).with_name(f"{name}.gguf") for name in ("judge", "rewriter"))
"""LoRA adapters, made by `benchmarks.adapter_train`: of the default weights' first layers, for ``judge.md``,
and of the whole, for ``condense.md``."""


def open_chat(settings: ChatSettings, progress: Progress | None = None) -> Chat:
    """The chat model that the settings name; nothing is loaded, started or called yet.

    Args:
        settings: see `ChatSettings.kind`.
        progress: told how the embedded weights are put together, at first use.

    Raises:
        SettingsError: the settings lack a model's name or a key.
    """
    at = _whereabouts(settings)
    if settings.kind == "local" and settings.model:
        # An adapter fits the weights it was trained on, no others.
        return Chat(settings, at, _Local(settings, lambda: weights.locate(settings.model)))
    if settings.kind == "local":
        writer = _Local(settings, lambda: weights.assemble(progress=progress), REWRITER)
        judge = _Local(settings, lambda: weights.shortened(progress=progress), JUDGE)
        return Chat(settings, at, writer, judge, {"judge": judge.adapter, "condense": writer.adapter})
    if settings.kind == "provider":
        return Chat(settings, at, _Remote(lambda: _provider(settings)))
    url, key, name = endpoint_of(settings, "QA_CHAT", DEFAULT_OPENAI_MODEL)
    return Chat(settings, at, _Remote(lambda: _client(settings, url, key, name)))


def check(settings: ChatSettings) -> Check:
    """Whether the chat model can be used, for ``qa doctor``; loads and changes nothing."""
    try:
        if settings.kind == "local":
            return _check_local(settings)
        if settings.kind == "provider":
            _provider(settings)
            return Check(True, f"chat model: {settings.model} (its key is checked at the first question)")
        return _check_endpoint(settings)
    except QAError as error:
        return Check(False, f"chat model: {error.message}", error.hint)


def _whereabouts(settings: ChatSettings) -> Endpoint:
    if settings.kind == "local":
        name = Path(settings.model).stem or weights.DEFAULT.name
        return Endpoint("the embedded model", name, "QA_CHAT", settings)
    if settings.kind == "provider":
        provider, _, name = settings.model.partition(":")
        return Endpoint(provider, name, "QA_CHAT", settings)
    url, _, name = endpoint_of(settings, "QA_CHAT", DEFAULT_OPENAI_MODEL)
    return Endpoint.at(url, name, "QA_CHAT", settings)


def _check_local(settings: ChatSettings) -> Check:
    LlamaServer.require_package()
    if not settings.model:
        found = weights.status()
        return Check(found.ok, f"chat model: {found.line}", found.fix)
    return Check(True, f"chat model: {weights.locate(settings.model)}")


def _check_endpoint(settings: ChatSettings) -> Check:
    """Ask for the list of models, the one question that costs nothing."""
    at = _whereabouts(settings)
    url, key, name = endpoint_of(settings, "QA_CHAT", DEFAULT_OPENAI_MODEL)
    model = _client(settings, url, key, name)
    try:
        with model.root_client as client, deadline(time.monotonic() + settings.read_seconds):
            served = [entry.id for entry in client.models.list()]
    except Exception as error:  # noqa: BLE001 - the edge: every library's faults become ours
        raise translate(error, at) from error
    line = f"chat model: {name} at {at.where}"
    if served and name not in served:
        return Check(
            False, f"{line} is not served there", f"Set QA_CHAT__MODEL to one of: {', '.join(served[:5])}"
        )
    return Check(True, line)


def _client(settings: ChatSettings, url: str, key: str, name: str, *, loopback: bool = False) -> ChatOpenAI:
    """LangChain's client for one endpoint; nothing is taken from ``OPENAI_*`` variables."""
    return ChatOpenAI(
        model=name,
        base_url=url,
        api_key=SecretStr(key),
        timeout=timeouts(settings),
        max_retries=0 if loopback else settings.retries,
        http_client=BoundedClient(timeout=timeouts(settings), trust_env=not loopback),
        http_async_client=openai.DefaultAsyncHttpxClient(timeout=timeouts(settings), trust_env=not loopback),
        openai_proxy="",
    )


def _provider(settings: ChatSettings) -> BaseChatModel:
    """A model of another LangChain provider.

    Raises:
        SettingsError: unknown provider, its package or its key is missing.
    """
    from langchain.chat_models import init_chat_model

    with provider_words(settings.model, "QA_CHAT"):
        return init_chat_model(
            settings.model,
            temperature=0,
            max_tokens=settings.max_tokens,
            timeout=settings.read_seconds,
            max_retries=settings.retries,
        )


class _Remote:
    """A model elsewhere, built once."""

    local = False
    adapter = ""

    def __init__(self, build: Callable[[], BaseChatModel]) -> None:
        self._build = build
        self._model: BaseChatModel | None = None
        self._lock = Lock()

    def connect(self) -> BaseChatModel:
        with self._lock:
            self._model = self._model or self._build()
            return self._model

    def repair(self) -> bool:
        return False  # the SDK has tried

    def close(self) -> None:
        with self._lock:
            _hang_up(self._model)
            self._model = None


class _Local:
    """The embedded model: its weights, a child process that serves them, a client for the child's port."""

    local = True

    def __init__(
        self, settings: ChatSettings, locate: Callable[[], Path], adapter: Path | None = None
    ) -> None:
        # It is silent while it reads a long prompt; whether it lives is known without asking.
        self._settings = settings.model_copy(update={"read_seconds": settings.total_seconds})
        self._name = Path(settings.model).stem or weights.DEFAULT.name
        self._locate = locate
        self._file = adapter
        self.adapter = version(adapter.read_bytes()) if adapter else ""
        self._server: LlamaServer | None = None
        self._model: ChatOpenAI | None = None
        self._lock = Lock()

    def connect(self) -> BaseChatModel:
        with self._lock:
            if self._server is None:
                self._server = LlamaServer.shared(self._locate(), self._settings, self._file)
            url = self._server.ensure()
            if self._model is None or self._model.openai_api_base != url:  # a new child has a new port
                _hang_up(self._model)
                self._model = _client(self._settings, url, self._server.api_key, self._name, loopback=True)
            return self._model

    def repair(self) -> bool:
        if self._server is not None:
            self._server.settle(2)  # `connect` starts another one if it died
        return True

    def close(self) -> None:
        with self._lock:
            _hang_up(self._model)
            self._model = None
            if self._server is not None:
                self._server.close()
            self._server = None


def _hang_up(model: BaseChatModel | None) -> None:
    if isinstance(model, ChatOpenAI) and model.root_client is not None:
        model.root_client.close()
