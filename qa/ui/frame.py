"""The page's frame as HTML: a language goes in; the header and the question box come out; pure."""

from __future__ import annotations

from qa.ui.markup import Safe, button, exact, icon, tag
from qa.ui.words import LANGUAGES, words

__all__ = ["composer", "header"]

_TABS = ("ask", "library", "evals")


def header(language: str) -> Safe:
    """Name, tabs, language and theme; carries every word, for those that the script shows."""
    w = words(language)
    small = tag("small", w["tagline"])
    return tag(
        "header",
        tag("a", w["skip"], class_="skip", href="#qa-question"),
        tag("h1", tag("span", "[1]", class_="mark", aria_hidden="true"), " article-qa", small),
        tag("nav", *(_tab(name, w[f"tab_{name}"]) for name in _TABS), role="tablist", aria_label=w["tabs"]),
        tag("div", _switch(language), button("theme", w["theme"], "theme"), class_="end"),
        class_="top",
        data_language=language,
        data_words=exact(dict(w)),
    )


def composer(language: str) -> Safe:
    """The question box with the conversation's buttons."""
    w = words(language)
    box = tag(
        "textarea", id="qa-question", name="question", rows=1, maxlength=4000, dir="auto",
        placeholder=w["placeholder"], aria_describedby="qa-keys",
    )  # fmt: skip
    form = tag(
        "form",
        tag("label", w["question"], class_="sr", for_="qa-question"),
        box,
        tag("button", icon("send"), type="submit", class_="send", aria_label=w["send"]),
        tag("button", icon("stop"), type="button", class_="halt", data_do="stop", aria_label=w["stop"]),
        class_="composer",
        data_form="ask",
    )
    saves = (button(f"export-{kind}", w[f"export_{kind}"], role="menuitem") for kind in ("md", "json"))
    kept = (tag("h3", w["history"]), tag("ul", data_part="history"))
    under = tag(
        "div",
        tag("span", w["keys"], id="qa-keys"),
        tag("span", class_="grow"),
        button("new", w["new"], "new", shown=True),
        button("history", w["history"], "history", aria_expanded="false", aria_controls="qa-history"),
        button("more", w["more"], "more", aria_expanded="false", aria_controls="qa-more"),
        tag("div", *saves, id="qa-more", class_="menu", role="menu", hidden=True),
        tag("div", *kept, id="qa-history", class_="menu", hidden=True, role="group", aria_label=w["history"]),
        class_="under",
    )
    scope = tag("p", class_="scope", data_part="scope", role="status")
    editing = tag("p", class_="editing", data_part="editing", hidden=True)
    return tag("div", scope, editing, form, under)


def _tab(name: str, label: str) -> Safe:
    marks = {"aria_selected": "false", "aria_controls": f"panel-{name}"}
    return tag(
        "button", label, type="button", role="tab", id=f"tab-{name}", data_do="tab", data_tab=name, **marks
    )


def _switch(language: str) -> Safe:
    other = next(code for code in LANGUAGES if code != language)
    label = f"{words(language)['language']}: {LANGUAGES[other]}"
    named = {"data_do": "language", "data_language": other, "lang": other, "aria_label": label}
    return tag("button", icon("language"), tag("span", LANGUAGES[other]), type="button", **named)
