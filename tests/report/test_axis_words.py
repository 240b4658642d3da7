"""Names, units and numbers of axes."""

from __future__ import annotations

import pytest

from optimizer.report.axis_words import Axis, clean, money


@pytest.mark.parametrize(
    ("path", "relative", "title", "value", "text"),
    [
        ("market.network.btc_usd", False, "bitcoin price ($)", 84000, "$84,000"),
        ("market.network.btc_usd", True, "bitcoin price (x today's)", 0.85, "0.85x"),
        ("market.power.*.scale", False, "power prices (x)", 1.2, "1.2x"),
        ("market.power.west.scale", False, "west scale (x)", 1.2, "1.2x"),
        ("market.power.*.basis_usd_per_mwh", False, "basis of power prices ($/MWh)", -3.5, "-$3.5/MWh"),
        ("sites.*.power.adder_usd_per_mwh", False, "power adder ($/MWh)", 4.0, "$4/MWh"),
        ("offers.cloud.rate_usd_per_kw_month", False, "cloud rate ($/kW-month)", 132.5, "$132.5/kW-month"),
        ("offers.cloud.capex_usd_m_per_mw_it", False, "cloud capex ($M per MW IT)", 8.5, "$8.5M per MW IT"),
        ("finance.opening.cash_usd_m", False, "opening cash ($M)", 210, "$210M"),
        ("finance.opening.share_price_usd", False, "opening share price ($)", 4.5, "$4.5"),
        ("sites.west.energised_mw.2027-01", False, "west energised from 2027-01 (MW)", 160, "160 MW"),
        ("discount.hosting", False, "discount hosting", 0.09, "0.09"),
        ("sites.west.fleet.s20.ph_s", False, "s20 ph s (PH/s)", 123456.7, "123,500 PH/s"),
    ],
)
def test_axis(path: str, relative: bool, title: str, value: float, text: str) -> None:
    axis = Axis(path, relative)
    assert axis.title == title
    assert axis.text(value) == text


def test_what_moves_with_it_is_said() -> None:
    axis = Axis("market.network.btc_usd", False, (Axis("market.network.hashrate_eh_s"),))
    assert axis.title == "bitcoin price ($), with network hashrate"
    assert axis.name == "bitcoin price"


def test_digits() -> None:
    assert Axis("market.network.btc_usd").text(118023.4, 3) == "$118,000"
    assert Axis("x").text(-0.0) == "0"
    assert Axis("x").text(1e-7) == "0.0000001"
    assert money(-0.04) == "$0.0M"
    assert money(-1234.56) == "-$1,234.6M"


def test_clean_is_one_line_without_control_characters() -> None:
    assert clean("a\x00b\n\tc \u202ed") == "a b c d"
    assert clean("x" * 50, 10) == "xxxxxxx..."
