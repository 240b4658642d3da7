"""``bridge.csv``: from what the status quo is worth to what the plan is worth (docs/figures_report.md, section 26)."""

from __future__ import annotations

from optimizer.plan.build import Plan
from optimizer.plan.causes import CAUSES, cause_of
from optimizer.plan.table import Table, table

COLUMNS = ("cause", "component", "status_quo_usd_m", "plan_usd_m", "difference_usd_m")

TOTAL = "total"


def bridge_table(plan: Plan, status_quo: Plan) -> Table:
    """A row for each component of the value of either, by cause, then the total, USD m."""
    before, after = _components(status_quo), _components(plan)
    order = list(CAUSES)
    names = sorted(dict.fromkeys([*before, *after]), key=lambda name: order.index(cause_of(name)))
    rows = [(cause_of(name), name, before.get(name, 0.0), after.get(name, 0.0)) for name in names]
    rows.append((TOTAL, TOTAL, status_quo.value_usd_m, plan.value_usd_m))
    return table(COLUMNS, [(*row, row[3] - row[2]) for row in rows])


def _components(plan: Plan) -> dict[str, float]:
    """Total by component of ``value.csv``."""
    return {
        str(row["component"]): float(row["total_usd_m"] or 0.0)
        for row in plan.tables["value"].dicts()
        if row["component"] != TOTAL
    }
