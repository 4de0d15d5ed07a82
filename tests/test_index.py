"""Vector search: one suite over every index, then what keeps the embedded one whole and the server shared."""

from __future__ import annotations

import json
import logging
import multiprocessing
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from langchain_core.embeddings import Embeddings
from scripted import ScriptedEmbedder
from test_library import make

import qa.index
import qa.library
import qa.remote
from qa import Assistant
from qa.data import Chunk, Document
from qa.errors import IndexMismatch, IndexUnavailable, StoreError
from qa.index import ChromaIndex, Store, VectorIndex, exact_search, http_client
from qa.library import Entry, Library, Vectors
from qa.settings import IndexSettings, Settings

Open = Callable[..., Store]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Chroma's own server (the Rust one) on a free loopback port."""
    with _running(_free_port(), tmp_path_factory.mktemp("chroma-server")) as url:
        yield url


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(port: int, data: Path) -> Iterator[str]:
    command = Path(sys.executable).with_name("chroma")
    if not command.exists():
        pytest.skip("the chroma command is not installed beside this Python")
    process = subprocess.Popen(
        [str(command), "run", "--path", str(data), "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the Chroma server did not start")


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Open]:
    """Open stores on one home (or another) that are closed after the test."""
    stores: list[Store] = []

    def open_one(home: str = "home", **settings: object) -> Store:
        stores.append(Store.open(Settings(home=tmp_path / home, **settings)))  # type: ignore[arg-type]
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


@pytest.fixture(params=["embedded", "server"])
def store(request: pytest.FixtureRequest, open_store: Open) -> Store:
    return open_store(**_place(request))


@pytest.fixture
def embedded(open_store: Open) -> Store:
    return open_store()


def _place(request: pytest.FixtureRequest) -> dict[str, object]:
    if request.param == "embedded":
        return {}
    name = f"test-{time.time_ns()}"
    return {"index": {"url": request.getfixturevalue("server"), "collection": name}}


def place_of(store: Store) -> dict[str, object]:
    settings = store._settings if isinstance(store, qa.remote.ServerStore) else IndexSettings()
    return settings.model_dump()


def add(store: Store, *entries: Entry) -> list[str]:
    return [outcome for _, outcome in store.add_many(entries)]


def many(count: int, width: int = 10) -> list[Entry]:
    return [make(f"{n}.txt", *(f"text {n} {i}. " for i in range(width))) for n in range(count)]


def self_hits(store: Store, entries: list[Entry]) -> float:
    """Share of searchable chunks that are the first hit for their own vector."""
    pairs = [
        (chunk.id, vector)
        for _, chunks, vectors in entries
        for chunk, vector in zip((c for c in chunks if c.searchable), vectors, strict=True)  # type: ignore[arg-type]
    ]
    return sum(store.dense(vector, 1)[0][0] == chunk_id for chunk_id, vector in pairs) / len(pairs)


def in_chroma(store: Store) -> int:
    chroma = store.index._chroma
    assert chroma is not None and store.index.level
    return chroma.count()


# Every vector index


@pytest.fixture(params=["embedded", "server"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorIndex]:
    if request.param == "embedded":
        index = qa.index._open(tmp_path)
    else:
        client = http_client(IndexSettings(url=request.getfixturevalue("server")))
        index = ChromaIndex(client, f"vectors-{time.time_ns()}")
    yield index
    index.close()


def test_an_index_finds_replaces_and_forgets(index: VectorIndex) -> None:
    _, chunks, _ = make("a.txt", "x ", "y ", "z ")
    assert (index.count(), index.search(np.ones(2, np.float32), 3)) == (0, [])
    index.upsert(chunks, np.array([[1, 0], [0, 2], [-1, 0]], np.float32))
    found = index.search(np.array([3, 0], np.float32), 10)
    assert [chunk_id for chunk_id, _ in found] == [chunk.id for chunk in chunks]
    assert [similarity for _, similarity in found] == pytest.approx([1.0, 0.0, -1.0], abs=1e-6)
    index.upsert(chunks[:1], np.array([[-1, 0]], np.float32))
    assert index.count() == 3
    assert dict(index.search(np.array([1, 0], np.float32), 3))[chunks[0].id] == pytest.approx(-1.0)
    index.delete([chunks[0].id, "unknown"])
    assert index.count() == 2
    index.delete([])
    index.upsert([], np.zeros((0, 2), np.float32))


def test_an_index_keeps_to_the_documents_asked_for(index: VectorIndex) -> None:
    entries = many(3)
    for _, chunks, vectors in entries:
        index.upsert(chunks, vectors)  # type: ignore[arg-type]
    vector = entries[0][2][0]  # type: ignore[index]
    only = [entries[1][0].id, entries[2][0].id]
    found = index.search(vector, 100, only)
    assert len(found) == 20 and {chunk_id.split(":")[0] for chunk_id, _ in found} == set(only)
    assert index.search(vector, 5, []) == []
    assert index.search(vector, 5, ["unknown"]) == []


# Every store


def test_a_store_answers_like_an_exact_search(store: Store, tmp_path: Path) -> None:
    entries = many(20)
    assert add(store, *entries) == ["added"] * 20
    reference = Library(tmp_path / "reference")
    list(reference.add_many(entries))
    question = np.random.default_rng(0).standard_normal(8).astype(np.float32)
    for scope in (None, [entries[3][0].id, entries[4][0].id], []):
        found, expected = store.dense(question, 15, scope), exact_search(reference, question, 15, scope)
        assert [hit[0] for hit in found] == [hit[0] for hit in expected]
        assert [hit[1] for hit in found] == pytest.approx([hit[1] for hit in expected], abs=1e-5)
    assert store.dense(entries[0][2][0], 1)[0][1] <= 1.0  # type: ignore[index]
    assert self_hits(store, entries) == 1.0
    reference.close()


def test_a_store_follows_every_change(store: Store) -> None:
    first, second = many(2)
    assert store.documents() == () and store.dense(np.ones(8, np.float32), 3) == []
    add(store, first, second)
    assert add(store, first) == ["unchanged"]
    changed = make("0.txt", "quite different. ", "[share]")
    assert add(store, changed) == ["replaced"]
    found = {chunk_id for chunk_id, _ in store.dense(first[2][0], 100)}  # type: ignore[index]
    assert found == {changed[1][0].id} | {chunk.id for chunk in second[1]}
    assert store.remove(second[0].id).source == "1.txt"
    assert [info.source for info in store.documents()] == ["0.txt"]
    assert store.has(changed[0].id) and not store.has(second[0].id)
    assert store.document(changed[0].id) == changed[0]
    assert store.chunks([changed[1][1].id]) == [changed[1][1]]
    assert [hit[0] for hit in store.keyword("different", 5)] == [changed[1][0].id]
    with pytest.raises(StoreError, match="no document"):
        store.remove(second[0].id)


def test_a_removed_document_can_come_back(store: Store) -> None:
    entries = many(2)
    add(store, *entries)
    store.remove(entries[0][0].id)
    add(store, entries[0])
    assert self_hits(store, entries) == 1.0


def test_another_chunking_is_refused_until_embedded_again(store: Store, open_store: Open) -> None:
    entries = many(3)
    add(store, *entries)
    other = open_store("home", index=place_of(store), chunking={"width": 100})
    for attempt in (
        other.check_fingerprint,
        lambda: other.dense(np.ones(8, np.float32), 1),
        lambda: add(other, *many(1)),
    ):
        with pytest.raises(IndexMismatch, match="3 documents, about 30 chunks"):
            attempt()

    def prepare(document: Document) -> tuple[list[Chunk], Vectors]:
        return make(document.source, document.text, dimensions=5)[1:]

    store.close()
    assert other.reembed(prepare) == 3
    again = [make(document.source, document.text, dimensions=5) for document, _, _ in entries]
    assert self_hits(other, again) == 1.0
    assert len(other.dense(np.ones(5, np.float32), 100)) == 3
    with pytest.raises(IndexMismatch):
        store.check_fingerprint()


def test_the_assistant_embeds_again_what_another_chunking_made(store: Store, tmp_path: Path) -> None:
    add(store, *many(3))
    store.close()
    with Assistant(home=tmp_path / "home", index=place_of(store), chunking={"width": 100}) as assistant:
        assistant._embedder = ScriptedEmbedder()
        with pytest.raises(IndexMismatch, match="3 documents"):
            assistant.search("text 1 2")
        assert assistant.reindex() == 3
        assert len(assistant.documents()) == 3 and assistant.search("text 1 2")


def test_an_empty_store_embeds_nothing_again(store: Store, open_store: Open, tmp_path: Path) -> None:
    def never(document: Document) -> tuple[list[Chunk], Vectors]:
        raise AssertionError(document)

    assert store.reembed(never) == 0
    assert not list(tmp_path.rglob("library.sqlite"))
    entry = make("a.txt", "text")
    add(store, entry)
    store.remove(entry[0].id)
    store.close()
    other = open_store("home", index=place_of(store), chunking={"width": 100})
    with pytest.raises(IndexMismatch, match="0 documents"):
        add(other, entry)
    assert other.reembed(never) == 0
    assert add(other, entry) == ["added"]


class _Fixed(Embeddings):
    def __init__(self, vector: Vectors) -> None:
        self._vector = vector

    def embed_query(self, text: str) -> list[float]:
        return [float(value) for value in self._vector]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]


def test_the_same_chunks_as_a_langchain_vector_store(store: Store) -> None:
    document, chunks, vectors = make("a.txt", "first. ", "second. ")
    add(store, (document, chunks, vectors))
    (found,) = store.langchain(_Fixed(vectors[1])).similarity_search("anything", k=1)
    assert found.page_content == chunks[1].text
    assert found.metadata["source"] == "a.txt" and found.metadata["start"] == chunks[1].start


# The embedded index stays a cache


def test_importing_and_opening_load_no_chroma() -> None:
    code = "import sys, qa.index, qa.remote; sys.exit('chromadb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_reading_an_empty_home_creates_nothing(open_store: Open, tmp_path: Path) -> None:
    store = open_store("nowhere")
    store.prepare()
    assert store.dense(np.ones(8, np.float32), 3) == []
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(IndexUnavailable, match="Add a document|empty"):
        store.langchain(_Fixed(np.ones(8, np.float32)))


def test_a_whole_generation_is_used_again(embedded: Store, caplog: pytest.LogCaptureFixture) -> None:
    entries = many(5)
    add(embedded, *entries)
    embedded.close()
    built = (embedded.index._files / "chroma.sqlite3").stat().st_ino
    assert self_hits(embedded, entries) == 1.0
    assert in_chroma(embedded) == 50
    assert (embedded.index._files / "chroma.sqlite3").stat().st_ino == built
    assert not caplog.records


def test_how_far_the_index_lags_is_told_without_touching_it(embedded: Store, tmp_path: Path) -> None:
    assert embedded.index.lag() == 0 and not (tmp_path / "home").exists()
    list(embedded.library.add_many(many(1)))
    assert embedded.index.lag() is None
    embedded.prepare()
    assert embedded.index.lag() == 0
    embedded.close()
    list(embedded.library.add_many(many(2)))
    assert embedded.index.lag() == 10
    (embedded.index._folder / "seal.json").unlink()
    before = sorted(embedded.index._folder.rglob("*"))
    assert embedded.index.lag() is None and embedded.index._chroma is None
    assert sorted(embedded.index._folder.rglob("*")) == before


def _segment(folder: Path, name: str) -> Path:
    return next(folder.glob(f"*/{name}"))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "unsealed": lambda g: (g.parent / "seal.json").unlink(),
    "seal cut": lambda g: (g.parent / "seal.json").write_text('{"version": 1'),
    "vectors truncated": lambda g: _segment(g, "data_level0.bin").write_bytes(b"\1" * 1000),
    "vectors zeroed": lambda g: (f := _segment(g, "data_level0.bin")).write_bytes(bytes(f.stat().st_size)),
    "links flipped": lambda g: (f := _segment(g, "link_lists.bin")).write_bytes(
        f.read_bytes() + b"\xff" * 100
    ),
    "pickle cut": lambda g: (f := _segment(g, "index_metadata.pickle")).write_bytes(f.read_bytes()[:-20]),
    "segment deleted": lambda g: shutil.rmtree(_segment(g, "header.bin").parent),
    "database zeroed": lambda g: (f := g / "chroma.sqlite3").write_bytes(bytes(f.stat().st_size)),
    "database truncated": lambda g: (f := g / "chroma.sqlite3").write_bytes(f.read_bytes()[:20_000]),
    "database deleted": lambda g: (g / "chroma.sqlite3").unlink(),
    "everything deleted": lambda g: shutil.rmtree(g),
    "seal binary": lambda g: (g.parent / "seal.json").write_bytes(b"\xff\xfe"),
    "seal of another shape": lambda g: (g.parent / "seal.json").write_text("[1]"),
    "other chromadb": lambda g: _reseal(g, "chromadb", "0.0.1"),
    "other fingerprint": lambda g: _reseal(g, "fingerprint", "else"),
    "ahead of the library": lambda g: _reseal(g, "version", 10**6),
}


def _reseal(chroma: Path, key: str, value: object) -> None:
    seal = json.loads((chroma.parent / "seal.json").read_text())
    (chroma.parent / "seal.json").write_text(json.dumps(seal | {key: value}))


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_index_is_built_again(
    embedded: Store, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qa.index, "SYNC_THRESHOLD", 20)  # so that files exist to be damaged
    entries = many(10)
    add(embedded, *entries)
    embedded.close()
    chroma = embedded.index._files
    DAMAGE[damage](chroma)
    assert self_hits(embedded, entries) == 1.0
    assert in_chroma(embedded) == 100
    assert list((embedded.library.home / "index").glob("gen-*")) == [embedded.index._files]
    embedded.close()
    assert self_hits(embedded, entries) == 1.0 and in_chroma(embedded) == 100


def test_indexing_tells_how_far_it_is(embedded: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qa.index, "BATCH", 20)
    steps: list[tuple[int, int]] = []
    list(embedded.add_many(many(5), lambda *step: steps.append(step)))
    assert steps == [(20, 50), (40, 50), (50, 50)]


def test_what_another_process_added_is_found_and_indexed(embedded: Store) -> None:
    entries = many(4)
    add(embedded, *entries[:2])
    other = Library(embedded.library.home, embedded.library.fingerprint)
    list(other.add_many(entries[2:]))
    other.remove(entries[0][0].id)
    other.close()
    assert self_hits(embedded, entries[1:]) == 1.0
    assert in_chroma(embedded) == 30


def test_a_second_store_searches_exactly_and_leaves_chroma_alone(open_store: Open) -> None:
    owner, guest = open_store(), open_store()
    entries = many(3)
    add(owner, *entries[:2])
    add(guest, entries[2])
    assert self_hits(guest, entries) == 1.0 and not guest.index.level
    assert self_hits(owner, entries) == 1.0 and in_chroma(owner) == 30
    owner.close()
    assert self_hits(guest, entries) == 1.0 and in_chroma(guest) == 30


def test_a_large_change_is_indexed_in_the_background(
    embedded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qa.index, "SMALL", 50)
    entries = many(10)
    list(embedded.library.add_many(entries))
    vector = entries[7][2][3]  # type: ignore[index]
    assert embedded.dense(vector, 1)[0][0] == entries[7][1][3].id
    worker = embedded.index._worker
    assert worker is not None
    worker.join(30)
    assert in_chroma(embedded) == 100 and self_hits(embedded, entries) == 1.0


def test_closing_stops_background_work_and_loses_nothing(
    embedded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qa.index, "BATCH", 5)
    entries = many(100)
    list(embedded.library.add_many(entries))
    embedded.index.prepare_in_background()
    embedded.close()
    assert not (embedded.library.home / "index" / "seal.json").exists()
    assert self_hits(embedded, entries[:10]) == 1.0 and in_chroma(embedded) == 1000


def test_a_dying_chroma_costs_no_answer(
    embedded: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    entries = many(3)

    def die(*_: object) -> None:
        raise RuntimeError("Error finding id")

    monkeypatch.setattr(ChromaIndex, "upsert", die)
    with caplog.at_level(logging.WARNING):
        assert add(embedded, *entries) == ["added"] * 3
    assert "searching exactly" in caplog.text
    assert self_hits(embedded, entries) == 1.0
    monkeypatch.undo()
    embedded.prepare()
    monkeypatch.setattr(ChromaIndex, "search", die)
    assert self_hits(embedded, entries) == 1.0
    monkeypatch.undo()
    assert in_chroma(embedded) == 30


def test_a_nearly_full_disk_leaves_chroma_alone(embedded: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = many(2)
    list(embedded.library.add_many(entries))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    assert self_hits(embedded, entries) == 1.0
    assert not list((embedded.library.home / "index").glob("gen-*"))


def test_more_candidates_than_chunks_and_than_the_search_width(embedded: Store) -> None:
    entries = many(150)
    add(embedded, *entries)
    vector = entries[0][2][0]  # type: ignore[index]
    assert len(embedded.dense(vector, 1000)) == 1000
    assert len(embedded.dense(vector, 5000)) == 1500


# The server is shared


def test_a_second_process_with_an_empty_home_can_answer(open_store: Open, server: str) -> None:
    place = {"url": server, "collection": f"shared-{time.time_ns()}"}
    first, second = open_store("one", index=place), open_store("two", index=place)
    entries = many(3)
    assert second.documents() == ()
    add(first, *entries)
    second.refresh(at_once=True)  # type: ignore[attr-defined]
    assert [info.source for info in second.documents()] == ["0.txt", "1.txt", "2.txt"]
    assert second.document(entries[1][0].id) == entries[1][0]
    assert second.library.chunks_of(entries[1][0].id) == entries[1][1]
    assert self_hits(second, entries) == 1.0
    assert second.keyword("text", 5)
    changed = make("0.txt", "changed.")
    assert add(second, changed) == ["replaced"]
    second.remove(entries[2][0].id)
    first.refresh(at_once=True)  # type: ignore[attr-defined]
    assert {info.id for info in first.documents()} == {changed[0].id, entries[1][0].id}
    assert add(first, changed) == ["unchanged"]


def add_killed_halfway(writer: Store, entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written to the server and not announced."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(writer, "_announce", killed)
        with pytest.raises(KeyboardInterrupt):
            add(writer, entry)


def test_a_writer_killed_halfway_leaves_nothing_visible(
    open_store: Open, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = {"url": server, "collection": f"killed-{time.time_ns()}"}
    writer, reader = open_store("one", index=place), open_store("two", index=place)
    old, new = make("a.txt", "old. "), make("a.txt", "new. ")
    add(writer, old)
    add_killed_halfway(writer, new, monkeypatch)
    reader.refresh(at_once=True)  # type: ignore[attr-defined]
    assert len(reader.documents()) == 1
    assert len(reader.dense(np.ones(8, np.float32), 5)) <= 1
    assert add(writer, new) in (["replaced"], ["unchanged"])
    reader.refresh(at_once=True)  # type: ignore[attr-defined]
    assert [info.id for info in reader.documents()] == [new[0].id]
    assert self_hits(reader, [new]) == 1.0


def test_a_first_writer_killed_halfway_leaves_nothing_visible(
    open_store: Open, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = {"url": server, "collection": f"first-{time.time_ns()}"}
    writer, reader = open_store("one", index=place), open_store("two", index=place)
    entry = make("a.txt", "text. ")
    add_killed_halfway(writer, entry, monkeypatch)
    for store in (writer, reader):
        store.refresh(at_once=True)  # type: ignore[attr-defined]
        assert store.documents() == ()
    assert add(writer, entry) == ["added"]
    reader.refresh(at_once=True)  # type: ignore[attr-defined]
    assert self_hits(reader, [entry]) == 1.0


def test_the_copy_follows_a_server_that_lost_its_data_and_found_it_again(
    open_store: Open, tmp_path: Path
) -> None:
    port, entries = _free_port(), many(2)

    def opened() -> Store:
        return open_store("one", index={"url": f"http://127.0.0.1:{port}"})

    with _running(port, tmp_path / "volume"):
        store = opened()
        add(store, *entries)
        store.refresh(at_once=True)  # type: ignore[attr-defined]
        store.close()
    with _running(port, tmp_path / "lost"):
        store = opened()
        assert store.documents() == () and store.keyword("text", 5) == []
        store.close()
    with _running(port, tmp_path / "volume"):
        store = opened()
        assert self_hits(store, entries) == 1.0
        store.close()
    with _running(port, tmp_path / "lost again"):
        store = opened()
        assert add(store, *entries, entries[0]) == ["added", "added", "unchanged"]
        assert self_hits(store, entries) == 1.0
        store.close()


def test_threads_copy_from_the_server_once(
    open_store: Open, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = {"url": server, "collection": f"threads-{time.time_ns()}"}
    add(open_store("one", index=place), *many(3))
    reader = open_store("two", index=place)
    clients, fetched = [], []
    fetch = reader._fetch  # type: ignore[attr-defined]

    def connect(settings: IndexSettings) -> object:
        clients.append(http_client(settings))
        time.sleep(0.2)
        return clients[-1]

    def slowly(*which: str) -> object:
        fetched.append(which)
        time.sleep(0.2)
        return fetch(*which)

    monkeypatch.setattr(qa.library, "WAIT_SECONDS", 0.1)
    monkeypatch.setattr(qa.remote, "http_client", connect)
    monkeypatch.setattr(reader, "_fetch", slowly)
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(reader.documents) for _ in range(4)]
    assert [len(answer.result()) for answer in answers] == [3] * 4
    assert (len(clients), len(fetched)) == (1, 3)


@pytest.mark.parametrize("change", ["add", "remove"])
def test_a_thread_that_looks_while_another_writes_waits(
    open_store: Open, server: str, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    store = open_store(index={"url": server, "collection": f"looks-{time.time_ns()}"})
    entry = make("a.txt", "text. ")
    if change == "remove":
        add(store, entry)
    looker = threading.Thread(target=lambda: store.refresh(at_once=True))  # type: ignore[attr-defined]
    announce = store._announce  # type: ignore[attr-defined]

    def seen_at_once() -> None:
        announce()
        looker.start()
        looker.join(0.5)

    monkeypatch.setattr(store, "_announce", seen_at_once)
    if change == "add":
        assert add(store, entry) == ["added"]
    else:
        assert store.remove(entry[0].id).source == "a.txt"
    looker.join(10)
    assert store.has(entry[0].id) == (change == "add")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://user:hush@127.0.0.1:9"])
def test_an_unreachable_server_is_one_sentence(open_store: Open, url: str) -> None:
    store = open_store(index={"url": url, "token": "hush"})
    for attempt in (
        store.documents,
        lambda: store.dense(np.ones(8, np.float32), 1),
        lambda: add(store, *many(1)),
    ):
        with pytest.raises(IndexUnavailable, match="http://127.0.0.1:9 does not answer") as caught:
            attempt()
        assert "hush" not in caught.value.message and "QA_INDEX__URL" in caught.value.hint


def test_the_token_is_sent_as_a_bearer(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    index = ChromaIndex(http_client(IndexSettings(url=server, token="secret")), "token-test")  # type: ignore[arg-type]
    assert index.client._server.get_request_headers()["authorization"] == "Bearer secret"  # type: ignore[attr-defined]
    index.close()


def _search(home: str, vector: Vectors, answers: multiprocessing.queues.Queue[object]) -> None:
    store = Store.open(Settings(home=Path(home)))
    answers.put((store.dense(vector, 1)[0][0], store.index.level))
    store.close()


def test_another_process_reads_beside_the_owner(embedded: Store) -> None:
    entries = many(3)
    add(embedded, *entries)
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    home, vector = str(embedded.library.home), entries[1][2][4]  # type: ignore[index]
    reader = context.Process(target=_search, args=(home, vector, answers))
    reader.start()
    assert answers.get(timeout=60) == (entries[1][1][4].id, False)
    reader.join(30)
    reader.close()
