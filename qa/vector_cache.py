"""Texts go in, their vectors come out: those embedded before are read from a file, the others are kept in it.

An answer compares a question with every sentence near it, and embedding the sentences of one article takes
longer than all else before the model reads; the next process would do it again. The file is a cache: nothing
but speed is lost with it, so whatever is wrong with it is only logged. It holds no text, only vectors under
hashes; what is removed from the library empties it. Knows no embedder, no document and no settings.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["VectorCache"]

Vectors = npt.NDArray[np.float32]

logger = logging.getLogger(__name__)

MOST = 50_000
"""Vectors that are kept, 80 MB of 384 dimensions; the oldest tenth goes when there are more."""
WAIT_SECONDS = 0.5
_READ_AT_ONCE = 500
_FORMAT = 1


class VectorCache:
    """A callable like the embedder's; safe to use from several threads and processes.

    Args:
        path: the file; it is made beside what is there already, never a folder for it.
        fingerprint: of what makes vectors; another one empties the file.
        embed: texts to vectors, shape (n, dimensions).
        most: how many vectors are kept.
    """

    def __init__(
        self, path: Path, fingerprint: str, embed: Callable[[Sequence[str]], Vectors], most: int = MOST
    ) -> None:
        self._path = path
        self._fingerprint = fingerprint
        self._embed = embed
        self._most = most

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts, shape (len(texts), dimensions).

        Raises:
            ModelError: the embedder cannot be used.
        """
        keys = [_hash(text, 16) for text in texts]
        known = self._read(keys)
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            made = dict(zip(new, self._embed(list(new.values())), strict=True))
            self._keep(made)
            known |= made
        return np.stack([known[key] for key in keys]) if keys else self._embed([])

    def clear(self) -> None:
        """Forget everything, so that nothing stays of what was removed."""
        if not self._path.exists():
            return
        with self._opened() as connection:
            if connection:
                with connection:
                    connection.execute("DELETE FROM vectors")

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        found: dict[bytes, Vectors] = {}
        with self._opened() as connection:
            if connection is None:
                return found
            for start in range(0, len(keys), _READ_AT_ONCE):
                part = keys[start : start + _READ_AT_ONCE]
                marks = ",".join("?" * len(part))
                sql = f"SELECT key, vector FROM vectors WHERE key IN ({marks})"
                found |= {key: np.frombuffer(blob, "<f4") for key, blob in connection.execute(sql, part)}
        return found

    def _keep(self, made: dict[bytes, Vectors]) -> None:
        rows = [(key, np.ascontiguousarray(vector, "<f4").tobytes()) for key, vector in made.items()]
        with self._opened() as connection:
            if connection is None:
                return
            with connection:
                connection.executemany("INSERT OR REPLACE INTO vectors (key, vector) VALUES (?, ?)", rows)
                (count,) = connection.execute("SELECT count(*) FROM vectors").fetchone()
                if count > self._most:
                    oldest = "SELECT rowid FROM vectors ORDER BY rowid LIMIT ?"
                    surplus = count - self._most + self._most // 10
                    connection.execute(f"DELETE FROM vectors WHERE rowid IN ({oldest})", (surplus,))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection | None]:
        """A connection to the file; None where it cannot be had. What goes wrong is not raised."""
        connection = self._connect()
        try:
            yield connection
        except sqlite3.Error as error:
            logger.info("The kept vectors in %s are not used: %s", self._path, error)
        finally:
            if connection:
                connection.close()

    def _connect(self) -> sqlite3.Connection | None:
        if not self._path.parent.is_dir():
            return None
        connection = None
        try:
            connection = sqlite3.connect(self._path, timeout=WAIT_SECONDS)
            self._make_ready(connection)
        except sqlite3.Error as error:
            logger.info("The kept vectors in %s cannot be opened: %s", self._path, error)
            if connection:
                connection.close()
            # What is no passing trouble is damage: the next call makes the file anew.
            if not isinstance(error, sqlite3.OperationalError):
                with suppress(OSError):
                    self._path.unlink()
            return None
        return connection

    def _make_ready(self, connection: sqlite3.Connection) -> None:
        """Make the table, anew where the file is of another format or holds other vectors."""
        wanted = 1 + int.from_bytes(_hash(f"{_FORMAT} {self._fingerprint}", 3), "big")
        if connection.execute("PRAGMA user_version").fetchone()[0] == wanted:
            return
        connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN;"
            " DROP TABLE IF EXISTS vectors;"
            " CREATE TABLE vectors (key BLOB UNIQUE NOT NULL, vector BLOB NOT NULL);"
            f" PRAGMA user_version = {wanted}; COMMIT;"
        )


def _hash(text: str, size: int) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()
