"""What flows between the stages: frozen, typed, JSON-ready; knows no library and no other module.

    path or URL --load--> Document --split--> Chunk --index--> Hit --answer--> Answer(Sentence(Citation))

Offsets are half-open character offsets (Python ``str`` indices) into ``Document.text``. A quotation is
always ``document.text[start:end]``; nothing in this package writes a quotation any other way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

__all__ = [
    "Answer",
    "AddReport",
    "Block",
    "BlockKind",
    "Chunk",
    "Citation",
    "Document",
    "DocumentInfo",
    "Failure",
    "Hit",
    "Reason",
    "Receipt",
    "Sentence",
    "State",
]

BlockKind = Literal["title", "heading", "byline", "body", "furniture"]
"""What a stretch of a page is: ``furniture`` is share links, tags, captions, repeated headlines."""

State = Literal["supported", "partly", "unsupported"]
"""Does the cited source carry the sentence? ``partly``: some checked detail is not in the source."""

Reason = Literal["answered", "not_stated", "nothing_found", "unsupported", "small_talk", "incomplete"]
"""Why an answer is what it is.

``answered``; ``not_stated``: passages were found, none states the answer; ``nothing_found``: no passage
came near; ``unsupported``: a draft was written and the source does not carry it; ``small_talk``: a
greeting or thanks; ``incomplete``: the model was cut off, and its last sentence is not checked.
"""


@dataclass(frozen=True, slots=True)
class Block:
    """A run of lines of one kind.

    Attributes:
        start, end: offsets into the document's text.
        kind: see `BlockKind`.
        level: heading depth from 1; 0 for everything else.
    """

    start: int
    end: int
    kind: BlockKind
    level: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    r"""One source as read.

    Attributes:
        id: 16 hex digits of the SHA-256 of source and text.
        source: absolute path, URL or the caller's own name.
        title: the headline; the file's name where it has none.
        language: ISO 639-1 code, "und" when it cannot be told.
        text: as decoded, line ends as ``\n``; never cleaned, so offsets hold in the original.
        blocks: in order, not overlapping; text between them is blank.
    """

    id: str
    source: str
    title: str
    language: str
    text: str
    blocks: tuple[Block, ...]

    @classmethod
    def create(cls, source: str, title: str, text: str, blocks: tuple[Block, ...], language: str) -> Document:
        """Make a document with the id its source and text give it."""
        digest = hashlib.sha256(f"{source}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
        return cls(digest[:16], source, title, language, text, blocks)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of a document that is embedded, found and cited from.

    Attributes:
        id: ``{document_id}:{ordinal}``.
        document_id, source, title: of its document.
        ordinal: place in the document, from 0.
        start, end: ``document.text[start:end] == text``; a document is the concatenation of its chunks.
        heading: nearest heading above, "" if none.
        context: what is embedded and indexed before the text: title, heading, previous sentence.
        kind: ``furniture`` chunks are kept, so that chunks tile the document, but never found.
        text: the chunk's own text.
    """

    id: str
    document_id: str
    source: str
    title: str
    ordinal: int
    start: int
    end: int
    heading: str
    context: str
    kind: BlockKind
    text: str

    @property
    def searchable(self) -> bool:
        """Whether the index holds this chunk."""
        return self.kind != "furniture" and bool(self.text.strip())

    @property
    def embedded(self) -> str:
        """The text that is embedded and keyword-indexed: context, then the chunk."""
        return f"{self.context}\n{self.text}".strip() if self.context else self.text.strip()


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that was found.

    Attributes:
        chunk: what was found.
        rank: from 1.
        score: orders hits of one search, higher first; not comparable between searches.
        similarity: cosine of question and chunk, -1 to 1; None when only keywords found it.
        found_by: ``dense``, ``keyword`` or both.
    """

    chunk: Chunk
    rank: int
    score: float
    similarity: float | None
    found_by: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, attribute names as keys."""
        return _plain(self)


@dataclass(frozen=True, slots=True)
class Citation:
    """A span of the source that an answer sentence rests on.

    Attributes:
        marker: number shown as [1], from 1, the same for the same span within an answer.
        document_id, source, title: of the document.
        start, end: offsets into the document's text.
        quote: the document's text at those offsets, read from the library.
        score: how well it carries the sentence, 0 to 1.
    """

    marker: int
    document_id: str
    source: str
    title: str
    start: int
    end: int
    quote: str
    score: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer with the proof of it.

    Attributes:
        text: as shown, without markers.
        state: see `State`.
        reason: why it has that state, in English ("143 billion is not in the source"); "" if supported.
        citations: best first.
    """

    text: str
    state: State
    reason: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What produced an answer, so that any number can be traced.

    Attributes:
        model: the chat model's name; "" when none was called.
        embedder: the embedder's name.
        prompts: prompt name to version, with its adapter's where it has one.
        settings: fingerprint of every setting that changes answers.
        query: the standalone question that was searched for.
        language: ISO 639-1 code that was answered in.
        tokens_in, tokens_out: as counted by the model; 0 when it does not say.
        seconds: stage name to seconds; ``first_token`` counts from the question.
        checks: numbers the decision rested on, such as ``stated`` (probability that the passages state
            the answer).
    """

    model: str = ""
    embedder: str = ""
    prompts: Mapping[str, str] = field(default_factory=dict)
    settings: str = ""
    query: str = ""
    language: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
    checks: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gets back.

    Attributes:
        question: as asked.
        text: what to show, without citation markers; never empty.
        sentences: ``text`` sentence by sentence; a refusal has one, without citations.
        answered: False for every refusal; True for answers and small talk.
        reason: see `Reason`.
        nearest: for a refusal, the passage that came nearest; it is not a citation.
        hits: the passages considered, best first.
        receipt: what produced this.
        fault: for ``incomplete``, what cut the model off and what to do about it; "" otherwise.
    """

    question: str
    text: str
    sentences: tuple[Sentence, ...]
    answered: bool
    reason: Reason
    nearest: Citation | None
    hits: tuple[Hit, ...]
    receipt: Receipt
    fault: str = ""

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Every citation once, in the order of their markers."""
        by_marker = {c.marker: c for s in self.sentences for c in s.citations}
        return tuple(by_marker[marker] for marker in sorted(by_marker))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, attribute names as keys."""
        return _plain(self)


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A document in the library, without its text.

    Attributes:
        id, source, title, language: as in `Document`.
        characters: length of its text.
        chunks: how many chunks it was cut into.
        added: when, UTC, ISO 8601.
    """

    id: str
    source: str
    title: str
    language: str
    characters: int
    chunks: int
    added: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, attribute names as keys."""
        return _plain(self)


@dataclass(frozen=True, slots=True)
class Failure:
    """A source that could not be added, with the error's words."""

    source: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class AddReport:
    """What became of everything given to one ``add``.

    Attributes:
        added: new documents.
        replaced: documents whose source had an older version, which is gone.
        unchanged: documents already there with the same text.
        failed: sources that were not added; the others were.
    """

    added: tuple[DocumentInfo, ...] = ()
    replaced: tuple[DocumentInfo, ...] = ()
    unchanged: tuple[DocumentInfo, ...] = ()
    failed: tuple[Failure, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, attribute names as keys."""
        return _plain(self)


def _plain(value: Any) -> dict[str, Any]:
    """``asdict`` with tuples as lists and mappings as dicts, as ``json`` would read them back."""

    def convert(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: convert(inner) for key, inner in item.items()}
        if isinstance(item, list | tuple):
            return [convert(inner) for inner in item]
        return item

    converted: dict[str, Any] = convert(asdict(value))
    return converted
