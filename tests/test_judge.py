"""The judge over real HTTP on loopback, scripted; and how metrics agree with people on the public pairs."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from scripted_runs import row, run_of

from evals.agreement import ASPECTS, Pair, agreement, correlation, load_pairs
from evals.judge import Claim, Judge, Unreadable, judge_run
from evals.metrics import content_f1
from qa.errors import ModelUnavailable, QAError
from qa.models import open_chat
from qa.settings import ChatSettings

BENCH = Path(__file__).parents[2] / "shared" / "bench"
Reply = Callable[[str], str]


class Endpoint(ThreadingHTTPServer):
    """Speaks OpenAI's protocol; answers with what ``reply`` makes of the prompt. "500" is that status."""

    daemon_threads = True

    def __init__(self, reply: Reply) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply = reply
        self.requests: list[dict[str, object]] = []

    @property
    def settings(self) -> ChatSettings:
        url = f"http://127.0.0.1:{self.server_address[1]}/v1"
        return ChatSettings(base_url=url, model="judge-1", retries=0, connect_seconds=2, total_seconds=10)


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_GET(self) -> None:
        self._send(
            200,
            "application/json",
            json.dumps({"object": "list", "data": [{"id": "judge-1"}, {"id": "judge-2"}]}),
        )

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(asked)
        text = self.server.reply(asked["messages"][-1]["content"])
        if text == "500":
            return self._send(500, "application/json", '{"error": {"message": "down"}}')
        cut = text.endswith("<cut>")
        pieces = [
            {
                "choices": [
                    {"index": 0, "delta": {"role": "assistant", "content": text.removesuffix("<cut>")}}
                ]
            },
            {"choices": [{"index": 0, "delta": {}, "finish_reason": "length" if cut else "stop"}]},
        ]
        lines = [
            f"data: {json.dumps({'id': 'x', 'object': 'chat.completion.chunk', **p})}\n\n" for p in pieces
        ]
        self._send(200, "text/event-stream", "".join(lines) + "data: [DONE]\n\n")

    def log_message(self, *arguments: object) -> None:
        pass

    def _send(self, status: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(reply: Reply) -> Iterator[Endpoint]:
    with Endpoint(reply) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def part(prompt: str, name: str) -> str:
    """What stands between the marks of a prompt."""
    return re.findall(rf"<{name}>\n(.*?)\n</{name}>", prompt, re.DOTALL)[-1]


def by_words(prompt: str) -> str:
    """A plain judge: a sentence is a claim, and stated where the reference holds it."""
    if "<claims>" in prompt:
        reference = part(prompt, "reference")
        claims = [line.partition(". ") for line in part(prompt, "claims").splitlines()]
        return "\n".join(f"{n}: {'yes' if text.strip('.') in reference else 'no'}" for n, _, text in claims)
    sentences = [s.strip() for s in part(prompt, "text").split(".") if s.strip()]
    return "\n".join(f"{n}. {sentence}." for n, sentence in enumerate(sentences, 1)) or "NONE"


ROW = row("a", text="The line opened in 1998. It was green.", gold=(("The line opened in 1998",),))


def test_claims_are_checked_against_what_is_cited_and_against_gold(tmp_path: Path) -> None:
    with serving(by_words) as server:
        found = judge_run(
            run_of((ROW, row("b", "over_refused"), row("c", "error"))), server.settings, tmp_path
        )
        prompts = [str(request["messages"]) for request in server.requests]
    assert [judged.id for judged in found.rows] == ["a"]  # a refusal states nothing
    assert found.rows[0].claims == (
        Claim("The line opened in 1998.", True, True),
        Claim("It was green.", False, False),
    )
    assert {name: e.value for name, e in found.estimates.items()} == {
        "claims supported": 0.5,
        "claims correct": 0.5,
        "hallucination": 0.5,
        "self-knowledge": 0.0,
        "noise sensitivity": 0.0,
    }
    assert any("Seats cost 40 euros." in prompt for prompt in prompts)  # the whole passage round the quote
    assert {request["temperature"] for request in server.requests} == {0}
    assert set(found.prompts) == {"judge_claims", "judge_check"}


def test_an_answer_without_citations_is_not_supported_and_one_without_gold_is_not_graded(
    tmp_path: Path,
) -> None:
    bare = row("a", "hallucinated", text="The line opened in 1998.")
    assert bare.answer is not None
    without = {**bare.answer, "sentences": [{**s, "citations": []} for s in bare.answer["sentences"]]}
    with serving(by_words) as server:
        found = judge_run(run_of((row("a", "hallucinated", answer=without),)), server.settings, tmp_path)
    assert [(c.supported, c.correct) for c in found.rows[0].claims] == [(False, None)]
    assert set(found.estimates) == {"claims supported"}


def test_what_was_judged_is_not_asked_again(tmp_path: Path) -> None:
    with serving(by_words) as server:
        first = judge_run(run_of((ROW,)), server.settings, tmp_path)
        asked = len(server.requests)
        again = judge_run(run_of((ROW,)), server.settings, tmp_path)
        assert len(server.requests) == asked == 3
        other = judge_run(run_of((ROW,)), server.settings.model_copy(update={"model": "judge-2"}), tmp_path)
        assert len(server.requests) == 6
    assert again == first and other.rows == first.rows


def test_a_damaged_reply_in_the_cache_is_asked_again(tmp_path: Path) -> None:
    with serving(by_words) as server:
        first = judge_run(run_of((ROW,)), server.settings, tmp_path)
        for path in tmp_path.rglob("*.json"):
            path.write_text('{"text')
        assert judge_run(run_of((ROW,)), server.settings, tmp_path) == first
        assert len(server.requests) == 6


@pytest.mark.parametrize(
    "broken",
    [
        "Certainly! It all looks right.",
        "1: yes",
        "1: yes\n1: no",
        "2: yes\n1: yes",
        "1: yes\n2: maybe",
        "1: yes\n2: yes<cut>",
    ],
)
def test_a_reply_in_another_form_is_a_failure_of_its_own(broken: str, tmp_path: Path) -> None:
    def reply(prompt: str) -> str:
        return broken if "<claims>" in prompt else by_words(prompt)

    with serving(reply) as server:
        found = judge_run(run_of((ROW,)), server.settings, tmp_path)
    assert found.rows[0].unreadable and not found.rows[0].claims
    assert found.estimates == {}
    assert ("replies not in the form asked for", "1", "", "1") in found.table()


def test_an_endpoint_that_fails_once_is_a_fault_and_the_other_rows_are_judged(tmp_path: Path) -> None:
    def reply(prompt: str) -> str:
        return "500" if "Seats" in part(prompt, "question") else by_words(prompt)

    rows = (ROW, row("b", question="Seats?"))
    with serving(reply) as server:
        found = judge_run(run_of(rows), server.settings, tmp_path)
    assert [bool(judged.failure) for judged in found.rows] == [False, True]
    assert ("endpoint's faults", "1", "", "2") in found.table()


def test_an_endpoint_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with serving(by_words) as server:
        settings = server.settings
    with pytest.raises(QAError) as caught:
        judge_run(run_of((ROW,)), settings, tmp_path)
    assert caught.value.hint


def test_a_model_that_is_not_served_there_is_said(tmp_path: Path) -> None:
    with serving(by_words) as server:
        settings = server.settings.model_copy(update={"model": "other"})
        with pytest.raises(ModelUnavailable, match="is not served there"):
            judge_run(run_of((ROW,)), settings, tmp_path)


def test_thoughts_are_not_read_as_claims_and_none_means_none(tmp_path: Path) -> None:
    replies = iter(["<think>\n1. Hmm.\n</think>\n1. It is green.", "NONE", "no list"])
    with serving(lambda prompt: next(replies)) as server, open_chat(server.settings) as chat:
        judge = Judge(chat, tmp_path)
        assert judge.claims("q", "a") == ("It is green.",)
        assert judge.claims("q", "b") == ()
        with pytest.raises(Unreadable, match="no list"):
            judge.claims("q", "c")


GOLD = "The line opened in 1998. Seats cost 40 euros."


def compared(good: str, bad: str) -> tuple[Pair, ...]:
    """Four pairs in which people preferred the good answer, more or less, first or second."""
    return tuple(
        Pair(
            f"p{label}",
            "What of the line?",
            GOLD,
            (bad, good) if label > 0 else (good, bad),
            dict.fromkeys(ASPECTS, (label,)),
        )
        for label in (2, 1, -1, -2)
    )


PAIRS = compared(GOLD, "It was green.")
MISLEADING = compared("The line opened in 1998.", "The line opened in 1989. Seats cost 41 euros.")
"""Counting words prefers the answer whose figures are wrong."""


def test_a_judge_that_is_nearer_to_people_than_counted_words_may_gate(tmp_path: Path) -> None:
    with serving(by_words) as server:
        found = judge_run(run_of((ROW,)), server.settings, tmp_path, pairs=MISLEADING)
    assert found.calibration is not None and found.calibration.failures == 0
    assert found.calibration.judge["overall"].pearson > 90 > 0 > found.calibration.baseline["overall"].pearson
    assert found.refusal == ""
    assert [line[0] for line in found.calibration.table()] == list(ASPECTS)


def test_a_judge_that_always_says_yes_may_not_gate(tmp_path: Path) -> None:
    def reply(prompt: str) -> str:
        return re.sub("no", "yes", by_words(prompt)) if "<claims>" in prompt else by_words(prompt)

    with serving(reply) as server:
        found = judge_run(run_of((ROW,)), server.settings, tmp_path, pairs=PAIRS)
    assert "than content-word F1" in found.refusal
    assert found.lines()[0].startswith("The judge judge-1 may not gate: ")


def test_pairs_that_cannot_be_judged_are_counted_not_dropped(tmp_path: Path) -> None:
    def reply(prompt: str) -> str:
        return "hm" if "green" in prompt and "<text>" in prompt else by_words(prompt)

    with serving(reply) as server:
        found = judge_run(run_of((ROW,)), server.settings, tmp_path, pairs=PAIRS)
    assert found.calibration is not None
    assert (found.calibration.failures, found.calibration.judge["overall"].n) == (4, 4)
    assert found.refusal and any("4 pairs could not be judged" in line for line in found.lines())


def test_without_the_pairs_or_judging_itself_a_judge_may_not_gate(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    with serving(by_words) as server:
        found = judge_run(run_of((ROW,)), server.settings, tmp_path, lambda *done: told.append(done))
        itself = judge_run(run_of((ROW,), model="judge-1"), server.settings, tmp_path, pairs=PAIRS)
    assert "not known" in found.refusal and "itself" in itself.refusal
    assert told == [(1, 1)]


def test_correlations_by_hand() -> None:
    labels = [(2, 1), (0, 0), (-1, -2)]
    pairs = [Pair(str(n), "", "", ("", ""), {"overall": both}) for n, both in enumerate(labels)]
    found = correlation(pairs, "overall", [0.5, 0.0, -0.1])
    # scores .5 .5 0 0 -.1 -.1 against 2 1 0 0 -1 -2; ranks 5.5 5.5 3.5 3.5 1.5 1.5 against 6 5 3.5 3.5 2 1
    assert found.pearson == pytest.approx(88.54, abs=0.01) and found.spearman == pytest.approx(
        97.01, abs=0.01
    )
    assert correlation(pairs, "overall", [1.0, 1.0, 1.0]).pearson == 0


@pytest.mark.skipif(
    not (BENCH / "ragchecker_meta").is_dir(), reason="the public sets are not beside the checkout"
)
def test_content_word_f1_agrees_with_people_as_measured() -> None:
    """Anchors measured with another list of function words, hence the tolerance; people: 70.1 / 68.9."""
    found = agreement(load_pairs(BENCH), lambda pair, answer: content_f1(answer, [pair.gold]))
    wanted = {"correctness": (43.1, 42.3), "completeness": (56.1, 56.7), "overall": (53.1, 54.4)}
    for aspect, (pearson, spearman) in wanted.items():
        assert found[aspect].pearson == pytest.approx(pearson, abs=2)
        assert found[aspect].spearman == pytest.approx(spearman, abs=2)
        assert found[aspect].n == 280


def test_absent_or_damaged_pairs_are_said(tmp_path: Path) -> None:
    with pytest.raises(QAError, match="cannot be read") as caught:
        load_pairs(tmp_path)
    assert "QA_BENCH" in caught.value.hint
    (tmp_path / "ragchecker_meta").mkdir()
    (tmp_path / "ragchecker_meta" / "pairs.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(QAError, match=r"pairs\.jsonl:1 is not a pair"):
        load_pairs(tmp_path)
