"""The gate must be able to fail: a crippled retriever, a model that always answers, a lost quotation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scripted import ScriptedChat, ScriptedEmbedder
from typer.testing import CliRunner

from evals import __main__ as cli
from evals import gate as gates
from evals.gate import baseline_of, check, read_baseline
from evals.rows import Row, Run
from evals.runner import Plan, execute
from evals.suites import load_suite
from evals.systems import Setup
from qa import retrieve
from qa.assistant import Assistant
from qa.errors import QAError
from qa.settings import Settings, load_settings

NAMES = [
    *("Amber", "Birch", "Cedar", "Dover", "Ember", "Flint", "Grove", "Hazel", "Ivory", "Jasper"),
    *("Karst", "Lotus", "Maple", "Navy", "Ocean", "Pearl", "Quartz", "Raven", "Slate", "Topaz"),
]
TOWNS = NAMES[:10]


def text_of(name: str) -> str:
    return f"{name}ton report\n\nThe mayor of {name}ton is {name}son. {name}ton lies by the river."


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten towns whose mayor is stated; ten questions about their size, which is not."""
    lines = []
    tmp_path = tmp_path_factory.mktemp("towns")
    for name in TOWNS:
        (tmp_path / f"{name}.txt").write_text(text_of(name), encoding="utf-8")
        mayor = {"question": f"Who is mayor of {name}ton?", "answers": [f"{name}son"]}
        lines.append({"id": f"{name}-mayor", **mayor})
        lines.append({"id": f"{name}-size", "question": f"How big is {name}ton?", "answerable": False})
    path = tmp_path / "towns.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


class Reader(ScriptedChat):
    """Finds the mayor in what it is shown, and nothing else; knows when it has nothing."""

    def __init__(self, bold: bool = False) -> None:
        super().__init__(self.read)
        self.bold = bold

    def read(self, prompt: str) -> str:
        town = prompt.split("ton?")[0].split()[-1]
        if f"mayor of {town}ton is" in prompt and "Who is mayor" in prompt:
            return f"The mayor of {town}ton is {town}son."
        return f"{town}ton lies by the river." if self.bold else "The article does not say."


def run_with(chat: Callable[[], ScriptedChat], questions: Path, folder: Path) -> Run:
    """A run of the towns as if they were the sample, whose words may be kept."""

    def scripted(settings: Settings, progress: object) -> Assistant:
        assistant = Assistant(settings)
        assistant._chat, assistant._embedder = chat(), ScriptedEmbedder()  # type: ignore[assignment]
        return assistant

    documents = tuple(str(questions.parent / f"{name}.txt") for name in TOWNS)
    suite = replace(load_suite(str(questions), cli.Places(documents=documents)), name="sample")
    setup = Setup(load_settings(), questions.parent / "home", lambda label, done, total: None, scripted)
    return execute(suite, "qa", setup, Plan(folder), lambda row, number, total: None)


@pytest.fixture(scope="module")
def good(questions, tmp_path_factory) -> Run:
    run = run_with(Reader, questions, tmp_path_factory.mktemp("runs") / "good")
    assert run.summary["right"].value == run.summary["refused"].value == 1.0
    return run


def test_the_same_answers_pass(good):
    assert check(baseline_of([good]), [good]) == []


def test_a_crippled_retriever_turns_it_red(good, questions, tmp_path, monkeypatch):
    found = retrieve.search
    monkeypatch.setattr(retrieve, "search", lambda *given, **more: found(*given, **more)[9:])
    crippled = run_with(Reader, questions, tmp_path / "crippled")
    reasons = check(baseline_of([good]), [crippled])
    assert any("answerable right dropped" in reason for reason in reasons), reasons
    assert any("under its floor" in reason for reason in reasons)
    flips = "\n".join(reason for reason in reasons if "-mayor" in reason)
    assert "Who is mayor of " in flips and "before (right): The mayor of" in flips


def test_a_model_that_always_answers_turns_it_red(good, questions, tmp_path):
    bold = run_with(lambda: Reader(bold=True), questions, tmp_path / "bold")
    assert bold.summary["right"].value == 1.0  # no more than abstention is worse
    reasons = check(baseline_of([good]), [bold])
    assert any("unanswerable refused dropped" in reason for reason in reasons), reasons
    flip = next(reason for reason in reasons if "-size" in reason)
    assert "How big is " in flip and "(hallucinated): " in flip and "lies by the river" in flip


def test_an_answer_that_cites_the_wrong_place_turns_it_red(good):
    rows = tuple(replace(row, scores={**row.scores, "gold_hit": 0.0}) for row in good.rows)
    marked = replace(good, rows=tuple(replace(r, scores={**r.scores, "gold_hit": 1.0}) for r in good.rows))
    reasons = check(baseline_of([marked]), [replace(good, rows=rows)])
    assert any("citing the evidence dropped" in reason for reason in reasons)
    assert not any("answerable right dropped" in reason for reason in reasons)


def test_one_quotation_that_is_not_verbatim_is_enough(good):
    first = next(row for row in good.rows if row.verdict == "right")
    forged = replace(first, scores={**first.scores, "verbatim": 0.5})
    rows = tuple(forged if row is first else row for row in good.rows)
    reason, flip = check(baseline_of([good]), [replace(good, rows=rows)])
    assert "quotations verbatim is 0.900, under its floor 1.000" in reason
    assert flip.split()[0] == first.id and first.question in flip and "before (right)" in flip


def test_errors_count_against_it(good):
    rows = tuple(replace(row, verdict="error", answer=None, error="It hung up.") for row in good.rows)
    reasons = check(baseline_of([good]), [replace(good, rows=rows)])
    assert any("answerable right dropped" in reason for reason in reasons)
    assert any("unanswerable refused dropped" in reason for reason in reasons)
    assert any("It hung up." in reason for reason in reasons)


def test_chance_does_not_turn_it_red(good):
    changed = {"Amber-mayor": "wrong", "Birch-mayor": "over_refused", "Amber-size": "hallucinated"}
    rows = tuple(replace(row, verdict=changed.get(row.id, row.verdict)) for row in good.rows)
    low = baseline_of([good])
    assert check(low, [replace(good, rows=rows)]) == []
    assert low["suites"]["sample"]["floors"]["right"] == 0.72  # Wilson's lower end of 10 of 10


def test_accepting_worse_answers_lowers_no_floor(good):
    rows = tuple(
        replace(row, verdict="wrong" if row.verdict == "right" else row.verdict) for row in good.rows
    )
    before = baseline_of([good])
    after = baseline_of([replace(good, rows=rows)], before)
    assert after["suites"]["sample"]["floors"] == before["suites"]["sample"]["floors"]
    assert any("under its floor" in reason for reason in check(after, [replace(good, rows=rows)]))


def test_a_suite_that_cannot_be_run_here_keeps_its_baseline(good):
    both = baseline_of([good, replace(good, suite="article")])
    assert baseline_of([good], both)["suites"]["article"] == both["suites"]["article"]


def test_only_the_article_may_be_left_out(monkeypatch):
    def missing(name: str, *given: object) -> object:
        raise QAError(f"{name} is damaged.")

    monkeypatch.setattr(cli, "load_suite", missing)
    with pytest.raises(QAError, match="sample is damaged"):
        cli._gated(cli.Places())


def test_another_model_or_other_questions_are_no_comparison(good):
    with pytest.raises(QAError, match="was made with 'other'"):
        check({**baseline_of([good]), "model": "other"}, [good])
    with pytest.raises(QAError, match="other questions of 'sample'"):
        check(baseline_of([replace(good, rows=good.rows[1:])]), [good])


def test_words_about_texts_that_are_not_ours_are_not_kept(good):
    kept = baseline_of([replace(good, suite="article")])["suites"]["article"]["questions"]["Amber-mayor"]
    assert kept["text"] == "" and kept["verdict"] == "right"
    ours = baseline_of([good])["suites"]["sample"]["questions"]["Amber-mayor"]
    assert ours["text"] == "The mayor of Amberton is Amberson."


def test_a_missing_or_damaged_baseline_says_how_to_make_one(tmp_path):
    path = tmp_path / "baseline.json"
    for text in (None, "{", "[]", '{"suites": {"a": {}}}'):
        if text is not None:
            path.write_text(text)
        with pytest.raises(QAError, match=r"no baseline yet|is not a baseline") as caught:
            read_baseline(path)
        assert "--update" in caught.value.hint


@pytest.fixture
def gate(monkeypatch, tmp_path, questions):
    """The command over the towns, with a chat that can be exchanged; nothing else is ours to answer here."""
    chats: dict[str, Any] = {"chat": Reader}

    @contextmanager
    def opened(home: object, model: object) -> Iterator[tuple[Setup, object]]:
        def scripted(settings: Settings, progress: object) -> Assistant:
            assistant = Assistant(settings)
            assistant._chat, assistant._embedder = chats["chat"](), ScriptedEmbedder()  # type: ignore[assignment]
            return assistant

        yield (
            Setup(load_settings(), questions.parent / "home", lambda *given: None, scripted),
            lambda *given: None,
        )

    documents = tuple(str(questions.parent / f"{name}.txt") for name in TOWNS)
    suite = replace(load_suite(str(questions), cli.Places(documents=documents)), name="sample")
    monkeypatch.setattr(cli, "_setup", opened)
    monkeypatch.setattr(cli, "_gated", lambda places: [suite])
    monkeypatch.chdir(tmp_path)

    def invoke(*words: str) -> Any:
        out = tmp_path / f"out{len(list(tmp_path.glob('out*')))}"
        return CliRunner().invoke(
            cli.app, ["gate", "--baseline", str(tmp_path / "b.json"), "--out", str(out), *words]
        )

    return invoke, chats


def test_the_command_makes_a_baseline_passes_and_fails(gate, tmp_path):
    invoke, chats = gate
    assert isinstance(invoke().exception, QAError)
    assert invoke("--update").exit_code == 0
    passed = invoke()
    assert passed.exit_code == 0 and "gate: passed" in passed.output
    chats["chat"] = lambda: Reader(bold=True)
    failed = invoke()
    assert failed.exit_code == 1 and "unanswerable refused dropped" in failed.output
    assert invoke("--junit", str(tmp_path / "j.xml")).exit_code == 1
    assert 'failures="' in (tmp_path / "j.xml").read_text()


def test_the_selection_is_there_and_small():
    suite = load_suite("sample", limit=gates.SELECTION["sample"])
    assert len(suite.cases) == gates.SELECTION["sample"]
    assert sum(gates.SELECTION.values()) * 4 < 15 * 60 / 2  # seconds, with half of the time to spare


def test_rows_without_text_are_shown_all_the_same(good):
    row = Row("a", "towns", "qa", "en", "?", True, "error", error="gone")
    assert row.text == "gone"
