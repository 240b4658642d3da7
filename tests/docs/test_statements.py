"""The worked quarter of docs/statements.md: its sums are right, and the product comes to every figure of its tables.

The lines of the page are put into a site whose 5,000 PH/s draw 100 MW at 50 $/MWh.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from optimizer.plan.books.tables import books_tables
from optimizer.plan.build import Plan
from tests.docs.worked import headings, lines_of_case, merged, number, reckoned, section, sums, tables
from tests.math.cases import case_data
from tests.plan.books_plan import planned

PAGE = "statements.md"
QUARTER, COIN, STRANDED = "A worked quarter", "Why the more you mine, the more you lose", "Machines that are stranded"
LINES = lines_of_case(section(PAGE, "What you type in"))


def company(**given: Any) -> dict[str, Any]:
    """The site of the page with its lines, for two quarters."""
    data = case_data(
        {
            "horizon": {"start": "2025-07", "steps": ["2 quarters"]},
            "machines": {"s21_pro": {"efficiency_j_per_th": 16}},
            "sites.one.fleet": {"s21_pro": {"ph_s": 5000, "bought": "2024-07"}},
            "sites.one.operating_cost_usd_m_per_year": 3.68,
            "finance.opening.cash_usd_m": 30,
            "finance.opening.sga_usd_m_per_quarter": 2.3,
            "given": {"otherwise": "nothing", **given},
        }
    )
    data["sites"]["west_one"] = data["sites"].pop("one")
    return merged(data, LINES)


def first_period(plan: Plan, name: str, label: str = "2025Q3") -> dict[str, Any]:
    """The row of a table, by column without its unit."""
    [row] = [row for row in books_tables(plan)[name].dicts() if row["period"] == label]
    return {key.removesuffix("_usd_m").removesuffix("_usd"): cell for key, cell in row.items()}


def shown(heading: str, table: int) -> dict[str, list[str]]:
    """Cells by the name that stands first in its row."""
    return {row[0].strip("`"): row[1:] for row in tables(section(PAGE, heading))[table][1:]}


def test_sums_are_right() -> None:
    """Proves: every sum on the page comes to what is written beside it. Broken: 6.9 for 55.2 x 3 / 36."""
    written = [found for heading in headings(PAGE) for found in sums(section(PAGE, heading))]
    assert len(written) >= 20
    for left, right in written:
        assert reckoned(left) == pytest.approx(number(right), abs=0.005), f"{left} = {right}"


def test_the_quarter_is_what_the_product_says(tmp_path: Path) -> None:
    """Proves: each line of the page is that of income.csv and balance.csv, and no other line of them is above 0.
    Broken: -4.60 of depreciation over the whole life, or 79 of equity at the end."""
    plan = planned(tmp_path, company())
    income, opening, end = (
        first_period(plan, "income"),
        first_period(plan, "balance", "opening"),
        first_period(plan, "balance"),
    )
    told = shown(QUARTER, 0)
    for name, (_, amount) in told.items():
        assert income[name] == pytest.approx(number(amount), abs=1e-6), name
    # Sums beside those that are told.
    more = {"pretax", "to_common", "adjusted_ebitda"}
    others = {name for name, cell in income.items() if isinstance(cell, float) and abs(cell) > 1e-9} - set(told)
    assert others == more
    for name, (before, _, after) in shown(QUARTER, 1).items():
        assert opening[name] == pytest.approx(number(before), abs=1e-6), name
        assert end[name] == pytest.approx(number(after), abs=1e-6), name


def test_a_coin_costs_what_the_page_says(tmp_path: Path) -> None:
    """Proves: each step from the power of a coin to the company's result. Broken: 52,000 with overheads; -7,000 in the
    end without interest."""
    plan = planned(tmp_path, company())
    costs = first_period(plan, "cost_per_btc")
    assert costs["btc"] == pytest.approx(230)
    for name, (_, amount) in shown(COIN, 0).items():
        assert costs[name] == pytest.approx(number(amount), abs=0.01), name


def test_standing_still_is_dearer(tmp_path: Path) -> None:
    """Proves: with all machines unplugged (and an impairment apart) the quarter loses 13.11 instead of 2.07, and EBITDA
    is -3.22. Broken: a smaller loss, as if what is written off went with the coins."""
    rows = shown(COIN, 1)
    running = first_period(planned(tmp_path / "runs", company()), "income")
    data = company(unplug={"west_one.s21_pro": {"2025-07": 5000}})
    still = first_period(planned(tmp_path / "still", data), "income")
    for column, income in ((0, running), (1, still)):
        found = {
            "revenue less power": income["mining_revenue"] + income["power"],
            "site, overheads, stock pay": income["site_cost"] + income["sga"] + income["stock_pay"],
            "written off": income["depreciation_machines"] + income["depreciation_property"],
            "interest": income["interest_expense"],
            "net income": income["net_income"] - income["impairment"],
        }
        assert found == {name: pytest.approx(number(cells[column]), abs=1e-6) for name, cells in rows.items()}
    assert still["ebitda"] == pytest.approx(-3.22)


@pytest.mark.parametrize("sold", [False, True])
def test_stranded_machines(sold: bool, tmp_path: Path) -> None:
    """Proves: half of the machines in store are written down by 10.70, or sold at a loss of 14.15. Broken: 14.15 of
    impairment if nothing were written off first; nothing at all."""
    given: dict[str, Any] = {"unplug": {"west_one.s21_pro": {"2025-10": 2500}}}
    if sold:
        given["sell"] = {"west_one.s21_pro": {"2025-10": 2500}}
    used = {"price_usd_per_th": 8, "resale": {"share": 0.5, "tiers": [{"ph_s_per_quarter": 9000, "factor": 1.0}]}}
    data = merged(company(**given), {"machines": {"s21_pro": used}})
    income = first_period(planned(tmp_path, data), "income", "2025Q4")
    assert income["impairment"] == pytest.approx(0 if sold else -10.70)
    assert income["gain_on_machines"] == pytest.approx(-14.15 if sold else 0)
    assert income["depreciation_machines"] == pytest.approx(-3.45 if sold else -6.90)


def test_machines_on_their_way_are_not_stranded(tmp_path: Path) -> None:
    """Proves: with 1,000 of the 2,500 PH/s plugged in again a quarter later 6.42 of the 10.70 are impairment. Broken:
    10.70."""
    given: dict[str, Any] = {
        "unplug": {"west_one.s21_pro": {"2025-10": 2500}},
        "plug": {"west_one.s21_pro > west_one": {"2026-01": 1000}},
    }
    used = {"price_usd_per_th": 8, "resale": {"share": 0.5, "tiers": [{"ph_s_per_quarter": 9000, "factor": 1.0}]}}
    longer = {"machines": {"s21_pro": used}, "horizon": {"steps": ["3 quarters"]}}
    income = first_period(planned(tmp_path, merged(company(**given), longer)), "income", "2025Q4")
    assert "1,000 of the 2,500" in " ".join(section(PAGE, STRANDED).split())
    assert income["impairment"] == pytest.approx(-6.42)
