"""What is varied, in words for the axes of a picture: a name, a unit from the suffix of its path, numbers with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

UNITS = {
    "usd_m_per_mw_it_year": "$M per MW IT and year",
    "usd_m_per_mw_it": "$M per MW IT",
    "usd_m_per_mw": "$M/MW",
    "usd_m_per_quarter": "$M a quarter",
    "usd_m_per_year": "$M a year",
    "usd_m_per_step": "$M a step",
    "usd_per_kw_month": "$/kW-month",
    "usd_per_kw_year": "$/kW-year",
    "usd_per_mmbtu": "$/MMBtu",
    "mmbtu_per_mwh": "MMBtu/MWh",
    "usd_per_ph_day": "$/PH/day",
    "usd_per_mwh": "$/MWh",
    "usd_per_th": "$/TH",
    "j_per_th": "J/TH",
    "usd_m": "$M",
    "mw_it": "MW IT",
    "eh_s": "EH/s",
    "ph_s": "PH/s",
    "btc": "BTC",
    "usd": "$",
    "mw": "MW",
}
"""By the end of a key; a longer one comes before one that it ends with."""

NAMES = {
    "market.network.btc_usd": "bitcoin price",
    "market.network.hashrate_eh_s": "network hashrate",
    "offers.*.rate_usd_per_kw_month": "rent of offers",
    "offers.*.capex_usd_m_per_mw_it": "capex of offers",
    "finance.limits.min_cash_usd_m": "minimum cash",
    "market.power.*.scale": "power prices",
    "market.power.*.volatility": "volatility of power prices",
    "market.power.*.on_peak_spread": "on-peak spread of power prices",
    "market.power.*.spikes": "spikes of power prices",
    "market.power.*.basis_usd_per_mwh": "basis of power prices",
}
"""Of paths whose own keys would say too little."""

MULTIPLES = ("scale", "volatility", "on_peak_spread", "spikes")
TODAYS = "x today's"
LONGEST, LONGEST_TITLE = 60, 90
MOST_VALUES = 4

_SAID = re.compile(r"\d{4}(-\d\d){0,2}|\[\d+\]")


@dataclass(frozen=True)
class Axis:
    """One direction: the path as it was asked for; ``relative``: its values are factors on what the case says.

    ``linked``: what moves with it.
    """

    path: str
    relative: bool = False
    linked: tuple[Axis, ...] = ()

    @property
    def unit(self) -> str:
        """``$/MWh``, ``x`` for multiples, ``x today's`` for factors; empty where the path names none."""
        if self.relative:
            return TODAYS
        key = self._key
        if key in MULTIPLES:
            return "x"
        return next((unit for end, unit in UNITS.items() if key == end or key.endswith(f"_{end}")), "")

    @property
    def name(self) -> str:
        """Words for what is varied, without the unit."""
        if self.path in NAMES:
            return NAMES[self.path]
        parts = [part for part in self.path.split(".") if part != "*"] or [self.path]
        when = parts.pop() if len(parts) > 1 and _SAID.fullmatch(parts[-1]) else ""
        key = parts[-1]
        end = next((end for end in UNITS if key.endswith(f"_{end}")), "")
        own = key.removesuffix(f"_{end}").replace("_", " ") if end else key.replace("_", " ")
        words = " ".join(part for part in (*parts[-2:-1], own, f"from {when}" if when else "") if part)
        return clean(words, LONGEST)

    @property
    def title(self) -> str:
        """``power adder ($/MWh)``, ``bitcoin price ($), with network hashrate``."""
        title = f"{self.name} ({self.unit})" if self.unit else self.name
        return clean(", with ".join([title, *(axis.name for axis in self.linked)]), LONGEST_TITLE)

    def text(self, value: float, digits: int = 4) -> str:
        """A value with its unit, to significant ``digits``: ``$84,000``, ``$45/MWh``, ``1.2x``, ``60 MW``."""
        number, unit = plain(value, digits), self.unit
        if unit in ("x", TODAYS):
            return f"{number}x"
        if unit.startswith("$"):
            said = number.removeprefix("-")
            return f"{'-' if value < 0 else ''}${said}{unit[1:]}"
        return f"{number} {unit}" if unit else number

    def values_text(self, values: Sequence[float], *, between: bool = False) -> str:
        """``rent of offers 0.8x, 1.2x``; of many values the ends; ``between``: they are the ends of a range."""
        ends = f"{self.text(values[0])} to {self.text(values[-1])}"
        if between:
            return f"{self.name} between {self.text(values[0])} and {self.text(values[-1])}"
        if len(values) > MOST_VALUES:
            return f"{self.name} {ends} ({len(values)} values)"
        return f"{self.name} {', '.join(self.text(each) for each in values)}"

    @property
    def _key(self) -> str:
        parts = [part for part in self.path.split(".") if part != "*" and not _SAID.fullmatch(part)]
        return parts[-1] if parts else self.path


def plain(value: float, digits: int = 4) -> str:
    """Significant digits with commas, never an exponent."""
    rounded = float(f"{value:.{digits}g}")
    text = f"{rounded:,.12f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def money(amount_usd_m: float) -> str:
    """``$1,234.5M``, ``-$0.3M``."""
    return f"{'-' if round(amount_usd_m, 1) < 0 else ''}${abs(amount_usd_m):,.1f}M"


def clean(text: str, most: int = 200) -> str:
    """One line without control characters, cut to ``most`` characters: names come from whoever wrote the case."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= most else line[: most - 3] + "..."
