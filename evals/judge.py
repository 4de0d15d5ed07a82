"""An optional judge: a run and an OpenAI-compatible endpoint go in, claim-level verdicts come out.

As RAGChecker (arXiv 2408.08067) does, a model splits an answer into claims and says of each whether a
reference states it: what the answer cites (support) and the gold answer (correctness). Temperature 0; every
reply is kept by the hash of judge, prompt and input, so that a judgement is repeated without asking. A reply
in another form than the one asked for is a failure of its own, never a verdict. A judge that agrees less with
people than content-word F1 does, which needs no model, may not gate. Knows no suite and no metric of a run.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import get_ident
from typing import Any, TypeVar

from evals.agreement import ASPECTS, Correlation, Pair, agreement, correlation
from evals.cited import citations, passage
from evals.metrics import content_f1
from evals.rows import Estimate, Row, Run
from evals.statistics import estimate
from qa.errors import ModelError, ModelUnavailable, QAError
from qa.models import Chat, check_chat, open_chat
from qa.prompts import Prompt, version
from qa.settings import ChatSettings

__all__ = ["Calibration", "Claim", "Judge", "Judged", "Judgement", "Unreadable", "calibrate", "judge_run"]

PROMPTS = Path(__file__).parent / "prompts"
MAX_TOKENS = 1024
"""Room for the claims of an answer of several paragraphs."""
WORKERS = 4

Progress = Callable[[int, int], None]
"""Told how many of how many are done."""

_THOUGHTS = re.compile(r"<think>.*?</think>", re.DOTALL)
_CLAIM = re.compile(r"^\s*\d+\s*[.):]\s*(\S.*?)\s*$")
_VERDICT = re.compile(r"^\W*(\d+)\W+(yes|no)\b", re.IGNORECASE)

_Item = TypeVar("_Item")
_Done = TypeVar("_Done")


class Unreadable(ModelError):
    """The judge's reply is not in the form that was asked for."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One fact of an answer.

    Attributes:
        text: the claim.
        supported: whether the passages that the answer cites state it; False without citations.
        correct: whether the gold answer states it; None where there is no gold answer.
    """

    text: str
    supported: bool
    correct: bool | None


@dataclass(frozen=True, slots=True)
class Judged:
    """One row as the judge sees it.

    Attributes:
        id: of the row.
        claims: empty where the answer states no fact, or was not judged.
        failure: why it was not judged; "" if it was.
        unreadable: whether the failure is a reply in the wrong form, not a fault of the endpoint.
    """

    id: str
    claims: tuple[Claim, ...] = ()
    failure: str = ""
    unreadable: bool = False

    def share(self, holds: Callable[[Claim], bool]) -> float | None:
        """Share of the claims that are so; None without claims."""
        return sum(map(holds, self.claims)) / len(self.claims) if self.claims else None


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far a judge agrees with people, beside content-word F1, which needs no judge.

    Attributes:
        judge, baseline: aspect to correlation, over the same pairs.
        failures: pairs that could not be judged; they count as "no difference".
    """

    judge: Mapping[str, Correlation]
    baseline: Mapping[str, Correlation]
    failures: int

    @property
    def beats_baseline(self) -> bool:
        """Whether the judge says more about people's overall preference than counting words does."""
        return self.judge["overall"].pearson > self.baseline["overall"].pearson

    def table(self) -> list[tuple[str, str, str]]:
        """Rows of aspect, judge and content-word F1, each as Pearson / Spearman."""

        def cell(found: Correlation) -> str:
            return f"{found.pearson:.1f} / {found.spearman:.1f}"

        return [(aspect, cell(self.judge[aspect]), cell(self.baseline[aspect])) for aspect in ASPECTS]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A judged run.

    Attributes:
        judge, subject: the model that judged and the one that answered.
        prompts: prompt name to version.
        rows: of every row with an answer, in the run's order.
        calibration: None where the pairs that people compared were not at hand.
    """

    judge: str
    subject: str
    prompts: Mapping[str, str]
    rows: tuple[Judged, ...]
    calibration: Calibration | None = None

    @property
    def estimates(self) -> dict[str, Estimate]:
        """RAGChecker's shares of an answer's claims, averaged over the answers judged."""
        found = {
            name: estimate([share for row in self.rows if (share := _share(row, name)) is not None])
            for name in _METRICS
        }
        return {name: value for name, value in found.items() if value}

    @property
    def refusal(self) -> str:
        """Why this judge may not gate; "" if it may."""
        if self.judge == self.subject:
            return "it would judge itself"
        if not self.calibration:
            return "its agreement with people is not known: ragchecker_meta was not at hand"
        if not self.calibration.beats_baseline:
            judge, words = self.calibration.judge["overall"], self.calibration.baseline["overall"]
            return (
                f"it agrees less with people (overall {judge.pearson:.1f}) than content-word F1, which needs "
                f"no model ({words.pearson:.1f})"
            )
        return ""

    def table(self) -> list[tuple[str, str, str, str]]:
        """Rows of metric, value, 95 % interval and n; what could not be judged has rows of its own."""
        unreadable = sum(row.unreadable for row in self.rows)
        faults = sum(bool(row.failure) for row in self.rows) - unreadable
        n = str(len(self.rows))
        return [
            *((name, f"{e.value:.3f}", _interval(e), str(e.n)) for name, e in self.estimates.items()),
            ("replies not in the form asked for", str(unreadable), "", n),
            ("endpoint's faults", str(faults), "", n),
        ]

    def lines(self) -> list[str]:
        """What a person reads beside the table: whether to believe it, and what could not be judged."""
        gate = f"may not gate: {self.refusal}" if self.refusal else "agrees with people enough to gate"
        failed = (f"{row.id}: {row.failure}" for row in self.rows if row.failure)
        pairs = self.calibration.failures if self.calibration else 0
        unread = [f"{pairs} pairs could not be judged and count as no difference"] if pairs else []
        return [f"The judge {self.judge} {gate}.", *unread, *failed]


class Judge:
    """A chat model that splits texts into claims and checks them; safe to use from several threads.

    Attributes:
        name: the model's.
        prompts: prompt name to version.
    """

    def __init__(self, chat: Chat, cache: Path, where: str = "") -> None:
        self.name = chat.name
        self._chat, self._cache, self._where = chat, cache, where
        self._claims, self._check = _prompt("judge_claims"), _prompt("judge_check")
        self.prompts = {prompt.name: prompt.version for prompt in (self._claims, self._check)}

    def claims(self, question: str, text: str) -> tuple[str, ...]:
        """What a text states, one fact each.

        Raises:
            Unreadable: the reply is no list of claims.
            ModelError: there was no reply.
        """
        reply = self._ask(self._claims, question=question, text=text)
        found = [match[1] for line in reply.splitlines() if (match := _CLAIM.match(line))]
        if not found and reply.strip().strip(".").upper() != "NONE":
            raise Unreadable(f"The judge listed no claims but wrote: {_short(reply)}", "")
        return tuple(found)

    def check(self, question: str, reference: str, claims: Sequence[str]) -> tuple[bool, ...]:
        """For each claim, whether the reference states it.

        Raises:
            Unreadable: the reply has not exactly one verdict for each claim.
            ModelError: there was no reply.
        """
        if not claims or not reference.strip():
            return (False,) * len(claims)
        listed = "\n".join(f"{number}. {claim}" for number, claim in enumerate(claims, 1))
        reply = self._ask(self._check, question=question, reference=reference, claims=listed)
        said = [
            (int(m[1]), m[2].lower() == "yes") for line in reply.splitlines() if (m := _VERDICT.match(line))
        ]
        if [number for number, _ in said] != list(range(1, len(claims) + 1)):
            raise Unreadable(f"The judge did not give {len(claims)} verdicts but wrote: {_short(reply)}", "")
        return tuple(verdict for _, verdict in said)

    def _ask(self, prompt: Prompt, **values: str) -> str:
        """The reply, from the cache if this was asked before."""
        messages = prompt.messages(**values)
        key = [self.name, self._where, prompt.version, messages]
        digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()
        path = self._cache / digest[:2] / f"{digest}.json"
        if (kept := _kept(path)) is not None:
            return kept
        completion = self._chat.complete(messages)
        if completion.finish != "stop":
            raise Unreadable(
                f"The judge's reply was cut ({completion.finish}).", "Raise QA_CHAT__MAX_TOKENS."
            )
        text = _THOUGHTS.sub("", completion.text)
        _keep(path, {"judge": self.name, "prompt": prompt.name, "version": prompt.version, "text": text})
        return text


def judge_run(
    run: Run,
    settings: ChatSettings,
    cache: Path,
    progress: Progress | None = None,
    pairs: Sequence[Pair] = (),
) -> Judgement:
    """Judge every answer of a run, and the judge itself by pairs of answers that people compared.

    Args:
        run: its answers; refusals and errors have nothing to judge.
        settings: of the endpoint, as for answering.
        cache: folder of replies; an interrupted judgement goes on from there.
        progress: see `Progress`.
        pairs: `evals.agreement.load_pairs`; without them the judge may not gate.

    Raises:
        QAError: the endpoint cannot be used, or the cache cannot be written.
    """
    found = check_chat(settings)
    if not found.ok:
        raise ModelUnavailable(
            f"The judge cannot be used: {found.line.removeprefix('chat model: ')}.", found.fix
        )
    answered = [row for row in run.rows if row.answer and row.answer["answered"]]
    total = len(answered) + len(pairs)
    with open_chat(settings.model_copy(update={"max_tokens": max(MAX_TOKENS, settings.max_tokens)})) as chat:
        judge = Judge(chat, cache, settings.base_url)
        rows = []
        for judged in _each(lambda row: _judge(judge, row), answered):
            rows.append(judged)
            _tell(progress, len(rows), total)
        calibration = None
        if pairs:
            calibration = calibrate(judge, pairs, lambda done, _: _tell(progress, len(rows) + done, total))
    return Judgement(judge.name, run.model, judge.prompts, tuple(rows), calibration)


def calibrate(judge: Judge, pairs: Sequence[Pair], progress: Progress | None = None) -> Calibration:
    """Score both answers of every pair and correlate the differences with people's labels.

    Correctness is RAGChecker's precision (share of the answer's claims that the gold answer states),
    completeness its recall (share of the gold answer's claims that the answer states), overall their F1.

    Raises:
        QAError: the cache cannot be written.
    """
    scored: list[Mapping[str, float] | None] = []
    for scores in _each(lambda pair: _difference(judge, pair), pairs):
        scored.append(scores)
        _tell(progress, len(scored), len(pairs))
    return Calibration(
        judge={
            aspect: correlation(pairs, aspect, [scores[aspect] if scores else 0.0 for scores in scored])
            for aspect in ASPECTS
        },
        baseline=agreement(pairs, lambda pair, answer: content_f1(answer, [pair.gold])),
        failures=scored.count(None),
    )


def _judge(judge: Judge, row: Row) -> Judged:
    """Support and correctness of one answer's claims; a fault becomes part of the result."""
    assert row.answer is not None
    gold = "\n".join(" / ".join(group) for group in row.gold)
    try:
        claims = judge.claims(row.question, row.text)
        supported = judge.check(row.question, _cited(row.answer), claims)
        correct: Sequence[bool | None] = [None] * len(claims)
        if row.answerable and gold:
            correct = judge.check(row.question, gold, claims)
    except ModelError as error:
        return Judged(row.id, failure=error.message, unreadable=isinstance(error, Unreadable))
    return Judged(row.id, tuple(map(Claim, claims, supported, correct)))


def _cited(answer: Mapping[str, Any]) -> str:
    """The passages that hold the citations, each once."""
    texts = (passage(answer, citation)["text"].strip() for citation in citations(answer))
    return "\n\n".join(dict.fromkeys(texts))


def _difference(judge: Judge, pair: Pair) -> Mapping[str, float] | None:
    """The second answer's scores minus the first's; None where the judge failed."""
    try:
        wanted = judge.claims(pair.question, pair.gold)
        first, second = (_scores(judge, pair, answer, wanted) for answer in pair.answers)
    except ModelError:
        return None
    return {aspect: second[aspect] - first[aspect] for aspect in ASPECTS}


def _scores(judge: Judge, pair: Pair, answer: str, wanted: Sequence[str]) -> Mapping[str, float]:
    claims = judge.claims(pair.question, answer)
    right = judge.check(pair.question, pair.gold, claims)
    held = judge.check(pair.question, answer, wanted)
    precision, recall = sum(right) / max(1, len(right)), sum(held) / max(1, len(held))
    both = precision + recall
    return dict(
        zip(ASPECTS, (precision, recall, 2 * precision * recall / both if both else 0.0), strict=True)
    )


_METRICS: Mapping[str, Callable[[Claim], bool]] = {
    "claims supported": lambda claim: claim.supported,
    "claims correct": lambda claim: bool(claim.correct),
    "hallucination": lambda claim: not claim.supported and not claim.correct,
    "self-knowledge": lambda claim: not claim.supported and bool(claim.correct),
    "noise sensitivity": lambda claim: claim.supported and not claim.correct,
}
"""RAGChecker's names; all but the first need a gold answer."""


def _share(row: Judged, name: str) -> float | None:
    """One metric of one answer; None without claims, or without the gold answer it needs."""
    if name != "claims supported" and any(claim.correct is None for claim in row.claims):
        return None
    return row.share(_METRICS[name])


def _each(work: Callable[[_Item], _Done], items: Sequence[_Item]) -> Iterator[_Done]:
    """Results in order, from several threads; what has not begun is dropped when the caller stops."""
    executor = ThreadPoolExecutor(WORKERS)
    try:
        yield from executor.map(work, items)
    finally:
        executor.shutdown(cancel_futures=True)


def _tell(progress: Progress | None, done: int, total: int) -> None:
    if progress:
        progress(done, total)


def _prompt(name: str) -> Prompt:
    """A prompt of this folder: one user message, versioned like those of `qa.prompts`."""
    raw = (PROMPTS / f"{name}.md").read_bytes()
    return Prompt(name, version(raw), (("user", raw.decode("utf-8").strip()),))


def _kept(path: Path) -> str | None:
    """A cached reply; None where there is none, or it is damaged."""
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["text"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(path: Path, values: Mapping[str, str]) -> None:
    """Write a reply in one step: a kill leaves it or nothing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.{get_ident()}")  # two threads may ask the same
        beside.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise QAError(
            f"The judge's replies cannot be kept in {path.parent}: {error.strerror}.", "Give another folder."
        ) from error


def _interval(found: Estimate) -> str:
    return "" if found.low is None or found.high is None else f"{found.low:.2f} to {found.high:.2f}"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return f"{flat[:80]}..." if len(flat) > 80 else flat or "nothing"
