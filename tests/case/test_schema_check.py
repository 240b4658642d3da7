"""What the schema refuses is said in words of the field, at its place, once, with what would be right."""

# Messages stand on one line, as they are said.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from optimizer.case.load import CASE_FILE, case_from_data, load_case
from optimizer.errors import CaseError

Expect = Callable[..., None]
Changes = Sequence[tuple[str, str]]

FAULTS: list[tuple[Changes, list[str]]] = [
    (
        [("mining: 0.16", "mining: «16")],
        ["discount.mining: must be at most 2 (got 16); it is a share: 0.16 is 16 %"],
    ),
    ([("pue: 1.25", "pue: «true")], ["offers.lease.pue: needs a number (got true)"]),
    ([("pue: 1.25", 'pue: «"1.25"')], ["offers.lease.pue: needs a number (got '1.25'); write it without quotes"]),
    ([("pue: 1.25", "pue: «125 %")], ["offers.lease.pue: needs a number (got '125 %'); 125 % is written 1.25"]),
    ([("btc_usd: 107153", "btc_usd: «107,153")], ["market.network.btc_usd: needs a number (got '107,153'); write 107153"]),
    ([("pue: 1.25", "pue: «yes")], ["offers.lease.pue: needs a number (got 'yes')"]),
    ([("pue: 1.25", "«pue: [1]")], ["offers.lease.pue: needs a number (got a list)"]),
    ([("pue: 1.25", "«pue:")], ["offers.lease.pue: is empty; expected a number"]),
    ([("pue: 1.25", "pue: «0.9")], ["offers.lease.pue: must be at least 1 (got 0.9)"]),
    ([("pue: 1.25", "pue: «12.5")], ["offers.lease.pue: must be at most 3 (got 12.5)"]),
    ([("hall_mw_it: 24", "hall_mw_it: «0")], ["offers.lease.hall_mw_it: must be above 0 (got 0)"]),
    (
        [("  lease:", "  «lease:"), ("    pue: 1.25\n", "")],
        ["offers.lease.pue: is missing; expected a number (Meter MWh used per IT MWh)"],
    ),
    (
        [("  lease:", "  «lease:"), ("gross_per_it", "«gross_pr_it")],
        [
            "offers.lease.gross_per_it: is missing; expected a number "
            "(Meter MW reserved per IT MW: redundancy, losses, cooling on the hottest day)",
            "offers.lease.gross_pr_it: 'gross_pr_it' is not known here; did you mean 'gross_per_it'?",
        ],
    ),
    (
        [("adder_usd_per_mwh: 5", "«adder: 5")],
        ["sites.odessa.power.adder: 'adder' is not known here; did you mean 'adder_usd_per_mwh'?"],
    ),
    (
        [("adder_usd_per_mwh: 5", "«fee_share: 0.1")],
        ["sites.odessa.power.fee_share: 'fee_share' is not known here; it belongs under market.network"],
    ),
    (
        [("power: {paid_by: tenant}", "power: {paid_by: tenant, «zzz: 1}")],
        ["offers.lease.power.zzz: 'zzz' is not known here; known are paid_by, price_usd_per_mwh, pass_through_at"],
    ),
    (
        [("sign: {from: 2025-10", "sign: {«start: 2025-10")],
        ["offers.lease.sign.start: 'start' is not known here; did you mean 'from'?"],
    ),
    (
        [("takes: mining_shell", "takes: «mining_shel")],
        [
            "offers.lease.takes: must be 'free_power' or 'mining_shell' (got 'mining_shel'); "
            "did you mean 'mining_shell'?"
        ],
    ),
    ([("{2022-11: 207}", "{2022-11: «-3}")], ["sites.odessa.energised_mw.2022-11: must be at least 0 (got -3)"]),
    (
        [("energised_mw: {2022-11: 207}", "energised_mw: «207 MW")],
        [
            "sites.odessa.energised_mw: needs a number, or values by date, such as {2025-07: ...} (got '207 MW'); "
            "write 207, the unit stands in the key's name"
        ],
    ),
    (
        [("{2022-11: 207}", "{«2022-13: 1, 2022-11: «x, «2022-11-01: 3}")],
        [
            "sites.odessa.energised_mw.2022-13: there is no month '2022-13'",
            "sites.odessa.energised_mw.2022-11: needs a number (got 'x')",
            "sites.odessa.energised_mw.2022-11-01: '2022-11-01' is the same date as '2022-11'",
        ],
    ),
    ([("start: 2025-07,", "start: «2025,")], ["horizon.start: a date is written 2025-07 or 2025-07-15 (got 2025)"]),
    (
        [("8 quarters, 4 years", "8 quarters, «4")],
        ["horizon.steps[1]: steps are written '12 quarters', '7 years' or '24 months' (got 4)"],
    ),
    (
        [("[8 quarters, 4 years]", "«8 quarters")],
        ["horizon.steps: needs a list such as [12 quarters] (got '8 quarters')"],
    ),
    (
        [("steps: [8 quarters, 4 years]", "«steps: []")],
        ["horizon.steps: is empty; expected a list such as [12 quarters], at least one"],
    ),
    (
        [("lead: 5 quarters", "lead: «15")],
        ["offers.lease.lead: a duration needs its unit: '15 months', '15 quarters' or '15 years'"],
    ),
    ([("max: 5", "max: «4.5")], ["offers.lease.halls.max: needs a whole number (got 4.5)"]),
    (
        [("case: Odessa or not", "case: «2025")],
        ["case: needs text (got 2025)"],
    ),
    (
        [("2026-Q3: 40", "«Q3: 40")],
        ["market.power.west.forward_usd_per_mwh.Q3: must be a year (2026), a quarter (2026-Q3) or a month (2026-07) "
         "(got 'Q3')"],
    ),
    (
        [("file: prices.csv", "file: «prices.xlsx")],
        ["market.power.west.file: a price file is .csv or .csv.gz (got 'prices.xlsx')"],
    ),
    (
        [("time_zone: America/Chicago", "time_zone: «Chicago")],
        ["market.power.west.time_zone: there is no time zone 'Chicago'; did you mean 'America/Chicago'?"],
    ),
    (
        [("discount: {hosting", "discount: «0.1\n«discont: {hosting")],
        [
            "discount: needs a section with hosting, mining, corporate (got 0.1)",
            "discont: 'discont' is not known here; did you mean 'discount'?",
        ],
    ),
    (
        [("value: 0.214, source", "value: 0.214, sorce"), ("    operating_cost_usd_m_per", "    «operating_cost_usd_m_per")],
        [
            "offers.lease.operating_cost_usd_m_per_mw_it_year: beside value there may be source, assumed, note and "
            "currency, not sorce"
        ],
    ),
    (
        [("assumed: false", "assumed: «no")],
        ["offers.lease.operating_cost_usd_m_per_mw_it_year.assumed: must be true or false (got 'no')"],
    ),
    (
        [("finance:\n", "given: {sign: {lease: «forbiden}, unplug: {odessa.second: «3}}\nfinance:\n")],
        [
            "given.sign.lease: must be 'forbidden', or a section with site, date, halls, halls_at_least, "
            "halls_at_most (got 'forbiden'); did you mean 'forbidden'?",
            "given.unplug.odessa.second: must be 'forbidden', or values by date, such as {2025-07: ...} (got 3)",
        ],
    ),
    (
        [("finance:\n", "given:\n  sign:\n    «lease: {halls: 3, halls_at_least: 2}\nfinance:\n")],
        ["given.sign.lease: halls says it exactly; use it alone, or halls_at_least and halls_at_most"],
    ),
    (
        [("matures: 2027-07}", "matures: 2027-07, amortisation: «evn}")],
        [
            "finance.debts.note.amortisation: must be 'bullet' or 'even', or values by date, such as {2025-07: ...} "
            "(got 'evn'); did you mean 'even'?"
        ],
    ),
    ([("  debts:\n    note: {principal_usd_m: 30, rate: 0.08, matures: 2027-07}\n", "  «debts:\n")],
     ["finance.debts: is empty; expected entries by name"]),
    (
        [("  odessa:", "  «odes.sa:"), ("sites: [odessa]", "sites: [odes.sa]")],
        [
            "sites.odes.sa: 'odes.sa' cannot be a name without dots: a name has letters, digits, '_', '-' and spaces, "
            "at most 61, and begins with a letter, digit or '_'"
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), FAULTS, ids=lambda value: str(value[0])[:60])
def test_faults_of_schema(changes: Changes, said: list[str], expect_errors: Expect) -> None:
    expect_errors(changes, *said)


def test_missing_sections_are_said() -> None:
    with pytest.raises(CaseError) as caught:
        case_from_data({}, Path())
    assert [str(problem) for problem in caught.value.problems][:2] == [
        "case: is missing; expected text (Title, as it stands on every report)",
        "horizon: is missing; expected a section with start, steps",
    ]


def test_plain_data_is_judged_alike_without_places(case_text: str, tmp_path: Path) -> None:
    path = tmp_path / CASE_FILE
    path.write_text(case_text, "utf-8")
    data = load_case(path).data
    data["offers"]["lease"]["pue"] = -1
    with pytest.raises(CaseError) as caught:
        case_from_data(data, tmp_path)
    assert str(caught.value) == "offers.lease.pue: must be at least 1 (got -1)"
