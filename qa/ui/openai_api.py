"""OpenAI's chat completions over the assistant: HTTP requests go in, JSON or server-sent events come out.

The last user message is the question, the pairs of user and assistant messages before it are the history;
system messages are ignored, because what may be said is what the articles say. Citations are the message's
``annotations`` and the whole `Answer` is under ``qa``. Knows nothing of how an answer is made.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Literal, TypeVar

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, ValidationError
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response, StreamingResponse

from qa.data import Answer, Citation
from qa.errors import IndexUnavailable, ModelError, QAError, StoreError
from qa.ui.tools import Desk

__all__ = ["router"]

MODEL = "qa"
MAX_BODY = 1_000_000
WITHDRAWN = "\n\n(What was written so far is withdrawn.)\n\n"
CHECKED = "\n\n(This is the answer as it was checked:)\n\n"
_INSERTED = re.compile(r"\s|\.(?=\s)|。|\([^()]*\)")
"""What the check adds to a draft: spaces, stops after lines without one, names as the source writes them."""

T = TypeVar("T")


class _Part(BaseModel):
    type: Literal["text"]
    text: str


class _Message(BaseModel):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[_Part] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content)
        return self.content or ""


class _StreamOptions(BaseModel):
    include_usage: bool = False


class _Asked(BaseModel):
    """What is read of a request; its other fields change nothing."""

    model: str
    messages: list[_Message] = Field(min_length=1)
    stream: bool = False
    stream_options: _StreamOptions | None = None
    document_ids: list[str] | None = None


class _Refused(QAError):
    """A request that is answered with an HTTP status of its own."""

    def __init__(self, status: int, message: str, hint: str, code: str) -> None:
        super().__init__(message, hint)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class _Reply:
    """The envelope of one answer.

    Attributes:
        id, created: the same in each of its chunks.
    """

    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, answer: Answer) -> dict[str, Any]:
        """A ``chat.completion``."""
        message = {
            "role": "assistant",
            "content": answer.text,
            "refusal": None,
            "annotations": _annotations(answer, range(len(answer.text) + 1)),
        }
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(answer)}
        return self._envelope("chat.completion", choices=[choice], usage=_usage(answer), qa=answer.to_dict())

    def chunk(self, delta: dict[str, Any], finish: str | None = None, **extra: Any) -> str:
        """One server-sent event with a ``chat.completion.chunk``."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _event(self._envelope("chat.completion.chunk", choices=[choice], **extra))

    def usage(self, answer: Answer) -> str:
        """The chunk after the last, for clients that ask for token counts."""
        return _event(self._envelope("chat.completion.chunk", choices=[], usage=_usage(answer)))

    def _envelope(self, kind: str, **fields: Any) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": MODEL, **fields}


def router(desk: Desk) -> APIRouter:
    """``/v1/models`` and ``/v1/chat/completions``; any other path there is a 404 in OpenAI's form."""
    routes = APIRouter(prefix="/v1")
    model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "article-qa"}

    @routes.get("/models")
    async def list_models() -> Response:
        return JSONResponse({"object": "list", "data": [model]})

    @routes.get("/models/{name}")
    async def one_model(name: str) -> Response:
        return JSONResponse(model) if name == MODEL else _error(_unknown_model(name))

    @routes.post("/chat/completions")
    async def complete(request: Request) -> Response:
        try:
            return await _unless_left(request, _complete(desk, _parse(await _body(request))))
        except QAError as error:
            return _error(error)
        except ClientDisconnect:
            return Response(status_code=499)

    @routes.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def other(path: str) -> Response:
        hint = "There are /v1/models and, by POST, /v1/chat/completions."
        return _error(_Refused(404, f"There is no /v1/{path} here.", hint, "not_found"))

    return routes


async def _complete(desk: Desk, asked: _Asked) -> Response:
    question, history = _conversation(asked.messages)
    if not asked.stream:
        return JSONResponse(_Reply().whole(await desk.answer(question, history, asked.document_ids)))
    events = desk.stream(question, history, asked.document_ids)
    first = await anext(events)  # an error before the first word gets a status of its own
    chunks = _chunks(first, events, bool(asked.stream_options and asked.stream_options.include_usage))
    return StreamingResponse(chunks, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def _chunks(
    first: str | Answer, events: AsyncGenerator[str | Answer], with_usage: bool
) -> AsyncGenerator[str]:
    """The answer as server-sent events.

    Each piece waits for the next one: only the `Answer` tells whether the last piece goes on with what was
    written or, as a refusal, takes its place.
    """
    reply, sent, held = _Reply(), "", ""
    yield reply.chunk({"role": "assistant", "content": ""})
    event: str | Answer | None = first
    try:
        while isinstance(event, str):
            if held:
                yield reply.chunk({"content": held})
            sent, held = sent + held, event
            event = await anext(events, None)
        if event is None:
            raise QAError("The answer ended before it was checked.", "Ask again.")
        rest, ends = _rest(sent, event)
        yield reply.chunk({"content": rest})
        yield reply.chunk({"annotations": _annotations(event, ends)}, _finish(event), qa=event.to_dict())
        if with_usage:
            yield reply.usage(event)
        yield "data: [DONE]\n\n"
    except QAError as error:
        yield _event(_error_body(error)[1])
    finally:
        await events.aclose()


def _rest(sent: str, answer: Answer) -> tuple[str, list[int]]:
    """What a client that was sent ``sent`` still lacks, and where it then has the end of ``answer.text[:n]``.

    What the check inserted into words that were sent is left out: it is no reason to say them again.
    """
    before, ends = "", _ends(sent, answer.text)
    if ends is None:
        before = CHECKED if answer.answered else WITHDRAWN
        ends = [len(sent + before)]
    missing, at = answer.text[len(ends) - 1 :], len(sent + before)
    return before + missing, [*ends, *range(at + 1, at + len(missing) + 1)]


def _ends(sent: str, text: str) -> list[int] | None:
    """Where ``sent`` has the end of ``text[:n]``, up to the n that holds all of it.

    None where they differ in more than spaces and what the check inserts.
    """
    ends = [0]
    for end, char in enumerate(sent, 1):
        if char.isspace():
            continue
        while not text.startswith(char, len(ends) - 1):
            inserted = _INSERTED.match(text, len(ends) - 1)
            if not inserted:
                return None
            ends += [ends[-1]] * len(inserted[0])
        ends.append(end)
    return ends


async def _unless_left(request: Request, work: Awaitable[T]) -> T:
    """The work's result; a client that hangs up cancels it.

    Raises:
        ClientDisconnect: it did.
    """
    task, left = asyncio.ensure_future(work), asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({task, left}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientDisconnect
    finally:
        left.cancel()
        task.cancel()


async def _body(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY:
            hint = "Send fewer or shorter messages."
            raise _Refused(413, f"The request has more than {MAX_BODY:,} bytes.", hint, "too_large")
    return body


def _parse(body: bytes) -> _Asked:
    try:
        asked = _Asked.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, found["loc"])) or "body"
        raise QAError(f"{where}: {found['msg']}.", "Send OpenAI's chat format with text only.") from error
    if asked.model != MODEL:
        raise _unknown_model(asked.model)
    return asked


def _unknown_model(name: str) -> _Refused:
    return _Refused(404, f"There is no model {name!r}.", f"The model is {MODEL!r}.", "model_not_found")


def _conversation(messages: Sequence[_Message]) -> tuple[str, list[tuple[str, str]]]:
    """The question and the (question, answer) pairs before it."""
    talk = [message for message in messages if message.role in ("user", "assistant")]
    if not talk or talk[-1].role != "user":
        raise QAError("The last message is not from the user.", "End the messages with the question.")
    pairs = zip(talk, talk[1:], strict=False)
    history = [(one.text, two.text) for one, two in pairs if (one.role, two.role) == ("user", "assistant")]
    return talk[-1].text, history


def _annotations(answer: Answer, ends: Sequence[int]) -> list[dict[str, Any]]:
    """Every citation at the answer sentence that it proves, which is ``content[start_index:end_index]``.

    OpenAI knows web pages only, so a file is a ``file:`` URL; the proof itself is in the extra fields.

    Args:
        answer: whose citations.
        ends: ``ends[n]`` is where the content has the end of ``answer.text[:n]``.
    """
    found, at = [], 0
    for sentence in answer.sentences:
        start = answer.text.find(sentence.text, at)
        at = start + len(sentence.text)
        for citation in sentence.citations:
            url = {
                "start_index": ends[start + 1] - 1,
                "end_index": ends[at],
                "title": citation.title,
                "url": _url(citation),
                "state": sentence.state,
                **{name: getattr(citation, name) for name in _PROOF},
            }
            found.append({"type": "url_citation", "url_citation": url})
    return found


_PROOF = ("marker", "quote", "source", "document_id", "start", "end", "score")


def _url(citation: Citation) -> str:
    path = PurePath(citation.source)
    return path.as_uri() if path.is_absolute() else citation.source


def _finish(answer: Answer) -> str:
    return "length" if answer.reason == "incomplete" else "stop"


def _usage(answer: Answer) -> dict[str, int]:
    spent = answer.receipt.tokens_in, answer.receipt.tokens_out
    return {"prompt_tokens": spent[0], "completion_tokens": spent[1], "total_tokens": sum(spent)}


def _error_body(error: QAError) -> tuple[int, dict[str, Any]]:
    """The HTTP status and the body, as OpenAI's clients read them."""
    match error:
        case _Refused():
            status, code = error.status, error.code
        case QAError(retryable=True) | IndexUnavailable():
            status, code = 503, "unavailable"
        case ModelError():
            status, code = 502, "model_error"
        case StoreError():
            status, code = 409, "library_not_ready"
        case _:
            status, code = 400, "bad_request"
    kind = "invalid_request_error" if status < 500 else "server_error"
    words = {"message": f"{error.message} {error.hint}".strip(), "hint": error.hint}
    return status, {"error": {**words, "type": kind, "param": None, "code": code}}


def _error(error: QAError) -> JSONResponse:
    status, body = _error_body(error)
    again = {"Retry-After": "5"} if status == 503 else {"x-should-retry": "false"}
    return JSONResponse(body, status_code=status, headers=again)


def _event(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
