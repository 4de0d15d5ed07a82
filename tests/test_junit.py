"""What a CI system reads of a run."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from scripted_runs import row, run, run_of

from evals.junit import write_junit
from evals.rows import Run, Verdict
from qa.errors import QAError

# What the xUnit plugin's junit-10.xsd allows of what is written, as tables.
ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"classname", "name", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "properties": {"property"},
    "testcase": {"failure", "error", "skipped"},
}


def written(of: Run, folder: Path) -> ElementTree.Element:
    path = folder / "deep" / "junit.xml"
    write_junit([of], path)
    return ElementTree.parse(path).getroot()


def assert_valid(element: ElementTree.Element) -> None:
    assert set(element.attrib) <= ATTRIBUTES[element.tag]
    for child in element:
        assert child.tag in CHILDREN.get(element.tag, set())
        assert_valid(child)


def test_one_case_per_question_with_what_became_of_it(tmp_path: Path) -> None:
    ends: dict[Verdict, list[str]] = {
        "right": [],
        "wrong": ["failure"],
        "over_refused": ["failure"],
        "refused": [],
        "hallucinated": ["failure"],
        "error": ["error"],
        "unscored": ["skipped"],
    }
    root = written(run({verdict: verdict for verdict in ends}), tmp_path)
    assert_valid(root)
    suite = root.find("testsuite")
    assert suite is not None
    counted = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped", "time")}
    assert counted == {"tests": "7", "failures": "3", "errors": "1", "skipped": "1", "time": "14.000"}
    outcomes = {
        case.get("name", "").split()[0]: [child.tag for child in case] for case in suite.iter("testcase")
    }
    assert outcomes == ends


def test_a_failure_tells_question_answer_and_gold(tmp_path: Path) -> None:
    turn = (("Which line?", "The first."),)
    root = written(run_of((row("a", "wrong", history=turn), row("b", "hallucinated"))), tmp_path)
    wrong, invented = (fault.text or "" for fault in root.iter("failure"))
    assert "When did line a open?" in wrong and "In 1999." in wrong and "1998 / ninety-eight" in wrong
    assert "Which line? -> The first." in wrong
    assert "a refusal" in invented


def test_what_made_the_run_is_there(tmp_path: Path) -> None:
    root = written(run({"a": "right"}), tmp_path)
    found = {item.get("name"): item.get("value") for item in root.iter("property")}
    assert found["model"] == "model-1" and found["prompt read"] == "12345678"
    assert found["revision"] == "1a2b3c4" and found["metric right"] == "1.0000 (n = 1)"


def test_markup_and_what_xml_cannot_hold_are_harmless(tmp_path: Path) -> None:
    bad = 'a\x00\x1b[31m\ud800\ufffe <failure> ]]> & "x" 日本語 🚆'
    root = written(run_of((row("a", "wrong", question=bad, text=bad),)), tmp_path)
    assert_valid(root)
    fault = root.find(".//failure")
    assert fault is not None and fault.text is not None
    assert '<failure> ]]> & "x" 日本語 🚆' in fault.text
    assert not set(fault.text) & set("\x00\x1b\ud800\ufffe")


def test_an_empty_run_is_a_valid_file(tmp_path: Path) -> None:
    assert_valid(written(run({}), tmp_path))


def test_a_folder_in_the_way_is_said(tmp_path: Path) -> None:
    with pytest.raises(QAError, match="cannot be written"):
        write_junit([run({"a": "right"})], tmp_path)


def test_several_runs_are_suites_of_one_file(tmp_path: Path) -> None:
    write_junit([run({"a": "right"}), run({"a": "wrong", "b": "right"})], tmp_path / "two.xml")
    root = ElementTree.parse(tmp_path / "two.xml").getroot()
    assert_valid(root)
    assert [suite.get("tests") for suite in root] == ["1", "2"]
    assert (root.get("tests"), root.get("failures")) == ("3", "1")
