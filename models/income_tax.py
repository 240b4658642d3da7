"""Constraint family: income tax by country and calendar year. Losses are carried on and used up to a share of a year's
income; interest is deducted up to a share of adjusted income, and the rest carried on.

What the law prescribes, a plan may like to do otherwise: make a loss of a profit that is taxed low to have it when
rates are high, or leave losses and interest for later. That is seldom worth anything, so the rows that forbid it, with
their whole numbers, are there only for years in which a plan did so (``Instance.tax_binaries``,
``models.income_tax_check``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyomo.environ as pyo

from models import income_parts as parts
from models import treasury
from models.income_tax_arrays import IncomeTax
from models.income_tax_bounds import Ranges
from models.instance import Instance
from models.tax import year_ends

HOME = 0


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add income, losses and interest by country and last node of each year, and what they make of ``tax``."""
    taxed = instance.income_tax
    if taxed is None:
        return
    ranges = Ranges(model, instance)
    _add_stock(model, instance)
    model.TAX_YEARS = pyo.Set(
        dimen=2, initialize=[(g, e) for g in range(len(taxed.country)) for e in year_ends(instance)]
    )
    model.income_adjusted = pyo.Var(model.TAX_YEARS)
    model.income_profit = pyo.Var(model.TAX_YEARS, domain=pyo.NonNegativeReals)
    model.income_loss = pyo.Var(model.TAX_YEARS, domain=pyo.NonNegativeReals)
    model.losses_used = pyo.Var(model.TAX_YEARS, domain=pyo.NonNegativeReals)
    model.losses_left = pyo.Var(model.TAX_YEARS, domain=pyo.NonNegativeReals)
    _add_idle(model, instance, ranges)
    limited = year_ends(instance) if taxed.interest_limit is not None else []
    _add_interest(model, instance, {e: ranges.of_year(parts.adjusted, HOME, e) for e in limited})
    model.income_earned = pyo.Constraint(model.TAX_YEARS, rule=lambda m, g, e: earned(m, ranges, g, e))
    model.income_result = pyo.Constraint(model.TAX_YEARS, rule=lambda m, g, e: result(m, instance, g, e))
    model.income_tax_due = pyo.Constraint(model.TAX_NODES, rule=lambda m, e: due(m, taxed, e))
    model.losses_balance = pyo.Constraint(model.TAX_YEARS, rule=lambda m, g, e: balance(m, instance, g, e))
    model.losses_limit = pyo.Constraint(model.TAX_YEARS, rule=lambda m, g, e: limit(m, taxed, g, e))
    if instance.tax_binaries:
        _add_binaries(model, instance, ranges)


def _add_stock(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Coins in stock where a policy keeps some of what is mined (a free treasury has its own variable)."""
    coins = instance.treasury
    kept = coins is not None and not coins.free and coins.kept_share > 0
    model.STOCK_NODES = pyo.Set(initialize=list(range(len(instance.tree))) if kept else [])
    model.income_stock = pyo.Var(model.STOCK_NODES, domain=pyo.NonNegativeReals)
    model.income_stock_balance = pyo.Constraint(model.STOCK_NODES, rule=lambda m, n: stock(m, instance, n))


def _add_idle(model: pyo.ConcreteModel, instance: Instance, ranges: Ranges) -> None:
    """What counts of a year's own interest: nothing that is paid on money that lies idle."""
    taxed = instance.income_tax
    assert taxed is not None
    model.IDLE_YEARS = pyo.Set(initialize=year_ends(instance) if taxed.idle_cash_rate > 0 else [])
    model.IDLE_NODES = pyo.Set(initialize=list(range(len(instance.tree))) if taxed.idle_cash_rate > 0 else [])
    model.idle_earned = pyo.Var(model.IDLE_NODES)
    model.interest_counted = pyo.Var(model.IDLE_YEARS, domain=pyo.NonNegativeReals)
    model.interest_counts = pyo.Var(model.IDLE_YEARS, domain=pyo.Binary)
    most = {e: max(0.0, ranges.of_year(parts.own_interest, HOME, e)[1]) for e in model.IDLE_YEARS}
    model.idle_earns = pyo.Constraint(model.IDLE_NODES, rule=lambda m, n: idle_earns(m, instance, n))
    model.interest_paid = pyo.Constraint(model.IDLE_YEARS, rule=lambda m, e: counted_if_paid(m, instance, e))
    model.interest_used = pyo.Constraint(model.IDLE_YEARS, rule=lambda m, e: counted_if_used(m, instance, e))
    model.interest_none = pyo.Constraint(model.IDLE_YEARS, rule=lambda m, e: counted_or_none(m, e, most[e]))


def _add_interest(model: pyo.ConcreteModel, instance: Instance, signs: dict[int, tuple[float, float]]) -> None:
    """What is deducted of interest at home, where there is a limit to it."""
    taxed = instance.income_tax
    assert taxed is not None
    limited = year_ends(instance) if taxed.interest_limit is not None else []
    model.INTEREST_YEARS = pyo.Set(initialize=limited)
    model.interest_deducted = pyo.Var(model.INTEREST_YEARS, domain=pyo.NonNegativeReals)
    model.interest_left = pyo.Var(model.INTEREST_YEARS, domain=pyo.NonNegativeReals)
    model.income_positive = pyo.Var(model.INTEREST_YEARS, domain=pyo.NonNegativeReals)
    model.SIGN_OPEN = pyo.Set(initialize=[e for e in limited if signs[e][0] < 0 < signs[e][1]])
    model.income_is_positive = pyo.Var(model.SIGN_OPEN, domain=pyo.Binary)
    model.interest_balance = pyo.Constraint(model.INTEREST_YEARS, rule=lambda m, e: interest_left(m, instance, e))
    model.interest_cap = pyo.Constraint(model.INTEREST_YEARS, rule=lambda m, e: interest_cap(m, instance, e))
    model.positive_least = pyo.Constraint(model.INTEREST_YEARS, rule=lambda m, e: positive_least(m, e))
    model.positive_most = pyo.Constraint(model.INTEREST_YEARS, rule=lambda m, e: positive_most(m, e, signs[e]))
    model.EARNERS = pyo.Set(dimen=2, initialize=sorted(_earners(instance, signs, set(model.SIGN_OPEN))))
    model.positive_signed = pyo.Constraint(
        model.EARNERS, rule=lambda m, e, k: positive_signed(m, instance, signs[e][0], e, k)
    )
    model.positive_none = pyo.Constraint(model.SIGN_OPEN, rule=lambda m, e: positive_none(m, e, signs[e]))


def _add_binaries(model: pyo.ConcreteModel, instance: Instance, ranges: Ranges) -> None:
    """Losses and interest by the rule, in the years named by the instance."""
    taxed = instance.income_tax
    assert taxed is not None
    index = sorted(instance.tax_binaries)
    model.RULED = pyo.Set(dimen=2, initialize=index)
    model.RULED_INTEREST = pyo.Set(initialize=[e for g, e in index if g == HOME and e in model.INTEREST_YEARS])
    model.income_is_profit = pyo.Var(model.RULED, domain=pyo.Binary)
    model.losses_all_used = pyo.Var(model.RULED, domain=pyo.Binary)
    model.interest_all_deducted = pyo.Var(model.RULED_INTEREST, domain=pyo.Binary)
    most = {(g, e): parts.extremes(instance, ranges, g, e) for g, e in index}
    model.one_sided_profit = pyo.Constraint(model.RULED, rule=lambda m, g, e: profit_alone(m, g, e, most[g, e]))
    model.one_sided_loss = pyo.Constraint(model.RULED, rule=lambda m, g, e: loss_alone(m, g, e, most[g, e]))
    model.losses_all = pyo.Constraint(model.RULED, rule=lambda m, g, e: use_all(m, instance, g, e, most[g, e]))
    model.losses_allowed = pyo.Constraint(model.RULED, rule=lambda m, g, e: use_allowed(m, taxed, g, e, most[g, e]))
    model.interest_all = pyo.Constraint(
        model.RULED_INTEREST, rule=lambda m, e: deduct_all(m, instance, e, most[HOME, e])
    )
    model.interest_allowed = pyo.Constraint(
        model.RULED_INTEREST, rule=lambda m, e: deduct_allowed(m, instance, e, most[HOME, e])
    )


def stock(model: pyo.ConcreteModel, instance: Instance, node: int) -> object:
    r"""Coins in stock are those of before, and what the treasury's policy keeps of those that are mined.

    $$ \text{stock}_n = \text{stock}_{\text{parent}(n)} + \kappa \, \text{mined}_n $$
    """
    assert instance.treasury is not None
    kept = instance.treasury.kept_share * treasury.mined(model, instance, node)
    return model.income_stock[node] == parts.stock(model, instance, int(instance.tree.parent[node])) + kept


def earned(model: pyo.ConcreteModel, ranges: Ranges, country: int, end: int) -> object:
    r"""Adjusted taxable income of a year: EBITDA, less moves, plus machines sold, residuals and what bitcoin has gained
    as marked. What cash yields is no income: a plan would gain by hiding, locking up or burning cash.

    $$ A_{g,e} = \sum_{m \in y(e)} \left( \text{EBITDA}_{g,m} - \text{moves}_m + \text{sales}_{g,m}
       + \text{residuals}_{g,m} + \Delta\text{bitcoin}_m \right) $$
    """
    return model.income_adjusted[country, end] == ranges.year(parts.adjusted, country, end)


def idle_earns(model: pyo.ConcreteModel, instance: Instance, node: int) -> object:
    r"""Cash is reckoned as if it earned a rate and kept it: so borrowed money that lies idle pays its own interest.

    $$ E_n = E_{\text{parent}(n)} + \iota^{\text{idle}} \tfrac{\text{months}_n}{12}
       (\text{cash}_n + \text{tax}_n + \text{trapped}_n + \text{paid}_n + E_{\text{parent}(n)}) $$
    """
    taxed, parent = instance.income_tax, int(instance.tree.parent[node])
    assert taxed is not None
    before = model.idle_earned[parent] if parent >= 0 else 0.0
    share = taxed.idle_cash_rate * float(taxed.month_share[node])
    return model.idle_earned[node] == (1 + share) * before + share * parts.idle_cash(model, instance, node)


def counted_if_paid(model: pyo.ConcreteModel, instance: Instance, end: int) -> object:
    r"""No more own interest counts than is paid.

    $$ I_e \le \sum_{m \in y(e)} \text{own}_m $$
    """
    return model.interest_counted[end] - parts.year(model, instance, parts.own_interest, HOME, end) <= 0


def counted_if_used(model: pyo.ConcreteModel, instance: Instance, end: int) -> object:
    r"""Interest on money that lies idle does not count.

    Without the rule any sum is borrowed, kept as cash (which counts at par) and its interest saves tax.

    $$ I_e \le \sum_{m \in y(e)} \text{own}_m - (E_e - E_{e'}) + \overline{M}_e (1 - \text{counts}_e) $$
    """
    taxed = instance.income_tax
    assert taxed is not None
    grown, most = 1.0, 0.0
    for n in np.flatnonzero(instance.tree.reaches[:, end]).tolist():
        share = taxed.idle_cash_rate * float(taxed.month_share[n])
        most = share * grown * taxed.most_cash_usd_m + (most if n in parts.year_nodes(instance, end) else 0.0)
        grown *= 1 + share
    paid = parts.year(model, instance, parts.own_interest, HOME, end)
    idle = parts.year(model, instance, parts.idle, HOME, end)
    return model.interest_counted[end] - paid + idle - most * (1 - model.interest_counts[end]) <= 0


def counted_or_none(model: pyo.ConcreteModel, end: int, most: float) -> object:
    r"""... and none does where more lies idle than is borrowed.

    $$ I_e \le M_e \, \text{counts}_e $$
    """
    return model.interest_counted[end] - most * model.interest_counts[end] <= 0


def result(model: pyo.ConcreteModel, instance: Instance, country: int, end: int) -> object:
    r"""A year ends with a profit or a loss, after depreciation, costs of finance and interest.

    $$ \text{profit}_{g,e} - \text{loss}_{g,e}
       = A_{g,e} - \text{dep}_{g,e} - \text{costs}_e - Y_{g,e} $$
    """
    income = model.income_adjusted[country, end] - parts.year(model, instance, parts.deductions, country, end)
    income -= _deducted(model, instance, country, end)
    return model.income_profit[country, end] - model.income_loss[country, end] == income


def _deducted(model: pyo.ConcreteModel, instance: Instance, country: int, end: int) -> Any:
    if country == HOME and end in model.INTEREST_YEARS:
        return model.interest_deducted[end]
    return parts.counted_interest(model, instance, country, end)


def due(model: pyo.ConcreteModel, taxed: IncomeTax, end: int) -> object:
    r"""Tax is at least the rate of each country on its profit less the losses that are used.

    $$ \text{tax}_e \ge \sum_g \tau_{g,e} \left( \text{profit}_{g,e} - \text{used}_{g,e} \right) $$
    """
    owed = sum(
        float(taxed.rate[g, end]) * (model.income_profit[g, end] - model.losses_used[g, end])
        for g in range(len(taxed.country))
    )
    return model.tax[end] - owed >= 0


def balance(model: pyo.ConcreteModel, instance: Instance, country: int, end: int) -> object:
    r"""Losses left are those of before, plus the year's, less those used, and never below zero: what has not been lost
    cannot be used. (A loss made beside a profit to be used at once changes nothing.)

    $$ \text{left}_{g,e} = \text{left}_{g,e'} + \text{loss}_{g,e} - \text{used}_{g,e} $$
    """
    before = losses_before(model, instance, country, end)
    change = model.income_loss[country, end] - model.losses_used[country, end]
    return model.losses_left[country, end] == before + change


def limit(model: pyo.ConcreteModel, taxed: IncomeTax, country: int, end: int) -> object:
    r"""Losses take away a share of a year's profit at most, so some tax is paid on every profit.

    $$ \text{used}_{g,e} \le \lambda \, \text{profit}_{g,e} $$
    """
    return model.losses_used[country, end] - taxed.loss_limit * model.income_profit[country, end] <= 0


def losses_before(model: pyo.ConcreteModel, instance: Instance, country: int, end: int) -> Any:
    """Losses left at the end of the year before, or those that the plan starts with."""
    assert instance.income_tax is not None
    before = parts.year_before(instance, end)
    if before is None:
        return float(instance.income_tax.losses_usd_m[country])
    return model.losses_left[country, before]


def interest_left(model: pyo.ConcreteModel, instance: Instance, end: int) -> object:
    r"""Interest that is not deducted is carried on.

    $$ \text{carried}_e = \text{carried}_{e'} + \text{interest}_e - Y_e $$
    """
    return model.interest_left[end] == _interest_there(model, instance, end) - model.interest_deducted[end]


def interest_cap(model: pyo.ConcreteModel, instance: Instance, end: int) -> object:
    r"""Interest is deducted up to a share of adjusted taxable income where that is positive.

    Without the rule any debt shelters any income.

    $$ Y_e \le \iota A^+_e $$
    """
    return model.interest_deducted[end] - _cap(model, instance, end) <= 0


def positive_least(model: pyo.ConcreteModel, end: int) -> object:
    r"""$$ A^+_e \ge A_e $$"""
    return model.income_positive[end] - model.income_adjusted[HOME, end] >= 0


def positive_most(model: pyo.ConcreteModel, end: int, signs: tuple[float, float]) -> object:
    r"""The positive part of adjusted income is no more than it, or nothing.

    $$ A^+_e \le A_e + \overline{M}_e (1 - \text{positive}_e) $$
    """
    lowest, highest = signs
    if highest <= 0:
        return model.income_positive[end] <= 0
    room = -lowest * (1 - model.income_is_positive[end]) if lowest < 0 else 0.0
    return model.income_positive[end] - model.income_adjusted[HOME, end] - room <= 0


def _earners(instance: Instance, signs: dict[int, tuple[float, float]], years: set[int]) -> Iterator[tuple[int, int]]:
    """(year, exclusive set) of which a signature by itself makes the year's income positive."""
    for e in sorted(years):
        for k, options in enumerate(instance.exclusive):
            if any(_makes_positive(instance, e, o, signs[e][0]) for o in options):
                yield e, k


def _makes_positive(instance: Instance, end: int, option: int, lowest: float) -> bool:
    """Whether what a signature earns at least in a year is more than all else can lose in it."""
    hosting, taxed = instance.hosting, instance.income_tax
    assert taxed is not None
    if int(taxed.option[option]) != HOME or not instance.tree.reaches[hosting.node[option], end]:
        return False
    earned = float(hosting.noi_usd_m_per_hall[option, parts.year_nodes(instance, end)].sum())
    return earned * float(hosting.halls_min[option]) + lowest >= 0


def positive_signed(model: pyo.ConcreteModel, instance: Instance, lowest: float, end: int, exclusive: int) -> object:
    r"""Where a signature earns more than all else can lose, income is positive: true already, and said again for the
    relaxation. It changes no plan.

    $$ \sum_{o \in X} \text{sign}_o \le \text{positive}_e $$
    """
    earning = [o for o in instance.exclusive[exclusive] if _makes_positive(instance, end, o, lowest)]
    return sum(model.sign[o] for o in earning) - model.income_is_positive[end] <= 0


def positive_none(model: pyo.ConcreteModel, end: int, signs: tuple[float, float]) -> object:
    r"""$$ A^+_e \le M_e \, \text{positive}_e $$"""
    return model.income_positive[end] - signs[1] * model.income_is_positive[end] <= 0


def _interest_there(model: pyo.ConcreteModel, instance: Instance, end: int) -> Any:
    """Interest of the year and what was carried on to it."""
    assert instance.income_tax is not None
    before = parts.year_before(instance, end)
    carried = model.interest_left[before] if before is not None else instance.income_tax.interest_carried_usd_m
    return carried + parts.counted_interest(model, instance, HOME, end)


def _cap(model: pyo.ConcreteModel, instance: Instance, end: int) -> Any:
    assert instance.income_tax is not None
    assert instance.income_tax.interest_limit is not None
    return instance.income_tax.interest_limit * model.income_positive[end]


def profit_alone(model: pyo.ConcreteModel, country: int, end: int, most: parts.Extremes) -> object:
    r"""A year has a profit or a loss, not both.

    Without the rule a profit is made, and taxed, beside a loss that is used when rates are higher.

    $$ \text{profit}_{g,e} \le M \, \text{is\_profit}_{g,e} $$
    """
    return model.income_profit[country, end] - most.profit * model.income_is_profit[country, end] <= 0


def loss_alone(model: pyo.ConcreteModel, country: int, end: int, most: parts.Extremes) -> object:
    r"""$$ \text{loss}_{g,e} \le M (1 - \text{is\_profit}_{g,e}) $$"""
    return model.income_loss[country, end] - most.loss * (1 - model.income_is_profit[country, end]) <= 0


def use_all(model: pyo.ConcreteModel, instance: Instance, country: int, end: int, most: parts.Extremes) -> object:
    r"""Losses are used as soon as there is a profit: all of them, or as much as is allowed.

    Without the rule they are kept for years with a higher rate.

    $$ \text{used}_{g,e} \ge \text{left}_{g,e'} - M (1 - \text{all}_{g,e}) $$
    """
    slack = most.losses * (1 - model.losses_all_used[country, end])
    return model.losses_used[country, end] - losses_before(model, instance, country, end) + slack >= 0


def use_allowed(model: pyo.ConcreteModel, taxed: IncomeTax, country: int, end: int, most: parts.Extremes) -> object:
    r"""$$ \text{used}_{g,e} \ge \lambda \, \text{profit}_{g,e} - M \, \text{all}_{g,e} $$"""
    allowed = taxed.loss_limit * model.income_profit[country, end]
    slack = taxed.loss_limit * most.profit * model.losses_all_used[country, end]
    return model.losses_used[country, end] - allowed + slack >= 0


def deduct_all(model: pyo.ConcreteModel, instance: Instance, end: int, most: parts.Extremes) -> object:
    r"""Interest is deducted as soon as it may be: all of it, or up to the limit.

    Without the rule it is kept for years in which it saves more, and losses are made smaller by it.

    $$ Y_e \ge \text{carried}_{e'} + \text{interest}_e - M (1 - \text{all}_e) $$
    """
    slack = most.interest * (1 - model.interest_all_deducted[end])
    return model.interest_deducted[end] - _interest_there(model, instance, end) + slack >= 0


def deduct_allowed(model: pyo.ConcreteModel, instance: Instance, end: int, most: parts.Extremes) -> object:
    r"""$$ Y_e \ge \iota A^+_e - M \, \text{all}_e $$"""
    slack = most.cap * model.interest_all_deducted[end]
    return model.interest_deducted[end] - _cap(model, instance, end) + slack >= 0
