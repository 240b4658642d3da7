"""What a computation reads of an instance, written down while it reads, so that another instance can be compared.

Nobody has to say what a constraint family depends on, and nobody can forget to: it is given a *view* of the instance,
which hands out the same arrays and keeps a list of them. A computation that depends on its inputs alone gives the same
for another instance in which all of these are the same, to the last bit.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cached_property
from types import FunctionType
from typing import Any, cast

import numpy as np
from scipy import sparse

from models.instance import Instance

Path = tuple[str, ...]
"""Names of fields, from the instance on."""

Inputs = dict[Path, Any]
"""What was read, by where it stands; of a part with fields of its own its type."""


class Reading:
    """Writes down what is read through ``view``."""

    def __init__(self, instance: Instance) -> None:
        self._log: Inputs = {}
        self.view = cast(Instance, _View(instance, (), self._log))

    def taken(self) -> Inputs:
        """What was read for the first time since this was last asked."""
        found = dict(self._log)
        self._log.clear()
        return found


def same_inputs(instance: Instance, inputs: Inputs) -> bool:
    """Whether all inputs are the same in another instance."""
    return all(_same(_noted(_at(instance, path)), known) for path, known in inputs.items())


class _View:
    """An object whose fields are handed out as they are, or as views if they have fields themselves.

    What the class computes from its fields is computed from the view. A name that was asked for stands in the view
    itself from then on: whoever asks again has read it already.
    """

    def __init__(self, seen: Any, path: Path, log: Inputs) -> None:
        self.__dict__["_seen"] = (seen, path, log, {field.name for field in fields(seen)})

    def __getattr__(self, name: str) -> Any:
        seen, path, log, own = self.__dict__["_seen"]
        if name in own:
            found = getattr(seen, name)
            log[(*path, name)] = _noted(found)
            found = _View(found, (*path, name), log) if _has_fields(found) else found
        else:
            found = self._computed(type(seen), name)
        self.__dict__[name] = found
        return found

    def _computed(self, kind: type, name: str) -> Any:
        made = next((each.__dict__[name] for each in kind.__mro__ if name in each.__dict__), None)
        if isinstance(made, cached_property):
            return made.func(self)
        if isinstance(made, property) and made.fget is not None:
            return made.fget(self)
        if isinstance(made, FunctionType):
            return made.__get__(self)
        raise AttributeError(f"{kind.__name__} has no {name} that can be followed")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{name} cannot be changed: what is looked at stays as it is")

    def __bool__(self) -> bool:
        return not hasattr(type(self.__dict__["_seen"][0]), "__len__") or len(self) > 0

    def __len__(self) -> int:
        length: int = type(self.__dict__["_seen"][0]).__len__(self)
        return length


def _has_fields(thing: Any) -> bool:
    return is_dataclass(thing) and not isinstance(thing, type)


def _noted(thing: Any) -> Any:
    return type(thing) if _has_fields(thing) else thing


def _at(instance: Instance, path: Path) -> Any:
    found: Any = instance
    for name in path:
        found = getattr(found, name, None)
    return found


def _same(one: Any, other: Any) -> bool:
    """Whether two are alike to the last bit."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        alike = one.dtype == other.dtype and one.shape == other.shape
        return alike and one.dtype != object and one.tobytes() == other.tobytes()
    if isinstance(one, sparse.csr_array):
        parts = ("data", "indices", "indptr")
        return one.shape == other.shape and all(_same(getattr(one, part), getattr(other, part)) for part in parts)
    if isinstance(one, tuple | list):
        if all(type(each) is str for each in one):
            return bool(one == other)  # a long list of names
        return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, float):
        return one.hex() == other.hex()
    return isinstance(one, int | str | frozenset) and one == other
