"""Names across scripts: text goes in, names and how alike two of them sound come out; pure.

ジェイソン・ドロージ and "Jason Droege" are one name in two scripts. Both are written as sounds, the Latin one by
rules of spelling, the other by anyascii (one table for every script), and laid beside one another: what
transliteration loses (l/r, b/v, lengthened syllables, the u in ルコール) costs little, a consonant more costs
much. Knows no list of names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from anyascii import anyascii

__all__ = [
    "ALIKE",
    "CAPITALS",
    "FULL_NAME",
    "KATAKANA",
    "OPENERS",
    "Span",
    "alike",
    "capitals",
    "foreign_form",
    "foreign_runs",
    "full_names",
    "names",
    "titled_names",
    "whole",
    "word_count",
]

Span = tuple[int, int]
Rules = tuple[tuple[re.Pattern[str], str], ...]

_LETTER = r"[0-9A-Za-zÀ-ÖØ-öø-ž]"
_WORD = rf"[A-ZÀ-ÖØ-Þ](?:{_LETTER}|[’'&.-](?={_LETTER}))*|[a-z]+[A-Z]{_LETTER}*"
_LATIN = re.compile(
    rf"(?<!{_LETTER})(?:{_WORD})(?:\s(?:(?:of|the|de|da|von|van|der|del|la|for)\s)?(?:{_WORD}|\d+(?!{_LETTER})))*"
)
_OPENING = ' \t¿¡"“‘«„(['
"""What may stand before a sentence's first word, and is not its end."""
_QUOTES = tuple('"“«„‘「『')
KATAKANA = re.compile(r"[ァ-ヺー]{2,}(?:[・＝=][ァ-ヺー]+)*")
"""A run of katakana: a name of one part or several, or any other word."""
_ATTACHED = re.compile("[A-Za-z]*")
"""What stands with katakana in one name: スケールAI."""
_BETWEEN_WORDS = re.compile(r"[・＝=\s]+|(?<=[一-鿿])·(?=[一-鿿])|(?<=[ァ-ヺー])(?=[A-Za-z])")
CAPITALS = r"[A-ZÀ-Þ][0-9A-Za-zÀ-ÿ&.-]*(?:\s[A-ZÀ-Þ][0-9A-Za-zÀ-ÿ&.-]*)*"
"""Words in capitals, without the s of "Mercor's"; for patterns that say what stands beside a name."""
FULL_NAME = r"[ァ-ヺー]+(?:[・＝=][ァ-ヺー]+)+"
"""Katakana that is surely a name, as its parts are joined: ジェイソン・ドロージ."""
_TITLED = re.compile(
    r"(?<![ァ-ヺー・])([ァ-ヺー]{3,})(?=氏|さん|社(?![ァ-ヺー一-龥])|の(?:CEO|最高|社長|会長|創業者|共同創業者|広報))"
)
_HANGUL = re.compile(r"[가-힣]+(?:\s[가-힣]+)*")
_CYRILLIC = re.compile(r"[А-ЯЁ][а-яё]+(?:\s[А-ЯЁ][а-яё]+)*")
_HANZI_NAME = re.compile(r"[一-鿿]+(?:·[一-鿿]+)+")
"""Where Chinese has a foreign name of several words: 杰伊森·多罗吉, which anyascii reads as JieYiSen·DuoLuoJi."""
_LONGEST_WORD = 7
"""Characters of one word of such a name."""
_PARTICLE = re.compile(
    r"(?<=[가-힣])(?:은|는|이|가|을|를|의|에|도|만|와|과|로|으로|에서|에게|에는|까지|부터|이나|이다|라는|이라는|입니다)$"
)
"""What Korean writes behind a name without a space."""
OPENERS = frozenset(
    "the a an in on at of for from by to with as it its this that these those he she they his her their we "
    "our i you who what when where why how which is are was were do does did yes no not and but or if "
    "according after before since while during however also there here one two three some many most all both "
    "each every new then later thus hence meanwhile moreover although though because once upon under until despite "
    "unlike like among between through within without about such other another my your so yet only even just "
    "today yesterday el la los las un una en de por con según der die das ein eine im am nach laut le les des du "
    "selon y ceo cfo cto ai".split()
)
"""What begins a sentence with a capital and is no name."""
_CALENDAR = re.compile(
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    r"|(?:(?:anfang|mitte|ende) )?(?:januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember"
    r"|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch))(?: \d+)?",
    re.IGNORECASE,
)
ALIKE = 0.66
_SMALL = re.compile(r"([ァ-ヺ])([ァィゥェォャュョヮ])")
_JAMO = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"(?<=[aeiou])g(?![a-z])", "k"), (r"(?<=[aeiou])b(?![a-z])", "p"), (r"(?<=[aeiou])s(?![a-z])", "t"),
        ("[Ee]u", "u"), ("[Ee]o", "0"), ("[Aa]e|[Oo]e", "e"), ("[Uu]i", "i"),
    )
)  # fmt: skip
"""Hangul as anyascii writes it, each syllable with a capital: ㄱ, ㅂ and ㅅ at an end stand for k, p and t; ㅓ (0) for
any dull vowel, as in 런던, 우버."""
_SPELT = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("ph|^pf", "f"), ("t?sch|tch|ch", "C"), ("sh", "S"), ("th", "T"), ("ck", "k"), ("qu", "kw"), ("q", "k"), ("x", "ks"),
        ("c(?=[eiy])", "s"), ("c", "k"), ("dg(?=e)|j", "J"), ("g(?=[eiy])", "G"), ("gh", ""), ("^[kg]n", "n"), ("^wr", "r"),
        ("r(?![aeiouyr])", "R"), ("le$", "el"), ("(?<=..)(?<=[^aeiouy])e(?=s?$)", ""), ("ou|oo|au", "o"), ("ee|ea", "i"),
    )
)  # fmt: skip
"""What letters of the Latin script sound like: C as in chat, S shore, J jet, T thin, Z cats; G may be J or g, R is only length."""
_ROMANISED = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("ch", "C"), ("sh", "S"), ("j", "J"), ("(?<=[CSJ])[yi](?=[aeou])", ""), ("(?<=[CSJ])i$|(?<=[td])o(?![aeiou])", "u"),
    )
)  # fmt: skip
"""The same of katakana and hangul as anyascii writes them; a vowel that only carries a consonant becomes u."""
_SHARED = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("tz|ts|zz", "Z"), ("ngu?", "n"), ("m(?=[bp])", "n"), ("l", "r"), ("v", "b"), ("[^a-zCGJRSTZ0]", ""), (r"(.)\1+", r"\1"),
    )
)  # fmt: skip
_VOWELS = "aeiou"
_MASS = {"u": 0.15, "0": 0.3, "R": 0.3, "w": 0.3, "y": 0.3, "h": 0.5} | dict.fromkeys("aeio", 0.35)
_DROPPED = {"u": 0.1, "0": 0.15, "R": 0.15, "w": 0.2, "y": 0.15, "h": 0.5} | dict.fromkeys("aeio", 0.3)
"""What a sound counts for, and what it costs where the other name has it not; 1 for the rest."""
_MIXED_UP = (
    (0.6, "td kg pb mn bf hk szSCZ"),
    (0.45, _VOWELS),
    (0.3, "Zs Zt Zz pf"),
    (0.15, "szT SCJ Ss Sz Jz Jy GJ Gg GS GC Ck Ct Tt fh bw rR yi wu wo au ae ei ou ao 0a 0e 0o 0R"),
)
_INSTEAD = {
    (one, other): cost
    for cost, groups in _MIXED_UP
    for group in groups.split()
    for one in group
    for other in group
}
"""What a sound costs that stands for another; two others cost as much as both dropped."""
_SLACK = 0.5
"""Mass that is not counted, so that a short word must be nearer than a long one."""


def names(text: str) -> list[Span]:
    """Find names written with capitals, without function words at a sentence's beginning.

    Returns:
        Half-open offsets, in order. Months, weekdays and single common openers are not names.
    """
    found: list[Span] = []
    for match in _LATIN.finditer(text):
        start, end = match.span()
        words = match.group().split()
        while words and (words[0].isdigit() or words[0].lower() in OPENERS and _opens(text, start)):
            start += len(words[0]) + 1
            words = words[1:]
        opener = len(words) == 1 and _begins_sentence(text, start) and words[0][1:].islower()
        if words and not opener and not _CALENDAR.fullmatch(text, start, end):
            found.append((start, end))
    return found


def foreign_runs(text: str) -> list[str]:
    """Find the runs that may be names in katakana, hangul or Cyrillic; a hangul run is often a sentence."""
    return [m.group() for pattern in (KATAKANA, _HANGUL, _CYRILLIC) for m in pattern.finditer(text)]


def full_names(text: str) -> list[str]:
    """Find every `FULL_NAME`."""
    return re.findall(FULL_NAME, text)


def titled_names(text: str) -> list[str]:
    """Find the words in katakana that are surely a name, as a title or an office follows: メルコールのCEO."""
    return _TITLED.findall(text)


def capitals(text: str) -> list[str]:
    """Find the runs of capitals, also one that begins a sentence and may be no name."""
    return [match.group() for match in _LATIN.finditer(text) if match.group().lower() not in OPENERS]


def alike(one: str, other: str) -> float:
    """How alike two names sound, 0 to 1; at `ALIKE` and over they are likely the same name.

    Words are laid beside one another in order where both have as many, the whole otherwise.
    """
    left, right = _words(one), _words(other)
    if len(left) != len(right):
        left, right = ["".join(left)], ["".join(right)]
    pairs = [_apart(*pair) for pair in zip(left, right, strict=True)]
    cost, mass = sum(cost for cost, _ in pairs), sum(mass for _, mass in pairs)
    if mass <= 2 * _SLACK:  # too little to tell by the sound
        return float(cost == 0.0 < mass)
    return max(0.0, 1.0 - cost / (mass - _SLACK))


def foreign_form(name: str, text: str) -> str:
    """The form ``text`` writes ``name`` in, where it uses another script; "" if it has none.

    One word of a name may stand for it: "Zuckerberg" finds マーク・ザッカーバーグ, and ザッカーバーグ the last
    word of "Mark Zuckerberg".
    """
    best = max(((alike(name, part), run) for run, part in _forms(name, text)), default=(0.0, ""))
    return best[1] if best[0] >= ALIKE else ""


def whole(form: str) -> re.Pattern[str]:
    """Find a form of a name where it is no part of a longer one, as in メルコールAI; a Korean particle may follow."""
    foreign = "[ァ-ヺー・가-힣]", "[ァ-ヺー・A-Za-z]"
    own, behind = (_LETTER, _LETTER) if re.search(_LETTER, form[-1]) else foreign
    return re.compile(rf"(?<!{own}){re.escape(form)}(?!{behind})")


def _forms(name: str, text: str) -> Iterator[tuple[str, str]]:
    """What ``text`` has in other scripts than ``name``, and the part of it that is compared."""
    words = len(_words(name))
    if not _CYRILLIC.search(name):
        yield from ((run, run) for run in _CYRILLIC.findall(text))
    if not KATAKANA.search(name):
        for match in KATAKANA.finditer(text):
            run = match.group()
            mixed = run + _ATTACHED.match(text, match.end()).group()  # type: ignore[union-attr]
            yield from ((run, part) for part in {run, *(_words(run) if words == 1 else ())})
            if len(_words(mixed)) == words:
                yield mixed, mixed
    if not _HANGUL.search(name):
        for run in _HANGUL.findall(text):
            for part in _windows(run, words):
                yield from ((form, form) for form in {part, _PARTICLE.sub("", part)})
    if not re.search(_LETTER, name):
        yield from ((part, part) for part in _latin_forms(text, words))
    yield from _hanzi_forms(text, words)


def _latin_forms(text: str, words: int) -> Iterator[str]:
    """Runs of so many words in capitals, or one more: ニューヨーク・タイムズ is "New York Times"."""
    for match in _LATIN.finditer(text):
        longer = _windows(match.group(), words + 1) if words > 1 else []
        yield from (
            part for part in {*_windows(match.group(), words), *longer} if part.lower() not in OPENERS
        )


def _hanzi_forms(text: str, words: int) -> Iterator[tuple[str, str]]:
    """What may be a name of so many words in Chinese, of which only the dots between them are sure."""
    for match in _HANZI_NAME.finditer(text):
        first, *middle, last = match.group().split("·")
        if len(middle) + 2 != words:
            continue
        for begin in range(1, min(_LONGEST_WORD, len(first)) + 1):
            for end in range(1, min(_LONGEST_WORD, len(last)) + 1):
                part = "·".join([first[-begin:], *middle, last[:end]])
                yield part, anyascii(part).replace("·", "・")


def word_count(name: str) -> int:
    """How many words a name has, as its script parts them."""
    return len(_words(name))


def _words(name: str) -> list[str]:
    return _BETWEEN_WORDS.split(name.strip())


def _windows(run: str, size: int) -> list[str]:
    words = run.split()
    return [" ".join(words[at : at + size]) for at in range(max(1, len(words) - size + 1))]


@lru_cache(maxsize=50_000)
def _apart(one: str, other: str) -> tuple[float, float]:
    """What it costs to make one word of the other, and their mean mass; a weighted edit distance."""
    left, right = _sounds(one), _sounds(other)
    row = [0.0]
    for at, sound in enumerate(right):
        row.append(row[-1] + _dropped(sound, at))
    for at, sound in enumerate(left):
        above, row = row, [row[0] + _dropped(sound, at)]
        for before, against in enumerate(right):
            both = _DROPPED.get(sound, 1.0) + _DROPPED.get(against, 1.0)
            instead = 0.0 if sound == against else _INSTEAD.get((sound, against), both)
            row.append(
                min(
                    above[before] + instead,
                    above[before + 1] + _dropped(sound, at),
                    row[-1] + _dropped(against, before),
                )
            )
    return row[-1], sum(_MASS.get(sound, 1.0) for sound in left + right) / 2


def _dropped(sound: str, at: int) -> float:
    """A vowel that begins a word is never lost: アメリカ is not "Mercor"."""
    return 1.0 if at == 0 and sound in _VOWELS else _DROPPED.get(sound, 1.0)


@lru_cache(maxsize=20_000)
def _sounds(name: str) -> str:
    """A letter a sound, as the tables above write them."""
    rules = _SPELT
    if _HANGUL.search(name):
        name, rules = _read(anyascii(name), _JAMO), _ROMANISED
    elif KATAKANA.search(name):
        # ッ doubles a consonant and has no sound of its own.
        name = re.sub("ウ(?=[ァィェォ])", "w", name.replace("ッ", ""))
        name = _SMALL.sub(lambda pair: anyascii(pair[1])[:-1] + anyascii(pair[2]), name)
        rules = _ROMANISED
    return _read(_read(anyascii(name).lower(), rules), _SHARED)


def _read(text: str, rules: Rules) -> str:
    for pattern, sound in rules:
        text = pattern.sub(sound, text)
    return text


def _opens(text: str, start: int) -> bool:
    """Whether a sentence begins here, or a quotation within one."""
    return text.endswith(_QUOTES, 0, start) or _begins_sentence(text, start)


def _begins_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip(_OPENING)
    return not before or before[-1] in ".!?。！？:\n"
