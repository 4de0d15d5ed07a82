"""Vectors kept in a file: nothing is embedded twice, and no fault of the file is one of an answer."""

from __future__ import annotations

import sqlite3
import threading

import numpy as np
import pytest

from qa.vector_cache import VectorCache


class Embeds:
    """Counts what it embeds: each text to its length and its first letter."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, texts):
        self.texts += texts
        return np.array([[len(text), ord(text[0])] for text in texts], np.float32).reshape(-1, 2)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sentences.sqlite"


def test_the_next_process_embeds_only_what_is_new(path):
    first, second = Embeds(), Embeds()
    made = VectorCache(path, "e5", first)(["one", "three", "one", "半"])
    again = VectorCache(path, "e5", second)(["半", "four", "three"])
    assert first.texts == ["one", "three", "半"] and second.texts == ["four"]
    assert made.tolist() == [[3, 111], [5, 116], [3, 111], [1, ord("半")]]
    assert again.tolist() == [[1, ord("半")], [4, 102], [5, 116]] and again.dtype == np.float32


def test_no_texts_have_no_vectors(path):
    assert VectorCache(path, "e5", Embeds())([]).shape == (0, 2)


def test_vectors_of_another_embedder_are_not_used(path):
    VectorCache(path, "e5", Embeds())(["one"])
    other = Embeds()
    VectorCache(path, "other", other)(["one"])
    assert other.texts == ["one"]


def test_what_was_cleared_is_gone(path):
    embeds = Embeds()
    cache = VectorCache(path, "e5", embeds)
    cache(["one"])
    cache.clear()
    cache(["one"])
    assert embeds.texts == ["one", "one"]


def test_clearing_makes_no_file(path):
    VectorCache(path, "e5", Embeds()).clear()
    assert not path.exists()


def test_the_oldest_go_when_there_are_too_many(path):
    embeds = Embeds()
    cache = VectorCache(path, "e5", embeds, most=10)
    cache([f"{n} text" for n in range(11)])
    cache(["10 text", "0 text"])
    assert embeds.texts[11:] == ["0 text"]
    assert sqlite3.connect(path).execute("SELECT count(*) FROM vectors").fetchone()[0] <= 10


def test_it_holds_no_text(path):
    VectorCache(path, "e5", Embeds())(["a secret sentence"])
    assert all(b"secret" not in file.read_bytes() for file in path.parent.iterdir())


def test_without_a_folder_none_is_made(tmp_path):
    cache = VectorCache(tmp_path / "none" / "sentences.sqlite", "e5", Embeds())
    assert cache(["one"]).tolist() == [[3, 111]]
    cache.clear()
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("content", [b"no database at all, and longer than a header would be" * 9, b""])
def test_a_damaged_file_costs_time_and_no_answer(path, content):
    path.write_bytes(content)
    embeds = Embeds()
    cache = VectorCache(path, "e5", embeds)
    assert cache(["one"]).tolist() == cache(["one"]).tolist() == [[3, 111]]
    assert embeds.texts == ["one"]


def test_a_locked_file_costs_time_and_no_answer(path):
    cache = VectorCache(path, "e5", Embeds())
    cache(["one"])
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    assert cache(["one", "two"]).tolist() == [[3, 111], [3, 116]]
    other.close()


def test_threads_may_share_it(path):
    cache = VectorCache(path, "e5", Embeds())
    faults: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for size in range(1, 15):
                texts = [f"{(number + n) % 9}" * size for n in range(5)]
                assert cache(texts)[:, 0].tolist() == [size] * 5
        except BaseException as fault:  # noqa: BLE001 - shown below
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
