"""Overrides, given decisions, and that no text whatever gets past the reader but as a case or a CaseError."""

# Messages stand on one line, as they are said.
# ruff: noqa: E501

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.case.case import Case
from optimizer.case.load import LoadedCase, case_from_data, load_case
from optimizer.errors import CaseError

Load = Callable[..., LoadedCase]


@pytest.fixture
def path(tmp_path: Path, case_text: str) -> Path:
    path = tmp_path / "case.yaml"
    path.write_text(case_text, "utf-8")
    return path


def said(path: Path, **how: object) -> list[str]:
    with pytest.raises(CaseError) as caught:
        load_case(path, **how)  # type: ignore[arg-type]
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


def test_a_case_is_whole_and_can_be_made_again(path: Path) -> None:
    loaded = load_case(path)
    assert loaded.case == Case.model_validate(loaded.data)
    assert json.loads(json.dumps(loaded.data)) == loaded.data
    assert (loaded.path, loaded.folder, loaded.files) == (path, path.parent, (path,))
    assert loaded.warnings == ()
    again = case_from_data(loaded.data, loaded.folder)
    assert (again.case, again.data, again.files) == (loaded.case, loaded.data, ())
    assert load_case(path.parent).case == loaded.case


def test_overrides_reach_what_is_written_and_what_could_be(path: Path) -> None:
    loaded = load_case(
        path,
        overrides={
            "market.power.*.scale": np.float64(0.8),
            "finance.limits.min_cash_usd_m": 20,
            "offers.*.halls.max": np.int64(4),
            "horizon.steps[1]": "2 years",
            "sites.odessa.energised_mw.2022-11": 208,
            "offers.lease.operating_cost_usd_m_per_mw_it_year": 0.3,
        },
    )
    case = loaded.case
    assert case.market.power["west"].scale == 0.8
    assert case.finance.limits.min_cash_usd_m == 20
    assert case.offers["lease"].halls.max == 4
    assert case.horizon.steps == ((8, 3), (2, 12))
    assert list(case.sites["odessa"].energised_mw.values()) == [208]  # type: ignore[union-attr]
    assert loaded.provenance == {}
    assert json.loads(json.dumps(loaded.data)) == loaded.data
    again = case_from_data(load_case(path).data, path.parent, overrides={"market.power.*.scale": 0.8})
    assert again.case.market.power["west"].scale == 0.8


def test_overrides_leave_plain_data_alone(path: Path) -> None:
    data = load_case(path).data
    before = json.dumps(data)
    case_from_data(data, path.parent, overrides={"market.power.west.scale": 2, "finance.limits.min_cash_usd_m": 1})
    assert json.dumps(data) == before


def test_wrong_overrides_are_said(path: Path) -> None:
    assert said(
        path,
        overrides={
            "market.powr.*.scale": 0.8,
            "finance.limits": 3,
            "sites.boston.uptime": 1,
            "offers.*.foo": 1,
            "offers.lease.pue": float("nan"),
            "": 1,
            "market.power.west.scale": -1,
        },
    ) == [
        "override market.powr.*.scale: there is no 'powr' under market; did you mean 'power'?",
        "override finance.limits: is a section or a list, not a value; name one of its keys: min_cash_usd_m, "
        "min_liquidity_usd_m, btc_haircut, net_debt_to_ebitda, debt_service_coverage, due_within_12_months, "
        "max_dilution, max_btc_share, debt_to_capital",
        "override sites.boston.uptime: there is no 'boston' under sites; there is only 'odessa'",
        *said(path, overrides={"offers.*.foo": 1}),
        "override offers.lease.pue: needs a finite number, text or true or false (got nan)",
        "override: names nothing in the case",
        "override market.power.west.scale: must be at least 0 (got -1)",
    ]
    assert said(path, overrides={"offers.*.foo": 1})[0].startswith(
        "override offers.*.foo: there is no 'foo' under offers.*"
    )


def test_figures_that_confirm_others_do_not_bind_a_sweep(path: Path, case_text: str) -> None:
    path.write_text(
        case_text.replace("fee_share: 0.012", "fee_share: 0.012\n    hashprice_usd_per_ph_day: 58.3"), "utf-8"
    )
    load_case(path, overrides={"market.network.btc_usd": 80000})
    loaded = load_case(path, overrides={"sites.*.energised_mw": 90})
    assert [warning.path for warning in loaded.warnings] == ["sites.odessa.fleet", "offers.lease", "offers.lease"]


DECISIONS = """\
date,decision,item,site,amount,unit,rule
2025-10-01,sign,lease,odessa,3,halls,
2026-01-01,unplug,odessa.s21_pro,odessa,500.5,ph_s,
2026-07-01,unplug,odessa.s21_pro,odessa,100,ph_s,fix

2026-07-01,sell,odessa.s21_pro,,100,ph_s,fix
,sell,odessa.second,,,,forbid
"""


def test_given_file_becomes_decisions(path: Path, case_text: str) -> None:
    path.write_text(case_text.replace("finance:\n", "given: {sign: {lease: forbidden}}\nfinance:\n"), "utf-8")
    decisions = path.with_name("decisions.csv")
    decisions.write_text(DECISIONS, "utf-8")
    loaded = load_case(path, given_csv=decisions, given_otherwise="nothing")
    assert loaded.data["given"] == {
        "sign": {"lease": {"halls": 3, "site": "odessa", "date": "2025-10-01"}},
        "unplug": {"odessa.s21_pro": {"2026-01-01": 500.5, "2026-07-01": 100}},
        "sell": {"odessa.s21_pro": {"2026-07-01": 100}, "odessa.second": "forbidden"},
        "otherwise": "nothing",
    }
    assert loaded.case.given.otherwise == "nothing"


def test_bounds_of_a_signature_come_on_two_lines(path: Path) -> None:
    decisions = path.with_name("decisions.csv")
    decisions.write_text(
        "date;decision;item;site;amount;rule\n;sign;lease;;3;at_least\n;sign;lease;;4;at_most\n", encoding="utf-8"
    )
    assert load_case(path, given_csv=decisions).data["given"]["sign"] == {
        "lease": {"halls_at_least": 3, "halls_at_most": 4}
    }


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2025-10-01,sgn,lease,odessa,3,", "6: decision 'sgn' is not known; did you mean 'sign'?"),
        ("2025-10-01,sign,lease,odessa,3,atleast", "6: rule 'atleast' is none of fix, forbid, at_least, at_most; "
         "did you mean 'at_least'?"),
        ("2025-10-01,sign,,odessa,3,", "6: no item: name the offer"),
        ("2025-13-01,sign,lease,odessa,3,", "6: there is no month '2025-13-01'"),
        ("2025-10-01,sign,lease,odessa,x,", "6: amount must be a number (got 'x')"),
        ("2025-10-01,sign,lease,odessa,1e999,", "6: amount must be a number (got '1e999')"),
        ("2025-10-01,sign,lease,odessa,3.5,", "6: amount is a number of halls, a whole one (got '3.5')"),
        ("2025-10-01,sign,lease,odessa,3", "6: 5 cells, but the header has 6"),
        ("2025-10-01,build,phase,,1,", "6: no site: say where the build is"),
        (",unplug,odessa.second,odessa,1,", "6: no date: say when"),
        ("2026-01-01,unplug,odessa.second,odessa,1,at_most", "6: rule 'at_most' is for sign only; unplug can be fixed or "
         "forbidden"),
        ("2025-10-01,sign,lease,odessa,7,", "6 given.sign.lease.halls: the offer is for 3 to 5 halls (got 7); "
         "mend offers.lease.halls if it was otherwise"),
        ("2027-10-01,sign,lease,odessa,3,", "6 given.sign.lease.date: 2027-10-01 is signed on the nearest step, 2027-07, "
         "but the offer stands from 2025-10 to 2026-10"),
        ("2025-10-01,sign,lese,odessa,3,", "6 given.sign.lese: there is no offer 'lese'; did you mean 'lease'?"),
        ("2026-01-01,unplug,odessa.secnd,odessa,1,", "6 given.unplug.odessa.secnd: there is no machine lot (written site.lot) "
         "'odessa.secnd'; did you mean 'odessa.second'?"),
        ("2026-01-01,unplug,odessa.second,odessa,999,", "6 given.unplug.odessa.second: makes 999 PH/s in all, "
         "but there are 670"),
        ("2026-01-01,sell_btc,bitcoin,,9,", "6 given.sell_btc: coins are a decision with treasury.policy sell_to_fund only "
         "(it is sell_mined)"),
    ],
)  # fmt: skip
def test_faults_of_a_given_file(row: str, message: str, path: Path) -> None:
    decisions = path.with_name("d.csv")
    decisions.write_text("date,decision,item,site,amount,rule\n\n\n\n\n" + row + "\n", "utf-8")
    assert said(path, given_csv=decisions) == [f"d.csv:{message}"]


def test_rows_that_contradict_each_other(path: Path) -> None:
    decisions = path.with_name("d.csv")
    decisions.write_text(
        "date,decision,item,site,amount,rule\n2025-10,sign,lease,odessa,3,\n2026-01,sign,lease,odessa,3,\n"
        ",sign,lease,,2,at_least\n,sign,lease,,,forbid\n2026-01,unplug,odessa.second,odessa,1,\n"
        "2026-01-01,unplug,odessa.second,odessa,2,\n,unplug,odessa.second,odessa,,forbid\n",
        "utf-8",
    )
    with pytest.raises(CaseError) as caught:
        load_case(path, given_csv=decisions)
    assert [problem.line for problem in caught.value.problems] == [3, 4, 5, 7, 8]


def test_given_files_that_are_no_table(path: Path) -> None:
    decisions = path.with_name("d.csv")
    assert said(path, given_csv=decisions) == ["d.csv: there is no such file"]
    decisions.write_text("", "utf-8")
    assert said(path, given_csv=decisions) == [
        "d.csv:1: the file is empty; it begins with date,decision,item,site,amount"
    ]
    decisions.write_bytes(b"\xff")
    assert said(path, given_csv=decisions) == ["d.csv: not UTF-8 text"]
    decisions.write_text("date,what\n", "utf-8")
    assert said(path, given_csv=decisions)[0].startswith("d.csv:1: no column decision, item, site, amount; a file of")
    assert said(path, given_otherwise="nothng") == [
        "given otherwise given.otherwise: must be 'optimise' or 'nothing' (got 'nothng'); did you mean 'nothing'?"
    ]


# ---------------------------------------------------------------- any text

SPLINTERS = st.sampled_from(
    ["", " ", "\n", "  ", "-", ": ", "[", "]", "{", "}", ",", "0", "-1", "1e999", ".inf", "null", "true", "'", '"', "#",
     "&a ", "*a", "!x ", "? ", "| ", "\t", "\x00", "é", "value", "from", "2025-07", "2025-13", "5 quarters", "west",
     "odessa", "forbidden", "[1, 2]", "{}", "{value: 3}", "{value: 3, currency: CAD}", "currency", "fixed_block", "swing", "extends: x.yaml\n", "---\n", "9" * 400]
)  # fmt: skip


@pytest.mark.parametrize("which", ["case_text", "power_text"])
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_case_is_a_case_or_a_case_error(
    which: str, data: st.DataObject, path: Path, case_text: str, power_text: str
) -> None:
    text = case_text if which == "case_text" else power_text
    for _ in range(data.draw(st.integers(1, 3))):
        words = [match.span() for match in re.finditer(r"[\w.]+|[^\w\s]|\n *", text)]
        begin, end = data.draw(st.sampled_from(words)) if words else (0, 0)
        kind = data.draw(st.sampled_from(["replace", "insert", "cut", "swap"]))
        if kind == "replace":
            text = text[:begin] + data.draw(SPLINTERS) + text[end:]
        elif kind == "insert":
            text = text[:begin] + data.draw(SPLINTERS) + text[begin:]
        elif kind == "cut":
            text = text[:begin] + text[data.draw(st.integers(begin, min(len(text), begin + 80))) :]
        else:
            other = data.draw(st.sampled_from(words))
            text = text[:begin] + text[slice(*other)] + text[end:]
    path.write_text(text, "utf-8")
    try:
        loaded = load_case(path)
    except CaseError as error:
        for problem in error.problems:
            assert problem.message
            assert "\n" not in str(problem)
    else:
        assert loaded.case == Case.model_validate(json.loads(json.dumps(loaded.bare)))
