"""Own questions as JSON lines and CSV, the fixed choice, and what is said of a line that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.cases import Case, choose, name_of, read_cases, read_sources
from qa.errors import QAError


def written(folder: Path, text: str, name: str = "mine.jsonl") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_jsonl_in_its_short_form(tmp_path):
    path = written(
        tmp_path,
        '{"question": "Who runs it?", "answers": "Mara", "source": "texts/ferry.md"}\n'
        "\n"
        '{"question": "料金は？", "answers": [["3ユーロ"], ["子供", "小児"]]}\n'
        '{"question": "How long is it?", "answerable": false, "id": "length"}\n',
    )
    first, second, third = read_cases(path)
    assert first == Case("line1", "Who runs it?", "en", True, (("Mara",),), ("ferry.md",), (), ("ferry.md",))
    assert second.lang == "ja" and second.gold == (("3ユーロ",), ("子供", "小児")) and second.among == ()
    assert second.references == () and first.references == ("Mara",)
    assert (third.id, third.answerable, third.gold) == ("length", False, ())
    assert read_sources(path) == ["texts/ferry.md"]


def test_csv_from_a_spreadsheet(tmp_path):
    path = written(
        tmp_path,
        "\ufeffquestion,answers,source,answerable\n"
        '"Who runs it, and since when?",Mara Ellison|Mara ; 1998,ferry.md,yes\n'
        "How long is it?,,,no\n",
        "mine.csv",
    )
    first, second = read_cases(path)
    assert first.question == "Who runs it, and since when?"
    assert first.gold == (("Mara Ellison", "Mara"), ("1998",))
    assert (first.answerable, second.answerable, first.id) == (True, False, "line2")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"answers": ["a"]}', "no question"),
        ('{"question": " "}', "no question"),
        ('{"question": "a?", "answerable": true}', "has no answers"),
        ('{"question": "a?", "answers": ["b"], "answerable": false}', "is not answerable"),
        ('{"question": "a?", "answers": ["b"], "answerable": "no"}', "'answerable' must be of type bool"),
        ('{"question": "a?", "answers": [["b"], []]}', "'answers' must be"),
        ('{"question": "a?", "answers": [7]}', "'answers' must be"),
        ('{"question": "a?", "answers": ["b"], "evidence": [[1]]}', "'evidence' must be"),
        ('{"question": "a?", "answer": ["b"]}', "'answer' is no column"),
        ('{"question": "b?", "answers": ["b"], "id": "line1"}', "was there before"),
        ('{"id": "c", "turns": ["a"]}', "'turns' must be of type dict"),
        ('{"question": "a?", "answers": ["b"], "history": []}', "'history' is no column"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, why):
    path = written(tmp_path, f'{{"question": "a?", "answers": "b"}}\n{line}\n')
    with pytest.raises(QAError) as caught:
        list(read_cases(path))
    assert caught.value.message.startswith("mine.jsonl:2") and why in caught.value.message
    assert caught.value.hint


def test_a_csv_line_with_too_many_fields_is_named(tmp_path):
    path = written(tmp_path, "question,answers\na?,b\na, b?,c\n", "mine.csv")
    with pytest.raises(QAError, match=r"mine\.csv:3 .*more fields"):
        list(read_cases(path))


def test_a_csv_quote_that_is_never_closed_is_named(tmp_path):
    path = written(tmp_path, 'question,answers\n"a?,b\nb?,c\n', "mine.csv")
    with pytest.raises(QAError, match=r"mine\.csv:\d .*not CSV"):
        list(read_cases(path))


def test_a_line_separator_within_a_csv_field_ends_no_line(tmp_path):
    path = written(tmp_path, "question,answers\nWho\u2028runs it?,b\nb?,c\n", "mine.csv")
    assert [case.id for case in read_cases(path)] == ["line2", "line3"]


def test_a_file_that_is_no_text_or_not_there(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b"\xff\xfe\x00")
    for name in ("a.jsonl", "b.jsonl"):
        with pytest.raises(QAError, match="cannot be read"):
            list(read_cases(tmp_path / name))


def test_a_turn_gets_the_turns_before_it(tmp_path):
    path = written(
        tmp_path,
        '{"id": "c1", "lang": "en", "turns": ['
        '{"question": "Who?", "answerable": true, "answers": [["Mara", "M"]]},'
        ' {"question": "How old?", "answerable": false, "answers": []},'
        ' {"question": "Where?", "answerable": true, "answers": [["Quayside"], ["pier"]]}]}\n',
    )
    cases = list(read_cases(path))
    assert [case.id for case in cases] == ["c1/1", "c1/2", "c1/3"]
    assert cases[0].history == ()
    assert cases[2].history == (("Who?", "Mara"), ("How old?", "The article does not say."))
    assert {case.unit for case in cases} == {"c1"}


def test_the_choice_is_fixed_balanced_and_does_not_move():
    cases = [Case(f"q{n}", "?", "en", n % 3 > 0) for n in range(60)]
    few, more = choose(cases, 10), choose(cases, 20)
    assert [case.answerable for case in few].count(False) == 5
    assert {case.id for case in few} < {case.id for case in more}
    assert choose(cases[::-1], 10) == few
    assert {c.id for c in choose([*cases, Case("new", "?", "en", True)], 10)} - {"new"} <= {c.id for c in few}
    assert len(choose(cases, None)) == 60


def test_a_kind_that_is_short_leaves_room_for_the_other():
    cases = [Case(f"q{n}", "?", "en", n > 0) for n in range(20)]
    assert [case.answerable for case in choose(cases, 10)].count(False) == 1
    assert len(choose([Case(f"q{n}", "?", "en", n == 0) for n in range(20)], 10)) == 10


def test_a_unit_stays_together():
    cases = [Case(f"c{n}/{turn}", "?", "en", True, unit=f"c{n}") for n in range(9) for turn in (1, 2, 3)]
    assert len(choose(cases, 2)) == 6


def test_names():
    assert name_of("/a/b/c.md") == "c.md" and name_of("https://x.org/a/") == "https://x.org/a/"
    assert name_of("ja:1900#0") == "ja:1900#0"
