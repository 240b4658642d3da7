"""Tax on income, against numbers reckoned on paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from optimizer.case.horizon import Horizon
from optimizer.case.taxes import IncomeTax, TaxDepreciation
from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.income_tax import Assessment, TaxBase, TaxYear, years_of
from optimizer.plan.audit.recompute.tax_depreciation import macrs_shares, written_off
from optimizer.plan.audit.recompute.timeline import timeline_of

from .conftest import RUNNING, SIGNED, TRADES, WIDE, decided

NOTHING = Decisions(())
TAXED = {"finance.cash_tax_rate": 0, "finance.cash_yield": 0, "finance.debts": {}}
SLOW = {"method": "straight_line", "years": 10}


def close(number: float) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-9)


def assessed(
    steps: list[str], income: list[float], tax: dict[str, Any], interest: list[float] | None = None,
    start: str = "2025-01", idle: float = 0.0,
) -> list[TaxYear]:  # fmt: skip
    """Years of a company at home that earns ``income`` by period and nothing else. All interest is own interest;
    idle: what held cash would earn in each year."""
    timeline = timeline_of(Horizon.model_validate({"start": start, "steps": steps}))
    nothing = np.zeros(len(income))
    paid = np.array(interest or nothing)
    base = TaxBase(np.array(income), nothing, nothing, paid, paid, nothing)
    assessment = Assessment(timeline, IncomeTax.model_validate(tax), {"home": base})
    return [row for year, places in years_of(timeline).items() for row in assessment.of_year(year, places, idle)]


def by_year(first: float, *others: float) -> list[float]:
    """Amounts of years, by quarter: all in the first quarter."""
    return [each for year in (first, *others) for each in (year, 0.0, 0.0, 0.0)]


def test_losses_are_carried_on(make_plan: Any) -> None:
    """Proves: income of -100, 100 and 10 at 21 %: of each year at most 80 % is taken away by losses, so tax is 0, 4.2
    and 0.42, together 4.62, and 12 of losses are left. Broken: 2.1 in all without the limit; 23.1 without carrying on;
    a negative tax in the first year."""
    rows = assessed(["12 quarters"], by_year(-100, 100, 10), {"rate": 0.21})
    assert [(row.year, row.tax) for row in rows] == [(2025, 0), (2026, close(4.2)), (2027, close(0.42))]
    assert [row.losses_left for row in rows] == [100, close(20), close(12)]
    assert [row.loss_used for row in rows] == [0, close(80), close(8)]
    assert [row.taxable for row in rows] == [0, close(20), close(2)]


def test_a_year_is_one_test() -> None:
    """Proves: quarters of -40, 40, -30 and 30 are no income and no loss. Broken: 2.94 when each quarter is taxed."""
    (row,) = assessed(["4 quarters"], [-40, 40, -30, 30], {"rate": 0.21})
    assert (row.tax, row.losses_left, row.loss_used) == (0, 0, 0)


def test_rates_that_change() -> None:
    """Proves: at 21, 21 and 30 % income of -100, 100 and 200 pays 4.2 and 0.3 * 180 = 54: losses are used as early as
    they can be, also where a later year would save more. Broken: 45.6 with losses kept for the year of 30 %."""
    rates = {"2025-01": 0.21, "2027-01": 0.30}
    rows = assessed(["12 quarters"], by_year(-100, 100, 200), {"rate": rates})
    assert [row.tax for row in rows] == [0, close(4.2), close(54)]
    assert sum(row.tax for row in rows) == close(58.2)


def test_the_rate_of_the_last_period() -> None:
    """Proves: a state's 10 % are deducted for the federal 20 %: 0.28 of 100. A rate from October on holds for all of
    the year, one from November does not. Broken: 30; a rate by month."""
    assert assessed(["1 year"], by_year(100), {"rate": 0.2, "state_rate": 0.1})[0].tax == close(28)
    for month, tax in (("2025-10", 50), ("2025-11", 20)):
        rate = {"rate": {"2025-01": 0.2, month: 0.5}}
        assert assessed(["1 year"], by_year(100), rate)[0].tax == close(tax)


def test_losses_and_interest_of_former_years() -> None:
    """Proves: of 10 of old losses 8 are used by an income of 10 with the usual limit, 5 with half. Interest of 8 and
    3 from before may take away 0.3 * 10, so 8 are carried on; they are deducted the year after, from 40, with its 2:
    10. Without a limit all is deducted. Broken: 3.3 deducted (0.3 * 11); interest lost."""
    (row,) = assessed(["1 year"], by_year(10), {"rate": 0.21, "losses_usd_m": 10})
    assert (row.loss_used, row.losses_left, row.tax) == (close(8), close(2), close(0.42))
    (row,) = assessed(["1 year"], by_year(10), {"rate": 0.21, "losses_usd_m": 10, "loss_limit": 0.5})
    assert (row.loss_used, row.taxable) == (close(5), close(5))
    tax = {"rate": 0.2, "interest_limit": 0.3, "interest_carried_usd_m": 3}
    one, two = assessed(["2 years"], by_year(10, 40), tax, by_year(8, 2))
    assert (one.interest, one.interest_deducted, one.interest_carried) == (8, close(3), close(8))
    assert (one.taxable, one.tax) == (close(7), close(1.4))
    assert (two.interest_deducted, two.interest_carried, two.tax) == (close(10), close(0), close(6))
    free = assessed(["1 year"], by_year(10), {"rate": 0.2}, by_year(8))[0]
    assert (free.interest_deducted, free.tax) == (8, close(0.4))
    # A loss leaves nothing to deduct interest from.
    poor = assessed(["1 year"], by_year(-10), tax, by_year(8))[0]
    assert (poor.interest_deducted, poor.interest_carried, poor.losses_left) == (0, close(11), close(10))


def test_years_of_odd_periods() -> None:
    """Proves: a quarter from November belongs to the year it begins in. Broken: two thirds of it in 2025."""
    rows = assessed(["2 quarters"], [30, 60], {"rate": 0.1}, start="2025-11")
    assert [(row.year, row.tax) for row in rows] == [(2025, close(3)), (2026, close(6))]


def test_declining_balance() -> None:
    """Proves: the tables of the tax office for 3, 5, 7 and 15 years, the last year taking what rounding leaves. Of 5
    years 2 / 5 of half a year, 0.4 of the rest (0.8, 0.48), then straight lines over 2.5 and 1.5 years. At 15 years
    the third year, 0.07695, is rounded up. Broken: 0.4 in the first year; 0.0769; 0.04608 in the fifth year without
    the change; 0.4444 of 3 years with balances that are not rounded."""
    assert macrs_shares(5) == (0.2, 0.32, 0.192, 0.1152, 0.1152, close(0.0576))
    assert macrs_shares(3) == (0.3333, 0.4445, 0.1481, close(0.0741))
    assert macrs_shares(7) == (0.1429, 0.2449, 0.1749, 0.1249, 0.0893, 0.0892, 0.0893, close(0.0446))
    assert macrs_shares(15)[:9] == (0.05, 0.095, 0.0855, 0.077, 0.0693, 0.0623, 0.059, 0.059, 0.0591)
    assert macrs_shares(15)[15] == close(0.0295)
    assert macrs_shares(1) == (1.0, 0.0)


def test_written_off_by_month() -> None:
    """Proves: 100 from October, of which 40 at once: 60 * 0.2 over three months, then 60 * 0.32 over a year. A straight
    line of 10 years from the middle of October: half a month first. Broken: 12 over the whole of 2025; 1 a month."""
    terms = TaxDepreciation(method="macrs", years=5, bonus=0.4)
    by_month = written_off(100, 9, terms, 12 * 2025, 24)
    assert by_month[:9].sum() == 0
    assert list(by_month[9:13]) == [close(44), close(4), close(4), close(1.6)]
    assert by_month[12:].sum() == close(19.2)
    line = written_off(120, 9.5, TaxDepreciation(years=10), 12 * 2025, 24)
    assert list(line[9:11]) == [close(0.5), close(1)]
    assert written_off(100, 30, terms, 12 * 2025, 24).sum() == 0


def tax_rows(plan: Any) -> list[dict[str, Any]]:
    return list(plan.rows("tax.csv"))


def value_of(plan: Any, component: str) -> dict[str, Any]:
    return next(row for row in plan.rows("value.csv") if row["component"] == component)


def test_tax_enters_cash_and_value(make_plan: Any) -> None:
    """Proves: EBITDA 5.64192 less 12 / 6 of what was there at the start and 3.2 of interest: 0.44192 at 25 %, paid at
    the end of the year; in cash with the last quarter, in value over 1.12. Interest is 0.6, 0.4, 0.4 and 0.2 as it
    accrues; the notes were there before, so cash that is held takes nothing off it.
    Broken: 2 of interest as it is paid; 1.41048 without deductions; 0.91048 without interest."""
    tax = {"rate": 0.25, "idle_cash_rate": 0.5, "opening_basis": {"old": {"usd_m": 12, "years_left": 6}}}
    plan = make_plan({"finance.tax": tax, "finance.cash_yield": 0}, NOTHING)
    (row,) = tax_rows(plan)
    assert (row["year"], row["country"]) == ("2025", "home")
    assert (row["ebitda_usd_m"], row["depreciation_usd_m"]) == (close(5.64192), close(2))
    assert (row["interest_usd_m"], row["interest_deducted_usd_m"]) == (close(1.6), close(1.6))
    assert row["interest_idle_usd_m"] == 0
    due = 0.25 * (5.64192 - 2 - 1.6)
    assert [each["tax_usd_m"] for each in plan.rows("cash.csv")] == [0, 0, 0, close(-due)]
    value = value_of(plan, "tax")
    assert (value["within_horizon_usd_m"], value["at_wacc_usd_m"]) == (close(-due / 1.12), close(-due))
    assert value["beyond_horizon_usd_m"] == 0


def test_yield_is_no_income_and_tax_lowers_it(make_plan: Any) -> None:
    """Proves: cash yields 1 % a quarter on what there is, which is no income: 25 % of EBITDA less what is written off
    are paid for 2025, out of the cash that yields in 2026. Broken: 25 % of the yields more; yields on cash before
    tax."""
    plan = make_plan(TAXED | {"finance.tax": {"rate": 0.25}, "finance.cash_yield": 0.04, "horizon.steps": ["2 years"]})
    cash = plan.rows("cash.csv")
    for row in cash:
        assert row["yield_usd_m"] == close(0.01 * row["opening_usd_m"])
    first, second = tax_rows(plan)
    assert (first["other_income_usd_m"], second["other_income_usd_m"]) == (0, 0)
    assert first["tax_usd_m"] == close(0.25 * (first["ebitda_usd_m"] - first["depreciation_usd_m"]))
    assert -cash[3]["tax_usd_m"] == close(first["tax_usd_m"])
    assert -cash[7]["tax_usd_m"] == close(second["tax_usd_m"])
    assert cash[4]["opening_usd_m"] == close(cash[3]["closing_usd_m"])


def test_halls_and_the_tail(make_plan: Any) -> None:
    """Proves: 200 of capex and 3 of signing cost are written off over 39 years from the first rent in July: 6 of 468
    months in 2025; later each month pays 25 % of NOI less its part, at the rate of hosting (0), together of 29.4 -
    18 * 200 / 468 (without the signing cost). The whole year has 3 of NOI. Broken: -0.25 * 29.4; written off from
    April; capex deducted at once."""
    plan = make_plan(TAXED | {"finance.tax": {"rate": 0.25}}, Decisions((SIGNED,)))
    (row,) = tax_rows(plan)
    assert row["depreciation_usd_m"] == close(203 * 6 / 468)
    assert row["ebitda_usd_m"] == close(5.64192 + 3)
    assert value_of(plan, "tax")["beyond_horizon_usd_m"] == close(-0.25 * (29.4 - 18 * 200 / 468))
    # Halls that are written off faster than they earn pay nothing by month, and nothing comes back.
    fast = {"rate": 0.25, "depreciation": {"halls": {"years": 2}}}
    changes = TAXED | {"finance.tax": fast, "offers.lease.residual_usd_m_per_mw_it": 0}
    plan = make_plan(changes, Decisions((SIGNED,)))
    assert value_of(plan, "tax")["beyond_horizon_usd_m"] == 0


def test_machines_bought_sold_and_moved(make_plan: Any) -> None:
    """Proves: an order of 2 in January is written off from its delivery in April: 0.4 of it at once and a fifth of the
    rest in 2025, 1.04 in all, also after half of it was sold. What machines bring, 1.2575, is income, less 0.05 of
    moves. Broken: 0.52 or a loss on what is sold; 2 at once; written off from January with no difference in the year:
    the order of October shows that (nothing in 2025)."""
    machines = {"machines": {"method": "macrs", "years": 5, "bonus": 0.4}}
    changes = WIDE | TAXED | {"finance.tax": {"rate": 0.25, "depreciation": machines}}
    (row,) = tax_rows(make_plan(changes, Decisions(TRADES)))
    assert row["depreciation_usd_m"] == close(0.8 + 1.2 * 0.2)
    assert row["other_income_usd_m"] == close(1.2575 - 0.05)
    (late,) = tax_rows(make_plan(changes, Decisions((decided("buy", "S20", "west", 9, 100.0),))))
    assert late["depreciation_usd_m"] == 0


def test_builds_and_fees(make_plan: Any) -> None:
    """Proves: a build of 3 from January to June is written off from July: half a year of ten; 0.6 kept back of a
    loan of 30 is a cost of the year. Broken: 0.3; 0.6 written off over the loan."""
    changes = WIDE | TAXED | {"finance.tax": {"rate": 0.25, "depreciation": {"buildings": SLOW}}}
    build, draw = decided("build", "phase", "west", 0, 1.0), decided("draw", "loan", "", 3, 30.0)
    (row,) = tax_rows(make_plan(changes, Decisions((build, SIGNED, draw))))
    halls = 203 * 6 / 468
    assert row["depreciation_usd_m"] - halls == close(0.15)
    assert row["costs_usd_m"] == close(0.6)


def test_bitcoin_as_marked(make_plan: Any) -> None:
    """Proves: 50 coins that are worth 21 % more at the end of the year are 1.05 of income, though none is sold.
    Broken: 0; the price of December."""
    changes = TAXED | {"finance.tax": {"rate": 0.25}, "market.network.btc_growth": 0.21}
    (row,) = tax_rows(make_plan(changes, NOTHING))
    assert row["other_income_usd_m"] == close(50 * 0.1 * 0.21)


def test_countries(make_plan: Any) -> None:
    """Proves: a lease at another site pays its own country's 10 % on its NOI less what is written off, also after the
    horizon; overheads and the mine stay at home. Its residual is income there.
    Broken: 25 % of the lease; a loss at home that lowers the tax abroad."""
    lease = RUNNING | {"site": "east", "book_usd_m": 0, "capex_left_usd_m": 39, "term": "15 months"}
    changes = TAXED | {
        "sites.east": {"power": {"market": "hub"}, "energised_mw": 20},
        "leases": {"tenant": lease},
        "finance.tax": {"rate": 0.25, "countries": {"abroad": {"sites": ["east"], "rate": 0.1, "losses_usd_m": 1}}},
        "finance.opening.sga_usd_m_per_quarter": 9,
    }
    home, abroad = tax_rows(make_plan(changes, NOTHING))
    assert home["country"] == "home"
    assert home["ebitda_usd_m"] == close(5.64192 + 3.6 - 36)
    assert (home["tax_usd_m"], home["losses_left_usd_m"]) == (0, close(36 - 5.64192 - 3.6))
    # 6 months of 1 and 3 of 1.1 of rent, 0.25 a month of cost; 39 over 39 years; the residual of 10.
    assert abroad["ebitda_usd_m"] == close(9.3 - 2.25)
    assert (abroad["depreciation_usd_m"], abroad["other_income_usd_m"]) == (close(1), close(10))
    taxable = (9.3 - 2.25 - 1 + 10) - 1
    assert (abroad["loss_used_usd_m"], abroad["tax_usd_m"]) == (close(1), close(0.1 * taxable))
    longer = make_plan(changes | {"leases": {"tenant": lease | {"term": "24 months"}}}, NOTHING)
    # January to June 2026: 1.1 of rent and 0.25 of cost.
    tail = value_of(longer, "tax")["beyond_horizon_usd_m"]
    assert tail == close(-0.1 * 6 * (1.1 - 0.25 - 1 / 12))
