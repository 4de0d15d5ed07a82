"""Scripted stand-ins for the models, small enough to read; the real ones are tested in tests/models."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from qa.models import Completion
from qa.terms import terms


class ScriptedEmbedder:
    """Bags of terms hashed into 256 dimensions: texts that share terms are near."""

    name = "scripted"
    local = True

    def documents(self, texts: Sequence[str], progress: object = None) -> np.ndarray:
        rows = np.full((len(texts), 256), 1e-3, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for term in terms(text):
                row[zlib.crc32(term.encode()) % 256] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def query(self, text: str) -> np.ndarray:
        return self.documents([text])[0]

    def embed_query(self, text: str) -> list[float]:
        return self.query(text).tolist()

    def close(self) -> None:
        pass


class ScriptedStream:
    def __init__(self, text: str, finish: str = "stop", likelihood: float | None = None) -> None:
        self._pieces = iter([text[at : at + 3] for at in range(0, len(text), 3)])
        self._text, self._finish, self._likelihood = text, finish, likelihood
        self.closed = False

    def __iter__(self) -> Iterator[str]:
        return self._pieces

    def close(self) -> None:
        self.closed = True

    @property
    def completion(self) -> Completion:
        return Completion(self._text, self._finish, 11, 7, likelihood=self._likelihood)  # type: ignore[arg-type]


class ScriptedChat:
    """Answers with what ``reply`` makes of the last message; keeps every prompt.

    ``stated`` is its probability, or makes one of the prompt; ``likelihood`` is how sure it is of its words;
    ``local`` is whether it passes for the embedded model, which is shown one sentence at a time, ``adapters``
    the prompts that it has adapters for.
    """

    name = "scripted-chat"

    def __init__(
        self,
        reply: Callable[[str], str],
        stated: float | None | Callable[[str], float] = 0.9,
        finish: str = "stop",
        local: bool = False,
        adapters: Mapping[str, str] = MappingProxyType({}),
        likelihood: float | None = None,
    ) -> None:
        self.reply, self.stated, self.finish, self.likelihood = reply, stated, finish, likelihood
        self.local, self.adapters = local, adapters
        self.prompts: list[str] = []
        self.streams: list[ScriptedStream] = []

    def stream(self, messages: Sequence[tuple[str, str]], **options: Any) -> ScriptedStream:
        self.prompts.append(messages[-1][1])
        self.streams.append(ScriptedStream(self.reply(messages[-1][1]), self.finish, self.likelihood))
        return self.streams[-1]

    def complete(self, messages: Sequence[tuple[str, str]], **options: Any) -> Completion:
        return self.stream(messages, **options).completion

    def probability(self, messages: Sequence[tuple[str, str]], **options: Any) -> float | None:
        self.prompts.append(messages[-1][1])
        return self.stated(messages[-1][1]) if callable(self.stated) else self.stated

    def prepare(self) -> None:
        pass

    def close(self) -> None:
        pass
