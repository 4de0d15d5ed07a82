"""HTML that is safe to show: text goes in, `Safe` markup comes out; pure.

A text becomes part of a page only through `tag`, which escapes every child and every attribute that is not
`Safe` already; so nothing that a document, a model, a reader or an error says can be forgotten.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from typing import Any

from qa.clean import visible

__all__ = ["Safe", "button", "exact", "icon", "join", "tag"]

_VOID = {"input", "path", "circle"}
_PATHS = {
    "edit": "M4 20h4L19 9l-4-4L4 16z M13 7l4 4",
    "retry": "M20 5v5h-5 M19.4 14a8 8 0 1 1-1.6-7.7L20 10",
    "copy": "M9 9h11v11H9z M5 15H4V4h11v1",
    "good": "M7 11v9H4v-9z M7 11l4-8c2 0 3 1 2.5 3L13 10h6l-2 10H7",
    "bad": "M7 13V4H4v9z M7 13l4 8c2 0 3-1 2.5-3L13 14h6L17 4H7",
    "send": "M12 20V4 M5 11l7-7 7 7",
    "stop": "M7 7h10v10H7z",
    "new": "M12 5v14 M5 12h14",
    "history": "M12 7v5l3 2 M3.5 12a8.5 8.5 0 1 0 2.8-6.3L3 8 M3 3v5h5",
    "more": "M5 11.5v1h1v-1z M12 11.5v1h1v-1z M19 11.5v1h1v-1z",
    "theme": "M12 3a9 9 0 1 0 9 9c-5 2-11-3-9-9z",
    "language": "M3 12h18 M12 3c4 4 4 14 0 18c-4-4-4-14 0-18z M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18z",
    "remove": "M5 7h14 M10 7V4h4v3 M7 7l1 13h8l1-13",
    "open": "M4 5h6l2 2 2-2h6v14h-6l-2 2-2-2H4z M12 7v14",
}


class Safe(str):
    """Markup; only this module makes it."""

    __slots__ = ()


def tag(name: str, /, *inside: str, **attributes: object) -> Safe:
    """An element; ``_`` in names becomes ``-``, True is a bare name, None and False are left out."""
    opened = f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}"
    return Safe(f"{opened}/>" if name in _VOID else f"{opened}>{join(inside)}</{name}>")


def join(parts: Iterable[str]) -> Safe:
    """Parts one after the other; those that are not markup become text."""
    return Safe("".join(part if isinstance(part, Safe) else _escaped(visible(part)) for part in parts))


def exact(value: Any) -> Safe:
    """A text or JSON value as an attribute that a script reads back unchanged."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Safe(_escaped(text))


def icon(name: str) -> Safe:
    """A line drawing that a screen reader skips."""
    line: dict[str, object] = {"fill": "none", "stroke": "currentColor", "stroke_width": 1.75}
    ends: dict[str, object] = {"stroke_linecap": "round", "stroke_linejoin": "round"}
    return tag(
        "svg", tag("path", d=_PATHS[name]), class_="icon", viewBox="0 0 24 24", width=18, height=18,
        aria_hidden="true", **line, **ends,
    )  # fmt: skip


def button(action: str, label: str, symbol: str = "", *, shown: bool = False, **more: object) -> Safe:
    """A button that the page's script acts on; where only a symbol is seen, the label is its name."""
    text = [tag("span", label)] if shown or not symbol else []
    named: dict[str, object] = {} if text else {"aria_label": label, "data_tip": label}
    return tag(
        "button", *([icon(symbol)] if symbol else []), *text, type="button", data_do=action, **named, **more
    )


def _attribute(key: str, value: object) -> str:
    name = key if key == "viewBox" else key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    return f' {name}="{value if isinstance(value, Safe) else _escaped(visible(str(value)))}"'


def _escaped(text: str) -> str:
    return html.escape(text.encode("utf-8", "replace").decode(), quote=True)
