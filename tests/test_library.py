"""The library: what goes in comes out, commits are whole, a second writer is refused, bad disks are told."""

from __future__ import annotations

import multiprocessing
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from filelock import FileLock

import qa.library
from qa.data import Block, Chunk, Document
from qa.errors import IndexMismatch, IndexUnavailable, StoreError
from qa.library import Library, Vectors

DIMENSIONS = 8


def make(source: str, *texts: str, dimensions: int = DIMENSIONS) -> tuple[Document, list[Chunk], Vectors]:
    """A document of these chunks with random unit vectors; a text of "[share]" is furniture."""
    whole = "".join(texts)
    document = Document.create(source, f"title of {source}", whole, (Block(0, len(whole), "body"),), "en")
    chunks, start = [], 0
    for ordinal, text in enumerate(texts):
        kind = "furniture" if text == "[share]" else "body"
        chunks.append(
            Chunk(
                id=f"{document.id}:{ordinal}",
                document_id=document.id,
                source=source,
                title=document.title,
                ordinal=ordinal,
                start=start,
                end=start + len(text),
                heading="a heading",
                context="",
                kind=kind,
                text=text,
            )
        )
        start += len(text)
    seed = int(document.id[:8], 16)
    vectors = np.random.default_rng(seed).standard_normal((sum(c.searchable for c in chunks), dimensions))
    return document, chunks, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = Library(tmp_path / "home", "f1")
    yield library
    library.close()


def test_reading_creates_nothing(library: Library) -> None:
    assert library.documents() == ()
    assert library.keyword_search("anything", 5) == []
    assert library.version == 0 and not library.has("x") and library.chunks(["x"]) == []
    with library.snapshot() as snapshot:
        assert (snapshot.version, snapshot.count, list(snapshot.added(0, 10))) == (0, 0, [])
    library.check_fingerprint()
    assert not library.home.exists()


def test_what_goes_in_comes_out(library: Library) -> None:
    document, chunks, vectors = make("a.txt", "Meta は出資した。", "[share]", "line\nwith \0 and 😀 ")
    assert library.add(document, chunks, vectors) == "added"
    assert library.document(document.id) == document
    assert library.chunks_of(document.id) == chunks
    assert library.chunks([chunks[2].id, "gone:0", chunks[0].id]) == [chunks[2], chunks[0]]
    assert library.chunks_of(document.id, 1, 1) == [chunks[1]]
    (info,) = library.documents()
    assert (info.id, info.characters, info.chunks) == (document.id, len(document.text), 3)
    assert info.added.endswith("+00:00")
    with library.snapshot() as snapshot:
        ((found, stored),) = snapshot.added(0, 100)
    assert [chunk.id for chunk in found] == [chunks[0].id, chunks[2].id]  # furniture has no vector
    np.testing.assert_array_equal(stored, vectors)


def test_same_text_again_changes_nothing(library: Library) -> None:
    entry = make("a.txt", "one. ", "two.")
    library.add(*entry)
    version = library.version
    assert library.add(*entry) == "unchanged"
    assert library.version == version


def test_changed_source_is_replaced_whole(library: Library) -> None:
    old, new = make("a.txt", "alpha beta. ", "gamma."), make("a.txt", "delta epsilon.")
    library.add(*old)
    assert library.add(*new) == "replaced"
    assert [info.id for info in library.documents()] == [new[0].id]
    assert library.keyword_search("alpha gamma", 5) == []
    assert library.counts() == (1, 1)
    with library.snapshot() as snapshot:
        assert snapshot.count == 1
        assert set(snapshot.removed(0)) == {chunk.id for chunk in old[1]}


def test_of_one_source_given_twice_the_later_stays(library: Library) -> None:
    one, two = make("a.txt", "alpha beta. ", "gamma."), make("a.txt", "delta.")
    done = list(library.add_many([one, two]))
    assert [(info.id, outcome) for info, outcome in done] == [(one[0].id, "added"), (two[0].id, "replaced")]
    assert [outcome for _, outcome in library.add_many([two, one, one])] == [
        "unchanged",
        "replaced",
        "unchanged",
    ]
    assert library.counts() == (1, 2) and library.chunks_of(one[0].id) == one[1]


def test_same_text_under_another_source_is_another_document(library: Library) -> None:
    assert library.add(*make("a.txt", "same.")) == "added"
    assert library.add(*make("b.txt", "same.")) == "added"
    assert library.counts() == (2, 2)


def test_remove(library: Library) -> None:
    kept, gone = make("a.txt", "kept words."), make("b.txt", "gone words.")
    list(library.add_many([kept, gone]))
    assert library.remove(gone[0].id).source == "b.txt"
    assert [hit[0] for hit in library.keyword_search("words", 5)] == [kept[1][0].id]
    with pytest.raises(StoreError, match="no document") as caught:
        library.remove(gone[0].id)
    assert caught.value.hint


def test_every_commit_raises_the_version(library: Library) -> None:
    versions = [library.version]
    for text in "one", "two":
        library.add(*make("a.txt", text))
        versions.append(library.version)
    library.remove(library.documents()[0].id)
    versions.append(library.version)
    assert versions == sorted(set(versions))


def test_a_failing_entry_leaves_no_trace(library: Library) -> None:
    document, chunks, vectors = make("a.txt", "one. ", "two.")
    with pytest.raises(ValueError, match="shorter|longer"):
        library.add(document, chunks, vectors[:1])
    with pytest.raises(StoreError, match="finite"):
        library.add(document, chunks, np.full_like(vectors, np.nan))
    lone = make("b.txt", "half \ud800 pair")
    with pytest.raises(StoreError, match="surrogate"):
        library.add(*lone)
    assert library.documents() == () and library.version == 0
    assert library.add(document, chunks, vectors) == "added"


# Keywords


def test_keyword_search_ranks_and_filters(library: Library) -> None:
    first = make("a.txt", "メタ社は143億ドルを出資した。", "取締役会の話。")
    second = make("b.txt", "The board met in 1979年政権 days; café, naïve.")
    list(library.add_many([first, second]))
    hits = library.keyword_search("143億ドルの出資", 5)
    assert hits[0][0] == first[1][0].id and hits[0][1] > 0
    assert hits == sorted(hits, key=lambda hit: -hit[1])
    assert [hit[0] for hit in library.keyword_search("政権", 5)] == [second[1][0].id]
    assert library.keyword_search("CAFÉ", 5) and not library.keyword_search("cafe", 5)
    assert library.keyword_search("143億ドル", 5, [second[0].id]) == []
    assert library.keyword_search("143億ドル", 5, []) == []
    assert library.keyword_search('"; DROP TABLE chunks; -- NEAR( *', 5) == []


@pytest.mark.parametrize("text", ["अंतरिम मुख्य", "ผู้บริหารสูงสุด", "𠮷野家", "ꦗꦮ", "наёмный"])
def test_keywords_of_every_script_are_found(library: Library, text: str) -> None:
    list(library.add_many([make("a.txt", f"xx {text} yy"), make("b.txt", "other")]))
    assert len(library.keyword_search(text, 5)) == 1


def test_a_commit_while_keywords_are_searched_costs_no_answer(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add(*make("0.txt", "word"))
    other, names, rows = Library(library.home, "f1"), count(1), library._rows

    def then_others_commit(*query: object) -> list[tuple[object, ...]]:
        found = rows(*query)  # type: ignore[arg-type]
        list(other.add_many(make(f"{next(names)}.txt", "word") for _ in range(3)))
        return found

    monkeypatch.setattr(library, "_rows", then_others_commit)
    assert library.keyword_search("word", 5)
    other.close()


# Fingerprint


def test_another_embedder_is_refused_with_the_cost(library: Library) -> None:
    library.add(*make("a.txt", "one. ", "two."))
    other = Library(library.home, "f2")
    for attempt in (other.check_fingerprint, lambda: other.add(*make("b.txt", "three."))):
        with pytest.raises(IndexMismatch, match="1 documents, about 2 chunks"):
            attempt()
    with pytest.raises(IndexMismatch):
        library.add(*make("c.txt", "four.", dimensions=5))
    assert library.counts() == (1, 2)
    other.close()


def test_reembed_shows_all_or_nothing(library: Library) -> None:
    entries = [make(f"{n}.txt", "one. ", "two.") for n in range(3)]
    list(library.add_many(entries))
    other = Library(library.home, "f2")
    seen: list[int] = []

    def prepare(document: Document) -> tuple[list[Chunk], Vectors]:
        seen.append(library.counts()[1])
        return make(document.source, document.text, dimensions=5)[1:]

    def fail(document: Document) -> tuple[list[Chunk], Vectors]:
        if document.source == "2.txt":
            raise RuntimeError("embedder died")
        return prepare(document)

    with pytest.raises(RuntimeError):
        other.reembed(fail)
    assert library.counts() == (3, 6) and library.meta("fingerprint") == "f1"
    done: list[tuple[int, int]] = []
    assert other.reembed(prepare, lambda *step: done.append(step)) == 3
    assert set(seen) == {6}  # readers saw the old chunks until the end
    assert done == [(1, 3), (2, 3), (3, 3)]
    assert other.counts() == (3, 3)
    other.check_fingerprint()
    with pytest.raises(IndexMismatch):
        library.check_fingerprint()
    with other.snapshot() as snapshot:
        assert {block.shape for _, block in snapshot.vectors(2)} == {(2, 5), (1, 5)}
    other.close()


# One writer, many readers


def _hold(
    home: str, ready: multiprocessing.synchronize.Event, done: multiprocessing.synchronize.Event
) -> None:
    def entries() -> Iterator[tuple[Document, list[Chunk], Vectors]]:
        yield make("first.txt", "committed.")
        yield make("second.txt", "embedded, not committed.")
        ready.set()
        done.wait(30)

    qa.library.BATCH_CHUNKS = 1
    library = Library(Path(home), "f1")
    list(library.add_many(entries()))
    library.close()


def test_second_writer_is_refused_while_readers_go_on(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qa.library, "WAIT_SECONDS", 0.2)
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    writer = context.Process(target=_hold, args=(str(library.home), ready, done))
    writer.start()
    try:
        assert ready.wait(60)
        with pytest.raises(IndexUnavailable, match="Another process is adding") as caught:
            library.add(*make("mine.txt", "mine."))
        assert "\n" not in caught.value.message and caught.value.hint
        assert [info.source for info in library.documents()] == ["first.txt", "second.txt"]
        assert library.keyword_search("committed", 5)
    finally:
        done.set()
        writer.join(30)
    writer.close()
    assert library.add(*make("mine.txt", "mine.")) == "added"


def test_threads_of_one_process_take_turns(library: Library) -> None:
    outcomes: list[str] = []
    threads = [
        threading.Thread(target=lambda n=n: outcomes.append(library.add(*make(f"{n}.txt", "text"))))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == ["added"] * 8 and library.counts() == (8, 8)


def test_a_lock_file_left_behind_does_not_lock(library: Library) -> None:
    library.home.mkdir()
    (library.home / "write.lock").touch()
    assert library.add(*make("a.txt", "text")) == "added"
    with FileLock(library.home / "write.lock", timeout=0):
        assert library.counts() == (1, 1)


# Disks and damage


def test_a_nearly_full_disk_refuses_before_writing(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=50_000_000))
    with pytest.raises(IndexUnavailable, match="50 MB free .* 200 MB needed"):
        library.add(*make("a.txt", "text"))
    assert library.documents() == ()


def test_a_disk_that_fills_up_costs_a_transaction_and_no_data(library: Library) -> None:
    kept = make("kept.txt", "kept.")
    library.add(*kept)
    connection_of = library._connection

    def limited(mode: str) -> sqlite3.Connection:
        connection = connection_of(mode)
        connection.execute("PRAGMA max_page_count = 40")  # SQLite answers as it does on a full disk
        return connection

    library._connection = limited  # type: ignore[method-assign]
    with pytest.raises(IndexUnavailable, match="full"):
        library.add(*make("big.txt", "word " * 200_000))
    del library._connection  # type: ignore[method-assign]
    assert [info.source for info in library.documents()] == ["kept.txt"]
    assert library.add(*make("next.txt", "next.")) == "added"


@pytest.mark.parametrize("damage", ["zeroed", "text", "truncated"])
def test_a_damaged_library_is_named(library: Library, damage: str) -> None:
    library.add(*make("a.txt", "text " * 5000))
    library.close()
    raw = library.path.read_bytes()
    broken = {"zeroed": b"\0" * len(raw), "text": b"hello" * 2000, "truncated": raw[: len(raw) // 3]}[damage]
    library.path.write_bytes(broken)
    with pytest.raises(StoreError) as caught:
        library.document(library.documents()[0].id)
    assert str(library.path) in caught.value.message and caught.value.hint


def test_a_library_of_a_newer_version_is_refused(library: Library) -> None:
    library.add(*make("a.txt", "text"))
    library.close()
    connection = sqlite3.connect(library.path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="format 99"):
        library.documents()


def test_a_home_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("not a folder")
    with pytest.raises(IndexUnavailable, match="cannot be written"):
        Library(tmp_path / "home").add(*make("a.txt", "text"))


def _read_as_nobody(home: str, answers: multiprocessing.queues.Queue[object]) -> None:
    import os

    os.setuid(65534)
    library = Library(Path(home), "f1")
    try:
        answers.put(len(library.documents()))
        library.add(*make("b.txt", "text"))
    except StoreError as error:
        answers.put(type(error).__name__)
    library.close()


@pytest.mark.skipif(not hasattr(__import__("os"), "getuid") or __import__("os").getuid(), reason="needs root")
def test_a_read_only_home_is_read(library: Library, tmp_path: Path) -> None:
    library.add(*make("a.txt", "text"))
    library.close()
    for folder in (tmp_path, *list(tmp_path.parents)[:3]):
        folder.chmod(0o755)
    library.home.chmod(0o555)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    reader = context.Process(target=_read_as_nobody, args=(str(library.home), answers))
    reader.start()
    assert answers.get(timeout=30) == 1
    assert answers.get(timeout=30) == "IndexUnavailable"
    reader.join(30)
    reader.close()
