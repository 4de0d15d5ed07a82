"""A live server on loopback over an assistant whose models are scripted, for tests that use real clients."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import uvicorn
from scripted import ScriptedChat, ScriptedEmbedder, ScriptedStream

from qa import Assistant
from qa.ui import server

ARTICLE = """The river ferry returns

After eleven years the ferry between Northbank and Quayside will run again from 4 May.

The city paid $2.4 million for the boat. Mara Ellison, the harbour master, will run the service.

A single ticket costs 3 euros."""

QUESTION = "Who will run the ferry service?"
REPLY = "Mara Ellison will run the service."
QUOTE = "Mara Ellison, the harbour master, will run the service."


class SlowStream(ScriptedStream):
    """Takes its time between pieces and stands still while it may not go on."""

    def __init__(self, text: str, go_on: threading.Event, pace: float) -> None:
        super().__init__(text)
        self._go_on, self._pace = go_on, pace

    def __iter__(self) -> Iterator[str]:
        for piece in self._pieces:
            self._go_on.wait(30)
            time.sleep(self._pace)
            yield piece

    @property
    def cut_short(self) -> bool:
        """Whether it was closed before its end."""
        return self.closed and next(self._pieces, None) is not None


class Chat(ScriptedChat):
    """A scripted chat that can be slow, stand still and fail."""

    def __init__(self) -> None:
        super().__init__(lambda prompt: REPLY)
        self.go_on = threading.Event()
        self.reset()

    def reset(self) -> None:
        self.reply, self.stated, self.pace = (lambda prompt: REPLY), 0.9, 0.0
        self.fault: Exception | None = None
        self.prompts.clear()
        self.streams.clear()
        self.go_on.set()

    def write_for_long(self) -> None:
        self.reply, self.pace = (lambda prompt: REPLY * 200), 0.04  # some 90 seconds

    def stream(self, messages: Sequence[tuple[str, str]], **options: Any) -> ScriptedStream:
        if self.fault:
            raise self.fault
        self.prompts.append(messages[-1][1])
        self.streams.append(SlowStream(self.reply(messages[-1][1]), self.go_on, self.pace))
        return self.streams[-1]


def open_assistant(home: Path, chat: ScriptedChat) -> Assistant:
    """A real library with one article; the models are scripted."""
    assistant = Assistant(home=home)
    assistant._chat = chat  # type: ignore[assignment]
    assistant._embedder = ScriptedEmbedder()  # type: ignore[assignment]
    assistant.add_texts([("ferry.txt", "The river ferry returns", ARTICLE)])
    return assistant


def small_page() -> gr.Blocks:
    """A page with a handler and something that happens when it loads."""
    with gr.Blocks(analytics_enabled=False) as page:
        gr.Textbox(value=lambda: "loaded")
        box = gr.Textbox()
        box.submit(lambda text: text, box, box, api_name="internal")
    return page


@contextlib.contextmanager
def live(make: Callable[[], Any]) -> Iterator[str]:
    """Make an application and serve it; gives its address."""
    config = uvicorn.Config(in_loop(make), log_level="error", ws="none", timeout_graceful_shutdown=1)
    running = uvicorn.Server(config)
    with server._listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            wait_until(lambda: running.started, 60)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            running.should_exit = True
            thread.join(10)


def in_loop(make: Callable[[], Any]) -> Any:
    """Call it in a running loop: elsewhere Gradio opens loops of its own and leaves them open."""

    async def call() -> Any:
        return make()

    return asyncio.run(call())


def wait_until(holds: Callable[[], Any], seconds: float = 10) -> None:
    """Wait for something that happens soon."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)
