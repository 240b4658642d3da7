"""Case section ``given``: decisions that are fixed, forbidden or bounded by the user; the rest is optimised.

The same mechanism prices a plan that somebody already has, the company's history, and the twins (status quo,
all mining, all hosting).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from optimizer.case.base import Date, Section

Amounts = Mapping[Date, Annotated[float, Field(ge=0)]]
"""Amounts by date, each on the nearest step."""


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
    contract: Mapping[str, Literal["forbidden"] | Amounts] = Field(default_factory=dict)
    """By site and contract offer, written site.offer: forbidden, or the MW signed, by date (one date)."""
    unplug: Mapping[str, Literal["forbidden"] | Amounts] = Field(default_factory=dict)
    """By machine lot, written site.lot (or site.lot > site where it stands elsewhere): forbidden, or the PH/s taken off
    the floor into store, by date."""
    plug: Mapping[str, Literal["forbidden"] | Amounts] = Field(default_factory=dict)
    """By machine lot and site, written site.lot > site: forbidden, or the PH/s plugged in there from store, by date."""
    sell: Mapping[str, Literal["forbidden"] | Amounts] = Field(default_factory=dict)
    """By machine lot, written site.lot: forbidden, or the PH/s sold from store, by date."""
    buy: Mapping[str, Literal["forbidden"] | Amounts] = Field(default_factory=dict)
    """By site and machine, written site.machine: forbidden, or the PH/s ordered, by date."""
    build: Mapping[str, Literal["forbidden"] | Amounts] = Field(default_factory=dict)
    """By site and build, written site.build: forbidden, or how many, by date."""
    draw: Mapping[str, Literal["forbidden"] | Amounts] = Field(default_factory=dict)
    """By facility (of project finance: by the name in decisions.csv, such as project_loan / offer): forbidden, or
    USD m by date. Of lines: what is drawn, by period."""
    repay: Mapping[str, Literal["forbidden"] | Amounts] = Field(default_factory=dict)
    """By line: forbidden, or what is repaid in USD m, by period."""
    commit: Mapping[str, Literal["forbidden"] | Amounts] = Field(default_factory=dict)
    """By line, or loan with an undrawn fee: forbidden, or what is committed in USD m (one date)."""
    fund: Mapping[str, Literal["forbidden"] | Amounts] = Field(default_factory=dict)
    """By company: forbidden, or what the parent pays in, USD m by period."""
    upstream: Mapping[str, Literal["forbidden"] | Amounts] = Field(default_factory=dict)
    """By company: forbidden, or what it pays up, USD m by period."""
    issue: Mapping[str, Literal["forbidden"] | Amounts] = Field(default_factory=dict)
    """By equity facility: forbidden, or USD m raised by date."""
    sell_btc: Literal["forbidden"] | Amounts | None = None
    """Coins sold from stock by date (for treasury sell_to_fund)."""
    keep_btc: Literal["forbidden"] | Amounts | None = None
    """Coins kept of what is mined in a period, by its date (for treasury sell_to_fund)."""
