from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from make_files import OLE, locked_pdf, lying_zip, pdf, pdf_page, word, zip_of

from qa.errors import FetchRefused, LoadError, UnreadableFile, UnsupportedFormat
from qa.loading import child, discover, load
from qa.settings import LoadingSettings

SETTINGS = LoadingSettings()
LOOPING_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj "
    b"2 0 obj<</Type/Pages/Kids[2 0 R]/Count 1>>endobj trailer<</Root 1 0 R>>"
)
BOMB_PDF = pdf(b"BT " + b"(aaaa) Tj T* " * 7_000_000 + b"ET")
SLOW_PDF = pdf(b"BT /F1 12 Tf " + b"(aaaa) Tj T* " * 600_000 + b" ET")


@pytest.mark.parametrize(
    ("name", "data", "error", "words"),
    [
        ("zero.txt", b"", UnreadableFile, "0 bytes"),
        ("zero.pdf", b"", UnreadableFile, "0 bytes"),
        ("blank.txt", b" \n\t\n \xe3\x80\x80", UnreadableFile, "only white space"),
        ("blank.md", b"\n\n", UnreadableFile, "only white space"),
        ("binary.txt", bytes(range(256)) * 20, UnreadableFile, "not text"),
        ("nul.txt", b"text\0with NUL inside", UnreadableFile, "not text"),
        ("surrogate.txt", b"\xff\xfe\x00\xd8a\x00", UnreadableFile, "not text"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(50), UnsupportedFormat, "'.png' are not read"),
        ("table.xlsx", zip_of(xl__workbook_xml=b"<x/>"), UnsupportedFormat, "'.xlsx' are not read"),
        ("login.pdf", b"<!DOCTYPE html><html><body>Log in</body></html>", UnreadableFile, "is a web page"),
        ("notes.pdf", b"just words", UnreadableFile, "is not one"),
        ("notes.docx", b"just words", UnreadableFile, "is not one"),
        ("locked.pdf", locked_pdf("hidden"), UnreadableFile, "protected by a password"),
        ("locked.docx", OLE + bytes(500) + "EncryptedPackage".encode("utf-16-le"), UnreadableFile, "protec"),
        ("old.doc", OLE + bytes(500), UnsupportedFormat, "old Office format"),
        ("scan.pdf", pdf(b"", b"", b""), UnreadableFile, "may be scanned"),
        ("cut.pdf", pdf(pdf_page("words"))[:300], UnreadableFile, "PDF is damaged"),
        ("junk.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 20, UnreadableFile, "PDF is damaged"),
        ("loop.pdf", LOOPING_PDF, UnreadableFile, "PDF is damaged"),
        ("cut.docx", word()[:2000], UnreadableFile, "Word file is damaged"),
        ("hollow.docx", zip_of(word__document_xml=b"<a/>"), UnreadableFile, "Word file is damaged"),
        ("plain.docx", zip_of(notes=b"words"), UnreadableFile, "not a Word file"),
        ("some.zip", zip_of(notes=b"words"), UnreadableFile, "not a Word file"),
        ("ratio.docx", zip_of(word__document_xml=b" " * 20_000_000), UnreadableFile, "expands to far more"),
        ("lying.docx", lying_zip(20_000_000), UnreadableFile, "Word file"),
        ("empty.html", b"<html><body><script>x = 1</script></body></html>", UnreadableFile, "no main text"),
        ("bomb.pdf", BOMB_PDF, UnreadableFile, "expands to far more"),
    ],
)  # fmt: skip
def test_each_bad_input_has_its_own_words(
    tmp_path: Path, name: str, data: bytes, error: type[LoadError], words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(error, match=words) as caught:
        load(str(path), SETTINGS)
    assert type(caught.value) is error
    assert caught.value.hint.endswith(".") and len(caught.value.message) < 200


def test_big_file_is_refused_by_its_size_unread(tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    started = time.monotonic()
    with pytest.raises(UnreadableFile, match="200,000,000 bytes, more than the 100,000,000"):
        load(str(path), SETTINGS)
    assert time.monotonic() - started < 0.5


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX")
def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    for source, words in (
        (tmp_path / "pipe.txt", "device or pipe"),
        (Path("/dev/zero"), "device or pipe"),
        (tmp_path, "is a folder"),
        (tmp_path / "gone.txt", "does not exist"),
        (tmp_path / "nul\0.txt", "does not exist"),
    ):
        with pytest.raises(LoadError, match=words):
            load(str(source), SETTINGS)


def test_a_tilde_before_no_users_name_is_a_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Word's lock files begin with one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "~$report.docx").write_bytes(b"\x05Owner")
    assert discover("~$report.docx") == [tmp_path / "~$report.docx"]
    with pytest.raises(UnreadableFile, match="named .docx but is not one"):
        load("~$report.docx", SETTINGS)
    for read in (discover, lambda source: load(source, SETTINGS)):
        with pytest.raises(LoadError, match="'.*~no-such-user/x.txt' does not exist"):
            read("~no-such-user/x.txt")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("secret")
    path.chmod(0)
    with pytest.raises(UnreadableFile, match="may not be read"):
        load(str(path), SETTINGS)


def test_permission_error_of_the_system_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "mine.txt").write_text("secret")
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UnreadableFile, match="may not be read"):
        load(str(tmp_path / "mine.txt"), SETTINGS)


@pytest.mark.parametrize(
    ("limits", "words"),
    [({"seconds": 1.0}, "longer than 1 seconds"), ({"memory_bytes": 150_000_000}, "more memory")],
)
def test_file_that_costs_too_much_is_stopped_and_the_next_is_read(
    tmp_path: Path, limits: dict[str, float], words: str
) -> None:
    settings = SETTINGS.model_copy(update=limits)
    (tmp_path / "slow.pdf").write_bytes(SLOW_PDF)
    (tmp_path / "good.md").write_text("# Head\n\nBody.")
    started = time.monotonic()
    with pytest.raises(UnreadableFile, match=words):
        load(str(tmp_path / "slow.pdf"), settings)
    assert time.monotonic() - started < 20
    assert load(str(tmp_path / "good.md"), SETTINGS).title == "Head"


def test_child_that_died_waiting_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("# Head\n\nBody.")
    load(str(tmp_path / "good.md"), SETTINGS)
    assert child._idle
    for process in child._idle:
        process._process.kill()
        process._process.wait()
    assert load(str(tmp_path / "good.md"), SETTINGS).title == "Head"


def test_child_knows_no_secrets_and_imports_nothing_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for process in list(child._idle):
        child._idle.remove(process)
        process.stop()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "markdown_it.py").write_text("raise SystemExit('imported from the folder')")
    (tmp_path / "good.md").write_text("# Head\n\nBody.")
    assert load("good.md", SETTINGS).title == "Head"
    environment = Path(f"/proc/{child._idle[0]._process.pid}/environ")
    if environment.exists():
        assert b"sk-secret" not in environment.read_bytes()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder / "none", "does not exist"),
        (lambda folder: folder, "no file that can be read"),
        (lambda folder: folder / ("x" * 5000), "does not exist"),
    ],
)
def test_discover_tells_what_is_missing(tmp_path: Path, make: Callable[[Path], Path], words: str) -> None:
    (tmp_path / "picture.png").write_bytes(b"x")
    with pytest.raises(LoadError, match=words):
        discover(make(tmp_path))


def test_what_a_folder_cannot_show_has_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shut").mkdir()
    os.symlink(tmp_path / "nowhere", tmp_path / "broken.txt")
    os.symlink(tmp_path / "circle.txt", tmp_path / "circle.txt")
    listed, opened = os.scandir, os.open

    def scandir(path: str) -> object:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    def open_file(path: str, *options: int) -> int:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *options)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(os, "open", open_file)
    found = discover(tmp_path)
    assert [Path(path).name for path in found] == ["broken.txt", "circle.txt", "shut"]
    for path, words in zip(found, ("link that leads nowhere",) * 2 + ("may not be read",), strict=True):
        with pytest.raises(LoadError, match=words) as caught:
            load(path, SETTINGS)
        assert caught.value.hint
    assert discover(tmp_path / "shut") == [tmp_path / "shut"]


@pytest.mark.parametrize("url", ["ftp://example.org/a.txt", "file:///etc/passwd", "gopher://x"])
def test_other_schemes_are_refused(url: str) -> None:
    with pytest.raises(FetchRefused, match="Only http and https"):
        discover(url)
    with pytest.raises(FetchRefused, match="Only http and https"):
        load(url, SETTINGS)
