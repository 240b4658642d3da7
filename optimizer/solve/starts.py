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
import operator
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import highspy
import numpy as np

from models.tree import Ints
from optimizer.instance.whole_plan import Start, Starts
from optimizer.solve.bridge import StandardForm

MODEL, COMPACT = "model", "compact"
"""What a basis is of."""

_STATUSES = tuple(
    highspy.HighsBasisStatus.__members__[name] for name in ("kLower", "kBasic", "kUpper", "kZero", "kNonbasic")
)
_ABSENT = "-"

_DIGIT_OF = [ord(str(number)) for number in range(len(_STATUSES))]
_DIGITS = np.zeros(256, dtype=np.uint8)
"""The digit of each status, by the number that HiGHS has for it: to look up the statuses themselves takes longer."""
_DIGITS[[int(status) for status in _STATUSES]] = _DIGIT_OF
_NUMBER = operator.attrgetter("value")

LEVEL = 6
"""Of zlib. The highest takes ten times as long for a text that is a hundredth shorter."""

_Kept = dict[str, tuple[str, str]]
"""For each family a key of its members, and a digit for each of them."""


@dataclass(frozen=True)
class _Layout:
    """Where the names of a form stand in a line of all families, one after the other."""

    families: tuple[tuple[str, str, int, int], ...]
    """Name, a key of its members, and where it begins and ends."""
    place: Ints
    """Of each name of the form."""

    @property
    def length(self) -> int:
        return self.families[-1][3] if self.families else 0


def start_of(what: str, basis: Any, form: StandardForm, model: StandardForm) -> Start:
    """A basis of a form that was made from a model, to be kept."""
    columns = _kept(form.column_names, basis.col_status, model.column_names)
    rows = _kept(form.row_names, basis.row_status, model.row_names)
    text = json.dumps([columns, rows], separators=(",", ":"))
    return what, base64.b64encode(zlib.compress(text.encode(), LEVEL)).decode("ascii")


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
def _layout(names: tuple[str, ...], model: tuple[str, ...]) -> _Layout:
    """Of the members of a form and of its model by family, each once. Points of a sweep have the same ones."""
    members: dict[str, dict[str, int]] = {}
    for name in (*model, *names):
        own = members.setdefault(_family(name), {})
        own.setdefault(name, len(own))
    families, begins, end = [], dict[str, int](), 0
    for family, own in members.items():
        begins[family], end = end, end + len(own)
        families.append((family, _key(own), begins[family], end))
    place = np.array([begins[family] + members[family][name] for name in names for family in (_family(name),)])
    return _Layout(tuple(families), place.astype(np.int64))


def _family(name: str) -> str:
    return name.partition("[")[0]


def _key(members: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(members).encode()).hexdigest()[:16]


def _kept(names: tuple[str, ...], statuses: Sequence[Any], model: tuple[str, ...]) -> _Kept:
    layout = _layout(names, model)
    digits = np.full(layout.length, ord(_ABSENT), dtype=np.uint8)
    digits[layout.place] = _DIGITS[np.fromiter(map(_NUMBER, statuses), dtype=np.intp, count=len(statuses))]
    line = digits.tobytes().decode("ascii")
    return {family: (key, line[begin:end]) for family, key, begin, end in layout.families}


def _statuses(names: tuple[str, ...], kept: _Kept, model: tuple[str, ...], absent: Any) -> list[Any]:
    layout = _layout(names, model)
    digits = np.full(layout.length, ord(_ABSENT), dtype=np.uint8)
    for family, key, begin, end in layout.families:
        if family in kept and kept[family][0] == key:
            found = np.frombuffer(kept[family][1].encode("ascii"), dtype=np.uint8)
            if len(found) != end - begin:
                raise LookupError(f"{family} has too few or too many digits")
            digits[begin:end] = found
    if not np.isin(digits, (*_DIGIT_OF, ord(_ABSENT))).all():
        raise LookupError("a digit that means no status")
    meaning = np.full(256, absent, dtype=object)
    meaning[_DIGIT_OF] = _STATUSES
    result: list[Any] = meaning[digits[layout.place]].tolist()
    return result
