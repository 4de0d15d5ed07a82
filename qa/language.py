"""Text goes in, its scripts and its ISO 639-1 language code come out; knows no document and no model.

The script decides where it can (kana is Japanese, Hangul Korean, Thai Thai). Alphabets that several
languages share go to py3langid, a naive Bayes classifier whose model ships in its wheel, restricted to
written standard languages and helped by a prior: a short text with no evidence is English.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier  # type: ignore[import-untyped]

__all__ = ["detect", "script_of"]

UNDETERMINED = "und"
_SAMPLE = 1000  # characters looked at; more changes nothing but the time
_ENOUGH = 400  # of those, characters that the classifier reads
_SHORT = 120  # characters of a question at most; longer texts are judged by their letters alone

_SCRIPTS = {
    "CJK": "cjk",
    "HIRAGANA": "cjk",
    "KATAKANA": "cjk",
    "KATAKANA-HIRAGANA": "cjk",
    "IDEOGRAPHIC": "cjk",
}
"""First word of a letter's Unicode name to its coarse script, where they differ."""

_OF_SCRIPT = {
    "latin": "en de fr es it pt nl sv no da fi is pl cs sk sl hr hu ro sq lt lv et tr az id ms tl vi sw "
    "ca eu gl",
    "cyrillic": "ru uk be bg sr mk kk ky mn tg",
    "arabic": "ar fa ur ps ug",
    "devanagari": "hi mr ne",
    "bengali": "bn as",
    "hangul": "ko",
    "thai": "th",
    "greek": "el",
    "hebrew": "he",
    "georgian": "ka",
    "armenian": "hy",
    "tamil": "ta",
    "telugu": "te",
    "kannada": "kn",
    "malayalam": "ml",
    "gujarati": "gu",
    "gurmukhi": "pa",
    "oriya": "or",
    "sinhala": "si",
    "khmer": "km",
    "lao": "lo",
    "myanmar": "my",
    "ethiopic": "am",
}
"""Languages written in each script, the commonest first."""

_PRIOR = {"en": 7.0, "de": 3.0, "fr": 3.0, "es": 3.0, "it": 2.0, "pt": 2.0, "ru": 6.0, "ar": 12.0, "hi": 12.0}
"""Added to the log-posterior: worth one or two words, so it only matters in very short texts."""

_WORDS = {
    "en": "the of and to is are was were who what when where why which how whose did does do much many "
    "in for on with this that it has have hello thanks thank you hi yes please tell explain",
    "de": "der das und ist nicht ein eine wer wann warum wie wieviel wo welche wurde mit von "
    "für auf hallo danke ja bitte",
    "fr": "le les des et est une qui que quand pourquoi comment où quel quelle combien dans pour "
    "bonjour merci oui",
    "es": "el los las es una quién qué cuándo cuánto cuánta dónde cómo por cuál para gracias hola sí del",
    "it": "il gli è una chi che quando perché come dove quanto di per della ciao grazie buongiorno",
    "pt": "os as é uma quem quando como onde quanto qual para não do da obrigado obrigada olá sim",
}
_LANGUAGES_OF_WORD: dict[str, tuple[str, ...]] = {
    word: tuple(language for language, words in _WORDS.items() if word in words.split())
    for words in _WORDS.values()
    for word in words.split()
}
"""Function words: what tells the language of a question whose other words are names."""

_WORD_BONUS = 4.0
_ENGLISH_OPENING = re.compile(r"\W*(?:who|what|when|where|why|which|how|whose|does|did)\b[\x00-\x7f]*", re.I)
_QUOTED = re.compile(r"「[^」]*」|『[^』]*』|“[^”]*”|\"[^\"]*\"|«[^»]*»")
_LATIN_WORD = re.compile(r"[^\W\d_]+")
_CJK_KINDS = {"HIRAGANA": "kana", "KATAKANA": "kana", "KATAKANA-HIRAGANA": "kana", "CJK": "han"}


def detect(text: str, among: tuple[str, ...] | None = None) -> str:
    """Tell the language of a text of any length.

    Args:
        text: a question, a sentence or a document.
        among: the only codes that may be returned, where something is known beforehand.

    Returns:
        ISO 639-1 code, ``"und"`` for a text without letters or of no known language.
    """
    sample = unicodedata.normalize("NFKC", text[:_SAMPLE])
    script = _main_script(sample)
    if script is None:
        return UNDETERMINED
    if script == "cjk":
        language = _chinese_or_japanese(sample)
        if among is None or language in among:
            return language
        return next((code for code in ("ja", "zh") if code in among), UNDETERMINED)
    codes = [code for code in _OF_SCRIPT.get(script, "").split() if among is None or code in among]
    return _classify(sample, codes, script) if len(codes) > 1 else (codes or [UNDETERMINED])[0]


def script_of(text: str) -> frozenset[str]:
    """Tell the scripts a text is written in.

    Returns:
        Lower-case names: ``latin``, ``cjk`` (kana and Han), ``hangul``, ``thai``, ``cyrillic``, ``arabic``,
        ``greek``, …; empty for a text without letters.
    """
    return frozenset(_letters(unicodedata.normalize("NFKC", text)))


@lru_cache(maxsize=20_000)
def _name_of(letter: str) -> str:
    """First word of a letter's Unicode name, "" for what is not a letter."""
    return unicodedata.name(letter, "").split(" ")[0] if letter.isalpha() else ""


def _letters(text: str) -> Counter[str]:
    """Letters per coarse script."""
    scripts: Counter[str] = Counter()
    for letter, count in Counter(text).items():
        if name := _name_of(letter):
            scripts[_SCRIPTS.get(name, name.lower())] += count
    return scripts


def _main_script(sample: str) -> str | None:
    """The script of the text's own words, which in a question full of names need not be the commonest."""
    letters = _letters(sample)
    if not letters:
        return None
    latin = letters.pop("latin", 0)
    if not letters:
        return "latin"
    other, count = letters.most_common(1)[0]
    if latin > 10 * count:
        return "latin"
    if len(sample) > _SHORT:
        weight = 2.5 if other in ("cjk", "hangul") else 1.0  # a CJK character says as much as several letters
        return "latin" if latin > weight * count else other
    unquoted = _QUOTED.sub(" ", sample)
    return "latin" if _function_words(unquoted) > _own_words(unquoted, other) else other


def _function_words(text: str) -> int:
    return sum(word in _LANGUAGES_OF_WORD for word in _LATIN_WORD.findall(text.lower()))


def _own_words(text: str, script: str) -> float:
    """About how many words of the script carry grammar; katakana and Han beside kana are mostly names."""
    if script != "cjk":
        words = [word for word in _LATIN_WORD.findall(text) if _letters(word).get(script)]
        return len(words) if script != "thai" else sum(map(len, words)) / 4
    hiragana = len(re.findall(r"[ぁ-ゖ]+", text))
    return hiragana or len(re.findall(r"[一-鿿]", text)) / 4


def _chinese_or_japanese(sample: str) -> str:
    kinds: Counter[str] = Counter()
    for letter, count in Counter(sample).items():
        kinds[_CJK_KINDS.get(_name_of(letter), "")] += count
    kana, han = kinds["kana"], kinds["han"]
    if kana > 0.05 * han:
        # "の" and the like decorate Chinese names; a sentence of Chinese has its own function characters.
        return "zh" if kana == 1 and re.search("[的是吗嗎么麼谁這这哪們们說说]", sample) else "ja"
    return "ja" if not kana and _only_japanese_characters(sample) else "zh"


def _only_japanese_characters(sample: str) -> bool:
    """Whether a text without kana holds a character of Japan's standard that neither Chinese standard has."""
    return any(
        _encodes(letter, "euc_jp") and not _encodes(letter, "gb2312") and not _encodes(letter, "big5")
        for letter in set(sample)
        if _name_of(letter) == "CJK"
    ) and all(_encodes(letter, "euc_jp") for letter in set(sample) if _name_of(letter) == "CJK")


def _encodes(letter: str, encoding: str) -> bool:
    try:
        letter.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _classify(sample: str, codes: list[str], script: str) -> str:
    """Naive Bayes with a prior and a bonus for each function word."""
    bonus: Counter[str] = Counter()
    if script == "latin":
        words = _LATIN_WORD.findall(sample[:_SHORT].lower())
        for word in words:
            bonus.update(_LANGUAGES_OF_WORD.get(word, ()))
        whole = [code for code in codes if words and bonus[code] == len(words)]
        if len(whole) == 1:
            return whole[0]
        # Most questions are English and say so at once: they need not wait for the model to load.
        if "en" in codes and len(bonus) == 1 and len(sample) <= _SHORT and _ENGLISH_OPENING.fullmatch(sample):
            return "en"
    scores = dict(_identifier().rank(sample[:_ENOUGH]))
    return max(
        codes, key=lambda code: scores[code] + _PRIOR.get(code, 0.0) + _WORD_BONUS * bonus.get(code, 0)
    )


@cache
def _identifier() -> LanguageIdentifier:
    """The classifier, restricted once; loading takes about a second."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages({code for codes in _OF_SCRIPT.values() for code in codes.split()})
    return identifier
