"""A page to look at: scripted models behind the real assistant and server, on a free port of loopback."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from scripted import ScriptedChat, ScriptedEmbedder, ScriptedStream

from qa import Assistant
from qa.ui.page import build
from qa.ui.server import app

ARTICLE = """The river ferry returns

After eleven years the ferry between Northbank and Quayside will run again from 4 May.

The city paid $2.4 million for the boat. Mara Ellison, the harbour master, will run the service.

## What it costs

A single ticket costs 3 euros. <script>window.hacked = 1</script> is the name of the café on board.
"""


class SlowStream(ScriptedStream):
    """Gives a word now and then, so that there is time to press a button."""

    pause = 0.15

    def __iter__(self) -> Iterator[str]:
        for piece in self._pieces:
            if self.closed:
                return
            time.sleep(self.pause)
            yield piece


class SlowChat(ScriptedChat):
    """Answers slowly where the question has the word "slowly"."""

    def stream(self, messages: Any, **options: Any) -> ScriptedStream:
        stream = super().stream(messages, **options)
        if "slowly" in messages[-1][1]:
            stream = SlowStream(self.reply(messages[-1][1]), self.finish)
            self.streams[-1] = stream
        return stream

    def probability(self, messages: Any, **options: Any) -> float | None:
        self.prompts.append(messages[-1][1])
        return 0.02 if "unanswerable" in messages[-1][1] else self.stated


def reply(prompt: str) -> str:
    if "standalone" in prompt.lower() or "stand" in prompt and "alone" in prompt:
        return "What does a single ticket of the ferry cost?"
    if "ticket" in prompt.rsplit("Question", 1)[-1]:
        return "A single ticket costs 3 euros."
    if "boat" in prompt.rsplit("Question", 1)[-1]:
        return "The city paid $2.4 million for the boat. Mara Ellison will run the service."
    return "Mara Ellison will run the service."


@contextlib.contextmanager
def assistant(home: Path, article: str = ARTICLE) -> Iterator[Assistant]:
    """The real assistant over scripted models, with one article in it."""
    with Assistant(home=home) as made:
        made._chat = SlowChat(reply)
        made._embedder = ScriptedEmbedder()
        made.add_texts([("ferry.md", "The river ferry returns", article)])
        yield made


@contextlib.contextmanager
def served(made: Assistant, reports: Path | None = None) -> Iterator[str]:
    """The URL of the page while it runs."""
    config = uvicorn.Config(
        app(made, page=build(made, reports)),
        port=0,
        log_level="warning",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
        assert thread.is_alive()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
