"""A solved point with a value and a bound, for tests of what is made of points."""

from __future__ import annotations

from optimizer.sweep.campaign import Swept
from optimizer.sweep.point import Figures, Outcome
from optimizer.sweep.vary import Point


def swept_with(value_usd_m: float, bound_usd_m: float) -> Swept:
    figures = Figures(
        value_usd_m=value_usd_m,
        bound_usd_m=bound_usd_m,
        gap=(bound_usd_m - value_usd_m) / max(1.0, abs(value_usd_m)),
        value_usd_per_share=0.0,
        it_mw_signed=0.0,
        first_period_mining_mw=0.0,
        first_period_hosting_mw=0.0,
        thinnest_headroom_usd_m=0.0,
        thinnest_period="",
        peak_funding_usd_m=0.0,
        decision_lines=(),
        decisions=(),
        mines_at_end=False,
        proof="search",
    )
    return Swept(Point(1, (0.0,), {}), Outcome("optimal", "", figures, ()), 0.0)
