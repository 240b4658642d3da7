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


def test_a_coin_is_marked_at_the_first_price_after_the_period(tmp_path: Path) -> None:
    """Proves: with a growth of 21 % a year a coin of 96,000 $ is marked at 96,000 x 1.1 at the end of the second
    quarter. Broken: the price of the period's last month."""
    found = taxed(prepared(tmp_path, {}, {"market.network.btc_growth": 0.21}))
    assert found.btc_before_usd_m == about(0.096)
    assert found.btc_price_usd_m[1] == about(0.096 * 1.1)
