"""The question-time pipeline as one LangChain runnable: a question goes in, text and an `Answer` come out.

    read | condense | retrieve | judge | write

A small model reads one sentence well and writes badly. So it is asked of each of the nearest sentences
whether that one states what is asked; an answer in the source's language is the source sentence itself, and
in another language its translation, checked. A large model (`AnswerSettings.quote`) reads all at once and
always writes. Each step is a plain method from one frozen `Turn` to the next; LCEL composes them, so that
``invoke``, ``stream``, ``batch``, ``ainvoke`` and tracing work on the whole. ``stream`` gives text as it is
written, then the `Answer`, which is the authority. Knows no file format, no screen and no vector store.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, TypeGuard, cast

from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda

from qa import evidence, prompts, retrieve
from qa.asked import asks_for, loses, question_proper
from qa.cite import Candidate, Proof, prove
from qa.clean import plain, settled, visible
from qa.data import Answer, Citation, Hit, Reason, Receipt, Sentence
from qa.errors import QAError, RequestTooLong
from qa.follow_ups import keeps_asking, may_stand_alone, stands_alone
from qa.language import detect
from qa.models import Chat, Completion, Embedder
from qa.names import full_names, titled_names
from qa.passages import Passage, SentenceVectors, rank, read, sentences_of, subject
from qa.sentences import split_sentences
from qa.settings import Settings
from qa.translate import LEAST_LIKE, LEAST_LIKELY, Translations, prepared, prompt_for
from qa.verify import adds_speaker, carries_name, changes_amount
from qa.wording import (
    about,
    byline,
    in_other_words,
    is_refusal,
    joined,
    language_name,
    may_refuse,
    names_what,
    refusal,
    small_talk,
    spoken,
    with_source_names,
)

__all__ = ["ChainInput", "Pipeline", "Turn", "versions"]

ChainInput = str | Mapping[str, Any]
"""A question, or ``{"question": str, "history": [(question, answer), ...], "document_ids": [...]}``."""

_MAX_QUESTION = 4000
_HITS = 12
_SURE = {"judge": 0.03, "stated": 0.55}
"""Thresholds by prompt; the adapter learned from sentences of which a fifth state what is asked."""
_SURE_IN_ENGLISH = 0.26
"""That of the adapter where question and sentence are English: it says Yes more easily there."""
_SURE_AS_TYPED = 0.3
"""What a follow-up must reach that is looked for as typed: it may lack what was said before after all."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One question on its way through the steps; each step fills in more of it.

    Attributes:
        question: as asked.
        history: earlier (question, answer) pairs, oldest first.
        document_ids: the documents to ask; None for all.
        language: ISO 639-1 code to answer in.
        query: the question as it stands alone.
        reply: a finished reply that needs no source; "" to go on.
        hits: passages found, best first.
        passages: the sentences nearest to the question, nearest first; from `judge` on those
            that the model read, by its view, and behind them, where none states it, the others.
        chosen: those an answer is made from, in document order; none to refuse.
        stated: probability that the best states the answer; None where it was not asked.
        spent: stage name to seconds.
        tokens: counted so far, (in, out).
        started: `time.monotonic` at the question.
    """

    question: str
    history: tuple[tuple[str, str], ...] = ()
    document_ids: tuple[str, ...] | None = None
    language: str = "en"
    query: str = ""
    reply: str = ""
    hits: tuple[Hit, ...] = ()
    passages: tuple[Passage, ...] = ()
    chosen: tuple[Passage, ...] = ()
    stated: float | None = None
    spent: Mapping[str, float] = field(default_factory=dict)
    tokens: tuple[int, int] = (0, 0)
    started: float = 0.0

    @property
    def follows_up(self) -> bool:
        """Whether it may take what was said before to know what is asked."""
        return bool(self.history) and not stands_alone(self.question, self.history[-1][0])


@dataclass(frozen=True)
class Pipeline:
    """The steps and what they work with.

    Attributes:
        store: where passages are.
        embedder: makes vectors of questions and sentences.
        chat: writes.
        settings: every setting.
        vectors: of source sentences, kept between questions.
        translations: of source sentences, kept between questions.
    """

    store: retrieve.Searchable
    embedder: Embedder
    chat: Chat
    settings: Settings
    vectors: SentenceVectors
    translations: Translations

    def chain(self) -> Runnable[Any, Any]:
        """Compose the steps; ``invoke`` gives the `Answer`, ``stream`` gives text, then the `Answer`."""
        steps: Runnable[Any, Any] = RunnableLambda(self.read, name="read")
        condense, judge = _fitted(self.condense), _fitted(self.judge)
        for name, step in (("condense", condense), ("retrieve", self.retrieve), ("judge", judge)):
            steps = steps | RunnableLambda(_timed(name, step), name=name)
        write: Runnable[Any, Any] = RunnableLambda(self.write, afunc=cast(Any, self.awrite), name="write")
        return (steps | write).with_config(run_name="qa")

    def read(self, given: ChainInput) -> Turn:
        """Check the input and tell the language.

        Raises:
            QAError: the question is empty or far too long, or a field is unknown.
        """
        fields = {"question": given} if isinstance(given, str) else dict(given)
        unknown = fields.keys() - {"question", "history", "document_ids"}
        if unknown or not isinstance(fields.get("question"), str):
            raise QAError(
                "The chain takes a question, or a dict with 'question', 'history' and 'document_ids'.",
                f"Unknown: {', '.join(sorted(map(str, unknown))) or 'no question given'}.",
            )
        question = visible(fields["question"]).strip()
        if not question:
            raise QAError("The question is empty.", "Ask something about the article.")
        if len(question) > _MAX_QUESTION:
            raise QAError(
                f"The question has {len(question):,} characters; {_MAX_QUESTION:,} is the most.",
                "Shorten it.",
            )
        history = _pairs(fields.get("history"))
        chosen = fields.get("document_ids")
        if isinstance(chosen, str):
            raise QAError("'document_ids' must be a list of ids, or None for every document.", "Write [id].")
        language = detect(question)
        return Turn(
            question=question,
            history=history[max(0, len(history) - self.settings.answer.history_turns) :],
            document_ids=None if chosen is None else tuple(chosen),
            language="en" if language == "und" else language,
            query=question,
            reply=small_talk(question, language),
            started=time.monotonic(),
        )

    def condense(self, turn: Turn, config: RunnableConfig) -> Turn:
        """Rewrite a follow-up so that it stands alone."""
        if turn.reply or not turn.follows_up:
            return turn
        talk = "\n".join(f"Q: {asked}\nA: {answered}" for asked, answered in turn.history)
        messages = prompts.load("condense").messages(
            history=visible(talk), question=turn.question, language=language_name(turn.language)
        )
        done = self.chat.complete(messages, max_tokens=96, config=config, adapted=True)
        line, more, _ = plain(done.text).strip().partition("\n")
        rewritten = line.removeprefix("Q:").strip()
        whole = bool(more) or done.finish == "stop"
        whole = whole and 0 < len(rewritten) <= 4 * len(turn.question) + 200
        # A small model at times asks again what was asked before; a large one may find better words.
        usable = whole and (not self.chat.local or keeps_asking(turn.question, rewritten))
        return replace(_counted(turn, done), query=rewritten if usable else turn.question)

    def retrieve(self, turn: Turn, config: RunnableConfig) -> Turn:
        """Find passages and lay out what the model reads."""
        if turn.reply:
            return turn
        vector = self.embedder.query(turn.query)
        query = retrieve.Query(turn.query, vector, turn.document_ids)
        hits = retrieve.search(self.store, query, _HITS, self.settings.retrieval, self.vectors)
        near = sentences_of(hits[: self.settings.answer.passages])
        passages = rank(near, turn.query, vector, self.vectors, self.settings.answer.sentences)
        return replace(turn, hits=tuple(hits), passages=tuple(passages))

    def judge(self, turn: Turn, config: RunnableConfig) -> Turn:
        """Ask the model of each passage, for one word: does it state what is asked? Choose those that do.

        It is spared the passages that have nothing of the kind asked for, such as an amount of money, those
        that are far less near than the nearest, and those that could not come before one it has read.

        A small model puts into a follow-up what was said before, whether or not it is missing: where nothing
        states what it made of one that may stand alone, the question is looked for as it was typed.
        """
        if turn.reply:
            return turn
        judged = self._judged(turn, config)
        rewritten = self.chat.local and turn.query != turn.question
        if judged.chosen or not (rewritten and may_stand_alone(turn.question)):
            return judged
        typed = self._judged(self.retrieve(replace(turn, query=turn.question), config), config)
        sure = typed.stated is None or typed.stated >= _SURE_AS_TYPED
        return typed if typed.chosen and sure else judged

    def _judged(self, turn: Turn, config: RunnableConfig) -> Turn:
        """`judge` for the question as `retrieve` looked for it."""
        if not turn.passages:
            return turn
        if not self._threshold:
            return replace(turn, chosen=evidence.in_order(turn.passages))
        if not self._quotes:
            return self._judged_at_once(turn, config)
        able = [passage for passage in turn.passages if not asks_for(turn.query, passage.evidence)]
        if not able:
            return replace(turn, stated=0.0)
        seen: list[Passage] = []
        for passage in evidence.worth_reading(able):
            if evidence.decided(seen, passage, self.settings.answer.enough):
                break
            seen.append(evidence.judged(passage, self._stated(turn, [passage], config)))
        ranked = evidence.best_first(seen)
        sure = evidence.sureness(ranked)
        quoted = _is_in(ranked[0], turn.language)
        if sure < self._wanted(turn, quoted):
            known = {passage.candidate for passage in seen}
            others = [passage for passage in turn.passages if passage.candidate not in known]
            return replace(turn, passages=(*ranked, *others), stated=sure)
        turn = replace(turn, passages=tuple(ranked), stated=sure)
        chosen = evidence.choose(ranked, self.settings.answer.evidence, quoted)
        return replace(turn, chosen=tuple(self._needed(turn, passage, config) for passage in chosen))

    def _needed(self, turn: Turn, passage: Passage, config: RunnableConfig) -> Passage:
        """Of a sentence read with the one before, the one that states it without the other; else both."""
        if passage.before is None:
            return passage
        for other in turn.passages:
            if other.candidate == passage.before and evidence.as_sure(other, passage):
                return other
        if passage.candidate.label or not names_what(passage.candidate.text):
            return passage
        alone = replace(passage, before=None)
        alone = evidence.judged(alone, self._stated(turn, [alone], config))
        return alone if evidence.as_sure(alone, passage) else passage

    def _judged_at_once(self, turn: Turn, config: RunnableConfig) -> Turn:
        """What a passage lacks of the kind asked for, another may have."""
        if asks_for(turn.query, "\n".join(passage.evidence for passage in turn.passages)):
            return replace(turn, stated=0.0)
        stated = self._stated(turn, turn.passages, config)
        sure = stated is None or stated >= self._threshold
        return replace(turn, stated=stated, chosen=evidence.in_order(turn.passages) if sure else ())

    @property
    def _quotes(self) -> bool:
        """See `qa.settings.AnswerSettings`."""
        wanted = self.settings.answer.quote
        return self.chat.local if wanted is None else wanted

    def _stated(self, turn: Turn, passages: Sequence[Passage], config: RunnableConfig) -> float | None:
        return self._states(read(passages, turn.language), subject(passages[0].candidate), turn, config)

    def _states(self, text: str, title: str, turn: Turn, config: RunnableConfig) -> float | None:
        """Probability that a text, under a title or none, states what is asked."""
        prompt = prompts.load(self._judge)
        asked = {"sentence": text, "question": turn.query}
        if "title" in prompt.variables:  # the adapter has learned from questions without further wishes
            asked |= {"title": title, "question": question_proper(turn.query)}
        return self.chat.probability(prompt.messages(**asked), config=config)

    def write(self, turn: Turn, config: RunnableConfig) -> Iterator[str | Answer]:
        """Write the answer as it comes, then give it whole, cited and checked."""
        if turn.reply:
            yield turn.reply
            yield self._finish(turn, turn.reply, (), True, "small_talk")
        elif not turn.passages:
            yield from self._refuse(turn, "nothing_found")
        elif not turn.chosen:
            yield from self._refuse(turn, "not_stated")
        elif self._quotes and (own := tuple(p for p in turn.chosen if _is_in(p, turn.language))):
            yield from self._quote(replace(turn, chosen=own))
        elif self._quotes:
            yield from self._translate(turn, config)
        else:
            try:
                yield from self._write(turn, config)
            except RequestTooLong:  # known before the first word
                yield from self._write(_halved(turn), config)

    async def awrite(self, turn: Turn, config: RunnableConfig) -> AsyncIterator[str | Answer]:
        """`write`, one piece at a time in a thread, so that an event loop is never held up.

        Cancelled, it waits for the piece that is being made: a generator that runs cannot be closed.
        """
        pieces = self.write(turn, config)
        making: asyncio.Future[str | Answer | None] | None = None
        try:
            while True:
                making = asyncio.ensure_future(asyncio.to_thread(next, pieces, None))
                if (piece := await asyncio.shield(making)) is None:
                    return
                yield piece
        finally:
            if making:
                await asyncio.wait([making])
            pieces.close()  # type: ignore[attr-defined]

    def _write(self, turn: Turn, config: RunnableConfig) -> Iterator[str | Answer]:
        shown = ""
        begun = time.monotonic()
        spent = dict(turn.spent)
        messages = prompts.load("answer").messages(
            sentences=read(turn.chosen, turn.language),
            question=turn.query,
            language=language_name(turn.language),
        )
        with closing(self.chat.stream(messages, config=config)) as stream:
            written = ""
            for piece in stream:
                spent.setdefault("first_token", time.monotonic() - turn.started)
                written += piece
                safe = plain(settled(written)).lstrip()
                if safe.startswith(shown) and len(safe) > len(shown) and not may_refuse(safe):
                    yield safe[len(shown) :]
                    shown = safe
            done = stream.completion
        spent["write"] = time.monotonic() - begun
        turn = replace(_counted(turn, done), spent=spent)
        text = plain(done.text).strip()
        cut = done.finish != "stop"
        if not text and done.fault:
            raise done.fault
        if not text or (is_refusal(text) and not cut):
            yield from self._refuse(turn, "not_stated")
            return
        begun = time.monotonic()
        text, sentences = self._cite(turn, text, cut)
        turn = replace(turn, spent=spent | {"cite": time.monotonic() - begun})
        if not cut and (reason := _unproved(turn, sentences)):
            yield from self._refuse(turn, reason)
            return
        if text.startswith(shown) and len(text) > len(shown):
            yield text[len(shown) :]
        answer = self._finish(turn, text, sentences, True, "incomplete" if cut else "answered")
        yield replace(answer, fault=f"{done.fault.message} {done.fault.hint}" if done.fault else "")

    def _quote(self, turn: Turn) -> Iterator[str | Answer]:
        """Answer with the chosen source sentences as they stand; what is quoted is its own proof."""
        sentences: list[Sentence] = []
        for marker, part in enumerate(_parts(turn), 1):
            text = _labelled(part, _said(part), turn.language)
            told = "\n".join([turn.query, *(sentence.text for sentence in sentences)])
            sentences.append(_quotation(about(_name(part), text, told, turn.language), part, marker))
        text = joined((sentence.text for sentence in sentences), turn.language)
        turn = replace(turn, spent=dict(turn.spent) | {"first_token": time.monotonic() - turn.started})
        yield text
        yield self._finish(turn, text, tuple(sentences), True, "answered")

    def _translate(self, turn: Turn, config: RunnableConfig) -> Iterator[str | Answer]:
        """Answer with the chosen source sentences in the reader's language, each shown once it is checked."""
        begun = time.monotonic()
        spent = dict(turn.spent)
        sentences: list[Sentence] = []
        whole = ""
        for marker, part in enumerate(_parts(turn), 1):
            given = prepared(part.text, turn.query, turn.language, _beside(part, turn))
            done = self.translations(given, turn.language, config)
            turn = _counted(turn, done)
            translated = self._translated(turn, part, marker, done)
            if translated and self._still_states(translated.text, part, turn, config):
                sentences.append(translated)
            else:
                sentences.append(_quotation(in_other_words(_said(part), turn.language), part, marker))
            spent.setdefault("first_token", time.monotonic() - turn.started)
            longer = joined((sentence.text for sentence in sentences), turn.language)
            yield longer.removeprefix(whole)
            whole = longer
        turn = replace(turn, spent=spent | {"write": time.monotonic() - begun})
        yield self._finish(turn, whole, tuple(sentences), True, "answered")

    def _translated(self, turn: Turn, part: Candidate, marker: int, done: Completion) -> Sentence | None:
        """A translation with its source; None where the model was unsure, or it fails a check."""
        if done.finish != "stop" or detect(done.text) != turn.language:
            return None
        if done.likelihood is not None and done.likelihood < LEAST_LIKELY:
            return None
        text = spoken(done.text)
        similarity = self.vectors([visible(part.text)]) @ self.embedder.documents([text])[0]
        proof = prove(text, turn.query, [part], similarity)
        if similarity[0] < LEAST_LIKE or proof.verdict.state == "unsupported":
            return None
        if changes_amount(text, part.text) or adds_speaker(text, part.text):
            return None
        if not all(carries_name(name, text) for name in _sure_names(part.text, turn.language)):
            return None
        if loses(turn.query, part.text, text):
            return None
        return _sentence(_labelled(part, text, turn.language), proof, {_span(part): marker}, turn)

    def _still_states(self, text: str, part: Candidate, turn: Turn, config: RunnableConfig) -> bool:
        """Whether a translation states what is asked as its source does, where that was read alone.

        A small model's translation may be fluent and say something else: of 33 read by the judge again ten
        were under the threshold, all of them wrong.
        """
        alone = any(passage.before is None and passage.candidate == part for passage in turn.chosen)
        if not (alone and self._threshold):
            return True
        stated = self._states(text, subject(part), turn, config)
        return stated is None or stated >= self._threshold

    @property
    def _judge(self) -> str:
        """The prompt that asks whether a sentence states it."""
        return "judge" if "judge" in self.chat.adapters else "stated"

    @property
    def _threshold(self) -> float:
        """See `qa.settings.AnswerSettings`."""
        wanted = self.settings.answer.stated_threshold
        return _SURE[self._judge] if wanted is None else wanted

    def _wanted(self, turn: Turn, quoted: bool) -> float:
        """How sure it must be that a passage, in the reader's language or not, states what is asked.

        What was set holds for every language.
        """
        measured = self.settings.answer.stated_threshold is None and self._judge == "judge"
        english = quoted and turn.language == "en"
        return _SURE_IN_ENGLISH if measured and english else self._threshold

    def _cite(self, turn: Turn, text: str, cut: bool) -> tuple[str, tuple[Sentence, ...]]:
        """Prove each sentence; markers number the cited spans in the order they are first used.

        Where the text was cut, its last sentence is not checked: "It paid $2." may be half of "$2.4 million".
        """
        parts = [text[start:end] for start, end in split_sentences(text)]
        candidates = _parts(turn)
        vectors = self.vectors([visible(candidate.text) for candidate in candidates])
        wanted = self.embedder.documents([f"{turn.query} {part}" for part in parts])
        markers: dict[tuple[str, int, int], int] = {}
        sentences: list[Sentence] = []
        for part, vector in zip(parts, wanted, strict=True):
            proof = prove(part, turn.query, candidates, vectors @ vector)
            sentences.append(_sentence(part, proof, markers, turn))
        if cut:
            sentences[-1] = Sentence(parts[-1], "unsupported", "it is cut off", ())
        return joined((sentence.text for sentence in sentences), turn.language), tuple(sentences)

    def _refuse(self, turn: Turn, reason: Reason) -> Iterator[str | Answer]:
        text = refusal(turn.language)
        yield text
        yield self._finish(turn, text, (), False, reason)

    def _finish(
        self, turn: Turn, text: str, sentences: tuple[Sentence, ...], answered: bool, reason: Reason
    ) -> Answer:
        if not sentences:
            sentences = (
                Sentence(text, "supported" if answered else "unsupported", "" if answered else reason, ()),
            )
        return Answer(
            question=turn.question,
            text=text,
            sentences=sentences,
            answered=answered,
            reason=reason,
            nearest=None if answered else self._nearest(turn),
            hits=turn.hits,
            receipt=self._receipt(turn),
        )

    def _nearest(self, turn: Turn) -> Citation | None:
        """The source sentence that came nearest, of those with the question's names if any has them all.

        Which is nearest the model says where it was asked, else the meaning.
        """
        if not turn.passages:
            return None
        best = next((passage for passage in turn.passages if not passage.absent), turn.passages[0])
        return _citation(best.candidate, 0, best.score)

    def _receipt(self, turn: Turn) -> Receipt:
        writes = prompt_for(turn.language) if self._quotes else "answer"
        used = [self._judge, writes, *(["condense"] if turn.follows_up else [])]
        return Receipt(
            model="" if turn.reply else self.chat.name,
            embedder="" if turn.reply else self.embedder.name,
            prompts={} if turn.reply else versions(self.chat, used),
            settings=self.settings.fingerprint,
            query=turn.query,
            language=turn.language,
            tokens_in=turn.tokens[0],
            tokens_out=turn.tokens[1],
            seconds={**turn.spent, "total": time.monotonic() - turn.started},
            checks={} if turn.stated is None else {"stated": turn.stated},
        )


def versions(chat: Chat, names: Iterable[str]) -> dict[str, str]:
    """Prompt name to version, with the adapter's where it was made for that prompt: ``f6648b98+0c1d2e3f``."""
    adapters = {name: f"+{version}" for name, version in chat.adapters.items()}
    return {name: prompts.load(name).version + adapters.get(name, "") for name in names}


def _halved(turn: Turn) -> Turn:
    """The turn with the later half of its history and the better half of its passages."""
    best = turn.passages[: (len(turn.passages) + 1) // 2]
    return replace(
        turn,
        history=turn.history[(len(turn.history) + 1) // 2 :],
        passages=best,
        chosen=tuple(passage for passage in turn.chosen if passage in best),
    )


def _unproved(turn: Turn, sentences: Sequence[Sentence]) -> Reason | None:
    """Why no answer may be given: nothing supports it, or what does has nothing of the kind asked for.

    A made-up answer often cites a true sentence about something else; asked once for all sentences together,
    as one may carry the figure and another explain it.
    """
    if all(sentence.state == "unsupported" for sentence in sentences):
        return "unsupported"
    cited = {(c.document_id, c.start) for sentence in sentences for c in sentence.citations}
    shown = [p for p in turn.chosen if any((c.document_id, c.start) in cited for c in p.parts)]
    return "not_stated" if asks_for(turn.query, "\n".join(p.evidence for p in shown)) else None


def _pairs(history: object) -> tuple[tuple[str, str], ...]:
    """Earlier turns, checked."""
    turns = () if history is None else history
    if not _is_list(turns) or not all(_is_list(turn) and len(turn) == 2 for turn in turns):
        raise QAError(
            "'history' must be a list of (question, answer) pairs, oldest first.",
            'Such as [("Who sold it?", "The city did.")].',
        )
    return tuple((str(asked), str(answered)) for asked, answered in turns)


def _is_list(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _parts(turn: Turn) -> list[Candidate]:
    """The sentences of the chosen passages, each once."""
    return list(dict.fromkeys(part for passage in turn.chosen for part in passage.parts))


def _said(part: Candidate) -> str:
    """A source sentence as it is quoted."""
    return spoken(plain(" ".join(part.text.split())).strip())


def _labelled(part: Candidate, text: str, language: str) -> str:
    """What is said of a source sentence, with the label that it stands under."""
    return byline(text, language) if part.label else text


def _beside(part: Candidate, turn: Turn) -> str:
    """What was found of the same document."""
    return "\n".join(hit.chunk.text for hit in turn.hits if hit.chunk.document_id == part.document_id)


def _sure_names(text: str, language: str) -> list[str]:
    """What a translation must not lose; Chinese writes a single foreign name as any other word."""
    return [*full_names(text), *([] if language == "zh" else titled_names(text))]


def _is_in(passage: Passage, language: str) -> bool:
    """Whether a passage is in the reader's language; the title says more than a short sentence does."""
    text = visible(f"{passage.candidate.text} {passage.candidate.title}")
    return detect(text) == language


def _name(part: Candidate) -> str:
    """What its document is about, by its title; "" where that is a headline or only the file's name."""
    title = subject(part)
    return "" if part.label or title in part.source else title


def _span(candidate: Candidate) -> tuple[str, int, int]:
    return (candidate.document_id, candidate.start, candidate.end)


def _quotation(text: str, part: Candidate, marker: int) -> Sentence:
    return Sentence(text, "supported", "", (_citation(part, marker, 1.0),))


def _sentence(text: str, proof: Proof, markers: dict[tuple[str, int, int], int], turn: Turn) -> Sentence:
    cited = [] if proof.verdict.state == "unsupported" else list(proof.chosen)
    citations = []
    for candidate, score in cited:
        marker = markers.setdefault(_span(candidate), len(markers) + 1)
        citations.append(_citation(candidate, marker, score))
    quotes = "\n".join(citation.quote for citation in citations)
    shown = with_source_names(text, quotes, turn.query)
    return Sentence(shown, proof.verdict.state, proof.verdict.reason, tuple(citations))


def _citation(candidate: Candidate, marker: int, score: float) -> Citation:
    return Citation(
        marker=marker,
        document_id=candidate.document_id,
        source=candidate.source,
        title=candidate.title,
        start=candidate.start,
        end=candidate.end,
        quote=candidate.text,
        score=round(score, 4),
    )


def _counted(turn: Turn, done: Completion) -> Turn:
    """The turn with the tokens of one more call."""
    return replace(turn, tokens=(turn.tokens[0] + done.tokens_in, turn.tokens[1] + done.tokens_out))


def _fitted(step: Callable[[Turn, RunnableConfig], Turn]) -> Callable[[Turn, RunnableConfig], Turn]:
    """The step; once more with half as much to read where it was more than the model can."""

    def fitted(turn: Turn, config: RunnableConfig) -> Turn:
        try:
            return step(turn, config)
        except RequestTooLong:
            return step(_halved(turn), config)

    return fitted


def _timed(name: str, step: Callable[[Turn, RunnableConfig], Turn]) -> Callable[[Turn, RunnableConfig], Turn]:
    def timed(turn: Turn, config: RunnableConfig) -> Turn:
        begun = time.monotonic()
        done = step(turn, config)
        return replace(done, spent={**done.spent, name: time.monotonic() - begun})

    return timed
