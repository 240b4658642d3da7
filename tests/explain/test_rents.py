"""Programs at rents between two that were built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from models.build import build
from optimizer.explain.change import Change
from optimizer.explain.rents import rents
from optimizer.explain.start import Start
from optimizer.solve.bridge import StandardForm
from optimizer.solve.reading import compile_model


@pytest.mark.parametrize("name", ["quickstart", "alberta_or_texas"])
def test_a_third_rent_lies_between_two(started: Callable[[str], Start], name: str) -> None:
    """Proves: the program between those at once and ten times a rent is the one that the case gives at three times.
    Broken: a rent that stands in a program in another power, and every rent that an offer needs is wrong."""
    start = started(name)
    offer = next(iter(start.case.offers))
    rate = start.case.offers[offer].rate_usd_per_kw_month

    def at(times: float) -> StandardForm:
        change = Change({("offers", offer, "rate_usd_per_kw_month"): times * rate})
        return compile_model(build(start.instance(start.prepare(change.apply(start.loaded), same_hours=True))))

    between = rents((rate, at(1.0)), (10 * rate, at(10.0)))
    assert between is not None
    found, built = between.at(3 * rate), at(3.0)
    assert found.column_names == built.column_names
    assert abs(found.matrix - built.matrix).max() < 1e-9
    for field in ("costs", "column_lower", "column_upper", "row_lower", "row_upper"):
        np.testing.assert_allclose(getattr(found, field), getattr(built, field), atol=1e-9, rtol=1e-12)


def test_other_programs_have_nothing_between_them(started: Callable[[str], Start]) -> None:
    """Proves: programs with other rows, or a limit that appears, are not mixed. Broken: numbers of no program."""
    form = started("quickstart").laid.form
    assert rents((1.0, form), (2.0, replace(form, row_names=("other", *form.row_names[1:])))) is None
    assert rents((1.0, form), (2.0, replace(form, column_upper=np.full(form.column_count, np.inf)))) is None
    assert rents((2.0, form), (1.0, form)) is None
