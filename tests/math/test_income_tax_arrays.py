"""From a case to income tax: schedules, rates, what is written off where, tax after the horizon. Figures by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.income_tax_arrays import IncomeTax
from optimizer.case.taxes import TaxDepreciation
from optimizer.instance.build import Prepared, prepare
from optimizer.instance.tax_rules import macrs_shares, written_off
from tests.math.builder import about
from tests.math.cases import MINE, case_data, changed, load

# IRS Publication 946, table A-1 (half-year convention), in per cent.
TABLE = {
    3: (33.33, 44.45, 14.81, 7.41),
    5: (20.00, 32.00, 19.20, 11.52, 11.52, 5.76),
    7: (14.29, 24.49, 17.49, 12.49, 8.93, 8.92, 8.93, 4.46),
    10: (10.00, 18.00, 14.40, 11.52, 9.22, 7.37, 6.55, 6.55, 6.56, 6.55, 3.28),
    15: (5.00, 9.50, 8.55, 7.70, 6.93, 6.23, 5.90, 5.90, 5.91, 5.90, 5.91, 5.90, 5.91, 5.90, 5.91, 2.95),
}  # fmt: skip


@pytest.mark.parametrize("years", TABLE)
def test_shares_are_those_of_the_published_table(years: int) -> None:
    """Proves: each share is that of table A-1, to the last digit, and all of them are the whole. Broken: 8.92, 8.92,
    8.92 and 4.48 for seven years, where rounding does not go on from what is left; 33.33 first where five years were
    three."""
    assert macrs_shares(years) == pytest.approx([share / 100 for share in TABLE[years]], abs=1e-12)
    assert sum(macrs_shares(years)) == pytest.approx(1.0, abs=1e-12)


def test_the_first_year_is_spread_from_the_instant_on() -> None:
    """Proves: five years from 1 October of a plan that starts in July: 20 % over three months, then 32 % over twelve.
    Broken: 20 % over six months, or 32 % from the first anniversary."""
    rule = TaxDepreciation(method="macrs", years=5)
    shares = written_off(rule, 3.0, 12 * 2026 + 6, 120)
    assert shares[:3] == about(0)
    assert shares[3:6] == about([0.2 / 3] * 3)
    assert shares[6:18] == about([0.32 / 12] * 12)
    assert shares.sum() == about(1)


def test_bonus_comes_at_once_and_the_rest_by_its_method() -> None:
    """Proves: 40 % at once and 60 % evenly over two years from the middle of the second month. Broken: 60 % at once, or
    a whole month's part in the second one."""
    shares = written_off(TaxDepreciation(years=2, bonus=0.4), 1.5, 12 * 2026, 60)
    assert shares[1] == about(0.4 + 0.5 * 0.6 / 24)
    assert shares[2] == about(0.6 / 24)
    assert shares[25] == about(0.5 * 0.6 / 24)
    assert shares[26:].sum() == about(0)
    assert written_off(TaxDepreciation(years=2), 70.0, 12 * 2026, 60).sum() == about(0)


STRAIGHT = {
    "machines": {"years": 1},
    "halls": {"years": 2},
    "buildings": {"years": 1, "bonus": 0.5},
}
OCTOBER = {"from": "2025-10", "to": "2025-10"}
MW = {"energised_mw": 10, "mining_shell_mw": 10}
TAX: dict[str, Any] = {"rate": 0.2, "depreciation": STRAIGHT}


def prepared(folder: Path, tax: Mapping[str, Any], changes: Mapping[str, Any] | None = None, **offers: Any) -> Prepared:
    """Two calendar years by quarter, with these taxes."""
    years = {"horizon.steps": ["8 quarters"], "finance.tax": {**TAX, **tax}}
    loaded = load(folder, changed(case_data({**years, **(changes or {})}, **offers), {}))
    return prepare(loaded.case, folder)


def taxed(found: Prepared) -> IncomeTax:
    assert found.open.income_tax is not None
    return found.open.income_tax


def by_year(amounts: np.ndarray) -> list[float]:
    """Of eight quarters."""
    return [float(amounts[:4].sum()), float(amounts[4:].sum())]


def test_state_tax_comes_off_the_federal_base(tmp_path: Path) -> None:
    """Proves: 5 % state and 20 % federal are 24 %, 21 % federal from 2026 on 24.95 %. Broken: 25 %, or the rate of the
    first year in both."""
    found = taxed(prepared(tmp_path, {"rate": {"2025-01": 0.2, "2026-01": 0.21}, "state_rate": 0.05}))
    assert found.rate[0, 3] == about(0.24)
    assert found.rate[0, 7] == about(0.2495)
    assert found.year.tolist() == [2025] * 4 + [2026] * 4


def test_what_was_there_is_written_off_evenly(tmp_path: Path) -> None:
    """Proves: 100 over four years: 25 a year. Broken: 12.5, or all at once."""
    found = taxed(prepared(tmp_path, {"opening_basis": {"fleet": {"usd_m": 100, "years_left": 4}}}))
    assert by_year(found.fixed_deduction_usd_m[0]) == about([25, 25])


def test_halls_are_written_off_from_the_first_rent(tmp_path: Path) -> None:
    """Proves: a hall of 60 and a signing cost of 6, signed in January 2025 with rent from April: nine of 24 months in
    2025, twelve in 2026. Broken: twelve months at once, from the signature on; the signing cost for each hall."""
    offer = {"capex_usd_m_per_mw_it": 6, "signing_cost_usd_m": 6}
    found = taxed(prepared(tmp_path, {}, ai=offer))
    assert by_year(found.hall_deduction[0]) == about([60 * 9 / 24, 30])
    assert by_year(found.signature_deduction[0]) == about([6 * 9 / 24, 3])


def test_machines_are_written_off_from_delivery(tmp_path: Path) -> None:
    """Proves: lots that arrive in July 2025 with 24 due: half of it in 2025, half in 2026; machines ordered in October
    2025 and delivered in January 2026 at 10 $/TH: 10 for an EH/s, in 2026. Broken: all in the year of the order."""
    changes = {
        "machines.m16": {
            "efficiency_j_per_th": 16,
            "price_usd_per_th": 10,
            "buy": {"sites": ["one"], "window": OCTOBER, "delivery": "3 months", "max_ph_s_per_step": 1000},
        },
        "sites.one.arriving": {"late": {"machine": "m16", "ph_s": 100, "on": "2025-07", "due_usd_m": 24}},
    }  # fmt: skip
    found = taxed(prepared(tmp_path, {}, changes))
    assert by_year(found.fixed_deduction_usd_m[0]) == about([12, 12])
    assert by_year(found.order_deduction[-1]) == about([0, 10])


def test_builds_are_written_off_from_completion(tmp_path: Path) -> None:
    """Proves: 40 built from January 2025, complete in July: half at once, half over a year: 20 + 10 in 2025, 10 in
    2026. Broken: 40 x 0.75 in 2025 from the decision on."""
    build = {
        "cost_usd_m": 40,
        "lead": "6 months",
        "energised_mw": 10,
        "max": 1,
        "window": {"from": "2025-01", "to": "2025-01"},
    }
    found = taxed(prepared(tmp_path, {}, {"sites.one.builds": {"yard": build}}))
    assert by_year(found.build_deduction[0]) == about([30, 10])


def test_a_country_has_its_sites(tmp_path: Path) -> None:
    """Proves: what a site abroad costs to run (12 a year) is deducted there, overheads of 4 a year at home. Broken: all
    at home."""
    changes = {
        **MINE,
        "sites.two": {"power": {"market": "hub"}, **MW, "operating_cost_usd_m_per_year": 12},
        "finance.opening.sga_usd_m_per_quarter": 1,
    }  # fmt: skip
    found = prepared(tmp_path, {"countries": {"finland": {"sites": ["two"], "rate": 0.2, "losses_usd_m": 3}}}, changes)
    arrays = taxed(found)
    assert arrays.country == ("home", "finland")
    assert by_year(arrays.fixed_ebitda_usd_m[0]) == about([-4, -4])
    assert by_year(arrays.fixed_ebitda_usd_m[1]) == about([-12, -12])
    assert arrays.losses_usd_m.tolist() == [0, 3]
    assert arrays.place.tolist() == [0]


def test_contracts_go_on_paying_tax_after_the_horizon(tmp_path: Path) -> None:
    """Proves: a hall brings 1 a month for 24 months from April 2025, three of them after the horizon, and 0.6 of 1 is
    written off (a hall of 14.4 over two years): 0.2 x 0.4 x 3 = 0.24 less value than without tax. Broken: 0.6, where
    nothing is written off any more; the same 0.6 by the short form."""
    free = changed(case_data({"horizon.steps": ["8 quarters"]}, ai={"capex_usd_m_per_mw_it": 1.44}), {})
    before = prepare(load(tmp_path, free).case, tmp_path).open.hosting.value_usd_m_per_hall[0]
    with_tax = prepared(tmp_path, {}, ai={"capex_usd_m_per_mw_it": 1.44}).open.hosting.value_usd_m_per_hall[0]
    assert before - with_tax == about(0.24)
    short = changed(free, {"finance.cash_tax_rate": 0.2})
    assert before - prepare(load(tmp_path, short).case, tmp_path).open.hosting.value_usd_m_per_hall[0] == about(0.6)


def residual_after_tax(folder: Path, capex: float, years: int) -> float:
    """What a hall's residual of 20, received three months after the horizon, adds to its value."""
    tax = {"depreciation": {"halls": {"years": years}}}
    offer = {"capex_usd_m_per_mw_it": capex / 10}
    without = prepared(folder, tax, ai=offer).open.hosting.value_usd_m_per_hall[0]
    found = prepared(folder, tax, ai={**offer, "residual_usd_m_per_mw_it": 2})
    return float(found.open.hosting.value_usd_m_per_hall[0] - without)


@pytest.mark.parametrize(("capex", "years", "left"), [(60, 2, 16.0), (30, 4, 19.0), (60, 4, 20.0), (30, 3, 18.0)])
def test_a_residual_after_the_horizon_is_taxed_above_what_is_left(
    tmp_path: Path, capex: float, years: int, left: float
) -> None:
    """Proves: of 20 a fifth is paid where all is written off over the two years of the term; with a half left of 30,
    15, a fifth of 5; with 30 left, nothing; with a third left of 30 a fifth of 10. Broken: 20 in all cases; 16 in all;
    19.375 in the second where what is written off after the horizon (three months of 0.625) is forgotten."""
    assert residual_after_tax(tmp_path, capex, years) == about(left)


def test_a_lease_has_what_of_its_hall_is_left(tmp_path: Path) -> None:
    """Proves: of 12 still to be spent on a lease's hall, let until March 2027 and written off over four years, 5.25 are
    left then (21 of 48 months); of its residual of 20 the rest is taxed: 2.95. Broken: 4, a lease without basis; 1.6 of
    20 - 12."""
    lease = {
        "site": "one",
        "takes": "free_power",
        "it_mw": 10,
        "gross_per_it": 1.0,
        "pue": 1.0,
        "first_rent": "2025-01",
        "rate_usd_per_kw_month": 100,
        "term": "27 months",
        "power": {"paid_by": "tenant"},
        "capex_left_usd_m": 12,
    }
    tax = {"depreciation": {"halls": {"years": 4}}}
    without = prepared(tmp_path, tax, {"leases.rent": lease}).open.hosting.value_usd_m_per_hall[0]
    found = prepared(tmp_path, tax, {"leases.rent": {**lease, "residual_usd_m_per_mw_it": 2}})
    assert found.open.hosting.value_usd_m_per_hall[0] - without == about(20 - 2.95)


def test_machines_left_at_the_horizon_are_taxed_above_what_is_left(tmp_path: Path) -> None:
    """Proves: at 24 $/TH with a resale of 90 % and a life of four years. Bought in October 2025 and there from January
    2026: worth 24 x 0.9 x 3 / 4 = 16.2 at the end of 2026, a third of 24 written off: 0.2 x 0.2 of tax. Arriving in
    July 2025 with 24 due for 2 EH/s, 12 each: half of that is written off, worth 24 x 0.9 x 5 / 8 = 13.5: 0.2 x 7.5.
    Of the fleet, which is five months old: nothing is left of a basis, 24 x 0.9 x (1 - 29 / 48) = 8.55: 1.71. Broken:
    3.24, 2.7: all of it taxed; nothing of the fleet's."""
    changes = {
        "machines.m16": {
            "efficiency_j_per_th": 16,
            "life": "4 years",
            "price_usd_per_th": 24,
            "resale": {"share": 0.9, "tiers": [{"ph_s_per_quarter": 1e6, "factor": 1.0}]},
            "buy": {"sites": ["one"], "window": OCTOBER, "delivery": "3 months", "max_ph_s_per_step": 1000},
        },
        "sites.one.fleet": {"m16": {"ph_s": 1000, "bought": "2024-08"}},
        "sites.one.arriving": {"late": {"machine": "m16", "ph_s": 2000, "on": "2025-07", "due_usd_m": 24}},
    }
    trade = prepared(tmp_path, {"depreciation": {"machines": {"years": 3}}}, changes).open.trade
    assert trade is not None
    assert trade.end_value_usd_m_per_eh[:, -1] == about([8.55, 13.5, 16.2])
    assert trade.end_tax_usd_m_per_eh[:, -1] == about([1.71, 1.5, 0.04])
    assert trade.end_tax_usd_m_per_eh[:, :-1] == about(0)


def test_idle_cash_earns_the_highest_rate_of_own_money(tmp_path: Path) -> None:
    """Proves: of a loan at 8 %, a line at 9 %, one tied to cost at 12 %, preferred shares at 13 % and a project loan at
    14 % the line's rate is taken, unless one is given; without own money there is none. Broken: 12 to 14 %, by what is
    not own; 3 % where nothing is borrowed."""
    window = {"from": "2025-01", "to": "2025-12"}
    common = {"window": window, "limit_usd_m": 100}
    tied: dict[str, Any] = {
        "machines": {**common, "kind": "term_loan", "rate": 0.12, "term": "24 months", "loan_to_cost": 0.7},
        "pref": {**common, "kind": "preferred", "rate": 0.13, "term": "24 months"},
        "halls": {
            "kind": "project_loan",
            "for_offers": ["ai"],
            "limit_usd_m": 100,
            "rate": 0.14,
            "term": "12 months",
            "loan_to_cost": 0.7,
        },
    }
    own = {
        "bank": {**common, "kind": "term_loan", "rate": 0.08, "term": "24 months"},
        "line": {**common, "kind": "credit_line", "rate": 0.09},
    }

    def rate(facilities: Mapping[str, Any], **tax: Any) -> float:
        changes = {"finance.facilities": facilities}
        return taxed(prepared(tmp_path, tax, changes, ai={"capex_usd_m_per_mw_it": 1})).idle_cash_rate

    assert rate({**tied, **own}) == about(0.09)
    assert rate({**tied, **own}, idle_cash_rate=0.03) == about(0.03)
    assert rate(tied) == rate(tied, idle_cash_rate=0.03) == about(0)


def own_paid(folder: Path, **terms: Any) -> np.ndarray:
    """By quarter, what a loan of one million at 12 % is paid that counts as idle until then."""
    window = {"from": "2025-01", "to": "2025-01"}
    loan = {"kind": "term_loan", "window": window, "limit_usd_m": 100, "rate": 0.12, **terms}
    found = taxed(prepared(folder, {}, {"finance.facilities": {"bank": loan}}))
    [paid] = found.own_paid
    return paid


def test_what_own_debt_is_paid_counts_as_long_as_it_was_there(tmp_path: Path) -> None:
    """Proves: a loan of two months pays 1 % twice and is gone after two thirds of the quarter; one of four months pays
    1 % at the end of each month (that of March on the first day of April), and has been there for a third of the second
    quarter; one of six months is repaid as the third begins. Broken: 0.02 and no principal; 1 in place of a part."""
    monthly = {"interest_every": "1 month"}
    assert own_paid(tmp_path, term="2 months", **monthly)[:3] == about([0.02 + 2 / 3, 0, 0])
    assert own_paid(tmp_path, term="4 months", **monthly)[:3] == about([0.02, 0.02 + 1 / 3, 0])
    assert own_paid(tmp_path, term="6 months", interest_every="3 months")[:3] == about([0, 0.03, 0.03])
    assert own_paid(tmp_path, term="6 months", interest_every="3 months", loan_to_cost=0.5) == about(0)


def test_a_bond_beyond_cost_is_own_money(tmp_path: Path) -> None:
    """Proves: bonds that service alone sizes, or that pay out up to twice the cost, are own; bonds and loans up to the
    cost are not, at home or abroad. Broken: far more than a hall has cost paid out, and its interest deducted
    beside the cash."""
    project: dict[str, Any] = {"for_offers": ["ai"], "limit_usd_m": 100, "rate": 0.08, "term": "12 months"}
    loan = {"kind": "project_loan", "loan_to_cost": 0.7, **project}
    bond = {"kind": "project_bond", "refinances": ["bank"], **project}

    def own(country: bool = False, **terms: Any) -> list[bool]:
        changes: dict[str, Any] = {"finance.facilities": {"bank": loan, "bond": {**bond, **terms}}}
        tax: dict[str, Any] = {"countries": {"far": {"sites": ["one"], "rate": 0.2}}} if country else {}
        found = prepared(tmp_path, tax, changes, ai={"capex_usd_m_per_mw_it": 1})
        names = found.open.tranches.name if found.open.tranches is not None else ()
        return [bool(one) for one, name in zip(taxed(found).is_own, names, strict=True) if name.startswith("bond")]

    assert own() == own(loan_to_cost=2.0) == [True]
    assert own(loan_to_cost=1.0) == own(country=True, loan_to_cost=1.0) == [False]


def test_a_coin_is_marked_at_the_first_price_after_the_period(tmp_path: Path) -> None:
    """Proves: with a growth of 21 % a year a coin of 96,000 $ is marked at 96,000 x 1.1 at the end of the second
    quarter. Broken: the price of the period's last month."""
    found = taxed(prepared(tmp_path, {}, {"market.network.btc_growth": 0.21}))
    assert found.btc_before_usd_m == about(0.096)
    assert found.btc_price_usd_m[1] == about(0.096 * 1.1)
