"""Builds of the sites -> options: every build on every step of its window, with cash and value of one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.instance import BuildOptions
from models.tree import Floats, Tree
from optimizer.case.case import Case
from optimizer.case.horizon import Discount
from optimizer.case.sites import Build
from optimizer.instance.kept import kept
from optimizer.market.calendar import Cells, instant_factor, month_factors, month_in
from optimizer.market.market import Market


@dataclass(frozen=True)
class BuildOption:
    """One way to build one thing. Arrays (K,) by month after the start, company's share, of one of them."""

    build: int
    name: str
    site: int
    site_name: str
    node: int
    terms: Build
    step: float
    in_use_from: float
    cost: Floats
    paid_at_once: float
    operating: Floats
    """Until the horizon."""

    @property
    def total_cost(self) -> float:
        return float(self.cost.sum()) + self.paid_at_once


def list_builds(case: Case, market: Market) -> tuple[BuildOption, ...]:
    """In the order of sites, their builds, and time."""
    sites = tuple((name, site.share, tuple(site.builds.items())) for name, site in case.sites.items())
    return _list_builds(sites, market.start_month, market.tree, int(market.cells.month.max()) + 1)


@kept()
def _list_builds(
    sites: tuple[tuple[str, float, tuple[tuple[str, Build], ...]], ...], start_month: int, tree: Tree, months: int
) -> tuple[BuildOption, ...]:
    """Sites have their name, the company's share and builds."""
    k = np.arange(months)
    horizon = float((tree.start_months + tree.length_months).max())
    options: list[BuildOption] = []
    kind = 0
    for s, (site_name, share, builds) in enumerate(sites):
        for name, build in builds:
            for node in np.flatnonzero(tree.decision).tolist():
                step = float(tree.start_months[node])
                if not build.window.start.first <= start_month + step < build.window.end.last:
                    continue
                done = step + build.lead
                spread = np.clip(np.minimum(k + 1, done) - np.maximum(k, step), 0.0, None)
                used = np.clip(np.minimum(k + 1, horizon) - np.maximum(k, done), 0.0, None)
                options.append(
                    BuildOption(
                        build=kind,
                        name=name,
                        site=s,
                        site_name=site_name,
                        node=node,
                        terms=build,
                        step=step,
                        in_use_from=done,
                        cost=spread * (build.cost_usd_m * share / build.lead if build.lead else 0.0),
                        paid_at_once=0.0 if build.lead else build.cost_usd_m * share,
                        operating=used * build.operating_cost_usd_m_per_year / 12 * share,
                    )
                )
            kind += 1
    return tuple(options)


def build_arrays(case: Case, market: Market, options: tuple[BuildOption, ...]) -> BuildOptions | None:
    """Cash by node and value of each option; None if nothing can be built."""
    return _build_arrays(case.discount, market.tree, market.cells, options) if options else None


@kept()
def _build_arrays(discount: Discount, tree: Tree, cells: Cells, options: tuple[BuildOption, ...]) -> BuildOptions:
    planned = ~cells.in_tail
    cash, running = np.zeros((len(options), len(tree))), np.zeros((len(options), len(tree)))
    value, after = np.zeros(len(options)), np.zeros(len(options))
    for u, option in enumerate(options):
        within, beyond = _value(discount, tree, cells, option)
        value[u] = within + beyond
        here = planned & tree.reaches[option.node, cells.node]
        np.add.at(running[u], cells.node[here], option.operating[cells.month[here]])
        np.subtract.at(cash[u], cells.node[here], option.cost[cells.month[here]])
        cash[u] -= running[u]
        cash[u, option.node] -= option.paid_at_once
        tail = cells.in_tail & tree.reaches[option.node, cells.node]
        leaves = max(1, len(np.unique(cells.node[tail])))
        after[u] = float(option.cost[cells.month[tail]].sum()) / leaves
    return BuildOptions(
        build=np.array([option.build for option in options], dtype=np.int64),
        node=np.array([option.node for option in options], dtype=np.int64),
        name=tuple(f"{o.site_name}.{o.name} in {tree.label[o.node]}" for o in options),
        most=np.array([option.terms.max for option in options], dtype=np.int64),
        cash_usd_m=cash,
        operating_usd_m=running,
        value_usd_m=value,
        cost_after_horizon_usd_m=after,
    )


def build_value(case: Case, market: Market, option: BuildOption, rate: float | None = None) -> tuple[float, float]:
    """Present value (negative) of one, within the horizon and beyond it; with ``rate`` all at that one rate."""
    return _value(case.discount, market.tree, market.cells, option, rate)


def _value(
    discount: Discount, tree: Tree, cells: Cells, option: BuildOption, rate: float | None = None
) -> tuple[float, float]:
    mining = discount.mining if rate is None else rate
    corporate = discount.corporate if rate is None else rate
    weight = np.where(tree.reaches[option.node, cells.node], tree.probability[cells.node], 0.0)
    spent = option.cost[cells.month] * month_factors(mining, cells.month)
    run = option.operating[cells.month] * month_factors(corporate, cells.month)
    amounts = -(spent + run) * weight
    at_once = option.paid_at_once * instant_factor(mining, option.step)
    at_once *= float(weight[month_in(cells, option.step)].sum())
    return float(amounts[~cells.in_tail].sum()) - at_once, float(amounts[cells.in_tail].sum())
