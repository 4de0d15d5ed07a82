"""Offices and who holds them: text goes in, mentions of offices come out; pure.

"Who is the CFO?" must not be answered with the CEO. An office has one short name here whatever the language;
what it is called in each is a table, for a translation of it cannot be spelt out by rule. Knows no person.
"""

# ruff: noqa: E501 - tables of words and patterns read better unwrapped
from __future__ import annotations

import re
from dataclasses import dataclass

from qa.names import CAPITALS, KATAKANA, names

__all__ = ["Role", "clauses", "leads", "owner", "people", "roles", "wrong_role"]


@dataclass(frozen=True, slots=True)
class Role:
    """An office as mentioned.

    Attributes:
        kinds: short names of what it may be; 社長 may be a president or a CEO.
        start, end: half-open offsets of the title, without what qualifies it.
        former, interim: whether it is said to be past, or held for the time being.
    """

    kinds: frozenset[str]
    start: int
    end: int
    former: bool
    interim: bool


_TITLES = {
    "ceo": r"(?<![a-z])ceo(?![a-z])|chief executive(?: officer)?|最高経営責任者|首席执行官|首席執行官|최고경영자|director(?:a)? ejecutiv[oa]"
    r"|consejer[oa] delegad[oa]|vorstandsvorsitzende[rn]?|geschäftsführer(?:in)?",
    "cfo": r"(?<![a-z])cfo(?![a-z])|chief financial officer|finance (?:chief|director)|最高財務責任者|首席财务官|최고재무책임자|director(?:a)? financier[oa]|finanz(?:chef|vorstand)(?:in)?",
    "cto": r"(?<![a-z])cto(?![a-z])|chief technology officer|technology chief|最高技術責任者|首席技术官|최고기술책임자|director(?:a)? de tecnología|technik(?:chef|vorstand)(?:in)?",
    "coo": r"(?<![a-z])coo(?![a-z])|chief operating officer|operations chief|最高執行責任者|首席运营官|최고운영책임자|director(?:a)? de operaciones",
    "cso": r"(?<![a-z])cso(?![a-z])|chief strateg(?:y|ic|ist) ?(?:officer)?|最高戦略責任者|首席战略官|최고전략책임자|director(?:a)? de estrategia|strategiechef(?:in)?",
    "cmo": r"(?<![a-z])cmo(?![a-z])|chief marketing officer|marketing chief|最高マーケティング責任者|首席营销官|최고마케팅책임자",
    "cio": r"(?<![a-z])cio(?![a-z])|chief information officer|最高情報責任者|首席信息官|최고정보책임자",
    "chief scientist": r"chief scientist|chief science officer|最高科学責任者|首席科学家|수석 ?과학자",
    "vice chair": r"(?:vice|deputy)[- ]chair(?:man|woman|person)?|副会長|副议长|副議長|부회장|副主席|stellvertretende[rn]? vorsitzende[rn]?",
    "vice president": r"vice[- ]president|副社長|副大統領|副总裁|副总统|부사장|부통령|vicepresident[ea]|vizepräsident(?:in)?",
    "chair": r"(?<![a-z])chair(?:man|woman|person)?(?![a-z])|会長(?!選)|議長|董事长|회장|의장|(?<!vorstands)vorsitzende[rn]?(?![a-zà-ÿ])",
    "chair president": r"主席(?!台)|(?<![a-z])president[ea](?![a-z])",
    "president": r"(?<![a-z])president(?![\w-])|大統領(?!選)|总统(?!选)|总裁|대통령|(?<![a-zà-ÿ])präsident(?:in|en)?(?![a-zà-ÿ])",
    "president ceo": r"社長(?!室)|사장",
    "founder": r"(?<![a-z])(?:co-?)?founders?(?![a-z])|創業者|創設者|共同創業者|创始人|창업자|fundador(?:a)?|gründer(?:in)?",
    "director": r"board (?:member|director|seat)|member of the board|取締役(?!会)|董事(?![长會会])",
    "mayor": r"(?<![a-z])(?<!\b(?:el|la|lo|su|un) )mayor(?![a-z])|市長(?!選)|市长|시장(?=은|이|\s(?!점유|규모|가치|가격|경제|조사|진출|확대|성장|지배|경쟁|상황|전망|분석|선도|수요|공급|구조|개척|변화|반응))|alcalde(?:sa)?|bürgermeister(?:in)?",
    "governor": r"(?<![a-z])governor(?![a-z])|知事(?!選)|州长",
    "prime minister": r"prime minister|首相(?!選)|总理|총리|primer(?:a)? ministr[oa]|premierminister(?:in)?|ministerpräsident(?:in)?",
    "minister": r"(?<![a-z])minister(?![a-z])|大臣|部长|장관|(?<![a-zà-ÿ])ministr[oa](?![a-z])",
    "secretary": r"secretary[- ]general|事務総長|秘书长",
}  # fmt: skip
"""What each office is called, the more special before the more general: 副社長 holds 社長."""
_EITHER = ("president_ceo", "chair_president")
"""Titles that stand for either of two offices."""

_MENTION = re.compile(
    "|".join(f"(?P<{key.replace(' ', '_')}>{words})" for key, words in _TITLES.items()), re.IGNORECASE
)
_FORMER = re.compile(
    r"(?:\b(?:former|ex|previous|past|outgoing|antigu[oa]|ehemalige[rn]?|frühere[rn]?)[\s-](?:\w+[\s-])?"
    r"|[元旧]|(?<![以直])前|前任|전(?:직)? ?)$",
    re.IGNORECASE,
)
_INTERIM = re.compile(
    r"(?:\b(?:interim|acting|temporary|provisional|interin[oa]|kommissarische[rn]?)\s"
    r"|(?:暫定|臨時|代理|临时|临时的|임시)の?(?:共同)?)$|^\s?(?:代行|interin[oa]|provisional)",
    re.IGNORECASE,
)
_LEADS = re.compile(
    r"\b(?:head(?:s|ed)?|leads?|led|leader|boss|runs?|ran|chief|top|in charge|dirige|preside|encabeza|lidera|jef[ea]|leite[nt]|chef|führt)\b"
    r"|トップ|率い|主導|経営者|代表|責任者|掌门|领导|带领|负责人|이끄|이끌|대표",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[、。，；;\n]|,\s|[.!?](?=\s|$)|\b(?:while|whereas|but|although)\b")
_PERSON = re.compile(r"([一-龥々ァ-ヺー・]{1,12}[ぁ-ゖ]{0,4})(?:氏|さん|様|教授|選手|女士|先生)")
_ATTACHED = re.compile(r"[一-龥々ァ-ヺー]{2,}$")
_OWNER_AFTER = re.compile(r"\s?(?:の|[’']s\b|社)")
_OWNER_BEFORE = re.compile(r"\b(?:of|at|for|in|de|von|bei)\s(?:the\s)?$", re.IGNORECASE)
"""What stands beside the name of what somebody belongs to."""
_OWNED = re.compile(
    rf"(?P<foreign>(?:{KATAKANA.pattern})[A-Za-z]*|{CAPITALS})社?の(?:[現元前新旧]|暫定|共同|代表)*$"
    rf"|(?P<own>{CAPITALS})(?:[’']s|(?<=s)[’'])\s(?:[a-z-]+\s){{0,2}}$"
)
_OWNED_BY = re.compile(rf"\s(?:of|at|von|bei|de|del)\s(?:the\s|la\s|der\s)?({CAPITALS})")
"""The name of what an office is of, before and behind the office."""


def roles(text: str) -> list[Role]:
    """Find the offices that a text mentions, in order."""
    return [_role(match, text) for match in _MENTION.finditer(text)]


def leads(text: str) -> bool:
    """Whether a text says that somebody leads, other than by the office: a finance chief is no chief."""
    return bool(_LEADS.search(_MENTION.sub("\n", text)))


def owner(role: Role, text: str) -> str:
    """What a text says an office is of, where it is a name: "Mercor's CEO", "the CEO of Mercor", メルコールのCEO.

    Returns:
        The name as written, "" where there is none or it is not written in capitals or katakana.
    """
    before = text[: role.start]
    if found := _OWNED_BY.match(text, role.end):
        return found.group(1).rstrip(".")
    found = _OWNED.search(before)
    return (found["foreign"] or found["own"]) if found else ""


def clauses(text: str) -> list[str]:
    """Cut a text at stops, commas and contrasting conjunctions."""
    return [clause for clause in _CLAUSE.split(text) if clause and clause.strip()]


def people(text: str) -> list[str]:
    """Names that may be a person's: not those of what somebody belongs to ("of X", "X's", "Xの")."""
    found = [match.group(1) for match in _PERSON.finditer(text)]
    for start, end in names(text):
        if title := _MENTION.match(text, start, end):
            start = title.end() + (text[title.end() : title.end() + 1] == " ")
        owner = _OWNER_AFTER.match(text, end) or _OWNER_BEFORE.search(text[:start])
        if start < end and not owner and not re.match(r"of\b", text[start:end]):
            found.append(text[start:end])
    return found


def wrong_role(sentence: str, question: str, evidence: str) -> str:
    """An office that the sentence gives somebody and the evidence does not; "" if there is none.

    Args:
        sentence: one sentence of an answer.
        question: the offices it names need no evidence here; `qa.asked` looks at them.
        evidence: the source sentences.
    """
    asked = _kinds(question)
    past = [role.kinds for role in roles(evidence) if role.former]
    for role in roles(sentence):
        written = sentence[role.start : role.end]
        # Where the source says what somebody was before, it was that and nothing else.
        if role.former and past and not any(role.kinds & kinds for kinds in past):
            return f"former {written} is not in the source"
        if role.kinds & asked:
            continue
        if not role.kinds & _kinds(evidence) and not (role.kinds & {"ceo", "president"} and leads(evidence)):
            return f"{written} is not in the source"
        if _of_another(role, sentence, evidence):
            return f"{written} is somebody else in the source"
    return ""


def _of_another(role: Role, sentence: str, evidence: str) -> bool:
    """Whether the source gives the sentence's person other offices only, and this one to someone else."""
    parts = clauses(evidence)
    own = [part for part in parts if any(person in part for person in people(sentence))]
    held = frozenset[str]().union(*(_kinds(part) for part in own))
    if not own or not held or held & role.kinds:
        return False
    return any(
        part not in own and (people(part) or _ATTACHED.search(part[: other.start]))
        for part in parts
        for other in roles(part)
        if other.kinds & role.kinds
    )


def _kinds(text: str) -> frozenset[str]:
    return frozenset[str]().union(*(role.kinds for role in roles(text)))


def _role(match: re.Match[str], text: str) -> Role:
    before, after = text[max(0, match.start() - 24) : match.start()], text[match.end() : match.end() + 12]
    title = match.lastgroup or ""
    interim = bool(_INTERIM.search(before) or _INTERIM.match(after))
    return Role(
        frozenset(title.split("_")) if title in _EITHER else frozenset({title.replace("_", " ")}),
        match.start(),
        match.end(),
        bool(_FORMER.search(before)),
        interim,
    )
