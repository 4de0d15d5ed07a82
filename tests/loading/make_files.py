"""Small generators of PDF and Word files, whole and broken."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

import docx
from pypdf import PdfReader, PdfWriter

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def pdf(*pages: bytes) -> bytes:
    """A PDF whose pages have these content streams."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, content in enumerate(pages):
        packed = zlib.compress(content, 9)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % (5 + 2 * number)
        )
        objects.append(
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed) + packed + b"\nendstream"
        )
    out, offsets = b"%PDF-1.4\n", []
    for number, item in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + item + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    xref = b"xref\n0 %d\n0000000000 65535 f \n" % size + table
    return out + xref + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (size, len(out))


def pdf_page(*lines: str) -> bytes:
    shown = b" ".join(b"(%s) Tj T*" % line.encode("latin-1") for line in lines)
    return b"BT /F1 12 Tf 14 TL 72 720 Td " + shown + b" ET"


def locked_pdf(text: str) -> bytes:
    writer = PdfWriter(PdfReader(io.BytesIO(pdf(pdf_page(text)))))
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def word(title: str = "", styled: bool = True) -> bytes:
    document = docx.Document()
    document.core_properties.title = title
    if styled:
        document.add_heading("The headline", 0)
    document.add_paragraph("The first paragraph.")
    if styled:
        document.add_heading("A section", 2)
        table = document.add_table(2, 2)
        table.cell(0, 0).text, table.cell(1, 1).text = "year", "2024"
        document.add_paragraph("an item", style="List Bullet")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def without_properties(data: bytes) -> bytes:
    """The Word file as programs write it that name no title."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as whole, zipfile.ZipFile(out, "w") as rest:
        for name in whole.namelist():
            part = whole.read(name)
            if name == "_rels/.rels":
                part = re.sub(rb"<Relationship [^>]*core-properties[^>]*>", b"", part)
            if name != "docProps/core.xml":
                rest.writestr(name, part)
    return out.getvalue()


def zip_of(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return out.getvalue()


def lying_zip(size: int) -> bytes:
    """A ZIP whose directory declares 10 bytes for a member that expands to ``size``."""
    data = bytearray(zip_of(word__document_xml=b" " * size))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.index(signature) + offset
        data[place : place + 4] = (10).to_bytes(4, "little")
    return bytes(data)
