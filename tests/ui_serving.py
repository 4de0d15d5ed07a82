"""A page to look at: scripted models behind the real assistant and server, on a free port of loopback."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripted import ScriptedChat, ScriptedEmbedder, ScriptedStream
from serving import live

from qa import Assistant
from qa.ui.page import build
from qa.ui.server import app

TICKET = "A single ticket costs 3 euros."
BOAT = "The city paid $2.4 million for the boat."
MARA = "Mara Ellison, the harbour master, will run the service."
FILLER = "The old quay has been swept, painted and given back to the gulls for the time being.\n\n" * 12
ARTICLE = f"""# The river ferry returns

After eleven years the ferry between Northbank and Quayside will run again from 4 May.

{BOAT} {MARA}

{FILLER}## What it costs

{TICKET} The café on board is called <script>window.hacked = "document"</script> by everyone.
"""
LONG_JA = "北浜の渡し船は、" + "長いあいだ休んでいた桟橋を直し、" * 18 + "五月四日に再開する。"


class SlowStream(ScriptedStream):
    """Gives three letters now and then, so that there is time to press a button."""

    def __iter__(self) -> Iterator[str]:
        for piece in self._pieces:
            time.sleep(0.1)
            yield piece


class Chat(ScriptedChat):
    """Finds "unanswerable" questions unanswerable and answers "slowly" where asked to."""

    def __init__(self) -> None:
        super().__init__(reply)

    def stream(self, messages: Any, **options: Any) -> ScriptedStream:
        stream = super().stream(messages, **options)
        if "slowly" in asked(messages[-1][1]):
            self.streams[-1] = stream = SlowStream(reply(messages[-1][1]))
        return stream

    def probability(self, messages: Any, **options: Any) -> float | None:
        return 0.02 if "unanswerable" in asked(messages[-1][1]) else self.stated


def asked(prompt: str) -> str:
    """The question in a prompt."""
    return prompt.rsplit("uestion: ", 1)[-1].split("\n")[0]


def reply(prompt: str) -> str:
    """What the scripted model writes."""
    question = asked(prompt)
    if "Rewritten question" in prompt:
        return "What does a single ticket cost?" if question == "And what does it cost?" else question
    if "doubt" in question:
        return f"{BOAT} It was built by Hendrik Maas."
    if "ticket" in question:
        return TICKET
    if "boat" in question:
        return f"{BOAT} Mara Ellison will run the service."
    if "渡し船" in question:
        return LONG_JA
    return "Mara Ellison will run the service."


def open_ferry(home: Path) -> Assistant:
    """The real assistant over scripted models, with one article in it."""
    made = Assistant(home=home)
    made._chat = Chat()
    made._embedder = ScriptedEmbedder()
    made.add_texts([("ferry.md", "The river ferry returns", ARTICLE)])
    return made


@contextlib.contextmanager
def served(made: Assistant, reports: Path | None = None) -> Iterator[str]:
    """The address of the page while it runs."""
    with live(lambda: app(made, page=build(made, reports))) as url:
        yield url
