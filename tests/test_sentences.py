from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.sentences import split_sentences, width

TEXT = st.text(
    alphabet=st.sampled_from("aB1 .!?。！？「」（）“”\n\t,-é。한Ａ…\u3000") | st.characters(codec="utf-8")
)


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@given(TEXT)
def test_sentences_hold_every_character_that_is_not_space_once_and_in_order(text: str) -> None:
    spans = split_sentences(text)
    assert all(left[1] <= right[0] for left, right in zip(spans, spans[1:], strict=False))
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)
    assert "".join("".join(s.split()) for s in cut(text)) == "".join(text.split())


@given(TEXT, st.integers(0, 20), st.integers(0, 20))
def test_a_part_of_a_text_is_cut_within_its_bounds(text: str, one: int, other: int) -> None:
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    spans = split_sentences(text, start, end)
    assert all(start <= left < right <= end for left, right in spans)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("港は広い。船は速い。", 2),
        ("社長は「港は広い。船も速い。」と述べた。", 1),
        ("本当か？！　違う。", 2),
        ("He met Dr. Kern in the U.S. Senate on Jan. 5. They talked.", 2),
        ("J. R. Kern won. Nobody knew.", 2),
        ("It rose 3.5 points. Then it fell.", 2),
        ("Wait... what? Yes.", 2),
        ("“We are leaving.” The mayor agreed.", 2),
        ("“We are leaving,” said Kern. The mayor agreed.", 2),
        ("The “U.S. first” line won. It was old.", 2),
        ("彼は「速い！」と言った。", 1),
        ("見出し\n本文はここから。", 2),
        ("- one\n- two\n- three", 3),
        ("これは（注。あり）です。次。", 2),
        ("한국은 넓다. 배는 빠르다.", 2),
        ("「閉じない括弧。\n次の行。", 2),
    ],
)
def test_boundaries(text: str, count: int) -> None:
    assert len(cut(text)) == count, cut(text)


def test_a_hard_wrapped_line_goes_on_and_a_short_one_does_not() -> None:
    wrapped = (
        "The harbour board met on Tuesday to talk about the new pier that\nthe town has wanted. It agreed."
    )
    assert len(cut(wrapped)) == 2
    assert len(cut("A short line\nAnother one")) == 2


def test_an_unclosed_bracket_does_not_swallow_the_document() -> None:
    assert len(cut("（" + "港は広い。" * 200)) > 50


@pytest.mark.timeout(20)
def test_time_grows_with_length_only() -> None:
    assert len(split_sentences("The port is wide. " * 50_000)) == 50_000
    assert len(split_sentences("port\n" * 50_000)) == 50_000


def test_width_counts_wide_characters_twice() -> None:
    assert width("ab漢カ한Ａ｡") == 2 + 2 * 4 + 1
