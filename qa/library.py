"""The library: documents with their chunks and vectors go in, and come out exactly as they went in.

One SQLite file (write-ahead log, ``synchronous=FULL``) is the truth and the commit point: a document, its
chunks, their vectors and their keyword index become visible in one transaction or not at all. Whatever else
is kept (the Chroma index) is derived from here and can be thrown away. One process writes at a time; readers
go on meanwhile and never create anything. Knows no embedder, no Chroma and no settings.
"""

from __future__ import annotations

import json
import math
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout

from qa.data import Block, Chunk, Document, DocumentInfo
from qa.errors import IndexMismatch, IndexUnavailable, StoreError
from qa.terms import terms

__all__ = ["Entry", "Library", "Outcome", "Progress", "Snapshot", "Vectors", "require_space"]

Vectors = npt.NDArray[np.float32]
Entry = tuple[Document, Sequence[Chunk], Vectors | None]
"""A document, all its chunks, and one vector per searchable chunk in order; None keeps no vectors."""
Outcome = Literal["added", "replaced", "unchanged"]
Progress = Callable[[int, int], None]
"""Called with (done, total)."""

FREE_BYTES = 200_000_000
"""Refuse to write below this much free space. Room for one batch, its log and an index rewrite is enough,
because a full disk costs a transaction here, never data; so the floor need not shut out small machines."""
WAIT_SECONDS = 2.0
"""How long a writer waits for another: long enough for a short write, short enough to be an answer."""
BATCH_CHUNKS, BATCH_SECONDS = 256, 1.0
"""A transaction ends when it holds this much or is this old, so that a kill costs little work."""

_FTS5_K1, _FTS5_LEAST_IDF = 1.2, 1e-6
"""Constants of SQLite's bm25()."""

_SCHEMA_VERSION = 1
_SCHEMA = f"""
BEGIN;
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) WITHOUT ROWID;
INSERT INTO meta VALUES ('version', 0);
CREATE TABLE documents (
    id TEXT PRIMARY KEY, source TEXT NOT NULL UNIQUE, title TEXT NOT NULL, language TEXT NOT NULL,
    text TEXT NOT NULL, characters INTEGER NOT NULL, blocks TEXT NOT NULL, added TEXT NOT NULL
);
CREATE TABLE chunks (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
    document_id TEXT NOT NULL REFERENCES documents ON DELETE CASCADE,
    ordinal INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, heading TEXT NOT NULL,
    context TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL, version INTEGER NOT NULL,
    UNIQUE (document_id, ordinal)
);
CREATE INDEX chunks_version ON chunks (version);
CREATE TABLE vectors (
    row INTEGER PRIMARY KEY REFERENCES chunks ON DELETE CASCADE, vector BLOB NOT NULL
);
-- Terms arrive cut; the ascii tokenizer takes every other character as part of one, whatever its script.
CREATE VIRTUAL TABLE keywords USING fts5 (terms, tokenize = 'ascii');
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (keywords, row);
CREATE TABLE removed (id TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TRIGGER chunk_removed AFTER DELETE ON chunks BEGIN
    DELETE FROM keywords WHERE rowid = old.row;
    INSERT OR REPLACE INTO removed SELECT old.id, value FROM meta WHERE key = 'version';
END;
PRAGMA user_version = {_SCHEMA_VERSION};
COMMIT;
"""
_CHUNK = (
    'SELECT c.id, c.document_id, d.source, d.title, c.ordinal, c.start, c."end", c.heading, c.context,'
    " c.kind, c.text FROM chunks c JOIN documents d ON d.id = c.document_id"
)
_INFO = (
    "SELECT d.id, d.source, d.title, d.language, d.characters,"
    " (SELECT count(*) FROM chunks c WHERE c.document_id = d.id), d.added FROM documents d"
)


class Library:
    """The documents of one home folder.

    Args:
        home: folder of the library; made at the first write.
        fingerprint: of what makes vectors comparable (embedder, chunking); "" accepts any.
    """

    def __init__(self, home: Path, fingerprint: str = "") -> None:
        self.home = home.absolute()
        self.path = self.home / "library.sqlite"
        self.fingerprint = fingerprint
        self._reader: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    # Reading

    @property
    def version(self) -> int:
        """Number of the last commit; 0 for a library that does not exist."""
        return int(self.meta("version") or 0)

    def meta(self, key: str) -> Any:
        """A value kept beside the documents; None if there is none."""
        rows = self._rows("SELECT value FROM meta WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    def counts(self) -> tuple[int, int]:
        """How many documents and how many chunks there are."""
        rows = self._rows("SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM chunks)")
        return (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)

    def has(self, document_id: str) -> bool:
        """Whether the library holds this version of a document."""
        return bool(self._rows("SELECT 1 FROM documents WHERE id = ?", (document_id,)))

    def documents(self) -> tuple[DocumentInfo, ...]:
        """Every document without its text, oldest first."""
        return tuple(DocumentInfo(*row) for row in self._rows(f"{_INFO} ORDER BY d.rowid"))

    def info(self, document_id: str) -> DocumentInfo:
        """One document without its text.

        Raises:
            StoreError: there is no such document.
        """
        rows = self._rows(f"{_INFO} WHERE d.id = ?", (document_id,))
        if not rows:
            raise StoreError(
                f"The library has no document '{document_id}'.", "`qa documents` lists what it has."
            )
        return DocumentInfo(*rows[0])

    def document(self, document_id: str) -> Document:
        """One document with its text.

        Raises:
            StoreError: there is no such document.
        """
        sql = "SELECT id, source, title, language, text, blocks FROM documents WHERE id = ?"
        rows = self._rows(sql, (document_id,))
        if not rows:
            self.info(document_id)  # says what is missing
        key, source, title, language, text, blocks = rows[0]
        return Document(
            key, source, title, language, text, tuple(Block(**item) for item in json.loads(blocks))
        )

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        """The chunks with these ids, in the order of the ids; ids that are gone are left out."""
        rows = self._rows(f"{_CHUNK} WHERE c.id IN ({_marks(ids)})", ids)
        found = {row[0]: Chunk(*row) for row in rows}
        return [found[chunk_id] for chunk_id in ids if chunk_id in found]

    def chunks_of(self, document_id: str, first: int = 0, last: int | None = None) -> list[Chunk]:
        """A document's chunks in order, from ordinal ``first`` to ``last`` inclusive."""
        sql = f"{_CHUNK} WHERE c.document_id = ? AND c.ordinal BETWEEN ? AND ? ORDER BY c.ordinal"
        upper = 2**62 if last is None else last
        return [Chunk(*row) for row in self._rows(sql, (document_id, first, upper))]

    def keyword_search(
        self, question: str, limit: int, document_ids: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        """Find chunks that share terms with a question.

        Returns:
            (chunk id, score) pairs, best first; the score is BM25 as a share of the most that the question
            could reach in this library, 0 to 1, so that words that are not here at all count against it.
        """
        wanted = dict.fromkeys(terms(question))
        if not wanted:
            return []
        match = " OR ".join(f'"{term}"' for term in wanted)
        scope = "" if document_ids is None else f" AND c.document_id IN ({_marks(document_ids)})"
        sql = (
            "SELECT c.id, -bm25(keywords) AS score FROM keywords JOIN chunks c ON c.row = keywords.rowid"
            f" WHERE keywords MATCH ?{scope} ORDER BY score DESC, c.row LIMIT ?"
        )
        most = self._most_reachable(wanted)
        return [
            (chunk_id, min(score / most, 1.0))
            for chunk_id, score in self._rows(sql, (match, *(document_ids or ()), limit))
        ]

    def _most_reachable(self, wanted: Iterable[str]) -> float:
        """The BM25 score of a chunk that holds every wanted term as often as counts; FTS5's own formula."""
        frequency, chunks = self._frequencies(wanted)
        odds = ((chunks - frequency.get(term, 0) + 0.5) / (frequency.get(term, 0) + 0.5) for term in wanted)
        return math.fsum(max(math.log(odd), _FTS5_LEAST_IDF) for odd in odds) * (_FTS5_K1 + 1)

    def _frequencies(self, wanted: Iterable[str]) -> tuple[dict[str, int], int]:
        """In how many chunks each wanted term is, for those that are in any, and the number of chunks."""
        wanted = tuple(wanted)
        # One read: after a commit between two, a term could be in more chunks than there are.
        sql = (
            "SELECT NULL, count(*) FROM keywords"
            f" UNION ALL SELECT term, doc FROM vocabulary WHERE term IN ({_marks(wanted)})"
        )
        frequency = {term: int(count) for term, count in self._rows(sql, wanted)}
        return frequency, frequency.pop(None, 0)

    def check_fingerprint(self) -> None:
        """Make sure that stored vectors and new ones can be compared.

        Raises:
            IndexMismatch: they cannot; says what re-embedding would cost.
        """
        stored = self.meta("fingerprint")
        if stored and self.fingerprint and stored != self.fingerprint:
            raise mismatch(*self.counts())

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """One unchanging view of the library, whatever is committed meanwhile."""
        with self._translated():
            connection = self._connect()
            if connection is None:
                yield Snapshot(None, 0, 0)
                return
            try:
                connection.execute("BEGIN")
                row = connection.execute(
                    "SELECT value, (SELECT count(*) FROM vectors) FROM meta WHERE key = 'version'"
                ).fetchone()
                yield Snapshot(connection, *row)
            finally:
                connection.close()

    def close(self) -> None:
        """Let go of the file; reading opens it again."""
        with self._lock:
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    # Writing

    def add(self, document: Document, chunks: Sequence[Chunk], vectors: Vectors | None) -> Outcome:
        """Add one document; see `add_many`."""
        ((_, outcome),) = self.add_many([(document, chunks, vectors)])
        return outcome

    def add_many(self, entries: Iterable[Entry]) -> Iterator[tuple[DocumentInfo, Outcome]]:
        """Add documents; each is reported once it is on disk, and not before.

        A document whose source is known replaces the older version in the same transaction; the same
        text again changes nothing.

        Args:
            entries: taken as they come, so that they may be computed meanwhile.

        Raises:
            IndexMismatch: the library was made with another embedder or chunking.
            IndexUnavailable: another process is writing, or the disk is full or read-only.
            StoreError: a text cannot be stored, or the library's file is damaged.
        """
        with self._writing() as connection:
            self.check_fingerprint()
            for batch in _batches(entries):
                require_space(self.home, sum(map(_size, batch)))
                with self._transaction(connection) as version:
                    outcomes = [self._put(connection, entry, version) for entry in batch]
                for (document, _, _), outcome in zip(batch, outcomes, strict=True):
                    yield self.info(document.id), outcome

    def remove(self, document_id: str) -> DocumentInfo:
        """Remove a document and everything made from it.

        Raises:
            StoreError: there is no such document.
            IndexUnavailable: another process is writing.
        """
        info = self.info(document_id)
        with self._writing() as connection, self._transaction(connection):
            connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))
        return info

    def clear(self) -> None:
        """Remove every document and what is kept beside them, in one step.

        Raises:
            IndexUnavailable: another process is writing.
        """
        with self._writing() as connection, self._transaction(connection):
            connection.execute("DELETE FROM documents")
            connection.execute("DELETE FROM meta WHERE key <> 'version'")

    def set_meta(self, key: str, value: str | int) -> None:
        """Keep a value beside the documents."""
        with self._writing() as connection, self._transaction(connection):
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def reembed(
        self,
        prepare: Callable[[Document], tuple[Sequence[Chunk], Vectors]],
        progress: Progress | None = None,
    ) -> int:
        """Cut and embed every document again, under this library's fingerprint.

        Nothing of it is visible before all of it is; killed midway, the old chunks and vectors remain.

        Returns:
            How many documents.

        Raises:
            IndexUnavailable: another process is writing, or the disk is full.
        """
        if not self.version:
            return 0
        with self._writing() as connection:
            require_space(self.home, self.path.stat().st_size)
            infos = self.documents()
            with self._transaction(connection) as version:
                connection.execute("DELETE FROM chunks")
                connection.execute("DELETE FROM meta WHERE key IN ('dimensions', 'fingerprint')")
                for done, info in enumerate(infos, start=1):
                    chunks, vectors = prepare(self.document(info.id))
                    self._put_chunks(connection, chunks, vectors, version)
                    if progress:
                        progress(done, len(infos))
        return len(infos)

    def _put(self, connection: sqlite3.Connection, entry: Entry, version: int) -> Outcome:
        document, chunks, vectors = entry
        found = connection.execute("SELECT id FROM documents WHERE source = ?", (document.source,)).fetchone()
        if found and found[0] == document.id:
            return "unchanged"
        connection.execute("DELETE FROM documents WHERE source = ?", (document.source,))
        blocks = json.dumps([asdict(block) for block in document.blocks])
        added = datetime.now(UTC).isoformat(timespec="seconds")
        connection.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (document.id, document.source, document.title, document.language)
            + (document.text, len(document.text), blocks, added),
        )
        self._put_chunks(connection, chunks, vectors, version)
        return "replaced" if found else "added"

    def _put_chunks(
        self, connection: sqlite3.Connection, chunks: Sequence[Chunk], vectors: Vectors | None, version: int
    ) -> None:
        (first,) = connection.execute("SELECT coalesce(max(row), 0) + 1 FROM chunks").fetchone()
        rows = list(enumerate(chunks, start=first))
        connection.executemany(
            "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    row,
                    c.id,
                    c.document_id,
                    c.ordinal,
                    c.start,
                    c.end,
                    c.heading,
                    c.context,
                    c.kind,
                    c.text,
                    version,
                )
                for row, c in rows
            ],
        )
        found = [(row, chunk) for row, chunk in rows if chunk.searchable]
        connection.executemany(
            "INSERT INTO keywords (rowid, terms) VALUES (?, ?)",
            [(row, " ".join(terms(chunk.embedded))) for row, chunk in found],
        )
        self._claim(connection, vectors)
        if vectors is not None:
            blobs = (np.ascontiguousarray(vector, "<f4").tobytes() for vector in vectors)
            pairs = zip((row for row, _ in found), blobs, strict=True)
            connection.executemany("INSERT INTO vectors VALUES (?, ?)", pairs)

    def _claim(self, connection: sqlite3.Connection, vectors: Vectors | None) -> None:
        """Note at the first vectors what they are; refuse others later."""
        connection.execute("INSERT OR IGNORE INTO meta VALUES ('fingerprint', ?)", (self.fingerprint,))
        if vectors is None or not len(vectors):
            return
        if vectors.ndim != 2 or not np.isfinite(vectors).all():
            raise StoreError(
                "The embedder returned vectors that are not finite numbers.", "Try another embedder."
            )
        connection.execute("INSERT OR IGNORE INTO meta VALUES ('dimensions', ?)", (vectors.shape[1],))
        (stored,) = connection.execute("SELECT value FROM meta WHERE key = 'dimensions'").fetchone()
        if stored != vectors.shape[1]:
            raise mismatch(*self.counts())

    # The file

    def _rows(self, sql: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a query; none when there is no library yet."""
        with self._lock, self._translated():
            if self._reader is None:
                self._reader = self._connect()
            return self._reader.execute(sql, tuple(parameters)).fetchall() if self._reader else []

    def _connect(self) -> sqlite3.Connection | None:
        """A connection for reading; None while nothing was ever committed.

        A folder that cannot be written cannot hold SQLite's shared memory; with no log left beside it the
        file is complete and may be read as immutable.
        """
        if not self.path.is_file():
            return None
        try:
            connection = self._connection("mode=rw")
        except sqlite3.OperationalError:
            log = self.path.with_name(f"{self.path.name}-wal")
            if log.exists() and log.stat().st_size:
                raise
            connection = self._connection("mode=ro&immutable=1")
        if _user_version(connection):
            connection.execute("PRAGMA query_only = ON")
            return connection
        connection.close()
        return None

    def _connection(self, mode: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.as_uri()}?{mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=10,
        )
        try:
            found = _user_version(connection)
            if found not in (0, _SCHEMA_VERSION):
                raise StoreError(
                    f"The library {self.path} has format {found}, this version reads {_SCHEMA_VERSION}.",
                    "Install the version of article-qa that wrote it, or choose another QA_HOME.",
                )
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """The one connection that writes, for as long as this holds the home folder's lock."""
        with self._translated():
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = FileLock(self.home / "write.lock", timeout=WAIT_SECONDS, thread_local=False)
            try:
                lock.acquire()
            except Timeout as error:
                raise IndexUnavailable(
                    f"Another process is adding to or removing from the library in {self.home}.",
                    "Try again when it is done, or use the one that is running.",
                ) from error
            try:
                connection = self._connection("mode=rwc")
                try:
                    connection.execute("PRAGMA journal_mode = WAL")
                    connection.execute("PRAGMA synchronous = FULL")
                    connection.execute("PRAGMA foreign_keys = ON")
                    if not _user_version(connection):
                        connection.executescript(_SCHEMA)
                    yield connection
                finally:
                    connection.close()
            finally:
                lock.release()

    @contextmanager
    def _transaction(self, connection: sqlite3.Connection) -> Iterator[int]:
        """One commit; gives its version number, which is taken back when nothing was changed."""
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'version'")
            before = connection.total_changes
            (version,) = connection.execute("SELECT value FROM meta WHERE key = 'version'").fetchone()
            yield int(version)
            # COMMIT itself can fail (disk full), so it belongs inside.
            connection.execute("COMMIT" if connection.total_changes > before else "ROLLBACK")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Say in this package's errors what went wrong with the file."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise IndexUnavailable(
                f"The library {self.path} cannot be used now: {error}.",
                "Check free disk space and write permission; nothing that was reported as added is lost.",
            ) from error
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"The library {self.path} is damaged: {error}.",
                "Restore it from a backup, or move it away and add the documents again.",
            ) from error
        except UnicodeEncodeError as error:
            raise StoreError(
                "A text holds half of a surrogate pair, which is not a character.", "Repair its encoding."
            ) from error
        except OSError as error:
            raise IndexUnavailable(
                f"The folder {self.home} cannot be written: {error.strerror or error}.",
                "Set QA_HOME to a folder that can be.",
            ) from error


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An unchanging view, for whoever keeps a copy of the vectors elsewhere.

    Attributes:
        connection: inside a read transaction; None for an empty library.
        version: number of the last commit it sees.
        count: how many vectors there are.
    """

    connection: sqlite3.Connection | None
    version: int
    count: int

    def pending(self, since: int) -> int:
        """How many chunks were added or removed after version ``since``."""
        sql = (
            "SELECT (SELECT count(*) FROM chunks WHERE version > ?)"
            " + (SELECT count(*) FROM removed WHERE version > ?)"
        )
        return int(next(self._run(sql, since, since), (0,))[0])

    def removed(self, since: int) -> list[str]:
        """Ids of chunks removed after ``since``; some may have been added again."""
        return [row[0] for row in self._run("SELECT id FROM removed WHERE version > ?", since)]

    def added(self, since: int, size: int) -> Iterator[tuple[list[Chunk], Vectors]]:
        """Blocks of up to ``size`` searchable chunks added after ``since``, with vectors of shape (n, d)."""
        sql = _CHUNK.replace(" FROM", ", v.vector FROM", 1) + (
            " JOIN vectors v ON v.row = c.row WHERE c.version > ? ORDER BY c.row"
        )
        for rows in _blocks(self._run(sql, since), size):
            yield [Chunk(*row[:-1]) for row in rows], _matrix([row[-1] for row in rows])

    def vectors(
        self, size: int, document_ids: Sequence[str] | None = None
    ) -> Iterator[tuple[list[str], Vectors]]:
        """Blocks of chunk ids and their vectors of shape (n, d), without texts."""
        scope = "" if document_ids is None else f" WHERE c.document_id IN ({_marks(document_ids)})"
        sql = f"SELECT c.id, v.vector FROM vectors v JOIN chunks c ON c.row = v.row{scope}"
        for rows in _blocks(self._run(sql, *(document_ids or ())), size):
            yield [row[0] for row in rows], _matrix([row[1] for row in rows])

    def _run(self, sql: str, *parameters: Any) -> Iterator[tuple[Any, ...]]:
        return iter(()) if self.connection is None else self.connection.execute(sql, parameters)


def mismatch(documents: int, chunks: int) -> IndexMismatch:
    """The error for a library made otherwise than the settings would, with the cost of making it again."""
    return IndexMismatch(
        "The library was made by another version or with other settings for embedding or chunking;"
        f" making it again means {documents} documents, about {chunks} chunks.",
        "Make it again with `qa reindex`, or put the former settings back.",
    )


def require_space(folder: Path, size: int) -> None:
    """Refuse to write ``size`` bytes where they, their log and their index would not fit.

    Raises:
        IndexUnavailable: too little free space.
    """
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free, needed = shutil.disk_usage(existing).free, max(FREE_BYTES, 4 * size)
    if free < needed:
        raise IndexUnavailable(
            f"The disk is nearly full: {free // 10**6} MB free under {folder}, {needed // 10**6} MB needed.",
            "Free some space, or set QA_HOME to a folder on another disk.",
        )


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Cut entries into transactions; of a source each holds one version, since it is what can be reported."""
    batch: list[Entry] = []
    started = time.monotonic()
    for entry in entries:
        if any(entry[0].source == document.source for document, _, _ in batch):
            yield batch
            batch, started = [], time.monotonic()
        batch.append(entry)
        full = sum(len(chunks) for _, chunks, _ in batch) >= BATCH_CHUNKS
        if full or time.monotonic() - started > BATCH_SECONDS:
            yield batch
            batch, started = [], time.monotonic()
    if batch:
        yield batch


def _size(entry: Entry) -> int:
    document, _, vectors = entry
    return 4 * len(document.text) + (0 if vectors is None else vectors.nbytes)


def _blocks(rows: Iterator[tuple[Any, ...]], size: int) -> Iterator[list[tuple[Any, ...]]]:
    block: list[tuple[Any, ...]] = []
    for row in rows:
        block.append(row)
        if len(block) == size:
            yield block
            block = []
    if block:
        yield block


def _matrix(blobs: list[bytes]) -> Vectors:
    return np.frombuffer(b"".join(blobs), "<f4").reshape(len(blobs), -1)


def _marks(values: Iterable[object]) -> str:
    return ",".join("?" for _ in values)


def _user_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
