"""Signs for judgements of risk of bias, told apart by sign and lightness, not by colour alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rheumeta.plots import style
from rheumeta.plots.canvas import Canvas, Face
from rheumeta.plots.furniture import NOTE, draw_key
from rheumeta.plots.review_records import Judgement, JudgementStyle


@dataclass(frozen=True)
class Look:
    """How a judgement is shown."""

    label: str
    sign: str
    fill: str
    ink: str = style.INK


Looks = Mapping[Judgement, Look]

LOOKS: dict[Judgement, Look] = {
    "low": Look("low", "+", "#cdeee0"),
    "low_except_confounding": Look("low, except for concerns about uncontrolled confounding", "±", "#cdeee0"),
    "some_concerns": Look("some concerns", "–", "#e9b824"),
    "moderate": Look("moderate", "–", "#e9b824"),
    "unclear": Look("unclear", "?", "#f6e3a1"),
    "high": Look("high", "×", style.VERMILION),
    "serious": Look("serious", "×", style.VERMILION),
    "very_high": Look("very high", "!", "#7a2200", style.PAPER),
    "critical": Look("critical", "!", "#7a2200", style.PAPER),
    "no_information": Look("no information", "?", "#a3a3a3"),
    "not_applicable": Look("not applicable", "/", style.PAPER),
    "not_assessed": Look("not assessed", "", style.PAPER),
}
"""Judgements from the best to the worst, then those that are none."""


def _palette(low: str, some: str, high: str, worst: str, unknown: str) -> dict[str, str]:
    return {
        **dict.fromkeys(("low", "low_except_confounding"), low),
        **dict.fromkeys(("some_concerns", "moderate", "unclear"), some),
        **dict.fromkeys(("high", "serious"), high),
        **dict.fromkeys(("very_high", "critical"), worst),
        "no_information": unknown,
        "not_applicable": "#cccccc",
    }


PALETTES: dict[str, dict[str, str]] = {
    "standard": {},
    "cochrane": _palette("#02c100", "#e2df07", "#bf0000", "#820000", "#4ea1f7"),
    "colourblind": _palette("#fed98e", "#fe9929", "#d95f0e", "#993404", "#ffffff"),
}
"""Sets of colours by name; the last two are those that robvis offers (McGuinness and Higgins 2021)."""


def looks(chosen: JudgementStyle) -> Looks:
    """Return how each judgement is shown in a style; signs stay the same in all of them."""
    return {
        judgement: replace(
            look,
            label=chosen.words.get(judgement, look.label),
            fill=chosen.colours.get(judgement, look.fill),
            ink=_ink(chosen.colours[judgement]) if judgement in chosen.colours else look.ink,
        )
        for judgement, look in LOOKS.items()
    }


def _ink(fill: str) -> str:
    """Return dark or light, whatever stands out more from a fill."""
    return max((style.INK, style.PAPER), key=lambda ink: contrast(ink, fill))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2.2 defines it, 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def draw_judgement(canvas: Canvas, x: float, y: float, look: Look, radius: float, *, key: str = "") -> None:
    """Draw the sign of a judgement around (x, y); a judgement not made is an empty circle."""
    edge = style.RULE if look.fill == style.PAPER else style.INK
    canvas.disc(x, y, radius, fill=look.fill, edge=edge, key=key)
    face = Face(2 * radius * 0.85, bold=True, colour=look.ink)
    canvas.text(x, y + 0.36 * face.size, look.sign, face, align="center", order=6)


def draw_judgement_key(
    canvas: Canvas,
    y: float,
    used: Iterable[Judgement],
    shown: Looks,
    *,
    radius: float = 4.2,
    face: Face = NOTE,
) -> float:
    """Draw the key of the judgements that are used; return the y below it."""
    wanted = set(used)
    entries = [
        (lambda x, y, look=look: draw_judgement(canvas, x + radius, y, look, radius), look.label)
        for judgement, look in shown.items()
        if judgement in wanted
    ]
    return draw_key(canvas, y, entries, sample=2 * radius, row=2 * radius + 3, face=face)
