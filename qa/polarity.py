"""Does one text say yes where the other says no? Two texts go in, a reason comes out; pure.

A small model turns "did not approve" into "approved" and "fell" into "rose". Each axis of `_AXES` has two
poles, and a negation beside a pole makes it the other one, so that "did not approve" is "rejected". The table
holds the verbs that reports live on, by stem, for no rule finds words of opposite meaning. What is on no axis
is judged by its negation alone. Clauses are compared with the nearest clause of the other text. Knows no
grammar beyond that.
"""

# ruff: noqa: E501 - tables of words and patterns read better unwrapped
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from qa.language import script_of
from qa.terms import terms

__all__ = ["opposed"]

_NEGATIONS = {
    "ja": r"ない(?!ほど|うち)|ません|なかっ|なく(?!と)|(?<![せさわまかみひし])ず(?=[、。にと]|$)|未定|不明",
    "zh": r"[不没未无](?!仅|断|久|少|同)",
    "ko": r"않|없|아니|못[하했한할]",
    "latin": r"\b(?:not(?! (?:only|until|just|necessarily))|no(?!s?\.? ?\d)|never|without|neither|nor|none|nothing|nobody|cannot"
    r"|unchanged|unable|unlikely|nunca|jamás|ningun[oa]|nicht|kein\w*|niemals|ohne|pas|jamais|sans|aucun\w*)\b"
    r"|n['’]t\b",
}
_NOT_BEFORE = re.compile(
    rf"(?:{_NEGATIONS['latin']})(?:\W+\w+){{0,3}}\W*$|(?:不|没有?|未能?|无法)\w?$|[안못] ?$", re.IGNORECASE
)
_NOT_AFTER = re.compile(
    r"[ぁ-ゖ]{0,4}?(?:ない|ません|なかっ|なく|ず(?=[、。に]|$))|[가-힣]{0,2}지 ?(?:않|못)|\W+(?:not|nicht|kein\w*)\b",
    re.IGNORECASE,
)
"""A negation belongs to a word: 「変更はないと否定した」 denies, it does not fail to deny."""


@dataclass(frozen=True, slots=True)
class _Axis:
    """Two opposite poles, each a pattern of stems.

    Attributes:
        up, down: the poles.
        converse: whether the same event has both poles, one for each who takes part: win and lose.
        undoes: whether the lower pole takes back what it governs, as a negation does.
    """

    up: re.Pattern[str]
    down: re.Pattern[str]
    converse: bool = False
    undoes: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """A clause of the evidence and the line that it stands in."""

    clause: str
    line: str


def _axis(up: str, down: str, *, converse: bool = False, undoes: bool = False) -> _Axis:
    return _Axis(re.compile(up, re.IGNORECASE), re.compile(down, re.IGNORECASE), converse, undoes)


_AXES = (
    _axis(
        r"\b(?:rose|ris(?:e|es|en|ing)|gr[eo]w\w*|increas\w*|climb\w*|jump\w*|surg\w*|soar\w*|rais\w*|strengthen\w*"
        r"|expand\w*|higher|highest|more expensive|gestiegen|stieg\w*|steig\w*|aument\w*|subi[óe]\w*)\b"
        r"|増|上昇|上が|上回|上げ|高ま|高[くい]|強ま|強め|強くな|拡大|伸び|多[いか]|上涨|上升|提高|늘|증가|올[랐라]|상승",
        r"\b(?:fell|fall(?:s|en|ing)?|dropp?\w*|declin\w*|decreas\w*|slip\w*|sank|sink\w*|plung\w*|shr[aiu]nk\w*"
        r"|weaken\w*|reduc\w*|lower\w*|lowest|cheaper|gesunken|sank\w*|fiel\w*|disminu\w*|baj[óa]\w*|cay[óe]\w*)\b"
        r"|減|下降|下落|低下|下が|下回|下げ|弱ま|弱め|弱くな|縮小|落ち込|少な(?!くとも)|安く|下跌|降低|줄|감소|하락|내[렸리]",
    ),
    _axis(
        r"\b(?:accept\w*|approv\w*|upheld|uphold\w*|grant\w*|pass(?:ed|es)|admit\w*|adopt\w*|agree\w*|confess\w*"
        r"|genehmig\w*|aprob\w*|acept\w*|admiti\w*)\b|認め|承認|可決|受け入れ|容認|採択|批准|接受|同意|通过|인정|승인|통과",
        r"\b(?:reject\w*|refus\w*|den(?:y|ies|ied|ying|ial)|dismiss(?:ed|es)|vot(?:ed?|es) down|turn(?:ed|s) down"
        r"|overturn\w*|abgelehnt|lehnte|rechaz\w*|neg[óa]\w*)\b"
        r"|棄却|却下|否認|否定|否決|拒否|拒[んみむ]|退け|拒绝|否认|驳回|부인|거부|기각|부결",
        undoes=True,
    ),
    _axis(
        r"\b(?:confirm\w*|announc\w*|continu\w*|go(?:es|ing)? ahead|went ahead|proceed\w*|resum\w*|keep(?:s|ing)?|kept"
        r"|issu(?:e|es|ed)|impos\w*)\b|発表|実施|決行|続行|継続|続け|再開|発令|宣布|继续|발표|계속",
        r"\b(?:cancel\w*|withdr[ae]w\w*|scrap(?:s|ped|ping)?|abandon\w*|call(?:s|ed)? off|halt\w*|suspend\w*|revok\w*"
        r"|retract\w*|shelv\w*|postpon\w*|lift(?:s|ed)|annull\w*|abgesagt|gestrichen|zurückgezogen|cancel[óa]\w*|retir[óa]\w*)\b"
        r"|中止|撤回|取り消|取りやめ|取り止め|見送|断念|白紙|解除|停止|打ち切|辞退|取消|撤销|放弃|취소|철회|중단|보류",
        undoes=True,
    ),
    _axis(
        r"\b(?:re)?open(?:s|ed|ing)?\b|開館|開業|開店|開設|開校|開園|開場|开放|开业|개관|개업",
        r"\b(?:clos(?:e|es|ed|ing|ure)|shut\w*)\b|閉館|閉店|閉鎖|閉業|閉校|閉園|廃業|关闭|停业|폐관|폐업|폐쇄",
    ),
    _axis(
        r"\b(?:stay\w*|remain\w*)\b|留任|残留|残[るりっ]|続投|留任|유임",
        r"\b(?:leav(?:e|es|ing)|left|depart\w*|resign\w*|quit\w*|step(?:s|ped)? down)\b|退任|辞任|退団|退社|離れ|去[るりっ]"
        r"|离开|辞职|사임|떠[나났]",
    ),
    _axis(r"\b(?:present|attend\w*|play(?:s|ed)?)\b|出席|出場|参加", r"\b(?:absent|miss(?:es|ed|ing)?)\b|欠席|欠場|不参加"),
    _axis(r"\b(?:allow\w*|permit\w*|legal)\b|許可|合法|適法|允许|허용", r"\b(?:ban(?:s|ned)?|prohibit\w*|forb[ia]d\w*|illegal)\b|禁止|禁じ|違法|금지"),
    _axis(r"\b(?:gain\w*|add(?:s|ed))\b|獲得|得[たる]", r"\b(?:los(?:e|es|t|ing))\b|失[いっう]", converse=True),
    _axis(
        r"\b(?:w[io]n(?:s|ning)?|beat(?:s|ing)?|defeat(?:s|ed|ing)?)\b|勝[っちつ利]|破[りっ](?!れ)|下し|优胜|战胜|이겼|승리",
        r"\b(?:los(?:e|es|t|ing)|beaten)\b|負け|敗[れ退北]|落败|输|졌다|패배",
        converse=True,
    ),
    _axis(
        r"\b(?:buy\w*|bought|acquir\w*|purchas\w*|tak(?:e|es|ing|en) over|took over)\b|買[いっう収]|購入|取得|手に入れ|收购|购买|인수",
        r"\b(?:sell\w*|sold|divest\w*)\b|売却|手放|売[るっ]|売り渡|出售|매각",
        converse=True,
    ),
    _axis(r"\b(?:easier|likely)\b|やす[いくか]", r"\b(?:harder|unlikely)\b|にく[いくか]|づら[いくか]"),
    _axis(r"\b(?:warm\w*|hott?\w*)\b|暖か|暑[いくか]", r"\b(?:cold\w*|cool\w*)\b|寒[いくか]|涼し"),
    _axis(r"\b(?:earliest|faster|fastest)\b|早[いくかま]|速[いく]", r"\b(?:latest|slower|slowest)\b|遅[いくかれ]"),
    _axis(r"\b(?:larg|bigg)(?:er|est)\b|最大|大きい|大きく", r"\bsmall(?:er|est)\b|最小|小さい|小さく"),
    _axis(r"\b(?:best|improv\w*|recover\w*)\b|改善|回復", r"\b(?:worst|worsen\w*|deteriorat\w*)\b|悪化"),
    _axis(r"\bsucce(?:ed|ss)\w*\b|成功", r"\bfail\w*\b|失敗"),
    _axis(r"\bprais\w*\b|称賛|評価し", r"\bcritici[sz]\w*\b|批判|非難"),
    _axis(r"\b(?:support(?:s|ed)|back(?:s|ed))\b|賛成|支持", r"\boppos\w*\b|反対"),
    _axis(r"\b(?:guilty|convict\w*)\b|有罪", r"\b(?:innocent|acquit\w*|clear(?:s|ed)(?=.{0,30} of)|not guilty)\b|無罪"),
    _axis(r"\bhir(?:e|es|ed|ing)\b|採用|雇用|新規採用", r"\b(?:fired|lay(?:s|ing)? off|laid off)\b|解雇|人員削減"),
    _axis(r"\bprofit(?:able)?\b|黒字", r"\bloss(?:es)?\b|赤字"),
    _axis(r"\bexport\w*\b|輸出", r"\bimport\w*\b|輸入"),
    _axis(r"陽性|\bpositive\b", r"陰性|\bnegative\b"),
    _axis(r"\bsafe(?:r|st)?\b|安全", r"\b(?:dangerous|unsafe)\b|危険"),
)  # fmt: skip
_POLE = re.compile("|".join(f"{axis.up.pattern}|{axis.down.pattern}" for axis in _AXES), re.IGNORECASE)
_CLAUSE = re.compile(
    r"[、。，；;\n！？]|,\s|[.!?](?=\s|$)|\b(?:and|but|yet|while|whereas|although|because|after|before|y|pero|und|aber)\b|(?<=た)が、?|ものの|一方"
)
_WILL = re.compile(
    r"\b(?:(?-i:will)(?! of\b)|(?:is|are) going to)\b|\bva[n]? a [a-z]+r\b|\b(?-i:[a-záéíóú]+r(?:á|án))\b"
    r"|予定(?:だ|です|で)|(?:だろう|でしょう)[。」]?$|将(?![军来领近帅])|예정|[을를할될할] 것이",
    re.IGNORECASE,
)
"""Says that something is yet to come."""
_YET = re.compile(
    r"\b(?:will|would|shall|should|(?-i:may)|might|can|could|going|to|plan\w*|intend\w*|expect\w*|propos\w*|schedul\w*|due|next|soon|future"
    r"|forecast\w*|upcoming|coming|wird|werden|würde\w*|soll\w*|plant|geplant\w*|nächste\w*|va|van|para|podr\w+|prev\w+|pla[ns]e?\w*|próxim\w+)\b|r(?:á|án|ía|ían)\b"
    r"|予定|計画|方針|見通|見込|今後|将来|目標|狙|次期|来[年月週春夏秋冬]|翌|だろう|でしょう|よう|べき|たい|つもり|可能|へ(?:[。」\s]|$)"
    r"|[うくぐすつぬぶむる](?:[。、」）)と]|こと|予|方|計|見|ため|の|が|という|わけ|もの|\s|$)"
    r"|[将會会要拟想]|计划|准备|打算|预[计期定]|希望|可能|예정|계획|전망|방침|[을ㄹ를할될] ?것|겠|려고|기로|목표|할|될",
    re.IGNORECASE,
)
"""What may be read as yet to come, however faintly."""
_PREFIXED = re.compile(
    r"[不無非未](?P<kanji>[一-龥]{2})|\b(?:un|in|im|il|ir|non-?)(?P<root>[a-z]{4,})\b", re.IGNORECASE
)
_WORD = re.compile(r"[a-z]{4,}")
_NOT_WORDS = frozenset(("not", "neve", "with", "none", "noth", "neit", "cann"))
_NEAR, _TOLD = 0.25, 0.5
"""Share of a clause's terms that the line of its counterpart has, and of that clause's terms that it has."""


def opposed(sentence: str, evidence: str, question: str = "") -> str:
    """Say where the sentence and the evidence contradict each other; "" if nowhere.

    Args:
        sentence: one sentence of an answer.
        evidence: the source sentences and what they stand under, one a line.
        question: what was asked; "who did not come?" is answered with a name, without the "not".
    """
    told = _statements(evidence) or evidence.splitlines()
    if _WILL.search(sentence) and not any(map(_YET.search, told)):
        return "it says that it is yet to come and the source does not"
    if ("cjk" in script_of(sentence)) != ("cjk" in script_of(evidence)) or _korean(sentence) != _korean(
        evidence
    ):
        return _opposed_across(sentence, evidence)
    denies = _denial(sentence + evidence)
    root = _prefixed(evidence, sentence) or _prefixed(sentence, evidence)
    if root:  # "not unfair" is "fair"
        once = denies(sentence) == denies(evidence)
        return f"the source says the opposite about {root!r}" if once else ""
    return _paired(sentence, evidence, question, denies)


def _paired(sentence: str, evidence: str, question: str, denies: Callable[[str], bool]) -> str:
    """Hold each clause against the nearest of the evidence."""
    parts = [_Part(clause, line) for line in evidence.splitlines() for clause in _clauses(line)]
    for clause in _clauses(sentence):
        wanted = _topic(clause)
        near = max(parts, key=lambda part: len(wanted & _topic(part.clause)), default=None)
        if near is None or len(wanted & _topic(near.line)) < max(1.0, _NEAR * len(wanted)):
            continue
        agreed, reason = _compared(clause, near, _same_first(sentence, near.line))
        if reason:
            return reason
        if agreed:
            continue
        if denies(clause) and not denies(evidence):
            return "it says no and the source does not"
        if not denies(sentence) and not denies(question) and _excluded(clause, parts, denies):
            return "the source says no and it does not"
        # An answer in a few words says too little to hold against all of a clause.
        content = _content(near.clause)
        told = len(content & _content(clause)) >= _TOLD * len(content)
        if told and denies(near.clause) and not denies(sentence) and not denies(question):
            return "the source says no and it does not"
    return ""


def _compared(clause: str, near: _Part, same_first: bool) -> tuple[bool, str]:
    """Whether two clauses agree on an axis, and where they differ; the line decides where a clause has no pole."""
    agreed = False
    for axis in _AXES:
        said = _poles(axis, clause)
        found = said and (_poles(axis, near.clause) or _poles(axis, near.line))
        if said & found:
            agreed = True
        elif said and found and (same_first or not axis.converse):
            return False, f"the source says the opposite of {_written(axis, clause)!r}"
    return agreed, ""


def _opposed_across(sentence: str, evidence: str) -> str:
    """Across languages clauses cannot be paired: only what the whole evidence says counts."""
    for axis in _AXES:
        said, found = _poles(axis, sentence), _poles(axis, evidence)
        if said and found and not said & found and not axis.converse:
            return f"the source says the opposite of {_written(axis, sentence)!r}"
        if said & found:
            return ""
    says_no, source_says_no = _denial(sentence), _denial(evidence)
    if says_no(sentence) and not source_says_no(evidence):
        return "it says no and the source does not"
    stated = _statements(evidence)
    only = _clauses(stated[0]) if len(stated) == 1 else []
    if len(only) == 1 and source_says_no(only[0]) and not says_no(sentence):
        return "the source says no and it does not"
    return ""


def _statements(evidence: str) -> list[str]:
    """The lines that are sentences, not headlines."""
    return [line for line in evidence.splitlines() if re.search(r"[。.!?！？]\s*$", line)]


def _clauses(text: str) -> list[str]:
    return [clause for clause in _CLAUSE.split(text) if clause and terms(clause)]


def _poles(axis: _Axis, text: str) -> frozenset[bool]:
    """Which poles of an axis a text is on: True for the upper, False for the lower."""
    return frozenset(
        up != _negated_at(match, text)
        for up, pattern in ((True, axis.up), (False, axis.down))
        for match in pattern.finditer(text)
    )


def _negated_at(match: re.Match[str], text: str) -> bool:
    before = text[max(0, match.start() - 40) : match.start()]
    return bool(_NOT_BEFORE.search(before) or _NOT_AFTER.match(text, match.end()))


def _written(axis: _Axis, text: str) -> str:
    match = axis.up.search(text) or axis.down.search(text)
    return match.group() if match else ""


def _denial(texts: str) -> Callable[[str], bool]:
    """What tells whether anything in one of these texts is negated, denied or called off."""
    scripts = script_of(texts)
    kinds = ["ko"] if "hangul" in scripts else []
    if "cjk" in scripts:
        kinds.append("ja" if re.search(r"[ぁ-ゖ]", texts) else "zh")
    elif not kinds:
        kinds.append("latin")
    pattern = re.compile("|".join(_NEGATIONS[kind] for kind in kinds), re.IGNORECASE)
    undone = [axis.down for axis in _AXES if axis.undoes]
    return lambda text: bool(pattern.search(text) or any(down.search(text) for down in undone))


@lru_cache(maxsize=2048)
def _topic(clause: str) -> frozenset[str]:
    """What a clause is about: its terms without those that say yes or no to it."""
    return frozenset(terms(_POLE.sub(" ", clause)) or terms(clause))


def _excluded(clause: str, parts: list[_Part], denies: Callable[[str], bool]) -> bool:
    """Whether a few words that the evidence denies, "but not monkeys", are said of the clause alone."""
    said = _content(clause)
    allowed = {word for part in parts if not denies(part.clause) for word in _content(part.clause)}
    denied = (_content(part.clause) - _NOT_WORDS for part in parts if denies(part.clause))
    return any(words and words <= said - allowed for words in denied)


def _prefixed(one: str, other: str) -> str:
    """A word that one text has and the other only with a prefix that turns it round; "" if there is none."""
    turned, plain = _with_prefix(one), _with_prefix(other)
    own, words = (set(_WORD.findall(text.lower())) for text in (one, other))
    for root in turned - plain:
        if root.isascii():
            found, kept = root in words, root in own
        else:
            found, kept = (re.search(rf"(?<![不無非未]){root}", text) is not None for text in (other, one))
        if found and not kept:
            return root
    return ""


def _with_prefix(text: str) -> set[str]:
    return {match["root"] or match["kanji"] for match in _PREFIXED.finditer(text.lower())}


def _content(text: str) -> set[str]:
    """Kanji and katakana, or the longer words' beginnings; what an ending changes is left out."""
    plain = _POLE.sub(" ", text)
    return set(re.findall(r"[一-龥ァ-ヺ]", plain)) | {
        word[:4] for word in re.findall(r"[^\W\d_ぁ-龥]{3,}", plain.lower())
    }


def _same_first(sentence: str, line: str) -> bool:
    """Whether both are about the same first thing, so that winning there is not losing here."""
    first, other = (
        [term for term in terms(text) if term not in ("the", "a", "an")][:2] for text in (sentence, line)
    )
    return bool(set(first[:1]) & set(other))


def _korean(text: str) -> bool:
    return "hangul" in script_of(text)
