"""Text and numbers as a cell can hold them: names without control characters, headers with units, number formats.

Names come from whoever wrote the case. Nothing of them is ever a formula here; this module makes them legible.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from optimizer.plan.table import format_cell

MOST_CHARACTERS = 32767
"""Of a cell, in UTF-16 units, as Excel counts them."""
CUT = " ... (cut)"

_TURNS = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
"""Marks that turn the order in which text is shown: a name could look like another."""

UNITS = {
    "usd_per_kw_month": "USD/kW-month", "usd_per_ph_day": "USD/PH/day", "usd_per_mwh": "USD/MWh",
    "usd_per_btc": "USD/BTC", "usd_per_share": "USD/share", "efficiency_j_per_th": "J/TH", "j_per_th": "J/TH",
    "usd_m": "USD m", "it_mw": "MW IT", "meter_mw": "MW", "a_mw": "MW", "b_mw": "MW", "mw_hours": "MW x h",
    "mwh": "MWh", "mw": "MW", "ph_s": "PH/s", "btc": "BTC", "usd": "USD", "months": "months", "share": "share",
}  # fmt: skip
"""By the end of a column's name; a longer one comes before one that it ends with."""

_KEPT_WHOLE = ("meter_mw", "it_mw", "mw_hours", "mwh", "mw", "ph_s", "btc", "efficiency_j_per_th")
"""Names that would say nothing without their unit."""

MONEY = '#,##0.0;-#,##0.0;"-"'
FORMATS = {
    "USD m": MONEY,
    "USD": '#,##0;-#,##0;"-"',
    "MW": '#,##0.0;-#,##0.0;"-"',
    "MW IT": '#,##0.0;-#,##0.0;"-"',
    "MWh": '#,##0;-#,##0;"-"',
    "MW x h": '#,##0;-#,##0;"-"',
    "BTC": '#,##0.00;-#,##0.00;"-"',
    "PH/s": '#,##0.0;-#,##0.0;"-"',
    "share": "0.0%",
    "times": "0.00",
    "USD/MWh": '#,##0.00;-#,##0.00;"-"',
    "USD/BTC": '#,##0;-#,##0;"-"',
    "USD/share": "#,##0.00",
    "year": "0",
    "days": "0",
    "months": "0",
}
"""Of numbers, by unit."""
PLAIN = "#,##0.####"
DATE = "yyyy-mm-dd"
_SHARES = {"irr", "yield_on_cost", "gap", "present", "kink"}
_TIMES = {"moic", "dscr"}


def text(value: object) -> str:
    """What a cell can hold of any text: control characters made visible, no formula when typed again, cut to size."""
    return _legible(str(value))


@lru_cache(maxsize=4096)
def _legible(raw: str) -> str:
    # The same few names stand in thousands of cells.
    shown = str(format_cell("".join(_visible(char) for char in raw)))
    if len(shown.encode("utf-16-le")) // 2 <= MOST_CHARACTERS:
        return shown
    kept = shown.encode("utf-16-le")[: (MOST_CHARACTERS - len(CUT)) * 2]
    return kept.decode("utf-16-le", errors="ignore") + CUT


def _visible(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code) if char not in "\n\t" else " "
    if code == 0x7F:
        return "\u2421"
    if 0x80 <= code < 0xA0 or code in _TURNS or 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE:
        return "\ufffd"
    return char


def unit_of(column: str) -> str:
    """The unit that a column's name ends with; empty if it names none."""
    if column in _SHARES:
        return "share"
    if column in _TIMES:
        return "times"
    if column == "year":
        return "year"
    return next((unit for end, unit in UNITS.items() if column == end or column.endswith(f"_{end}")), "")


def header(column: str) -> str:
    """``margin_usd_m`` as ``margin`` and its unit on a second line."""
    unit = unit_of(column)
    end = next((end for end in UNITS if column.endswith(f"_{end}")), "")
    own = column.removesuffix(f"_{end}") if end and column not in _KEPT_WHOLE else column
    for known in ("meter_mw", "it_mw", "ph_s"):
        if own == known:
            own = {"meter_mw": "meter", "it_mw": "IT", "ph_s": "hash rate"}[known]
    words = text(own.replace("_", " "))
    return f"{words}\n{unit}" if unit and unit != "year" else words


def number_format(unit: str) -> str:
    """Of numbers in a unit; up to four decimals where there is none."""
    return FORMATS.get(unit, PLAIN)


_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")


def as_number(cell: str) -> float | None:
    """The number that a cell of a table is; None if it is none that a workbook can hold."""
    if not _NUMBER.fullmatch(cell):
        return None
    value = float(cell)
    return value if abs(value) < 1e300 else None


def as_date(cell: str) -> date | None:
    """The day that a cell of a table is; None if it is none that Excel knows."""
    try:
        day = date.fromisoformat(cell)
    except ValueError:
        return None
    return day if day.year >= 1901 else None
