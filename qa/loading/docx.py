"""Word: a .docx file's bytes go in, its paragraphs, headings and tables come out.

A .docx is a ZIP of XML. What it may expand to is checked before a parser sees it: the sizes it declares,
their ratio, and the bytes that really come out, since a declaration can lie.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

from docx import Document as open_docx
from docx.document import Document as DocxDocument
from docx.table import Table
from docx.text.paragraph import Paragraph

from qa.errors import UnreadableFile
from qa.loading.page import Page, Part

__all__ = ["read"]

_MOST_BYTES = 200_000_000
_MOST_RATIO = 100
_SMALL = 1_000_000  # bytes that may be packed as tightly as they like
_NO_TITLE = "Word Document"  # what python-docx says where a file has no properties
_HEADING = re.compile(r"Heading (\d)")


def read(data: bytes, declared: str = "") -> Page:
    """Read a Word file; ``declared`` is of no use here.

    Raises:
        UnreadableFile: another kind of ZIP, or expanding too much.
    """
    _check_expansion(data)
    document = open_docx(io.BytesIO(data))
    parts = list(_parts(document))
    if not any(part.text.strip() for part in parts):
        raise UnreadableFile(
            "The Word file holds no text.", "Text inside pictures cannot be read: type or OCR it."
        )
    title = document.core_properties.title.strip()
    return Page.from_parts(_first(parts) if title in ("", _NO_TITLE) else title, parts)


def _check_expansion(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if not any(member.filename == "word/document.xml" for member in members):
            raise UnreadableFile(
                "The file is a ZIP archive but not a Word file.",
                "Unpack it and add the files in it one by one.",
            )
        _check_size(sum(member.file_size for member in members), len(data))
        real = 0
        for member in members:
            with archive.open(member) as stream:
                while piece := stream.read(1 << 20):
                    real += len(piece)
                    _check_size(real, len(data))


def _check_size(expanded: int, packed: int) -> None:
    if expanded > _MOST_BYTES or expanded > max(_SMALL, _MOST_RATIO * packed):
        raise UnreadableFile(
            "The Word file expands to far more than its size.",
            "It may be an attack; if it is yours, save it again.",
        )


def _parts(document: DocxDocument) -> Iterator[Part]:
    for item in document.iter_inner_content():
        if isinstance(item, Table):
            yield Part("\n".join(_rows(item)))
            continue
        style = str(item.style.name if item.style else "")
        heading = _HEADING.fullmatch(style)
        if style == "Title":
            yield Part(item.text, "title", 1)
        elif heading:
            yield Part(item.text, "heading", int(heading[1]))
        else:
            yield Part(_with_mark(item, style))


def _with_mark(paragraph: Paragraph, style: str) -> str:
    return f"- {paragraph.text}" if style.startswith("List") and paragraph.text.strip() else paragraph.text


def _rows(table: Table) -> Iterator[str]:
    """Rows as "a | b"; a cell that spans columns comes once."""
    for row in table.rows:
        cells = dict.fromkeys((cell._tc, " ".join(cell.text.split())) for cell in row.cells)
        if any(text for _, text in cells):
            yield " | ".join(text for _, text in cells)


def _first(parts: list[Part]) -> str:
    return next((part.text for part in parts if part.kind in ("title", "heading")), "")
