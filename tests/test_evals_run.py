"""Whole runs over a real library, models scripted: rows, resuming, errors, baselines, the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest
from scripted import ScriptedChat, ScriptedEmbedder
from typer.testing import CliRunner

from evals import __main__ as cli
from evals.cases import Case, Suite
from evals.judge import Claim, Judged, Judgement
from evals.rows import Run
from evals.runner import Plan, execute, revision
from evals.suites import load_suite
from evals.systems import SYSTEMS, Setup
from qa.assistant import Assistant
from qa.errors import ModelUnavailable, QAError
from qa.settings import Settings, load_settings

FERRY = """The river ferry returns

After eleven years the ferry between Northbank and Quayside will run again from 4 May.

The city paid $2.4 million for the boat. Mara Ellison, the harbour master, will run the service.

A single ticket costs 3 euros."""
QUESTIONS = [
    {
        "question": "Who will run the service, which harbour master?",
        "answers": ["Mara Ellison"],
        "source": "ferry.txt",
    },
    {"question": "What did the city pay for the boat?", "answers": ["2.4 million"], "source": "ferry.txt"},
    {"question": "How long is the ferry boat?", "answerable": False, "source": "ferry.txt"},
]


def honest(prompt: str) -> str:
    if "Who will run" in prompt:
        return "Mara Ellison will run the service."
    return "The city paid $2.4 million for the boat." if "pay for" in prompt else "The article does not say."


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    (tmp_path / "ferry.txt").write_text(FERRY, encoding="utf-8")
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in QUESTIONS), encoding="utf-8")
    return path


@pytest.fixture
def suite(questions: Path) -> Suite:
    return load_suite(str(questions))


def setup(home: Path, reply: Callable[[str], str] = honest, **options: object) -> Setup:
    def scripted(settings: Settings, progress: object) -> Assistant:
        assistant = Assistant(settings)
        assistant._chat = ScriptedChat(reply, **options)  # type: ignore[arg-type]
        assistant._embedder = ScriptedEmbedder()  # type: ignore[assignment]
        return assistant

    return Setup(load_settings(), home, lambda label, done, total: None, scripted)


def quiet(row: object, number: int, total: int) -> None:
    pass


def run_of(suite: Suite, system: str, tmp_path: Path, given: Setup | None = None, **plan: object) -> Run:
    made = Plan(tmp_path / "out" / system, **plan)  # type: ignore[arg-type]
    return execute(suite, system, given or setup(tmp_path / "home"), made, quiet)


def verdicts(run: Run) -> dict[str, str]:
    return {row.id: row.verdict for row in run.rows}


def test_the_product_is_asked_scored_and_written(suite, tmp_path):
    run = run_of(suite, "qa", tmp_path, rerun=2)
    assert verdicts(run) == {"line1": "right", "line2": "right", "line3": "refused"}
    assert Run.load(tmp_path / "out" / "qa") == run
    assert run.model == "scripted-chat" and {"stated", "answer"} <= run.prompts.keys()
    row = next(row for row in run.rows if row.id == "line1")
    assert row.answer is not None and row.answer["sentences"][0]["citations"]
    for name in ("contains", "gold_hit", "verbatim", "citation_valid", "citation_coverage", "passage_hit@5"):
        assert row.scores[name] == 1.0, name
    assert row.scores["document_hit@1"] is None  # one document: nothing to choose
    assert row.made["model"] == "scripted-chat" and row.made["settings"] == run.settings
    assert {"revision", "prompt answer"} <= row.made.keys()
    assert row.tokens == (11, 7) and row.seconds >= row.first_token > 0
    assert (run.summary["right"].value, run.summary["right"].n) == (1.0, 2)
    assert run.summary["rerun_identical"].n == 2 and run.summary["rerun_identical"].value == 1.0
    assert run.summary["rerun_moved"].value == 0.0
    assert run.summary["risk_area"].value == 0.0


def test_a_rerun_that_differs_is_seen(suite, tmp_path):
    said = iter(range(100))
    run = run_of(suite, "qa", tmp_path, setup(tmp_path / "home", lambda p: f"It is {next(said)}."), rerun=3)
    assert run.summary["rerun_identical"].value < 1.0


def test_every_baseline_answers(suite, tmp_path):
    always = {name: verdicts(run_of(suite, name, tmp_path)) for name in SYSTEMS}
    assert set(always["always-refuse"].values()) == {"over_refused", "refused"}
    blind = Run.load(tmp_path / "out" / "closed-book").summary
    assert not any("hit@" in name for name in blind)  # it does not search: no score, and not zero
    assert always["bm25"]["line2"] == "right" and always["bm25"]["line3"] == "hallucinated"
    for name in ("closed-book", "tutorial", "oracle"):  # the scripted model knows everything by heart
        assert always[name]["line1"] == "right" and always[name]["line3"] == "refused", name


def test_always_answer_is_the_product_without_its_threshold(suite, tmp_path):
    sure = setup(tmp_path / "home", lambda prompt: "Mara Ellison will run the service.", stated=0.01)
    assert set(verdicts(run_of(suite, "qa", tmp_path, sure)).values()) == {"over_refused", "refused"}
    run = run_of(suite, "always-answer", tmp_path, sure)
    assert (
        verdicts(run)["line1"] == "right" and verdicts(run)["line3"] == "refused"
    )  # no price is in the text
    assert "risk_area" in run.summary  # it is asked how sure it is all the same


def test_oracle_is_shown_the_marked_sentence_only(tmp_path, questions):
    start = FERRY.index("Mara")
    text = "Mara Ellison, the harbour master, will run the service."
    span = ("ferry.txt", start, start + len(text))
    case = Case("a", "Who will run the service?", "en", True, (("Mara",),), ("ferry.txt",), (span,))
    given = setup(tmp_path / "home")
    chats: list[ScriptedChat] = []
    opened = given.assistant

    def kept(settings: Settings, progress: object) -> Assistant:
        assistant = opened(settings, progress)  # type: ignore[arg-type]
        chats.append(assistant._chat)  # type: ignore[arg-type]
        return assistant

    suite = Suite("own", (case,), targets=(str(questions.parent / "ferry.txt"),))
    run = run_of(suite, "oracle", tmp_path, Setup(given.settings, given.home, given.progress, kept))
    assert verdicts(run) == {"a": "right"} and run.rows[0].scores["gold_hit"] == 1.0
    (chat,) = chats
    assert text in chat.prompts[0] and "2.4 million" not in chat.prompts[0]


def test_retrieval_only_never_calls_the_chat_model(suite, tmp_path):
    def refuse(prompt: str) -> str:
        raise AssertionError("the chat model was called")

    run = run_of(suite, "qa", tmp_path, setup(tmp_path / "home", refuse), retrieval_only=True)
    assert set(verdicts(run).values()) == {"unscored"} and run.model == ""
    assert run.summary["passage_hit@5"].n == 2 and "right" not in run.summary
    with pytest.raises(QAError, match="does not search"):
        raise_first_error(run_of(suite, "always-refuse", tmp_path, retrieval_only=True))


def raise_first_error(run: Run) -> None:
    raise QAError(run.rows[0].error)


def test_an_error_is_a_wrong_row_and_the_rest_goes_on(suite, tmp_path):
    def fails(prompt: str) -> str:
        if "pay for" in prompt:
            raise QAError("The model hung up.")
        return honest(prompt)

    run = run_of(suite, "qa", tmp_path, setup(tmp_path / "home", fails))
    row = next(row for row in run.rows if row.id == "line2")
    assert (row.verdict, row.error, row.text) == ("error", "The model hung up.", "The model hung up.")
    assert row.scores["contains"] == row.scores["f1"] == 0.0 and row.scores["crag"] == -1.0
    assert run.summary["right"].value == 0.5 and run.summary["errors"].value == pytest.approx(1 / 3)


def test_a_bug_costs_its_question_and_no_more(suite, tmp_path):
    def broken(prompt: str) -> str:
        if "pay for" in prompt:
            raise ZeroDivisionError("division by zero")
        return honest(prompt)

    run = run_of(suite, "qa", tmp_path, setup(tmp_path / "home", broken))
    assert verdicts(run) == {"line1": "right", "line2": "error", "line3": "refused"}
    assert next(row for row in run.rows if row.error).error == "ZeroDivisionError: division by zero"


def test_no_model_at_all_stops_before_the_first_row(suite, tmp_path):
    def away(prompt: str) -> str:
        raise ModelUnavailable("Nobody is there.")

    with pytest.raises(ModelUnavailable):
        run_of(suite, "qa", tmp_path, setup(tmp_path / "home", away))
    assert Run.load(tmp_path / "out" / "qa").rows == ()


def test_an_interrupted_run_goes_on_where_it_was(suite, tmp_path):
    asked: list[str] = []

    def interrupted(prompt: str) -> str:
        asked.append(prompt)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return honest(prompt)

    with pytest.raises(KeyboardInterrupt):
        run_of(suite, "qa", tmp_path, setup(tmp_path / "home", interrupted))
    assert len(Run.load(tmp_path / "out" / "qa").rows) == 1
    with pytest.raises(QAError, match="holds a run already"):
        run_of(suite, "qa", tmp_path)
    before = len(asked)
    run = run_of(suite, "qa", tmp_path, setup(tmp_path / "home", interrupted), resume=True)
    assert len(asked) == before + 2 and "error" not in verdicts(run).values()
    assert run == Run.load(tmp_path / "out" / "qa")


def test_rows_of_two_settings_never_mix(suite, tmp_path, monkeypatch):
    run_of(suite, "qa", tmp_path)
    monkeypatch.setenv("QA_ANSWER__SENTENCES", "3")
    with pytest.raises(QAError, match="other settings"):
        run_of(suite, "qa", tmp_path, resume=True)


def test_nothing_is_embedded_twice(suite, tmp_path):
    run_of(suite, "qa", tmp_path)
    given = setup(tmp_path / "home")
    embedded: list[str] = []
    opened = given.assistant

    def counted(settings: Settings, progress: object) -> Assistant:
        assistant = opened(settings, progress)  # type: ignore[arg-type]
        count = assistant._embedder.documents  # type: ignore[union-attr]
        assistant._embedder.documents = lambda t, p=None: embedded.extend(t) or count(t)  # type: ignore
        return assistant

    again = Setup(given.settings, given.home, given.progress, counted)
    execute(suite, "qa", again, Plan(tmp_path / "again", retrieval_only=True), quiet)
    assert len(embedded) == len(set(embedded))  # questions and sentences, each once
    assert not any("\n" in text for text in embedded)  # and no chunk, which has its title before it


def test_a_question_about_a_document_that_is_not_there(suite, tmp_path):
    lost = Suite("own", (Case("a", "?", "en", False, among=("lost.txt",)),), targets=suite.targets)
    with pytest.raises(QAError, match=r"'lost\.txt', which is not there"):
        run_of(lost, "always-refuse", tmp_path)


def test_revision_is_of_this_checkout_or_nothing(tmp_path):
    assert revision(tmp_path) == ""


@pytest.fixture
def replies() -> list[Callable[[str], str]]:
    return [honest]


@pytest.fixture
def scripted_cli(monkeypatch, tmp_path, replies):
    @contextmanager
    def opened(home: Path | None, model: str | None) -> Iterator[tuple[Setup, object]]:
        yield setup(tmp_path / "home", replies[-1]), quiet

    monkeypatch.setattr(cli, "_setup", opened)
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(cli.app, [str(word) for word in words])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--resume"], "Name its folder with --out"),
        (["--retrieval-only", "--min-right", "0.5"], "Leave out --min-right"),
        (["--suite", "xquad"], "XQuAD has xquad-A-B"),
        (["--suite", "empty.jsonl"], "holds no question"),
        (["--suite", "texts.jsonl"], "asks about the folder 'texts'"),
        (["--suite", "far.jsonl"], "3 to 9999, is not in 'ferry.txt'"),
        (
            ["--suite", "two.jsonl", "--document", "ferry.txt", "--document", "mine.jsonl"],
            "in which document",
        ),
    ],
)
def test_what_cannot_be_run_is_said(scripted_cli, questions, tmp_path, words, said):
    (tmp_path / "texts").mkdir()
    asked = {"question": "Who?", "answers": ["Mara"]}
    lines = {
        "empty": "",
        "texts": json.dumps(asked | {"source": "texts"}),
        "far": json.dumps(asked | {"source": "ferry.txt", "evidence": [[3, 9999]]}),
        "two": json.dumps(asked | {"evidence": [[0, 3]]}),
    }
    for name, text in lines.items():
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    error = scripted_cli("run", *words).exception
    assert isinstance(error, QAError) and said in f"{error.message} {error.hint}"


def test_evidence_of_the_only_document_needs_no_source(questions, tmp_path):
    path = tmp_path / "bare.jsonl"
    path.write_text(json.dumps({"question": "Who?", "answers": ["Mara"], "evidence": [[0, 3]]}))
    (case,) = load_suite(str(path), cli.Places(documents=(str(tmp_path / "ferry.txt"),))).cases
    assert case.gold_spans == (("ferry.txt", 0, 3),)


def test_the_other_systems_stand_beside_it_unless_refused(scripted_cli, questions, tmp_path):
    assert scripted_cli("run", "--suite", questions, "--out", tmp_path / "out").exit_code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"mine.{name}" for name in SYSTEMS}


def test_own_questions_with_one_command(scripted_cli, questions, tmp_path):
    done = scripted_cli("run", "--suite", questions, "--no-baselines", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "mine, qa: 1 refused, 2 right" in done.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "mine.qa",
        "mine.always-refuse",
        "mine.bm25",
    }
    compared = scripted_cli("compare", tmp_path / "out" / "mine.qa", tmp_path / "out" / "mine.bm25")
    assert "line3" in compared.output and "hallucinated" in compared.output


def test_a_run_is_written_for_ci_and_for_a_browser(scripted_cli, questions, tmp_path):
    junit = tmp_path / "junit.xml"
    words = ("--suite", questions, "--system", "bm25", "--out", "out", "--junit", junit)
    assert scripted_cli("run", *words).exit_code == 0
    assert ElementTree.parse(junit).getroot().get("tests") == "3"
    done = scripted_cli("report", "out")
    assert done.exit_code == 0, done.output
    assert "the ferry" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("judge", "floor", "code", "said"),
    [
        ("other", 0.0, 0, "may not gate"),
        ("other", 0.5, 2, "its agreement with people is not known"),
        ("scripted-chat", 0.5, 2, "it would judge itself"),
    ],
)
def test_a_judge_that_is_not_known_to_agree_with_people_is_no_gate(
    scripted_cli, suite, tmp_path, monkeypatch, capsys, judge, floor, code, said
):
    run_of(suite, "qa", tmp_path)
    judged = Judgement(judge, "scripted-chat", {}, (Judged("line1", (Claim("a", True, None),)),))
    monkeypatch.setattr(cli, "judge_run", lambda *given: judged)
    monkeypatch.setattr(cli, "bench_folder", lambda places: None)
    words = ["judge", str(tmp_path / "out" / "qa"), "--model", "m", "--min-support", str(floor)]
    monkeypatch.setattr("sys.argv", ["qa-eval", *words])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert (left.value.code or 0) == code and said in " ".join(capsys.readouterr().err.split())


def test_ctrl_c_leaves_a_run_that_goes_on(scripted_cli, questions, replies, tmp_path):
    def interrupted(prompt: str) -> str:
        if "pay for" in prompt:
            raise KeyboardInterrupt
        return honest(prompt)

    replies.append(interrupted)
    stopped = scripted_cli("run", "--suite", questions, "--out", "out")
    assert stopped.exit_code == 130 and "--resume --out out" in stopped.output
    done_before = Run.load(tmp_path / "out" / "mine.qa").rows
    replies.append(honest)
    assert scripted_cli("run", "--suite", questions, "--out", "out", "--resume").exit_code == 0
    rows = Run.load(tmp_path / "out" / "mine.qa").rows
    assert len(rows) == 3 and all(row in rows for row in done_before)


def test_floors_fail_the_command(scripted_cli, questions):
    for system, code in (("qa", 0), ("always-refuse", 1)):
        words = ("--suite", questions, "--system", system, "--min-right", 0.5, "--out", system)
        done = scripted_cli("run", *words)
        assert done.exit_code == code
    assert "right is 0.000, under 0.500" in done.output


def test_errors_are_said_not_thrown(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["qa-eval", "run", "--suite", "nonsense"])
    with pytest.raises(SystemExit, match="2"):
        cli.main()
    assert "error: 'nonsense' is no suite and no file." in capsys.readouterr().err


def test_list_names_everything(scripted_cli):
    said = scripted_cli("list").output
    assert all(name in said for name in ("jsquad", "xquad-A-B", "bipia", *SYSTEMS))
