"""Figures: nothing overlaps, nothing is cut off, the geometry says what the numbers say."""

from __future__ import annotations

import math
import re
import warnings
import xml.etree.ElementTree as ET
from dataclasses import replace
from html import unescape
from itertools import pairwise
from typing import get_args

import matplotlib as mpl
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.colors import to_hex, to_rgba
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle
from matplotlib.text import Text
from plot_cases import FORESTS, LONG, WORD, extreme, means, ratio
from tolerances import DIRECT, P_VALUE

from rheumeta.numbers import fixed
from rheumeta.pages.inline import inline, letters
from rheumeta.plots import numbers, style
from rheumeta.plots.albatross import contour_p, draw_albatross
from rheumeta.plots.axis import choose_range, linear_ticks, log_ticks, make_axis
from rheumeta.plots.bubble import draw_bubble
from rheumeta.plots.canvas import Canvas, Face, text_width, wrap
from rheumeta.plots.direction import draw_directions, size_class, summarise
from rheumeta.plots.forest import SQUARE_MAX, draw_forest
from rheumeta.plots.forest_layout import PLOT_SMALL, arrange
from rheumeta.plots.forest_pen import forest_axis
from rheumeta.plots.furniture import draw_note
from rheumeta.plots.records import (
    AlbatrossPanel,
    AlbatrossPlot,
    AlbatrossPoint,
    BubblePlot,
    BubblePoint,
    DirectionBlock,
    DirectionCell,
    DirectionLine,
    DirectionPlot,
    ForestBlock,
    ForestLayout,
    ForestPlot,
    ForestRow,
    NoteFigure,
    Reference,
    SignTest,
    Span,
)

DPI = 144
PIXEL = 1.0
"""A text box may be off by the pixel that the renderer rounds to."""


def directions(columns=10, studies=14):
    names = ("Inflammation", "Disease activity", "Function", "Joint counts", "Immune markers")
    cells = tuple(
        DirectionCell(c, way, n, 1 + c % 3)
        for c, (way, n) in enumerate(
            (("favourable", 5), ("unfavourable", 60), ("conflicting", 310), ("unclear", None)) * 3
        )
        if c < columns
    )
    lines = tuple(DirectionLine(f"{LONG if i == 3 else 'Park'} {i}", cells, 10.0 * i) for i in range(studies))
    tests = tuple(
        SignTest("Controlled", f"Outcome {i}", 5, 1, 0, Span(0.83, 0.36, 0.99), 0.22) for i in range(3)
    )
    return DirectionPlot(
        "Directions",
        tuple(names[i % 5] for i in range(columns)),
        (DirectionBlock("Controlled", lines, True), DirectionBlock("Uncontrolled", lines[:2], False)),
        tests,
        ("A note.",),
    )


def albatross(k=25):
    points = tuple(
        AlbatrossPoint(f"Study {i}, DAS28", 5 + 11 * (i % 9), 10.0 ** -(i % 12), i % 3 > 0) for i in range(k)
    )
    panels = (
        AlbatrossPanel("Controlled", "two_group", points),
        AlbatrossPanel("Before-after", "one_group", points[:1], "Uncontrolled"),
    )
    return AlbatrossPlot("n against p", panels)


def bubble(k=12):
    points = tuple(BubblePoint(f"Study {i}", i % 5 + 0.1 * i, 0.5 + i / 4, 1 + i) for i in range(k))
    line = tuple((x / 10, 0.5 + x / 50, 0.3 + x / 60, 0.9 + x / 40) for x in range(50))
    return BubblePlot("Regression", "Duration, years", "Risk ratio", points, line, "log", 1.0)


FIGURES = {
    **{name: (draw_forest, plot) for name, plot in FORESTS.items()},
    "directions": (draw_directions, directions()),
    "directions_few": (draw_directions, directions(2, 1)),
    "directions_many": (draw_directions, directions(12, 5)),
    "albatross": (draw_albatross, albatross()),
    "bubble": (draw_bubble, bubble()),
    "note": (draw_note, NoteFigure("Title", "Nothing. " * 30, items=((LONG, LONG), (WORD, "x")))),
}


def boxes(figure):
    """Texts with what they say, as the renderer measures them in pixels."""
    figure.set_dpi(DPI)
    with mpl.rc_context(style.RC):
        renderer = FigureCanvasAgg(figure).get_renderer()
        return [(t.get_text(), t.get_window_extent(renderer)) for t in figure.findobj(Text) if t.get_text()]


def drawn_at(figure, monkeypatch):
    """Texts with the places at which they are drawn, pixels from the upper left corner."""
    found = []
    monkeypatch.setattr(
        RendererAgg,
        "draw_text",
        lambda self, gc, x, y, s, prop, angle, ismath=False, mtext=None: found.append((s, x, y)),
    )
    figure.set_dpi(DPI)
    with mpl.rc_context(style.RC):
        FigureCanvasAgg(figure).draw()
    return sorted(found)


def as_matplotlib(text):
    """The same text with matplotlib's own drawing, which measures it again."""
    copy = Text(*text.get_position(), text.get_text(), fontproperties=text.get_fontproperties())
    copy.set(horizontalalignment=text.get_horizontalalignment(), verticalalignment="baseline")
    copy.set(transform=text.get_transform(), parse_math=False)
    return copy


def test_a_line_is_drawn_where_matplotlib_would_draw_it(monkeypatch):
    figure = draw_forest(FORESTS["twelve"])
    texts = [t for t in figure.findobj(Text) if t.get_text()]
    assert {t.get_horizontalalignment() for t in texts} == {"left", "center", "right"}
    ours = drawn_at(figure, monkeypatch)
    for text in texts:
        figure.add_artist(as_matplotlib(text))
        text.remove()
    theirs = drawn_at(figure, monkeypatch)
    assert [s for s, _, _ in ours] == [s for s, _, _ in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        assert mine[1:] == pytest.approx(other[1:], abs=PIXEL)


@pytest.mark.parametrize("name", FIGURES)
def test_no_two_texts_overlap_and_none_is_cut_off(name):
    draw, plot = FIGURES[name]
    figure = draw(plot)
    texts = boxes(figure)
    width, height = figure.get_size_inches() * DPI
    assert len(texts) > 2
    for text, box in texts:
        assert min(box.x0, box.y0) >= -PIXEL, text
        assert max(box.x1 - width, box.y1 - height) <= PIXEL, text
    texts.sort(key=lambda item: item[1].x0)
    for i, (text, box) in enumerate(texts):
        for other, beside in texts[i + 1 :]:
            if beside.x0 > box.x1 - PIXEL:
                break
            apart = beside.y0 > box.y1 - PIXEL or box.y0 > beside.y1 - PIXEL
            assert apart, (text, other)


@pytest.mark.parametrize("name", FORESTS)
def test_no_text_lies_on_a_square_diamond_or_interval(name):
    figure = draw_forest(FORESTS[name])
    texts = boxes(figure)
    shapes = [p.get_window_extent() for p in figure.findobj(Polygon)]
    shapes += [line.get_window_extent() for line in figure.findobj(Line2D)]
    for shape in shapes:
        for text, box in texts:
            across = min(shape.x1, box.x1) - max(shape.x0, box.x0)
            along = min(shape.y1, box.y1) - max(shape.y0, box.y0)
            assert not (across > PIXEL and along > PIXEL), text


@pytest.mark.parametrize("name", [n for n, plot in FORESTS.items() if plot.layout != "compact"])
def test_forest_is_180_mm_wide_and_its_plot_not_squeezed(name):
    plot = FORESTS[name]
    assert draw_forest(plot).get_size_inches()[0] * 25.4 == pytest.approx(180, rel=DIRECT)
    assert arrange(plot).plot.width >= PLOT_SMALL - 1e-6
    assert arrange(plot).face.size >= style.SIZE_LEGIBLE


def test_sixty_studies_fit_a_page():
    assert draw_forest(FORESTS["sixty"]).get_size_inches()[1] * 25.4 < 297


@pytest.mark.parametrize("ending", ["svg", "pdf", "png"])
@pytest.mark.parametrize("name", ["twelve", "directions", "albatross", "bubble", "note"])
def test_same_plot_gives_same_bytes(name, ending):
    draw, plot = FIGURES[name]
    words = {"name": name, "title": "T", "description": "D"}
    assert style.render(draw(plot), ending, **words) == style.render(draw(plot), ending, **words)


def test_svg_has_alternative_text_and_ids_of_its_own():
    words = {"title": "A < B", "description": 'One "study" & another'}
    svgs = [
        style.render(draw_forest(ratio(3)), "svg", name=name, **words).decode() for name in ("one", "two")
    ]
    root = ET.fromstring(svgs[0])
    space = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "img"
    assert root.find(f"{space}title").text == "A < B"
    assert root.find(f"{space}desc").text == 'One "study" & another'
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in svgs]
    assert ids[0]
    assert not ids[0] & ids[1]
    used = set(re.findall(r'href="#([^"]+)"', svgs[0]))
    assert used <= ids[0]
    assert "<style" not in svgs[0]
    assert "matplotlib" not in svgs[0].lower()


@pytest.mark.parametrize("text", ["A -- B", "a---b", "-- <x> & --", "plain - one", "ends --"])
def test_hyphens_are_read_on_a_page_as_they_were_written(text):
    canvas = Canvas()
    canvas.text(10, 10, text, Face())
    svg = style.render(canvas.finish(20), "svg", name="x", title="T", description="D").decode()
    ET.fromstring(svg)
    page = inline(svg, "alt")
    assert unescape(re.search(r"<text[^>]*>(.*?)</text>", page)[1]) == text
    assert letters([svg])[""] == set(text)


def test_letters_without_a_sign_are_found_with_their_text():
    canvas = Canvas()
    for text in ("plain", "Müller β ≥ −1", "王明 2019", "Li 李 李"):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from font")
            canvas.text(10, 10, text, Face())
    assert style.without_sign(canvas.finish(20)) == {"王明 2019": "王明", "Li 李 李": "李"}


def test_save_writes_every_format(tmp_path):
    files = style.save(draw_forest(ratio(2)), tmp_path / "a b", title="T", description="D")
    assert [f.name for f in files] == ["a b.svg", "a b.pdf", "a b.png"]
    assert files[1].read_bytes().startswith(b"%PDF")
    assert files[2].read_bytes().startswith(b"\x89PNG")
    assert b"CreationDate" not in files[1].read_bytes()


# Geometry


def polygons(figure, fill):
    return [p for p in figure.findobj(Polygon) if to_hex(p.get_facecolor()) == fill and len(p.get_xy()) == 5]


def corners(polygon):
    xy = polygon.get_xy()[:-1]
    return [tuple(map(float, point)) for point in xy]


def squares(figure):
    """Four-cornered shapes with sides along the axes."""
    return [p for p in polygons(figure, style.BLUE) if corners(p)[0][1] == corners(p)[1][1]]


def diamonds(figure, fill=style.BLUE):
    return [p for p in polygons(figure, fill) if corners(p)[0][1] != corners(p)[1][1]]


def simple(rows, **kwargs):
    return ForestPlot("T", (ForestBlock(tuple(rows)),), "MD", null=0.0, **kwargs)


def test_areas_of_squares_are_in_proportion_to_weights():
    rows = [ForestRow(f"S{w}", Span(1.0, 0.0, 2.0), weight=w) for w in (60.0, 30.0, 10.0)]
    sides = [corners(p)[1][0] - corners(p)[0][0] for p in squares(draw_forest(simple(rows)))]
    assert sides[0] == pytest.approx(SQUARE_MAX, rel=DIRECT)
    assert sides[1] ** 2 / sides[0] ** 2 == pytest.approx(0.5, rel=1e-12)
    assert sides[2] ** 2 / sides[0] ** 2 == pytest.approx(1 / 6, rel=1e-12)


def test_positions_are_linear_in_the_estimates():
    rows = [ForestRow(f"S{e}", Span(e, e - 0.1, e + 0.1)) for e in (0.0, 1.0, 3.0)]
    xs = [(corners(p)[0][0] + corners(p)[1][0]) / 2 for p in squares(draw_forest(simple(rows)))]
    assert (xs[2] - xs[0]) / (xs[1] - xs[0]) == pytest.approx(3.0, rel=1e-12)
    null = [line for line in draw_forest(simple(rows)).findobj(Line2D) if line.get_zorder() == 1]
    assert null[0].get_xdata()[0] == pytest.approx(xs[0], rel=1e-12)


def test_ratios_are_placed_by_their_logarithm():
    rows = [ForestRow(f"S{e}", Span(e, e / 1.1, e * 1.1)) for e in (0.5, 1.0, 4.0)]
    plot = ForestPlot("T", (ForestBlock(tuple(rows)),), "RR", "log", null=1.0)
    xs = [(corners(p)[0][0] + corners(p)[1][0]) / 2 for p in squares(draw_forest(plot))]
    assert (xs[2] - xs[1]) / (xs[1] - xs[0]) == pytest.approx(2.0, rel=1e-12)
    turned = draw_forest(ForestPlot(**{**vars(plot), "reverse": True}))
    back = [(corners(p)[0][0] + corners(p)[1][0]) / 2 for p in squares(turned)]
    assert back[0] > back[1] > back[2]


def test_diamond_spans_the_interval_of_the_pooled_effect():
    plot = ratio(5)
    figure = draw_forest(plot)
    layout = arrange(plot)
    (random,), (common,) = diamonds(figure), diamonds(figure, style.LIGHT_BLUE)
    left, top, right, bottom = corners(random)
    assert layout.plot.left < left[0] < right[0] < layout.plot.right
    assert left[1] == right[1] == pytest.approx((top[1] + bottom[1]) / 2)
    share = math.log(0.74 / 0.5) / math.log(1.1 / 0.5)
    assert (top[0] - left[0]) / (right[0] - left[0]) == pytest.approx(share, rel=1e-9)
    assert corners(common)[0][1] > left[1]


def test_one_study_has_no_diamond():
    figure = draw_forest(ratio(1))
    assert len(squares(figure)) == 1
    assert not diamonds(figure)
    assert not diamonds(figure, style.LIGHT_BLUE)


def arrows(figure):
    return [p for p in figure.findobj(Polygon) if len(p.get_xy()) == 4]


def test_intervals_that_leave_the_axis_end_in_arrows():
    assert not arrows(draw_forest(simple([ForestRow("A", Span(1.0, 0.0, 2.0))])))
    wide = [ForestRow(f"S{i}", Span(1.0, 0.5, 1.5)) for i in range(5)]
    figure = draw_forest(simple([*wide, ForestRow("Wide", Span(1.0, -100.0, 100.0))]))
    tips = sorted(corners(p)[0][0] - corners(p)[1][0] for p in arrows(figure))
    assert len(tips) == 2
    assert tips[0] < 0 < tips[1]
    for reverse in (False, True):
        plot = ForestPlot(**{**vars(extreme()), "reverse": reverse})
        assert len(arrows(draw_forest(plot))) >= 2


def test_study_without_estimate_is_shown_without_square():
    figure = draw_forest(extreme())
    assert "not estimable" in [t for t, _ in boxes(figure)]
    assert len(squares(figure)) == 4


def test_caution_benchmark_and_groups_stand_in_the_figure():
    words = " ".join(t for t, _ in boxes(draw_forest(means())))
    for expected in (
        "Uncontrolled:",
        "Second anti-TNF drug",
        "Umbilical cord",
        "One study: shown, not pooled.",
    ):
        assert expected in words


def behind(figure, kind):
    """Return the left and right edges of what is filled as a band, the highest (not that in the key) first."""
    colour = to_rgba(style.BANDS[kind].colour)
    found = [p for p in figure.findobj(Rectangle) if p.get_facecolor() == colour]
    found.sort(key=lambda p: -p.get_height())
    return [(p.get_x(), p.get_x() + p.get_width()) for p in found]


@pytest.mark.parametrize("layout", get_args(ForestLayout))
def test_the_key_shows_bands_as_they_are_drawn(layout):
    figure = draw_forest(replace(means(), caution="", layout=layout, mid=(-1.2, 0.1)))
    for kind, count in (("other review", 6), ("important", 4)):  # edges and a middle, drawn and in the key
        colour = style.LINES[kind].colour
        assert sum(line.get_color() == colour for line in figure.findobj(Line2D)) == count, kind
        assert len(behind(figure, kind)) == 2
    assert not behind(figure, "both")


def test_where_two_bands_meet_a_third_colour_leaves_both_to_be_seen():
    plot = replace(means(), benchmark=Reference("Other", Span(-1.0, -1.4, -0.5)))
    figure = draw_forest(plot)
    (other, _), (important, _) = behind(figure, "other review")[:2], behind(figure, "important")[:2]
    assert behind(figure, "both") == [(important[0], other[1])]
    assert other[0] < important[0] < other[1] < important[1]
    edges = {line.get_xdata()[0] for line in figure.findobj(Line2D) if line.get_zorder() == 1}
    assert {important[0], other[0], other[1]} <= edges


@pytest.mark.parametrize("reverse", [False, True])
def test_a_band_ends_with_the_axis(reverse):
    plot = replace(means(), mid=(-100.0, 100.0), reverse=reverse)
    figure = draw_forest(plot)
    axis = forest_axis(plot, arrange(plot))
    assert behind(figure, "important")[0] == pytest.approx(tuple(sorted((axis.start, axis.end))))
    assert not behind(draw_forest(replace(plot, mid=(50.0, 100.0))), "important")[1:]  # only in the key


def test_footnotes_and_keys_are_smaller_than_the_text():
    for plot in (replace(p, layout="standard") for p in FORESTS.values()):
        layout = arrange(plot)
        assert layout.small.size < layout.face.size or layout.face.size == style.SIZE_MIN
        figure = draw_forest(replace(plot, footnotes=("A footnote.",)))
        sizes = {t.get_text(): t.get_fontsize() for t in figure.findobj(Text)}
        assert sizes["A footnote."] == layout.small.size


def test_optional_columns_go_before_text_shrinks():
    roomy, tight = arrange(ratio(3)), arrange(ratio(3, names=(LONG,)))
    assert [i for i, _ in tight.cells] == [1, 2]
    assert tight.face.size == style.SIZE
    assert roomy.face.size == style.SIZE


# Text and numbers


@pytest.mark.parametrize("text", [LONG, WORD, "a", "", "x " * 40, "MPC-300-IV/phase-2 " * 3])
@pytest.mark.parametrize("width", [20.0, 60.0, 300.0])
def test_wrapped_lines_fit_and_lose_nothing(text, width):
    face = Face(7.0)
    lines = wrap(text, width, face)
    assert all(text_width(line, face) <= width + 0.02 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_numbers_stay_with_their_sign():
    lines = wrap("Q = 10.32, df = 3, p = 0.016", 35.0, Face(7.0))
    assert all(not line.strip().startswith(("=", "0", "3")) for line in lines)
    assert len(lines) > 1


def test_width_of_text_agrees_with_the_renderer():
    figure = draw_note(NoteFigure("Title", "Some sentence of a note."))
    (box,) = [b for t, b in boxes(figure) if t.startswith("Some")]
    assert box.width / DPI * 72 == pytest.approx(
        text_width("Some sentence of a note.", Face(style.SIZE, bold=True)), abs=1.0
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.74, "0.74"), (1.0, "1.00"), (0.0031, "0.003"), (0.0001, "<0.001"), (12.34, "12.3"), (484.2, "484"), (0, "0"),
     (None, "–"), (float("inf"), "∞"), (9.996, "10.0"), (0.00999, "0.01")],
)  # fmt: skip
def test_ratios_are_printed(value, text):
    assert numbers.ratio(value) == text


def test_other_numbers_are_printed():
    assert fixed(-1.234, 2) == "−1.23"
    assert fixed(-0.001, 2) == "0.00"
    assert numbers.plain(-0.25) == "−0.25"
    assert numbers.plain(1e-9) == "0.000000001"
    assert numbers.p_text(0.0004) == "p < 0.001"
    assert numbers.p_text(0.04) == "p = 0.040"
    assert numbers.p_text(0.5) == "p = 0.50"
    assert [numbers.decimals([v]) for v in (0.05, 1.5, 50, 5000)] == [3, 2, 1, 0]
    assert [numbers.significant(v) for v in (0, 0.00421, 0.56, 12.3)] == ["0", "0.0042", "0.56", "12"]


# Axes


def test_ticks_of_ratios_are_round():
    assert (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0) in log_ticks(0.1, 10.0)
    assert (0.01, 0.1, 1.0, 10.0, 100.0) in log_ticks(0.01, 100.0)
    axis = make_axis((0.1, 10.0), (0.0, 250.0), scale="log", face=Face(7.0))
    assert axis.ticks == (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


@pytest.mark.parametrize("limits", [(-2.2, 0.4), (0.0, 100.0), (-0.0031, 0.0008), (-1500.0, 300.0)])
def test_linear_ticks_are_even_round_and_inside(limits):
    axis = make_axis(limits, (0.0, 200.0), scale="linear", face=Face(7.0))
    assert 2 <= len(axis.ticks) <= 7
    assert limits[0] - 1e-9 <= axis.ticks[0] < axis.ticks[-1] <= limits[1] + 1e-9
    steps = [b - a for a, b in pairwise(axis.ticks)]
    assert max(steps) == pytest.approx(min(steps), rel=1e-9)
    assert axis.ticks in linear_ticks(*limits)
    assert 0.0 in axis.ticks or limits[0] > 0


def test_range_shows_all_estimates_and_the_null():
    low, high = choose_range([2.0, 3.0], [Span(2.0, 1.0, 3.0), Span(3.0, 2.5, 3.5)], scale="linear", null=0.0)
    assert low == pytest.approx(-0.08 * 3.5)  # something of the other side of no effect
    assert high == 3.5


def test_range_is_not_stretched_by_one_huge_interval():
    spans = [Span(0.0, -1.0, 1.0)] * 5
    low, high = choose_range([0.0], [*spans, Span(0.0, -500.0, 500.0)], scale="linear", typical=spans)
    assert (low, high) == (-1.5, 1.5)
    whole = choose_range([0.0], [Span(0.0, -1.9, 1.9)], scale="linear", typical=spans)
    assert whole == (-1.9, 1.9)  # not clipped by a hair


def test_range_of_ratios_is_limited_and_bounds_hold():
    low, high = choose_range([1e-9, 1e9], [Span(1.0, 0.0, 1e12)], scale="log")
    assert (low, high) == (pytest.approx(1e-3), pytest.approx(1e3))
    assert choose_range([0.0, 99.0], [Span(99.0, 0.0, 140.0)], scale="linear", bounds=(0, 100)) == (0, 100)


# Unpooled evidence


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((7, 3, 0, 0), "favourable"),  # exactly 70%
        ((6, 3, 0, 0), "conflicting"),
        ((1, 4, 0, 0), "unfavourable"),
        ((0, 0, 1, 0), "conflicting"),  # no change is shown as a sideways pair
        ((1, 0, 0, 5), "favourable"),  # unclear outcomes have no say
        ((0, 0, 0, 2), "unclear"),
    ],
)
def test_outcomes_of_a_domain_are_summed_up_by_the_70_percent_rule(counts, expected):
    kinds = ("favourable", "unfavourable", "no_change", "unclear")
    assert summarise([kind for kind, n in zip(kinds, counts, strict=True) for _ in range(n)]) == expected


def test_size_classes_of_thomson_and_thomas():
    assert [size_class(n) for n in (None, 49, 50, 300, 301)] == [
        "small",
        "small",
        "medium",
        "medium",
        "large",
    ]


def test_contours_agree_with_effect_sizes_of_metafor():
    # metafor 3.8-1: escalc("SMD", m1i=.6, m2i=0, sd1i=1, sd2i=1, n1i=30, n2i=30) and
    # escalc("SMCC", m1i=.6, m2i=0, sd1i=1, sd2i=1, ri=.5, ni=20), then 2*pnorm(-abs(yi)/sqrt(vi))
    assert contour_p(60, 0.59220214861680265, "two_group") == pytest.approx(0.024773864945569088, rel=P_VALUE)
    assert contour_p(20, 0.57594621175455185, "one_group") == pytest.approx(0.01705723233397901, rel=P_VALUE)


def test_albatross_puts_favourable_results_left_and_small_p_outside():
    points = (
        AlbatrossPoint("near", 50, 0.5, True),
        AlbatrossPoint("far", 50, 0.001, True),
        AlbatrossPoint("other", 50, 0.01, False),
    )
    figure = draw_albatross(AlbatrossPlot("T", (AlbatrossPanel("P", "two_group", points),)))
    circles = [p for p in figure.findobj() if type(p).__name__ == "Circle"]
    xs = sorted(float(c.center[0]) for c in circles)
    (middle,) = {line.get_xdata()[0] for line in figure.findobj(Line2D) if line.get_zorder() == 1}
    assert len(xs) == 3
    assert xs[0] < xs[1] < middle < xs[2]
    # log10 of p: 0.001 and 0.5 left, 0.01 right of p = 1
    assert (middle - xs[0]) / (xs[2] - middle) == pytest.approx(1.5, rel=1e-9)
