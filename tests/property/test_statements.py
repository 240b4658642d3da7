"""Three statements that tie: in every period of random companies, whatever they own, owe and decide.

Here a sample is tried; `make soak` tries 500.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from optimizer import api
from optimizer.errors import InfeasibleError
from tests.math.cases import FLAT_50, write_prices
from tests.property.money_cases import random_company
from tests.property.money_kinds import Data

SOLVE = api.SolveOptions(relative_gap=1e-3, time_limit_seconds=20)
TO_THE_CENT = 1e-6

EBITDA = [
    "mining_revenue",
    "hosting_revenue",
    "power_recovered",
    "contracts",
    "flexibility",
    "power",
    "mining_variable",
    "delivery",
    "hosting_operating",
    "site_cost",
    "sga",
]
OPERATING = [
    "ebitda",
    "stock_pay",
    "moves",
    "depreciation_machines",
    "depreciation_halls",
    "depreciation_property",
    "impairment",
    "gain_on_machines",
    "gain_on_halls",
    "btc_realised",
    "btc_unrealised",
]
SUMS = {
    "ebitda": EBITDA,
    "operating_income": OPERATING,
    "pretax": ["operating_income", "interest_income", "interest_expense", "financing_costs"],
    "net_income": ["pretax", "tax"],
    "to_common": ["net_income", "preferred_dividends"],
    "adjusted_ebitda": ["ebitda", "btc_realised", "btc_unrealised"],
}
ASSETS = [
    "cash",
    "trapped",
    "bitcoin",
    "collateral",
    "machines",
    "halls",
    "property",
    "land",
    "investments",
    "other_assets",
]
LIABILITIES = ["debt", "accrued_interest", "prepayments", "preferred", "other_liabilities", "equity"]


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prices")
    write_prices(folder, FLAT_50)
    return folder


def solved(data: Data, prices: Path, folder: Path) -> Path:
    """Solve, write and audit a company; one that no plan saves is given time to pay."""
    try:
        result = api.solve(api.case_from_data(data, prices), SOLVE, twins=False)
    except InfeasibleError:
        data["finance"]["opening"]["cash_usd_m"] += 500
        result = api.solve(api.case_from_data(data, prices), SOLVE, twins=False)
    assert result.write(folder).passed
    return folder


def table(folder: Path, name: str) -> pd.DataFrame:
    """A statement without the suffix of its columns."""
    return pd.read_csv(folder / f"{name}.csv").rename(columns=lambda column: column.removesuffix("_usd_m"))


def faults(folder: Path, data: Data) -> list[str]:
    """What does not tie in a plan's statements."""
    income, balance, cash = (table(folder, name) for name in ("income", "balance", "cash"))
    found = []

    def hold(what: str, difference: pd.Series) -> None:
        worst = difference.abs().max()
        if not worst <= TO_THE_CENT:
            found.append(f"{what}: off by {worst:.9f}")

    for name, parts in SUMS.items():
        hold(name, income[name] - income[parts].sum(axis=1))
    hold("total assets", balance["total_assets"] - balance[ASSETS].sum(axis=1))
    hold("total liabilities", balance["total_liabilities"] - balance[LIABILITIES].sum(axis=1))
    hold("assets and liabilities", balance["total_assets"] - balance["total_liabilities"])
    flows = cash.columns[cash.columns.get_loc("opening") + 1 : cash.columns.get_loc("closing")]
    hold("cash flow", cash["closing"] - cash["opening"] - cash[flows].sum(axis=1))
    hold("cash of the balance sheet", cash["closing"] - balance["cash"].iloc[1:].reset_index(drop=True))
    hold("trapped cash", cash["trapped"] + balance["trapped"].diff().iloc[1:].reset_index(drop=True))
    hold("tax", cash["tax"] - income["tax"])
    capped = data["finance"]["facilities"].get("notes", {}).get("capped_call", {}).get("cost", 0.0)
    debts = table(folder, "debt").query("debt == 'notes'")
    notes = debts["drawn"].reset_index(drop=True) if len(debts) else 0.0
    moved = income["to_common"] + cash["equity"] - income["stock_pay"] - capped * notes
    hold("equity", balance["equity"].diff().iloc[1:].reset_index(drop=True) - moved)
    if (income["net_income"].abs() > 1e9).any():
        found.append("net income without bound")
    return found


def check(seeds: range, prices: Path, folder: Path) -> Counter[str]:
    """Solve these companies; how many of them did what."""
    wrong: dict[int, list[str]] = {}
    seen: Counter[str] = Counter()
    for seed in seeds:
        data = random_company(seed)
        plan = solved(data, prices, folder / "plan")
        if said := faults(plan, data):
            wrong[seed] = said
        decisions = pd.read_csv(plan / "decisions.csv")
        seen.update({str(kind) for kind in decisions["decision"]})
        drawn = decisions.loc[decisions["decision"].isin(["draw", "issue"]), "item"]
        seen.update({f"money: {str(item).split(' ')[0]}" for item in drawn})
        income = table(plan, "income")
        seen.update(name for name in income.columns if name in OPERATING and income[name].abs().max() > TO_THE_CENT)
    assert not wrong
    return seen


KINDS = [f"money: {name}" for name in ("loan", "notes", "pref", "site_loan", "bond", "line", "atm")]
DONE = ["sign", "buy", "sell", "unplug", "plug", "build", "draw", "issue", "repay", "sell_btc"]


def test_statements_tie(prices: Path, tmp_path: Path) -> None:
    """Proves: in each period of 40 random companies assets are liabilities and equity to a millionth of a million, each
    line of income is the sum of its parts, cash is that of the cash flow, equity moves by what the year has brought,
    and the audit agrees; and these companies draw, sign, buy and write off. Broken: a balance sheet that is out by what
    somebody forgot."""
    seen = check(range(40), prices, tmp_path)
    assert {"sign", "buy", "draw", "depreciation_halls", "impairment", "btc_unrealised"} <= set(seen)


@pytest.mark.soak
def test_soak_five_hundred_companies(prices: Path, tmp_path: Path) -> None:
    """Proves: the same for 500 companies, among which every kind of money and decision is used by at least five."""
    seen = check(range(1000, 1500), prices, tmp_path)
    print(seen)
    assert {name: seen[name] for name in [*KINDS, *DONE] if seen[name] < 5} == {}
