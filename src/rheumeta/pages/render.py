"""From records to one HTML file.

Every text is escaped by the template engine. Three things enter unescaped: the style sheet and the
script of this package, and figures, which this program has drawn. A policy in the page lets nothing run
but that script, no style but that sheet, and lets nothing be fetched.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from rheumeta.flow_boxes import BOXES, CHANNELS
from rheumeta.layout import column_name
from rheumeta.pages import analyses, evidence, numbers, origins
from rheumeta.pages.bias import bias_state
from rheumeta.pages.certainty import (
    GRADES as GRADE_WORDS,
)
from rheumeta.pages.certainty import (
    JUDGEMENT_WORDS,
    LEVEL_SIGNS,
    LEVEL_WORDS,
    abbreviations,
    explanations,
    judged_by,
    persons,
    summary_of_findings,
)
from rheumeta.pages.changes import changes_view
from rheumeta.pages.claims import BY_DIRECTION, cited, claims_view, tally
from rheumeta.pages.counts import arm_sizes, counts
from rheumeta.pages.currency import currency
from rheumeta.pages.figures import alt_text
from rheumeta.pages.glossary import GLOSSARY
from rheumeta.pages.headline import headline
from rheumeta.pages.inline import inline
from rheumeta.pages.inputs import ReportInput, anchor, split_ids
from rheumeta.pages.integrity import INTRODUCTION, TITLE, integrity_view, warning
from rheumeta.pages.lineage import lineages
from rheumeta.pages.literature import is_doi
from rheumeta.pages.measures import OTHERWISE, by_question, together
from rheumeta.pages.methods import methods_view
from rheumeta.pages.missing import KEY, availability, matrices, missing_key, missing_view, patients_place
from rheumeta.pages.missing import STATUS_WORDS as MISSING_WORDS
from rheumeta.pages.plain import plain_summary
from rheumeta.pages.prisma import checklist
from rheumeta.pages.strips import WIDTH, Strip, strips
from rheumeta.pages.unpooled import (
    DIRECTION_SIGNS,
    KIND_WORDS,
    albatross_words,
    directions_view,
    directions_words,
)
from rheumeta.pages.words import shaky
from rheumeta.questions import GRADES, WITHOUT_QUESTIONED
from rheumeta.records import FLAGS
from rheumeta.rob_tools import judgement_words

FONT_STYLES = {"": "", "Bold": "font-weight:bold", "Oblique": "font-style:italic",
               "BoldOblique": "font-weight:bold;font-style:italic"}  # fmt: skip
"""How the style sheet calls the faces of :data:`rheumeta.pages.inline.FACES`."""

GLOBALS: dict[str, Any] = {
    "show": analyses.show, "show_run": analyses.show_run, "describe": analyses.describe, "degrees": analyses.degrees,
    "BY_DIRECTION": BY_DIRECTION, "cited": cited, "OTHERWISE": OTHERWISE, "by_question": by_question, "shaky": shaky,
    "count": numbers.count, "regression_words": analyses.regression_words,
    "directions_words": directions_words, "albatross_words": albatross_words,
    "first_sentence": numbers.first_sentence, "anchor": anchor,
    "linked": origins.linked, "place": origins.place, "pooled_place": origins.pooled_place,
    "subgroup_place": origins.subgroup_place, "run_place": origins.run_place,
    "certainty_place": origins.certainty_place, "missing_place": origins.missing_place,
    "directions_place": origins.directions_place, "bias_place": origins.bias_place,
    "awaited_place": origins.awaited_place, "flow_place": origins.flow_place,
    "FLOW_WORDS": BOXES, "FLOW_CHANNELS": CHANNELS, "judgement_words": judgement_words,
    "AVAILABILITY": KEY, "availability": availability, "STEP_WORDS": JUDGEMENT_WORDS,
    "JUDGEMENTS": origins.JUDGEMENTS, "UNJUDGED": origins.UNJUDGED, "STATUS": origins.STATUS,
    "PERSONS": origins.PERSONS,
    "ASKED": origins.ASKED, "CHECKS": origins.CHECKS, "MOVES": origins.MOVES, "SEARCHES": origins.SEARCHES,
    "ROWS": origins.ROWS, "asked_place": origins.asked_place, "rows_place": origins.rows_place,
    "WITHOUT_QUESTIONED": WITHOUT_QUESTIONED,
    "METHOD_NAMES": analyses.METHOD_NAMES,
    "MODEL_NAMES": analyses.MODEL_NAMES, "DESIGN_WORDS": evidence.DESIGN_WORDS,
    "STATUS_WORDS": evidence.STATUS_WORDS, "WHY_WORDS": evidence.WHY_WORDS, "FLAGS": FLAGS,
    "KIND_WORDS": KIND_WORDS, "MISSING_WORDS": MISSING_WORDS, "SIGNS": DIRECTION_SIGNS, "STRIP_WIDTH": WIDTH,
    "explanations": explanations, "abbreviations": abbreviations, "GRADE_WORDS": GRADE_WORDS,
    "LEVEL_SIGNS": LEVEL_SIGNS, "LEVEL_WORDS": LEVEL_WORDS,
    "GRADES": GRADES, "INTEGRITY_TITLE": TITLE, "INTEGRITY_INTRODUCTION": INTRODUCTION,
}  # fmt: skip
"""Functions and words of the templates."""


@dataclass(frozen=True)
class Card:
    """One review on the page over all reviews."""

    review: str
    title: str
    question: str
    studies: int
    sentences: tuple[str, ...]
    views: tuple[analyses.AnalysisView, ...]  # primary analyses
    strips: Mapping[str, Strip]  # their pictures
    certainty: Mapping[str, str]  # and how sure they are, in words
    analyses: int
    pooled: int
    level: float


def environment() -> Environment:
    """Return the template engine: autoescape on, an unknown name is an error."""
    env = Environment(
        loader=PackageLoader("rheumeta.pages", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= FILTERS
    env.tests["doi"] = is_doi
    env.globals |= GLOBALS
    return env


def safe_link(text: str) -> str | None:
    """Return `text` if it is an http or https address, else None (it is then shown as plain text)."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return None
    ok = parts.scheme in ("http", "https") and parts.netloc and not re.search(r"\s", text.strip())
    return text.strip() if ok else None


def figure(svg: str, alt: str) -> Markup:
    """Return a figure as an element of the page that says `alt` to those who cannot see it."""
    return Markup(inline(svg, alt))


def named(table: str, label: str) -> Markup:
    """Return the markup of a table with its name for those who hear it; a table with a caption has one."""
    if "<caption" in table:
        return Markup(table)
    return Markup(str(table).replace("<table", f'<table aria-label="{escape(label)}"', 1))


def font_faces(fonts: Mapping[str, str]) -> str:
    """Return the fonts of the figures as rules of the style sheet."""
    rules = (
        f'@font-face{{font-family:"Figure";{FONT_STYLES[face]};src:url({uri})}}'
        for face, uri in fonts.items()
    )
    return "\n".join(rules)


def machinery(env: Environment, fonts: Mapping[str, str]) -> dict[str, str]:
    """Return script and style of a page, and the policy that lets those two work by their hashes and no other."""
    script = env.get_template("page.js").render()
    style = "\n".join([env.get_template("style.css").render(), font_faces(fonts)])
    policy = (
        f"default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; font-src data:; "
        f"style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    )
    return {"script": Markup(script), "style": Markup(style), "policy": Markup(policy)}


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"


def report(data: ReportInput) -> str:
    """Return the report of one review as one self-contained HTML file.

    Parameters
    ----------
    data : ReportInput
        Records, sheets, figures.

    Returns
    -------
    str
        HTML that needs no other file and can be read without its script.
    """
    env = environment()
    return env.get_template("report.html").render(context(data) | machinery(env, data.fonts))


def context(data: ReportInput) -> dict[str, Any]:
    """Return all names that the template of the report reads."""
    data = with_add_ons(data)
    synthesis = data.synthesis
    views = [
        analyses.analysis_view(a, level=data.level, beside=synthesis.analyses) for a in synthesis.analyses
    ]
    bias = data.sheet("risk_of_bias")
    return {
        "data": data,
        "protocol": data.protocol,
        "level": data.level,
        "sentences": first_screen(data),
        "traced": origins.Tracer(origins.names(data)),
        "lineages": lineages(data),
        "counts": counts(data),
        "arm_sizes": arm_sizes(data),
        "views": views,
        "primary": main_views(views),
        "strips": strips(a for a in synthesis.analyses if a.primary),
        "comparisons": by_comparison(views),
        "studies": evidence.studies_view(data),
        "cohorts_shared": any(row.get("cohort_of") for row in data.sheet("studies")),
        "labels": data.study_labels(),
        "flow": evidence.flow_view(data.sheet("flow")),
        "flow_groups": evidence.flow_groups(data.sheet("flow")),
        "flow_gaps": evidence.flow_gaps(data.sheet("flow")),
        "bias": evidence.bias_view(bias),
        "bias_told": bias_state(data.sheet("studies"), bias).told,
        "bias_not_assessed": evidence.not_assessed(bias),
        "numbers": evidence.numbers_view(data),
        "left_out": evidence.left_out(data.not_used),
        "currency": currency(data),
        "since": changes_view(data.changes) if data.changes else None,
        "directions": directions_view(synthesis),
        "methods": methods_view(synthesis, data.protocol, data.versions),
        "integrity": integrity_view(data),
        "glossary": GLOSSARY,
        "checklist": checklist(data),
        "titles": {a.id: a.title for a in synthesis.analyses},
        **_appraised(data),
    }


def _appraised(data: ReportInput) -> dict[str, Any]:
    """Return what the sections on certainty, missing evidence and claims read; empty without an appraisal."""
    found, analyses_ = data.appraisal, data.synthesis.analyses
    by_id = {a.id: a for a in analyses_}
    lacking = {missing_key(m): origins.missing_place(m.analysis_id) for m in found.missing} if found else {}
    summary = summary_of_findings(found, analyses_) if found else []
    rows = [row for group in summary for row in (*group.first, *group.rest)]
    return {
        "plain": plain_summary(data),
        "summary": summary,
        "certainty_places": {origins.certainty_place(r.record.analysis_id) for r in rows if r.domains},
        "missing_places": {a.id: lacking[missing_key(a)] for a in analyses_ if missing_key(a) in lacking},
        "patients_place": partial(patients_place, analyses_),
        "missing": missing_view(found.missing) if found else [],
        "matrices": matrices(found.missing, found.certainty) if found else [],
        "judged_by": judged_by(found) if found else "",
        "persons": persons(found) if found else [],
        "claims": claims_view(found.claims, data.sheet("claims"), by_id, data.study_labels())
        if found
        else [],
        "tally": tally(found.claims) if found else [],
        "certainty_of": certainty_words(data),
    }


def certainty_words(data: ReportInput) -> dict[str, str]:
    """Return the word for the certainty of each analysis that has one."""
    found = data.appraisal
    return {c.analysis_id: LEVEL_WORDS[c.level] for c in found.certainty if c.level} if found else {}


def with_add_ons(data: ReportInput) -> ReportInput:
    """Return `data` with the analyses of add-on comparisons marked as such."""
    marked = tuple(replace(a, add_on=a.comparison in data.add_on) for a in data.synthesis.analyses)
    return replace(data, synthesis=replace(data.synthesis, analyses=marked))


def first_screen(data: ReportInput) -> list[str]:
    """Return what the evidence says in a few sentences; near the top, if a main result is under question."""
    sheets = (data.sheet(name) for name in ("studies", "awaited", "risk_of_bias"))
    sentences = headline(data.synthesis, *sheets, level=data.level, certainty=certainty_words(data))
    return [text for text in (*sentences[:1], warning(data), *sentences[1:]) if text]


def main_views(views: Iterable[analyses.AnalysisView]) -> list[analyses.AnalysisView]:
    """Return the views of primary analyses, measures of one outcome together, those without any number last."""
    primary = sorted((v for v in views if v.record.primary), key=lambda view: view.record.status == "no_data")
    order = together(view.record for view in primary)
    return sorted(primary, key=lambda view: order[view.record.id])


def by_comparison(views: Sequence[analyses.AnalysisView]) -> list[list[analyses.AnalysisView]]:
    """Return the analyses grouped by comparison, in the order in which comparisons first appear."""
    groups: dict[str, list[analyses.AnalysisView]] = {}
    for view in views:
        groups.setdefault(view.record.comparison, []).append(view)
    return list(groups.values())


def card(data: ReportInput) -> Card:
    """Return what the page over all reviews shows of one of them."""
    data = with_add_ons(data)
    synthesis = data.synthesis
    primary = [a for a in synthesis.analyses if a.primary]
    return Card(
        review=synthesis.review,
        title=str(data.protocol.get("title", synthesis.review)),
        question=str(data.protocol.get("question", {}).get("text", "")),
        studies=len(data.sheet("studies")),
        sentences=tuple(first_screen(data)[:1]),
        views=tuple(main_views(analyses.analysis_view(a, level=data.level) for a in primary)),
        strips=strips(primary),
        certainty=certainty_words(data),
        analyses=len(synthesis.analyses),
        pooled=sum(a.status == "pooled" for a in synthesis.analyses),
        level=data.level,
    )


def index(cards: Sequence[Card]) -> str:
    """Return the page over all reviews."""
    env = environment()
    return env.get_template("index.html").render({"cards": cards} | machinery(env, {}))


FILTERS: dict[str, Callable[..., Any]] = {
    "number": numbers.number, "p_value": numbers.p_value, "p_equals": numbers.p_equals,
    "percent": numbers.percent, "whole": numbers.whole, "interval": numbers.interval,
    "tidy": numbers.tidy, "tenth": numbers.tenth, "capital": numbers.capital, "uncapital": numbers.uncapital,
    "words": lambda text: text.replace("_", " "), "anchor": lambda key, kind: anchor(kind, key),
    "ids": split_ids, "safe_link": safe_link, "figure": figure, "alt_text": alt_text,
    "named": named, "column_name": column_name,
}  # fmt: skip
"""Filters of the templates."""
