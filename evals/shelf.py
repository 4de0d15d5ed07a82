"""A suite goes in; its documents by name, and which of their chunks hold an answer, come out.

The documents are read by the product's own loader and cut by its own chunker, so that names, offsets and
chunk ids are those of the answers that are scored. Knows no index and no model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from evals.cases import Case, Suite, name_of
from evals.metrics import contains
from qa import chunking, loading
from qa.assistant import Assistant
from qa.data import Chunk, Document
from qa.errors import QAError
from qa.settings import Settings

__all__ = ["Shelf"]


@dataclass(frozen=True)
class Shelf:
    """The documents of a suite.

    Attributes:
        suite: as it was read.
        documents: by name.
        key: of a folder for what is made from them; changes with any of their texts.
        cut: cuts a document into chunks.
    """

    suite: Suite
    documents: Mapping[str, Document]
    key: str
    cut: Callable[[Document], Sequence[Chunk]]
    _chunks: dict[str, Sequence[Chunk]] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, suite: Suite, settings: Settings) -> Shelf:
        """Read every document that the suite's questions need.

        Raises:
            LoadError: one cannot be read.
            QAError: two have one name, or a question names one that is not there.
        """
        documents: dict[str, Document] = {}
        for document in _documents(suite, settings):
            name = name_of(document.source)
            if name in documents:
                raise QAError(f"Two documents are called '{name}'.", "Give one of them another name.")
            documents[name] = document
        for case in suite.cases:
            for name in case.among:
                if name not in documents:
                    raise QAError(f"Question '{case.id}' asks about '{name}', which is not there.",
                                  "Name it with --document.")  # fmt: skip
            for name, start, end in case.gold_spans:
                if not 0 <= start < end <= len(documents[name].text):
                    raise QAError(f"Evidence of question '{case.id}', {start} to {end}, is not in '{name}'.",
                                  "Find it again: see evals/data/README.md.")  # fmt: skip
        ids = "".join(document.id for document in documents.values()) + settings.index_fingerprint
        digest = hashlib.sha256(ids.encode()).hexdigest()[:12]
        key = f"{suite.name}-{digest}"
        return cls(suite, documents, key, lambda document: chunking.split(document, settings.chunking))

    @property
    def names(self) -> dict[str, str]:
        """Document id to name."""
        return {document.id: name for name, document in self.documents.items()}

    @property
    def texts(self) -> dict[str, str]:
        """Document id to text."""
        return {document.id: document.text for document in self.documents.values()}

    def fill(self, assistant: Assistant) -> None:
        """Put the documents into an assistant's library, unless they are there.

        Raises:
            QAError: one was not taken.
        """
        if {info.id for info in assistant.documents()} == self.names.keys():
            return
        reports = [assistant.add(target) for target in self.suite.targets]
        passages = (passage for passage in self.suite.passages if passage.name in self.documents)
        reports.append(assistant.add_texts((p.name, p.title, p.text) for p in passages))
        for failure in (failure for report in reports for failure in report.failed):
            raise QAError(failure.message, failure.hint)

    def scope(self, case: Case) -> list[str] | None:
        """Ids of the documents that a question is asked of; None for all."""
        return [self.documents[name].id for name in case.among] or None

    def chunks(self, name: str) -> Sequence[Chunk]:
        """A document cut into chunks."""
        if name not in self._chunks:
            self._chunks[name] = self.cut(self.documents[name])
        return self._chunks[name]

    def gold_chunks(self, case: Case) -> frozenset[str]:
        """Ids of the chunks that hold a marked sentence; without any, a right answer in a gold document."""
        if case.gold_spans:
            found = (
                chunk.id
                for name, start, end in case.gold_spans
                for chunk in self.chunks(name)
                if chunk.searchable and chunk.start < end and start < chunk.end
            )
        else:
            found = (
                chunk.id
                for name in case.gold_ids
                for chunk in self.chunks(name)
                if chunk.searchable and any(contains(chunk.text, [[answer]]) for answer in case.references)
            )
        return frozenset(found)


def _documents(suite: Suite, settings: Settings) -> Iterator[Document]:
    """Every target; of the passages all, or those that questions name where each question names its own."""
    for target in suite.targets:
        for source in loading.discover(target):
            yield loading.load(source, settings.loading)
    asked = {name for case in suite.cases for name in case.among}
    every = not all(case.among for case in suite.cases)
    for passage in suite.passages:
        if every or passage.name in asked:
            yield loading.from_text(passage.name, passage.title, passage.text)
