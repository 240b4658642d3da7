"""What looks like a slip is a warning that says what was meant."""

# Messages stand on one line, as they are said.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from optimizer.case.case import Case
from optimizer.case.load import LoadedCase
from optimizer.case.plausibility import judge, judge_prices

Expect = Callable[..., None]
Changes = Sequence[tuple[str, str]]
FREE = "{from: 2025-10, to: 2026-10}"

DOUBTS: list[tuple[Changes, list[str]]] = [
    ([], []),
    (
        [("adder_usd_per_mwh: 5", "adder_usd_per_mwh: «0.05")],
        ["sites.odessa.power.adder_usd_per_mwh: 0.05 USD/MWh looks like USD/kWh; 0.05 USD/kWh would be 50"],
    ),
    (
        [("2026: 31", "2026: «0.031")],
        ["market.power.west.forward_usd_per_mwh.2026: 0.031 USD/MWh looks like USD/kWh; 0.031 USD/kWh would be 31"],
    ),
    (
        [("efficiency_j_per_th: 15.0", "efficiency_j_per_th: «0.015")],
        ["machines.s21_pro.efficiency_j_per_th: 0.015 J/TH looks like J/GH; in J/TH it would be 15"],
    ),
    (
        [("efficiency_j_per_th: 15.0", "efficiency_j_per_th: «4")],
        ["machines.s21_pro.efficiency_j_per_th: 4 J/TH; machines on the market are between 5 and 120"],
    ),
    (
        [("rate_usd_per_kw_month: 130", "rate_usd_per_kw_month: «149000")],
        [
            "offers.lease.rate_usd_per_kw_month: 149,000 USD per kW and month looks like USD per MW and month; "
            "per kW it is 149"
        ],
    ),
    (
        [("rate_usd_per_kw_month: 130", "rate_usd_per_kw_month: «1.56")],
        [
            "offers.lease.rate_usd_per_kw_month: 1.56 USD per kW and month is little; is it per kW and week, "
            "or MUSD per MW and year (130)?"
        ],
    ),
    (
        [("gross_per_it: 1.45", "gross_per_it: «1.2")],
        ["offers.lease.gross_per_it: reserves 1.2 MW per MW IT, but pue x utilisation uses 1.25"],
    ),
    (
        [("btc_usd: 107153", "btc_usd: 107153\n    btc_growth: «0.03")],
        [
            "market.network.btc_growth: bitcoin grows by 0.03 a year and cash yields 0: holding 1,063 BTC looks free, "
            "though it is a bet; compare with btc_growth at the yield, or with treasury.policy sell_all"
        ],
    ),
    (
        [("hashrate_eh_s: 837", "hashrate_eh_s: «837000"), ("    halvings", "    halvings")],
        [
            "market.network.hashrate_eh_s: 837,000 EH/s looks like PH/s; in EH/s it is 837",
            "market.network.hashrate_eh_s: price, hash rate and subsidy make a hashprice of 0.05831 USD/PH/s/day; "
            "usual is 10 to 500",
        ],
    ),
    (
        [("hashrate_growth: 0.25", "hashrate_growth: «3")],
        ["market.network.hashrate_growth: 3 is 300 % a year; 3 % would be 0.03"],
    ),
    ([("hosting: 0.09", "hosting: «1.5")], ["discount.hosting: 1.5 is 150 % a year; 1.5 % would be 0.015"]),
    (
        [("fee_share: 0.012", "fee_share: «0.6\n    pool_fee: «0.2"), ("btc_usd: 107153", "btc_usd: 50000")],
        [
            "market.network.fee_share: fees would be 60 % of the block reward; usual is 1 to 10 %",
            "market.network.pool_fee: 0.2 is 20 % of revenue; pools take 0.5 to 4 %",
        ],
    ),
    (
        [("    halvings: [2028-04-15]\n", "    «halvings: []\n")],
        ["market.network.halvings: no halving is named in 6 years; one comes about every four years (halvings:)"],
    ),
    (
        [("halvings: [2028-04-15]", "halvings: [«2024-04-20, 2028-04-15]")],
        ["market.network.halvings[0]: 2024-04-20 is not after the start and changes nothing; "
         "subsidy_btc is that of the start"],
    ),
    (
        [("    sign: " + FREE, "    «sign: {from: 2033-01, to: 2034-01}")],
        ["offers.lease.sign: stands from 2033-01 to 2034-01, outside the plan (2025-07 to 2031-06): it can never be signed"],
    ),
    (
        [("    sign: " + FREE, "    «sign: {from: 2025-08, to: 2025-09}")],
        [
            "offers.lease.sign: stands from 2025-08 to 2025-09, and no step begins in that time; "
            "shorten the steps or widen the window: it can never be signed"
        ],
    ),
    (
        [("lead: 5 quarters", "lead: «6 years")],
        ["offers.lease.lead: signed as early as can be, the first rent comes in 2031-10, after the plan ends (2031-06)"],
    ),
    (
        [("  lease:", "  «lease:"), ("{2022-11: 207}", "{2022-11: 207, 2027-02: 50}")],
        [
            "offers.lease: can never be delivered inside its window (2025-10 to 2026-10): the smallest size needs "
            "104.4 MW from the first rent on, its sites then have 50 MW at most"
        ],
    ),
    (
        [("capex_usd_m_per_mw_it: 9.5", "capex_usd_m_per_mw_it: «95")],
        ["offers.lease.capex_usd_m_per_mw_it: 95 MUSD per MW IT; data centres cost 8 to 15, with servers up to 60"],
    ),
    (
        [("capex_usd_m_per_mw_it: 9.5", "capex_usd_m_per_mw_it: «0.0095")],
        [
            "offers.lease.capex_usd_m_per_mw_it: 0.0095 MUSD per MW IT; data centres cost 8 to 15: "
            "is it in billions, or in USD per W?"
        ],
    ),
    (
        [("term: 10 years", "term: 10 years\n    ramp: «11 years")],
        ["offers.lease.ramp: billing never becomes full: it grows over 132 months and the term has 120"],
    ),
    (
        [("  debts:", "  limits: {min_cash_usd_m: «70}\n  debts:")],
        ["finance.limits.min_cash_usd_m: asks for 70 at the end of every quarter, and the plan starts with 62.7"],
    ),
    (
        [("      s21_pro: {ph_s", "      «s21_pro: {ph_s"), ("bought: 2024-12", "bought: 2021-07")],
        ["sites.odessa.fleet.s21_pro: its life is over before the plan starts: these machines count for nothing"],
    ),
    (
        [("ph_s: 670", "ph_s: «6.7")],
        ["sites.odessa.arriving.second.ph_s: 6.7 PH/s draw 0.1 MW; is it in EH/s (6700)?"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), DOUBTS, ids=lambda value: str(value)[:60])
def test_doubts(changes: Changes, said: list[str], expect_warnings: Expect) -> None:
    if len(said) == 2 and "hashrate_eh_s" in said[1]:
        # Both are said of the same place.
        changes = [("hashrate_eh_s: 837", "hashrate_eh_s: ««837000")]
    expect_warnings(changes, *said)


def test_coins_that_are_sold_are_no_bet(expect_warnings: Expect) -> None:
    growth = ("btc_usd: 107153", "btc_usd: 107153\n    btc_growth: 0.03")
    expect_warnings([growth, ("  debts:", "  treasury: {policy: sell_all}\n  debts:")])
    expect_warnings([growth, ("btc: 1063, ", "")])
    expect_warnings([growth, ("  debts:", "  cash_yield: 0.04\n  debts:")])


def test_assumed_values_are_counted(load_changed: Callable[..., LoadedCase]) -> None:
    loaded = load_changed(("assumed: false", "assumed: true"), ("pue: 1.25", "pue: {value: 1.25, assumed: true}"))
    assert loaded.assumed_count == 2
    names = "offers.lease.pue, offers.lease.operating_cost_usd_m_per_mw_it_year"
    assert [warning.message for warning in loaded.warnings] == [f"2 values are assumed: {names}"]


def test_mean_prices(load_changed: Callable[..., LoadedCase]) -> None:
    case = load_changed().case
    assert judge_prices(case, {"west": 31.0, "elsewhere": 0.01}) == []
    (found,) = judge_prices(case, {"west": 0.031})
    assert found.path == ("market", "power", "west", "file")
    assert "looks like a price per kWh" in found.message
    assert len(judge_prices(case, {"west": 31000.0})) == 1


def test_a_cheap_block_for_more_than_the_mine_draws_is_a_bet() -> None:
    """Proves: 200 MW at 27 where the market has 30 and the machines draw 120 MW (8 EH/s x 15 J/TH) is named a bet.

    Broken: no word about it; with a block of 100 MW, or at 33 USD/MWh, there is none.
    """
    lots = {"s21_pro": {"ph_s": 8000}}

    def doubts(mw: float, price: float) -> list[str]:
        block = {"kind": "fixed_block", "mw": mw, "price_usd_per_mwh": price, "until": "2027-07"}
        site = {"power": {"market": "west"}, "energised_mw": 300, "mining_shell_mw": 300, "fleet": lots}
        case = Case.model_validate(
            {
                "case": "t",
                "horizon": {"start": "2025-07", "steps": ["4 quarters"]},
                "discount": {"hosting": 0.1, "mining": 0.1, "corporate": 0.1},
                "market": {
                    "power": {"west": {"file": "p.csv", "time_zone": "UTC"}},
                    "network": {"btc_usd": 100000, "hashrate_eh_s": 800},
                },
                "machines": {"s21_pro": {"efficiency_j_per_th": 15}},
                "sites": {"odessa": {**site, "contracts": {"fixed": block}}},
                "finance": {
                    "opening": {"cash_usd_m": 1, "shares_m": 1, "share_price_usd": 1, "sga_usd_m_per_quarter": 0}
                },
            }
        )
        return [finding.message for finding in judge_prices(case, {"west": 30.0})]

    assert [text for text in doubts(200, 27) if "bet on the price of power" in text and "120 MW" in text]
    assert not doubts(100, 27)
    assert not doubts(200, 33)


def test_single_dollars_where_millions_are_meant() -> None:
    """Proves: 60,000,000 of cash_usd_m is asked about, with what single dollars would be. Broken: no word."""
    case = Case.model_validate(
        {
            "case": "t",
            "horizon": {"start": "2025-07", "steps": ["4 quarters"]},
            "discount": {"hosting": 0.1, "mining": 0.1, "corporate": 0.1},
            "market": {
                "power": {"west": {"file": "p.csv", "time_zone": "UTC"}},
                "network": {"btc_usd": 100000, "hashrate_eh_s": 800},
            },
            "sites": {"odessa": {"power": {"market": "west"}, "energised_mw": 300}},
            "finance": {
                "opening": {
                    "cash_usd_m": 60_000_000,
                    "shares_m": 100_000_000,
                    "share_price_usd": 1,
                    "sga_usd_m_per_quarter": 2,
                }
            },
        }
    )
    said = {finding.path[-1]: finding.message for finding in judge(case)}
    assert said["cash_usd_m"] == "60,000,000 millions; if single ones are meant, write 60"
    assert "shares_m" in said
    assert "sga_usd_m_per_quarter" not in said
