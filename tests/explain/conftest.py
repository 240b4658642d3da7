"""Plans to explain: the shipped cases, solved once, and small cases by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from optimizer import api
from optimizer.explain.start import Start, read_start
from optimizer.plan.written import read_written

CASES = Path(__file__).resolve().parents[2] / "cases"

GAPS = {"quickstart": 1e-4, "alberta_or_texas": 0.1, "conversion_2024": 1e-3}
"""A plan need not be the best to be explained, and of Alberta a good one is found in a second."""


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Plan folder of a shipped case by name, solved when it is first asked for; quickstart with its twins."""

    @cache
    def solved(name: str) -> Path:
        options = api.SolveOptions(relative_gap=GAPS[name], time_limit_seconds=60)
        folder = tmp_path_factory.mktemp("plans") / name
        result = api.solve(api.load(CASES / name), options, twins=name == "quickstart")
        assert result.write(folder).passed
        return folder

    return solved


@pytest.fixture(scope="session")
def started(shipped: Callable[[str], Path]) -> Callable[[str], Start]:
    """The same, laid down."""

    @cache
    def laid(name: str) -> Start:
        return read_start(read_written(shipped(name)), api.SolveOptions())

    return laid
