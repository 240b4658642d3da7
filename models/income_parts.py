"""What goes into income tax, as expressions of the model by node: income, deductions, interest, bitcoin as marked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyomo.environ as pyo

from models import cash, ring_fences, tax, treasury
from models.debt import lines, tranches
from models.income_tax_arrays import IncomeTax
from models.instance import Instance
from models.linear import nonzero, weighted

if TYPE_CHECKING:
    from models.income_tax_bounds import Ranges

Part = Callable[[pyo.ConcreteModel, Instance, int, int], Any]
"""(model, instance, country, node) -> expression."""

HOME = 0


@dataclass(frozen=True)
class Extremes:
    """More than a year can bring, USD m, all positive: profit, loss, losses of before, interest there, its limit."""

    profit: float
    loss: float
    losses: float
    interest: float
    cap: float


def _taxed(instance: Instance) -> IncomeTax:
    assert instance.income_tax is not None
    return instance.income_tax


def year_nodes(instance: Instance, end: int) -> list[int]:
    """Nodes of the year that ends with a node, on the way to it."""
    return instance.nodes_of_year[end]


def year_before(instance: Instance, end: int) -> int | None:
    """Last node of the year before the one that ends with a node; None for the first year."""
    first = year_nodes(instance, end)[0]
    parent = int(instance.tree.parent[first])
    return parent if parent >= 0 else None


def year(model: pyo.ConcreteModel, instance: Instance, part: Part, country: int, end: int) -> Any:
    """Sum of a part over the nodes of the year that ends with a node."""
    return sum((part(model, instance, country, n) for n in year_nodes(instance, end)), start=0.0)


def adjusted(model: pyo.ConcreteModel, instance: Instance, country: int, node: int) -> Any:
    """Adjusted taxable income. What cash yields is none: cash counts at par, so a tax on it would pay for hiding it."""
    taxed = _taxed(instance)
    total: Any = float(taxed.fixed_ebitda_usd_m[country, node])
    total += tax.decided_ebitda(model, instance, node, country)
    residual = taxed.hall_residual[:, node] * (taxed.option == country)
    total += weighted(model.halls, nonzero(residual))
    if instance.trade is not None:
        total += cash.sales(model, instance, node, taxed.lot == country)
        total += cash.moves(model, instance, node) if country == HOME else 0.0
    return total + (bitcoin(model, instance, node) if country == HOME else 0.0)


def deductions(model: pyo.ConcreteModel, instance: Instance, country: int, node: int) -> Any:
    """Depreciation, at home also costs of finance: all but interest that is taken off income."""
    taxed, builds = _taxed(instance), instance.builds
    total: Any = float(taxed.fixed_deduction_usd_m[country, node])
    here = taxed.option == country
    total += weighted(model.halls, nonzero(taxed.hall_deduction[:, node] * here))
    total += weighted(model.sign, nonzero(taxed.signature_deduction[:, node] * here))
    total += weighted(model.order, nonzero(taxed.order_deduction[:, node] * (taxed.lot == country)))
    if builds is not None:
        total += weighted(model.built, nonzero(taxed.build_deduction[:, node] * (taxed.build == country)))
    if country == HOME:
        total += costs(model, instance, node)
    return total


def costs(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """What is paid for having money on offer: kept back, fixed costs, fees on what is committed and not drawn."""
    own = instance.tranches
    total: Any = lines.costs(model, instance, node) + tranches.by_node(model, instance, "costs", node)
    if own is not None:
        for d in model.EITHER_OR:
            if own.node[d] == node and own.fixed_cost_usd_m[d]:
                total += float(own.fixed_cost_usd_m[d]) * model.drawn[d]
        for c in np.flatnonzero(own.commit_cash[:, node]).tolist():
            total -= float(own.commit_cash[c, node]) * model.commit[c]
    return total


def interest(model: pyo.ConcreteModel, instance: Instance, country: int, node: int) -> Any:
    """Interest expense: project finance of signatures in the country, at home all other debt too."""
    total: Any = 0.0
    if country == HOME:
        total += float(_taxed(instance).fixed_interest_usd_m[node]) + lines.interest(model, instance, node)
    if instance.tranches is not None:
        here = country_of_tranches(instance) == country
        total += tranches.by_node(model, instance, "interest", node, here)
    return total


def counted_interest(model: pyo.ConcreteModel, instance: Instance, country: int, end: int) -> Any:
    """Interest of a year that may be deducted: at home without own interest on money that lies idle."""
    total = year(model, instance, interest, country, end)
    if country == HOME and end in model.IDLE_YEARS:
        total += model.interest_counted[end] - year(model, instance, own_interest, HOME, end)
    return total


def own_interest(model: pyo.ConcreteModel, instance: Instance, country: int, node: int) -> Any:
    """Interest of new money that is tied to no cost, all of it the parent's."""
    total = lines.interest(model, instance, node)
    if instance.tranches is not None:
        total += tranches.by_node(model, instance, "interest", node, _taxed(instance).is_own)
    return total if country == HOME else 0.0


def idle(model: pyo.ConcreteModel, instance: Instance, country: int, node: int) -> Any:
    """What the node's idle cash is reckoned to earn."""
    parent = int(instance.tree.parent[node])
    before = model.idle_earned[parent] if parent >= 0 else 0.0
    return model.idle_earned[node] - before if country == HOME else 0.0


def idle_cash(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """Cash at the end of a node before income tax is paid, with trapped cash, and what own debt was paid in it."""
    there = model.cash[node] + ring_fences.trapped(model, instance, node)
    there += float(_taxed(instance).fixed_trapped_usd_m[node])
    there += sum(model.company_cash[g, node] for g in model.COMPANIES) + lines.interest(model, instance, node)
    if instance.tranches is not None:
        paid = _taxed(instance).own_paid[:, node]
        there += weighted(model.draw, nonzero(paid))
    return there + (model.tax[node] if node in model.TAX_NODES else 0.0)


def country_of_tranches(instance: Instance) -> np.ndarray:
    """(D,) where the interest of each tranche is deducted: with the signature that it belongs to, else at home."""
    assert instance.tranches is not None
    option, taxed = instance.tranches.option, _taxed(instance)
    found = np.full(len(option), HOME, dtype=np.int64)
    found[option >= 0] = taxed.option[option[option >= 0]]
    return found


def stock(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """Coins in stock at the end of a node; before the first (-1), those that were there."""
    coins = instance.treasury
    assert coins is not None
    if node < 0:
        return coins.opening_btc
    if coins.free:
        return model.btc_stock[node]
    return model.income_stock[node] if node in model.STOCK_NODES else coins.opening_btc


def bitcoin(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """What bitcoin has gained in a node, sold or not: coins that were there until they could be sold, coins that are
    there at the end from then on, kept ones from what they were booked at until then.

    The same as value at the end, less value before and what was booked, plus what was brought; but in differences of
    prices and without coins sold, so that bounds of it are no larger than a gain can be.
    """
    coins, taxed, parent = instance.treasury, _taxed(instance), int(instance.tree.parent[node])
    if coins is None:
        return 0.0
    end = float(taxed.btc_price_usd_m[node])
    before = float(taxed.btc_price_usd_m[parent]) if parent >= 0 else taxed.btc_before_usd_m
    if coins.free:
        price, booked = float(coins.price_usd_m[node]), float(coins.mean_price_usd_m[node])
        gain = (price - before) * stock(model, instance, parent) + (end - price) * model.btc_stock[node]
        return gain + (price - booked) * model.keep_btc[node]
    kept = end - float(coins.mean_price_usd_m[node])
    gain = (end - before) * stock(model, instance, parent)
    return gain + kept * coins.kept_share * treasury.mined(model, instance, node)


def extremes(instance: Instance, ranges: Ranges, country: int, end: int) -> Extremes:
    """More than the year that ends with a node can bring, from the bounds of all that can be decided."""
    taxed = _taxed(instance)
    lost, interests = float(taxed.losses_usd_m[country]), taxed.interest_carried_usd_m
    for e in reversed(list(_years_to(instance, end))):
        income = ranges.of_year(adjusted, country, e)
        taken = ranges.of_year(deductions, country, e)
        paid = ranges.of_year(interest, country, e)
        before, interests = lost, interests + max(0.0, paid[1])
        share = taxed.interest_limit if taxed.interest_limit is not None else 0.0
        cap = share * max(0.0, income[1])
        loss = max(0.0, taken[1] - income[0] + interests)
        lost += loss
    return Extremes(max(0.0, income[1] - taken[0]), loss, before, interests, cap)


def _years_to(instance: Instance, end: int) -> list[int]:
    """Last nodes of years on the way back from a node."""
    found: list[int] = []
    at: int | None = end
    while at is not None:
        found.append(at)
        at = year_before(instance, at)
    return found
