"""What a review asks, and what its authors declare: parts of the protocol that no rule computes with."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Text = Annotated[str, StringConstraints(min_length=1)]


class Model(BaseModel):
    """Base of all parts of a protocol: closed and immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Question(Model):
    """The question of the review by population, setting, intervention, comparator, outcomes."""

    text: Text = Field(description="The question in one plain sentence.")
    population: Text
    setting: Text | None = Field(
        None,
        description="Where patients are treated, e.g. hospital outpatients; for the summary of findings.",
    )
    intervention: Text
    comparator: Text
    outcomes: Text


class Declarations(Model):
    """What journals ask of authors and no data tell (PRISMA 2020, items 24 to 27); said to be missing if absent."""

    registration: Text | None = Field(None, description="Register and number, or that it was not registered.")
    funding: Text | None = Field(None, description="Who paid, and their part in the review.")
    competing_interests: Text | None = Field(
        None, description="Those of the authors, or that there are none."
    )
    data_sharing: Text | None = Field(None, description="Where sheets, protocol and results can be had.")
