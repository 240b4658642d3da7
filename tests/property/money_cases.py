"""Random companies with all kinds of assets and money, on which the statements are tried.

Horizons are short, so that hundreds of them are solved in a minute or two. Figures have nothing to do with each other.
"""

from __future__ import annotations

from tests.math.cases import CASE, OFFER, changed
from tests.property.money_kinds import FACILITIES, Data, Draw


def _machines(draw: Draw, movable: bool) -> Data:
    buy = {
        "window": draw.window(),
        "delivery": f"{draw.whole(0, 4)} months",
        "sites": ["one"],
        "max_ph_s_per_step": draw.number(200, 3000),
    }
    tiers = [{"ph_s_per_quarter": draw.number(100, 5000), "factor": factor} for factor in (1.0, 0.7)]
    new: Data = {
        "efficiency_j_per_th": 16,
        "life": f"{draw.whole(2, 5)} years",
        "price_usd_per_th": draw.number(3, 20),
        "price_growth": draw.number(-0.2, 0.1),
        "buy": buy,
        "resale": {"share": draw.number(0.2, 0.9), "tiers": tiers},
        "move_usd_per_th": draw.number(0, 0.5),
        "movable_to": ["two"] if movable else [],
    }
    old: Data = {"efficiency_j_per_th": draw.number(20, 36), "life": f"{draw.whole(3, 6)} years"}
    if draw.sometimes():
        old |= {"price_usd_per_th": draw.number(1, 5), "resale": {"share": 0.5, "tiers": tiers[:1]}}
    return {"m16": new, "old": old}


def _sites(draw: Draw) -> Data:
    fleet = {
        "m16": {"ph_s": draw.number(500, 3000), "book_usd_m": draw.number(0, 40)},
        "old": {"ph_s": draw.number(500, 3000), "bought": "2022-06", "book_usd_m": draw.number(0, 10)},
    }
    arriving = {
        "second": {
            "machine": "m16",
            "ph_s": draw.number(200, 900),
            "on": draw.one_of("2025-03", "2025-08-11"),
            "due_usd_m": draw.number(0, 4),
            "paid_usd_m": draw.number(0, 4),
        }
    }
    shed = {
        "window": draw.window(),
        "lead": f"{draw.whole(0, 5)} months",
        "energised_mw": draw.number(5, 30),
        "mining_shell_mw": draw.number(5, 30),
        "cost_usd_m": draw.number(1, 9),
        "operating_cost_usd_m_per_year": draw.number(0, 1),
        "max": 2,
    }
    one: Data = {
        "power": {"market": "hub", "adder_usd_per_mwh": draw.number(0, 10)},
        "energised_mw": draw.number(230, 300),
        "mining_shell_mw": draw.number(200, 230),
        "mining_overhead": 1.25,
        "operating_cost_usd_m_per_year": draw.number(0, 4),
        "variable_cost_usd_per_mwh": draw.number(0, 2),
        "fleet": fleet,
        "arriving": arriving if draw.sometimes() else {},
        "builds": {"shed": shed} if draw.sometimes() else {},
    }
    two: Data = {
        "power": {"market": "hub"},
        "energised_mw": 60,
        "mining_shell_mw": 60,
        "mining_overhead": 1.2,
        "fleet": {"m16": {"ph_s": draw.number(300, 2000), "book_usd_m": draw.number(0, 20)}},
    }
    if draw.sometimes(0.4):
        two["share"] = draw.number(0.3, 0.9)
    return {"one": one, "two": two}


def _offer(draw: Draw) -> Data:
    capex = draw.number(2, 9)
    terms: Data = {
        "sign": {"from": "2025-01", "to": draw.one_of("2025-01", "2025-12")},
        "takes": draw.one_of("mining_shell", "free_power"),
        "halls": {"min": 1, "max": draw.whole(1, 3)},
        "lead": f"{draw.whole(0, 12)} months",
        "ramp": f"{draw.whole(0, 3)} months",
        "term": f"{draw.whole(2, 8)} years",
        "rate_usd_per_kw_month": draw.number(90, 250),
        "escalator": draw.number(0, 0.05),
        "capex_usd_m_per_mw_it": capex,
        "signing_cost_usd_m": draw.number(0, 2),
        "prepayment": draw.one_of(0.0, draw.number(0, 0.1)),
        "operating_cost_usd_m_per_mw_it_year": draw.number(0, 0.3),
        "residual_usd_m_per_mw_it": draw.number(0, 2),
        "power": {"paid_by": draw.one_of("tenant", "operator")},
    }
    if draw.sometimes(0.3):
        credited = draw.number(0, capex / 3)
        terms["tenant_capex"] = {
            "usd_m_per_mw_it": draw.number(max(credited, 0.1), capex / 2),
            "credited_usd_m_per_mw_it": credited,
        }
    return changed(OFFER, terms)


def _lease(draw: Draw) -> Data:
    return {
        "site": "one",
        "takes": "free_power",
        "it_mw": draw.number(3, 15),
        "gross_per_it": 1.4,
        "pue": 1.2,
        "first_rent": draw.one_of("2024-06", "2025-01", "2025-06-16"),
        "ramp": f"{draw.whole(0, 4)} months",
        "rate_usd_per_kw_month": draw.number(90, 200),
        "term": draw.one_of("18 months", "8 years"),
        "capex_left_usd_m": draw.number(0, 20),
        "operating_cost_usd_m_per_mw_it_year": draw.number(0, 0.3),
        "prepayment_left_usd_m": draw.number(0, 5),
        "residual_usd_m_per_mw_it": draw.number(0, 1),
        "book_usd_m": draw.number(0, 60),
        "power": {"paid_by": draw.one_of("tenant", "operator")},
    }


def _debt(draw: Draw, with_lease: bool) -> Data:
    debt: Data = {
        "principal_usd_m": draw.number(5, 60),
        "rate": draw.number(0, 0.12),
        "matures": draw.one_of("2025-09-15", "2026-02", "2028-01"),
        "interest_every": draw.one_of("3 months", "6 months", "12 months"),
        "amortisation": draw.one_of("bullet", "even"),
    }
    if draw.sometimes(0.3):
        debt["conversion"] = {"price_usd": draw.number(0.5, 3), "straight_rate": 0.1, "volatility": 0.6}
    elif with_lease and draw.sometimes():
        debt["project"] = {"lease": "tenant", "reserve_months": draw.whole(0, 6), "lock_up_dscr": draw.number(1, 2)}
    return debt


def _tax(draw: Draw) -> Data:
    def method() -> Data:
        return {
            "method": draw.one_of("straight_line", "macrs"),
            "years": draw.one_of(3, 5, 7, 15),
            "bonus": draw.one_of(0.0, 0.4, 1.0),
        }

    tax: Data = {
        "rate": 0.21,
        "state_rate": draw.one_of(0.0, 0.05),
        "losses_usd_m": draw.number(0, 30),
        "depreciation": {name: method() for name in ("machines", "halls", "buildings")},
    }
    if draw.sometimes():
        tax |= {"interest_limit": 0.3, "interest_carried_usd_m": draw.number(0, 5)}
    if draw.sometimes(0.3):
        tax["opening_basis"] = {"plant": {"usd_m": draw.number(0, 50), "years_left": draw.whole(1, 9)}}
    if draw.sometimes(0.3):
        tax["countries"] = {"abroad": {"sites": ["two"], "rate": 0.15, "losses_usd_m": draw.number(0, 5)}}
    return tax


def _given(draw: Draw, sites: Data, facilities: Data) -> Data:
    """Decisions that a plan would seldom take by itself: a shed that nobody needs, a line without need."""
    given: Data = {}
    if sites["one"]["builds"] and draw.sometimes(0.6):
        sites["one"]["builds"]["shed"]["window"] = {"from": "2025-01", "to": "2025-12"}
        given["build"] = {"one.shed": {draw.one_of("2025-01", "2025-04"): draw.whole(1, 2)}}
    line = facilities.get("line")
    if line is not None and line["kind"] != "btc_line" and draw.sometimes(0.7):
        first = draw.one_of("2025-01", "2025-04")
        line["window"] = {"from": first, "to": draw.one_of("2025-04", "2025-12")}
        given["draw"] = {"line": {first: round(0.7 * line["limit_usd_m"], 3)}}
    return given


def random_company(seed: int) -> Data:
    """A company with books, at most two debts, and up to four ways to raise money; its limits have a price."""
    draw = Draw(seed)
    sites = _sites(draw)
    leases = {"tenant": _lease(draw)} if draw.sometimes(0.6) else {}
    debts = {f"debt{k}": _debt(draw, bool(leases) and k == 0) for k in range(draw.whole(0, 2))}
    names = draw.random.choice(list(FACILITIES), draw.whole(0, 4), replace=False).tolist()
    facilities = {name: FACILITIES[name](draw) for name in names}
    if {"site_loan", "bond"} <= set(names):
        facilities["bond"]["refinances"] = ["site_loan"]
    policy = draw.one_of("sell_mined", "sell_all", "hold", "sell_share", "sell_to_fund")
    books: Data = {
        "land_usd_m": draw.number(0, 9),
        "other_liabilities_usd_m": draw.number(0, 9),
        "stock_pay_usd_m_per_quarter": draw.number(0, 3),
        "machine_life": draw.one_of("36 months", "24 months"),
        "property_usd_m": draw.number(0, 90),
    }
    if draw.sometimes():
        books["btc_basis_usd_m"] = draw.number(0, 9)
    limits: Data = {"min_cash_usd_m": {"limit": draw.number(0, 20), "priced": draw.number(0.2, 2)}}
    if draw.sometimes(0.3):
        limits["net_debt_to_ebitda"] = {"limit": draw.number(1, 4), "priced": 0.1}
    if draw.sometimes(0.2):
        limits["max_btc_share"] = {"limit": draw.number(0.3, 0.9), "priced": 0.05}
    given = _given(draw, sites, facilities)
    finance: Data = {
        "opening": {
            "cash_usd_m": draw.number(0, 60),
            "btc": draw.number(0, 300),
            "shares_m": 100,
            "share_price_usd": draw.number(0.5, 4),
            "sga_usd_m_per_quarter": draw.number(0, 3),
        },
        "cash_yield": draw.one_of(0.0, 0.04),
        "debts": debts,
        "facilities": facilities,
        "books": books,
        "limits": limits,
        "ebitda_before_usd_m": {"2024-Q4": draw.number(-2, 8)},
        "treasury": {"policy": policy, **({"share": 0.6} if policy == "sell_share" else {})},
    }
    taxed = draw.one_of("none", "short", "full", "full")
    if taxed == "full":
        finance["tax"] = _tax(draw)
    elif taxed == "short":
        finance["cash_tax_rate"] = 0.15
    return changed(
        CASE,
        {
            "horizon.steps": draw.one_of(["5 quarters"], ["2 quarters", "1 year"], ["7 months"], ["2 quarters"]),
            "discount": {"hosting": 0.09, "mining": 0.15, "corporate": 0.12},
            "market.network.btc_growth": draw.number(-0.4, 0.6),
            "market.network.hashrate_growth": draw.number(0, 0.4),
            "machines": _machines(draw, movable="share" not in sites["two"]),
            "sites": sites,
            "offers": {"hall": _offer(draw)},
            "leases": leases,
            "finance": finance,
            "given": given,
        },
    )
