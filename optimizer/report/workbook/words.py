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
    "hours_run": "h",
}  # fmt: skip
"""By the end of a column's name; a longer one comes before one that it ends with."""

_KEPT_WHOLE = ("meter_mw", "it_mw", "mw_hours", "mwh", "mw", "ph_s", "btc", "efficiency_j_per_th")
"""Names that would say nothing without their unit."""

_OWN = {
    "meter_mw": "at the meter", "it_mw": "IT load", "ph_s": "hash rate", "mw_hours": "reserve hours", "mwh": "energy",
    "mw": "power", "efficiency_j_per_th": "efficiency", "usd_m": "amount", "btc_usd": "bitcoin price",
    "btc": "bitcoin mined", "gap": "gap", "due_12_months": "due within 12 months",
}  # fmt: skip
"""Columns that need other words than their names."""
_SAID = {
    "noi": "NOI", "sga": "SG&A", "ebitda": "EBITDA", "irr": "IRR", "moic": "MOIC", "dscr": "DSCR", "wacc": "WACC",
    "btc": "bitcoin", "it": "IT", "mw": "MW", "mwh": "MWh", "usd": "USD", "ppa": "PPA",
}  # fmt: skip
"""Words of our keys that are written otherwise."""
_LIMITS = {
    "min_cash": "Minimum cash", "min_liquidity": "Minimum liquidity", "mining_shell": "Shell for machines",
    "energised": "Energised megawatts", "net_debt_to_ebitda": "Net debt to EBITDA", "btc_pledged": "Bitcoin pledged",
    "due_within_12_months": "Debt due within 12 months", "max_dilution": "Dilution",
    "max_btc_share": "Share of bitcoin", "lock_up": "Lock-up", "facility": "Facility",
    "debt_to_capital": "Debt to capital",
}  # fmt: skip
_CAUSES = {"tax": "Tax", "sites": "Sites", "power_resale": "Power resale"}
_COMPONENTS = {
    "opening_cash": "Cash at the start", "opening_btc": "Bitcoin at the start", "flexibility":
    "Reserves and demand response", "contracts": "Power contracts", "delivery": "Delivery charges",
    "breaches": "Limits broken, at their price",
}  # fmt: skip
_SHEETS = {"cost_per_btc": "Cost per bitcoin", "sources_uses": "Sources and uses", "worth_of_cash": "Worth of cash"}
_CAPITALS = {"atm", "ppa", "btc", "ai", "xp", "dc", "gpu", "jv", "us", "uk", "ii", "iii", "sga"}
_DOT = re.compile(r"(?<=\w)\.(?=[^\W\d])")

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
    "h": "#,##0.0",
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
    """``margin_usd_m`` as ``Margin`` and its unit on a second line."""
    unit = unit_of(column)
    end = next((end for end in UNITS if column.endswith(f"_{end}") and column not in _KEPT_WHOLE), "")
    own = column.removesuffix(f"_{end}") if end else column
    words = text(_begun(_OWN.get(own) or " ".join(_SAID.get(word, word) for word in own.split("_"))))
    return f"{words}\n{unit}" if unit and unit != "year" else words


def spoken(name: str) -> str:
    """A name of the case as people write it: ``black_pearl`` is Black Pearl, ``odessa.s21`` Odessa S21."""
    return text(" ".join(_word(word) for word in _DOT.sub(" ", name.replace("_", " ")).split(" ")))


def key_words(key: str) -> str:
    """A key of ours in words: ``signing_cost`` is Signing cost."""
    return text(_begun(" ".join(_SAID.get(word, word) for word in key.split("_"))))


def limit_words(limit: str) -> str:
    """A limit of limits.csv in words."""
    return _LIMITS.get(limit) or key_words(limit)


def cause_words(cause: str) -> str:
    """A cause of bridge.csv in words."""
    return _CAUSES.get(cause) or key_words(cause)


def component_words(component: str) -> str:
    """A part of the value in words; ``hosting: offer`` names an offer of the case."""
    kind, colon, name = component.partition(": ")
    said = _COMPONENTS.get(kind) or key_words(kind)
    return text(f"{said}: {spoken(name)}") if colon else said


def path_words(path: str) -> str:
    """A path of the case in words, without its unit: ``Sites, Odessa, operating cost``."""
    *above, last = path.split(".")
    end = next((end for end in UNITS if last.endswith(f"_{end}")), "")
    return text(", ".join([*map(spoken, above), key_words(last.removesuffix(f"_{end}") if end else last)]))


def sheet_name(table: str) -> str:
    """Of the sheet of a table: ``Mining data``; of one of ``explain/``, named ``explain_limits``: Explained limits."""
    if table.startswith("explain_"):
        return f"Explained {table.removeprefix('explain_')}"
    return f"{_SHEETS.get(table) or key_words(table)} data"


def _word(word: str) -> str:
    if word.lower() in _CAPITALS:
        return word.upper()
    return word[:1].upper() + word[1:] if word.islower() else word


def _begun(words: str) -> str:
    return words[:1].upper() + words[1:]


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
