"""One solved case for all tests of the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.report.page import report_page
from tests.report.pages import Parsed, solved_folder


@pytest.fixture(scope="session")
def plan_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return solved_folder(tmp_path_factory.mktemp("plans"))


@pytest.fixture(scope="session")
def page(plan_folder: Path) -> str:
    return report_page(plan_folder)


@pytest.fixture(scope="session")
def parsed(page: str) -> Parsed:
    return Parsed(page)
