"""The library and its forms as HTML: document lists and reports of adding go in, markup comes out; pure.

Knows neither where documents are kept nor how they are read.
"""

from __future__ import annotations

from collections.abc import Sequence

from qa.data import AddReport, DocumentInfo
from qa.ui.markup import Safe, icon, join, tag
from qa.ui.reader import origin
from qa.ui.words import words

__all__ = ["adding", "forms", "outcome", "shelf"]


def shelf(documents: Sequence[DocumentInfo], language: str) -> Safe:
    """What is in the library, each with a tick for whether it is asked."""
    w = words(language)
    rows = [_row(info, language) for info in documents]
    listed = tag("ul", *rows, class_="shelf") if rows else tag("p", w["library_empty"], class_="none")
    return join([tag("h2", w["library"]), tag("p", w["library_text"], class_="hint"), listed])


def forms(language: str) -> Safe:
    """Ways to add besides the file button: dropping, a web page, pasted text."""
    w = words(language)
    add = tag("button", w["add"], type="submit", class_="soft")
    url = tag(
        "input",
        id="qa-url",
        name="url",
        type="url",
        required=True,
        placeholder="https://",
        autocomplete="off",
    )
    title = tag("input", id="qa-title", name="title", maxlength=200, autocomplete="off", dir="auto")
    text = tag("textarea", id="qa-text", name="text", rows=5, required=True, dir="auto")
    return join(
        [
            tag("p", w["drop"], class_="drop"),
            tag(
                "form",
                tag("label", w["add_url"], for_="qa-url"),
                tag("div", url, add, class_="line"),
                data_form="url",
            ),
            tag(
                "form",
                tag("label", w["text"], for_="qa-text"),
                text,
                tag("label", w["title"], for_="qa-title"),
                title,
                add,
                data_form="text",
            ),
        ]
    )


def adding(name: str, done: int, total: int, language: str) -> Safe:
    """A line for what is being read now."""
    count = f" {done + 1}/{total}" if total > 1 else ""
    pulse = tag("span", class_="pulse", aria_hidden="true")
    return tag("li", pulse, f"{words(language)['adding']}{count}: {name}", class_="now")


def outcome(report: AddReport, language: str) -> Safe:
    """A line for everything that one ``add`` did or could not do."""
    w = words(language)
    groups = {"added": report.added, "replaced": report.replaced, "unchanged": report.unchanged}
    done = [
        tag("li", tag("b", info.title, dir="auto"), f" {w[f'done_{kind}']}", class_="done")
        for kind, infos in groups.items()
        for info in infos
    ]
    failed = [
        tag(
            "li",
            tag("b", origin(failure.source), dir="auto"),
            f" {w['done_failed']}: {failure.message} {failure.hint}",
            class_="failed",
        )
        for failure in report.failed
    ]
    return join([*done, *failed])


def _row(info: DocumentInfo, language: str) -> Safe:
    w = words(language)
    size = w["characters"].format(count=f"{info.characters:,}")
    about = f"{origin(info.source)} · {info.language} · {size} · {info.added[:10]}"
    name = f"ask-{info.id}"
    tick = {"type": "checkbox", "id": name, "data_do": "tick", "data_document": info.id, "checked": True}
    read = {"data_do": "read", "data_document": info.id, "aria_label": f"{w['open']}: {info.title}"}
    remove = {"data_do": "remove", "data_document": info.id, "aria_label": f"{w['remove']}: {info.title}"}
    title = tag("b", info.title, dir="auto")
    return tag(
        "li",
        tag("input", **tick),
        tag("label", title, tag("span", about, class_="about", dir="auto"), for_=name),
        tag("button", icon("open"), tag("span", w["open"]), type="button", **read),
        tag("button", icon("remove"), type="button", data_tip=w["remove"], **remove),
    )
