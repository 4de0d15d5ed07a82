"""The command line: arguments go in, text or JSON on stdout comes out, errors and progress on stderr.

Exit codes: 0 answered or honestly refused, 1 unexpected, 2 an error the user can mend (``error:`` and
``hint:``), 130 interrupted. Knows how to show an answer, not how one is made; the slow imports happen inside
the commands, so that ``qa --help`` is quick.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qa import __version__
from qa.clean import visible
from qa.errors import LoadError, QAError

if TYPE_CHECKING:
    from rich import progress as rich_progress

    from qa.assistant import Assistant, Progress
    from qa.data import AddReport, Answer, Citation
    from qa.models import Check
    from qa.settings import Settings

__all__ = ["app", "main"]

WHY = {
    "not_stated": "passages were found, but none states the answer",
    "nothing_found": "no passage came near the question",
    "unsupported": "an answer was written, but the source does not support it",
    "incomplete": "the model's answer was cut off",
}
_UsageError: Any = typer.BadParameter.__base__  # of click, which newer versions of typer carry inside
_TERMINAL_ORDERS = dict.fromkeys([0x0D, *range(0x80, 0xA0)])

app = typer.Typer(
    name="qa",
    help="Ask an article. Every answer sentence is tied to the source sentence that proves it.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
model_app = typer.Typer(help="The embedded chat model.")
app.add_typer(model_app, name="model")

Question = Annotated[str, typer.Argument(metavar="QUESTION")]
DocumentId = Annotated[str, typer.Argument(metavar="DOCUMENT_ID")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
Documents = Annotated[
    list[str] | None, typer.Option("--document", metavar="ID", help="Ask only this document; repeatable.")
]


def main() -> None:
    """Run the command line; leaves through ``SystemExit``.

    Raises:
        SystemExit: always, with the exit code.
    """
    _prepare_process()
    try:
        sys.exit(app(prog_name="qa", standalone_mode=False))
    except _UsageError as error:
        command = error.ctx.command_path if error.ctx else "qa"
        _complain(QAError(error.format_message(), f"`{command} --help` says how it is used."))
        sys.exit(2)
    except QAError as error:
        _complain(error)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if os.environ.get("QA_DEBUG"):
            raise
        hint = "Set QA_DEBUG=1 and run it again for the log with the traceback."
        _complain(QAError(f"unexpected {type(error).__name__}.", hint))
        sys.exit(1)


def _print_version(wanted: bool) -> None:
    if wanted:
        _say(f"qa {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        _warn(context.get_help())
        raise typer.Exit(2)


@app.command()
def add(targets: Annotated[list[str], typer.Argument(metavar="TARGET...")]) -> None:
    """Add files, folders and URLs; what is there already costs nothing."""
    with _assistant() as assistant:
        kept = [_add(assistant, target) for target in targets]
        if any(kept) and assistant.remove_samples():
            _warn("The bundled sample articles were taken out, so that only yours are asked.")
    if not any(kept):
        raise typer.Exit(2)


@app.command()
def ask(question: Question, as_json: AsJson = False, document: Documents = None) -> None:
    """Answer one question with its sources, or say that the article does not state it."""
    with _assistant() as assistant:
        _make_ready(assistant)
        answer = assistant.ask(question, document_ids=document or None)
    if as_json:
        _say_json(answer.to_dict())
    else:
        _show_answer(answer)


@app.command()
def chat(document: Documents = None) -> None:
    """Talk about the articles; /quit leaves, Ctrl-C ends an answer."""
    with _assistant() as assistant:
        _make_ready(assistant)
        _warn("Ask away. /quit leaves, Ctrl-C ends an answer.")
        history: list[tuple[str, str]] = []
        for question in _questions():
            try:
                answer = _stream(assistant.stream(question, history=history, document_ids=document or None))
            except KeyboardInterrupt:
                _say("\n(stopped)")
            except QAError as error:
                _complain(error)
            else:
                history.append((question, answer.text))


@app.command()
def documents(as_json: AsJson = False) -> None:
    """List what has been added."""
    with _assistant() as assistant:
        infos = assistant.documents()
    if as_json:
        _say_json([info.to_dict() for info in infos])
        return
    for info in infos:
        size = f"{info.characters:,} characters"
        _say(f"{info.id}  {info.language}  {_one_line(info.title)}  {size}  {info.source}")
    if not infos:
        _warn("Nothing has been added yet: qa add TARGET")


@app.command()
def remove(document_id: DocumentId) -> None:
    """Remove a document and everything made from it."""
    with _assistant() as assistant:
        info = assistant.remove(document_id)
    _say(f"removed {info.id}  {_one_line(info.title)}")


@app.command()
def reindex() -> None:
    """Cut and embed every document again, after a change of embedder or chunking."""
    with _assistant() as assistant:
        count = assistant.reindex()
    _say(f"embedded again: {_counted(count)}")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Listen here; any but this computer needs --auth.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 for a free one.", min=0, max=65535)] = 7860,
    auth: Annotated[
        str | None, typer.Option(metavar="USER:PASSWORD", help="Ask for these; also QA_SERVE_AUTH.")
    ] = None,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Show the page in the browser.")] = True,
) -> None:
    """Open the web page, with APIs for programs beside it, until Ctrl-C."""
    with _assistant() as assistant:
        from qa.ui.server import serve as run

        _make_ready(assistant)
        assistant.read_ahead()
        run(assistant, host=host, port=port, auth=auth, open_browser=open_page)


@app.command()
def feedback(
    out: Annotated[Path, typer.Option(help="JSONL file to write; what is there is replaced.")],
) -> None:
    """Make eval cases of what readers of the web page said about answers."""
    from qa.feedback import case, kept
    from qa.settings import load_settings

    verdicts = kept(load_settings().home)
    cases = [made for verdict in verdicts if (made := case(verdict))]
    try:
        out.write_text("".join(json.dumps(c, ensure_ascii=False) + "\n" for c in cases), encoding="utf-8")
    except OSError as error:
        raise QAError(f"{out} cannot be written: {error.strerror}.", "Name another file.") from error
    _say(f"{len(cases)} cases of {len(verdicts)} verdicts in {out}")
    if len(cases) < len(verdicts):
        _warn("Left out: bad answers without a comment that says what is right, and small talk.")


@model_app.command("download")
def download_model() -> None:
    """Fetch the embedded model's weights from their publisher and verify them."""
    from qa.models import download

    with _progress_bar() as bar:
        path = download(progress=lambda done, total: bar("downloading the model", done, total))
    _say(str(path))


@app.command()
def doctor() -> None:
    """Check settings, models and library; each line says how to mend what is wrong."""
    healthy = True
    for check in _checks():
        healthy = healthy and check.ok
        fix = f" Fix: {check.fix}" if check.fix else ""
        _say(_one_line(f"{'✓' if check.ok else '✗'} {check.line}{fix}"))
    if not healthy:
        raise typer.Exit(2)


def open_assistant(progress: Progress) -> Assistant:
    """The assistant of this user's settings."""
    from qa.assistant import Assistant

    return Assistant(progress=progress)


@contextlib.contextmanager
def _assistant() -> Iterator[Assistant]:
    with _progress_bar() as bar, open_assistant(bar) as assistant:
        yield assistant


def _make_ready(assistant: Assistant) -> None:
    """Start the models while the library is looked at; a newcomer gets the sample articles."""
    assistant.warm()
    if not assistant.documents():
        _warn("Nothing has been added yet, so the bundled sample articles are added.")
        assistant.add_samples()


def _questions() -> Iterator[str]:
    """What the user types, until /quit or the end of the input."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - input() edits and remembers lines once it is imported
    prompt = "\n> " if sys.stdin.isatty() else ""
    while True:
        try:
            line = input(prompt).strip()
        except EOFError:
            return
        except KeyboardInterrupt:
            _warn("\n/quit leaves.")
            continue
        if line in ("/quit", "/exit"):
            return
        if line:
            yield line


def _stream(events: Iterator[str | Answer]) -> Answer:
    """Show an answer as it comes, then its proof.

    Each piece waits for the next one: only the `Answer` tells whether the last piece goes on with what was
    written.
    """
    shown = held = ""
    try:
        for event in events:
            if not isinstance(event, str):
                _finish_stream(shown, event)
                return event
            _say(held, end="")
            shown, held = shown + held, event
    finally:
        if isinstance(events, Generator):
            events.close()
    raise QAError("The answer ended before it was checked.", "Ask again.")


def _finish_stream(shown: str, answer: Answer) -> None:
    if answer.text.startswith(shown):
        _say(answer.text[len(shown) :])
    else:
        _say("" if answer.answered else "\n(What was written so far is withdrawn.)")
        _say(answer.text)
    _show_proof(answer)


def _add(assistant: Assistant, target: str) -> bool:
    """Add one target; whether anything of it is in the library now."""
    try:
        report = assistant.add(target)
    except LoadError as error:
        _complain(error)
        return False
    _show_report(report)
    return bool(report.added or report.replaced or report.unchanged)


def _show_report(report: AddReport) -> None:
    groups = {"added": report.added, "replaced": report.replaced, "unchanged": report.unchanged}
    for outcome, infos in groups.items():
        for info in infos:
            _say(f"{outcome}  {info.id}  {_one_line(info.title)}  {info.chunks} chunks  {info.source}")
    for failure in report.failed:
        _complain(QAError(f"{failure.source}: {failure.message}", failure.hint))
    counts = [f"{len(infos)} {outcome}" for outcome, infos in groups.items()]
    _warn(", ".join([*counts, f"{len(report.failed)} failed"]))


def _show_answer(answer: Answer) -> None:
    marked = [
        f"{sentence.text} {''.join(f'[{citation.marker}]' for citation in sentence.citations)}".strip()
        for sentence in answer.sentences
    ]
    _say(" ".join(marked) or answer.text)
    _show_proof(answer)


def _show_proof(answer: Answer) -> None:
    """What the answer rests on, or why there is none."""
    if answer.reason in WHY:
        _say(f"Why: {WHY[answer.reason]}." if not answer.answered else f"Note: {WHY[answer.reason]}.")
    if answer.fault:
        _say(answer.fault)
    if not answer.answered:
        if answer.nearest:
            _say("\nNearest passage")
            _show_citation("-", answer.nearest)
        return
    for sentence in answer.sentences:
        if sentence.state != "supported":
            _say(f"{sentence.state}: {_one_line(sentence.text)} ({sentence.reason})")
    if answer.citations:
        _say("\nSources")
    for citation in answer.citations:
        _show_citation(f"[{citation.marker}]", citation)


def _show_citation(mark: str, citation: Citation) -> None:
    _say(f"{mark} {_one_line(citation.title)}, characters {citation.start}-{citation.end}, {citation.source}")
    _say("    " + citation.quote.replace("\n", "\n    "))


def _checks() -> Iterator[Check]:
    """Every check of ``qa doctor``; without settings there is nothing further to look at."""
    from qa.models import Check, check_chat, check_embedder
    from qa.settings import load_settings

    try:
        settings = load_settings()
    except QAError as error:
        yield Check(False, f"settings: {error.message}", error.hint)
        return
    yield Check(True, f"settings: read, fingerprint {settings.fingerprint}")
    looks: dict[str, Callable[[], Check]] = {
        "chat model": lambda: check_chat(settings.chat),
        "embedder": lambda: check_embedder(settings.embeddings),
        "dictionaries": lambda: Check(True, f"dictionaries: {_look_at_dictionaries()}"),
        "library": lambda: Check(True, f"library: {_look_at_library(settings)}"),
        "index": lambda: Check(True, f"index: {_look_at_index(settings)}"),
    }
    for name, look in looks.items():
        try:
            yield look()
        except QAError as error:
            yield Check(False, f"{name}: {error.message}", error.hint)
        except Exception as error:  # noqa: BLE001 - a diagnosis must not die of what it looks for
            hint = "Run a question with QA_DEBUG=1 to see the traceback."
            yield Check(False, f"{name}: unexpected {type(error).__name__}.", hint)


def _look_at_dictionaries() -> str:
    from qa import dictionary
    from qa.wording import language_name

    known = " and ".join(map(language_name, dictionary.available()))
    return known or "none, so texts in another language are found by meaning alone; [local] has them"


def _look_at_library(settings: Settings) -> str:
    from qa.index import Store

    with contextlib.closing(Store.open(settings)) as store:
        count = len(store.documents())
        store.check_fingerprint()
    where = "on the Chroma server" if settings.index.url else f"in {settings.home}"
    return f"{_counted(count)} {where}, fingerprint {settings.index_fingerprint}"


def _look_at_index(settings: Settings) -> str:
    """Whether Chroma's files can be used; what is wrong with them mends itself, so it is no fault."""
    from qa.index import Store

    if settings.index.url:
        return "kept by the Chroma server"
    with contextlib.closing(Store.open(settings)) as store:
        lag = store.index.lag()
    if lag is None:
        return "not whole; the next question builds it again from the library, which has everything"
    return f"whole, but behind by {lag:,} changed passages; the next question adds them" if lag else "whole"


class _Bar:
    """Progress of long work on stderr, gone when the work is done; silent where stderr is no terminal."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._progress: rich_progress.Progress | None = None
        self._tasks: dict[str, rich_progress.TaskID] = {}

    def __call__(self, label: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` is done; may come from any thread."""
        if not sys.stderr.isatty():
            return
        with self._lock:
            if done >= total:
                self._drop(label)
            else:
                progress = self._started()
                if label not in self._tasks:
                    self._tasks[label] = progress.add_task(_one_line(label), total=total)
                progress.update(self._tasks[label], completed=done, total=total)

    def close(self) -> None:
        """Take the bar off the screen."""
        with self._lock:
            for label in list(self._tasks):
                self._drop(label)

    def _drop(self, label: str) -> None:
        if self._progress is None or label not in self._tasks:
            return
        self._progress.remove_task(self._tasks.pop(label))
        if not self._tasks:
            self._progress.stop()
            self._progress = None

    def _started(self) -> rich_progress.Progress:
        if self._progress is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

            name = TextColumn("{task.description}", markup=False)
            columns = (name, BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
            self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
            self._progress.start()
        return self._progress


def _progress_bar() -> contextlib.closing[_Bar]:
    return contextlib.closing(_Bar())


def _prepare_process() -> None:
    """No telemetry, no look-ups at run time, and output that no character can break."""
    for name, value in {
        "ANONYMIZED_TELEMETRY": "False",
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }.items():
        os.environ.setdefault(name, value)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _complain(error: QAError) -> None:
    _warn(f"error: {_one_line(error.message)}")
    if error.hint:
        _warn(f"hint: {_one_line(error.hint)}")


def _counted(count: int) -> str:
    return f"{count:,} document{'' if count == 1 else 's'}"


def _shown(text: str) -> str:
    """Text without what would move a terminal's cursor or hide from the reader."""
    return visible(text).translate(_TERMINAL_ORDERS)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _say(text: str, end: str = "\n") -> None:
    sys.stdout.write(_shown(text) + end)
    sys.stdout.flush()


def _say_json(value: Any) -> None:
    """Print JSON whose strings stay exact: what a terminal must not see is escaped, not removed."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    sys.stdout.write("".join(c if _shown(c) else json.dumps(c)[1:-1] for c in text) + "\n")
    sys.stdout.flush()


def _warn(text: str) -> None:
    sys.stderr.write(_shown(text) + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
