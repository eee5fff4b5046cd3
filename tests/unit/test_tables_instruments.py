"""The registry of outcome measures."""

from __future__ import annotations

import pytest
import tiny_review

from rheumeta.tables.instruments import instruments, instruments_of
from rheumeta.tables.protocol import Instrument, load_protocol


@pytest.mark.parametrize("code", instruments())
def test_each_entry_is_complete(code):
    instrument = instruments()[code]
    assert instrument.lay, "a reader needs it in plain words"
    assert (instrument.mid is None) == (instrument.mid_source is None)
    assert (instrument.sd is None) == (instrument.sd_source is None)
    assert (instrument.molar_mass is None) == (instrument.molar_mass_source is None)
    if instrument.kind == "continuous":
        assert instrument.unit
        assert instrument.source
    if instrument.low is not None and instrument.high is not None:
        assert instrument.low < instrument.high


@pytest.mark.parametrize(
    ("code", "mid"), [("DAS28-ESR", 1.2), ("DAS28-CRP", 1.0), ("SDAI", 13), ("CDAI", 12), ("HAQ-DI", 0.375),
                      ("VAS-pain", 20)]
)  # fmt: skip
def test_minimal_important_differences_are_those_of_ward_2015(code, mid):
    """Ward, Guthrie and Alba, Ann Rheum Dis 2015;74:1691, abstract."""
    assert instruments()[code].mid == mid
    assert "Ward et al. 2015" in instruments()[code].mid_source


@pytest.mark.parametrize(("code", "high"), [("DAS28-ESR", 9.4), ("SDAI", 86), ("CDAI", 76), ("HAQ-DI", 3)])
def test_ranges_are_those_of_the_acr_guideline(code, high):
    assert (instruments()[code].low, instruments()[code].high) == (0, high)


def test_assays_that_are_not_interchangeable_are_marked():
    marked = {code for code, i in instruments().items() if i.assay_dependent}
    assert {"RF", "anti-CCP", "IL-6", "TNF-a", "IL-10", "IL-17"} <= marked
    assert not {"CRP", "ESR"} & marked


def test_a_protocol_adds_to_the_registry_and_goes_before_it():
    protocol = load_protocol(tiny_review.BASE / "protocol.yaml")
    own = Instrument(label="Own", kind="dichotomous", better="higher")
    joined = instruments_of(protocol.model_copy(update={"instruments": {"ACR20": own, "NEW": own}}))
    assert joined["ACR20"] == joined["NEW"] == own
    assert joined["HAQ-DI"] == instruments()["HAQ-DI"]


def test_the_registry_cannot_be_changed():
    with pytest.raises(TypeError):
        instruments()["X"] = None
