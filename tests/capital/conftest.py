"""How the cases of these tests are solved."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from tests.capital.builder import Plan, Terms, solved
from tests.math.cases import FLAT_50, Solved, write_prices


@pytest.fixture(scope="session")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the price file: 50 USD in every hour."""
    folder = tmp_path_factory.mktemp("prices")
    write_prices(folder, FLAT_50)
    return folder


@pytest.fixture
def plan(prices: Path, tmp_path: Path) -> Plan:
    """Solves a case, writes and audits its plan, and opens it; each into a folder of its own."""
    number = count()

    def solve(data: Terms) -> Solved:
        return solved(prices, tmp_path / f"plan{next(number)}", data)

    return solve
