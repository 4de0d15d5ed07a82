"""The whole way with the embedded default: the user's article where it is, the bundled sample elsewhere."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from qa import Assistant

pytestmark = [
    pytest.mark.local_model,
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("xllamacpp") is None, reason="needs the [local] extra"),
]
ARTICLE = Path(__file__).parents[2] / "shared" / "article" / "article.ja.txt"


@pytest.fixture(scope="module")
def assistant(tmp_path_factory):
    if not ARTICLE.exists():
        pytest.skip("the user's article is not beside this checkout")
    with Assistant(home=tmp_path_factory.mktemp("home")) as assistant:
        assert len(assistant.add(ARTICLE).added) == 1
        yield assistant


@pytest.mark.parametrize(
    ("question", "right"),
    [
        ("暫定CEOは誰ですか？", r"ドロージ"),
        # The article gives the sum in both ways.
        ("メタはスケールAIにいくら出資しましたか？", r"14[03] ?億"),
        ("How much did Meta invest in Scale AI?", r"14(?:\.3)? billion"),
    ],
)
def test_answers_with_a_quote_that_stands_in_the_file(assistant, question, right):
    text = ARTICLE.read_text(encoding="utf-8")
    answer = assistant.ask(question)
    assert answer.answered and re.search(right, answer.text), answer.text
    assert answer.citations
    for citation in answer.citations:
        assert text[citation.start : citation.end] == citation.quote
    assert "143 billion" not in answer.text


def test_page_furniture_is_never_found(assistant):
    hits = assistant.search("記事をシェア Tagged 画像", k=50)
    assert hits and not any(hit.chunk.text.strip() in ("記事をシェア", "Tagged:", "出版") for hit in hits)
