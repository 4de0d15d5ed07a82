"""How the page looks and behaves in the browser: theme, style sheet and script, as arguments for mounting.

Everything is inline or a system font; nothing is fetched from elsewhere. Knows no content.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

__all__ = ["looks"]

ASSETS = Path(__file__).parent / "assets"
FONTS = (
    "system-ui", "-apple-system", "Segoe UI", "Hiragino Sans", "Hiragino Kaku Gothic ProN", "Yu Gothic UI",
    "Noto Sans JP", "Noto Sans CJK JP", "Meiryo", "sans-serif",
)  # fmt: skip
MONO = ("ui-monospace", "SFMono-Regular", "Consolas", "Noto Sans Mono CJK JP", "monospace")


def looks() -> dict[str, Any]:
    """Keyword arguments of ``gr.mount_gradio_app`` (and of ``launch``) that the page cannot do without."""
    script, style = ((ASSETS / name).read_text(encoding="utf-8") for name in ("page.js", "page.css"))
    return {
        "theme": gr.themes.Base(font=FONTS, font_mono=MONO),
        # In the head, because Gradio confines its css parameter to its own container.
        "head": f"<style>\n{style}\n</style>\n<script>\n{script}\n</script>",
        "footer_links": [],
        "run_history": False,
    }
