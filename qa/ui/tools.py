"""The assistant for programs: async functions that Gradio's clients and MCP clients call, and a bounded line.

An open `Assistant` goes in; `Desk.ask`, `Desk.search` and `Desk.documents` give plain JSON types, and
`Desk.stream` gives an answer as it is written. Generations run in threads, only so many at a time, and end
when whoever asked goes away. Knows no HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import closing
from typing import Any, cast

import gradio as gr
from gradio.events import api
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from qa import __version__
from qa.assistant import Assistant
from qa.data import Answer, Hit
from qa.errors import ModelUnavailable, QAError

__all__ = ["Desk", "add_endpoints", "mcp_server"]

REMOTE_AT_ONCE = 8
MAX_WAITING = 32

Tool = Callable[..., Awaitable[Any]]


class Desk:
    """Takes questions from many programs for one assistant.

    Args:
        assistant: open, and closed by whoever opened it.
        at_once: generations that run at the same time; the embedded model writes one at a time.
    """

    def __init__(self, assistant: Assistant, at_once: int | None = None) -> None:
        local = assistant.settings.chat.kind == "local"
        self._assistant = assistant
        self._free = asyncio.Semaphore(at_once or (1 if local else REMOTE_AT_ONCE))
        self._waiting = 0

    @property
    def tools(self) -> tuple[Tool, ...]:
        """What programs may call."""
        return (self.ask, self.search, self.documents)

    async def ask(
        self, question: str, history: list[list[str]] | None = None, document_ids: list[str] | None = None
    ) -> dict[str, Any]:
        """Answer a question from the articles, each sentence with the source sentence that proves it.

        Where the articles do not state the answer, "answered" is false, "reason" says why and "nearest" is
        the passage that came nearest.

        Args:
            question: the question, in any language; the answer is in the same
            history: earlier [question, answer] pairs, oldest first, that a follow-up may refer to
            document_ids: ask only these documents; all if left out

        Returns:
            the answer's "text", and its "sentences" with "state" (supported, partly, unsupported) and
            "citations" (quote, source, title, document_id, start, end)
        """
        if any(len(pair) != 2 for pair in history or ()):
            raise QAError("The history must hold [question, answer] pairs.", "Leave it out, or mend it.")
        turns = [(asked, answered) for asked, answered in history or ()]
        found = (await self.answer(question, turns, document_ids)).to_dict()
        del found["hits"]  # long, and `search` gives them
        return found

    async def search(self, question: str, k: int = 5) -> list[dict[str, Any]]:
        """Find the passages of the articles nearest to a question, best first, without asking the model.

        Args:
            question: what to look for, in any language
            k: how many passages, 1 to 50

        Returns:
            passages with "text", "title", "source", "document_id", "start", "end" and "similarity"
        """
        if not 1 <= k <= 50:
            raise QAError(f"k is {k}; it must be from 1 to 50.", "Leave it out for 5.")
        return [_passage(hit) for hit in await asyncio.to_thread(self._assistant.search, question, k)]

    async def documents(self) -> list[dict[str, Any]]:
        """List the articles that can be asked.

        Returns:
            documents with "id" (for document_ids), "title", "source", "language", "characters" and "added"
        """
        return [info.to_dict() for info in await asyncio.to_thread(self._assistant.documents)]

    async def answer(
        self, question: str, history: Sequence[tuple[str, str]], document_ids: Sequence[str] | None
    ) -> Answer:
        """The whole answer; cancelling ends the generation.

        Raises:
            QAError: as `Assistant.ask`; too many are waiting.
        """
        async with contextlib.aclosing(self.stream(question, history, document_ids)) as events:
            async for event in events:
                if isinstance(event, Answer):
                    return event
        raise QAError("The answer ended before it was checked.", "Ask again.")

    async def stream(
        self, question: str, history: Sequence[tuple[str, str]], document_ids: Sequence[str] | None
    ) -> AsyncGenerator[str | Answer]:
        """`Assistant.stream` beside the event loop; closing it ends the generation at its next word.

        Raises:
            QAError: as `Assistant.stream`; too many are waiting.
        """
        await self._wait()
        events: asyncio.Queue[str | Answer | Exception | None] = asyncio.Queue()
        loop, left = asyncio.get_running_loop(), threading.Event()

        def tell(done: Callable[..., None], *what: Any) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the server has ended
                loop.call_soon_threadsafe(done, *what)

        def work() -> None:
            try:
                pieces = self._assistant.stream(question, history, document_ids)
                with closing(cast(Generator[str | Answer], pieces)):
                    for piece in pieces:
                        tell(events.put_nowait, piece)
                        if left.is_set():
                            return
                tell(events.put_nowait, None)
            except Exception as error:  # noqa: BLE001 - raised again by whoever waits for the answer
                tell(events.put_nowait, error)
            finally:
                tell(self._free.release)

        threading.Thread(target=work, daemon=True, name="qa-answer").start()
        try:
            while (event := await events.get()) is not None:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            left.set()

    async def _wait(self) -> None:
        """Wait for a turn; a line that is too long is refused at once."""
        if self._free.locked() and self._waiting >= MAX_WAITING:
            raise ModelUnavailable(
                f"{self._waiting} questions are waiting already.", "Try again in a minute."
            )
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1


def add_endpoints(page: gr.Blocks, desk: Desk) -> None:
    """Make the desk's tools the page's only public endpoints."""
    for handler in page.fns.values():
        handler.api_visibility = "private"
    for block in page.blocks.values():
        if isinstance(block, gr.components.Component):
            block.load_event_to_attach = None  # attached; leaving `with page` again would do it twice
    with page:
        for tool in desk.tools:
            spoken = _saying(tool, lambda text: gr.Error(text, print_exception=False))
            api(spoken, api_name=tool.__name__, queue=False, concurrency_limit=None)


def mcp_server(desk: Desk) -> MCPServer:
    """The desk's tools for MCP clients."""
    server = MCPServer("article-qa", version=__version__, log_level="ERROR")
    for tool in desk.tools:
        reads = ToolAnnotations(read_only_hint=True)
        server.add_tool(_saying(tool, ToolError), description=inspect.getdoc(tool), annotations=reads)
    return server


def _saying(tool: Tool, error_type: Callable[[str], Exception]) -> Tool:
    """The tool with our errors in the words, and as the type, that its caller passes on."""

    @functools.wraps(tool)
    async def spoken(*args: Any, **kwargs: Any) -> Any:
        try:
            return await tool(*args, **kwargs)
        except QAError as error:
            raise error_type(f"{error.message} {error.hint}".strip()) from error

    return spoken


def _passage(hit: Hit) -> dict[str, Any]:
    chunk = hit.chunk
    return {
        "rank": hit.rank,
        "similarity": hit.similarity,
        "document_id": chunk.document_id,
        "title": chunk.title,
        "source": chunk.source,
        "heading": chunk.heading,
        "start": chunk.start,
        "end": chunk.end,
        "text": chunk.text,
    }
