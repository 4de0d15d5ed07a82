"""Two runs of the same questions: what counts as a change."""

from __future__ import annotations

import pytest
from scripted_runs import row, run, run_of, scores

from evals.compare import compare
from evals.rows import Run, Verdict
from qa.errors import QAError


def verdicts(*given: Verdict) -> dict[str, Verdict]:
    return {f"q{number}": verdict for number, verdict in enumerate(given)}


def test_the_same_run_shows_no_change() -> None:
    one = run(verdicts("right", "wrong", "refused", "hallucinated"))
    found = compare(one, one)
    assert (found.p, found.p_worse, found.flips) == (1, 1, ())
    assert {change.difference.value for change in found.changes.values()} == {0}
    assert "seconds_mean" in found.changes


def test_a_clear_loss_is_significant_and_its_flips_are_named_with_both_answers() -> None:
    before = run(verdicts(*["right"] * 10, "wrong"))
    after = run(verdicts(*["wrong"] * 8, "right", "right", "right"))
    found = compare(before, after)
    # 8 lost, 1 won: 2 * P(8 or more heads of 9) = 2 * 10 / 512
    assert found.p == pytest.approx(20 / 512) and found.p_worse == pytest.approx(10 / 512)
    assert [flip.lost for flip in found.flips] == [True] * 8 + [False]
    assert found.flips[0].line() == "q0 When did line q0 open?: In 1998. (right) -> In 1999. (wrong)"
    change = found.changes["right"]
    assert change.before == pytest.approx(10 / 11) and change.after == pytest.approx(3 / 11)
    by = change.difference
    assert by.value == pytest.approx(-7 / 11) and by.high < 0 and by.n == 11
    assert by.p == found.p
    assert any("8 lost, 1 won" in line for line in found.lines())


def test_a_refusal_that_becomes_an_invention_is_a_flip_but_one_kind_of_wrong_to_another_is_not() -> None:
    found = compare(run(verdicts("refused", "wrong")), run(verdicts("hallucinated", "over_refused")))
    assert [flip.after.id for flip in found.flips] == ["q0"]


def test_a_metric_counts_where_it_applies_in_both() -> None:
    before, after = run(verdicts("right", "refused")), run(verdicts("right", "refused"))
    assert compare(before, after).changes["hallucination"].difference.n == 1


def test_an_error_counts_as_lost() -> None:
    assert compare(run(verdicts("right")), run(verdicts("error"))).flips[0].lost


def test_a_part_compares_with_the_whole_and_says_so() -> None:
    whole, part = run(verdicts(*["right"] * 20)), run(verdicts(*["right"] * 10))
    found = compare(whole, part)
    assert (found.common, found.only_before, found.only_after) == (10, 10, 0)
    assert any("only before: 10, only after: 0" in line for line in found.lines())


def other_questions() -> Run:
    return run_of(tuple(row(f"q{n}", question="Another question?") for n in range(5)))


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (run({f"x{n}": "right" for n in range(10)}), "share 0 of 10 and 10"),
        (other_questions(), "share 0 of 10 and 5"),  # the same ids
        (run({f"q{n}": "right" for n in range(2, 12)}), "share 8 of 10 and 10"),
        (run({}), "share 0 of 10 and 0"),
        (run(verdicts("right"), suite="other"), "different suites: trains and other"),
    ],
)
def test_runs_of_other_questions_are_refused(other: Run, why: str) -> None:
    with pytest.raises(QAError, match=why):
        compare(run(verdicts(*["right"] * 10)), other)


def test_evidence_is_compared_where_both_answers_are_right() -> None:
    hit, lost = scores("right"), {**scores("right"), "gold_hit": 0.0}
    before = run_of((row("q0", scores=hit), row("q1", scores=hit)))
    after = run_of((row("q0", scores=lost), row("q1", "wrong", scores=lost)))
    change = compare(before, after).changes["right_cited"]
    assert (change.before, change.after, change.difference.n) == (1, 0, 1)
