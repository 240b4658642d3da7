"""Which cause a part of the value belongs to: mining, hosting and so on (docs/figures_report.md, section 26)."""

from __future__ import annotations

HOSTING = "hosting"

CAUSES = {
    "mining": ("mining", "machines", "flexibility", "delivery"),
    HOSTING: (),
    "power_resale": ("contracts",),
    "treasury": ("opening_cash", "opening_btc"),
    "sites": ("builds", "site_cost", "sga"),
    "financing": ("debt", "financing", "breaches"),
    "tax": ("tax",),
}
"""Components of ``value.csv`` by cause; those of hosting are named ``hosting: OFFER``."""

_OF = {component: cause for cause, components in CAUSES.items() for component in components}


def cause_of(component: str) -> str:
    """The cause of a component of ``value.csv``. KeyError for one that has none."""
    return HOSTING if component.startswith(f"{HOSTING}: ") else _OF[component]
