"""What a site may choose never makes it worse off: a free contract, cheaper power, a looser limit."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.property.power_cases import Data, every_file, few, not_worse, powers, solve

PRICES = st.floats(-20, 200).map(lambda price: round(price, 2))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return every_file(tmp_path_factory.mktemp("power"))


def assignable(data: Data) -> bool:
    """Of the contracts that deliver at the site all or none."""
    return any(contract.get("assignable_to_hosting", False) for contract in data["sites"]["one"]["contracts"].values())


@few(10)
@given(data=powers(), usd=PRICES, mw=st.floats(1, 900))
def test_a_swing_is_never_worse(data: Data, usd: float, mw: float, folder: Path) -> None:
    """Proves: power that one pays for only if one uses it lowers no value, whatever it costs. Broken: the two values,
    apart by what machines use of it although it is dear, or by what a cheap one pushes aside."""
    more = copy.deepcopy(data)
    terms = {"kind": "swing", "mw": mw, "price_usd_per_mwh": usd, "until": "2025-12"}
    more["sites"]["one"]["contracts"]["free"] = terms | {"assignable_to_hosting": assignable(data)}
    assert not_worse(solve(more, folder), solve(data, folder))


@few(8)
@given(data=powers(), usd=PRICES, least=st.floats(0, 300), kind=st.sampled_from(["swing", "fixed_block"]))
def test_a_contract_on_offer_is_never_worse(data: Data, usd: float, least: float, kind: str, folder: Path) -> None:
    """Proves: a block or a swing that need not be signed lowers no value, at any price. Broken: the two values; a block
    at 200 $ if it were signed whether wanted or not."""
    del data["given"]
    more = copy.deepcopy(data)
    terms = {"kind": kind, "mw": 300, "price_usd_per_mwh": usd, "assignable_to_hosting": assignable(data)}
    more["sites"]["one"]["contract_offers"] = {
        "term": {
            "terms": terms,
            "sign": {"from": "2025-06", "to": "2025-07"},
            "tenor": "1 month",
            "least_mw": least,
            "credit_support_usd_m_per_mw": 0.01,
        }
    }
    assert not_worse(solve(more, folder), solve(data, folder))


def a_buyer(data: Data) -> Data:
    """The same site when no tenant uses its contracts: then dearer power brings nobody anything."""
    for contract in data["sites"]["one"]["contracts"].values():
        contract.pop("assignable_to_hosting", None)
    return data


@few(7)
@given(data=powers().map(a_buyer), rise=st.floats(5, 200))
def test_a_higher_cap_is_never_better(data: Data, rise: float, folder: Path) -> None:
    """Proves: a cap that is higher raises no buyer's value. Broken: the two values; a higher one if contracts were sold
    at the capped price."""
    dearer = copy.deepcopy(data)
    dearer["sites"]["one"]["power"]["cap_usd_per_mwh"] += rise
    assert not_worse(solve(data, folder), solve(dearer, folder))


@few(7)
@given(data=powers().map(a_buyer), fall=st.floats(0.5, 30))
def test_a_lower_adder_is_never_worse(data: Data, fall: float, folder: Path) -> None:
    """Proves: a lower adder lowers no buyer's value. Broken: the two values."""
    cheaper = copy.deepcopy(data)
    cheaper["sites"]["one"]["power"]["adder_usd_per_mwh"] -= fall
    assert not_worse(solve(cheaper, folder), solve(data, folder))


@few(7)
@given(data=powers(), factor=st.floats(1.05, 3))
def test_more_megawatts_in_a_program_are_never_worse(data: Data, factor: float, folder: Path) -> None:
    """Proves: more MW that may be awarded or enrolled lower no value. Broken: the two values."""
    programs = data["sites"]["one"]["flexibility"]
    programs.setdefault(
        "response",
        {"kind": "demand_response", "mw": 200, "payment_usd_per_kw_month": 0.4, "events_per_year": 25},
    )
    more = copy.deepcopy(data)
    for program in more["sites"]["one"]["flexibility"].values():
        program["mw"] *= factor
    assert not_worse(solve(more, folder), solve(data, folder))
