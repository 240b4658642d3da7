"""Where linear programs begin: bases as text, kept with a plan, to be tried again where the same plan is tried.

A basis says of each column and row whether it lies on a bound. At the next point of a sweep the numbers are others and
the basis is still nearly right: the program takes a tenth of the steps that it takes from nothing. It decides nothing
but the way: a basis that does not fit is not taken, and one that leads nowhere is left.

The compact program has other columns and rows at every point, those that say nothing being gone; so its basis is kept
by the names of the model and of what the compact program adds to them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from optimizer.instance.whole_plan import Start, Starts
from optimizer.solve.bridge import StandardForm

_STATUSES = tuple(
    highspy.HighsBasisStatus.__members__[name] for name in ("kLower", "kBasic", "kUpper", "kZero", "kNonbasic")
)
_NUMBERS = {status: number for number, status in enumerate(_STATUSES)}
_LOWER, _BASIC = 0, 1

_ABSENT = len(_STATUSES)
"""Number of what is not in a program."""


MODEL, COMPACT = "model", "compact"
"""What a basis is of."""


def start_of(what: str, basis: Any, form: StandardForm, model: StandardForm) -> Start:
    """A basis of a form that was made from a model, to be kept."""
    names = _names_of(model, form)
    return what, names.key, _text_of(basis, form, names)


def begin_at(starts: Starts, what: str, form: StandardForm, model: StandardForm) -> Any:
    """The basis of HiGHS for a form, from what was kept; None if nothing was that fits."""
    for kept, key, text in starts:
        if kept == what:
            names = _names_of(model, form)
            return _basis_of(text, form, names) if key == names.key else None
    return None


@dataclass(frozen=True)
class _Names:
    """Every column and row that a program may have, each with its place."""

    columns: Mapping[str, int]
    rows: Mapping[str, int]

    @property
    def key(self) -> str:
        """Equal for equal names in an equal order."""
        return hashlib.sha256("\n".join((*self.columns, "", *self.rows)).encode()).hexdigest()[:32]


def _names_of(*forms: StandardForm) -> _Names:
    """The names of several forms, each once."""
    columns = dict.fromkeys(name for form in forms for name in form.column_names)
    rows = dict.fromkeys(name for form in forms for name in form.row_names)
    return _Names({name: i for i, name in enumerate(columns)}, {name: i for i, name in enumerate(rows)})


def _text_of(basis: Any, form: StandardForm, names: _Names) -> str:
    """A basis of a form as text."""
    numbers = np.full(len(names.columns) + len(names.rows), _ABSENT, dtype=np.uint8)
    for name, status in zip(form.column_names, basis.col_status, strict=True):
        numbers[names.columns[name]] = _NUMBERS[status]
    for name, status in zip(form.row_names, basis.row_status, strict=True):
        numbers[len(names.columns) + names.rows[name]] = _NUMBERS[status]
    return base64.b64encode(zlib.compress(numbers.tobytes(), 9)).decode("ascii")


def _basis_of(text: str, form: StandardForm, names: _Names) -> Any:
    """The basis of a form that a text stands for, in the form of HiGHS; None if the text is none of these names.

    A column that was not there lies on its lower bound, a row that was not there is kept."""
    try:
        numbers = zlib.decompress(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, zlib.error):
        return None
    columns = len(names.columns)
    if len(numbers) != columns + len(names.rows) or max(numbers, default=0) > _ABSENT:
        return None
    basis = highspy.HighsBasis()
    basis.col_status = _statuses([numbers[names.columns[name]] for name in form.column_names], _LOWER)
    basis.row_status = _statuses([numbers[columns + names.rows[name]] for name in form.row_names], _BASIC)
    basis.valid = True
    return basis


def _statuses(numbers: Sequence[int], absent: int) -> list[Any]:
    return [_STATUSES[absent if number == _ABSENT else number] for number in numbers]
