"""A suite's name and a system's name go in; something that answers cases comes out.

``qa`` is the product. ``always-answer`` is the product that never refuses beforehand, ``oracle`` the product
that is given only what holds the answer; the others (`evals.baselines`) are what it must be better than.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from evals import baselines
from evals.baselines import RETRIEVED, fixed_chunks
from evals.cases import Case, Suite
from evals.shelf import Shelf
from evals.suites import oracle
from qa import translate
from qa.assistant import Assistant, Progress
from qa.chain import versions
from qa.data import Answer, Hit
from qa.errors import QAError
from qa.settings import Settings

__all__ = ["SYSTEMS", "Opened", "Setup", "System", "open_system"]

SYSTEMS = {
    "qa": "the product, as the settings say",
    "always-refuse": "refuses everything (free)",
    "bm25": "BM25 and the best sentence of the best passage, no model, never refuses (free)",
    "always-answer": "the product that never refuses beforehand",
    "oracle": "the product with only what holds the answer to look in",
    "closed-book": "the chat model without any passage",
    "tutorial": "the usual tutorial chain: 1,000-character chunks, the nearest 4, one prompt",
}
ANY = 1e-9
"""A threshold that every probability passes; at 0 the product would not ask for the probability at all."""
FREE = ("always-refuse", "bm25")
PROMPTS = ("judge", "stated", *translate.PROMPTS, "answer", "condense")


class System(Protocol):
    """Answers cases.

    Attributes:
        model, embedder: names; "" where none is used.
        prompts: prompt name to version.
        searches: whether it looks for passages at all.
    """

    searches: bool
    model: str
    embedder: str
    prompts: Mapping[str, str]

    def ask(self, case: Case) -> Answer:
        """Answer or refuse.

        Raises:
            QAError: as the product does.
        """

    def search(self, case: Case) -> list[Hit]:
        """Find passages, best first, without the chat model.

        Raises:
            QAError: as the product does, or this system does not search.
        """


@dataclass(frozen=True, slots=True)
class Setup:
    """How systems are opened.

    Attributes:
        settings: of the product; ``home`` is replaced.
        home: folder for libraries, kept so that nothing is embedded twice.
        progress: told about long work.
        assistant: makes the product; tests give one with scripted models.
    """

    settings: Settings
    home: Path
    progress: Progress
    assistant: Callable[[Settings, Progress], Assistant] = lambda settings, progress: Assistant(
        settings, progress=progress
    )

    def open(self, key: str, **answer: object) -> Assistant:
        """The product over the library called ``key``, with some answer settings replaced."""
        section = self.settings.answer.model_copy(update=answer)
        update = {"home": self.home / key, "answer": section}
        return self.assistant(self.settings.model_copy(update=update), self.progress)


@dataclass(frozen=True, slots=True)
class Opened:
    """A system, the questions as it gets them, their documents, and the settings' fingerprint."""

    system: System
    suite: Suite
    shelf: Shelf
    settings: str


class Product:
    """The product as a `System`."""

    searches = True

    def __init__(self, assistant: Assistant, shelf: Shelf) -> None:
        self._assistant = assistant
        self._shelf = shelf
        self.model = assistant.chat.name
        self.embedder = assistant.embedder.name
        self.prompts: Mapping[str, str] = versions(assistant.chat, PROMPTS)

    def ask(self, case: Case) -> Answer:
        """Ask the whole pipeline."""
        return self._assistant.ask(case.question, case.history, self._shelf.scope(case))

    def search(self, case: Case) -> list[Hit]:
        """Search as the pipeline does, by the question as typed."""
        return self._assistant.search(case.question, RETRIEVED, self._shelf.scope(case))


@contextmanager
def open_system(name: str, suite: Suite, setup: Setup) -> Iterator[Opened]:
    """Open a system over a suite's documents; closes what it opened.

    Raises:
        QAError: no such system, or its documents or models cannot be used.
    """
    if name not in SYSTEMS:
        raise QAError(f"There is no system '{name}'.", f"There are: {', '.join(SYSTEMS)}.")
    shelf = Shelf.read(suite, setup.settings)
    if name == "oracle":
        suite = oracle(suite, shelf.documents)
        shelf = Shelf.read(replace(suite, name=f"{suite.name}-oracle"), setup.settings)
    if name == "always-refuse":
        yield Opened(baselines.Refuser(), suite, shelf, setup.settings.fingerprint)
    elif name == "bm25":
        with baselines.Keywords.open(shelf, setup.home / f"{shelf.key}-words") as keywords:
            yield Opened(keywords, suite, shelf, setup.settings.fingerprint)
    else:
        answer = {"stated_threshold": ANY} if name == "always-answer" else {}
        with setup.open(shelf.key, **answer) as assistant:
            yield Opened(_with(name, assistant, shelf), suite, shelf, assistant.settings.fingerprint)


def _with(name: str, assistant: Assistant, shelf: Shelf) -> System:
    if name == "closed-book":
        return baselines.ClosedBook(assistant.chat)
    if name == "tutorial":
        return baselines.Tutorial(assistant.chat, assistant.embedder, replace(shelf, cut=fixed_chunks))
    shelf.fill(assistant)
    return Product(assistant, shelf)
