"""The one tree of errors that leave this package; knows nothing else of it.

    QAError                    message, hint, retryable
    ├── SettingsError          a setting is wrong or unknown
    ├── PromptError            a prompt file is missing or lacks a variable
    ├── LoadError              a source could not be read
    │   ├── UnsupportedFormat  no reader for this kind of file
    │   ├── UnreadableFile     empty, damaged, protected, too big, without text
    │   └── FetchRefused       a URL that is not allowed, not found or too big
    ├── StoreError             the library or its index
    │   ├── IndexMissing       nothing has been added yet
    │   ├── IndexMismatch      made by another version, embedder or chunking
    │   └── IndexUnavailable   locked by another writer, unreachable, disk full
    └── ModelError             the chat model or the embedder
        ├── ModelUnavailable   cannot be reached now (retryable)
        ├── ModelRejected      answered "no": key, model name, request
        │   └── RequestTooLong more than the model can read
        └── ModelFileInvalid   weights missing or not the published bytes

Adapters translate a library's exceptions at its edge (``raise ... from error``); the layers between
catch nothing; the command line prints ``error:`` and ``hint:``.
"""

from __future__ import annotations

__all__ = [
    "FetchRefused",
    "IndexMismatch",
    "IndexMissing",
    "IndexUnavailable",
    "LoadError",
    "ModelError",
    "ModelFileInvalid",
    "ModelRejected",
    "ModelUnavailable",
    "PromptError",
    "QAError",
    "RequestTooLong",
    "SettingsError",
    "StoreError",
    "UnreadableFile",
    "UnsupportedFormat",
]


class QAError(Exception):
    """Anything this package refuses or fails to do, in words for the person who asked.

    Attributes:
        message: one sentence that says what is wrong; holds no key, no traceback.
        hint: what to do about it; "" when there is nothing to do.
    """

    retryable = False

    def __init__(self, message: str, hint: str = "") -> None:
        """Keep ``message`` (one sentence) and ``hint`` (what to do)."""
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[type[QAError], tuple[str, str]]:
        """Pickle with both fields, so that an error can cross from a child process."""
        return type(self), (self.message, self.hint)


class SettingsError(QAError):
    """A setting is wrong or unknown."""


class PromptError(QAError):
    """A prompt file is missing, or its variables are not those its user gives."""


class LoadError(QAError):
    """A source could not be read."""


class UnsupportedFormat(LoadError):
    """No reader for this kind of file."""


class UnreadableFile(LoadError):
    """The file is empty, damaged, protected, too big, or holds no text."""


class FetchRefused(LoadError):
    """A URL that is not allowed, cannot be had, or is too big."""


class StoreError(QAError):
    """The library of documents or its index."""


class IndexMissing(StoreError):
    """Nothing has been added yet."""


class IndexMismatch(StoreError):
    """The index was made by another version, or with another embedder or chunking than the settings name."""


class IndexUnavailable(StoreError):
    """Another process is writing, the server is away, or the disk is full."""


class ModelError(QAError):
    """The chat model or the embedder."""


class ModelUnavailable(ModelError):
    """The model cannot be reached now; trying again may help."""

    retryable = True


class ModelRejected(ModelError):
    """The endpoint answered "no": wrong key, unknown model, bad request."""


class RequestTooLong(ModelRejected):
    """The chat model is asked to read more than it can; with fewer passages or less history it may answer."""


class ModelFileInvalid(ModelError):
    """The model's weights are missing or are not the published bytes."""
