"""Case section ``given``: decisions that are fixed, forbidden or bounded by the user; the rest is optimised.

The same mechanism prices a plan that somebody already has, the company's history, and the twins (status quo,
all mining, all hosting).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from optimizer.case.base import Date, Section


class GivenSignature(Section):
    """What is laid down for one offer."""

    site: str | None = None
    """Where; by default the offer's only site."""
    date: Date | None = None
    """When: signed on the nearest step. Without it the date is open."""
    halls: Annotated[int, Field(ge=1)] | None = None
    """Signed, with exactly so many halls."""
    halls_at_least: Annotated[int, Field(ge=0)] | None = None
    """Signed with at least so many (0 leaves it open)."""
    halls_at_most: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _one_size(self) -> GivenSignature:
        if self.halls is not None and (self.halls_at_least is not None or self.halls_at_most is not None):
            raise ValueError("halls says it exactly; use it alone, or halls_at_least and halls_at_most")
        return self


class Given(Section):
    """Decisions that are laid down."""

    otherwise: Literal["optimise", "nothing"] = "optimise"
    """What holds for all decisions not named here: optimise them, or take none."""
    sign: Mapping[str, Literal["forbidden"] | GivenSignature] = Field(default_factory=dict)
    """By offer: forbidden, or what is laid down for it."""
    retire: Mapping[str, Literal["forbidden"] | Mapping[Date, Annotated[float, Field(ge=0)]]] = Field(
        default_factory=dict
    )
    """By machine lot, written site.lot: forbidden, or the PH/s taken off the floor by date (on the nearest step)."""
