"""``moves.csv``: what the plan as it is would be worth if an input came out otherwise, and the status quo with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from optimizer.case.case import Case
from optimizer.case.yaml_file import CasePath
from optimizer.errors import CaseError, InfeasibleError, SolverError
from optimizer.explain.answers import Answers, Question
from optimizer.explain.change import Change, months, numbers, written
from optimizer.explain.levers import Rows
from optimizer.explain.start import Start
from optimizer.instance.build import Prepared
from optimizer.instance.given import STATUS_QUO
from optimizer.plan.table import Cell, Table, table
from optimizer.solve.sensitivity import commitments

COLUMNS = (
    "input",
    "path",
    "low",
    "high",
    "low_value_usd_m",
    "high_value_usd_m",
    "status_quo_low_usd_m",
    "status_quo_high_usd_m",
    "note",
)

GAP = 1e-5
"""How exactly a value is found, relative to it: moves are large."""

LATER = 6
"""Months: two quarters."""


@dataclass(frozen=True)
class Move:
    """An input that may come out lower or higher: how far, and the changes that go with it; None is as it is."""

    words: str
    path: str
    low: float
    high: float
    low_change: Change | None
    high_change: Change | None


def moves(case: Case, data: Mapping[str, Any], decisions: Rows) -> list[Move]:
    """All inputs that are moved. ``data`` are the case's plain data, ``decisions`` the rows of the plan's decisions."""
    signed = {row["item"] for row in decisions if row["decision"] == "sign"}
    offers = [name for name in case.offers if name in signed]
    found = [*_power(case), *_network(data)]
    if offers:
        rents = _numbers_of(data, [("offers", name, "rate_usd_per_kw_month") for name in offers])
        capex: dict[CasePath, float] = {
            ("offers", name, "capex_usd_m_per_mw_it"): case.offers[name].capex_usd_m_per_mw_it for name in offers
        }
        found.append(_times("rent of signed offers", "offers.*.rate_usd_per_kw_month", rents, 0.9, 1.1))
        found.append(_times("capex of signed offers", "offers.*.capex_usd_m_per_mw_it", capex, 0.9, 1.1))
    facilities = written(data, ("finance", "facilities")) or {}
    rates = _numbers_of(data, [("finance", "facilities", name, "rate") for name in facilities])
    if rates:
        low = Change({path: max(0.0, rate - 0.02) for path, rate in rates.items()})
        high = Change({path: rate + 0.02 for path, rate in rates.items()})
        found.append(Move("interest of facilities", "finance.facilities.*.rate", -0.02, 0.02, low, high))
    if offers:
        leads = Change({("offers", name, "lead"): months(case.offers[name].lead + LATER) for name in offers})
        found.append(Move("lead of signed offers, months later", "offers.*.lead", 0.0, LATER, None, leads))
    return found


def _power(case: Case) -> Iterator[Move]:
    scales: dict[CasePath, float] = {
        ("market", "power", name, "scale"): market.scale for name, market in case.market.power.items()
    }
    yield _times("power prices", "market.power.*.scale", scales, 0.8, 1.2)


def _network(data: Mapping[str, Any]) -> Iterator[Move]:
    network: CasePath = ("market", "network")
    if written(data, (*network, "path")) is None:
        price = numbers(data, (*network, "btc_usd"))
        yield _times("hashprice (bitcoin at the same hash rate)", "market.network.btc_usd", price, 0.8, 1.2)
    growth = numbers(data, (*network, "hashrate_growth")) or {(*network, "hashrate_growth"): 0.0}
    low, high = (Change({path: rate + step for path, rate in growth.items()}) for step in (-0.1, 0.1))
    yield Move("growth of difficulty a year", "market.network.hashrate_growth", -0.1, 0.1, low, high)


def _times(words: str, path: str, base: Mapping[CasePath, float], low: float, high: float) -> Move:
    less, more = (Change({at: value * factor for at, value in base.items()}) for factor in (low, high))
    return Move(words, path, low, high, less, more)


def _numbers_of(data: Mapping[str, Any], paths: list[CasePath]) -> dict[CasePath, float]:
    return {at: value for path in paths for at, value in numbers(data, path).items()}


def moves_table(answers: Answers) -> Table:
    """The rows of ``moves.csv``: values in USD m of the plan's whole numbers, and of commitments only."""
    start = answers.start
    every = moves(start.case, start.loaded.bare, start.written.rows("decisions"))
    # Each end is a question of its own: they take long.
    sides = [(move, side, change) for move in every for side, change in _sides(move)]
    found = answers.to(
        [Question(f"{move.words}, {side}", partial(_values, change=change)) for move, side, change in sides]
    )
    at = {(move.path, side): values for (move, side, _), values in zip(sides, found, strict=True)}
    return table(COLUMNS, [_row(move, at[move.path, "low"], at[move.path, "high"]) for move in every])


def _sides(move: Move) -> tuple[tuple[str, Change | None], ...]:
    return ("low", move.low_change), ("high", move.high_change)


Values = tuple[float | None, float | None, str]
"""Of the plan and of commitments in USD m; None and why, where there is none."""


def _row(move: Move, low: Values, high: Values) -> tuple[Cell, ...]:
    said = [f"{side}: {found[2]}" for side, found in (("low", low), ("high", high)) if found[2]]
    return (move.words, move.path, move.low, move.high, low[0], high[0], low[1], high[1], "; ".join(said))


def _values(start: Start, change: Change | None) -> Values:
    """In the moved case, or in the case as it is."""
    if change is None:
        return start.value_usd_m, _status_quo(start, start.prepared), ""
    try:
        moved = change.apply(start.loaded)
        prepared = start.prepare(moved)
    except CaseError as error:
        return None, None, f"the case does not take it: {error.problems[0].message}"
    status_quo = _status_quo(start, prepared)
    try:
        return start.resolve(start.instance(prepared), anew=GAP).objective, status_quo, ""
    except (InfeasibleError, SolverError) as error:
        return None, status_quo, error.details[0].strip() if error.details else str(error)


def _status_quo(start: Start, prepared: Prepared) -> float | None:
    found = commitments(prepared.given(STATUS_QUO), start.options)
    return found.value_usd_m if found is not None else None
