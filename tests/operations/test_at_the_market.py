"""What buys at the market is summed at once, and once; it is what going through it load by load gives."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from optimizer.operations import slots
from optimizer.operations.dispatch import Dispatched, Terms, dispatch
from optimizer.operations.slots import PLAIN, Stand, load_figures
from tests.operations.small_site import SmallSite, random_site

SEEDS = range(60)


def at_the_market(seed: int) -> SmallSite:
    """A random site without contracts and programs; a load of nothing among its loads."""
    site = random_site(seed, size=744)
    terms = Terms(all_halls_mw=site.terms.all_halls_mw, peak_mw=site.terms.peak_mw)
    return replace(site, supplies=(), terms=terms, loads=(*site.loads, replace(site.loads[0], mw=0.0)))


def differs(one: Dispatched, other: Dispatched) -> list[str]:
    found = []
    for field in fields(Dispatched):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if not field.name.startswith("short_") and not np.array_equal(np.asarray(a), np.asarray(b)):
            found.append(field.name)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_all_loads_at_once_are_one_after_the_other(seed: int) -> None:
    """Proves: where nothing is delivered, MWh, cost and charges of all loads are, to the last digit, what the long way
    gives (who asks for what falls short goes it). Broken: the figures named."""
    site = at_the_market(seed)
    at_once = dispatch(site.hours, site.loads, (), site.terms)
    assert not differs(at_once, dispatch(site.hours, site.loads, (), site.terms, with_short=True))
    assert not differs(
        dispatch(site.hours, (), (), site.terms), dispatch(site.hours, (), (), site.terms, with_short=True)
    )


def test_the_loads_are_worth_going_through() -> None:
    """Proves: of the random sites some run some hours only, and some are charged for peaks. Broken: none."""
    sites = [at_the_market(seed) for seed in SEEDS]
    done = [dispatch(site.hours, site.loads, (), site.terms) for site in sites]
    ran = [float(each.mwh.sum() / site.hours.weight.sum()) for each, site in zip(done, sites, strict=True)]
    assert sum(0 < mw < each.counted_mw * 0.999 for mw, each in zip(ran, done, strict=True)) > 10
    assert sum(bool(each.peak_charges.any()) for each in done) > 10


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_kept_is_that_of_its_value(seed: int) -> None:
    """Proves: what a MW buys is kept by its value: two values of one part, asked for twice each and in turns, give what
    the sums over its hours give, to the last digit. Broken: the figures of the other value."""
    site = random_site(seed, size=744)
    hours = site.hours
    market = slots.slots_of(hours, ())[0][0]
    for value in (5.0, 60.0, 5.0, 60.0):
        stand = Stand(value, 0.25, 0.5)
        long_way = slots._run(hours, hours.price, hours.powered, PLAIN, stand, hours.weight)
        assert load_figures(hours, market, PLAIN, stand) == long_way
