# ruff: noqa: E501 - tables of patterns read better unwrapped
"""Can this text answer that question at all? Two texts go in, what is lacking comes out; pure.

The worst made-up answers cite a true sentence about something else: the CEO for "who is the CFO?", a sum for "how
many people?". What a question asks for is read from its question word; a text without any amount of money does
not answer "how much did it cost?". Only what a text must have is looked at, never whether it is right.
Knows no model; questions it does not recognise ask for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal

from qa.figures import Figure, figures, same, spelled
from qa.names import CAPITALS, foreign_form
from qa.roles import Role, leads, owner, roles
from qa.units import CURRENCIES, MEASURES, OLDEST, SUFFIX_UNITS

__all__ = ["asks_for", "loses", "question_proper"]

_TO_LAST_MARK = re.compile(r".*(?:？|\?(?=\s|$|[^\x00-\x7f]))", re.DOTALL)

_MONEY_WORDS = (
    r"money|cost|pay|paid|price|spen[dt]|invest|earn|worth|salary|salaries|revenue|turnover|fees?|fined?|budget"
    r"|valuation|valued|profit|income|funding|wages?|rent|damages|compensation"
)
_HOW_MUCH = r"[？?]|いくら|どの(?:くらい|ぐらい|程度|位)|どれ(?:くらい|ぐらい|ほど|だけ)|$"
"""Ends a Japanese question for an amount: どのように asks for a manner, 何が原因で for a cause."""
_MONEY = re.compile(
    rf"how much\b(?! of\b)(?!.*\b(?:grow|grew|r[io]se|risen|f[ae]ll|fallen|increased?|decreased?|declined?|drop|dropped|changed?)\b).*\b(?:{_MONEY_WORDS}|put into)"
    # The amount itself is asked for, not "the effect on revenue", "what is driving revenue" or "the revenue model".
    r"|what(?:\s(?:is|was|were|are|will)(?:\s(?!(?:about|at|behind|by|for|from|in|of|on|to|with|\w+ing)\b)[\w'’&.-]+){0,5}?)?\s(?:price|salary|valuation|revenue|net worth|budget)\b"
    r"(?=\s*(?:[?,.]|$)|\s(?:after|as|at|be|before|by|for|from|in|last|of|on|per|this|to|when|with|is|was|are|were|did|does|do|has|have|had|will|would)\b)"
    rf"|(?<![数者率口][はを])いくら(?!でも|を?占)|(?:金額|価格|値段|年俸|年収|売上高|純利益|時価総額|予算|料金|費用|賞金|企業価値|給料)は(?:何円|何ドル|{_HOW_MUCH})|何(?:円|ドル|ユーロ)"
    r"|多少钱|多少(?:美|日|欧)?元|얼마(?!나|\s?동안)|cuánto (?:dinero|cuesta|cost[óo]|pag|gan[óa]|inv[ie])|wie ?viel\b.*(?:bezahl|kost|zahl|invest|verdien|geld|gehalt)",
    re.IGNORECASE,
)
_PERCENT = re.compile(
    r"\b(?:what|which|how (?:large|big|great) an?|by what)\b.{0,12}\b(?:percentage|per ?cent|proportion|fraction)\b|how many per ?cent|what share of"
    rf"|何\s?(?:パーセント|％|%|割)|(?:割合|比率)は(?:何(?:です|でし|だ|$)|{_HOW_MUCH})|百分之几|占多少|몇\s?(?:퍼센트|%|프로)|qué porcentaje|wie ?viele? prozent|prozentsatz",
    re.IGNORECASE,
)
_AGE = re.compile(
    r"\bhow old\b|何歳|何才|几岁|多大年[龄纪]|몇\s?(?:살|세)|cuántos años tiene|wie alt", re.IGNORECASE
)
_YEAR = re.compile(
    r"\b(?:what|which) year\b|何年(?![間前後ぶ目生続も度代分か齢])(?!くらい|ほど|ぐらい|に一|おき|ごと|以上)|哪(?:一)?年|몇\s?년도|en qué año|in welchem jahr",
    re.IGNORECASE,
)
_DAY = re.compile(
    r"\b(?:what|which|exact) (?:date|day|month)\b|何月|何日(?![間も])|几月|哪(?:一)?天|몇\s?월|qué (?:día|fecha|mes)|an welchem tag",
    re.IGNORECASE,
)
_BE = r"(?:is|are|was|were|do|does|did|will|would|has|have|had|can|could|should|shall|must|may|might)"
_WHEN = re.compile(
    # A clause that says when something else is asked has its subject first: "when he moves, does he ...".
    rf"(?:^|[,、]\s?|\b(?:since|until|by|from) )when\s(?:exactly\s)?{_BE}\b(?!.*,.*\b(?:what|who|which|how|where|why)\b)"
    rf"|^(?:since |until |by |from )?when\b(?!.*,|.*\b(?:what|who|which|how|where|why|do|does|did)\b|.*\b{_BE}\s(?:s?he|it|they|there|the|his|her|its|their)\b)"
    r"|いつ(?!も|しか|でも|の間に)|什么时候|何时|언제(?![나든])|cuándo|\b(?:bis |seit |ab )?wann\b",
    re.IGNORECASE,
)
_LONG = re.compile(
    r"\bhow long\b|何(?:年|日|週|分|秒)間|何時間|何(?:か|ヶ|カ|ヵ|ケ)月間?|多久|多长时间|多少年|얼마\s?동안|얼마나\s?오래|몇\s?년\s?(?:동안|간)|cuánto tiempo|wie lange",
    re.IGNORECASE,
)
_COUNTERS = "人|名|社|個|件|台|本|回|か国|カ国|ヶ国|票|冊|校|店|歳|倍|種類|つの|メートル|キロ|トン|度(?!も|目)|世帯|頭|匹|隻|箇所|か所|軒|点|チーム|言語|都市|メガワット"
_MANY = re.compile(
    rf"\bhow many (?P<en>\w+)|何\s?(?P<ja>{_COUNTERS})(?![もか]|目)|いくつの|(?:人数|従業員数|利用者数|人口|総数)は(?:何(?:です|でし|[だ万千百億])|{_HOW_MUCH})"
    r"|多少(?:人|名|家|个|位)|几(?:个|家|名|位|次)|몇\s?(?P<ko>명|개|곳|번|대)|cuánt[oa]s (?P<es>\w+)|wie ?viele (?P<de>\w+)",
    re.IGNORECASE,
)
_WHO = re.compile(
    r"\bwho(?:m|se)?\b|誰|だれ|谁|누구|누가|quién|\bwer\b|\bwe[mn]\b|\bname of\b|名前|氏名", re.IGNORECASE
)
_WHO_LEADS = re.compile(
    r"\bwho (?:currently |now )?(?:heads|leads|runs|is (?:the )?(?:head|leader|boss) of)\b|率い(?:ている|る)のは|トップは(?:誰|だれ)|谁领导|quién dirige|wer leitet",
    re.IGNORECASE,
)
_VAGUE_NUMBER = re.compile(
    r"\b(?:several|few|many|dozens?|hundreds|thousands|millions|billions|both|pair|couple|none|no|single|once|twice|only|every|all"
    r"|beide[nrs]?|mehrere[nr]?|einige[nr]?|viele[nr]?|wenige[nr]?|alle[nr]?|jede[nrs]?|kein(?:e[nmrs]?)?|einzige[nrs]?|nur|(?:ein|zwei|drei|mehr|viel)mals?|dutzende?"
    r"|\w*(?<!jahr)(?:hundert|tausend)\w*|million(?:en)?|milliarden?"
    r"|amb[oa]s|vari[oa]s|algun[oa]s|much[oa]s|poc[oa]s|tod[oa]s|cada|ning[uú]n[oa]?|únic[oa]s?|sol[oa]|docenas?|cien(?:to|tos|tas)?|mil(?:es)?|mill[oó]n(?:es)?)\b"
    r"|数[十百千万億人社名か件日年]|複数|すべて|全て|全員|多数|多く|半[数分]|唯一|[一二两兩三四五六七八九十百千万]+(?!環|部|緒|種の|般|定|方|切|面|体|致|時|分に)|ひと[つり]|ふた[つり]|[0-9０-９]"
    r"|[几幾数數多][个個家名位次人项項种種年所座万亿]|双方|许多|一些|所有|全部"
    r"|여러|몇몇|모든|모두|전원|다수|많은|유일|둘|셋|넷|다섯|여섯|일곱|여덟|아홉|(?<![가-힣])(?:[한두세네]|열\S?|열한|열두|스무|서른|마흔|쉰)\s?(?:명|개|곳|번|대|가지|사람|살|달|시간|주|마리|권|채|편|차례|배)"
    r"|[십백천만억]\s?(?:여\s?)?(?:명|개|곳|번|대|가지)",
    re.IGNORECASE,
)
_ONE_OF = re.compile(
    r"の(?:[1１一]\s?[人名社つ個件]|ひとり|ひとつ)(?!目)|其中一|之一|중 (?:한|하나)|\bone of (?:the|its|his|her|their|our|my)\b",
    re.IGNORECASE,
)
"""Picks one out, and counts nothing."""
_PART = re.compile(r"(?:分[の之]|분의)\s?[\d一二三四五六七八九十]")
_VAGUE_TIME = re.compile(
    r"\b(?:today|yesterday|tomorrow|tonight|last|next|ago|since|during|after|before|following|beginning|until|seconds|minutes|hours|centur\w+|seasons?|winter|summer|spring|autumn|week|month|year|day"
    r"|era|period|when|once|morning|night|evening|noon|recent\w*|now|currently|soon|time|annual\w*|easter|christmas|earlier|later|weekend|midnight|dawn|dusk|end"
    r"|(?:vor)?gestern|heute|(?:über)?morgen|sommer|winter|frühling|herbst|wochen?|wochenende|\w*jahr(?:e[ns]?|es|s|hunderts?|zehnts?)?|monat\w*|(?-i:Tage?[ns]?)"
    r"|abends?|nachts?|mittags?|mitternacht|anfang|mitte|ende|bald|kürzlich|neulich|damals|jetzt|derzeit|zuletzt|seit|während|wenn|bevor|nachdem|zuvor|danach|später|früher|nächste[mnrs]?|letzte[mnrs]?|vergangene[mnrs]?|kommende[mnrs]?|weihnachten|ostern"
    r"|(?:ante)?ayer|anoche|hoy|mañana|noche|tarde|madrugada|mediodía|medianoche|semanas?|mes(?:es)?|años?|días?|siglos?|verano|invierno|primavera|otoño|pasad[oa]s?|próxim[oa]s?|siguientes?|últim[oa]s?"
    r"|antes|después|durante|cuando|mientras|ahora|actualmente|recientemente|pronto|entonces|principios|mediados|final(?:es)?|décadas?|navidad)\b"
    r"|[昨去今来翌同当毎近前先]年|[昨今明翌当同毎前先]日|[先今来毎翌]週|[先今来毎翌]月|[昨今明翌][朝夜夕晩]|時代|世紀|年代|[春夏秋冬朝夜夕]|正午|ごろ|頃|以[降来後前]|[のた立]後|年[目前後]|際|とき|時[にはの点期、。]|当時|まで|末|初[頭期めに]|中[期頃に]|[前後]期|日[にの]"
    r"|(?<![ぁ-ゖ])(?:きのう|きょう(?!だい)|あす|あした)|おととい|おととし|さっき|先(?:ほど|程|般|ごろ)|[上中下]旬|最近|近頃|この(?:ほど|たび|間)|現在|過去|かつて|今(?:後|回|、)|まもなく|間もなく|直[前後]|事前|[未早]明|早朝|深夜|午[前後]"
    r"|[昨今明前后後]天|[去今明前][年晚]|[上本这這下]个?[周週月]|星期|周末|[春夏秋冬]|[早晚]上|[上中下]午|凌晨|傍晚|之[前后後]|以[前后後来來]|[后後][来來]|此前|随后|最近|近[日期来]|日前|目前|现在|如今|刚[刚才]|不久|期间|月[初底末]|年[初底末]|时|世纪|代"
    r"|그저께|어제|오늘|내일|모레|지난|올해|내년|작년|재작년|때|동안|이[후전]|최근|현재|이번|다음|여름|겨울|가을|(?<![가-힣])(?:봄|밤|곧|방금|아까)|주말|아침|저녁|새벽|오[전후]|정오|자정|당[시일]|직[전후]|전날|이튿날|요즘|[년월]\s?[초말]|중순|하순|상순|세기|시[대절]"
    r"|하루|이틀|사흘|나흘|열흘|보름|며칠|일주일",
    re.IGNORECASE,
)
_VAGUE_SHARE = re.compile(
    r"\b(?:half|majority|minority|most|all|whole|quarter|third|mitad|mayoría|mayor parte|tercio|tercios|cuartos?|hälfte|mehrheit|meisten|drittel|viertel)\b"
    r"|過半|半[数分]|大半|大部分|全て|すべて|全体|大多数|一半|多数|半数|절반|과반|대부분|다수",
    re.IGNORECASE,
)
_FREE = re.compile(
    r"\bfree\b|無料|無償|免费|무료|gratis|kostenlos|dollars?|cents?|pence|penn(?:y|ies)|lira|rupees?|francs?|marks|crowns?|pesos?|roubles?|rubles?|shillings?|[円銭]|(?<![ァ-ヺー])(?:リラ|ペソ|ルーブル|ドル|ユーロ|ポンド|ルピー|マルク|フラン)|[$€£¥₩]"
    r"|\beuros?\b|dólar(?:es)?|美元|欧元|日元|韩元|英镑|人民币|[万萬亿億]元|달러|유로|파운드|위안|[천만억조]\s?[원엔]",
    re.IGNORECASE,
)
"""Free of charge, or an amount of some currency that is told without a number."""
_DATE_UNITS = frozenset("year month day weekday time clock quarter half decade week hour minute".split())
_SPAN_UNITS = frozenset("year month day week hour minute second decade half quarter".split())
_LENGTH = re.compile(
    r"間$|[かヶカヵケ]月|(?:day|week|month|year|hour|minute|second|decade)s?$", re.IGNORECASE
)
_NATIONALITY = re.compile(r"[ァ-ヺー]{2,}人|[日英米]人|[一-龥]国人|日本人")
_EARLIEST = 100
"""A year without a unit is from here on."""
_PAST = re.compile(
    r"\b(?:was|were|former|before|previous\w*|used to|had been|did|original\w*|first|ex)\b|元|前|旧|かつて|以前|だった|でした|初代|曾|前任|전|fue|era|war",
    re.IGNORECASE,
)
_LASTING = re.compile(
    r"\b(?:permanent|full-time|regular|next)\b|正式|常任|次期|正規|정식|definitiv|dauerhaft", re.IGNORECASE
)
_FOUNDED = re.compile(
    r"\bfound(?:ed|ing)\b|\b(?:set up|started|created|established|launched) by\b|創業|設立|創設|創立|立ち上げ|创立|创办|成立|창업|설립|fund[óoa]|gegründet|gründete",
    re.IGNORECASE,
)
_POST = re.compile(
    r"\b(?:post|position|job|role|title|office|posten|amt|cargo|puesto)\b|役職|肩書|職[位務]|职[位务]|직[책위함]",
    re.IGNORECASE,
)
"""What somebody holds, without its name."""
_NAME = rf"{CAPITALS}|[ァ-ヺー・]{{2,}}[A-Za-z]*"
_POST_AT = re.compile(
    rf"\b(?:at|with|bei|en)\s(?:the\s)?({_NAME})|({_NAME})(?:で|にお[けい])|([가-힣A-Za-z]+)에서|在([A-Za-z]+)"
)
"""Where somebody holds it: "her title at Blue Lake"."""
_TAKES_UP = re.compile(
    r"\bas (?:an?|the|its|their|his|her)\b|\b(?:appoint|nam|becom|became|promot|hir|recruit|elect|tapp)\w*|(?<!一環)(?<!結果)として|就[任いく]|任命|抜擢|起用|昇格|迎え",
    re.IGNORECASE,
)
"""Says of somebody what they become, be it an office that `qa.roles` knows or not."""


def question_proper(message: str) -> str:
    """A message to its last question mark: what follows says how to answer, as in "Who won? Be brief."."""
    asked = _TO_LAST_MARK.match(message)
    return asked.group() if asked else message


def asks_for(question: str, evidence: str) -> str:
    """Say what the question asks for that the evidence has nothing of; "" if nothing is known to lack.

    Args:
        question: the question as it stands alone.
        evidence: the sentences that are to answer it, with what they stand under.
    """
    return (
        _office_lacks(question, evidence)
        or _post_lacks(question, evidence)
        or _kind_lacks(question, evidence)
    )


def loses(question: str, source: str, translation: str) -> bool:
    """Whether a translation has nothing of the kind asked for, where its source has: the year, or a post."""
    if _POST.search(question) and roles(source) and not roles(translation):
        return True
    return bool(asks_for(question, translation)) and not asks_for(question, source)


def _kind_lacks(question: str, evidence: str) -> str:
    asked = figures(question)
    new = [figure for figure in figures(evidence) if not any(same(figure, old) for old in asked)]
    for pattern, what, has in _KINDS:
        if match := pattern.search(question):
            return "" if has(match, new, evidence) else f"the question asks for {what}, the source has none"
    return ""


def _has_money(_: re.Match[str], new: list[Figure], evidence: str) -> bool:
    return any(figure.unit in CURRENCIES for figure in new) or bool(_FREE.search(evidence))


def _has_share(_: re.Match[str], new: list[Figure], evidence: str) -> bool:
    return any(figure.unit in ("percent", "point") for figure in new) or bool(_VAGUE_SHARE.search(evidence))


def _has_age(_: re.Match[str], new: list[Figure], evidence: str) -> bool:
    return any(
        figure.unit == "age"
        or (figure.unit in ("year", "month", "") and figure.value < OLDEST)
        or (figure.unit == "year" and figure.scaled)  # a fossil
        for figure in [*new, *spelled(evidence)]
    )


def _has_year(_: re.Match[str], new: list[Figure], evidence: str) -> bool:
    return any(figure.unit in ("year", "decade") or _is_year(figure) for figure in new) or bool(
        re.search(r"[0-9０-９〇一二三四五六七八九十]{1,4}年|世紀|年代|centur", evidence)
    )


def _has_day(_: re.Match[str], new: list[Figure], evidence: str) -> bool:
    return any(figure.unit in ("month", "day", "weekday") for figure in new) or bool(
        re.search(r"[春夏秋冬]|旬|月|曜|[祝休祭]日|\b(?:day|eve|easter|christmas)\b", evidence, re.IGNORECASE)
    )


def _has_time(_: re.Match[str], new: list[Figure], evidence: str) -> bool:
    """A date, not a length of time: "20 years" does not say when."""
    dates = (
        f for f in new if f.unit in _DATE_UNITS or (not f.unit and f.value >= _EARLIEST and not f.scaled)
    )
    return any(not _LENGTH.search(evidence[f.start : f.end]) for f in dates) or bool(
        _VAGUE_TIME.search(evidence)
    )


def _has_span(_: re.Match[str], new: list[Figure], evidence: str) -> bool:
    return any(figure.unit in _SPAN_UNITS | set(MEASURES) or not figure.unit for figure in new) or bool(
        _VAGUE_NUMBER.search(evidence) or _VAGUE_TIME.search(evidence)
    )


def _has_number(match: re.Match[str], new: list[Figure], evidence: str) -> bool:
    """A number that can count what is asked: not a date, a sum or a share, unless these are counted."""
    counted = next((word.lower() for word in match.groups() if word), "")
    unit = SUFFIX_UNITS.get(counted, "")
    picked = [one.span() for one in _ONE_OF.finditer(evidence)]
    evidence = _without(evidence, picked)
    new = [f for f in new if not any(start <= f.start < end for start, end in picked)]
    for figure in [*new, *spelled(evidence)]:
        if figure.unit == unit or _comparable(figure.unit, unit):
            return True
        if not figure.unit and not _is_year(figure):
            return True
        if not unit and figure.unit not in _DATE_UNITS | CURRENCIES | {"percent", "point", "age"}:
            return True
    plain = _without(evidence, [(figure.start, figure.end) for figure in figures(evidence)])
    # 何人 also asks what people they are.
    return bool(_VAGUE_NUMBER.search(plain) or _PART.search(evidence)) or (
        counted == "人" and bool(_NATIONALITY.search(evidence))
    )


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with blanks in place of the spans."""
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def _comparable(one: str, other: str) -> bool:
    return one in MEASURES and other in MEASURES and MEASURES[one][0] == MEASURES[other][0]


def _is_year(figure: Figure) -> bool:
    return not figure.unit and not figure.scaled and Decimal(1000) <= figure.value <= Decimal(2100)


_Test = Callable[[re.Match[str], list[Figure], str], bool]
_KINDS: tuple[tuple[re.Pattern[str], str, _Test], ...] = (
    (_PERCENT, "a share", _has_share),
    (_MONEY, "an amount of money", _has_money),
    (_AGE, "an age", _has_age),
    (_LONG, "a length of time", _has_span),
    (_MANY, "a number", _has_number),
    (_YEAR, "a year", _has_year),
    (_DAY, "a date", _has_day),
    (_WHEN, "a time", _has_time),
)


def _office_lacks(question: str, evidence: str) -> str:
    """Whether the question asks who holds an office that the evidence gives nobody."""
    if not _WHO.search(question):
        return ""
    mentioned = roles(evidence)
    if _WHO_LEADS.search(question) and not mentioned and not leads(evidence):
        return "the question asks who leads, the source says it of nobody"
    for role in roles(question):
        title = question[role.start : role.end]
        held = [other for other in mentioned if other.kinds & role.kinds]
        if not held and not _stands_for(role, evidence):
            return f"the question asks for the {title}, the source names none"
        if held and (state := _other_state(role, held, question)):
            return f"the question asks for the {state}{title}, the source names another"
        if held and (asked := owner(role, question)) and _all_of_others(asked, held, evidence):
            return f"the question asks for the {title} of {asked}, the source names that of another"
    return ""


def _post_lacks(question: str, evidence: str) -> str:
    """Whether the question asks for somebody's post somewhere, and the evidence has only posts elsewhere."""
    if not (_POST.search(question) and (place := _POST_AT.search(question))):
        return ""
    at = next(name for name in place.groups() if name)
    held = roles(evidence)
    if not held or leads(evidence) or not _all_of_others(at, held, evidence):
        return ""
    if _TAKES_UP.search(_without(evidence, [(role.start, role.end + len("として")) for role in held])):
        return ""
    return f"the question asks for a post at {at}, the source names posts elsewhere"


def _all_of_others(asked: str, held: list[Role], evidence: str) -> bool:
    """Whether the evidence has the office of others only: the CEO of Mercor is not that of Turing."""
    owners = [owner(role, evidence) for role in held]
    return all(owners) and not any(_may_be_same(asked, other) for other in owners)


def _may_be_same(one: str, other: str) -> bool:
    """Whether two names share a word, sound alike, or one may be short for the other: "US"."""
    words = [{word.lower() for word in re.split(r"[\s・-]", name)} for name in (one, other)]
    if words[0] & words[1] or foreign_form(one, other) or foreign_form(other, one):
        return True
    return (one.isupper() or other.isupper()) and one[0] == other[0]


def _stands_for(role: Role, evidence: str) -> bool:
    """Whether words other than the title may say that somebody holds the office."""
    if role.kinds & {"ceo", "president", "chair", "governor", "mayor"} and leads(evidence):
        return True
    return "founder" in role.kinds and bool(_FOUNDED.search(evidence))


def _other_state(role: Role, held: list[Role], question: str) -> str:
    """Whether the office is asked for in a state in which the evidence has it of nobody."""
    if role.interim and not any(other.interim for other in held):
        return "interim "
    if _LASTING.search(question) and all(other.interim for other in held):
        return "lasting "
    if not role.former and not _PAST.search(question) and all(other.former for other in held):
        return "present "
    return ""
