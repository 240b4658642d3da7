"""Identities within the files of a plan, each from the file's own cells: they hold whatever the figures are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from optimizer.case.contracts import MinimumTake
from optimizer.plan.audit.files import Line, Table
from optimizer.plan.audit.recompute.blocks import mean_over
from optimizer.plan.audit.recompute.books import ASSETS, BELOW, EARNED, FINANCED, LIABILITIES
from optimizer.plan.audit.recompute.cash import FLOWS
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT
from optimizer.plan.audit.result import Collector, shown

_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Identity:
    """``column`` is the sum of the columns ``plus`` less those of ``minus``, in every row."""

    file: str
    column: str
    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()


def _in_usd_m(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}_usd_m" for name in names)


IDENTITIES = (
    Identity("cash.csv", "closing_usd_m", ("opening_usd_m", *FLOWS)),
    Identity("cash.csv", "headroom_usd_m", ("closing_usd_m",), ("minimum_usd_m",)),
    Identity("debt.csv", "closing_usd_m", ("opening_usd_m", "drawn_usd_m", "capitalised_usd_m"), ("principal_usd_m",)),
    Identity("companies.csv", "closing_usd_m", _in_usd_m("opening", "flows", "fund"), ("upstream_usd_m",)),
    Identity("treasury.csv", "closing_btc", ("opening_btc", "mined_btc"), ("sold_btc",)),
    Identity("mining.csv", "margin_usd_m", ("revenue_usd_m",), ("power_cost_usd_m", "variable_cost_usd_m")),
    Identity(
        "hosting.csv",
        "noi_usd_m",
        ("rent_usd_m", "power_recovered_usd_m", "delivery_recovered_usd_m"),
        ("operating_cost_usd_m", "power_cost_usd_m", "delivery_cost_usd_m"),
    ),
    Identity("value.csv", "total_usd_m", ("within_horizon_usd_m", "beyond_horizon_usd_m")),
    Identity("income.csv", "ebitda_usd_m", _in_usd_m(*EARNED)),
    Identity("income.csv", "operating_income_usd_m", _in_usd_m("ebitda", *BELOW)),
    Identity("income.csv", "pretax_usd_m", _in_usd_m("operating_income", *FINANCED)),
    Identity("income.csv", "net_income_usd_m", ("pretax_usd_m", "tax_usd_m")),
    Identity("income.csv", "to_common_usd_m", ("net_income_usd_m", "preferred_dividends_usd_m")),
    Identity("income.csv", "adjusted_ebitda_usd_m", _in_usd_m("ebitda", "btc_realised", "btc_unrealised")),
    Identity("balance.csv", "total_assets_usd_m", _in_usd_m(*ASSETS)),
    Identity("balance.csv", "total_liabilities_usd_m", _in_usd_m(*LIABILITIES)),
    Identity(
        "cost_per_btc.csv", "net_income_usd", ("revenue_usd", "hosting_usd", "other_usd"), ("with_depreciation_usd",)
    ),
)

# Opening is the closing of the row before with the same name.
_CHAINS = (
    ("cash.csv", "opening_usd_m", "closing_usd_m", None),
    ("treasury.csv", "opening_btc", "closing_btc", None),
    ("debt.csv", "opening_usd_m", "closing_usd_m", "debt"),
    ("companies.csv", "opening_usd_m", "closing_usd_m", "company"),
)


def check_balances(tables: Mapping[str, Table], figures: Figures, collector: Collector) -> None:
    """Check every identity in the tables that could be read."""
    for identity in IDENTITIES:
        if identity.file in tables:
            _check_identity(tables[identity.file], identity, collector)
    if "contracts.csv" in tables:
        takes = {
            (site, name)
            for site, entry in figures.case.sites.items()
            for name, contract in entry.contracts.items()
            if isinstance(contract, MinimumTake)
        }

        def delivers(line: Line) -> bool:
            return (line.cells.get("site"), line.cells.get("contract")) not in takes

        _check_identity(tables["contracts.csv"], _MWH, collector, delivers)
    if "limits.csv" in tables:
        _check_identity(tables["limits.csv"], _LEAST, collector, lambda line: line.cells.get("limit") in LEAST)
        _check_identity(tables["limits.csv"], _MOST, collector, lambda line: line.cells.get("limit") not in LEAST)
    for file, opening, closing, name in _CHAINS:
        if file in tables:
            _check_chain(tables[file], opening, closing, name, collector)
    if "value.csv" in tables:
        _check_total(tables["value.csv"], collector)
    if "machines.csv" in tables:
        _check_machines(tables["machines.csv"], figures, collector)
    if "allocation.csv" in tables:
        _check_megawatts(tables["allocation.csv"], figures, collector)


_MWH = Identity("contracts.csv", "unused_mwh", ("mwh",), ("mining_mwh", "hosting_mwh"))
_LEAST = Identity("limits.csv", "headroom", ("used",), ("allowed",))
_MOST = Identity("limits.csv", "headroom", ("allowed",), ("used",))
LEAST = ("min_cash", "min_liquidity", "debt_service_coverage", "lock_up")
"""Limits below which something may not fall; above all others nothing may rise."""


def _unequal(stated: float, terms: Sequence[float]) -> bool:
    largest = max(1.0, abs(stated), *(abs(term) for term in terms)) if terms else max(1.0, abs(stated))
    return not abs(stated - sum(terms)) <= _TOLERANCE * largest


def _check_identity(
    table: Table, identity: Identity, collector: Collector, applies: Callable[[Line], bool] = lambda line: True
) -> None:
    for line in table.lines:
        if not applies(line):
            continue
        stated = line.value(identity.column)
        plus = [line.value(column) for column in identity.plus]
        minus = [line.value(column) for column in identity.minus]
        if stated is None or None in plus or None in minus:
            continue
        collector.checks += 1
        terms = [term for term in plus if term is not None] + [-term for term in minus if term is not None]
        if _unequal(stated, terms):
            message = f"says {shown(stated)}, the row's own cells make it {shown(sum(terms))}"
            collector.fault(table.file, line.number, identity.column, message)


def _check_chain(table: Table, opening: str, closing: str, name: str | None, collector: Collector) -> None:
    last: dict[str, tuple[int, float | None]] = {}
    for line in table.lines:
        of = line.cells.get(name, "") if name else ""
        now = line.value(opening)
        if of in last:
            row, before = last[of]
            if now is not None and before is not None:
                collector.checks += 1
                if _unequal(now, [before]):
                    message = f"says {shown(now)}, line {row} closes with {shown(before)}"
                    collector.fault(table.file, line.number, opening, message)
        last[of] = (line.number, line.value(closing))


def _check_total(table: Table, collector: Collector) -> None:
    parts = [line for line in table.lines if line.cells.get("component") != "total"]
    for total in table.lines:
        if total.cells.get("component") != "total":
            continue
        for column in ("within_horizon_usd_m", "beyond_horizon_usd_m", "total_usd_m", "at_wacc_usd_m"):
            stated, terms = total.value(column), [part.value(column) for part in parts]
            if stated is None or None in terms:
                continue
            collector.checks += 1
            known = [term for term in terms if term is not None]
            if _unequal(stated, known):
                message = f"says {shown(stated)}, the rows above make it {shown(sum(known))}"
                collector.fault(table.file, total.number, column, message)


def _check_megawatts(table: Table, figures: Figures, collector: Collector) -> None:
    """Used and free megawatts of a site and period are together what is energised on average."""
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in table.lines:
        groups.setdefault((line.cells.get("period", ""), line.cells.get("site", "")), []).append(line)
    for period in figures.timeline.periods:
        for site in figures.case.sites:
            lines = groups.get((period.name, site), [])
            terms = [line.value("meter_mw") for line in lines]
            if not lines or None in terms:
                continue
            collector.checks += 1
            energised = mean_over(figures.energised(site), period.start, period.end)
            known = [term for term in terms if term is not None]
            if _unequal(energised, known):
                message = (
                    f"used and free megawatts of {site} make {shown(sum(known))}, energised are {shown(energised)}"
                )
                collector.fault(table.file, lines[-1].number, "meter_mw", message)


def _check_machines(table: Table, figures: Figures, collector: Collector) -> None:
    """A lot is all that was ordered or there at first less what was sold, wherever it is, as long as it lives."""
    rows: dict[tuple[str, str], list[Line]] = {}
    for line in table.lines:
        rows.setdefault((line.cells.get("period", ""), line.cells.get("lot", "")), []).append(line)
    sales = figures.decisions.of("sell")
    for lot in figures.lots:
        sold_of_lot = [sale for sale in sales if sale.item == lot.full_name]
        for period in figures.timeline.periods:
            if lot.end <= period.start + SAME_INSTANT or (lot.ordered is not None and period.start < lot.ordered):
                continue
            lines = rows.get((period.name, lot.full_name), [])
            terms = [line.value("ph_s") for line in lines]
            if None in terms:
                continue
            collector.checks += 1
            due = lot.ph_s - sum(sale.amount for sale in sold_of_lot if sale.at <= period.start)
            there = sum(term for term in terms if term is not None)
            # Rows of next to nothing are left out, and every decision is rounded.
            if abs(there - due) > _TOLERANCE * max(len(lot.places) + 1 + len(sold_of_lot), abs(due)):
                message = f"{shown(there)} PH/s of {lot.full_name} in {period.name}, orders less sales make"
                number = lines[-1].number if lines else None
                collector.fault(table.file, number, "ph_s", f"{message} {shown(due)}")
