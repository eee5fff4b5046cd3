"""The slimmer SVG of a page shows the same picture."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from rheumeta.pages.slim import for_uri, slim
from rheumeta.plots.style import render


@pytest.fixture(scope="module")
def figure() -> str:
    drawn = Figure(figsize=(4, 2))
    drawn.text(0.1, 0.5, "Effect 1.234567 [0.5, 2] of the effect")
    drawn.add_subplot().plot([0, 1], [0, 1 / 3])
    return render(drawn, "svg", name="x", title="A title 1.23456", description="Words 1.23456").decode()


def test_every_reference_still_finds_its_shape(figure: str) -> None:
    lean = slim(figure)
    ids = re.findall(r'\bid="([^"]+)"', lean)
    assert len(ids) == len(set(ids)) == len(re.findall(r'\bid="', figure))
    assert set(re.findall(r'href="#([^"]+)"', lean)) <= set(ids)
    assert set(re.findall(r"url\(#([^)]+)\)", lean)) <= set(ids)


def shapes(root):
    """All elements but groups without a property, which change nothing."""
    return [e for e in root.iter() if e.attrib or not e.tag.endswith("}g")]


def test_words_and_structure_stay(figure: str) -> None:
    before, after = ElementTree.fromstring(figure), ElementTree.fromstring(slim(figure))
    assert [e.tag for e in shapes(before)] == [e.tag for e in shapes(after)]
    words = [e.text for e in after.iter() if e.tag.endswith(("title", "desc"))]
    assert words == ["A title 1.23456", "Words 1.23456"]


def test_places_move_by_less_than_a_hair(figure: str) -> None:
    number = re.compile(r"-?\d+\.?\d*")
    for before, after in zip(
        shapes(ElementTree.fromstring(figure)), shapes(ElementTree.fromstring(slim(figure))), strict=True
    ):
        if before.tag.endswith("path") and "d" in before.attrib:
            old = [float(x) for x in number.findall(before.attrib["d"])]
            new = [float(x) for x in number.findall(after.attrib["d"])]
            assert new == pytest.approx(old, abs=0.011)


def test_scales_and_sizes_stay(figure: str) -> None:
    for before, after in zip(
        shapes(ElementTree.fromstring(figure)), shapes(ElementTree.fromstring(slim(figure))), strict=True
    ):
        for name in ("width", "height", "viewBox"):
            assert before.get(name) == after.get(name)
        assert before.get("style", "").replace(" ", "") == after.get("style", "").replace(" ", "")
        if "scale" in before.get("transform", ""):
            assert before.get("transform") == after.get("transform")


def test_it_saves_bytes(figure: str) -> None:
    assert len(slim(figure)) < 0.75 * len(figure)


def test_the_form_for_a_page_leaves_words_and_properties(figure: str) -> None:
    named = figure.replace("A title", "A reader's title").replace("xlink:href", "href")
    before, after = ElementTree.fromstring(named), ElementTree.fromstring(for_uri(named))
    for old, new in zip(before.iter(), after.iter(), strict=True):
        assert (old.tag, old.attrib, old.text) == (new.tag, new.attrib, new.text)
