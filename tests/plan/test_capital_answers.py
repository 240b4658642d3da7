"""What a plan says of its capital, by hand: funding need, runway, maturities, dilution, sources and uses, in words.

A company with 30 USD m and overheads of 20 a quarter has 10, -10, -30 and -50 without new money.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimizer.plan.capital import brought_by_facilities, capital_answers, runway_ends
from optimizer.plan.sources_uses import sources_uses_table
from optimizer.report.capital_words import capital_lines, coin_lines
from tests.plan.books_plan import close, company, planned

POOR: dict[str, Any] = {
    "sites.one.fleet": {},
    "finance.opening.cash_usd_m": 30,
    "finance.opening.sga_usd_m_per_quarter": 20,
    "finance.opening.share_price_usd": 4,
    "finance.limits.min_cash_usd_m": 5,
}
LOAN = {
    "kind": "term_loan", "window": {"from": "2025-01", "to": "2025-01"}, "limit_usd_m": 100, "rate": 0.1, "fee": 0.02,
    "term": "24 months",
}  # fmt: skip
BORROWS = POOR | {"finance.facilities.loan": LOAN, "given.draw": {"loan": {"2025-01": 60}}}


def test_what_new_money_brings(tmp_path: Path) -> None:
    """Proves: of 60 drawn 58.8 come in, and 3 of interest are paid in July: cash without them is 10, -10, -30, -50, so
    at most 55 are needed to keep 5, in the last quarter; it runs short in the second. Broken: 53.8, if the fee were
    needed too; 52 with the interest of the loan; 2025Q3, if the loan's own money counted."""
    plan = planned(tmp_path, company(BORROWS))
    assert brought_by_facilities(plan) == close(58.8, 58.8, 55.8, 55.8)
    answers = capital_answers(plan, None)
    assert answers["peak_funding_need_usd_m"] == close(55)
    assert answers["peak_funding_need_period"] == "2025Q4"
    assert answers["runway_ends"] == "2025Q2"
    assert (answers["runway_ends_status_quo"], answers["has_status_quo"]) == (None, False)
    assert answers["thinnest_headroom_usd_m"] == close(0.8)
    assert answers["thinnest_period"] == "2025Q4"
    assert answers["funded_by"] == {"loan": close(60)}
    assert answers["dilution"] == 0


def test_without_new_money_nothing_is_needed(tmp_path: Path) -> None:
    """Proves: with 200 at the start there is no need, no end of the runway and no maturity. Broken: a need of -115."""
    plan = planned(tmp_path, company(POOR | {"finance.opening.cash_usd_m": 200}))
    answers = capital_answers(plan, plan)
    assert (answers["peak_funding_need_usd_m"], answers["peak_funding_need_period"]) == (0, None)
    assert (answers["runway_ends"], answers["runway_ends_status_quo"], answers["has_status_quo"]) == (None, None, True)
    assert answers["maturities_usd_m"] == {}
    assert answers["cost_per_btc"] == []


def test_runway_of_the_status_quo(tmp_path: Path) -> None:
    """Proves: the runway of the other plan is its own: with 20 less at the start it ends in the first quarter. Broken:
    2025Q2, that of the plan itself."""
    plan = planned(tmp_path, company(BORROWS))
    other = replace(plan, states=replace(plan.states, cash_usd_m=plan.states.cash_usd_m - 20))
    assert runway_ends(other) == "2025Q1"
    assert capital_answers(plan, other)["runway_ends_status_quo"] == "2025Q1"
    assert capital_answers(plan, other)["runway_ends"] == "2025Q2"


def test_maturities_go_on_after_the_horizon(tmp_path: Path) -> None:
    """Proves: notes of 40 with 10 due in June 2025 and the rest in 2031, and the loan of 60 due in January 2027.
    Broken: 2025 alone, if only the horizon counted; interest beside it."""
    notes = {"principal_usd_m": 40, "rate": 0.05, "matures": "2031-06", "amortisation": {"2025-06": 10}}
    plan = planned(tmp_path, company(BORROWS | {"finance.debts": {"notes": notes}, "finance.opening.cash_usd_m": 60}))
    found = capital_answers(plan, None)["maturities_usd_m"]
    assert found == {"2025": close(10), "2027": close(60), "2031": close(30)}
    assert list(found) == ["2025", "2027", "2031"]


def test_what_a_line_owes_at_the_horizon_falls_due_when_it_ends(tmp_path: Path) -> None:
    """Proves: a line that runs to June 2026 draws 20 in July and 10 more in October 2025 and owes 30 at the horizon:
    due in 2026. Broken: 0, as nothing is repaid within the horizon, or 30 in 2025."""
    line = {"kind": "credit_line", "window": {"from": "2025-01", "to": "2026-06"}, "limit_usd_m": 50, "rate": 0.1}
    changes = POOR | {
        "finance.facilities.line": line,
        "finance.opening.cash_usd_m": 70,
        "given.commit": {"line": {"2025-01": 30}},
        "given.draw": {"line": {"2025-07": 20, "2025-10": 10}},
        "given.repay": {"line": "forbidden"},
    }
    answers = capital_answers(planned(tmp_path, company(changes)), None)
    assert answers["maturities_usd_m"] == {"2026": close(30)}
    assert answers["funded_by"] == {"line": close(30)}
    # Without it 50, 30, 10 and -10 are left.
    assert answers["runway_ends"] == "2025Q4"
    assert answers["peak_funding_need_usd_m"] == close(15)


def test_dilution(tmp_path: Path) -> None:
    """Proves: 20 raised at 4 less a tenth are 5.556 million shares, 30 of notes that convert at 5 are 6 million: 11.6 %
    of 100. Broken: 5 million without the discount; 7.5 without the premium; 10.4 % of all shares then."""
    notes = {
        "kind": "convertible", "window": {"from": "2025-01", "to": "2025-01"}, "limit_usd_m": 50, "rate": 0,
        "term": "5 years", "premium": 0.25, "straight_rate": 0.1, "volatility": 0.8, "put_after": "2 years",
    }  # fmt: skip
    atm = {"kind": "equity", "window": {"from": "2025-01", "to": "2025-01"}, "limit_usd_m": 20, "cost": 0.1}
    changes = POOR | {
        "finance.facilities": {"notes": notes, "atm": atm},
        "given.draw": {"notes": {"2025-01": 30}},
        "given.issue": {"atm": {"2025-01": 20}},
        "finance.opening.cash_usd_m": 40,
    }
    plan = planned(tmp_path, company(changes))
    answers = capital_answers(plan, None)
    assert answers["new_shares_m"] == close(20 / 3.6)
    assert answers["shares_under_convertibles_m"] == close(6)
    assert answers["warrants_m"] == 0
    assert answers["dilution"] == close((20 / 3.6 + 6) / 100)
    assert answers["funded_by"] == {"notes": close(30), "atm": close(20)}
    assert answers["value_usd_per_share"] == close(plan.value_usd_m / 100)
    # Holders may ask for their money after two years, and the plan is ready to pay then.
    assert answers["maturities_usd_m"] == {"2027": close(30)}
    assert any(line.startswith("dilution 11.6%: 5.6M new shares, 6.0M shares") for line in capital_lines(answers))


# A hall of 24 in the first two months, then 3 USD m a month for two years; a project loan of 12 for it at 12 % a year.
PROJECT = {
    "sites.one.fleet": {},
    "sites.one.energised_mw": 1100,
    "given.sign": {"hall": {"date": "2025-01", "halls": 1}},
    "finance.opening.cash_usd_m": 20,
    "finance.facilities.notes": {
        "kind": "project_loan", "for_offers": ["hall"], "limit_usd_m": 100, "rate": 0.12, "fee": 0.02,
        "loan_to_cost": 0.8, "term": "12 months", "amortisation": "even", "reserve_months": 3,
        "backstop": {
            "for_offers": ["hall"], "rate": 0.06, "limit_usd_m": 30, "warrants_m": 6, "strike_usd": 1,
            "term": "5 years", "volatility": 0.5,
        },
    },
}  # fmt: skip
HALL = {"capex_usd_m_per_mw_it": 2.4, "lead": "2 months", "rate_usd_per_kw_month": 300, "prepayment": 0.05}


def table_of(rows: Any) -> dict[str, dict[tuple[str, str], float]]:
    """By project, then side and item."""
    found: dict[str, dict[tuple[str, str], float]] = defaultdict(dict)
    for row in rows:
        found[row["project"]][row["side"], row["item"]] = row["usd_m"]
    return found


def test_sources_and_uses_of_a_signature(tmp_path: Path) -> None:
    """Proves: of a loan of 12 drawn in equal parts at the ends of two months 12 / (0.5 x 1.01 + 0.5) = 11.9403 is cash
    and 0.0597 is interest; 0.24 are its fee. At the end of March, a month after completion, its first payment of 3 +
    0.36 is due within three months and a third of it is set aside. The tenant pays 5 % of 72. Broken: 12 of cash and no
    interest, or a company that pays 24."""
    changes = PROJECT | {"given.draw": {"notes / hall": {"2025-01": 12}}}
    found = table_of(sources_uses_table(planned(tmp_path, company(changes, hall=HALL))).dicts())
    interest = 12 - 12 / 1.005
    held = 3.36 + 3.36 / 3
    assert found["hall"] == {
        ("use", "capex"): close(24),
        ("use", "signing_cost"): 0,
        ("use", "interest_capitalised"): close(interest),
        ("use", "fees"): close(0.24),
        ("use", "reserve"): close(held),
        ("use", "loans_taken_out"): 0,
        ("source", "notes"): close(12),
        ("source", "prepayment"): close(3.6),
        ("source", "company_cash"): close(24 + interest + 0.24 + held - 15.6),
    }


def test_loans_that_a_bond_takes_out(tmp_path: Path) -> None:
    """Proves: six months after completion a bond of 9.3 takes out what is left of a loan of 12 after its payment in
    June, 9: use 9, sources 12 and 9.3, fees 0.24 and 0.186. 3 of the loan fall due in 2025, and all of the bond in
    2026; 9 of the 21.2 that come in go out again at once. Broken: 12 taken out; 12 due in 2025, if nobody paid it."""
    bond = {
        "kind": "project_bond", "for_offers": ["hall"], "limit_usd_m": 50, "rate": 0.06, "fee": 0.02,
        "refinances": ["notes"], "after": "6 months", "term": "12 months", "amortisation": "even",
        "interest_every": "6 months",
    }  # fmt: skip
    draws = {"notes > bond / hall": {"2025-01": 12}, "bond / hall": {"2025-01": 9.3}}
    changes = PROJECT | {"finance.facilities.bond": bond, "given.draw": draws}
    plan = planned(tmp_path, company(changes, hall=HALL))
    found = table_of(sources_uses_table(plan).dicts())["hall"]
    assert found["use", "loans_taken_out"] == close(9)
    assert (found["source", "notes"], found["source", "bond"]) == close(12, 9.3)
    assert found["use", "fees"] == close(0.24 + 0.186)
    answers = capital_answers(plan, None)
    assert answers["maturities_usd_m"] == {"2025": close(3), "2026": close(9.3)}
    assert answers["pays_out_loans_usd_m"] == close(9)
    assert capital_lines(answers)[0] == "new money $21.2M ($9.0M of it pays out loans): notes $11.9M, bond $9.3M"
    assert "principal due 2025 $3.0M, 2026 $9.3M; most in 2026: $9.3M" in capital_lines(answers)


def test_warrants_of_a_backstop(tmp_path: Path) -> None:
    """Proves: 12 of 30 backed cost 12 / 30 of 6 million warrants. Broken: 6, or shares under convertibles."""
    changes = PROJECT | {"given.draw": {"notes + backstop / hall": {"2025-01": 12}}}
    answers = capital_answers(planned(tmp_path, company(changes, hall=HALL)), None)
    assert (answers["warrants_m"], answers["shares_under_convertibles_m"]) == (close(2.4), 0)
    assert answers["dilution"] == close(0.024)


def test_trapped_cash_is_not_brought(tmp_path: Path) -> None:
    """Proves: what the loan has brought by the end of March is 11.9403 less its fee and less the 4.48 that it keeps
    from the company. Broken: 11.7003, as if that could be spent."""
    changes = PROJECT | {"given.draw": {"notes / hall": {"2025-01": 12}}}
    brought = brought_by_facilities(planned(tmp_path, company(changes, hall=HALL)))
    assert brought[0] == close(12 / 1.005 - 0.24 - 4.48)


def test_sources_and_uses_of_the_company(tmp_path: Path) -> None:
    """Proves: every line of cash.csv is in one item, so that sources are uses; the fleet brings 438, overheads take 80,
    the loan brings 60 and takes 1.2 and 3, and the rest is more cash. Broken: a line that is left out or counted twice
    is the difference."""
    changes = BORROWS | {"sites.one.fleet": {"m16": {"ph_s": 50000}}}
    plan = planned(tmp_path, company(changes))
    found = table_of(sources_uses_table(plan).dicts())["company"]
    uses = {item: amount for (side, item), amount in found.items() if side == "use" and abs(amount) > 1e-9}
    sources = {item: amount for (side, item), amount in found.items() if side == "source" and abs(amount) > 1e-9}
    assert sources == {"mining": close(438), "drawn": close(60)}
    assert uses == {
        "sga": close(80), "interest": close(3), "fees": close(1.2), "change_of_cash": close(438 + 60 - 84.2),
    }  # fmt: skip


def test_nothing_of_a_projects_cash_is_left_out(tmp_path: Path) -> None:
    """Proves: with halls, project finance and trapped cash sources are uses, for the project and for the company.
    Broken: the amount of the first line of cash.csv that no item holds."""
    changes = PROJECT | {"given.draw": {"notes / hall": {"2025-01": 12}}}
    for items in table_of(sources_uses_table(planned(tmp_path, company(changes, hall=HALL))).dicts()).values():
        sums = {side: sum(a for (s, _), a in items.items() if s == side) for side in ("use", "source")}
        assert sums["use"] == pytest.approx(sums["source"], abs=1e-6)
        assert np.isfinite(sums["use"])


def test_words(tmp_path: Path) -> None:
    """Proves: what is paid how, how much at most and when, until when without, what falls due and that nobody is
    diluted is said with the figures of the plan. Broken: any other figure."""
    plan = planned(tmp_path, company(BORROWS))
    lines = capital_lines(capital_answers(plan, replace(plan)))
    assert lines == [
        "new money $60.0M: loan $60.0M",
        "needs $55.0M of new money at most (2025Q4); without any, cash lasts until it is short in 2025Q2",
        "status quo, with commitments only and no new money, is short of cash in 2025Q2",
        "thinnest 2025Q4: $0.8M above the minimum cash",
        "principal due 2027 $60.0M",
        f"no dilution; worth ${plan.value_usd_m / 100:,.2f} for each of today's 100.0M shares",
    ]


def test_many_years_of_maturities_are_told_as_a_sum(tmp_path: Path) -> None:
    """Proves: notes repaid in eight equal parts of 5, from January 2026 on: six years, and 10 later; and the first of
    years that are equal as the wall. Broken: eight years, or 40 later."""
    notes = {
        "principal_usd_m": 40, "rate": 0.05, "matures": "2033-01", "amortisation": "even",
        "interest_every": "12 months",
    }  # fmt: skip
    changes = POOR | {"finance.debts": {"notes": notes}, "finance.opening.cash_usd_m": 200}
    lines = capital_lines(capital_answers(planned(tmp_path, company(changes)), None))
    years = ", ".join(f"{year} $5.0M" for year in range(2026, 2032))
    assert f"principal due {years}, later $10.0M; most in 2026: $5.0M" in lines


def coin(**changes: float) -> dict[str, Any]:
    """A quarter in which a coin earns its cash cost and the books lose on it."""
    costs = {
        "period": "2025Q3", "btc": 500.0, "revenue": 100000.0, "power": 40000.0, "cash": 55000.0, "with_sga": 65000.0,
        "with_depreciation": 120000.0, "hosting": 0.0, "other": -4000.0, "net_income": -24000.0,
    }  # fmt: skip
    return costs | changes


def test_why_the_more_it_mines_the_more_it_loses() -> None:
    """Proves: 100,000 brought against 55,000 in cash and 120,000 in all: 45,000 more and 20,000 less, and the 65,000
    between are there whether it is mined or not. Broken: any other difference."""
    lines = coin_lines([coin(), coin(period="2025Q4", power=41000.0)])
    assert lines[0].split() == ["a", "coin,", "USD", "2025Q3", "2025Q4"]
    assert lines[2].split() == ["costs:", "power", "only", "40,000", "41,000"]
    assert len({len(line) for line in lines[:7]}) == 1
    assert "In 2025Q3 a coin brings $45,000 more" in lines[-1]
    assert "lose $20,000 on it, because they lay $65,000 of overheads" in lines[-1]


def test_coins_that_cost_cash_and_coins_that_earn_all() -> None:
    """Proves: where power and sites cost more than a coin brings it is said that mining does not carry them; where
    it brings more than all, that too. Broken: that mining pays, in the first; silence on it beside one that pays."""
    bare = "in 2025Q3 a coin brings $5,000 less than its power and sites cost: mining does not carry its sites"
    assert coin_lines([coin(revenue=50000.0)])[-1] == bare
    both = coin_lines([coin(revenue=50000.0), coin(period="2025Q4")])
    assert "In 2025Q4 a coin brings $45,000 more" in both[-2]
    assert both[-1] == bare
    earns = "to 2025Q3 every coin brings more than all that it costs (later: cost_per_btc.csv)"
    assert coin_lines([coin(revenue=130000.0)])[-1] == earns
    assert coin_lines([]) == []
