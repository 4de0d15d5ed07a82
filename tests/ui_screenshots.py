"""Take the pictures in docs/ again, with the embedded models: ``python tests/ui_screenshots.py``."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from serving import live

from qa import Assistant
from qa.ui.page import build
from qa.ui.server import app

DOCS = Path(__file__).parents[1] / "docs"
ENGLISH = ("Who became interim CEO of Scale?", "And where does the former CEO go?")
NOT_STATED = "How many people work at Scale AI?"
JAPANESE = ("スケールの暫定CEOは誰ですか？", "原子力協定の期間は何年ですか？")
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "device_scale_factor": 2}


def take(url: str, browser: Browser) -> None:
    """Every picture; each reader is a new one."""
    page = visit(browser, url)
    ask(page, *ENGLISH)
    shoot(page, "page")
    ask(page, NOT_STATED, before=len(ENGLISH))
    shoot(page, "page-refusal")
    dark = visit(browser, url, color_scheme="dark")
    ask(dark, *ENGLISH[:1])
    dark.click(".receipt summary")
    shoot(dark, "page-dark")
    japanese = visit(browser, url, locale="ja-JP")
    ask(japanese, *JAPANESE)
    shoot(japanese, "page-ja")
    phone = visit(browser, url, **PHONE)
    ask(phone, *ENGLISH[:1])
    shoot(phone, "page-phone")


def visit(browser: Browser, url: str, **options) -> Page:
    context = browser.new_context(
        **({"viewport": {"width": 1280, "height": 800}, "locale": "en-GB"} | options)
    )
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("body.qa-ready .reader")
    return page


def ask(page: Page, *questions: str, before: int = 0) -> None:
    for count, question in enumerate(questions, before + 1):
        page.fill("#qa-question", question)
        page.press("#qa-question", "Enter")
        page.wait_for_function(
            "n => document.querySelectorAll('#qa-thread .turn').length >= n", arg=count, timeout=300_000
        )
        page.wait_for_timeout(1200)  # scrolling comes to rest
        print(question, "->", page.locator(".turn").last.locator(".answer").inner_text().split("\n")[:3])  # noqa: T201


def shoot(page: Page, name: str) -> None:
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(2, 2)
    page.wait_for_timeout(400)
    page.screenshot(path=DOCS / f"{name}.png")


def main() -> None:
    with tempfile.TemporaryDirectory() as home, Assistant(home=home) as assistant:
        assistant.add_samples()
        with live(lambda: app(assistant, page=build(assistant))) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            take(url, browser)
            browser.close()


if __name__ == "__main__":
    sys.exit(main())
