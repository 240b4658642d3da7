"""The data of a Pyomo model's components, in order and each once, with the names that Pyomo gives it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from pyomo.core.base.component_namer import index_repr, name_repr
from pyomo.core.base.enums import SortComponents


def named_data(
    components: Iterable[Any], met: set[int], before: Collection[int] = (), *, active: bool | None, sort: SortComponents
) -> Iterator[tuple[str, Any]]:
    """Everything in components, in order and each once, with the name that Pyomo gives it. What has its id in ``met``
    or ``before`` is left out; ``met`` gains the others.

    Pyomo makes the name of a component anew for every one of its entries.
    """
    for component in components:
        base, refers = component.name, component.is_reference()
        if not component.is_indexed():
            entries = [(base, component)] if len(component) else []
        elif refers:
            entries = [(data.name, data) for data in component.values(sort)]
        else:
            entries = [(base + _index_name(index), data) for index, data in component.items(sort)]
        for name, data in entries:
            if id(data) not in met and id(data) not in before and (active is None or data.active == active):
                met.add(id(data))
                yield name, data


def _index_name(index: Any) -> str:
    """As Pyomo writes an index; most are whole numbers or several of them."""
    if index.__class__ is int:
        return f"[{index}]"
    if index.__class__ is tuple and len(index) == 2 and index[0].__class__ is int and index[1].__class__ is int:
        return f"[{index[0]},{index[1]}]"
    if index.__class__ is tuple and len(index) > 1:
        return "[" + ",".join([str(i) if i.__class__ is int else name_repr(i) for i in index]) + "]"
    name: str = index_repr(index)
    return name
