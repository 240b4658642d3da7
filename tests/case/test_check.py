"""``wattfork check``: errors, warnings and the case in words, with exit code 2 for errors."""

# Messages stand on one line, as they are said.
# ruff: noqa: E501

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from optimizer.cli.main import main

Write = Callable[..., tuple[Path, object]]


@pytest.fixture(autouse=True)
def _prices(price_file: Path) -> None:
    """There is a price file beside every case."""


def test_a_good_case_in_words(write_case: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = write_case()
    assert main(["check", str(path)]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    lines = said.out.splitlines()
    assert lines[0] == "Odessa or not"
    assert max(map(len, lines)) <= 100
    text = " ".join(said.out.split())
    for part in (
        "2025-07 to 2031-06, 6 years, 12 decision dates",
        "hashprice 58.31 USD/PH/s/day",
        "prices.csv, 8,784 rows of 60 minutes, 2024-01-01 to 2024-12-31, mean 31.5 USD/MWh, "
        "scaled to 2026: 31, 2026-Q3: 40, nothing mended",
        "energised 207 MW; mining shell 207 MW, of which machines use 109.7 MW at the start; buys at west",
        "7.1 EH/s at 15 J/TH, 109.7 MW",
        "0.67 EH/s of s21_pro at 15 J/TH, 10.35 MW, arrives 2025-09",
        "3 to 5 halls, 72 to 120 MW IT (104.4 to 174 MW at the meter)",
        "$112.3 to 187.2 M in its first year; capex $684 to 1,140 M; power paid by the tenant",
        "$30 M at 8 %, matures 2027-07",
        "none marked as assumed",
    ):
        assert part in text
    assert lines[-1] == "no errors, no warnings"


def test_every_kind_of_thing_has_its_words(write_case: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = write_case(
        (
            "    mining_overhead: 1.03\n",
            "    mining_overhead: 1.03\n"
            "    contracts: {block: {kind: fixed_block, mw: 100, price_usd_per_mwh: 27, until: 2027-07}}\n"
            "    builds: {phase: {window: {from: 2026-01, to: 2026-12}, lead: 1 year, energised_mw: 50, cost_usd_m: 20}}\n",
        ),
        (
            "finance:\n",
            "given: {otherwise: nothing, unplug: {odessa.second: forbidden}}\n"
            "leases: {old: {site: odessa, takes: free_power, it_mw: 20, gross_per_it: 1.4, pue: 1.2, first_rent: 2024-01, "
            "rate_usd_per_kw_month: 120, term: 10 years, power: {paid_by: tenant}}}\nfinance:\n",
        ),
        (
            "  debts:\n",
            "  facilities: {atm: {kind: equity, window: {from: 2026-01, to: 2027-01}, limit_usd_m: 90}}\n  debts:\n",
        ),
        ("{2022-11: 207}", "{2022-11: 207, 2026-05: 250}"),
    )
    assert main(["check", str(path)]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for part in (
        "energised 207 MW, 250 from 2026-05;",
        "block 100 MW at 27 USD/MWh until 2027-07",
        "phase can be built, up to 1: 50 MW energised, 0 MW mining shell, $20 M each",
        "20 MW IT (28 MW at the meter) at odessa, rent from 2024-01 for 10 years: $28.8 M in its first year;",
        "atm equity of up to $90 M",
        "1 decision laid down; nothing else is done",
    ):
        assert part in text


def test_warnings_do_not_fail_and_quiet_says_only_them(write_case: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = write_case(("adder_usd_per_mwh: 5", "adder_usd_per_mwh: 0.05"))
    warning = f"{path}:20:46 sites.odessa.power.adder_usd_per_mwh: 0.05 USD/MWh looks like USD/kWh; 0.05 USD/kWh would be 50 (warning)"
    assert main(["check", str(path), "-q"]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", warning + "\n")
    assert main(["check", str(path.parent)]) == 0
    assert capsys.readouterr().out.endswith("no errors, 1 warning\n")


def test_errors_end_with_two(write_case: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = write_case(("pue: 1.25", "pue: 9"), ("term: 10 years", "trm: 10 years"))
    assert main(["check", str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-1] == "3 problems"
    assert main(["check", str(path), "--json"]) == 2
    answer = json.loads(capsys.readouterr().out)
    assert [error["line"] for error in answer["errors"]] == [29, 34, 40]
    assert (answer["warnings"], answer["case"]) == ([], None)


def test_json_of_a_good_case(write_case: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = write_case(("assumed: false", "assumed: true"))
    assert main(["check", str(path), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["errors"] == []
    assert [warning["severity"] for warning in answer["warnings"]] == ["warning"]
    assert answer["case"]["assumed_inputs"] == 1
    assert answer["case"]["power"]["west"]["rows"] == 8784
    assert answer["case"]["offers"]["lease"]["mw_it"] == [72, 120]


def test_problems_of_price_files_have_their_places(
    write_case: Write, price_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, _ = write_case()
    lines = price_file.read_text("utf-8").splitlines()
    price_file.write_text("\n".join([*lines[:99], lines[99].replace(",", ",x"), *lines[100:]]), "utf-8")
    assert main(["check", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"{price_file}:100 market.power.west: ")
    price_file.write_text("\n".join(lines[:3000]), "utf-8")
    assert main(["check", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"{path}:7:7 market.power.west: ")
    price_file.unlink()
    assert main(["check", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"{path}:7:13 market.power.west.file: prices.csv: there is no such file")


def test_prices_per_kwh_are_doubted(write_case: Write, price_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = write_case()
    price_file.write_text(price_file.read_text("utf-8").replace("Z,", "Z,0.0"), "utf-8")
    assert main(["check", str(path), "-q"]) == 0
    assert "looks like a price per kWh" in capsys.readouterr().err


def test_given_decisions_are_read(write_case: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = write_case()
    decisions = tmp_path / "decisions.csv"
    decisions.write_text("date,decision,item,site,amount\n2025-10-01,sign,lease,odessa,9\n", "utf-8")
    assert main(["check", str(path), "--given", str(decisions)]) == 2
    assert capsys.readouterr().err.startswith(f"{decisions}:2 given.sign.lease.halls: the offer is for 3 to 5 halls")
