"""The font of the figures on a page: only the letters that they need."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from rheumeta.pages.inline import letters

FAMILY = "DejaVuSans"

logging.getLogger("fontTools").setLevel(logging.ERROR)  # it reports every table that it prunes


def page_fonts(svgs: Iterable[str]) -> dict[str, str]:
    """Return each face that the figures use as a data URI with the letters they need.

    Parameters
    ----------
    svgs : iterable of str
        Figures as the program draws them.

    Returns
    -------
    dict of str to str
        "", Bold, Oblique or BoldOblique to a font in WOFF; none where no figure has a text.
    """
    return {face: _data_uri(face, characters) for face, characters in letters(svgs).items()}


def _data_uri(face: str, characters: Iterable[str]) -> str:
    name = f"{FAMILY}-{face}.ttf" if face else f"{FAMILY}.ttf"
    font = TTFont(Path(mpl.get_data_path()) / "fonts" / "ttf" / name, recalcTimestamp=False)
    subsetter = Subsetter(_options())
    subsetter.populate(text="".join(sorted(characters)))
    subsetter.subset(font)
    font.flavor = "woff"
    buffer = BytesIO()
    font.save(buffer)
    return "data:font/woff;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _options() -> Options:
    options = Options()
    options.hinting = False
    options.layout_features = ["kern"]
    options.notdef_outline = True
    options.drop_tables += ["FFTM"]
    return options
