"""Fixed words in the reader's language: codes and drafts go in, sentences come out; pure.

Refusals, greetings, and the source form of names that an answer writes in another script. A draft that says
"the article does not mention it" is a refusal and is recognised as one, so that `Answer.answered` is never
read from a phrase by anybody else. Knows no model and no document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from qa.language import script_of
from qa.names import FULL_NAME, foreign_form, full_names, names, whole, word_count

__all__ = [
    "about",
    "byline",
    "ended",
    "in_other_words",
    "is_refusal",
    "joined",
    "language_name",
    "leans",
    "may_refuse",
    "names_what",
    "refusal",
    "small_talk",
    "spoken",
    "with_source_names",
]

_NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sv": "Swedish", "th": "Thai", "tr": "Turkish",
    "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip

_REFUSALS = {
    "ar": "المقال لا يذكر ذلك.", "de": "Das steht nicht im Artikel.", "en": "The article does not say.",
    "el": "Το άρθρο δεν το αναφέρει.", "es": "El artículo no lo dice.", "fr": "L’article ne le dit pas.",
    "hi": "लेख में यह नहीं बताया गया है।", "it": "L’articolo non lo dice.", "ja": "記事には書かれていません。",
    "ko": "기사에 나와 있지 않습니다.", "nl": "Dat staat niet in het artikel.", "pl": "Artykuł tego nie podaje.",
    "pt": "O artigo não diz isso.", "ro": "Articolul nu spune acest lucru.", "ru": "В статье об этом не сказано.",
    "th": "บทความไม่ได้กล่าวถึงเรื่องนี้", "tr": "Makalede bu belirtilmiyor.", "uk": "У статті про це не сказано.",
    "vi": "Bài viết không nói điều này.", "zh": "文章中没有说明。",
}  # fmt: skip

_DRAFTED_REFUSAL = re.compile(
    r"\b(?:article|passages?|texts?|documents?|context|information|source)\b[^.]{0,60}?\b(?:does|do|did|is|are|was|were)"
    r"(?: not|n['’]t) (?:\w+ )?(?:stat\w+|say\w*|mention\w*|provid\w+|specif\w+|contain\w*|include\w*|give\w*|given|disclos\w+|indicat\w+"
    r"|explicitly|address\w*|discuss\w*|available|reveal\w*|list\w*|name\w*|report\w*)"
    r"|\b(?:it|this) (?:does|is|was)(?: not|n['’]t) (?:\w+ )?(?:stated?|say|mention(?:ed)?|specif(?:y|ied)|given|disclosed|indicated?|known)\b"
    r"|\bnot (?:explicitly |directly )?(?:stated|mentioned|provided|specified|given|disclosed|available|known) (?:in|by|from) the\b"
    r"|^\W*(?:not (?:stated|mentioned|specified|provided|given|available|known)|unknown|no (?:answer|information)|n/?a)\b"
    r"|\b(?:there is|contains|provides|has|have) no (?:\w+ )?(?:information|mention|answer|details?)\b"
    r"|\bI (?:do not|don['’]t|cannot|can['’]t) (?:know|answer|find|determine)\b|\b(?:cannot|can['’]t) be (?:determined|answered|found)\b"
    r"|(?:記事|文章|本文|文書|情報|文|資料)(?:中|内)?(?:に|で|から)?(?:は|も)?[^。]{0,40}?(?:記載|記述|言及|明記|説明|述べ|書か|触れ|示さ|提供|明らか|含ま|公表|公開|開示)"
    r"(?:さ|ら|れ|は|が|も|を|て|に|い|こ|と)*(?:な[いくっ]|ません|ず)"
    r"|(?:情報|記載|言及|記述)(?:は|が|も)?(?:提供されて|含まれて|見つかり|見当たり)?(?:い)?(?:あり)?(?:ま|な)(?:せん|い)"
    r"|(?:答え|回答|特定|判断|確認)(?:られ|でき|する(?:こと)?(?:は|が)でき)(?:ま|な)(?:せん|い)|^\W*(?:不明|わかりません|分かりません)"
    r"|(?:文章|文中|本文|原文|文档|资料|信息)(?:中|里)?(?:并|也|都)?(?:没有|未|无)[^。]{0,8}?(?:提|说|给|包含|提供|明确|指出)|无法(?:确定|回答|得知)"
    r"|(?:기사|본문|문서|(?<![가-힣])글)(?:에|에는|에서|에서는)[^.]{0,40}?(?:없|않)|알 수 없"
    r"|\b(?:art[ií]culo|texto|documento|fuente)\b[^.]{0,40}\bno (?:\w+ )?(?:menciona|indica|dice|especifica|proporciona|da|ofrece)\b"
    r"|\bno (?:se (?:menciona|indica|dice|especifica|proporciona|sabe)|(?:aparece|está) (?:\w+ )?(?:en el|indicad\w|mencionad\w))\b"
    r"|(?:Artikel|Text)\b[^.]{0,60}\b(?:nicht|keine)\b[^.]{0,30}\b(?:genannt|erwähnt|angegeben|Angaben?|Information\w*)"
    r"|\b(?:nennt|erwähnt|sagt|enthält|gibt) (?:\w+ )?(?:nicht|keine)"
    r"|\b(?:article|texte|document)\b[^.]{0,40}\bn(?:e |['’])(?:\w+ )?(?:dit|mentionne|indique|précise|donne)\b[^.]{0,20}\bpas\b"
    r"|\bn['’]est pas (?:\w+ )?(?:mentionné|indiqué|précisé|donné)\w*",
    re.IGNORECASE,
)

_ABOUT_THE_TEXT = re.compile(
    r"\b(?:article|passages?|texts?|documents?|context|information|sentences?)\b|^\W*(?:I|There|It|No|Not)\b"
    r"|記事|文章|本文|文書|情報|資料|文中|原文|기사|본문|文档|artículo|Artikel|texte|article",
    re.IGNORECASE,
)
_ENDED = re.compile(r"[.!?。！？…．](?:[\"'”’»」』)）]*)$")
_SENTENCE_END = re.compile(r"[。！？]|[.!?](?:\s|$)")
_GREETING = re.compile(
    r"\W*(?:hi|hello|hey|good (?:morning|afternoon|evening)|こんにちは|こんばんは|おはよう(?:ございます)?|やあ|どうも|はじめまして"
    r"|你好|您好|안녕(?:하세요)?|hola|buenos días|guten tag|hallo|bonjour|salut|olá|ciao|привет|здравствуйте)"
    r"(?: there| everyone|ございます)?\W*",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"\W*(?:(?:ok|okay|great|perfect|good|はい|なるほど)\W+)?(?:thanks?(?: you)?(?: (?:so|very) much| a lot)?|thx|cheers"
    r"|(?:どうも)?ありがとう(?:ございま(?:す|した))?|助かりました|サンキュー|谢谢(?:你|您)?|多谢|감사합니다|고마워(?:요)?|(?:muchas )?gracias"
    r"|danke(?: schön| sehr)?|vielen dank|merci(?: beaucoup)?|obrigad[oa]|grazie|спасибо)\W*",
    re.IGNORECASE,
)
_HELLO = {
    "de": "Hallo! Fragen Sie mich etwas über den Artikel.", "en": "Hello! Ask me anything about the article.",
    "es": "¡Hola! Pregúnteme lo que quiera sobre el artículo.", "fr": "Bonjour ! Posez-moi une question sur l’article.",
    "ja": "こんにちは。記事について何でも聞いてください。", "ko": "안녕하세요! 기사에 대해 무엇이든 물어보세요.",
    "zh": "你好！请问关于这篇文章的任何问题。",
}  # fmt: skip
_WELCOME = {
    "de": "Gern geschehen!", "en": "You are welcome!", "es": "¡De nada!", "fr": "Avec plaisir !",
    "ja": "どういたしまして。", "ko": "천만에요!", "zh": "不客气！",
}  # fmt: skip
_UNSPACED = frozenset({"ja", "zh", "th"})
_LEAVES_OUT = frozenset({"ja", "ko"})
_SAYS_SOMETHING = re.compile(r"[がをはへ、。！？]|[은는이가을를에](?=\s)")
"""In a title that is a headline, and names nothing."""
_THIS = r"This|That|These|Those|Such|Dies\w*|Est[aeo]s?|Ces?|Cette"
_LEANS = re.compile(
    rf"[\s\"'“‘(]*(?:(?:{_THIS}|He|She|It|They|His|Her|Its|Their|Er|Sie|Seine?[mnrs]?|Ihre?[mnrs]?"
    r"|Él|Ella|Ell[ao]s|Sus?|Ils?|Elles?|Son|Sa|Ses)\b"
    r"|[「『（]?(?:彼|同(?![一時様盟意僚士情性席居調封志級])[一-龥]|これ|それ|この|その|こう|そう|ここで|そこで|両[社者国]"
    r"|他(?![国人乡])|她|它|这|该|그(?:는|가|의|들|녀)|이(?:는|것|들)|[이그](?=\s(?!씨))|해당))"
)
_NAMED = re.compile(
    rf"[\s\"'“‘(]*(?:(?:{_THIS})\s(?!(?:is|was|are|were|will|would|ha[sd]|have"
    r"|can|could|may|might|must|should|did|does|said|means?|meant|makes?|made|gives?|gave|comes?|came|leads?|led|shows?|brings?|takes?"
    r"|follows?|allows?|ist|war|sind|waren|wird|hat|kann|es|era|fue|será|ha|est|était|sont|sera)\b)[^\W\d_]"
    r"|[「『（]?(?:(?:この|その)(?![後他際間中上ためうよほ]|結果|一方)|该|[这這](?!是|也|[将將]|一)|[이그]\s|해당))"
)
"""A demonstrative with what it points at: "This new unit", この契約."""
_CONNECTIVE = re.compile(
    r"(?:また|しかし|そして|さらに|一方(?:で)?|なお|ただし|そのため|したがって|だが|ところが|(?:However|Moreover|Furthermore|In addition|Also|Meanwhile|Nevertheless|Therefore)(?=,))[、,]\s*"
)
_PLAIN_WORD = re.compile(r"[^\W\d_A-Z]+(?![^\W\d_])")
"""One without capitals: what begins a sentence gets one, "iPhone" does not."""
_OWNED = re.compile(r"['’]s(?=\s)")
"""What ends a name within a run of capitals: "Mercor's CEO"."""
_TIED = re.compile(r"(?:^|\s)(?:of|for|the|C[A-Z]O)(?=\s|$)|['’]s(?=\s|$)")
"""What stands between two names in a run of capitals: "Meta CEO Mark Zuckerberg"."""
_KANA = re.compile("[ぁ-ゖァ-ヺ]")
_MARKED = re.compile(rf"{FULL_NAME}|[ァ-ヺー]{{2,}}(?=氏|さん|様|社)")
_BYLINES = {
    "de": "Verfasst von ", "en": "By ", "es": "Por ", "fr": "Par ", "ja": "著者：", "ko": "글: ", "zh": "作者：",
}  # fmt: skip
_OTHER_WORDS = {
    "de": "Im Artikel heißt es: „{}“", "en": "The article puts it this way: “{}”",
    "es": "El artículo lo dice así: «{}»", "fr": "L’article le dit ainsi : « {} »", "ja": "記事にはこう書かれています。「{}」",
    "ko": "기사에는 이렇게 쓰여 있습니다. “{}”", "zh": "文章中这样写道：“{}”",
}  # fmt: skip


def language_name(code: str) -> str:
    """The English name of a language, as prompts use it; English for one that is not listed."""
    return _NAMES.get(code, "English")


def ended(text: str) -> bool:
    """Whether a text ends as a sentence does: a headline or a name does not."""
    return bool(_ENDED.search(text))


def joined(sentences: Iterable[str], language: str) -> str:
    """One text of several sentences; a headline that another follows gets a full stop."""
    text = ""
    for sentence in sentences:
        spaced = language not in _UNSPACED
        if text and not ended(text):
            text += "." if spaced else "。"
        text += f" {sentence}" if text and spaced else sentence
    return text


def refusal(language: str) -> str:
    """Say that the article does not say, in the reader's language."""
    return _REFUSALS.get(language, _REFUSALS["en"])


def small_talk(question: str, language: str) -> str:
    """A short reply where the whole message is a greeting or thanks; "" otherwise."""
    for pattern, replies in ((_GREETING, _HELLO), (_THANKS, _WELCOME)):
        if pattern.fullmatch(question):
            return replies.get(language, replies["en"])
    return ""


def leans(sentence: str) -> bool:
    """Whether a sentence begins by pointing back: "He used to be its chief" says not who."""
    return bool(_LEANS.match(spoken(sentence)))


def names_what(sentence: str) -> bool:
    """Whether a sentence that leans names what it points at: "This deal" can be read alone, "He" cannot."""
    return bool(_NAMED.match(spoken(sentence)))


def spoken(sentence: str) -> str:
    """A source sentence as an answer: without the "However," or 「また、」 that ties it to the one before."""
    opener = _CONNECTIVE.match(sentence)
    if opener is None:
        return sentence  # as it stands: the first word may be "iPhone"
    rest = sentence[opener.end() :]
    return rest[:1].upper() + rest[1:] if _PLAIN_WORD.match(rest) else rest


def byline(text: str, language: str) -> str:
    """A byline said in the reader's language; a whole sentence about the author says it itself."""
    return text if ended(text) else f"{_BYLINES.get(language, _BYLINES['en'])}{text}"


def about(subject: str, text: str, question: str, language: str) -> str:
    """A quoted sentence with what it is about before it, where neither it nor the question names that.

    Japanese and Korean leave it out: of which country is 「リスボンがおもな国際空港。」?

    Args:
        subject: the article's title where that may be one; "" for none.
        text: the sentence.
        question: what was asked, and what of the answer stands before.
        language: of the sentence.
    """
    name = subject.replace("_", " ").strip()
    said = f"{text}\n{question}"
    if language not in _LEAVES_OUT or not name or name in said or _SAYS_SOMETHING.search(name):
        return text
    return f"{name}{'：' if language in _UNSPACED else ': '}{text}"


def in_other_words(sentence: str, language: str) -> str:
    """Introduce a source sentence that is not in the reader's language."""
    return _OTHER_WORDS.get(language, _OTHER_WORDS["en"]).format(sentence)


def is_refusal(draft: str) -> bool:
    """Whether a draft says that the source does not hold the answer."""
    return draft.strip() in _REFUSALS.values() or bool(_DRAFTED_REFUSAL.search(draft))


def may_refuse(draft: str) -> bool:
    """Whether a draft in the writing may turn out a refusal: it is one, or its first sentence is about the text.

    Such a beginning is held back, so that "The article ... does not mention it" is never half shown.
    """
    open_ended = not _SENTENCE_END.search(draft)
    return is_refusal(draft) or (open_ended and (len(draft) < 8 or bool(_ABOUT_THE_TEXT.search(draft))))


def with_source_names(sentence: str, evidence: str, question: str = "") -> str:
    """Write the source form behind the first mention of each name that the source writes in another script.

    "Jason Droege" becomes "Jason Droege (ジェイソン・ドロージ)" where the evidence has only the latter, and the
    other way round, so that a reader can find it there and a wrong transliteration misleads nobody. What the
    question writes in the reader's script needs none.
    """
    written = _latin_names(sentence, evidence) if "cjk" not in script_of(sentence) else {}
    for name in _names_of_source(evidence, sentence):
        form = foreign_form(name, sentence)
        known = form in question or form in evidence or name in sentence
        if form and not known and word_count(form) == word_count(name):
            if mention := whole(form).search(sentence):
                written.setdefault(mention.end(), name)
    pieces, at = [], 0
    for end, name in sorted(written.items()):
        pieces += [sentence[at:end], f" ({name})"]
        at = end
    return "".join([*pieces, sentence[at:]])


def _latin_names(sentence: str, evidence: str) -> dict[int, str]:
    """Where a name in capitals ends, and the evidence's form of it in another script."""
    found: dict[int, str] = {}
    for start, end in names(sentence):
        name = _OWNED.split(sentence[start:end])[0]
        form = "" if name.lower() in evidence.lower() else foreign_form(name, evidence)
        if form and not script_of(form) & {"latin"} and form not in sentence and form not in found.values():
            found[start + len(name)] = form
    return found


def _names_of_source(evidence: str, sentence: str) -> list[str]:
    """The evidence's names in capitals; in katakana only those marked as names, for Chinese of several words.

    Of a single katakana word nothing tells whether it is a name: サービス is "service" in Korean too.
    """
    runs = [evidence[start:end] for start, end in names(evidence)]
    found = [part.strip() for run in runs for part in _TIED.split(run) if part.strip()]
    if "cjk" not in script_of(sentence):
        return [*found, *_MARKED.findall(evidence)]
    return found if _KANA.search(sentence) else [*found, *full_names(evidence)]
