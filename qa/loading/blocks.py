"""Plain text goes in, its title and the kind of each of its lines come out; knows no format and no article.

News pages copied as text carry share links, tags, captions and repeated headlines. They are told by the
words such lines are made of in eight languages, by where they stand, and by their neighbours. Hiding a
sentence is worse than keeping a caption, so every rule asks for a short line that matches as a whole, and
words that could be anything ("Share", "Print") count only beside something that is furniture already.
Notes, tables, mails and single paragraphs are not articles: all of them is body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qa.data import Block, BlockKind

__all__ = ["is_headline", "mark"]

_LINE = re.compile(r"[^\n]+")
_WIDE = re.compile(r"[\u1100-\u115f\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff01-\uff60]")
_SENTENCE_END = re.compile(r"[.!?。．！？…।؟][\"'”’»」』)）\]]*$")
_NOT_A_HEADING = re.compile(r"^[-*•·‣▪#>|+\d(]|[,;:、，；：]$|[\t|]|https?://|@\w|\w[:：=]\s")
_KEY_VALUE = re.compile(r"^[\w -]{1,30}[:：=]\s?\S")

_PROSE_COLUMNS = 60
_HEADING_COLUMNS = 110
_HEADLINE_COLUMNS = 200
_FURNITURE_COLUMNS = 120
_TITLE_LINES = 10
_MOST_FURNITURE = 0.5  # of an article's characters; more means that it is not one


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


_NETWORKS = r"(?:facebook|twitter|x|linkedin|whatsapp|reddit|e-?mail|line|weibo|bluesky)"

_CERTAIN = _any(
    # share links
    r"share (?:this|the) (?:article|post|story|page|news)(?: (?:on|via) .{1,20})?",
    rf"share (?:on|via) {_NETWORKS}",
    r"(?:この)?(?:記事|ページ)を(?:シェア|共有|ツイート|ポスト)(?:する)?",
    rf"{_NETWORKS}で(?:シェア|共有|送る)(?:する)?",
    r"分享(?:本文|文章|这篇文章|到.{1,10})",
    r"(?:이 )?기사 ?공유(?:하기)?",
    r"(?:diesen )?(?:artikel|beitrag) (?:teilen|drucken)",
    r"partager (?:l['’]article|cet article)",
    r"compart(?:ir|e) (?:este |el )?art[ií]culo",
    # tags
    r"(?:tagged|tags|filed under|posted in|タグ|関連タグ|标签"
    r"|태그|schlagw[öo]rter|mots[- ]cl[ée]s|etiquetas)\s?[:：].*",
    # crumbs
    r"(?:topic|トピック|カテゴリー?|主题|话题|주제|thema|sujet|tema)\s?[—–|]\s?.{1,30}",
    # links to other articles
    r"related (?:articles|stories|posts|content|reading|coverage|news)[:：]?",
    r"(?:you (?:may|might) also like|recommended for you"
    r"|read next|more from .{1,30}|関連記事|関連リンク)[:：]?",
    r"(?:read more|read also|also read|related|関連記事"
    r"|あわせて読みたい|延伸阅读|相关阅读|관련 ?기사)\s?[:：].*",
    r"(?:lesen sie auch|mehr zum thema|lire aussi|à lire aussi"
    r"|lea también|lee también|te puede interesar)\s?[:：]?.*",
    r"(?:あわせて読みたい|こちらの?記事もおすすめ|おすすめの?記事"
    r"|相关(?:文章|阅读|新闻)|延伸阅读|관련 ?기사|verwandte artikel)",
    r"(?:articles liés|sur le même sujet|art[ií]culos relacionados|noticias relacionadas)",
    # advertisements
    r"-? ?advertisement ?-?|sponsored content|(?:article|story) continues below(?: advertisement| this ad)?",
    r"スポンサー(?:ド)?リンク|(?:記事|本文)は広告の(?:後|あと)に続きます"
    r"|-? ?(?:anzeige|publicité|publicidad) ?-",
    # newsletters
    r"(?:subscribe|sign up)(?: now| today)? (?:to|for) .{0,40}newsletters?\b.{0,40}",
    r".{0,12}(?:メルマガ|メールマガジン|ニュースレター)(?:に|を"
    r"|の|へ)?(?:無料)?(?:登録|購読)(?:する|はこちら|しませんか)?",
    r"订阅(?:我们的)?(?:邮件|电子报|通讯|新闻简报).{0,20}|.{0,12}뉴스레터 ?(?:구독|신청)(?:하기)?",
    r"(?:jetzt |hier )?(?:unseren )?newsletter abonnieren"
    r"|(?:inscrivez|abonnez)-vous à .{0,40}newsletter.{0,20}",
    r"suscríbete a .{0,40}(?:newsletter|boletín).{0,20}",
)
"""Lines that are furniture wherever they stand in an article."""

_COOKIES = _any(
    r"(?:we use|this (?:web)?site uses|our (?:web)?site uses) cookies\b.*",
    r"by continuing to (?:use|browse) (?:this|our) (?:web)?site\b.*",
    r"(?:当|本)(?:ウェブ)?サイトで?は.{0,20}(?:cookie|クッキー).*",
    r"(?:本|我们的?)网站使用.{0,6}cookie.*|이 ?(?:웹)?사이트는 쿠키를.*",
    r"(?:wir verwenden|diese (?:website|seite) verwendet|nous utilisons des|ce site utilise des) cookies\b.*",
    r"(?:utilizamos|este sitio(?: web)? utiliza) cookies\b.*",
)
"""Cookie notices; in an article about cookies they are what it is about."""

_LIKELY = _any(
    rf"{_NETWORKS}|share|tweet|tweeten|twittern|pin it|print"
    rf"|copy link|save|comments?|follow us|related|teilen|drucken",
    r"シェア(?:する)?|ツイート(?:する)?|ポスト(?:する)?|はてブ"
    r"|lineで送る|リンクをコピー|印刷(?:する)?|保存|コメント|広告|pr",
    r"分享|转发|收藏|点赞|评论|广告|공유(?:하기)?|인쇄|댓글"
    r"|광고|partager|imprimer|compartir|imprimir|anzeige|werbung",
    r"publicité|publicidad|ad|ads|sponsored|tags?|tagged|タグ|标签|태그",
    r".{1,40}の(?:画像|写真|アイコン|プロフィール画像|アバター)"
    r"|.{1,30}的(?:头像|照片|图片)|.{1,30}의? ?(?:사진|이미지)",
    r"(?:profile |author )?(?:photo|image|picture|headshot|portrait|avatar) of .{1,60}"
    r"|.{1,40}['’]s (?:avatar|photo|headshot)",
    r"(?:foto|bild|porträt) von .{1,60}|(?:photo|image|portrait) de .{1,60}|(?:foto|imagen) de .{1,60}",
)
"""Lines that are furniture beside furniture, or between title and first paragraph."""

_LABEL = _any(
    r"(?:published|publication date|posted|updated|last updated"
    r"|date|author|出版|公開|公開日時?|掲載日?|更新日?|最終更新日?)[:：]?",
    r"(?:発行日|投稿日|著者|执笔|发布|发布时间|发布日期|更新时间"
    r"|作者|게시일?|등록|입력|수정|veröffentlicht|aktualisiert)[:：]?",
    r"(?:publié|publié le|mis à jour|auteur|publicado|actualizado|autor)\s?[:：]?",
)
"""Labels whose value is missing."""

_CREDIT = re.compile(
    r"(?:^|[.!?。！？)）\s（(])"
    r"(?:画像|写真|イラスト|撮影|画像提供|写真提供|图片来源|图源|图片|사진|사진 제공|"
    r"(?:Image|Photo|Picture|Video)(?: ?(?:[Cc]redit|[Ss]ource|by|courtesy of))?|Credit|Foto|Bild|Bildquelle|"
    r"Crédits? photo|Photo|Imagen|Fotografía)\s?[:：=/]\s?[^.。]{1,40}[)）]?$"
    r"|\((?:Photo|Image|Picture|Foto)s? (?:by|courtesy of|via|von) [^)]{1,60}\)$"
    r"|[/／] ?(?:Getty Images|AFP|AP|Reuters|Shutterstock|iStock|Unsplash|ロイター|共同|アフロ)[)）]?$"
)
_NAME = r"[^\W\d_][\w.’'·・-]*(?: [^\W\d_][\w.’'-]*){0,4}"
_BYLINE = re.compile(
    rf"(?:By|BY|Von|Par|Por|Words by"
    rf"|Written by) (?-i:[A-ZÀ-Ý]){_NAME}(?:(?:,| and| und| et| y| [|—–-]) .{{1,60}})?"
    r"|(?:文|執筆|著者|筆者|取材・文|記者|作者|记者|撰文|글)\s?[:：=＝/]\s?.{1,30}"
    r"|[가-힣]{2,4} (?:기자|특파원)(?: .{1,40})?"
)
_BIO = _any(
    r"\b(?:writer|reporter|journalist|editor|correspondent|author|columnist|freelance\w*|contributor)\b",
    r"ライター|記者|編集|著者|ジャーナリスト|コラムニスト|执笔|编辑|作者|撰稿|记者|기자|작가|편집",
    r"\b(?:redakteur|journalist|autor|journaliste|rédact\w+|periodista|redactora?|autora?)(?:in)?\b",
)


@dataclass(slots=True)
class _Line:
    """A line that is not blank, while its kind is being found out."""

    start: int
    end: int
    text: str
    paragraph: int
    kind: BlockKind = "body"

    @property
    def prose(self) -> bool:
        """Long enough and finished, as lines of running text are."""
        columns = _columns(self.text)
        return columns >= _PROSE_COLUMNS and (columns >= 160 or bool(_SENTENCE_END.search(self.text)))


def mark(text: str, title: str = "") -> tuple[str, tuple[Block, ...]]:
    r"""Find the title of a text and what each stretch of it is.

    Args:
        text: with ``\n`` line ends.
        title: when it is known; it need not be in the text.

    Returns:
        The title (the one given, or the headline found, or "") and blocks that cover all that is not blank.
    """
    lines = _lines(text)
    prose = [index for index, line in enumerate(lines) if line.prose]
    title = _mark_title(lines, prose, title)
    if len(prose) >= 2:
        _mark_furniture(lines, prose, title)
        _mark_bylines(lines, prose)
        _mark_headings(lines, prose)
    return title, tuple(_blocks(lines))


def is_headline(line: str) -> bool:
    """Whether a first line can be a headline: short, unfinished, and not part of a list or a table."""
    return (
        0 < _columns(line) <= _HEADLINE_COLUMNS
        and not re.search(r"[.。．…;；,、，]$", line)
        and not re.search(
            r"^[-*•|>+{<\[]|[\t|]|https?://|\w[:=]\S*$|^(?:From|To|Subject|SUBJECT|Date|件名)[:：]", line
        )
        and any(letter.isalpha() for letter in line)
    )


def _columns(line: str) -> int:
    """Width as printed, as far as it matters: a CJK character takes two columns."""
    line = line[: 2 * _HEADLINE_COLUMNS]
    return len(line) + len(_WIDE.findall(line))


def _lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    paragraph = 0
    for match in _LINE.finditer(text):
        stripped = match[0].strip()
        if not stripped:
            continue
        start = match.start() + match[0].index(stripped)
        if lines and "\n" in text[lines[-1].end : start].replace("\n", "", 1):
            paragraph += 1
        lines.append(_Line(start, start + len(stripped), stripped, paragraph))
    if 3 <= len(lines) and paragraph <= 1 and 2 * sum(line.prose for line in lines) >= len(lines):
        for paragraph, line in enumerate(lines):  # one line is one paragraph, as in text copied from a phone
            line.paragraph = paragraph
    return lines


def _key(line: str) -> str:
    """What two lines have in common that read the same."""
    return re.sub(r"[\W_]+", "", line).casefold()


def _mark_title(lines: list[_Line], prose: list[int], title: str) -> str:
    """Mark the line that is the title; return the title."""
    if title:
        same = (
            line
            for line in lines[:_TITLE_LINES]
            if len(line.text) <= 2 * len(title) and _key(line.text) == _key(title)
        )
        if (line := next(same, None)) and _key(title):
            line.kind = "title"
        return title
    if len(lines) < 2 or not is_headline(lines[0].text) or not prose or lines[0].prose:
        return ""
    if lines[0].paragraph == lines[1].paragraph:
        return ""
    lines[0].kind = "title"
    return lines[0].text


def _mark_furniture(lines: list[_Line], prose: list[int], title: str) -> None:
    short = [
        index
        for index, line in enumerate(lines)
        if line.kind == "body" and _columns(line.text) <= 2 * _FURNITURE_COLUMNS
    ]
    cookies = sum("cookie" in line.text.lower() or "クッキー" in line.text for line in lines)
    for index in short:
        if _certain(lines, index, title) or (cookies <= 2 and _COOKIES.fullmatch(lines[index].text)):
            lines[index].kind = "furniture"
    _mark_captions(lines, short)
    for index in [*short, *reversed(short)]:  # both ways, so that a run of links is taken from either end
        if lines[index].kind == "body" and _likely(lines, index, prose):
            lines[index].kind = "furniture"
    total = sum(len(line.text) for line in lines)
    if sum(len(line.text) for line in lines if line.kind == "furniture") > _MOST_FURNITURE * total:
        for line in lines:
            line.kind = "title" if line.kind == "title" else "body"


def _certain(lines: list[_Line], index: int, title: str) -> bool:
    text = lines[index].text
    if _columns(text) > _FURNITURE_COLUMNS:
        return False
    repeated = text.casefold() == title.casefold() and _below_title(lines, index)
    return repeated or bool(_CERTAIN.fullmatch(text) and not re.search(r"[.。]$", text))


def _below_title(lines: list[_Line], index: int) -> bool:
    """Whether the title, which is among the first lines if anywhere, stands above a line."""
    return any(line.kind == "title" for line in lines[: min(index, _TITLE_LINES)])


def _mark_captions(lines: list[_Line], short: list[int]) -> None:
    """Mark captions that end in a credit, and the same words above them, which were the image's alt text."""
    for index in short:
        line = lines[index]
        if (
            _columns(line.text) > _FURNITURE_COLUMNS
            or not _CREDIT.search(line.text)
            or _in_list(lines, index)
        ):
            continue
        line.kind = "furniture"
        above = lines[index - 1] if index else None
        if above and above.kind == "body" and _alike(_key(above.text), _key(line.text)):
            above.kind = "furniture"


def _in_list(lines: list[_Line], index: int) -> bool:
    """Whether "Image: x" stands among other "key: value" lines."""
    own = lines[index]
    beside = lines[max(0, index - 1) : index] + lines[index + 1 : index + 2]
    return any(
        _KEY_VALUE.search(line.text) and not _CREDIT.search(line.text)
        for line in beside
        if line.paragraph == own.paragraph
    )


def _alike(alt: str, caption: str) -> bool:
    """Whether at least 80 % of an alt text opens the caption."""
    common = next(
        (n for n, (a, b) in enumerate(zip(alt, caption, strict=False)) if a != b), min(len(alt), len(caption))
    )
    return len(alt) >= 5 and common >= 0.8 * len(alt)


def _likely(lines: list[_Line], index: int, prose: list[int]) -> bool:
    text = lines[index].text
    if _columns(text) > 80 or _SENTENCE_END.search(text):
        return False
    beside = lines[max(0, index - 1) : index] + lines[index + 1 : index + 2]
    near = any(line.kind == "furniture" for line in beside)
    head = index < prose[0] and _below_title(lines, index)
    if _LABEL.fullmatch(text):
        followed = lines[index + 1].text if index + 1 < len(lines) else ""
        return (
            (head or index > prose[-1]) and not re.search(r"\d", followed) and not _BYLINE.fullmatch(followed)
        )
    return bool(_LIKELY.fullmatch(text)) and (near or head)


def _mark_bylines(lines: list[_Line], prose: list[int]) -> None:
    for index, line in enumerate(lines):
        if line.kind == "body" and (index < prose[0] or index > prose[-1]):
            if _columns(line.text) <= 80 and _BYLINE.fullmatch(line.text):
                line.kind = "byline"
    for index in prose[-3:]:
        name = lines[index - 1] if index else None
        if name and name.kind == "body" and _is_biography(name.text, lines[index].text):
            name.kind = lines[index].kind = "byline"


def _is_biography(name: str, paragraph: str) -> bool:
    """Whether a paragraph opens with the name above it and says what that person writes."""
    return (
        _columns(name) <= 40
        and not re.search(r"\d", name)
        and paragraph.startswith(name)
        and bool(_BIO.search(paragraph))
    )


def _mark_headings(lines: list[_Line], prose: list[int]) -> None:
    """Mark short unfinished lines that stand alone above a paragraph."""
    head = prose[0] if any(line.kind == "title" for line in lines[: prose[0]]) else 0
    following = set(prose)
    for index, line in enumerate(lines[:-1]):
        alone = line.paragraph != lines[index + 1].paragraph and (
            not index or line.paragraph != lines[index - 1].paragraph
        )
        if (
            index >= head
            and line.kind == "body"
            and alone
            and index + 1 in following
            and _is_heading(line.text)
        ):
            line.kind = "heading"


def _is_heading(text: str) -> bool:
    return (
        _columns(text) <= _HEADING_COLUMNS
        and not re.search(r"[.!。．！…][\"'”’」』)）]*$", text)
        and not _NOT_A_HEADING.search(text)
    )


def _blocks(lines: list[_Line]) -> Iterator[Block]:
    """One block per paragraph and kind; titles, headings and bylines are one line each."""
    start = 0
    for index, line in enumerate(lines):
        after = lines[index + 1] if index + 1 < len(lines) else None
        joined = after and after.paragraph == line.paragraph and after.kind == line.kind
        if joined and line.kind in ("body", "furniture"):
            continue
        yield Block(
            lines[start].start,
            line.end,
            line.kind,
            2 if line.kind == "heading" else int(line.kind == "title"),
        )
        start = index + 1
