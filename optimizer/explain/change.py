"""Numbers of a case moved: plain data of the same case with other values at some paths. Nothing is solved here."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.case.load import LoadedCase, case_from_data
from optimizer.case.yaml_file import CasePath

CHECKED_ONLY: CasePath = ("market", "network", "hashprice_usd_per_ph_day")
"""A value that is only held against others: left out where these move."""

NETWORK = ("market", "network")


@dataclass(frozen=True)
class Change:
    """New values by path of the data of a case."""

    values: Mapping[CasePath, Any]

    def apply(self, loaded: LoadedCase) -> LoadedCase:
        """The case with them. Raises CaseError if it does not take them."""
        data = copy.deepcopy(loaded.bare)
        for path, value in self.values.items():
            _set(data, path, value)
            if path[:2] == NETWORK:
                data["market"]["network"].pop(CHECKED_ONLY[-1], None)
        return case_from_data(data, loaded.folder)


def written(data: Any, path: CasePath) -> Any:
    """What stands at a path; None if nothing does."""
    for part in path:
        if not isinstance(data, Mapping) or part not in data:
            return None
        data = data[part]
    return data


def numbers(data: Any, path: CasePath) -> dict[CasePath, float]:
    """The number at a path, or, where numbers stand there by date, each of them."""
    value = written(data, path)
    if isinstance(value, Mapping):
        return {(*path, key): float(each) for key, each in value.items() if _is_number(each)}
    return {path: float(value)} if _is_number(value) else {}


def limit_path(data: Any, name: str) -> CasePath | None:
    """Where the number of a limit on money stands, which may be written alone or with a date and a price."""
    path: CasePath = ("finance", "limits", name)
    value = written(data, path)
    if isinstance(value, Mapping):
        return (*path, "limit") if _is_number(value.get("limit")) else None
    return path if _is_number(value) else None


def months(count: int) -> str:
    """A duration as cases say it."""
    return f"{count} months"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _set(data: Any, path: CasePath, value: Any) -> None:
    for part in path[:-1]:
        data = data.setdefault(part, {}) if isinstance(data, dict) else data[part]
    data[path[-1]] = value
