from __future__ import annotations

import random

import pytest

from qa.errors import UnreadableFile
from qa.loading.decoding import decode

JAPANESE = "会社は月曜日に、競合する企業の株式を買うと発表しました。価格は千円です。"


@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "shift_jis",
        "cp932",
        "euc_jp",
        "iso2022_jp",
    ],
)
@pytest.mark.parametrize(
    "text", [JAPANESE, "メタの投資額は", "今日は", "会社の名前は何ですか？", JAPANESE + " CEO ok\n" * 50]
)
def test_japanese_in_all_its_encodings(encoding: str, text: str) -> None:
    if encoding.startswith("utf-16-") and len(text) < 8:
        pytest.skip("without a mark, few characters do not tell UTF-16")
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        (
            "cp1252",
            "Über die Größe des Geschäfts – schon „gestern“ – äußerte sich keiner. " * 4,
        ),
        ("cp1251", "Компания объявила в понедельник о покупке конкурента за наличные деньги. " * 3),
        ("gb18030", "公司星期一宣布，将以现金收购竞争对手的全部股份。这笔交易的价格是一亿美元。" * 3),
        ("big5", "公司星期一宣布，將以現金收購競爭對手的全部股份。這筆交易的價格是一億美元。" * 3),
        ("euc_kr", "회사는 월요일에 경쟁사의 나머지 주식을 현금으로 사겠다고 발표했다. " * 3),
        (
            "cp1254",
            "Şirket, rakibinin kalan hisselerini satın alacağını pazartesi günü açıkladı. " * 3,
        ),
        ("utf-16-le", "Plain English without a mark.\n"),
    ],
)
def test_other_encodings(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_declared_encoding_is_believed_where_it_fits() -> None:
    assert decode("Grüße".encode("cp1250"), "windows-1250") == "Grüße"
    assert decode(JAPANESE.encode(), "shift_jis") == JAPANESE
    assert decode(JAPANESE.encode("euc_jp"), "no-such-encoding") == JAPANESE


def test_line_ends_become_newlines() -> None:
    assert decode(b"a\r\nb\rc\nd") == "a\nb\nc\nd"


@pytest.mark.parametrize("size", [64, 200, 1000, 5000])
def test_bytes_without_meaning_are_refused(size: int) -> None:
    source = random.Random(size)
    for _ in range(20):
        with pytest.raises(UnreadableFile, match="not text"):
            decode(source.randbytes(size))
