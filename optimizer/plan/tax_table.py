"""``tax.csv``: how the tax of each year and country comes about (docs/figures_capital.md, sections 15 and 19)."""

from __future__ import annotations

from dataclasses import fields

from models.forward_tax import TaxYears, tax_years
from models.tax import year_ends
from optimizer.plan.build import Plan
from optimizer.plan.table import Cell, Table, table

COLUMNS = ("scenario", "year", "country", *(f"{field.name}_usd_m" for field in fields(TaxYears)))


def tax_table(plan: Plan) -> Table:
    """By year, home and then the countries; a header only in cases without income tax."""
    instance = plan.instance
    taxed = instance.income_tax
    if taxed is None:
        return table(COLUMNS, [])
    years = tax_years(instance, plan.decisions, plan.states)
    amounts = [getattr(years, field.name) for field in fields(TaxYears)]
    rows: list[tuple[Cell, ...]] = [
        (instance.tree.scenario[end], int(taxed.year[end]), country, *(float(amount[g, end]) for amount in amounts))
        for end in year_ends(instance)
        for g, country in enumerate(taxed.country)
    ]
    return table(COLUMNS, rows)
