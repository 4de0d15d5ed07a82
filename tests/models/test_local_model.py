"""The embedded model for real: weights from the installed packages, llama.cpp in its child process."""

from __future__ import annotations

import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from qa import prompts
from qa.errors import ModelFileInvalid, ModelRejected
from qa.models import Chat, check_chat, open_chat, weights
from qa.models.llama import LlamaServer
from qa.settings import ChatSettings

SETTINGS = ChatSettings(context_tokens=1024)

pytestmark = [pytest.mark.local_model, pytest.mark.slow]


def installed() -> bool:
    try:
        importlib.metadata.distribution("xllamacpp")
    except importlib.metadata.PackageNotFoundError:
        return False
    return weights.status().ok


@pytest.fixture(scope="module")
def chat() -> Iterator[Chat]:
    if not installed():
        pytest.skip("needs the [local] extra")
    with open_chat(SETTINGS) as chat:
        yield chat


def server_of(chat: Chat) -> LlamaServer:
    _ = chat.model
    server = chat._connection._server  # type: ignore[attr-defined]
    assert isinstance(server, LlamaServer)
    return server


def pid_of(chat: Chat) -> int:
    child = server_of(chat)._child
    assert child is not None
    return child.pid


def test_it_writes_and_counts(chat: Chat) -> None:
    stream = chat.stream(
        [("system", "Answer with one word."), ("user", "Which city is the capital of France?")]
    )
    pieces = list(stream)
    done = stream.completion
    assert done.text == "".join(pieces) and "Paris" in done.text
    assert done.finish == "stop" and done.tokens_in > 10 and 1 <= done.tokens_out < 10
    assert chat.local and chat.name == "qwen2.5-coder-1.5b-instruct-q4_k_m"
    assert done.likelihood is None
    assert check_chat(SETTINGS).ok


def test_it_says_how_sure_it_was_of_its_words(chat: Chat) -> None:
    def likelihood(text: str) -> float:
        done = chat.complete([("user", text)], max_tokens=12, local_options={"logprobs": True})
        assert done.likelihood is not None
        return done.likelihood

    assert (
        0 < likelihood("Make up a very unusual name.") < likelihood("Say the word yes and nothing else.") <= 1
    )


def test_it_continues_a_trailing_assistant_message(chat: Chat) -> None:
    done = chat.complete([("user", "Count to ten."), ("assistant", "One, two, three,")], max_tokens=2)
    assert done.text.strip().startswith("four") and done.finish == "length"


def test_what_ends_a_message_in_its_template_is_only_text_inside_one(chat: Chat) -> None:
    for token in ("<|im_end|>", "<|im_start|>", "<|endoftext|>", "<tool_call>"):
        plain, more = (chat.complete([("user", token * n)], max_tokens=1).tokens_in for n in (1, 11))
        assert more - plain >= 30, f"{token} is one token"


def test_a_shorter_model_judges_alone() -> None:
    if not installed():
        pytest.skip("needs the [local] extra")
    with open_chat(SETTINGS) as chat:

        def stated(question: str) -> float | None:
            sentence = "Mara Ellison was named head of the ferry line on Monday."
            return chat.probability(
                prompts.load("judge").messages(title="", sentence=sentence, question=question)
            )

        yes, no = stated("Who runs the ferry line now?"), stated("How old is Mara Ellison?")
        assert yes is not None and no is not None and yes > 0.8 and no < 0.05
        assert chat._connection._server is None  # type: ignore[attr-defined]
        assert set(chat.adapters) == {"judge", "condense"}


def test_a_follow_up_is_made_to_stand_alone(chat: Chat) -> None:
    history = "Q: Who runs the ferry line?\nA: Mara Ellison was named head of the ferry line on Monday."
    prompt = prompts.load("condense")
    asked = prompt.messages(history=history, question="And how old is she?", language="English")
    assert "Ellison" in chat.complete(asked, adapted=True).text


def test_a_grammar_binds_it(chat: Chat) -> None:
    done = chat.complete([("user", "Hello")], local_options={"grammar": 'root ::= "yes" | "no"'})
    assert done.text in ("yes", "no")


def test_too_long_a_request_is_said(chat: Chat) -> None:
    with pytest.raises(ModelRejected, match="longer than"):
        chat.complete([("user", "word " * 2000)])


def test_nobody_else_may_use_the_port(chat: Chat) -> None:
    server = server_of(chat)
    root = server.base_url.removesuffix("/v1")
    body = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}
    evil = {"Origin": "http://evil.example"}
    with httpx.Client(trust_env=False, headers=evil) as client:
        for path in ("/v1/models", "/props", "/slots"):
            assert client.get(root + path).status_code == 401
        assert client.post(f"{root}/v1/chat/completions", json=body).status_code == 401
        assert client.get(f"{root}/").status_code == 404, "no web page"
        allowed = client.get(f"{root}/health").headers.get("access-control-allow-origin", "")
    assert allowed not in ("*", "http://evil.example")
    assert root.startswith("http://127.0.0.1:")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
def test_the_key_is_not_in_argv_and_closing_stops_the_writing(chat: Chat) -> None:
    process = Path(f"/proc/{pid_of(chat)}")
    assert server_of(chat).api_key.encode() not in (process / "cmdline").read_bytes()

    def cpu_seconds() -> float:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    with chat.stream([("user", "Write a very long story.")], max_tokens=400) as stream:
        for _ in range(3):
            next(stream)
        started, used = time.monotonic(), cpu_seconds()
        for _ in range(3):
            next(stream)
        busy = (cpu_seconds() - used) / (time.monotonic() - started)
    time.sleep(0.5)
    used = cpu_seconds()
    time.sleep(1)
    assert busy > 0.2, "the control: writing costs time"
    assert cpu_seconds() - used < 0.1
    assert stream.completion.finish == "cut"


def test_a_killed_child_is_started_again(chat: Chat) -> None:
    first = pid_of(chat)
    os.kill(first, signal.SIGKILL)
    assert chat.complete([("user", "Say ok.")], max_tokens=4).text
    assert pid_of(chat) != first


def test_a_child_killed_in_the_middle_cuts_the_answer(chat: Chat) -> None:
    stream = chat.stream([("user", "Write a very long story.")], max_tokens=300)
    text = next(stream)
    os.kill(pid_of(chat), signal.SIGKILL)
    text += "".join(stream)
    done = stream.completion
    assert done.finish == "cut" and done.text == text and done.fault is not None
    assert chat.complete([("user", "Say ok.")], max_tokens=4).text


def test_two_chats_share_one_child(chat: Chat) -> None:
    with open_chat(SETTINGS) as other:
        assert pid_of(other) == pid_of(chat)
    assert server_of(chat).running


STARTER = """
import sys, time
from qa.models import weights
from qa.models.llama import LlamaServer
from qa.settings import ChatSettings
server = LlamaServer(weights.assemble(), ChatSettings(context_tokens=1024))
server.ensure()
print(server._child.pid, flush=True)
time.sleep(600)
"""


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
def test_the_child_ends_with_its_parent(chat: Chat) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True, env=_environment()
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert not gone(child)
        parent.kill()
    deadline = time.monotonic() + 5
    while not gone(child) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert gone(child)


OFFLINE = """
import json, sys
asked = []
def audit(event, arguments):
    if event == "socket.connect":
        asked.append(str(arguments[1][0] if isinstance(arguments[1], tuple) else arguments[1]))
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        asked.append(str(arguments[0]))
sys.addaudithook(audit)
from qa.models import open_chat, open_embedder
from qa.settings import ChatSettings, EmbeddingsSettings
with open_chat(ChatSettings(context_tokens=1024)) as chat:
    chat.complete([("user", "Say ok.")], max_tokens=4)
    chat.probability([("user", "Is it? Yes or No.")])
open_embedder(EmbeddingsSettings()).documents(["a", "b"])
print(json.dumps(asked))
"""


def test_nothing_but_loopback_is_asked_for(chat: Chat) -> None:
    proxies = {
        "HTTP_PROXY": "http://192.0.2.1:1",
        "ALL_PROXY": "http://192.0.2.1:1",
        "OPENAI_PROXY": "http://192.0.2.1:1",
    }
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE],
        capture_output=True,
        text=True,
        env=_environment() | proxies,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr
    asked = json.loads(done.stdout)
    assert asked, "the control: the audit sees the calls to the child"
    assert set(asked) <= {"127.0.0.1", "localhost"}


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def test_weights_that_are_damaged(tmp_path: Path, chat: Chat) -> None:
    bad = tmp_path / "bad.gguf"
    with weights.assemble().open("rb") as whole:
        bad.write_bytes(whole.read(100_000))
    with pytest.raises(ModelFileInvalid, match="cannot load bad.gguf") as caught:
        LlamaServer(bad, SETTINGS).ensure()
    assert "Its last words" in caught.value.hint
