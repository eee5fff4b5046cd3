"""Checks of how a study was run and published: registry, ending, publication, cohorts, centre, industry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from rheumeta.questions import Grade
from rheumeta.steps.inspection.material import Material, Row
from rheumeta.steps.inspection.model import Looks, Place, asked

ENOUGH = 0.8
"""Share of the registered patients below which the report is asked where the others are. Sample sizes are
planned to allow for some loss, 10 to 20 % as a rule; the limit is this project's choice."""

REGISTRATION = re.compile(
    r"(?:NCT|ISRCTN|EUCTR|CTRI/?|DRKS|UMIN|KCT|JPRN-?)[\w/-]+|ChiCTR[\w-]*\d|\b\d{4}-\d{6}-\d{2}\b",
    re.IGNORECASE,
)
"""Registry numbers in a cell that may hold other words too."""

UNPUBLISHED = {
    "press_only": ("press or registry statements only",
                   "Who makes a statement chooses its numbers, and nobody has refereed them."),
    "no_results": ("no visible results", "A result that is not shown may be missing because of what it is."),
}  # fmt: skip

RETRACTIONS: Mapping[str, tuple[str, Grade]] = {
    "retracted": ("retracted", "serious"),
    "expression_of_concern": ("under an expression of concern", "serious"),
    "correction": ("corrected", "remark"),
}


def _place(row: Row, about: str, reported: str, key: str = "") -> Place:
    return Place(row["study_id"], (), about, reported, key)


def registered_size(material: Material) -> Looks:
    """Look for far fewer, or more, patients in the report than in the registry."""
    for row in material.studies:
        reported = _patients(material, row)
        if not row["n_registered"] or reported is None:
            continue
        planned = int(float(row["n_registered"]))
        text = f"{reported:g} of {planned} = {100 * reported / planned:.0f}% of the patients registered."
        where = _place(row, "number of patients", f"registered {planned}, reported {reported:g}")
        odd = reported < ENOUGH * planned or reported > planned / ENOUGH
        yield asked(where, text, "moderate") if odd else None


def _patients(material: Material, study: Row) -> float | None:
    """Return the patients of all arms as allocated; None unless each says how many."""
    arms = [a for a in material.arms_of[study["study_id"]] if a["kind"] == "arm"]
    sizes = [a["n_allocated"] or a["n_analysed"] for a in arms]
    return sum(map(float, sizes)) if sizes and all(sizes) else None


def registered_outcomes(material: Material) -> Looks:
    """Look for an outcome of the registry entry of which no number is reported."""
    for row in material.studies:
        codes = material.outcomes_of[row["study_id"]]
        for name in filter(None, row["registered_outcomes"].split(";")):
            outcome = material.protocol.outcomes[name]
            where = _place(row, outcome.label, "registered; no number in the sheets", name)
            missing = not codes & set(outcome.codes)
            yield (
                asked(where, "A registered outcome is reported, or the report says why not.", "moderate")
                if missing
                else None
            )


def phase(material: Material) -> Looks:
    """Look for another phase in the report than in the registry."""
    for row in material.studies:
        registered, reported = row["phase_registered"], row["phase_reported"]
        if registered and reported:
            where = _place(row, "phase", f"registered {_words(registered)}, reported {_words(reported)}")
            yield (
                asked(where, "Registry and report name the same phase.", "moderate")
                if registered != reported
                else None
            )


def _words(phase_: str) -> str:
    return phase_.replace("phase", "phase ").replace("_", "/", 1) if phase_ != "not_applicable" else "none"


def ended_early(material: Material) -> Looks:
    """Look for a study that was ended before its plan."""
    for row in material.studies:
        if row["ended_early"]:
            where = _place(row, "end of the study", "ended early")
            text = "Ending at a good moment exaggerates an effect; ending without results may hide one."
            yield asked(where, text, "moderate") if row["ended_early"] == "yes" else None


def unpublished(material: Material) -> Looks:
    """Look for a study without an article or abstract."""
    for row in material.studies:
        if row["status"] != "planned":
            reported, text = UNPUBLISHED.get(row["status"], ("", ""))
            where = _place(row, "publication", reported, row["status"])
            yield asked(where, text, "moderate") if text else None


def shared_cohort(material: Material) -> Looks:
    """Look for a study whose patients are, or may be, among those of another."""
    for row in material.studies:
        other = row["cohort_of"]
        basis = "probably " if row["cohort_basis"] == "probable" else ""
        where = _place(
            row, "patients", f"{basis}among those of {_label(material, other)}" if other else "", other
        )
        text = "Each cohort counts once in an analysis; the studies still don't confirm each other independently."
        yield asked(where, text, "remark") if other else None


def _label(material: Material, study: str) -> str:
    return material.evidence.label(study) if study else ""


def _sharing(
    material: Material, keys: Callable[[Row], Iterable[str]]
) -> Iterator[tuple[Row, list[tuple[Row, str]]]]:
    """Yield each study that has keys, with the earlier ones that have one in common and are no declared relatives."""
    holders: dict[str, list[Row]] = {}
    for row in material.studies:
        own = sorted(set(keys(row)))
        common: dict[str, tuple[Row, list[str]]] = {}
        for key in own:
            for other in holders.get(key, ()):
                common.setdefault(other["study_id"], (other, []))[1].append(key)
            holders.setdefault(key, []).append(row)
        cohort = material.evidence.cohort(row["study_id"])
        strangers = [
            (o, "; ".join(k)) for i, (o, k) in common.items() if material.evidence.cohort(i) != cohort
        ]
        if own:
            yield row, strangers


def same_registration(material: Material) -> Looks:
    """Look for two studies with one registry number that are not declared to share patients."""
    for row, others in _sharing(material, lambda r: REGISTRATION.findall(r["registry"].upper())):
        for other, common in others:
            where = _place(other, f"registry number, also of {row['label']}", common, row["study_id"])
            yield asked(where, "One registration is one study: do they share patients?", "moderate")
        if not others:
            yield None


def same_centre(material: Material) -> Looks:
    """Look for two studies of one centre that are not declared to share patients."""
    for row, others in _sharing(material, lambda r: filter(None, map(str.strip, r["centre"].split(";")))):
        for other, common in others:
            where = _place(other, f"centre, also of {row['label']}", common, row["study_id"])
            yield asked(
                where, "Studies of one centre share no patients, or are declared to share them.", "moderate"
            )
        if not others:
            yield None


def industry(material: Material) -> Looks:
    """Look for a study that is paid for or written by who sells the treatment."""
    for row in material.studies:
        if row["industry"]:
            where = _place(row, "industry", row["funding_conflict"] or "industry link")
            text = "Industry-sponsored studies more often favour the product."
            yield asked(where, text, "remark") if row["industry"] == "yes" else None


def retraction(material: Material) -> Looks:
    """Look for an article that was retracted, corrected or put under an expression of concern."""
    for row in material.studies:
        if not row["retraction"]:
            continue
        word, grade = RETRACTIONS.get(row["retraction"], ("", "remark"))
        where = _place(row, "article", f"the article is {word}", row["retraction"])
        yield (asked(where, "No notice of the journal touches the numbers.", grade) if word else None)
