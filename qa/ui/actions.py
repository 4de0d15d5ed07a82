"""What the page does when something is clicked: the browser's data goes in, HTML for its panes comes out.

Each method is one thing a reader can do. What the browser sent is checked here; errors become words in the
pane that asked. Knows the `Assistant` and nothing of Gradio.
"""

from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, cast

from qa import feedback
from qa.assistant import SAMPLES, Assistant
from qa.data import AddReport, Answer, DocumentInfo, Failure
from qa.errors import FetchRefused, QAError
from qa.reports import newest
from qa.ui import export, frame, reader, render, shelf
from qa.ui.evals import evals
from qa.ui.examples import examples
from qa.ui.markup import Safe, exact, join, tag
from qa.ui.turns import Turn, read_turns
from qa.ui.words import LANGUAGES, words

__all__ = ["Actions"]

Given = Mapping[str, Any]
Work = tuple[str, Callable[[], AddReport]]


class Actions:
    """The things a reader can do, over one assistant.

    Args:
        assistant: open.
        reports: folder with evals runs in it.
    """

    def __init__(self, assistant: Assistant, reports: Path) -> None:
        self._assistant = assistant
        self._reports = reports
        self._adding = threading.Lock()

    # Panes

    def open(self, given: Given) -> tuple[str, ...]:
        """Everything: header, conversation, question box, source, library, forms, file button's label."""
        language, turns = _language(given), read_turns(given.get("turns"))
        library = self._assistant.documents()
        shown = _first(library, str(given.get("document", "")), language)
        return (
            frame.header(language),
            self._thread(turns, shown, library, language),
            frame.composer(language),
            self.show({"language": language, "document": shown.id}) if shown else reader.empty(language),
            shelf.shelf(library, language),
            shelf.forms(language),
            words(language)["add_files"],
        )

    def show(self, given: Given) -> str:
        """A document with spans lit up."""
        language = _language(given)
        try:
            document = self._assistant.document(str(given.get("document", "")))
        except QAError:
            return reader.empty(language, "reader_gone")
        marks = reader.read_marks(given.get("marks"))
        key = str(given.get("key", ""))
        return reader.reader(document, marks, self._assistant.documents(), language, key)

    def evals(self, given: Given) -> str:
        """The newest report."""
        return evals(newest(self._reports), _language(given))

    # Conversation

    def ask(self, given: Given) -> Iterator[str]:
        """The answer as it is written, then as it stands; closing this ends the generation."""
        language, question, turn_id = _language(given), str(given.get("question", "")), _id(given)
        yield render.pending(turn_id, question, "", language)
        text, answer = "", None
        try:
            events = self._assistant.stream(question, _pairs(given.get("history")), given.get("documents"))
            with closing(cast(Generator[str | Answer], events)):
                for event in events:
                    if isinstance(event, Answer):
                        answer = event
                    else:
                        text += event
                        yield render.pending(turn_id, question, text, language)
            done = Turn(turn_id, question, answer, partial="" if answer else text)
        except QAError as error:
            done = Turn(turn_id, question, error=error.message, hint=error.hint)
        except Exception as error:  # noqa: BLE001 - the edge: who asked must not wait for ever
            done = Turn(turn_id, question, error=f"Unexpected {type(error).__name__}.")
        yield render.turn(done, language)

    def stop(self, given: Given) -> str:
        """What was written until it was stopped."""
        question, written = str(given.get("question", "")), str(given.get("partial", ""))
        return render.turn(Turn(_id(given), question, partial=written), _language(given))

    def feedback(self, given: Given) -> str:
        """Keep a verdict on an answer; gives what to say."""
        turns = read_turns([given.get("turn")])
        answer = turns[0].answer if turns else None
        comment = str(given.get("comment", ""))[:2000]
        verdict = answer and feedback.create(turns[0].id, given.get("verdict"), comment, answer)
        if not verdict:
            return ""
        try:
            feedback.keep(self._assistant.settings.home, verdict)
        except QAError as error:
            return _said(f"{error.message} {error.hint}")
        return _said(words(_language(given))["comment_saved"])

    def export(self, given: Given) -> str:
        """A file for the browser to save."""
        turns = read_turns(given.get("turns"))
        if given.get("format") == "json":
            name, kind, text = "conversation.json", "application/json", export.as_json(turns)
        else:
            name, kind, text = "conversation.md", "text/markdown;charset=utf-8", export.as_markdown(turns)
        return tag("i", data_name=name, data_type=kind, data_text=exact(text), data_nonce=_nonce())

    # Library

    def library(self, given: Given) -> str:
        """What is in the library now."""
        return shelf.shelf(self._assistant.documents(), _language(given))

    def add_files(self, paths: Sequence[str], given: Given) -> Iterator[tuple[str, str]]:
        """Add files one by one; gives what became of each so far, and the library."""
        yield from self._add(
            [(Path(path).name, partial(self._add_file, Path(path))) for path in paths], given
        )

    def add_url(self, given: Given) -> Iterator[tuple[str, str]]:
        """Add a web page."""
        url = str(given.get("url", "")).strip()
        yield from self._add([(url, partial(self._add_page, url))], given)

    def add_text(self, given: Given) -> Iterator[tuple[str, str]]:
        """Add pasted text; its first line is its title where none is given."""
        text = str(given.get("text", ""))
        title = str(given.get("title", "")).strip() or text.strip().split("\n", 1)[0][:120]
        yield from self._add([(title, partial(self._assistant.add_texts, [(title, title, text)]))], given)

    def remove(self, given: Given) -> tuple[str, str]:
        """Take a document out; gives what happened, and the library."""
        try:
            info = self._assistant.remove(str(given.get("document", "")))
            said = words(_language(given))["removed"].format(title=info.title)
        except QAError as error:
            said = f"{error.message} {error.hint}"
        return tag("ul", tag("li", said)), self.library(given)

    def _thread(
        self,
        turns: Sequence[Turn],
        shown: DocumentInfo | None,
        library: Sequence[DocumentInfo],
        language: str,
    ) -> str:
        if turns:
            inside = render.thread(turns, language)
        else:
            bundled = {path.name for path in SAMPLES.glob("*.md")}
            sample = bool(library) and {info.source for info in library} <= bundled
            questions = examples(self._assistant.document(shown.id), sample, language) if shown else []
            inside = render.welcome(questions, sample, language)
        return tag("div", inside, class_="turns", data_nonce=_nonce())

    def _add(self, works: Sequence[Work], given: Given) -> Iterator[tuple[str, str]]:
        language, lines = _language(given), join([])
        for done, (name, work) in enumerate(works):
            now = shelf.adding(name, done, len(works), language)
            yield tag("ul", lines, now), self.library(given)
            try:
                with self._adding:
                    report = work()
            except QAError as error:
                report = AddReport(failed=(Failure(name, error.message, error.hint),))
            except OSError as error:
                report = AddReport(failed=(Failure(name, f"It cannot be stored: {error.strerror}.", ""),))
            lines = join([lines, shelf.outcome(report, language)])
        if self._remove_samples():
            lines = join([lines, tag("li", words(language)["samples_left"], class_="done")])
        yield tag("ul", lines), self.library(given)
        self._assistant.read_ahead()

    def _remove_samples(self) -> bool:
        """Let the samples go once there is anything else; what was added stays reported if they cannot."""
        try:
            with self._adding:
                return bool(self._assistant.remove_samples())
        except QAError:
            return False

    def _add_page(self, url: str) -> AddReport:
        """Add a web page; a path would be read from this machine's disk, which is not the reader's."""
        if not url.lower().startswith(("http://", "https://")):
            raise FetchRefused(f"'{url}' is no web address.", "It has to start with http:// or https://.")
        return self._assistant.add(url)

    def _add_file(self, path: Path) -> AddReport:
        """Add a file under a source that stays the same: a changed file replaces its older version."""
        source = self._assistant.settings.home / "uploads" / path.name
        source.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.move(path, source)
            return self._assistant.add(source)
        finally:
            source.unlink(missing_ok=True)  # its text is in the library


def _first(library: Sequence[DocumentInfo], wanted: str, language: str) -> DocumentInfo | None:
    """The document to open: the one wanted, or one in the page's language, or any."""
    ranked = sorted(library, key=lambda info: (info.id != wanted, info.language != language))
    return ranked[0] if ranked else None


def _language(given: Given) -> str:
    language = given.get("language")
    return language if language in LANGUAGES else "en"


def _id(given: Given) -> str:
    return str(given.get("id", ""))[:64]


def _pairs(given: object) -> list[tuple[str, str]]:
    pairs = given if isinstance(given, list) else []
    return [(str(pair[0]), str(pair[1])) for pair in pairs if isinstance(pair, list) and len(pair) == 2]


def _said(text: str) -> Safe:
    return tag("span", text, data_nonce=_nonce())


def _nonce() -> str:
    """Makes markup differ from what was there before, so that Gradio does not skip it."""
    return secrets.token_hex(4)
