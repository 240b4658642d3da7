"""The model's coefficients against every hour, for parts of a month with everything that can tie their hours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from optimizer.operations.slots import Figures, Slot, Way, band_slack_usd_m, slots_of, tangents_meet
from tests.operations.small_site import (
    USD_PER_USD_M,
    Reckoned,
    SmallSite,
    by_hours,
    by_slots,
    ends,
    figures_of,
    random_site,
)

some = settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    database=None,
    # A site is a number of its own: there is no smaller one to look for.
    phases=[Phase.explicit, Phase.generate],
)
seeds = st.integers(0, 2**20)


def objective(site: SmallSite, found: Reckoned) -> float:
    return found.usd + site.terms.take_price * found.mwh


def close(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-5 * max(1.0, abs(other))


@some
@given(seed=seeds)
def test_slots_are_what_the_hours_make(seed: int) -> None:
    """Proves: with up to three contracts, halls, reserves, events, interruptions, peak charges, megawatts that stand
    still all month and a price on what is taken, the small program gives what the merit order of every hour gives.
    Broken: the two amounts; more by slots if megawatts counted twice, less if a way to stand were missing."""
    site = random_site(seed)
    assert close(objective(site, by_slots(site)), objective(site, by_hours(site)))


@some
@given(seed=seeds)
def test_bands_cut_at_the_ends_of_loads_are_exact(seed: int) -> None:
    """Proves: a contract that follows a profile is exact as soon as its bands are cut where loads end. Broken: the
    amounts; less by slots if a band counted its mean over two kinds of load."""
    site = random_site(seed, contracts=1, profile=True)
    assert close(objective(site, by_slots(site, ends(site))), objective(site, by_hours(site)))


def plain(site: SmallSite) -> SmallSite:
    """The same machines, contract and hours, nothing decided."""
    return SmallSite(site.hours, site.loads, site.supplies, type(site.terms)(), site.now)


def slack(site: SmallSite, bands: int) -> float:
    """What the model adds to its bound for bands, $."""
    slots, rows = slots_of(site.hours, site.pools, (), bands)
    widths = [row.shares[0][1] * site.supplies[0][1] for row in rows]
    # For each kind of load, and for halls, awarded, enrolled and neither.
    kinds = 3 * (len(site.loads) + 1)
    return kinds * band_slack_usd_m(site.hours, slots[1:], widths, 1.0) * USD_PER_USD_M


@some
@given(seed=seeds, bands=st.integers(1, 6))
def test_slack_bounds_what_bands_leave_out(seed: int, bands: int) -> None:
    """Proves: machines that only buy and use a contract earn at least what bands say, and at most their slack more.
    Broken: the amounts; below zero if a band counted its best end, above the slack if that took an eighth."""
    site = plain(random_site(seed, contracts=1, profile=True))
    left_out = objective(site, by_hours(site)) - objective(site, by_slots(site, (), bands))
    assert -1e-5 * (1 + abs(left_out)) <= left_out <= slack(site, bands) + 1e-5 * (1 + abs(left_out))


@some
@given(seed=seeds, bands=st.integers(1, 6))
def test_slack_bounds_what_bands_leave_out_beside_everything_else(seed: int, bands: int) -> None:
    """Proves: so it is with halls, reserves, events, charges and a price on what is taken. Broken: the amounts."""
    site = random_site(seed, contracts=1, profile=True)
    left_out = objective(site, by_hours(site)) - objective(site, by_slots(site, (), bands))
    assert -1e-5 * (1 + abs(left_out)) <= left_out <= slack(site, bands) + 1e-5 * (1 + abs(left_out))


def net(site: SmallSite, figures: Figures) -> float:
    return (figures.margin_usd_m - figures.peak_charge_usd_m * site.now) * USD_PER_USD_M


@some
@given(seed=seeds, low=st.floats(0, 20), step=st.floats(0.5, 40), between=st.floats(0, 1))
def test_tangents_meet_above_the_curve(seed: int, low: float, step: float, between: float) -> None:
    """Proves: the corner between two values of a taken MWh lies on neither side of the two, not below the chord, not
    above a tangent, and what a value between the two would give lies below it. Broken: the amounts at its MWh."""
    site = random_site(seed, contracts=1)
    slot, load = slots_of(site.hours, site.pools)[0][-1], site.loads[0]
    high, awarded = low + step, seed % 2 == 0

    def at(price: float) -> Figures:
        return figures_of(site, slot, Way(1, awarded, take_price=price), load)

    one, other = at(low), at(high)
    corner = tangents_meet(one, other, low, high, 1.0, site.now)
    if corner is None:
        assert other.mwh - one.mwh <= 1e-9
        return
    small = 1e-6 * (1 + abs(net(site, one)) + abs(net(site, other)))
    assert one.mwh - 1e-9 <= corner.mwh <= other.mwh + 1e-9
    chord = np.interp(corner.mwh, [one.mwh, other.mwh], [net(site, one), net(site, other)])
    assert net(site, corner) >= chord - small
    assert net(site, corner) <= net(site, one) - low * (corner.mwh - one.mwh) + small
    assert net(site, corner) <= net(site, other) + high * (other.mwh - corner.mwh) + small
    middle = at(low + between * step)
    line = [one, corner, other]
    above = np.interp(middle.mwh, [figures.mwh for figures in line], [net(site, figures) for figures in line])
    assert net(site, middle) <= above + small
    charges = [figures.peak_charge_usd_m * USD_PER_USD_M for figures in (one, other)]
    between_both = np.interp(corner.mwh, [one.mwh, other.mwh], charges)
    assert corner.peak_charge_usd_m * USD_PER_USD_M == pytest.approx(between_both, abs=1e-6)


def test_no_slot_but_the_market_without_contracts() -> None:
    """Proves: without contracts a MW stands in one way. Broken: two slots."""
    site = random_site(3, contracts=0)
    slots, rows = slots_of(site.hours, site.pools)
    assert [type(slot) for slot in slots] == [Slot]
    assert rows == ()
