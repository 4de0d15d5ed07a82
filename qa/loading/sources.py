"""Which files and pages there are to read, what format each is, and the document each becomes."""

from __future__ import annotations

import logging
import os
import re
import stat
from pathlib import Path
from urllib.parse import unquote, urlsplit

from qa.data import Document
from qa.errors import FetchRefused, LoadError, UnreadableFile, UnsupportedFormat
from qa.language import detect
from qa.loading import blocks
from qa.loading import text as plain_text
from qa.loading.child import parse
from qa.loading.fetch import fetch
from qa.loading.page import Page
from qa.settings import LoadingSettings

__all__ = ["discover", "from_text", "load"]

_log = logging.getLogger(__name__)

SUFFIXES = (".txt", ".md", ".markdown", ".html", ".htm", ".pdf", ".docx")
_FORMATS = "Readable are .txt, .md, .html, .pdf and .docx."
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")
_PDF, _ZIP, _OLE = b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_OOXML = "EncryptedPackage".encode("utf-16-le")


def discover(target: str | Path) -> list[str | Path]:
    """List what a target holds.

    Args:
        target: a file, a folder with all below it, or an http(s) URL.

    Returns:
        The URL, or absolute paths, sorted. Hidden files and folders, and links that lead out of the folder,
        are left out; folders that may not be read, broken links and files of other formats are not, so that
        `load` can say why they were not read.

    Raises:
        LoadError: there is no such path, or the folder holds nothing that can be read.
    """
    if isinstance(target, str) and _URL.match(target):
        return [_web_address(target)]
    path = _path(target)
    try:
        if not path.is_dir():
            path.stat()
            return [Path(os.path.abspath(path))]
    except (OSError, ValueError) as error:
        raise _missing(str(target), error) from error
    root = path.resolve()
    found = [path for path in _walk(Path(os.path.abspath(path))) if _is_inside(path, root)]
    if not any(path.suffix.lower() in SUFFIXES or os.path.isdir(path) for path in found):
        raise LoadError(f"The folder '{target}' holds no file that can be read.", _FORMATS)
    return list(found)


def load(source: str | Path, settings: LoadingSettings) -> Document:
    """Read one file or page.

    Raises:
        UnsupportedFormat: no reader for this kind of file.
        UnreadableFile: empty, damaged, protected, too big, too slow to read, or without text.
        FetchRefused: a URL that is not allowed, not found or too big.
        LoadError: no such file, or not a file.
    """
    if isinstance(source, str) and _URL.match(source):
        name = _web_address(source).split("#")[0]
        download = fetch(name, settings)
        data, declared = download.data, download.charset
        place = Path(unquote(urlsplit(download.url).path))
        title, suffix = place.stem or urlsplit(download.url).netloc, download.suffix or place.suffix.lower()
    else:
        path = Path(os.path.abspath(_path(source)))
        data, declared = _read_file(path, settings.max_bytes), ""
        name, title, suffix = str(path), path.stem, path.suffix.lower()
    page = _page(data, suffix, declared, settings)
    if not page.text.strip():
        raise UnreadableFile("The file holds no text, only white space.", "Check that it is the right file.")
    title = " ".join((page.title or title).split())[:300]
    return Document.create(name, title, page.text, page.blocks, detect(page.text))


def from_text(source: str, title: str, text: str) -> Document:
    r"""Make a document of text that the caller already has.

    Args:
        source: what to call its origin; adding the same source again replaces it.
        title: "" to take the headline, if there is one, or else the source's name.
        text: kept as it is, except that line ends become ``\n``.

    Raises:
        UnreadableFile: it is empty, or holds characters that are no text (NUL, lone surrogates).
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise UnreadableFile(f"The text of '{source}' is empty.", "Give text with words in it.")
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in set(text)):
        raise UnreadableFile(f"The text of '{source}' is binary data.", "Decode it before adding it.")
    found, marked = blocks.mark(text, title)
    return Document.create(source, found or Path(source).stem or source, text, marked, detect(text))


def _web_address(target: str) -> str:
    if not target.lower().startswith(("http://", "https://")):
        raise FetchRefused(
            f"Only http and https URLs are fetched, not '{target.split('://')[0]}'.",
            "Give a file by its path.",
        )
    return target


def _path(target: str | Path) -> Path:
    """A path as a shell reads it: a tilde before no user's name is a letter (Word's ~$report.docx)."""
    try:
        return Path(target).expanduser()
    except RuntimeError:
        return Path(target)


def _missing(target: str, error: Exception) -> LoadError:
    if isinstance(error, PermissionError):
        return UnreadableFile(f"'{target}' may not be read.", "Change its permissions, or run as its owner.")
    if os.path.islink(target):
        return LoadError(f"'{target}' is a link that leads nowhere.", "Mend the link, or remove it.")
    return LoadError(
        f"'{target}' does not exist.", "Check the spelling; a URL starts with http:// or https://."
    )


def _walk(root: Path) -> list[Path]:
    """All files below a folder that are not hidden, and folders that cannot be entered; links are not."""
    found, errors = [], list[OSError]()
    for folder, folders, files in os.walk(root, onerror=errors.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(folder, name) for name in files if not name.startswith(".")]
    return sorted([*found, *(Path(error.filename) for error in errors)])


def _is_inside(path: Path, root: Path) -> bool:
    """Whether a path stays in the folder, after following links, or leads to nothing that could be read."""
    try:
        inside = path.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):  # a link to nowhere, or in a circle
        return True
    if not inside:
        _log.warning("left out, since it leads out of this folder: %s", path)
    return inside


def _read_file(path: Path, max_bytes: int) -> bytes:
    """Read a regular file whose size is known to be allowed."""
    try:
        file = open(path, "rb", opener=_open_without_waiting)
    except (OSError, ValueError) as error:
        is_folder = os.path.isdir(path) and not isinstance(error, PermissionError)
        raise (_is_folder(path) if is_folder else _missing(str(path), error)) from error
    with file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise LoadError(f"'{path}' is a device or pipe, not a file.", "Give a regular file.")
        if status.st_size > max_bytes:
            raise _too_big(status.st_size, max_bytes)
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise _too_big(len(data), max_bytes)
    if not data:
        raise UnreadableFile(
            f"'{path.name}' is empty: it has 0 bytes.", "Check that it was saved completely."
        )
    return data


def _open_without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe without a writer must not hold the program for ever."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _is_folder(path: Path) -> LoadError:
    return LoadError(f"'{path}' is a folder.", "Add it as a folder, which reads every file in it.")


def _too_big(size: int, max_bytes: int) -> UnreadableFile:
    return UnreadableFile(
        f"The file has {size:,} bytes, more than the {max_bytes:,} allowed.",
        "Split it, or raise loading.max_bytes to allow it.",
    )


def _page(data: bytes, suffix: str, declared: str, settings: LoadingSettings) -> Page:
    suffix = _format(data, suffix)
    # Decoding needs no parser, so it needs no child: this keeps folders of many small texts quick.
    return plain_text.read(data, declared) if suffix == ".txt" else parse(data, suffix, declared, settings)


def _format(data: bytes, suffix: str) -> str:
    """The format by content, where content tells, else by name.

    Raises:
        UnsupportedFormat: neither is known.
        UnreadableFile: content and name contradict each other, or it is protected.
    """
    if data[:64].lstrip().startswith(_PDF) or (suffix == ".pdf" and _PDF in data[:1024]):
        return ".pdf"
    if data.startswith(_OLE):
        raise _old_office(data)
    if data.startswith(_ZIP) and suffix in ("", ".docx", ".zip"):
        return ".docx"  # its reader tells other archives apart
    if suffix in (".pdf", ".docx"):
        kind = "a web page" if _is_web_page(data) else "one"
        raise UnreadableFile(
            f"The file is named {suffix} but is {'not ' * (kind == 'one')}{kind}.",
            "It may be a login or error page that was saved instead of the document: download it again.",
        )
    if suffix in SUFFIXES:
        return suffix
    if not suffix:
        return ".html" if _is_web_page(data) else ".txt"
    raise UnsupportedFormat(f"Files named '{suffix}' are not read.", _FORMATS)


def _is_web_page(data: bytes) -> bool:
    head = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml")) or b"<html" in head


def _old_office(data: bytes) -> UnreadableFile | UnsupportedFormat:
    if _ENCRYPTED_OOXML in data:
        return UnreadableFile(
            "The Word file is protected by a password.",
            "Open it with the password and save a copy without one.",
        )
    return UnsupportedFormat("The file is of an old Office format (.doc).", "Save it as .docx or PDF.")
