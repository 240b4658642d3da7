"""Income tax without a solver: what decisions come to, year by year, with losses and interest used by the rule.

The rule (docs/figures_capital.md, section 15) leaves nothing to decide: interest is deducted as far as it may be,
losses are used as soon as there is a profit. What cash yields is no income; but interest counts less where cash lies
idle, so a year is assessed when its cash is known.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from models.forward_money import line_costs, line_owed
from models.income_parts import HOME, country_of_tranches, year_before, year_nodes
from models.income_tax_arrays import IncomeTax
from models.instance import Instance
from models.tax import year_ends
from models.tree import Floats

if TYPE_CHECKING:
    from models.forward import Decisions, States


def greedy_interest(there: float, cap: float) -> float:
    """What is deducted of interest that is there, the limit being ``cap``."""
    return min(there, cap)


def greedy_losses(result: float, left: float, limit: float) -> tuple[float, float]:
    """(used, left after it) of losses in a year with this result before them."""
    if result < 0:
        return 0.0, left - result
    used = min(left, limit * result)
    return used, left - used


@dataclass(frozen=True)
class Incomes:
    """What is taxed, by node. Arrays (G, N), USD m; deductions, interest, costs positive."""

    ebitda: Floats
    other: Floats
    """Machines sold and residuals, less moves, and what bitcoin has gained as marked."""
    depreciation: Floats
    interest: Floats
    own_interest: Floats
    """Of it, that of new money which is tied to no cost."""
    costs: Floats


@dataclass(frozen=True)
class TaxYears:
    """Tax years as they are assessed. Arrays (G, N): at the last node of each year, 0 elsewhere; USD m."""

    ebitda: Floats
    depreciation: Floats
    other_income: Floats
    interest: Floats
    interest_idle: Floats
    """What of it does not count, for cash that lies idle."""
    interest_deducted: Floats
    interest_carried: Floats
    """On to the next year."""
    costs: Floats
    loss_used: Floats
    losses_left: Floats
    taxable: Floats
    tax: Floats


def unassessed(instance: Instance) -> TaxYears:
    """Years that are still to be assessed."""
    taxed = instance.income_tax
    assert taxed is not None
    shape = (len(taxed.country), len(instance.tree))
    return TaxYears(*(np.zeros(shape) for _ in fields(TaxYears)))


def assess(instance: Instance, incomes: Incomes, years: TaxYears, end: int, liquid_usd_m: Floats) -> float:
    """Fill in the year that ends with a node, in all countries, those before it being done; returns its tax.

    ``liquid_usd_m`` (N,): cash at the end of each node before income tax is paid, with trapped cash; known up to
    ``end``.
    """
    taxed = instance.income_tax
    assert taxed is not None
    nodes = year_nodes(instance, end)
    idle = _idle(instance, taxed, liquid_usd_m, nodes)
    for g in range(len(taxed.country)):
        _assess(instance, taxed, incomes, years, g, end, max(0.0, idle) if g == HOME else 0.0)
    return float(years.tax[:, end].sum())


def beside_cash(instance: Instance, decisions: Decisions) -> Floats:
    """(N,) what counts as idle beside cash and what plans trap: and what own debt was paid."""
    taxed = instance.income_tax
    assert taxed is not None
    total = taxed.fixed_trapped_usd_m.copy()
    if instance.tranches is not None:
        total += decisions.draw_usd_m @ taxed.own_paid
    if instance.lines is not None:
        total += (instance.lines.interest * line_owed(instance, decisions)).sum(axis=0)
    return total


def _idle(instance: Instance, taxed: IncomeTax, liquid: Floats, nodes: list[int]) -> float:
    """What cash is reckoned to have earned in the nodes of a year, having earned before."""
    earned = before = 0.0
    for n in np.flatnonzero(instance.tree.reaches[:, nodes[-1]]).tolist():
        if n == nodes[0]:
            before = earned
        earned += taxed.idle_cash_rate * float(taxed.month_share[n]) * (float(liquid[n]) + earned)
    return earned - before


def _assess(
    instance: Instance, taxed: IncomeTax, incomes: Incomes, years: TaxYears, country: int, end: int, idle: float
) -> None:
    at, nodes, before = (country, end), year_nodes(instance, end), year_before(instance, end)
    for name in ("ebitda", "depreciation", "interest", "costs"):
        getattr(years, name)[at] = getattr(incomes, name)[country, nodes].sum()
    years.other_income[at] = incomes.other[country, nodes].sum()
    adjusted = float(years.ebitda[at] + years.other_income[at])
    years.interest_idle[at] = min(idle, max(0.0, float(incomes.own_interest[country, nodes].sum())))
    deducted = float(years.interest[at] - years.interest_idle[at])
    if country == HOME and taxed.interest_limit is not None:
        carried = taxed.interest_carried_usd_m
        if before is not None:
            carried = float(years.interest_carried[HOME, before])
        there = carried + deducted
        deducted = greedy_interest(there, taxed.interest_limit * max(0.0, adjusted))
        years.interest_carried[at] = there - deducted
    years.interest_deducted[at] = deducted
    left = float(years.losses_left[country, before]) if before is not None else float(taxed.losses_usd_m[country])
    result = adjusted - float(years.depreciation[at]) - float(years.costs[at]) - deducted
    years.loss_used[at], years.losses_left[at] = greedy_losses(result, left, taxed.loss_limit)
    years.taxable[at] = max(0.0, result) - years.loss_used[at]
    years.tax[at] = float(taxed.rate[at]) * years.taxable[at]


def incomes(
    instance: Instance,
    decisions: Decisions,
    installed_eh_s: Floats,
    sales_usd_m: Floats,
    ebitda_usd_m: Floats,
    btc_stock: Floats,
    btc_cash_usd_m: Floats,
) -> Incomes:
    """What is taxed of all that was decided: ``installed_eh_s`` (P, N), ``sales_usd_m`` (L, N); (N,) EBITDA of the
    company, coins in stock at the end of a node, and what bitcoin brings in cash beside mining."""
    taxed = instance.income_tax
    assert taxed is not None
    places, hosting, builds, trade = instance.places, instance.hosting, instance.builds, instance.trade
    shape = (len(taxed.country), len(instance.tree))
    ebitda, other, costs = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    halls, built = decisions.halls.astype(float), decisions.built.astype(float)
    signed = (decisions.halls > 0).astype(float)
    written = taxed.fixed_deduction_usd_m.copy()
    for g in range(len(ebitda)):
        here = taxed.option == g
        if g != HOME:
            # Sites abroad have plain power, so their coefficients are exact; home is all that is left.
            ebitda[g] = taxed.fixed_ebitda_usd_m[g] + (halls * here) @ hosting.noi_usd_m_per_hall
            ebitda[g] += (places.margin_usd_m_per_eh * installed_eh_s)[taxed.place == g].sum(axis=0)
            if builds is not None:
                ebitda[g] -= (built * (taxed.build == g)) @ builds.operating_usd_m
        other[g] = (halls * here) @ taxed.hall_residual + sales_usd_m[taxed.lot == g].sum(axis=0)
        written[g] += (halls * here) @ taxed.hall_deduction + (signed * here) @ taxed.signature_deduction
        written[g] += (decisions.order_eh * (taxed.lot == g)) @ taxed.order_deduction
        if builds is not None:
            written[g] += (built * (taxed.build == g)) @ taxed.build_deduction
    ebitda[HOME] = ebitda_usd_m - ebitda.sum(axis=0)
    other[HOME] += _bitcoin(instance, taxed, btc_stock, btc_cash_usd_m)
    if trade is not None:
        other[HOME] -= trade.plug_cost_usd_m_per_eh[places.lot] @ decisions.plug_eh
    costs[HOME] = _costs(instance, decisions)
    own = np.zeros(shape)
    own[HOME] = _own_interest(instance, taxed, decisions)
    return Incomes(ebitda, other, written, _interest(instance, taxed, decisions), own, costs)


def _bitcoin(instance: Instance, taxed: IncomeTax, stock: Floats, cash: Floats) -> Floats:
    """(N,) what bitcoin has gained as marked: value at the end of a node, less before, plus what it brought."""
    coins, parent = instance.treasury, instance.tree.parent
    if coins is None:
        return np.zeros(len(parent))
    worth = taxed.btc_price_usd_m * stock
    before = np.where(parent >= 0, worth[parent], coins.opening_btc * taxed.btc_before_usd_m)
    gain: Floats = worth - before + cash
    return gain


def _interest(instance: Instance, taxed: IncomeTax, decisions: Decisions) -> Floats:
    """(G, N) interest expense, with what is capitalised."""
    total = np.zeros_like(taxed.rate)
    total[HOME] = taxed.fixed_interest_usd_m
    if instance.tranches is not None:
        where = country_of_tranches(instance)
        for g in range(len(total)):
            total[g] += (decisions.draw_usd_m * (where == g)) @ instance.tranches.interest
    if instance.lines is not None:
        total[HOME] += (instance.lines.interest * line_owed(instance, decisions)).sum(axis=0)
    return total


def _own_interest(instance: Instance, taxed: IncomeTax, decisions: Decisions) -> Floats:
    """(N,) interest of new money that is tied to no cost."""
    total = np.zeros(len(instance.tree))
    if instance.tranches is not None:
        total += (decisions.draw_usd_m * taxed.is_own) @ instance.tranches.interest
    if instance.lines is not None:
        total += (instance.lines.interest * line_owed(instance, decisions)).sum(axis=0)
    return total


def _costs(instance: Instance, decisions: Decisions) -> Floats:
    """(N,) fees kept back, fixed costs, fees on what is committed and not drawn."""
    tranches = instance.tranches
    fees, idle = line_costs(instance, decisions)
    total: Floats = fees.sum(axis=0) + idle.sum(axis=0)
    if tranches is not None:
        total = total + decisions.draw_usd_m @ tranches.costs - decisions.commit_usd_m @ tranches.commit_cash
        drawn = decisions.draw_usd_m > 0
        np.add.at(total, tranches.node[drawn], tranches.fixed_cost_usd_m[drawn])
    return total


def tax_years(instance: Instance, decisions: Decisions, states: States) -> TaxYears:
    """All years of a plan, assessed."""
    taxed = instance.income_tax
    assert taxed is not None
    coins = instance.treasury
    brought = np.zeros(len(instance.tree))
    if coins is not None:
        brought = coins.price_usd_m * states.btc_sold_from_stock - coins.mean_price_usd_m * states.btc_kept
    income = incomes(
        instance,
        decisions,
        states.installed_eh_s,
        states.sales_usd_m,
        states.ebitda_usd_m,
        states.btc_stock,
        brought,
    )
    years = unassessed(instance)
    liquid = states.cash_usd_m + states.tax_usd_m + states.trapped_usd_m + beside_cash(instance, decisions)
    for end in year_ends(instance):
        assess(instance, income, years, end, liquid)
    return years
