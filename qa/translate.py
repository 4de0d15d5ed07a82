"""Source sentences go in, the same in the reader's language come out; knows no document and no index.

A small model that is asked a question about a sentence in another language tends to say the question back;
asked for nothing but the sentence it is right far more often (evals/EXPERIMENTS.md). What it gets wrong most
is put right before it reads: amounts are written in the reader's number words, and names as the question, the
rest of the document or, for readers of Japanese, a dictionary spells them. A grammar keeps it in the reader's
script.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

from langchain_core.runnables import RunnableConfig

from qa import prompts
from qa.clean import plain, visible
from qa.dictionary import LANGUAGES, glossary, in_katakana
from qa.figures import restated
from qa.language import detect, script_of
from qa.models import Chat, Completion
from qa.names import ALIKE, alike, capitals, foreign_form, foreign_runs, full_names, whole, word_count
from qa.verify import names_in
from qa.wording import language_name

__all__ = ["LEAST_LIKE", "LEAST_LIKELY", "PROMPTS", "Translations", "prepared", "prompt_for"]

PROMPTS = ("translate", "translate.de", "translate.es", "translate.ko", "translate.zh")
"""One for each language that there are examples in, and one for all others."""

_KANA, _HAN, _HANGUL = r"\u3041-\u30ff", r"\u3400-\u9fff", r"\uac00-\ud7a3"
_SPELLED: Mapping[str, Mapping[str, str]] = {
    language: {"grammar": f"root ::= [^{banned}]+"}
    for languages, banned in (
        ("de en es fr it nl pt", _KANA + _HAN + _HANGUL),
        ("ko", _KANA + _HAN),
        ("zh", _KANA + _HANGUL),
        ("ja", _HANGUL),
    )
    for language in languages.split()
}
"""Scripts that a small model must not slip into; the source form of names is added by `qa.wording`."""

_FEWEST_TOKENS, _TOKENS_A_CHARACTER = 32, 2
"""More than any translation needs: a small model that begins to repeat itself does not stop."""
_CLEARLY = 0.05
"""How much more alike a name and its form are than the name and any other."""
_OWN_SCRIPT = ("ja", "ko", "zh")
_LONG = 4
"""Letters of a word that may stand for a name of several: "Scale" for "Scale AI"."""
LEAST_LIKE = 0.5
"""Cosine of a sentence and its translation: of 75 those under it were 9, 7 of them nonsense."""
LEAST_LIKELY = 0.55
"""Geometric mean of the probabilities of a translation's tokens: of 73 it was less for 19, 15 of them wrong.

It is the simplest estimate of a translation's quality (Fomicheva et al. 2020, "TP",
https://aclanthology.org/2020.tacl-1.35).
"""


class Translations:
    """Translates, and keeps what it translated for the next question about the same article.

    Args:
        chat: the model.
        most: how many sentences are kept.
    """

    def __init__(self, chat: Chat, most: int = 2_000) -> None:
        self._chat = chat
        self._most = most
        self._kept: OrderedDict[tuple[str, str], Completion] = OrderedDict()

    def __call__(self, sentence: str, language: str, config: RunnableConfig | None = None) -> Completion:
        """Translate a sentence that is `prepared`; one that was translated before costs no tokens.

        Args:
            sentence: in any language.
            language: ISO 639-1 code of the reader's.
            config: LangChain's callbacks and tags.

        Raises:
            ModelError: the model gave nothing.
        """
        key = (sentence, language)
        if kept := self._kept.get(key):
            return kept
        prompt = prompts.load(prompt_for(language))
        asked = {"sentence": sentence}
        if "language" in prompt.variables:
            asked |= {"language": language_name(language), "words": _dictionary(sentence)}
        done = self._chat.complete(
            prompt.messages(**asked),
            config=config,
            max_tokens=_FEWEST_TOKENS + _TOKENS_A_CHARACTER * len(sentence),
            local_options={**_SPELLED.get(language, {}), "logprobs": True},
        )
        done = replace(done, text=_with_names(plain(done.text).strip(), sentence))
        if done.finish == "stop":
            self._kept[key] = replace(done, tokens_in=0, tokens_out=0)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return done


def _dictionary(sentence: str) -> str:
    """What the sentence has of names and uncommon words, and what they are in English; "" for none."""
    known = glossary(sentence, detect(sentence, LANGUAGES))
    told = "; ".join(f"{word} = {' / '.join(meanings)}" for word, meanings in known.items())
    return f"\n\nDictionary: {told}" if told else ""


def prompt_for(language: str) -> str:
    """The name of the prompt that translates into a language."""
    own = f"translate.{language}"
    return own if own in PROMPTS else "translate"


def prepared(sentence: str, question: str, language: str, beside: str = "") -> str:
    """A sentence as the model gets it: amounts in the reader's words, names as they are written elsewhere.

    Args:
        sentence: of the source.
        question: whose names' forms are taken first.
        language: the reader's.
        beside: other text of the same document; one that writes "Scale" and スケール means one company. Left
            out for readers who do not write names in Latin letters.
    """
    text = restated(" ".join(visible(sentence).split()), language)
    beside = "" if language in _OWN_SCRIPT else beside
    told = {name: form for name in names_in(text) if (form := _in_katakana(name))} if language == "ja" else {}
    forms = told | _known_forms(text, question, beside)
    for form, name in sorted(forms.items(), key=lambda pair: -len(pair[0])):
        text = whole(form).sub(lambda _, name=name: name, text)  # type: ignore[misc]
    return text


def _with_names(text: str, sentence: str) -> str:
    """A translation with the katakana names that its sentence was given, where it has one nearly alike."""
    for name in full_names(sentence):
        others = [other for other in full_names(text) if other not in sentence]
        nearest = max(others, key=lambda other, name=name: alike(name, other), default="")  # type: ignore[misc]
        if name not in text and nearest and alike(name, nearest) >= ALIKE:
            text = text.replace(nearest, name)
    return text


def _in_katakana(name: str) -> str:
    """A name of several words; the model knows Paris, and a dictionary has it as a woman's, パリス."""
    return in_katakana(name) if word_count(name) > 1 else ""


def _known_forms(text: str, question: str, beside: str) -> dict[str, str]:
    """The names of the sentence that are written in another script elsewhere, each with that form.

    Korean marks no names: what sounds like one of the sentence's is one.
    """
    runs = capitals(beside)
    words = [word for run in runs for word in run.split() if len(word) >= _LONG]
    known = [(foreign_form(name, text), name) for name in dict.fromkeys([*words, *runs, *names_in(question)])]
    if "hangul" in script_of(question):
        known += [(form, foreign_form(form, question)) for form in (*capitals(text), *foreign_runs(text))]
    return {
        form: name
        for form, name in known
        # Word for word: "Wang" finds アレクサンドル・ワン, and is not the whole of it.
        if form
        and name
        and word_count(name) == word_count(form)
        and _clear(name, form, text)
        and name.lower() not in text.lower()
    }


def _clear(name: str, form: str, text: str) -> bool:
    """Whether nothing else in the sentence sounds about as much like the name."""
    rival = foreign_form(name, text.replace(form, "\n"))
    return not rival or alike(name, form) - alike(name, rival) > _CLEARLY
