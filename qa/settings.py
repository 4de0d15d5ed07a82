"""Settings: arguments > ``QA_*`` environment > ``qa.toml`` > defaults go in, one frozen object comes out.

One section per stage; an unknown key is an error, never ignored. Knows no stage: each reads its section.
``OPENAI_API_KEY`` and ``OPENAI_BASE_URL`` are honoured the way the openai package does.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import (
    SettingsError as SourceError,
)

from qa.errors import SettingsError

__all__ = [
    "AnswerSettings",
    "ChatSettings",
    "ChunkingSettings",
    "EmbeddingsSettings",
    "IndexSettings",
    "LoadingSettings",
    "RetrievalSettings",
    "Settings",
    "load_settings",
]

CONFIG_FILE = "qa.toml"
INDEX_REVISION = 4
"""Counts changes of what is made of a text: its parts, their labels and vectors."""
DEFAULT_OPENAI_MODEL = "gpt-4.1-mini"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EndpointSettings(_Section):
    """What every call over HTTP shares: one place for waiting and retrying.

    Attributes:
        connect_seconds: to open a connection.
        read_seconds: between two pieces of an answer.
        total_seconds: for one whole answer.
        retries: after a failure worth repeating (429, 5xx, connection).
    """

    connect_seconds: float = Field(5.0, gt=0)
    read_seconds: float = Field(60.0, gt=0)
    total_seconds: float = Field(180.0, gt=0)
    retries: int = Field(2, ge=0, le=10)


class ChatSettings(EndpointSettings):
    """The model that writes answers.

    Attributes:
        model: a model's name at the endpoint; ``provider:model`` for LangChain's other providers; a path
            ending in ``.gguf`` for own weights; empty for the embedded default, or for OpenAI's default
            model where a key is set.
        base_url: an OpenAI-compatible endpoint, such as ``http://localhost:8000/v1``.
        api_key: its key; ``OPENAI_API_KEY`` where neither this nor ``base_url`` is set.
        max_tokens: of one answer.
        context_tokens: context window of the embedded model.
        threads: of the embedded model; 0 means every core this process may use.
    """

    model: str = ""
    base_url: str = ""
    api_key: SecretStr = SecretStr("")
    max_tokens: int = Field(256, ge=16, le=8192)
    context_tokens: int = Field(4096, ge=1024, le=131072)
    threads: int = Field(0, ge=0, le=256)

    @property
    def kind(self) -> Literal["local", "endpoint", "provider"]:
        """Where the model runs: in a child process here, behind a URL, or behind a LangChain provider."""
        if self.model.endswith(".gguf"):
            return "local"
        if self.base_url:
            return "endpoint"
        if ":" in self.model:
            return "provider"
        return "endpoint" if self.api_key.get_secret_value() or self.model else "local"


class EmbeddingsSettings(EndpointSettings):
    """The model that turns text into vectors.

    Attributes:
        model: empty for the embedded multilingual-e5-small; a model's name at the endpoint otherwise;
            ``provider:model`` for LangChain's other providers.
        base_url, api_key: as for the chat model.
        batch: texts in one request.
    """

    model: str = ""
    base_url: str = ""
    api_key: SecretStr = SecretStr("")
    batch: int = Field(64, ge=1, le=2048)

    @property
    def kind(self) -> Literal["local", "endpoint", "provider"]:
        """Where the embedder runs."""
        if self.base_url:
            return "endpoint"
        if ":" in self.model:
            return "provider"
        return "endpoint" if self.model else "local"


class IndexSettings(_Section):
    """Where vectors are searched.

    Attributes:
        url: a Chroma server, such as ``http://localhost:8000``; empty for the embedded one.
        collection: name of the collection on that server.
        token: bearer token that the server, or a proxy before it, asks for.
    """

    url: str = ""
    collection: str = Field("article-qa", pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._-]{1,510}[a-zA-Z0-9]$")
    token: SecretStr = SecretStr("")


class ChunkingSettings(_Section):
    """How documents are cut.

    Attributes:
        width: most of a chunk, in columns: a CJK character counts 2, any other 1.
    """

    width: int = Field(640, ge=80, le=8000)


class LoadingSettings(_Section):
    """What a source may cost.

    Attributes:
        max_bytes: of one file or download.
        seconds: for parsing one file.
        memory_bytes: address space of the parsing child.
        fetch_bytes: of one download, decoded.
        fetch_seconds: for one download with its redirects.
        allow_hosts: host names that may resolve to private addresses.
    """

    max_bytes: int = Field(100_000_000, ge=1)
    seconds: float = Field(60.0, gt=0)
    memory_bytes: int = Field(1_500_000_000, ge=100_000_000)
    fetch_bytes: int = Field(20_000_000, ge=1)
    fetch_seconds: float = Field(30.0, gt=0)
    allow_hosts: tuple[str, ...] = ()


class RetrievalSettings(_Section):
    """How passages are found.

    Attributes:
        candidates: taken from each of the two searches before they are mixed.
        keyword_weight: how many cosine points a full keyword match is worth.
        dictionary_weight: the same where a dictionary translates the keywords.
    """

    candidates: int = Field(50, ge=1, le=1000)
    keyword_weight: float = Field(2.5, ge=0, le=10)
    dictionary_weight: float = Field(0.5, ge=0, le=10)


class AnswerSettings(_Section):
    """How an answer is made from passages.

    Attributes:
        passages: chunks whose sentences may be read.
        sentences: most sentences that are read.
        evidence: most sentences that an answer is made from.
        history_turns: earlier exchanges that a follow-up question may refer to.
        stated_threshold: refuse where the model's probability that a sentence states the answer is lower; 0:
            never ask it. None: what was measured for the model (evals/EXPERIMENTS.md), .03 for the embedded
            one, .26 where question and article are English, .55 for others.
        enough: how sure the model may be of the next sentence; reading ends where that would change nothing.
        quote: whether sentences are read one at a time, and an answer in the source's language is the source
            sentence itself; else all are read at once and the answer is always written. None: for the
            embedded model, which reads and writes too poorly for the latter.
    """

    passages: int = Field(8, ge=1, le=50)
    sentences: int = Field(8, ge=1, le=100)
    evidence: int = Field(3, ge=1, le=20)
    history_turns: int = Field(3, ge=0, le=20)
    stated_threshold: float | None = Field(None, ge=0, le=1)
    enough: float = Field(0.8, ge=0, le=1)
    quote: bool | None = None


class Settings(BaseSettings):
    """Everything that can be set; see `load_settings`.

    Attributes:
        home: the folder that holds the library and its index.
    """

    model_config = SettingsConfigDict(
        env_prefix="QA_", env_nested_delimiter="__", extra="forbid", frozen=True, toml_file=CONFIG_FILE
    )

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("article-qa", appauthor=False))
    )
    chat: ChatSettings = ChatSettings()
    embeddings: EmbeddingsSettings = EmbeddingsSettings()
    index: IndexSettings = IndexSettings()
    chunking: ChunkingSettings = ChunkingSettings()
    loading: LoadingSettings = LoadingSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    answer: AnswerSettings = AnswerSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then environment, then ``qa.toml``; no ``.env`` file is read."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @model_validator(mode="before")
    @classmethod
    def _openai_environment(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Let ``OPENAI_API_KEY`` alone switch the chat model, and serve embeddings that name a model."""
        key, url = os.environ.get("OPENAI_API_KEY", ""), os.environ.get("OPENAI_BASE_URL", "")
        if not key:
            return values
        chat, embeddings = _as_dict(values.get("chat")), _as_dict(values.get("embeddings"))
        if not (chat.get("base_url") or chat.get("api_key") or _elsewhere(chat)):
            chat |= {"api_key": key, "base_url": url, "model": chat.get("model") or DEFAULT_OPENAI_MODEL}
        if embeddings.get("model") and not (embeddings.get("base_url") or embeddings.get("api_key")):
            if not _elsewhere(embeddings):
                embeddings |= {"api_key": key, "base_url": url}
        return values | {"chat": chat, "embeddings": embeddings}

    @property
    def fingerprint(self) -> str:
        """8 hex digits that change with every setting that can change an answer; secrets are left out."""
        return _digest(self.model_dump(mode="json", exclude={"home", "loading"}))

    @property
    def index_fingerprint(self) -> str:
        """8 hex digits that change with whatever makes what is stored unusable."""
        embeddings = self.embeddings.model_dump(mode="json", include={"model", "base_url"})
        made = {"embeddings": embeddings, "chunking": self.chunking.model_dump(mode="json")}
        return _digest(made | {"revision": INDEX_REVISION})


def load_settings(**overrides: Any) -> Settings:
    """Read the settings.

    Args:
        overrides: sections or ``home``, as keyword arguments: ``chat={"base_url": "..."}``.

    Raises:
        SettingsError: unknown key or wrong value; names each one and where it may have come from.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'settings'}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError(
            f"Settings are wrong: {problems}.",
            f"Look at the arguments, the QA_* environment and {CONFIG_FILE}; the README lists the names.",
        ) from error
    except (SourceError, ValueError) as error:
        raise SettingsError(
            f"{CONFIG_FILE} or a QA_* environment variable cannot be read: {error}.",
            "A section is set as QA_SECTION__NAME=value, or as [section] with name = value.",
        ) from error


def _as_dict(section: object) -> dict[str, Any]:
    if isinstance(section, BaseModel):
        return section.model_dump()
    return dict(section) if isinstance(section, dict) else {}


def _elsewhere(section: dict[str, Any]) -> bool:
    model = str(section.get("model", ""))
    return model.endswith(".gguf") or ":" in model


def _digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:8]
