"""What names on a page are called in the case: a table at the end of pages that write keys of the case as words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from optimizer.report.page.chart import Listing, sheet
from optimizer.report.page.plan import PagePlan
from optimizer.report.page.words import lot, named, raw, tranche


def decided_keys(plans: Sequence[PagePlan]) -> dict[str, str]:
    """Keys of what plans decide and where, by their words."""
    found: dict[str, str] = {}
    for plan in plans:
        for row in plan.rows("decisions"):
            for key in (row["item"], row["site"]):
                words = lot(key) if row["decision"] in ("plug", "unplug", "sell") else tranche(key)
                if key and words != key:
                    found.setdefault(words, str(key))
    return dict(sorted(found.items()))


def keys_listing(texts: Iterable[object], paths: Mapping[str, str] | None = None) -> list[Listing]:
    """A folded table of names with the keys that ``texts`` of tables hold, and of inputs with their ``paths``.

    An empty list where there are none.
    """
    found: dict[str, str] = {}
    for text in texts:
        named(text or "", found)
    rows = [(raw(words, 120), raw(key, 200)) for words, key in {**(paths or {}), **dict(sorted(found.items()))}.items()]
    if not rows:
        return []
    table = sheet(("On this page", "In the case"), rows, "Names and their keys")
    return [Listing("What names are called in the case", table, folded=True)]
