from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.chunking import split
from qa.data import Block, Chunk, Document
from qa.loading import load
from qa.sentences import width
from qa.settings import ChunkingSettings, LoadingSettings

ARTICLE = Path(__file__).parents[1] / ".." / "shared" / "article" / "article.ja.txt"
TEXT = st.text(alphabet=st.sampled_from("ab c。.「」\n#漢") | st.characters(codec="utf-8"), max_size=600)
KIND = st.sampled_from(["title", "heading", "byline", "body", "furniture"])


@st.composite
def documents(draw: st.DrawFn) -> Document:
    pieces = draw(st.lists(st.tuples(TEXT, KIND), max_size=8))
    text, blocks = "", []
    for piece, kind in pieces:
        if piece.strip():
            blocks.append(Block(len(text), len(text) + len(piece), kind))
            text += piece
        text += "\n\n"
    return Document.create("s", "Title", text, tuple(blocks), "en")


def document(*pieces: tuple[str, str], title: str = "Port news") -> Document:
    text, blocks = "", []
    for piece, kind in pieces:
        blocks.append(Block(len(text), len(text) + len(piece), kind))  # type: ignore[arg-type]
        text += piece + "\n\n"
    return Document.create("s", title, text, tuple(blocks), "en")


def chunks_of(made: Document, most: int = 80) -> tuple[Chunk, ...]:
    return split(made, ChunkingSettings(width=most))


@given(documents(), st.integers(80, 300))
def test_chunks_tile_any_document(made: Document, most: int) -> None:
    chunks = chunks_of(made, most)
    assert "".join(chunk.text for chunk in chunks) == made.text
    assert all(made.text[chunk.start : chunk.end] == chunk.text for chunk in chunks)
    assert [chunk.id for chunk in chunks] == [f"{made.id}:{n}" for n in range(len(chunks))]


@given(documents())
def test_furniture_and_the_rest_never_share_a_chunk(made: Document) -> None:
    for chunk in chunks_of(made):
        kinds = {b.kind == "furniture" for b in made.blocks if b.start < chunk.end and chunk.start < b.end}
        assert kinds <= {chunk.kind == "furniture"}


@given(TEXT.filter(str.strip), st.integers(80, 200))
def test_no_body_chunk_is_wider_than_set(text: str, most: int) -> None:
    made = Document.create("s", "t", text, (Block(0, len(text), "body"),), "en")
    spaces = sum(map(width, filter(str.isspace, text)))
    assert all(width(chunk.text) <= most + spaces for chunk in chunks_of(made, most))


def test_a_document_without_blocks_or_text_is_one_chunk() -> None:
    assert [c.text for c in chunks_of(Document.create("s", "t", "One.", (), "en"))] == ["One."]
    empty = chunks_of(Document.create("s", "t", "", (), "en"))
    assert len(empty) == 1 and not empty[0].searchable


def test_a_heading_goes_with_what_it_heads_and_into_the_context() -> None:
    made = document(
        ("The pier", "heading"), ("It is long. " * 6, "body"), ("The sea", "heading"), ("It is deep.", "body")
    )
    first, second = chunks_of(made, 100)
    assert first.text.startswith("The pier") and first.heading == "The pier"
    assert second.text.startswith("The sea") and second.heading == "The sea" and second.kind == "body"
    assert second.context == "Port news\nThe sea\nIt is long."
    assert second.embedded.startswith("Port news\nThe sea")


def test_a_sentence_wider_than_a_chunk_is_cut_at_a_space() -> None:
    made = document(("word " * 100, "body"))
    chunks = chunks_of(made, 80)
    assert len(chunks) > 5 and all(
        chunk.text.split() == ["word"] * len(chunk.text.split()) for chunk in chunks
    )


@pytest.mark.timeout(30)
def test_one_enormous_line_is_cut_in_time_that_grows_with_its_length() -> None:
    made = document(("漢" * 300_000, "body"))
    assert len(chunks_of(made, 640)) == pytest.approx(300_000 / 320, abs=3)


@pytest.mark.parametrize("marked", ["## The pier", "## The pier ##", "The pier\n--------", "  # The pier"])
def test_a_heading_is_named_without_its_marks(marked: str) -> None:
    (chunk,) = chunks_of(document((marked, "heading"), ("It is long.", "body")))
    assert chunk.heading == "The pier" and marked in chunk.text


def test_a_sharp_that_belongs_to_the_heading_stays() -> None:
    assert chunks_of(document(("Why C#", "heading"), ("It is.", "body")))[0].heading == "Why C#"


@pytest.mark.skipif(not ARTICLE.exists(), reason="the article this was first built for is not here")
def test_a_copied_news_page() -> None:
    made = load(str(ARTICLE), LoadingSettings())
    chunks = split(made, ChunkingSettings())
    assert "".join(chunk.text for chunk in chunks) == made.text
    furniture = [made.text[b.start : b.end] for b in made.blocks if b.kind == "furniture"]
    assert furniture
    ends = [(b.start, b.end) for b in made.blocks if b.kind == "furniture"]
    for chunk in (chunk for chunk in chunks if chunk.searchable):
        assert not any(start < chunk.end and chunk.start < end for start, end in ends)
        assert made.title in chunk.context
