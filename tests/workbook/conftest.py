"""Plans that are made into workbooks, solved once."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer import api
from optimizer.report.workbook import write_workbook
from tests.math.cases import FLAT_50, write_prices
from tests.property.money_cases import random_company
from tests.property.test_statements import solved
from tests.workbook.folders import HOSTILE, add_bridge, change_figures, renamed
from tests.workbook.recalculated import Computed, recalculated, without_values

QUICKSTART = Path(__file__).resolve().parents[2] / "cases" / "quickstart"
COMPANY = 5
"""A random company that signs, builds, buys, borrows from two lenders, and keeps and sells bitcoin, with books."""


@pytest.fixture(scope="session")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the quickstart, with twins, a bridge and a table of ``explain``."""
    folder = tmp_path_factory.mktemp("quickstart") / "plan"
    api.solve(api.load(QUICKSTART)).write(folder)
    add_bridge(folder)
    return folder


@pytest.fixture(scope="session")
def companies(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders of random companies with books and debt; the last one is COMPANY."""
    folder = tmp_path_factory.mktemp("companies")
    write_prices(folder, FLAT_50)
    return [solved(random_company(seed), folder, folder / str(seed)) for seed in (0, 3, 12, 20, COMPANY)]


@pytest.fixture(scope="session")
def book(quickstart: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quickstart's workbook."""
    target = tmp_path_factory.mktemp("book") / "report.xlsx"
    write_workbook(quickstart, target)
    return target


@pytest.fixture(scope="session")
def computed(
    book: Path, quickstart: Path, companies: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Computed]:
    """``quickstart``, ``company`` (COMPANY), ``hostile`` (the quickstart under other names): computed from formulas
    alone, their values taken out; ``changed``: the quickstart with figures of its tables changed by hand."""
    folder = tmp_path_factory.mktemp("computed")
    plans = {"quickstart": quickstart, "company": companies[-1]}
    plans["hostile"] = renamed(quickstart, folder / "plan", HOSTILE)
    books = {"quickstart": book, "company": folder / "company.xlsx", "hostile": folder / "hostile.xlsx"}
    for name in ("company", "hostile"):
        write_workbook(plans[name], books[name])
    bare = [without_values(books[name], folder / f"{name}_bare.xlsx") for name in plans]
    plans["changed"], books["changed"] = quickstart, change_figures(book, quickstart, folder / "changed.xlsx")
    done = recalculated([*bare, books["changed"]], folder)
    return {name: Computed(plans[name], books[name], file) for name, file in zip(plans, done, strict=True)}
