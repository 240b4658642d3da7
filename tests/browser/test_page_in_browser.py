"""The page as people meet it: from disk, without a network, on screen, phone and paper, by mouse and by keyboard."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from optimizer import api
from optimizer.report.page import report_page
from tests.browser.conftest import Opened, Seen
from tests.report.pages import CASES, edited, renamed, rows_of
from tests.report.test_page import HOSTILE

AXE = ["serious", "critical"]
AT = """(() => {
  const at = document.activeElement;
  return at.id || `${at.closest("figure")?.dataset.chart} ${at.tagName}`;
})()"""
"""Where the focus is: an id, or a chart and an element of it."""
WITHIN = "(svg) => svg.getBoundingClientRect().width <= svg.closest('figure').getBoundingClientRect().width + 1"


def sound(seen: Seen, file: Path) -> None:
    """Nothing was asked for but the file, nothing complained, every chart is drawn."""
    assert [url for url in seen.requests if url != file.as_uri() and not url.startswith("blob:")] == []
    assert seen.problems == []
    figures = seen.page.locator("figure.chart")
    assert figures.count() > 8
    for at in range(figures.count()):
        figure = figures.nth(at)
        key = figure.get_attribute("data-chart")
        assert figure.get_attribute("data-drawn") == "yes", key
        assert figure.locator("svg path, svg line").count() > 0, key


def redrawn(seen: Seen, key: str) -> None:
    seen.page.wait_for_selector(f"figure[data-chart={key}][data-drawn=yes]", state="attached")


def text_of(seen: Seen, selector: str) -> str:
    return str(seen.page.locator(selector).first.inner_text())


def test_opens_from_disk_without_a_network(opened: Opened, page_file: Path) -> None:
    """A script that the policy refuses, or a file that is asked for, stands in the lists."""
    with opened(page_file, viewport={"width": 1440, "height": 900}) as seen:
        sound(seen, page_file)
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 1440


def test_phone_has_no_sideways_scroll(opened: Opened, page_file: Path) -> None:
    """With a table or a chart wider than its place the document is wider than 375 pixels; opened tables too."""
    with opened(page_file, viewport={"width": 375, "height": 700}, is_mobile=True, has_touch=True) as seen:
        sound(seen, page_file)
        for summary in seen.page.locator("summary").all():
            summary.click()
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 375


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(opened: Opened, page_file: Path, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with opened(page_file, color_scheme=scheme, viewport={"width": 1200, "height": 900}, bypass_csp=True) as seen:
        for summary in seen.page.locator("summary").all()[:3]:
            summary.click()
        found = Axe().run(seen.page).response["violations"]
        told = [(each["id"], each["nodes"][0]["html"][:200]) for each in found if each["impact"] in AXE]
        assert told == []


def test_amounts_per_share_by_keyboard(opened: Opened, page_file: Path, tmp_path: Path) -> None:
    """$51.2M on 120 million shares is $0.43 a share; the bars have the same scale divided by the shares."""
    with opened(page_file) as seen:
        before = text_of(seen, "#fact-worth .answer")
        assert "$51.2M" in before
        seen.page.locator("#unit").focus()
        seen.page.keyboard.press("ArrowDown")
        redrawn(seen, "values")
        after = text_of(seen, "#fact-worth .answer")
        assert "$0.43 a share" in after
        assert "$51.2M" not in after
        assert "2.86" in seen.page.locator("figure[data-chart=values] svg").inner_html()
        assert "$ a share" in seen.page.locator("figure[data-chart=values] svg").inner_html()
        seen.page.locator("#unit").select_option("usd")
        redrawn(seen, "values")
        assert "342.7" in seen.page.locator("figure[data-chart=values] svg").inner_html()
        assert seen.problems == []


def test_where_the_plan_cannot_be_paid_for_is_marked(opened: Opened, page_file: Path) -> None:
    """Quickstart breaks its minimum cash at a fifth less hashprice: nothing was drawn there. The box lies left of
    today's worth, its words within the chart, on a desk and on a phone."""
    inside = "(text) => { const box = text.getBoundingClientRect(), own = text.closest('svg').getBoundingClientRect();"
    inside += " return box.left >= own.left && box.right <= own.right; }"
    for width in (1440, 375):
        with opened(page_file, viewport={"width": width, "height": 900}) as seen:
            chart = seen.page.locator("figure[data-chart=tornado] svg")
            texts = [each.text_content() for each in chart.locator(".mark-text text").all()]
            assert texts.count("minimum cash 2029Q2") == 2, texts
            assert sum("cannot be paid:" in each for each in texts) == 2, texts
            for each in chart.locator(".mark-text text").all():
                held = each.evaluate(inside)
                assert held
            assert chart.locator("path[stroke-dasharray]").count() == 2
            assert seen.problems == []


def test_status_quo_is_hidden_and_shown(opened: Opened, page_file: Path) -> None:
    """By mouse off, by keyboard on again: its bar, the bridge and its words."""
    with opened(page_file) as seen:
        bars = "figure[data-chart=values] svg"
        assert "Status quo" in seen.page.locator(bars).inner_html()
        seen.page.locator("#compare").click()
        redrawn(seen, "values")
        assert "Status quo" not in seen.page.locator(bars).inner_html()
        assert not seen.page.locator("figure[data-chart=bridge]").is_visible()
        assert "against the status quo" not in text_of(seen, "#fact-worth .answer")
        seen.page.locator("#compare").focus()
        seen.page.keyboard.press("Space")
        redrawn(seen, "values")
        assert "Status quo" in seen.page.locator(bars).inner_html()
        assert seen.page.locator("figure[data-chart=bridge]").is_visible()


def test_light_and_dark_by_device_and_by_switch(opened: Opened, page_file: Path) -> None:
    """The ground of the page, and a colour within a chart, which follows without being drawn anew."""
    ground = "getComputedStyle(document.body).backgroundColor"
    bar = "getComputedStyle(document.querySelector('figure[data-chart=values] .mark-rect path')).fill"
    with opened(page_file, color_scheme="dark") as seen:
        dark = seen.page.evaluate(ground), seen.page.evaluate(bar)
        seen.page.locator("#theme").select_option("light")
        light = seen.page.evaluate(ground), seen.page.evaluate(bar)
        assert light[0] == "rgb(255, 255, 255)"
        assert dark[0] != light[0]
        assert dark[1] != light[1]
        seen.page.locator("#theme").focus()
        seen.page.keyboard.press("ArrowDown")
        assert (seen.page.evaluate(ground), seen.page.evaluate(bar)) == dark


def test_values_by_keyboard_and_by_mouse(opened: Opened, page_file: Path) -> None:
    with opened(page_file, viewport={"width": 1200, "height": 900}) as seen:
        plot = seen.page.locator("figure[data-chart=megawatts] .plot")
        plot.focus()
        # Asked for by keyboard, so that the focus is seen.
        seen.page.keyboard.press("ArrowRight")
        assert text_of(seen, "figure[data-chart=megawatts] .readout").startswith("2025Q3. Mining: MW 95.7")
        assert plot.evaluate("(element) => getComputedStyle(element).outlineStyle") == "solid"
        seen.page.keyboard.press("End")
        assert text_of(seen, "figure[data-chart=megawatts] .readout").startswith("2035Q2.")
        seen.page.keyboard.press("Escape")
        assert text_of(seen, "figure[data-chart=megawatts] .readout") == ""
        seen.page.locator("figure[data-chart=values] .mark-rect path").first.hover()
        assert "Plan" in text_of(seen, "#tip")
        assert "342.7" in text_of(seen, "#tip")
        seen.page.mouse.move(2, 2)
        assert seen.problems == []


def test_everything_is_reached_by_tab(opened: Opened, page_file: Path) -> None:
    """Every control, every chart and every closed table is on the way of the tab key."""
    with opened(page_file) as seen:
        reached = set()
        for _ in range(140):
            seen.page.keyboard.press("Tab")
            reached.add(seen.page.evaluate(AT))
        assert {"unit", "compare", "theme"} <= reached
        for key in json.loads(seen.page.locator("#data").text_content()):
            assert {f"{key} DIV", f"{key} SUMMARY"} <= reached, key


def test_tables_are_saved_and_copied(opened: Opened, page_file: Path) -> None:
    """What is saved is the table with all digits, as cash.csv has them."""
    with opened(page_file, permissions=["clipboard-read", "clipboard-write"]) as seen:
        figure = seen.page.locator("figure[data-chart=liquidity]")
        figure.locator("summary").click()
        with seen.page.expect_download() as waited:
            figure.get_by_role("button", name=re.compile("Download")).click()
        saved = list(csv.reader(Path(waited.value.path()).read_text("utf-8").splitlines()))
        cash = rows_of(page_file.parent / "quickstart", "cash")
        assert waited.value.suggested_filename == "liquidity.csv"
        assert [row[1] for row in saved[1:]] == [row["closing_usd_m"] for row in cash]
        figure.get_by_role("button", name=re.compile("Copy")).focus()
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_selector("figure[data-chart=liquidity] .done:not(:empty)")
        copied = seen.page.evaluate("navigator.clipboard.readText()")
        assert copied.splitlines()[1].split("\t") == saved[1]
        assert seen.problems == []


def test_paper_has_charts_whole_tables_open_and_no_controls(opened: Opened, page_file: Path, tmp_path: Path) -> None:
    with opened(page_file, color_scheme="dark") as seen:
        file = tmp_path / "report.pdf"
        seen.page.pdf(path=str(file), format="A4", prefer_css_page_size=True)
        assert file.read_bytes().startswith(b"%PDF")
        assert file.stat().st_size > 50_000
        seen.page.emulate_media(media="print")
        assert not seen.page.locator(".controls").first.is_visible()
        assert not seen.page.locator("nav").is_visible()
        assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert seen.page.locator("figure[data-chart=liquidity] table").is_visible()
        for box in seen.page.locator(".plot svg").all():
            inside = box.evaluate(WITHIN)
            assert inside
        assert seen.page.locator(".plot").first.evaluate("(e) => getComputedStyle(e).breakInside") == "avoid"


def test_reduced_motion(opened: Opened, page_file: Path) -> None:
    behaviour = "getComputedStyle(document.documentElement).scrollBehavior"
    with opened(page_file, reduced_motion="reduce") as seen:
        assert seen.page.evaluate(behaviour) == "auto"


def test_hostile_names_and_a_choice_of_sites_and_scenarios(opened: Opened, page_file: Path, tmp_path: Path) -> None:
    """Two sites and two scenarios, whose names are scripts: nothing runs, each can be chosen."""
    change = renamed(HOSTILE)
    target = edited(page_file.parent / "quickstart", tmp_path, lambda name, row: change(row), change)
    for file in target.glob("*.csv"):
        first, *lines = file.read_text("utf-8").splitlines()
        if first.startswith("scenario,"):
            dear = ['"<script>alert(2)</script>"' + line.removeprefix("base") for line in lines]
            file.write_text("\n".join([first, *lines, *dear]) + "\n", encoding="utf-8")
    with (target / "allocation.csv").open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        rows, columns = list(reader), list(reader.fieldnames or ())
    second = [{**row, "site": "javascript:alert(3)", "meter_mw": "7"} for row in rows if row["use"] == "free"]
    with (target / "allocation.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows([*rows, *second])
    page = tmp_path / "hostile.html"
    page.write_text(report_page(target), encoding="utf-8")
    with opened(page, viewport={"width": 375, "height": 700}) as seen:
        seen.page.on("dialog", lambda dialog: seen.problems.append(dialog.message))
        sound(seen, page)
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 375
        seen.page.locator("#site").select_option("2")
        redrawn(seen, "megawatts")
        assert text_of(seen, "figure[data-chart=megawatts] h3:not([hidden])").startswith("Javascript:alert(3):")
        seen.page.locator("#site").focus()
        seen.page.keyboard.press("ArrowUp")
        redrawn(seen, "megawatts")
        assert not text_of(seen, "figure[data-chart=megawatts] h3:not([hidden])").startswith("Javascript")
        seen.page.locator("#scenario").focus()
        seen.page.keyboard.press("ArrowDown")
        redrawn(seen, "liquidity")
        assert seen.page.locator("#scenario").input_value() == "1"
        assert seen.problems == []


@pytest.mark.soak
def test_the_page_of_cipher(opened: Opened, tmp_path: Path) -> None:
    """The greatest case that comes with the product: under 3 MB, drawn, no sideways scroll on a phone."""
    folder = tmp_path / "cipher"
    api.solve(api.load(CASES / "cipher_2025q2")).write(folder)
    text = report_page(folder)
    assert len(text.encode()) < 3_000_000
    file = tmp_path / "report.html"
    file.write_text(text, encoding="utf-8")
    for width in (375, 1440):
        with opened(file, viewport={"width": width, "height": 900}) as seen:
            sound(seen, file)
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
            seen.page.locator("#site").select_option("2")
            redrawn(seen, "megawatts")
            assert seen.problems == []
