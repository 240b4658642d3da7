"""Words and figures of the page: sentences in which money can be read per company or per share, names as people write
them, dates and sizes. Text of the case passes here on its way to the page, and is text only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from optimizer.report.axis_words import UNITS, clean, money

LONGEST_NAME = 48
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
CAPITALS = frozenset({"atm", "ppa", "btc", "ai", "xp", "dc", "gpu", "jv", "us", "uk", "ii", "iii", "sga", "hb", "lz"})
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_KEY = r"[a-z0-9]+(?:_[a-z0-9]+)*"
_KEYS = re.compile(rf"(?<![\w.*/])({_KEY}(?:\.{_KEY})?)(?![\w*/]|\.\w)")
_PLACED = re.compile(
    rf"(\b(?:sign|build|contract) )({_KEY})(?=[ :;,]|$)"
    rf"|( at )({_KEY})(?=: | \d{{4}}-|[;,)]|$)"
    rf"|(?<![\w.])()({_KEY})(?= \d+ halls?\b)"
)
"""Where a name of one word stands in what is decided: ``sign tenant at west: 2 halls``, ``tenant 2 halls at west``."""
_PROSE = frozenset({"of", "nothing", "no", "the", "an", "a", "is", "offer", "any"})
_FROM_RIGHT = frozenset({"R", "AL", "AN"})


@dataclass(frozen=True)
class Money:
    """An amount in USD m within a sentence; ``signed`` writes a plus."""

    usd_m: float
    signed: bool = False

    def text(self) -> str:
        """``$1,234.5M``, ``+$3.0M``."""
        return ("+" if self.signed and round(self.usd_m, 1) > 0 else "") + money(self.usd_m)

    def per_share(self, shares_m: float) -> str:
        """``$1.67 a share``."""
        each = self.usd_m / shares_m if shares_m else 0.0
        sign = "-" if round(each, 2) < 0 else "+" if self.signed and round(each, 2) > 0 else ""
        return f"{sign}${abs(each):,.2f} a share"


@dataclass(frozen=True)
class Beside:
    """What is said only while amounts are in USD m, such as the same amount a share."""

    words: str

    def text(self) -> str:
        """The words."""
        return self.words


@dataclass(frozen=True)
class Against:
    """What is said only while the plan is compared with the status quo, and what is said instead."""

    compared: tuple[str | Money | Beside, ...]
    alone: tuple[str | Money | Beside, ...] = ()

    def text(self) -> str:
        """The words of the comparison."""
        return plain(self.compared)


Part = str | Money | Beside | Against
Said = tuple[Part, ...]
"""A sentence in parts."""


def said(*parts: Part | Said) -> Said:
    """Parts, or sentences of parts, as one."""
    found: list[Part] = []
    for part in parts:
        found.extend(part if isinstance(part, tuple) else (part,))
    return tuple(found)


def plain(sentence: Said) -> str:
    """The sentence with amounts in USD m."""
    return "".join(part if isinstance(part, str) else part.text() for part in sentence)


def simple(sentence: Said) -> tuple[str | Money | Beside, ...]:
    """The parts of a sentence that holds no comparison."""
    return tuple(part for part in sentence if not isinstance(part, Against))


def markup(sentence: Said, shares_m: float | None) -> Markup:
    """The sentence as HTML: text escaped, an amount both ways, of which style sheet and switch show one.

    Without ``shares_m`` (a page of several plans) an amount stands in USD m alone.
    """
    return Markup("").join(_markup(part, shares_m) for part in sentence)


def _markup(part: Part, shares_m: float | None) -> Markup:
    if isinstance(part, str):
        return escape(part)
    if isinstance(part, Against):
        both = (("against", part.compared), ("alone", part.alone))
        return Markup("").join(
            Markup('<span class="{}">{}</span>').format(kind, markup(words, shares_m)) for kind, words in both if words
        )
    shown = Markup('<span class="usd">{}</span>').format(part.text())
    if isinstance(part, Beside) or shares_m is None:
        return shown
    return shown + Markup('<span class="per">{}</span>').format(part.per_share(shares_m))


def usd(amount: object, signed: bool = False) -> Money:
    """An amount of a table (USD m)."""
    return Money(float(amount) if isinstance(amount, int | float) else 0.0, signed)


def name(text: object) -> str:
    """A name of the case as people write it: ``black_pearl`` is Black Pearl; one line, not too long."""
    words = [_word(word) for word in clean(str(text).replace("_", " "), LONGEST_NAME).split(" ")]
    return _isolated(" ".join(words))


def named(text: object, keys: dict[str, str] | None = None) -> str:
    """A text of tables in which names of the case stand as keys, with each written as people write it.

    ``sign cloud_tenant at west: 3 halls`` is sign Cloud Tenant at West: 3 halls. Paths of the case and units stay as
    they are. ``keys`` takes what was written otherwise: keys by their words.
    """

    def written(key: str) -> str:
        words = lot(key)
        if keys is not None:
            keys.setdefault(words, key)
        return words

    def placed(found: re.Match[str]) -> str:
        before, key = next((found[at] or "", found[at + 1]) for at in (1, 3, 5) if found[at + 1])
        return found[0] if key.isdigit() or key in _PROSE else before + written(key)

    def snake(found: re.Match[str]) -> str:
        key = found[0]
        measured = any(key == unit or key.endswith(f"_{unit}") for unit in UNITS)
        return key if "_" not in key or measured else written(key)

    return _KEYS.sub(snake, _PLACED.sub(placed, str(text)))


def tranche(text: object) -> str:
    """A loan for a signature, ``notes / offer``: its words with each name written out."""
    return " / ".join(" > ".join(name(part) for part in each.split(" > ")) for each in str(text).split(" / "))


def lot(text: object) -> str:
    """A lot of machines, ``site.lot``."""
    return " ".join(name(part) for part in str(text).split(".", 1))


def raw(text: object, most: int = 200) -> str:
    """Text as it stands: one line without control characters."""
    return _isolated(clean(str(text), most))


def _word(word: str) -> str:
    if word.lower() in CAPITALS:
        return word.upper()
    return word[:1].upper() + word[1:] if word.islower() else word


def _isolated(text: str) -> str:
    # Without the two marks a name written from the right would turn the figures beside it around.
    turned = any(unicodedata.bidirectional(char) in _FROM_RIGHT for char in text)
    return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}" if turned else text


def month(date: object) -> str:
    """``2025-09-01`` or ``2025-09`` as September 2025; anything else as it is."""
    parts = str(date).split("-")
    if len(parts) >= 2 and parts[1].isdigit() and 1 <= int(parts[1]) <= 12:
        return f"{MONTHS[int(parts[1]) - 1]} {parts[0]}"
    return raw(date, 40)


def when(period: object) -> str:
    """A period in words: ``2025-09`` is September 2025, ``2026Q1`` the first quarter of 2026 stays 2026Q1."""
    return month(period) if "-" in str(period) else raw(period, 40)


def count(number: int, one: str, more: str | None = None) -> str:
    """``one offer``, ``12 offers``."""
    many = more or f"{one}s"
    return f"{COUNTS[number] if number < len(COUNTS) else format(number, ',')} {one if number == 1 else many}"


def begin(text: str) -> str:
    """With a capital first letter."""
    return text[:1].upper() + text[1:]


def share(part: float) -> str:
    """``31.0%``."""
    return f"{part:.1%}"


def mw(amount: object) -> str:
    """``243.6 MW``."""
    return f"{float(amount) if isinstance(amount, int | float) else 0.0:,.1f} MW"


def figure(amount: float, digits: int = 1) -> str:
    """A number with commas."""
    text = f"{amount:,.{digits}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def between(low: float, high: float) -> Said:
    """``$4.3M to $4.4M``, or one of them where they read the same."""
    one, other = usd(low), usd(high)
    return said(other) if one.text() == other.text() else said(one, " to ", other)


def listing(parts: Sequence[str] | Iterable[str], most: int = 6) -> str:
    """``a, b and c``, and how many more there are."""
    found = list(parts)
    if len(found) > most:
        found = [*found[:most], f"{len(found) - most} more"]
    *before, last = found or [""]
    return f"{', '.join(before)} and {last}" if before else last


def money_cell(amount_usd_m: object) -> str:
    """An amount in a table: ``$1,264.6M``, empty where there is none."""
    return money(float(amount_usd_m)) if isinstance(amount_usd_m, int | float) else ""
