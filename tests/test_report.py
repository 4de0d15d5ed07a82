"""The page: what it holds, that nothing in a run can act on it, and how it behaves in a real browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from scripted_runs import TEXT, answer, row, run, run_of

from evals.charts import Curve, bar, percent, risk_coverage
from evals.report import ASSETS, write_report
from evals.rows import Run
from qa.errors import QAError

HOSTILE = (
    "</script ><!-- <script></script><script>document.title='hacked'</script>"
    "<img src=x onerror=alert(1)> & \" ' ]]> \u2028"
)


class Page(HTMLParser):
    """The text of each element by tag, and every attribute."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        if self.tags:
            self.texts.setdefault(self.tags[-1], []).append(data)

    @property
    def data(self) -> Any:
        """The embedded JSON."""
        return json.loads(next(text for text in self.texts["script"] if text.startswith("{")))


def written(folder: Path, *runs: Run) -> tuple[str, Page]:
    for number, one in enumerate(runs):
        one.write(folder / f"run{number}")
    text = write_report([folder], folder / "out" / "report.html").read_text(encoding="utf-8")
    return text, Page(text)


MIXED = run(
    {"a": "right", "b": "wrong", "c": "over_refused", "d": "refused", "e": "hallucinated", "f": "error"}
)


def test_the_headline_has_numbers_intervals_and_n(tmp_path: Path) -> None:
    text, page = written(tmp_path, MIXED)
    # answerable: right, wrong, over-refused and the error; Wilson's interval of 1 of 4
    assert "25 %" in page.texts["b"]
    assert any("5 to 70 %, n = 4" in found for found in page.texts["span"])
    assert "of unanswerable questions are answered" in text and "50 %" in page.texts["b"]


def test_what_was_run_is_shown(tmp_path: Path) -> None:
    text, _ = written(tmp_path, MIXED)
    for fact in (
        "model-1",
        "embedder-1",
        "abcdef01",
        "read 12345678",
        "1a2b3c4",
        "python -m evals run --suite trains",
    ):
        assert fact in text


def test_errors_are_listed(tmp_path: Path) -> None:
    _, page = written(tmp_path, MIXED)
    assert "The model cannot be reached." in page.texts["td"]
    _, page = written(tmp_path / "clean", run({"a": "right"}))
    assert "No question ended in an error." in page.texts["p"]


def test_systems_stand_side_by_side_the_product_first(tmp_path: Path) -> None:
    _, page = written(tmp_path, run({"a": "over_refused"}, "always-refuse"), run({"a": "right"}))
    assert [one["label"] for one in page.data["runs"]] == ["qa", "always-refuse"]
    [question] = page.data["questions"]
    assert {number: found["verdict"] for number, found in question["results"].items()} == {
        "0": "right",
        "1": "over_refused",
    }


@pytest.mark.parametrize("revisions", [("1111111", "2222222"), ("1111111", "1111111"), ("", "")])
def test_two_runs_of_one_system_can_be_told_apart(revisions: tuple[str, str], tmp_path: Path) -> None:
    _, page = written(tmp_path, *(run({"a": "right"}, revision=revision) for revision in revisions))
    labels = {one["label"] for one in page.data["runs"]}
    assert len(labels) == 2 and all(label.startswith("qa (") for label in labels)


def test_suites_do_not_mix(tmp_path: Path) -> None:
    other = run({"a": "wrong"}, suite="other")
    text, page = written(tmp_path, run({"a": "right"}), other)
    assert {(q["suite"], *q["results"]) for q in page.data["questions"]} == {("trains", "0"), ("other", "1")}
    assert "trains: 1 question<" in text and "other: 1 question<" in text


def test_languages_are_split_where_there_are_several(tmp_path: Path) -> None:
    rows = (row("a"), row("b", "wrong", lang="ja"), row("c", lang="ja"))
    text, page = written(tmp_path, run_of(rows))
    assert "By language, qa" in text and {"en", "ja"} <= set(page.texts["th"])
    assert "By language" not in written(tmp_path / "one", run({"a": "right"}))[0]


def test_passages_are_embedded_once_and_hold_the_quotation(tmp_path: Path) -> None:
    _, page = written(tmp_path, MIXED, run({"a": "right"}, "oracle"))
    assert [place["text"] for place in page.data["passages"]] == [TEXT, "An other text."]
    [cited] = page.data["questions"][0]["results"]["0"]["citations"]
    place = page.data["passages"][cited["passage"]]
    quote = place["text"][cited["start"] - place["start"] : cited["end"] - place["start"]]
    assert quote == "The line opened in 1998."


def test_a_citation_outside_every_passage_is_shown_by_itself(tmp_path: Path) -> None:
    given = answer("q?", "In 1998.", "The line opened in 1998.").to_dict() | {"hits": []}
    _, page = written(tmp_path, run_of((row("a", answer=given),)))
    assert [place["text"] for place in page.data["passages"]] == ["The line opened in 1998."]


def test_an_interrupted_run_has_the_numbers_of_what_it_has(tmp_path: Path) -> None:
    MIXED.write(tmp_path)
    (tmp_path / "summary.json").unlink()
    text = write_report([tmp_path], tmp_path / "report.html").read_text(encoding="utf-8")
    assert "5 to 70 %, n = 4" in text


def test_nothing_in_a_run_becomes_markup(tmp_path: Path) -> None:
    bad = row(
        "<b>",
        "wrong",
        question=HOSTILE,
        text=HOSTILE,
        lang=HOSTILE,
        history=((HOSTILE, HOSTILE),),
        gold=((HOSTILE,),),
    )
    broken = row("f", "error", question=HOSTILE, error=HOSTILE)
    rows = (bad, broken)
    text, page = written(
        tmp_path,
        run_of(rows, HOSTILE, suite=HOSTILE, model=HOSTILE, command=HOSTILE, prompts={HOSTILE: HOSTILE}),
    )
    plain = written(tmp_path / "plain", run_of((row("a", "wrong"), row("f", "error"))))[1]
    assert page.tags.count("script") == plain.tags.count("script") == 2
    assert "img" not in page.tags and "onerror" not in {name for name, _ in page.attributes}
    assert page.data["questions"][0]["text"] == HOSTILE
    embedded = text.partition('type="application/json">')[2].partition("</script>")[0]
    assert not set("<>&") & set(embedded)  # "</script " ends a script in a browser, if not in this parser


def test_half_a_character_does_not_stop_the_page(tmp_path: Path) -> None:
    run({"a": "right"}).write(tmp_path)
    rows = tmp_path / "rows.jsonl"
    rows.write_text(rows.read_text().replace("When did", r"\ud83d When did"))
    text = write_report([tmp_path], tmp_path / "report.html").read_text(encoding="utf-8")
    assert Page(text).data["questions"][0]["text"].startswith("? When did")


def test_only_the_pages_own_style_and_script_may_act(tmp_path: Path) -> None:
    text, page = written(tmp_path, MIXED)
    policy = next(value for name, value in page.attributes if value.startswith("default-src"))
    assert "default-src 'none'" in policy and "unsafe" not in policy
    for directive, tag in (("style-src", "style"), ("script-src", "script")):
        code = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert len(code) == 1
        digest = base64.b64encode(hashlib.sha256(code[0].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert not {name for name, _ in page.attributes if name.startswith("on") or name == "style"}


def test_the_page_names_no_other_place(tmp_path: Path) -> None:
    text, page = written(tmp_path, MIXED)
    links = {value for name, value in page.attributes if name in ("src", "href", "action", "srcset")}
    assert links == {"#browse", "data:,"}
    assert not re.search(r"https?:|//cdn|@import|url\(|fetch\(|XMLHttpRequest|WebSocket|\bimport\b", text)


def test_a_run_that_only_searched_and_an_empty_one_have_pages(tmp_path: Path) -> None:
    searched = run_of((row("a", "unscored", scores={"passage_hit@1": 1.0}),))
    assert "passage: first hit holds the answer" in written(tmp_path / "a", searched)[0]
    assert "0 questions" in written(tmp_path / "b", run({}))[0]


def test_no_run_and_no_place_to_write_are_said(tmp_path: Path) -> None:
    with pytest.raises(QAError, match="There is no run in"):
        write_report([tmp_path], tmp_path / "report.html")
    MIXED.write(tmp_path / "run")
    with pytest.raises(QAError, match="cannot be written"):
        write_report([tmp_path], tmp_path)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_have_the_contrast_of_wcag_aa(scheme: int) -> None:
    blocks = re.findall(r":root \{(.*?)\}", (ASSETS / "page.css").read_text(encoding="utf-8"), re.DOTALL)
    colour = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[scheme]))
    grounds = [colour["page"], colour["panel"]]
    for name in ("text", "soft", "link", *(f"s{n}" for n in range(7))):
        assert min(contrast(colour[name], ground) for ground in grounds) >= 4.5, name
    for name in ("right", "wrong", "halluc", "over", "error"):
        assert contrast(colour[name], colour[f"{name}-bg"]) >= 4.5, name
    assert contrast(colour["mark-text"], colour["mark"]) >= 4.5
    assert min(contrast(colour["field"], ground) for ground in grounds) >= 3


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (0.004, "0.4 %"),
        (0.0004, "0 %"),
        (0.5625, "56 %"),
        (0.996, "99.6 %"),
        (0.9999, "100 %"),
        (1, "100 %"),
    ],
)
def test_a_share_in_words(share: float, text: str) -> None:
    assert percent(share) == text


def test_a_bar_is_as_long_as_its_value() -> None:
    svg = ElementTree.fromstring(bar(0.25, 0.1, 0.4))
    _, fill = svg.findall("rect")
    assert fill.get("width") == "25.00%"
    assert [(line.get("x1"), line.get("x2")) for line in svg.findall("line")][0] == ("10.00%", "40.00%")


def test_the_plot_places_points_and_says_what_they_are() -> None:
    svg = ElementTree.fromstring(
        risk_coverage([Curve("a<b", ((0.5, 0.0), (1.0, 0.2)), (1.0, 0.2)), Curve("c", ())])
    )
    lines = [line.get("points") for line in svg.findall("polyline")]
    assert lines == [
        "227.0,240.0 408.0,12.0"
    ]  # half across and at the bottom; at the right and the top of 20 %
    assert [title.text for title in svg.iter("title")] == ["a<b: answers 100 %, of these 20 % wrong"]
    assert [text.text for text in svg.findall("text")][:4:2] == ["0", "25"]


# In a real browser.


@contextmanager
def browser() -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("needs Chromium")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync.sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium, args=[*flags, "--disable-sync", "--no-first-run"]
        )
        try:
            yield opened
        finally:
            opened.close()


def shown(page: Any) -> list[str]:
    """Ids of the questions that are listed, once the list is as the form says."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return [item.get_attribute("data-id") for item in page.locator("details.question").all()]


@pytest.mark.slow
def test_in_a_browser(tmp_path: Path) -> None:
    bad = row("g", "wrong", question=HOSTILE, text=HOSTILE, lang="ja")
    now = run_of((*MIXED.rows, bad))
    verdicts = {"a": "wrong", "b": "right", "c": "over_refused", "d": "refused", "e": "error"}
    before = run(verdicts, revision="0000000")  # e was no better before, so it did not flip
    written(tmp_path, now, before, run({"a": "right"}, "oracle"))
    with browser() as opened:
        page = opened.new_page(viewport={"width": 375, "height": 800})
        requests, faults = [], []
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto((tmp_path / "out" / "report.html").as_uri())
        check_filters(page)
        check_keyboard(page)
        check_details(page)
        assert page.title() == "Evaluation: trains"  # what the hostile text would have changed
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        assert len(requests) == 1 and requests[0].startswith("file:") and faults == []


def check_filters(page: Any) -> None:
    assert shown(page) == ["a", "b", "c", "d", "e", "f", "g"]
    wanted = {
        "wrong": ["b", "g"],
        "hallucinated": ["e"],
        "over-refused": ["c"],
        "error": ["f"],
        "flipped": ["a", "b"],
        "rightly refused": ["d"],
    }
    for name, ids in wanted.items():
        chip = page.get_by_role("radio", name=re.compile(rf"^{name}"))
        chip.check()
        assert shown(page) == ids
        assert page.locator("#found").inner_text() == f"{len(ids)} of 7 questions"
    page.get_by_label("Flipped against").select_option(label="oracle")
    page.get_by_role("radio", name="flipped").check()
    assert shown(page) == []
    page.get_by_role("radio", name=re.compile("^all")).check()
    page.get_by_label("Language", exact=True).select_option("ja")
    assert shown(page) == ["g"]
    page.get_by_label("Language", exact=True).select_option("")
    page.get_by_label("Answers of").select_option(label="oracle")
    assert shown(page) == ["a"]
    page.get_by_label("Answers of").select_option(index=0)


def check_keyboard(page: Any) -> None:
    page.locator("#browse").focus()
    page.keyboard.press("/")
    page.keyboard.type("ＣＡＮＮＯＴ be")  # full-width letters find plain ones
    assert shown(page) == ["f"]
    for _ in range(4):  # three choices, then the first question
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert (
        page.locator("details[open] .body").inner_text().startswith("Error\n\nThe model cannot be reached.")
    )
    page.get_by_role("searchbox").fill("")


def check_details(page: Any) -> None:
    page.get_by_role("radio", name="hallucinated").check()
    page.evaluate("location.hash = 'q=a'")  # a link to what the filter hides
    opened = page.locator("details.question[open]")
    opened.wait_for()
    # An emoji before the quotation: offsets count code points, JavaScript counts UTF-16 units.
    assert opened.locator("mark").all_inner_texts() == ["The line opened in 1998."]
    assert opened.locator(".evidence").all_inner_texts() == ["The line opened in 1998."]
    text = opened.inner_text()
    for part in (
        "In 1998. [1]",
        "in the source",
        "1998 / ninety-eight",
        "1 other passage considered",
        "oracle",
    ):
        assert part in text
    opened.get_by_text("Time, tokens, receipt").click()
    opened.get_by_text("read 12345678").wait_for()
    page.locator("details.question[data-id=g] > summary").click()
    assert "</script >" in page.locator("details.question[data-id=g] .body").inner_text()
