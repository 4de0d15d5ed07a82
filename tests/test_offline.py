"""With the embedded default no packet leaves loopback: every Python process is watched, with a control."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

WATCH = """
import ipaddress, os, sys

def _note(event, args):
    if event == "socket.connect":
        address = args[1]
        if not isinstance(address, tuple) or ipaddress.ip_address(address[0]).is_loopback:
            return
    elif event == "socket.getaddrinfo":
        if args[0] in (None, "", "localhost", "127.0.0.1", "::1", b"localhost", b"127.0.0.1"):
            return
        address = args[:2]
    else:
        return
    with open(os.environ["WATCHED"], "a") as log:
        log.write(f"{event} {address}\\\\n")
    raise OSError("blocked")

sys.addaudithook(_note)
"""

USE = """
from qa import Assistant
with Assistant() as assistant:
    assistant.add_samples()
    answer = assistant.ask("How much did Meta invest in Scale AI?")
    refused = assistant.ask("What colour is the roof of the laboratory?")
    assert assistant.search("interim CEO")
    print(answer.to_dict()["text"], refused.answered)
"""

CONTROL = """
import socket
try:
    socket.create_connection(("192.0.2.1", 9), timeout=1)
except OSError:
    pass
"""


@pytest.fixture
def watched(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(WATCH.replace("\\\\n", "\\n"), encoding="utf-8")
    log = tmp_path / "attempts"

    def run(script: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        hidden = ("OPENAI_API_KEY", "OPENAI_BASE_URL")
        env = {name: value for name, value in os.environ.items() if name not in hidden}
        paths = os.pathsep.join([str(tmp_path / "site"), *filter(None, sys.path)])
        env |= {"WATCHED": str(log), "PYTHONPATH": paths, "QA_HOME": str(tmp_path / "home")}
        done = subprocess.run(
            [sys.executable, "-c", script], env=env, capture_output=True, text=True, timeout=280
        )
        return done, log.read_text().splitlines() if log.exists() else []

    return run


def test_the_watch_sees_an_attempt(watched):
    done, attempts = watched(CONTROL)
    assert done.returncode == 0, done.stderr
    assert any("192.0.2.1" in attempt for attempt in attempts), json.dumps(attempts)


@pytest.mark.local_model
@pytest.mark.slow
@pytest.mark.skipif(find_spec("xllamacpp") is None, reason="needs the [local] extra")
def test_adding_and_asking_reaches_nothing_outside(watched):
    done, attempts = watched(USE)
    assert done.returncode == 0, done.stderr
    assert attempts == []
