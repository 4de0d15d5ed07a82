"""A run on disk: what is written comes back, an interrupted one too, and damage is said with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.rows import Estimate, Row, Run, append, find_runs
from qa.errors import QAError

ROW = Row(
    id="q1",
    suite="sample",
    system="qa",
    lang="ja",
    question="投資額は？",
    answerable=True,
    verdict="right",
    history=(("a?", "b"),),
    gold=(("143億", "14.3 billion"),),
    gold_ids=("a.md",),
    gold_spans=(("a.md", 3, 9),),
    answer={"text": "143億ドルです。", "answered": True, "receipt": {"checks": {"stated": 0.9}}},
    scores={"contains": 1.0, "attack success": None},
    seconds=1.5,
    first_token=0.5,
    tokens=(100, 7),
)
RUN = Run("sample", "qa", "f1", {"read": "abcd"}, "m", "e", "1234567", "2026-11-24T00:00:00Z", "run", (ROW,))


def test_a_run_comes_back_as_it_was(tmp_path: Path) -> None:
    run = Run(**{**RUN.header(), "rows": RUN.rows, "summary": {"right": Estimate(1.0, 1, 0.0, 0.2, 1.0)}})
    run.write(tmp_path / "a" / "b")
    assert Run.load(tmp_path / "a" / "b") == run
    assert find_runs([tmp_path]) == [tmp_path / "a" / "b"]


def test_a_row_cut_off_by_a_kill_is_left_out_and_the_others_stay(tmp_path: Path) -> None:
    Run("sample", "qa").write(tmp_path)
    append(tmp_path, ROW)
    append(tmp_path, ROW)
    path = tmp_path / "rows.jsonl"
    path.write_bytes(path.read_bytes()[:-30])
    assert Run.load(tmp_path).rows == (ROW,)


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    RUN.write(tmp_path)
    with (tmp_path / "rows.jsonl").open("a") as file:
        file.write('{"id": 1}\n')
    with pytest.raises(QAError, match=r"rows\.jsonl:2 is not a row"):
        Run.load(tmp_path)


def test_no_run_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(QAError, match="holds no run") as caught:
        Run.load(tmp_path)
    assert "--out" in caught.value.hint


def test_numbers_that_are_not_numbers_never_reach_the_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Out of range"):
        append(tmp_path, Row("a", "s", "q", "en", "?", True, "right", scores={"f1": float("nan")}))


def test_passed_is_right_or_rightly_refused() -> None:
    verdicts = ("right", "wrong", "over_refused", "refused", "hallucinated", "error", "unscored")
    passed = [v for v in verdicts if Row("a", "s", "q", "en", "?", True, v).passed]  # type: ignore[arg-type]
    assert passed == ["right", "refused"]
