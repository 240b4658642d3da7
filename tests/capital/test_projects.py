"""Loans on a single project: interest while it is built, size by cost and by service, schedules, backstop, bond."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.errors import InfeasibleError
from tests.capital.builder import Plan, Terms, decided, firm, flows, hall, laid_down, of_debt, row, site_loan
from tests.math.builder import about

SIGNED = {"sign": {"hall": {"date": "2025-01", "halls": 1}}}


def drawn(**amounts: float) -> dict[str, Any]:
    """``given``: the hall signed, and these tranches of it, by facility."""
    return laid_down(**SIGNED, draw={f"{name} / hall": {"2025-01": amount} for name, amount in amounts.items()})


def test_interest_is_capitalised_until_completion(plan: Plan) -> None:
    """Proves: 50 owed when two months of building end, at 1 % a month: 24.8756 drawn in each (50 / 1.005 / 2), 0.2488
    added in the second, then 0.5 a month in cash, and 50 a year later. Broken: 25 drawn and 0.25 paid in February, 51.5
    owed, interest of 0.5 from the first month on."""
    bank = site_loan(0.12, "12 months", interest_every="1 month", amortisation="bullet")
    offers = {"hall": hall(10, "12 months", capex=201, lead="2 months")}
    done = plan(firm(201, "6 months", facilities={"bank": bank}, offers=offers, given=drawn(bank=50)))
    each = 50 / 1.005 / 2
    assert flows(done, "drawn") == about([each, each, 0, 0, 0, 0])
    assert of_debt(done, "capitalised", "bank") == about([0, each * 0.01, 0, 0, 0, 0])
    assert of_debt(done, "closing", "bank") == about([each, 50, 50, 50, 50, 50])
    assert flows(done, "interest") == about([0, 0, 0, -0.5, -0.5, -0.5])
    assert done.component("financing") == about(0)


@pytest.mark.parametrize(("fee", "amount"), [(0.0, 100.7506234414), (0.02, 101.7708700690)])
def test_share_of_a_cost_that_holds_interest_and_fee(plan: Plan, fee: float, amount: float) -> None:
    """Proves: half of all cost is lent: of 201 and the 0.5 of interest on 100.75 (and the fee of 2.04 on 101.77). A
    loan far below the market is drawn in full. Broken: 100.5 (capex alone), 201 (no limit)."""
    bank = site_loan(
        0.12, "12 months", market_rate=1.0, interest_every="1 month", amortisation="bullet", loan_to_cost=0.5, fee=fee
    )
    offers = {"hall": hall(20, "12 months", capex=201, lead="2 months")}
    done = plan(firm(300, "6 months", facilities={"bank": bank}, offers=offers))
    assert decided(done, "draw") == {("2025-01-01", "bank / hall"): about(amount, abs=1e-5)}


def test_sculpted_debt_is_the_cash_over_dscr_discounted_at_its_rate(plan: Plan) -> None:
    """Proves: 3 a quarter in the first year and 4.5 in the second, at a cover of 1.25 and 2 % a quarter, carry sum of
    2.4 v^j and 3.6 v^j = 21.802459, and every payment is 2.4, then 3.6. Broken: 24 (interest left out), 25 (no cover:
    all of the cost), 17.58 (equal payments of 2.4)."""
    bank = site_loan(0.08, market_rate=0.12, dscr=1.25)
    offers = {"hall": hall(1, capex=25, escalator=0.5)}
    done = plan(firm(25, "9 quarters", facilities={"bank": bank}, offers=offers))
    most = sum((2.4 if j <= 4 else 3.6) / 1.02**j for j in range(1, 9))
    assert most == about(21.8024587)
    assert decided(done, "draw") == {("2025-01-01", "bank / hall"): about(most, abs=1e-5)}
    service = [x + y for x, y in zip(flows(done, "interest"), flows(done, "principal"), strict=True)]
    assert service == about([0] + [-2.4] * 4 + [-3.6] * 4, abs=1e-5)
    # Every payment is covered exactly as promised, so nothing more could be borrowed.
    assert row(done, "projects", "service_usd_m") == about([0] + [2.4] * 4 + [3.6] * 4, abs=1e-5)


def test_a_payment_that_would_not_cover_its_interest_is_interest_only(plan: Plan) -> None:
    """Proves: 7 at 100 % a year over three years with cash of 12, 18 and 27: in proportion to cash the first payment
    were 6.05, less than its interest of 7: it is 7, the others 8 and 12, principal 1 and 6. Broken: 6.05, 9.08, 13.6
    with what is owed growing to 7.95."""
    bank = site_loan(1.0, "36 months", interest_every="12 months")
    offers = {"hall": hall(1, "36 months", capex=40, escalator=0.5)}
    done = plan(firm(40, "13 quarters", facilities={"bank": bank}, offers=offers, given=drawn(bank=7)))
    assert [x for x in of_debt(done, "interest", "bank") if x] == about([7, 7, 6])
    assert [x for x in of_debt(done, "principal", "bank") if abs(x) > 1e-9] == about([1, 6])
    assert of_debt(done, "closing", "bank")[-1] == about(0)


def test_cover_limits_the_loan_and_so_the_hall(plan: Plan) -> None:
    """Proves: 3 a quarter at a cover of 1.5 carry payments of 2, so 16 in eight of them; a hall at 20 needs 4 more, 1
    of which it earns in the quarter (3, of which 2 are set aside): with 3 in hand it is built, with 2.9 not. Broken:
    built with 0 (a loan sized by cost alone)."""
    bank = site_loan(0.0, dscr=1.5)
    offers = {"hall": hall(1, capex=20)}
    assert plan(firm(3, facilities={"bank": bank}, offers=offers)).value == about(3 + 24 - 20, abs=1e-6)
    assert plan(firm(2.9, facilities={"bank": bank}, offers=offers)).value == about(2.9, abs=1e-6)
    free = site_loan(0.0)
    assert plan(firm(0, facilities={"bank": free}, offers=offers)).value == about(4, abs=1e-6)


def test_one_limit_for_all_signatures(plan: Plan) -> None:
    """Proves: 30 for two halls that cost 24 each and nothing in hand: one is built, 24. Broken: 48."""
    offers = {"hall": hall(2, capex=24), "other": hall(2, capex=24)}
    bank = site_loan(for_offers=["hall", "other"], limit_usd_m=30, amortisation="even")
    assert plan(firm(0, facilities={"bank": bank}, offers=offers)).value == about(24, abs=1e-6)


def test_project_money_needs_the_project(plan: Plan) -> None:
    """Proves: without a hall that is worth it nothing is drawn, whatever the loan saves: 10. Broken: 10 + 90.9 x the
    difference of rates on 1,000."""
    bank = site_loan(0.0, "12 months", market_rate=0.1, interest_every="12 months", amortisation="bullet")
    assert plan(firm(10, facilities={"bank": bank}, offers={"hall": hall(0.1, capex=1000)})).value == about(10)


WARRANTS = {"for_offers": ["hall"], "rate": 0.06, "limit_usd_m": 100, "strike_usd": 0.5, "term": "24 months"}


@pytest.mark.parametrize(
    ("warrants", "limits", "gain"),
    [(2, {}, 100 * (1 - 1.06 / 1.1) - 1), (10, {}, 0.0), (2, {"max_dilution": 0.01}, 50 * (1 - 1.06 / 1.1) - 0.5)],
)
def test_a_backstop_is_taken_when_it_saves_more_than_its_warrants(
    plan: Plan, warrants: float, limits: Terms, gain: float
) -> None:
    """Proves: 6 % in place of 10 % on 100 for a year saves 3.636; 2M warrants at half the share price cost 1: taken,
    20 + 2.636. 10M cost 5: the same loan without them, 20. With dilution limited to 1 % half of it may be backed:
    20 + 1.318. Broken: 23.64 (warrants for nothing), 18.64 (taken at a loss)."""
    backstop = {**WARRANTS, "warrants_m": warrants, "volatility": 0.001, "risk_free": 0.0}
    bank = site_loan(0.1, "12 months", interest_every="12 months", amortisation="bullet", backstop=backstop)
    offers = {"hall": hall(10, "12 months", capex=100)}
    done = plan(firm(0, limits=limits, facilities={"bank": bank}, offers=offers))
    assert done.value == about(20 + gain, abs=1e-4)
    with_backstop = decided(done, "draw").get(("2025-01-01", "bank + backstop / hall"), 0.0)
    assert with_backstop == about({2.6363636: 100, 0: 0, 1.3181818: 50}[round(gain, 7)], abs=1e-4)


def refinanced(loan: Terms, bond: Terms, amount: float, issue: float, steps: str = "12 quarters") -> dict[str, Any]:
    """A hall at 24 whose loan of ``amount`` is taken out by a bond of ``issue``."""
    draws = {"bank > bond / hall": {"2025-01": amount}, "bond / hall": {"2025-01": issue}}
    return firm(
        24,
        steps,
        facilities={"bank": loan, "bond": bond},
        offers={"hall": hall(2, "48 months", capex=24)},
        given=laid_down(**SIGNED, draw=draws),
    )


BOND = {
    "kind": "project_bond",
    "for_offers": ["hall"],
    "refinances": ["bank"],
    "limit_usd_m": 100,
    "rate": 0.0,
    "term": "24 months",
}


def test_a_bond_takes_out_a_loan(plan: Plan) -> None:
    """Proves: a loan of 24 in eight parts pays 3, 3, 3 and after a year all that is left, 15, out of a bond of 15 that
    is repaid in eight parts of 1.875. Broken: 12 left (a part paid beside it on the same day), 24 taken out, or the
    loan's parts going on."""
    bank = site_loan(amortisation="even")
    done = plan(refinanced(bank, BOND | {"after": "12 months"}, 24, 15, "13 quarters"))
    assert of_debt(done, "principal", "bank") == about([0, 3, 3, 3, 15] + [0] * 8)
    assert of_debt(done, "drawn", "bond") == about([0] * 4 + [15] + [0] * 8)
    assert of_debt(done, "principal", "bond") == about([0] * 5 + [1.875] * 8)
    assert flows(done, "drawn") == about([24, 0, 0, 0, 15] + [0] * 8)
    assert done.component("financing") == about(0)


def test_what_has_accrued_is_paid_when_a_loan_is_taken_out(plan: Plan) -> None:
    """Proves: a bullet of 24 at 4 % a half year: 0.96 in July, and three months' worth, 24 x (1.04^0.5 - 1) =
    0.475294, in October with the principal. Broken: 0.48 or 0 in October, which at its own rate would be worth
    something to somebody."""
    bank = site_loan(0.08, interest_every="6 months", amortisation="bullet")
    done = plan(refinanced(bank, BOND | {"after": "9 months"}, 24, 24))
    assert of_debt(done, "interest", "bank")[:4] == about([0, 0, 0.96, 24 * (1.04**0.5 - 1)])
    assert of_debt(done, "principal", "bank")[:4] == about([0, 0, 0, 24])
    assert done.component("financing") == about(0)


def test_a_bond_pays_out_all_that_it_takes_over(plan: Plan) -> None:
    """Proves: with 2 % kept back, a bond of 15.31 pays out 15 and one of 15.3 does not: no such plan. Broken: a loan
    vanishes for a bond of any size."""
    bank = site_loan(amortisation="even")
    bond = BOND | {"after": "12 months", "fee": 0.02}
    assert plan(refinanced(bank, bond, 24, 15.31)).component("financing") == about(-0.3062)
    with pytest.raises(InfeasibleError):
        plan(refinanced(bank, bond, 24, 15.3))


def test_a_level_bond(plan: Plan) -> None:
    """Proves: 100 at 4 % a half year in four equal payments: 27.549005 each. Broken: 29 falling to 26 (even)."""
    bond = BOND | {"rate": 0.08, "interest_every": "6 months"}
    data = firm(
        24,
        "9 quarters",
        facilities={"bond": bond | {"refinances": []}},
        offers={"hall": hall(40, "48 months", capex=24)},
        given=laid_down(**SIGNED, draw={"bond / hall": {"2025-01": 100}}),
    )
    done = plan(data)
    service = [x + y for x, y in zip(flows(done, "interest"), flows(done, "principal"), strict=True)]
    assert [x for x in service if x] == about([-100 * 0.04 / (1 - 1.04**-4)] * 4)
    assert service[2] == about(-27.5490045)


def test_a_bond_beside_a_loan_that_is_kept(plan: Plan) -> None:
    """Proves: of 3 a quarter a loan of 12 takes 1.5; the rest carries 6 of a bond that is repaid in a year, though it
    could take the loan out. With 3 a quarter for the loan alone nothing is left for the bond. Broken: 12, each sized by
    itself; 0, where a bond is refused beside the loan."""
    gift = {"rate": 0.0, "market_rate": 1.0, "dscr": 1.0, "term": "12 months", "amortisation": "even"}

    def issued(loan: float, term: str) -> float:
        bank = site_loan(0.0, term, amortisation="even", dscr=1.0)
        given = {**SIGNED, "draw": {"bank / hall": {"2025-01": loan}}}
        offers = {"hall": hall(1, "48 months", capex=24)}
        done = plan(firm(24, "8 quarters", facilities={"bank": bank, "bond": BOND | gift}, offers=offers, given=given))
        return decided(done, "draw").get(("2025-01-01", "bond / hall"), 0.0)

    assert issued(12, "24 months") == about(6)
    assert issued(12, "12 months") == about(0)
