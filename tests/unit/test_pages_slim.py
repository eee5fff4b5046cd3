"""The slimmer SVG of a page shows the same picture."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from rheumeta.pages.slim import slim
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


def test_words_and_structure_stay(figure: str) -> None:
    before, after = ElementTree.fromstring(figure), ElementTree.fromstring(slim(figure))
    assert [e.tag for e in before.iter()] == [e.tag for e in after.iter()]
    words = [e.text for e in after.iter() if e.tag.endswith(("title", "desc"))]
    assert words == ["A title 1.23456", "Words 1.23456"]


def test_places_move_by_less_than_a_hair(figure: str) -> None:
    number = re.compile(r"-?\d+\.?\d*")
    for before, after in zip(
        ElementTree.fromstring(figure).iter(), ElementTree.fromstring(slim(figure)).iter(), strict=True
    ):
        if before.tag.endswith("path") and "d" in before.attrib:
            old = [float(x) for x in number.findall(before.attrib["d"])]
            new = [float(x) for x in number.findall(after.attrib["d"])]
            assert new == pytest.approx(old, abs=0.011)


def test_scales_and_sizes_stay(figure: str) -> None:
    for before, after in zip(
        ElementTree.fromstring(figure).iter(), ElementTree.fromstring(slim(figure)).iter(), strict=True
    ):
        for name in ("width", "height", "viewBox", "style"):
            assert before.get(name) == after.get(name)
        if "scale" in before.get("transform", ""):
            assert before.get("transform") == after.get("transform")


def test_it_saves_bytes(figure: str) -> None:
    assert len(slim(figure)) < 0.85 * len(figure)
