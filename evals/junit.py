"""JUnit XML for CI systems: runs go in, a file with one test case per question comes out.

The dialect is what GitLab, Jenkins and GitHub's actions read: testsuites > testsuite > properties, testcase.
A question that is answered wrongly is a ``failure``, a fault of the system an ``error``, a question that only
retrieval was run on is ``skipped``. Knows no metric.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from evals.rows import Row, Run
from qa.errors import QAError

__all__ = ["write_junit"]

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold in any form (section 2.2)."""

_MESSAGES = {
    "wrong": "the answer is not the right one",
    "over_refused": "refused, though the documents state the answer",
    "hallucinated": "answered, though the documents do not state the answer",
}


def write_junit(runs: Sequence[Run], path: Path) -> None:
    """Write runs as JUnit XML, a ``testsuite`` each.

    Raises:
        QAError: the file cannot be written.
    """
    totals = _totals([row for run in runs for row in run.rows])
    totals.pop("skipped")  # the schema has it for a suite only
    root = ElementTree.Element("testsuites", _clean({"name": "; ".join(map(_name, runs))} | totals))
    for run in runs:
        _suite(root, run)
    ElementTree.indent(root)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise QAError(f"{path} cannot be written: {error.strerror}.", "") from error


def _suite(root: ElementTree.Element, run: Run) -> None:
    suite = ElementTree.SubElement(root, "testsuite", _clean({"name": _name(run)} | _totals(run.rows)))
    if run.started:
        suite.set("timestamp", run.started[:19])  # the schema knows no zone
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in _about(run).items():
        ElementTree.SubElement(properties, "property", _clean({"name": name, "value": value}))
    for row in run.rows:
        _case(suite, row, _outcome(row))


def _name(run: Run) -> str:
    return f"{run.suite}, {run.system}"


def _totals(rows: Sequence[Row]) -> dict[str, str]:
    outcomes = Counter(map(_outcome, rows))
    return {
        "tests": str(len(rows)),
        "failures": str(outcomes["failure"]),
        "errors": str(outcomes["error"]),
        "skipped": str(outcomes["skipped"]),
        "time": f"{sum(row.seconds for row in rows):.3f}",
    }


def _outcome(row: Row) -> str:
    """Name of the element that says what became of a question; "" for a good end."""
    if row.verdict == "error":
        return "error"
    if row.verdict == "unscored":
        return "skipped"
    return "" if row.passed else "failure"


def _case(suite: ElementTree.Element, row: Row, outcome: str) -> None:
    attributes = {
        "classname": f"{row.suite}.{row.system}",
        "name": f"{row.id} {row.question}",
        "time": f"{row.seconds:.3f}",
    }
    case = ElementTree.SubElement(suite, "testcase", _clean(attributes))
    if outcome == "skipped":
        ElementTree.SubElement(case, "skipped", {"message": "only retrieval was run"})
    elif outcome:
        message = row.error if outcome == "error" else _MESSAGES[row.verdict]
        fault = ElementTree.SubElement(case, outcome, _clean({"message": message, "type": row.verdict}))
        fault.text = _FORBIDDEN.sub("\ufffd", _story(row))


def _story(row: Row) -> str:
    """What a reader of a CI log needs to see."""
    turns = [f"before:   {asked} -> {replied}" for asked, replied in row.history]
    gold = "; ".join(" / ".join(group) for group in row.gold)
    wanted = gold if row.answerable else "a refusal"
    return "\n".join([*turns, f"question: {row.question}", f"answer:   {row.text}", f"right:    {wanted}"])


def _about(run: Run) -> dict[str, str]:
    """What made the run, and its numbers."""
    about = {
        **run.made,
        "embedder": run.embedder,
        "command": run.command,
        **{f"metric {name}": f"{value.value:.4f} (n = {value.n})" for name, value in run.summary.items()},
    }
    return {name: value for name, value in about.items() if value}


def _clean(values: Mapping[str, str]) -> dict[str, str]:
    return {name: _FORBIDDEN.sub("\ufffd", value) for name, value in values.items()}
