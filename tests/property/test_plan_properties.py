"""What holds for every case, tried on random ones: more of a good thing is never worse, units and names do not matter.

A plan is known to lie in [value, bound], so "never lowers" means: the bound afterwards is not below the value before.
Each is tried on the same twelve cases in every run, and on 48 more in ``make soak``.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimizer import api
from optimizer.errors import InfeasibleError
from optimizer.solve.run import Solution
from tests.math.builder import EXACT, best
from tests.math.cases import CASE, OFFER, changed, load

SEEDS = range(12)
MORE_SEEDS = range(12, 60)

every_case = pytest.mark.parametrize(
    "seed", [*SEEDS, *(pytest.param(seed, marks=pytest.mark.soak) for seed in MORE_SEEDS)]
)

Data = dict[str, Any]


def price(at: datetime) -> float:
    """Dear evenings, cheap nights, a windy spring and some hours of scarcity."""
    day = at.timetuple().tm_yday
    if day % 61 == 7 and at.hour == 18:
        return 900.0
    return 45 + 30 * math.sin((at.hour - 12) / 24 * 2 * math.pi) - 40 * (day % 7 == 3) * (at.month < 6) + 0.05 * day


def random_case(seed: int) -> Data:
    """A miner with two lots, a shell offer and a free-power offer, whose cash does not suffice for everything."""
    random = np.random.default_rng(seed)

    def number(low: float, high: float) -> float:
        return round(float(random.uniform(low, high)), 3)

    def whole(low: int, high: int) -> int:
        return int(random.integers(low, high + 1))

    terms = {
        "sign": {"from": "2025-01", "to": ["2025-03", "2025-12", "2026-06"][whole(0, 2)]},
        "halls": {"min": whole(1, 2), "max": whole(2, 4)},
        "lead": f"{whole(0, 5)} quarters",
        "ramp": f"{whole(0, 2)} quarters",
        "term": f"{whole(4, 10)} years",
        "rate_usd_per_kw_month": number(80, 180),
        "escalator": number(0, 0.04),
        "capex_usd_m_per_mw_it": number(2, 9),
        "contingency": number(0, 0.2),
        "capex_shares": [1, whole(0, 3), 1],
        "signing_cost_usd_m": number(0, 3),
        "prepayment": number(0, 0.15),
        "operating_cost_usd_m_per_mw_it_year": number(0, 0.3),
        "residual_usd_m_per_mw_it": number(0, 2),
    }
    other = terms | {"rate_usd_per_kw_month": number(80, 180), "halls": {"min": 1, "max": whole(1, 3)}}
    return changed(
        CASE,
        {
            "horizon.steps": ["6 quarters", "2 years"],
            "discount": {"hosting": number(0.05, 0.1), "mining": number(0.1, 0.2), "corporate": 0.12},
            "market.network.hashrate_growth": number(0.1, 0.5),
            "market.network.pool_fee": 0.01,
            "machines.old": {"efficiency_j_per_th": 24, "life": "6 years"},
            "sites.one": {
                "power": {"market": "hub", "adder_usd_per_mwh": number(0, 10), "losses": 0.02},
                "energised_mw": {"2020-01": number(90, 120), "2026-02-10": number(120, 160)},
                "mining_shell_mw": 100,
                "mining_overhead": 1.25,
                "uptime": 0.96,
                "operating_cost_usd_m_per_year": 2,
                "fleet": {"m16": {"ph_s": 2500}, "old": {"ph_s": 1000, "bought": "2021-06"}},
            },
            "offers": {
                "shell": OFFER | terms | {"takes": "mining_shell"},
                "power": OFFER | other | {"takes": "free_power"},
            },
            "finance.opening.cash_usd_m": number(60, 180),
            "finance.opening.btc": 100,
            "finance.opening.sga_usd_m_per_quarter": 1,
            "finance.limits.min_cash_usd_m": number(-40, 20),
            "finance.debts": {
                "notes": {"principal_usd_m": number(10, 40), "rate": 0.08, "matures": "2027-05-15"},
            },
        },
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cases")


def solve(data: Mapping[str, Any], folder: Path, **more: Any) -> Solution:
    return api.solve(load(folder, data, price, **more), EXACT, twins=False).solution


@lru_cache(maxsize=128)
def _result(text: str, folder: Path) -> api.Result | None:
    """The plan of a case in JSON, or None if there is none. Several tests begin with the same cases."""
    try:
        return api.solve(load(folder, json.loads(text), price), EXACT, twins=False)
    except InfeasibleError:
        return None


def feasible(data: Data, folder: Path) -> api.Result:
    """The plan of a random case; one without any is given the cash that it lacks."""
    found = _result(json.dumps(data), folder)
    if found is None:
        data["finance"]["limits"]["min_cash_usd_m"] = -2000
        found = _result(json.dumps(data), folder)
    assert found is not None
    return found


def not_worse(after: Solution, before: Solution) -> bool:
    return after.bound_usd_m >= before.value_usd_m - 2e-6


def test_the_random_cases_are_worth_trying(folder: Path) -> None:
    """Proves: of the twelve random cases at least six sign a contract, and in three of these more cash would buy a
    better plan. Broken: cases in which nothing, or everything, is right, so that what is tried below proves little."""
    found: list[tuple[bool, bool]] = []
    for seed in SEEDS:
        solution = feasible(random_case(seed), folder).solution
        free = replace(solution.instance, waive_minimum_cash=True)
        signs = bool(solution.decisions.halls.any())
        found.append((signs, signs and best(free) > solution.value_usd_m + 1e-3))
    assert sum(signs for signs, _ in found) >= 6
    assert sum(short for _, short in found) >= 3


def an_extra_offer(data: Data) -> None:
    data["offers"]["more"] = copy.deepcopy(data["offers"]["power"]) | {"capex_usd_m_per_mw_it": 0}


def more_megawatts(data: Data) -> None:
    data["sites"]["one"]["energised_mw"] = {d: mw + 15 for d, mw in data["sites"]["one"]["energised_mw"].items()}


def less_minimum_cash(data: Data) -> None:
    data["finance"]["limits"]["min_cash_usd_m"] -= 40


def a_lower_adder(data: Data) -> None:
    data["sites"]["one"]["power"]["adder_usd_per_mwh"] -= 3


def a_longer_window(data: Data) -> None:
    for offer in data["offers"].values():
        offer["sign"]["to"] = "2027-12"


def more_halls(data: Data) -> None:
    for offer in data["offers"].values():
        offer["halls"]["max"] += 1


IMPROVEMENTS = [an_extra_offer, more_megawatts, less_minimum_cash, a_lower_adder, a_longer_window, more_halls]


@pytest.mark.parametrize("improve", IMPROVEMENTS)
@every_case
def test_more_is_never_worse(improve: Callable[[Data], None], seed: int, folder: Path) -> None:
    """Proves: one more offer, more megawatts, less cash to keep, cheaper power for one who only buys, a longer window,
    more halls on offer: none lowers the value. Broken: the two values."""
    data = random_case(seed)
    before = feasible(data, folder).solution
    better = copy.deepcopy(data)
    improve(better)
    assert not_worse(solve(better, folder), before)


MONEY = {
    "btc_usd", "scale", "adder_usd_per_mwh", "rate_usd_per_kw_month", "capex_usd_m_per_mw_it", "signing_cost_usd_m",
    "operating_cost_usd_m_per_mw_it_year", "residual_usd_m_per_mw_it", "operating_cost_usd_m_per_year", "cash_usd_m",
    "sga_usd_m_per_quarter", "min_cash_usd_m", "principal_usd_m",
}  # fmt: skip


def scaled(part: Any, factor: float) -> Any:
    """The same data with all money multiplied."""
    if not isinstance(part, dict):
        return part
    return {key: value * factor if key in MONEY else scaled(value, factor) for key, value in part.items()}


@every_case
def test_another_currency_changes_nothing_but_the_unit(seed: int, folder: Path) -> None:
    """Proves: all money times a factor makes the value times that factor. Broken: a cost that was left out."""
    data, factor = random_case(seed), (0.5, 1.5, 3.0)[seed % 3]
    data["market"]["power"]["hub"]["scale"] = 1.0
    before = feasible(data, folder).solution
    after = solve(scaled(data, factor), folder)
    assert after.value_usd_m == pytest.approx(before.value_usd_m * factor, rel=1e-7, abs=1e-5)


def renamed(data: Data) -> Data:
    """Other names for sites, offers, lots and machines, in another order, and a second site that has nothing."""
    new = copy.deepcopy(data)
    site = new["sites"].pop("one")
    site["fleet"] = {f"z{name}": lot | {"machine": f"a{name}"} for name, lot in reversed(list(site["fleet"].items()))}
    new["sites"] = {"empty": copy.deepcopy(CASE["sites"]["one"]), "two": site}
    new["machines"] = {f"a{name}": machine for name, machine in reversed(list(new["machines"].items()))}
    new["offers"] = {f"b{name}": offer | {"sites": ["two"]} for name, offer in reversed(list(new["offers"].items()))}
    return dict(reversed(list(new.items())))


@every_case
def test_names_and_order_do_not_matter(seed: int, folder: Path) -> None:
    """Proves: the same company under other names, in another order, has the same value. Broken: another."""
    data = random_case(seed)
    before = feasible(data, folder).solution
    assert solve(renamed(data), folder).value_usd_m == pytest.approx(before.value_usd_m, rel=1e-7, abs=1e-5)


def decisions_of(data: Data, folder: Path) -> tuple[api.Result, Path]:
    result = feasible(data, folder)
    plan = folder / "given"
    assert result.write(plan).passed
    return result, plan / "decisions.csv"


@every_case
def test_decisions_given_back_make_the_same_plan(seed: int, folder: Path) -> None:
    """Proves: a plan's own decisions, and nothing else, have its value. Broken: another value, or no plan."""
    data = random_case(seed)
    result, decisions = decisions_of(data, folder)
    again = solve(data, folder, given_csv=decisions, given_otherwise="nothing")
    assert again.value_usd_m == pytest.approx(result.solution.value_usd_m, rel=1e-7, abs=1e-5)


@every_case
def test_finer_periods_change_no_value(seed: int, folder: Path) -> None:
    """Proves: with the same decisions, a plan kept by month has the value of the one kept by quarter. Broken: another.
    Cash is looked at more often, so it is free to fall here."""
    data = random_case(seed)
    data["finance"]["limits"]["min_cash_usd_m"] = -5000
    result, decisions = decisions_of(data, folder)
    finer = changed(data, {"horizon.steps": ["42 months"]})
    again = solve(finer, folder, given_csv=decisions, given_otherwise="nothing")
    assert again.value_usd_m == pytest.approx(result.solution.value_usd_m, rel=1e-7, abs=1e-5)


def contents(plan: Path) -> dict[str, bytes]:
    files = {str(file.relative_to(plan)): file.read_bytes() for file in sorted(plan.rglob("*")) if file.is_file()}
    files.pop("run.json")
    return files


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_the_same_case_makes_the_same_bytes(seed: int, folder: Path) -> None:
    """Proves: two runs write the same files, but for the one that says when and how long. Broken: the name of a
    file."""
    data = random_case(seed)
    feasible(data, folder)
    written = []
    for run in ("first", "second"):
        plan = folder / run
        api.solve(load(folder, data, price), EXACT).write(plan)
        written.append(contents(plan))
    assert [name for name in written[0] if written[0][name] != written[1].get(name)] == []
    assert written[0].keys() == written[1].keys()


@every_case
def test_no_twin_is_better_than_the_plan(seed: int, folder: Path) -> None:
    """Proves: the twins, whose decisions are laid down in part, are not worth more. Broken: a plan that misses one."""
    data = random_case(seed)
    feasible(data, folder)
    result = api.solve(load(folder, data, price), EXACT)
    for twin, _ in result.twins:
        if twin.keeps_minimum_cash:
            assert twin.solution.value_usd_m <= result.solution.bound_usd_m + 2e-6, twin.name
