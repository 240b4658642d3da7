"""Where linear programs begin: bases as text, kept with a plan, to be tried again where the same plan is tried.

A basis says of each column and row whether it lies on a bound. At the next point of a sweep the numbers are others and
the basis is still nearly right: the program takes a tenth of the steps that it takes from nothing. It decides nothing
but the way: a basis that leads nowhere is left.

A basis is kept by families of columns and rows, as the model has them (all loans drawn, say, or all balances of cash).
What the compact program adds is a family too; what it leaves out, because it says nothing, is said to be absent. A
family that has other members elsewhere, such as rules of tax law in other years, is not taken there: its columns lie on
their lower bounds, its rows are kept.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import highspy

from optimizer.instance.whole_plan import Start, Starts
from optimizer.solve.bridge import StandardForm

MODEL, COMPACT = "model", "compact"
"""What a basis is of."""

_STATUSES = tuple(
    highspy.HighsBasisStatus.__members__[name] for name in ("kLower", "kBasic", "kUpper", "kZero", "kNonbasic")
)
_DIGITS = {status: str(number) for number, status in enumerate(_STATUSES)}
_ABSENT = "-"

_Families = dict[str, dict[str, int]]
"""For each family the place of each of its members."""

_Kept = dict[str, tuple[str, str]]
"""For each family a key of its members, and a digit for each of them."""


def start_of(what: str, basis: Any, form: StandardForm, model: StandardForm) -> Start:
    """A basis of a form that was made from a model, to be kept."""
    columns = _kept(form.column_names, basis.col_status, model.column_names)
    rows = _kept(form.row_names, basis.row_status, model.row_names)
    text = json.dumps([columns, rows], separators=(",", ":"))
    return what, base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")


def begin_at(starts: Starts, what: str, form: StandardForm, model: StandardForm) -> Any:
    """The basis of HiGHS for a form that was made from a model, from what was kept; None if nothing was."""
    for kept, text in starts:
        if kept == what:
            return _basis_of(text, form, model)
    return None


def _basis_of(text: str, form: StandardForm, model: StandardForm) -> Any:
    try:
        columns, rows = json.loads(zlib.decompress(base64.b64decode(text, validate=True)))
        basis = highspy.HighsBasis()
        basis.col_status = _statuses(form.column_names, columns, model.column_names, highspy.HighsBasisStatus.kLower)
        basis.row_status = _statuses(form.row_names, rows, model.row_names, highspy.HighsBasisStatus.kBasic)
    except (binascii.Error, ValueError, TypeError, LookupError, AttributeError, zlib.error):
        # What is no basis begins nowhere.
        return None
    basis.valid = True
    return basis


@lru_cache(maxsize=16)
def _families(*names: tuple[str, ...]) -> _Families:
    """The members of several lists by family, each once. Points of a sweep have the same ones."""
    found: _Families = {}
    for each in names:
        for name in each:
            members = found.setdefault(_family(name), {})
            members.setdefault(name, len(members))
    return found


def _family(name: str) -> str:
    return name.partition("[")[0]


@lru_cache(maxsize=16)
def _keys(*names: tuple[str, ...]) -> dict[str, str]:
    """A key of the members of each family."""
    return {family: _key(members) for family, members in _families(*names).items()}


@lru_cache(maxsize=16)
def _where(names: tuple[str, ...], *others: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    """Of each name: its family, and its place there."""
    families = _families(*others)
    return tuple((family, families[family][name]) for name in names for family in (_family(name),))


def _key(members: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(members).encode()).hexdigest()[:16]


def _kept(names: tuple[str, ...], statuses: Sequence[Any], model: tuple[str, ...]) -> _Kept:
    keys = _keys(model, names)
    digits = {family: [_ABSENT] * len(members) for family, members in _families(model, names).items()}
    for (family, place), status in zip(_where(names, model, names), statuses, strict=True):
        digits[family][place] = _DIGITS[status]
    return {family: (keys[family], "".join(own)) for family, own in digits.items()}


def _statuses(names: tuple[str, ...], kept: _Kept, model: tuple[str, ...], absent: Any) -> list[Any]:
    status = dict(zip(map(str, range(len(_STATUSES))), _STATUSES, strict=True)) | {_ABSENT: absent}
    known = {
        family: [status[digit] for digit in kept[family][1]]
        for family, key in _keys(model, names).items()
        if family in kept and kept[family][0] == key
    }
    return [known[family][place] if family in known else absent for family, place in _where(names, model, names)]
