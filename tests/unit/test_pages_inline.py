"""A figure in a page shows the same picture in fewer bytes."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from xml.etree import ElementTree

import pytest
import report_builder as build
from fontTools.ttLib import TTFont
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from rheumeta.pages.inline import inline, letters
from rheumeta.plots.style import MARK, render
from rheumeta.steps.page_font import page_fonts


@pytest.fixture(scope="module")
def figure() -> str:
    drawn = Figure(figsize=(4, 2))
    drawn.text(0.1, 0.5, "Effect <1.234567> & more", size=10)
    drawn.text(0.1, 0.2, "Heading", weight="bold", size=12)
    axes = drawn.add_subplot()
    axes.plot([0, 1], [0, 1 / 3])
    mark = Circle((0.5, 0.2), 0.1)
    mark.set_gid(f"{MARK}acr20:base:study-1")
    axes.add_artist(mark)
    return render(drawn, "svg", name="x", title="A title", description="Words").decode()


def test_words_are_words_with_size_weight_and_place(figure):
    root = ElementTree.fromstring(inline(figure, "What it says"))
    texts = {e.text: e for e in root.iter() if e.tag == "text"}
    assert texts["Effect <1.234567> & more"].get("font-size") == "10"
    assert texts["Heading"].get("class") == "b"
    assert float(texts["Heading"].get("x")) == pytest.approx(0.1 * 4 * 72, abs=0.01)
    assert float(texts["Heading"].get("y")) == pytest.approx(0.8 * 2 * 72, abs=0.01)


def test_it_says_what_it_shows_once(figure):
    lean = inline(figure, 'RR 2 "large" <b>')
    root = ElementTree.fromstring(lean)
    assert root.get("aria-label") == 'RR 2 "large" <b>'
    assert root.get("role") == "img"
    assert not [e for e in root.iter() if e.tag in ("title", "desc")]


def test_a_mark_keeps_its_key(figure):
    root = ElementTree.fromstring(inline(figure, ""))
    marks = [e for e in root.iter() if "data-key" in e.attrib]
    assert [m.get("data-key") for m in marks] == ["acr20:base:study-1"]
    assert [child.tag for child in marks[0]] == ["path"]


def test_places_move_by_less_than_a_hair(figure):
    number = re.compile(r"-?\d+\.?\d*")
    svg = "{http://www.w3.org/2000/svg}"
    old = [
        e.get("d") for e in ElementTree.fromstring(figure).iter(f"{svg}path") if "transform" not in e.attrib
    ]
    new = [
        e.get("d")
        for e in ElementTree.fromstring(inline(figure, "")).iter("path")
        if "transform" not in e.attrib
    ]
    shown = [d for d in old if d not in (None, "")]
    assert len(new) >= 2
    assert [float(x) for d in new for x in number.findall(d)] == pytest.approx(
        [float(x) for d in shown[: len(new)] for x in number.findall(d)], abs=0.0051
    )


def test_no_outline_is_left(figure):
    lean = inline(figure, "")
    assert "Heading" in lean
    assert "Bold-" not in lean
    assert len(lean) < 0.3 * len(figure)


@pytest.mark.parametrize(
    "bad",
    ["<script>x</script>", "<path onload='x()'/>", '<use href="https://example.org/a"/>', "<image/>",
     "<foreignObject/>", '<a href="#x"/>'],
)  # fmt: skip
def test_a_figure_that_could_act_is_refused(bad):
    with pytest.raises(ValueError, match="script"):
        inline(build.SVG.replace("</svg>", f"{bad}</svg>"), "")


def test_the_fonts_hold_the_letters_of_the_figures_and_no_more(figure):
    needed = letters([figure])
    assert set("Effect<1.234567>&more") <= needed[""]
    assert needed["Bold"] == frozenset("Heading")
    fonts = page_fonts([figure])
    assert page_fonts([figure]) == fonts
    bold = TTFont(BytesIO(base64.b64decode(fonts["Bold"].partition(",")[2])))
    assert {chr(c) for c in bold.getBestCmap()} == set("Heading")
    assert bold["hmtx"]["H"][0] == 1714  # DejaVu Sans Bold: advance of H in 2048ths
