"""When delivery charges of machines are paid, and what that is worth: what accrues in a month is billed later."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.tree import Floats
from optimizer.instance.machines import PaidIn
from optimizer.market.calendar import month_factors
from optimizer.market.market import Market
from optimizer.operations.operations import Operations


@dataclass(frozen=True)
class ChargesDue:
    """Charges that accrue by month cell (J,), as they are paid."""

    market: Market
    operations: Operations
    rate: float
    """Discount rate of mining."""

    @cached_property
    def _paid(self) -> PaidIn:
        return PaidIn(self.market)

    @cached_property
    def probability(self) -> Floats:
        """(J,)"""
        found: Floats = self.market.tree.probability[self.market.cells.node]
        return found

    def by_node(self, site: int, name: str, accrued: Floats) -> Floats:
        """(N,) when a charge of machines that accrues by month cell (J,) is paid, within the horizon."""
        cells, paid = self.market.cells, np.zeros(len(self.market.tree))
        billing = self.operations.clocks[site].billing.get(name)
        for cell in np.flatnonzero(accrued).tolist():
            node, month = int(cells.node[cell]), int(cells.month[cell])
            if billing is None:
                paid[node] += accrued[cell]
            else:
                for n, share in self._paid.after(node, billing.months(month)):
                    paid[n] += accrued[cell] * share
        return paid

    def values(self, site: int, name: str, accrued: Floats, rate: float | None = None) -> Floats:
        """(J,) present value of a charge as it is paid, by the month in which it accrues."""
        cells = self.market.cells
        rate = self.rate if rate is None else rate
        billing = self.operations.clocks[site].billing.get(name)
        factor = month_factors(rate, cells.month)
        if billing is not None:
            factor = factor.copy()
            for cell in np.flatnonzero(accrued).tolist():
                factor[cell] = billing.factor(int(cells.month[cell]), rate)
        values: Floats = accrued * factor * self.probability
        return values

    def parts(self, site: int, name: str, accrued: Floats, rate: float, horizon: float) -> tuple[float, float]:
        """Present value of a charge by the months in which it is paid: within the horizon, and after it."""
        billing = self.operations.clocks[site].billing.get(name)
        values = self.values(site, name, accrued, rate)
        if billing is None:
            return float(values.sum()), 0.0
        within = 0.0
        for cell in np.flatnonzero(accrued).tolist():
            months = billing.months(int(self.market.cells.month[cell]))
            inside = np.array([k for k in months if k < horizon])
            share = float(month_factors(rate, inside).sum()) / len(months) if len(inside) else 0.0
            within += float(accrued[cell] * self.probability[cell]) * share
        return within, float(values.sum()) - within
