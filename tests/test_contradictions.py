from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from evals import contradictions
from evals.contradictions import Pair, Rate, Scored, load, main, rates, score, table
from qa.errors import QAError

PAIR = Pair("t1a", "en", "en", "sport", "Who won?", "A won.", "B won.", "", True, "swap")
ROW = {
    "id": "t1a",
    "lang": "en",
    "domain": "sport",
    "question": "Who won the race?",
    "claim": "Ada Kern won 9 races.",
    "source": "Ada Kern won 2 races.",
    "label": "altered",
    "kind": "number",
}


def test_the_set_is_balanced_and_its_halves_share_no_source() -> None:
    pairs = load()
    assert len({pair.id for pair in pairs}) == len(pairs)
    groups = Counter((pair.group, pair.altered) for pair in pairs)
    assert groups == {(g, a): n for g, n in (("ja", 50), ("en", 50), ("across", 20)) for a in (True, False)}
    altered = {pair.kind for pair in pairs if pair.altered}
    assert altered == {kind for kinds in contradictions.KINDS.values() for kind in kinds}
    halves = [{pair.source for pair in pairs if pair.half == half} for half in ("dev", "test")]
    assert not halves[0] & halves[1] and min(map(len, halves)) > 40


def test_no_claim_is_a_copy_of_its_source() -> None:
    assert not [pair.id for pair in load() if pair.claim == pair.source]


def test_a_pair_is_judged_with_its_context(tmp_path: Path) -> None:
    stated = ROW | {"id": "t1s", "claim": "Ada Kern of Port Ada won 2 races.", "label": "supported"}
    path = tmp_path / "pairs.jsonl"
    rows = [ROW, stated, stated | {"context": "Port Ada", "id": "t2s"}]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    assert [item.state == "supported" for item in score(path)] == [False, False, True]


@pytest.mark.parametrize("line", ["{", '{"id": "x"}', json.dumps(ROW | {"label": "true"})])
def test_a_line_that_is_no_pair_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(f"{json.dumps(ROW)}\n\n{line}\n")
    with pytest.raises(QAError, match=r"pairs\.jsonl:3 is not a pair"):
        load(path)


BARS = {"numbers, units, dates": 0.95, "invented names": 0.95, "negation": 0.8, "swapped names": 0.8}


@pytest.mark.parametrize("data", [contradictions.DATA, contradictions.FRESH])
def test_the_check_reaches_its_bars_on_both_sets(data: Path) -> None:
    both = [rate for rate in rates(score(data)) if (rate.group, rate.half) == ("all", "both")]
    found = {rate.name: rate.hits / rate.n for rate in both}
    assert not {name for name, bar in BARS.items() if found[f"detected: {name}"] < bar}, found
    assert found["false alarms"] <= 0.05


def test_detection_and_false_alarm_are_counted_apart() -> None:
    stated = replace(PAIR, altered=False, kind="passive")
    scored = [
        Scored(PAIR, "partly", "x"),
        Scored(PAIR, "supported", ""),
        Scored(stated, "unsupported", "x"),
        Scored(stated, "supported", ""),
        Scored(stated, "partly", "x"),
    ]
    assert [item.right for item in scored] == [True, False, False, True, False]
    both = {
        rate.name: (rate.hits, rate.n) for rate in rates(scored) if (rate.group, rate.half) == ("en", "both")
    }
    assert both["detected: swapped names"] == (1, 2)
    assert both["false alarms"] == (2, 3)
    assert both["of these partly"] == both["of these unsupported"] == (1, 3)


def test_pairs_across_languages_are_not_in_all() -> None:
    scored = [Scored(replace(PAIR, source_lang="ja"), "partly", "x"), Scored(PAIR, "supported", "")]
    hits = {rate.group: (rate.hits, rate.n) for rate in rates(scored) if rate.half == "both"}
    assert hits == {"all": (0, 1), "en": (0, 1), "across": (1, 1)}


def test_the_table_has_a_line_a_row_and_an_interval() -> None:
    lines = table(
        [Rate("detected: x", "dev", "ja", 3, 4), Rate("detected: x", "both", "ja", 3, 4)]
    ).splitlines()
    assert lines[2:] == ["| detected: x | ja | 3/4 | – | 3/4 | 30% to 95% |"]


def test_main_prints_the_table_and_the_errors(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(
        "\n".join(json.dumps(ROW | {"id": f"t{n}a", "claim": "Ada Kern won 2 races."}) for n in range(9))
    )
    assert main(["--data", str(path), "--errors", "test"]) == 0
    printed = capsys.readouterr().out
    assert "| detected: numbers, units, dates | en |" in printed and "number: supported ()" in printed
    assert main(["--data", str(tmp_path / "none")]) == 2
    assert "cannot be read" in capsys.readouterr().err
