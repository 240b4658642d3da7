"""The worked example of docs/tax.md: its sums are right, and the product comes to the same tax."""

from __future__ import annotations

from pathlib import Path

from tests.docs.worked import lines_of_case, merged, number, reckoned, section, sums, tables
from tests.math.builder import about
from tests.math.cases import case_data, solve_case

PAGE = "tax.md"
ROWS = {
    "EBITDA": "ebitda_usd_m",
    "written off": "depreciation_usd_m",
    "interest": "interest_usd_m",
    "deducted of it": "interest_deducted_usd_m",
    "carried on": "interest_carried_usd_m",
    "losses used": "loss_used_usd_m",
    "losses left": "losses_left_usd_m",
    "taxed": "taxable_usd_m",
    "tax": "tax_usd_m",
}


def test_the_sums_of_the_page_are_right() -> None:
    """Proves: every sum that is written out comes to what is written behind it. Broken: the number that it comes to."""
    found = list(sums(section(PAGE, "A worked example")))
    assert len(found) >= 10
    for written, result in found:
        assert reckoned(written) == about(number(result), abs=5e-6), written


def test_the_product_comes_to_the_same_tax(tmp_path: Path) -> None:
    """Proves: the lines of the example, solved, give each row of its table in each of its years. Broken: 20.00 in 2025
    if machines were not written off at once, and so on down the table."""
    text = section(PAGE, "A worked example")
    base = case_data({"horizon.steps": ["12 quarters"], "finance.opening.cash_usd_m": 1000})
    # To the reader of the tests a bare `on` is a yes; to that of cases it is a word.
    lines = lines_of_case(text.replace(" on:", ' "on":'))
    years = solve_case(tmp_path, merged(base, lines)).rows("tax")
    [table] = tables(text)
    assert [number(cell) for cell in table[0][1:]] == [year["year"] for year in years]
    written = {row[0]: [number(cell.rpartition("= ")[2]) for cell in row[1:]] for row in table[1:]}
    for label, column in ROWS.items():
        assert [year[column] for year in years] == about(written[label], abs=1e-6), label
