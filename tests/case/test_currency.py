"""Amounts in other currencies: reckoned in US dollars at the rates of the case, which can be laid over it."""

# Messages stand on one line, as they are said.
# ruff: noqa: E501

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from optimizer.case.case import Case
from optimizer.case.covenants import as_limit
from optimizer.case.load import LoadedCase, case_from_data, load_case
from optimizer.case.provenance import Provenance
from optimizer.errors import CaseError

Change = tuple[str, str]
Load = Callable[..., LoadedCase]
RATES = ("market:\n", "currencies: {CAD: 0.8, EUR: {value: 1.1, assumed: true}}\nmarket:\n")
ADDER = "adder_usd_per_mwh: 5"
CAD_ADDER = (ADDER, 'adder_usd_per_mwh: {value: 5, currency: CAD, source: "tariff sheet", note: "of 2025"}')
CASH = ("cash_usd_m: 62.7", "cash_usd_m: {value: 50, currency: EUR}")
BY_DATE = (ADDER, "adder_usd_per_mwh: {value: {2025-07: 5, 2026-01: {value: 6, currency: EUR}}, currency: CAD}")


def said(path: Path, **how: object) -> list[str]:
    with pytest.raises(CaseError) as caught:
        load_case(path, **how)  # type: ignore[arg-type]
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


def adder(loaded: LoadedCase) -> object:
    value = loaded.case.sites["odessa"].power.adder_usd_per_mwh
    return {str(date): amount for date, amount in value.items()} if not isinstance(value, float) else value


def test_amounts_are_reckoned_in_us_dollars(load_changed: Load) -> None:
    """Proves: 5 CAD at 0.8 are 4 USD, 50 EUR at 1.1 are 55, what was said of them is kept. Broken: 5 and 50, or 6.25."""
    loaded = load_changed(RATES, CAD_ADDER, CASH)
    assert adder(loaded) == pytest.approx(4)
    assert loaded.case.finance.opening.cash_usd_m == pytest.approx(55)
    assert loaded.provenance["sites.odessa.power.adder_usd_per_mwh"] == Provenance("tariff sheet", False, "of 2025")


def test_a_mapping_has_one_currency_but_where_it_says_otherwise(load_changed: Load) -> None:
    """Proves: every amount of a mapping is converted, each by its own. Broken: 5 and 6, or 4.8 for the second."""
    assert adder(load_changed(RATES, BY_DATE)) == pytest.approx({"2025-07": 4, "2026-01": 6.6})


def test_money_of_every_instrument_may_be_in_another_currency(load_money: Load) -> None:
    """Proves: limits in a section, strikes, warrants' prices, bases, EBITDA of the past and given amounts are converted, at
    0.8. Broken: an error that they are no money, or the amount as written."""

    def cad(amount: str) -> str:
        return f"{{value: {amount}, currency: CAD}}"

    changes = [
        ("limit: 20, priced", f"limit: {cad('20')}, priced"),
        ("max_dilution: 0.5", f"max_dilution: {{limit: 0.5, priced: {cad('30')}}}"),
        ("debt_to_capital: 0.6", "debt_to_capital: 0.6, btc_haircut: 0.4"),
        ("strike_usd: 0.01", f"strike_usd: {cad('10')}"),
        ("price_usd: 4.45", f"price_usd: {cad('5')}"),
        ("usd_m: 80", f"usd_m: {cad('80')}"),
        ("2025-Q1: 12", f"2025-Q1: {cad('15')}"),
        ("equity_usd_m: 250", f"equity_usd_m: {cad('300')}"),
        ("credited_usd_m_per_mw_it: 1.5", f"credited_usd_m_per_mw_it: {cad('1')}"),
        ("above_usd_m: 20", f"above_usd_m: {cad('20')}"),
        ("fixed_cost_usd_m: 0.5", f"fixed_cost_usd_m: {cad('0.5')}"),
        (
            "finance:\n",
            f"given: {{commit: {{revolver: {{2025-10: {cad('50')}}}}}, repay: {{revolver: {{2026-01: {cad('5')}}}}}, "
            f"draw: {{revolver: {{2025-10: {cad('5')}}}}}}}\nfinance:\n",
        ),
    ]
    case = load_money(RATES, *changes).case
    finance = case.finance
    assert as_limit(finance.limits.min_cash_usd_m).limit == pytest.approx(16)
    assert finance.limits.max_dilution is not None
    assert as_limit(finance.limits.max_dilution).priced == pytest.approx(24)
    loan = finance.facilities["site_loan"]
    assert loan.kind == "project_loan"
    assert loan.backstop is not None
    assert loan.backstop.strike_usd == pytest.approx(8)
    conversion = finance.debts["convertible_2030"].conversion
    assert conversion is not None
    assert conversion.price_usd == pytest.approx(4)
    assert finance.tax is not None
    assert finance.tax.opening_basis["plant"].usd_m == pytest.approx(64)
    assert finance.ebitda_before_usd_m["2025-Q1"] == pytest.approx(12)
    for kind in ("commit", "repay", "draw"):
        amounts = getattr(case.given, kind)["revolver"]
        assert list(amounts.values()) == pytest.approx([40 if kind == "commit" else 4])


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (
            "max_dilution: 0.5",
            "max_dilution: {limit: {value: 0.5, currency: CAD}}",
            "finance.limits.max_dilution.limit",
        ),
        ("priced: 0.5", "priced: {value: 0.5, currency: CAD}", "finance.limits.min_cash_usd_m.priced"),
        (
            "warrants_m: 20",
            "warrants_m: {value: 20, currency: CAD}",
            "finance.facilities.site_loan.backstop.warrants_m",
        ),
    ],
)
def test_what_is_no_money_has_no_currency(old: str, new: str, path: str, money_text: str, tmp_path: Path) -> None:
    """Proves: shares, warrants and dollars for a dollar take no currency. Broken: a limit on dilution of 0.4."""
    file = tmp_path / "case.yaml"
    assert money_text.count(old) == 1
    file.write_text(money_text.replace(*RATES).replace(old, new), "utf-8")
    (problem,) = said(file)
    assert f" {path}: a currency is for amounts of money, and " in problem


def test_us_dollars_need_no_rate(load_changed: Load) -> None:
    """Proves: USD is worth 1. Broken: an unknown currency."""
    assert adder(load_changed((ADDER, "adder_usd_per_mwh: {value: 5, currency: USD}"))) == 5


def test_data_are_as_written_and_bare_is_converted(load_changed: Load) -> None:
    """Proves: ``bare`` is the case, ``data`` makes the same case again, and both are JSON. Broken: 3.2 (converted twice)."""
    loaded = load_changed(RATES, BY_DATE, CASH)
    assert loaded.case == Case.model_validate(json.loads(json.dumps(loaded.bare)))
    assert loaded.bare["finance"]["opening"]["cash_usd_m"] == pytest.approx(55)
    assert loaded.bare["currencies"] == loaded.data["currencies"] == {"CAD": 0.8, "EUR": 1.1}
    assert loaded.data["finance"]["opening"]["cash_usd_m"] == {"value": 50, "currency": "EUR"}
    for data in (loaded.data, loaded.bare, json.loads(json.dumps(loaded.data))):
        again = case_from_data(data, loaded.folder)
        assert (again.case, again.bare) == (loaded.case, loaded.bare)
    assert case_from_data(loaded.data, loaded.folder).data == loaded.data


def test_without_other_currencies_both_are_equal(load_changed: Load) -> None:
    """Proves: a case in US dollars is not touched. Broken: data and bare differ."""
    loaded = load_changed()
    assert loaded.data == loaded.bare


def test_a_rate_can_be_laid_over_the_case_and_over_its_data(
    load_changed: Load, write_case: Callable[..., object]
) -> None:
    """Proves: with CAD at 0.5, 5 CAD are 2.5 USD, from the file and from data (as sweeps do). Broken: 4, or 2 (0.8 x 0.5 x 5)."""
    rate = {"currencies.CAD": 0.5}
    loaded = load_changed(RATES, CAD_ADDER)
    assert adder(load_case(loaded.path, overrides=rate)) == 2.5
    assert adder(case_from_data(loaded.data, loaded.folder, overrides=rate)) == 2.5
    assert adder(case_from_data(loaded.bare, loaded.folder, overrides=rate)) == 4


def test_an_override_of_the_amount_itself_is_in_us_dollars(load_changed: Load) -> None:
    """Proves: what is laid over an amount replaces its currency, too. Broken: 5.6 for 7; 0.8 for 1."""
    loaded = load_changed(RATES, CAD_ADDER)
    path = "sites.odessa.power.adder_usd_per_mwh"
    for again in (
        load_case(loaded.path, overrides={path: 7, "currencies.CAD": 0.8}),
        case_from_data(loaded.data, loaded.folder, overrides={path: 7}),
    ):
        assert adder(again) == 7
        assert again.data["sites"]["odessa"]["power"]["adder_usd_per_mwh"] == 7
    loaded = load_changed(RATES, BY_DATE)
    one = case_from_data(loaded.data, loaded.folder, overrides={f"{path}.2025-07": 1})
    assert adder(one) == pytest.approx({"2025-07": 1, "2026-01": 6.6})


def test_an_overlay_replaces_amounts_with_their_currency(load_changed: Load, tmp_path: Path) -> None:
    """Proves: an overlay's amounts are in its own currency, the rest keeps that of the base. Broken: 5.6 and 7.2 for 7, 9."""
    load_changed(RATES, BY_DATE)
    above = tmp_path / "above.yaml"
    above.write_text(
        "extends: case.yaml\ncurrencies: {CAD: 0.7}\n"
        "sites: {odessa: {power: {adder_usd_per_mwh: {2026-01: 7, 2027-01: {value: 10, currency: CAD}}}}}\n",
        "utf-8",
    )
    assert adder(load_case(above)) == pytest.approx({"2025-07": 3.5, "2026-01": 7, "2027-01": 7})
    above.write_text("extends: case.yaml\nsites: {odessa: {power: {adder_usd_per_mwh: 9}}}\n", "utf-8")
    assert adder(load_case(above)) == 9


FAULTS: list[tuple[list[Change], list[str]]] = [
    ([RATES, (ADDER, "adder_usd_per_mwh: {value: 5, currency: «AUD}")], ["sites.odessa.power.adder_usd_per_mwh: there is no currency 'AUD' under currencies; there are CAD, EUR (or add AUD: US dollars for one)"]),
    ([RATES, (ADDER, "adder_usd_per_mwh: {value: 5, currency: «cad}")], ["sites.odessa.power.adder_usd_per_mwh: there is no currency 'cad' under currencies; did you mean 'CAD'? (or add cad: US dollars for one)"]),
    ([(ADDER, "adder_usd_per_mwh: {value: 5, currency: «CAD}")], ["sites.odessa.power.adder_usd_per_mwh: there is no currency 'CAD' under currencies; there are none (or add CAD: US dollars for one)"]),
    ([RATES, (ADDER, "adder_usd_per_mwh: {value: 5, currency: «3}")], ["sites.odessa.power.adder_usd_per_mwh.currency: must be text (got 3)"]),
    ([RATES, ("pue: 1.25", "pue: {value: 1.25, currency: «CAD}")], ["offers.lease.pue: a currency is for amounts of money, and 1.25 is none; leave currency out"]),
    ([RATES, ("matures: 2027-07}", "matures: 2027-07, amortisation: {value: even, currency: «CAD}}")], ["finance.debts.note.amortisation: a currency is for amounts in numbers (got 'even'); leave currency out"]),
    ([RATES, (ADDER, "adder_usd_per_mwh: {value: «15000, currency: CAD}")], ["sites.odessa.power.adder_usd_per_mwh: must be at most 10000 (got 12000) (15000 CAD at 0.8)"]),
    ([("market:\n", "currencies: {CAD: «0, «cad: 1}\nmarket:\n"), CAD_ADDER], ["currencies.CAD: must be above 0 (got 0)", "currencies.cad: a currency is written in three capital letters, such as CAD (got 'cad')"]),
    ([RATES, ("      forward_usd_per_mwh: {2026: 31, 2026-Q3: 40}\n", "      currency: EUR\n      forward_usd_per_mwh: {2026: 31, 2026-Q3: {value: 40, currency: «CAD}}\n")], ["market.power.west.forward_usd_per_mwh.2026-Q3: the market has a currency of its own, in which this already is; leave this one out"]),
    ([RATES, ("pue: 1.25", "«pue: {value: 1.25, curency: CAD}")], ["offers.lease.pue: beside value there may be source, assumed, note and currency, not curency"]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), FAULTS, ids=lambda value: str(value[-1])[:70])
def test_faults_of_currencies(changes: list[Change], expected: list[str], expect_errors: Callable[..., None]) -> None:
    """Proves: what has no rate or is no money is refused at its place. Broken: the number counts as US dollars."""
    expect_errors(changes, *expected)


def test_all_amounts_of_money_may_have_a_currency(load_changed: Load) -> None:
    """Proves: amounts by date of debts and of given draws are money, too. Broken: 'is none'; 10 for 8."""
    loaded = load_changed(
        RATES,
        ("matures: 2027-07}", "matures: 2027-07, amortisation: {2026-07: {value: 10, currency: CAD}}}"),
        ("finance:\n", "given: {draw: {bank: {2026-01: {value: 10, currency: CAD}}}}\nfinance:\n"),
        ("  debts:\n", "  facilities: {bank: {kind: term_loan, window: {from: 2025-07, to: 2027-01}, limit_usd_m: 100, rate: 0.1, term: 5 years}}\n  debts:\n"),
    )  # fmt: skip
    assert list(loaded.case.given.draw["bank"].values()) == [8]  # type: ignore[union-attr]
    assert list(loaded.case.finance.debts["note"].amortisation.values()) == [8]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ("{CAD: «1.38}", "currencies.CAD: 1.38 US dollars for one CAD; usual is about 0.72: is it CAD for one US dollar? Then write 0.7246"),
        ("{NOK: «1}", "currencies.NOK: 1 US dollars for one NOK; usual is about 0.095"),
    ],
)  # fmt: skip
def test_a_rate_that_is_turned_round(rates: str, expected: str, expect_warnings: Callable[..., None]) -> None:
    """Proves: CAD per USD in place of USD per CAD is doubted. Broken: no warning, and all amounts 1.9 times too large."""
    expect_warnings([("market:\n", f"currencies: {rates}\nmarket:\n")], expected)
