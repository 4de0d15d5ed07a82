"""Bytes go in, text comes out, or the file is called binary; knows no format.

The order matters: a byte order mark says it, an escape sequence is ISO-2022-JP (which also passes as
ASCII), strict UTF-8 is never an accident, NULs betray UTF-16. Only then are the encodings of Japanese
told apart by how much of the text is everyday Japanese, since general statistics take short EUC-JP for
Korean or Chinese; all others are left to charset-normalizer. Nothing is ever dropped or replaced.
"""

from __future__ import annotations

import codecs
import re

from qa.errors import UnreadableFile
from qa.language import detect

__all__ = ["decode"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ESCAPES = (b"\x1b$B", b"\x1b$@", b"\x1b(J", b"\x1b(I", b"\x1b$(D")
_SAMPLE = 100_000  # bytes that are enough to judge an encoding by
_JAPANESE = re.compile(r"[ぁ-んァ-ヴー、。一-龠]")
_KANA = re.compile(r"[ぁ-んァ-ヴー、。]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_LEAST_JAPANESE = 0.6  # of the characters that are not ASCII
_LEAST_KANA = 0.1
_CODE_PAGES = {"cp1250": "cs hr hu pl ro sk sl sq", "cp1254": "tr az", "cp1257": "et lt lv"}


def decode(data: bytes, declared: str = "") -> str:
    r"""Decode a text file, with line ends as ``\n``.

    Args:
        data: the whole file.
        declared: the encoding that a header or the file itself names; believed where it decodes strictly.

    Raises:
        UnreadableFile: no encoding of text fits.
    """
    text = _decode(data, declared)
    if text is None or "\0" in text or _is_garbage(text):
        raise UnreadableFile(
            "The file is not text: no known encoding fits its bytes.",
            "Save it as UTF-8 text, or give the PDF, Word or HTML original.",
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decode(data: bytes, declared: str) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data, encoding)
    if any(escape in data for escape in _ESCAPES) and (text := _strict(data, "iso2022_jp_ext")) is not None:
        return text
    if (text := _strict(data, "utf-8")) is not None and "\0" not in text:
        return text
    if (encoding := _utf16(data)) or declared:
        if (text := _strict(data, encoding or declared)) is not None:
            return text
    return _japanese(data) or (None if b"\0" in data else _by_statistics(data))


def _strict(data: bytes, encoding: str) -> str | None:
    """Decode, or None where a byte does not fit, the encoding is unknown, or surrogates stand alone."""
    try:
        text = data.decode(encoding)
        text.encode("utf-8")
    except (UnicodeError, LookupError):
        return None
    return text


def _utf16(data: bytes) -> str:
    """UTF-16 without a mark: ASCII in it, spaces and line ends at least, has a NUL in every other byte."""
    sample = data[: _SAMPLE & ~1]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if len(data) % 2 or 4 * (even + odd) < len(sample):  # fewer NULs are in Japanese too
        return ""
    return "utf-16-le" if odd > 10 * even else "utf-16-be" if even > 10 * odd else ""


def _japanese(data: bytes) -> str | None:
    """The encoding of Japan that gives most everyday Japanese; None where none gives enough."""
    best, best_score = None, 0.0
    for encoding in ("euc_jp", "cp932", "utf-16-le", "utf-16-be"):
        text = _strict(data, encoding)
        foreign = "".join(letter for letter in text[:_SAMPLE] if letter > "\x7f") if text else ""
        if not foreign:
            continue
        share, kana = (len(pattern.findall(foreign)) / len(foreign) for pattern in (_JAPANESE, _KANA))
        if share >= _LEAST_JAPANESE and kana >= _LEAST_KANA and share + kana > best_score:
            best, best_score = text, share + kana
    return best


def _by_statistics(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    matches = from_bytes(data[:_SAMPLE])
    names = [match.encoding for match in matches if not match.encoding.startswith("utf")]
    if "cp1252" in names:  # its likes differ in few letters, so the language decides
        language = detect(data.decode("cp1252", "replace"))
        page = next((page for page, codes in _CODE_PAGES.items() if language in codes.split()), "cp1252")
        names = [page, "cp1252", *names]
    return next((text for name in names if (text := _strict(data, name)) is not None), None)


def _is_garbage(text: str) -> bool:
    """Whether control characters betray that bytes were read as letters."""
    sample = text[:_SAMPLE]
    return len(_CONTROL.findall(sample)) > 0.01 * len(sample)
