"""Where a site is taxed. Section 15 of docs/figures_capital.md."""

from __future__ import annotations

from optimizer.case.taxes import IncomeTax

HOME = "home"
"""The parent, in the column ``country`` of tax.csv."""


def country_of(tax: IncomeTax, site: str | None) -> str:
    """The country in which a site is taxed; what belongs to no site is the parent's."""
    return next((name for name, country in tax.countries.items() if site in country.sites), HOME)
