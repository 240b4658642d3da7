"""Something for nothing in money: what keeps it out, and which number appears when the guard is taken out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import models.cash
import models.covenants
import models.income_parts
import models.ring_fences
import models.tax
import optimizer.instance.capital.lines as line_terms
import optimizer.instance.capital.tranches as tranche_terms
import optimizer.instance.hosting as hall_terms
import optimizer.instance.machines as machine_terms
from models.instance import Instance
from optimizer import api
from optimizer.instance.capital.tranches import Tranche
from tests.capital.builder import Data, Plan, firm, hall, loan, notes, project, shares
from tests.capital.guards import (
    BACKED,
    DRESSED,
    EMPTY_HALL,
    HIDDEN,
    LEFT_OVER,
    LURES,
    ON_COINS,
    PAR_LOAN,
    PRICED,
    RESERVED,
    RESOLD,
    ZERO,
    Lure,
)
from tests.math.builder import about, best_without
from tests.math.cases import load

Believed = Callable[..., float]


@pytest.fixture
def instance(prices: Path) -> Callable[[Data], Instance]:
    """The model's arrays of a case."""
    return lambda data: api.prepare(load(prices, data)).instance


@pytest.fixture
def believed(instance: Callable[[Data], Instance]) -> Believed:
    """What a solver takes a case to be worth, with components of the model left out."""
    return lambda data, *without: best_without(instance(data), *without)


@pytest.mark.parametrize("lure", LURES.values(), ids=LURES.keys())
def test_a_rule_keeps_it_out(believed: Believed, plan: Plan, lure: Lure) -> None:
    """Proves: the plan is worth what it should be. Broken: the number that it has without the rule."""
    assert plan(lure.data).value == about(lure.value, abs=1e-5)
    assert believed(lure.data, *lure.without) == about(lure.believed, abs=1e-5)


def test_leverage_pump(believed: Believed, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: a loan of 100 at 7 % for five years adds nothing. Broken: 18.024, valued at the company's 12 %."""
    par = loan(0.07, "60 months", interest_every="12 months")
    data = firm(100, facilities={"bank": par}, more={"discount.corporate": 0.12})
    assert plan(data).value == about(100)

    def at_equitys_rate(tranche: Tranche) -> float:
        return sum((f.drawn - f.interest - f.principal) / 1.12 ** (f.at / 12) for f in tranche.flows)

    monkeypatch.setattr(Tranche, "value", property(at_equitys_rate))
    assert believed(data) == about(118.0239, abs=1e-4)


def test_options_that_nobody_charges(believed: Believed, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: of a zero coupon and a loan the loan is taken: 112.12. Broken: 131.94, the option for nothing."""
    offers = {"works": project(87, 200, "60 months")}
    data = firm(0, facilities={"zero": ZERO, "bank": PAR_LOAN}, offers=offers)
    assert plan(data).value == about(113 - 0.87 / 0.99, abs=1e-6)
    monkeypatch.setattr(tranche_terms, "conversion_charge", lambda *_: 0.0)
    assert believed(data) == about(113 + 87 - 100 / 1.08**5, abs=1e-4)


def test_an_option_never_earns_its_writer_anything(plan: Plan) -> None:
    """Proves: notes that the company may call as soon as they are worth anything, with a wide capped call at 0.1 %: the
    one is deducted from the option and the other from what is left of it, but not below 0: nothing is issued, 20.
    Broken: 20.59, money out of 100 of notes and no project."""
    terms = notes(
        0.3,
        "60 months",
        volatility=0.6,
        risk_free=0.04,
        capped_call={"cost": 0.001, "cap_premium": 2.0},
        call={"after": "12 months", "above": 1.0},
    )
    assert plan(firm(20, "8 quarters", facilities={"notes": terms})).value == about(20)


def test_warrants_that_nobody_charges(believed: Believed, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: a backstop that saves 3.64 for warrants of 5 is not taken: 20. Broken: 23.64."""
    data = firm(0, facilities={"bank": BACKED}, offers={"hall": hall(10, "12 months", 100)})
    assert plan(data).value == about(20)
    monkeypatch.setattr(tranche_terms, "call_value", lambda *_: 0.0)
    assert believed(data) == about(20 + 100 * (1 - 1.06 / 1.1), abs=1e-5)


def test_a_margin_call_inside_the_quarter(believed: Believed, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: coins that halve by the end of the quarter do not lend half of their first price: 96. Broken: 101, 48
    owed on coins of 48."""
    assert plan(ON_COINS).value == about(96, abs=1e-5)

    def as_it_begins(market: Any) -> Any:
        return market.network.btc_usd[market.tree.start_months.round().astype(int)]

    monkeypatch.setattr(line_terms, "lowest_price_usd", as_it_begins)
    assert believed(ON_COINS) == about(101, abs=1e-5)


def test_a_reserve_is_not_spent(believed: Believed, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: what a project holds for its lenders pays for nothing else: 24. Broken: 25."""
    assert plan(RESERVED).value == about(24)
    monkeypatch.setattr(models.ring_fences, "cash", lambda *_: 0.0)
    assert believed(RESERVED) == about(25, abs=1e-5)


def test_ebitda_is_not_dressed(believed: Believed, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: machines sold for 19 are 19 of cash and no EBITDA: net debt of 24 and cash of 22 pay for 46 units: 45.
    Broken: 64: twice the proceeds may be borrowed, 84 units."""
    assert plan(DRESSED).value == about(45, abs=1e-5)
    plain = models.tax.decided_ebitda

    def dressed(model: Any, instance: Instance, node: int, country: int | None = None) -> Any:
        return plain(model, instance, node, country) + models.cash._trade(model, instance, node)

    monkeypatch.setattr(models.tax, "decided_ebitda", dressed)
    assert believed(DRESSED) == about(64, abs=1e-5)


def test_a_soft_limit_costs_what_it_says(believed: Believed, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: a limit that costs 1 for each unit of breach is kept where a unit brings 0.5: 16.5. Broken: 28, a breach
    that is written down and paid by nobody."""
    assert plan(PRICED).value == about(16.5, abs=1e-5)
    monkeypatch.setattr(models.covenants, "value", lambda *_: 0.0)
    assert believed(PRICED) == about(28, abs=1e-5)


def test_what_was_written_off_is_recaptured(believed: Believed, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: bought for 20, written off at once and sold for 18.05, with 100 of other income: 20.59 of tax, 177.46 in
    all. Broken: 181.25, the sale untaxed."""
    assert plan(RESOLD).value == about(100 + 100 - 20 + 18.05 - 20.5905, abs=1e-5)
    plain = models.income_parts.adjusted

    def untaxed(model: Any, instance: Instance, country: int, node: int) -> Any:
        return plain(model, replace(instance, trade=None), country, node)

    monkeypatch.setattr(models.income_parts, "adjusted", untaxed)
    assert believed(RESOLD) == about(181.25, abs=1e-5)


def test_machines_are_not_bought_to_be_written_off(
    believed: Believed, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves: 100 in hand and 100 earned, taxed at 30 %: 170. Broken: 190.25, machines for 100 bought in the last
    quarter, written off at once and counted untaxed at 90.25 % of their price."""
    done = plan(LEFT_OVER)
    assert done.value == about(170)
    assert done.decided() == []
    monkeypatch.setattr(machine_terms, "tax_on_machine", lambda *_: 0.0)
    assert believed(LEFT_OVER) == about(190.25, abs=1e-5)


def test_halls_are_not_built_to_be_written_off(believed: Believed, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: an empty hall at 100 that is worth 100 after two years adds nothing to 200 in hand and 120 earned at
    30 %: 284. Broken: 314, written off at once and its residual untaxed."""
    assert plan(EMPTY_HALL).value == about(284)
    monkeypatch.setattr(hall_terms, "residual_tax", lambda *_: 0.0)
    assert believed(EMPTY_HALL) == about(314, abs=1e-5)


def test_cash_is_not_hidden_from_a_tax_on_its_yield(
    believed: Believed, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves: 100 of cash that yields 10 a year are worth 100 and stay where they are. Broken: 99.5, the yield taxed by
    a fifth and all cash, after one quarter's 2.5, put where it yields nothing (95.7 if it stays)."""
    done = plan(HIDDEN)
    assert done.value == about(100)
    assert [row["decision"] for row in done.rows("decisions")] == []
    plain = models.income_parts.adjusted

    def with_yield(model: Any, instance: Instance, country: int, node: int) -> Any:
        before = int(instance.tree.parent[node])
        cash = model.cash[before] if before >= 0 else instance.cash.opening_usd_m
        return plain(model, instance, country, node) + float(instance.cash.growth[node] - 1) * cash

    monkeypatch.setattr(models.income_parts, "adjusted", with_yield)
    assert believed(HIDDEN) == about(99.5, abs=1e-5)
    alone = {name: section for name, section in HIDDEN["finance"].items() if name != "companies"}
    assert believed({**HIDDEN, "finance": alone}) == about(95.7, abs=0.05)


def test_shares_never_cost_less_than_they_bring(instance: Callable[[Data], Instance], plan: Plan) -> None:
    """Proves: 100M shares at 1 of a company worth 50 are not issued for the model's opinion that the market overpays:
    50. Broken: 100, a hundred of shares charged at a half."""
    data = firm(50, facilities={"atm": shares()})
    assert plan(data).value == about(50)
    cheap = replace(instance(data), intrinsic_to_market=0.5)
    assert best_without(cheap) == about(100, abs=1e-5)
