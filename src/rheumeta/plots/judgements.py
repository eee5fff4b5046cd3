"""Signs for judgements of risk of bias, told apart by sign and lightness, not by colour alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rheumeta.plots import style
from rheumeta.plots.canvas import Canvas, Face
from rheumeta.plots.furniture import draw_key
from rheumeta.plots.review_records import Judgement


@dataclass(frozen=True)
class Look:
    """How a judgement is shown."""

    label: str
    sign: str
    fill: str
    ink: str = style.INK


LOOKS: dict[Judgement, Look] = {
    "low": Look("low", "+", "#cdeee0"),
    "some_concerns": Look("some concerns", "–", "#e9b824"),
    "moderate": Look("moderate", "–", "#e9b824"),
    "unclear": Look("unclear", "?", "#e3e3e3"),
    "high": Look("high", "×", style.VERMILION),
    "serious": Look("serious", "×", style.VERMILION),
    "very_high": Look("very high", "!", "#7a2200", style.PAPER),
    "critical": Look("critical", "!", "#7a2200", style.PAPER),
    "no_information": Look("no information", "?", "#e3e3e3"),
    "not_applicable": Look("not applicable", "/", style.PAPER),
    "not_assessed": Look("not assessed", "", style.PAPER),
}
"""Judgements from the best to the worst, then those that are none."""


def draw_judgement(
    canvas: Canvas, x: float, y: float, judgement: Judgement, radius: float, *, key: str = ""
) -> None:
    """Draw the sign of a judgement around (x, y); a judgement not made is an empty circle."""
    look = LOOKS[judgement]
    edge = style.RULE if look.fill == style.PAPER else style.INK
    canvas.disc(x, y, radius, fill=look.fill, edge=edge, key=key)
    face = Face(2 * radius * 0.85, bold=True, colour=look.ink)
    canvas.text(x, y + 0.36 * face.size, look.sign, face, align="center", order=6)


def draw_judgement_key(canvas: Canvas, y: float, used: Iterable[Judgement], *, radius: float = 4.2) -> float:
    """Draw the key of the judgements that are used; return the y below it."""
    wanted = set(used)
    entries = [
        (
            lambda x, y, judgement=judgement: draw_judgement(canvas, x + radius, y, judgement, radius),
            look.label,
        )
        for judgement, look in LOOKS.items()
        if judgement in wanted
    ]
    return draw_key(canvas, y, entries, sample=2 * radius, row=2 * radius + 3)
