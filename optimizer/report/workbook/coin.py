"""What a coin brings and costs, as formulas (docs/figures_capital.md, section 17)."""

from __future__ import annotations

from optimizer.report.workbook.facts import Facts
from optimizer.report.workbook.grid import Grid, Line
from optimizer.report.workbook.term import Term, number, over, summed

SHEET = "Cost per bitcoin"
COIN_LINES = (
    ("btc", "Coins mined", "BTC", "mining: btc"),
    ("revenue", "Revenue", "USD/BTC", "income: mining revenue"),
    ("power", "Power", "USD/BTC", "mining: power cost, less contracts and flexibility, with delivery"),
    ("cash", "Cash cost", "USD/BTC", "power, other cost, site cost"),
    ("with_sga", "With SG&A", "USD/BTC", "cash cost, SG&A"),
    ("with_depreciation", "With what is written off", "USD/BTC", "stock pay, machines, property, impairment"),
    ("hosting", "Hosting", "USD/BTC", "hosting: NOI"),
    ("other", "Other", "USD/BTC", "what is left to net income"),
    ("net_income", "Net income", "USD/BTC", "income: net income"),
)
WRITTEN_OFF = ("stock_pay", "depreciation_machines", "depreciation_property", "impairment")
LEAST_COINS = 1e-9


def coin_statement(facts: Facts, cash: Grid, income: Grid | None) -> Grid | None:
    """USD per coin by period; 0 where no coin is mined. None for a plan without books."""
    if income is None or not facts.tables["cost_per_btc"]:
        return None
    lines = [Line(key, label, unit, how) for key, label, unit, how in COIN_LINES]
    grid = Grid(SHEET, "What a coin brings and costs, down to the company's result.", facts.periods, lines)
    mining, hosting = facts.tables["mining"], facts.tables["hosting"]
    for period in facts.periods:
        n = period.number
        coins = grid.put("btc", n, mining.in_period("btc", period))

        def put(key: str, amount: Term, coins: Term = coins, n: int = n, before: str = "") -> None:
            made = over(number(1e6) * amount, coins, LEAST_COINS)
            grid.put(key, n, grid.at(before, n) + made if before else made)

        put("revenue", income.over("mining_revenue", n))
        power = mining.in_period("power_cost_usd_m", period) - income.over("contracts", n)
        put("power", power - income.over("flexibility", n) - cash.over("delivery", n))
        put("cash", -(income.over("mining_variable", n) + income.over("site_cost", n)), before="power")
        put("with_sga", -income.over("sga", n), before="cash")
        put("with_depreciation", -summed(income.over(key, n) for key in WRITTEN_OFF), before="with_sga")
        put("hosting", hosting.in_period("noi_usd_m", period))
        put("net_income", income.over("net_income", n))
        rest = grid.at("net_income", n) - grid.at("revenue", n) + grid.at("with_depreciation", n)
        grid.put("other", n, rest - grid.at("hosting", n))
    return grid
