"""Decisions that the user laid down, and the twins: through whole cases. Every plan is written, audited, read back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from optimizer import api
from optimizer.errors import CaseError
from tests.math.builder import EXACT, about
from tests.math.cases import MINE, Solved, case_data, flat, load, solve_case

# Three halls are worth 24 each, at any of four dates.
YEAR = {"sign": {"from": "2025-01", "to": "2025-12"}, "halls": {"min": 1, "max": 3}}
OVER = {"horizon.steps": ["4 quarters"]}


def lay_down(folder: Path, given: Mapping[str, Any], changes: Mapping[str, Any] | None = None) -> Solved:
    return solve_case(folder, case_data(OVER | {"given": dict(given)} | dict(changes or {}), hall=YEAR))


def test_left_alone_the_plan_takes_all(tmp_path: Path) -> None:
    """Proves: what the tests below lay down is no decision that would be taken anyway: 72. Broken: 24, 48."""
    assert lay_down(tmp_path, {}).value == about(72)


def test_halls_that_are_laid_down(tmp_path: Path) -> None:
    """Proves: exactly two halls, on the step nearest to the date (20 May: 1 July; 15 May: the earlier, 1 April).
    Broken: three halls, 1 January, or the 20th itself."""
    late = lay_down(tmp_path / "late", {"sign": {"hall": {"halls": 2, "date": "2025-05-20"}}})
    assert late.decided() == [("2025-07-01", "sign", "hall", 2)]
    assert late.value == about(48)
    early = lay_down(tmp_path / "early", {"sign": {"hall": {"halls": 2, "date": "2025-05-15"}}})
    assert early.decided()[0][0] == "2025-04-01"


def test_an_offer_that_is_forbidden(tmp_path: Path) -> None:
    """Proves: nothing is signed: 0. Broken: 72."""
    assert lay_down(tmp_path, {"sign": {"hall": "forbidden"}}).value == about(0)


def test_halls_within_bounds(tmp_path: Path) -> None:
    """Proves: at most two make 48; at least two of a contract that loses make two: -2 x 6. Broken: 72; 0 or -18."""
    assert lay_down(tmp_path / "most", {"sign": {"hall": {"halls_at_most": 2}}}).value == about(48)
    data = case_data(OVER | {"given.sign.hall": {"halls_at_least": 2}}, hall=YEAR | {"capex_usd_m_per_mw_it": 3})
    assert solve_case(tmp_path / "least", data).value == about(-12)


def test_nothing_but_what_is_named(tmp_path: Path) -> None:
    """Proves: with everything else at nothing, an offer that is named is signed and the other is not: 24. Broken:
    48."""
    given = {"otherwise": "nothing", "sign": {"hall": {"halls": 1}}}
    data = case_data(OVER | {"given": given}, hall=YEAR, other={})
    solved = solve_case(tmp_path, data)
    assert solved.value == about(24)
    assert [item for _, _, item, _ in solved.decided()] == ["hall"]


def test_a_date_outside_the_window_is_an_error_of_the_case(tmp_path: Path) -> None:
    """Proves: a signature laid down when the offer does not stand is refused by name. Broken: silently not signed."""
    data = case_data(OVER | {"given.sign.hall": {"halls": 1, "date": "2025-07"}}, hall={})
    with pytest.raises(CaseError, match=r"given\.sign\.hall"):
        solve_case(tmp_path, data)


def test_a_fixed_plan_has_the_value_it_has(tmp_path: Path) -> None:
    """Proves: a plan that loses can be priced: one hall at -6, and the mine (which would mine on) unplugged by 100 PH/s
    in July: 184 days at 60 $ on 998 MW. Broken: the best plan's value."""
    given: dict[str, Any] = {"sign": {"hall": {"halls": 1}}, "unplug": {"one.m16": {"2025-07": 100}}}
    given["plug"] = {"one.m16 > one": "forbidden"}
    changes = MINE | OVER | {"given": given, "sites.one.energised_mw": 2000}
    data = case_data(changes, hall=YEAR | {"capex_usd_m_per_mw_it": 3})
    solved = solve_case(tmp_path, data, flat(40))
    assert solved.value == about(-6 + 24 * 60 * (181 * 1000 + 184 * 998) / 1e6)


def twins_of(solved: Solved) -> dict[str, tuple[float, bool]]:
    return {twin.name: (twin.solution.value_usd_m, twin.keeps_minimum_cash) for twin, _ in solved.result.twins}


def test_three_twins(tmp_path: Path) -> None:
    """Proves: a mine that earns 24 x 60 x 1,000 MW a day; an offer worth 24 a hall beside it and one that takes the
    mine's buildings and loses. Status quo and all mining sign nothing; all hosting signs all four halls, the
    losing ones too. Broken: all hosting = the plan."""
    loses = {"takes": "mining_shell", "capex_usd_m_per_mw_it": 3, "halls": {"min": 1, "max": 1}}
    changes = MINE | OVER | {"sites.one.energised_mw": 1045}
    data = case_data(changes, good=YEAR, loses=loses)
    solved = solve_case(tmp_path, data, flat(40), twins=True)
    mining = 365 * 24 * 60 * 1000 / 1e6
    cleared = 365 * 24 * 60 * 15 / 1e6
    assert solved.value == about(mining + 72)
    twins = twins_of(solved)
    assert twins["status_quo"] == (about(mining), True)
    assert twins["all_mining"] == (about(mining), True)
    # From January on its 15 MW are neither the mine's nor, until April, the tenant's.
    assert twins["all_hosting"] == (about(mining - cleared + 72 - 6), True)


def test_a_twin_that_breaks_minimum_cash_is_not_dropped(tmp_path: Path) -> None:
    """Proves: only the tenant's prepayment of 6 keeps the company above its minimum; the status quo falls short by 5
    and is reported so. Broken: no twin, or one that claims to keep it."""
    changes = OVER | {
        "finance.opening.cash_usd_m": 1,
        "finance.opening.sga_usd_m_per_quarter": 0.5,
        "finance.limits.min_cash_usd_m": 4,
    }
    solved = solve_case(tmp_path, case_data(changes, hall={"prepayment": 0.25}), twins=True)
    assert solved.value == about(1 - 2 + 24)
    assert twins_of(solved)["status_quo"] == (about(-1), False)
    [quo] = [plan for twin, plan in solved.result.twins if twin.name == "status_quo"]
    assert quo.states.shortfall_usd_m == about([3.5, 4.0, 4.5, 5.0])


def test_what_waiting_costs(tmp_path: Path) -> None:
    """Proves: of a contract worth 24 whose price at another date is the same, waiting costs nothing; in a window of one
    date it costs all of it. Broken: 24 or 0 for both."""
    short = solve_case(tmp_path / "short", case_data(OVER, hall={}), twins=True)
    long = solve_case(tmp_path / "long", case_data(OVER, hall=YEAR), twins=True)
    assert short.result.waiting is not None
    assert short.result.waiting.later_usd_m[1] == about(24)
    assert long.result.waiting is not None
    assert long.result.waiting.later_usd_m[1] == about(0)


def test_a_plan_given_back_is_the_same_plan(tmp_path: Path) -> None:
    """Proves: the decisions of a plan, given back with nothing else, make its value to the last cent. Broken:
    another."""
    data = case_data(MINE | OVER | {"sites.one.energised_mw": 1020}, hall=YEAR)
    solved = solve_case(tmp_path, data, flat(90))
    given = load(tmp_path, data, given_csv=solved.folder / "decisions.csv", given_otherwise="nothing")
    again = api.solve(given, EXACT, twins=False)
    assert again.solution.value_usd_m == about(solved.value)
