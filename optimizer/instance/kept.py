"""What points of a sweep have in common is made once: results of functions, found by all that they are given.

A function that is kept takes frozen values only (numbers, arrays, sections of a case, tuples of them), and what it
gives is read only. Its arguments are written out, to the last bit: what it does not take it cannot depend on, so no
list of what matters has to be kept up to date. Sections of a case that hold what does not matter should not be handed
in, or nothing is ever found again.
"""

from __future__ import annotations

import io
import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def kept(most: int = 8) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep the last ``most`` results of a function, of all threads."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        known: OrderedDict[bytes, T] = OrderedDict()
        lock = threading.Lock()

        @wraps(function)
        def found(*args: P.args, **kwargs: P.kwargs) -> T:
            key = written((args, tuple(kwargs.items())))
            with lock:
                if key in known:
                    known.move_to_end(key)
                    return known[key]
            made = function(*args, **kwargs)
            with lock:
                known[key] = made
                while len(known) > most:
                    known.popitem(last=False)
            return made

        return found

    return decorate


def written(value: Any) -> bytes:
    """Bytes that are the same for values only that are alike to the last bit."""
    into = io.BytesIO()
    _Writer(into, pickle.HIGHEST_PROTOCOL).dump(value)
    return into.getvalue()


class _Writer(pickle.Pickler):
    """Writes dataclasses by their fields, without what they have found out about themselves."""

    def reducer_override(self, thing: Any) -> Any:
        if is_dataclass(thing) and not isinstance(thing, type):
            return type(thing), tuple(getattr(thing, field.name) for field in fields(thing))
        return NotImplemented
