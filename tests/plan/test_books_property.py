"""Halls, property and bitcoin in the books, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from optimizer.plan.books.bitcoin import bitcoin_book
from optimizer.plan.books.halls import hall_books
from optimizer.plan.books.property import property_books
from tests.plan.books_plan import close, company, owed_by, planned, stated, with_money

# One hall of 10 MW IT for 24 and a signing cost of 1; rent from April on, 3 USD m a quarter; at the end it is worth 1.
HALL: dict[str, Any] = {
    "capex_usd_m_per_mw_it": 2.4,
    "signing_cost_usd_m": 1,
    "residual_usd_m_per_mw_it": 0.1,
    "energised": None,
}
SIGNED = {"given.sign": {"hall": {"date": "2025-01", "halls": 1}}, "sites.one.energised_mw": 1100}


def hall(**changes: Any) -> dict[str, Any]:
    terms = HALL | changes
    terms.pop("energised")
    return terms


def test_a_hall_is_written_off_over_its_term(tmp_path: Path) -> None:
    """Proves: 25 are spent before the first rent; then 24 of them go in two years, 3 a quarter, down to the 1 that
    it is worth at the end. Broken: 25 / 27 x 3 = 2.78 from the signature on; 3.125 if the residual went too."""
    plan = planned(tmp_path, company(SIGNED, hall=hall()))
    books = hall_books(plan)
    assert books.added == close(25, 0, 0, 0)
    assert books.depreciation == close(0, 3, 3, 3)
    assert books.value == close(25, 22, 19, 16)
    made = stated(plan)
    assert made.income["depreciation_halls"] == close(0, -3, -3, -3)
    assert made.income["hosting_revenue"] == close(0, 3, 3, 3)


def test_a_hall_ends_at_its_residual(tmp_path: Path) -> None:
    """Proves: of a term of six months 12 go a quarter, then the residual is received for what stands there: no gain.
    Broken: a gain of 1, or 1 that stands in the books for ever."""
    plan = planned(tmp_path, company(SIGNED, hall=hall(term="6 months")))
    books = hall_books(plan)
    assert books.value == close(25, 13, 1, 0)
    assert books.residual == close(0, 0, 0, 1)
    assert books.gain == close(0, 0, 0, 0)
    stated(plan)


def test_what_a_tenant_lent_and_never_gets_back_is_gained(tmp_path: Path) -> None:
    """Proves: a tenant lends 5 for the hall, to be credited against half of the rent; of a term of six months that is
    3, and the other 2 are never paid: they leave what is owed and are gained. Broken: 2 owed for ever."""
    lends = {"usd_m_per_mw_it": 0.5, "credited_usd_m_per_mw_it": 0.5, "credit_share_of_rent": 0.5}
    plan = planned(tmp_path, company(SIGNED, hall=hall(term="6 months", tenant_capex=lends)))
    books = hall_books(plan)
    assert books.forgiven == close(0, 0, 0, 2)
    assert books.gain == close(0, 0, 0, 2)
    made = stated(plan)
    assert made.balance["prepayments"] == close(5, 3.5, 2, 0)
    assert made.income["gain_on_halls"] == close(0, 0, 0, 2)


def test_a_lease_that_stands_below_its_residual_gains(tmp_path: Path) -> None:
    """Proves: halls that stand for 4 and will be worth 10 are not written off; at the end in mid-August 6 are gained.
    Broken: written up or down on the way; -4 without the residual."""
    lease = {
        "site": "one", "takes": "free_power", "it_mw": 10, "gross_per_it": 1.5, "pue": 1.2,
        "first_rent": "2024-08-16", "term": "12 months", "rate_usd_per_kw_month": 100,
        "residual_usd_m_per_mw_it": 1, "book_usd_m": 4, "power": {"paid_by": "tenant"},
    }  # fmt: skip
    plan = planned(tmp_path, company({"leases.old": lease, "sites.one.energised_mw": 1100}))
    books = hall_books(plan)
    assert books.opening_usd_m == 4
    assert books.depreciation == close(0, 0, 0, 0)
    assert books.value == close(4, 4, 0, 0)
    assert books.gain == close(0, 0, 6, 0)
    stated(plan)


def test_capitalised_interest_is_part_of_what_halls_cost(tmp_path: Path) -> None:
    """Proves: a project loan draws 12 for the hall and adds 0.6 of interest to what is owed before the first rent:
    25.6, of which 24.6 go in 8 quarters. It is no expense; the 0.3 paid after completion are. Broken: 3 a quarter and
    an expense of 0.6, which does not balance with what is owed."""
    plan = planned(tmp_path, company(SIGNED, hall=hall()))
    [index] = [offer.index for offer in plan.signed]
    loan = owed_by(
        plan, "notes", "project_loan",
        drawn=[12, 0, 0, 0], capitalised=[0.6, 0, 0, 0], interest=[0, 0.3, 0.3, 0.3],
        closing=[12.6] * 4, capitalised_by_option={index: [0.6, 0, 0, 0]},
    )  # fmt: skip
    plan = with_money(plan, loan)
    books = hall_books(plan)
    assert books.value == close(25.6, 25.6 - 24.6 / 8, 25.6 - 24.6 / 4, 25.6 - 3 * 24.6 / 8)
    made = stated(plan)
    assert made.income["interest_expense"] == close(0, -0.3, -0.3, -0.3)
    assert made.balance["debt"] == close(12.6, 12.6, 12.6, 12.6)


def test_property_and_builds(tmp_path: Path) -> None:
    """Proves: property of 60 with 30 months left loses 6 a quarter; a build of 40 in four months, spent 30 and 10, is
    used from May on and loses 2 of its 20 months in the second quarter and 3 in each after. Broken: 6 + 30 x 3 / 24 in
    the first quarter, if a build lost while it is built."""
    build = {
        "window": {"from": "2025-01", "to": "2025-01"}, "lead": "4 months", "cost_usd_m": 40, "mining_shell_mw": 10,
        "operating_cost_usd_m_per_year": 6,
    }  # fmt: skip
    books = {"property_usd_m": 60, "property_life_left": "30 months", "building_life": "20 months"}
    changes = {"sites.one.builds.hall": build, "given.build": {"one.hall": {"2025-01": 1}}, "finance.books": books}
    plan = planned(tmp_path, company(changes))
    found = property_books(plan, 60.0)
    assert found.added == close(30, 10, 0, 0)
    assert found.depreciation == close(6, 6 + 4, 6 + 6, 6 + 6)
    assert found.value == close(84, 84, 72, 60)
    made = stated(plan)
    assert made.income["site_cost"] == close(0, -1, -1.5, -1.5)


RISING = {
    # Price and hash rate grow by a tenth a quarter, so that a day goes on mining 2.4 USD m.
    "market.network.btc_growth": 1.1**4 - 1,
    "market.network.hashrate_growth": 1.1**4 - 1,
    "finance.opening.btc": 1000,
}


def test_bitcoin_is_realised_over_its_cost(tmp_path: Path) -> None:
    """Proves: 1,000 coins that cost 80 stand for 96, and for 105.6 after a quarter: 9.6 unrealised. Then half are sold
    at 105,600, 52.8 for what cost 40: 12.8 realised. The rest goes up from 52.8 to 58.08: 5.28 in all, so -7.52
    unrealised, of what had been told before. Broken: 4.8 realised if the cost were the price of the start; 5.28
    unrealised, counted twice."""
    changes = RISING | {
        "finance.treasury": {"policy": "sell_to_fund"},
        "finance.books": {"equity_usd_m": 600, "btc_basis_usd_m": 80},
        "given.sell_btc": {"2025-04": 500},
        "given.keep_btc": "forbidden",
    }
    plan = planned(tmp_path, company(changes))
    book = bitcoin_book(plan)
    assert book.opening_usd_m == close(96)
    assert book.realised == close(0, 12.8, 0, 0)
    assert book.unrealised == close(9.6, 5.28 - 12.8, 5.808, 6.3888)
    assert book.value == close(105.6, 58.08, 63.888, 70.2768)
    stated(plan)


def test_coins_kept_are_booked_at_their_mean_price(tmp_path: Path) -> None:
    """Proves: with hold the coins of the first quarter, worth 216 on the days they were mined, are booked at the mean
    price of its three months and stand for the price at its end; what is between is unrealised. Nothing is sold, so
    nothing is realised. Broken: a result of all 216, or none."""
    changes = RISING | {"finance.treasury": {"policy": "hold"}, "finance.opening.btc": 0}
    plan = planned(tmp_path, company(changes))
    book = bitcoin_book(plan)
    monthly = [96000 * 1.1 ** (k / 3) for k in range(3)]
    days = (31, 28, 31)
    coins = sum(2.4e6 * d / price for d, price in zip(days, monthly, strict=True))
    assert book.realised == close(0, 0, 0, 0)
    assert book.value[0] == close(coins * 105600 / 1e6)
    assert book.unrealised[0] == close(coins * (105600 - sum(monthly) / 3) / 1e6)
    stated(plan)


def test_coins_sold_at_the_start_by_policy(tmp_path: Path) -> None:
    """Proves: sell_all sells the 1,000 coins in the first quarter at the price of the start; over their cost of 80 it
    realises 16. Broken: 96 that stay in the books, or a gain of 96."""
    changes = RISING | {
        "finance.treasury": {"policy": "sell_all"},
        "finance.books": {"equity_usd_m": 600, "btc_basis_usd_m": 80},
    }
    plan = planned(tmp_path, company(changes))
    book = bitcoin_book(plan)
    assert book.realised == close(16, 0, 0, 0)
    assert book.unrealised == close(-16, 0, 0, 0)
    assert book.value == close(0, 0, 0, 0)
    stated(plan)


@pytest.mark.parametrize("given", [{"equity_usd_m": 500}, {"property_usd_m": 140}])
def test_what_balances_the_opening(given: dict[str, Any], tmp_path: Path) -> None:
    """Proves: machines of 360, no cash and no debt leave 140 for property with an equity of 500, and the other way
    round. Broken: 500 of both."""
    made = stated(planned(tmp_path, company({"finance.books": given})))
    assert made.opening["property"] == close(140)
    assert made.opening["equity"] == close(500)
    assert made.opening["total_assets"] == made.opening["total_liabilities"] == close(500)
