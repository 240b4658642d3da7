"""Strategy maps by a rule, as a sweep with borders would find them, without solving anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from optimizer.report.axis_words import Axis
from optimizer.report.map_data import MapBorder, MapPoint, MapRegion, StrategyMap
from optimizer.report.map_geometry import Spot

BITCOIN, POWER = Axis("market.network.btc_usd"), Axis("market.power.*.scale")
STAY, LEASE, MORE = (
    MapRegion(1, "mine", "nothing signed"),
    MapRegion(2, "both", "cloud 3 halls at west"),
    MapRegion(3, "host", "cloud 5 halls at west, contract ppa at west"),
)

Rule = Callable[[float, float], int | str]
"""Region at a place, or "infeasible" or "failed"."""


def edge_at(edge: float, *, slope: float = 0.0) -> Rule:
    """The lease left of a line, nothing to its right."""
    return lambda x, y: 2 if x < edge + slope * y else 1


def map_of(
    rule: Rule,
    xs: Sequence[float],
    ys: Sequence[float],
    regions: Sequence[MapRegion] = (STAY, LEASE),
    *,
    x: Axis = BITCOIN,
    y: Axis = POWER,
    today: Spot | None = None,
    is_open: Callable[[float, float], bool] = lambda x, y: False,
    twins: bool = False,
    case_name: str = "A case",
    refined: Sequence[MapPoint] = (),
) -> StrategyMap:
    """Borders are found to a thousandth between neighbours."""
    points, numbers = [], {}
    for i, a in enumerate(xs):
        for j, b in enumerate(ys):
            found = rule(a, b)
            numbers[i, j] = number = len(points) + 1
            value = 100.0 + 10 * i - j if isinstance(found, int) else None
            points.append(
                MapPoint(
                    number,
                    a,
                    b,
                    found if isinstance(found, int) else None,
                    closed=not is_open(a, b),
                    infeasible=found == "infeasible",
                    value_usd_m=value,
                    bound_usd_m=value,
                    status_quo_usd_m=100.0 if twins else None,
                    all_mining_usd_m=10.0 * i if twins else None,
                    all_hosting_usd_m=10.0 * j + 3 if twins else None,
                )
            )
    borders = []
    for (i, j), number in numbers.items():
        for di, dj in ((1, 0), (0, 1)):
            if (i + di, j + dj) in numbers:
                low, high = (xs[i], ys[j]), (xs[i + di], ys[j + dj])
                one, other = rule(*low), rule(*high)
                if one != other and isinstance(one, int) and isinstance(other, int):
                    share = next(s / 1000 for s in range(1001) if rule(*_between(low, high, s / 1000)) != one)
                    at = _between(low, high, share)
                    borders.append(MapBorder(number, numbers[i + di, j + dj], at[0] if di else at[1]))
    return StrategyMap(case_name, x, y, (*points, *refined), tuple(regions), tuple(borders), today)


def _between(low: Spot, high: Spot, share: float) -> Spot:
    return low[0] + share * (high[0] - low[0]), low[1] + share * (high[1] - low[1])


HOSTILE = "<script>alert(1)</script>&amp;\"'{{x}}${y}\x00\x1b[31m\u202e]]><!--"


def hostile_map() -> StrategyMap:
    """Names that would be markup, expressions or control characters wherever they were taken for that."""
    regions = (MapRegion(1, HOSTILE, HOSTILE), MapRegion(2, "both", HOSTILE * 40))
    axis = Axis(f"offers.{HOSTILE}.rate_usd_per_kw_month")
    return map_of(edge_at(1.3), [0, 1, 2], [0, 1, 2], regions, x=axis, y=axis, today=(1, 1), case_name=HOSTILE)
