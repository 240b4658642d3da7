"""Case section ``finance.books``: the balance sheet at the start, and how assets are written off
(docs/figures_capital.md, section 17)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from optimizer.case.base import Months, Section

Amount = Annotated[float, Field(ge=0)]


class Books(Section):
    """What the company's books say at the start beyond cash, bitcoin and debt. Machines stand with their lots
    (book_usd_m, paid_usd_m), halls with their leases (book_usd_m)."""

    property_usd_m: Amount | None = None
    """Mining buildings, substations and equipment; by default what makes the balance sheet balance."""
    property_life_left: Months = 120
    land_usd_m: Amount = 0.0
    investments_usd_m: Amount = 0.0
    other_assets_usd_m: Amount = 0.0
    other_liabilities_usd_m: Amount = 0.0
    equity_usd_m: float | None = None
    """By default what makes the balance sheet balance."""
    stock_pay_usd_m_per_quarter: Amount = 0.0
    """Paid in shares: an expense, no cash."""
    btc_basis_usd_m: Amount | None = None
    """What the coins held at the start have cost, for the realised result; by default their price."""
    machine_life: Months = 36
    """Over which machines are written off."""
    building_life: Months = 120
    """Over which builds are written off."""

    @model_validator(mode="after")
    def _balances(self) -> Books:
        if self.property_usd_m is None and self.equity_usd_m is None:
            raise ValueError("give property_usd_m or equity_usd_m: the other is what makes the balance sheet balance")
        return self
