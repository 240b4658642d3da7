"""The whole case: every section together. This module says what a case is; it does not read or judge one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from optimizer.case.base import Section
from optimizer.case.finance import Finance
from optimizer.case.given import Given
from optimizer.case.horizon import Discount, Horizon
from optimizer.case.machines import Machine
from optimizer.case.market import Market
from optimizer.case.offers import HallDesign, Lease, Offer
from optimizer.case.sites import Site
from optimizer.case.sweeps import NamedSweep, lost_paths

SCHEMA_VERSION = 1

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_\- ]{0,60}$")]
"""A name in a map: letters, digits, underscore, hyphen, space. Names are what sweeps, overlays and tables refer to."""


class Case(Section):
    """A question to answer: a company, its markets, its sites, its offers and its money."""

    case: str
    """Title, as it stands on every report."""
    schema_version: Literal[1] = 1
    """Version of this form."""
    horizon: Horizon
    discount: Discount
    market: Market
    currencies: Mapping[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], Annotated[float, Field(gt=0, le=1000)]] = Field(
        default_factory=dict
    )
    """US dollars for one unit of each other currency of the case. Any amount may then be written
    {value: 55, currency: CAD}; everything is reckoned in US dollars."""
    machines: Mapping[Name, Machine] = Field(default_factory=dict)
    """Machine catalogue by name."""
    sites: Annotated[Mapping[Name, Site], Field(min_length=1)]
    hall_designs: Mapping[Name, HallDesign] = Field(default_factory=dict)
    """Designs of halls by name, for offers to refer to."""
    offers: Mapping[Name, Offer] = Field(default_factory=dict)
    leases: Mapping[Name, Lease] = Field(default_factory=dict)
    """Hosting contracts that are signed already."""
    finance: Finance
    given: Given = Field(default_factory=Given)
    sweeps: Mapping[Name, NamedSweep] = Field(default_factory=dict, exclude=True)
    """Sweeps by name, for ``wattfork sweep CASE --name NAME``. No plan depends on them."""

    @model_validator(mode="wrap")
    @classmethod
    def _sweeps_lead_to_numbers(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        case = handler(data)
        # Judged on what is written: a path may name an optional key, or a date as the case writes it.
        lost = [] if not isinstance(data, Mapping) else list(lost_paths(data, case.sweeps))
        if lost:
            wrong = [
                InitErrorDetails(
                    type=PydanticCustomError("value_error", "{said}", {"said": message}), loc=path, input=""
                )
                for path, message in lost
            ]
            raise ValidationError.from_exception_data(cls.__name__, wrong)
        return case
