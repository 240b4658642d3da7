"""Tax at the horizon and after it: on residuals of halls and on machines that are left, against numbers on paper."""

from __future__ import annotations

from typing import Any

from optimizer.plan.audit.recompute.decisions import Decisions

from .conftest import BOUGHT, RUNNING, SIGNED, TRADES, WIDE, decided
from .test_income_tax import TAXED, close, tax_rows, value_of

NOTHING = Decisions(())
ORDER = TRADES[0]
MACHINES = WIDE | TAXED
UNPROFITABLE = RUNNING | {"rate_usd_per_kw_month": 1}
"""A lease that costs more than it brings in each month: none is taxed."""
LINE = {"method": "straight_line", "years": 10}


def beyond(plan: Any) -> float:
    return float(value_of(plan, "tax")["beyond_horizon_usd_m"])


def taxed(bonus: float = 1.0, **more: Any) -> dict[str, Any]:
    """A quarter of all income; machines are written off as by law, with this share at once."""
    machines = {"method": "macrs", "years": 5, "bonus": bonus}
    return {"finance.tax": {"rate": 0.25, "depreciation": {"machines": machines}} | more}


def halls(residual: float, **terms: Any) -> dict[str, Any]:
    depreciation = {"halls": terms or {"method": "straight_line", "years": 20}}
    return TAXED | {
        "finance.tax": {"rate": 0.25, "depreciation": depreciation},
        "offers.lease.residual_usd_m_per_mw_it": residual,
        "offers.lease.prepayment": 0,
    }


def test_a_residual_above_its_basis(make_plan: Any) -> None:
    """Proves: of 200 of capex 24 of 240 months are gone when the contract ends in July 2027: a residual of 240 is taxed
    on 60. One of 180 or less pays nothing. The signing cost is no part of it. Broken: 60 (the whole residual);
    14.375 (a basis of 182.7 with the signing cost); a loss that saves tax."""
    base = beyond(make_plan(halls(0), Decisions((SIGNED,))))
    for residual, gain in ((12, 60), (9, 0), (8, 0), (9.01, 0.2)):
        found = beyond(make_plan(halls(residual), Decisions((SIGNED,))))
        assert found - base == close(-0.25 * gain)
    # What is written off at once leaves no basis.
    base = beyond(make_plan(halls(0, years=20, bonus=1), Decisions((SIGNED,))))
    assert beyond(make_plan(halls(1, years=20, bonus=1), Decisions((SIGNED,)))) - base == close(-5)


def test_a_residual_is_discounted_as_halls_are(make_plan: Any) -> None:
    """Proves: 30 months after the start, at hosting's 21 % or the offer's own 44 %; at the WACC at that. Broken: at
    12 % (corporate); as of a month later."""
    for terms, rate in (({"discount.hosting": 0.21}, 0.21), ({"offers.lease.discount": 0.44}, 0.44)):
        one, two = (make_plan(halls(each) | terms, Decisions((SIGNED,))) for each in (0, 12))
        assert beyond(two) - beyond(one) == close(-15 * (1 + rate) ** -2.5)
        at_wacc = [value_of(each, "tax")["at_wacc_usd_m"] for each in (one, two)]
        assert at_wacc[1] - at_wacc[0] == close(-15)


def test_a_residual_inside_the_horizon(make_plan: Any) -> None:
    """Proves: what is received in the plan is income of that year and is not taxed once more; at the very horizon it
    is beyond it. Broken: 2.5 beyond; nothing at the horizon."""
    lease = UNPROFITABLE | {"capex_left_usd_m": 0}
    for term, within, after in (("17 months", 10, 0), ("18 months", 0, -2.5), ("19 months", 0, -2.5)):
        changes = TAXED | {"finance.tax": {"rate": 0.25}, "leases": {"tenant": lease | {"term": term}}}
        plan = make_plan(changes, NOTHING)
        assert tax_rows(plan)[0]["other_income_usd_m"] == within
        assert beyond(plan) == close(after)


def test_the_basis_of_a_lease(make_plan: Any) -> None:
    """Proves: 12 that are left to be spent on a lease are written off over ten years from the start, also in the month
    in the middle of which it ends: 19 of 120 months, so 10 of residual is below the basis of 10.1 and 10.2 is above.
    Broken: a basis of 12, or of 10.2 with the last month left out."""
    lease = UNPROFITABLE | {"first_rent": "2024-07-16", "capex_left_usd_m": 12}
    for residual, gain in ((10, 0), (10.2, 0.1)):
        changes = TAXED | {
            "finance.tax": {"rate": 0.25, "depreciation": {"halls": LINE}},
            "leases": {"tenant": lease | {"term": "24 months", "residual_usd_m_per_mw_it": residual / 10}},
        }
        assert beyond(make_plan(changes, NOTHING)) == close(-0.25 * gain)


def test_the_fleet_that_is_left(make_plan: Any) -> None:
    """Proves: 1,000 PH/s of the start bring 2.2 at the horizon (half of half of 10 less 12 %), all of it taxed: 0.55,
    over 1.21 a year later; at the WACC of 0 0.55. Where it lives no longer, or nobody takes it, there is none.
    Broken: 0; at 12 %; 0.88 (the first tier)."""
    plan = make_plan(MACHINES | taxed() | {"discount.mining": 0.21}, NOTHING)
    assert value_of(plan, "machines")["beyond_horizon_usd_m"] == close(2.2 / 1.21)
    assert beyond(plan) == close(-0.55 / 1.21)
    tax = value_of(plan, "tax")
    assert tax["at_wacc_usd_m"] == close(1.0 * (tax["within_horizon_usd_m"] * 1.12) - 0.55)
    assert beyond(make_plan(MACHINES | taxed() | {"machines.S20.life": "12 months"}, NOTHING)) == 0


def test_bought_machines_that_are_left(make_plan: Any) -> None:
    """Proves: 200 PH/s bought for 2 in January and there from April bring 0.455. Written off at once all of that is
    taxed; with 90 % at once 0.04 more are gone, so that 0.16 are left: 0.295. Over ten years more is left than they
    bring. Of half of them, the rest being sold, it is half. What arrives after the horizon counts nothing.
    Broken: 0.11375 in each case; 0.295 / 4 of half of them less 0.16 whole; a loss that saves tax."""
    fleet = -0.55
    for bonus, gain in ((1.0, 0.455), (0.9, 0.295), (0.0, 0)):
        assert beyond(make_plan(MACHINES | taxed(bonus), Decisions((ORDER,)))) - fleet == close(-0.25 * gain)
    half = (decided("unplug", BOUGHT, "west", 6, 100.0), decided("sell", BOUGHT, "", 6, 100.0))
    assert beyond(make_plan(MACHINES | taxed(0.9), Decisions((ORDER, *half)))) - fleet == close(-0.25 * 0.295 / 2)
    late = decided("buy", "S20", "west", 9, 100.0)
    later = MACHINES | taxed() | {"machines.S20.buy.delivery": "4 months"}
    assert beyond(make_plan(later, Decisions((late,)))) - fleet == close(0)


def test_machines_on_their_way_that_are_left(make_plan: Any) -> None:
    """Proves: 100 PH/s of a joint venture of 40 % arrive in July and bring 0.4 * 0.235 at the horizon; of 0.4 * 0.3
    that was due half is written off at once and a fifth of the rest: 0.4 * 0.12 are left. What was paid before is no
    basis here. Broken: 0.235; a basis of 0.4 * 5."""
    lot = {"machine": "S20", "ph_s": 100, "on": "2025-07", "due_usd_m": 0.3, "paid_usd_m": 5}
    site = {"power": {"market": "hub"}, "energised_mw": 20, "mining_shell_mw": 20, "share": 0.4,
            "arriving": {"more": lot}}  # fmt: skip
    plan = make_plan(MACHINES | taxed(0.5) | {"sites.joint": site}, NOTHING)
    assert beyond(plan) - -0.55 == close(-0.25 * 0.4 * (0.235 - 0.12))


def test_machines_of_another_country(make_plan: Any) -> None:
    """Proves: a lot is taxed where it is at home, wherever it stands: 100 of west's 1,000 that stand at east pay 25 %,
    100 of east's own 10 %, of the last period's rates. Broken: 10 % of what stands at east."""
    east = {"power": {"market": "hub"}, "energised_mw": 20, "mining_shell_mw": 20, "fleet": {"S20": {"ph_s": 100}}}
    countries = {"abroad": {"sites": ["east"], "rate": 0.1}}
    tax = {"rate": {"2025-01": 0.2, "2025-10": 0.25}, "countries": countries}
    moved = (decided("unplug", "west.S20", "west", 3, 100.0), decided("plug", "west.S20", "east", 6, 100.0))
    plan = make_plan(MACHINES | {"sites.east": east, "finance.tax": tax}, Decisions(moved))
    assert beyond(plan) == close(-0.25 * 2.2 - 0.1 * 0.22)
