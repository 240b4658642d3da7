"""No rule of the model without a proof: every constraint component is named by a test of this folder.

Looks at what a model with every part in it really holds, so a new family without a test fails here by name.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyomo.environ as pyo

import models
from models.build import FAMILIES, build
from models.covenants import RULES as LIMITS
from models.debt.tranches import FAMILIES as FAMILIES_OF_DRAWS
from models.instance import Instance, Treasury
from models.power.site_operations import FAMILIES as FAMILIES_OF_ROWS
from tests.math.builder import (
    bitcoin,
    builds_of,
    covenants_of,
    equity_of,
    instance,
    lay_down,
    operations_of,
    tax_of,
    trading,
    tree,
)
from tests.math.money_builder import companies_of, fences_of, limit_on, lines_of, tranches_of
from tests.math.tax_builder import income_tax_of

HERE = Path(__file__).parent


def everything() -> Instance:
    """An instance that has every part that a model can have."""
    on = tree([12, 12])
    rows = [{"name": f"{family}: all", "draw": {0: 1}, "hall": {0: -1}} for family in FAMILIES_OF_DRAWS]
    draws = [{"cash": [1, -1], "option": 0, "least": 1}, {"cash": [0, 0], "option": 0, "interest": 0.1}]
    lines = [{"limit": 10, "coins": 1}, {"limit": 10, "committed": False, "sweep": 1}]
    whole = instance(
        on,
        lots=[{"margin": 1, "elsewhere": [1]}, {"order_node": 0, "most": 1, "margin": 1}],
        options=[{"halls": (1, 2), "noi": 10}],
        rows=[
            {"allowed": 10, "lots": {0: 1}, "options": {0: 1}},
            {"allowed": 10, "options": {0: 1}, "builds": {0: 1}},
        ],
        trade=trading(on, 2, sell_usd_m_per_eh=np.ones((2, 2))),
        builds=builds_of(on, [{}]),
        tranches=tranches_of(on, draws, rows, options=1),
        lines=lines_of(on, lines),
        fences=fences_of(on, [{"level": 1, "available": 1, "tests": [0, 1]}], [{"paid": 1}, {"paid": 0}]),
        covenants=covenants_of(
            on, [limit_on(on, kind, 1) for kind in LIMITS if kind != "min_cash_usd_m"], cash_costs=np.ones(2)
        ),
        companies=companies_of(on, [{"options": [0]}], places=3, options=1, builds=1, lots=2),
        equity=equity_of([0], 10, [1], 0.1, 10),
        treasury=bitcoin(on, 1, 1.0),
        tax=tax_of(on, 0.2, [2025, 2026]),
        income_tax=income_tax_of(
            on,
            [2025, 2026],
            places=(0, 0, 0),
            lots=(0, 0),
            options=(0,),
            builds=(0,),
            own=(False, True),
            interest_limit=0.3,
            idle_cash_rate=0.1,
            ebitda=-1.0,
        ),
        tax_binaries=frozenset({(0, 0), (0, 1)}),
        operations=operations_of(
            on,
            3,
            1,
            uses=[{"gain": 1}],
            levers=[{"most": 1, "offer": 0, "signed_least": 0.5}],
            rows=[{"family": family, "uses": {0: 1}, "lots": {0: -1}} for family in FAMILIES_OF_ROWS],
        ),
        maximise="latest_start",
        measure_at_least=("fewest_sites", -1.0),
        value_at_least=-1e3,
    )
    half = np.full((2, 2), 0.5)
    return lay_down(whole, sign_required=((0,),), sell_eh=(half, half))


def rules() -> set[str]:
    """Constraint components of that instance, and of the same with a treasury whose policy leaves no choice."""
    whole = everything()
    held = Treasury(1.0, 1.0, False, 0.0, np.ones(2), np.ones(2))
    return components(whole) | components(replace(whole, treasury=held))


def components(whole: Instance) -> set[str]:
    model = build(whole)
    return {found.name for found in model.component_objects(pyo.Constraint, active=True) if len(found)}


def proved() -> set[str]:
    """What the decorators on the tests of this folder name."""
    names: set[str] = set()
    for file in HERE.glob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "proves":
                        names |= {str(part.value) for part in mark.args if isinstance(part, ast.Constant)}
    return names


def declared() -> set[str]:
    """Names of all constraint components that the sources of the families declare."""
    names: set[str] = set()
    for family in FAMILIES:
        source = Path(str(family.__file__)).read_text("utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                called = node.value.func
                if isinstance(called, ast.Attribute) and called.attr in ("Constraint", "ConstraintList"):
                    names |= {target.attr for target in node.targets if isinstance(target, ast.Attribute)}
    return names


def test_every_rule_of_the_model_has_a_proof() -> None:
    """Proves: each constraint component of a model with every part is named by ``@proves`` on a test, and none is named
    that does not exist. Broken: the name of a rule that nothing proves."""
    there = rules()
    assert there - proved() == set(), "constraints that no test in tests/math proves"
    assert proved() - there == set(), "proofs of constraints that the model does not have"


def test_the_model_of_this_test_has_every_rule() -> None:
    """Proves: no family declares a constraint that `everything` does not call into being. Broken: its name."""
    assert declared() - rules() == set()


def test_every_module_with_rules_is_a_family() -> None:
    """Proves: a module of ``models`` that adds to a model is one of FAMILIES. Broken: a family that build forgot."""
    found = set()
    for module in pkgutil.walk_packages(models.__path__, "models."):
        loaded = importlib.import_module(module.name)
        if hasattr(loaded, "add"):
            found.add(module.name)
    assert found == {family.__name__ for family in FAMILIES}


def test_parts_that_a_case_does_not_have_add_nothing() -> None:
    """Proves: an instance with cash alone has rows of cash alone. Broken: empty or idle rows of other families."""
    assert components(instance(opening=1, minimum=0)) == {"cash_balance", "limit_min_cash_usd_m"}
    assert components(replace(instance(), waive_minimum_cash=True)) == {"cash_balance"}
