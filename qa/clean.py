"""Text that a document or a model wrote goes in, text that is safe to show or to prompt with comes out; pure.

Three filters, outside the model, because every defence inside a model has been broken: characters that no
reader sees are removed before a model or a screen sees a text; markup that fetches or links is removed from
what a model wrote; sentences of a document that talk to the reading machine are withheld from it. The stored
document is never changed. Knows no document type, no model and no screen.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["addresses_the_model", "plain", "settled", "visible"]

_INVISIBLE = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
)
_IMAGE = re.compile(r"!\[([^\]]*)\](?:\([^)]*\)?|\[[^\]]*\]?)?")
_LINK = re.compile(r"\[([^\]]*)\](?:\([^)]*\)?|\[[^\]]*\]?)")
_REFERENCE = re.compile(r"^\s*\[[^\]]+\]:\s*\S+.*$", re.MULTILINE)
_TAG = re.compile(r"<(?:/?[a-zA-Z!?][^>]*)>?")
_URL = re.compile(r"\b(?:https?|ftp|file|data|javascript|vbscript):\S+|\bwww\.\S+", re.IGNORECASE)
_MARKER = re.compile(r"\s*[\[【［]\s*\d+(?:\s*[,、]\s*\d+)*\s*[\]】］]")
_OPENING = re.compile(r"(?:!?\[[^\]]*|[\]】］]\(?[^)\s]*|<[^>]*|[【［][^】］]*|\S*(?:://|www\.|data:|javascript:)\S*|!)$")

_TO_THE_MODEL = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|prompt|above|previous|prior|rule|context|question)"
    r"|\b(?:system|developer) (?:prompt|message|override|instruction)"
    r"|\b(?:as|you are|to the) an? (?:ai|language model|assistant|chatbot)\b|\bto the (?:ai|assistant|model|chatbot)\b"
    r"|\b(?:begin|start|end|finish|precede|append|prefix)\b.{0,30}\b(?:your |the |every |each )?(?:answer|reply|response|output)s?\b"
    r"|\b(?:answer|reply|respond|output|print|say|write|return|include|insert|add)\b.{0,30}"
    r"\b(?:only|exactly|verbatim|nothing else|instead|with the (?:word|phrase|code|string|text|token))\b"
    r"|\b(?:in|to|of|into) your (?:answer|reply|response|output)"
    r"|(?:指示|命令|プロンプト|質問|文脈|ルール).{0,12}(?:無視|忘れ|破棄|従わ)"
    r"|(?:これ以降|これまで|以前|上記|前)の(?:指示|命令|プロンプト)"
    r"|(?:回答|返答|応答|出力|答え).{0,20}(?:してください|しなさい|せよ|すること|含め|加え|付け|書き|始め|終え)"
    r"|(?:とだけ|のみ|だけ)(?:を)?(?:答え|回答|返答|返信|出力|書)|AI(?:アシスタント|モデル)?(?:へ|は次|に告|に対)|システムプロンプト"
    r"|\bwhen (?:you|asked|answering|summari[sz]ing|citing|quoting)\b.{0,60}\b(?:must|always|cite|say|include|append)\b"
    r"|(?:引用|要約|回答|返答)(?:する|の)?(?:とき|時|際|場合|冒頭|末尾|最後|前).{0,40}(?:こと|ください|下さい)"
    r"|(?:忽略|无视).{0,12}(?:指令|指示|提示)|(?:只|仅)(?:回答|输出|回复)",
    re.IGNORECASE | re.DOTALL,
)


def visible(text: str) -> str:
    """Remove zero-width, bidirectional-control, tag and control characters; NFKC does not."""
    return _INVISIBLE.sub("", text)


def plain(text: str) -> str:
    """Turn what a model wrote into plain text: no image, link, URL, HTML tag, emphasis or citation marker."""
    text = visible(text)
    text = _REFERENCE.sub("", text)
    text = _IMAGE.sub(r"\1", text)
    text = _MARKER.sub("", text)
    text = _LINK.sub(r"\1", text)
    text = _TAG.sub("", text)
    text = _URL.sub("", text)
    text = re.sub(r"(\*\*|__|`+)", "", text)
    text = re.sub(r"^#{1,6}\s+", "", text, flags=re.MULTILINE)
    return re.sub(r"[ \t]{2,}", " ", text)


def settled(text: str) -> str:
    """The part of a growing text whose `plain` form no further character can change.

    Markup may straddle two pieces of a stream, so that an open bracket, tag or URL is held back until closed.
    """
    return text[: match.start()] if (match := _OPENING.search(text)) else text


def addresses_the_model(sentence: str) -> bool:
    """Whether a source sentence gives orders to whoever reads it by machine, rather than stating something."""
    return bool(_TO_THE_MODEL.search(unicodedata.normalize("NFKC", visible(sentence))))
