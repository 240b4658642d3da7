"""Decisions written in a CSV file, made into the section ``given`` of a case.

The columns are those of a plan's ``decisions.csv`` (date, decision, item, site, amount; others are ignored), so a plan
can be given back as it came out. A column ``rule`` says what a row lays down: fix (where it is empty), forbid,
at_least, at_most. Not here: whether the names and dates fit the case.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from optimizer.case.base import parse_date
from optimizer.case.suggest import did_you_mean, listed
from optimizer.case.yaml_file import CasePath, Position, plain_scalar
from optimizer.errors import Problem

LARGEST_BYTES = 5_000_000
COLUMNS = ("date", "decision", "item", "site", "amount")
DECISIONS = {
    "sign": "offer",
    "contract": "contract offer",
    "build": "build",
    "buy": "machine",
    "unplug": "machine lot, as site.lot",
    "plug": "machine lot, as site.lot",
    "sell": "machine lot, as site.lot",
    "commit": "line or loan with an undrawn fee",
    "draw": "facility, or project finance as facility / offer",
    "repay": "line",
    "fund": "company",
    "upstream": "company",
    "issue": "equity facility",
    "sell_btc": "coin: bitcoin",
    "keep_btc": "coin: bitcoin",
}
"""The decisions there are, and what their item is."""
RULES = ("fix", "forbid", "at_least", "at_most")
_HALLS = {"fix": "halls", "at_least": "halls_at_least", "at_most": "halls_at_most"}


@dataclass
class GivenFile:
    """``entries`` of the section ``given`` by path below it, their places in the file, and what is wrong with it."""

    entries: dict[tuple[str, ...], Any] = field(default_factory=dict)
    places: dict[CasePath, Position] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_given(path: Path, shown: str) -> GivenFile:
    """Read a file; never raises. ``shown`` is what problems call it."""
    given = GivenFile()
    try:
        if not path.is_file():
            given.problems.append(Problem(shown, None, None, "", "there is no such file"))
            return given
        if path.stat().st_size > LARGEST_BYTES:
            given.problems.append(Problem(shown, None, None, "", f"larger than {LARGEST_BYTES // 1_000_000} MB"))
            return given
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        given.problems.append(Problem(shown, None, None, "", "not UTF-8 text"))
        return given
    except (OSError, ValueError) as error:
        given.problems.append(Problem(shown, None, None, "", f"cannot be opened: {error}"))
        return given
    try:
        _read_rows(text, shown, given)
    except csv.Error as error:
        given.problems.append(Problem(shown, None, None, "", f"not CSV: {error}"))
    return given


def _read_rows(text: str, shown: str, given: GivenFile) -> None:
    first = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    names: list[str] | None = None
    end_of_last = 0
    for cells in reader:
        line, end_of_last = end_of_last + 1, reader.line_num
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        if names is None:
            names = [cell.lower() for cell in cells]
            missing = [column for column in COLUMNS if column not in names]
            if missing:
                message = f"no column {listed(missing)}; a file of decisions has {', '.join(COLUMNS)} and perhaps rule"
                given.problems.append(Problem(shown, line, None, "", message))
                return
            continue
        if len(cells) != len(names):
            message = f"{len(cells)} cells, but the header has {len(names)}"
            given.problems.append(Problem(shown, line, None, "", message))
            continue
        row = dict(zip(names, cells, strict=True))
        message = _take_row(row, Position(shown, line), given)
        if message:
            given.problems.append(Problem(shown, line, None, "", message))
    if names is None:
        given.problems.append(Problem(shown, 1, None, "", f"the file is empty; it begins with {','.join(COLUMNS)}"))


def _take_row(row: dict[str, str], place: Position, given: GivenFile) -> str:
    """Put a row into ``given``; what is wrong with it, or an empty text."""
    decision, rule = row["decision"], row.get("rule", "") or "fix"
    if rule not in RULES:
        return f"rule {rule!r} is none of {', '.join(RULES)}; {did_you_mean(rule, RULES)}"
    if decision not in DECISIONS:
        return f"decision {decision!r} is not known; {did_you_mean(decision, list(DECISIONS))}"
    if not row["item"]:
        return f"no item: name the {DECISIONS[decision]}"
    if row["date"]:
        try:
            parse_date(row["date"])
        except ValueError as error:
            return str(error)
    amount = plain_scalar(row["amount"])
    if rule != "forbid" and (not _is_number(amount)):
        return f"amount must be a number (got {row['amount']!r})"
    if decision == "sign":
        return _take_signature(row, rule, amount, place, given)
    return _take_amount(row, rule, amount, place, given)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _take_signature(row: dict[str, str], rule: str, amount: Any, place: Position, given: GivenFile) -> str:
    item = row["item"]
    path: CasePath = ("given", "sign", item)
    first = given.places.get(path)
    if rule == "forbid":
        if first:
            return f"{item!r} is already given at line {first.line}"
        given.entries["sign", item] = "forbidden"
        given.places[path] = place
        return ""
    if amount != int(amount):
        return f"amount is a number of halls, a whole one (got {row['amount']!r})"
    laid_down = given.entries.setdefault(("sign", item), {})
    key = _HALLS[rule]
    if not isinstance(laid_down, dict) or key in laid_down or ("halls" in laid_down) or (laid_down and key == "halls"):
        return f"{item!r} is already given at line {first.line if first else '?'}; an offer is signed at most once"
    said = {key: int(amount)} | {name: row[name] for name in ("site", "date") if row[name]}
    for name, value in said.items():
        if laid_down.get(name, value) != value:
            return f"{name} {value!r} differs from {laid_down[name]!r} at line {first.line if first else '?'}"
        given.places.setdefault((*path, name), place)
    laid_down.update(said)
    given.places.setdefault(path, place)
    return ""


def _key(row: dict[str, str]) -> tuple[str, ...] | str:
    """Where in the section ``given`` a row belongs, or what is wrong with it."""
    decision, item, site = row["decision"], row["item"], row["site"]
    if decision in ("sell_btc", "keep_btc"):
        return (decision,)
    if decision in ("contract", "buy", "build"):
        return (decision, f"{site}.{item}") if site else f"no site: say where the {decision} is"
    if decision in ("plug", "unplug"):
        if not site:
            return "no site: say at which place"
        # A lot that is unplugged at its home goes by its own name, else the place is named with it.
        return (decision, item if decision == "unplug" and item.startswith(f"{site}.") else f"{item} > {site}")
    return (decision, item)


def _take_amount(row: dict[str, str], rule: str, amount: Any, place: Position, given: GivenFile) -> str:
    if rule in ("at_least", "at_most"):
        return f"rule {rule!r} is for sign only; {row['decision']} can be fixed or forbidden"
    key = _key(row)
    if isinstance(key, str):
        return key
    path: CasePath = ("given", *key)
    shown = " ".join(key)
    if rule == "forbid":
        if key in given.entries:
            return f"{shown} is already given at line {given.places[path].line}"
        given.entries[key] = "forbidden"
        given.places[path] = place
        return ""
    if not row["date"]:
        return "no date: say when"
    dates = given.entries.setdefault(key, {})
    if not isinstance(dates, dict):
        return f"{shown} is already forbidden at line {given.places[path].line}"
    day = parse_date(row["date"])
    date = str(replace(day, day=day.day or 1))
    if date in dates:
        return f"{shown} is already given on {date} at line {given.places[(*path, date)].line}"
    dates[date] = amount
    given.places.setdefault(path, place)
    given.places[(*path, date)] = place
    return ""
