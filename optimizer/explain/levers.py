"""What is moved one step at a time to see what more of it would be worth (docs/figures_report.md, section 27)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.case.base import CalendarDate
from optimizer.case.case import Case
from optimizer.case.yaml_file import CasePath, dotted
from optimizer.explain.change import Change, limit_path, months, numbers, written

Rows = Iterable[Mapping[str, str]]

MONEY_LIMITS = {"min_cash_usd_m": "minimum cash", "min_liquidity_usd_m": "minimum liquidity"}

OTHER_LIMITS = {
    "net_debt_to_ebitda": (0.1, "times", "a tenth more of net debt to EBITDA"),
    "debt_service_coverage": (-0.1, "times", "a tenth less of debt service coverage"),
    "due_within_12_months": (0.1, "times", "a tenth more of debt due within 12 months"),
    "max_dilution": (0.01, "share", "one point more of dilution"),
    "max_btc_share": (0.01, "share", "one point more of bitcoin in liquidity"),
    "debt_to_capital": (0.01, "share", "one point more of debt to capital"),
}
"""By limit: the step that loosens it, its unit, and words."""

QUARTER = 3
"""Months."""


@dataclass(frozen=True)
class Lever:
    """One number of a case, or several that move together, moved by one step in the good direction.

    ``taken_off_usd_m`` is no worth of the step: cash that is put in counts in the value itself. ``loosens``: every plan
    that was possible still is, and is worth no less.
    """

    words: str
    path: str
    step: float
    unit: str
    change: Change
    taken_off_usd_m: float = 0.0
    loosens: bool = True


def levers(case: Case, data: Mapping[str, Any], decisions: Rows) -> list[Lever]:
    """All levers that a case has. ``data`` are its plain data, ``decisions`` the rows of the plan's decisions."""
    rows = list(decisions)
    signed = [name for name in case.offers if any(r["decision"] == "sign" and r["item"] == name for r in rows)]
    found = [*_sites(data), *_money(data), *_facilities(data), *_rents(data, signed)]
    found += [*_contracts(case, data, rows), *_earlier(case, data, signed), *_prices(data)]
    return found


def _moved(data: Mapping[str, Any], path: CasePath, step: float) -> Change | None:
    """The numbers at a path, all by the same step; None if there are none."""
    there = numbers(data, path)
    return Change({at: value + step for at, value in there.items()}) if there else None


def _pattern(data: Mapping[str, Any], path: CasePath) -> str:
    return dotted(path) + (".*" if isinstance(written(data, path), Mapping) else "")


def _sites(data: Mapping[str, Any]) -> Iterator[Lever]:
    for key, words in (("energised_mw", "grid"), ("mining_shell_mw", "mining shell")):
        for site in data["sites"]:
            path: CasePath = ("sites", site, key)
            change = _moved(data, path, 1.0)
            if change is not None:
                yield Lever(f"one more MW of {words} at {site}", _pattern(data, path), 1.0, "mw", change)


def _money(data: Mapping[str, Any]) -> Iterator[Lever]:
    cash: CasePath = ("finance", "opening", "cash_usd_m")
    change = _moved(data, cash, 1.0)
    if change is not None:
        yield Lever("one more $M at the start", dotted(cash), 1.0, "usd_m", change, taken_off_usd_m=1.0)
    for name, words in MONEY_LIMITS.items():
        path = limit_path(data, name)
        # Without a limit there is nothing to loosen, and less than none would be an overdraft.
        if path is not None and written(data, path) >= 1.0:
            yield Lever(
                f"one $M less of {words}", dotted(path), -1.0, "usd_m", Change({path: written(data, path) - 1.0})
            )
    for name, (step, unit, words) in OTHER_LIMITS.items():
        path = limit_path(data, name)
        if path is not None:
            yield Lever(words, dotted(path), step, unit, Change({path: written(data, path) + step}))


def _facilities(data: Mapping[str, Any]) -> Iterator[Lever]:
    for name in written(data, ("finance", "facilities")) or {}:
        path: CasePath = ("finance", "facilities", name, "limit_usd_m")
        change = _moved(data, path, 1.0)
        if change is not None:
            yield Lever(f"one more $M of {name}", dotted(path), 1.0, "usd_m", change)
    for name in written(data, ("finance", "facilities")) or {}:
        path = ("finance", "facilities", name, "rate")
        change = _moved(data, path, -0.01)
        if change is not None:
            yield Lever(f"one point less of interest on {name}", dotted(path), -0.01, "share", change, loosens=False)


def _rents(data: Mapping[str, Any], signed: Iterable[str]) -> Iterator[Lever]:
    for name in signed:
        path: CasePath = ("offers", name, "rate_usd_per_kw_month")
        change = _moved(data, path, 1.0)
        if change is not None:
            words = f"one more $ of rent per kW and month from {name}"
            yield Lever(words, dotted(path), 1.0, "usd_per_kw_month", change, loosens=False)


def _contracts(case: Case, data: Mapping[str, Any], rows: Rows) -> Iterator[Lever]:
    """Signed contracts whose megawatts the plan chooses within a limit."""
    signed = {(row["site"], row["item"]) for row in rows if row["decision"] == "contract"}
    for site, place in case.sites.items():
        for name, offer in place.contract_offers.items():
            path: CasePath = ("sites", site, "contract_offers", name, "terms", "mw")
            if (site, name) in signed and offer.least_mw < offer.terms.mw and written(data, path) is not None:
                change = Change({path: offer.terms.mw + 1.0})
                yield Lever(f"one more MW of {name} at {site}", dotted(path), 1.0, "mw", change)


def _earlier(case: Case, data: Mapping[str, Any], signed: Iterable[str]) -> Iterator[Lever]:
    """Megawatts and halls a quarter earlier."""
    start = case.horizon.start.first
    for site, place in case.sites.items():
        path: CasePath = ("sites", site, "energised_mw")
        if isinstance(place.energised_mw, Mapping):
            moved = {_earlier_date(day, start): level for day, level in place.energised_mw.items()}
            late = any(day.first > start for day in place.energised_mw)
            if late and len(moved) == len(place.energised_mw):
                yield Lever(
                    f"energised MW of {site} one quarter earlier",
                    _pattern(data, path),
                    -QUARTER,
                    "months",
                    Change({path: moved}),
                    loosens=_rises(list(place.energised_mw.items())),
                )
    for name in signed:
        lead = case.offers[name].lead
        if lead >= QUARTER:
            path = ("offers", name, "lead")
            change = Change({path: months(lead - QUARTER)})
            yield Lever(f"{name} ready one quarter earlier", dotted(path), -QUARTER, "months", change, loosens=False)


def _earlier_date(day: CalendarDate, start: float) -> str:
    """Three months before, for a date after the start of the plan; at most at the start."""
    if day.first <= start:
        return str(day)
    year, month = divmod(12 * day.year + day.month - 1 - QUARTER, 12)
    moved = CalendarDate(year, month + 1, min(day.day, 28) if day.day else None)
    return str(moved)


def _rises(levels: list[tuple[CalendarDate, float]]) -> bool:
    amounts = [level for _, level in sorted(levels)]
    return amounts == sorted(amounts)


def _prices(data: Mapping[str, Any]) -> Iterator[Lever]:
    for name in data["market"]["power"]:
        path: CasePath = ("market", "power", name, "basis_usd_per_mwh")
        change = Change({path: float(written(data, path) or 0.0) - 1.0})
        words = f"one $ less per MWh at market {name}"
        yield Lever(words, dotted(path), -1.0, "usd_per_mwh", change, loosens=False)
    network = data["market"]["network"]
    # Where the case names a path by month, the price of the start is not what holds.
    if network.get("path") is None:
        path = ("market", "network", "btc_usd")
        change = Change({path: network["btc_usd"] * 1.01})
        words = "1 % more hashprice (bitcoin dearer at the same hash rate)"
        yield Lever(words, dotted(path), 0.01, "share of it", change, loosens=False)
