"""How the paper looks in Word: A4, text and tables of a journal's size, a number on each page.

Pandoc takes styles and page from a reference document; here its own one is changed, so that no binary
file has to be kept.
"""

from __future__ import annotations

import re
from io import BytesIO
from itertools import count
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

EPOCH = (1980, 1, 1, 0, 0, 0)
FOOTER_ID = "rIdPageNumber"
A4, MARGINS = (11906, 16838), (1247, 1361)
"""Paper (short side, long side) and margins (above, beside) in twentieths of a point."""

FONT = "Calibri"
SIZES = {
    "Compact": 17, "Caption": 19, "Heading1": 30, "Heading2": 25, "Heading3": 22, "Title": 40, "Subtitle": 22,
    "Bibliography": 19,
}  # fmt: skip
"""Size of each style in half points; cells of tables have the style Compact."""

BODY = 21
NOTE = "Table Note"
"""Style of what stands below a table."""

SUPPLEMENT = '<w:bookmarkStart w:id="90000" w:name="supplement"/><w:bookmarkEnd w:id="90000"/>'
"""Where the supplement begins: what follows counts anew, as S1, S2 ..."""

_NOTE_STYLE = (
    f'<w:style w:type="paragraph" w:customStyle="1" w:styleId="{NOTE.replace(" ", "")}"><w:name w:val="{NOTE}"/>'
    '<w:basedOn w:val="BodyText"/><w:qFormat/><w:pPr><w:spacing w:before="20" w:after="20"/></w:pPr>'
    '<w:rPr><w:sz w:val="17"/></w:rPr></w:style>'
)
_ABOVE = '<w:spacing w:before="240" w:after="80" />'
"""Room above the caption of a table."""

_NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_FOOTER = (
    f'<?xml version="1.0" encoding="UTF-8"?><w:ftr {_NAMESPACES}><w:p><w:pPr><w:jc w:val="center"/></w:pPr>'
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p></w:ftr>'
)
_FOOTER_KIND = "application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"
_FOOTER_LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footer"


def section(*, landscape: bool) -> str:
    """Return the properties of a section: its paper, its margins, its footer."""
    short, long = A4
    width, height = (long, short) if landscape else (short, long)
    side = ' w:orient="landscape"' if landscape else ""
    above, beside = MARGINS
    return (
        f'<w:sectPr><w:footerReference w:type="default" r:id="{FOOTER_ID}"/>'
        f'<w:pgSz w:w="{width}" w:h="{height}"{side}/>'
        f'<w:pgMar w:top="{above}" w:right="{beside}" w:bottom="{above}" w:left="{beside}" '
        'w:header="708" w:footer="708" w:gutter="0"/></w:sectPr>'
    )


def section_break(*, landscape: bool) -> str:
    """Return the empty paragraph that ends a section."""
    return f'<w:p><w:pPr><w:spacing w:before="0" w:after="0"/>{section(landscape=landscape)}</w:pPr></w:p>'


def reference(default: bytes) -> bytes:
    """Return pandoc's reference document with the page and the styles of the paper.

    Parameters
    ----------
    default : bytes
        ``pandoc --print-default-data-file reference.docx``.
    """
    out = BytesIO()
    with ZipFile(BytesIO(default)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            change = CHANGES.get(name)
            new.writestr(ZipInfo(name, EPOCH), change(content.decode()).encode() if change else content)
        new.writestr(ZipInfo("word/footer1.xml", EPOCH), _FOOTER)
    return out.getvalue()


def finished(document: bytes) -> bytes:
    """Return a document of pandoc whose rows stay on one page and whose supplement counts by itself.

    Parameters
    ----------
    document : bytes
        The Word file.
    """
    out = BytesIO()
    with ZipFile(BytesIO(document)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "word/document.xml":
                content = _supplement(_whole_rows(content.decode())).encode()
            new.writestr(ZipInfo(name, EPOCH), content, ZIP_DEFLATED)
    return out.getvalue()


def _whole_rows(text: str) -> str:
    text = text.replace("<w:tr><w:tc>", "<w:tr><w:trPr><w:cantSplit/></w:trPr><w:tc>")
    return text.replace("<w:trPr><w:tblHeader", "<w:trPr><w:cantSplit/><w:tblHeader")


def _supplement(text: str) -> str:
    main, begin, rest = text.partition(SUPPLEMENT)
    for kind in ("Table", "Figure"):
        numbers = count(1)
        rest = re.sub(
            rf'{kind}(?P<space>\s)</w:t></w:r><w:fldSimple w:instr="SEQ {kind} (?P<form>[^"]*)"><w:r><w:t>\d+</w:t>',
            lambda found, kind=kind, numbers=numbers: (  # type: ignore[misc]
                f'{kind}{found["space"]}S</w:t></w:r><w:fldSimple w:instr="SEQ Supplement_{kind} {found["form"]}">'
                f"<w:r><w:t>{next(numbers)}</w:t>"
            ),
            rest,
        )
    return main + begin + rest


def _styles(text: str) -> str:
    text = re.sub(r"<w:rFonts [^>]*(?:asciiTheme|eastAsiaTheme)[^>]*/>", _fonts(), text, flags=re.DOTALL)
    text = text.replace('<w:sz w:val="24" />', f'<w:sz w:val="{BODY}" />', 1)
    for style, size in SIZES.items():
        text = re.sub(
            rf'<w:style [^>]*w:styleId="{style}">.*?</w:style>',
            lambda found, size=size: _sized(found[0], size),  # type: ignore[misc]
            text,
            count=1,
            flags=re.DOTALL,
        )
    text = text.replace(
        '<w:spacing w:before="36" w:after="36" />', '<w:spacing w:before="30" w:after="30" />'
    )
    text = re.sub(
        r'(<w:style [^>]*w:styleId="TableCaption".*?<w:keepNext />)',
        rf"\1{_ABOVE}",
        text,
        count=1,
        flags=re.DOTALL,
    )
    return text.replace("</w:styles>", f"{_NOTE_STYLE}</w:styles>")


def _fonts() -> str:
    return f'<w:rFonts w:ascii="{FONT}" w:hAnsi="{FONT}" w:cs="{FONT}" />'


def _sized(style: str, size: int) -> str:
    """Give a style its size, whether or not it has one."""
    mark = f'<w:sz w:val="{size}" />'
    if "<w:sz " in style:
        return re.sub(r'<w:sz w:val="\d+" />', mark, style, count=1)
    if "<w:rPr>" in style:
        return style.replace("</w:rPr>", f"{mark}</w:rPr>", 1)
    return style.replace("<w:rPr />", "").replace("</w:style>", f"<w:rPr>{mark}</w:rPr></w:style>")


def _last_section(text: str) -> str:
    return re.sub(r"<w:sectPr>.*?</w:sectPr>", section(landscape=False), text, flags=re.DOTALL)


def _link(text: str) -> str:
    link = f'<Relationship Id="{FOOTER_ID}" Type="{_FOOTER_LINK}" Target="footer1.xml"/>'
    return text.replace("</Relationships>", f"{link}</Relationships>")


def _kind(text: str) -> str:
    kind = f'<Override PartName="/word/footer1.xml" ContentType="{_FOOTER_KIND}"/>'
    return text.replace("</Types>", f"{kind}</Types>")


CHANGES = {
    "word/styles.xml": _styles,
    "word/document.xml": _last_section,
    "word/_rels/document.xml.rels": _link,
    "[Content_Types].xml": _kind,
}
"""What is changed in each part of the reference document."""
