"""A small plan whose every figure can be reckoned on paper, and a writer of plan folders.

The writer puts down what the audit itself recomputes: good for proving that a changed cell is seen, useless for proving
that a figure is right. Figures are proved in ``test_figures`` against numbers written by hand.
"""

from __future__ import annotations

import copy
import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from optimizer.case.case import Case
from optimizer.case.network_file import read_network_file
from optimizer.plan.audit import run
from optimizer.plan.audit.recompute.decisions import Decision, Decisions
from optimizer.plan.audit.recompute.dispatch import Dispatch, Operation
from optimizer.plan.audit.recompute.figures import Figures, files_used, markets_used
from optimizer.plan.audit.recompute.statement_tables import STATEMENT_COLUMNS
from optimizer.plan.audit.recompute.tables import COLUMNS, Tables
from optimizer.plan.audit.recompute.timeline import timeline_of
from optimizer.plan.audit.recompute.value import fixed_point

from .once import figures_once, read_once, tables_once

CASE: dict[str, Any] = {
    "case": "By hand",
    "horizon": {"start": "2025-01", "steps": ["4 quarters"]},
    "discount": {"hosting": 0.0, "mining": 0.0, "corporate": 0.12, "wacc": 0.0},
    "market": {
        "power": {"hub": {"file": "prices.csv", "time_zone": "UTC"}},
        "network": {"btc_usd": 100000, "hashrate_eh_s": 900, "subsidy_btc": 3.125, "pool_fee": 0.02},
    },
    "machines": {"S20": {"efficiency_j_per_th": 20}},
    "sites": {
        "west": {
            "power": {"market": "hub", "adder_usd_per_mwh": 4, "losses": 0.25},
            "energised_mw": 60,
            "mining_shell_mw": 25,
            "mining_overhead": 1.25,
            "uptime": 0.96,
            "variable_cost_usd_per_mwh": 2,
            "operating_cost_usd_m_per_year": 1.2,
            "fleet": {"S20": {"ph_s": 1000}},
        }
    },
    "offers": {
        "lease": {
            "sites": ["west"],
            "takes": "free_power",
            "hall_mw_it": 10,
            "gross_per_it": 1.5,
            "pue": 1.2,
            "utilisation": 0.9,
            "halls": {"min": 1, "max": 3},
            "sign": {"from": "2025-04", "to": "2025-09"},
            "lead": "3 months",
            "ramp": "6 months",
            "rate_usd_per_kw_month": 100,
            "escalator": 0.1,
            "term": "24 months",
            "capex_usd_m_per_mw_it": 8,
            "contingency": 0.25,
            "capex_shares": [1, 2],
            "signing_cost_usd_m": 3,
            "operating_cost_usd_m_per_mw_it_year": 0.3,
            "power": {"paid_by": "tenant"},
            "prepayment": 0.25,
            "residual_usd_m_per_mw_it": 1,
        }
    },
    "finance": {
        "opening": {
            "cash_usd_m": 300, "btc": 50, "shares_m": 100, "share_price_usd": 3, "sga_usd_m_per_quarter": 0.9,
        },
        "cash_yield": 0.04,
        "debts": {"notes": {"principal_usd_m": 40, "rate": 0.06, "matures": "2026-04", "amortisation": "even"}},
        "limits": {"min_cash_usd_m": 10},
    },
}  # fmt: skip

RUNNING: dict[str, Any] = {
    "site": "west",
    "takes": "free_power",
    "it_mw": 10,
    "gross_per_it": 1.5,
    "pue": 1.2,
    "utilisation": 0.9,
    "first_rent": "2024-07",
    "rate_usd_per_kw_month": 100,
    "escalator": 0.1,
    "term": "24 months",
    "operating_cost_usd_m_per_mw_it_year": 0.3,
    "power": {"paid_by": "tenant"},
    "residual_usd_m_per_mw_it": 1,
}
"""A lease that brings 1 USD m of rent a month, and 1.1 from its first anniversary in July 2025."""

# All that a case may commit to: power in blocks of both kinds, a lease, a joint venture, a path of the network.
COMMITTED: dict[str, Any] = {
    "leases": {"tenant": RUNNING | {"prepayment_left_usd_m": 6, "capex_left_usd_m": 4}},
    "market.network.path": "network.csv",
    "market.power.node": {"file": "prices.csv", "time_zone": "UTC", "scale": 2},
    "sites.west.energised_mw": 80,
    "sites.west.contracts": {
        "strip": {"kind": "fixed_block", "mw": 30, "price_usd_per_mwh": 25, "until": "2025-10"},
        "swap": {
            "kind": "fixed_block", "mw": 5, "price_usd_per_mwh": 35, "from": "2025-03", "until": "2026-06",
            "settles_at": "node",
        },
    },
    "sites.joint": {
        "power": {"market": "hub", "adder_usd_per_mwh": 1},
        "energised_mw": 10,
        "mining_shell_mw": 10,
        "share": 0.4,
        "operating_cost_usd_m_per_year": 0.5,
        "fleet": {"S20": {"ph_s": 200}},
        "arriving": {"more": {"machine": "S20", "ph_s": 50, "on": "2025-05", "due_usd_m": 1}},
        "contracts": {"block": {"kind": "fixed_block", "mw": 6, "price_usd_per_mwh": 22, "until": "2025-12"}},
    },
}  # fmt: skip

POWERED: dict[str, Any] = {
    "leases": {"tenant": RUNNING},
    "market.power.ahead": {"file": "prices.csv", "time_zone": "UTC", "scale": 1.1},
    "sites.west.energised_mw": 80,
    "sites.west.power": {
        "market": "hub", "adder_usd_per_mwh": 4, "losses": 0.25, "wires_usd_per_mwh": 1,
        "split": {"market": "ahead", "share": 0.5},
    },
    "sites.west.contracts": {
        "take": {
            "kind": "minimum_take", "mw": 24, "share": 0.9, "over": "quarter", "shortfall_usd_per_mwh": 9,
            "until": "2025-09",
        },
        "choice": {
            "kind": "monthly_election", "mw": 8, "price_usd_per_mwh": 25, "least": 0.25, "until": "2025-11",
            "assignable_to_hosting": True,
        },
        "sun": {
            "kind": "generation", "mw": 4, "cost_usd_per_mwh": 2, "until": "2026-12", "assignable_to_hosting": True,
        },
    },
    "sites.west.contract_offers": {
        "hedge": {
            "terms": {"kind": "swing", "mw": 5, "price_usd_per_mwh": 28, "assignable_to_hosting": True},
            "sign": {"from": "2025-04", "to": "2025-09"}, "tenor": "6 months", "least_mw": 2,
            "credit_support_usd_m_per_mw": 0.1,
        },
    },
    "sites.west.interruptions": {"cut": {"events_per_year": 2, "hours_per_event": 3, "discount_usd_per_mwh": 1}},
    "sites.west.delivery": {
        "peaks": {"kind": "coincident_peak", "rate_usd_per_kw_year": 20, "success": 0.5, "opening_usd_m": 0.6},
        "grid": {"kind": "demand", "rate_usd_per_kw_month": 1.5, "ratchet": 0.5},
    },
    "sites.west.flexibility": {
        "reserves": {
            "kind": "ancillary", "mw": 3, "columns": ["price"], "price_share": 0.25,
            "prices": {"file": "prices.csv", "time_zone": "UTC"},
        },
        "response": {
            "kind": "demand_response", "mw": 6, "payment_usd_per_kw_month": 2, "events_per_year": 4,
            "months": [1, 2, 3, 6, 7, 8],
        },
    },
}  # fmt: skip
"""Power at a site with every rule there is. Halls take 10.8 MW of the 30 that are never passed, machines the rest."""

OPERATED: dict[tuple[int, str, str], float] = {
    **{(month, "elect", "choice"): 2.0 + month % 3 for month in range(11)},
    **{(month, "enrol", "response"): 2.0 for month in (0, 1, 2, 5, 6, 7)},
    **{(month, "peak", "grid"): 34.0 for month in range(12)},
    **{(month, "take_price", "take"): 0.0 for month in range(9)},
    **{(month, "take_share", "take"): 0.0 for month in range(9)},
}

POWER_DECIDED = Decisions((Decision("contract", "hedge", "west", 12 * 2025 + 3, 4.0),))

NETWORK = """month,btc_usd,hashrate_eh_s,fee_share
2025-02,110000,1000,0
2025-03,120000,1100,0.04
"""

SIGNED = Decision("sign", "lease", "west", 12 * 2025 + 3, 2.0)
UNPLUGGED = Decision("unplug", "west.S20", "west", 12 * 2025 + 6, 400.0)
DECIDED = Decisions((SIGNED, UNPLUGGED))

WINDOW = {"from": "2025-01", "to": "2025-12"}

# All that a plan may decide: machines bought, moved and sold, builds, loans, shares, coins; and tax on what it earns.
WIDE: dict[str, Any] = {
    "machines.S20": {
        "efficiency_j_per_th": 20,
        "life": "100 months",
        "price_usd_per_th": 10,
        "buy": {"window": WINDOW, "delivery": "3 months", "sites": ["west"], "max_ph_s_per_step": 500},
        "resale": {
            "share": 0.5,
            "tiers": [{"ph_s_per_quarter": 300, "factor": 0.8}, {"ph_s_per_quarter": 600, "factor": 0.5}],
        },
        "move_usd_per_th": 0.5,
        "movable_to": ["east"],
    },
    "sites.west.contract_offers": {
        "hedge": {
            "terms": {"kind": "swing", "mw": 20, "price_usd_per_mwh": 500}, "sign": WINDOW, "tenor": "6 months",
            "least_mw": 5, "credit_support_usd_m_per_mw": 0.1,
        },
    },
    "sites.east": {"power": {"market": "hub"}, "energised_mw": 20, "mining_shell_mw": 20},
    "sites.west.builds": {
        "phase": {
            "window": WINDOW, "lead": "6 months", "energised_mw": 10, "mining_shell_mw": 5, "cost_usd_m": 3,
            "operating_cost_usd_m_per_year": 1.2, "max": 3,
        },
    },
    "finance.facilities": {
        "loan": {
            "kind": "term_loan", "window": WINDOW, "limit_usd_m": 50, "rate": 0.08, "fee": 0.02, "term": "6 months",
            "interest_every": "3 months", "amortisation": "even", "loan_to_cost": 0.2,
        },
        "shares": {"kind": "equity", "window": WINDOW, "limit_usd_m": 20, "limit_usd_m_per_step": 10, "cost": 0.05},
    },
    "finance.treasury": {"policy": "sell_to_fund", "min_btc": 30},
    "finance.cash_tax_rate": 0.25,
}  # fmt: skip


def decided(kind: Any, item: str, site: str, month: int, amount: float) -> Decision:
    """A decision for the first instant of a month, counted from January 2025."""
    return Decision(kind, item, site, 12 * 2025 + month, amount)


def operated(amounts: dict[tuple[int, str, str], float]) -> Dispatch:
    """Amounts at west by month, counted from January 2025, kind and item."""
    kinds: Any = {kind: kind for _, kind, _ in amounts}
    return Dispatch(
        {Operation(12 * 2025 + month, "west", kinds[kind], item): each for (month, kind, item), each in amounts.items()}
    )


POWER_TABLES = ("dispatch.csv", "contracts.csv", "flexibility.csv", "delivery.csv")
"""Tables without rows where a case has no contracts, programs or charges."""

CAPITAL_TABLES = ("projects.csv", "companies.csv", *STATEMENT_COLUMNS)
"""Tables that are proved in a plan with projects, companies, tax and books."""

BOUGHT = "west.S20 2025-01"
TRADES = (
    decided("buy", "S20", "west", 0, 200.0),
    decided("unplug", "west.S20", "west", 3, 400.0),
    decided("unplug", BOUGHT, "west", 6, 100.0),
    decided("plug", "west.S20", "east", 6, 100.0),
    decided("sell", "west.S20", "", 6, 250.0),
    decided("sell", BOUGHT, "", 6, 100.0),
)
"""600 PH/s stay at west. Of 400 in store since April 100 go to east in July and 250 are sold, and half of the order."""

TAKEN = Decisions(
    (
        decided("build", "phase", "west", 0, 1.0),
        TRADES[0],
        decided("keep_btc", "bitcoin", "", 0, 10.0),
        SIGNED,
        decided("contract", "hedge", "west", 3, 10.0),
        TRADES[1],
        decided("draw", "loan", "", 3, 30.0),
        decided("sell_btc", "bitcoin", "", 3, 20.0),
        *TRADES[2:],
        decided("issue", "shares", "", 6, 10.0),
        decided("build", "phase", "west", 9, 2.0),
    )
)
"""Each kind of decision, in the order of decisions.csv."""


@pytest.fixture(autouse=True)
def _recomputed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "read_prices", read_once)
    monkeypatch.setattr(run, "figures_of", figures_once)
    monkeypatch.setattr(run, "tables_of", tables_once)


def flat(_: datetime) -> float:
    return 20.0


@cache
def price_text(price: Callable[[datetime], float], start: datetime, end: datetime, minutes: int) -> str:
    lines, at = ["timestamp_utc,price"], start
    while at < end:
        lines.append(f"{at:%Y-%m-%d %H:%M}Z,{price(at):.6f}")
        at += timedelta(minutes=minutes)
    return "\n".join(lines) + "\n"


def changed(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy with other values by dotted path; a value of None takes the entry away."""
    new = copy.deepcopy(base)
    for path, value in changes.items():
        *way, last = path.split(".")
        place = new
        for key in way:
            place = place.setdefault(key, {})
        if value is None:
            place.pop(last)
        else:
            place[last] = copy.deepcopy(value)
    return new


def write_prices(
    folder: Path,
    price: Callable[[datetime], float] = flat,
    start: datetime = datetime(2025, 1, 1, tzinfo=UTC),
    end: datetime = datetime(2026, 1, 1, tzinfo=UTC),
    minutes: int = 60,
) -> None:
    """prices.csv, from ``start`` to before ``end``, in UTC."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prices.csv").write_text(price_text(price, start, end, minutes), encoding="utf-8")


def text_of(cell: str | float | None) -> str:
    """A cell as the contract has it written."""
    if cell is None or isinstance(cell, str):
        return cell or ""
    text = f"{cell:.8f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@dataclass
class Plan:
    """A plan folder being made: its case, its decisions, and what the audit makes of them."""

    folder: Path
    case: Case
    decisions: Decisions
    dispatch: Dispatch

    @property
    def inputs(self) -> Path:
        return self.folder / "inputs"

    def figures(self) -> Figures:
        prices = {name: read_once(self.case.market.power[name], self.inputs) for name in markets_used(self.case)}
        path = self.case.market.network.path
        file = None if path is None else read_network_file(path, self.inputs)
        files = {each: read_once(each, self.inputs) for each in files_used(self.case)}
        timeline = timeline_of(self.case.horizon)
        return figures_once(self.case, timeline, prices, self.decisions, file, self.dispatch, files)

    def tables(self) -> Tables:
        return tables_once(self.figures())

    def rows(self, file: str) -> list[dict[str, Any]]:
        """Recomputed rows of one table by column."""
        return [dict(zip(COLUMNS[file], row, strict=True)) for row in self.tables().rows[file]]

    def write(self, case_data: dict[str, Any], bound: float | None = None) -> None:
        tables = self.tables()
        for file, rows in tables.rows.items():
            self.put(file, [list(COLUMNS[file])] + [[text_of(cell) for cell in row] for row in rows])
        value = tables.value_usd_m
        bound = value + 1 if bound is None else bound
        figures = self.figures()
        before = sum(each.total for each in tables.components if each.name != "financing")
        summary = {
            "value_usd_m": value,
            "bound_usd_m": bound,
            "gap": (bound - value) / max(1, abs(value)),
            "equity_intrinsic_to_market": fixed_point(figures, before),
        }
        (self.folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
        (self.inputs / "case.json").write_text(json.dumps(case_data), encoding="utf-8")

    def get(self, file: str) -> list[list[str]]:
        with (self.folder / file).open(encoding="utf-8", newline="") as stream:
            return list(csv.reader(stream))

    def put(self, file: str, rows: list[list[str]]) -> None:
        with (self.folder / file).open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows(rows)


Maker = Callable[..., Plan]


@pytest.fixture
def make_plan(tmp_path: Path) -> Maker:
    """Make a plan folder from changes to the case, decisions and prices; all of them may be left out."""

    def make(
        changes: dict[str, Any] | None = None,
        decisions: Decisions = DECIDED,
        write: bool = True,
        operations: dict[tuple[int, str, str], float] | None = None,
        files: dict[str, str] | None = None,
        **prices: Any,
    ) -> Plan:
        data = changed(CASE, changes or {})
        plan = Plan(tmp_path, Case.model_validate(data), decisions, operated(operations or {}))
        write_prices(plan.inputs, **prices)
        for name, text in (files or {}).items():
            (plan.inputs / name).write_text(text, encoding="utf-8")
        (plan.inputs / "network.csv").write_text(NETWORK, encoding="utf-8")
        if write:
            plan.write(data)
        return plan

    return make
