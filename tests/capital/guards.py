"""Small cases in which something for nothing is within reach, each with what the plan is worth with its guard."""

from __future__ import annotations

from dataclasses import dataclass

from tests.capital.builder import (
    Data,
    firm,
    hall,
    laid_down,
    lease,
    line,
    loan,
    notes,
    project,
    shares,
    site_loan,
    units,
    window,
)

HALL = {"date": "2025-01", "halls": 1}


@dataclass(frozen=True)
class Lure:
    """A case, its value, and what a solver believes once these components of the model are left out."""

    data: Data
    value: float
    without: tuple[str, ...] = ()
    believed: float = 0.0


CHEAP = {"rate": 0.04, "market_rate": 0.1, "interest_every": "12 months", "term": "12 months"}
WON = 1 - 1.04 / 1.1
"""By a million of that loan: somebody gives it away, but only for halls, or only so much."""

HIDDEN = firm(
    100,
    "8 quarters",
    tax={"rate": 0.2},
    cash_yield=0.1,
    companies={"below": {"sites": ["two"]}},
    more={"sites.two": {"power": {"market": "hub"}, "energised_mw": 1}},
)
"""Cash that yields 2.5 % a quarter, and a company in which it could lie for nothing."""

FIXED_COST = {"fee": 0.01, "fixed_cost_usd_m": 2, "window": window("2025-01", "2025-06"), "term": "36 months"}
TWO_WORKS = {f"works{k}": project(30, 40, "36 months", at) for k, at in enumerate(("2025-01", "2025-04"))}

FALLING: Data = {
    "market.network.btc_growth": -0.9375,
    "finance.opening.btc": 1000,
    "finance.treasury": {"policy": "hold"},
}
COINS = {
    "kind": "btc_line",
    "window": window("2025-01", "2025-12"),
    "limit_usd_m": 100,
    "rate": 0.0,
    "ltv_at_draw": 0.5,
    "ltv_call": 0.8,
}
ON_COINS = firm(0, facilities={"coins": COINS}, offers={"works": project(48, 53, "3 months")}, more=FALLING)
"""Coins lend 48 when it is drawn, and half of it before the quarter ends."""

SWEPT = firm(
    10,
    facilities={
        "sweep": {
            "kind": "sweep_loan",
            "window": window(),
            "limit_usd_m": 60,
            "rate": 0.0,
            "matures": "2026-12",
            "sweep": 0.25,
            "above_usd_m": 10,
        }
    },
    offers={"first": project(60, 60, "36 months"), "works": project(120, 125, at="2025-10")},
    leases={"rent": lease(10)},
    given={"sign": {"first": HALL}},
)

LOSS: Data = {"ebitda_before_usd_m": {"2024-Q4": -0.5}, "more": {"finance.opening.sga_usd_m_per_quarter": 0.5}}

LOCKED = firm(
    0,
    "8 quarters",
    facilities={"bank": site_loan(amortisation="even", lock_up_dscr=1.5)},
    offers={"hall": hall(1.2, "36 months", 24), "works": project(4.5, 10, at="2026-10")},
)
RESERVED = firm(
    0,
    facilities={"bank": site_loan(amortisation="even", reserve_months=3)},
    offers={"hall": hall(2, "24 months", 24), "works": project(6, 7, at="2025-04")},
)

BORROWED = firm(
    100,
    "3 years",
    facilities={"bank": loan(0.08, "60 months", limit_usd_m=10_000)},
    leases={"rent": lease(100 / 12, "36 months")},
    tax={"rate": 0.21},
)
"""A loan that nothing needs, and income that its interest could shelter."""

AT_ONCE = {"method": "straight_line", "years": 39, "bonus": 1.0}
EMPTY_HALL = firm(
    200,
    offers={"empty": project(100, 100, "24 months", operating_cost_usd_m_per_mw_it_year=0.012)},
    leases={"rent": lease(10, "12 months")},
    tax={"rate": 0.3, "depreciation": {"halls": AT_ONCE}},
)
"""A hall that earns nothing, is written off at once and is worth its cost after the plan."""

GIVEN_AWAY = site_loan(0.0, "12 months", market_rate=0.1, interest_every="12 months", amortisation="bullet")
ZERO = notes(
    0.3,
    "60 months",
    straight_rate=0.08,
    interest_every="12 months",
    fee=0.03,
    volatility=0.8,
    risk_free=0.04,
    capped_call={"cost": 0.1, "cap_premium": 1.0},
)
PAR_LOAN = loan((1.08**5 - 1) / 5, "60 months", interest_every="60 months", fee=0.01)
BACKED = site_loan(
    0.1,
    "12 months",
    interest_every="12 months",
    amortisation="bullet",
    backstop={
        "for_offers": ["hall"],
        "rate": 0.06,
        "limit_usd_m": 100,
        "strike_usd": 0.5,
        "term": "24 months",
        "warrants_m": 10,
        "volatility": 0.001,
        "risk_free": 0.0,
    },
)

SOLD_TWICE: Data = {"finance.opening.btc": 1000, "finance.treasury": {"policy": "sell_to_fund"}}

LURES: dict[str, Lure] = {
    "money given away is drawn once": Lure(
        firm(0, facilities={"bank": loan(**{**CHEAP, "window": window("2025-01", "2025-12")})}),
        100 * WON,
        ("draws_facility_limit",),
        100 * WON * sum(1.1**-t for t in (0, 0.25, 0.5, 0.75)),
    ),
    "money for halls without a hall": Lure(
        firm(0, facilities={"bank": loan(**CHEAP, loan_to_cost=0.7)}), 0.0, ("draws_loan_to_cost",), 100 * WON
    ),
    "project money without a project": Lure(
        firm(10, facilities={"bank": GIVEN_AWAY}, offers={"hall": hall(0.1, capex=1000)}),
        10.0,
        ("draws_project_debt_by_cost",),
        10 + 1000 * (1 - 1 / 1.1),
    ),
    "a project carries more than its cash serves": Lure(
        firm(
            2.9,
            facilities={"bank": site_loan(dscr=1.5), "other": site_loan(dscr=1.5)},
            offers={"hall": hall(1, capex=20)},
        ),
        2.9,
        ("draws_project_debt_by_service",),
        6.9,
    ),
    "a fixed cost that nobody pays": Lure(
        firm(0, facilities={"bank": loan(**FIXED_COST)}, offers=TWO_WORKS),
        18 - 0.62 / 0.99,
        ("draw_most",),
        20 - 0.6 / 0.99,
    ),
    "a line without a commitment": Lure(
        firm(0, facilities={"line": line(fee=0.01)}, offers={"works": project(40, 60)}),
        20 - 0.4 / 0.99,
        ("line_within",),
        20.0,
    ),
    "coins pledged and sold": Lure(
        firm(0, facilities={"coins": COINS}, offers={"works": project(100, 110)}, more=SOLD_TWICE),
        96.0,
        ("btc_pledged",),
        106.0,
    ),
    "a sweep that waits": Lure(SWEPT, 130.0, ("sweep_takes",), 135.0),
    "cash that the lender holds": Lure(LOCKED, 19.2, ("lock_keeps",), 24.7),
    "borrowed to be held": Lure(BORROWED, 337.0, ("interest_used",), 400.0),
    "no net debt on a loss": Lure(
        firm(
            40.5,
            "1 quarter",
            limits={"net_debt_to_ebitda": 6},
            facilities={"bank": loan()},
            offers={"works": units(90)},
            **LOSS,
        ),
        60.0,
        ("profit_or_none",),
        85.0,
    ),
    "dilution": Lure(
        firm(0, "1 quarter", limits={"max_dilution": 0.3}, facilities={"atm": shares()}, offers={"works": units()}),
        15.0,
        ("limit_max_dilution",),
        25.0,
    ),
    "debt due that nobody covers": Lure(
        firm(
            25,
            "1 quarter",
            limits={"due_within_12_months": 1},
            debts={"old": {"principal_usd_m": 20, "rate": 0.0, "matures": "2026-01"}},
            offers={"works": units()},
        ),
        7.5,
        ("limit_due_within_12_months",),
        17.5,
    ),
}

IDLE: Data = {
    "market.network.hashrate_eh_s": 90000,
    "machines.m16": {
        "efficiency_j_per_th": 16,
        "life": "5 years",
        "price_usd_per_th": 20,
        "resale": {"share": 0.95, "tiers": [{"ph_s_per_quarter": 1e6, "factor": 1.0}]},
    },
    "sites.one.fleet": {"m16": {"ph_s": 1000}},
}
"""Machines that mine nothing and bring 19 at once."""

DRESSED = firm(
    0,
    "1 quarter",
    limits={"net_debt_to_ebitda": 2},
    facilities={"bank": loan()},
    offers={"works": units(100)},
    leases={"rent": lease(1, "3 months")},
    ebitda_before_usd_m={"2024-Q4": 3},
    more=IDLE,
)
RESOLD = firm(
    100,
    leases={"rent": lease(100 / 12)},
    tax={"rate": 0.21},
    given=laid_down(
        buy={"one.m16": {"2025-01": 1000}},
        unplug={"one.m16 2025-01": {"2025-04": 1000}},
        sell={"one.m16 2025-01": {"2025-04": 1000}},
    ),
    more={
        **{name: terms for name, terms in IDLE.items() if name != "sites.one.fleet"},
        "machines.m16.buy": {
            "window": window(),
            "delivery": "0 months",
            "sites": ["one"],
            "max_ph_s_per_step": 1e6,
        },
    },
)
LEFT_OVER = firm(
    100,
    leases={"rent": lease(100 / 12)},
    tax={"rate": 0.3},
    more={
        **IDLE,
        "sites.one.fleet": None,
        "machines.m16.buy": {
            "window": window("2025-10", "2025-10"),
            "delivery": "0 months",
            "sites": ["one"],
            "max_ph_s_per_step": 1e6,
        },
    },
)
"""Machines on sale in the last quarter that mine nothing, are written off at once and resold for 95 % of their price
less three months' wear."""
PRICED = firm(
    0,
    "1 quarter",
    limits={"net_debt_to_ebitda": {"limit": 2, "priced": 4}},
    facilities={"bank": loan()},
    offers={"works": units()},
    leases={"rent": lease(1, "3 months")},
    ebitda_before_usd_m={"2024-Q4": 3},
)
