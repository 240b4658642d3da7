"""What a direction is written as, the grid it makes, and what is said about one that makes no sense."""

from __future__ import annotations

import pytest

from optimizer.errors import CallError, CaseError, ExitCode
from optimizer.sweep.vary import MOST_POINTS, Vary, make_grid, parse_vary


@pytest.mark.parametrize(
    ("text", "values", "relative"),
    [
        ("a.b=0.6:1.6:11", (0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6), False),
        ("a.b=3:1:3", (3.0, 2.0, 1.0), False),
        ("a.b=5:9:1", (5.0,), False),
        ("a.b=1:2:2", (1.0, 2.0), False),
        ("a.b=7,3,-1e2", (7.0, 3.0, -100.0), False),
        ("a.b=7", (7.0,), False),
        (" a.b = 7 , .5 ", (7.0, 0.5), False),
        ("a.b=x0.8:x1.2:5", (0.8, 0.9, 1.0, 1.1, 1.2), True),
        ("a.b=x0.5,x2", (0.5, 2.0), True),
    ],
)
def test_forms(text: str, values: tuple[float, ...], relative: bool) -> None:
    assert parse_vary(text) == Vary("a.b", values, relative)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a.b", "cannot read what to vary: 'a.b'"),
        ("a.b=", "cannot read"),
        ("=1:2:3", "cannot read"),
        ("a.b=1:two", "'two' in 'a.b=1:two' is no number"),
        ("a.b=1:2:3:4", "has 4 parts"),
        ("a.b=1:2:0", "'0' in 'a.b=1:2:0' is no number of values"),
        ("a.b=1:2:2.5", "'2.5' in"),
        ("a.b=1:2:-3", "'-3' in"),
        ("a.b=1:two:3", "'two' in 'a.b=1:two:3' is no number"),
        ("a.b=1,,2", "'' in"),
        ("a.b=nan", "'nan' in"),
        ("a.b=inf", "'inf' in"),
        ("a.b=1e999", "'1e999' in"),
        ("a.b=1_000", "'1_000' in"),
        ("a.b=x0.8:1.2:3", "either all values"),
        ("a.b=x0.8,1", "either all values"),
        ("a.b=xx1", "'xx1' in"),
        ("a.b=1:2:10001", "asks for 10,001 values"),
        ("a.b=1:2:99999999999999999999", "10,000 points at most"),
    ],
)
def test_nonsense_is_refused(text: str, said: str) -> None:
    with pytest.raises(CallError) as caught:
        parse_vary(text)
    assert said in str(caught.value)
    assert caught.value.exit_code is ExitCode.WRONG_INPUT


def overrides(load, *texts: str) -> list[dict[str, float]]:
    return [dict(point.overrides) for point in make_grid(load, [parse_vary(text) for text in texts])]


def test_last_direction_runs_fastest(load_small) -> None:
    directions = [parse_vary("market.network.btc_usd=9e4,8e4"), parse_vary("finance.opening.cash_usd_m=1:3:3")]
    grid = make_grid(load_small(), directions)
    assert [point.number for point in grid] == [1, 2, 3, 4, 5, 6]
    assert [point.values for point in grid] == [(9e4, 1), (9e4, 2), (9e4, 3), (8e4, 1), (8e4, 2), (8e4, 3)]
    assert grid[3].overrides == {"market.network.btc_usd": 8e4, "finance.opening.cash_usd_m": 1.0}


def test_wildcard_sets_every_place_written_or_not(load_small) -> None:
    assert overrides(load_small(), "market.power.*.scale=0.7") == [
        {"market.power.hub.scale": 0.7, "market.power.far.scale": 0.7}
    ]


def test_factors_keep_proportions_and_multiply_defaults(load_small) -> None:
    # hub says nothing, so its scale is 1; far says 0.5.
    assert overrides(load_small(), "market.power.*.scale=x0.8,x1.1") == [
        {"market.power.hub.scale": 0.8, "market.power.far.scale": 0.4},
        {"market.power.hub.scale": 1.1, "market.power.far.scale": 0.55},
    ]
    assert overrides(load_small(), "sites.*.power.adder_usd_per_mwh=x1.1") == [
        {"sites.west.power.adder_usd_per_mwh": 4.4, "sites.north.power.adder_usd_per_mwh": 6.6}
    ]


def test_factors_of_levels_by_date(load_small) -> None:
    loaded = load_small({"sites.north.energised_mw": {"2024-01": 10, "2025-06": 20}})
    assert overrides(loaded, "sites.*.energised_mw.*=x0.5") == [
        {
            "sites.west.energised_mw.2024-01": 30.0,
            "sites.north.energised_mw.2024-01": 5.0,
            "sites.north.energised_mw.2025-06": 10.0,
        }
    ]


def problems(load, *texts: str) -> list[str]:
    with pytest.raises(CaseError) as caught:
        overrides(load, *texts)
    return [str(problem) for problem in caught.value.problems]


def test_paths_that_lead_nowhere(load_small) -> None:
    assert problems(load_small(), "market.power.hubb.scale=1", "sites.west.fleet.s21.ph_s=2") == [
        "vary market.power.hubb.scale: there is no 'hubb' under market.power; did you mean 'hub'?",
        "vary sites.west.fleet.s21.ph_s: there is no 's21' under sites.west.fleet; did you mean 's20'?",
    ]
    assert "did you mean 'btc_usd'" in problems(load_small(), "market.network.btc_us=1")[0]
    assert len(problems(load_small(), "nonsense=1")) == 1


def test_places_that_hold_no_number(load_small) -> None:
    assert "is a section or a list" in problems(load_small(), "sites.west=1")[0]
    assert problems(load_small(), "market.power.*.file=1") == [
        "vary market.power.hub.file: takes text, not a number",
        "vary market.power.far.file: takes text, not a number",
    ]
    assert "not a number" in problems(load_small(), "offers.lease.sign.from=2025")[0]
    assert "not a number" in problems(load_small(), "offers.lease.lead=3")[0]


def test_places_without_a_number_to_multiply(load_small) -> None:
    assert problems(load_small(), "sites.west.energised_mw=x1.1") == [
        "vary sites.west.energised_mw: is a mapping; for factors name its entries: sites.west.energised_mw.*"
    ]
    assert problems(load_small(), "discount.wacc=x1.1") == [
        "vary discount.wacc: is nothing in the case: there is no number that a factor could multiply"
    ]


def test_whole_numbers_stay_whole(load_small) -> None:
    assert overrides(load_small(), "offers.lease.halls.max=2:4:3")[2] == {"offers.lease.halls.max": 4.0}
    assert problems(load_small(), "offers.lease.halls.max=2:3:3") == [
        "vary offers.lease.halls.max: takes whole numbers only (got 2.5)"
    ]
    assert overrides(load_small(), "offers.lease.halls.max=x1.5") == [{"offers.lease.halls.max": 3.0}]


@pytest.mark.parametrize(
    "texts",
    [
        ("market.power.*.scale=1", "market.power.hub.scale=1"),
        ("sites.west.energised_mw=50", "sites.west.energised_mw.*=x0.9"),
        ("market.network.btc_usd=1", "market.network.btc_usd=2"),
    ],
)
def test_directions_that_hide_each_other(load_small, texts: tuple[str, ...]) -> None:
    with pytest.raises(CallError, match="both set"):
        overrides(load_small(), *texts)


def test_too_many_points_and_none(load_small) -> None:
    texts = ("market.network.btc_usd=1:2:101", "finance.opening.cash_usd_m=1:2:100")
    with pytest.raises(CallError, match="101 x 100 = 10,100 points"):
        overrides(load_small(), *texts)
    assert len(overrides(load_small(), f"market.network.btc_usd=1:2:{MOST_POINTS}")) == MOST_POINTS
    with pytest.raises(CallError, match="nothing to vary"):
        make_grid(load_small(), [])
