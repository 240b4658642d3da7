"""Small price files for the tests of the reader: written out, then read or refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from optimizer.case.price_file import PriceFile
from optimizer.market.prices import PriceFileProblems, PriceSeries, read_prices

CHICAGO = "America/Chicago"


def read(folder: Path, content: str | bytes, name: str = "prices.csv", **spec: Any) -> PriceSeries:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return read_prices(PriceFile.model_validate({"file": name, "time_zone": CHICAGO, **spec}), folder)


def refused(folder: Path, content: str | bytes, name: str = "prices.csv", **spec: Any) -> str:
    with pytest.raises(PriceFileProblems) as caught:
        read(folder, content, name, **spec)
    return str(caught.value)


def hours(first: str, count: int, minutes: int = 60) -> list[str]:
    """UTC times ``2024-01-01T06:00Z`` and on."""
    begin = datetime.fromisoformat(first)
    return [(begin + index * timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%MZ") for index in range(count)]


def table(times: list[str], values: list[Any], header: str = "timestamp_utc,HB_WEST", separator: str = ",") -> str:
    rows = [f"{time}{separator}{value}" for time, value in zip(times, values, strict=True)]
    return "\n".join([header, *rows, ""])


def starts(series: PriceSeries) -> list[str]:
    return [str(value)[:16] for value in series.start_utc]
