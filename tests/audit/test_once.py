"""Figures that tests share are what the audit would recompute for each of them."""

from __future__ import annotations

from typing import Any

from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.figures import figures_of
from optimizer.plan.audit.recompute.tables import tables_of
from optimizer.plan.audit.run import audit_folder

from .conftest import TAKEN, WIDE, decided
from .once import read_once


def test_an_audit_leaves_the_figures_as_they_were(make_plan: Any) -> None:
    """Proves: after audits that pass and that find faults, what is kept equals what is made anew; so no audit has
    changed figures that the next one is given. Broken: rows that differ."""
    plan = make_plan(WIDE, TAKEN)
    kept = plan.figures()
    assert audit_folder(plan.folder).passed
    for file in ("cash.csv", "limits.csv", "value.csv"):
        rows = plan.get(file)
        plan.put(file, [*rows[:-1], [*rows[-1][:-1], "0.125"]])
        assert not audit_folder(plan.folder).passed
        plan.put(file, rows)
    assert plan.figures() is kept
    hub = read_once(plan.case.market.power["hub"], plan.inputs)
    anew = figures_of(plan.case, kept.timeline, {"hub": hub}, plan.decisions)
    assert anew is not kept
    shared, made = plan.tables(), tables_of(anew)
    assert shared.rows == made.rows
    assert shared.dust == made.dust
    assert shared.value_usd_m == made.value_usd_m


def test_whatever_differs_is_recomputed(make_plan: Any) -> None:
    """Proves: a step of less building, another tax rate and another price are other plans, each with a value of its
    own. Broken: the first plan's value, and a fault that the audit should see stays unseen."""
    smaller = Decisions((*TAKEN.rows[:-1], decided("build", "phase", "west", 9, 1.0)))
    values = {
        make_plan(WIDE, TAKEN).tables().value_usd_m,
        make_plan(WIDE, smaller).tables().value_usd_m,
        make_plan(WIDE | {"finance.cash_tax_rate": 0.26}, TAKEN).tables().value_usd_m,
        make_plan(WIDE, TAKEN, price=lambda _: 30.0).tables().value_usd_m,
    }
    assert len(values) == 4
