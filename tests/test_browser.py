"""The page in real Chromium, driven as a reader would; models are scripted, everything else is real.

No request may leave loopback: every test checks the browser's network log when it ends, and no name but
loopback's may be looked up by the server.
"""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from serving import wait_until
from ui_serving import BOAT, LONG_JA, MARA, TICKET, open_ferry, served

from qa import Assistant
from qa.feedback import case, kept

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
SECOND = 1000

sync_api.expect.set_options(timeout=20 * SECOND)

pytestmark = [
    pytest.mark.slow,
    # What Gradio asks of pandas is deprecated in pandas 3.
    pytest.mark.filterwarnings("ignore:.*(no_silent_downcasting|copy keyword):DeprecationWarning"),
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Iterator[Assistant]:
    with open_ferry(tmp_path_factory.mktemp("browser") / "home") as made:
        yield made


@pytest.fixture(scope="module")
def url(made, tmp_path_factory) -> Iterator[str]:
    run = tmp_path_factory.mktemp("runs") / "first"
    run.mkdir()
    rate = {"value": 0.75, "n": 64, "error": 0.05, "low": 0.63, "high": 0.84}
    (run / "summary.json").write_text(json.dumps({"right <b>": rate}), encoding="utf-8")
    (run / "run.json").write_text(json.dumps({"suite": "sample"}), encoding="utf-8")
    script = "try { parent.hacked = 1 } catch { document.body.append('fenced in') }"
    (run / "report.html").write_text(f"<h1>The plots</h1><script>{script}</script>", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch, served(made, run.parent) as where:
        looked_up: list[object] = []
        look_up = socket.getaddrinfo

        def watched(host: object, *rest, **named):
            if host not in (None, "127.0.0.1", "localhost", b"127.0.0.1", b"localhost"):
                looked_up.append(host)
            return look_up(host, *rest, **named)

        patch.setattr(socket, "getaddrinfo", watched)
        yield where
    assert not looked_up


@pytest.fixture(scope="module")
def chromium(url) -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:  # its event loop is the thread's: the server is up before
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


Visit = Callable[..., "sync_api.Page"]


@pytest.fixture
def visit(chromium, url) -> Iterator[Visit]:
    """Open the page as a new reader; options as Playwright's ``new_context`` takes them."""
    contexts, asked, errors = [], [], []

    def open_page(context: sync_api.BrowserContext | None = None, **options) -> sync_api.Page:
        if context is None:
            defaults = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB"}
            context = chromium.new_context(**(defaults | options))
            context.set_default_timeout(20 * SECOND)
            context.on("request", lambda request: asked.append(request.url))
            contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(url)
        page.wait_for_selector("body.qa-ready .reader")
        return page

    yield open_page
    for context in contexts:
        context.close()
    elsewhere = {address for address in asked if urlsplit(address).hostname not in ("127.0.0.1", None)}
    assert not elsewhere
    assert asked and not errors


def ask(page: sync_api.Page, question: str, answers: int = 1) -> None:
    page.fill("#qa-question", question)
    page.press("#qa-question", "Enter")
    page.wait_for_function("n => document.querySelectorAll('#qa-thread .turn').length >= n", arg=answers)


def lit(page: sync_api.Page) -> sync_api.Locator:
    return page.locator(".reader mark.active")


def in_view(page: sync_api.Page, locator: sync_api.Locator) -> bool:
    """Whether it is inside the window and inside the pane that scrolls, once scrolling has come to rest."""
    page.wait_for_timeout(900)
    return locator.first.evaluate(
        """node => {
          const box = node.getBoundingClientRect(), pane = node.closest('.page').getBoundingClientRect();
          return box.top >= Math.max(0, pane.top) && box.bottom <= Math.min(innerHeight, pane.bottom) + 1;
        }"""
    )


def test_answer_streams_and_its_source_is_lit_up(visit) -> None:
    page = visit()
    page.fill("#qa-question", "What does the boat cost, slowly?")
    page.click("button[aria-label=Ask]")
    draft = page.locator("#qa-live .draft")
    page.wait_for_function("document.querySelector('#qa-live .draft')?.textContent.length > 5")
    early = draft.text_content()
    page.wait_for_function(
        "n => document.querySelector('#qa-live .draft')?.textContent.length > n", arg=len(early)
    )
    assert BOAT.startswith(early) and len(early) < len(BOAT)
    sentences = page.locator("#qa-thread .sentence")
    sync_api.expect(sentences).to_have_count(2)
    assert sentences.first.get_attribute("class") == "sentence supported"
    sync_api.expect(lit(page)).to_have_text(BOAT)
    assert page.locator(".reader mark").count() == 2


def test_clicked_or_focused_citation_scrolls_to_its_sentence(visit) -> None:
    page = visit()
    ask(page, "What does a ticket cost?")
    sync_api.expect(lit(page)).to_have_text(TICKET)
    assert in_view(page, lit(page))
    ask(page, "Who runs the boat?", answers=2)
    sync_api.expect(lit(page)).to_have_text(BOAT)
    page.locator(".turn:last-child .chip").nth(1).click()
    sync_api.expect(lit(page)).to_have_text(MARA)
    assert in_view(page, lit(page))
    page.locator(".turn:last-child .chip").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    sync_api.expect(lit(page)).to_have_text(BOAT)
    page.locator(".turn:first-child .chip").click()  # an older answer's citation, far below
    sync_api.expect(lit(page)).to_have_text(TICKET)
    assert in_view(page, lit(page))


def test_doubt_is_explained_on_focus(visit) -> None:
    page = visit()
    ask(page, "What is in doubt about the boat that the city paid for?")
    state = page.locator(".turn .state").last
    assert state.evaluate("n => n.closest('li').className") == "sentence unsupported"
    state.focus()
    assert "Hendrik Maas is not in the source" in page.locator("#qa-tip").text_content()


def test_refusal_says_why_and_offers_the_nearest_passage(visit) -> None:
    page = visit()
    ask(page, "What is unanswerable about the ticket?")
    refusal = page.locator(".refusal")
    assert "none of them states the answer" in refusal.text_content()
    assert page.locator(".turn .chip").count() == 0
    quote = refusal.locator("blockquote").text_content()
    refusal.get_by_role("button", name="Show in the source").click()
    sync_api.expect(lit(page)).to_have_text(quote.strip())
    page.click(".receipt summary")
    assert "0.02" in page.locator(".receipt").text_content()


def test_stop_keeps_what_was_written_and_ends_the_model(visit, made) -> None:
    page = visit()
    page.fill("#qa-question", "Who runs the boat, slowly?")
    page.press("#qa-question", "Enter")
    page.wait_for_function("document.querySelector('#qa-live .draft')?.textContent.length > 5")
    page.click("button[aria-label=Stop]")
    sync_api.expect(page.locator("#qa-thread .note")).to_have_text(
        "Stopped. What was written so far is not checked."
    )
    assert_closed(made)
    assert BOAT.startswith(page.locator("#qa-thread .draft").text_content())
    page.get_by_role("button", name="Try again").click()
    sync_api.expect(page.locator("#qa-thread .chip")).to_have_count(2)
    assert page.locator("#qa-thread .turn").count() == 1


def test_stop_while_waiting_keeps_the_question_that_waited(visit) -> None:
    first = visit()
    second = visit(first.context)
    ask(second, "What does a ticket cost?")
    for page in (first, second):
        page.fill("#qa-question", "Who runs the boat, slowly?")
        page.press("#qa-question", "Enter")
    sync_api.expect(second.locator(".waiting")).to_contain_text("Waiting for its turn")
    second.click("button[aria-label=Stop]")
    sync_api.expect(second.locator("#qa-thread .question")).to_have_text(
        ["What does a ticket cost?", "Who runs the boat, slowly?"]
    )
    sync_api.expect(first.locator("#qa-thread .turn")).to_have_count(1)


def test_closed_tab_ends_its_generation(visit, made) -> None:
    page = visit()
    page.fill("#qa-question", "Who runs the boat, slowly?")
    page.press("#qa-question", "Enter")
    page.wait_for_function("document.querySelector('#qa-live .draft')?.textContent.length > 5")
    page.close()
    assert_closed(made)


def assert_closed(made: Assistant) -> None:
    """The model's last stream was closed before it was through."""
    wait_until(lambda: made._chat.streams[-1].closed)
    assert list(made._chat.streams[-1]._pieces), "it had come to its end"


def test_follow_up_is_understood_and_survives_a_reload(visit, made) -> None:
    page = visit()
    ask(page, "Who runs the boat?")
    ask(page, "And what does it cost?", answers=2)
    assert "Q: Who runs the boat?" in "".join(made._chat.prompts)
    sync_api.expect(page.locator(".turn:last-child .said")).to_have_text(TICKET)
    page.reload()
    sync_api.expect(page.locator("#qa-thread .turn")).to_have_count(2)
    page.locator(".turn:last-child .chip").click()
    sync_api.expect(lit(page)).to_have_text(TICKET)


def test_edit_replaces_what_followed(visit) -> None:
    page = visit()
    ask(page, "Who runs the boat?")
    ask(page, "And what does it cost?", answers=2)
    page.locator(".turn:first-child").hover()
    page.locator(".turn:first-child [data-do=edit]").click()
    assert page.input_value("#qa-question") == "Who runs the boat?"
    page.fill("#qa-question", "What does a ticket cost?")
    page.press("#qa-question", "Enter")
    sync_api.expect(page.locator("#qa-thread .question")).to_have_text(["What does a ticket cost?"])
    sync_api.expect(page.locator("#qa-thread .said")).to_have_text([TICKET])


def test_new_conversation_leaves_the_old_one_in_the_history(visit) -> None:
    page = visit()
    ask(page, "Who runs the boat?")
    page.get_by_role("button", name="New conversation").click()
    sync_api.expect(page.locator("#qa-thread .turn")).to_have_count(0)
    ask(page, "What does a ticket cost?")
    page.get_by_role("button", name="Earlier conversations").click()
    page.locator("#qa-history").get_by_role("button", name="Who runs the boat?").first.click()
    sync_api.expect(page.locator("#qa-thread .said")).to_have_text(
        [BOAT, "Mara Ellison will run the service."]
    )


def test_copy_and_export_carry_the_citations(visit) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    ask(page, "What does a ticket cost?")
    page.get_by_role("button", name="Copy").click()
    sync_api.expect(page.locator("#qa-said")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"{TICKET} [1]\n[1] {TICKET}")
    markdown = saved(page, "Save as Markdown")
    assert "## What does a ticket cost?" in markdown and f"> {TICKET}" in markdown
    (turn,) = json.loads(saved(page, "Save as JSON"))
    assert turn["answer"]["sentences"][0]["citations"][0]["quote"] == TICKET


def saved(page: sync_api.Page, name: str) -> str:
    page.get_by_role("button", name="More").click()
    with page.expect_download() as waiting:
        page.get_by_role("menuitem", name=name).click()
    return Path(waiting.value.path()).read_text(encoding="utf-8")


def test_verdict_is_kept_and_becomes_a_case(visit, made) -> None:
    page = visit()
    ask(page, "What does a ticket cost?")
    page.get_by_role("button", name="Bad answer").click()
    page.get_by_label("What should it have said? (optional)").fill("3 euros | three euros")
    page.get_by_role("button", name="Save", exact=True).click()
    sync_api.expect(page.locator("#qa-said")).to_have_text("Saved. Thank you.")
    wait_until(lambda: any(verdict.comment for verdict in kept(made.settings.home)))
    verdict = kept(made.settings.home)[-1]
    assert case(verdict)["answers"] == [["3 euros", "three euros"]]


def test_library_takes_good_files_and_names_the_bad(visit, tmp_path) -> None:
    page = visit()
    (tmp_path / "bridge.txt").write_text("The bridge\n\nThe bridge has 13 arches.", encoding="utf-8")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 nothing more")
    page.get_by_role("tab", name="Library").click()
    page.set_input_files("input[type=file]", [tmp_path / "bridge.txt", tmp_path / "broken.pdf"])
    sync_api.expect(page.locator("#qa-outcome .done")).to_contain_text("bridge added")
    sync_api.expect(page.locator("#qa-outcome .failed")).to_contain_text("broken.pdf not added")
    sync_api.expect(page.locator("#qa-shelf li")).to_have_count(2)
    page.get_by_role("checkbox", name="The river ferry returns").uncheck()
    page.get_by_role("tab", name="Ask").click()
    sync_api.expect(page.locator(".scope")).to_have_text("Asks 1 of 2 documents")
    ask(page, "What does the ticket cost?")
    assert page.locator(".turn .chip[data-document]").count() == 0  # the ferry was not asked
    page.reload()
    page.wait_for_selector("body.qa-ready .reader")
    page.get_by_role("tab", name="Library").click()
    assert not page.get_by_role("checkbox", name="The river ferry returns").is_checked()
    page.get_by_role("button", name="Remove: bridge").click()
    sync_api.expect(page.locator("#qa-shelf li")).to_have_count(1)
    sync_api.expect(page.locator("#qa-outcome")).to_contain_text("Removed: bridge")


def test_files_can_be_dropped_and_pages_and_texts_added(visit, made) -> None:
    page = visit()
    page.get_by_role("tab", name="Library").click()
    page.evaluate(
        """() => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File(['The mill\\n\\nThe mill grinds rye.'], 'mill.txt'));
          document.body.dispatchEvent(new DragEvent('drop', {dataTransfer, bubbles: true, cancelable: true}));
        }"""
    )
    sync_api.expect(page.locator("#qa-outcome .done")).to_contain_text("mill added")
    page.fill("#qa-url", "http://127.0.0.1:9/private")
    page.press("#qa-url", "Enter")
    sync_api.expect(page.locator("#qa-outcome .failed")).to_contain_text("not added")
    page.fill("#qa-text", "The lock\n\n<img src=x onerror='window.hacked = 1'> keeps the water in.")
    page.locator("form[data-form=text] button").click()
    sync_api.expect(page.locator("#qa-outcome .done")).to_contain_text("The lock added")
    page.get_by_role("button", name="Read: The lock").click()
    sync_api.expect(page.locator(".reader .text")).to_contain_text(
        "<img src=x onerror='window.hacked = 1'> keeps"
    )
    assert page.evaluate("window.hacked") is None
    for info in made.documents():
        if info.title in ("mill", "The lock"):
            made.remove(info.id)


def test_markup_stays_text(visit) -> None:
    page = visit()
    ask(page, "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'> ${1} {{2}} ticket?")
    question = page.locator("#qa-thread .question")
    sync_api.expect(question).to_have_text(
        "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'> ${1} {{2}} ticket?"
    )
    sync_api.expect(page.locator(".reader .text")).to_contain_text(
        '<script>window.hacked = "document"</script>'
    )
    page.wait_for_timeout(300)
    assert page.evaluate("window.hacked") is None


def test_language_follows_the_browser_and_can_be_switched(visit) -> None:
    page = visit(locale="ja-JP")
    assert page.get_by_role("tab", name="質問").is_visible()
    assert page.evaluate("document.documentElement.lang") == "ja"
    ask(page, "What is in doubt about the boat that the city paid for?")
    assert "「Hendrik Maas」は原文にありません" in page.locator(".turn .why").text_content()
    page.get_by_role("button", name="言語: English").click()
    sync_api.expect(page.get_by_role("tab", name="Ask")).to_be_visible()
    sync_api.expect(page.locator(".turn .why")).to_contain_text("Hendrik Maas is not in the source")
    page.reload()
    sync_api.expect(page.get_by_role("tab", name="Ask")).to_be_visible()


@pytest.mark.parametrize("width", [360, 390, 768])
def test_phone_stacks_the_panes_without_a_sideways_scroll(visit, made, width) -> None:
    made.add_texts([("ja.txt", "渡し船", f"渡し船\n\n{LONG_JA}")])
    page = visit(viewport={"width": width, "height": 800}, locale="ja-JP", has_touch=True)
    ask(page, "渡し船はいつ再開しますか？")
    talk, source = page.locator("#qa-talk").bounding_box(), page.locator("#qa-source").bounding_box()
    assert source["y"] >= talk["y"] + talk["height"] - 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert len(page.locator(".turn .said").first.text_content()) >= 300
    page.locator(".turn .chip").first.click()
    sync_api.expect(lit(page).first).to_contain_text("北浜の渡し船は")
    page.wait_for_timeout(900)
    top = lit(page).first.evaluate("n => n.getBoundingClientRect().top")
    assert -400 < top < 800
    page.get_by_role("button", name="回答に戻る").click()
    page.wait_for_timeout(900)
    assert page.locator(".turn .chip").first.evaluate("n => n.getBoundingClientRect().top") > 0
    made.remove(next(info.id for info in made.documents() if info.source == "ja.txt"))


CONTRAST = """() => {
  const channel = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = (c) => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
  const parts = (s) => s.match(/[\\d.]+/g).map(Number);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const c = parts(getComputedStyle(node).backgroundColor);
      if (c.length < 4 || c[3] > 0.99) return c;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const node of document.querySelectorAll('.gradio-container *')) {
    const own = [...node.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    const style = getComputedStyle(node), box = node.getBoundingClientRect();
    if (!own || !box.width || style.visibility === 'hidden') continue;
    if (node.closest('.sr, .skip, svg, iframe')) continue;
    const [a, b] = [light(parts(style.color)), light(behind(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) low.push([ratio.toFixed(2), node.className, node.textContent.slice(0, 40)]);
  }
  return low;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_meets_wcag_aa(visit, scheme) -> None:
    page = visit(color_scheme=scheme)
    assert page.evaluate("document.body.classList.contains('dark')") is (scheme == "dark")
    assert page.evaluate(CONTRAST) == []
    ask(page, "Who runs the boat?")
    ask(page, "What is in doubt about the boat that the city paid for?", answers=2)
    ask(page, "What is unanswerable?", answers=3)
    page.locator(".receipt summary").last.click()
    page.wait_for_timeout(400)
    assert page.evaluate(CONTRAST) == []
    for tab in ("Library", "Evals"):
        page.get_by_role("tab", name=tab).click()
        page.wait_for_timeout(400)
        assert page.evaluate(CONTRAST) == []


def test_theme_can_be_chosen_and_is_remembered(visit) -> None:
    page = visit(color_scheme="light")
    for _ in range(2):  # auto, light, dark
        page.get_by_role("button", name="Light or dark").click()
    assert page.evaluate("document.body.classList.contains('dark')")
    page.reload()
    page.wait_for_selector("body.qa-ready.dark")


def test_everything_that_can_be_pressed_has_a_name(visit) -> None:
    page = visit()
    ask(page, "Who runs the boat?")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('.gradio-container *')]
          .filter((n) => n.matches('button, input, textarea, select, [role=img]'))
          .filter((n) => n.checkVisibility() && !(n.ariaLabel || n.textContent.trim() || n.labels?.length))
          .map((n) => n.outerHTML.slice(0, 120))"""
    )
    assert nameless == []


def test_two_tabs_at_once_have_a_conversation_each(visit) -> None:
    first = visit()
    second = visit(first.context)
    for page, question in (
        (first, "Who runs the boat, slowly?"),
        (second, "What does a ticket cost, slowly?"),
    ):
        page.fill("#qa-question", question)
        page.press("#qa-question", "Enter")
    waiting = second.locator(".waiting")
    sync_api.expect(waiting).to_contain_text("Waiting for its turn: place 1")
    second.get_by_role("tab", name="Library").click()  # nothing is frozen meanwhile
    sync_api.expect(second.locator("#qa-shelf li").first).to_be_visible()
    sync_api.expect(first.locator("#qa-thread .said")).to_have_count(2)
    second.get_by_role("tab", name="Ask").click()
    sync_api.expect(second.locator("#qa-thread .said")).to_have_text([TICKET])
    for page, text in ((first, "Who runs the boat, slowly?"), (second, "What does a ticket cost, slowly?")):
        page.reload()
        sync_api.expect(page.locator("#qa-thread .question")).to_have_text([text])


def test_evals_tab_shows_the_newest_run(visit) -> None:
    page = visit()
    page.get_by_role("tab", name="Evals").click()
    row = page.locator(".metrics tbody tr")
    sync_api.expect(row).to_contain_text("right <b>")
    dot = row.locator(".drawn > circle").bounding_box()
    assert dot and dot["width"] > 0
    sync_api.expect(page.frame_locator(".plots").locator("body")).to_contain_text("The plots")
    sync_api.expect(page.frame_locator(".plots").locator("body")).to_contain_text("fenced in")
    assert page.evaluate("window.hacked") is None


def test_keyboard_alone_reaches_an_answer_and_its_source(visit) -> None:
    page = visit()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.type("What does a ticket cost?")
    page.keyboard.press("Enter")
    page.wait_for_selector("#qa-thread .chip")
    assert page.evaluate("document.activeElement.id") == "qa-question"
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.classList.contains('chip')"):
            break
    sync_api.expect(lit(page)).to_have_text(TICKET)
    page.get_by_role("tab", name="Ask").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#panel-library").is_visible()
