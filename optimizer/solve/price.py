"""What plans of whole numbers are worth in an instance: their choices laid down, all else decided anew.

Made for the many plans of a sweep at one of its points: the model is built once, and each plan is a few warm linear
programs. A price is that of the best plan found with these choices: what follows from them in whole numbers (is a loan
drawn, is a project locked up) is rounded by dives, so it may be a trace too low, never too high.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.forward import forward
from models.forward_money import gives_shares
from models.instance import Instance
from optimizer.solve.columns import decisions_of
from optimizer.solve.compiled import form_of
from optimizer.solve.highs import SolveOptions
from optimizer.solve.large import LargeSearch
from optimizer.solve.worth import at_fair_price


def price_choices(
    instance: Instance, plans: Sequence[Mapping[str, float]], options: SolveOptions
) -> list[float | None]:
    """USD m of each plan (whole columns by name), by the forward rules; None where its choices are impossible."""
    form = form_of(instance)
    search = LargeSearch(instance, form, options, folded=False)
    found: list[float | None] = []
    for plan in plans:
        values = search.price(plan)
        if values is None:
            found.append(None)
            continue
        decisions, priced = decisions_of(instance, form, values), instance
        if gives_shares(instance, decisions):
            priced = at_fair_price(instance, decisions, forward(instance, decisions).value_usd_m)
        found.append(forward(priced, decisions).value_usd_m)
    return found
