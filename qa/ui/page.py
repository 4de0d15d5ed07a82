"""The page of the browser: an assistant goes in, a Gradio application that is not yet running comes out.

Lays out panes and wires events; what they show is made in the modules beside it. Knows no retrieval, no
prompt and no file format, and nothing of how it is served.
"""

from __future__ import annotations

import gradio as gr

from qa.assistant import Assistant

__all__ = ["build"]


def build(assistant: Assistant) -> gr.Blocks:
    """Make the page over an assistant that is already open."""
    page = gr.Blocks(title="article-qa", analytics_enabled=False)
    with page:
        gr.Markdown(f"{len(assistant.documents())} documents")
    return page
