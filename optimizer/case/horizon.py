"""Case section ``horizon`` and ``discount``: which time is planned, and what later money is worth."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field, GetPydanticSchema
from pydantic_core import core_schema

from optimizer.case.base import Date, Section

_STEPS = re.compile(r"(\d+)\s*(month|quarter|year)s?")
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def parse_steps(text: object) -> tuple[int, int]:
    """Read ``12 quarters`` as (12, 3): how many steps, and months in each."""
    if isinstance(text, tuple):
        return text
    match = _STEPS.fullmatch(text.strip()) if isinstance(text, str) else None
    if not match or int(match[1]) == 0:
        raise ValueError(f"steps are written '12 quarters', '7 years' or '24 months' (got {text!r})")
    return int(match[1]), _MONTHS[match[2]]


def _steps_schema(_source: Any, _handler: Any) -> core_schema.CoreSchema:
    return core_schema.no_info_plain_validator_function(
        parse_steps,
        json_schema_input_schema=core_schema.str_schema(pattern=r"^\d+ *(months?|quarters?|years?)$"),
    )


Steps = Annotated[tuple[int, int], GetPydanticSchema(_steps_schema)]


class Horizon(Section):
    """The planned time. Decisions fall on the first instant of a step; cash is kept at least by quarter."""

    start: Date
    """First month of the plan, such as 2025-07. What the company owns and owes is stated for its first instant."""
    steps: Annotated[tuple[Steps, ...], Field(min_length=1)]
    """How often you may decide, in order: [12 quarters, 7 years]. A step longer than a quarter limits when
    decisions are possible; its cash, debt and operations are still kept by quarter."""


Rate = Annotated[float, Field(ge=-0.5, le=2.0)]
"""A yearly rate as a fraction: 0.12 is 12 % a year."""


class Discount(Section):
    """Yearly discount rates by class of cash flow (adjusted present value: debt is valued at its own cost)."""

    hosting: Rate
    """For contracted hosting income, its costs and its capital."""
    mining: Rate
    """For the operating margin of mining."""
    corporate: Rate
    """For overheads: SG&A and the fixed cost of sites."""
    wacc: Rate | None = None
    """One rate for everything, reported beside the value. It does not steer the plan."""
