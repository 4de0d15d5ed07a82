"""An answer as HTML: a `Turn` and the page's language go in, markup comes out; pure.

Shows what the `Answer` says and decides nothing: states, reasons and citations are its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from qa.data import Answer, Citation, Hit, Receipt, Sentence
from qa.ui.markup import Safe, button, exact, join, tag
from qa.ui.turns import Turn
from qa.ui.words import explained, words

__all__ = ["pending", "thread", "turn", "welcome"]

Words = Mapping[str, str]

_STAGES = ("condense", "retrieve", "judge", "first_token", "write", "cite", "total")
_REFUSALS = {"not_stated": "not_stated", "nothing_found": "nothing_found", "unsupported": "unsupported_why"}


def thread(turns: Sequence[Turn], language: str) -> Safe:
    """A whole conversation."""
    return join(turn(item, language) for item in turns)


def turn(item: Turn, language: str) -> Safe:
    """One finished exchange; its data rides along, for the browser keeps the conversation."""
    w, answer = words(language), item.answer
    if answer is None:
        parts = _unanswered(item, w)
    else:
        said = _answered(answer, language) if answer.answered else _refused(answer, w)
        parts = [said, _tools(w), _receipt(answer, w)]
    return tag(
        "article",
        _asked(item.question, w, button("edit", w["edit"], "edit")),
        tag("section", *parts, class_="answer", aria_label=w["answer"]),
        class_="turn",
        id=f"turn-{item.id}",
        data_turn_id=item.id,
        data_turn=exact(item.to_dict()),
    )


def pending(turn_id: str, question: str, text: str, language: str) -> Safe:
    """An exchange whose answer is being written; what is there is not checked yet."""
    w = words(language)
    state = w["writing"] if text else w["reading"]
    working = tag("p", tag("span", class_="pulse", aria_hidden="true"), tag("span", state), class_="working")
    draft = tag("p", text, class_="draft", dir="auto")
    return tag(
        "article",
        _asked(question, w),
        tag("section", draft, working, class_="answer"),
        class_="turn pending",
        data_turn_id=turn_id,
        aria_busy="true",
    )


def welcome(questions: Iterable[str], sample: bool, language: str) -> Safe:
    """What an empty conversation shows."""
    w = words(language)
    parts = [tag("h2", w["welcome"]), tag("p", w["welcome_text"])]
    if sample:
        parts.append(tag("p", w["sample_note"], class_="sample"))
    tries = [tag("li", tag("button", q, type="button", data_do="example", dir="auto")) for q in questions]
    if tries:
        parts += [tag("h3", w["try"]), tag("ul", *tries, class_="examples")]
    return tag("div", *parts, class_="welcome")


def _asked(question: str, w: Words, *tools: Safe) -> Safe:
    bubble = tag("p", question, class_="question", dir="auto")
    return tag("div", tag("h3", w["you"], class_="sr"), bubble, *tools, class_="asked")


def _answered(answer: Answer, language: str) -> Safe:
    w = words(language)
    if answer.reason == "small_talk":
        return tag("p", answer.text, class_="talk", dir="auto", data_tip=w["small_talk"])
    rows = tag("ol", *(_sentence(s, language) for s in answer.sentences), class_="sentences")
    if answer.reason != "incomplete":
        return rows
    return join([rows, tag("p", f"{w['incomplete']} {answer.fault}", class_="note")])


def _sentence(sentence: Sentence, language: str) -> Safe:
    w = words(language)
    why = explained(sentence.reason, language)
    tip = w[sentence.state] + (f": {why}" if why else "")
    state = tag("span", class_="state", tabindex=0, role="img", aria_label=tip, data_tip=tip)
    said = tag("span", sentence.text, class_="said", dir="auto")
    chips = tag("span", *(_chip(citation, w) for citation in sentence.citations), class_="chips")
    doubt = [tag("span", tip, class_="why", aria_hidden="true")] if sentence.state != "supported" else []
    return tag("li", state, tag("div", said, " ", chips, *doubt), class_=f"sentence {sentence.state}")


def _chip(citation: Citation, w: Words) -> Safe:
    """The [n] of a citation."""
    number = str(citation.marker)
    label = f"{w['source_n'].format(n=number)}: {citation.quote}"
    tip = {"aria_label": label, "data_tip": citation.quote, "data_tip_from": citation.title}
    return tag("button", number, type="button", class_="chip", **_place(citation), **tip)


def _place(citation: Citation) -> dict[str, object]:
    return {
        "data_do": "cite",
        "data_document": citation.document_id,
        "data_marker": citation.marker,
        "data_start": citation.start,
        "data_end": citation.end,
    }


def _refused(answer: Answer, w: Words) -> Safe:
    return tag(
        "div",
        tag("p", w.get(f"{answer.reason}_head", w["not_stated_head"]), class_="head"),
        tag("p", answer.text, class_="talk", dir="auto"),
        tag("p", w[_REFUSALS.get(answer.reason, "not_stated")], class_="reason"),
        *([_nearest(answer.nearest, w)] if answer.nearest else []),
        class_="refusal",
    )


def _nearest(nearest: Citation, w: Words) -> Safe:
    return tag(
        "figure",
        tag("figcaption", f"{w['nearest']} · {nearest.title}"),
        tag("blockquote", nearest.quote, dir="auto"),
        tag("button", w["show_source"], type="button", class_="link", **_place(nearest)),
        class_="nearest",
    )


def _unanswered(item: Turn, w: Words) -> list[Safe]:
    again = tag("footer", button("retry", w["retry"], "retry", shown=True), class_="tools")
    if not item.error:
        draft = tag("p", item.partial, class_="draft", dir="auto")
        return [draft, tag("p", w["stopped"], class_="note"), again]
    words_of_it = [tag("p", text) for text in (item.error, item.hint) if text]
    head = tag("p", w["failed"], class_="head")
    return [tag("div", head, *words_of_it, class_="failure", role="alert"), again]


def _tools(w: Words) -> Safe:
    plain = (button(name, w[name], name) for name in ("copy", "retry"))
    pressed = (button(name, w[name], name, aria_pressed="false") for name in ("good", "bad"))
    return tag("footer", *plain, *pressed, class_="tools")


def _receipt(answer: Answer, w: Words) -> Safe:
    receipt = answer.receipt
    facts = {
        "model": receipt.model,
        "embedder": receipt.embedder,
        "searched": receipt.query if receipt.query != answer.question else "",
        "tokens": _tokens(receipt, w),
        "stated": f"{receipt.checks['stated']:.2f}" if "stated" in receipt.checks else "",
        "prompts": ", ".join(f"{name} {version}" for name, version in receipt.prompts.items()),
        "settings": receipt.settings,
    }
    rows = (tag("dt", w[key]) + tag("dd", text, dir="auto") for key, text in facts.items() if text)
    return tag(
        "details",
        tag("summary", w["receipt"]),
        tag("dl", *map(Safe, rows)),
        *_seconds(receipt.seconds, w),
        *_passages(answer.hits, w),
        class_="receipt",
    )


def _tokens(receipt: Receipt, w: Words) -> str:
    if not receipt.tokens_in and not receipt.tokens_out:
        return ""
    return w["tokens_text"].format(into=f"{receipt.tokens_in:,}", out=f"{receipt.tokens_out:,}")


def _seconds(seconds: Mapping[str, float], w: Words) -> list[Safe]:
    longest = max(seconds.values(), default=0.0) or 1.0
    rows = []
    for stage in (stage for stage in _STAGES if stage in seconds):
        bar = tag("span", style=f"width:{100 * seconds[stage] / longest:.1f}%")
        number = tag("td", f"{seconds[stage]:.2f}", class_="number")
        rows.append(tag("tr", tag("th", w[stage], scope="row"), tag("td", bar, class_="bar"), number))
    table = tag("table", tag("tbody", *rows), class_="seconds")
    return [tag("h4", w["seconds"]), table] if rows else []


def _passages(hits: Sequence[Hit], w: Words) -> list[Safe]:
    rows = [tag("li", *_passage(hit, w)) for hit in hits]
    return [tag("h4", w["passages"]), tag("ol", *rows, class_="passages")] if rows else []


def _passage(hit: Hit, w: Words) -> tuple[Safe, Safe]:
    chunk = hit.chunk
    found = ", ".join(w.get(way, way) for way in hit.found_by)
    similarity = "" if hit.similarity is None else f" · {w['similarity']} {hit.similarity:.3f}"
    place: dict[str, object] = {
        "data_document": chunk.document_id,
        "data_start": chunk.start,
        "data_end": chunk.end,
    }
    text = tag("span", " ".join(word for word in chunk.text.split() if word.strip("#")), dir="auto")
    show = tag("button", text, type="button", class_="link", data_do="cite", data_marker=0, **place)
    return show, tag("span", f"{w['score']} {hit.score:.3f}{similarity} · {found}", class_="scores")
