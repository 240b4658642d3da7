"""A plan folder as the page reads it: rows of tables with numbers where there are numbers, periods with their dates.

Nothing is solved or recomputed here. Texts of the case are made into words where they are shown, never here.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from optimizer.errors import CallError
from optimizer.plan.table import Cell
from optimizer.plan.written import WrittenPlan, read_written

Row = dict[str, Cell]
EXPLAIN = "explain"
TEXTS = frozenset({
    "scenario", "period", "from", "to", "month", "site", "use", "item", "unit", "date", "decision", "lot", "offer",
    "debt", "limit", "component", "cause", "project", "side", "kind", "name", "place", "contract", "charge", "program",
    "paid_by", "company", "country", "lever", "path", "step", "note", "input", "why", "best_date", "first_binding",
    "last_binding", "tightest_period", "low", "high", "impossible", "kink", "status", "proof", "decisions",
    "problem", "thinnest_period",
})  # fmt: skip
"""Columns whose cells stay text even where they look like numbers: names are whatever the case says."""


@dataclass(frozen=True)
class PagePlan:
    """A plan folder. Amounts are as in its tables: USD m, MW, PH/s."""

    written: WrittenPlan
    scenario: str = "base"
    cache: dict[str, list[Row]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def folder(self) -> Path:
        return self.written.folder

    @property
    def summary(self) -> Mapping[str, Any]:
        return self.written.summary

    @property
    def title(self) -> str:
        return self.written.title

    @property
    def measures(self) -> Mapping[str, Any]:
        return self._part("measures")

    @property
    def capital(self) -> Mapping[str, Any]:
        return self._part("capital")

    @property
    def shares_m(self) -> float:
        """Shares of today, in millions."""
        return float(self.capital["shares_m"])

    @cached_property
    def case(self) -> Mapping[str, Any]:
        """The case as it was resolved, from ``inputs/``; empty where it cannot be read."""
        try:
            found = json.loads(self.written.case_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    @cached_property
    def scenarios(self) -> list[str]:
        """Names of scenarios in the order of the cash table; ``base`` alone today."""
        return list(dict.fromkeys(str(row["scenario"]) for row in self._all("cash"))) or [self.scenario]

    @property
    def scenario_key(self) -> str:
        """The scenario by its number: names are whatever the case says."""
        return str(self.scenarios.index(self.scenario))

    @cached_property
    def periods(self) -> dict[str, tuple[str, str]]:
        """First and last day by period, in order."""
        return {str(row["period"]): (str(row["from"]), str(row["to"])) for row in self.rows("allocation")}

    @cached_property
    def bars(self) -> dict[str, tuple[str, str]]:
        """By period the first day and the day after the last, so that bars of a time axis touch."""
        one = datetime.timedelta(days=1)
        return {
            period: (begins, (datetime.date.fromisoformat(ends) + one).isoformat())
            for period, (begins, ends) in self.periods.items()
        }

    @cached_property
    def span(self) -> tuple[str, str]:
        """First and last day of the horizon."""
        days = list(self.periods.values())
        return days[0][0], days[-1][1]

    @cached_property
    def years(self) -> dict[str, str]:
        """Calendar year by period: a period never spans two but where a step is longer than a year."""
        return {period: begins[:4] for period, (begins, _) in self.periods.items()}

    @cached_property
    def tenants(self) -> list[str]:
        """Offers that are signed, in the order of the hosting table; those that run already too."""
        return list(dict.fromkeys(str(row["offer"]) for row in self.rows("hosting")))

    def in_scenario(self, name: str) -> PagePlan:
        """The same folder, its rows those of one scenario."""
        return PagePlan(self.written, name, self.cache)

    def twin(self, name: str) -> Mapping[str, Any] | None:
        """A twin of the summary by name, None where it was not solved."""
        return next((twin for twin in self.summary.get("twins") or () if twin["name"] == name), None)

    def rows(self, name: str) -> list[Row]:
        """Rows of a table, those of the scenario where it has scenarios. CallError if the table is missing."""
        return [row for row in self._all(name) if row.get("scenario", self.scenario) == self.scenario]

    def optional(self, name: str) -> list[Row]:
        """Rows of a table that a folder need not have, such as ``explain/moves``; none where it has not."""
        return self.rows(name) if self.written.has(name) else []

    @property
    def explained(self) -> bool:
        """Whether ``wattfork explain`` has been run on the folder."""
        return (self.folder / EXPLAIN).is_dir()

    def _all(self, name: str) -> list[Row]:
        if name not in self.cache:
            self.cache[name] = [typed(row) for row in self.written.rows(name)]
        return self.cache[name]

    def _part(self, name: str) -> Mapping[str, Any]:
        part = self.summary.get(name)
        if not isinstance(part, dict):
            raise CallError(f"{self.folder / 'summary.json'} has no part {name}", ("solve the case again",))
        return part


def read_page_plan(folder: Path) -> PagePlan:
    """Open a plan folder. Raises CallError if it holds none, or if tables that every plan has are missing."""
    plan = PagePlan(read_written(folder))
    try:
        for name in ("cash", "allocation", "decisions", "value"):
            plan.rows(name)
        _ = plan.periods, plan.scenarios, plan.measures, plan.shares_m
    except KeyError as error:
        raise CallError(f"{folder} is no whole plan: {error} is missing", ("solve the case again",)) from None
    return plan


def typed(row: Mapping[str, str]) -> Row:
    """Cells that are numbers as numbers, empty ones as None; names and dates stay text."""
    return {name: cell if name in TEXTS else _number(cell) for name, cell in row.items()}


def _number(cell: str) -> Cell:
    if cell == "":
        return None
    try:
        return float(cell)
    except ValueError:
        return cell


def num(cell: object) -> float:
    """A cell as a number; 0 where it is empty."""
    return float(cell) if isinstance(cell, int | float) else 0.0
