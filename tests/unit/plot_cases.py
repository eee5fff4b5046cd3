"""Made-up forest plots of every shape; the numbers serve the layout alone."""

from __future__ import annotations

import math
import random
from dataclasses import replace

from rheumeta.plots.forest_pages import paginate
from rheumeta.plots.records import (
    Brief,
    ForestBlock,
    ForestColumn,
    ForestPlot,
    ForestRow,
    ForestSum,
    ForestTotal,
    Reference,
    Span,
)

LONG = (
    "The Multinational-Collaborative Mesenchymal/Stromal Cell Consortium for Refractory Rheumatoid "
    "Arthritis (phase Ib/IIa, randomised, single-blind) 2017"
)
WORD = "Supercalifragilisticexpialidociousrheumatologyconsortium"


def ratio_rows(k, *, names=("Álvaro-Gracia",), spread=0.5, seed=1):
    draw = random.Random(seed)
    rows = []
    for i in range(k):
        estimate, se = math.exp(draw.gauss(-0.3, spread)), draw.uniform(0.15, 0.8)
        rows.append(
            ForestRow(
                f"{names[i % len(names)]} {1990 + i}",
                Span(estimate, estimate * math.exp(-1.96 * se), estimate * math.exp(1.96 * se)),
                ("52", f"{draw.randint(0, 400)}/{draw.randint(400, 1200)}", f"{draw.randint(0, 9)}/{10}"),
                marks="ᵃᵇ" if i % 4 == 0 else "",
                weight=100 / k * draw.uniform(0.5, 1.5),
                weight_common=100 / k,
            )
        )
    return tuple(rows)


COLUMNS = (
    ForestColumn("Week", optional=True),
    ForestColumn("Events/n", "Mesenchymal stromal cells"),
    ForestColumn("Events/n", "Control without stromal cells"),
)


def ratio(k, **kwargs):
    """A controlled comparison of events with k studies."""
    totals = (
        ForestTotal(
            "Random effects",
            Span(0.74, 0.5, 1.1),
            "random",
            ("", "210/900", "300/910"),
            prediction=Span(0.74, 0.3, 1.9),
            weight=100,
        ),
        ForestTotal("Common effect", Span(0.78, 0.66, 0.92), "common", ("", "", ""), weight_common=100),
    )
    return ForestPlot(
        title="ACR20 response, cells against control",
        subtitle="Cells against control · about 3 months · 300 patients",
        blocks=(ForestBlock(ratio_rows(k, **kwargs)),),
        effect_heading="Risk ratio",
        scale="log",
        null=1.0,
        columns=COLUMNS,
        totals=totals if k > 1 else (),
        lines=("Heterogeneity: τ² = 0.12 [0, 1.2]; I² = 45% [0, 80]; Q = 12.3, df = 8, p = 0.14",),
        left_label="better with control",
        right_label="better with treatment",
        footnotes=("ᵃ the number used is implied by the percentage", "ᵇ from a press statement"),
        show_common=k > 1,
    )


def split(k):
    """The same with a column for events and one for patients, one model and the sums of events, as in RevMan."""
    plot = ratio(k)
    arms = [c.group for c in COLUMNS[1:]]
    columns = tuple(ForestColumn(h, a, brief=Brief(a, h.lower())) for a in arms for h in ("Events", "Total"))

    def cells(row):
        return tuple(part for cell in row.cells[1:] for part in cell.split("/"))

    rows = tuple(replace(row, cells=cells(row)) for row in plot.blocks[0].rows)
    total = replace(
        plot.totals[0],
        label="Total (95%\u00a0CI)",
        cells=("", "900", "", "910"),
        sums=(ForestSum("Total events", ("210", "", "300", "")),),
    )
    subtotal = replace(total, label="Subtotal (95%\u00a0CI)", prediction=None)
    return replace(
        plot,
        columns=columns,
        blocks=(ForestBlock(rows, "Adipose tissue", (subtotal,), ("Heterogeneity: Tau² = 0.12; I² = 45%",)),),
        totals=(total,),
        lines=("Heterogeneity: Tau² = 0.12; Chi² = 12.3, df = 8 (P = 0.14); I² = 45%",) * 3,
        show_common=False,
        layout="revman",
        method="IV, Random, 95%\u00a0CI",
        study_heading="Study or subgroup",
        reverse=True,
        axis_label="Risk ratio: larger values to the left",
    )


def extreme():
    """Ratios from 0.001 to 1000, one without estimate, one with open limits."""
    rows = (
        ForestRow("Tiny", Span(0.001, 0.0001, 0.01), ("4", "0/400", "9/10"), weight=20),
        ForestRow("Huge", Span(1000.0, 90.0, 11000.0), ("4", "400/400", "0/10"), weight=30),
        ForestRow("None", Span(), ("", "0/40", "0/10")),
        ForestRow("Open", Span(1.2, None, 4.0), ("", "4/40", "1/10"), weight=10),
        ForestRow("Middle", Span(1.2, 0.4, 4.0), ("", "4/40", "1/10"), weight=40),
    )
    plot = ratio(2)
    return ForestPlot(**{**vars(plot), "blocks": (ForestBlock(rows),)})


def means(k=7, *, big=1.0):
    """Means of two groups in subgroups, with caution, benchmark and minimal important difference."""
    draw = random.Random(3)
    rows = []
    for i in range(k):
        mean, se = big * draw.gauss(-1.4, 0.4), big * draw.uniform(0.1, 0.4)
        cells = (f"{draw.uniform(2, 8) * big:.2f} ({big:.2f})", str(draw.randint(9, 900))) * 2
        rows.append(ForestRow(f"Study {i}", Span(mean, mean - 2 * se, mean + 2 * se), cells, weight=100 / k))
    half = k // 2
    subtotal = ForestTotal("Subtotal", Span(-1.3 * big, -1.6 * big, -1.0 * big), weight=50)
    blocks = (
        ForestBlock(tuple(rows[:half]), "Umbilical cord", (subtotal,), ("τ² = 0.1; I² = 30%",)),
        ForestBlock(tuple(rows[half:]), "Adipose tissue", (), ("One study: shown, not pooled.",)),
    )
    groups = ("Experimental", "Experimental", "Control", "Control")
    headings = ("Mean (SD)", "n", "Mean (SD)", "n")
    return ForestPlot(
        title="DAS28, mean difference",
        blocks=blocks,
        effect_heading="Standardised mean difference (Hedges' g)",
        null=0.0,
        caution="Uncontrolled: " + "patients are compared with themselves before treatment. " * 3,
        columns=tuple(ForestColumn(h, g) for h, g in zip(headings, groups, strict=True)),
        totals=(
            ForestTotal(
                "Random effects",
                Span(-1.4 * big, -1.6 * big, -1.2 * big),
                prediction=Span(-1.4 * big, -9 * big, 9 * big),
                weight=100,
            ),
        ),
        left_label="improved",
        right_label="worsened",
        axis_label="points",
        mid=(-1.2 * big, 1.2 * big),
        mid_label="minimal important difference 1.2 points",
        benchmark=Reference("Second anti-TNF drug", Span(-1.53 * big, -1.8 * big, -1.25 * big)),
    )


def proportions():
    """Percentages that include 0 and 100."""
    spans = (Span(0, 0, 28), Span(100, 72, 100), Span(50, 20, 80), Span(33.3, 10, 60))
    rows = tuple(
        ForestRow(f"Study {i}", s, (t,), weight=25)
        for i, (s, t) in enumerate(zip(spans, ("0/11", "10/10", "5/10", "4/12"), strict=True))
    )
    total = ForestTotal("Random effects", Span(40, 10, 80), "random", ("19/43",), Span(40, 0.1, 99.9))
    return ForestPlot(
        title="Serious adverse events",
        blocks=(ForestBlock(rows),),
        effect_heading="Percent",
        columns=(ForestColumn("Events/n"),),
        totals=(total,),
        axis_label="percent of patients",
        bounds=(0.0, 100.0),
    )


FORESTS = {
    "one": ratio(1),
    "two": ratio(2),
    "twelve": ratio(12),
    "twelve_long": ratio(12, names=("Park", LONG, WORD)),
    "sixty": ratio(60),
    "sixty_long": ratio(60, names=(LONG, "Park")),
    "one_long": ratio(1, names=(LONG,)),
    "wide": ratio(9, spread=3.0),
    "extreme": extreme(),
    "reversed": ForestPlot(**{**vars(ratio(5)), "reverse": True}),
    "means": means(),
    "large_means": means(big=1234.5),
    "small_means": means(big=0.001),
    "proportions": proportions(),
    "revman": replace(ratio(9), layout="revman"),
    "revman_split": split(9),
    "revman_means": replace(means(), layout="revman"),
    "bmj": replace(ratio(9), layout="bmj", show_common=False),
    "jama": replace(ratio(9), layout="jama", show_common=False),
    "jama_long": replace(ratio(12, names=("Park", LONG, WORD)), layout="jama"),
    "jama_means": replace(means(), layout="jama"),
    "compact": replace(ratio(9, names=("Park", LONG)), layout="compact"),
    "compact_means": replace(means(), layout="compact"),
    "page": next(iter(paginate(ratio(70)))),
}
