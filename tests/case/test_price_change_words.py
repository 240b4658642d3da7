"""``wattfork check`` says what a market changes of its prices, under every site that uses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from optimizer.case.load import LoadedCase
from optimizer.cli.case_words import describe, in_words
from tests.sweep.conftest import load_small  # noqa: F401

HUB = "market.power.hub."


def lines_of(loaded: LoadedCase) -> list[str]:
    text = " ".join(" ".join(in_words(describe(loaded, {}))).split())
    return [part for part in text.split("prices ") if part.startswith("those of")]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"volatility": 1.5}, "they swing 1.5 times as far around the month's mean"),
        ({"volatility": 0}, "they are flat in every month"),
        ({"on_peak_spread": 0.5}, "on-peak hours are 0.5 times as far above the others"),
        ({"spikes": 0}, "spikes are cut off"),
        ({"spikes": 2}, "2 times as many intervals are spikes"),
        ({"basis_usd_per_mwh": -3}, "every MWh is 3 USD cheaper"),
    ],
)
def test_words(load_small: Callable[..., LoadedCase], changes: dict[str, Any], said: str) -> None:  # noqa: F811
    """Proves: what is not neutral is said, in plain words. Broken: no line."""
    [line] = lines_of(load_small({HUB + key: value for key, value in changes.items()}))
    assert line.startswith(f"those of hub are not as in the file: {said}")


def test_neutral_says_nothing(load_small: Callable[..., LoadedCase]) -> None:  # noqa: F811
    """Proves: defaults are not spoken of, written or not. Broken: '1 times as far'."""
    neutral = {"volatility": 1, "on_peak_spread": 1, "spikes": 1, "basis_usd_per_mwh": 0}
    assert lines_of(load_small({HUB + key: value for key, value in neutral.items()})) == []


def test_each_site_says_what_it_uses(load_small: Callable[..., LoadedCase]) -> None:  # noqa: F811
    """Proves: a second market of a site counts, and a site that does not use a market is silent. Broken: one line more
    or less."""
    changes = {"market.power.far.spikes": 2, "sites.west.power.split": {"market": "far", "share": 0.5}}
    assert [line.split()[2] for line in lines_of(load_small(changes))] == ["far", "far"]
    assert len(lines_of(load_small({"market.power.far.spikes": 2}))) == 1
