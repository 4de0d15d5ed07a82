"""Prompt files: a name goes in, a template with its version comes out; knows no model.

Prompts are ``prompts/*.md``: ``string.Template`` text, one optional ``# system`` and ``# user`` part, each
a chat message. The version is the first 8 hex digits of the file's SHA-256, so a receipt names the exact
words that were used.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

from qa.errors import PromptError

__all__ = ["Prompt", "load", "version"]

_PACKAGED = Path(__file__).parent / "_prompts"
_CHECKOUT = Path(__file__).parent.parent / "prompts"
_PART = re.compile(r"^# (system|user|assistant)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A chat prompt.

    Attributes:
        name: the file's name without ``.md``.
        version: first 8 hex digits of the SHA-256 of the file.
        parts: (role, template) in order.
    """

    name: str
    version: str
    parts: tuple[tuple[str, str], ...]

    @property
    def variables(self) -> frozenset[str]:
        """The names the templates want."""
        return frozenset(name for _, text in self.parts for name in Template(text).get_identifiers())

    def messages(self, **values: str) -> list[tuple[str, str]]:
        """Fill the templates; values are inserted as data and are never read as templates.

        Returns:
            (role, content) pairs, the form every LangChain chat model takes.

        Raises:
            PromptError: the values are not exactly the variables.
        """
        if set(values) != self.variables:
            wrong = ", ".join(sorted(set(values) ^ self.variables))
            raise PromptError(
                f"Prompt '{self.name}' was filled with the wrong variables: {wrong}.",
                f"prompts/{self.name}.md must use exactly: {', '.join(sorted(values))}.",
            )
        return [(role, Template(text).substitute(values)) for role, text in self.parts]


@cache
def load(name: str) -> Prompt:
    """Read ``prompts/{name}.md``.

    Raises:
        PromptError: no such file, or it has no ``# system`` or ``# user`` part.
    """
    folder = _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT
    path = folder / f"{name}.md"
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise PromptError(f"Prompt file '{name}.md' is missing.", "Install the package again.") from error
    pieces = _PART.split(raw.decode("utf-8"))
    parts = tuple((role, text.strip()) for role, text in zip(pieces[1::2], pieces[2::2], strict=True))
    if not parts:
        raise PromptError(
            f"Prompt file '{name}.md' has no '# system' or '# user' part.", "See prompts/README.md."
        )
    return Prompt(name, version(raw), parts)


def version(raw: bytes) -> str:
    """First 8 hex digits of the SHA-256 of a file's bytes."""
    return hashlib.sha256(raw).hexdigest()[:8]
