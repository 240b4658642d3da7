"""Three statements: income and balance by period, which tie to cash; and what a coin costs.

docs/figures_capital.md, section 17. The third statement, of cash, is ``cash.csv``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.tree import Floats
from optimizer.case.opening_balance import OpeningBalance, opening_balance
from optimizer.plan.books.bitcoin import BitcoinBook, bitcoin_book
from optimizer.plan.books.halls import HallBook, hall_books
from optimizer.plan.books.machines import MachineBook, machine_books
from optimizer.plan.books.property import PropertyBook, property_books
from optimizer.plan.build import Plan

EBITDA = (
    "mining_revenue", "hosting_revenue", "power_recovered", "contracts", "flexibility", "power", "mining_variable",
    "delivery", "hosting_operating", "site_cost", "sga",
)  # fmt: skip
OPERATING = (
    "ebitda", "stock_pay", "moves", "depreciation_machines", "depreciation_halls", "depreciation_property",
    "impairment", "gain_on_machines", "gain_on_halls", "btc_realised", "btc_unrealised",
)  # fmt: skip
INCOME = (
    *EBITDA, *OPERATING, "operating_income", "interest_income", "interest_expense", "financing_costs", "pretax", "tax",
    "net_income", "preferred_dividends", "to_common", "adjusted_ebitda",
)  # fmt: skip
"""Lines of income.csv."""
ASSETS = (
    "cash", "trapped", "bitcoin", "collateral", "machines", "halls", "property", "land", "investments", "other_assets",
)  # fmt: skip
LIABILITIES = ("debt", "accrued_interest", "prepayments", "preferred", "other_liabilities", "equity")
BALANCE = (*ASSETS, "total_assets", *LIABILITIES, "total_liabilities")
"""Items of balance.csv."""


@dataclass(frozen=True)
class Statements:
    """Income and balance of a plan by line, USD m; costs are negative."""

    income: Mapping[str, Floats]
    """(N,) by period, in the order of income.csv."""
    opening: Mapping[str, float]
    """At the start, in the order of balance.csv."""
    balance: Mapping[str, Floats]
    """(N,) at the end of each period."""

    @property
    def difference(self) -> Floats:
        """(N + 1,) total assets less total liabilities at the start and at the end of each period: rounding."""
        first = self.opening["total_assets"] - self.opening["total_liabilities"]
        later = self.balance["total_assets"] - self.balance["total_liabilities"]
        return np.concatenate([[first], later])


@dataclass(frozen=True)
class _Parts:
    opening: OpeningBalance
    machines: MachineBook
    halls: HallBook
    property: PropertyBook
    bitcoin: BitcoinBook
    stock_pay: Floats


def statements(plan: Plan) -> Statements | None:
    """The statements of a plan; None for a case without books."""
    opening, books = opening_balance(plan.prepared.case), plan.prepared.case.finance.books
    if opening is None or books is None:
        return None
    parts = _Parts(
        opening=opening,
        machines=machine_books(plan),
        halls=hall_books(plan),
        property=property_books(plan, opening.property),
        bitcoin=bitcoin_book(plan),
        stock_pay=books.stock_pay_usd_m_per_quarter / 3 * plan.prepared.market.tree.length_months,
    )
    income = _income(plan, parts)
    first, balance = _balance(plan, parts, income)
    return Statements(income, first, balance)


def _income(plan: Plan, parts: _Parts) -> dict[str, Floats]:
    cash, nothing = plan.cash, np.zeros(len(plan.prepared.market.tree))

    def mined(name: str) -> Floats:
        return sum((getattr(place, name) for place in plan.mined), start=nothing)

    lines: dict[str, Floats] = {
        "mining_revenue": mined("revenue"),
        "hosting_revenue": cash["hosting_rent_usd_m"],
        "power_recovered": cash["power_recovered_usd_m"] + cash["delivery_recovered_usd_m"],
        "contracts": cash["contracts_usd_m"],
        "flexibility": cash["flexibility_usd_m"],
        "power": cash["hosting_power_usd_m"] - mined("power_cost"),
        "mining_variable": -mined("variable_cost"),
        "delivery": cash["delivery_usd_m"] + cash["hosting_delivery_usd_m"],
        "hosting_operating": cash["hosting_operating_cost_usd_m"],
        "site_cost": cash["site_cost_usd_m"] + cash["builds_operating_usd_m"],
        "sga": cash["sga_usd_m"],
    }
    lines["ebitda"] = sum((lines[name] for name in EBITDA), start=nothing)
    lines |= {
        "stock_pay": -parts.stock_pay,
        "moves": cash["machines_moved_usd_m"],
        "depreciation_machines": -parts.machines.depreciation,
        "depreciation_halls": -parts.halls.depreciation,
        "depreciation_property": -parts.property.depreciation,
        "impairment": -parts.machines.impairment,
        "gain_on_machines": parts.machines.gain,
        "gain_on_halls": parts.halls.gain,
        "btc_realised": parts.bitcoin.realised,
        "btc_unrealised": parts.bitcoin.unrealised,
    }
    lines["operating_income"] = sum((lines[name] for name in OPERATING), start=nothing)
    debts = [owed for owed in plan.owed if owed.is_debt]
    shares = [owed for owed in plan.owed if not owed.is_debt]
    lines["interest_income"] = cash["yield_usd_m"]
    # What is added to a project's loan while it is built is part of what its halls cost.
    lines["interest_expense"] = -sum((owed.expense - owed.capitalised for owed in debts), start=nothing)
    lines["financing_costs"] = -sum(
        (owed.written_off + owed.fixed_costs + owed.undrawn_fees for owed in plan.owed), start=nothing
    )
    lines["pretax"] = lines["operating_income"] + lines["interest_income"]
    lines["pretax"] = lines["pretax"] + lines["interest_expense"] + lines["financing_costs"]
    lines["tax"] = cash["tax_usd_m"]
    lines["net_income"] = lines["pretax"] + lines["tax"]
    lines["preferred_dividends"] = -sum((owed.expense + owed.above_par for owed in shares), start=nothing)
    lines["to_common"] = lines["net_income"] + lines["preferred_dividends"]
    lines["adjusted_ebitda"] = lines["ebitda"] + lines["btc_realised"] + lines["btc_unrealised"]
    return lines


def _balance(plan: Plan, parts: _Parts, income: Mapping[str, Floats]) -> tuple[dict[str, float], dict[str, Floats]]:
    """At the start, and at the end of each period."""
    cash, tree, start = plan.cash, plan.prepared.market.tree, parts.opening
    # (N, N) row n adds up a flow over the path to node n.
    so_far = tree.reaches.T.astype(float)
    nothing = np.zeros(len(tree))
    debts = [owed for owed in plan.owed if owed.is_debt]
    shares = [owed for owed in plan.owed if not owed.is_debt]
    received = cash["prepayment_usd_m"] + cash["hosting_credit_usd_m"] - parts.halls.forgiven
    earned = income["to_common"] + parts.stock_pay + cash["equity_usd_m"]
    earned = earned - sum((owed.capped_calls for owed in plan.owed), start=nothing)
    balance: dict[str, Floats] = {
        "cash": plan.states.cash_usd_m,
        "trapped": sum((fence.trapped for fence in plan.fences), start=plan.states.companies.total_usd_m),
        "bitcoin": parts.bitcoin.value,
        "collateral": -so_far @ cash["collateral_usd_m"],
        "machines": parts.machines.value,
        "halls": parts.halls.value,
        "property": parts.property.value,
        "land": nothing + start.land,
        "investments": nothing + start.investments,
        "other_assets": nothing + start.other_assets,
        "debt": sum((owed.closing - owed.unamortised for owed in debts), start=nothing),
        "accrued_interest": sum((owed.accrued for owed in debts), start=nothing),
        "prepayments": start.prepayments + so_far @ received,
        "preferred": sum((owed.closing + owed.accrued - owed.unamortised for owed in shares), start=nothing),
        "other_liabilities": nothing + start.other_liabilities,
        "equity": start.equity + so_far @ earned,
    }
    first = {
        "cash": start.cash,
        "trapped": start.trapped,
        "bitcoin": start.bitcoin,
        "collateral": 0.0,
        "machines": start.machines,
        "halls": start.halls,
        "property": start.property,
        "land": start.land,
        "investments": start.investments,
        "other_assets": start.other_assets,
        "debt": start.debt,
        "accrued_interest": start.accrued_interest,
        "prepayments": start.prepayments,
        "preferred": 0.0,
        "other_liabilities": start.other_liabilities,
        "equity": start.equity,
    }
    balance["total_assets"] = sum((balance[name] for name in ASSETS), start=nothing)
    balance["total_liabilities"] = sum((balance[name] for name in LIABILITIES), start=nothing)
    first["total_assets"] = sum(first[name] for name in ASSETS)
    first["total_liabilities"] = sum(first[name] for name in LIABILITIES)
    return {name: first[name] for name in BALANCE}, {name: balance[name] for name in BALANCE}
