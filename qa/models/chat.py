"""One chat model behind one small class: messages go in, text as it arrives and a `Completion` come out.

Everything is streamed, so that one set of rules holds: an error before the first word is raised, an error
after it keeps what came and marks it cut. Knows no prompt, no document, and not where the model runs.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypedDict, Unpack

import openai
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.runnables import RunnableConfig
from langchain_openai import ChatOpenAI

from qa.errors import ModelRejected, ModelUnavailable, QAError
from qa.models.endpoint import OPENAI_URL, Endpoint, clean, deadline, incompatible, translate
from qa.settings import ChatSettings

__all__ = ["CallOptions", "Chat", "ChatStream", "Completion", "Connection", "Finish", "Messages"]

Messages = Sequence[tuple[str, str]]
"""(role, content) pairs; roles are ``system``, ``user``, ``assistant``."""

Finish = Literal["stop", "length", "cut", "filtered"]
"""Why a text ended: the model was done; ``max_tokens``; the stream broke; the provider's filter."""

SEED = 7
TOP_LOGPROBS = 20
_LIFT = 100.0
"""Log odds that lift a word above all others, and keep its odds against another such word."""
_CONTROL = re.compile(
    r"<(?=\||/?(?:start_of_turn|end_of_turn|tool_call|tool_response|think|s)>|<SYS>>)|\[(?=/?INST\])"
)
"""What begins the tokens with which chat templates part one speaker from the next."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What one call gave.

    Attributes:
        text: everything that arrived.
        finish: see `Finish`.
        tokens_in, tokens_out: as the model counts them; 0 where it does not say.
        fault: why it is not whole; None after ``stop``, or where it was closed here.
        likelihood: the geometric mean of its tokens' probabilities; None where they were not asked for.
    """

    text: str
    finish: Finish
    tokens_in: int = 0
    tokens_out: int = 0
    fault: QAError | None = None
    likelihood: float | None = None


class CallOptions(TypedDict, total=False):
    """What one call may set.

    Attributes:
        max_tokens: instead of the setting.
        config: LangChain's callbacks and tags.
        local_options: llama.cpp request fields, as ``grammar`` and ``logprobs``; for the embedded model only.
        adapted: with the embedded model's adapter, where it has one; for a prompt that it was made for.
    """

    max_tokens: int
    config: RunnableConfig | None
    local_options: Mapping[str, Any]
    adapted: bool


class Connection(Protocol):
    """How a `Chat` comes by its LangChain model.

    Attributes:
        local: whether it runs in a child process here.
        adapter: version of the adapter that a request may ask for; "" for none.
    """

    local: bool
    adapter: str

    def connect(self) -> BaseChatModel:
        """The model, ready to be called."""

    def repair(self) -> bool:
        """After a lost connection: whether to `connect` again can help."""

    def close(self) -> None:
        """Let go of what `connect` holds."""


class ChatStream(Iterator[str]):
    """Pieces of text as they arrive; closing it early ends the request, and the model stops writing."""

    def __init__(self, tally: _Tally, pieces: Generator[str, None, None]) -> None:
        self._tally = tally
        self._pieces = pieces

    def __next__(self) -> str:
        return next(self._pieces)

    def __enter__(self) -> ChatStream:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the request; `completion` then holds what had arrived."""
        self._pieces.close()

    @property
    def completion(self) -> Completion:
        """The whole; reads what is still to come.

        Raises:
            ModelError: nothing arrived.
        """
        for _ in self._pieces:
            pass
        return self._tally.completion


class Chat:
    """A chat model; safe to use from any thread.

    Args:
        settings: how long it may take, how much it may write.
        at: where it is, in words.
        connection: to the model.
        judge: to what is asked for a `probability`, where that is not the model itself.
        adapters: prompt name to version of the adapter made for it; empty for none.

    Attributes:
        name: the model's name.
        local: whether it runs in a child process here.
        adapters: as given.
    """

    def __init__(
        self,
        settings: ChatSettings,
        at: Endpoint,
        connection: Connection,
        judge: Connection | None = None,
        adapters: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.name = at.model
        self.local = connection.local
        self.adapters = adapters
        self._settings = settings
        self._at = at
        self._connection = connection
        self._judge = judge or connection
        self._refused: frozenset[str] = frozenset()

    @property
    def model(self) -> BaseChatModel:
        """The LangChain model; for the embedded one, its server is started first.

        Raises:
            ModelError: it cannot be started or built.
            SettingsError: the provider's package is missing.
        """
        return self._connection.connect()

    def stream(self, messages: Messages, **options: Unpack[CallOptions]) -> ChatStream:
        """Write an answer, piece by piece; nothing is sent before the first ``next``.

        The embedded model continues a last message whose role is ``assistant``.

        Raises:
            ModelError: from the first ``next``; afterwards a fault is in `ChatStream.completion`.
        """
        tally = _Tally()
        return ChatStream(tally, self._answer(self._connection, messages, options, tally))

    def complete(self, messages: Messages, **options: Unpack[CallOptions]) -> Completion:
        """`stream` to its end.

        Raises:
            ModelError: nothing arrived.
        """
        return self.stream(messages, **options).completion

    def probability(
        self,
        messages: Messages,
        positive: tuple[str, ...] = ("Yes",),
        negative: tuple[str, ...] = ("No",),
        *,
        config: RunnableConfig | None = None,
    ) -> float | None:
        """How likely the answer begins with a positive word rather than a negative one, from one token.

        The embedded model's judge has learned to say Yes or No to ``prompts/judge.md``, and nothing else.

        Returns:
            P(positive) / (P(positive) + P(negative)); 1.0 or 0.0 by the word written where the endpoint
            gives no probabilities; None where it wrote neither.

        Raises:
            ModelError: nothing arrived.
        """
        tally = _Tally(wants_logprobs=True)
        call: CallOptions = {"max_tokens": 1, "config": config}
        if self._judge is not self._connection:
            call |= {"adapted": True, "local_options": _only(positive + negative)}
        for _ in self._answer(self._judge, messages, call, tally):
            pass
        return tally.probability(positive, negative)

    def prepare(self) -> None:
        """Start what every question needs; the rest when it is needed, as starting slows what runs beside it.

        Raises:
            ModelError, SettingsError: as `model`.
        """
        self._judge.connect()

    def close(self) -> None:
        """Close connections; the embedded model ends when nobody else in this process uses it."""
        self._judge.close()
        self._connection.close()

    def __enter__(self) -> Chat:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _answer(
        self, connection: Connection, messages: Messages, call: CallOptions, tally: _Tally
    ) -> Generator[str, None, None]:
        """Ask, and once more where nothing came and asking again can help."""
        connection.connect()  # weights and start-up are not counted as time to answer
        until = time.monotonic() + self._settings.total_seconds
        second_chances = {"restarted", "empty"}
        while True:
            try:
                yield from self._attempt(connection, messages, call, tally, until)
            except QAError:
                raise
            except Exception as error:  # noqa: BLE001 - the edge: every library's faults become ours
                if self._drop_refused(error):
                    continue
                if "restarted" in second_chances and _lost(error) and connection.repair():
                    second_chances.remove("restarted")
                    continue
                raise translate(error, self._at) from error
            if tally.text or tally.wants_logprobs or tally.finish == "filtered":
                return
            if tally.finish != "stop" or "empty" not in second_chances:
                raise self._nothing(tally)
            second_chances.remove("empty")

    def _attempt(
        self, connection: Connection, messages: Messages, call: CallOptions, tally: _Tally, until: float
    ) -> Generator[str, None, None]:
        """One request; raises only while nothing has arrived."""
        tally.clear()
        model = connection.connect()
        pieces = model.stream(
            [(role, _defused(clean(text))) for role, text in messages],
            call.get("config"),
            **self._fields(connection, model, call, tally.wants_logprobs),
        )
        assert isinstance(pieces, Generator)
        with closing(pieces):
            try:
                while chunk := _next_within(until, pieces):
                    if text := tally.take(chunk):
                        yield text
            except Exception as error:
                if not tally.text:
                    raise
                if tally.finish is None:  # a fault after the last word changes nothing
                    tally.fault = translate(error, self._at)
        if tally.text and not (tally.finish or tally.fault or isinstance(model, ChatOpenAI)):
            tally.finish = "stop"  # not every provider gives a reason
        tally.fault = tally.fault or self._unfinished(tally.finish)

    def _fields(
        self, connection: Connection, model: BaseChatModel, call: CallOptions, logprobs: bool
    ) -> dict[str, Any]:
        """The request beyond its messages."""
        limit = {"max_tokens": call.get("max_tokens", self._settings.max_tokens)}
        if not isinstance(model, ChatOpenAI):
            return limit if "max_tokens" in call else {}  # what it was built with
        fields: dict[str, Any] = {"temperature": 0, "seed": SEED, "stream_usage": True}
        if logprobs:
            fields |= {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
        fields = {name: value for name, value in fields.items() if name not in self._refused}
        if model.openai_api_base in (None, OPENAI_URL):
            return fields | limit
        # langchain-openai renames max_tokens to OpenAI's newer name, which not every server knows.
        local = dict(call.get("local_options", {})) if self.local else {}
        if connection.adapter:
            # Said each time: without it llama.cpp keeps the cache of a prompt read otherwise.
            local["lora"] = [{"id": 0, "scale": float(call.get("adapted", False))}]
        return fields | {"extra_body": limit | local}

    def _drop_refused(self, error: Exception) -> bool:
        """Remember an optional field that the endpoint names in its refusal; True if there is a new one."""
        if not isinstance(error, openai.BadRequestError | openai.UnprocessableEntityError):
            return False
        named = {field for word, field in _OPTIONAL.items() if word in str(error)}
        new = named - self._refused
        self._refused |= new
        return bool(new)

    def _unfinished(self, finish: Finish | None) -> QAError | None:
        """Why a text is not whole though nothing broke."""
        if finish == "stop":
            return None
        if finish == "length":
            return ModelRejected(
                f"{self.name} reached the most tokens that it may write.", "Raise QA_CHAT__MAX_TOKENS."
            )
        if finish == "filtered":
            return ModelRejected(
                f"A filter at {self._at.where} stopped the answer.",
                "Word the question otherwise, or use another model.",
            )
        return ModelUnavailable(f"{self.name} stopped before the answer's end.", "Try again in a moment.")

    def _nothing(self, tally: _Tally) -> QAError:
        if tally.finish == "length":
            return ModelRejected(
                f"{self.name} used up its tokens without writing an answer.", "Raise QA_CHAT__MAX_TOKENS."
            )
        if tally.finish == "stop":
            return ModelUnavailable(
                f"{self.name} gave an empty answer twice.",
                "Try again, word the question otherwise, or use another model.",
            )
        return incompatible(self._at)


def _defused(text: str) -> str:
    """Text that speaks for nobody else: llama.cpp and vLLM read ``<|im_end|>`` in a message as its end."""
    return _CONTROL.sub(r"\g<0> ", text)


@dataclass(slots=True)
class _Tally:
    """What has arrived of one answer."""

    wants_logprobs: bool = False
    text: str = ""
    finish: Finish | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    fault: QAError | None = None
    first: list[dict[str, Any]] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)

    def clear(self) -> None:
        """Forget an attempt that gave nothing."""
        self.text, self.finish, self.fault, self.first, self.logprobs = "", None, None, [], []
        self.tokens_in = self.tokens_out = 0

    def take(self, chunk: AIMessageChunk) -> str:
        """Add a chunk; returns its text."""
        if usage := chunk.usage_metadata:
            self.tokens_in += usage["input_tokens"]
            self.tokens_out += usage["output_tokens"]
        about = chunk.response_metadata
        if reason := about.get("finish_reason") or about.get("stop_reason") or about.get("done_reason"):
            self.finish = _finish(str(reason).lower())
        if content := (about.get("logprobs") or {}).get("content"):
            self.first = self.first or content[0].get("top_logprobs") or content[0].get("top_probs") or []
            self.logprobs += [token["logprob"] for token in content if "logprob" in token]
        text = str(chunk.text)
        self.text += text
        return text

    @property
    def completion(self) -> Completion:
        likelihood = math.exp(sum(self.logprobs) / len(self.logprobs)) if self.logprobs else None
        return Completion(
            self.text, self.finish or "cut", self.tokens_in, self.tokens_out, self.fault, likelihood
        )

    def probability(self, positive: tuple[str, ...], negative: tuple[str, ...]) -> float | None:
        """See `Chat.probability`."""
        mass = {True: 0.0, False: 0.0}
        for entry in self.first:
            says = _side(str(entry["token"]), positive, negative)
            if says is not None:
                mass[says] += entry["prob"] if "prob" in entry else math.exp(entry["logprob"])
        total = mass[True] + mass[False]
        if total > 0:
            return mass[True] / total
        says = _side(self.text, positive, negative)
        return None if says is None else float(says)


def _only(words: Sequence[str]) -> Mapping[str, Any]:
    """llama.cpp's fields for an answer of one of these words: it gives the likeliest of all words alone."""
    lifted = [[word, _LIFT] for word in words]
    return {"logit_bias": lifted, "samplers": ["top_k"], "top_k": len(words), "post_sampling_probs": True}


def _side(text: str, positive: tuple[str, ...], negative: tuple[str, ...]) -> bool | None:
    """True, False: begins a positive, a negative word, or begins with one; None: neither, or both."""
    first = re.search(r"\w+", text.casefold())
    if not first:
        return None
    yes, no = (any(_begins(first[0], word.casefold()) for word in words) for words in (positive, negative))
    return None if yes == no else yes


def _begins(one: str, other: str) -> bool:
    """Whether one is the beginning of the other: a token may be less than a word, or more."""
    return one.startswith(other) or other.startswith(one)


def _finish(reason: str) -> Finish:
    """A provider's reason in our four words."""
    if "length" in reason or "max_tokens" in reason:
        return "length"
    if any(word in reason for word in ("filter", "safety", "refusal", "blocked")):
        return "filtered"
    return "stop"


_OPTIONAL = {
    "stream_options": "stream_usage",
    "include_usage": "stream_usage",
    "temperature": "temperature",
    "seed": "seed",
    "top_logprobs": "top_logprobs",
    "logprobs": "logprobs",
}
"""Words in a refusal, and the field to leave out for them."""


def _lost(error: Exception) -> bool:
    return isinstance(error, openai.APIConnectionError) and not isinstance(error, openai.APITimeoutError)


def _next_within(until: float, pieces: Iterator[AIMessageChunk]) -> AIMessageChunk | None:
    """The next chunk, None at the end; the check is for providers whose HTTP client is not ours."""
    with deadline(until):
        chunk = next(pieces, None)
    if chunk is not None and time.monotonic() > until:
        raise TimeoutError
    return chunk
