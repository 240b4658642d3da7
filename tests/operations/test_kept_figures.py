"""Figures that are kept from point to point, or from lot to lot, are found by all that they depend on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from optimizer.market.network import NetworkPath
from optimizer.operations.hosting import _accrued

TERMS = (3.5, 63.5, 6, 1.2, 0.03, 4.8, 0.02, 90)
OTHERS = (4.0, 51.5, 0, 1.3, 0.0, 4.9, 0.0, 91)
"""Begin, end, months of ramp, rent, its rise, yearly cost, its rise, months."""


def alike(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("place", range(len(TERMS)))
def test_what_accrues_is_that_of_its_terms(place: int) -> None:
    """Proves: with any one of its terms changed a hall accrues what it accrues when nothing is kept, and other amounts
    than before; what is kept cannot be written to. Broken: the rent, cost or months of other terms."""
    terms = list(TERMS)
    terms[place] = OTHERS[place]
    before, found = _accrued(*TERMS), _accrued(*terms)
    assert alike(found, _accrued.__wrapped__(*terms))
    assert not alike(found, before)
    with pytest.raises(ValueError, match="read-only"):
        found[0][0] = 1.0


def test_prices_of_days_belong_to_their_network() -> None:
    """Proves: a network with half the reward has half the hashprice on a day that was asked of the other, and another
    halving divides the month elsewhere: days 1 to 14 and 15 to 30, then 1 to 15 and 16 to 30. Broken: the same as of
    the first network."""
    months = 12
    network = NetworkPath(
        btc_usd=np.full(months, 96000.0),
        hashrate_eh_s=np.full(months, 900.0),
        subsidy_btc=3.125,
        halvings=(12 * 2025 + 3 + 14 / 30,),
        fee_share=np.zeros(months),
        pool_fee=0.0,
        start_month=12 * 2025,
    )
    assert network.hashprice(0, 1) == pytest.approx(48.0)
    assert replace(network, subsidy_btc=3.125 / 2).hashprice(0, 1) == pytest.approx(24.0)
    assert network.hashprice(3, 15) == network.hashprice(3, 14) / 2
    assert network.stretches(3, 30) == [(1, 14), (15, 30)]
    later = replace(network, halvings=(12 * 2025 + 3 + 15 / 30,))
    assert later.stretches(3, 30) == [(1, 15), (16, 30)]
    assert network.stretches(3, 30) == [(1, 14), (15, 30)]
