"""What the page's handlers do with what a browser sends, and how the command line starts it."""

from __future__ import annotations

import html
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import gradio as gr
import httpx
import pytest
from serving import in_loop, live
from ui_serving import TICKET, open_ferry

from qa import Assistant, cli
from qa.errors import IndexUnavailable, ModelUnavailable
from qa.feedback import FILE
from qa.ui import server
from qa.ui.actions import Actions
from qa.ui.looks import looks
from qa.ui.page import build

pytestmark = pytest.mark.filterwarnings(
    # What Gradio asks of pandas is deprecated in pandas 3.
    "ignore:.*(no_silent_downcasting|copy keyword):DeprecationWarning"
)
ASKED = {"language": "en", "id": "t1", "question": "What does a ticket cost?", "documents": None}


@pytest.fixture(scope="module")
def ferry(tmp_path_factory) -> Iterator[Assistant]:
    made = open_ferry(tmp_path_factory.mktemp("page") / "home")
    yield made
    made.close()
    made.close()  # the server closes it, and so does the command line


@pytest.fixture
def actions(ferry, tmp_path) -> Actions:
    return Actions(ferry, tmp_path)


def sent_back(markup: str) -> dict[str, Any]:
    return json.loads(html.unescape(re.search(r'data-turn="([^"]*)"', markup)[1]))


def test_asking_gives_a_draft_and_then_the_answer_with_its_data(actions):
    first, *drafts, done = actions.ask(ASKED)
    assert "Reading the source" in first and all("pending" in draft for draft in drafts)
    assert drafts and "Writing, not yet checked" in drafts[-1]
    turn = sent_back(done)
    assert turn["id"] == "t1" and turn["answer"]["sentences"][0]["citations"][0]["quote"] == TICKET


def test_closing_the_stream_closes_the_model(actions, ferry):
    asking = actions.ask(ASKED)
    next(asking), next(asking)
    asking.close()
    assert ferry._chat.streams[-1].closed


@pytest.mark.parametrize(
    ("fault", "shown"),
    [
        (ModelUnavailable("It is away.", "Start it."), ("It is away.", "Start it.")),
        (ZeroDivisionError("secret"), ("Unexpected ZeroDivisionError.",)),
    ],
)
def test_a_failure_is_words_in_the_conversation(actions, ferry, monkeypatch, fault, shown):
    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(ferry, "stream", fail)
    *_, done = actions.ask(ASKED)
    assert all(text in done for text in shown) and "secret" not in done
    assert sent_back(done)["answer"] is None


@pytest.mark.parametrize(
    "sent", [{}, {"language": 3, "history": "x", "id": 7}, {"history": [[1], "a", ["q", "a"]]}]
)
def test_whatever_a_browser_sends_is_answered(actions, sent):
    assert len(actions.open(sent)) == 7
    assert "turn" in [*actions.ask(sent)][-1]
    assert actions.show(sent) and actions.stop(sent) and actions.library(sent) and actions.evals(sent)
    assert actions.feedback(sent) == "" and "data-name" in actions.export(sent)
    assert [*actions.add_url(sent)] and actions.remove(sent)


def test_language_of_the_page(actions):
    assert "質問" in actions.open({"language": "ja"})[0]
    assert "Library" in actions.open({"language": "xx"})[0]


def test_a_changed_file_replaces_its_older_version_and_nothing_is_left_behind(actions, ferry, tmp_path):
    given = {"language": "en"}
    for folder, text in (("a", "The mill grinds rye."), ("b", "The mill grinds oats.")):
        path = tmp_path / folder / "mill.txt"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
        *_, (said, library) = actions.add_files([str(path)], given)
    assert "new version" in said and library.count("mill.txt") == 1
    assert not list((ferry.settings.home / "uploads").iterdir())
    (info,) = [info for info in ferry.documents() if info.source.endswith("mill.txt")]
    assert "Removed: mill" in actions.remove({"document": info.id})[0]
    assert "no document" in actions.remove({"document": info.id})[0].lower()


def test_one_bad_file_does_not_keep_the_others_out(actions, ferry, tmp_path):
    good, bad = tmp_path / "lock.txt", tmp_path / "bad.xyz"
    good.write_text("The lock keeps the water in.", encoding="utf-8")
    bad.write_bytes(b"\x00\x01")
    steps = list(actions.add_files([str(bad), str(good)], {"language": "en"}))
    assert "Adding 1/2: bad.xyz" in steps[0][0] and "Adding 2/2: lock.txt" in steps[1][0]
    assert "bad.xyz</b> not added" in steps[-1][0] and "added" in steps[-1][0]
    ferry.remove(next(info.id for info in ferry.documents() if info.source.endswith("lock.txt")))


def test_verdict_is_stored_beside_the_library(actions, ferry):
    *_, done = actions.ask(ASKED)
    given = {"language": "en", "turn": sent_back(done), "verdict": "good", "comment": ""}
    assert "Saved. Thank you." in actions.feedback(given)
    assert actions.feedback(given | {"verdict": "hacked"}) == ""
    (line,) = (ferry.settings.home / FILE).read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["answer"]["text"] == TICKET


@pytest.mark.parametrize("url", ["", ".", "/etc/passwd", "file:///etc/passwd", "ftp://example.org/a.txt"])
def test_only_web_addresses_can_be_added_as_a_page(actions, ferry, monkeypatch, url):
    monkeypatch.setattr(ferry, "add", lambda target: pytest.fail(f"{target} was read"))
    *_, (said, _) = actions.add_url({"language": "en", "url": url})
    assert "is no web address" in said and "http:// or https://" in said


def test_samples_leave_for_the_first_document_of_a_reader(tmp_path):
    with open_ferry(tmp_path / "home") as other:
        other.remove(other.documents()[0].id)
        other.add_samples()
        actions = Actions(other, tmp_path)
        *_, (said, _) = actions.add_text({"language": "en", "text": " "})
        assert "taken out" not in said and len(other.documents()) == 2
        *_, (said, library) = actions.add_text({"language": "en", "text": "The mill grinds rye."})
        assert "sample article was taken out" in said and "Meta" not in library
        assert [info.title for info in other.documents()] == ["The mill grinds rye."]


def test_samples_are_said_to_be_samples(ferry, tmp_path):
    assert "sample article" not in Actions(ferry, tmp_path).open({})[1]
    with open_ferry(tmp_path / "home") as other:
        other.remove(other.documents()[0].id)
        assert "Nothing to read yet" in Actions(other, tmp_path).open({})[3]
        other.add_samples()
        thread = Actions(other, tmp_path).open({"language": "ja"})[1]
        assert "見本の記事" in thread and thread.count('data-do="example"') == 4


def test_example_questions_are_about_names_in_the_article(actions, ferry):
    ferry.add_texts([("z.txt", "Z", "The ferry to Northbank waits.\n\nA bus leaves for Northbank at noon.")])
    info = next(info for info in ferry.documents() if info.source == "z.txt")
    thread = actions.open({"document": info.id})[1]
    assert "What does the article say about Northbank?" in thread
    ferry.remove(info.id)


def test_page_adds_no_endpoint_for_programs_and_loads_nothing_from_elsewhere(ferry):
    page = build_page(ferry)
    handlers = page.get_config_file()["dependencies"]
    assert {handler["api_visibility"] for handler in handlers if handler["backend_fn"]} == {"private"}
    given = looks()
    assert "http" not in given["head"].replace("http-equiv", "").replace("https://www.w3.org", "")
    assert given["theme"]._stylesheets == [] and not given["run_history"]


@pytest.mark.parametrize("event", ["library", "add_url", "add_text", "upload"])
def test_a_library_that_cannot_be_read_is_said_in_words(ferry, monkeypatch, event):
    def fail() -> None:
        raise IndexUnavailable("It is away.", "Start it.")

    monkeypatch.setattr(ferry, "documents", fail)
    (handler,) = [h for h in build_page(ferry).fns.values() if h.targets[0][1] == event]
    given = [[], "en"] if event == "upload" else [gr.EventData(None, {})]
    with pytest.raises(gr.Error, match=re.escape("It is away. Start it.")):
        list(handler.fn(*given))


def build_page(made: Assistant) -> gr.Blocks:
    return in_loop(lambda: build(made))


class Started:
    """Stands in for the server; keeps what it was started with."""

    def __init__(self) -> None:
        self.given: dict[str, Any] = {}

    def __call__(self, assistant: Assistant, **given: Any) -> None:
        self.given = {**given, "titles": [info.title for info in assistant.documents()]}


def test_only_uploaded_files_can_be_added(ferry, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("The code is 1234.", encoding="utf-8")
    page = build_page(ferry)
    handlers = page.get_config_file()["dependencies"]
    number = next(h["id"] for h in handlers if h["targets"][0][1] == "upload")
    file = {"path": str(secret), "meta": {"_type": "gradio.FileData"}}
    with live(lambda: server.app(ferry, page=page)) as url:
        sent = {"fn_index": number, "data": [[file], "en"], "session_hash": "x"}
        httpx.post(f"{url}/gradio_api/queue/join", json=sent)
        said = httpx.get(f"{url}/gradio_api/queue/data", params={"session_hash": "x"}, timeout=20).text
    assert '"success":false' in said.replace(" ", "") and secret.exists()
    assert not [info for info in ferry.documents() if "secret" in info.source]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ([], {"host": "127.0.0.1", "port": 7860, "auth": None, "open_browser": True}),
        (
            ["--host", "0.0.0.0", "--port", "9", "--auth", "a:b", "--no-open"],
            {"host": "0.0.0.0", "port": 9, "auth": "a:b", "open_browser": False},
        ),
    ],
)
def test_serve_adds_the_samples_and_starts_the_server(tmp_path, monkeypatch, capsys, typed, expected):
    started = Started()
    monkeypatch.setattr(server, "serve", started)
    monkeypatch.setattr(Assistant, "warm", lambda assistant: None)
    monkeypatch.setattr(sys, "argv", ["qa", "serve", *typed])

    def open_empty(progress: object) -> Assistant:
        made = open_ferry(tmp_path / "home")
        made.remove(made.documents()[0].id)
        return made

    monkeypatch.setattr(cli, "open_assistant", open_empty)
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code in (0, None)
    assert expected.items() <= started.given.items() and len(started.given["titles"]) == 2
    assert "bundled sample articles are added" in capsys.readouterr().err


def test_a_verdict_file_that_cannot_be_written_is_an_error_in_words(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("QA_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["qa", "feedback", "--out", str(tmp_path / "no" / "cases.jsonl")])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 2 and "cannot be written" in capsys.readouterr().err
