"""Text that a document or a model wrote goes in, text that is safe to show or to prompt with comes out; pure.

Three filters, outside the model, because every defence inside a model has been broken: characters that no
reader sees are removed before a model or a screen sees a text; markup that fetches or links is removed from
what a model wrote; sentences of a document that talk to the reading machine are withheld from it. The stored
document is never changed. Knows no document type, no model and no screen.
"""

from __future__ import annotations

import html
import re
import unicodedata

__all__ = ["addresses_the_model", "plain", "settled", "visible"]

_INVISIBLE = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff"
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
)
_TARGET = r"\((?:[^()\n]|\([^()\n]*\))*\)|\[[^\[\]\n]*\]"
_MARKER = re.compile(rf"\s*[\[【［]\s*\d+(?:\s*[,、]\s*\d+)*\s*[\]】］](?:{_TARGET})?")
_BRACKETS = re.compile(rf"(?P<image>!)?\[(?P<label>[^\[\]\n]*)\](?P<target>{_TARGET})?")
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>")
_URL = re.compile(
    r"[a-z][a-z0-9+.-]{0,15}:[/\\][!-~]*(?<![.,;!?)])|(?:javascript|vbscript):[!-~]*|data:[a-z]*[/;,][!-~]*"
    r"|www\.[!-~]+(?<![.,;!?)])|\burl\([^)\n]*\)?|(?<![!-~])//[a-z0-9-]+\.[!-~]+(?<![.,;!?)])",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\w{1,8}|\w{2,31});")
_LAST_WORD = re.compile(r"[!-~]+\Z")
_UNSETTLED = re.compile(r"(?:<[a-zA-Z/!?][^<>]*|\burl\([^)\n]*|[【［][\d\s,、]*[】］]?)\Z", re.IGNORECASE)

_REPLY = r"(?:answer|reply|response|output)s?"
_MACHINE = r"(?:ai|assistant|model|chatbot|llm)s?"
_ANSWERED = "回答|返答|応答|出力"
_DO = r"(?:てください|て下さい|なさい|せよ|しろ|ること(?=[。！!\s]|$))"
"""What a Japanese order ends with."""
_TO_THE_MODEL = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}"
    r"\b(?:instruction|prompt|above|previous|prior|rule|context|question)"
    r"|\b(?:system|developer) (?:prompt|message|override|instruction)"
    r"|\byou are an? (?:ai|language model|assistant|chatbot)\b"
    r"|\bas an? (?:ai|language model|ai assistant|assistant|chatbot)(?: language model)?(?:,| you\b)"
    rf"|(?:^to|\b(?:note|notice|message|instructions?|attention|addressed):? (?:to|for)) (?:the|any|all) {_MACHINE}"
    r"\b(?=\s*(?:[:：,.!–—-]|that\b|who\b|reading\b|$))"
    r"|\b(?:begin|start|end|finish|precede|append|prefix)\b.{0,12}"
    rf"\b(?:(?:your|each|every|all) {_REPLY}\b|the {_REPLY} with\b)"
    r"|(?:^|[.!?:;,\"'“”(\[>-]\s*|\b(?:and|please|then|must|should|shall|always|just|now|only)\s+)"
    r"(?:answer|reply|respond|output|print|say|write|return|include|insert|add)\b.{0,30}"
    r"\b(?:only|exactly|verbatim|nothing else|instead|with the (?:word|phrase|code|string|text|token))\b"
    rf"|\b(?:in|to|of|into) your {_REPLY}\b|\byour {_REPLY}\b.{{0,30}}\bonly\b"
    r"|\bwhen (?:you (?:are asked|answer|reply|respond|summari[sz]e|cite|quote)"
    r"|asked|answering|summari[sz]ing|citing|quoting)\b.{0,60}\b(?:must|always|cite|say|include|append)\b"
    r"|(?:指示|命令|プロンプト|質問|文脈|ルール).{0,12}"
    rf"(?:(?:無視|破棄)(?:し{_DO}|せよ|すること|して.{{0,40}}{_DO})"
    rf"|忘れ(?:{_DO}|ろ)|従わ(?:ない|なく|ず))"
    r"|(?:これ以降|これまで|以前|上記|前)の(?:指示|プロンプト)"
    rf"|(?:{_ANSWERED}|答え).{{0,20}}"
    rf"(?:し{_DO}|せよ|すること(?=[。！!\s]|$)|(?:含め|加え|付け|始め|終え|書[いき]){_DO})"
    rf"|(?:とだけ|のみ|だけ)を?(?:答え|(?:{_ANSWERED}|返信)(?:[しす]|せよ|$)|書[いきけく])(?:{_DO}|こと|よ|$)"
    rf"|(?:引用|要約|{_ANSWERED})(?:する|の)?(?:とき|時|際|場合|冒頭|末尾|最後|前).{{0,40}}"
    r"(?:こと(?=[。！!\s]|$)|ください|下さい)"
    r"|(?<![A-Za-z])AI(?:アシスタント|モデル)?"
    r"(?:へ(?=[：:、,。\s]|$|の(?:指示|命令|お願い|注意|連絡))|は次の(?:指示|命令|文)|に告ぐ|に対する(?:指示|命令))"
    r"|システムプロンプト|(?:忽略|无视).{0,12}(?:指令|指示|提示)|(?:只|仅)(?:回答|输出|回复)",
    re.IGNORECASE | re.DOTALL,
)
"""Orders, not reports of them: "AIへの投資", "added to the model" and "would say only that" are what news is made of."""


def visible(text: str) -> str:
    """Remove zero-width, bidirectional-control, tag and control characters; NFKC does not."""
    return _INVISIBLE.sub("", text)


def plain(text: str) -> str:
    """Turn what a model wrote into plain text: no image, link, URL, HTML tag, emphasis or citation marker.

    No "[", no "]" and no "<" before a letter is left, so that nothing in it loads or links.
    """
    while (cleaner := _once(text)) != text:  # what one removal puts together, the next takes away
        text = cleaner
    return re.sub(r"<(?=[a-zA-Z/!?])", "< ", text.translate({ord("["): "(", ord("]"): ")"}))


def _once(text: str) -> str:
    text = visible(_ENTITY.sub(lambda match: html.unescape(match[0]), text))
    text = re.sub(r"\*\*|__|`+", "", text)
    text = _MARKER.sub("", text)
    text = _BRACKETS.sub(_unbracketed, text)
    text = _TAG.sub("", text)
    text = _URL.sub("", text)
    text = re.sub(r"^#{1,6}\s+", "", text, flags=re.MULTILINE)
    return re.sub(r"[ \t]{2,}", " ", text)


def _unbracketed(match: re.Match[str]) -> str:
    """The words of a link or an image; brackets that are neither become parentheses."""
    return match["label"] if match["image"] or match["target"] else f"({match['label']})"


def settled(text: str) -> str:
    """The part of a growing text whose `plain` form more text does not change.

    Markup may straddle two pieces of a stream, so that an open bracket or tag and a last word that may become
    a URL are held back. The exception is text written to confuse, which is then only safe, not final.
    """
    text = _LAST_WORD.sub("", visible(text))
    while (held := len(_UNSETTLED.sub("", text[: _open_bracket(text)]))) < len(text):
        text = text[:held]
    return text.rstrip()


def _open_bracket(text: str) -> int:
    """Where the bracket begins that may still become a link; the end of the text if none may."""
    opened: list[int] = []
    for match in re.finditer(r"!?\[|\]|\n", text):
        if match[0] == "\n":
            opened.clear()
        elif match[0] != "]":
            opened.append(match.start())
        elif opened:
            start = opened.pop()
            target = re.compile(_TARGET).match(text, match.end())
            unfinished = text[match.end() : match.end() + 1] in ("(", "[", "") and not target
            if unfinished and not opened and "\n" not in text[match.end() :]:
                return start
    return opened[0] if opened else len(text)


def addresses_the_model(sentence: str) -> bool:
    """Whether a source sentence gives orders to a reading machine rather than stating something."""
    return bool(_TO_THE_MODEL.search(unicodedata.normalize("NFKC", visible(sentence))))
