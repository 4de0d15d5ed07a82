"""Small stand-ins for the weights, with real package metadata, files, processes and HTTP."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from qa.errors import ModelFileInvalid, ModelUnavailable
from qa.models import weights
from qa.models.weights import Weights

PARTS = [bytes([n]) * (3000 + n) for n in (1, 2, 3)]
WHOLE = b"".join(PARTS)
SMALL = Weights("small", len(WHOLE), hashlib.sha256(WHOLE).hexdigest(), "", "tiny-test-part", len(PARTS))


def install(site: Path, numbers: tuple[int, ...] = (1, 2, 3), parts: list[bytes] = PARTS) -> None:
    for number in numbers:
        package = site / f"tiny_test_part{number}"
        (package / "data").mkdir(parents=True)
        (package / "__init__.py").write_text("raise SystemExit('imported')")
        (package / "data" / f"part{number:02}.bin").write_bytes(parts[number - 1])
        info = site / f"tiny_test_part{number}-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tiny-test-part{number}\nVersion: 1\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_the_default_names_the_published_file() -> None:
    assert weights.DEFAULT.size == 1_117_320_768 and weights.DEFAULT.sha256.startswith("cc324af070c2ecbf")


def test_parts_are_put_together_once(site: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site)
    seen: list[tuple[int, int]] = []
    assert "installed" in weights.status(SMALL, cache).line
    path = weights.assemble(SMALL, cache, lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == WHOLE
    assert seen[-1] == (len(WHOLE), len(WHOLE)) and seen == sorted(seen)
    assert weights.status(SMALL, cache).line.endswith("ready")
    monkeypatch.setattr(weights, "_write", None)
    assert weights.assemble(SMALL, cache) == path


@pytest.mark.parametrize(("installed", "named"), [((1, 3), "2 of 3"), ((), "all of 3")])
def test_missing_parts_name_the_other_ways(
    site: Path, cache: Path, installed: tuple[int, ...], named: str
) -> None:
    install(site, installed)
    with pytest.raises(ModelFileInvalid, match=named) as caught:
        weights.assemble(SMALL, cache)
    for way in (
        "article-qa[local]",
        "qa model download",
        "QA_CHAT__MODEL=",
        "OPENAI_API_KEY",
        "QA_CHAT__BASE_URL",
    ):
        assert way in caught.value.hint
    check = weights.status(SMALL, cache)
    assert not check.ok and named in check.line and check.fix == caught.value.hint


def test_wrong_bytes_are_refused_and_removed(site: Path, cache: Path) -> None:
    install(site, parts=[PARTS[0], PARTS[1], PARTS[2][:-1] + b"x"])
    with pytest.raises(ModelFileInvalid, match="not the published ones"):
        weights.assemble(SMALL, cache)
    assert [p.suffix for p in cache.iterdir()] in ([".lock"], [])


def test_a_file_that_changed_is_made_again(site: Path, cache: Path) -> None:
    install(site)
    path = weights.assemble(SMALL, cache)
    path.write_bytes(b"x" * len(WHOLE))
    assert weights.assemble(SMALL, cache).read_bytes() == WHOLE


@pytest.mark.parametrize("kept", [0, 1, 2999, 3001, 9005, len(WHOLE)])
def test_a_partial_file_is_continued(
    site: Path, cache: Path, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(site)
    cache.mkdir()
    (cache / "small.partial").write_bytes(WHOLE[:kept])
    starts: list[int] = []
    read = weights._read_parts
    monkeypatch.setattr(
        weights, "_read_parts", lambda paths, start: starts.append(start) or read(paths, start)
    )
    assert weights.assemble(SMALL, cache).read_bytes() == WHOLE
    assert starts == [kept]


@pytest.mark.parametrize("damaged", [b"y" * 10, WHOLE + b"more"])
def test_a_damaged_partial_file_is_started_over(site: Path, cache: Path, damaged: bytes) -> None:
    install(site)
    cache.mkdir()
    (cache / "small.partial").write_bytes(damaged)
    assert weights.assemble(SMALL, cache).read_bytes() == WHOLE


def test_a_full_disk_keeps_what_was_written(site: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site)

    def filling(paths: list[Path], start: int) -> Iterator[bytes]:
        yield WHOLE[:4000]
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(weights, "_read_parts", filling)
        with pytest.raises(ModelFileInvalid, match="disk is too full") as caught:
            weights.assemble(SMALL, cache)
    assert "continues" in caught.value.hint
    assert (cache / "small.partial").read_bytes() == WHOLE[:4000]
    assert weights.assemble(SMALL, cache).read_bytes() == WHOLE


def test_too_little_space_is_said_before_writing(
    site: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(site)
    monkeypatch.setattr(weights, "SPARE_BYTES", 1 << 62)
    with pytest.raises(ModelFileInvalid, match="disk is too full"):
        weights.assemble(SMALL, cache)


def test_a_folder_that_cannot_be_made(site: Path, tmp_path: Path) -> None:
    install(site)
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelFileInvalid, match="cannot be kept") as caught:
        weights.assemble(SMALL, tmp_path / "file" / "cache")
    assert "XDG_CACHE_HOME" in caught.value.hint


STARTER = """
import sys, time
from pathlib import Path
from qa.models import weights
small = weights.Weights({fields})
writes = []
write = weights._write
def slow(*arguments):
    time.sleep(1)
    writes.append(1)
    return write(*arguments)
weights._write = slow
path = weights.assemble(small, Path(sys.argv[1]))
print(len(writes), path.stat().st_size)
"""


def test_two_processes_at_once_write_once(site: Path, cache: Path) -> None:
    install(site)
    fields = ", ".join(
        repr(value) for value in (SMALL.name, SMALL.size, SMALL.sha256, "", SMALL.distribution, 3)
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(site), *sys.path])}
    code = STARTER.format(fields=fields)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(cache)], stdout=subprocess.PIPE, text=True, env=environment
        )
        for _ in range(2)
    ]
    outputs = sorted(process.communicate(timeout=60)[0].split() for process in started)
    assert outputs == [["0", str(len(WHOLE))], ["1", str(len(WHOLE))]]


def test_own_weights(tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    with pytest.raises(ModelFileInvalid, match="cannot be read"):
        weights.locate(str(own))
    own.write_bytes(b"<html>")
    with pytest.raises(ModelFileInvalid, match="not a GGUF"):
        weights.locate(str(own))
    own.write_bytes(b"GGUF...")
    assert weights.locate(str(own)) == own


Serve = Callable[[BaseHTTPRequestHandler, int], None]


@contextmanager
def publisher(serve: Serve) -> Iterator[tuple[Weights, list[str]]]:
    ranges: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ranges.append(self.headers["Range"])
            serve(self, int(self.headers["Range"].removeprefix("bytes=").removesuffix("-")))

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield replace(SMALL, url=f"http://127.0.0.1:{server.server_address[1]}/x.gguf"), ranges
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes, length: int | None = None) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


def ranged(handler: BaseHTTPRequestHandler, start: int) -> None:
    reply(handler, 206, WHOLE[start:])


def rangeless(handler: BaseHTTPRequestHandler, start: int) -> None:
    reply(handler, 200, WHOLE)


def dropping(handler: BaseHTTPRequestHandler, start: int) -> None:
    reply(handler, 206, WHOLE[start : start + 4000], len(WHOLE) - start)


@pytest.mark.parametrize("serve", [ranged, rangeless, dropping])
@pytest.mark.parametrize("kept", [0, 3500])
def test_download_continues(cache: Path, serve: Serve, kept: int) -> None:
    cache.mkdir()
    (cache / "small.partial").write_bytes(WHOLE[:kept])
    with publisher(serve) as (small, ranges):
        assert weights.download(small, cache).read_bytes() == WHOLE
        assert ranges[0] == f"bytes={kept}-"
        assert weights.assemble(small, cache).read_bytes() == WHOLE, "needs no packages afterwards"


@pytest.mark.parametrize(
    ("serve", "kind"),
    [
        (lambda handler, start: reply(handler, 404, b""), ModelUnavailable),
        (lambda handler, start: reply(handler, 206, b"z" * (len(WHOLE) - start)), ModelFileInvalid),
    ],
)
def test_download_that_fails(cache: Path, serve: Serve, kind: type[Exception]) -> None:
    with publisher(serve) as (small, _), pytest.raises(kind):
        weights.download(small, cache)
    assert not (cache / "small.gguf").exists()
