"""Claims with their source sentences go in, how `qa.verify` judges them comes out; knows no model.

    python -m evals.contradictions [--data FILE] [--errors]

Half of the claims say what the source says, half were altered in one way. An altered claim is detected when
its state is not "supported"; a false alarm is a supported claim that has another state. The pairs are cut in
two halves by the SHA-1 of their id: words and rules are chosen on ``dev`` alone, ``test`` tells what they are
worth. Meaning is taken as equal (similarity 1), which is the hard case: an embedder sees no changed digit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.statistics import wilson
from qa.data import State
from qa.errors import QAError
from qa.verify import check

__all__ = ["Pair", "Rate", "Scored", "load", "main", "rates", "score", "table"]

DATA = Path(__file__).parent / "data" / "contradictions.jsonl"
FRESH = DATA.with_name("contradictions_fresh.jsonl")
"""Written after the checks were done."""
KINDS = {
    "numbers, units, dates": ("number", "unit", "date"),
    "invented names": ("invented",),
    "negation": ("negation",),
    "swapped names": ("swap",),
    "roles": ("role",),
    "half-true": ("half",),
}
"""Rows of the table and the kinds of alteration they hold."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim and the sentence it is checked against.

    Attributes:
        id: the part before its last letter is shared by the supported and the altered claim of one source.
        lang, source_lang: ISO 639-1 codes of claim and source.
        domain: business, science, sport, weather, culture, law or health.
        question: what the claim answers.
        claim, source: the two sentences.
        context: title or heading the source stands under, "" if none.
        altered: whether the claim says something else than the source.
        kind: how it was altered, or which way of saying the same it is.
    """

    id: str
    lang: str
    source_lang: str
    domain: str
    question: str
    claim: str
    source: str
    context: str
    altered: bool
    kind: str

    @property
    def half(self) -> str:
        """``dev`` or ``test``; both claims of one source are in the same half."""
        digest = hashlib.sha1(self.id[:-1].encode(), usedforsecurity=False).digest()
        return ("dev", "test")[digest[0] % 2]

    @property
    def group(self) -> str:
        """``ja``, ``en``, ... or ``across`` where claim and source are in different languages."""
        return self.lang if self.lang == self.source_lang else "across"


@dataclass(frozen=True, slots=True)
class Scored:
    """A pair with the verdict on it."""

    pair: Pair
    state: State
    reason: str

    @property
    def right(self) -> bool:
        """Detected if altered, supported if not."""
        return (self.state != "supported") is self.pair.altered


@dataclass(frozen=True, slots=True)
class Rate:
    """``hits`` of ``n``: of detections the more the better, of false alarms the fewer."""

    name: str
    half: str
    group: str
    hits: int
    n: int


def load(path: Path = DATA) -> tuple[Pair, ...]:
    """Read the pairs.

    Raises:
        QAError: the file is missing, or a line is not a pair; names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise QAError(f"{path} cannot be read: {error.strerror}.", "Give a file with --data.") from error
    return tuple(_pair(line, f"{path.name}:{number}") for number, line in enumerate(lines, 1) if line.strip())


def score(path: Path = DATA, similarity: float = 1.0) -> tuple[Scored, ...]:
    """Judge every pair of a file.

    Args:
        path: JSONL, see `load`.
        similarity: how near claim and source are said to be in meaning, as `qa.verify.check` takes it.

    Raises:
        QAError: see `load`.
    """
    return tuple(_judge(pair, similarity) for pair in load(path))


def rates(scored: Sequence[Scored]) -> tuple[Rate, ...]:
    """Detections per kind of alteration and false alarms, per half and group and over all of them."""
    found: list[Rate] = []
    languages = sorted({item.pair.group for item in scored} - {"across"})
    groups = ["all", *languages, "across"]
    for group in groups:
        for half in ("dev", "test", "both"):
            chosen = [
                item
                for item in scored
                # Pairs across languages are reported apart.
                if (item.pair.group == group or (group == "all" and item.pair.group != "across"))
                and half in (item.pair.half, "both")
            ]
            found += [Rate(name, half, group, *counted) for name, counted in _counts(chosen)]
    return tuple(rate for rate in found if rate.n)


def table(found: Sequence[Rate]) -> str:
    """The rates as a Markdown table, one line a row and group."""
    head = "| what | claims | dev | test | both | 95 % interval |\n|---|---|---|---|---|---|"
    keys = dict.fromkeys((rate.group, rate.name) for rate in found)
    lines = []
    for group, name in keys:
        of = {rate.half: rate for rate in found if (rate.group, rate.name) == (group, name)}
        cells = [f"{of[half].hits}/{of[half].n}" if half in of else "–" for half in ("dev", "test", "both")]
        low, high = wilson(of["both"].hits, of["both"].n)
        lines.append(f"| {name} | {group} | {' | '.join(cells)} | {low:.0%} to {high:.0%} |")
    return "\n".join([head, *lines])


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, with ``--errors`` also the claims that were judged wrongly."""
    parser = argparse.ArgumentParser(prog="python -m evals.contradictions", description="Score qa.verify.")
    parser.add_argument("--data", type=Path, default=DATA, help="another file of pairs")
    parser.add_argument("--errors", choices=("dev", "test"), help="list the wrongly judged claims of a half")
    parser.add_argument("--similarity", type=float, default=1.0, help="nearness in meaning, 0 to 1")
    given = parser.parse_args(arguments)
    try:
        scored = score(given.data, given.similarity)
    except QAError as error:
        sys.stderr.write(f"error: {error.message}\nhint: {error.hint}\n")
        return 2
    sys.stdout.write(table(rates(scored)) + "\n")
    for item in scored:
        if item.pair.half == given.errors and not item.right:
            pair = item.pair
            sys.stdout.write(f"\n{pair.id} {pair.kind}: {item.state} ({item.reason})\n")
            sys.stdout.write(f"  asked  {pair.question}\n  claim  {pair.claim}\n  source {pair.source}\n")
    return 0


def _judge(pair: Pair, similarity: float) -> Scored:
    evidence = "\n".join(part for part in (pair.context, pair.source) if part)
    verdict = check(pair.claim, pair.question, evidence, similarity)
    return Scored(pair, verdict.state, verdict.reason)


def _counts(scored: Iterable[Scored]) -> list[tuple[str, tuple[int, int]]]:
    items = list(scored)
    rows: list[tuple[str, tuple[int, int]]] = []
    for name, kinds in KINDS.items():
        of = [item.state != "supported" for item in items if item.pair.altered and item.pair.kind in kinds]
        rows.append((f"detected: {name}", (sum(of), len(of))))
    states = [item.state for item in items if not item.pair.altered]
    alarms = {"partly": states.count("partly"), "unsupported": states.count("unsupported")}
    rows.append(("false alarms", (sum(alarms.values()), len(states))))
    rows += [(f"of these {state}", (count, len(states))) for state, count in alarms.items()]
    return rows


def _pair(line: str, where: str) -> Pair:
    try:
        row = json.loads(line)
        altered = {"supported": False, "altered": True}[row["label"]]
        texts = {
            name: str(row[name]) for name in ("id", "lang", "domain", "question", "claim", "source", "kind")
        }
        return Pair(
            **texts,
            source_lang=str(row.get("source_lang", row["lang"])),
            context=str(row.get("context", "")),
            altered=altered,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise QAError(
            f"{where} is not a pair: {error!r}.", "The format is in evals/data/README.md."
        ) from error


if __name__ == "__main__":
    sys.exit(main())
