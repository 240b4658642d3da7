"""What an hourly case is worth, asked of both judges: the full linear program and the product."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.hourly.builder import (
    CASE,
    OPERATIONS,
    Prices,
    Worth,
    by_hours,
    changed,
    component,
    solve_product,
    write_prices,
)


@pytest.fixture(params=["full_lp", "product"])
def worth(request: pytest.FixtureRequest, tmp_path: Path) -> Worth:
    """``worth(changes, prices, signed)``: USD m of the operations of a case by hand with changes by dotted path.

    ``prices`` by name of the file, ``signed`` (month, MW) by contract offer: the full program has to be told these,
    the product reads them in ``given``.
    """

    def ask(changes: Mapping[str, Any], prices: Prices, signed: Mapping[str, tuple[int, float]] | None = None) -> float:
        write_prices(tmp_path, prices)
        data = changed(CASE, changes)
        if request.param == "full_lp":
            return by_hours(data, tmp_path, signed)
        return component(solve_product(data, tmp_path), *OPERATIONS)

    return ask
