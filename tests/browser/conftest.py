"""A browser, and the page of a solved case in a file of its own.

Without a browser these tests are left out, but for CI, where that is a failure.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from optimizer.report.page import report_page
from tests.report.pages import solved_folder
from tests.report.test_page_sweeps import sweep

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
READY = "body[data-ready]"


@dataclass
class Seen:
    """A page in the browser, and what went wrong there."""

    page: Any
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


Opened = Callable[..., AbstractContextManager[Seen]]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if sync_playwright is None or CHROMIUM is None:
        reason = "there is no Chromium, or playwright is not installed"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("page")
    file = place / "report.html"
    file.write_text(report_page(solved_folder(place), [sweep(place / "sweep")]), encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def opened(browser: Any) -> Opened:
    @contextmanager
    def open_page(file: Path, **options: Any) -> Iterator[Seen]:
        context = browser.new_context(accept_downloads=True, **options)
        context.set_offline(True)
        seen = Seen(context.new_page())
        seen.page.on("console", lambda message: seen.problems.append(message.text))
        seen.page.on("pageerror", lambda error: seen.problems.append(str(error)))
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        # A violation of the page's policy is an event of the document, whoever caused it.
        seen.page.add_init_script(
            "document.addEventListener('securitypolicyviolation',"
            " (event) => console.error('policy', event.violatedDirective, event.blockedURI));"
        )
        seen.page.goto(file.as_uri())
        seen.page.wait_for_selector(READY, state="attached", timeout=60_000)
        yield seen
        context.close()

    return open_page
