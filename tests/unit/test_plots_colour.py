"""What colours tell apart is told apart by people with colour blindness, and in grey."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from colour_vision import VISIONS, difference, seen
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from rheumeta.plots import style
from rheumeta.plots.canvas import Canvas
from rheumeta.plots.direction import draw_sign
from rheumeta.plots.evidence_map import draw_mark
from rheumeta.plots.forest_axis import DASHES
from rheumeta.plots.judgements import PALETTES, looks
from rheumeta.plots.review_records import JudgementStyle, MapMark

APART = 15.0
"""Least CIEDE2000 of two colours that nothing else tells apart; about 2 is just noticed side by side."""

TOUCHING = 4.0
"""Least CIEDE2000 of shades that touch and lie in order."""

SHARMA = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, 2.8361, -74.0200), (50, 0, -82.7485), 3.4412),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]
"""Pairs and their difference, from table 1 of Sharma, Wu and Dalal 2005."""


@pytest.mark.parametrize(("one", "two", "expected"), SHARMA)
def test_differences_are_those_of_the_published_table(one, two, expected):
    assert difference(one, two) == pytest.approx(expected, abs=1e-4)
    assert difference(two, one) == pytest.approx(expected, abs=1e-4)


def test_a_simulation_takes_away_what_it_should():
    red, green = "#d62728", "#2ca02c"
    usual = difference(seen(red, "usual"), seen(green, "usual"))
    assert difference(seen(red, "deuteranopia"), seen(green, "deuteranopia")) < usual / 3
    assert all(abs(v) < 0.05 for v in seen("#0072b2", "grey")[1:])
    assert seen(style.PAPER, "tritanopia") == pytest.approx((100, 0, 0), abs=0.1)


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("name", style.PALETTES)
def test_meanings_differ_in_colour_or_have_another_cue(name, vision):
    meanings = style.PALETTES[name].items()
    ordered = name == "shades"
    for (one, a), (two, b) in pairwise(meanings) if ordered else combinations(meanings, 2):
        apart = difference(seen(a.colour, vision), seen(b.colour, vision))
        least = TOUCHING if ordered else APART
        assert apart >= least or (a.cue and b.cue and a.cue != b.cue), (one, two, vision, apart)


@pytest.mark.parametrize("vision", VISIONS)
def test_the_band_of_small_differences_is_seen_on_paper_and_where_it_meets_another(vision):
    own, other, both = (seen(style.BANDS[k].colour, vision) for k in ("important", "other review", "both"))
    assert difference(own, seen(style.PAPER, vision)) >= TOUCHING
    assert min(difference(both, own), difference(both, other)) >= TOUCHING


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("palette", PALETTES)
def test_judgements_of_different_weight_differ_in_sign_or_colour(palette, vision):
    shown = {(look.sign, look.fill) for look in looks(JudgementStyle(colours=PALETTES[palette])).values()}
    for one, two in combinations(shown, 2):
        assert one[0] != two[0] or difference(seen(one[1], vision), seen(two[1], vision)) >= APART


def outlines(draw):
    """What is drawn without its colours: outlines, dashes and texts."""
    canvas = Canvas()
    draw(canvas)
    figure = canvas.finish(40)
    shapes = [artist.get_path().vertices.round(3).tolist() for artist in figure.findobj(Patch)[1:]]
    lines = [repr(artist.get_xydata().round(3).tolist()) for artist in figure.findobj(Line2D)]
    return shapes, lines, [t.get_text() for t in figure.findobj(Text)]


def test_cues_are_drawn_and_no_two_are_the_same():
    signs = {d: outlines(lambda c, d=d: draw_sign(c, 20, 20, d, "large", True)) for d in style.DIRECTIONS}
    boxes = {k: outlines(lambda c, k=k: draw_mark(c, 20, 20, MapMark(1, k))) for k in style.EVIDENCE}
    assert all(one != two for one, two in combinations(signs.values(), 2))
    told = {k: v for k, v in boxes.items() if k not in ("pooled", "shown")}
    assert all(one != two for one, two in combinations(told.values(), 2))
    assert len({repr(dash) for dash in DASHES.values()}) == len(DASHES)
    assert set(DASHES) == set(style.LINES) - {"prediction"}
