from __future__ import annotations

import dataclasses
import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa import data


@st.composite
def answers(draw: st.DrawFn) -> data.Answer:
    text, number = st.text(max_size=12), st.floats(0, 1)
    cited = st.builds(
        data.Citation,
        marker=st.integers(1, 5), document_id=text, source=text, title=text,
        start=st.integers(0), end=st.integers(0), quote=text, score=number,
    )  # fmt: skip
    chunk = st.builds(
        data.Chunk,
        id=text, document_id=text, source=text, title=text, ordinal=st.integers(0),
        start=st.integers(0), end=st.integers(0), heading=text, context=text,
        kind=st.sampled_from(["body", "furniture"]), text=text,
    )  # fmt: skip
    hit = st.builds(
        data.Hit, chunk, st.integers(1), number, st.none() | number, st.just(("dense", "keyword"))
    )
    lists = st.lists(cited, max_size=3).map(tuple)
    sentence = st.builds(data.Sentence, text, st.sampled_from(["supported", "partly"]), text, lists)
    receipt = st.builds(data.Receipt, model=text, seconds=st.dictionaries(text, number, max_size=2))
    return data.Answer(
        question=draw(text),
        text=draw(text),
        sentences=tuple(draw(st.lists(sentence, max_size=3))),
        answered=draw(st.booleans()),
        reason="answered",
        nearest=draw(st.none() | cited),
        hits=tuple(draw(st.lists(hit, max_size=2))),
        receipt=draw(receipt),
    )


@given(answers())
def test_an_answer_survives_json(answer: data.Answer) -> None:
    plain = answer.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert set(plain) == {field.name for field in dataclasses.fields(answer)}


@given(answers())
def test_citations_are_listed_once_in_the_order_of_their_markers(answer: data.Answer) -> None:
    markers = [citation.marker for citation in answer.citations]
    assert markers == sorted({c.marker for s in answer.sentences for c in s.citations})


def test_reports_survive_json() -> None:
    info = data.DocumentInfo("a", "s", "t", "ja", 3, 1, "2025-01-01T00:00:00Z")
    report = data.AddReport(added=(info,), failed=(data.Failure("x", "no", "do"),))
    assert json.loads(json.dumps(report.to_dict())) == report.to_dict()
    assert report.to_dict()["added"] == [info.to_dict()]


@given(st.text(), st.text())
def test_an_id_depends_on_source_and_text_alone(source: str, text: str) -> None:
    one = data.Document.create(source, "a", text, (), "en")
    assert one.id == data.Document.create(source, "b", text, (), "ja").id
    assert len(one.id) == 16 and set(one.id) <= set(string.hexdigits.lower())
    assert one.id != data.Document.create(source + "x", "a", text, (), "en").id
    assert one.id != data.Document.create(source, "a", text + "x", (), "en").id


def test_lone_surrogates_have_an_id_too() -> None:
    assert data.Document.create("s", "t", "\ud800", (), "und").id


@pytest.mark.parametrize(
    ("kind", "text", "expected"), [("body", "x", True), ("body", " \n", False), ("furniture", "x", False)]
)
def test_what_is_searched(kind: data.BlockKind, text: str, expected: bool) -> None:
    chunk = data.Chunk("d:0", "d", "s", "t", 0, 0, 1, "", "Title", kind, text)
    assert chunk.searchable is expected


def test_values_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.Receipt().model = "x"  # type: ignore[misc]
