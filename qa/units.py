"""How numbers, units and dates are written in the languages of the readers: tables only, no text goes in.

A unit has one short name here whatever the language ("円" and "yen" are ``jpy``), and units of one dimension
have a factor, so that 3.2 km and 3,200 metres can be told to be the same length.
"""

# ruff: noqa: E501 - tables of words and patterns read better unwrapped
from __future__ import annotations

__all__ = [
    "CJK_SCALES", "COMMA_SCALES", "CURRENCIES", "ERAS", "FRACTIONS", "KANJI_DIGITS", "MEASURES", "MONTHS",
    "NUMBER_WORDS", "OLDEST", "OTHER_MONTHS", "PERIODS", "PREFIX_UNITS", "SHORT_MONTHS", "SUFFIX_UNITS", "TENTHS", "WEEKDAYS",
    "WORD_SCALES",
]  # fmt: skip

CJK_SCALES = {
    "兆": 10**12, "조": 10**12, "億": 10**8, "亿": 10**8, "억": 10**8, "万": 10**4, "萬": 10**4, "만": 10**4,
    "千": 10**3, "천": 10**3, "百": 100, "백": 100,
}  # fmt: skip
WORD_SCALES = {
    "trillion": 10**12, "trillions": 10**12, "tn": 10**12, "billion": 10**9, "billions": 10**9, "bn": 10**9,
    "million": 10**6, "millions": 10**6, "mn": 10**6, "thousand": 10**3, "hundred": 100, "dozen": 12,
    "b": 10**9, "m": 10**6, "k": 10**3, "mil millones": 10**9, "millones": 10**6, "millón": 10**6,
    "billones": 10**12, "mil": 10**3,
    "milliarden": 10**9, "milliarde": 10**9, "mrd": 10**9, "millionen": 10**6, "mio": 10**6, "billionen": 10**12,
    "tausend": 10**3, "tsd": 10**3, "hundert": 100, "milliards": 10**9, "milliard": 10**9, "mille": 10**3,
    "bilhões": 10**9, "milhões": 10**6,
}  # fmt: skip
COMMA_SCALES = frozenset(WORD_SCALES) - set(
    "trillion trillions tn billion billions bn b million millions mn m k thousand hundred dozen".split()
)
"""Scale words of languages that write 14,3 for 14.3 and 14.300 for 14,300."""

PREFIX_UNITS = {"us$": "usd", "$": "usd", "€": "eur", "£": "gbp", "¥": "jpy", "￥": "jpy", "₩": "krw"}
CURRENCIES = frozenset("usd eur jpy gbp cny krw".split())
_WRITTEN = {
    "usd": "米ドル ドル 美元 dollars dollar dólares Dollar 달러 usd $",
    "eur": "ユーロ 欧元 euros euro 유로 €",
    "jpy": "円 yen yenes 日元 엔",
    "gbp": "ポンド 英镑 pounds pfund libras 파운드",
    "cny": "人民元 人民币 元 yuan yuanes 위안",
    "krw": "ウォン 韩元 원 won wones",
    "percent": "% パーセント percent prozent 퍼센트 割",
    "point": "ポイント 个百分点 百分点 퍼센트포인트 prozentpunkte prozentpunkt",
    "year": "年度 年間 周年 年 年间 년 years year jahre jahren años",
    "month": "か月間 ヶ月間 カ月間 か月 ヶ月 カ月 ヵ月 ケ月 个月 개월 月 월 months month monate meses",
    "week": "週間 周 주 weeks week wochen semanas",
    "day": "日間 日 天 일 days day tage tagen días",
    "hour": "時間 小时 시간 hours hour stunden horas",
    "minute": "分間 分 分钟 분 minutes minute minuten minutos",
    "second": "秒 초 seconds second sekunden segundos",
    "decade": "decades decade",
    "age": "歳 才 岁 周岁 살",
    "person": "人 名 people persons 명",
    "household": "世帯",
    "km": "キロメートル 公里 千米 킬로미터 kilometres kilometers kilometre kilometer kilómetros km",
    "metre": "メートル 미터 metres meters metre meter metros",
    "cm": "センチメートル センチ 厘米 센티미터 centimetres centimeters cm",
    "mm": "ミリメートル ミリ 毫米 밀리미터 millimetres millimeters mm",
    "mile": "マイル miles mile",
    "light year": "光年",
    "kg": "キログラム 公斤 킬로그램 kilograms kilogrammes kg",
    "gram": "グラム grams grammes",
    "tonne": "トン 吨 톤 tonnes tons toneladas tonnen",
    "degree": "度 ℃ °c ° degrees grad grados 도",
    "rank": "番目 位 위",
    "fold": "倍",
}
_PHRASES = {
    "us dollars": "usd", "u.s. dollars": "usd", "us-dollar": "usd", "per cent": "percent", "por ciento": "percent",
    "percentage points": "point", "puntos porcentuales": "point", "パーセントポイント": "point",
    "year-old": "age", "years old": "age", "years of age": "age", "light years": "light year",
    "light-years": "light year", "degrees celsius": "degree", "degrees centigrade": "degree",
}  # fmt: skip
SUFFIX_UNITS = {word.lower(): unit for unit, words in _WRITTEN.items() for word in words.split()} | _PHRASES
TENTHS = frozenset({"割"})
"""Units whose number counts tenths: 3割 is 30 percent."""

MEASURES: dict[str, tuple[str, int]] = {
    "mm": ("length", 1), "cm": ("length", 10), "metre": ("length", 1000), "km": ("length", 10**6),
    "gram": ("weight", 1), "kg": ("weight", 1000), "tonne": ("weight", 10**6),
    "second": ("time", 1), "minute": ("time", 60), "hour": ("time", 3600), "day": ("time", 86400),
    "week": ("time", 7 * 86400),
    "month": ("months", 1), "year": ("months", 12), "decade": ("months", 120),
}  # fmt: skip
"""Unit to its dimension and how many of the smallest unit it is."""

OLDEST = 130
"""Years; what is older is no person, and "95 million years old" is 9500万年前."""
MONTHS = "january february march april may june july august september october november december".split()
SHORT_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
OTHER_MONTHS = {
    name: number % 12 + 1
    for names in (
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "januar februar märz april mai juni juli august september oktober november dezember",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    )
    for number, name in enumerate(names.split())
}
WEEKDAYS = {
    name: number % 7 + 1
    for names in (
        "monday tuesday wednesday thursday friday saturday sunday",
        "月曜 火曜 水曜 木曜 金曜 土曜 日曜",
        "星期一 星期二 星期三 星期四 星期五 星期六 星期日",
        "周一 周二 周三 周四 周五 周六 周日",
        "월요일 화요일 수요일 목요일 금요일 토요일 일요일",
        "lunes martes miércoles jueves viernes sábado domingo",
        "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    )
    for number, name in enumerate(names.split())
}
ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867}
"""Japanese era to the year before its first."""

PERIODS = {
    r"第?([一二三四1-4])四半期|第([一二三四1-4])季度|\b(?:q([1-4])|(first|second|third|fourth) quarter)\b"
    r"|([1-4])분기": "quarter",
    r"(上)(?:半期|期|半年)|(下)(?:半期|期|半年)|\b(?:h([12])|(first|second) half)\b|(상)반기|(하)반기": "half",
}
"""Parts of a year, by a pattern one group of which says which part."""

KANJI_DIGITS = {char: digit for digit, char in enumerate("〇一二三四五六七八九")} | {"两": 2, "兩": 2}
_GERMAN_ONES = "ein zwei drei vier fünf sechs sieben acht neun".split()
_GERMAN_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()
NUMBER_WORDS = (
    {
        word: value
        for words in (
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
            "sixteen seventeen eighteen nineteen",
            # "Once" is left out: in English it is no number.
            "cero uno dos tres cuatro cinco seis siete ocho nueve diez - doce trece catorce quince dieciséis "
            "diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco "
            "veintiséis veintisiete veintiocho veintinueve",
            "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn "
            "sechzehn siebzehn achtzehn neunzehn",
        )
        for value, word in enumerate(words.split())
        if word != "-"
    }
    | {
        word: 20 + 10 * value
        for words in (
            "twenty thirty forty fifty sixty seventy eighty ninety".split(),
            "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa".split(),
            _GERMAN_TENS,
        )
        for value, word in enumerate(words)
    }
    | {
        f"{word}{ending}": 100 * (2 + value)
        for value, word in enumerate("dosc tresc cuatroc quin seisc setec ochoc novec".split())
        for ending in ("ientos", "ientas")
    }
    | {"cien": 100, "ciento": 100}
    | {
        f"{one}und{ten}": 10 * (2 + tens) + 1 + ones
        for ones, one in enumerate(_GERMAN_ONES)
        for tens, ten in enumerate(_GERMAN_TENS)
    }
)
"""Numbers in one word, without scales; "a" and its like are articles before they are numbers."""
FRACTIONS = {
    "half": 2,
    "third": 3,
    "quarter": 4,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "eighth": 8,
    "tenth": 10,
}
