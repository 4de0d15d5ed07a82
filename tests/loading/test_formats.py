from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_files import pdf, pdf_page, without_properties, word

from qa.data import Document
from qa.errors import UnreadableFile
from qa.loading import discover, from_text, load
from qa.settings import LoadingSettings

SETTINGS = LoadingSettings()
PAGE = """<html><head><title>Big deal | The Site</title><meta name="author" content="Jane Doe">
<meta property="og:title" content="Big deal"></head><body>
<nav><a href="/">Home</a> <a href="/x">News</a></nav>
<article><h1>Big deal</h1><p>{lead}</p><p class="share">Share this article</p><h2>Why it matters</h2>
<p>Because it is <b>big</b>,<br>they say.</p>
<ul><li>one item</li><li>two items</li></ul><table><tr><th>year</th><td>2024</td></tr></table></article>
<footer>Copyright 2024</footer><script>alert("x")</script></body></html>"""


def read(folder: Path, name: str, data: bytes) -> Document:
    path = folder / name
    path.write_bytes(data)
    document = load(str(path), SETTINGS)
    check_blocks(document)
    assert document.source == str(path)
    return document


def check_blocks(document: Document) -> None:
    """Blocks are in order, do not overlap, and leave nothing but white space out."""
    end = 0
    for block in document.blocks:
        assert end <= block.start < block.end
        assert not document.text[end : block.start].strip()
        end = block.end
    assert not document.text[end:].strip()


def kinds(document: Document) -> list[tuple[str, str]]:
    return [(block.kind, document.text[block.start : block.end]) for block in document.blocks]


def test_text_keeps_every_character(tmp_path: Path) -> None:
    original = "  A headline \u200b\n\n\tFirst line.  \n   \nSecond \u202eline\u00a0.\n\n"
    document = read(tmp_path, "a.txt", b"\xef\xbb\xbf" + original.replace("\n", "\r\n").encode())
    assert document.text == original
    assert document.language == "en"


def test_title_of_a_text_is_its_headline_or_its_name(tmp_path: Path) -> None:
    paragraph = b"The company said on Monday that it would buy the rest of its rival for cash."
    assert read(tmp_path, "a.txt", b"Big deal announced\n\n" + paragraph).title == "Big deal announced"
    assert read(tmp_path, "my notes.txt", paragraph).title == "my notes"


def test_markdown_keeps_its_text_and_knows_its_structure(tmp_path: Path) -> None:
    text = "---\ntitle: 'Deal'\n---\n# A *deal*\n\nIt is big.\n\n## Why\n\n- one\n- two\n\n```\n# code\n```\n"
    document = read(tmp_path, "a.md", text.encode())
    assert document.text == text
    assert document.title == "Deal"
    assert kinds(document) == [
        ("body", "---\ntitle: 'Deal'\n---"),
        ("title", "# A *deal*"),
        ("body", "It is big."),
        ("heading", "## Why"),
        ("body", "- one\n- two"),
        ("body", "```\n# code\n```"),
    ]
    assert read(tmp_path, "b.md", b"# Big *deal*\n\nIt is big.").title == "Big deal"


@pytest.mark.parametrize("lead", ["The deal was announced on Monday by both companies. " * 6, "短い記事。"])
def test_html_gives_the_main_text_with_title_author_and_headings(tmp_path: Path, lead: str) -> None:
    document = read(tmp_path, "a.html", PAGE.format(lead=lead).encode())
    assert document.title == "Big deal"
    assert kinds(document)[:3] == [("title", "Big deal"), ("byline", "Jane Doe"), ("body", lead.strip())]
    assert ("heading", "Why it matters") in kinds(document)
    assert ("body", "Because it is big,\nthey say.") in kinds(document)
    assert ("body", "- one item\n- two items") in kinds(document)
    assert ("body", "year | 2024") in kinds(document)
    assert "alert" not in document.text and "Home" not in document.text
    assert ("body", "Share this article") not in kinds(document)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<blockquote><p>It was hard.</p><p>We won.</p></blockquote>", "It was hard.\nWe won."),
        ("<blockquote>See<ul><li>one</li><li>two</li></ul></blockquote>", "See\n- one\n- two"),
        ("<ul><li><p>It was hard.</p><p>We won.</p></li><li>Yes</li></ul>", "- It was hard.\nWe won.\n- Yes"),
        (
            "<ul><li>Fruit<ul><li>Apples</li><li>Pears</li></ul>and more</li><li>Bread</li></ul>",
            "- Fruit\n- Apples\n- Pears\nand more\n- Bread",
        ),
        ("<ol><li><ul><li>one</li></ul></li><li> </li><li>two<br>three</li></ol>", "- one\n- two\nthree"),
        ("<ul><li>Run<pre>make it</pre>now</li></ul>", "- Run\nmake it\nnow"),
        (
            "<table><tr><td>2024</td><td><p>It was hard.</p><p>We won.</p></td></tr></table>",
            "2024 | It was hard. We won.",
        ),
        ("<table><tr><td>one<br>two</td><td>three</td></tr></table>", "one two | three"),
        (
            "<p>He <b>said <i>that</i> once</b>, <q>so</q> it <code>is</code>.</p>",
            "He said that once, so it is.",
        ),
    ],
)
def test_html_keeps_blocks_apart_and_gives_each_word_once(tmp_path: Path, markup: str, text: str) -> None:
    lead = "<p>" + "The deal was announced on Monday by both companies. " * 6 + "</p>"
    last = lead.replace("both", "two")
    page = f"<html><body><article><h1>Deal</h1>{lead}{markup}{last}</article></body></html>"
    assert ("body", text) in kinds(read(tmp_path, "a.html", page.encode()))


@pytest.mark.parametrize("encoding", ["shift_jis", "euc_jp", "iso2022_jp", "utf-16", "utf-8"])
def test_html_in_the_encodings_of_japan(tmp_path: Path, encoding: str) -> None:
    page = (
        f"<html><head><meta charset={encoding}></head><body><p>会社は買収を発表しました。</p></body></html>"
    )
    assert "会社は買収を発表しました。" in read(tmp_path, "a.html", page.encode(encoding)).text


def test_pdf_lines_become_paragraphs(tmp_path: Path) -> None:
    pages = [
        pdf_page(
            "The Daily Report",
            f"On page {number} a paragraph begins that goes on over more than one",
            "line, and one of its words is cut at the end of a line, so it is hy-",
            "phenated there.",
            f"Paragraph {number * 'x'} is short.",
            str(number),
        )
        for number in (1, 2, 3)
    ]
    document = read(tmp_path, "report.pdf", pdf(*pages))
    assert document.title == "report"
    assert document.text.split("\n\n")[:2] == [
        "On page 1 a paragraph begins that goes on over more than one line, and one of its words is cut "
        "at the end of a line, so it is hyphenated there.",
        "Paragraph x is short.",
    ]
    assert "Daily Report" not in document.text


def test_word_styles_are_kinds(tmp_path: Path) -> None:
    document = read(tmp_path, "a.docx", word())
    assert document.title == "The headline"
    assert kinds(document) == [
        ("title", "The headline"),
        ("body", "The first paragraph."),
        ("heading", "A section"),
        ("body", "year | \n | 2024"),
        ("body", "- an item"),
    ]
    assert read(tmp_path, "b.docx", word(title="From the properties")).title == "From the properties"
    assert read(tmp_path, "c.docx", word(styled=False)).title == "c"
    assert read(tmp_path, "d.docx", without_properties(word())).title == "The headline"
    assert read(tmp_path, "e.docx", without_properties(word(styled=False))).title == "e"


def test_content_says_what_a_file_is_where_its_name_does_not(tmp_path: Path) -> None:
    assert "words in it" in read(tmp_path, "paper.txt", pdf(pdf_page("words in it"))).text
    assert read(tmp_path, "README", b"# not markdown").text == "# not markdown"
    assert "<b>" in read(tmp_path, "page.txt", b"<html><b>kept</b></html>").text
    assert read(tmp_path, "about.txt", b"A PDF starts with %PDF-1.4, they say.").text.startswith("A PDF")


def test_from_text() -> None:
    document = from_text("mail:1", "", "\ufeffBig deal announced\r\n\r\nIt is big.\rVery.")
    assert document.text == "Big deal announced\n\nIt is big.\nVery."
    assert from_text("x", "Given", "Words.").title == "Given"
    assert from_text("x", "Given", "Words.").id != from_text("y", "Given", "Words.").id
    for bad, words in (("", "empty"), (" \n", "empty"), ("a\0b", "binary"), ("a\ud800b", "binary")):
        with pytest.raises(UnreadableFile, match=words):
            from_text("x", "", bad)


@given(st.text(), st.text(max_size=20))
def test_blocks_cover_any_text(text: str, title: str) -> None:
    try:
        document = from_text("x", title, text)
    except UnreadableFile:
        return
    assert document.text == text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    check_blocks(document)


def test_discover(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / ".git").mkdir()
    for name in ("b.txt", "a.md", "sub/c.pdf", ".hidden.txt", ".git/d.txt", "e.xyz"):
        (root / name).write_text("x")
    (tmp_path / "outside.txt").write_text("x")
    os.symlink(tmp_path / "outside.txt", root / "leak.txt")
    os.symlink(tmp_path, root / "up")
    os.symlink(root / "b.txt", root / "z.txt")
    os.symlink(root / "nowhere", root / "broken.txt")
    os.symlink(root / "circle.txt", root / "circle.txt")
    if hasattr(os, "mkfifo"):
        os.mkfifo(root / "pipe.txt")
    found = [str(Path(path).relative_to(root)) for path in discover(root)]
    pipe = ["pipe.txt"] if hasattr(os, "mkfifo") else []
    assert found == ["a.md", "b.txt", "broken.txt", "circle.txt", "e.xyz", *pipe, "sub/c.pdf", "z.txt"]
    assert discover(str(root / "b.txt")) == [root / "b.txt"]
    assert discover("https://example.org/a") == ["https://example.org/a"]
