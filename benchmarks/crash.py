"""Kill a process that adds documents, again and again, and see what the next start finds.

    python -m benchmarks.crash --random 60 --aimed 30 --between 20

Three ways to kill -9: at a random moment; up to 12 ms after Chroma starts to rewrite its vector files; and
between the library's commit and the index, or between the index and its seal. After each, a fresh process
opens the store and compares everything with what had been acknowledged. The control does the same to a plain
Chroma client without the library. Vectors are random (no model), so runs differ in timing only.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import qa.index
from qa.data import Block, Chunk, Document
from qa.errors import StoreError
from qa.index import Store
from qa.library import Entry
from qa.settings import Settings

DIMENSIONS, CHUNKS, GROUP, BASE = 384, 20, 5, 250
"""Vector length; chunks of a document; documents of one call; documents before the first kill."""
FLUSH_EVERY = 200
"""Chroma's sync_threshold here: a fifth of its default, so that there are more rewrites to hit."""
CHAIN = 5
"""Kills that one home folder goes through."""
START_SECONDS, MOST_BYTES = 30.0, 2_000_000_000


# What is added: document n in revision r is always the same


def entry(number: int, revision: int) -> Entry:
    """A document of `CHUNKS` chunks with random unit vectors."""
    texts = [f"Document {number} revision {revision} part {i}. 第{number}号の文{i}。" for i in range(CHUNKS)]
    text = "".join(texts)
    blocks = (Block(0, len(text), "body"),)
    document = Document.create(f"doc-{number}", f"Document {number}", text, blocks, "en")
    chunks, start = [], 0
    for ordinal, part in enumerate(texts):
        end = start + len(part)
        place = (document.id, document.source, document.title, ordinal, start, end)
        chunks.append(Chunk(f"{document.id}:{ordinal}", *place, "", "", "body", part))
        start = end
    vectors = np.random.default_rng((number, revision)).standard_normal((CHUNKS, DIMENSIONS))
    return document, chunks, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def work(first: int, seed: int) -> Iterator[list[tuple[int, int]]]:
    """Groups of (number, revision) without end: new documents, and one changed one in each group."""
    dice = random.Random(seed)
    while True:
        yield [(n, 0) for n in range(first, first + GROUP - 1)] + [(dice.randrange(first), seed + 1)]
        first += GROUP - 1


# Children


def write_store(home: Path, first: int, seed: int, log: Path, pause: str) -> None:
    """Add documents until killed; every attempt and every acknowledgement is written to ``log`` at once."""
    if pause:
        _pause_at(pause, home)
    store = Store.open(Settings(home=home))
    with log.open("a", buffering=1) as lines:
        for group in work(first, seed):
            for number, revision in group:
                lines.write(f"try {number} {revision}\n")
            outcomes = store.add_many(entry(*one) for one in group)
            for (number, revision), _ in zip(group, outcomes, strict=True):
                lines.write(f"ack {number} {revision}\n")


def write_plain(home: Path, first: int, seed: int, log: Path, _: str) -> None:
    """The same into a plain Chroma client; a changed document is upserted over the old chunks' ids."""
    collection = _plain(home)
    with log.open("a", buffering=1) as lines:
        for group in work(first, seed):
            for number, revision in group:
                lines.write(f"try {number} {revision}\n")
            _upsert_plain(collection, group)
            for number, revision in group:
                lines.write(f"ack {number} {revision}\n")


def _pause_at(place: str, home: Path) -> None:
    """Make one step take 100 ms and leave a mark when it begins, so that the kill falls into it."""
    owner, name = {
        "before index": (qa.index.EmbeddedIndex, "_catch_up"),
        "before seal": (qa.index, "_replace"),
    }[place]
    original = getattr(owner, name)

    def slow(*arguments: Any) -> Any:
        (home / "pausing").touch()
        time.sleep(0.1)
        return original(*arguments)

    setattr(owner, name, slow)


def _plain(home: Path) -> Any:
    import chromadb

    client = chromadb.PersistentClient(str(home), chromadb.config.Settings(anonymized_telemetry=False))
    options: Any = {"hnsw": {"space": "cosine", "ef_search": 200, "sync_threshold": FLUSH_EVERY}}
    return client.get_or_create_collection("plain", embedding_function=None, configuration=options)


def _upsert_plain(collection: Any, group: list[tuple[int, int]]) -> None:
    entries = [entry(*one) for one in group]
    collection.upsert(
        ids=[f"{number}:{i}" for number, _ in group for i in range(CHUNKS)],
        embeddings=[vector for _, _, vectors in entries for vector in vectors],
        documents=[chunk.text for _, chunks, _ in entries for chunk in chunks],
    )


def check_store(home: Path, state: dict[str, list[int]]) -> dict[str, Any]:
    """Open the store as the next start would; count what is lost, partial, duplicated or not found."""
    sealed = (home / "index" / "seal.json").exists()
    started = time.monotonic()
    store = Store.open(Settings(home=home))
    store.dense(entry(0, 0)[2][0], 1)
    answered = time.monotonic() - started
    store.prepare()
    ready = time.monotonic() - started
    report: dict[str, Any] = dict.fromkeys(("lost", "partial", "duplicate", "missed"), 0)
    report |= {"answered": answered, "ready": ready, "unsealed": int(not sealed)}
    infos = {info.id: info for info in store.documents()}
    report["duplicate"] = len(infos) - len({info.source for info in infos.values()})
    with store.library.snapshot() as snapshot:
        blocks = list(snapshot.vectors(1000))
    stored = {chunk_id: row for ids, block in blocks for chunk_id, row in zip(ids, block, strict=True)}
    expected = 0
    for number, revisions in state.items():
        attempted = [entry(int(number), revision) for revision in revisions if revision >= 0]
        found = [one for one in attempted if one[0].id in infos]
        report["lost"] += not found and revisions[0] >= 0
        for document, chunks, vectors in found[:1]:
            expected += 1
            whole = store.library.chunks_of(document.id) == chunks and store.document(document.id) == document
            same = all(np.array_equal(stored.get(c.id), v) for c, v in zip(chunks, vectors, strict=True))
            report["partial"] += not (whole and same)
            report["missed"] += int(number) % 7 == 0 and store.dense(vectors[3], 1)[0][0] != chunks[3].id
    report["duplicate"] += len(infos) - expected
    report["chroma"] = int(store.index.level and store.index._chroma.count() == len(stored))
    store.close()
    return report


def check_plain(home: Path, state: dict[str, list[int]]) -> dict[str, Any]:
    """Open plain Chroma again under limits; what it cannot do any more is damage."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, MOST_BYTES))
    collection = _plain(home)
    ids = set(collection.get(include=[])["ids"])
    acked = {int(number): revisions for number, revisions in state.items() if revisions[0] >= 0}
    lost = [number for number in acked if not all(f"{number}:{i}" in ids for i in range(CHUNKS))]
    missed = 0
    for number in [number for number, revisions in acked.items() if len(revisions) == 1][::7]:
        vector = entry(number, acked[number][0])[2][3]
        found = collection.query(query_embeddings=[vector], n_results=1, include=[])
        missed += found["ids"][0] != [f"{number}:3"]
    return {"lost": len(lost), "missed": missed}


# The one that kills


@dataclass
class Score:
    """What a series of kills came to."""

    kills: int = 0
    damaged: int = 0
    worst: dict[str, float] = field(default_factory=dict)
    acknowledged: int = 0

    def add(self, report: dict[str, Any], acknowledged: int) -> None:
        """Count one kill and what was found after it."""
        self.kills += 1
        self.acknowledged += acknowledged
        for key, value in report.items():
            so_far = self.worst.get(key, 0)
            self.worst[key] = max(so_far, value) if key in ("answered", "ready") else so_far + value
        bad = any(report.get(key, 0) for key in ("lost", "partial", "duplicate", "missed", "error"))
        self.damaged += bad or report.get("chroma", 1) != 1

    def row(self) -> list[str]:
        """The cells of `_COLUMNS`."""
        counts = [
            self.worst.get(key, 0) for key in ("lost", "partial", "duplicate", "missed", "error", "unsealed")
        ]
        seconds = [f"{self.worst.get(key, 0):.2f}" for key in ("answered", "ready")]
        return [str(cell) for cell in (self.kills, self.damaged, self.acknowledged, *counts, *seconds)]


_COLUMNS = "kills damaged acked lost partial doubled missed failed unsealed answer_s ready_s".split()


def run(subject: str, manner: str, kills: int, base: Path, seed: int) -> Score:
    """Kill ``kills`` writers of ``subject`` ("store" or "plain") and check after each."""
    dice, score = random.Random(f"{subject} {manner} {seed}"), Score()
    with tempfile.TemporaryDirectory() as folder:
        home, state = Path(folder) / "home", {}
        for kill in range(kills):
            # A damaged plain client stays damaged, so each of its kills gets a fresh copy.
            if kill % CHAIN == 0 or subject == "plain":
                shutil.rmtree(home, ignore_errors=True)
                shutil.copytree(base / subject, home)
                state = {number: [0] for number in range(BASE)}
            before = len(state)
            log = Path(folder) / f"log-{kill}"
            _kill_one(subject, manner, home, log, max(state) + 1, dice)
            acknowledged = _read(log, state)
            report = _check(subject, home, state)
            score.add(report, acknowledged)
            if report.get("error") or any(
                report.get(key) for key in ("lost", "partial", "duplicate", "missed")
            ):
                print(f"  {subject}, kill {kill} ({manner}), {before} to {len(state)} documents: {report}")
            if subject == "store":
                state = _settle(home, state)
    return score


def _kill_one(subject: str, manner: str, home: Path, log: Path, first: int, dice: random.Random) -> None:
    pause = dice.choice(["before index", "before seal"]) if manner == "between" else ""
    seed = dice.randrange(10**6)
    command = ["--child", f"write-{subject}", str(home), str(first), str(seed), str(log), pause]
    log.touch()
    child = subprocess.Popen([sys.executable, "-m", "benchmarks.crash", *command])
    try:
        if manner == "random":
            _wait(lambda: log.stat().st_size > 0)
            time.sleep(dice.uniform(0.0, 4.0))
        elif manner == "aimed":
            _wait(lambda: b"ack" in log.read_bytes())
            for _ in range(dice.randint(1, 3)):
                seen = _stamps(home)
                _wait(lambda seen=seen: _stamps(home) != seen, 0.0002)
            time.sleep(dice.uniform(0.0, 0.012))
        else:
            _wait(lambda: (home / "pausing").exists())
            time.sleep(dice.uniform(0.0, 0.1))
    finally:
        child.kill()
        child.wait()
    (home / "pausing").unlink(missing_ok=True)


def _wait(condition: Any, pause: float = 0.01) -> None:
    until = time.monotonic() + 60
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError("the child did not get so far")
        time.sleep(pause)


def _stamps(home: Path) -> list[int]:
    """Sizes and times of Chroma's vector files."""
    stamps = []
    for path in home.rglob("*.bin"):
        try:
            stamps.append(path.stat().st_mtime_ns)
        except FileNotFoundError:
            continue
    return sorted(stamps)


def _read(log: Path, state: dict[int, list[int]]) -> int:
    """Bring ``state`` up to a log: per document the acknowledged revision (-1: none), then attempted ones."""
    acknowledged = 0
    for line in log.read_text().splitlines(keepends=True):
        word, number, revision = line.split() if line.endswith("\n") else ("", "0", "0")
        if word == "try":
            state.setdefault(int(number), [-1]).append(int(revision))
        if word == "ack":
            state[int(number)] = [int(revision)]
            acknowledged += 1
    return acknowledged


def _check(subject: str, home: Path, state: dict[int, list[int]]) -> dict[str, Any]:
    file = home.parent / "state.json"
    file.write_text(json.dumps(state))
    started = time.monotonic()
    command = [sys.executable, "-m", "benchmarks.crash", "--child", f"check-{subject}", str(home), str(file)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=4 * START_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return {"error": 1, "ready": time.monotonic() - started}
    if done.returncode:
        if subject == "store":
            print(done.stderr[-2000:])
        return {"error": 1}
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def _settle(home: Path, state: dict[int, list[int]]) -> dict[int, list[int]]:
    """What the store holds now, an interrupted call included: the state before the next kill."""
    store = Store.open(Settings(home=home))
    try:
        present = {info.id for info in store.documents()}
    except StoreError:
        present = set()  # reported by the check already
    store.close()
    held = {
        n: [r for r in revisions if r >= 0 and entry(n, r)[0].id in present] for n, revisions in state.items()
    }
    return {number: revisions[:1] for number, revisions in held.items() if revisions}


def make_base(subject: str, home: Path) -> None:
    """Fill a store or a plain client with the first `BASE` documents."""
    group = [(number, 0) for number in range(BASE)]
    if subject == "store":
        store = Store.open(Settings(home=home))
        list(store.add_many(entry(*one) for one in group))
        store.close()
    else:
        collection = _plain(home)
        for start in range(0, BASE, GROUP):
            _upsert_plain(collection, group[start : start + GROUP])


def child(arguments: list[str]) -> None:
    """What a child process does."""
    task, home, *rest = arguments
    if task.startswith("write"):
        write = write_store if task == "write-store" else write_plain
        write(Path(home), int(rest[0]), int(rest[1]), Path(rest[2]), rest[3])
    else:
        check = check_store if task == "check-store" else check_plain
        print(json.dumps(check(Path(home), json.loads(Path(rest[0]).read_text()))))


def main() -> int:
    """Run every series and print one table; 1 if the store was damaged or slow once."""
    parser = argparse.ArgumentParser(description="Kill processes that add documents.")
    for name, count in (("random", 60), ("aimed", 30), ("between", 20), ("control", 20)):
        parser.add_argument(f"--{name}", type=int, default=count, help=f"kills, default {count}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--child", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args()
    qa.index.SYNC_THRESHOLD = FLUSH_EVERY
    if options.child:
        child(options.child)
        return 0
    series = [("store", "random", options.random), ("store", "aimed", options.aimed)]
    series += [("store", "between", options.between)]
    series += [("plain", "random", options.control), ("plain", "aimed", options.control)]
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for subject in sorted({subject for subject, _, kills in series if kills}):
            make_base(subject, Path(folder) / subject)
        print(f"{'':16}" + "".join(f"{name:>9}" for name in _COLUMNS))
        for subject, manner, kills in series:
            score = run(subject, manner, kills, Path(folder), options.seed)
            print(f"{subject + ', ' + manner:16}" + "".join(f"{cell:>9}" for cell in score.row()), flush=True)
            slow = score.worst.get("ready", 0) > START_SECONDS
            good = good and not (subject == "store" and (score.damaged or slow))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
