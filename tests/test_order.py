from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.order import swapped


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("Ada bought Kern.", "Kern bought Ada."),
        ("Ada was bought by Kern.", "Ada bought Kern."),
        ("The judge told the cook to pay the guest.", "The judge told the guest to pay the cook."),
        ("It rose from 4 to 5.", "It fell from 5 to 4."),
        ("アダ社がケルン社を買った。", "ケルン社はアダ社を買った。"),
        ("アダ社がケルン社に買収された。", "アダ社がケルン社を買収した。"),
        ("遠山に代えて土屋を送った。", "土屋に代えて遠山を送った。"),
        ("5人から4人に変わった。", "4人から5人に変わった。"),
    ],
)
def test_two_that_changed_places(sentence: str, evidence: str) -> None:
    assert "changed places" in swapped(sentence, evidence)


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("Kern was bought by Ada.", "Ada bought Kern."),
        ("In May Ada bought Kern.", "Ada bought Kern in May."),
        ("Ada told Kern, and Kern told Ada.", "Kern told Ada, and Ada told Kern."),
        ("Ada beat Kern.", "Kern lost to Ada."),
        ("ケルン社はアダ社に買収された。", "アダ社がケルン社を買収した。"),
        ("ケルンはアダに負けた。", "アダはケルンに勝ち、ケルンはアダに負けた。"),
        ("Ada bought Kern.", "ケルンがアダを買った。"),  # another script: not compared
    ],
)
def test_the_same_told_otherwise(sentence: str, evidence: str) -> None:
    assert swapped(sentence, evidence) == ""


def test_an_honorific_alone_is_a_noun() -> None:
    assert swapped("選手がアダを破った。", "アダがケルンを破った。") == ""
    assert swapped("社が規則を改めた。", "規則が社員を守った。") == ""


@settings(deadline=None)
@given(st.text(), st.text())
def test_any_texts(sentence: str, evidence: str) -> None:
    assert isinstance(swapped(sentence, evidence), str)
    assert swapped(sentence, sentence) == ""
