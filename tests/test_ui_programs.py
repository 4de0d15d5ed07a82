"""The APIs for programs over real HTTP, each with the client that its users have; the models are scripted."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import openai
import pytest
from gradio_client import Client as GradioClient
from gradio_client.exceptions import AppError
from langchain_openai import ChatOpenAI
from mcp import Client as MCPClient
from serving import (
    ARTICLE,
    QUESTION,
    QUOTE,
    REPLY,
    Chat,
    in_loop,
    live,
    open_assistant,
    small_page,
    wait_until,
)

from qa import Assistant
from qa.data import Answer, Citation, Receipt, Sentence
from qa.errors import IndexMissing, IndexUnavailable, ModelRejected, ModelUnavailable
from qa.ui import openai_api, server, tools
from qa.wording import joined

DOCS = Path(__file__).parents[1] / "docs" / "http-api.md"


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[tuple[str, Chat, Assistant]]:
    chat = Chat()
    with open_assistant(tmp_path_factory.mktemp("home"), chat) as assistant:
        with live(lambda: server.app(assistant, page=small_page())) as url:
            yield url, chat, assistant


@pytest.fixture
def url(served) -> str:
    served[1].reset()
    return served[0]


@pytest.fixture
def chat(served, url) -> Iterator[Chat]:
    yield served[1]
    served[1].go_on.set()


@pytest.fixture
def client(url) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none") as client:
        yield client


def ask(client: openai.OpenAI, *messages: tuple[str, str], **options):
    talk = [{"role": role, "content": content} for role, content in messages or [("user", QUESTION)]]
    return client.chat.completions.create(model="qa", messages=talk, **options)


# OpenAI's API


def test_completion_is_cited_at_its_sentence(client, served):
    done = ask(client)
    choice = done.choices[0]
    assert (choice.message.content, choice.message.role, choice.finish_reason) == (REPLY, "assistant", "stop")
    assert (done.usage.prompt_tokens, done.usage.completion_tokens, done.usage.total_tokens) == (11, 7, 18)
    cited = choice.message.annotations[0].url_citation
    assert choice.message.content[cited.start_index : cited.end_index] == REPLY
    assert (cited.title, cited.url, cited.quote) == ("The river ferry returns", "ferry.txt", QUOTE)
    assert served[2].document(cited.document_id).text[cited.start : cited.end] == QUOTE
    assert done.qa["sentences"][0]["state"] == "supported" and done.qa["hits"] and done.qa["receipt"]


def test_stream_says_the_same_and_cites_at_the_end(url):
    async def collect():
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none") as client:
            talk = [{"role": "user", "content": QUESTION}]
            options = {"stream": True, "stream_options": {"include_usage": True}}
            return [
                chunk
                async for chunk in await client.chat.completions.create(model="qa", messages=talk, **options)
            ]

    *pieces, last, usage = asyncio.run(collect())
    texts = [piece.choices[0].delta.content for piece in pieces]
    assert "".join(texts) == REPLY and len(texts) > 3
    assert {chunk.id for chunk in pieces} == {last.id}
    assert last.choices[0].finish_reason == "stop" and last.qa["text"] == REPLY
    assert last.choices[0].delta.annotations[0]["url_citation"]["quote"] == QUOTE
    assert usage.choices == [] and usage.usage.total_tokens == 18


def test_earlier_messages_are_history_and_system_messages_are_not(client, chat):
    ask(
        client,
        ("system", "Talk like a pirate."),
        ("user", "What did the city buy?"),
        ("assistant", "A boat."),
        ("user", "Who will run it?"),
    )
    assert (
        "Q: What did the city buy?\nA: A boat." in chat.prompts[0] and "Who will run it?" in chat.prompts[0]
    )
    assert not any("pirate" in prompt for prompt in chat.prompts)


def test_refusal_is_a_message_without_citation(client, chat):
    chat.stated = 0.01
    done = ask(client)
    assert done.choices[0].message.content and done.choices[0].message.annotations == []
    assert not done.qa["answered"] and done.qa["reason"] == "not_stated" and done.qa["nearest"]["quote"]


def test_unsupported_words_already_sent_are_taken_back(client, chat):
    chat.reply = lambda prompt: "The boat sank on 9 June 1871 with 512 people."
    *_, last = chunks = list(ask(client, stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert last.qa["reason"] == "unsupported"
    assert text.endswith(openai_api.WITHDRAWN + last.qa["text"]) and text.startswith("The boat sank")


@pytest.mark.parametrize(
    ("pieces", "sentences", "content"),
    [
        (["One.", " Tw"], ["One.", "Two."], "One.|| Two.||"),
        (["One.\nTw", "o."], ["One.", "Two."], "One.||\nTwo.||"),
        (["One.\n\nTwo.", " Thr"], ["One.", "Two.", "Three."], "One.||\n\nTwo.|| Three.||"),
        (["- One\n- Tw", "o"], ["- One", "- Two"], "- One||\n- Two||"),  # a stop is set between the two
        (["一です。\n二で", "す。"], ["一です。", "二です。"], "一です。||\n二です。||"),
        (["Ada left. She", " ran."], ["Ada (アダ) left.", "She ran."], "Ada left.|| She ran.||"),
        (
            ["Ada ran. By", " Kern"],
            ["Ada (アダ) ran.", "By Kern (ケルン)."],
            "Ada ran.|| By Kern (ケルン).||",
        ),
        (["Something ", "else."], ["One.", "Two."], f"Something {openai_api.CHECKED}One.|| Two.||"),
    ],
)
def test_stream_ends_with_what_is_missing_and_indexes_count_in_what_was_sent(pieces, sentences, content):
    """Where a sentence ends, the expected content has "||"."""
    citation = Citation(1, "d", "/a b/x.txt", "T", 0, 1, "q", 0.5)
    checked = tuple(Sentence(text, "partly", "why", (citation,)) for text in sentences)
    text = joined(sentences, "ja" if "です" in sentences[0] else "en")
    answer = Answer("?", text, checked, True, "answered", None, (), Receipt())

    async def events() -> AsyncGenerator[str | Answer]:
        for piece in [*pieces[1:], answer]:
            yield piece

    async def collect() -> list[str]:
        return [event async for event in openai_api._chunks(pieces[0], events(), False)]

    *sent, end = asyncio.run(collect())
    chunks = [json.loads(event.removeprefix("data: ")) for event in sent]
    said = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    cited = [found["url_citation"] for found in chunks[-1]["choices"][0]["delta"]["annotations"]]
    assert said == content.replace("||", "")
    whole = said
    for found in reversed(cited):
        whole = f"{whole[: found['end_index']]}||{whole[found['end_index'] :]}"
    assert whole == content
    assert all(said[found["start_index"]] == text[0] for found, text in zip(cited, sentences, strict=True))
    assert {(found["url"], found["state"]) for found in cited} == {("file:///a%20b/x.txt", "partly")}
    assert end == "data: [DONE]\n\n"


def test_models(client):
    assert [model.id for model in client.models.list()] == ["qa"]
    assert client.models.retrieve("qa").object == "model"
    with pytest.raises(openai.NotFoundError, match="There is no model 'gpt-5'"):
        client.models.retrieve("gpt-5")


def user(content: object) -> dict:
    return {"messages": [{"role": "user", "content": content}]}


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"model": "gpt-5"}, 404, "The model is 'qa'"),
        ({"messages": []}, 400, "messages: "),
        (user(" "), 400, "The question is empty"),
        (user([{"type": "image_url", "image_url": {"url": "data:,"}}]), 400, "with text only"),
        ({"messages": [{"role": "system", "content": "x"}]}, 400, "End the messages with the question"),
        (user("x" * 5_000), 400, "Shorten it"),
        (user("x" * 1_000_000), 413, "more than 1,000,000 bytes"),
        ({"extra_body": {"document_ids": ["nix"]}}, 400, "no document 'nix'"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_bad_requests_say_what_to_do(client, change, status, words, stream):
    request = {"model": "qa", **user(QUESTION)} | change
    with pytest.raises(openai.APIStatusError, match=re.escape(words)) as caught:
        client.chat.completions.create(**request, stream=stream)
    assert caught.value.status_code == status
    assert caught.value.body["hint"] and caught.value.body["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("fault", "status", "again"),
    [
        (ModelUnavailable("The model is away.", "Start it."), 503, {"retry-after": "5"}),
        (ModelRejected("The key is wrong.", "Set another."), 502, {"x-should-retry": "false"}),
        (IndexUnavailable("Another is writing.", "Wait."), 503, {"retry-after": "5"}),
        (IndexMissing("There is no article.", "Add one."), 409, {"x-should-retry": "false"}),
    ],
)
def test_faults_have_a_status(url, chat, fault, status, again):
    chat.fault = fault
    body = {"model": "qa", "messages": [{"role": "user", "content": QUESTION}], "stream": True}
    got = httpx.post(f"{url}/v1/chat/completions", json=body)
    assert got.status_code == status and got.headers.items() >= again.items()
    assert got.json()["error"]["message"] == f"{fault.message} {fault.hint}"


def test_other_paths_and_broken_json_have_openai_errors(url):
    assert "chat/completions" in httpx.post(f"{url}/v1/embeddings", json={}).json()["error"]["message"]
    got = httpx.post(f"{url}/v1/chat/completions", content=b"{nonsense")
    assert got.status_code == 400 and got.json()["error"]["hint"]


def test_only_chosen_documents_are_asked(client, served):
    (info,) = served[2].documents()
    assert ask(client, extra_body={"document_ids": [info.id]}).qa["answered"]
    assert ask(client, extra_body={"document_ids": []}).qa["reason"] == "nothing_found"


def test_hanging_up_ends_a_stream(client, chat):
    chat.write_for_long()
    stream = ask(client, stream=True)
    for _ in zip(stream, range(3), strict=False):
        assert not chat.streams[-1].closed
    stream.close()
    wait_until(lambda: chat.streams[-1].closed)
    assert chat.streams[-1].cut_short


def test_hanging_up_ends_a_generation_that_is_not_streamed(client, chat):
    chat.write_for_long()
    with pytest.raises(openai.APITimeoutError):
        ask(client.with_options(timeout=1, max_retries=0))
    wait_until(lambda: chat.streams[-1].closed)
    assert chat.streams[-1].cut_short


def test_a_long_answer_holds_up_questions_and_nothing_else(client, chat, url, monkeypatch):
    chat.go_on.clear()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(ask, client)
        wait_until(lambda: chat.streams)
        second = pool.submit(ask, client)
        assert httpx.get(f"{url}/v1/models", timeout=10).status_code == 200
        assert httpx.get(f"{url}/", timeout=10).status_code == 200
        assert not second.done() and len(chat.streams) == 1
        wait_until(lambda: len(chat.prompts) == 2)  # judged and being written; the second has not begun
        monkeypatch.setattr(tools, "MAX_WAITING", 1)
        with pytest.raises(openai.InternalServerError, match="1 questions are waiting"):
            ask(client.with_options(max_retries=0))
        chat.go_on.set()
        assert first.result().qa["answered"] and second.result().qa["answered"]


def test_langchain_takes_it_for_openai(url):
    model = ChatOpenAI(base_url=f"{url}/v1", api_key="none", model="qa")
    said = model.invoke([("system", "Be brief."), ("user", QUESTION)])
    assert said.content == REPLY and said.usage_metadata["total_tokens"] == 18
    assert "".join(str(chunk.text) for chunk in model.stream(QUESTION)) == REPLY


# Gradio's API and MCP


@pytest.fixture
def gradio(url) -> Iterator[GradioClient]:
    client = GradioClient(url, verbose=False)
    yield client
    client.close()


def test_gradio_client_finds_our_endpoints_and_no_others(gradio):
    endpoints = gradio.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert endpoints.keys() == {"/ask", "/search", "/documents"}
    assert "the source sentence that proves it" in endpoints["/ask"]["description"]
    with pytest.raises(ValueError, match="internal"):
        gradio.predict("x", api_name="/internal")


def test_gradio_client_asks(gradio, chat):
    (info,) = gradio.predict(api_name="/documents")
    answer = gradio.predict(QUESTION, document_ids=[info["id"]], api_name="/ask")
    assert answer["text"] == REPLY and answer["sentences"][0]["citations"][0]["quote"] == QUOTE
    found = gradio.predict("ticket", k=1, api_name="/search")
    assert [ARTICLE[hit["start"] : hit["end"]] == hit["text"] for hit in found] == [True]
    gradio.predict("Who will run it?", history=[["What did the city buy?", "A boat."]], api_name="/ask")
    assert any("A: A boat." in prompt for prompt in chat.prompts)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"question": ""}, "The question is empty. Ask something"),
        ({"question": "x", "document_ids": ["nix"]}, "There is no document 'nix'."),
        ({"question": "x", "history": [["half"]]}, "The history must hold"),
    ],
)
def test_gradio_client_and_mcp_are_told_what_is_wrong(gradio, url, arguments, words):
    with pytest.raises(AppError, match=re.escape(words)):
        gradio.predict(**arguments, api_name="/ask")
    result = mcp(url, "ask", arguments)
    assert result.is_error and words in result.content[0].text


def mcp(url: str, name: str, arguments: dict):
    async def call():
        async with MCPClient(f"{url}/mcp") as client:
            return await client.call_tool(name, arguments)

    return asyncio.run(call())


def test_mcp_offers_the_same_tools(url):
    async def offered():
        async with MCPClient(f"{url}/mcp") as client:
            return (await client.list_tools()).tools

    found = {tool.name: tool for tool in asyncio.run(offered())}
    assert found.keys() == {"ask", "search", "documents"}
    assert found["ask"].input_schema["required"] == ["question"]
    assert found["ask"].annotations.read_only_hint
    assert "earlier [question, answer] pairs" in found["ask"].description


def test_mcp_asks(url):
    answer = mcp(url, "ask", {"question": QUESTION})
    assert answer.structured_content["text"] == REPLY
    assert json.loads(answer.content[0].text) == answer.structured_content
    assert mcp(url, "search", {"question": "ticket", "k": 1}).structured_content["result"][0]["rank"] == 1
    assert "k is 0" in mcp(url, "search", {"question": "ticket", "k": 0}).content[0].text
    assert mcp(url, "documents", {}).structured_content["result"][0]["title"] == "The river ferry returns"


def test_mcp_client_that_goes_away_ends_its_generation(url, chat):
    chat.write_for_long()

    async def leave():
        async with MCPClient(f"{url}/mcp") as client:
            task = asyncio.ensure_future(client.call_tool("ask", {"question": QUESTION}))
            while not chat.streams:
                await asyncio.sleep(0.01)
            task.cancel()

    asyncio.run(leave())
    wait_until(lambda: chat.streams[-1].closed)
    assert chat.streams[-1].cut_short


def test_nothing_is_attached_to_the_page_twice(served):
    def handlers() -> tuple[int, int]:
        page = small_page()
        before = len(page.fns)
        tools.add_endpoints(page, tools.Desk(served[2]))
        return before, len(page.fns)

    before, after = in_loop(handlers)
    assert after == before + 3


# The documentation


def documented(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("snippet", documented("python"))
def test_documented_python_works(url, snippet, capsys):
    exec(compile(snippet.replace("http://127.0.0.1:7860", url), str(DOCS), "exec"), {})
    assert REPLY in capsys.readouterr().out


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("snippet", documented("sh"))
def test_documented_shell_works(url, snippet):
    command = ["bash", "-ec", snippet.replace("http://127.0.0.1:7860", url)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and REPLY in done.stdout, done
