"""PDF: a file's bytes go in, its text comes out as paragraphs.

A PDF holds lines, not paragraphs: a line that stops short of the right edge, or is followed by a gap, ends
one. Page numbers and lines that most pages repeat are left out.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator

from pypdf import PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError

from qa.errors import UnreadableFile
from qa.loading.page import Page, Part

__all__ = ["read"]

_JUNK_TITLE = re.compile(
    r"untitled|microsoft (?:word|powerpoint)\b.*|.*\.(?:docx?|pdf|tex|indd|pptx?)|\W*", re.I
)
_PAGE_NUMBER = re.compile(r"(?:(?:page |p\. ?|- ?|seite )?\d{1,3}(?: ?-| ?(?:/|of|von) ?\d{1,3})?)?", re.I)
_FULL_LINE = 0.8  # of the widest lines; a shorter line ends its paragraph
_CJK = re.compile(r"[\u3000-\u30ff\u4e00-\u9fff\uff00-\uff60]")


def read(data: bytes, declared: str = "") -> Page:
    """Read a PDF file; ``declared`` is of no use here.

    Raises:
        UnreadableFile: protected by a password, expanding too much, or scanned.
    """
    try:
        return _read(data)
    except (FileNotDecryptedError, DependencyError) as error:
        raise UnreadableFile(
            "The PDF is protected by a password.", "Open it with the password and save a copy without one."
        ) from error
    except LimitReachedError as error:
        raise UnreadableFile(
            "The PDF expands to far more than its size.",
            "It may be an attack; if it is yours, print it to a new PDF.",
        ) from error


def _read(data: bytes) -> Page:
    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        raise FileNotDecryptedError("needs a password")
    pages = [page.extract_text().split("\n") for page in reader.pages]
    paragraphs = list(_paragraphs(_without_running_lines(pages)))
    if not any(paragraph.strip() for paragraph in paragraphs):
        raise UnreadableFile(
            f"The PDF holds no text on any page ({len(pages)} in all); it may be scanned.",
            "Run text recognition (OCR) on it first.",
        )
    title = str((reader.metadata.title if reader.metadata else "") or "").strip()
    return Page.from_parts("" if _JUNK_TITLE.fullmatch(title) else title, map(Part, paragraphs))


def _without_running_lines(pages: list[list[str]]) -> Iterator[list[str]]:
    """Leave out page numbers, and a first or last line that most of at least three pages share."""
    trimmed = [_trim(page) for page in pages]
    edges = Counter(_shape(line) for page in trimmed for line in {*page[:1], *page[-1:]})
    for page in trimmed:
        first, last = (
            edges[_shape(line)] > max(2, len(pages) / 2) for line in (page[:1] + page[-1:] or ["", ""])
        )
        yield page[int(first) : len(page) - int(last)]


def _trim(page: list[str]) -> list[str]:
    """A page without blank lines and page numbers at its ends."""
    kept = [number for number, line in enumerate(page) if not _PAGE_NUMBER.fullmatch(line.strip())]
    return page[kept[0] : kept[-1] + 1] if kept else []


def _shape(line: str) -> str:
    """A line with its numbers made alike, as running lines differ by page number only."""
    return re.sub(r"\d+", "0", line.strip())


def _paragraphs(pages: Iterator[list[str]]) -> Iterator[str]:
    paragraph = ""
    for page in pages:
        widths = sorted(len(line.strip()) for line in page if line.strip())
        full = widths[int(len(widths) * 0.9)] * _FULL_LINE if widths else 0
        for line in map(str.strip, page):
            paragraph = _join(paragraph, line)
            if not line or (len(line) < full and not line.endswith("-")):
                yield paragraph
                paragraph = ""
    yield paragraph


def _join(paragraph: str, line: str) -> str:
    """Put two lines together: without a space between CJK characters, without the hyphen of a cut word."""
    if not paragraph or not line:
        return paragraph + line
    if re.search(r"[^\W\d_]-$", paragraph) and line[0].islower():
        return paragraph[:-1] + line
    glue = "" if _CJK.match(paragraph[-1]) or _CJK.match(line[0]) else " "
    return paragraph + glue + line
