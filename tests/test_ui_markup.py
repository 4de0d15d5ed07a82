"""Markup is safe by its type; answers, sources, library and reports are rendered from plain values."""

from __future__ import annotations

import ast
import html
import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa import cite, order, polarity, roles, verify
from qa.cite import Candidate, prove
from qa.data import (
    AddReport,
    Answer,
    Block,
    Chunk,
    Citation,
    Document,
    DocumentInfo,
    Failure,
    Hit,
    Receipt,
    Sentence,
)
from qa.reports import Metric, Report
from qa.ui import export, frame, reader, render, shelf
from qa.ui.evals import evals
from qa.ui.markup import Safe, button, exact, join, tag
from qa.ui.turns import Turn, read_turns
from qa.ui.words import TEXTS, explained, words
from qa.verify import check

EVIL = "<script>alert('x')</script>\"'&\u202e${1}{{2}}"
TEXT = "Title 😀 one\n\nFirst sentence. Second sentence.\n\n## A heading\n\nThird 🚢 sentence."


def cited(quote: str = "First sentence.", marker: int = 1, title: str = "Title") -> Citation:
    start = TEXT.find(quote)
    return Citation(marker, "d" * 16, "/a/b.txt", title, start, start + len(quote), quote, 0.9)


def answer(**changes) -> Answer:
    chunk = Chunk("d:0", "d" * 16, "/a/b.txt", "Title", 0, 15, 48, "", "context", "body", "First sentence.")
    made = Answer(
        question="Why?",
        text="Because. And more.",
        sentences=(
            Sentence("Because.", "supported", "", (cited(), cited("Second sentence.", 2))),
            Sentence("And more.", "partly", "143 is not in the source", (cited("Second sentence.", 2),)),
        ),
        answered=True,
        reason="answered",
        nearest=None,
        hits=(Hit(chunk, 1, 0.87, 0.8, ("dense", "keyword")), Hit(chunk, 2, 0.5, None, ("keyword",))),
        receipt=Receipt(
            "model-x", "e5", {"read": "abcd"}, "f00d", "Why?", "en", 1200, 30, {"judge": 0.5, "total": 2.0}
        ),
    )
    return replace(made, **changes)


REFUSAL = answer(
    text="The article does not say.",
    sentences=(Sentence("The article does not say.", "unsupported", "not_stated", ()),),
    answered=False,
    reason="not_stated",
    nearest=cited(marker=0),
)


class Reading(HTMLParser):
    """Elements and texts as a browser finds them."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[dict[str, str | None]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, name, attrs):
        self.tags.append(name)
        self.attributes.append(dict(attrs))
        self.open.append(name)

    def handle_startendtag(self, name, attrs):
        self.handle_starttag(name, attrs)
        self.handle_endtag(name)

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, data):
        self.text += data

    def one(self, **wanted: str) -> dict[str, str | None]:
        (found,) = [
            a for a in self.attributes if all(a.get(k.replace("_", "-")) == v for k, v in wanted.items())
        ]
        return found


# markup


def test_text_becomes_text_and_markup_stays_markup():
    assert tag("p", "<b>", tag("b", "x")) == "<p>&lt;b&gt;<b>x</b></p>"
    assert isinstance(tag("p"), Safe)
    assert join(["<", Safe("<br>")]) == "&lt;<br>"
    assert tag("p", Safe("<b>") + "<i>") == "<p>&lt;b&gt;&lt;i&gt;</p>"  # an addition is plain text again


def test_attributes_are_quoted_left_out_or_bare():
    assert (
        tag("a", class_="x", data_n=1, hidden=True, href=None, open=False)
        == '<a class="x" data-n="1" hidden></a>'
    )
    assert tag("a", title='"><b>') == '<a title="&quot;&gt;&lt;b&gt;"></a>'


def test_what_no_reader_sees_is_taken_out_of_texts_but_not_of_data():
    assert tag("p", "a\u202eb\u200bc") == "<p>abc</p>"
    assert html.unescape(exact("a\u202eb")) == "a\u202eb"


@settings(deadline=None)
@given(st.text(), st.text())
def test_no_text_can_make_an_element_or_leave_its_attribute(inside, value):
    read = Reading(tag("p", inside, title=value))
    assert read.tags == ["p"]
    assert list(read.attributes[0]) == ["title"]


@settings(deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.text(st.characters(exclude_categories=["Cs"])), st.lists))
def test_data_comes_back_exact(value):
    read = Reading(tag("i", data_x=exact({"value": value})))
    assert json.loads(read.attributes[0]["data-x"]) == {"value": value}


def test_a_button_of_a_symbol_alone_has_a_name():
    assert Reading(button("copy", "Copy", "copy")).one(data_do="copy")["aria-label"] == "Copy"
    assert "Copy" in Reading(button("copy", "Copy", "copy", shown=True)).text


# words


def test_every_word_is_in_both_languages_with_the_same_places_to_fill():
    english, japanese = words("en"), words("ja")
    assert english.keys() == japanese.keys()
    for key in english:
        places = [sorted(re.findall(r"\{\w+\}", text[key])) for text in (english, japanese)]
        assert places[0] == places[1], key
        assert english[key] and japanese[key]


def test_every_word_is_used():
    folder = TEXTS.parent.parent
    sources = "".join(p.read_text("utf-8") for p in [*folder.glob("*.py"), *folder.glob("assets/*.js")])
    composed = ("done_", "theme_", "tab_", "export_", "dense", "keyword", "partly")
    unused = [
        key
        for key in words("en")
        if not re.search(rf"""(["']){key}\1|\bwords\.{key}\b""", sources)
        and not key.startswith(composed)
        and key.removesuffix("_head") not in ("not_stated", "nothing_found", "unsupported")
    ]
    assert unused == []


def test_unknown_language_is_english():
    assert words("tlh") == words("en")


def test_reasons_are_given_in_the_language_of_the_page():
    reason = "143 is not in the source; part of it is not in the source"
    assert explained(reason, "en") == reason
    assert explained(reason, "ja") == "「143」は原文にありません。一部は原文にありません"
    assert explained("it is cut off", "ja") == "途中で切れています"
    assert explained("something new", "ja") == "something new"


DOUBTED = [
    ("It invested $143 billion.", "社は143億ドルを投じた。"),
    ("雨は夕方まで続いた後に止んだ。", "港の桟橋は木でできている。"),
    ("The pier is long and people painted birds.", "The pier is long."),
    ("The former CEO left.", "The former CFO left."),
    ("Ada Holm is CEO.", "Founder Ada Holm is chair, while Lucy Kern is CEO."),
    ("The town will build a pier.", "The town built a pier."),
    ("A fair trial was held.", "An unfair trial was held."),
    ("Sales rose.", "Sales fell."),
    ("It did not snow.", "It snowed."),
    ("It snowed in May.", "It did not snow in May."),
    ("Ada bought Kern.", "Kern bought Ada."),
    ("It rose from 4 to 5.", "It fell from 5 to 4."),
]


def reasons_of_the_checks() -> Iterator[tuple[str, str]]:
    """Every reason for doubt, each with the texts that it was found in."""
    for sentence, evidence in DOUBTED:
        for reason in check(sentence, "", evidence, 0.3).reason.split("; "):
            yield reason, f"{sentence} {evidence}"
    sentence, texts = "Anna Kern heads Port Ada.", ("Port Ada is old.", "Anna Kern heads Holm.")
    source = [Candidate("d", "s", "T", "", 0, 9, text) for text in texts]
    for shown in (source, []):
        proof = prove(sentence, "Who heads Port Ada?", shown, np.ones(len(shown), np.float32))
        yield proof.verdict.reason, sentence


def written_reasons() -> set[str]:
    """A pattern for each reason in the code of the checks: three words or more in small letters."""
    texts = set()
    for module in (verify, polarity, order, roles, cite):
        tree = ast.parse(inspect.getsource(module))
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        for node in (node for function in functions for node in ast.walk(function)):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            texts.add("".join(str(p.value) if isinstance(p, ast.Constant) else ".+" for p in parts))
    return {text for text in texts if re.fullmatch(r"(?:\.\+|[a-z]+)(?: (?:\.\+|[a-z]+)){2,}", text)}


def test_every_reason_is_given_in_japanese():
    found = list(reasons_of_the_checks())
    for reason, texts in found:
        said = explained(reason, "ja")
        assert not re.search("[a-z]", re.sub("「.*?」", "", said)), reason
        assert all(quoted in texts.lower() for quoted in re.findall("「(.*?)」", said.lower())), said
    written = written_reasons()
    untried = [text for text in written if not any(re.fullmatch(text, reason) for reason, _ in found)]
    assert written and untried == []


# answers


def test_sentences_carry_state_reason_and_citations():
    read = Reading(render.turn(Turn("t1", "Why?", answer()), "en"))
    assert [a["class"] for a in read.attributes if a.get("class", "").startswith("sentence ")] == [
        "sentence supported",
        "sentence partly",
    ]
    chips = [a for a in read.attributes if a.get("class") == "chip"]
    assert [(c["data-marker"], c["data-start"], c["data-end"]) for c in chips] == [
        ("1", str(TEXT.find("First")), str(TEXT.find("First") + 15)),
        ("2", str(TEXT.find("Second")), str(TEXT.find("Second") + 16)),
        ("2", str(TEXT.find("Second")), str(TEXT.find("Second") + 16)),
    ]
    assert chips[0]["aria-label"] == "Source 1: First sentence."
    assert any(a.get("aria-label") == "Partly supported: 143 is not in the source" for a in read.attributes)


def test_receipt_names_what_made_the_answer():
    read = Reading(render.turn(Turn("t1", "Why?", answer()), "en"))
    for shown in (
        "model-x",
        "1,200 read, 30 written",
        "read abcd",
        "f00d",
        "score 0.870 · similarity 0.800 · by meaning",
    ):
        assert shown in read.text
    assert "0.50" in read.text and "2.00" in read.text
    assert "Searched for" not in read.text  # the same as the question


def test_refusal_says_why_has_no_citation_and_offers_the_nearest():
    read = Reading(render.turn(Turn("t1", "Why?", REFUSAL), "en"))
    assert not [a for a in read.attributes if a.get("class") == "chip"]
    assert "none of them states the answer" in read.text and "First sentence." in read.text
    assert [a["data-start"] for a in read.attributes if a.get("data-marker") == "0"][0] == str(
        TEXT.find("First")
    )
    japanese = Reading(render.turn(Turn("t1", "Why?", REFUSAL), "ja"))
    assert "答えは書かれていませんでした" in japanese.text


@pytest.mark.parametrize("reason", ["not_stated", "nothing_found", "unsupported"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_refusal_has_a_reason_of_its_own(reason, language):
    shown = {
        r: Reading(render.turn(Turn("t", "q", replace(REFUSAL, reason=r)), language)).text
        for r in ("not_stated", "nothing_found", "unsupported")
    }
    assert len(set(shown.values())) == 3 and shown[reason]


def test_small_talk_and_cut_answers_are_told_apart():
    talk = render.turn(Turn("t", "hi", answer(reason="small_talk")), "en")
    assert 'class="sentences"' not in talk and "Not from the article" in talk
    cut = answer(reason="incomplete", fault="The line broke. Try again.")
    assert "cut off. The line broke. Try again." in render.turn(Turn("t", "q", cut), "en")
    (read,) = read_turns([Turn("t", "q", cut).to_dict()])
    assert read.answer == replace(cut, hits=read.answer.hits)


def test_stopped_and_failed_turns_offer_another_try():
    stopped = Reading(render.turn(Turn("t", "q", partial="Half a sen"), "en"))
    assert "Half a sen" in stopped.text and "not checked" in stopped.text
    failed = Reading(render.turn(Turn("t", "q", error="It is away.", hint="Start it."), "en"))
    assert "It is away." in failed.text and "Start it." in failed.text
    for read in (stopped, failed):
        assert read.one(data_do="retry")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_nothing_in_an_answer_becomes_markup(language):
    evil = Citation(1, EVIL, EVIL, EVIL, 0, 5, EVIL, 0.5)
    chunk = Chunk(EVIL, EVIL, EVIL, EVIL, 0, 0, 5, EVIL, EVIL, "body", EVIL)
    sentence = Sentence(EVIL, "partly", f"{EVIL} is not in the source", (evil,))
    receipt = Receipt(EVIL, EVIL, {EVIL: EVIL}, EVIL, EVIL + "?", EVIL, 1, 1, {EVIL: 1.0}, {"stated": 0.5})
    made = Answer(
        EVIL, EVIL, (sentence,), True, "answered", None, (Hit(chunk, 1, 1.0, 0.5, (EVIL,)),), receipt
    )
    plain = render.turn(Turn("t", "q", answer()), language)
    allowed = {*Reading(plain).tags, "figure", "figcaption", "blockquote"}
    for shown in (
        render.turn(Turn(EVIL, EVIL, made), language),
        render.turn(
            Turn(EVIL, EVIL, replace(made, answered=False, reason="not_stated", nearest=evil)), language
        ),
        render.turn(Turn(EVIL, EVIL, error=EVIL, hint=EVIL), language),
        render.pending(EVIL, EVIL, EVIL, language),
        render.welcome([EVIL], True, language),
    ):
        read = Reading(shown)
        assert "script" not in read.tags and read.open == []
        assert set(read.tags) <= allowed | {"ul", "h2"}
        assert not [key for a in read.attributes for key in a if key.startswith("on")]
        assert "<script>alert('x')" in read.text


def test_the_turn_comes_back_from_its_markup():
    turn = Turn("t1", EVIL, answer())
    read = Reading(render.turn(turn, "en"))
    sent = json.loads(read.one(data_turn_id="t1")["data-turn"])
    (back,) = read_turns([sent])
    assert back.question == EVIL
    assert back.answer.sentences == turn.answer.sentences
    assert back.answer.receipt == turn.answer.receipt
    assert back.answer.hits[0].chunk.context == ""
    assert render.turn(back, "ja") == render.turn(replace(turn, answer=back.answer), "ja")


def test_what_is_no_turn_is_left_out():
    good = Turn("t1", "Why?", answer()).to_dict()
    assert len(read_turns([good, {}, None, "x", {**good, "answer": {"text": 3}}, 7])) == 1
    assert read_turns("nothing") == () and read_turns(None) == ()


# source


def document(text: str = TEXT, **changes) -> Document:
    blocks = []
    for found in re.finditer(r"[^\n]+", text):
        kind = "title" if not found.start() else "body"
        blocks.append(Block(found.start(), found.end(), kind))
    return replace(Document.create("/a/b.txt", "Title", text, tuple(blocks), "en"), **changes)


INFO = DocumentInfo("d" * 16, "/a/b.txt", "Title", "en", 1234, 3, "2026-01-02T03:04:05Z")


def marks_of(markup: str) -> list[tuple[str, str, str | None]]:
    found = re.findall(
        r'<mark tabindex="-1" data-markers="([\d ]*)"(?: data-badge="([\d ]*)")?>([^<]*)</mark>', markup
    )
    return [(html.unescape(text), markers, badge or None) for markers, badge, text in found]


def test_marks_are_the_documents_own_characters_also_after_emoji():
    start = TEXT.find("Third")
    shown = reader.reader(document(), [reader.Mark(1, start, start + 17)], [INFO], "en")
    assert marks_of(shown) == [(TEXT[start : start + 17], "1", "1")]
    start = TEXT.find("😀")
    assert marks_of(reader.reader(document(), [reader.Mark(3, start, start + 1)], [], "en")) == [
        ("😀", "3", "3")
    ]


def test_overlapping_marks_keep_both_numbers():
    first, second = TEXT.find("First"), TEXT.find("Second")
    marks = [reader.Mark(1, first, second + 6), reader.Mark(2, second, second + 16)]
    assert marks_of(reader.reader(document(), marks, [], "en")) == [
        ("First sentence. ", "1", "1"),
        ("Second", "1 2", "2"),
        (" sentence.", "2", None),
    ]


def test_a_mark_over_two_blocks_is_lit_in_both():
    shown = reader.reader(document(), [reader.Mark(1, 0, TEXT.find(" Second"))], [], "en")
    assert [text for text, _, _ in marks_of(shown)] == ["Title 😀 one", "First sentence."]


@settings(deadline=None)
@given(st.data())
def test_lit_text_is_the_cited_span(data):
    text = data.draw(st.text(st.sampled_from("ab <&😀。あ\n"), min_size=1, max_size=60))
    at = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    shown = reader.reader(document(text), [reader.Mark(1, *at)], [], "en")
    lit = "".join(piece for piece, _, _ in marks_of(shown))
    assert lit.replace("\n", "") == text[at[0] : at[1]].replace("\n", "")


def test_headings_are_headings_without_their_hashes():
    read = Reading(reader.reader(document(), [], [], "en"))
    assert "h3" in read.tags and "##" not in read.text and "A heading" in read.text
    start = TEXT.find("## A")
    lit = reader.reader(document(), [reader.Mark(2, start, start + 12)], [], "en")
    assert marks_of(lit) == [("A heading", "2", "2")]


def test_a_very_long_document_is_shown_around_the_mark():
    text = "\n".join(f"Line {n}." for n in range(60_000))
    start = text.find("Line 50000.")
    shown = reader.reader(document(text), [reader.Mark(1, start, start + 11)], [], "en")
    assert marks_of(shown) == [("Line 50000.", "1", "1")]
    assert len(shown) < 3 * reader.MOST_CHARACTERS and "Characters 4" in shown


def test_document_text_titles_and_sources_stay_text():
    hostile = document(EVIL, title=EVIL, source=EVIL, language=EVIL)
    read = Reading(reader.reader(hostile, [reader.Mark(1, 3, 9)], [replace(INFO, title=EVIL)], "en", EVIL))
    assert "script" not in read.tags and "<script>alert('x')" in read.text


def test_marks_from_a_browser_are_checked():
    assert reader.read_marks([{"marker": 1, "start": 2, "end": 3}]) == (reader.Mark(1, 2, 3),)
    for wrong in (None, "x", [{"marker": 1}], [{"marker": "a", "start": 0, "end": 1}], {"marker": 1}):
        assert reader.read_marks(wrong) == ()
    assert marks_of(reader.reader(document(), [reader.Mark(1, -9, 10**9)], [], "en"))


# library, evals, frame


def test_library_lists_and_reports_by_file():
    read = Reading(shelf.shelf([INFO, replace(INFO, id="e" * 16, title=EVIL, source=EVIL)], "en"))
    assert "b.txt · en · 1,234 characters · 2026-01-02" in read.text
    assert [a["data-document"] for a in read.attributes if a.get("data-do") == "tick"] == ["d" * 16, "e" * 16]
    report = AddReport((INFO,), (INFO,), (INFO,), (Failure("/x/bad.pdf", "It is damaged.", "Repair it."),))
    read = Reading(shelf.outcome(report, "en"))
    assert read.tags.count("li") == 4
    assert "bad.pdf not added: It is damaged. Repair it." in read.text
    assert "The library is empty." in shelf.shelf([], "en")
    assert "Adding 2/3: a&lt;b" in shelf.adding("a<b", 1, 3, "en")


def test_evals_show_numbers_and_intervals_and_fence_the_page_in():
    report = Report(
        "first", {"suite": EVIL}, {EVIL: Metric(value=0.5, n=10, low=0.2, high=0.8)}, f"<h1>{EVIL}</h1>"
    )
    read = Reading(evals(report, "en"))
    assert "0.500" in read.text and "0.200 – 0.800" in read.text and "script" not in read.tags
    frame_of_it = next(a for a in read.attributes if a.get("class") == "plots")
    assert frame_of_it["sandbox"] == "allow-scripts" and frame_of_it["srcdoc"] == f"<h1>{EVIL}</h1>"
    assert "circle" not in Reading(evals(Report("x", {}, {"s": Metric(value=4.3)}), "en")).tags
    assert "python -m evals run" in Reading(evals(None, "ja")).text


@pytest.mark.parametrize("language", ["en", "ja"])
def test_frame_is_well_formed_and_named(language):
    for shown in (frame.header(language), frame.composer(language), shelf.forms(language)):
        read = Reading(shown)
        assert read.open == []
    labels = [a["for"] for a in read.attributes if "for" in a]
    assert labels == [a["id"] for a in read.attributes if a.get("id") and a["id"] in labels]


# export


def test_markdown_has_markers_quotes_and_no_orders():
    text = export.as_markdown(
        [Turn("1", "Why *not*?", answer()), Turn("2", "b", REFUSAL), Turn("3", "c", partial="Ha")]
    )
    assert "## Why \\*not\\*?" in text
    assert "Because. [1] [2] And more. [2] *(partly: 143 is not in the source)*" in text
    start = TEXT.find("First")
    assert f"[1] Title, {start}–{start + 15}, /a/b.txt\n\n> First sentence." in text
    assert "**The article does not say.** (not_stated)" in text
    assert "*Ha*" in text


def test_markdown_says_what_is_missing():
    cut = answer(
        sentences=(Sentence("It cost", "unsupported", "it is cut off", ()),),
        reason="incomplete",
        fault="The line broke. Try again.",
    )
    text = export.as_markdown([Turn("1", "What?", cut)])
    assert "It cost *(unsupported: it is cut off)*\n\n*The line broke. Try again.*" in text


def test_json_is_the_turns():
    (turn,) = json.loads(export.as_json([Turn("1", "Why?", answer())]))
    assert turn["answer"]["sentences"][0]["citations"][0]["quote"] == "First sentence."
