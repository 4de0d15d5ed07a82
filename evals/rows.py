"""What a run is on disk: rows and their header go in, a folder comes out, and comes back the same.

    DIR/run.json      what was run: suite, system, settings, prompts, models, revision
    DIR/rows.jsonl    one question a line, appended as it is answered, so that a run can be resumed
    DIR/summary.json  metric name to value, standard error, n and 95 % interval

Knows no metric, no suite and no system; `evals.score` makes rows and `evals.summary` sums them up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from qa.errors import QAError

__all__ = ["Estimate", "Row", "Run", "Span", "Verdict", "append", "find_runs"]

Verdict = Literal["right", "wrong", "over_refused", "refused", "hallucinated", "error", "unscored"]
"""What became of a question.

Answerable: ``right``, ``wrong`` or ``over_refused``. Unanswerable: ``refused`` (which is right) or
``hallucinated``. Either: ``error`` (counts as wrong), ``unscored`` (retrieval only: nothing was answered).
"""

Span = tuple[str, int, int]
"""Name of a document (its id in the suite), start, end: half-open offsets of a sentence that is evidence."""

ROWS, RUN, SUMMARY = "rows.jsonl", "run.json", "summary.json"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with what is known about its error.

    Attributes:
        value: the mean, rate or quantile.
        n: how many rows it rests on.
        error: standard error; None where it has none (a quantile, a curve's area).
        low, high: 95 % interval: Wilson's for rates, normal for other means; None as for ``error``.
    """

    value: float
    n: int
    error: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What one question got.

    Attributes:
        id: unique in its suite.
        suite, system: names.
        lang: ISO 639-1 code of the question.
        question: as asked.
        history: earlier (question, answer) pairs that were given with it.
        answerable: whether the documents state the answer.
        gold: groups of aliases; right means one alias of every group. Empty where the set has none.
        gold_ids: names of the documents or passages that hold the answer.
        gold_spans: source sentences that prove it.
        answer: `qa.data.Answer.to_dict`; None for an error or where only retrieval was run. A document's
            name is the last part of a citation's or chunk's ``source``.
        error: the error's message; "" if there was none.
        verdict: see `Verdict`.
        scores: metric name to value; None where the metric does not apply to this question.
        seconds: for the whole answer (or search).
        first_token: seconds to the first word; ``seconds`` where the system does not stream.
        tokens: read and written, as the model counts them.
        made: what made it: ``settings``, ``model``, ``revision``, and ``prompt NAME`` for each; a run that
            was gone on with may hold rows of two revisions.
    """

    id: str
    suite: str
    system: str
    lang: str
    question: str
    answerable: bool
    verdict: Verdict
    history: tuple[tuple[str, str], ...] = ()
    gold: tuple[tuple[str, ...], ...] = ()
    gold_ids: tuple[str, ...] = ()
    gold_spans: tuple[Span, ...] = ()
    answer: Mapping[str, Any] | None = None
    error: str = ""
    scores: Mapping[str, float | None] = field(default_factory=dict)
    seconds: float = 0.0
    first_token: float = 0.0
    tokens: tuple[int, int] = (0, 0)
    made: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What was said: the answer's text, or the error's message."""
        return str(self.answer["text"]) if self.answer else self.error

    @property
    def passed(self) -> bool:
        """Whether the verdict is one of the good ones."""
        return self.verdict in ("right", "refused")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, attribute names as keys."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Row:
        """The row that `to_dict` came from; lists are tuples again.

        Raises:
            ValueError, KeyError, TypeError: it did not come from a row.
        """
        known = {item.name for item in fields(cls)}
        given = {key: value for key, value in values.items() if key in known}
        for name in ("history", "gold", "gold_spans"):
            given[name] = tuple(tuple(item) for item in given.get(name, ()))
        for name in ("gold_ids", "tokens"):
            given[name] = tuple(given.get(name, getattr(_EMPTY, name)))
        return cls(**given)


_EMPTY = Row("", "", "", "", "", True, "unscored")


@dataclass(frozen=True, slots=True)
class Run:
    """One system's answers to one suite, and what made them.

    Attributes:
        suite, system: names.
        settings: fingerprint of every setting that changes answers.
        prompts: prompt name to version.
        model, embedder: names; "" where none was used.
        revision: of the code: short git hash, with "+" where files differ from it; "" if unknown.
        started: UTC, ISO 8601.
        command: what was typed.
        rows: in the suite's order.
        summary: metric name to estimate, over all rows.
    """

    suite: str
    system: str
    settings: str = ""
    prompts: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    embedder: str = ""
    revision: str = ""
    started: str = ""
    command: str = ""
    rows: tuple[Row, ...] = ()
    summary: Mapping[str, Estimate] = field(default_factory=dict)

    @property
    def made(self) -> dict[str, str]:
        """See `Row.made`."""
        about = {"settings": self.settings, "model": self.model, "revision": self.revision}
        return about | {f"prompt {name}": version for name, version in self.prompts.items()}

    @property
    def identity(self) -> tuple[object, ...]:
        """What must be equal for rows of two sittings to be one run."""
        return self.suite, self.system, self.settings, dict(self.prompts), self.model, self.embedder

    def header(self) -> dict[str, Any]:
        """Everything but rows and summary, as JSON types."""
        values = asdict(replace(self, rows=(), summary={}))
        return {key: value for key, value in values.items() if key not in ("rows", "summary")}

    def write(self, folder: Path) -> None:
        """Write all three files, replacing what is there.

        Raises:
            QAError: the folder cannot be written.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _put(folder / RUN, _json(self.header()))
            _put(folder / ROWS, "".join(_line(row) for row in self.rows))
            _put(folder / SUMMARY, _json({name: asdict(value) for name, value in self.summary.items()}))
        except OSError as error:
            raise QAError(f"The run cannot be written to {folder}: {error.strerror}.", "") from error

    @classmethod
    def load(cls, folder: Path) -> Run:
        """Read a run, also one that was interrupted: a last line that is not whole is left out.

        Raises:
            QAError: the folder holds no run, or a line of it is damaged.
        """
        if not (folder / RUN).is_file():
            raise QAError(f"{folder} holds no run.", "`python -m evals run --out DIR` makes one.")
        where = folder / RUN
        try:
            header = json.loads(where.read_text(encoding="utf-8"))
            where = folder / SUMMARY
            summary = json.loads(where.read_text(encoding="utf-8")) if where.exists() else {}
            estimates = {name: Estimate(**value) for name, value in summary.items()}
            return cls(**header, rows=_rows(folder / ROWS), summary=estimates)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise QAError(f"{where} cannot be read: {error}.", "Run it again.") from error


def append(folder: Path, row: Row) -> None:
    """Add one row to a run's folder; a kill after this returns does not lose it.

    Raises:
        QAError: the file cannot be written.
    """
    try:
        with (folder / ROWS).open("a", encoding="utf-8", newline="\n") as file:
            file.write(_line(row))
    except OSError as error:
        raise QAError(f"A row cannot be written to {folder}: {error.strerror}.", "") from error


def find_runs(folders: Sequence[Path]) -> list[Path]:
    """Every folder among and under these that holds a run, in order of path."""
    return sorted({path.parent for folder in folders for path in folder.rglob(RUN)})


def _rows(path: Path) -> tuple[Row, ...]:
    if not path.exists():
        return ()
    *lines, torn = path.read_text(encoding="utf-8").split("\n")
    rows = []
    for number, line in enumerate(lines, 1):
        try:
            rows.append(Row.from_dict(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise QAError(f"{path}:{number} is not a row: {error}.", "Run it again.") from error
    return tuple(rows)


def _line(row: Row) -> str:
    return json.dumps(row.to_dict(), ensure_ascii=False, allow_nan=False) + "\n"


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _put(path: Path, text: str) -> None:
    """Replace a file in one step, so that a kill leaves the old one or the new one."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(text, encoding="utf-8", newline="\n")
    beside.replace(path)
