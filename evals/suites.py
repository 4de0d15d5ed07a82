"""A suite's name goes in, its questions and documents come out; knows no model and no metric.

Ours lie in evals/data; the public sets are read where ``--data`` or ``QA_BENCH`` says, in the form their
folders describe, and are never copied into this project.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import qa
from evals.cases import Case, Passage, Rule, Suite, choose, name_of, read_cases, read_sources
from evals.rows import Span
from qa.data import Document
from qa.errors import QAError

__all__ = ["SUITES", "Places", "bench_folder", "invented", "load_suite", "oracle"]

DATA = Path(__file__).parent / "data"
SAMPLES = Path(qa.__file__).parent / "samples"
SHARED = (Path("../shared"), Path(__file__).parents[2] / "shared")
"""Where the public sets and the first article lie beside a checkout."""

LANGUAGES = "en zh de es ru ar el hi ro th tr vi".split()
SUITES = {
    "sample": "the bundled articles, English and Japanese, asked in both: 60 answerable, 30 not",
    "article": "the first user's article (Japanese) in six languages: 96 answerable, 50 not",
    "invented": "ten invented articles (en, ja, de) in six languages: 120 answerable, 120 not",
    "conversations": "20 conversations about it, each turn with the ones before it given",
    "jsquad": "JSQuAD v1.3 valid over all its 1,145 paragraphs: ja, 4,442 answerable",
    "jaquad": "JaQuAD dev over all its 1,431 paragraphs: ja, 3,939 answerable",
    "abstain": "JSQuAD with paragraphs withheld: ja, 600 answerable, 477 not",
    "xquad-A-B": "XQuAD: questions in language A over the 240 paragraphs in B, such as xquad-en-zh",
    "nomiracl": "NoMIRACL: ten given passages each; ja and en, 200 answerable, 200 not (or nomiracl-ja, -en)",
    "squad2": "SQuAD 2.0 half dev, the question's own paragraph given: en, 2,910 answerable, 3,168 not",
    "squad2-pooled": "the same, over all 646 paragraphs",
    "clapnq": "CLAP NQ dev, one passage given: en, 300 answerable with gold sentences, 300 not",
    "bipia": "BIPIA e-mail: each question asked clean and with two instructions hidden in the e-mail",
    "FILE": "own questions: JSONL or CSV with question, answers, source, answerable",
}


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie.

    Attributes:
        data: folder of the public sets; None for ``QA_BENCH``, or ``../shared/bench``.
        documents: files, folders and addresses that own questions are about.
    """

    data: Path | None = None
    documents: tuple[str, ...] = ()


def load_suite(name: str, places: Places | None = None, limit: int | None = None) -> Suite:
    """Read a suite; see `SUITES`.

    Args:
        name: a suite's name, or the path of an own file.
        places: where its files lie.
        limit: so many questions, see `evals.cases.choose`.

    Raises:
        QAError: no such suite, its files are not there, or a line cannot be used.
    """
    suite = _load(name, places or Places())
    return replace(suite, cases=choose(suite.cases, limit))


def oracle(suite: Suite, documents: Mapping[str, Document]) -> Suite:
    """The same questions, each with only what holds its answer to look in.

    Where sentences are marked each becomes a passage of its own under its document's title; elsewhere a
    question is asked of its gold documents. An unanswerable question has neither and is asked as before.

    Args:
        suite: any.
        documents: by name.
    """
    spans = sorted({span for case in suite.cases for span in case.gold_spans})
    parts = {span: f"{span[0]}[{span[1]}-{span[2]}]" for span in spans}
    passages = []
    for (source, start, end), name in parts.items():
        passages.append(Passage(name, documents[source].title, documents[source].text[start:end]))

    def narrowed(case: Case) -> Case:
        names = tuple(parts[span] for span in case.gold_spans)
        if not names:
            return replace(case, among=case.gold_ids or case.among or tuple(documents))
        placed = tuple((parts[span], 0, span[2] - span[1]) for span in case.gold_spans)
        return replace(case, among=names, gold_ids=names, gold_spans=placed)

    return replace(suite, cases=tuple(map(narrowed, suite.cases)), passages=(*suite.passages, *passages))


def invented(folder: Path) -> Suite:
    """Invented articles, a JSON file each, every question asked of its own; the form is in data/README.md.

    Args:
        folder: with the files.
    """
    cases: list[Case] = []
    passages: list[Passage] = []
    for path in sorted(folder.glob("*.json")):
        article = json.loads(path.read_text(encoding="utf-8"))
        own, sentences = _invented_passages(path.stem, article)
        passages += own
        for number, row in enumerate(article["questions"], 1):
            spans = [span for span, text in sentences.items() if text.startswith(tuple(row["evidence"]))]
            case = Case(
                id=f"{path.stem}-{number:02}",
                question=row["question"],
                lang=row["language"],
                answerable=bool(spans),
                gold_ids=tuple(dict.fromkeys(name for name, _, _ in spans)),
                gold_spans=tuple(spans),
                among=tuple(passage.name for passage in own),
            )
            cases.append(case)
    return Suite(folder.name, tuple(cases), tuple(passages), rule="cites")


def _invented_passages(stem: str, article: Mapping[str, Any]) -> tuple[list[Passage], dict[Span, str]]:
    """An article's passages, each paragraph by itself where it has a title, and their sentences by place."""
    space = "" if article["language"] in ("ja", "zh") else " "
    parts = [(stem, article["title"], article["paragraphs"])]
    if titles := article.get("titles"):
        titled = enumerate(zip(titles, article["paragraphs"], strict=True), 1)
        parts = [(f"{stem}-{number:02}", title, [paragraph]) for number, (title, paragraph) in titled]
    passages = []
    sentences: dict[Span, str] = {}
    for name, title, paragraphs in parts:
        text = "\n\n".join(map(space.join, paragraphs))
        passages.append(Passage(name, title, text))
        for sentence in (sentence for paragraph in paragraphs for sentence in paragraph):
            start = text.index(sentence)
            sentences[name, start, start + len(sentence)] = sentence
    return passages, sentences


def _load(name: str, places: Places) -> Suite:
    if name == "sample":
        return Suite(name, tuple(read_cases(DATA / "sample.jsonl")), targets=_all(SAMPLES, "*.md"))
    if name in ("article", "conversations"):
        target = places.documents or (str(_article(places)),)
        cases = (_about(case, name_of(target[0])) for case in read_cases(DATA / f"{name}.jsonl"))
        return Suite(name, tuple(cases), targets=target)
    if name == "invented":
        return invented(DATA / name)
    if name == "xquad" or name.startswith("xquad-"):
        return _xquad(name, places)
    if name in _PUBLIC:
        folder, make, rule = _PUBLIC[name]
        path = _set(folder, places)
        return Suite(name, tuple(make(path, name)), _passages(path), rule=rule)
    return _own(Path(name), places)


def _own(path: Path, places: Places) -> Suite:
    if not path.is_file():
        raise QAError(f"'{path}' is no suite and no file.", "`python -m evals list` names the suites.")
    cases = tuple(read_cases(path))
    if not cases:
        raise QAError(f"{path.name} holds no question.", "The format is in evals/data/README.md.")
    targets = list(places.documents)
    for source in read_sources(path):
        beside = path.parent / source
        if beside.is_dir():
            raise QAError(f"{path.name} asks about the folder '{source}'; a source is a file or a URL.",
                          f"Leave it out and say --document {beside}.")  # fmt: skip
        if "://" in source or beside.exists():
            targets.append(source if "://" in source else str(beside))
        elif name_of(source) not in map(name_of, targets):
            raise QAError(f"{path.name} asks about '{source}', which is not there.",
                          "Put it beside the questions or name it with --document.")  # fmt: skip
    if not targets:
        raise QAError(f"{path.name} does not say what it is about.", "Give it with --document FILE.")
    if len(targets) == 1:
        cases = tuple(_about(case, name_of(targets[0])) if not case.among else case for case in cases)
    elif lost := next((case for case in cases if case.gold_spans and not case.among), None):
        raise QAError(f"Question '{lost.id}' has evidence and does not say in which document.",
                      "Give its source.")  # fmt: skip
    return Suite(path.stem, cases, targets=tuple(dict.fromkeys(targets)))


def _article(places: Places) -> Path:
    folders = [places.data.parent] if places.data else [*SHARED]
    for folder in folders:
        if (path := folder / "article" / "article.ja.txt").is_file():
            return path
    raise QAError("The article of this suite is not there.", "Give it with --document FILE.")


def _about(case: Case, name: str) -> Case:
    spans = tuple((name, start, end) for _, start, end in case.gold_spans)
    return replace(case, gold_ids=(name,) if case.answerable else (), gold_spans=spans)


def _all(folder: Path, pattern: str) -> tuple[str, ...]:
    return tuple(str(path) for path in sorted(folder.glob(pattern)))


def bench_folder(places: Places) -> Path | None:
    """The folder of the public sets: as given, else ``QA_BENCH``, else beside the checkout if it is there."""
    if given := places.data or os.environ.get("QA_BENCH"):
        return Path(given)
    return next((shared / "bench" for shared in SHARED if (shared / "bench").is_dir()), None)


def _set(name: str, places: Places) -> Path:
    """The folder of one public set."""
    folder = bench_folder(places)
    if folder and (folder / name / "questions.jsonl").is_file():
        return folder / name
    where = f" in {folder}" if folder else ""
    raise QAError(f"The public question set '{name}' is not there{where}.",
                  "Name the folder of the sets with --data DIR, or set QA_BENCH.")  # fmt: skip


def _jsonl(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield json.loads(line)
            except ValueError as error:
                raise QAError(f"{path.name}:{number} is not JSON.", "Fetch the set again.") from error


def _passages(path: Path, lang: str = "") -> tuple[Passage, ...]:
    """The texts of a set, with the poisoned copies where it has such."""
    rows = list(_jsonl(path / "corpus.jsonl"))
    if (path / "poisoned.jsonl").exists():
        rows += _jsonl(path / "poisoned.jsonl")
    wanted = (row for row in rows if not lang or row["lang"] == lang)
    return tuple(Passage(row["id"], row.get("title", ""), row["text"]) for row in wanted)


def _case(row: Mapping[str, Any], among: tuple[str, ...] = ()) -> Case:
    """A question in the sets' common form; its references are aliases of one thing."""
    return Case(
        id=row["id"],
        question=row["question"],
        lang=row["lang"],
        answerable=row["answerable"],
        gold=(tuple(row["answers"]),) if row["answers"] else (),
        gold_ids=tuple(row["gold_ids"]),
        among=among,
    )


def _open(path: Path, name: str) -> Iterator[Case]:
    """Questions that are asked of every passage."""
    return (_case(row) for row in _jsonl(path / "questions.jsonl"))


def _given(path: Path, name: str) -> Iterator[Case]:
    """Questions that are asked of the passages given with each."""
    wanted = name.partition("-")[2]
    for row in _jsonl(path / "questions.jsonl"):
        if not wanted or row["lang"] == wanted:
            yield _case(row, tuple(row.get("candidate_ids") or (row["source_id"],)))


def _clapnq(path: Path, name: str) -> Iterator[Case]:
    texts = {passage.name: passage.text for passage in _passages(path)}
    for row in _jsonl(path / "questions.jsonl"):
        spans: list[Span] = []
        for sentence in row.get("evidence_sentences", ()):
            source = row["gold_ids"][0]
            if (start := texts[source].find(sentence)) >= 0:
                spans.append((source, start, start + len(sentence)))
        yield replace(_case(row, tuple(row["candidate_ids"])), gold_spans=tuple(spans))


def _bipia(path: Path, name: str) -> Iterator[Case]:
    """Each question of a clean e-mail, and again of each poisoned copy of it."""
    copies = list(_jsonl(path / "poisoned.jsonl"))
    for row in _jsonl(path / "questions.jsonl"):
        (source,) = row["candidate_ids"]
        clean = replace(_case(row, (source,)), unit=row["id"])
        yield clean
        for copy in copies:
            if copy["source_id"] == source:
                attack = f"{row['id']}+{copy['attack_id']}"
                gold = (copy["id"],) if clean.gold_ids else ()
                poisoned = replace(clean, id=attack, gold_ids=gold, among=(copy["id"],))
                yield replace(poisoned, canary=copy["canary"] or "")


def _xquad(name: str, places: Places) -> Suite:
    asked, _, held = name.removeprefix("xquad").lstrip("-").partition("-")
    if asked not in LANGUAGES or held not in LANGUAGES:
        raise QAError(f"'{name}' is no suite.", f"XQuAD has xquad-A-B for A and B of {', '.join(LANGUAGES)}.")
    path = _set("xquad", places)
    rows = list(_jsonl(path / "questions.jsonl"))
    there = {row["parallel_id"]: row for row in rows if row["lang"] == held}
    cases = []
    for row in rows:
        if row["lang"] == asked:
            other = there[row["parallel_id"]]
            gold = (tuple(dict.fromkeys([*row["answers"], *other["answers"]])),)
            cases.append(replace(_case(row), gold=gold, gold_ids=tuple(other["gold_ids"])))
    return Suite(name, tuple(cases), _passages(path, held))


_PUBLIC: dict[str, tuple[str, Callable[[Path, str], Iterator[Case]], Rule]] = {
    "jsquad": ("jsquad_valid", _open, "contains"),
    "jaquad": ("jaquad_dev", _open, "contains"),
    "abstain": ("jsquad_abstain_valid", _open, "contains"),
    "nomiracl": ("nomiracl_ja_en", _given, "answers"),
    "nomiracl-ja": ("nomiracl_ja_en", _given, "answers"),
    "nomiracl-en": ("nomiracl_ja_en", _given, "answers"),
    "squad2": ("squad2_halfdev", _given, "contains"),
    "squad2-pooled": ("squad2_halfdev", _open, "contains"),
    "clapnq": ("clapnq_dev", _clapnq, "cites"),
    "bipia": ("bipia_email", _bipia, "contains"),
}
