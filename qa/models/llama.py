"""llama.cpp in a child process: a GGUF file and settings go in, a loopback URL with its key comes out.

The child is started at first use, ends with this process, and is started again when it died: a crash in
native code costs one answer, not the application. Knows neither prompts nor the wire protocol.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from qa.errors import ModelFileInvalid, ModelUnavailable
from qa.settings import ChatSettings

__all__ = ["LlamaServer"]

READY_SECONDS = 300.0
MAX_STARTS = 4
WINDOW_SECONDS = 300.0
CHILD = Path(__file__).with_name("_llama_child.py")

logger = logging.getLogger(__name__)

_shared: dict[tuple[Path, Path | None, int, int], LlamaServer] = {}
_shared_lock = threading.Lock()


class LlamaServer:
    """One model in one child process; safe to use from any thread.

    Args:
        weights: GGUF file.
        settings: context and threads.
        adapter: GGUF file of a LoRA adapter, applied where a request asks for it.

    Attributes:
        api_key: asked for on every path but ``/health``; made anew for each server, never in ``argv``.
        base_url: of the running child, with ``/v1``; "" while none runs.
    """

    def __init__(self, weights: Path, settings: ChatSettings, adapter: Path | None = None) -> None:
        self.api_key = secrets.token_urlsafe(32)
        self.base_url = ""
        self._weights = weights
        self._adapter = adapter
        self._context = settings.context_tokens
        self._threads = settings.threads or _cores()
        self._child: subprocess.Popen[str] | None = None
        self._log: IO[bytes] | None = None
        self._starts: deque[float] = deque(maxlen=MAX_STARTS)
        self._lock = threading.Lock()
        self._users = 0

    @classmethod
    def shared(cls, weights: Path, settings: ChatSettings, adapter: Path | None = None) -> LlamaServer:
        """The process's one server for these weights and settings; `close` once for each call."""
        key = (weights, adapter, settings.context_tokens, settings.threads)
        with _shared_lock:
            server = _shared.setdefault(key, cls(weights, settings, adapter))
            server._users += 1
            return server

    def __enter__(self) -> LlamaServer:
        self.ensure()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def running(self) -> bool:
        """Whether the child is alive."""
        return self._child is not None and self._child.poll() is None

    @staticmethod
    def require_package() -> None:
        """Check that llama.cpp is installed, without loading it.

        Raises:
            ModelFileInvalid: it is not.
        """
        if find_spec("xllamacpp") is None:
            raise ModelFileInvalid(
                "The embedded model needs the package xllamacpp.",
                "Run: pip install 'article-qa[local]', or set OPENAI_API_KEY or QA_CHAT__BASE_URL.",
            )

    def ensure(self) -> str:
        """Start the child if none is running.

        Returns:
            `base_url`.

        Raises:
            ModelFileInvalid: xllamacpp is missing, or llama.cpp refuses the file.
            ModelUnavailable: the child died while starting, took too long, or has died too often.
        """
        with self._lock:
            if not (self.running and self.base_url):  # no URL: starting it was interrupted
                self._stop()
                self._require_patience()
                self._start()
            return self.base_url

    def settle(self, seconds: float) -> None:
        """Give a child that is dying the time to be seen dead."""
        if child := self._child:
            with suppress(subprocess.TimeoutExpired):
                child.wait(seconds)

    def close(self) -> None:
        """End the child, once every user of a shared server has closed it."""
        with _shared_lock:
            self._users -= 1
            if self._users > 0:
                return
            for key in [key for key, server in _shared.items() if server is self]:
                del _shared[key]
        with self._lock:
            self._stop()

    def _require_patience(self) -> None:
        """Count this start; refuse it where the child keeps dying."""
        now = time.monotonic()
        if len(self._starts) == MAX_STARTS and now - self._starts[0] < WINDOW_SECONDS:
            raise ModelUnavailable(
                f"The embedded model died {MAX_STARTS} times within {WINDOW_SECONDS / 60:.0f} minutes.",
                f"Free memory or lower QA_CHAT__CONTEXT_TOKENS (now {self._context}), wait, and try again.",
            )
        if self._starts:
            logger.warning("the embedded model is started again")
            time.sleep(min(len(self._starts) - 1, 3))
        self._starts.append(now)

    def _start(self) -> None:
        self.require_package()
        self._log = tempfile.TemporaryFile()
        self._child = subprocess.Popen(
            [sys.executable, "-P", str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,  # Ctrl-C is for this process; the child ends with its stdin
        )
        atexit.register(self._stop)
        report = self._converse(self._child)
        if "url" not in report:
            raise self._failure(report)
        self.base_url = f"{report['url']}/v1"

    def _converse(self, child: subprocess.Popen[str]) -> dict[str, str]:
        """Tell the child what to load and read its one line; {} when it died or took too long."""
        assert child.stdin and child.stdout
        wanted = {
            "model": str(self._weights),
            "adapter": str(self._adapter or ""),
            "context_tokens": self._context,
            "threads": self._threads,
            "api_key": self.api_key,
        }
        timer = threading.Timer(READY_SECONDS, child.kill)
        timer.start()
        try:
            with suppress(BrokenPipeError):  # it may have died saying why
                child.stdin.write(json.dumps(wanted) + "\n")
                child.stdin.flush()
            report: dict[str, str] = json.loads(child.stdout.readline())
        except (OSError, ValueError):
            return {}
        finally:
            timer.cancel()
        return report

    def _failure(self, report: dict[str, str]) -> ModelFileInvalid | ModelUnavailable:
        """Why no child is running; ends what is left of it."""
        assert self._child and self._log
        self._child.kill()
        code = self._child.wait()
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "no log")[:200]
        self._stop()
        if report:
            return ModelFileInvalid(
                f"llama.cpp cannot load {self._weights.name}.",
                f"Its last words: {last}. Remove the file to have it made again, or set QA_CHAT__MODEL.",
            )
        return ModelUnavailable(
            f"The embedded model did not start (exit status {code}).",
            f"Its last words: {last}. Free memory (up to 3.5 GB) or lower QA_CHAT__CONTEXT_TOKENS.",
        )

    def _stop(self) -> None:
        atexit.unregister(self._stop)
        self.base_url = ""
        child, self._child = self._child, None
        log, self._log = self._log, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                with suppress(OSError):  # what could not be written to the dead
                    if pipe is not None:
                        pipe.close()
        if log is not None:
            log.close()


def _cores() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
