"""Pages of comparisons, alternatives, sweeps and break-evens in a browser: from disk, by keyboard, on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.report.page import sweep_page
from tests.browser.conftest import Opened, Seen
from tests.browser.test_page_in_browser import AXE
from tests.report.test_other_pages import line_found, tornado_found, written_pages

KINDS = ("compare", "alternatives", "sweep", "breakeven", "line", "tornado")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page of each kind of command, and of the pictures that the sweep among them does not have."""
    place = tmp_path_factory.mktemp("other_pages")
    found = written_pages(place)
    for name, data in (("line", line_found()), ("tornado", tornado_found())):
        found[name] = place / f"{name}.html"
        found[name].write_text(sweep_page(data), encoding="utf-8")
    return found


def sound(seen: Seen, file: Path) -> None:
    """Nothing was asked for but the file, nothing complained, every chart is drawn with marks."""
    assert [url for url in seen.requests if url != file.as_uri()] == []
    assert seen.problems == []
    figures = seen.page.locator("figure.chart")
    assert figures.count() > 0
    for at in range(figures.count()):
        figure = figures.nth(at)
        key = figure.get_attribute("data-chart")
        assert figure.get_attribute("data-drawn") == "yes", key
        assert figure.locator("svg [class^=mark-] path, svg [class^=mark-] line").count() > 0, key


@pytest.mark.parametrize("kind", KINDS)
def test_opens_from_disk_on_a_desk_and_on_a_phone(opened: Opened, files: dict[str, Path], kind: str) -> None:
    """A script that the policy refuses, a chart without marks, or a page wider than the phone is told."""
    for width in (1440, 375):
        with opened(files[kind], viewport={"width": width, "height": 800}) as seen:
            sound(seen, files[kind])
            for summary in seen.page.locator("summary").all():
                summary.click()
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(opened: Opened, files: dict[str, Path], kind: str, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with opened(files[kind], color_scheme=scheme, viewport={"width": 1200, "height": 900}, bypass_csp=True) as seen:
        for summary in seen.page.locator("summary").all()[:2]:
            summary.click()
        found = Axe().run(seen.page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found if each["impact"] in AXE] == []


@pytest.mark.parametrize(("scheme", "ground"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(17, 23, 30)")])
def test_a_map_is_as_dark_as_its_page(opened: Opened, files: dict[str, Path], scheme: str, ground: str) -> None:
    """With colours of its own the map is white in the dark, and its regions are those of the light page."""
    place = "document.querySelector('figure[data-chart=map] .plot')"
    area = f"getComputedStyle({place}.querySelector('.mark-line path')).fill"
    with opened(files["sweep"], color_scheme=scheme) as seen:
        assert seen.page.evaluate(f"getComputedStyle({place}).backgroundColor") == ground
        regions = {"light": "rgb(238, 221, 136)", "dark": "rgb(92, 82, 32)"}
        assert seen.page.evaluate(area) == regions[scheme]
        assert seen.page.locator("figure[data-chart=map] svg > rect.background[fill='#ffffff']").count() == 0


def test_lanes_by_keyboard_and_on_paper(opened: Opened, files: dict[str, Path]) -> None:
    """The first lane of A is read aloud; on paper its numbers are open and there is nothing to choose."""
    with opened(files["compare"]) as seen:
        seen.page.locator("figure[data-chart=lanes] .plot").focus()
        seen.page.keyboard.press("ArrowRight")
        told = str(seen.page.locator("figure[data-chart=lanes] .readout").inner_text())
        assert told.startswith("A: Cloud Tenant at West One. Plan A")
        assert "earning rent" in told
        seen.page.emulate_media(media="print")
        assert not seen.page.locator(".controls").first.is_visible()
        assert seen.page.locator("figure[data-chart=lanes] table").is_visible()
        assert seen.problems == []
