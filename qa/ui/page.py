"""The page of the browser: an assistant goes in, a Gradio application that is not yet running comes out.

Lays out panes and wires each thing a reader does to its method of `qa.ui.actions`. One hidden component
carries what the script of the page sends. Knows no retrieval, no prompt and no file format, and nothing of
how it is served.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from qa.assistant import Assistant
from qa.errors import QAError
from qa.ui.actions import Actions

__all__ = ["build"]

REPORTS = "QA_REPORTS"
AT_ONCE = 8
_CONNECT = """
const names = ["open", "show", "evals", "ask", "stop", "feedback", "export"]
  .concat(["library", "add_url", "add_text", "remove"]);
(function connect() { window.qa ? window.qa.connect(trigger) : setTimeout(connect, 20); })();
"""


def build(assistant: Assistant, reports: Path | None = None) -> gr.Blocks:
    """Make the page over an assistant that is already open.

    Args:
        assistant: open, and closed by whoever opened it.
        reports: folder with evals runs; QA_REPORTS of the environment, or ``eval-runs``, if None.
    """
    actions = Actions(assistant, reports or Path(os.environ.get(REPORTS, "eval-runs")))
    page = gr.Blocks(title="article-qa", analytics_enabled=False, fill_width=True)
    with page:
        _wire(_lay_out(), actions, 1 if assistant.settings.chat.kind == "local" else AT_ONCE)
    # Only then does Gradio refuse "uploads" that are files of this machine, and mounting does not set it.
    page.has_launched = True
    return page


def _lay_out() -> dict[str, gr.components.Component]:
    """Every pane, in the order of the screen."""
    panes: dict[str, Any] = {"header": _html("header")}
    with gr.Row(elem_id="panel-ask", elem_classes="qa-panel"):
        with gr.Column(elem_id="qa-talk"):
            with gr.Column(elem_id="qa-scroll"):
                panes |= {"thread": _html("thread"), "live": _html("live"), "line": _html("line")}
            panes["composer"] = _html("composer")
        with gr.Column(elem_id="qa-source"):
            panes["reader"] = _html("reader")
    with gr.Column(elem_id="panel-library", elem_classes="qa-panel"):
        panes["shelf"] = _html("shelf")
        with gr.Column(elem_id="qa-add"):
            panes["upload"] = gr.UploadButton("Choose files", file_count="multiple", elem_id="qa-upload")
            panes |= {"forms": _html("forms"), "outcome": _html("outcome")}
    with gr.Column(elem_id="panel-evals", elem_classes="qa-panel"):
        panes["evals"] = _html("evals")
    panes |= {"notice": _html("notice"), "download": _html("download")}
    panes["language"] = gr.Textbox(visible=False)
    panes["bus"] = gr.HTML(elem_id="qa-bus", js_on_load=_CONNECT)
    return panes


def _html(name: str) -> gr.HTML:
    return gr.HTML(elem_id=f"qa-{name}", js_on_load=None, apply_default_css=False)


def _wire(panes: dict[str, Any], actions: Actions, at_once: int) -> None:
    """Tie every event of the script to what it does and to the panes it fills."""
    bus = panes["bus"]
    everything = [panes[n] for n in ("header", "thread", "composer", "reader", "shelf", "forms", "upload")]
    quick: dict[str, Any] = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
    slow: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

    def open_page(given: dict[str, Any]) -> tuple[Any, ...]:
        *shown, label = actions.open(given)
        return *shown, gr.UploadButton(label=label)

    bus.open(_sent(open_page), None, everything, trigger_mode="always_last", **quick)
    bus.show(_sent(actions.show), None, panes["reader"], trigger_mode="always_last", **quick)
    bus.library(_sent(actions.library), None, panes["shelf"], **quick)
    bus.evals(_sent(actions.evals), None, panes["evals"], **quick)
    bus.feedback(_sent(actions.feedback), None, panes["notice"], trigger_mode="multiple", **quick)
    bus.export(_sent(actions.export), None, panes["download"], **quick)
    asking = bus.ask(
        _sent_stream(actions.ask), None, panes["live"], concurrency_limit=at_once, show_progress="minimal",
        show_progress_on=panes["line"], api_visibility="private",
    )  # fmt: skip
    bus.stop(_sent(actions.stop), None, panes["live"], cancels=[asking], **quick)
    added = [panes["outcome"], panes["shelf"]]
    bus.add_url(_sent_stream(actions.add_url), None, added, **slow)
    bus.add_text(_sent_stream(actions.add_text), None, added, **slow)
    bus.remove(_sent(actions.remove), None, added, **quick)

    def add_files(paths: list[str] | None, language: str) -> Iterator[tuple[str, str]]:
        with _errors_shown():
            yield from actions.add_files(paths or [], {"language": language})

    panes["upload"].upload(
        add_files,
        [panes["upload"], panes["language"]],
        added,
        js="(files) => [files, window.qa.language()]",
        **slow,
    )


def _sent(action: Callable[[dict[str, Any]], Any]) -> Callable[[gr.EventData], Any]:
    """The action on what the script sent."""

    def act(event: gr.EventData) -> Any:
        with _errors_shown():
            return action(_data(event))

    return act


def _sent_stream(
    action: Callable[[dict[str, Any]], Iterator[Any]],
) -> Callable[[gr.EventData], Iterator[Any]]:
    def act(event: gr.EventData) -> Iterator[Any]:
        with _errors_shown():
            yield from action(_data(event))

    return act


@contextlib.contextmanager
def _errors_shown() -> Iterator[None]:
    """Make an error a message that the browser shows."""
    try:
        yield
    except QAError as error:
        raise gr.Error(f"{error.message} {error.hint}", print_exception=False) from error


def _data(event: gr.EventData) -> dict[str, Any]:
    sent = event._data
    return sent if isinstance(sent, dict) else {}
