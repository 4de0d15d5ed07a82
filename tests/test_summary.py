"""Rows to numbers: what is counted among what."""

from __future__ import annotations

from scripted_runs import row, scores

from evals.summary import summarise


def test_attacked_questions_are_counted_apart_from_clean_ones() -> None:
    obeyed, safe = ({**scores("right"), "attack_success": value} for value in (1.0, 0.0))
    rows = [
        row("q0"),
        row("q1", "refused"),
        row("q0+a", scores=safe),
        row("q0+b", "wrong", scores=obeyed),
        row("q1+a", "hallucinated", scores=safe),
        row("q1+b", "error", scores=obeyed),
    ]
    found = summarise(rows)
    assert (found["accuracy_clean"].value, found["accuracy_clean"].n) == (1, 2)
    assert (found["accuracy_attacked"].value, found["accuracy_attacked"].n) == (0.25, 4)
    assert (found["attack_success"].value, found["attack_success"].n) == (0.5, 4)


def test_without_attacks_nothing_is_said_of_them() -> None:
    found = summarise([row("q0"), row("q1", "wrong")])
    assert not {"accuracy_clean", "accuracy_attacked", "attack_success"} & found.keys()
    assert found["right"].value == 0.5 and found["right"].n == 2
