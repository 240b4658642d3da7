"""Rules that a plan was found without: the side of each that it is nearest to, so that a search may begin with it.

Where tax law is added for a year, whole columns say whether there is a profit, whether all losses are used. A plan that
was found before knows nothing of them, and as "no" throughout it is another one: it burns the profit that it made.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.sparse

from optimizer.solve.bridge import StandardForm


def with_rules(form: StandardForm, plan: Mapping[str, float]) -> Mapping[str, float]:
    """``plan``, all columns by name of a form with fewer rules, with the whole columns that only ``form`` has: 1 where
    that breaks its rows by less than 0 does. It decides only where a search begins."""
    missing = [j for j in np.flatnonzero(form.integer).tolist() if form.column_names[j] not in plan]
    if not missing:
        return plan
    values = np.array([plan.get(name, 0.0) for name in form.column_names])
    own = form.matrix[:, missing]
    rows = np.unique(own.indices)
    without = scipy.sparse.csr_array(form.matrix)[rows, :] @ values
    lower, upper = form.row_lower[rows], form.row_upper[rows]
    found = dict(plan)
    for k, j in enumerate(missing):
        entries = slice(own.indptr[k], own.indptr[k + 1])
        at, amounts = np.searchsorted(rows, own.indices[entries]), own.data[entries]
        broken = [
            float(np.maximum(np.maximum(sums - upper[at], lower[at] - sums), 0.0).sum())
            for sums in (without[at], without[at] + amounts)
        ]
        found[form.column_names[j]] = float(broken[1] < broken[0])
    return found
