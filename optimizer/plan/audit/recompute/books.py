"""Income statement and balance sheet. Section 17 of docs/figures_capital.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optimizer.case.books import Books
from optimizer.plan.audit.recompute.bitcoin_result import BitcoinResult, bitcoin_result
from optimizer.plan.audit.recompute.books_machines import MachineBooks, machine_books
from optimizer.plan.audit.recompute.books_property import Written, forgiven, halls_books, property_books
from optimizer.plan.audit.recompute.cash import CashPath
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.owed import Owed, owed_of
from optimizer.plan.audit.recompute.timeline import Array, CannotRecompute

EARNED = (
    "mining_revenue",
    "hosting_revenue",
    "power_recovered",
    "contracts",
    "flexibility",
    "power",
    "mining_variable",
    "delivery",
    "hosting_operating",
    "site_cost",
    "sga",
)
"""Lines that make EBITDA."""

BELOW = (
    "stock_pay",
    "moves",
    "depreciation_machines",
    "depreciation_halls",
    "depreciation_property",
    "impairment",
    "gain_on_machines",
    "gain_on_halls",
    "btc_realised",
    "btc_unrealised",
)
"""Lines between EBITDA and operating income."""

FINANCED = ("interest_income", "interest_expense", "financing_costs")
"""Lines between operating income and income before tax."""

INCOME = (
    *EARNED, "ebitda", *BELOW, "operating_income", *FINANCED, "pretax", "tax", "net_income", "preferred_dividends",
    "to_common", "adjusted_ebitda",
)  # fmt: skip
"""Lines of the income statement in their order."""

ASSETS = (
    "cash", "trapped", "bitcoin", "collateral", "machines", "halls", "property", "land", "investments", "other_assets",
)  # fmt: skip

LIABILITIES = ("debt", "accrued_interest", "prepayments", "preferred", "other_liabilities", "equity")

BALANCE = (*ASSETS, "total_assets", *LIABILITIES, "total_liabilities")
"""Items of the balance sheet in their order."""


@dataclass(frozen=True, eq=False)
class Statements:
    """income: by line, (P,), costs negative. balance: by item, (P + 1,), at the start and at the end of each period.
    USD m.
    """

    income: Mapping[str, Array]
    balance: Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class _Assets:
    """What is written off or marked to its price."""

    machines: MachineBooks
    halls: Written
    buildings: Written
    bitcoin: BitcoinResult


def statements_of(figures: Figures, books: Books, cash: CashPath) -> Statements:
    """Both statements. Raises CannotRecompute if property would have to be negative for the opening to balance."""
    owed = owed_of(figures)
    machines, halls, coins = machine_books(figures, books), halls_books(figures), bitcoin_result(figures)
    known = {
        "cash": figures.case.finance.opening.cash_usd_m,
        # What companies below the parent hold is not the parent's to spend.
        "trapped": sum(company.opening_cash_usd_m for company in figures.case.finance.companies.values()),
        "bitcoin": coins.opening,
        "machines": machines.opening,
        "halls": halls.opening,
        "land": books.land_usd_m,
        "investments": books.investments_usd_m,
        "other_assets": books.other_assets_usd_m,
    }
    liabilities = {
        "debt": sum(float(each.opening[0]) for each in owed),
        "accrued_interest": sum(float(each.accrued_opening[0]) for each in owed),
        "prepayments": sum(lease.prepayment_left_usd_m for lease in figures.case.leases.values()),
        "other_liabilities": books.other_liabilities_usd_m,
    }
    net = sum(known.values()) - sum(liabilities.values())
    # Property makes it balance if it is not given, else equity.
    buildings = (books.equity_usd_m or 0.0) - net if books.property_usd_m is None else books.property_usd_m
    if buildings < 0:
        raise CannotRecompute(f"property would be {buildings:.10g} USD m for the opening balance sheet to balance")
    equity = net + buildings
    assets = _Assets(machines, halls, property_books(figures, books, buildings), coins)
    income = _income(figures, books, cash, assets, owed)
    return Statements(income, _balance(figures, cash, assets, owed, income, known, liabilities, equity))


def _income(
    figures: Figures, books: Books, cash: CashPath, assets: _Assets, owed: tuple[Owed, ...]
) -> dict[str, Array]:
    timeline, flows = figures.timeline, cash.flows
    nothing = np.zeros(len(timeline.periods))
    months = np.array([period.months for period in timeline.periods])
    mined = {
        name: timeline.by_period(
            np.asarray(sum((getattr(each, name) for each in figures.mined), np.zeros(timeline.months)))
        )
        for name in ("revenue", "power_cost", "variable_cost")
    }
    debts = [each for each in owed if each.counts_as_debt]
    preferred = [each for each in owed if not each.counts_as_debt]
    lines = {
        "mining_revenue": mined["revenue"],
        "hosting_revenue": flows["hosting_rent_usd_m"],
        "power_recovered": flows["power_recovered_usd_m"] + flows["delivery_recovered_usd_m"],
        "contracts": flows["contracts_usd_m"],
        "flexibility": flows["flexibility_usd_m"],
        "power": flows["hosting_power_usd_m"] - mined["power_cost"],
        "mining_variable": -mined["variable_cost"],
        "delivery": flows["delivery_usd_m"] + flows["hosting_delivery_usd_m"],
        "hosting_operating": flows["hosting_operating_cost_usd_m"],
        "site_cost": flows["site_cost_usd_m"] + flows["builds_operating_usd_m"],
        "sga": flows["sga_usd_m"],
        "stock_pay": -books.stock_pay_usd_m_per_quarter / 3 * months,
        "moves": flows["machines_moved_usd_m"],
        "depreciation_machines": -assets.machines.depreciation,
        "depreciation_halls": -assets.halls.depreciation,
        "depreciation_property": -assets.buildings.depreciation,
        "impairment": -assets.machines.impairment,
        "gain_on_machines": assets.machines.gain,
        "gain_on_halls": assets.halls.gain + forgiven(figures),
        "btc_realised": assets.bitcoin.realised,
        "btc_unrealised": assets.bitcoin.total - assets.bitcoin.realised,
        "interest_income": flows["yield_usd_m"],
        "interest_expense": -sum((each.expense for each in debts), nothing),
        "financing_costs": -sum((_fees_expensed(each) for each in owed), nothing),
        "tax": flows["tax_usd_m"],
        "preferred_dividends": -sum((each.expense + each.capitalised for each in preferred), nothing),
    }

    def total(*names: str) -> Array:
        return np.asarray(sum((lines[name] for name in names), nothing))

    lines["ebitda"] = total(*EARNED)
    lines["operating_income"] = total("ebitda", *BELOW)
    lines["pretax"] = total("operating_income", *FINANCED)
    lines["net_income"] = total("pretax", "tax")
    lines["to_common"] = total("net_income", "preferred_dividends")
    lines["adjusted_ebitda"] = total("ebitda", "btc_realised", "btc_unrealised")
    return {name: np.asarray(lines[name]) for name in INCOME}


def _fees_expensed(owed: Owed) -> Array:
    """Fees by period as they are written off, and what is paid with them and not kept back."""
    written_off = owed.fees - np.diff(owed.unamortised_fees, prepend=0.0)
    return np.asarray(written_off + owed.fixed_costs + owed.undrawn_fees)


def _balance(
    figures: Figures,
    cash: CashPath,
    assets: _Assets,
    owed: tuple[Owed, ...],
    income: Mapping[str, Array],
    known: Mapping[str, float],
    liabilities: Mapping[str, float],
    equity: float,
) -> dict[str, Array]:
    timeline, flows = figures.timeline, cash.flows
    nothing = np.zeros(len(timeline.periods))

    def grown(opening: float, *flowing: Array) -> Array:
        """A level from what flows in by period."""
        return np.concatenate(([opening], opening + np.cumsum(sum(flowing, nothing))))

    def marked(opening: float, value: Array) -> Array:
        return np.concatenate(([opening], value))

    debts = [each for each in owed if each.counts_as_debt]
    preferred = [each for each in owed if not each.counts_as_debt]
    credited = np.asarray(sum((timeline.by_period(each.credit) for each in figures.hosting), nothing))
    items = {
        "cash": marked(known["cash"], cash.closing),
        "trapped": grown(known["trapped"], -flows["trapped_usd_m"]),
        "bitcoin": marked(known["bitcoin"], assets.bitcoin.value),
        "collateral": grown(0.0, -flows["collateral_usd_m"]),
        "machines": marked(known["machines"], assets.machines.value),
        "halls": marked(known["halls"], assets.halls.value),
        "property": marked(assets.buildings.opening, assets.buildings.value),
        "land": grown(known["land"]),
        "investments": grown(known["investments"]),
        "other_assets": grown(known["other_assets"]),
        "debt": marked(liabilities["debt"], sum((each.closing - each.unamortised_fees for each in debts), nothing)),
        "accrued_interest": marked(liabilities["accrued_interest"], sum((each.accrued for each in debts), nothing)),
        "prepayments": grown(liabilities["prepayments"], flows["prepayment_usd_m"], -credited, -forgiven(figures)),
        "preferred": marked(
            0.0, sum((each.closing + each.accrued - each.unamortised_fees for each in preferred), nothing)
        ),
        "other_liabilities": grown(liabilities["other_liabilities"]),
        "equity": grown(
            equity,
            income["to_common"],
            flows["equity_usd_m"],
            -income["stock_pay"],
            -sum((each.capped_calls for each in owed), nothing),
        ),
    }
    for name, parts in (("total_assets", ASSETS), ("total_liabilities", LIABILITIES)):
        items[name] = np.asarray(sum(items[part] for part in parts))
    return {name: items[name] for name in BALANCE}
