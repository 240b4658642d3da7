"""What a workbook is made of: the folder's tables, its periods, and what its case says of money."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from optimizer.errors import CallError
from optimizer.plan.written import WrittenPlan, read_written
from optimizer.report.workbook.periods import Period, periods_of
from optimizer.report.workbook.tables import Table, read_table
from optimizer.report.workbook.term import Term, number
from optimizer.report.workbook.words import sheet_name, text

TABLES = (
    "decisions", "allocation", "machines", "mining", "hosting", "power", "contracts", "dispatch", "flexibility",
    "delivery", "certificate", "cash", "treasury", "debt", "projects", "companies", "limits", "tax", "income",
    "balance", "cost_per_btc", "returns", "sources_uses", "worth_of_cash", "value", "bridge",
)  # fmt: skip
"""In the order of their sheets."""
ABOUT = {
    "decisions": "what is decided, a row each",
    "allocation": "megawatts by use and period",
    "machines": "where machines stand, by period",
    "mining": "what each lot of machines mines and earns, by period",
    "hosting": "rent, cost and capex of each tenant, by period",
    "power": "MWh and what they cost, by use and period",
    "contracts": "power contracts, by period",
    "dispatch": "decisions about running, by month",
    "flexibility": "reserves and demand response, by period",
    "delivery": "delivery charges, by cause and period",
    "certificate": "proof that the hours are right, by site and year",
    "cash": "cash by period, as the plan says it",
    "treasury": "coins by period",
    "debt": "each debt, by period",
    "projects": "projects with money of their own, by period",
    "companies": "companies below the parent, by period",
    "limits": "limits, used and allowed, by period",
    "tax": "tax by country and year",
    "income": "income by period, as the plan says it",
    "balance": "balance by period, as the plan says it",
    "cost_per_btc": "cost of a coin by period, as the plan says it",
    "returns": "return of each signature and purchase",
    "sources_uses": "sources and uses of money",
    "worth_of_cash": "what one more million is worth, by period",
    "value": "parts of the value",
    "bridge": "from the status quo to the plan, by part",
    "explain_limits": "what limits the plan",
    "explain_worth": "what more would be worth",
    "explain_moves": "what would change the value",
    "explain_offers": "when each offer would be signed",
    "explain_cohorts": "break-even of machines by year",
}
"""What each sheet of a table holds, for the cover; those of ``explain/`` with that before their names."""
EXPLAINED = ("limits", "worth", "moves", "offers", "cohorts")
"""Tables of ``explain/``."""


@dataclass(frozen=True)
class Facts:
    """A plan folder as it was read."""

    plan: WrittenPlan
    case: Mapping[str, Any]
    periods: tuple[Period, ...]
    tables: Mapping[str, Table]
    explained: Mapping[str, Table]

    def stated(self, table: str, column: str) -> list[float]:
        """A column of a table by period, as the folder says it."""
        return self.tables[table].numbers(column)

    def given(self, table: str, column: str, n: int) -> Term:
        """A figure of a table that no other sheet gives: a number."""
        return number(self.stated(table, column)[n])

    @cached_property
    def finance(self) -> Mapping[str, Any]:
        return _mapping(self.case.get("finance"))

    @cached_property
    def facilities(self) -> dict[str, Mapping[str, Any]]:
        """By name as the tables have it."""
        return {text(name): _mapping(terms) for name, terms in _mapping(self.finance.get("facilities")).items()}

    @cached_property
    def preferred(self) -> set[str]:
        """Names of facilities that are preferred shares."""
        return {name for name, terms in self.facilities.items() if terms.get("kind") == "preferred"}

    @cached_property
    def offers(self) -> Mapping[str, Any]:
        return {name: _mapping(terms) for name, terms in _mapping(self.case.get("offers")).items()}

    def has_drawn(self, term: str) -> bool:
        """Whether money came from a facility whose terms have this."""
        debt = self.tables["debt"]
        drawn = set(zip(debt.column("debt"), (amount > 0 for amount in debt.numbers("drawn_usd_m")), strict=True))
        return any(term in terms and (name, True) in drawn for name, terms in self.facilities.items())

    @cached_property
    def has_tenant_capex(self) -> bool:
        """Whether a tenant of the plan pays for some of the capex."""
        there = set(self.tables["hosting"].column("offer"))
        return any("tenant_capex" in terms and text(name) in there for name, terms in self.offers.items())

    def opening_balance(self, column: str) -> Term:
        """An item of the balance at the start."""
        return number(self.stated("balance", column)[0])

    def amount(self, *path: str, default: float = 0.0) -> float:
        """A number of section ``finance``."""
        found: Any = self.finance
        for key in path:
            found = _mapping(found).get(key)
        return float(found) if isinstance(found, int | float) else default

    def limit_level(self, limit: str) -> float | None:
        """The level of a limit of section ``finance.limits``, by its name in limits.csv; None where it has none."""
        limits = _mapping(self.finance.get("limits"))
        stated = limits.get(limit, limits.get(f"{limit}_usd_m"))
        level = _mapping(stated).get("limit") if isinstance(stated, Mapping) else stated
        return float(level) if isinstance(level, int | float) else None

    @cached_property
    def status_quo_usd_m(self) -> float | None:
        """The value of keeping to what is committed; None where it was not solved."""
        twins = self.plan.summary.get("twins")
        for twin in twins if isinstance(twins, list) else ():
            if _mapping(twin).get("name") == "status_quo":
                return float(twin["value_usd_m"])
        return None

    def said(self, part: str, name: str) -> float | None:
        """A number of a part of summary.json; None where there is none."""
        found = _mapping(self.plan.summary.get(part)).get(name)
        return float(found) if isinstance(found, int | float) else None

    def btc_usd_at_end(self, period: Period) -> Term | None:
        """The price of a coin at a period's end: that of the next period's first month. None for the last period."""
        treasury = self.tables["treasury"]
        if period.number + 1 >= len(self.periods):
            return None
        after = self.periods[period.number + 1]
        return treasury.in_period("btc_usd", after)


def read_facts(folder: Path) -> Facts:
    """Read a plan folder. CallError if it holds none, or if a part of it cannot be read."""
    plan = read_written(folder)
    periods = periods_of(plan)
    if not periods:
        raise CallError(f"{folder} holds no plan by period (cash.csv has no rows)", ("solve the case again",))
    beside = folder / "explain"
    there = WrittenPlan(beside, plan.summary)
    explained = {name: read_table(there, name, sheet_name(f"explain_{name}")) for name in EXPLAINED}
    tables = {name: read_table(plan, name, sheet_name(name)) for name in TABLES}
    return Facts(plan, _read_case(plan), tuple(periods), tables, explained)


def _read_case(plan: WrittenPlan) -> Mapping[str, Any]:
    try:
        case = json.loads(plan.case_file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CallError(f"{plan.case_file} cannot be read: {error}", ("solve the case again",)) from None
    return _mapping(case)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
