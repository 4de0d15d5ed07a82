"""A file's bytes and format go in, a page comes out; a process of its own does the parsing.

Parsers of PDF, Word and HTML meet whatever people send them. They run in a child with limits on memory,
time and files, without this process's environment (where keys are), and talk JSON, never pickle. A child is
used for many files, since starting one takes as long as reading ten; one that failed is replaced, and one
that waits goes away by itself.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
from importlib import import_module
from typing import IO, Any

from qa import errors
from qa.data import Block
from qa.errors import LoadError, UnreadableFile
from qa.loading.page import Page
from qa.settings import LoadingSettings

__all__ = ["parse"]

_READERS = {
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".markdown": "markdown",
    ".pdf": "pdf",
    ".docx": "docx",
}
_DAMAGED = {
    "html": "The web page is damaged.",
    "markdown": "The Markdown file cannot be parsed.",
    "pdf": "The PDF is damaged.",
    "docx": "The Word file is damaged.",
}
_KEPT_ENVIRONMENT = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "HOME", "TMPDIR", "TEMP", "LD_LIBRARY_PATH")
_IDLE_SECONDS = 30.0
_IDLE_CHILDREN = 2
_MOST_REPLY = 200_000_000
_idle: list[_Child] = []


def parse(data: bytes, suffix: str, declared: str, settings: LoadingSettings) -> Page:
    """Parse a file in a limited child process.

    Args:
        data: the whole file.
        suffix: its format, as a file's ending: ".pdf".
        declared: the encoding that an HTTP header names, or "".
        settings: limits of time and memory.

    Raises:
        UnreadableFile: the reader says so, or the child died of the file.
    """
    child, reused = _take(settings.memory_bytes)
    reply = child.ask(data, _READERS[suffix], declared, settings.seconds)
    if (
        reply is None and reused and not child.timed_out
    ):  # it may have just gone away; the file is not to blame
        child = _Child(settings.memory_bytes)
        reply = child.ask(data, _READERS[suffix], declared, settings.seconds)
    if reply is None:
        raise _died(child.timed_out, settings)
    if len(_idle) < _IDLE_CHILDREN and not child.timed_out:
        _idle.append(child)
    else:
        child.stop()
    return _page(reply)


def _take(memory_bytes: int) -> tuple[_Child, bool]:
    """A child with this limit, and whether it has worked before."""
    with contextlib.suppress(IndexError):
        child = _idle.pop()
        if child.memory_bytes == memory_bytes:
            return child, True
        child.stop()
    return _Child(memory_bytes), False


def _died(timed_out: bool, settings: LoadingSettings) -> UnreadableFile:
    if timed_out:
        return UnreadableFile(
            f"Reading the file took longer than {settings.seconds:g} seconds.",
            "It may be an attack or very large; raise loading.seconds to wait longer.",
        )
    return UnreadableFile(
        "The file's parser crashed, or needed more memory than it may have.",
        "It may be damaged or expand to far more than its size; raise loading.memory_bytes to allow more.",
    )


def _page(reply: dict[str, Any]) -> Page:
    if "error" in reply:
        kind = getattr(errors, str(reply["error"]), UnreadableFile)
        is_load_error = isinstance(kind, type) and issubclass(kind, LoadError)
        raise (kind if is_load_error else UnreadableFile)(str(reply["message"]), str(reply["hint"]))
    return Page(reply["title"], reply["text"], tuple(Block(*block) for block in reply["blocks"]))


class _Child:
    """A parsing process and the pipe to it."""

    def __init__(self, memory_bytes: int) -> None:
        self.memory_bytes = memory_bytes
        self.timed_out = False
        environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
        environment |= {"PYTHONPATH": path, "PYTHONUTF8": "1"}
        self._process = subprocess.Popen(
            # -P: files of the folder that is being read must not be imported in place of modules
            [sys.executable, "-P", "-W", "ignore", "-m", "qa.loading.child", str(memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        atexit.register(self.stop)

    def ask(self, data: bytes, reader: str, declared: str, seconds: float) -> dict[str, Any] | None:
        """Have one file parsed; None when the child died or was killed for taking too long."""
        request = {"reader": reader, "declared": declared, "size": len(data), "seconds": seconds}
        timer = threading.Timer(seconds, self._time_out)
        timer.daemon = True
        timer.start()
        reply: dict[str, Any] | None = None
        try:
            reply = self._exchange(json.dumps(request).encode() + b"\n", data)
        except (OSError, ValueError):
            return None
        finally:
            timer.cancel()
            if reply is None:
                self.stop()
        return reply

    def _exchange(self, header: bytes, data: bytes) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(header)
        self._process.stdin.write(data)
        self._process.stdin.flush()
        reply: dict[str, Any] = json.loads(self._process.stdout.readline(_MOST_REPLY))
        return reply

    def _time_out(self) -> None:
        self.timed_out = True
        self._process.kill()

    def stop(self) -> None:
        """End the process, whatever it does."""
        atexit.unregister(self.stop)
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                assert pipe
                pipe.close()


def main() -> None:
    """Serve requests from standard input until it ends; the child's side."""
    _limit_process(int(sys.argv[1]))
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a parser prints must not end up among the replies
    while (header := _next_request(sys.stdin.buffer)) is not None:
        data = sys.stdin.buffer.read(header["size"])
        _limit_time(header["seconds"])
        replies.write(json.dumps(_answer(header, data)).encode() + b"\n")
        replies.flush()


def _next_request(stream: IO[bytes]) -> dict[str, Any] | None:
    """Wait for a request; a child that nobody asks anything ends."""
    timer = threading.Timer(_IDLE_SECONDS, os._exit, (0,))
    timer.daemon = True
    timer.start()
    line = stream.readline()
    timer.cancel()
    header: dict[str, Any] | None = json.loads(line) if line else None
    return header


def _answer(header: dict[str, Any], data: bytes) -> dict[str, Any]:
    try:
        page: Page = import_module(f"qa.loading.{header['reader']}").read(data, header["declared"])
    except LoadError as error:
        return {"error": type(error).__name__, "message": error.message, "hint": error.hint}
    except MemoryError:
        os._exit(1)  # what is left of the process is not to be trusted
    except Exception:  # noqa: BLE001 - parsers meet damage with whatever Python raises there
        hint = "Download it again, or open it in its program and save it anew."
        return {"error": "UnreadableFile", "message": _DAMAGED[header["reader"]], "hint": hint}
    blocks = [(block.start, block.end, block.kind, block.level) for block in page.blocks]
    return {"title": page.title, "text": page.text, "blocks": blocks}


def _limit_process(memory_bytes: int) -> None:
    """Limit memory, and forbid files and core dumps; a system without such limits has the time limit only."""
    try:
        import resource
    except ImportError:
        return
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 1_000_000),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS refuses some of them
            resource.setrlimit(limit, (value, value))


def _limit_time(seconds: float) -> None:
    """Let the child use that much more processor time, in case the parent is no longer there to stop it."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 2
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    main()
