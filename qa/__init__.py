"""Cited, checked answers about articles; see `qa.assistant.Assistant`.

Importing this package has no side effects and loads no model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.data import AddReport, Answer, Citation, Hit, Sentence
    from qa.errors import QAError

__all__ = ["AddReport", "Answer", "Assistant", "Citation", "Hit", "QAError", "Sentence", "__version__"]

__version__ = "0.1.0"

_HOMES = {"Assistant": "qa.assistant", "QAError": "qa.errors"}


def __getattr__(name: str) -> Any:
    """Import public names on first use, so that ``import qa`` stays quick."""
    if name not in __all__:
        raise AttributeError(f"module 'qa' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES.get(name, "qa.data")), name)
