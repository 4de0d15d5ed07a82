"""The life of the child process, with small stand-ins for llama.cpp: no model is needed."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from qa.errors import ModelFileInvalid, ModelUnavailable
from qa.models import llama
from qa.models.llama import LlamaServer
from qa.settings import ChatSettings

SETTINGS = ChatSettings()
READY = 'import sys\nprint(\'{"url": "http://127.0.0.1:1"}\', flush=True)\nsys.stdin.read()\n'


def server_with(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> LlamaServer:
    child = folder / "child.py"
    child.write_text(code)
    monkeypatch.setattr(llama, "CHILD", child)
    monkeypatch.setattr(llama, "find_spec", lambda name: True)
    monkeypatch.setattr(llama.time, "sleep", lambda seconds: None)
    return LlamaServer(folder / "x.gguf", SETTINGS)


def test_a_child_that_keeps_dying_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dying = "import sys; print('out of memory', file=sys.stderr); sys.exit(9)"
    server = server_with(dying, tmp_path, monkeypatch)
    for _ in range(llama.MAX_STARTS):
        with pytest.raises(ModelUnavailable, match=r"did not start \(exit status 9\)") as caught:
            server.ensure()
        assert "out of memory" in caught.value.hint
    with pytest.raises(ModelUnavailable, match="died 4 times within 5 minutes"):
        server.ensure()
    monkeypatch.setattr(llama, "WINDOW_SECONDS", 0.0)
    with pytest.raises(ModelUnavailable, match="did not start"):
        server.ensure()


def test_a_child_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = server_with("import time; time.sleep(60)", tmp_path, monkeypatch)
    monkeypatch.setattr(llama, "READY_SECONDS", 0.5)
    with pytest.raises(ModelUnavailable, match="did not start"):
        server.ensure()


def test_a_refused_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = server_with('print(\'{"error": "bad"}\')', tmp_path, monkeypatch)
    with pytest.raises(ModelFileInvalid, match="cannot load x.gguf"):
        server.ensure()


def test_the_child_outlives_the_thread_that_started_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Web servers retire their worker threads; Linux's parent-death signal would take the child along."""
    with_server = server_with(READY, tmp_path, monkeypatch)
    thread = threading.Thread(target=with_server.ensure)
    thread.start()
    thread.join()
    threading.Event().wait(0.2)
    assert with_server.running
    with_server.close()
    assert not with_server.running


def test_a_killed_child_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with server_with(READY, tmp_path, monkeypatch) as server:
        assert server._child is not None
        first = server._child.pid
        assert server.ensure() == "http://127.0.0.1:1/v1" and server._child.pid == first
        os.kill(first, signal.SIGKILL)
        server._child.wait()
        server.ensure()
        assert server._child.pid != first


def test_many_threads_start_one_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with server_with(READY, tmp_path, monkeypatch) as server:
        threads = [threading.Thread(target=server.ensure) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server._starts) == 1


def test_the_last_user_of_a_shared_server_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server_with(READY, tmp_path, monkeypatch)
    one, two = (LlamaServer.shared(tmp_path / "y.gguf", SETTINGS) for _ in range(2))
    assert one is two
    one.ensure()
    one.close()
    assert two.running
    two.close()
    assert not two.running
    assert LlamaServer.shared(tmp_path / "y.gguf", SETTINGS) is not one, "a new one, not started"


def test_llama_cpp_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama, "find_spec", lambda name: None)
    with pytest.raises(ModelFileInvalid, match="xllamacpp") as caught:
        LlamaServer(tmp_path / "x.gguf", SETTINGS).ensure()
    assert "article-qa[local]" in caught.value.hint
