"""How an absolute effect follows from what is assumed without the treatment, with the numbers put in."""

from __future__ import annotations

from collections.abc import Iterable

from rheumeta.appraised import AbsoluteEffect, Finding
from rheumeta.pages.numbers import number

THOUSAND = 1000.0
FORMULAS = {
    "RR": "r · RR = {r} · {e}",
    "OR": "OR · r / (1 − r + OR · r) = {e} · {r} / (1 − {r} + {e} · {r})",
    "PETO": "OR · r / (1 − r + OR · r) = {e} · {r} / (1 − {r} + {e} · {r})",
    "HR": "1 − (1 − r)^HR = 1 − (1 − {r})^{e}",
    "RD": "r + RD = {r} + ({e})",
    "IRR": "r · IRR = {r} · {e}",
    "MD": "m + MD = {r} + ({e})",
}
"""What to expect with the treatment, as :mod:`rheumeta.stats.absolute` and the appraisal compute it."""

CUT = " → {end}, as a risk lies between 0 and 1"


def absolute_steps(item: Finding, absolute: AbsoluteEffect) -> Iterable[tuple[str, str]]:
    """Yield what is assumed and what follows with the treatment: name, formula with the numbers put in.

    Risks are fractions of 1; a rate is per 1000 patient-years, a mean in its own unit.
    """
    unit = THOUSAND if absolute.of == "risk" else 1.0
    without = number(absolute.assumed / unit, digits=4)
    letter = "m" if absolute.of == "mean" else "r"
    yield "Assumed without the treatment", f"{letter} = {without}: {absolute.assumed_source}"
    formula = FORMULAS.get(item.measure)
    if formula is None or item.effect is None:
        return
    for name in ("estimate", "lower", "upper"):
        effect, treated = getattr(item.effect, name), getattr(absolute.treated, name)
        if effect is None or treated is None:
            continue
        put_in = formula.format(r=without, e=number(effect, digits=4))
        value = number(treated / unit, digits=4)
        cut = absolute.of == "risk" and treated in (0.0, THOUSAND)
        yield f"With the treatment, {name}", put_in + (CUT.format(end=value) if cut else f" = {value}")
