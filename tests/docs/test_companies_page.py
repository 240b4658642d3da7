"""The worked group of docs/companies.md: the product comes to every figure in it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from optimizer.case.load import load_case
from optimizer.errors import InfeasibleError
from tests.docs.money import blocks, by_period, cells, shown, solved, to_the_cent, value
from tests.docs.worked import ROOT, headings, number, reckoned, section, sums, tables

PAGE, HEADING = "companies.md", "A wall of notes at the parent"
[LINES] = blocks((ROOT / "docs" / PAGE).read_text("utf-8"))


def test_the_plan_comes_to_the_table(tmp_path: Path) -> None:
    """Proves: each row is what the plan of these lines says by quarter, and what is withheld costs as much value as the
    page says. Broken: 26.20 paid up (nothing withheld), or 21.58 of trapped cash that is not in the table."""
    text = section(PAGE, HEADING)
    [table] = [table for table in tables(text) if table[0][0] == "USD m"]
    result = solved(tmp_path, LINES)
    for row in table[1:]:
        assert cells(result, row[0].strip("`"), table[0][1:]) == to_the_cent(shown(row)), row[0]
    stated = re.search(r"costs (-\d+\.\d+) of value", " ".join(text.split()))
    assert stated is not None
    assert value(result, "tax") == pytest.approx(number(stated[1]), abs=0.0051)


def test_what_the_parent_starts_with(tmp_path: Path) -> None:
    """Proves: with the parent's cash of each row so much is withheld, or so much is missing. Broken: no plan at 22, or
    one at 18, where all of the group's cash would be enough."""
    [table] = [table for table in tables(section(PAGE, HEADING)) if table[0][0] == "the parent starts with"]
    for cash, told in table[1:]:
        start = {"finance.opening.cash_usd_m": number(cash)}
        if told.startswith("paid"):
            withheld = sum(by_period(solved(tmp_path, LINES, start), "companies.withheld_usd_m"))
            stated = re.search(r"(\d+\.\d+) withheld", told)
            assert stated is not None
            assert withheld == pytest.approx(number(stated[1]), abs=0.0051)
        else:
            missing = re.search(r"(\d+\.\d+) are missing", told)
            assert missing is not None
            with pytest.raises(InfeasibleError, match=f"2026Q3 would have to give by {missing[1]} USD m"):
                solved(tmp_path, LINES, start)


def test_lines_change_the_quickstart(tmp_path: Path) -> None:
    """Proves: the lines load as changes of the quickstart. Broken: an error, or a warning that the page does not speak
    of."""
    shutil.copytree(ROOT / "cases" / "quickstart", tmp_path / "quickstart")
    (tmp_path / "mine").mkdir()
    whole = {**LINES, "extends": "../quickstart/case.yaml"}
    (tmp_path / "mine" / "case.yaml").write_text(yaml.safe_dump(whole, sort_keys=False), "utf-8")
    told = ("btc_growth", "assumed", "fall due")
    odd = [text for text in map(str, load_case(tmp_path / "mine").warnings) if not any(word in text for word in told)]
    assert odd == []


def test_sums_are_right() -> None:
    """Proves: every sum on the page comes to what is written beside it. Broken: 27.55 for 29 x 0.9."""
    written = [found for heading in headings(PAGE) for found in sums(section(PAGE, heading))]
    assert len(written) >= 4
    for left, right in written:
        digits = len(right.partition(".")[2])
        assert reckoned(left) == pytest.approx(number(right), abs=0.51 * 10**-digits), f"{left} = {right}"
