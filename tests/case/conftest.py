"""A small case that is in order, and ways to spoil it.

A spoiled text may hold the mark « where a problem is expected: it is taken out before the case is loaded, and the
places of the marks are what the problems have to name.
"""

# Contracts stand on one line each.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from optimizer.case.load import LoadedCase, load_case
from optimizer.errors import CaseError, Problem

CASE = """\
case: Odessa or not
horizon: {start: 2025-07, steps: [8 quarters, 4 years]}
discount: {hosting: 0.09, mining: 0.16, corporate: 0.12}
market:
  power:
    west:
      file: prices.csv
      time_zone: America/Chicago
      forward_usd_per_mwh: {2026: 31, 2026-Q3: 40}
  network:
    btc_usd: 107153
    hashrate_eh_s: 837
    hashrate_growth: 0.25
    fee_share: 0.012
    halvings: [2028-04-15]
machines:
  s21_pro: {efficiency_j_per_th: 15.0, life: 4 years}
sites:
  odessa:
    power: {market: west, adder_usd_per_mwh: 5}
    energised_mw: {2022-11: 207}
    mining_shell_mw: 207
    mining_overhead: 1.03
    fleet:
      s21_pro: {ph_s: 7100, bought: 2024-12}
    arriving:
      second: {machine: s21_pro, ph_s: 670, on: 2025-09}
offers:
  lease:
    sites: [odessa]
    takes: mining_shell
    hall_mw_it: 24
    gross_per_it: 1.45
    pue: 1.25
    halls: {min: 3, max: 5}
    sign: {from: 2025-10, to: 2026-10}
    capex_usd_m_per_mw_it: 9.5
    lead: 5 quarters
    rate_usd_per_kw_month: 130
    term: 10 years
    power: {paid_by: tenant}
    operating_cost_usd_m_per_mw_it_year: {value: 0.214, source: "8-K 2025-11-04", assumed: false}
finance:
  opening: {cash_usd_m: 62.7, btc: 1063, shares_m: 393, share_price_usd: 4.78, sga_usd_m_per_quarter: 9}
  debts:
    note: {principal_usd_m: 30, rate: 0.08, matures: 2027-07}
"""

MARK = "«"
Change = tuple[str, str]

# Everything that a case can say about power, in order: three more sites, since not all of it goes together at one.
POWER: list[Change] = [
    (
        "market:\n  power:\n",
        "currencies: {CAD: 0.73}\nmarket:\n  power:\n"
        "    east: {file: prices.csv, time_zone: America/Chicago, currency: CAD}\n",
    ),
    (
        "    mining_overhead: 1.03\n",
        """\
    mining_overhead: 1.03
    contracts:
      block: {kind: fixed_block, mw: 60, price_usd_per_mwh: {2025-07: 27, 2027-01: 28}, until: 2028-06, hours: 5x16, assignable_to_hosting: true}
      elected: {kind: monthly_election, mw: 40, price_usd_per_mwh: 29, from: 2026-01, until: 2035-12, least: 0.2, resale: {share: 0.9}, assignable_to_hosting: true}
      gas: {kind: heat_rate, mw: 30, mmbtu_per_mwh: 7.5, gas_usd_per_mmbtu: 3, adder_usd_per_mwh: 2, until: 2030-06, assignable_to_hosting: true}
      swap: {kind: fixed_block, mw: 20, price_usd_per_mwh: 31, until: 2030-06, settles_at: east}
      promised: {kind: minimum_take, mw: 60, share: 0.8, over: quarter, shortfall_usd_per_mwh: 20, until: 2028-06}
    contract_offers:
      more: {terms: {kind: fixed_block, mw: 20, price_usd_per_mwh: 30, resale: none, assignable_to_hosting: true}, sign: {from: 2026-01, to: 2027-06}, tenor: 3 years, least_mw: 5, credit_support_usd_m_per_mw: {value: 0.1, currency: CAD}}
    interruptions:
      curtailed: {events_per_year: 10, hours_per_event: 4, from: 2026-01, until: 2027-12, discount_usd_per_mwh: 2}
    delivery:
      four_cp: {kind: coincident_peak, rate_usd_per_kw_year: 70, success: 0.9, opening_usd_m: 2.5}
      own_peak: {kind: demand, rate_usd_per_kw_month: 4, ratchet: 0.8, opening_peak_mw: 100, contracted_mw: 50}
    flexibility:
      reserves: {kind: ancillary, mw: 50, prices: {file: prices.csv, time_zone: America/Chicago, gaps: zero}, columns: [HB_WEST], price_share: {2025-07: 0.5, 2027-01: 0.4}, availability: 0.9, deployed_share: 0.02, deployment_cost_usd_per_mwh: 50}
      respond: {kind: demand_response, mw: 30, payment_usd_per_kw_month: 4, months: [6, 7, 8], events_per_year: 3}
""",
    ),
    (
        "offers:\n  lease:\n",
        """\
  reno:
    power:
      market: west
      split: {market: east, share: 0.25}
      floor_usd_per_mwh: {value: 0, currency: CAD}
      cap_usd_per_mwh: {value: 1000, currency: CAD, source: rule}
      adder_usd_per_mwh: {value: {2025-07: 3, 2027-01: 4}, currency: CAD}
      losses: 0.03
      wires_usd_per_mwh: 7
      resale_fee_usd_per_mwh: 1
      decides_on: {market: east, skill: 0.25}
    energised_mw: 20
  gassy:
    power: {market: west, tariff: {kind: heat_rate, mmbtu_per_mwh: 8, gas_usd_per_mmbtu: 3.5, until: 2027-12}}
    energised_mw: 20
    contracts:
      load: {kind: swing, mw: 20, price_usd_per_mwh: 33, until: 2028-12}
  sunny:
    power: {market: west, tariff: {kind: fixed, price_usd_per_mwh: 40}}
    energised_mw: 20
    contracts:
      sun: {kind: generation, mw: 15, cost_usd_per_mwh: 3, export: spot, until: 2040-12, profile: {file: prices.csv, time_zone: America/Chicago}}
hall_designs:
  tier3: {uptime_nines: 3, gross_per_it: 1.5, pue: 1.3, capex_usd_m_per_mw_it: 10}
offers:
  lease:
""",
    ),
    (
        "    power: {paid_by: tenant}\n",
        "    power: {paid_by: tenant, pass_through_at: block}\n    design: tier3\n    uptime_nines: 3\n"
        "    headroom_to_mining: 0.5\n",
    ),
]

# Everything that a case can say about money, in order.
MONEY: list[Change] = [
    (
        "machines:\n  s21_pro: {efficiency_j_per_th: 15.0, life: 4 years}\n",
        "machines:\n  s21_pro: {efficiency_j_per_th: 15.0, life: 4 years, price_usd_per_th: 16, buy: {window: {from: 2026-01, to: 2027-01}, delivery: 3 months, sites: [odessa], max_ph_s_per_step: 500}}\n",
    ),
    (
        "    fleet:\n      s21_pro: {ph_s: 7100, bought: 2024-12}\n",
        "    fleet:\n      s21_pro: {ph_s: 7100, bought: 2024-12, book_usd_m: 90}\n",
    ),
    (
        "offers:\n  lease:\n",
        """\
  oslo: {power: {market: west}, energised_mw: 20, mining_shell_mw: 20}
  bergen: {power: {market: west}, energised_mw: 10, mining_shell_mw: 10}
leases:
  old: {site: odessa, takes: free_power, it_mw: 20, gross_per_it: 1.4, pue: 1.2, first_rent: 2024-01, rate_usd_per_kw_month: 120, term: 10 years, power: {paid_by: tenant}, book_usd_m: 40, prepayment_left_usd_m: 6}
offers:
  lease:
""",
    ),
    (
        "    power: {paid_by: tenant}\n    operating",
        "    power: {paid_by: tenant}\n    tenant_capex: {usd_m_per_mw_it: 2, credited_usd_m_per_mw_it: 1.5, credit_share_of_rent: 0.4}\n    operating",
    ),
    (
        "    note: {principal_usd_m: 30, rate: 0.08, matures: 2027-07}\n",
        """\
    note: {principal_usd_m: 30, rate: 0.08, matures: 2027-07}
    convertible_2030: {principal_usd_m: 50, rate: 0.0175, matures: 2030-05-15, conversion: {price_usd: 4.45, straight_rate: 0.1, volatility: 0.8}}
    halls: {principal_usd_m: 20, rate: 0.09, matures: 2029-01, interest_every: 3 months, amortisation: even, project: {lease: old, reserve_months: 6, lock_up_dscr: 1.2}}
  companies: {nordic: {sites: [bergen], min_cash_usd_m: 1, withholding: 0.05}}
  facilities:
    bank: {kind: term_loan, window: {from: 2026-01, to: 2027-12}, limit_usd_m: 100, least_usd_m: 10, rate: 0.1, fee: 0.02, fixed_cost_usd_m: 0.5, term: 5 years, amortisation: even, interest_only: 1 year, undrawn_fee: 0.01, loan_to_cost: 0.5, for_offers: [lease], for_machines: [s21_pro]}
    notes: {kind: convertible, window: {from: 2025-10, to: 2026-12}, limit_usd_m: 300, rate: 0, fee: 0.03, term: 6 years, premium: 0.375, straight_rate: 0.1, put_after: 4 years, call: {after: 3 years, above: 1.3}, market_cap_share: 0.2, volatility: 0.8, capped_call: {cost: 0.06, cap_premium: 1}}
    guessed: {kind: convertible, window: {from: 2025-10, to: 2026-12}, limit_usd_m: 30, rate: 0.02, term: 5 years, premium: 0.3, straight_rate: 0.1, leaves: {up: {probability: 0.4, share_price_multiple: 3}, down: {probability: 0.6, share_price_multiple: 0.5}}}
    preferred: {kind: preferred, window: {from: 2025-10, to: 2026-12}, limit_usd_m: 40, rate: 0.1, term: 5 years, paid_in_kind: true}
    site_loan: {kind: project_loan, for_offers: [lease], limit_usd_m: 700, rate: 0.08, fee: 0.02, term: 8 years, dscr: 1.4, lock_up_dscr: 1.2, reserve_months: 6, loan_to_cost: 0.8, backstop: {for_offers: [lease], rate: 0.071, limit_usd_m: 400, warrants_m: 20, strike_usd: 0.01, term: 5 years, volatility: 0.8}}
    bond: {kind: project_bond, for_offers: [lease], refinances: [site_loan], after: 6 months, limit_usd_m: 700, rate: 0.06, fee: 0.01, term: 9 years, dscr: 1.3}
    revolver: {kind: credit_line, window: {from: 2025-10, to: 2029-06}, limit_usd_m: 50, rate: 0.09, fee: 0.01, undrawn_fee: 0.005}
    coins: {kind: btc_line, window: {from: 2025-10, to: 2028-06}, limit_usd_m: 60, rate: 0.11, ltv_at_draw: 0.5, ltv_call: 0.7, stress: 0.3}
    sweeper: {kind: sweep_loan, window: {from: 2025-10, to: 2026-06}, limit_usd_m: 50, rate: 0.12, matures: 2029-01, sweep: 0.5, above_usd_m: 20}
    atm: {kind: equity, window: {from: 2025-10, to: 2027-06}, limit_usd_m: 200, limit_usd_m_per_step: 50, yearly_limit_usd_m: 100, cost: 0.03}
  ebitda_before_usd_m: {2024-Q4: 9, 2025-Q1: 12, 2025-06: 5}
  tax: {rate: {2024-01: 0.21, 2028-01: 0.25}, state_rate: 0.02, losses_usd_m: 150, interest_limit: 0.3, interest_carried_usd_m: 4, opening_basis: {plant: {usd_m: 80, years_left: 10}}, countries: {norway: {sites: [oslo], rate: 0.22, losses_usd_m: 3}}}
  books: {equity_usd_m: 250, land_usd_m: 5, stock_pay_usd_m_per_quarter: 2}
  limits: {min_cash_usd_m: {limit: 20, priced: 0.5}, min_liquidity_usd_m: {limit: 30, from: 2026-01}, net_debt_to_ebitda: 6, debt_service_coverage: {limit: 1.1, from: 2027-01}, due_within_12_months: 1, max_dilution: 0.5, max_btc_share: {limit: 0.9, priced: 2}, debt_to_capital: 0.6}
  treasury: {policy: sell_to_fund, min_btc: 100}
""",
    ),
]


def places_of_marks(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without its marks, and line and column of what followed each."""
    places = []
    while MARK in text:
        before, _, after = text.partition(MARK)
        places.append((before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1))
        text = before + after
    return text, places


def changed(changes: Sequence[Change], text: str = CASE) -> str:
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


@pytest.fixture
def case_text() -> str:
    return CASE


@pytest.fixture
def power_text() -> str:
    """The small case with everything that can be said about power."""
    return changed(POWER)


@pytest.fixture
def money_text() -> str:
    """The small case with everything that can be said about money."""
    return changed(MONEY)


@pytest.fixture
def load_money(tmp_path: Path) -> Callable[..., LoadedCase]:
    """Loads that case with changes, which has to be in order."""

    def load(*changes: Change, **how: object) -> LoadedCase:
        path = tmp_path / "case.yaml"
        path.write_text(changed(changes, changed(MONEY)), "utf-8")
        return load_case(path, **how)  # type: ignore[arg-type]

    return load


@pytest.fixture
def expect_money_errors(tmp_path: Path) -> Callable[..., None]:
    """Loads that case with changes and holds the problems against what was expected, places and words."""

    def expect(changes: Sequence[Change], *expected: str) -> None:
        text, places = places_of_marks(changed(changes, changed(MONEY)))
        path = tmp_path / "case.yaml"
        path.write_text(text, "utf-8")
        with pytest.raises(CaseError) as caught:
            load_case(path)
        compare(caught.value.problems, path, places, expected)

    return expect


@pytest.fixture
def expect_money_warnings(tmp_path: Path) -> Callable[..., None]:
    """The same for warnings of that case, what its books assume apart."""

    def expect(changes: Sequence[Change], *expected: str) -> None:
        text, places = places_of_marks(changed(changes, changed(MONEY)))
        path = tmp_path / "case.yaml"
        path.write_text(text, "utf-8")
        warnings = [found for found in load_case(path).warnings if found.path != "finance.books"]
        compare(warnings, path, places, expected)

    return expect


@pytest.fixture
def load_power(tmp_path: Path) -> Callable[..., LoadedCase]:
    """Loads that case with changes, which has to be in order."""

    def load(*changes: Change, **how: object) -> LoadedCase:
        text = changed(changes, changed(POWER))
        path = tmp_path / "case.yaml"
        path.write_text(text, "utf-8")
        return load_case(path, **how)  # type: ignore[arg-type]

    return load


@pytest.fixture
def expect_power_errors(tmp_path: Path) -> Callable[..., None]:
    """Loads that case with changes and holds the problems against what was expected, places and words."""

    def expect(changes: Sequence[Change], *expected: str) -> None:
        text, places = places_of_marks(changed(changes, changed(POWER)))
        path = tmp_path / "case.yaml"
        path.write_text(text, "utf-8")
        with pytest.raises(CaseError) as caught:
            load_case(path)
        compare(caught.value.problems, path, places, expected)

    return expect


@pytest.fixture
def expect_power_warnings(tmp_path: Path) -> Callable[..., None]:
    """The same for warnings of that case."""

    def expect(changes: Sequence[Change], *expected: str) -> None:
        text, places = places_of_marks(changed(changes, changed(POWER)))
        path = tmp_path / "case.yaml"
        path.write_text(text, "utf-8")
        compare(load_case(path).warnings, path, places, expected)

    return expect


@pytest.fixture
def write_case(tmp_path: Path) -> Callable[..., tuple[Path, list[tuple[int, int]]]]:
    """Writes the case with changes to ``case.yaml``; its path and the places of the marks."""

    def write(*changes: Change) -> tuple[Path, list[tuple[int, int]]]:
        text, places = places_of_marks(changed(changes))
        path = tmp_path / "case.yaml"
        path.write_text(text, "utf-8")
        return path, places

    return write


@pytest.fixture
def load_changed(write_case: Callable[..., tuple[Path, object]]) -> Callable[..., LoadedCase]:
    """Loads the case with changes, which has to be in order."""

    def load(*changes: Change) -> LoadedCase:
        return load_case(write_case(*changes)[0])

    return load


@pytest.fixture
def expect_errors(write_case: Callable[..., tuple[Path, list[tuple[int, int]]]]) -> Callable[..., None]:
    """Loads the case with changes and holds the problems against what was expected, places and words."""

    def expect(changes: Sequence[Change], *expected: str) -> None:
        path, places = write_case(*changes)
        with pytest.raises(CaseError) as caught:
            load_case(path)
        compare(caught.value.problems, path, places, expected)

    return expect


@pytest.fixture
def expect_warnings(write_case: Callable[..., tuple[Path, list[tuple[int, int]]]]) -> Callable[..., None]:
    """The same for warnings of a case that is in order otherwise."""

    def expect(changes: Sequence[Change], *expected: str) -> None:
        path, places = write_case(*changes)
        compare(load_case(path).warnings, path, places, expected)

    return expect


def compare(
    problems: Sequence[Problem], path: Path, places: Sequence[tuple[int, int]], expected: Sequence[str]
) -> None:
    said = [(problem.line, problem.column, f"{problem.path}: {problem.message}") for problem in problems]
    assert {problem.file for problem in problems} <= {str(path)}
    assert said == [(*place, text) for place, text in zip(places, expected, strict=True)]


@pytest.fixture
def price_file(tmp_path: Path) -> Path:
    """A leap year of hourly prices, 20 to 43 by the hour of the day, in UTC."""
    path = tmp_path / "prices.csv"
    hour = datetime(2024, 1, 1, 6)
    rows = [f"{hour + timedelta(hours=h):%Y-%m-%dT%H:%M:%SZ},{20 + h % 24}" for h in range(366 * 24)]
    path.write_text("\n".join(["timestamp_utc,HB_WEST", *rows, ""]), "utf-8")
    return path
