"""Verdicts become lines, lines become eval cases; the newest evals run is found whatever is missing."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from evals.cases import read_cases
from qa import cli
from qa.data import Answer, Citation, Receipt, Sentence
from qa.errors import QAError
from qa.feedback import FILE, Feedback, case, create, keep, kept
from qa.reports import newest

TEXT = "Mara Ellison will run the ferry. It cost $2.4 million."
CITED = Citation(1, "d" * 16, "/home/x/ferry.txt", "Ferry", 0, 32, TEXT[:32], 0.9)
ANSWER = Answer(
    question="Who will run it?",
    text="Mara Ellison will run it for $2.4 million.",
    sentences=(Sentence("Mara Ellison will run it for $2.4 million.", "supported", "", (CITED,)),),
    answered=True,
    reason="answered",
    nearest=None,
    hits=(),
    receipt=Receipt(query="Who will run the ferry?", language="en"),
)
REFUSED = replace(ANSWER, text="The article does not say.", sentences=(), answered=False, reason="not_stated")


def verdict(turn: str = "t1", said: str = "good", comment: str = "", answer: Answer = ANSWER) -> Feedback:
    made = create(turn, said, comment, answer)
    assert made
    return made


def test_the_last_verdict_on_an_answer_counts(tmp_path):
    keep(tmp_path, verdict("t1", "bad"))
    keep(tmp_path, verdict("t2", "good"))
    keep(tmp_path, verdict("t1", "bad", "Mara"))
    with (tmp_path / FILE).open("a", encoding="utf-8") as file:
        file.write('{"turn": "torn')
    first, second = kept(tmp_path)
    assert (first.turn, first.comment, second.turn) == ("t1", "Mara", "t2")
    assert first.time and first.answer == ANSWER


def test_only_a_line_feed_ends_a_line(tmp_path):
    said = "one\u2028two\u2029three\u0085four\nfive"
    keep(tmp_path, verdict("t1", "bad", said))
    assert [item.comment for item in kept(tmp_path)] == [said]


def test_a_torn_line_loses_neither_those_before_nor_those_after(tmp_path):
    keep(tmp_path, verdict("t1"))
    with (tmp_path / FILE).open("ab") as file:
        file.write('{"turn": "ノ'.encode()[:-1])
    assert [item.turn for item in kept(tmp_path)] == ["t1"]
    keep(tmp_path, verdict("t2"))
    keep(tmp_path, verdict("t3"))
    assert [item.turn for item in kept(tmp_path)] == ["t1", "t2", "t3"]
    assert (tmp_path / FILE).read_bytes().count(b"\n") == 4


def test_nothing_is_kept_yet(tmp_path):
    assert kept(tmp_path) == []


def test_unwritable_folder_is_an_error_in_words(tmp_path):
    with pytest.raises(QAError, match="cannot be written"):
        keep(tmp_path / "missing", verdict())


def test_what_is_no_verdict_is_none():
    assert create("t1", "great", "", ANSWER) is None
    assert create("t1", None, "", ANSWER) is None


def test_good_answer_asks_for_its_figures_and_names_and_its_evidence():
    made = case(verdict())
    assert made["question"] == "Who will run the ferry?"  # as it stands alone
    assert sorted(made["answers"]) == [["$2.4 million"], ["Mara Ellison"]]
    assert made["evidence"] == [[0, 32]] and made["document"] == "ferry.txt" and made["answerable"]


def test_good_refusal_is_an_unanswerable_case():
    made = case(verdict(answer=REFUSED))
    assert not made["answerable"] and made["answers"] == [] and made["evidence"] == []


def test_bad_answer_needs_the_right_one():
    assert case(verdict(said="bad")) is None
    made = case(verdict(said="bad", comment="Ellison | エリソン\n\n$2.4 million"))
    assert made["answers"] == [["Ellison", "エリソン"], ["$2.4 million"]]
    assert made["evidence"] == []  # what a bad answer cites proves nothing


def test_small_talk_is_no_case():
    assert case(verdict(answer=replace(ANSWER, reason="small_talk"))) is None


def test_one_command_writes_cases_that_the_evals_read(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("QA_HOME", str(tmp_path))
    keep(tmp_path, verdict("t1"))
    keep(tmp_path, verdict("t2", answer=REFUSED))
    keep(tmp_path, verdict("t3", "bad"))
    out = tmp_path / "cases.jsonl"
    monkeypatch.setattr(sys, "argv", ["qa", "feedback", "--out", str(out)])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code in (0, None)
    said = capsys.readouterr()
    assert "2 cases of 3 verdicts" in said.out and "Left out" in said.err
    good, refused = read_cases(out)
    assert good.answerable and good.gold_spans and not refused.answerable


def test_newest_run_is_found_with_what_it_has(tmp_path):
    assert newest(tmp_path) is None and newest(tmp_path / "missing") is None
    for age, name in ((20, "old"), (10, "new")):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        path = folder / "summary.json"
        path.write_text(
            json.dumps({"right": {"value": 0.5, "n": 4, "error": None, "low": None, "high": None}})
        )
        at = path.stat().st_mtime - age
        os.utime(path, (at, at))
    report = newest(tmp_path)
    assert report and report.name == "new" and report.metrics["right"].value == 0.5 and report.html == ""
    (tmp_path / "runs" / "new" / "run.json").write_text('{"suite": "sample", "rows": 3}', encoding="utf-8")
    (tmp_path / "runs" / "new" / "report.html").write_text("<h1>Plots</h1>", encoding="utf-8")
    report = newest(tmp_path)
    assert report and report.header == {"suite": "sample"} and report.html == "<h1>Plots</h1>"


def test_newest_run_is_the_products_with_the_page_beside_it(tmp_path):
    """A run ends with what the product is compared with."""
    for name in ("sample.qa", "sample.tutorial"):
        (tmp_path / "today" / name).mkdir(parents=True)
        (tmp_path / "today" / name / "summary.json").write_text("{}")
    (tmp_path / "today" / "report.html").write_text("<h1>Plots</h1>", encoding="utf-8")
    report = newest(tmp_path)
    assert report and report.name == "sample.qa" and report.html == "<h1>Plots</h1>"


@pytest.mark.parametrize("damaged", ["{", "[]", '{"right": [0.5, 4]}', '{"right": "x"}'])
def test_damaged_run_shows_nothing_and_does_not_fail(tmp_path: Path, damaged: str):
    (tmp_path / "summary.json").write_text(damaged, encoding="utf-8")
    (tmp_path / "run.json").write_text("not json", encoding="utf-8")
    report = newest(tmp_path)
    assert report and report.metrics == {} and report.header == {}
