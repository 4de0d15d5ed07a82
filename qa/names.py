"""Names across scripts: text goes in, names and how alike two of them sound come out; pure.

ジェイソン・ドロージ and "Jason Droege" are one name in two scripts. Both are written in ASCII by anyascii
(one table for every script) and reduced to a key of consonant classes, in which what transliteration loses
(vowels, l/r, b/v, lengthened syllables) is lost on both sides. Knows no list of names.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from anyascii import anyascii

__all__ = ["ALIKE", "OPENERS", "Span", "alike", "foreign_form", "foreign_runs", "names"]

Span = tuple[int, int]

_LETTER = r"[0-9A-Za-zÀ-ÖØ-öø-ž]"
_WORD = rf"[A-ZÀ-ÖØ-Þ](?:{_LETTER}|[’'&.-](?={_LETTER}))*|[a-z]+[A-Z]{_LETTER}*"
_LATIN = re.compile(
    rf"(?<!{_LETTER})(?:{_WORD})(?:\s(?:(?:of|the|de|da|von|van|der|del|la|for)\s)?(?:{_WORD}|\d+(?!{_LETTER})))*"
)
_KATAKANA = re.compile(r"[ァ-ヺー]{2,}(?:[・＝=][ァ-ヺー]+)*")
_HANGUL = re.compile(r"[가-힣]{2,}(?:\s[가-힣]{2,})*")
_CYRILLIC = re.compile(r"[А-ЯЁ][а-яё]+(?:\s[А-ЯЁ][а-яё]+)*")
_SAME_SOUND = str.maketrans("vlcqzpgdfjx", "brkksbkthss")
OPENERS = frozenset(
    "the a an in on at of for from by to with as it its this that these those he she they his her their we "
    "our i you who what when where why how which is are was were do does did yes no not and but or if "
    "according after before since while during however also there here one two three some many most all both "
    "each every new then later thus hence meanwhile moreover although though because once upon under until despite "
    "unlike like among between through within without about such other another my your so yet only even just "
    "today yesterday el la los las un una en de por con según der die das ein eine im am nach laut le les des du "
    "selon ceo cfo cto ai".split()
)
"""What begins a sentence with a capital and is no name."""
_CALENDAR = re.compile(
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday)(?: \d+)?",
    re.IGNORECASE,
)
ALIKE = 0.66
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("ph", "f"), ("au|ou|oo", "o"), ("ch|ti(?=y)", "t"), ("sh|zh|th|tz|j|ts|g(?=[eiy])|c(?=[eiy])", "s"), ("x", "ks"),
        ("ngu?", "n"), ("m(?=[bp])", "n"), ("[^a-z]|[yhw]", ""),
    )
)  # fmt: skip


def names(text: str) -> list[Span]:
    """Find names written with capitals, without function words at a sentence's beginning.

    Returns:
        Half-open offsets, in order. Months, weekdays and single common openers are not names.
    """
    found: list[Span] = []
    for match in _LATIN.finditer(text):
        start, end = match.span()
        words = match.group().split()
        while words and (words[0].isdigit() or words[0].lower() in OPENERS and _begins_sentence(text, start)):
            start += len(words[0]) + 1
            words = words[1:]
        opener = len(words) == 1 and _begins_sentence(text, start) and words[0][1:].islower()
        if words and not opener and not _CALENDAR.fullmatch(text, start, end):
            found.append((start, end))
    return found


def foreign_runs(text: str) -> list[str]:
    """Find the runs that may be names in katakana, hangul or Cyrillic."""
    return [m.group() for pattern in (_KATAKANA, _HANGUL, _CYRILLIC) for m in pattern.finditer(text)]


def alike(one: str, other: str) -> float:
    """How alike two names sound, 0 to 1; at `ALIKE` and over they are likely the same name.

    Words are compared in order where both have as many, the whole otherwise.
    """
    left, right = (re.split(r"[・＝=\s]+", name.strip()) for name in (one, other))
    if len(left) == len(right):
        alone = len(left) == 1
        return sum(_word_alike(*pair, alone) for pair in zip(left, right, strict=True)) / len(left)
    return _word_alike("".join(left), "".join(right))


def foreign_form(name: str, text: str) -> str:
    """The form ``text`` writes ``name`` in, where it uses another script; "" if it has none.

    One word of a name may stand for it: "Zuckerberg" finds マーク・ザッカーバーグ.
    """
    best = max(((_best(name, run), run) for run in foreign_runs(text)), default=(0.0, ""))
    return best[1] if best[0] >= ALIKE else ""


def _best(name: str, run: str) -> float:
    parts = [run, *re.split(r"[・＝=\s]", run)] if " " not in name else [run]
    return max(alike(name, part) for part in parts if part)


def _word_alike(one: str, other: str, alone: bool = True) -> float:
    """Mostly the consonant classes, a little the vowels: enough to part "Turing" from ティコン.

    A word of one consonant says too little ``alone``, but may stand beside another ("Alexandr Wang").
    """
    left, right = _sounds(one), _sounds(other)
    bones = [re.sub(r"[aeiou]", "", sounds) for sounds in (left, right)]
    if not all(bones) or (alone and max(map(len, bones)) < 2):
        return float(left == right)
    return 0.8 * _ratio(*bones) + 0.2 * _ratio(left, right)


def _ratio(left: str, right: str) -> float:
    return SequenceMatcher(None, left, right, autojunk=False).ratio()


def _sounds(name: str) -> str:
    """ASCII with the consonants that transliteration mixes up written as one letter."""
    plain = anyascii(name.replace("ッ", "")).lower()  # ッ doubles a consonant and has no sound
    for pattern, sound in _SOUNDS:
        plain = pattern.sub(sound, plain)
    return re.sub(r"(.)\1+", r"\1", plain.translate(_SAME_SOUND))


def _begins_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip()
    return not before or before[-1] in ".!?。！？:\n"
