"""Building blocks of the case schema: the frozen section, calendar dates, durations.

Everything a case file can say is made of these. Nothing here reads a file or knows another section.

Time in a case is the calendar. A date is written ``2025-07`` (its first instant, or its last as an upper
end) or ``2025-07-15``. Durations are whole months: ``5 quarters``, ``18 months``, ``10 years``. Inside,
a date becomes a *month coordinate*: months since January of year 0, plus the part of the month that has
passed. Every month is a twelfth of a year for money; energy counts real hours.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, GetPydanticSchema, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

Fault = tuple[str, str]
"""A key of a section, as it is written, and what is wrong there."""


class Section(BaseModel):
    """A part of a case file: frozen, nothing unknown accepted, no infinite or missing numbers."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        populate_by_name=True,
        strict=False,
        protected_namespaces=(),
    )

    def faults(self) -> Iterator[Fault]:
        """What is wrong with the section by itself, its values being of the right kinds; each at one of its keys."""
        yield from ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        # Raised as pydantic's own errors, each with its key, so that a fault is shown where it is written.
        wrong = [
            InitErrorDetails(type=PydanticCustomError("value_error", message), loc=(key,), input=self)
            for key, message in self.faults()
        ]
        if wrong:
            raise ValidationError.from_exception_data(type(self).__name__, wrong)
        return self


def month_coordinate(day: date) -> float:
    """Month coordinate of the first instant of ``day``: ``12 * year + (month - 1) + (day - 1) / days in month``."""
    days = calendar.monthrange(day.year, day.month)[1]
    return 12 * day.year + (day.month - 1) + (day.day - 1) / days


@dataclass(frozen=True, order=True)
class CalendarDate:
    """A month (``2025-07``) or a day (``2025-07-15``) as written in a case.

    ``first`` is the month coordinate of its first instant, ``last`` that of the instant after it:
    for ``2025-07`` these are 1 July and 1 August.
    """

    year: int
    month: int
    day: int | None = None

    @property
    def first(self) -> float:
        return month_coordinate(date(self.year, self.month, self.day or 1))

    @property
    def last(self) -> float:
        if self.day is None:
            return 12.0 * self.year + self.month
        days = calendar.monthrange(self.year, self.month)[1]
        return 12 * self.year + (self.month - 1) + self.day / days

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}" + (f"-{self.day:02d}" if self.day else "")


_DATE = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?")
_DURATION = re.compile(r"(\d+)\s*(months?|quarters?|years?)")
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def parse_date(text: object) -> CalendarDate:
    """Read ``2025-07`` or ``2025-07-15``; a date that does not exist is a ValueError that says so."""
    if isinstance(text, CalendarDate):
        return text
    match = _DATE.fullmatch(text.strip()) if isinstance(text, str) else None
    if not match:
        raise ValueError(f"a date is written 2025-07 or 2025-07-15 (got {text!r})")
    year, month, day = int(match[1]), int(match[2]), int(match[3]) if match[3] else None
    if not 1 <= month <= 12 or not 1900 <= year <= 2200:
        raise ValueError(f"there is no month {text!r}")
    if day is not None and not 1 <= day <= calendar.monthrange(year, month)[1]:
        raise ValueError(f"there is no day {text!r}")
    return CalendarDate(year, month, day)


def whole_months(start: CalendarDate | None, until: CalendarDate | None, what: str) -> None:
    """Raise ValueError if something that is counted by whole months begins or ends inside one."""
    begins_inside = start is not None and start.day not in (None, 1)
    last = calendar.monthrange(until.year, until.month)[1] if until is not None else 0
    if begins_inside or (until is not None and until.day not in (None, last)):
        raise ValueError(f"{what} is counted by whole months: write from and until as months, such as 2026-03")


def parse_duration(text: object) -> int:
    """Read ``5 quarters`` as 15 (months)."""
    if isinstance(text, int) and not isinstance(text, bool):
        raise ValueError(f"a duration needs its unit: '{text} months', '{text} quarters' or '{text} years'")
    match = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
    if not match:
        raise ValueError(f"a duration is written '18 months', '5 quarters' or '10 years' (got {text!r})")
    months = int(match[1]) * _MONTHS[match[2].rstrip("s")]
    if months > 1200:
        raise ValueError(f"longer than a hundred years (got {text!r})")
    return months


def month_label(coordinate: float) -> str:
    """``2025-07`` for the month in which the coordinate falls."""
    month = int(coordinate // 1)
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def _date_schema(_source: Any, _handler: Any) -> core_schema.CoreSchema:
    return core_schema.no_info_before_validator_function(
        parse_date,
        core_schema.is_instance_schema(CalendarDate),
        json_schema_input_schema=core_schema.str_schema(pattern=r"^\d{4}-\d{2}(-\d{2})?$"),
        serialization=core_schema.plain_serializer_function_ser_schema(str),
    )


def _duration_schema(_source: Any, _handler: Any) -> core_schema.CoreSchema:
    return core_schema.no_info_plain_validator_function(
        parse_duration,
        json_schema_input_schema=core_schema.str_schema(pattern=r"^\d+ *(months?|quarters?|years?)$"),
        serialization=core_schema.plain_serializer_function_ser_schema(lambda months: f"{months} months"),
    )


Date = Annotated[CalendarDate, GetPydanticSchema(_date_schema)]
"""A calendar date in a schema."""

Months = Annotated[int, GetPydanticSchema(_duration_schema)]
"""A duration in a schema, written with its unit, held in months."""


class Window(Section):
    """When something can be decided: on the first instant of a step in it."""

    start: Annotated[Date, Field(alias="from")]
    end: Annotated[Date, Field(alias="to")]
