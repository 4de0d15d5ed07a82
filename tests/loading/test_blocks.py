from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from qa.loading.blocks import mark

SHARED = Path(__file__).parents[2].parent / "shared"

BODY = {
    "en": "The company said on Monday that it would buy the rest of its rival for cash, as expected.",
    "ja": "会社は月曜日に、競合する企業の残りの株式を現金で買い取ると発表し、交渉を終えました。",
    "zh": "公司星期一宣布，将以现金收购竞争对手的全部剩余股份，结束了几个月以来的谈判，震动了整个行业。",
    "ko": "회사는 월요일에 경쟁사의 나머지 주식을 모두 현금으로 사들이겠다고 발표하여 협상을 끝냈다.",
    "de": "Das Unternehmen teilte am Montag mit, dass es den Rest seines Rivalen gegen Bargeld kaufen werde.",
    "fr": "L'entreprise a annoncé lundi qu'elle achèterait le reste de sa rivale au comptant.",
    "es": "La empresa anunció el lunes que compraría el resto de su rival en efectivo.",
}
BIO = {
    "en": "Jane Doe is a senior reporter who has covered software and chips for more than ten years.",
    "ja": "山田花子は、ソフトウェアと半導体の分野を長く取材してきたスタッフライターです。",
}


def article(language: str, *, head: list[str], tail: list[str]) -> str:
    body, heading = BODY[language], "Why it matters" if language == "en" else "背景"
    return "\n\n".join([*head, body, body * 2, body, heading, body, *tail])


def found(text: str, title: str = "") -> dict[str, str]:
    """Text of each block to its kind."""
    return {text[block.start : block.end]: block.kind for block in mark(text, title)[1]}


@pytest.mark.parametrize(
    ("language", "head", "tail"),
    [
        (
            "en",
            ["Rival is bought", "Topic — Business", "Published", "Image of Jane Doe", "By Jane Doe"],
            ["Share this article", "Share\nTweet\nPin it", "Photo of Jane Doe", "Tagged:",
             "Tagged: deals, chips",
                          "Related articles", "Advertisement", "Subscribe to our daily newsletter",
             "We use cookies to make this site better. By browsing it you agree.",
             "Read more: Another headline"],
        ),
        (
            "ja",
            ["競合を買収", "トピック — 経済", "出版", "山田花子の画像", "文：山田花子"],
            ["記事をシェア", "シェア\nツイート", "山田花子の写真", "タグ：買収", "関連記事",
             "スポンサーリンク", "メルマガ登録はこちら", "当サイトではCookieを使用しています。"],
        ),
        ("zh", ["收购竞争对手", "作者：李明"],
         ["分享本文", "分享\n收藏", "标签：收购", "相关文章", "订阅我们的邮件"]),
        ("ko", ["경쟁사를 인수하다", "홍길동 기자"], ["기사 공유", "공유하기", "태그: 인수", "관련 기사"]),
        ("de", ["Rivale wird gekauft", "Von Anna Schmidt"], ["Artikel teilen", "Teilen\nDrucken",
         "Schlagwörter: Kauf", "Lesen Sie auch", "Newsletter abonnieren",
         "Wir verwenden Cookies, um zu messen."]),
        ("fr", ["La rivale est achetée", "Par Anne Dupont"], ["Partager l'article", "Partager\nImprimer",
         "Mots-clés : achat", "À lire aussi : un autre titre", "Abonnez-vous à notre newsletter"]),
        ("es", ["Compran a la rival", "Por Ana García"], ["Compartir este artículo", "Compartir\nImprimir",
         "Etiquetas: compra", "Te puede interesar", "Suscríbete a nuestro boletín"]),
    ],
)  # fmt: skip
def test_news_pages_in_seven_languages(language: str, head: list[str], tail: list[str]) -> None:
    text = article(language, head=head, tail=tail)
    kinds = found(text)
    assert mark(text)[0] == head[0] and kinds[head[0]] == "title"
    assert kinds[head[-1]] == "byline"
    furniture = [*head[1:-1], *tail]
    assert {line: kinds[line] for line in furniture} == dict.fromkeys(furniture, "furniture")
    assert kinds[BODY[language]] == "body"
    assert kinds["Why it matters" if language == "en" else "背景"] == "heading"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_repeated_headline_caption_and_author(language: str) -> None:
    name, caption = {
        "en": ("Jane Doe", "The head office.\nThe head office in Springfield. Image: Acme"),
        "ja": ("山田花子", "本社の建物。\n本社の建物です。画像:架空商事"),
    }[language]
    title = "Rival is bought"
    text = article(language, head=[title, title], tail=[caption, name, BIO[language]])
    kinds = [(text[block.start : block.end], block.kind) for block in mark(text)[1]]
    assert kinds[:2] == [(title, "title"), (title, "furniture")]
    assert kinds[-3:] == [(caption, "furniture"), (name, "byline"), (BIO[language], "byline")]


@pytest.mark.parametrize(
    "line",
    [
        "Share of the market",
        "The share price rose.",
        "Share this with nobody, she told him.",
        "Published June 13, 2025",
        "Photo editing for beginners",
        "Print",
        "Image of God",
        "広告",
        "月の画像",
        "出版",
        "Related work",
        "See also",
        "Tags are short names of topics.",
        "Cookies are small files that a site leaves in a browser.",
        "He wanted to subscribe to the newsletter of the club, but forgot.",
        "By then it was too late",
        "By March the number had doubled.",
        "Topic: the budget for next year",
        "Image: nginx:1.27\nPort: 80",
        "Source: annual report",
        "Comments",
    ],
)
def test_lines_that_only_look_like_furniture(line: str) -> None:
    body = BODY["en"]
    text = "\n\n".join(["Rival is bought", body, body, line, body, body])
    assert found(text)[line] in ("body", "heading")


@pytest.mark.parametrize(
    "text",
    [
        "One line of text without an end",
        "Share",
        "記事をシェア",
        "Dear Sam,\n\nplease share this article with your team.\n\nBest,\nJane",
        "name | year\nJane | 2020\nJohn | 2021",
        "- Share\n- Tweet\n- Print",
        "SUBJECT: Photo of the day\nFROM: Jane\n\nImage: attached",
        "Tags: a, b\nShare this article\nTagged:",
    ],
)
def test_what_is_not_an_article_is_all_body(text: str) -> None:
    assert set(found(text).values()) == {"body"}


def test_given_title_need_not_be_in_the_text() -> None:
    text = f"{BODY['en']}\n\n{BODY['en']}"
    assert mark(text, "Elsewhere")[0] == "Elsewhere"
    assert set(found(text, "Elsewhere").values()) == {"body"}
    assert found(f"rival is BOUGHT\n\n{text}", "Rival is bought")["rival is BOUGHT"] == "title"


def test_text_with_a_line_per_paragraph() -> None:
    body = BODY["ja"]
    assert found(f"競合を買収\n{body}\n背景\n{body}\n記事をシェア\n{body}") == {
        "競合を買収": "title",
        body: "body",
        "背景": "heading",
        "記事をシェア": "furniture",
    }


@pytest.mark.skipif(
    not (SHARED / "article").exists(), reason="the example article is not beside this checkout"
)
def test_a_real_article() -> None:
    text = (SHARED / "article" / "article.ja.txt").read_text(encoding="utf-8")
    title, blocks = mark(text)
    kinds = [block.kind for block in blocks]
    hidden = "".join(text[block.start : block.end] for block in blocks if block.kind == "furniture")
    assert text.startswith(title) and kinds[0] == "title"
    assert (kinds.count("heading"), kinds.count("byline")) == (3, 2)
    assert kinds[1:5] == ["furniture"] * 4 and kinds[-1] == "furniture"
    assert "。" not in hidden.replace("。\n", "").replace("。画像", "") and len(hidden) < 0.1 * len(text)
    assert len(re.findall("画像|シェア|Tagged|トピック|出版", hidden)) == 7


@pytest.mark.skipif(
    not (SHARED / "bench").exists(), reason="the public question sets are not beside this checkout"
)
def test_nothing_of_public_texts_is_hidden() -> None:
    """Wikipedia paragraphs and mails, whole, and cut into a paragraph per clause under their title."""
    for corpus in sorted((SHARED / "bench").glob("*/corpus.jsonl")):
        for line in corpus.read_text(encoding="utf-8").splitlines()[::7]:
            document = json.loads(line)
            clauses = re.split(r"(?<=[。！？、])|(?<=[.!?,])\s", document["text"])
            for text in (document["text"], "\n\n".join([document["title"], *filter(None, clauses)])):
                hidden = [
                    text[b.start : b.end] for b in mark(text, document["title"])[1] if b.kind == "furniture"
                ]
                assert hidden == [], corpus
