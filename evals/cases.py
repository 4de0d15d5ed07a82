"""Question files go in, typed cases come out; knows no model, no metric and no public set.

An own file is JSON lines or CSV with ``question, answers, source, answerable``; the whole format is in
evals/data/README.md. A line that cannot be used is named with its number.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from evals.rows import Span
from qa.errors import QAError
from qa.language import detect
from qa.wording import refusal

__all__ = ["Case", "Passage", "Rule", "Suite", "choose", "name_of", "read_cases", "read_sources"]

Rule = Literal["contains", "cites", "answers"]
"""What makes an answer to an answerable question right.

``contains``: one alias of every group is in it; ``cites``: it cites a sentence that proves the answer (sets
whose references are whole paragraphs); ``answers``: it is given at all (sets without references).
"""

_COLUMNS = frozenset(
    {"id", "question", "lang", "answerable", "answers", "source", "document", "evidence", "note"}
)


@dataclass(frozen=True, slots=True)
class Case:
    """One question.

    Attributes:
        id: unique in its suite.
        question, lang: as asked, and its ISO 639-1 code.
        answerable: whether the documents state the answer.
        gold: groups of aliases; right means one alias of every group.
        gold_ids: names of documents that hold the answer.
        gold_spans: source sentences, any of which proves the answer.
        among: names of the documents asked; () for every one of the suite.
        history: earlier (question, answer) pairs.
        canary: the word that an instruction hidden in the document demands; "" if there is none.
        unit: cases of one unit are chosen together: a conversation, a question with its attacked twins.
    """

    id: str
    question: str
    lang: str
    answerable: bool
    gold: tuple[tuple[str, ...], ...] = ()
    gold_ids: tuple[str, ...] = ()
    gold_spans: tuple[Span, ...] = ()
    among: tuple[str, ...] = ()
    history: tuple[tuple[str, str], ...] = ()
    canary: str = ""
    unit: str = ""

    @property
    def references(self) -> tuple[str, ...]:
        """The right answers, for scores that compare with one; () where several things are asked for."""
        return self.gold[0] if len(self.gold) == 1 else ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A text that is in a question set itself."""

    name: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Suite:
    """Questions and what they are about: texts of a set, or files, folders and addresses."""

    name: str
    cases: tuple[Case, ...]
    passages: tuple[Passage, ...] = ()
    targets: tuple[str, ...] = ()
    rule: Rule = "contains"


def name_of(source: str) -> str:
    """What a document is called in a suite: a path's last part, and any other source as it is."""
    return source if "://" in source else Path(source).name or source


def choose(cases: Sequence[Case], limit: int | None) -> tuple[Case, ...]:
    """A fixed choice of ``limit`` units (None: all), half of them unanswerable where there are so many.

    The order is that of the ids' SHA-1, so the choice does not move when cases are added elsewhere, and the
    part done of a run that is broken off is a fair sample.
    """
    units = {name: tuple(group) for name, group in groupby(sorted(cases, key=_digest), _unit)}
    limit = len(units) if limit is None else limit
    no = [name for name, unit in units.items() if not unit[0].answerable]
    yes = [name for name, unit in units.items() if unit[0].answerable]
    few = min(len(no), max(limit // 2, limit - len(yes)))
    chosen = {*no[:few], *yes[: limit - few]}
    return tuple(case for name, unit in units.items() if name in chosen for case in unit)


def read_cases(path: Path) -> Iterator[Case]:
    """Read own questions, JSON lines or CSV.

    Raises:
        QAError: the file is missing or is not UTF-8, or a line cannot be used; names the line.
    """
    seen: set[str] = set()
    for number, values in _lines(path):
        where = f"{path.name}:{number}"
        for case in _cases(values, where):
            if case.id in seen:
                raise QAError(f"{where}: the id '{case.id}' was there before.", "Ids must be unique.")
            seen.add(case.id)
            yield case


def read_sources(path: Path) -> list[str]:
    """Every ``source`` that a file of questions names, as written, once each.

    Raises:
        QAError: as for `read_cases`.
    """
    return list(dict.fromkeys(str(values["source"]) for _, values in _lines(path) if values.get("source")))


def _lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise QAError(f"{path} cannot be read: {error}.", "Give a JSONL or CSV file in UTF-8.") from error
    if path.suffix.lower() == ".csv":
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        try:
            yield from ((reader.line_num, _from_csv(row, f"{path.name}:{reader.line_num}")) for row in reader)
        except csv.Error as error:
            raise _unusable(f"{path.name}:{reader.line_num}", f"it is not CSV ({error})") from error
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                values = json.loads(line)
            except ValueError as error:
                raise _unusable(f"{path.name}:{number}", f"it is not JSON ({error})") from error
            if not isinstance(values, dict):
                raise _unusable(f"{path.name}:{number}", "it is not a JSON object")
            yield number, {"id": f"line{number}"} | values


def _from_csv(row: Mapping[str | None, Any], where: str) -> Mapping[str, Any]:
    """One CSV line as JSON would have it: aliases are divided by "|", groups by ";"."""
    if None in row:
        raise _unusable(where, "it has more fields than the first line has names")
    values: dict[str, Any] = {str(key).strip(): (value or "").strip() for key, value in row.items()}
    groups = [re.findall(r"[^|\s](?:[^|]*[^|\s])?", group) for group in values.get("answers", "").split(";")]
    values["answers"] = [group for group in groups if group]
    filled = {key: value for key, value in values.items() if value not in ("", [])}
    if (word := str(values.get("answerable", "")).lower()) in _WORDS:
        filled["answerable"] = _WORDS[word]
    return {"id": f"line{where.rpartition(':')[2]}"} | filled


_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _cases(values: Mapping[str, Any], where: str) -> Iterator[Case]:
    """The case of a line, or the turns of a conversation, each with the turns before it."""
    if "turns" not in values:
        yield _case(values, where)
        return
    history: tuple[tuple[str, str], ...] = ()
    for number, turn in enumerate(_typed(values["turns"], list, where, "turns"), 1):
        shared = {"id": f"{values['id']}/{number}", "lang": values.get("lang", "")}
        case = _case(shared | _typed(turn, dict, where, "turns"), where)
        yield replace(case, history=history, unit=str(values["id"]))
        history = (*history, (case.question, _said(case)))


def _case(values: Mapping[str, Any], where: str) -> Case:
    if unknown := values.keys() - _COLUMNS:
        raise _unusable(where, f"'{sorted(unknown)[0]}' is no column of this format")
    question = _typed(values.get("question", ""), str, where, "question").strip()
    if not question:
        raise _unusable(where, "it has no question")
    gold = _groups(values.get("answers", []), where)
    answerable = _typed(values.get("answerable", bool(gold)), bool, where, "answerable")
    if answerable != bool(gold):
        has = "has no answers" if answerable else "has answers and is not answerable"
        raise _unusable(where, f"it {has}")
    source = name_of(str(values.get("source", "") or values.get("document", "")))
    return Case(
        id=str(values["id"]),
        question=question,
        lang=str(values.get("lang") or detect(question)),
        answerable=answerable,
        gold=gold,
        gold_ids=(source,) if source and answerable else (),
        gold_spans=_spans(values.get("evidence", []), source, where),
        among=(source,) if source else (),
    )


def _groups(answers: Any, where: str) -> tuple[tuple[str, ...], ...]:
    """``"a"`` and ``["a", "b"]`` are aliases of one thing; ``[["a", "b"], ["c"]]`` asks for two things."""
    given = [answers] if isinstance(answers, str) else _typed(answers, list, where, "answers")
    groups = [given] if given and all(isinstance(item, str) for item in given) else given
    for group in groups:
        if not isinstance(group, list) or not group or not all(isinstance(a, str) and a for a in group):
            raise _unusable(where, "'answers' must be a text, a list of texts, or a list of such lists")
    return tuple(tuple(group) for group in groups)


def _spans(evidence: Any, source: str, where: str) -> tuple[Span, ...]:
    try:
        return tuple((source, int(start), int(end)) for start, end in evidence)
    except (TypeError, ValueError) as error:
        raise _unusable(where, "'evidence' must be a list of [start, end]") from error


def _typed(value: Any, kind: type, where: str, name: str) -> Any:
    if not isinstance(value, kind):
        raise _unusable(where, f"'{name}' must be of type {kind.__name__}")
    return value


def _said(case: Case) -> str:
    """What the turn is taken to have been answered with: the first alias of each group."""
    return ", ".join(group[0] for group in case.gold) or refusal(case.lang)


def _unit(case: Case) -> str:
    return case.unit or case.id


def _digest(case: Case) -> tuple[str, str, str]:
    unit = _unit(case)
    return hashlib.sha1(unit.encode(), usedforsecurity=False).hexdigest(), unit, case.id


def _unusable(where: str, why: str) -> QAError:
    return QAError(f"{where} cannot be used: {why}.", "The format is in evals/data/README.md.")
